import { describe, expect, test } from "vitest";
import { createEraseWorld, itemsOf, type OnCall } from "../kit/erase-world.ts";
import type { EventInput } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const DAY = 86_400_000;
const T = "t";
const all = { between: { from: 0, to: NOW + 200 * DAY } };
const event = (seq: number, own: Partial<EventInput> = {}): EventInput => (
  { sessionId: "s", seq, type: "MESSAGE_SENT", occurredAt: new Date(NOW - 1_000 * seq).toISOString(), ...own }
);
const secondsAt = (at: number) => Math.ceil(at / 1_000);
type World = ReturnType<typeof createEraseWorld>;

/** Takes away what is over, as DynamoDB does some time or other. */
function expire({ dynamo }: World, now: number): void {
  for (const { pk, sk, ttl } of dynamo.dump("journeys")) {
    if (ttl !== undefined && (ttl as number) < now / 1_000) void dynamo.remove("journeys", { pk, sk });
  }
}

describe("what is kept of a journey", () => {
  const goal = (name: string) => ({ goals: [{ goalId: "paid", name, anyOf: [{ type: "PAID" }] }] });

  test.each<[string, number[], number]>([
    ["that goes on after a while", [0, 60], 100],
    ["that goes on every day", Array.from({ length: 101 }, (_, day) => day), 190],
    ["that goes on late on a day that began with it, and ends a moment before its time", [0, 0.49], 90.48],
  ])("of one %s is all of it, as long as it is there", async (_, days, askedOn) => {
    let now = NOW;
    const world = createEraseWorld(NOW, () => now);
    const { journeys, configuration, follower } = world.createProcess();
    await configuration.configure(T, goal("Paid"));
    const text = "Why? ".repeat(60);
    const first = [event(2, { text, visitorId: "a" }), event(1, { type: "PAID", visitorId: "b" })];
    for (const [i, day] of days.entries()) {
      now = NOW + day * DAY;
      // What is over goes, wherever a process is.
      expire(world, now);
      await journeys.record(T, i === 0 ? first : [event(2 + i, { type: "PAGE_VIEWED" })]);
    }
    now = NOW + askedOn * DAY;
    expire(world, now);
    await configuration.configure(T, goal("Sold"));
    await follower.run();
    const journey = (await journeys.find(T, ["s"])).get("s")!;
    const { edges } = await journeys.listEvents(journey, { first: 500 });
    expect(edges.map(({ node }) => node.step)).toEqual(Array.from({ length: days.length + 1 }, (_, k) => k + 1));
    expect([journey.eventCount, journeys.outcome(journey)]).toEqual([days.length + 1, "GOAL_REACHED"]);
    expect(await journeys.findFirstQuestion(journey)).toBe(text);
    expect(await journeys.findOutcomeEvent(journey)).toMatchObject({ type: "PAID" });
    expect(await journeys.findVisitor(T, "b")).toMatchObject({ firstSeenAt: journey.startedAt });
  });

  test("is kept as its tenant says by now, whoever writes the journey first", async () => {
    for (const keepJourneysDays of [7, 365]) {
      const world = createEraseWorld(NOW);
      const { journeys, configuration, follower } = world.createProcess();
      await journeys.record(T, [event(1)]);
      await configuration.configure(T, { keepJourneysDays });
      await journeys.record(T, [event(2)]);
      await follower.run();
      const ends = new Set(itemsOf(world, "#E#").map(({ ttl }) => ttl));
      expect([...ends]).toEqual([secondsAt(NOW + (keepJourneysDays + 1) * DAY)]);
    }
  });

  test("is there as long where it was stored long before it was counted", async () => {
    for (const dies of ["before", "after"]) {
      let now = NOW;
      const world = createEraseWorld(NOW, () => now);
      const gone: OnCall = (when, call) => {
        if (when === dies && call === "putIf") throw new Error("gone");
      };
      await expect(world.createProcess(gone).journeys.record(T, [event(1)])).rejects.toThrow("gone");
      const { journeys } = world.createProcess();
      now = NOW + 60 * DAY;
      await journeys.record(T, [event(2)]);
      await journeys.record(T, [event(1)]);
      expect(itemsOf(world, "#E#").map(({ ttl }) => ttl)).toEqual(Array(2).fill(secondsAt(now + 91 * DAY)));
    }
  });

  test("does not lose a goal where a part of it is gone", async () => {
    const world = createEraseWorld(NOW);
    const { journeys, configuration, follower } = world.createProcess();
    await configuration.configure(T, goal("Paid"));
    await journeys.record(T, [event(1, { type: "PAID" })]);
    await journeys.record(T, [event(2)]);
    const isPaid = ({ sk }: { sk?: unknown }) => (sk as string).includes(String(NOW - 1_000));
    for (const { pk, sk } of itemsOf(world, "#E#").filter(isPaid)) await world.dynamo.remove("journeys", { pk, sk });
    await configuration.configure(T, { goals: [{ ...goal("Sold").goals[0]!, outranks: "ABANDONED" }] });
    await follower.run();
    const [journey] = [...(await journeys.find(T, ["s"])).values()];
    expect(journey!.goals).toMatchObject({ version: 2, reached: [{ goalId: "paid", seq: 1, outranks: "ABANDONED" }] });
    await configuration.configure(T, { goals: [{ goalId: "other", anyOf: [{ type: "PAID" }] }] });
    expect((await journeys.find(T, ["s"])).get("s")!.goals.reached).toEqual([]);
  });
});

