import { SingleBar } from "cli-progress";
import { signLocalToken } from "../../auth/setup.ts";
import { ConfigError, parseConfig } from "../../config.ts";
import { parseArguments, USAGE, WrongArguments } from "./arguments.ts";
import { LoadError } from "./ask.ts";
import { FileFormatError } from "./events.ts";
import { readLoad } from "./read.ts";

export type LoadOptions = {
  args: string[];
  env: Record<string, string | undefined>;
  out: NodeJS.WritableStream;
  err: NodeJS.WritableStream;
  patienceMs?: number;
};

const PATIENCE_MS = 60_000;
const SCOPES = { journeys: "JOURNEYS_WRITE", motion: "SESSIONS_WRITE", metrics: "METRICS_WRITE" } as const;

/** Loads a file through the public API with a progress bar and a summary; gives the exit code of the program. */
export async function runLoad(options: LoadOptions): Promise<0 | 1 | 2> {
  const complain = (message: string) => options.err.write(`${message}\n`);
  try {
    await load(options);
    return 0;
  } catch (error) {
    if (error instanceof WrongArguments) {
      complain(`${error.message}\n${USAGE}`);
      return 2;
    }
    if (error instanceof FileFormatError) complain(`The file cannot be loaded: ${error.message}.`);
    else if (error instanceof LoadError || error instanceof ConfigError) complain(error.message);
    else throw error;
    return 1;
  }
}

async function load({ args, env, out, err, patienceMs = PATIENCE_MS }: LoadOptions): Promise<void> {
  const parsed = parseArguments(args);
  const { what, tenant, concurrency } = parsed;
  const config = parseConfig(env);
  const url = parsed.url ?? `http://${config.host}:${config.port}/graphql`;
  const token = parsed.token ?? await signLocalToken(config, { tenantId: tenant, scopes: [SCOPES[what]] });
  const { unit, total, send } = await readLoad(parsed);
  const startedAt = performance.now();
  const bar = new SingleBar({
    format: `{bar} {percentage}% | {value} of {total} ${unit} | {duration_formatted}`,
    stream: err,
    noTTYOutput: true,
    notTTYSchedule: 5_000,
    hideCursor: true,
  });
  bar.start(total, 0);
  try {
    const totals = await send({ url, token, patienceMs, concurrency, onProgress: (size) => bar.increment(size) });
    bar.stop();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const { accepted, duplicates, rejected, reasons } = totals;
    out.write(`accepted ${accepted}, duplicates ${duplicates}, rejected ${rejected}, seconds ${seconds}\n`);
    for (const reason of reasons) out.write(`  rejected: ${reason}\n`);
  } finally {
    bar.stop();
  }
}
