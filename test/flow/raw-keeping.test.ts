import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { dumpBucket } from "../kit/columns.ts";
import { createEraseWorld } from "../kit/erase-world.ts";
import { type EventInput, record } from "../kit/journeys.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { silentLog } from "../kit/local.ts";
import { createRawKeeping } from "../../api/journeys/raw-keeping.ts";
import { createRawEvents } from "../../api/journeys/raw.ts";

const DAY = 86_400_000;
const START = Date.UTC(2026, 5, 1, 12);
const iso = (at: number) => new Date(at).toISOString();
let now = START;
let system: TestSystem;
let api: TestApp;
beforeAll(async () => {
  system = await startTestSystem();
  api = await startTestApp({ system, clock: () => now });
});
afterAll(async () => {
  await api.stop();
  await system.stop();
});

const event = (sessionId: string, at: number): EventInput => (
  { sessionId, seq: 1, type: "PAGE_VIEWED", occurredAt: iso(at), page: "/kept" }
);
const run = () => api.app.jobs.find(({ name }) => name === "compact-events")!.run();
const keysOf = async (tenant: string, folder: string) =>
  (await dumpBucket(system, tenant)).map(({ key }) => key).filter((key) => key.startsWith(`${folder}/`));
const SETTINGS = `settings { keepRawDays rawRemoval { at arrivedBefore } rebuild { begunAt } }`;
const keep = async (tenant: string, days: number | null) =>
  (await api.ask(
    tenant,
    `mutation ($days: Int) { configureJourneys(input: { keepRawDays: $days }) {
      ... on JourneySettingsPayload { ${SETTINGS} } ... on InvalidInputError { message } } }`,
    { days },
  )).data.configureJourneys;

describe("raw events of a tenant that keeps them for 30 days", () => {
  test("go 30 days after they arrived, whenever they happened, with their columns; journeys and counts stay", async () => {
    for (const tenant of ["short", "ever"]) {
      // One is of years ago, as in an import.
      await record(api, tenant, [event("imported", START - 900 * DAY)]);
      await record(api, tenant, [event("first", START)]);
      now += 10 * DAY;
      await record(api, tenant, [event("later", now), event("late", START + 60_000)]);
      now = START;
    }
    expect(await keep("short", 30)).toEqual({ settings: { keepRawDays: 30, rawRemoval: null, rebuild: null } });
    await api.settle();

    now = START + 29 * DAY;
    expect(await run()).toMatchObject({ rawBatchesRemoved: 0 });
    expect(await keysOf("short", "events")).toHaveLength(3);
    expect((await keysOf("short", "parquet")).length).toBe(2);

    now = START + 31 * DAY;
    expect(await run()).toMatchObject({ rawBatchesRemoved: 2 });
    // The batch of ten days later begins on the first day, and is made anew without what went.
    expect((await keysOf("short", "events")).map((key) => key.split("/")[2])).toEqual(["date=2026-06-01"]);
    expect((await keysOf("short", "parquet")).map((key) => key.split("/")[2])).toEqual(["date=2026-06-01"]);
    expect(await keysOf("ever", "events")).toHaveLength(3);
    const { data } = await api.ask(
      "short",
      `{ journeySettings { keepRawDays rawRemoval { at arrivedBefore } } journeys { nodes { sessionId } }
         metrics(sources: [JOURNEY_EVENTS], size: ONE_HOUR, range: { between: { from: "2026-06-01T00:00:00Z", to: "2026-06-12T00:00:00Z" } }) { total } }`,
    );
    expect(data.journeySettings).toEqual({
      keepRawDays: 30,
      rawRemoval: { at: iso(now), arrivedBefore: iso(now - 30 * DAY) },
    });
    expect(data.journeys.nodes).toHaveLength(4);
    expect(data.metrics).toEqual([{ total: 3 }]);
    // A repeat is known by the journey, and kept for another 30 days.
    expect(await record(api, "short", [event("first", START)])).toMatchObject({ accepted: 0, duplicates: 1 });

    now = START + 41 * DAY;
    expect(await run()).toMatchObject({ rawBatchesRemoved: 1 });
    expect(await keysOf("short", "events")).toHaveLength(1);
    now = START + 62 * DAY;
    await run();
    expect(await keysOf("short", "events")).toEqual([]);
    expect(await keysOf("short", "parquet")).toEqual([]);
    expect(await run()).toMatchObject({ rawBatchesRemoved: 0, files: 0 });
  });

  test("stay for ever again where that is said, and a number that is none is refused by its name", async () => {
    expect(await keep("back", 7)).toMatchObject({ settings: { keepRawDays: 7 } });
    expect(await keep("back", null)).toMatchObject({ settings: { keepRawDays: null } });
    expect((await keep("back", 0)).message).toContain("keepRawDays: must be a whole number from 1 to 3650, got 0");
  });

  test("go once, whatever crash lies between: the next run finishes", async () => {
    for (let crashAt = 1; crashAt <= 8; crashAt++) {
      const world = createEraseWorld(START);
      const { journeys, store } = world.createProcess();
      await journeys.record("t", [event("a", START)]);
      await store.replaceSettings(
        "t",
        { ...await store.getSettings("t"), keepRawDays: 1, changedAt: 1 },
        await store.getSettings("t"),
      );
      let calls = 0;
      const crashing = () => {
        if (++calls === crashAt) throw new Error("gone");
      };
      const keeping = (onCall: () => void) => {
        const process = world.createProcess(onCall);
        const raw = createRawEvents(world.objects);
        const clock = () => START + 3 * DAY;
        return createRawKeeping({ ...process, raw, objects: world.objects, clock, log: silentLog });
      };
      await keeping(crashing)().catch(() => {});
      await keeping(() => {})();
      expect(world.objects.dump().filter((line) => line.includes("events/"))).toEqual([]);
    }
  });
});
