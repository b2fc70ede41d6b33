import process from "node:process";
import { createApp } from "../../app.ts";
import { ConfigError, parseConfig } from "../../config.ts";
import { AppError } from "../../core/errors.ts";
import { ListenError } from "../http/listen.ts";
import { runUntilSignal } from "../http/run.ts";

try {
  const app = await createApp(parseConfig(process.env));
  await runUntilSignal(app, (url) => console.log(`Sojourn listens on ${url}/graphql`));
  process.exit(0);
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof ListenError || error instanceof AppError)) throw error;
  console.error(error.message);
  process.exit(1);
}
