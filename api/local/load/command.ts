import { SingleBar } from "cli-progress";
import { signLocalToken } from "../../auth/setup.ts";
import { type Config, ConfigError, parseConfig } from "../../config.ts";
import { type LoadArguments, parseArguments, WrongArguments } from "./arguments.ts";
import { checkListening, LoadError, type Target } from "./ask.ts";
import { FileFormatError } from "./events.ts";
import { helpOf, USAGE } from "./help.ts";
import { readLoad } from "./read.ts";
import { sendCollection } from "./send-collection.ts";
import type { Shown } from "./shown.ts";
import { createSkipped } from "./skipped.ts";

export type LoadOptions = {
  args: string[];
  env: Record<string, string | undefined>;
  out: NodeJS.WritableStream;
  err: NodeJS.WritableStream;
  patienceMs?: number;
};

const PATIENCE_MS = 60_000;
const SCOPES = {
  journeys: ["JOURNEYS_WRITE"],
  motion: ["SESSIONS_WRITE"],
  // What a session was annotated with is read back, so that a person's edit stays.
  sessions: ["SESSIONS_WRITE", "SESSIONS_READ"],
  metrics: ["METRICS_WRITE"],
  collection: ["REVIEW"],
} as const;
const SHOWN_DECKS = "{ decks { name newCount dueCount } }";

/** Loads a file through the public API with a progress bar and a summary; gives the exit code of the program. */
export async function runLoad(options: LoadOptions): Promise<0 | 1 | 2> {
  const complain = (message: string) => options.err.write(`${message}\n`);
  try {
    await load(options);
    return 0;
  } catch (error) {
    if (error instanceof WrongArguments) {
      complain(`${error.message}\n${error.kind ? helpOf(error.kind) : USAGE}`);
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
  if ("help" in parsed) {
    out.write(`${parsed.kind ? helpOf(parsed.kind) : USAGE}\n`);
    return;
  }
  const config = parseConfig(env);
  const target = await targetOf(parsed, config, patienceMs);
  // Before a large file is read for nothing.
  await checkListening(target);
  const tell = (lines: readonly string[]) => out.write(lines.map((line) => `${line}\n`).join(""));
  if (parsed.what === "collection") {
    tell(await sendCollection(parsed, target, (step) => err.write(`${step}\n`)));
    return tellHow(SHOWN_DECKS);
  }
  const skipped = createSkipped();
  const { unit, total, send, shown } = await readLoad(parsed, skipped);
  err.write(skipped.told().map((line) => `skipped ${line}\n`).join(""));
  if (total === 0 && skipped.count() > 0) throw new FileFormatError(`none of its ${skipped.count()} lines can be read`);
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
    const { concurrency } = parsed;
    const totals = await send({ ...target, concurrency, onProgress: (size) => bar.increment(size) });
    bar.stop();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const { accepted, duplicates, rejected, aside = 0, reasons } = totals;
    const left = skipped.count() > 0 ? `, skipped lines ${skipped.count()}` : "";
    tell([`accepted ${accepted}, duplicates ${duplicates}, rejected ${rejected}${left}, seconds ${seconds}`]);
    if (aside > 0) {
      tell([`kept aside ${aside}, since their times are not believed: resolveQuarantined admits or drops them`]);
    }
    tell(reasons.map((reason) => `  ${reason}`));
    tellHow(shown);
  } finally {
    bar.stop();
  }

  function tellHow(query: Shown): void {
    if (query !== undefined) tell([`This shows it, at ${new URL("/graphql", target.url).href}:`, query]);
  }
}

async function targetOf(parsed: LoadArguments, config: Config, patienceMs: number): Promise<Target> {
  const { what, tenant, user } = parsed;
  const url = parsed.url ?? `http://${config.host}:${config.port}/graphql`;
  const token = parsed.token ??
    await signLocalToken(config, { tenantId: tenant, scopes: SCOPES[what], userId: user });
  return { url, token, patienceMs };
}
