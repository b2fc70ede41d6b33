import { describe, expect, test } from "vitest";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { AppError, UnavailableError } from "../../api/core/errors.ts";
import { createLateIngest, type LateIngestOptions } from "../../api/ingest/late.ts";
import { createDecoder } from "../../api/ingest/decode.ts";
import { createStreamIngest, journeyImagesOf, sessionChangesOf } from "../../api/ingest/stream.ts";
import { toChunks } from "../../api/journeys/chunk.ts";
import { keyOf, toItem } from "../../api/journeys/item.ts";
import { anyJourney, imageOf, sessionBase } from "../kit/images.ts";
import { fc } from "../kit/property.ts";

const MINUTE = 60_000;
const AT = Date.UTC(2026, 5, 1, 12);

let sequence = 0;
const record = (before: object | undefined, after: object | undefined, isExpiry = false): StreamRecord => {
  const { pk, sk } = (after ?? before) as { pk: string; sk: string };
  const images = { before, after } as Pick<StreamRecord, "before" | "after">;
  return { shard: "s", sequence: `${++sequence}`, keys: { pk, sk }, ...images, isExpiry, arrivedAt: AT };
};

/** Takes parts of streams; `said` is what it did, in its order. */
function createIngest(fails: string[] = []) {
  const said: unknown[] = [];
  const say = (what: string, detail: unknown = []) => {
    if (fails.includes(what)) return Promise.reject(new UnavailableError("DynamoDB"));
    said.push([what, detail]);
    return Promise.resolve();
  };
  const counted = (changes: readonly { source: string; at: number; n: number; isExpired?: true }[]) =>
    changes.map(({ source, at, n, isExpired }) => `${isExpired ? "expired " : ""}${source} ${(at - AT) / MINUTE} ${n}`);
  const ingest = createStreamIngest({
    readChunks: () => Promise.resolve(chunks),
    readMotion: () => Promise.resolve([AT, AT + MINUTE]),
    count: (changes) => say("count", counted(changes)),
    roll: () => say("roll"),
    sessionExpired: () => say("sessionExpired"),
    sessionsChanged: (changes) => (changes.length > 0 ? say("sessionsChanged") : Promise.resolve()),
    journeysChanged: (images) => (images.length > 0 ? say("journeysChanged") : Promise.resolve()),
    journeyErased: (...of) => say("journeyErased", of),
    quarantine: (_, { sequence: own }, reason) => say("quarantine", [own, reason]),
  });
  const names = () => said.map((one) => (one as [string])[0]);
  return { ingest, said, names };
}

const chunkKey = { ...keyOf("shop", "v"), sk: "v#E#0000001000000#000000000011" };
const events = [1, 2].map((seq) => ({
  ...{ source: "main", seq, type: "PAGE_VIEWED", occurredAt: AT + seq * MINUTE, receivedAt: AT, data: {} },
}));
const chunks = [{ id: "000000000011", events }];
const [journey] = fc.sample(anyJourney, { seed: 1, numRuns: 1 });
const meta = {
  ...toItem({ ...journey!, tenantId: "shop", sessionId: "v", startedAt: AT }),
  ...{ wm: `{"main":"2"}`, mark: "000000000011" },
};
const erased = { ...keyOf("shop", "v"), sk: "v#META", erased: "r-1", events: 2, open: true };
const session = imageOf({ ...sessionBase, startedAt: AT, motionEventCount: 2 });

