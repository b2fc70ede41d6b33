import { createHash } from "node:crypto";
import pMap from "p-map";
import type { ListedObject, Objects } from "../aws/objects.ts";
import { type Clock, DAY_MS, HOUR_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import { toParquet } from "../files/parquet.ts";
import type { Cell, Column } from "../files/table.ts";
import { dayOfKey, RAW, type RawEvents, RECENT_DAYS, type ReplayedEvent, STALE } from "./raw.ts";

/**
 * Raw events in columns, beside the lines that they are made from: `parquet/tenant=T/date=D/PART-CONTENT.parquet`, the same
 * rows and fields. CONTENT is a hash of what the objects of the part were: so what is stale shows in a list of names, and
 * nothing but the lines is ever the truth. A day is made an hour after its end, and again where it changed since.
 *
 *  | what                               | how                                                                    |
 *  |------------------------------------|------------------------------------------------------------------------|
 *  | which days changed, of the newest  | the objects of the last 35 days are listed, lines and columns          |
 *  | which older days have no columns   | the folders of days are listed, 1,000 a request                        |
 *  | which older days changed           | whoever stores a batch there leaves `stale/tenant=T/date=D/BATCH`      |
 */
export type Columns = ReturnType<typeof createColumns>;

export type ColumnsOptions = {
  objects: Pick<Objects, "replace" | "list" | "folders" | "remove">;
  raw: Pick<RawEvents, "read">;
  clock: Clock;
  log: Log;
};

const PARQUET = "parquet/";
/** Compressed lines that become one file: some 400,000 events. */
const PART_BYTES = 8 * 1024 * 1024;
/** A function of AWS has 300 seconds; what is left is done by the next run. */
const RUN_MS = 200_000;
const CONCURRENCY = 16;

const COLUMNS: readonly (Column & { of: (event: ReplayedEvent) => Cell })[] = [
  { name: "sessionid", type: "text", of: (own) => own.sessionId },
  { name: "source", type: "text", of: (own) => own.source },
  { name: "seq", type: "integer", of: (own) => own.seq },
  { name: "type", type: "text", of: (own) => own.type },
  { name: "occurredat", type: "instant", of: (own) => own.occurredAt },
  { name: "clientat", type: "instant", of: (own) => own.clientAt },
  { name: "receivedat", type: "instant", of: (own) => own.receivedAt },
  { name: "visitorid", type: "text", of: (own) => own.visitorId },
  { name: "aliasof", type: "text", of: (own) => own.aliasOf },
  { name: "page", type: "text", of: (own) => own.page },
  { name: "text", type: "text", of: (own) => own.text },
  {
    name: "properties",
    type: "text",
    of: ({ properties }) => properties === undefined ? null : JSON.stringify(properties),
  },
  { name: "outdone", type: "flag", of: (own) => own.outdone === true },
];

type Part = { key: string; objects: readonly ListedObject[] };

export function createColumns({ objects, raw, clock, log }: ColumnsOptions) {
  return {
    /** Makes what is missing or stale, of all tenants, as far as the time of a run goes. */
    async compact(): Promise<Record<string, number>> {
      const endAt = clock() + RUN_MS;
      const sums = { tenants: 0, days: 0, files: 0, events: 0 };
      for (const tenant of new Set([...await foldersOf(RAW), ...await foldersOf(PARQUET)])) {
        sums.tenants++;
        for (const day of await staleDays(tenant)) {
          if (clock() > endAt) {
            log.info("columns of raw events go on at the next run", sums);
            return sums;
          }
          await compactDay(tenant, day, sums);
        }
      }
      return sums;
    },

    /** Removes the columns of the days of these raw objects; the next run makes them anew. */
    async forget(keys: Iterable<string>): Promise<void> {
      const days = new Set([...keys].map(dayOfKey));
      await pMap(days, async (day) => removeAll(`${PARQUET}${day}`), { concurrency: CONCURRENCY });
    },
  };

  /** The closed days, as `date=D/`, that have to be looked at. */
  async function staleDays(tenant: string): Promise<Set<string>> {
    const now = clock();
    const [lines, columns, marks] = [`${RAW}${tenant}`, `${PARQUET}${tenant}`, `${STALE}${tenant}`];
    const [of, made] = [await foldersOf(lines), await foldersOf(columns)];
    const recent = folderOfDay(now - RECENT_DAYS * DAY_MS);
    const isClosed = (folder: string) => folder < folderOfDay(now - HOUR_MS);
    const days = [...new Set([...of, ...made])].filter((folder) =>
      isClosed(folder) && (folder >= recent || !made.has(folder) || !of.has(folder))
    );
    const marked: string[] = [];
    for await (const page of objects.list(marks)) {
      for (const { key } of page) {
        marked.push(key.slice(marks.length, key.lastIndexOf("/") + 1));
        // Before the day is read: a batch that is stored from now on leaves a mark of its own. The columns go as well, so
        // that a crash leaves a day that is missing, which the next run sees.
        await removeAll(`${columns}${marked.at(-1)!}`);
        await objects.remove(key);
      }
    }
    // What is erased or withdrawn marks whatever day it is of, also one that goes on.
    return new Set([...days, ...marked.filter(isClosed)]);
  }

  /** Makes the files of a day so that together they hold what its lines hold; never an event twice, rather none for a moment. */
  async function compactDay(tenant: string, day: string, sums: { days: number; files: number; events: number }) {
    const folder = `${PARQUET}${tenant}${day}`;
    const parts = partsOf(folder, await listOf(`${RAW}${tenant}${day}`));
    const wanted = new Set(parts.map(({ key }) => key));
    const there = new Set((await listOf(folder)).map(({ key }) => key));
    for (const key of there) if (!wanted.has(key)) await objects.remove(key);
    const missing = parts.filter(({ key }) => !there.has(key));
    if (missing.length === 0) return;
    for (const part of missing) {
      const events = (await pMap(part.objects, ({ key }) => raw.read(key), { concurrency: CONCURRENCY })).flat();
      const rows = events.map((event) => COLUMNS.map(({ of }) => of(event)));
      const body = toParquet({ columns: COLUMNS, rows });
      await objects.replace(part.key, body, { contentType: "application/vnd.apache.parquet" });
      sums.files++;
      sums.events += events.length;
    }
    sums.days++;
    // What was erased or came while it was read: the file may hold what is gone.
    const now = new Set(partsOf(folder, await listOf(`${RAW}${tenant}${day}`)).map(({ key }) => key));
    for (const { key } of parts) if (!now.has(key)) await objects.remove(key);
  }

  async function listOf(prefix: string): Promise<ListedObject[]> {
    const found: ListedObject[] = [];
    for await (const page of objects.list(prefix)) found.push(...page);
    return found;
  }

  async function foldersOf(prefix: string): Promise<Set<string>> {
    const found = new Set<string>();
    for await (const folder of objects.folders(prefix)) found.add(folder.slice(prefix.length));
    return found;
  }

  async function removeAll(prefix: string): Promise<void> {
    for await (const page of objects.list(prefix)) for (const { key } of page) await objects.remove(key);
  }
}

function folderOfDay(at: number): string {
  return `date=${new Date(at).toISOString().slice(0, 10)}/`;
}

/** The files of a day's objects, in their order, each named by what its objects are. */
function partsOf(folder: string, listed: readonly ListedObject[]): Part[] {
  const parts: ListedObject[][] = [];
  let bytes = Infinity;
  for (const object of listed) {
    if (bytes + object.bytes > PART_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(object);
    bytes += object.bytes;
  }
  return parts.map((objects, i) => {
    const content = createHash("sha256").update(objects.map(({ key, etag }) => `${key} ${etag}\n`).join(""));
    return { key: `${folder}${String(i).padStart(4, "0")}-${content.digest("hex").slice(0, 32)}.parquet`, objects };
  });
}
