import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { MINUTE_MS } from "../../api/core/clock.ts";
import { createJourneyRecounts } from "../../api/journeys/recount.ts";
import { createEraseWorld, createTurns } from "../kit/erase-world.ts";
import { type EventInput, visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 5 * 3_600_000;
const T = "t";
const RUNS = 60;

type World = ReturnType<typeof createEraseWorld>;

/** A part of the visit `s`, by a sender that says the time of sending: `minutes` after what others say. */
function sent(from: number, to: number, minutes: number): EventInput[] {
  return visit("s", from, to, START, { visitorId: "v" }).map((event) => ({
    ...event,
    occurredAt: new Date(Date.parse(event.occurredAt) + minutes * MINUTE_MS).toISOString(),
  }));
}

/** What the journey shows, and what a recount of events finds, as counts by source and minute. */
async function shown(world: World) {
  const { store, journeys } = world.createProcess();
  const journey = (await journeys.find(T, ["s"])).get("s")!;
  const { edges } = await journeys.listEvents(journey, { first: 500 });
  expect(edges).toHaveLength(journey.eventCount);
  const times = edges.map(({ node }) => node.occurredAt);
  expect([times[0], times.at(-1)]).toEqual([journey.startedAt, journey.endedAt]);
  const recounted: number[] = [];
  const recounts = createJourneyRecounts(world.dynamo, "journeys", store);
  for await (const page of recounts.events(T, 0, 2 * NOW)) recounted.push(...page.map(({ at }) => at));
  return { start: countsOf("JOURNEYS", [journey.startedAt]), times: countsOf("JOURNEY_EVENTS", times), recounted };
}

function countsOf(source: string, times: readonly number[]): Record<string, number> {
  const minutes = Map.groupBy(times, (at) => `${source} ${Math.floor(at / MINUTE_MS)}`);
  return Object.fromEntries([...minutes].map(([bucket, own]) => [bucket, own.length]));
}

/** Streams, timeline and recount say the same; and when the visitor is erased, nothing is counted any more. */
async function expectOneTime(world: World): Promise<void> {
  const { start, times, recounted } = await shown(world);
  expect(await world.count()).toEqual({ counts: { ...start, ...times }, quarantined: [] });
  expect(countsOf("JOURNEY_EVENTS", recounted)).toEqual(times);
  await world.createProcess().erase(T, "v");
  expect(await world.count()).toEqual({ counts: {}, quarantined: [] });
}

describe("an event that is sent with two times counts at one of them", () => {
  test("where a writer died after it had stored the other, whichever arrived first", async () => {
    for (const [lost, counted] of [[0, 40], [40, 0], [0, -40]] as const) {
      const world = createEraseWorld(NOW);
      const dying = world.createProcess((when, call) => {
        if (when === "after" && call === "putIf") throw new Error("died");
      });
      await expect(dying.journeys.record(T, sent(1, 12, lost))).rejects.toThrow("died");
      const { journeys } = world.createProcess();
      await journeys.record(T, sent(3, 9, counted));
      await journeys.record(T, sent(10, 20, counted));
      await journeys.record(T, sent(1, 2, counted));
      await expectOneTime(world);
    }
  });

  test("where writers raced, in any order of their calls", async () => {
    const calls = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
    const batch = fc.tuple(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: -90, max: 90 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 2, maxLength: 6 }), calls, async (batches, picks) => {
        const world = createEraseWorld(NOW);
        const turns = createTurns(() => picks.next().value, batches.map((_, i) => 1 + (i % 3)));
        await Promise.all(batches.map(([from, more, minutes], i) => {
          const { journeys } = world.createProcess(turns.onCallOf(i));
          return turns.run(i, () => journeys.record(T, sent(from, from + more, minutes)));
        }));
        await expectOneTime(world);
      }),
      { numRuns: RUNS },
    );
  });

  test("and a page of a journey never gives it twice where both lie on the page", async () => {
    const world = createEraseWorld(NOW);
    const dying = world.createProcess((when, call) => {
      if (when === "after" && call === "putIf") throw new Error("died");
    });
    await expect(dying.journeys.record(T, sent(1, 8, 0))).rejects.toThrow("died");
    const { journeys } = world.createProcess();
    await journeys.record(T, sent(1, 30, 1));
    const journey = (await journeys.find(T, ["s"])).get("s")!;
    const first = await journeys.listEvents(journey, { first: 10 });
    const second = await journeys.listEvents(journey, { first: 30, after: first.edges.at(-1)!.cursor });
    const nodes = [...first.edges, ...second.edges].map(({ node }) => node);
    expect(nodes.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(nodes.map(({ occurredAt }) => new Date(occurredAt).toISOString())).toEqual(
      sent(1, 30, 1).map(({ occurredAt }) => occurredAt),
    );
  });
});
