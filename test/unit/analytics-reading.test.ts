import { expect, test } from "vitest";
import { SESSION_LETTERS, SLOT_MS } from "../../api/analytics/cells.ts";
import { createReading } from "../../api/analytics/reading.ts";
import { createAnalytics } from "../../api/analytics/service.ts";
import { createRollupStore } from "../../api/analytics/store.ts";
import { toItemChanges } from "../../api/ingest/projections/rollups.ts";
import { tables } from "../../api/resources.ts";
import type { Session } from "../../api/sessions/model.ts";
import { BEGIN, changesOf, sessionBase } from "../kit/images.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { fc } from "../kit/property.ts";

const DAY = 86_400_000;
const SENSORS = ["hall", "door"];

/** Sessions that begin with a slot, within it, and a moment before the next; some of them go on. */
const session = fc.record({
  slot: fc.nat(3 * 96 - 1),
  within: fc.constantFrom(0, 1, SLOT_MS - 1),
  lasts: fc.constantFrom(0, 60_000, 3 * SLOT_MS),
  sensorId: fc.constantFrom(...SENSORS),
  label: fc.constantFrom("walk", "sleep"),
  goesOn: fc.boolean(),
}).map(({ slot, within, lasts, sensorId, label, goesOn }): Session => {
  const startedAt = BEGIN + slot * SLOT_MS + within;
  const ended = { status: "COMPLETED", endedBy: "EXPLICIT", endedAt: startedAt + lasts } as const;
  return {
    ...{ ...sessionBase, sensorId, startedAt, lastMotionAt: startedAt + lasts, labels: [label] },
    ...(goesOn ? {} : ended),
  };
});
const range = fc.tuple(fc.nat(3 * 96), fc.integer({ min: 1, max: 3 * 96 })).map(([from, length]) => ({
  fromAt: BEGIN + from * SLOT_MS,
  toAt: BEGIN + (from + length) * SLOT_MS,
}));

function setup(running?: Session, beside: readonly Session[] = []) {
  const store = createRollupStore(createMemoryDynamo({ rollups: tables.rollups }), "rollups");
  const sensor = { tenantId: "t", sensorId: "hall", latestSessionId: "r" } as never;
  const analytics = createAnalytics({
    store,
    sessions: {
      find: async () => new Map(running ? [["r", running]] : []),
      findSensors: async () => new Map(running ? [["hall", sensor]] : []),
    },
    lists: {
      outerStarts: async () => ({ first: undefined, last: undefined }),
      running: async (_, sensorId, { fromAt, toAt }) =>
        beside.filter((own) => own.sensorId === sensorId && fromAt <= own.startedAt && own.startedAt < toAt),
      sensors: async () => ({
        sensors: SENSORS.map((sensorId) => ({ tenantId: "t", sensorId }) as never),
        next: undefined,
      }),
    },
    clock: () => BEGIN + 10 * DAY,
    indexed: true,
  });
  return { analytics, reading: createReading(store) };
}

const sum = (values: Iterable<number>) => [...values].reduce((all, n) => all + n, 0);

test("whatever range of quarter-hours is read holds just the sessions that began in it, its end left out", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(session, { minLength: 1, maxLength: 25 }),
      fc.array(range, { minLength: 4, maxLength: 4 }),
      async (sessions, ranges) => {
        const { analytics, reading } = setup();
        await analytics.roll(
          sessions.flatMap((one, i) => changesOf("sessions", `s${i}`, [one])).flatMap((change, i) =>
            toItemChanges({ ...change, sequence: `${i + 1}` })
          ),
        );
        for (const asked of ranges) {
          const own = sessions.filter(({ startedAt }) => startedAt >= asked.fromAt && startedAt < asked.toAt);
          const of = (sensorId: string) => own.filter((one) => one.sensorId === sensorId);
          const ended = (some: readonly Session[]) => some.filter(({ status }) => status === "COMPLETED").length;
          const count = async (slots: ReturnType<typeof reading.sensorSlots>) =>
            sum((await slots).map(({ counts }) => counts.sessions ?? 0));
          expect(await count(reading.slots("t#SESSIONS", asked, SESSION_LETTERS))).toBe(own.length);
          expect(sum((await reading.bins("t#SESSIONS", asked)).values())).toBe(ended(own));
          for (const sensorId of SENSORS) {
            expect(await count(reading.sensorSlots("t", sensorId, asked))).toBe(of(sensorId).length);
            expect(sum((await reading.sensorBins("t", sensorId, asked)).values())).toBe(ended(of(sensorId)));
          }
          const counted = (await reading.sensors("t", SENSORS, asked)).map(({ sessions: n }) => n);
          expect(counted).toEqual(SENSORS.map((sensorId) => of(sensorId).length));
        }
      },
    ),
    { numRuns: 40 },
  );
});

test.each([
  ["at the first moment of the range", 0, 7],
  ["a moment before its end", DAY - 1, 7],
  ["at its end", DAY, 0],
  ["before it", -1, 0],
])("the motion of a session that runs counts for the range in which it began: %s", async (_, offset, motions) => {
  const running = { ...sessionBase, sensorId: "hall", startedAt: BEGIN + offset, motionEventCount: 7 };
  const { analytics } = setup(running);
  const states = [0, DAY / 2].map((at): Session => ({ ...sessionBase, sensorId: "hall", startedAt: BEGIN + at }));
  await analytics.roll(
    [running, ...states].flatMap((one, i) =>
      changesOf("sessions", `s${i}`, [one]).flatMap((change) => toItemChanges({ ...change, sequence: `${i + 1}` }))
    ),
  );
  const between = { from: BEGIN, to: BEGIN + DAY };
  const { topSensors } = await analytics.sessions("t", undefined, { between }, { timeZone: "UTC" });
  const [top] = await topSensors(1, "SESSIONS");
  expect([top!.sensor.sensorId, top!.motionEvents]).toEqual(["hall", motions]);
  const own = await analytics.sessions("t", "hall", { between }, { timeZone: "UTC" });
  expect(own.totalMotionEvents).toBe(motions);
});

test("the motion of all that runs at a sensor counts, also of two devices, of one moved there, and each once", async () => {
  const at = (sessionId: string, startedAt: number, more: Partial<Session>): Session => (
    { ...sessionBase, sessionId, sensorId: "hall", startedAt: BEGIN + startedAt, ...more }
  );
  const latest = at("latest", SLOT_MS, { motionEventCount: 7 });
  const beside = [
    latest,
    at("earlier", 0, { motionEventCount: 30 }),
    at("same slot", SLOT_MS + 1, { motionEventCount: 200 }),
    at("moved", 5, { sensorId: "door", shownAt: "hall", motionEventCount: 1_000 }),
  ].map((own) => ({ ...own, sensorId: own.shownAt ?? own.sensorId }));
  const { analytics } = setup(latest, beside);
  await analytics.roll(
    beside.flatMap((one, i) =>
      changesOf("sessions", `s${i}`, [one]).flatMap((change) => toItemChanges({ ...change, sequence: `${i + 1}` }))
    ),
  );
  const between = { from: BEGIN, to: BEGIN + DAY };
  const all = await analytics.sessions("t", undefined, { between }, { timeZone: "UTC" });
  const own = await analytics.sessions("t", "hall", { between }, { timeZone: "UTC" });
  expect([(await all.topSensors(1, "SESSIONS"))[0]!.motionEvents, own.totalMotionEvents]).toEqual([1_237, 1_237]);
  expect(own.byDay().map(({ motionEvents }) => motionEvents)).toEqual([1_237]);
});
