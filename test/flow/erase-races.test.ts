import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { MINUTE_MS } from "../../api/core/clock.ts";
import type { Receipt } from "../../api/journeys/erasures.ts";
import type { ArrivedEvent } from "../../api/journeys/model.ts";
import { createEraseWorld, createTurns } from "../kit/erase-world.ts";
import { type EventInput, visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 5 * 3_600_000;
const T = "t";

/** Batches that mix sessions, overlap and repeat; `v` has two journeys, and is named in one of `w`. */
const BATCHES: EventInput[][] = [
  [...visit("a", 1, 12, START, { visitorId: "v" }), ...visit("b", 1, 6, START, { visitorId: "w" })],
  visit("c", 5, 20, START + 600_000, { visitorId: "v" }),
  [...visit("c", 1, 9, START + 600_000, { visitorId: "v" }), ...visit("b", 7, 9, START, { visitorId: "v" })],
  visit("d", 1, 5, START, { visitorId: "w" }),
];
const OWN = new Set(["a", "c"]);

const RUNS = 40;

/** An erasure has many calls, and recording few: to meet all of it, recording has to be slow. */
const slow = fc.array(fc.constantFrom(1, 2, 5, 30), { minLength: 5, maxLength: 5 });
const order = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));

type World = ReturnType<typeof createEraseWorld>;

const eventsOf = (chunks: readonly { events: readonly ArrivedEvent[] }[]) => chunks.flatMap(({ events }) => events);

async function filled(batches = BATCHES): Promise<World> {
  const world = createEraseWorld(NOW);
  const { journeys } = world.createProcess();
  for (const batch of batches) await journeys.record(T, batch);
  return world;
}

/** What the stream should count of these events, each once. */
function expectedCounts(events: readonly EventInput[]): Record<string, number> {
  const distinct = [...new Map(events.map((event) => [`${event.sessionId} ${event.seq}`, event])).values()];
  const counts: Record<string, number> = {};
  const add = (bucket: string) => (counts[bucket] = (counts[bucket] ?? 0) + 1);
  for (const { occurredAt } of distinct) add(`JOURNEY_EVENTS ${Math.floor(Date.parse(occurredAt) / MINUTE_MS)}`);
  for (const own of Map.groupBy(distinct, ({ sessionId }) => sessionId).values()) {
    const first = Math.min(...own.map(({ occurredAt }) => Date.parse(occurredAt)));
    add(`JOURNEYS ${Math.floor(first / MINUTE_MS)}`);
  }
  return counts;
}

const others = BATCHES.flat().filter(({ sessionId }) => !OWN.has(sessionId));
const numbersOf = ({ receiptId, journeys, events, objectsRewritten }: Receipt) => (
  { receiptId, journeys, events, objectsRewritten }
);

/** Lets `calls` halves of calls be, and none after them. */
function fuse(calls: number) {
  let left = calls;
  return {
    onCall: () => {
      if (left-- <= 0) throw new Error("crashed");
    },
    isBurnt: () => left < 0,
  };
}

describe("an erasure that crashes", () => {
  test("before or after any call to a store is finished by the next, byte for byte and with the same receipt", async () => {
    const reference = await filled();
    const receipt = await reference.createProcess().erase(T, "v");
    expect(receipt).toMatchObject({ journeys: 2, events: 32, objectsRewritten: 3, isDone: true });
    const expected = reference.dump();
    let crashes = 0;
    for (let calls = 0;; calls++) {
      const world = await filled();
      const { onCall, isBurnt } = fuse(calls);
      const outcome = await world.createProcess(onCall).erase(T, "v").catch(() => undefined);
      if (!isBurnt()) {
        expect(outcome).toEqual(receipt);
        break;
      }
      crashes++;
      expect(await world.createProcess().erase(T, "v"), `after ${calls} halves of calls`).toEqual(receipt);
      expect(world.dump(), `after ${calls} halves of calls`).toEqual(expected);
    }
    expect(crashes).toBeGreaterThan(60);
  });

  test("again and again, each time a little later, is finished in the end", async () => {
    const world = await filled();
    const reference = await filled();
    const receipt = await reference.createProcess().erase(T, "v");
    for (let calls = 5;; calls += 7) {
      const { onCall, isBurnt } = fuse(calls);
      const done = await world.createProcess(onCall).erase(T, "v").catch(() => undefined);
      if (isBurnt()) continue;
      expect(done).toEqual(receipt);
      break;
    }
    expect(world.dump()).toEqual(reference.dump());
  });

  test("while its stream is read leaves counts that are exact", async () => {
    for (let calls = 0; calls < 120; calls += 6) {
      const world = await filled();
      await world.createProcess(fuse(calls).onCall).erase(T, "v").catch(() => undefined);
      await world.count();
      await world.createProcess().erase(T, "v");
      const { counts, quarantined } = await world.count();
      expect(quarantined).toEqual([]);
      expect(counts).toEqual(expectedCounts(others));
    }
  });
});

