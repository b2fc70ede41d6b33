import { afterAll, beforeAll, expect, test } from "vitest";
import { fullName, tables } from "../../api/resources.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { itemsOf, removeItem } from "../kit/dump.ts";
import { record, visit } from "../kit/journeys.ts";
import { mutate } from "../kit/sessions.ts";
import { dynamoOf } from "../kit/stores.ts";

const NOW = Date.UTC(2026, 5, 2, 12, 30);
const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();
const range = { between: { from: iso(NOW - 36 * HOUR), to: iso(NOW) } };
let api: TestApp;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW, recheckMs: 0 });
});
afterAll(() => api.stop());

const AUDIT = `mutation ($input: AuditAnalyticsInput!) { auditAnalytics(input: $input) {
  ... on AuditAnalyticsPayload { thingsCounted daysChecked daysInDoubt repaired
    differences { day item number count recounted } }
  ... on UserError { code message } } }`;
const NUMBERS = `query ($range: TimeRange!) {
  sessionAnalytics(range: $range) { totalSessions totalMotionEvents totalDuration durationPercentiles { p50 }
    topSensors { sensor { sensorId } sessions } }
  journeyAnalytics(range: $range) { totalJourneys totalEvents durationPercentiles { p50 } } }`;

async function audit(tenant: string, of: string, repair = false) {
  const { data, errors } = await api.ask(tenant, AUDIT, { input: { of, range, repair } });
  expect(errors).toBeUndefined();
  return data.auditAnalytics;
}
const numbers = async (tenant: string) => (await api.ask(tenant, NUMBERS, { range })).data;

async function load(tenant: string): Promise<void> {
  for (
    const [sensorId, at] of [["hall", NOW - 30 * HOUR], ["hall", NOW - 5 * HOUR], ["door", NOW - 4 * HOUR]] as const
  ) {
    for (let n = 0; n < 3; n++) {
      const seq = (at % 1_000) + Math.floor((at - NOW + 40 * HOUR) / 60_000) + n;
      await mutate(api, tenant, "recordMotion", { sensorId, seq, at: iso(at + n * 60_000) });
    }
  }
  await record(api, tenant, visit("j1", 1, 12, NOW - 20 * HOUR));
  await record(api, tenant, visit("j2", 1, 5, NOW - 3 * HOUR));
  await api.settle();
}

test("a recount of rollups finds nothing, and after damage every wrong number, which a repair mends", async () => {
  await load("damaged");
  const right = await numbers("damaged");
  expect(await audit("damaged", "SESSIONS")).toEqual({
    thingsCounted: 3,
    daysChecked: 2,
    daysInDoubt: [],
    differences: [],
    repaired: 0,
  });
  expect(await audit("damaged", "JOURNEYS")).toMatchObject({ thingsCounted: 2, differences: [] });

  const rollups = (await itemsOf(api.system, "rollups")).filter(({ pk }) => pk!.S!.startsWith("damaged#"));
  const counts = rollups.find(({ pk, sk }) => pk!.S === "damaged#SESSIONS" && sk!.S === "2026-06-02#n")!;
  const [name, { N: n }] = Object.entries(counts).find(([name]) => /^s\d+$/.test(name)) as [string, { N: string }];
  const key = { pk: counts.pk!.S!, sk: counts.sk!.S! };
  await dynamoOf(api.system).update(fullName(api.system.prefix, tables.rollups), key, {
    expression: "SET #n = :n",
    names: { "#n": name },
    values: { ":n": 40 },
  });
  expect((await audit("damaged", "SESSIONS")).differences).toEqual([
    { day: "2026-06-02", item: "damaged#SESSIONS 2026-06-02#n", number: name, count: 40, recounted: Number(n) },
  ]);
  for (const kind of ["SESSIONS", "JOURNEYS"]) {
    const { differences, repaired } = await audit("damaged", kind, true);
    expect([kind, repaired]).toEqual([kind, differences.length]);
    expect((await audit("damaged", kind)).differences).toEqual([]);
  }
  expect(await numbers("damaged")).toEqual(right);
});

test("what was there before the rollups is in them after a repair, and counting goes on from there", async () => {
  await load("older");
  const right = await numbers("older");
  const rollups = (await itemsOf(api.system, "rollups")).filter(({ pk, sk }) =>
    pk!.S!.startsWith("older#") && !pk!.S!.endsWith("#PENDING") && sk!.S !== ""
  );
  for (const { pk, sk } of rollups) {
    const Key = { pk: pk!, sk: sk! };
    await removeItem(api.system, "rollups", Key);
  }
  expect((await numbers("older")).sessionAnalytics.totalSessions).toBe(0);
  for (const kind of ["SESSIONS", "JOURNEYS"]) await audit("older", kind, true);
  expect(await numbers("older")).toEqual(right);
  await record(api, "older", visit("j3", 1, 4, NOW - 2 * HOUR));
  await api.settle();
  expect((await numbers("older")).journeyAnalytics.totalJourneys).toBe(right.journeyAnalytics.totalJourneys + 1);
  expect((await audit("older", "JOURNEYS")).differences).toEqual([]);
});

test("a range that is too long is refused with what to do", async () => {
  const long = { between: { from: iso(NOW - 40 * 24 * HOUR), to: iso(NOW) } };
  const { data } = await api.ask("damaged", AUDIT, { input: { of: "SESSIONS", range: long, repair: false } });
  expect(data.auditAnalytics.message).toMatch(/at most 31 are counted again at once/);
});
