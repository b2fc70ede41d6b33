/** `npm run --silent reset-password -- --username NAME`: prints a token by which a person can set a new password. */
import process from "node:process";
import { parseArgs } from "node:util";
import { signPasswordReset } from "../../auth/setup.ts";
import { parseConfig } from "../../config.ts";

const USAGE = `usage: npm run --silent reset-password -- --username NAME

Prints a token that is good once, for a day, with the mutation resetPassword. Give it to whoever forgot the password, by a way that
you trust: whoever has it has the account.`;

try {
  const { username } = parseArgs({ options: { username: { type: "string" } } }).values;
  if (username === undefined) throw new Error("--username is missing");
  console.log(await signPasswordReset(parseConfig(process.env), username));
} catch (error) {
  console.error(`${(error as Error).message}\n${USAGE}`);
  process.exitCode = 1;
}
