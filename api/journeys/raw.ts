import { createHash } from "node:crypto";
import { gunzip, gzip } from "node:zlib";
import { promisify } from "node:util";
import type { ListedObject, Objects } from "../aws/objects.ts";
import { HOUR_MS } from "../core/clock.ts";
import { formatInstant, parseInstant } from "../core/time.ts";
import type { ArrivedEvent, RecordedEvent } from "./model.ts";

/**
 * Raw events in the object store, the source of truth:
 * `events/tenant=T/date=D/hour=H/KEY.ndjson.gz`, one JSON object a line, readable by Athena and DuckDB as it lies.
 * D and H are of the batch's earliest event, KEY is made from the content. So the same batch, sent again, falls on the
 * same object and is stored once, whenever it comes.
 */
export type RawEvents = ReturnType<typeof createRawEvents>;

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const RECEIVED_AT = "received-at";

export function createRawEvents(objects: Objects) {
  return {
    /** Stores a batch and gives the instant at which it first arrived: `now`, or earlier where it had come before. */
    async keep(tenantId: string, events: readonly RecordedEvent[], now: number): Promise<number> {
      const key = keyOf(tenantId, events);
      const lines = events.map((event) => JSON.stringify(toLine({ ...event, receivedAt: now }))).join("\n") + "\n";
      const body = await compress(lines, { level: 6 });
      const outcome = await objects.create(key, body, {
        contentType: "application/x-ndjson",
        contentEncoding: "gzip",
        metadata: { [RECEIVED_AT]: String(now) },
      });
      if (outcome === "created") return now;
      const metadata = await objects.findMetadata(key);
      return Number(metadata?.[RECEIVED_AT] ?? now);
    },

    /** The stored batches whose hour touches the range, hour by hour, and within an hour as they arrived. */
    async *list(tenantId: string, fromAt: number, toAt: number): AsyncGenerator<ListedObject[]> {
      const prefix = `events/tenant=${tenantId}/`;
      const until = hourPrefix(tenantId, Math.ceil(toAt / HOUR_MS) * HOUR_MS);
      let hour: ListedObject[] = [];
      for await (const page of objects.list(prefix, hourPrefix(tenantId, fromAt))) {
        for (const object of page) {
          if (object.key >= until) {
            if (hour.length > 0) yield hour.sort(byArrival);
            return;
          }
          if (hour.length > 0 && !object.key.startsWith(folderOf(hour[0]!.key))) {
            yield hour.sort(byArrival);
            hour = [];
          }
          hour.push(object);
        }
      }
      if (hour.length > 0) yield hour.sort(byArrival);
    },

    /** The events of one stored batch, in the order in which they were sent. */
    async read(key: string): Promise<ArrivedEvent[]> {
      const { body } = await objects.get(key);
      const text = (await decompress(body)).toString("utf8");
      return text.split("\n").filter(Boolean).map((line) => fromLine(JSON.parse(line)));
    },
  };
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

function byArrival(a: ListedObject, b: ListedObject): number {
  return a.modifiedAt - b.modifiedAt || (a.key < b.key ? -1 : 1);
}

/** Fields in a fixed order, so that equal events give equal lines. */
function toLine(event: RecordedEvent & { receivedAt?: number }) {
  const { sessionId, source, seq, type, occurredAt, receivedAt, visitorId, page, text, properties } = event;
  return {
    sessionId,
    source,
    seq,
    type,
    occurredAt: formatInstant(occurredAt),
    receivedAt: receivedAt === undefined ? undefined : formatInstant(receivedAt),
    visitorId,
    page,
    text,
    properties,
  };
}

type Line = Omit<ArrivedEvent, "occurredAt" | "receivedAt"> & { occurredAt: string; receivedAt: string };

function fromLine(line: Line): ArrivedEvent {
  return { ...line, occurredAt: parseInstant(line.occurredAt)!, receivedAt: parseInstant(line.receivedAt)! };
}
