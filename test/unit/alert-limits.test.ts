import { describe, expect, test } from "vitest";
import { createHub } from "../../api/live/hub.ts";
import { ALERT_LIMITS, type AlertChange, type NewAlert } from "../../api/metrics/alert-model.ts";
import { createAlertStore } from "../../api/metrics/alert-store.ts";
import { createAlerts } from "../../api/metrics/alerts.ts";
import type { HourBucket } from "../../api/metrics/model.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 5, 1, 12);
const RULE: NewAlert = {
  ...{ alertId: "a", name: "tasks", source: "TASKS", size: "ONE_MINUTE", measure: "COUNT", condition: "ABOVE" },
  ...{ threshold: 2, lasting: 1 },
};

/** Alerts of a tenant in whose every minute three were counted. */
function createWorld() {
  let now = START;
  const told: AlertChange[] = [];
  const woken: string[] = [];
  const dynamo = createMemoryDynamo(tables);
  const store = createAlertStore(dynamo, "buckets");
  const alerts = createAlerts({
    alerts: store,
    wakeElsewhere: (tenantId) => Promise.resolve(void woken.push(tenantId)),
    store: {
      listHours: (_tenant, source) => {
        const minutes = new Map(Array.from({ length: 60 }, (_, i) => [i, { count: 3, version: 1, expired: 0 }]));
        return Promise.resolve([{ source, hourAt: START, minutes, version: 1 } as HourBucket]);
      },
    },
    ...{ measuring: { list: () => Promise.resolve([]) }, hub: createHub(), clock: () => now },
    caughtUpAt: () => Promise.resolve(undefined),
    tell: (change) => {
      told.push(change);
      return { table: "webhooks", put: { pk: change.changeId, sk: "told" } };
    },
  });
  return {
    alerts,
    dynamo,
    told,
    woken,
    pass: (ms: number) => void (now += ms),
    states: () => told.map(({ state }) => state),
  };
}

describe("an alert", () => {
  test("is one of as many as a tenant may have, to the last one; one that is there can be changed all the same", async () => {
    const { alerts } = createWorld();
    for (let i = 0; i < ALERT_LIMITS.alerts; i++) await alerts.configure("shop", "u", { ...RULE, alertId: `a${i}` });
    await expect(alerts.configure("shop", "u", { ...RULE, alertId: "more" })).rejects.toMatchObject({
      fields: [{ path: ["alertId"], message: expect.stringContaining(`${ALERT_LIMITS.alerts}`) }],
    });
    expect(await alerts.configure("shop", "u", { ...RULE, alertId: "a0", threshold: 9 })).toMatchObject({ version: 2 });
    await alerts.configure("other", "u", { ...RULE, alertId: "more" });
  });

  test("that rings goes on ringing by another name, and ends by another rule or with the alert: each end is told once", async () => {
    const { alerts, told, woken, pass, states } = createWorld();
    await alerts.configure("shop", "u", RULE);
    pass(2 * MINUTE);
    await alerts.sweep();
    expect(states()).toEqual(["RINGING"]);
    expect(await alerts.configure("shop", "u", { ...RULE, name: "same" })).toMatchObject({ state: "RINGING" });
    expect(states()).toEqual(["RINGING"]);
    const since = (await alerts.list("shop"))[0]!;
    expect(since).toMatchObject({ createdAt: START, createdBy: "u", since: START + MINUTE });
    expect(await alerts.configure("shop", "v", { ...RULE, threshold: 1 })).toMatchObject({
      ...{ state: "OK", createdAt: START, createdBy: "u" },
    });
    expect(told.at(-1)).toMatchObject({ state: "OK", reason: "CONFIGURED" });
    pass(2 * MINUTE);
    await alerts.sweep();
    await alerts.remove("shop", "a");
    expect(told.map(({ state, reason }) => [state, reason])).toEqual([
      ...[["RINGING", "BUCKET"], ["OK", "CONFIGURED"], ["RINGING", "BUCKET"], ["OK", "DELETED"]],
    ]);
    expect(await alerts.remove("shop", "a")).toBeUndefined();
    // Whoever follows alerts in another process hears of each too.
    expect(woken).toEqual(Array(4).fill("shop"));
  });

  test("of before there were versions is at 1, and is changed as any other", async () => {
    const { alerts, dynamo } = createWorld();
    await alerts.configure("shop", "u", RULE);
    const { pk, sk } = dynamo.dump("buckets")[0]!;
    await dynamo.update("buckets", { pk, sk }, { expression: "REMOVE ruleVersion" });
    expect(await alerts.list("shop")).toMatchObject([{ ruleVersion: 1 }]);
    const change = { ...RULE, threshold: 5, expectedVersion: 1 };
    expect(await alerts.configure("shop", "u", change)).toMatchObject({ threshold: 5, ruleVersion: 2 });
  });

  test("that two people change at once is as the first left it, and the second is told; what is said again is no conflict", async () => {
    const { alerts, pass } = createWorld();
    const change = (threshold: number, expectedVersion: number) =>
      alerts.configure("shop", "u", { ...RULE, threshold, expectedVersion });
    const kept = async () => (await alerts.list("shop"))[0]!.threshold;
    expect(await change(2, 1)).toMatchObject({ code: "VERSION_CONFLICT", current: undefined });
    expect(await change(2, 0)).toMatchObject({ ruleVersion: 1 });
    // What is judged meanwhile is no change by a person.
    pass(2 * MINUTE);
    await alerts.sweep();
    const both = await Promise.all([change(5, 1), change(7, 1)]);
    const [won] = both.filter((done) => !("__typename" in done));
    expect(both.filter((done) => "__typename" in done)).toMatchObject([{ current: { threshold: await kept() } }]);
    expect(won).toMatchObject({ threshold: await kept(), ruleVersion: 2 });
    // By whoever had no answer, and with a version that was true when it was said.
    expect(await change(await kept(), 1)).toEqual(won);
    expect(await change(9, 2)).toMatchObject({ threshold: 9, ruleVersion: 3 });
    expect(await alerts.remove("shop", "a", { expectedVersion: 2 })).toMatchObject({ current: { threshold: 9 } });
    expect(await alerts.remove("shop", "a", { expectedVersion: 3 })).toMatchObject({ threshold: 9 });
    // Whoever still changes it does not make it anew unawares.
    expect(await change(9, 3)).toMatchObject({ message: expect.stringContaining("no such alert any more") });
    for (const expectedVersion of [-1, 0.5, 1e300]) {
      await expect(alerts.remove("shop", "a", { expectedVersion })).rejects.toMatchObject({
        fields: [{ path: ["expectedVersion"] }],
      });
    }
  });
});
