import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAlertStore } from "../../api/metrics/alert-store.ts";
import { fullName, tables } from "../../api/resources.ts";
import { startMemoryApp, startTestApp, type TestApp } from "../kit/app.ts";
import { fc } from "../kit/property.ts";
import { isSignedBy, startReceiver } from "../kit/receiver.ts";
import { openSse } from "../kit/sse.ts";
import { dynamoOf } from "../kit/stores.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 31, 12);
let now = START;
let tenants = 0;
let tenant: string;
let api: TestApp;
let second: TestApp;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => now, reach: "machine", pollMs: 20 });
  second = await startTestApp({ clock: () => now, reach: "machine", pollMs: 20, system: api.system });
});
afterAll(async () => {
  await second.stop();
  await api.stop();
});
beforeEach(() => {
  now = START;
  tenant = `t${tenants++}`;
});

const iso = (at: number) => new Date(at).toISOString();
const ALERT = "alertId name source size measure condition threshold lasting state since judgedTo version createdBy";
const CHANGE = "changeId alertId name state reason at source size measure threshold bucketStart bucketEnd value";
async function ask(query: string, variables: object = {}, of = tenant, scopes?: Parameters<TestApp["ask"]>[3]) {
  const answer = await api.ask(of, query, variables, scopes);
  if (answer.errors) throw new Error(answer.errors[0]!.message);
  return answer.data;
}
const RULE = { alertId: "a", name: "tasks", source: "TASKS", size: "ONE_MINUTE", condition: "ABOVE", threshold: 2 };
const configure = async (input: object = {}, of = tenant) =>
  (await ask(
    `mutation ($input: ConfigureAlertInput!) { configureAlert(input: $input) { __typename
      ... on AlertPayload { alert { ${ALERT} } } ... on UserError { code message }
      ... on AlertConflictError { current { threshold version } } } }`,
    { input: { ...RULE, ...input } },
    of,
  )).configureAlert;
const remove = async (alertId: string, of = tenant, expectedVersion?: number) =>
  (await ask(
    `mutation ($id: ID!, $seen: Int) { deleteAlert(input: { alertId: $id, expectedVersion: $seen }) { __typename
      ... on AlertPayload { alert { alertId } } ... on UserError { code } } }`,
    { id: alertId, seen: expectedVersion },
    of,
  )).deleteAlert;
let ids = 0;
async function record(at: number, count: number, value?: number) {
  const records = Array.from({ length: count }, () => ({ source: "TASKS", recordId: `r${ids++}`, at: iso(at), value }));
  if (count === 0) return;
  await ask(`mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`, {
    r: records,
  });
}
const runJob = (app: TestApp, name: string) => app.app.jobs.find((job) => job.name === name)!.run();
const judge = (app = api) => runJob(app, "judge-alerts");
/** A process that reads no stream waits until it hears that all was counted: by a beat, which whoever reads it brings. */
async function judgeElsewhere() {
  await judge(second);
  await api.settle();
  await judge(second);
}
async function history(page = "first: 50") {
  return (await ask(`{ alertHistory(${page}) { nodes { ${CHANGE} } pageInfo { endCursor hasNextPage } } }`))
    .alertHistory;
}
/** Each turn, oldest first: into which state, and the end of the bucket in minutes from the start. */
const turns = async () =>
  (await history()).nodes.map((
    { state, bucketEnd }: { state: string; bucketEnd: string },
  ) => [state, bucketEnd === null ? null : (Date.parse(bucketEnd) - START) / MINUTE]).reverse();
/** Lets minutes pass with so many records in each, counted, and judged where `isJudged`. */
async function pass(counts: readonly number[], isJudged = true) {
  for (const count of counts) {
    await record(now, count);
    now += MINUTE;
    await api.settle();
    if (isJudged) await judge();
  }
}

test("what a slower process judged does not take the place of what was judged since", async () => {
  const store = createAlertStore(
    dynamoOf(api.system),
    fullName(api.system.prefix, tables.buckets),
  );
  await configure();
  const before = (await store.findAlert(tenant, "a"))!;
  const at = (minutes: number) => ({ ...before, judgedTo: START + minutes * MINUTE, version: before.version + 1 });
  expect(await store.write(before, at(5))).toBe(true);
  expect(await store.write(before, at(3))).toBe(false);
  expect((await store.findAlert(tenant, "a"))!.judgedTo).toBe(START + 5 * MINUTE);
});

