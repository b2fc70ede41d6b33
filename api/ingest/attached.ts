import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import type { StreamRecord } from "../aws/streams.ts";
import { MIN_AT, tooFarAhead } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { TENANT_PATTERN, TENANT_RULE } from "../core/ids.ts";
import { parseInstant } from "../core/time.ts";
import {
  type AttachedTable,
  dimensionValue,
  type ForeignRecord,
  type RecordVersion,
  value as metricValue,
} from "../metrics/model.ts";
import { isPassing, reasonOf } from "./stream.ts";

export type AttachedIngestOptions = {
  /** Keeps a record of another table, or what became of it, unless something later is known of it. */
  keep: (record: ForeignRecord) => Promise<void>;
  /** Why a record cannot be kept that names more than its tenant may; undefined where it does not. */
  findBeyond: (record: ForeignRecord) => Promise<string | undefined>;
  takeBack: (of: RecordVersion) => Promise<void>;
  quarantine: (table: string, record: StreamRecord, reason: string) => Promise<void>;
  clock: Clock;
};

const MAX_ID_CHARS = 128;
/** Epoch seconds of today have ten digits, milliseconds thirteen. */
const MAX_SECONDS = 1e11;
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/**
 * Takes the stream of a table of others: each of its items becomes a record of ours, once, and the records' own stream
 * counts it. What was changed moves, what was deleted is taken back, what expired stays.
 */
export function createAttachedIngest({ keep, findBeyond, takeBack, quarantine, clock }: AttachedIngestOptions) {
  return async function ingest(spec: AttachedTable, records: readonly StreamRecord[]): Promise<void> {
    for (const record of records) {
      try {
        await take(spec, record);
      } catch (error) {
        if (isPassing(error)) throw error;
        await quarantine(spec.table, record, reasonOf(error));
      }
    }
  };

  async function take(spec: AttachedTable, record: StreamRecord): Promise<void> {
    const { keys, shard, sequence, arrivedAt, before, after, isExpiry } = record;
    if (isExpiry) return;
    if (before && after && isDeepStrictEqual(wordsOf(spec, before), wordsOf(spec, after))) return;
    const version = { source: spec.source, recordId: idOf(spec.table, keys), shard, sequence, arrivedAt };
    const is = after && {
      ...{ ...version, tenantId: tenantOf(spec, after), at: timeOf(spec, after, clock()) },
      measures: measuresOf(spec, after),
    };
    const beyond = is && await findBeyond(is);
    if (beyond !== undefined) throw new AppError("UNCOUNTABLE", beyond);
    // One that named no tenant never counted.
    const was = before && tenantIn(spec, before);
    if (was !== undefined && was !== is?.tenantId) await takeBack({ ...version, tenantId: was });
    if (is) await keep(is);
  }
}

type Image = Readonly<Record<string, unknown>>;

/** All that an item says of the record that it is. */
function wordsOf({ tenant, at, value, dimensions = {} }: AttachedTable, image: Image): unknown[] {
  const named = [tenant, at, ...(value === undefined ? [] : [value]), ...Object.values(dimensions)];
  return named.map((name) => image[name]);
}

/**
 * Unlike that of any other item of any table, and the same for the same item. What follows the first slash may hold more of them;
 * where the first of two keys holds one, nobody could tell where it ends.
 */
function idOf(table: string, keys: Image): string {
  const values = Object.keys(keys).sort().map((name) => keyText(keys[name]));
  const isAmbiguous = values.length > 1 && values[0]!.includes("/");
  const id = `${table}/${isAmbiguous ? JSON.stringify(values) : values.join("/")}`;
  if (!isAmbiguous && id.length <= MAX_ID_CHARS) return id;
  return `${table.slice(0, 60)}/${createHash("sha256").update(id).digest("hex")}`;
}

/** A Buffer, as Lambda's events have, would be read as text, in which bytes that are none are all alike. */
function keyText(value: unknown): string {
  return value instanceof Uint8Array ? [...value].join() : String(value);
}

function tenantOf(spec: AttachedTable, image: Image): string {
  const tenantId = tenantIn(spec, image);
  if (tenantId !== undefined) return tenantId;
  throw refused(spec.tenant, `must name the tenant: ${TENANT_RULE}`);
}

function tenantIn({ tenant }: AttachedTable, image: Image): string | undefined {
  const value = image[tenant];
  return typeof value === "string" && TENANT_PATTERN.test(value) ? value : undefined;
}

function timeOf({ at }: AttachedTable, image: Image, now: number): number {
  const value = image[at];
  const ms = typeof value === "string" ? parseInstant(value) : typeof value === "number" ? toMs(value) : undefined;
  if (ms === undefined || !Number.isSafeInteger(ms)) {
    throw refused(at, "must be an instant: RFC 3339 text, epoch seconds or epoch milliseconds");
  }
  if (ms < MIN_AT) throw refused(at, "must be 1990 or later");
  const ahead = tooFarAhead(ms, now);
  if (ahead) throw refused(at, ahead);
  return ms;
}

function toMs(value: number): number {
  return Math.floor(value < MAX_SECONDS ? value * 1_000 : value);
}

/** What an item measures, where its table's attributes for that are named. What it lacks, null and empty text say nothing. */
function measuresOf({ value, dimensions }: AttachedTable, image: Image): ForeignRecord["measures"] {
  if (value === undefined && dimensions === undefined) return undefined;
  const said = (name: string) => (image[name] === null || image[name] === "" ? undefined : image[name]);
  const number = value === undefined ? undefined : said(value);
  return {
    value: number === undefined ? undefined : checked(metricValue, value!, toNumber(number)),
    dimensions: Object.entries(dimensions ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([key, name]) => {
      const own = said(name);
      return own === undefined ? [] : [[key, checked(dimensionValue, name, toText(own))] as const];
    }),
  };
}

function checked<T>(schema: v.GenericSchema<unknown, T>, attribute: string, given: unknown): T {
  const parsed = v.safeParse(schema, given, { abortPipeEarly: true });
  if (parsed.success) return parsed.output;
  throw refused(attribute, parsed.issues[0].message);
}

/** Tables hold prices as text, too. */
function toNumber(given: unknown): unknown {
  return typeof given === "string" && NUMBER.test(given) ? Number(given) : given;
}

function toText(given: unknown): unknown {
  return typeof given === "number" || typeof given === "boolean" ? String(given) : given;
}

function refused(attribute: string, message: string): AppError {
  return new AppError("UNCOUNTABLE", `its attribute \`${attribute}\` ${message}`);
}
