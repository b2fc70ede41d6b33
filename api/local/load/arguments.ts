import { parseArgs } from "node:util";
import { TENANT_PATTERN, TENANT_RULE } from "../../core/ids.ts";
import { parseInstant } from "../../core/time.ts";
import { RECORDED_SOURCES, type RecordedSource } from "../../resources.ts";
import { DEFAULT_START } from "./w2isp.ts";

const KNOWN = RECORDED_SOURCES.join(", ");

export const USAGE =
  `usage: npm run load -- journeys FILE --tenant TENANT [--url URL] [--token TOKEN] [--batch EVENTS] [--concurrency N]
       npm run load -- motion FILE_OR_FOLDER --tenant TENANT [--url URL] [--token TOKEN] [--batch READINGS] [--start INSTANT] [--concurrency N]
       npm run load -- metrics FILE --tenant TENANT [--url URL] [--token TOKEN] [--batch RECORDS] [--source SOURCE] [--concurrency N]
journeys: FILE is nasa_19950801.tsv of the NASA-HTTP trace or a .jsonl file of the OTTO data set.
motion: FILE is OrdonezB_Sensors.txt, whose local times are read as UTC, or a trial of w2isp such as d1p01M; FOLDER holds
such trials. Trials have no clock time and begin at --start, ${DEFAULT_START} where absent; --batch is 50 where absent.
metrics: FILE is a CSV file, plain or .gz, with the columns recordId and at, or commits.csv or anonreviews.csv. Times are
RFC 3339 or Unix seconds or milliseconds; those without a zone are read as UTC. SOURCE is one of ${KNOWN}, and
${RECORDED_SOURCES[0]} where absent. Equal rows of anonreviews.csv count one by one, so load it whole.
Without --token the local instance's key signs one; without --url the local instance is meant.`;

export class WrongArguments extends Error {}

/** How many things of each kind of load go into one request. */
const BATCHES = {
  journeys: { size: "500", max: 500 },
  motion: { size: "50", max: 5_000 },
  metrics: { size: "500", max: 500 },
} as const;

export type LoadArguments = ReturnType<typeof parseArguments>;

/** What to load, from where to where. Throws WrongArguments. */
export function parseArguments(args: string[]) {
  const text = { type: "string" } as const;
  let parsed;
  try {
    const options = { tenant: text, url: text, token: text, batch: text, concurrency: text, start: text, source: text };
    parsed = parseArgs({ args, allowPositionals: true, options });
  } catch (error) {
    throw new WrongArguments((error as Error).message);
  }
  const { positionals: [what, file, ...more], values } = parsed;
  if (what !== "journeys" && what !== "motion" && what !== "metrics") {
    const instead = what ? `, not ${what}` : "";
    throw new WrongArguments(`the first word must be \`journeys\`, \`motion\` or \`metrics\`${instead}`);
  }
  if (!file || more.length > 0) throw new WrongArguments("one FILE is needed");
  const { tenant, url, token, start, source } = values;
  if (!tenant || !TENANT_PATTERN.test(tenant)) {
    throw new WrongArguments(`--tenant must be ${TENANT_RULE}`);
  }
  if (start !== undefined && what !== "motion") throw new WrongArguments("--start is for motion only");
  if (source !== undefined && what !== "metrics") throw new WrongArguments("--source is for metrics only");
  const kind: keyof typeof BATCHES = what;
  const { size, max } = BATCHES[kind];
  return {
    what: kind,
    file,
    tenant,
    url,
    token,
    source: parseSource(source ?? RECORDED_SOURCES[0]),
    startAt: parseStart(start ?? DEFAULT_START),
    batchSize: parseNumber("--batch", values.batch ?? size, max),
    concurrency: parseNumber("--concurrency", values.concurrency ?? "4", 32),
  };
}

function parseNumber(name: string, text: string, max: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= max) return number;
  throw new WrongArguments(`${name} must be 1 to ${max}, got ${text}`);
}

function parseSource(text: string): RecordedSource {
  const source = RECORDED_SOURCES.find((name) => name === text);
  if (source) return source;
  throw new WrongArguments(`--source must be one of ${KNOWN}, got ${text}`);
}

function parseStart(text: string): number {
  const at = parseInstant(text);
  if (at !== undefined) return at;
  throw new WrongArguments(`--start must be an RFC 3339 instant such as ${DEFAULT_START}, got ${text}`);
}
