import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SOURCES } from "../../api/metrics/model.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { record, visit } from "../kit/journeys.ts";
import { metricsOf } from "../kit/metrics.ts";
import { mutate } from "../kit/sessions.ts";
import { dynamoOf } from "../kit/stores.ts";

const START = Date.UTC(2026, 5, 1, 12, 30);
const MIN = 60_000;
const HOUR = 60 * MIN;
const iso = (at: number) => new Date(at).toISOString();
let now = START;
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => now, recheckMs: 0 });
});
afterAll(() => api.stop());

const item = (id: string, at: number) => ({ source: "ITEMS", recordId: id, at: iso(at) });

/** Changes a bucket behind the service's back: what never happens. */
async function damage(tenant: string, hourAt: number, change: string, values: object): Promise<void> {
  const table = `${api.system.prefix}-buckets`;
  await dynamoOf(api.system).update(table, { pk: `${tenant}#ITEMS`, sk: String(hourAt) }, {
    expression: change,
    values: { ...values },
  });
}

describe("an audit", () => {
  test("of what was counted in the ordinary way finds no difference, for every source that keeps records", async () => {
    const { record: recordAll, audit } = metricsOf(api, "ok");
    await recordAll(Array.from({ length: 300 }, (_, i) => item(`r${i}`, START - i * 40_000)));
    await record(api, "ok", Array.from({ length: 3 }, (_, i) => visit(`v${i}`, 1, 20, START - 90 * MIN)).flat());
    await mutate(api, "ok", "recordMotion", { sensorId: "s", seq: 1, at: iso(START - 20 * MIN) });
    await api.settle();
    now += 10 * MIN;
    await api.settle();
    for (const [source, found] of [["ITEMS", 300], ["SESSIONS", 1], ["JOURNEYS", 3], ["JOURNEY_EVENTS", 60]] as const) {
      expect(await audit(source, START - 5 * HOUR, START + MIN)).toEqual({
        __typename: "AuditMetricsPayload",
        recordsCounted: found,
        bucketsChecked: 301,
        differences: [],
        repaired: 0,
      });
    }
  });

  test("says each bucket that is wrong and what it should be; with repair it is right afterwards, and pushed", async () => {
    const { record: recordAll, audit, series } = metricsOf(api, "bad");
    const hourAt = START - 30 * MIN;
    await recordAll([item("a", hourAt), item("b", hourAt), item("c", hourAt + 5 * MIN), item("d", hourAt + 7 * MIN)]);
    await api.settle();
    now += 10 * MIN;
    await api.settle();
    await damage("bad", hourAt, "SET m0 = :five, m9 = :one, x9 = :one REMOVE m5", { ":five": 5, ":one": 1 });
    const differences = [
      { bucket: { start: iso(hourAt), count: 5 }, recounted: 2 },
      { bucket: { start: iso(hourAt + 5 * MIN), count: 0 }, recounted: 1 },
      { bucket: { start: iso(hourAt + 9 * MIN), count: 1 }, recounted: 0 },
    ];
    expect(await audit("ITEMS", hourAt, START)).toMatchObject({ recordsCounted: 4, differences, repaired: 0 });
    expect(await audit("ITEMS", hourAt, START, true)).toMatchObject({ differences, repaired: 3 });
    expect(await audit("ITEMS", hourAt, START, true)).toMatchObject({ differences: [], repaired: 0 });
    expect((await series("ITEMS", "ONE_HOUR", hourAt, START)).total).toBe(4);
  });

  test("takes what is not counted yet for no difference, and a repair then does not count it twice", async () => {
    const { record: recordAll, audit, series } = metricsOf(api, "lag");
    const hourAt = START - 30 * MIN;
    await recordAll([item("a", hourAt)]);
    await api.settle();
    now += 10 * MIN;
    await recordAll([item("b", hourAt), item("c", hourAt + MIN)]);
    expect(await audit("ITEMS", hourAt, START, true)).toMatchObject({
      recordsCounted: 3,
      differences: [],
      repaired: 0,
    });
    await damage("lag", hourAt, "SET m0 = :nine", { ":nine": 9 });
    // That minute has a record on its way, and nobody knows what else is: nothing is said of it.
    expect(await audit("ITEMS", hourAt, START, true)).toMatchObject({ differences: [], repaired: 0 });
    await api.settle();
    now += 10 * MIN;
    await api.settle();
    expect(await audit("ITEMS", hourAt, START, true)).toMatchObject({ differences: [{ recounted: 2 }], repaired: 1 });
    expect((await series("ITEMS", "ONE_HOUR", hourAt, START)).total).toBe(3);
  });

  test.each(SOURCES)("of %s counts again what is kept", async (source) => {
    expect(await metricsOf(api, "nothing").audit(source, START - HOUR, START)).toMatchObject({
      __typename: "AuditMetricsPayload",
      recordsCounted: 0,
      bucketsChecked: 60,
    });
  });

  test("runs by itself over the hour just closed, and a difference raises the alarm", async () => {
    const job = api.app.jobs.find(({ name }) => name === "audit-metrics")!;
    const hourAt = START - 30 * MIN;
    now = hourAt + HOUR + 20 * MIN;
    await api.settle();
    expect(await job.run()).toMatchObject({ differences: 0, audited: expect.any(Number) });
    expect(api.app.auditDifferences()).toBe(0);
    await damage("bad", hourAt, "SET m0 = :five", { ":five": 5 });
    expect(await job.run()).toMatchObject({ differences: 1 });
    expect(api.app.auditDifferences()).toBe(1);
  });
});

test("everything up to the end of the stream is counted, and the series says so", async () => {
  const { record: recordAll, series } = metricsOf(api, "upto");
  await recordAll([item("a", now - MIN)]);
  now += 5 * MIN;
  await api.settle();
  expect((await series("ITEMS", "ONE_HOUR", now - HOUR, now)).countedUpTo).toBe(iso(now));
});
