import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import type { ImageChange } from "../../api/ingest/projections/counts.ts";
import { cellsOf, toItemChanges } from "../../api/ingest/projections/rollups.ts";
import { createAnalytics } from "../../api/analytics/service.ts";
import { createRollupStore } from "../../api/analytics/store.ts";
import type { Item } from "../../api/aws/dynamo.ts";
import { tables } from "../../api/resources.ts";
import { anyJourney, anySession, BEGIN, changesOf, imageOf, sessionBase } from "../kit/images.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = BEGIN + 3 * 86_400_000;
type Numbers = Record<string, number>;

function setup(now = BEGIN) {
  const writes: string[] = [];
  const dynamo = createMemoryDynamo({ rollups: tables.rollups }, {
    onWrite: (written) => void writes.push(...written.map(({ key }) => key)),
  });
  const { roll, lateWrites } = createAnalytics({
    store: createRollupStore(dynamo, "rollups"),
    sessions: { find: async () => new Map(), findSensors: async () => new Map() },
    lists: {
      outerStarts: async () => ({ first: undefined, last: undefined }),
      running: async () => [],
      sensors: async () => ({ sensors: [], next: undefined }),
    },
    clock: () => now,
    indexed: true,
  });
  const analytics = {
    roll: (changes: readonly ImageChange[]) => roll(changes.flatMap(toItemChanges)),
    lateWrites: (changes: readonly ImageChange[]) => lateWrites(changes.flatMap(toItemChanges)),
  };
  return { dynamo, analytics, writes, numbers: () => numbersOf(dynamo.dump("rollups")) };
}

/** What items count, without keys, watermarks and zeros. */
function numbersOf(items: readonly Item[]): Numbers {
  return Object.fromEntries(
    items.flatMap((item) =>
      Object.entries(item)
        .filter(([name, n]) => typeof n === "number" && n !== 0 && name !== "ttl")
        .map(([name, n]) => [`${String(item.pk)} ${String(item.sk)} ${name}`, n as number])
    ),
  );
}

function summed(cells: readonly { pk: string; sk: string; name: string; n: number }[]): Numbers {
  const sums: Numbers = {};
  for (const { pk, sk, name, n } of cells) {
    const key = `${pk} ${sk} ${name}`;
    sums[key] = (sums[key] ?? 0) + n;
    if (sums[key] === 0) delete sums[key];
  }
  return sums;
}

const cellsOfChanges = (changes: readonly ImageChange[]) =>
  changes.flatMap(toItemChanges).flatMap(({ pk, sk, adds }) => [...adds].map(([name, n]) => ({ pk, sk, name, n })));

const gone = fc.constant(null);
const histories = fc.tuple(
  fc.array(fc.array(fc.oneof({ weight: 6, arbitrary: anySession }, gone), { minLength: 1, maxLength: 6 }), {
    maxLength: 8,
  }),
  fc.array(
    fc.array(fc.oneof({ weight: 6, arbitrary: anyJourney }, gone, fc.constant("erased" as const)), {
      minLength: 1,
      maxLength: 6,
    }),
    { maxLength: 8 },
  ),
);

/** All changes in one order, numbered; those of one thing in theirs. */
const streams = histories.chain(([sessions, journeys]) => {
  const things = [
    ...sessions.map((states, i) => changesOf("sessions", `s${i}`, states)),
    ...journeys.map((states, i) => changesOf("journeys", `j${i}`, states)),
  ];
  const turns = things.flatMap((changes, thing) => changes.map(() => thing));
  return fc.shuffledSubarray(turns, { minLength: turns.length }).map((order) => {
    const next = things.map(() => 0);
    return order.map((thing, i): ImageChange => ({
      ...things[thing]![next[thing]!++]!,
      sequence: String(10n ** 20n + BigInt(i) * 10n ** 19n),
    }));
  });
});

/** What the last states of all things count for. */
function lastOf(changes: readonly ImageChange[]): Numbers {
  const last = new Map(
    changes.map((change) => [`${change.table} ${String((change.after ?? change.before)?.sk)}`, change]),
  );
  return summed([...last.values()].flatMap(({ table, after }) => cellsOf(table, "t", after)));
}