describe("a rebuild counts nothing that is over a second time", () => {
  /** What a day's events come to: a batch each, all of the session `s`. */
  async function lived(days: readonly (readonly [day: number, seqs: readonly number[]])[], until: number) {
    let now = NOW;
    const world = createEraseWorld(NOW, () => now);
    const { journeys, store } = world.createProcess();
    for (const [day, seqs] of days) {
      now = NOW + day * DAY;
      expire(world, now);
      const verdicts = await journeys.record(T, seqs.map((seq) => event(seq)));
      expect(verdicts).not.toContainEqual(expect.objectContaining({ status: "REJECTED" }));
    }
    now = NOW + until * DAY;
    expire(world, now);
    const count = async () => (await store.find(T, ["s"])).get("s")?.eventCount;
    return { world, count, backfill: world.createProcess().backfill };
  }

  test.each<[string, [number, number[]][], number, number | undefined, object]>([
    ["is gone", [[0, [1, 2]]], 95, undefined, { journeysExpired: 1 }],
    ["is there", [[0, [1, 2]]], 89, 2, { journeysUnchanged: 1 }],
    ["goes on", [[0, [1, 2]], [60, [3]]], 149, 3, { journeysUnchanged: 1 }],
    ["was repeated in another cut, which does not make it last", [[0, [1, 2]], [60, [2]]], 95, undefined, {
      journeysExpired: 1,
    }],
    ["is gone, and whose session has another since", [[0, [1, 2]], [95, [3]]], 96, 1, { journeysUnchanged: 1 }],
    ["was gone twice", [[0, [1, 2]], [95, [3]]], 190, undefined, { journeysExpired: 1 }],
  ])("of a journey that %s", async (_, days, until, counted, report) => {
    const { world, count, backfill } = await lived(days, until);
    expect(await count()).toBe(counted);
    const before = world.dynamo.dump("journeys");
    const nothing = { journeysCreated: 0, journeysChanged: 0, journeysUnchanged: 0, journeysExpired: 0 };
    for (const dryRun of [true, false, false]) {
      expect(await backfill(T, all, dryRun)).toMatchObject({ ...nothing, ...report });
      expect(world.dynamo.dump("journeys")).toEqual(before);
    }
    // Where the table is lost what is not over is there again, and nothing else is.
    for (const { pk, sk } of before) await world.dynamo.remove("journeys", { pk, sk });
    await backfill(T, all, false);
    expect(await count()).toBe(counted);
  });

  test("but where that is asked for, as for what was never counted", async () => {
    const { world, backfill } = await lived([[0, [1, 2]]], 95);
    expect(await backfill(T, all, true, true)).toMatchObject({ journeysCreated: 1, journeysExpired: 0 });
    expect(await backfill(T, all, false, true)).toMatchObject({ journeysCreated: 1 });
    expect(itemsOf(world, "#META").map(({ ttl }) => ttl)).toEqual([secondsAt(NOW + 90 * DAY)]);
  });
});
