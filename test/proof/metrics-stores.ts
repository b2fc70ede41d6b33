import type { QueueMessage } from "../../api/aws/queues.ts";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { createFailures } from "../../api/ingest/failures.ts";
import { failures as destination } from "../../api/resources.ts";
import type { MemoryDynamo } from "../kit/memory-dynamo.ts";
import { DEAD_QUEUE, LATE_QUEUE, mendParked } from "./metrics-wiring.ts";
import type { StreamModel } from "./metrics-stream.ts";
import type { Random } from "./random.ts";

const FAILED = destination.prefix;

type Message = QueueMessage & { inFlight: boolean };
type Batch = { sessionId: string; sensorId: string; batchOffset: number; readings: unknown };

/** All that processes ask of stores, by method; objects and queues are kept in memory. */
export function createStores({ dynamo, random, counts, newId, streams }: {
  dynamo: MemoryDynamo;
  random: Random;
  counts: { quarantined: number };
  newId: () => string;
  streams: Readonly<Record<string, StreamModel>>;
}) {
  const raw = new Map<string, number>();
  const readings = new Map<string, { digest: string; readings: unknown }>();
  const objects = new Map<string, { body: Uint8Array }>();
  const queues: Record<string, Message[]> = { [LATE_QUEUE]: [], [DEAD_QUEUE]: [] };
  const sentAgain = new Set<string>();
  /** What webhooks were told, each as often as it was. */
  const told: string[] = [];
  let inDoubt = false;
  const below = (n: number) => Math.floor(random() * n);

  function send(queue: string, body: string): void {
    counts.quarantined++;
    queues[queue]!.push({ id: newId(), body, receipt: "", receives: 0, attributes: {}, inFlight: false });
  }

  const failures = createFailures({
    objects: {
      replace: (key: string, body: Uint8Array) => Promise.resolve(void objects.set(key, { body })),
    } as unknown as Parameters<typeof createFailures>[0]["objects"],
    queues: { send: (queue, body) => Promise.resolve(send(queue, body)) },
    lateQueue: LATE_QUEUE,
  });

  const methods: Record<string, (...args: never[]) => unknown> = {
    ...dynamo,
    keep: (_tenantId: string, batch: Batch) => {
      const key = `${batch.sessionId} ${batch.sensorId} ${batch.batchOffset}`;
      const digest = JSON.stringify(batch);
      const known = readings.get(key);
      if (!known) readings.set(key, { digest, readings: batch.readings });
      return !known ? "created" : known.digest === digest ? "same" : "other";
    },
    read: (of: Pick<Batch, "sessionId" | "sensorId">, offset: number) =>
      readings.get(`${of.sessionId} ${of.sensorId} ${offset}`)?.readings,
    /** The instant at which a batch of events first arrived. */
    keepRaw: (tenantId: string, events: unknown, now: number) => {
      const key = tenantId + JSON.stringify(events);
      const isNew = !raw.has(key);
      if (isNew) raw.set(key, now);
      return { receivedAt: raw.get(key), isNew };
    },
    findObject: (key: string) => objects.get(key),
    replaceObject: (key: string, body: Uint8Array) => {
      // What a person has mended stays mended.
      if (!objects.has(key)) objects.set(key, { body });
    },
    removeObject: (key: string) => void objects.delete(key),
    send,
    post: (body: string) => {
      told.push(body);
      return { ms: 1, status: 200 };
    },
    readRange: (table: string, ...range: [string, string, string]) => streams[table]!.range(...range),
  };

  return {
    methods,
    told,

    /** What Lambda says of a part of a stream that it gave up: which it was, or as an object all that it held. */
    async sendFailure(table: string, records: readonly StreamRecord[], isWhole: boolean, now: number): Promise<void> {
      const streamArn = `arn:aws:dynamodb:eu-central-1:123456789012:table/${table}/stream/2026-06-01`;
      if (isWhole) return await failures.add(streamArn, records, now);
      const [first, last] = [records[0]!, records.at(-1)!];
      const info = {
        shardId: first.shard,
        startSequenceNumber: first.sequence,
        endSequenceNumber: last.sequence,
        batchSize: records.length,
        streamArn,
      };
      send(LATE_QUEUE, JSON.stringify({ DDBStreamBatchInfo: info }));
    },
    /** Whether something was given up that nobody can read any more, or that left a doubt: a person audits all then. */
    isInDoubt: () => inDoubt,
    hasLate: () => queues[LATE_QUEUE]!.some(({ inFlight }) => !inFlight),

    /** Some messages of the late queue. */
    takeLate(): Message[] {
      const messages = queues[LATE_QUEUE]!.filter(({ inFlight }) => !inFlight).slice(0, 1 + below(5));
      for (const message of messages) {
        message.inFlight = true;
        message.receives++;
      }
      return messages;
    },

    /** Those that are done go; the others come again. */
    finishLate(messages: readonly Message[], isDone: (id: string) => boolean): void {
      for (const message of messages) message.inFlight = false;
      const done = messages.filter(({ id }) => isDone(id));
      queues[LATE_QUEUE] = queues[LATE_QUEUE]!.filter((message) => !done.includes(message));
    },

    /** A person mends what could not be counted, and sends it again, some of it several times; gives how many it was. */
    mend(): number {
      // What was given up may stay in doubt, where nothing can be counted again: it is sent once more.
      const dead = queues[DEAD_QUEUE]!.splice(0).filter(({ body }) => {
        const isAgain = sentAgain.has(body);
        if (body.includes("DDBStreamBatchInfo") || body.includes(FAILED)) sentAgain.add(body);
        inDoubt ||= isAgain;
        return !isAgain;
      });
      for (const [key, { body }] of objects) if (!key.startsWith(FAILED)) objects.set(key, { body: mendParked(body) });
      for (const { body } of dead.flatMap((message) => Array.from({ length: 1 + below(3) }, () => message))) {
        send(LATE_QUEUE, body);
      }
      return dead.length;
    },
  };
}
