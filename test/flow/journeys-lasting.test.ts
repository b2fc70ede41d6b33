import { describe, expect, test } from "vitest";
import { createEraseWorld } from "../kit/erase-world.ts";
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
const itemsOf = ({ dynamo }: World, part: string) =>
  dynamo.dump("journeys").filter(({ sk }) => (sk as string).includes(part));

/** Takes away what is over, as DynamoDB does some time or other. */
function expire({ dynamo }: World, now: number): void {
  for (const { pk, sk, ttl } of dynamo.dump("journeys")) {
    if (ttl !== undefined && (ttl as number) < now / 1_000) void dynamo.remove("journeys", { pk, sk });
  }
}

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