describe("what changes move", () => {
  test("adds up to what the last image of each thing says, whatever came between", () => {
    fc.assert(
      fc.property(streams, (changes) => {
        expect(summed(cellsOfChanges(changes))).toEqual(lastOf(changes));
      }),
      { numRuns: 100 },
    );
  });

  test("is never 0, and names each item once", () => {
    fc.assert(fc.property(streams, (changes) => {
      for (const moved of changes.map(toItemChanges)) {
        expect(new Set(moved.map(({ pk, sk }) => `${pk} ${sk}`)).size).toBe(moved.length);
        for (const { adds } of moved) {
          expect(adds.size).toBeGreaterThan(0);
          expect([...adds.values()]).not.toContain(0);
        }
      }
    }));
  });

  test("by an end is at most three items more, of at most four numbers each, however long the session was", () => {
    const moved = (lengthMs: number) =>
      cellsOf("sessions", "t", imageOf({ ...sessionBase, status: "COMPLETED", endedAt: BEGIN + lengthMs }))
        .filter(({ name, sk }) => /^[tx]/.test(name) || (sk.length === 7 && name.startsWith("u")));
    for (const lengthMs of [1, 60_000, 900_000, 7 * 3_600_000, 3 * 86_400_000, 400 * 86_400_000, 36_000 * 86_400_000]) {
      const items = Map.groupBy(moved(lengthMs), ({ pk, sk }) => `${pk} ${sk}`);
      expect(items.size).toBeLessThanOrEqual(3);
      for (const own of items.values()) expect(own.length).toBeLessThanOrEqual(4);
    }
    expect(moved(0)).toEqual([]);
  });

  test("by a motion event of a running session is one number of one item, by labels one of each, and by a batch nothing", () => {
    const moved = (after: object) =>
      toItemChanges({
        table: "sessions",
        pk: "t#1",
        shard: "s",
        sequence: "1",
        arrivedAt: BEGIN,
        before: imageOf(sessionBase),
        after: { ...imageOf(sessionBase), ...after },
      }).map(({ pk, sk, adds }) => [pk, sk, ...adds]);
    expect(moved({ motions: 1, mTop: 0, lastMotionAt: BEGIN + 5_000 })).toEqual([
      ["t#SESSIONS", "2026-10-24#m", ["m0", 1]],
    ]);
    expect(moved({ bTop: 1, samples: 500, lastMotionAt: BEGIN + 5_000, durationMs: 500, durationOffset: 1 })).toEqual(
      [],
    );
    expect(moved({ labels: ["a"], version: 2 })).toEqual([["t#LABELS", "a#2026-10", ["s24", 1]]]);
    expect(moved({ notes: "a", pinned: true, version: 2 })).toEqual([]);
  });

  test("of other items and of what was erased is nothing", () => {
    expect(cellsOf("sessions", "t", { ...imageOf(sessionBase), sk: "s#U#1" })).toEqual([]);
    expect(cellsOf("records", "t", { sk: "a#ITEMS", at: BEGIN })).toEqual([]);
    expect(cellsOf("journeys", "t", { pk: "t#1", sk: "j#META", erased: true })).toEqual([]);
    expect(cellsOf("journeys", "t", { pk: "t#1", sk: "j#META", startedAt: BEGIN, erased: "1" })).toEqual([]);
  });

  test("of a sensor lies where no other sensor's and no tenant's numbers can lie", () => {
    const id = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("a", "a#2026-10-24", "t#SESSIONS", "#", "a "));
    fc.assert(fc.property(id, id, (a, b) => {
      fc.pre(a !== b);
      const keysOf = (sensorId: string) =>
        cellsOf("sessions", "t", imageOf({ ...sessionBase, sensorId })).map(({ pk, sk }) => JSON.stringify([pk, sk]));
      const tenant = keysOf("a").filter((key) => key.startsWith(`["t#SESSIONS"`));
      const own = new Set(keysOf(a).filter((key) => !tenant.includes(key)));
      expect(own.size).toBe(2);
      expect(keysOf(b).filter((key) => own.has(key))).toEqual([]);
    }));
  });
});

