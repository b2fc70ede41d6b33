import { createHash } from "node:crypto";
import type { StreamRecord } from "../aws/streams.ts";
import { MIN_AT, tooFarAhead } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import { AppError } from "../core/errors.ts";
import { TENANT_PATTERN, TENANT_RULE } from "../core/ids.ts";
import { parseInstant } from "../core/time.ts";
import type { AttachedTable, ForeignRecord, RecordVersion } from "../metrics/model.ts";
import { isPassing, reasonOf } from "./stream.ts";

export type AttachedIngestOptions = {
  /** Keeps a record of another table, or what became of it, unless something later is known of it. */
  keep: (record: ForeignRecord) => Promise<void>;
  takeBack: (of: RecordVersion) => Promise<void>;
  quarantine: (table: string, record: StreamRecord, reason: string) => Promise<void>;
  clock: Clock;
};

const MAX_ID_CHARS = 128;
/** Epoch seconds of today have ten digits, milliseconds thirteen. */
const MAX_SECONDS = 1e11;

/**
 * Takes the stream of a table of others: each of its items becomes a record of ours, once, and the records' own stream
 * counts it. What was changed moves, what was deleted is taken back, what expired stays.
 */
export function createAttachedIngest({ keep, takeBack, quarantine, clock }: AttachedIngestOptions) {
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
    const recordId = idOf(spec.table, keys);
    const was = before && { tenantId: tenantOf(spec, before), at: before[spec.at] };
    const is = after && { tenantId: tenantOf(spec, after), at: after[spec.at] };
    if (was && is && was.tenantId === is.tenantId && was.at === is.at) return;
    const version = { source: spec.source, recordId, shard, sequence, arrivedAt };
    const at = after && timeOf(spec, after, clock());
    if (was && was.tenantId !== is?.tenantId) await takeBack({ ...version, tenantId: was.tenantId });
    if (is) await keep({ ...version, tenantId: is.tenantId, at: at! });
  }
}

/** Unlike that of any other table, and the same for the same item. */
function idOf(table: string, keys: Readonly<Record<string, unknown>>): string {
  const id = `${table}/${Object.keys(keys).sort().map((name) => String(keys[name])).join("/")}`;
  if (id.length <= MAX_ID_CHARS) return id;
  return `${table.slice(0, 60)}/${createHash("sha256").update(id).digest("hex")}`;
}

function tenantOf({ tenant }: AttachedTable, image: Readonly<Record<string, unknown>>): string {
  const value = image[tenant];
  if (typeof value === "string" && TENANT_PATTERN.test(value)) return value;
  throw refused(tenant, `must name the tenant: ${TENANT_RULE}`);
}

function timeOf({ at }: AttachedTable, image: Readonly<Record<string, unknown>>, now: number): number {
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

function refused(attribute: string, message: string): AppError {
  return new AppError("UNCOUNTABLE", `its attribute \`${attribute}\` ${message}`);
}