describe("an alert", () => {
  test("rings when as many buckets in a row were above, and ends with the first that is not; each bucket is judged once", async () => {
    expect((await configure({ lasting: 2 })).alert).toMatchObject({
      state: "OK",
      judgedTo: iso(START),
      createdBy: "u",
    });
    await pass([3, 1, 3, 4, 5, 2, 0, 0]);
    expect(await turns()).toEqual([["RINGING", 4], ["OK", 6]]);
    const [, first] = (await history()).nodes;
    expect(first).toMatchObject({
      ...{ alertId: "a", name: "tasks", state: "RINGING", reason: "BUCKET", source: "TASKS", size: "ONE_MINUTE" },
      ...{
        measure: "COUNT",
        threshold: 2,
        value: 4,
        bucketStart: iso(START + 3 * MINUTE),
        at: iso(START + 5 * MINUTE),
      },
    });
    for (let i = 0; i < 3; i++) await judge();
    expect(await turns()).toHaveLength(2);
  });

  test("of a bucket waits a minute after its end, and until all that was recorded is counted", async () => {
    await configure();
    await record(now, 3);
    await api.settle();
    now += 2 * MINUTE - 1;
    await api.settle();
    expect(await judge()).toMatchObject({ changed: 0 });
    now += 1;
    // Nobody read the stream since: what it holds is not known.
    await judge();
    await api.settle();
    await judge();
    expect(await turns()).toEqual([["RINGING", 1]]);
  });

  test("is judged once over what comes late: the bucket changes, what was judged does not", async () => {
    await configure();
    await pass([0, 0, 0]);
    await record(START, 9);
    await api.settle();
    await pass([0, 0]);
    expect(await turns()).toEqual([]);
  });

  test("below a number rings where nothing comes", async () => {
    await configure({ condition: "BELOW", threshold: 1, lasting: 3 });
    await pass([1, 0, 0, 0, 0, 1, 0, 0]);
    expect(await turns()).toEqual([["RINGING", 4], ["OK", 6]]);
  });

  test("over numbers of what has none is refused, by name", async () => {
    for (const source of ["SESSIONS", "MOTION_EVENTS", "JOURNEYS", "JOURNEY_EVENTS", "REVIEWS"]) {
      expect(await configure({ source, measure: "SUM" })).toMatchObject({
        ...{ code: "INVALID_INPUT", message: expect.stringMatching(`^measure: must be COUNT for ${source}, `) },
      });
    }
  });

  test("over numbers looks at them, and never at a bucket without one", async () => {
    await configure({ measure: "AVERAGE", threshold: 10 });
    await configure({ alertId: "b", measure: "MAX", condition: "BELOW", threshold: 5 });
    for (const values of [[5, 20], [], [4], [30, 1]]) {
      for (const value of values) await record(now, 1, value);
      now += MINUTE;
      await api.settle();
    }
    await pass([0, 0]);
    const found = (await history()).nodes.map((
      { alertId, state, value }: { alertId: string; state: string; value: number | null },
    ) => `${alertId} ${state} ${value}`);
    expect(found.sort()).toEqual(
      ["a RINGING 12.5", "a OK null", "a RINGING 15.5", "a OK null", "b RINGING 4", "b OK 30"].sort(),
    );
  });

  test("that nobody judged for hours is judged over all of them, in order, at each turn once", async () => {
    await configure({ threshold: 0 });
    const counts = Array.from({ length: 100 }, (_, i) => (i % 7 === 3 ? 1 : 0));
    now += 110 * MINUTE;
    for (const [i, count] of counts.entries()) if (count > 0) await record(START + i * MINUTE, count);
    await api.settle();
    await Promise.all([judge(), judge(second), judge(), judge(second)]);
    await judge();
    const expected = counts.flatMap((count, i) => (count > 0 ? [["RINGING", i + 1], ["OK", i + 2]] : []));
    expect(await turns()).toEqual(expected);
  });

  test("with the same rule goes on when it is configured again; with another it begins anew, and its end is told", async () => {
    await configure();
    await pass([3, 3, 3]);
    expect((await configure({ name: "other" })).alert).toMatchObject({ name: "other", state: "RINGING" });
    expect((await configure({ threshold: 1 })).alert).toMatchObject({ state: "OK", judgedTo: iso(now) });
    expect((await history()).nodes[0]).toMatchObject({
      state: "OK",
      reason: "CONFIGURED",
      bucketEnd: null,
      value: null,
    });
    await pass([2, 0, 0]);
    expect(await turns()).toEqual([["RINGING", 1], ["OK", null], ["RINGING", 4], ["OK", 5]]);
  });

  test("that somebody else changed since is not written over, and not ended", async () => {
    expect(await configure({ expectedVersion: 0 })).toMatchObject({ alert: { version: 1 } });
    expect(await configure({ threshold: 7, expectedVersion: 1 })).toMatchObject({ alert: { version: 2 } });
    expect(await configure({ threshold: 9, expectedVersion: 1 })).toMatchObject({
      ...{ code: "VERSION_CONFLICT", current: { threshold: 7, version: 2 } },
      message: expect.stringContaining("expectedVersion 2"),
    });
    expect(await remove("a", tenant, 1)).toMatchObject({ code: "VERSION_CONFLICT" });
    expect((await ask("{ alerts { threshold } }")).alerts).toEqual([{ threshold: 7 }]);
    expect(await remove("a", tenant, -1)).toMatchObject({ code: "INVALID_INPUT" });
    expect(await remove("a", tenant, 2)).toMatchObject({ alert: { alertId: "a" } });
    expect(await configure({ threshold: 9, expectedVersion: 2 })).toMatchObject({
      code: "VERSION_CONFLICT",
      current: null,
    });
  });

  test("is deleted by its tenant, which hears of its end", async () => {
    await configure();
    await pass([3, 3]);
    expect(await remove("a", "other")).toMatchObject({ code: "NOT_FOUND" });
    expect(await remove("a")).toMatchObject({ alert: { alertId: "a" } });
    expect(await remove("a")).toMatchObject({ code: "NOT_FOUND" });
    expect((await history()).nodes[0]).toMatchObject({ state: "OK", reason: "DELETED" });
    expect((await ask("{ alerts { alertId } }")).alerts).toEqual([]);
    await configure({}, "other");
    expect((await ask("{ alerts { alertId } alertHistory { nodes { alertId } } }")).alerts).toEqual([]);
    await remove("a", "other");
  });

  test.each([
    [{ alertId: "a b" }, /^alertId: must be 1 to 64/],
    [{ name: "" }, /^name: /],
    [{ size: "DAY" }, /^size: must be one of ONE_MINUTE/],
    [{ lasting: 0 }, /^lasting: must be 1 to 100 buckets, got 0/],
    [{ threshold: 1e16 }, /^threshold: /],
  ])("%o is told by its field", async (input, message) => {
    expect(await configure(input)).toMatchObject({ code: "INVALID_INPUT", message: expect.stringMatching(message) });
  });

  test("is the 101st of a tenant that is refused", async () => {
    for (let i = 0; i < 100; i++) await configure({ alertId: `a${i}` });
    expect(await configure({ alertId: "more" })).toMatchObject({
      message: expect.stringMatching(/100 that a tenant may have/),
    });
    expect(await configure({ alertId: "a7", threshold: 5 })).toMatchObject({ alert: { threshold: 5 } });
    for (let i = 0; i < 100; i++) await remove(`a${i}`);
  });
});