describe("rollups", () => {
  test("are exact however a stream is cut, repeated and shared by two consumers", async () => {
    await fc.assert(
      fc.asyncProperty(
        streams,
        fc.array(fc.tuple(fc.nat(200), fc.nat(200)), { maxLength: 12 }),
        async (changes, cuts) => {
          const { analytics, numbers } = setup();
          // Each delivery goes on from somewhere before the end of what was delivered, as after a crash.
          let upTo = 0;
          for (const [back, length] of cuts) {
            const from = Math.max(0, upTo - (back % 7));
            const until = Math.min(changes.length, from + 1 + length % 9);
            const part = changes.slice(from, until);
            await Promise.all([analytics.roll(part), analytics.roll(part.slice(0, 1 + back % 5))]);
            upTo = Math.max(upTo, until);
          }
          await analytics.roll(changes.slice(upTo));
          await analytics.roll(changes);
          const expected = Object.entries(lastOf(changes)).filter(([key]) => !key.startsWith("t#PENDING"));
          const found = Object.entries(numbers()).filter(([key]) => !key.startsWith("t#PENDING"));
          expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("count a record that was left out in its turn by its own path, and the rest without it", async () => {
    await fc.assert(
      fc.asyncProperty(streams.filter(({ length }) => length > 0), fc.nat(), async (changes, pick) => {
        const { analytics, dynamo, numbers } = setup();
        const late = changes[pick % changes.length]!;
        const rest = changes.filter((change) => change !== late);
        await analytics.roll(rest);
        const parts = analytics.lateWrites([late]);
        if (parts.length > 0) await dynamo.transact(parts);
        await analytics.roll(rest);
        const expected = Object.entries(lastOf(changes)).filter(([key]) => !key.startsWith("t#PENDING"));
        const found = Object.entries(numbers()).filter(([key]) => !key.startsWith("t#PENDING"));
        expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
      }),
      { numRuns: 40 },
    );
  });

  test("write nothing for a change that moves nothing, nor for a wait that is over", async () => {
    const { analytics, writes } = setup(NOW + 86_400_000);
    const [session] = changesOf("sessions", "s", [sessionBase]);
    await analytics.roll([{
      ...session!,
      sequence: "2",
      before: session!.after,
      after: { ...session!.after, samples: 9 },
    }]);
    expect(writes).toEqual([]);
    const journey = fc.sample(anyJourney, { numRuns: 1, seed: 1 })[0]!;
    const engaged = { ...journey, decided: undefined, engagedAt: journey.startedAt, visits: [] };
    const [change] = changesOf("journeys", "j", [{ ...engaged, visits: [[journey.startedAt, journey.endedAt]] }]);
    await analytics.roll([{ ...change!, sequence: "3" }]);
    expect(writes.length).toBeGreaterThan(0);
    expect(writes.filter((key) => key.includes("PENDING"))).toEqual([]);
  });

  test("rid themselves of numbers that came back to 0", async () => {
    const { analytics, dynamo } = setup();
    const states = Array.from({ length: 200 }, (_, i) => ({
      ...fc.sample(anyJourney, { numRuns: 1, seed: 1 })[0]!,
      startedAt: BEGIN,
      endedAt: BEGIN + Math.round(1_000 * 1.05 ** i),
      decided: undefined,
      engagedAt: undefined,
    }));
    for (const [i, change] of changesOf("journeys", "j", states).entries()) {
      await analytics.roll([{ ...change, sequence: String(i + 1) }]);
    }
    const zeros = dynamo.dump("rollups").map((item) => Object.values(item).filter((n) => n === 0).length);
    expect(Math.max(...zeros)).toBeLessThan(16);
  });

  test("take a part of a stream that moves more numbers than one expression holds", async () => {
    const { analytics, numbers } = setup();
    const changes = Array.from({ length: 500 }, (_, i) => ({
      ...changesOf("sessions", `s${i}`, [{
        ...sessionBase,
        startedAt: BEGIN + i * 170_000,
        lastMotionAt: BEGIN + i * 170_000 + i * i * 50,
        motionEventCount: i,
        status: "COMPLETED" as const,
        endedBy: "IDLE" as const,
      }])[0]!,
      sequence: String(i + 1),
    }));
    await analytics.roll(changes);
    expect(numbers()).toEqual(lastOf(changes));
  });
});
