import { gunzipSync } from "node:zlib";
import type { CountChange } from "../../api/metrics/model.ts";
import type { Dynamo, Item } from "../../api/aws/dynamo.ts";
import { MINUTE_MS } from "../../api/core/clock.ts";
import { randomIds } from "../../api/core/ids.ts";
import { createStreamIngest } from "../../api/ingest/stream.ts";
import { createBackfill } from "../../api/journeys/backfill.ts";
import { createFiles } from "../../api/files/keep.ts";
import { createColumns } from "../../api/journeys/columns.ts";
import { createEraser } from "../../api/journeys/erase.ts";
import { createChunkReader, createErasureStore } from "../../api/journeys/erasures.ts";
import { createRawEvents, type RawObjects } from "../../api/journeys/raw.ts";
import { createJourneys } from "../../api/journeys/service.ts";
import { createJourneyConfiguration } from "../../api/journeys/configure.ts";
import { createFollower } from "../../api/journeys/follow.ts";
import { createTrailStore } from "../../api/journeys/trails.ts";
import { createJourneyStore } from "../../api/journeys/store.ts";
import { createHub } from "../../api/live/hub.ts";
import { tables } from "../../api/resources.ts";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { silentLog } from "./local.ts";
import { createMemoryDynamo } from "./memory-dynamo.ts";
import { createMemoryObjects } from "./memory-objects.ts";

/** Done before or after a call to a store, which is named, with what is asked; a throw is a crash. */
export type OnCall = (when: "before" | "after", call: string, asked: readonly unknown[]) => Promise<void> | void;

const TABLE = "journeys";
const nothing = () => Promise.resolve();

/** The stores of journeys in memory, their stream, and any number of processes over them. */
export function createEraseWorld(now: number, clock: () => number = () => now) {
  const stream: StreamRecord[] = [];
  const dynamo = createMemoryDynamo({ [TABLE]: tables.journeys, trails: tables.trails }, {
    onWrite: (written) => {
      for (const { table, before, after } of written) {
        if (table !== TABLE) continue;
        const { pk, sk } = (after ?? before)!;
        const sequence = String(stream.length + 1);
        stream.push({ shard: "s", sequence, keys: { pk, sk }, before, after, isExpiry: false, arrivedAt: now });
      }
    },
  });
  const objects = createMemoryObjects();
  const hub = createHub();

  /** A process whose calls to the stores go through `onCall`. */
  function createProcess(onCall: OnCall = () => {}) {
    const own = through(dynamo, onCall) as Dynamo;
    const store = createJourneyStore(own, TABLE);
    const erasures = createErasureStore(own, TABLE);
    const raw = createRawEvents(through(objects, onCall) as RawObjects);
    const trails = createTrailStore(own, "trails");
    const configuration = createJourneyConfiguration({ store, trails, clock });
    const bucket = through(objects, onCall) as typeof objects;
    const columns = createColumns({ objects: bucket, raw, clock, log: silentLog });
    const files = createFiles({ objects: bucket, clock, ids: randomIds });
    const stores = { store, erasures, raw, trails, configuration, columns, files };
    const options = { ...stores, hub, clock, log: silentLog, indexed: true };
    return {
      store,
      raw,
      trails,
      configuration,
      follower: createFollower({ store, trails, hub, clock, onFinished: nothing }),
      erasures,
      journeys: createJourneys(options),
      columns,
      files,
      erase: createEraser(options),
      backfill: createBackfill(options),
    };
  }

  return {
    stream,
    dynamo,
    objects,
    /** What is waited for in all processes. */
    hub,
    createProcess,

    /** What the stream counts when it is read from its beginning, by a consumer that remembers nothing from record to record. */
    async count(): Promise<{ counts: Record<string, number>; quarantined: string[] }> {
      const { store, erasures, follower } = createProcess();
      const counted = new Map<string, CountChange[]>();
      const quarantined: string[] = [];
      for (const record of stream) {
        const ingest = createStreamIngest({
          readMotion: () => Promise.resolve([]),
          readChunks: createChunkReader(store, erasures),
          count: (changes) => {
            if (!counted.has(record.sequence)) counted.set(record.sequence, [...changes]);
            return nothing();
          },
          roll: nothing,
          sessionExpired: nothing,
          sessionsChanged: () => Promise.resolve(),
          journeysChanged: (images) => follower.note(images),
          journeyErased: (tenantId, sessionId) => erasures.settle(tenantId, sessionId),
          quarantine: (_table, _record, reason) => Promise.resolve(void quarantined.push(reason)),
        });
        await ingest("journeys", [record]);
      }
      const counts: Record<string, number> = {};
      for (const { source, at, n } of [...counted.values()].flat()) {
        const bucket = `${source} ${Math.floor(at / MINUTE_MS)}`;
        counts[bucket] = (counts[bucket] ?? 0) + n;
      }
      return { counts: Object.fromEntries(Object.entries(counts).filter(([, n]) => n !== 0)), quarantined };
    },

    /** The table and the bucket as text: equal dumps are stores that are equal byte for byte. */
    dump: () => [...dynamo.dump(TABLE).map(asText).sort(), ...objects.dump()],

    /** All that the stores hold that a person could have written or been called, as text. */
    contents: () =>
      [
        ...dynamo.dump(TABLE).map((item) => asText(item)),
        ...objects.bodies().map((body) => gunzipSync(body).toString()),
      ].join("\n"),
  };
}

/**
 * Lets processes make their calls one at a time, in an order that `random` gives: the next is taken when each process that
 * is not done waits with one, so none is ahead because it computes less. A process of a small weight is slow.
 */
export function createTurns(random: () => number, weights: readonly number[]) {
  const waiting = weights.map(() => [] as (() => void)[]);
  const live = new Set(weights.keys());

  function next(): void {
    if (live.size === 0 || [...live].some((process) => waiting[process]!.length === 0)) return;
    let place = random() * [...live].reduce((sum, process) => sum + weights[process]!, 0);
    const taken = [...live].find((process) => (place -= weights[process]!) < 0) ?? [...live][0]!;
    waiting[taken]!.shift()!();
    setImmediate(next);
  }

  return {
    onCallOf: (process: number): OnCall => (when) =>
      when === "after" ? undefined : new Promise((go) => {
        waiting[process]!.push(go);
        next();
      }),

    async run<T>(process: number, work: () => Promise<T>): Promise<T> {
      try {
        return await work();
      } finally {
        live.delete(process);
        setImmediate(next);
      }
    },
  };
}

/** The methods of a store, each call between `onCall`s. */
function through(store: object, onCall: OnCall): object {
  return Object.fromEntries(
    Object.entries(store).filter(([, method]) => typeof method === "function").map(([name, method]) => [
      name,
      name === "list" || name === "folders"
        ? async function* (...args: unknown[]) {
          await onCall("before", name, args);
          for await (const page of method(...args) as AsyncGenerator<unknown>) {
            yield page;
            await onCall("after", name, args);
          }
        }
        : async (...args: unknown[]) => {
          await onCall("before", name, args);
          const answer: unknown = await (method as (...args: unknown[]) => Promise<unknown>)(...args);
          await onCall("after", name, args);
          return answer;
        },
    ]),
  );
}

function asText(item: Item): string {
  const sorted = Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(
    sorted,
    (_, value: unknown) => value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
}

/** What lies in the table of journeys whose sort key holds a part. */
export function itemsOf({ dynamo }: ReturnType<typeof createEraseWorld>, part: string): Item[] {
  return dynamo.dump(TABLE).filter(({ sk }) => (sk as string).includes(part));
}
