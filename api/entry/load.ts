/** `npm run load -- journeys FILE --tenant T`: loads a file through the public API, with progress and a summary. */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { signLocalToken } from "../auth/setup.ts";
import { ConfigError, parseConfig } from "../config.ts";
import { TENANT_PATTERN } from "../core/ids.ts";
import { FileFormatError, type LoadedEvent } from "../local/load/events.ts";
import { isNasa, readNasa } from "../local/load/nasa.ts";
import { isOtto, readOtto } from "../local/load/otto.ts";
import { LoadError, sendEvents } from "../local/load/send.ts";

const USAGE =
  `usage: npm run load -- journeys FILE --tenant TENANT [--url URL] [--token TOKEN] [--batch EVENTS] [--concurrency N]
FILE is nasa_19950801.tsv of the NASA-HTTP trace or a .jsonl file of the OTTO data set.
Without --token the local instance's key signs one; without --url the local instance is meant.`;
const PATIENCE_MS = 60_000;

class WrongArguments extends Error {}

function parseArguments(args: string[]) {
  const text = { type: "string" } as const;
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { tenant: text, url: text, token: text, batch: text, concurrency: text },
    });
  } catch (error) {
    throw new WrongArguments((error as Error).message);
  }
  const { positionals: [what, file, ...more], values } = parsed;
  if (what !== "journeys") {
    throw new WrongArguments(`the first word must be \`journeys\`${what ? `, not ${what}` : ""}`);
  }
  if (!file || more.length > 0) throw new WrongArguments("one FILE is needed");
  const { tenant, url, token } = values;
  if (!tenant || !TENANT_PATTERN.test(tenant)) {
    throw new WrongArguments("--tenant must be 1 to 63 of A-Z, a-z, 0-9, _ and -, beginning with a letter or digit");
  }
  return {
    file,
    tenant,
    url,
    token,
    batchSize: parseNumber("--batch", values.batch ?? "500", 500),
    concurrency: parseNumber("--concurrency", values.concurrency ?? "4", 32),
  };
}

function parseNumber(name: string, text: string, max: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= max) return number;
  throw new WrongArguments(`${name} must be 1 to ${max}, got ${text}`);
}

async function readEvents(file: string): Promise<LoadedEvent[]> {
  const lines = (await readText(file)).split("\n").map((line) => line.replace(/\r$/, ""));
  const first = lines[0] ?? "";
  if (isNasa(first)) return [...readNasa(lines)];
  if (isOtto(first)) return [...readOtto(lines)];
  throw new FileFormatError("its first line is neither of the NASA-HTTP table nor of the OTTO data set");
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new FileFormatError(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
}

async function main(args: string[], env: Record<string, string | undefined>): Promise<void> {
  const { file, tenant, batchSize, concurrency, ...given } = parseArguments(args);
  const config = parseConfig(env);
  const url = given.url ?? `http://${config.host}:${config.port}/graphql`;
  const token = given.token ?? await signLocalToken(config, { tenantId: tenant, scopes: ["JOURNEYS_WRITE"] });
  const events = await readEvents(file);
  const startedAt = performance.now();
  const bar = new SingleBar({
    format: "{bar} {percentage}% | {value} of {total} events | {duration_formatted}",
    stream: process.stderr,
    noTTYOutput: true,
    notTTYSchedule: 5_000,
    hideCursor: true,
  });
  bar.start(events.length, 0);
  try {
    const options = { url, token, events, batchSize, concurrency, patienceMs: PATIENCE_MS };
    const totals = await sendEvents({ ...options, onProgress: (sent) => bar.increment(sent) });
    bar.stop();
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const { accepted, duplicates, rejected, reasons } = totals;
    console.log(`accepted ${accepted}, duplicates ${duplicates}, rejected ${rejected}, seconds ${seconds}`);
    for (const reason of reasons) console.log(`  rejected: ${reason}`);
  } finally {
    bar.stop();
  }
}

try {
  await main(process.argv.slice(2), process.env);
} catch (error) {
  if (error instanceof WrongArguments) {
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = 2;
  } else if (error instanceof FileFormatError) {
    console.error(`The file cannot be loaded: ${error.message}.`);
    process.exitCode = 1;
  } else if (error instanceof LoadError || error instanceof ConfigError) {
    console.error(error.message);
    process.exitCode = 1;
  } else throw error;
}
