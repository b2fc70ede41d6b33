import { createHash } from "node:crypto";
import { gunzip, gzip } from "node:zlib";
import { promisify } from "node:util";
import type { ListedObject, Objects } from "../aws/objects.ts";
import { DAY_MS } from "../core/clock.ts";
import { formatInstant, parseInstant } from "../core/time.ts";
import { LOST, retryLost } from "../core/writes.ts";
import type { ArrivedEvent, RecordedEvent } from "./model.ts";

/**
 * Raw events in the object store, the source of truth:
 * `events/tenant=T/date=D/hour=H/KEY.ndjson.gz`, one JSON object a line, readable by Athena and DuckDB as it lies.
 * D and H are of the batch's earliest event, KEY is made from the content. So the same batch, sent again, falls on the
 * same object and is stored once, whenever it comes.
 */
export type RawEvents = ReturnType<typeof createRawEvents>;

/** Where the lines of all tenants lie. */
export const RAW = "events/";

/** Where it is noted which old days changed. */
export const STALE = "stale/";
/** Of younger days the columns are compared at each run; a day less than these, since clocks differ. */
export const RECENT_DAYS = 35;

function isOld(key: string, now: number): boolean {
  const day = Date.parse(dayOfKey(key).slice(-11, -1));
  return day < now - (RECENT_DAYS - 1) * DAY_MS;
}

/** The tenant and the day of an object, as `tenant=T/date=D/`. */
export function dayOfKey(key: string): string {
  const [, tenant, date] = key.split("/");
  return `${tenant}/${date}/`;
}

/** What it needs of a bucket. */
export type RawObjects = Pick<Objects, "create" | "replaceIf" | "get" | "findMetadata" | "list">;

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const CONTENT = { contentType: "application/x-ndjson", contentEncoding: "gzip" };
const RECEIVED_AT = "received-at";
/** The receipts of the erasures for which a batch was written anew. */
const ERASED_FOR = "erased-for";
/** That a batch holds what is outdone, so that nobody has to read it for that. */
const MARKED = "outdone";
/** S3 takes 2 KB of metadata. */
const MAX_RECEIPTS = 50;

/**
 * What becomes of a stored event: it stays, it goes, it stays without these ids, marked as `ReplayedEvent` says, or without
 * that mark.
 */
export type Fate = "KEEP" | "DROP" | "OUTDONE" | "COUNTED" | { without: ReadonlySet<string> };

/** Whom an event names. */
export type Named = { visitorId?: string | undefined; aliasOf?: string | undefined };

/**
 * A stored event as a replay takes it. `outdone`: another event of its number that arrived later was counted first, as
 * when two writers race, or when one is tried again; or there was no room for it. A replay by arrival must not count it.
 */
export type ReplayedEvent = ArrivedEvent & { outdone?: true };
export type FateOf = (event: ReplayedEvent) => Fate;

/** `isNew`: the batch had not come before. `isMarked`: an event of it is outdone. */
type KeptBatch = { receivedAt: number; isNew: boolean; isMarked: boolean };

export function createRawEvents(objects: RawObjects) {
  /** Says that the columns of an object's day have to be made anew. Of new days they are looked at anyway. */
  async function mark(key: string): Promise<void> {
    const name = key.slice(key.lastIndexOf("/") + 1).replace(/\..*/, "");
    await objects.create(`${STALE}${dayOfKey(key)}${name}`, new Uint8Array(), { contentType: "text/plain" });
  }

  return {
    /**
     * Stores a batch and gives the instant at which it first arrived: `now`, or earlier where it had come before.
     */
    async keep(tenantId: string, events: readonly RecordedEvent[], now: number): Promise<KeptBatch> {
      const key = keyOf(tenantId, events);
      const lines = events.map((event) => JSON.stringify(toLine({ ...event, receivedAt: now }))).join("\n") + "\n";
      const body = await pack(lines);
      const outcome = await objects.create(key, body, { ...CONTENT, metadata: { [RECEIVED_AT]: String(now) } });
      if (isOld(key, now)) await mark(key);
      if (outcome === "created") return { receivedAt: now, isNew: true, isMarked: false };
      const metadata = await objects.findMetadata(key) ?? {};
      return { receivedAt: Number(metadata[RECEIVED_AT] ?? now), isNew: false, isMarked: MARKED in metadata };
    },

    /** The stored batches whose hour touches the range, hour by hour. */
    async *list(tenantId: string, fromAt: number, toAt: number): AsyncGenerator<ListedObject[]> {
      const prefix = `events/tenant=${tenantId}/`;
      // The last hour that is touched, and not the one after it: after 9999 a year has more digits, and sorts first.
      const last = hourPrefix(tenantId, toAt - 1);
      let hour: ListedObject[] = [];
      for await (const page of objects.list(prefix, hourPrefix(tenantId, fromAt))) {
        for (const object of page) {
          if (object.key > last && !object.key.startsWith(last)) {
            if (hour.length > 0) yield hour;
            return;
          }
          if (hour.length > 0 && !object.key.startsWith(folderOf(hour[0]!.key))) {
            yield hour;
            hour = [];
          }
          hour.push(object);
        }
      }
      if (hour.length > 0) yield hour;
    },

    /** The events of one stored batch, in the order in which they were sent. */
    async read(key: string): Promise<ReplayedEvent[]> {
      const { body } = await objects.get(key);
      return (await linesOf(body)).map((line) => fromLine(JSON.parse(line)));
    },

    /** When a stored batch first arrived. */
    async arrivedAt(key: string): Promise<number> {
      const metadata = await objects.findMetadata(key);
      return Number(metadata?.[RECEIVED_AT] ?? 0);
    },

    /** The keys of all batches of a tenant, page by page. */
    async *listAll(tenantId: string): AsyncGenerator<string[]> {
      for await (const page of objects.list(`events/tenant=${tenantId}/`)) yield page.map((object) => object.key);
    },

    /** Where a batch lies. */
    keyOf,

    /**
     * Writes a stored batch anew, with each event as its fate says; events that stay keep their bytes, and where all stay
     * nothing is written. A batch that is left with nothing stays as an empty object: its key is taken, so the same batch
     * sent again is not stored again. True where it was written for this receipt, now or before.
     */
    async rewrite(key: string, fateOf: FateOf, receiptId?: string): Promise<boolean> {
      return await retryLost(async () => {
        const { body, metadata, etag } = await objects.get(key);
        const receipts = metadata[ERASED_FOR]?.split(",") ?? [];
        const lines = await linesOf(body);
        const kept = lines.flatMap((line) => lineAfter(line, fateOf));
        if (kept.length === lines.length && kept.every((line, i) => line === lines[i])) {
          return receiptId !== undefined && receipts.includes(receiptId);
        }
        const named = [...new Set([...receipts, ...(receiptId ? [receiptId] : [])])].slice(-MAX_RECEIPTS);
        const { [MARKED]: _, ...others } = metadata;
        const changed = {
          ...others,
          ...(named.length > 0 ? { [ERASED_FOR]: named.join(",") } : {}),
          ...(kept.some((line) => (JSON.parse(line) as Line).outdone) ? { [MARKED]: "true" } : {}),
        };
        const anew = await pack(kept.map((line) => `${line}\n`).join(""));
        // Before as well as after: whoever dies between the two has left a mark, also where nobody tries again.
        await mark(key);
        if (!await objects.replaceIf(key, anew, { ...CONTENT, metadata: changed }, etag)) return LOST;
        await mark(key);
        return true;
      }, "S3");
    },
  };
}