describe("a change of an alert", () => {
  test("reaches a webhook once its process died between judging and telling, and each change is one event", async () => {
    const receiver = await startReceiver();
    try {
      const { createWebhook: { secret } } = await ask(
        `mutation ($url: String!) { createWebhook(input: { name: "w", url: $url, types: [ALERT_CHANGED] }) {
          ... on WebhookSecretPayload { secret } } }`,
        { url: `${receiver.url}/` },
      );
      await configure();
      await pass([3, 0, 3, 0, 0], false);
      // One process judges and is gone; another, which judged nothing, delivers.
      await judge(api);
      await runJob(second, "deliver-webhooks");
      await judge(second);
      await runJob(api, "deliver-webhooks");
      const told = receiver.calls.map(({ body }) => JSON.parse(body).data).map((
        { changeId, state, bucketEnd, value },
      ) => (
        { changeId, state, bucketEnd, value }
      ));
      const kept = (await history()).nodes.map(({ changeId, state, bucketEnd, value }: (typeof told)[number]) => (
        { changeId, state, bucketEnd, value }
      ));
      const byId = (a: (typeof told)[number], b: (typeof told)[number]) => (a.changeId < b.changeId ? -1 : 1);
      expect(told.sort(byId)).toEqual(kept.sort(byId));
      expect(told).toHaveLength(4);
      expect(receiver.calls.every((call) => isSignedBy(secret, call))).toBe(true);
    } finally {
      await receiver.stop();
    }
  });

  test("is pushed, by whatever process it was decided, and again from a cursor on nothing is missed and nothing twice", async () => {
    await configure();
    type Update = { alertChanged: { cursor: string; change: { state: string; bucketEnd: string } } };
    const query = `subscription ($after: String) { alertChanged(after: $after) { cursor change { state bucketEnd } } }`;
    const subscribe = (after?: string) => openSse<Update>(api, { tenantId: tenant, query, variables: { after } });
    const first = await subscribe();
    const begun = first.next();
    await pass([3, 0], false);
    await pass([0], false);
    await judgeElsewhere();
    const got = [await begun, await first.next()].map((message) => message!.data!.alertChanged);
    expect(got.map(({ change }) => change)).toEqual([
      { state: "RINGING", bucketEnd: iso(START + MINUTE) },
      { state: "OK", bucketEnd: iso(START + 2 * MINUTE) },
    ]);
    await first.leave();
    await pass([3, 3, 0], false);
    await judgeElsewhere();
    const again = await subscribe(got[0]!.cursor);
    const states = [];
    for (let i = 0; i < 2; i++) states.push((await again.next())!.data!.alertChanged.change.state);
    expect(states).toEqual(["OK", "RINGING"]);
    await again.leave();
  });

  test("is listed in pages, of one alert where asked", async () => {
    await configure();
    await configure({ alertId: "b", threshold: 5 });
    await pass([9, 0, 9, 0, 0]);
    const page = await history(`first: 3, alertId: "b"`);
    expect(page).toMatchObject({ pageInfo: { hasNextPage: true } });
    const rest = await history(`first: 3, alertId: "b", after: "${page.pageInfo.endCursor}"`);
    expect([...page.nodes, ...rest.nodes].map(({ alertId, state }) => `${alertId} ${state}`)).toEqual([
      ...["b OK", "b RINGING", "b OK", "b RINGING"],
    ]);
  });
});

test("whatever is counted and whenever it is judged, an alert turns where a look at all buckets says", async () => {
  const rule = fc.record({
    condition: fc.constantFrom("ABOVE", "BELOW"),
    threshold: fc.integer({ min: 0, max: 3 }),
    lasting: fc.integer({ min: 1, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(
      rule,
      fc.array(fc.tuple(fc.nat({ max: 4 }), fc.boolean()), { minLength: 1, maxLength: 15 }),
      async (own, minutes) => {
        now = START;
        tenant = `t${tenants++}`;
        await configure(own);
        for (const [count, isJudged] of minutes) await pass([count], isJudged);
        now += MINUTE;
        await api.settle();
        await judge();
        const expected: [string, number][] = [];
        let [streak, state] = [0, "OK"];
        for (const [i, [count]] of minutes.entries()) {
          streak = (own.condition === "ABOVE" ? count > own.threshold : count < own.threshold) ? streak + 1 : 0;
          const next = streak >= own.lasting ? "RINGING" : "OK";
          if (next !== state) expected.push([state = next, i + 1]);
        }
        expect(await turns()).toEqual(expected);
      },
    ),
    { numRuns: 10 },
  );
});
