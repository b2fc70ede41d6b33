import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { MINUTE_MS } from "../../api/core/clock.ts";
import { createEraseWorld, createTurns, type OnCall } from "../kit/erase-world.ts";
import { type EventInput, visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 5 * 3_600_000;
const T = "t";
const all = { between: { from: 0, to: NOW + 3_600_000 } };

type World = ReturnType<typeof createEraseWorld>;

/** A world whose clock goes on by a minute with each look at it. */
function createWorld(): World {
  let now = NOW;
  return createEraseWorld(NOW, () => (now += MINUTE_MS));
}

/** A part of the visit `s`, as it is numbered by one that says another page and another time for it. */
function told(from: number, to: number, by: string, minutes = 0): EventInput[] {
  return visit("s", from, to, START, { page: by }).map((event) => ({
    ...event,
    occurredAt: new Date(Date.parse(event.occurredAt) + minutes * MINUTE_MS).toISOString(),
  }));
}

async function timeline(world: World): Promise<string[]> {
  const { journeys } = world.createProcess();
  const journey = (await journeys.find(T, ["s"])).get("s")!;
  const { edges } = await journeys.listEvents(journey, { first: 500 });
  expect(edges).toHaveLength(journey.eventCount);
  return edges.map(({ node }) => `${node.source} ${node.seq} ${node.occurredAt} ${node.page}`);
}

/** Deletes what is derived and replays the raw events. */
async function rebuild(world: World): Promise<void> {
  for (const item of world.dynamo.dump("journeys")) await world.dynamo.remove("journeys", { pk: item.pk, sk: item.sk });
  await world.createProcess().backfill(T, all, false);
}

describe("a rebuild counts what was counted", () => {
  test("where a number came again with an earlier time, in another hour", async () => {
    const world = createWorld();
    const { journeys } = world.createProcess();
    const event = (page: string, occurredAt: string) => ({
      sessionId: "s",
      seq: 1,
      type: "PAGE_VIEWED",
      page,
      occurredAt,
    });
    expect(await journeys.record(T, [event("/A", "2026-06-01T01:05:00Z")])).toEqual([{ status: "ACCEPTED" }]);
    expect(await journeys.record(T, [event("/B", "2026-06-01T00:50:00Z")]))
      .toMatchObject([{ status: "REJECTED", code: "PAYLOAD_MISMATCH" }]);
    const before = world.dump();
    await rebuild(world);
    expect(world.dump()).toEqual(before);
    expect((await timeline(world))[0]).toContain("/A");
  });

  test("byte for byte, whatever came again as it was, cut anew, or with other content", async () => {
    const batch = fc.record({
      from: fc.integer({ min: 1, max: 20 }),
      more: fc.integer({ min: 0, max: 10 }),
      by: fc.constantFrom("/a", "/b", "/c"),
      minutes: fc.constantFrom(0, -90, 90),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 2, maxLength: 8 }), async (batches) => {
        const world = createWorld();
        const { journeys } = world.createProcess();
        for (const { from, more, by, minutes } of batches) {
          await journeys.record(T, told(from, from + more, by, minutes));
        }
        const before = world.dump();
        await rebuild(world);
        expect(world.dump()).toEqual(before);
      }),
      { numRuns: 150 },
    );
  });

  test("also where the one that arrived first was tried again after another had been counted", async () => {
    const world = createWorld();
    const failing: OnCall = (when, call) => {
      if (when === "before" && call === "putIf") throw new Error("no answer");
    };
    await expect(world.createProcess(failing).journeys.record(T, told(1, 5, "/first"))).rejects.toThrow("no answer");
    const { journeys } = world.createProcess();
    await journeys.record(T, told(3, 8, "/second", 1));
    const verdicts = await journeys.record(T, told(1, 5, "/first"));
    expect(verdicts.map(({ status }) => status)).toEqual(["ACCEPTED", "ACCEPTED", "REJECTED", "REJECTED", "REJECTED"]);
    const before = await timeline(world);
    await rebuild(world);
    expect(await timeline(world)).toEqual(before);
    expect(before.filter((line) => line.endsWith("/second"))).toHaveLength(6);
  });

  test("also where a clock is wrong, so that each try says another time, and the earlier one ends after the later", async () => {
    const world = createWorld();
    const ahead = told(1, 5, "/page", 900);
    const sentAt = NOW + 900 * MINUTE_MS;
    let isMet = false;
    const meanwhile: OnCall = async (when, call) => {
      if (when === "after" || call !== "putIf" || isMet) return;
      isMet = true;
      expect(await world.createProcess().journeys.record(T, ahead, sentAt + 5_000))
        .toEqual(Array(5).fill({ status: "ACCEPTED" }));
    };
    expect(await world.createProcess(meanwhile).journeys.record(T, ahead, sentAt))
      .toEqual(Array(5).fill({ status: "DUPLICATE" }));
    const before = await timeline(world);
    await rebuild(world);
    expect(await timeline(world)).toEqual(before);
  });

  test("and where writers raced with other contents, in any order of their calls", async () => {
    const calls = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
    const batch = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 4 }), fc.constantFrom(0, 0, 90));
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 2, maxLength: 5 }), calls, async (batches, picks) => {
        const world = createWorld();
        const turns = createTurns(() => picks.next().value, batches.map((_, i) => 1 + (i % 3)));
        const told = await Promise.all(batches.map(([from, more, minutes], i) => {
          const { journeys } = world.createProcess(turns.onCallOf(i));
          return turns.run(i, () => journeys.record(T, toldBy(i, from, from + more, minutes)));
        }));
        const counted = await timeline(world);
        // Each receipt says what became of its event: there as it is, or refused since another stands there.
        batches.forEach(([from, more, minutes], i) =>
          toldBy(i, from, from + more, minutes).forEach((event, k) => {
            const line = `main ${event.seq} ${Date.parse(event.occurredAt)} ${event.page}`;
            expect([event.seq, counted.includes(line)]).toEqual([event.seq, told[i]![k]!.status !== "REJECTED"]);
          })
        );
        await rebuild(world);
        expect(await timeline(world)).toEqual(counted);
      }),
      { numRuns: 60 },
    );
  });
});

function toldBy(writer: number, from: number, to: number, minutes: number): EventInput[] {
  return told(from, to, `/by-${writer}`, minutes);
}