/** A stored event in the form of its line. */
export const eventOf = (event: ReplayedEvent) => ({ ...toLine(event), ...(event.outdone ? { outdone: true } : {}) });

function pack(text: string): Promise<Buffer> {
  return compress(text);
}

async function linesOf(body: Uint8Array): Promise<string[]> {
  return (await decompress(body)).toString("utf8").split("\n").filter(Boolean);
}

function lineAfter(line: string, fateOf: FateOf): string[] {
  const event = JSON.parse(line) as Line;
  const fate = fateOf(fromLine(event));
  if (fate === "OUTDONE") return [JSON.stringify({ ...event, outdone: true })];
  if (fate === "COUNTED") return [event.outdone ? JSON.stringify({ ...event, outdone: undefined }) : line];
  if (typeof fate === "object") return [JSON.stringify(withoutNames(event, fate.without))];
  return fate === "KEEP" ? [line] : [];
}

/** The event without these ids, and with a word that it had one, so that it is known when it is sent again; itself where it has none. */
export function withoutNames<E extends Named>(event: E, ids: ReadonlySet<string>): E {
  const kept = (id: string | undefined) => id !== undefined && ids.has(id) ? undefined : id;
  const [visitorId, aliasOf] = [kept(event.visitorId), kept(event.aliasOf)];
  if (visitorId === event.visitorId && aliasOf === event.aliasOf) return event;
  return { ...event, visitorId, aliasOf, unnamed: true };
}

function keyOf(tenantId: string, events: readonly RecordedEvent[]): string {
  const content = events.map((event) => JSON.stringify(toLine(event))).join("\n");
  const name = createHash("sha256").update(content).digest("hex").slice(0, 40);
  return `${hourPrefix(tenantId, Math.min(...events.map((event) => event.occurredAt)))}${name}.ndjson.gz`;
}

function hourPrefix(tenantId: string, at: number): string {
  const [date, time] = formatInstant(at).split("T") as [string, string];
  return `events/tenant=${tenantId}/date=${date}/hour=${time.slice(0, 2)}/`;
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/") + 1);
}

/** Fields in a fixed order, so that equal events give equal lines. */
function toLine(event: RecordedEvent & { receivedAt?: number }) {
  const { sessionId, source, seq, type, occurredAt, clientAt, receivedAt, visitorId, aliasOf } = event;
  const { page, text, properties } = event;
  return {
    sessionId,
    source,
    seq,
    type,
    occurredAt: formatInstant(occurredAt),
    clientAt: clientAt === undefined ? undefined : formatInstant(clientAt),
    receivedAt: receivedAt === undefined ? undefined : formatInstant(receivedAt),
    visitorId,
    aliasOf,
    page,
    text,
    properties,
  };
}

type Line = Omit<ReplayedEvent, "occurredAt" | "clientAt" | "receivedAt"> & {
  occurredAt: string;
  clientAt?: string;
  receivedAt: string;
};

function fromLine({ clientAt, ...line }: Line): ReplayedEvent {
  return {
    ...line,
    ...(clientAt === undefined ? {} : { clientAt: parseInstant(clientAt)! }),
    occurredAt: parseInstant(line.occurredAt)!,
    receivedAt: parseInstant(line.receivedAt)!,
  };
}