describe("an erased visitor", () => {
  test("leaves no name, no word and no page in the stores, and of sessions their keys", async () => {
    const world = await filled();
    await world.createProcess().erase(T, "v");
    const { store } = world.createProcess();
    for (const sessionId of OWN) {
      const events = eventsOf(await store.readAllChunks(T, sessionId));
      expect(events).not.toEqual([]);
      expect(events.every((e) => e.type === "" && !e.visitorId && !e.page && !e.text && !e.properties)).toBe(true);
      expect(world.contents()).not.toContain(`"sessionId":"${sessionId}"`);
    }
    expect(eventsOf(await store.readAllChunks(T, "b")).map((event) => event.visitorId)).toEqual([
      ...Array.from({ length: 6 }, () => "w"),
      ...Array.from({ length: 3 }, () => undefined),
    ]);
    expect(world.contents()).not.toContain(`"visitorId":"v"`);
  });

  test("leaves one tombstone a session once the stream has counted, however late and forgetful its consumer", async () => {
    const world = await filled();
    await world.createProcess().erase(T, "v");
    const first = await world.count();
    expect(first).toEqual({ counts: expectedCounts(others), quarantined: [] });
    const left = world.dynamo.dump("journeys").filter((item) => /^[ac]#/.test(item.sk as string));
    expect(left.map(({ sk, erased, events, ...more }) => ({ sk, erased, events, more: Object.keys(more) }))).toEqual([
      { sk: "a#META", erased: expect.any(String), events: 12, more: ["pk"] },
      { sk: "c#META", erased: expect.any(String), events: 20, more: ["pk"] },
    ]);
    const before = world.dump();
    expect((await world.count()).quarantined).toEqual([]);
    expect(world.dump()).toEqual(before);
  });

  test("does not come back by a backfill, which also removes what a crash left of it", async () => {
    const world = await filled();
    const { erase, backfill } = world.createProcess();
    await erase(T, "v");
    const range = { between: { from: START - 3_600_000, to: NOW } };
    const before = world.dump();
    for (const dryRun of [true, false]) {
      expect(await backfill(T, range, dryRun)).toMatchObject({
        journeysCreated: 0,
        journeysChanged: 0,
        journeysUnchanged: 2,
      });
    }
    expect(world.dump()).toEqual(before);
    // A request that stored a batch of an erased session and crashed: nobody was told that it is there.
    const { onCall } = fuse(3);
    await world.createProcess(onCall).journeys.record(T, visit("a", 1, 3, START, { visitorId: "v" })).catch(() => {});
    expect(world.contents()).toContain(`"sessionId":"a"`);
    await backfill(T, range, false);
    expect(world.contents()).not.toContain(`"sessionId":"a"`);
  });

  test("whose journeys expired, or were never indexed, is erased from the objects, and stays so", async () => {
    const world = await filled();
    const process = world.createProcess();
    for (const item of world.dynamo.dump("journeys")) await world.dynamo.remove("journeys", item);
    expect(await process.erase(T, "v")).toMatchObject({ journeys: 2, events: 32, objectsRewritten: 3 });
    expect(world.contents()).not.toContain(`"visitorId":"v"`);
    expect(await process.backfill(T, { between: { from: START - 3_600_000, to: NOW } }, false))
      .toMatchObject({ journeysCreated: 2 });
    expect(await process.journeys.record(T, BATCHES[1]!)).toEqual(
      BATCHES[1]!.map(() => expect.objectContaining({ status: "REJECTED" })),
    );
    expect((await process.store.look(T, ["a", "b", "c", "d"])).erased).toEqual(OWN);
  });
});

describe("whatever happens at the same time", () => {
  const more: EventInput[][] = [
    visit("a", 13, 20, START + 60_000, { visitorId: "v" }),
    visit("a", 1, 5, START, { visitorId: "v" }),
    [...visit("c", 18, 25, START + 600_000, { visitorId: "v" }), ...visit("d", 6, 9, START, { visitorId: "w" })],
    visit("b", 10, 12, START, { visitorId: "w" }),
    visit("e", 1, 4, START, { visitorId: "v" }),
  ];
  const everything = [...BATCHES, ...more].flat();

  test("batches and further erasures: what was erased is gone, all else is counted, the receipts hold it all", async () => {
    await fc.assert(
      fc.asyncProperty(order, slow, fc.constantFrom(1, 100), async (picks, recorders, second) => {
        const world = await filled();
        const turns = createTurns(() => picks.next().value, [100, second, ...recorders]);
        const started = (i: number) => world.createProcess(turns.onCallOf(i));
        const erasures = [0, 1].map((i) => turns.run(i, () => started(i).erase(T, "v")));
        const recordings = more.map((batch, i) => turns.run(i + 2, () => started(i + 2).journeys.record(T, batch)));
        await Promise.all([...erasures, ...recordings]);
        const verdicts = (await Promise.all(recordings)).flat();
        expect(verdicts.map(({ status }) => status)).toEqual(
          more.flat().map(() => expect.stringMatching(/^(ACCEPTED|DUPLICATE|REJECTED)$/)),
        );

        const { store, erase } = world.createProcess();
        const known = await store.look(T, ["a", "b", "c", "d", "e"]);
        expect(known.erased.isSupersetOf(OWN)).toBe(true);
        for (const sessionId of known.erased) {
          expect(eventsOf(await store.readAllChunks(T, sessionId)).filter((event) => event.type !== "")).toEqual([]);
          expect(world.contents()).not.toContain(`"sessionId":"${sessionId}"`);
        }
        const alive = everything.filter(({ sessionId }) => !known.erased.has(sessionId));
        expect(await world.count()).toEqual({ counts: expectedCounts(alive), quarantined: [] });
        // New data of the visitor, if it came after: the next erasure takes that, and then there is nothing left.
        const last = await erase(T, "v");
        const settled = (await world.count(), world.dump());
        expect(await erase(T, "v")).toEqual(last);
        expect(world.dump()).toEqual(settled);
        const receipts = world.dynamo.dump("journeys").filter((item) => item.receiptId !== undefined);
        const tombstones = world.dynamo.dump("journeys").filter((item) => item.erased !== undefined);
        const sum = (items: object[], name: string) =>
          items.reduce((total, item) => total + (item as Record<string, number>)[name]!, 0);
        expect(sum(receipts, "journeys")).toBe(tombstones.length);
        expect(sum(receipts, "events")).toBe(sum(tombstones, "events"));
        expect(world.contents()).not.toContain(`"visitorId":"v"`);
      }),
      { numRuns: RUNS },
    );
  });

  test("a batch that counts nothing, read before the erasure and stored after it, is taken back all the same", async () => {
    const world = await filled();
    const erased = Promise.withResolvers<void>();
    const { journeys } = world.createProcess((when, call) =>
      when === "before" && call === "create" ? erased.promise : undefined
    );
    const recording = journeys.record(T, visit("a", 2, 5, START, { visitorId: "v" }));
    await world.createProcess().erase(T, "v");
    erased.resolve();
    expect((await recording).map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => "REJECTED"));
    expect(world.contents()).not.toContain(`"sessionId":"a"`);
  });

  test("an erasure that another one overtakes, with more to erase, closes no receipt over its head", async () => {
    const world = await filled();
    const overtaken = Promise.withResolvers<void>();
    const atClose = Promise.withResolvers<void>();
    const first = world.createProcess((when, call) => {
      if (when === "after" || call !== "updateIf") return undefined;
      atClose.resolve();
      return overtaken.promise;
    }).erase(T, "v");
    await atClose.promise;
    const { journeys, erase } = world.createProcess();
    await journeys.record(T, visit("e", 1, 4, START, { visitorId: "v" }));
    const second = await erase(T, "v");
    overtaken.resolve();
    expect(second).toMatchObject({ journeys: 3, events: 36, objectsRewritten: 4 });
    expect(await first).toEqual(second);
  });

  test("erasures of two visitors in the same objects lose nothing of each other", async () => {
    await fc.assert(
      fc.asyncProperty(order, async (picks) => {
        const world = await filled();
        const turns = createTurns(() => picks.next().value, [1, 1]);
        const [v, w] = await Promise.all(
          ["v", "w"].map((visitor, i) => turns.run(i, () => world.createProcess(turns.onCallOf(i)).erase(T, visitor))),
        );
        expect(numbersOf(v!)).toMatchObject({ journeys: 2, events: 32 });
        expect(numbersOf(w!)).toMatchObject({ journeys: 2, events: 14 });
        expect(world.contents()).not.toContain(`"sessionId"`);
        expect(await world.count()).toEqual({ counts: {}, quarantined: [] });
      }),
      { numRuns: 30 },
    );
  });
});
