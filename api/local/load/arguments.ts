import { parseArgs } from "node:util";
import { TENANT_PATTERN, TENANT_RULE } from "../../core/ids.ts";
import { parseInstant } from "../../core/time.ts";
import * as v from "valibot";
import { dimensionKey, isOwnSource, LIMITS } from "../../metrics/model.ts";
import type { Dimension } from "./records.ts";
import { RECORDED_SOURCES } from "../../resources.ts";
import { type Kind, KINDS } from "./help.ts";
import { DEFAULT_START } from "./w2isp.ts";
import { isZone } from "./when.ts";

export class WrongArguments extends Error {
  /** Of which kind of load they are; undefined where that is not known. */
  readonly kind: Kind | undefined;
  constructor(message: string, kind?: Kind) {
    super(message);
    this.kind = kind;
  }
}

const DIMENSION_RULE = "a name is 1 to 32 of A-Z, a-z, 0-9, `_`, `.` and `-`, beginning with a letter";

/** How many things of each kind of load go into one request. */
const BATCHES: Partial<Record<Kind, { size: string; max: number }>> = {
  journeys: { size: "500", max: 500 },
  motion: { size: "50", max: 5_000 },
  metrics: { size: "500", max: 500 },
};

const TABLES: readonly Kind[] = ["journeys", "motion", "sessions"];
/** Which kinds of load take an option; all of them those that are not here. */
const ONLY: Readonly<Record<string, readonly Kind[]>> = {
  start: ["motion"],
  source: ["metrics"],
  dimensions: ["metrics"],
  sensor: ["motion", "sessions"],
  zone: [...TABLES, "metrics"],
  columns: [...TABLES, "metrics"],
  heading: [...TABLES, "metrics"],
  batch: ["journeys", "motion", "metrics"],
  user: ["collection"],
  replace: ["collection"],
  "dry-run": ["collection"],
};

export type LoadArguments = Exclude<ReturnType<typeof parseArguments>, { help: true }>;

/** What to load, from where to where, or that somebody asks how. Throws WrongArguments. */
export function parseArguments(args: string[]) {
  const { kind, file, more, values } = read(args);
  if (values.help) return { help: true as const, kind };
  if (kind === undefined) throw new WrongArguments(`the first word must be one of ${KINDS.join(", ")}`);
  const wrong = (message: string) => new WrongArguments(message, kind);
  if (!file || more.length > 0) throw wrong("one FILE is needed");
  for (const [name, kinds] of Object.entries(ONLY)) {
    if (values[name as keyof typeof values] !== undefined && !kinds.includes(kind)) {
      throw wrong(`--${name} is for ${kinds.join(", ")} only`);
    }
  }
  const { tenant, token, start, source, sensor, zone = "UTC", user = "local" } = values;
  if (!tenant || !TENANT_PATTERN.test(tenant)) throw wrong(`--tenant must be ${TENANT_RULE}`);
  if (!isZone(zone)) {
    throw wrong(`--zone must be an IANA time zone such as Europe/Madrid, or an offset such as +05:30, got ${zone}`);
  }
  const { size, max } = BATCHES[kind] ?? { size: "1", max: 1 };
  return {
    what: kind,
    file,
    tenant,
    url: parseUrl(values.url),
    token,
    zone,
    sensor,
    user,
    replace: values.replace ?? false,
    dryRun: values["dry-run"] ?? false,
    columns: parseColumns(values.columns),
    heading: values.heading?.split(",").map((name) => name.trim()),
    source: parseSource(source ?? RECORDED_SOURCES[0]),
    dimensions: parseDimensions(values.dimensions),
    startAt: parseStart(start ?? DEFAULT_START),
    batchSize: parseNumber("--batch", values.batch ?? size, max),
    concurrency: parseNumber("--concurrency", values.concurrency ?? "4", 32),
  };

  function parseNumber(name: string, text: string, max: number): number {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= max) return number;
    throw wrong(`${name} must be 1 to ${max}, got ${text}`);
  }

  /** The service's address alone means its API. */
  function parseUrl(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    const url = URL.parse(text);
    if (!url || !/^https?:$/.test(url.protocol)) {
      throw wrong(`--url must be the service's address such as https://sojourn.example.com/graphql, got ${text}`);
    }
    if (url.pathname === "/") url.pathname = "/graphql";
    return url.href;
  }

  function parseSource(text: string): string {
    if (isOwnSource(text) || RECORDED_SOURCES.some((name) => name === text)) return text;
    const known = RECORDED_SOURCES.join(", ");
    throw wrong(`--source must be one of ${known}, or a name of your own such as checkout.paid, got ${text}`);
  }

  function parseStart(text: string): number {
    const at = parseInstant(text);
    if (at !== undefined) return at;
    throw wrong(`--start must be an RFC 3339 instant such as ${DEFAULT_START}, got ${text}`);
  }

  function parseDimensions(text: string | undefined): Dimension[] {
    const pairs = (text ?? "").split(",").map((one) => one.trim()).filter(Boolean).map((one) => one.split("="));
    const named = pairs.map(([key = "", column = key]) => ({ key: key.trim(), column: column.trim() }));
    if (pairs.some(({ length }) => length > 2) || named.some(({ key }) => !v.is(dimensionKey, key))) {
      throw wrong(
        `--dimensions must be names of columns, or name=column, parted by commas; ${DIMENSION_RULE}; got ${text}`,
      );
    }
    if (named.length > LIMITS.dimensions) {
      throw wrong(`--dimensions must be at most ${LIMITS.dimensions}, are ${named.length}`);
    }
    return named;
  }

  function parseColumns(text: string | undefined): Map<string, string> {
    const pairs = (text ?? "").split(",").filter(Boolean).map((pair) => pair.split("="));
    const bad = pairs.find((pair) => pair.length !== 2 || !pair[0]);
    if (bad) throw wrong(`--columns must be ours=theirs, parted by commas; got ${bad.join("=")}`);
    return new Map(pairs.map(([ours, theirs]) => [ours!.trim(), theirs!.trim()]));
  }
}

function read(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const kind = KINDS.find((name) => name === args[0]);
  try {
    const options = {
      ...{
        tenant: text,
        url: text,
        token: text,
        batch: text,
        concurrency: text,
        start: text,
        source: text,
        dimensions: text,
      },
      ...{ zone: text, sensor: text, columns: text, heading: text, user: text, replace: flag, "dry-run": flag },
      help: { type: "boolean", short: "h" } as const,
    };
    const { positionals: [first, file, ...more], values } = parseArgs({ args, allowPositionals: true, options });
    if (first !== undefined && first !== kind) {
      throw new WrongArguments(`the first word must be one of ${KINDS.join(", ")}, not ${first}`);
    }
    return { kind, file, more, values };
  } catch (error) {
    throw error instanceof WrongArguments ? error : new WrongArguments((error as Error).message, kind);
  }
}