describe("a part of a stream", () => {
  test("of an erasure is told to be over once it is taken out of the counts, the rollups and all that follows journeys", async () => {
    const { ingest, names, said } = createIngest();
    await ingest("journeys", [record(meta, erased)]);
    expect(names()).toEqual(["count", "roll", "journeysChanged", "journeyErased"]);
    expect(said.at(-1)).toEqual(["journeyErased", ["shop", "v"]]);
    expect(said[0]).toEqual(["count", ["JOURNEYS 0 -1", "JOURNEY_EVENTS 1 -1", "JOURNEY_EVENTS 2 -1"]]);
  });

  test.each(["count", "roll"])("whose %s fails tells nobody that it is done", async (fails) => {
    const one = createIngest([fails]);
    await expect(one.ingest("journeys", [record(meta, erased)])).rejects.toMatchObject({ retryable: true });
    expect(one.names()).not.toContain("journeyErased");
    const other = createIngest([fails]);
    await expect(other.ingest("sessions", [record(undefined, session), record(session, undefined, true)])).rejects
      .toMatchObject({ retryable: true });
    expect(other.names()).not.toContain("sessionExpired");
    expect(other.names()).not.toContain("sessionsChanged");
  });

  test("of a session that expired is noted in its counts before what else is kept of it goes", async () => {
    const { ingest, said, names } = createIngest();
    await ingest("sessions", [record(session, undefined, true)]);
    expect(names()).toEqual(["count", "sessionExpired"]);
    expect(said[0]).toEqual([
      "count",
      ["expired SESSIONS 0 1", "expired MOTION_EVENTS 0 1", "expired MOTION_EVENTS 1 1"],
    ]);
  });

  test("of a journey that expired notes its events, as its chunks say when they were", async () => {
    const { ingest, said } = createIngest();
    await ingest("journeys", [record(meta, undefined, true)]);
    expect(said).toEqual([
      ["count", ["expired JOURNEYS 0 1", "expired JOURNEY_EVENTS 1 1", "expired JOURNEY_EVENTS 2 1"]],
    ]);
  });

  test("of a chunk that expired notes its events, but not of one whose journey was erased: those count no more", async () => {
    const [{ bytes }] = toChunks(events as never) as unknown as [{ bytes: Uint8Array }];
    const { ingest, said } = createIngest();
    await ingest("journeys", [record({ ...chunkKey, z: bytes }, undefined, true)]);
    expect(said).toEqual([["count", ["expired JOURNEY_EVENTS 1 1", "expired JOURNEY_EVENTS 2 1"]]]);
    const again = createIngest();
    await again.ingest("journeys", [record({ ...chunkKey, z: bytes, hollow: true }, undefined, true)]);
    expect(again.said).toEqual([]);
  });

  test("of a journey is counted by the chunks that came before it there; they are read only where it needs others", async () => {
    const [{ bytes }] = toChunks(events as never) as unknown as [{ bytes: Uint8Array }];
    let reads = 0;
    const decoder = (held: typeof chunks | undefined = chunks) =>
      createDecoder(() => (reads++, Promise.resolve(held as never)), () => Promise.resolve([]));
    const chunk = { ...chunkKey, z: bytes };
    const counted = async (decode: ReturnType<typeof decoder>, before: object | undefined, after: object) =>
      (await decode("journeys", record(before, after))).counts.map((
        { source, at, n },
      ) => [source, (at - AT) / MINUTE, n]);
    const whole = [["JOURNEYS", 0, 1], ["JOURNEY_EVENTS", 1, 1], ["JOURNEY_EVENTS", 2, 1]];

    const told = decoder();
    expect(await counted(told, undefined, chunk)).toEqual([]);
    expect([await counted(told, undefined, meta), reads]).toEqual([whole, 0]);
    // A chunk that was there before and is written anew, without a name that is erased, says nothing new of its events.
    const again = decoder();
    expect(await counted(again, chunk, chunk)).toEqual([]);
    expect([await counted(again, undefined, meta), reads]).toEqual([whole, 1]);
    // What was read is remembered.
    expect([await counted(again, undefined, meta), reads]).toEqual([whole, 1]);
    // Erased and taken out of all counts: every event of it was counted before.
    const gone = createDecoder(() => Promise.resolve(undefined), () => Promise.resolve([]));
    expect(await counted(gone, undefined, meta)).toEqual(whole.slice(0, 1));
    await expect(counted(decoder([]), undefined, meta)).rejects.toThrow(/none of the journey's chunks holds/);
  });

  test("of a journey that was removed by hand takes it out, and is never put aside", async () => {
    const { ingest, said, names } = createIngest();
    await ingest("journeys", [record(meta, undefined)]);
    expect(names()).toEqual(["count", "roll"]);
    expect(said[0]).toEqual(["count", ["JOURNEYS 0 -1"]]);
  });

  test("tells those who follow journeys of journeys alone, not of their chunks or what they leave", async () => {
    const [{ bytes }] = toChunks(events as never) as unknown as [{ bytes: Uint8Array }];
    const change = (table: "journeys" | "sessions", after: object | undefined) =>
      ({ table, pk: "shop#0", before: undefined, after, ...{ shard: "s", sequence: "1", arrivedAt: AT } }) as never;
    const images = journeyImagesOf([
      change("journeys", meta),
      change("journeys", { ...chunkKey, z: bytes }),
      change("journeys", undefined),
      change("sessions", { ...session, sk: "x#META" }),
    ]);
    expect(images).toEqual([meta]);
    expect(sessionChangesOf([change("sessions", session), change("journeys", session), change("sessions", undefined)]))
      .toHaveLength(1);
    expect(sessionChangesOf([change("sessions", { ...session, sk: "x#LINE" })])).toEqual([]);
  });

  test("that needs what a store does not give at the moment counts nothing and puts nothing aside: it comes again", async () => {
    const said: string[] = [];
    const say = (what: string) => () => Promise.resolve(void said.push(what));
    const away = () => Promise.reject(new UnavailableError("DynamoDB"));
    const ingest = createStreamIngest({
      ...{ readChunks: away, readMotion: away, count: say("count"), roll: say("roll"), quarantine: say("quarantine") },
      ...{ sessionExpired: say("expired"), sessionsChanged: say("sessions"), journeysChanged: say("journeys") },
      journeyErased: say("erased"),
    });
    await expect(ingest("journeys", [record(undefined, meta)])).rejects.toThrow(UnavailableError);
    await expect(ingest("sessions", [record(session, undefined, true)])).rejects.toThrow(UnavailableError);
    expect(said).toEqual([]);
  });

  test("of a session that changes, or that somebody deletes, tells nobody that it expired; only its own item is the session", async () => {
    const { ingest, names } = createIngest();
    await ingest("sessions", [record(session, { ...session, labels: ["x"] }), record(session, undefined)]);
    expect(names()).not.toContain("sessionExpired");
    const named = ["a#SESSION", "SESSION#NOTE", "a#SESSION#x", "aSESSION"].map((sk) => ({
      ...{ table: "sessions" as const, pk: "t#0", shard: "s", sequence: "1", arrivedAt: AT, before: undefined },
      after: { pk: "t#0", sk },
    }));
    expect(sessionChangesOf(named).map(({ after }) => after!.sk)).toEqual(["a#SESSION"]);
  });

  test("with a record that can never be counted counts the others, and puts it aside with the reason", async () => {
    const { ingest, said } = createIngest();
    const wrong = record(undefined, { pk: "shop#1", sk: "a#ITEMS", at: "noon" });
    await ingest("records", [wrong, record(undefined, { pk: "shop#1", sk: "b#ITEMS", at: AT })]);
    expect(said).toEqual([
      ["quarantine", [wrong.sequence, expect.stringMatching(/`at` must be an instant/)]],
      ["count", ["ITEMS 0 1"]],
      ["roll", []],
    ]);
  });
});

describe("a record that was put aside", () => {
  const late = { table: "records", key: "late/records/1" };
  const message = { id: "m", body: JSON.stringify(late), receives: 1, attributes: {} } as never;
  const kept = record(undefined, { pk: "shop#1", sk: "b#ITEMS", at: AT });

  /** `parts` parts of transactions; `written` are those that were, by their markers. */
  function createLate(parts: number, options: Partial<LateIngestOptions> = {}) {
    const written = new Map<string, number>();
    const said: string[] = [];
    const handle = createLateIngest({
      quarantine: { find: () => Promise.resolve(kept), remove: () => Promise.resolve(void said.push("removed")) },
      failures: {} as never,
      streams: {} as never,
      tableOf: () => undefined,
      countAgain: () => Promise.resolve(undefined),
      writesOf: () =>
        Promise.resolve({
          parts: Array.from({ length: parts }, (_, i) => ({ table: "buckets", put: { pk: `${i}` } })),
          done: () => Promise.resolve(void said.push("done")),
        }),
      writeOnce: (marker, own) => {
        if (!written.has(marker)) written.set(marker, own.length);
        return Promise.resolve();
      },
      ...options,
    });
    return { handle: () => handle(message), written, said };
  }

  test.each([[1, [1]], [50, [50]], [51, [50, 1]], [120, [50, 50, 20]]])(
    "that counts in %i places is written in transactions of at most 50, each with a marker of its own, and once",
    async (parts, sizes) => {
      const { handle, written, said } = createLate(parts);
      for (let i = 0; i < 2; i++) expect(await handle()).toEqual({ kind: "done" });
      expect([...written.values()]).toEqual(sizes);
      expect(said).toEqual(["done", "removed", "done", "removed"]);
    },
  );

  test("stays where it is while a store does not answer, and is rejected where it can never be counted", async () => {
    const passing = createLate(1, { writeOnce: () => Promise.reject(new UnavailableError("DynamoDB")) });
    await expect(passing.handle()).rejects.toMatchObject({ retryable: true });
    expect(passing.said).toEqual([]);
    const never = createLate(1, { writesOf: () => Promise.reject(new AppError("UNCOUNTABLE", "it says no time")) });
    expect(await never.handle()).toEqual({ kind: "reject", reason: "it says no time" });
    expect(never.said).toEqual([]);
  });

  test("has a marker of its own: by its table, its shard and its number; by its item, where no shard is known", async () => {
    const { shard: _, ...bare } = record(undefined, { pk: "shop#1", sk: "b#ITEMS", at: AT });
    const of = (more: object) => ({ ...bare, sequence: "7", ...more });
    const put: [string, object][] = [
      ["records", of({ shard: "s1" })],
      ["records", of({ shard: "s2" })],
      ["journeys", of({ shard: "s1" })],
      ["records", of({ shard: "s1", sequence: "8" })],
      ["records", of({})],
      ["records", of({ keys: { pk: "shop#2", sk: "b#ITEMS" } })],
    ];
    const markers = new Set<string>();
    for (const [table, one] of put) {
      const handle = createLateIngest({
        ...{ failures: {} as never, streams: {} as never, tableOf: () => undefined },
        ...{ countAgain: () => Promise.resolve(undefined) },
        quarantine: { find: () => Promise.resolve(one as StreamRecord), remove: () => Promise.resolve() },
        writesOf: () =>
          Promise.resolve({ parts: [{ table: "buckets", put: { pk: "1" } }], done: () => Promise.resolve() }),
        writeOnce: (marker) => Promise.resolve(void markers.add(marker)),
      });
      await handle({ id: "m", body: JSON.stringify({ table, key: "late/x" }), receives: 1, attributes: {} } as never);
    }
    expect(markers.size).toBe(put.length);
  });

  test("that is not there any more was counted", async () => {
    const gone = createLate(1, {
      quarantine: { find: () => Promise.resolve(undefined), remove: () => Promise.reject() },
    });
    expect(await gone.handle()).toEqual({ kind: "done" });
    expect(gone.written.size).toBe(0);
  });
});
