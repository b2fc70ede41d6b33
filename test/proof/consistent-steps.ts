import type { Dynamo } from "../../api/aws/dynamo.ts";
import type { TestApp } from "../kit/app.ts";
import { mutate } from "../kit/sessions.ts";
import { access, paused, reviews, sockets } from "./consistent-doors.ts";

export const START = Date.UTC(2040, 5, 1, 12);
const MINUTE = 60_000;

export type Steps = {
  api: TestApp;
  /** Another process. */
  other: TestApp;
  /** The address of a receiver that wants no more. */
  gone: string;
  dynamo: Dynamo;
  prefix: string;
  tenant: string;
  tell: (name: string, answer: unknown) => void;
  settle: () => Promise<void>;
  now: () => number;
  pass: (ms: number) => void;
};

/** What clients do right after what they have done, in every domain; whatever they are told is told. */
export async function goThrough(steps: Steps): Promise<void> {
  for (
    const part of [
      sessions,
      corrections,
      readings,
      journeys,
      erasures,
      metrics,
      alerts,
      paused,
      reviews,
      access,
      sockets,
    ]
  ) {
    await part(steps);
  }
}

const iso = (at: number) => new Date(at).toISOString();

export function clientOf({ api, tenant, tell }: Steps) {
  return {
    ask: async (name: string, query: string, variables: object = {}) => {
      const { data, errors } = await api.ask(tenant, query, variables);
      tell(name, errors?.map(({ message }) => message) ?? data);
      return data;
    },
    change: async (name: Parameters<typeof mutate>[2], input: object) => {
      const answer = await mutate(api, tenant, name, input);
      const { session, first, second, ...rest } = answer;
      const shown = (one: Record<string, unknown> | undefined) =>
        one && { id: one.sessionId, v: one.version, m: one.motionEventCount, s: one.sampleCount, by: one.endReason };
      tell(name, {
        ...rest,
        quarantineId: undefined,
        session: shown(session),
        first: shown(first),
        second: shown(second),
      });
      return answer;
    },
    run: async (job: string) => {
      await api.app.jobs.find((own) => own.name === job)!.run();
    },
  };
}

async function sessions(steps: Steps) {
  const { change, ask, run } = clientOf(steps);
  const at = steps.now();
  await change("createSession", { sensorId: "hall", sessionId: "a", startedAt: iso(at - 4 * MINUTE) });
  await change("createSession", { sensorId: "hall", sessionId: "a", startedAt: iso(at - 4 * MINUTE) });
  await ask("session", `{ session(sessionId: "a") { status } activeSession(sensorId: "hall") { sessionId } }`);
  await ask(
    "sessions by id",
    `{ x: session(sessionId: "a") { status } y: session(sessionId: "b") { status } sensor(sensorId: "hall") { sensorId } z: sensor(sensorId: "h") { sensorId } }`,
  );
  for (const seq of [1, 2, 4, 3, 2]) {
    await change("recordMotion", { sensorId: "hall", seq, at: iso(at - (4 - seq / 2) * MINUTE) });
  }
  await change("updateSession", { sessionId: "a", updateId: "u1", incrementMotionCount: true });
  await change("updateSession", { sessionId: "a", updateId: "u1", incrementMotionCount: true });
  await change("annotateSession", { sessionId: "a", expectedVersion: 1, labels: ["x"] });
  await change("annotateSession", { sessionId: "a", expectedVersion: 2, notes: "typed" });
  await change("endSession", { sessionId: "a" });
  await change("updateSession", { sessionId: "a", updateId: "u1", incrementMotionCount: true });
  await change("recordMotion", { sensorId: "hall", seq: 5, at: iso(at) });
  steps.pass(30 * MINUTE);
  await run("end-idle-sessions");
  await ask("after the sweep", `{ sessions { nodes { sessionId status motionEventCount } } }`);
}

async function corrections(steps: Steps) {
  const { change, ask } = clientOf(steps);
  const at = steps.now();
  for (const minute of [1, 2, 3, 8, 9]) {
    await change("recordMotion", { sensorId: "door", at: iso(at - (20 - minute) * MINUTE) });
  }
  await change("createSession", { sensorId: "gate", sessionId: "g", startedAt: iso(at - 30 * MINUTE) });
  await change("endSession", { sessionId: "g", endedAt: iso(at - 10 * MINUTE) });
  await change("splitSession", { sessionId: "g", expectedVersion: 1, at: iso(at - 20 * MINUTE), newSessionId: "g2" });
  await change("undoSessionCorrection", { sessionId: "g", expectedVersion: 2 });
  await change("deleteSession", { sessionId: "g", expectedVersion: 3 });
  await change("recordMotion", { sensorId: "gate", at: iso(at - 15 * MINUTE) });
  await change("restoreSession", { sessionId: "g" });
  await change("correctSession", { sessionId: "g", expectedVersion: 5, endedAt: iso(at - 12 * MINUTE) });
  const { quarantineId } = await change("recordMotion", { sensorId: "gate", at: iso(at - 9_000 * 1_440 * MINUTE) });
  await change("resolveQuarantined", { sensorId: "gate", quarantineId, admit: false });
  await change("resolveQuarantined", { sensorId: "gate", quarantineId, admit: false });
  await change("renameSensor", { sensorId: "gate", name: "Gate" });
  await ask("sensors", `{ sensor(sensorId: "gate") { sensorId } sessionSettings { keepDays } }`);
}

async function readings(steps: Steps) {
  const { change, ask } = clientOf(steps);
  const at = steps.now();
  const batch = (batchOffset: number) => ({
    ...{ sessionId: "w", sensorId: "tag", batchOffset },
    readings: [0, 1].map((n) => ({ at: iso(at - (60 - batchOffset) * MINUTE + n), values: [1] })),
  });
  for (const offset of [0, 2, 1, 1, 3]) await change("ingestSessionBatch", batch(offset));
  await ask(
    "readings",
    `{ session(sessionId: "w") { sampleCount missingBatches { from to } readings(first: 20) { nodes { at } } } }`,
  );
}

const EVENTS = `mutation ($e: [EventInput!]!) { recordEvents(input: { events: $e }) {
  ... on RecordEventsPayload { accepted duplicates rejected receipts { status } } } }`;

async function journeys(steps: Steps) {
  const { ask, run } = clientOf(steps);
  const at = steps.now();
  const event = (seq: number, more: object = {}) => (
    { sessionId: "v", seq, type: "PAGE_VIEWED", page: `/p${seq}`, occurredAt: iso(at - (50 - seq) * MINUTE), ...more }
  );
  await ask("events", EVENTS, { e: [event(1), event(2)] });
  await ask("events again", EVENTS, { e: [event(2), event(3, { visitorId: "ada" })] });
  await ask("other content", EVENTS, {
    e: [event(3, { page: "/other" }), event(4, { visitorId: "ada2", aliasOf: "ada" })],
  });
  await ask("timeline", `{ journey(sessionId: "v") { eventCount events(first: 2) { nodes { page } } } }`);
  await ask(
    "two journeys",
    `{ a: journey(sessionId: "v") { eventCount events { nodes { page } } } b: journey(sessionId: "u") { eventCount } }`,
  );
  await ask(
    "configure",
    `mutation { configureJourneys(input: { goals: [{ goalId: "g", name: "g", anyOf: [{ type: "PAGE_VIEWED", page: "/p3" }] }] }) { __typename ... on UserError { message } } }`,
  );
  await ask("settings", `{ journeySettings { goals { goalId } } }`);
  await ask("by goal", EVENTS, { e: [event(5)] });
  await ask("goal", `{ journey(sessionId: "v") { outcome } }`);
  await steps.settle();
  steps.pass(90 * MINUTE);
  await run("follow-journeys");
  await run("follow-journeys");
  const range = `range: { between: { from: "${iso(at - 90 * MINUTE)}", to: "${iso(at)}" } }`;
  await ask(
    "funnel",
    `{ funnel(${range}, input: { steps: [{ page: "/p1" }, { goal: "g" }] }) { steps { journeyCount } } }`,
  );
  await ask("rebuild", `{ journeySettings { rebuild { journeysRead doneAt } } }`);
}

async function erasures(steps: Steps) {
  const { ask } = clientOf(steps);
  const at = steps.now();
  const event = (sessionId: string, seq: number, more: object) => (
    { sessionId, seq, type: "MESSAGE_SENT", text: "t", occurredAt: iso(at - 10 * MINUTE), ...more }
  );
  const erase = () =>
    ask(
      "erase",
      `mutation { eraseVisitor(input: { visitorId: "bob" }) { ... on EraseVisitorPayload { journeys events } } }`,
    );
  await ask("events", EVENTS, { e: [event("b1", 1, { visitorId: "bob" }), event("b2", 1, { visitorId: "bob2" })] });
  await ask("alias", EVENTS, { e: [event("b1", 2, { visitorId: "bob2", aliasOf: "bob" })] });
  await erase();
  await erase();
  await ask("after it", EVENTS, { e: [event("b1", 3, { visitorId: "bob" })] });
  await ask("gone", `{ a: journey(sessionId: "b1") { eventCount } b: journey(sessionId: "b2") { eventCount } }`);
  await steps.settle();
  const eraseSensor = () =>
    ask(
      "erase a sensor",
      `mutation { eraseSensor(input: { sensorId: "door" }) { __typename ... on EraseSensorPayload { sessions motionEvents } ... on UserError { message } } }`,
    );
  await eraseSensor();
  await eraseSensor();
  await ask("its sessions", `{ sensor(sensorId: "door") { sessions { nodes { sessionId } } } }`);
  await steps.settle();
}

async function metrics(steps: Steps) {
  const { ask } = clientOf(steps);
  const at = steps.now() - 10 * MINUTE;
  const record = (recordId: string, more: object = {}) => ({ source: "TASKS", recordId, at: iso(at), ...more });
  const RECORD = `mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) {
    ... on RecordMetricsPayload { accepted duplicates conflicts receipts { status reason } } } }`;
  const country = [{ key: "c", value: "x" }];
  await ask("records", RECORD, { r: [record("a", { value: 1, dimensions: country }), record("b", { value: 2 })] });
  await ask("again", RECORD, { r: [record("a", { value: 1, dimensions: country }), record("b", { value: 3 })] });
  const correct = (input: object) =>
    ask(
      "correct",
      `mutation ($i: CorrectMetricInput!) { correctMetric(input: $i) { __typename ... on CorrectMetricPayload { at value } ... on UserError { message } } }`,
      { i: { source: "TASKS", ...input } },
    );
  await correct({ recordId: "a", expectedAt: iso(at), at: iso(at - 120 * MINUTE) });
  await steps.settle();
  await correct({ recordId: "b", expectedAt: iso(at), at: null });
  await ask("records", RECORD, { r: [record("c", { value: 9 }), record("d", { value: 5 })] });
  await correct({ recordId: "c", expectedAt: iso(at), at: null });
  await steps.settle();
  const range = `range: { between: { from: "${iso(at - 180 * MINUTE)}", to: "${iso(at + 20 * MINUTE)}" } }`;
  await ask(
    "series",
    `{ metrics(sources: [TASKS], size: ONE_HOUR, ${range}) { buckets { count values sum min max } } }`,
  );
  for (const source of ["TASKS", "SESSIONS", "MOTION_EVENTS", "JOURNEYS", "JOURNEY_EVENTS", "REVIEWS"]) {
    await ask(
      `audit ${source}`,
      `mutation { auditMetrics(input: { source: ${source}, ${range} }) { ... on AuditMetricsPayload { recordsCounted differences { recounted } measureDifferences { start } } } }`,
    );
  }
  for (const  of of["SESSIONS", "JOURNEYS"]) {
    await ask(
      `audit of ${of}`,
      `mutation { auditAnalytics(input: { of: ${of}, ${range} }) { ... on AuditAnalyticsPayload { thingsCounted differences { item number count recounted } } } }`,
    );
  }
}

async function alerts(steps: Steps) {
  const { ask, run } = clientOf(steps);
  const alert = (name: string) =>
    ask(
      "alert",
      `mutation { configureAlert(input: { alertId: "a", name: "${name}", source: TASKS, size: ONE_MINUTE, condition: ABOVE, threshold: 0 }) { __typename ... on UserError { message } } }`,
    );
  await alert("one");
  await alert("two");
  await ask(
    "of numbers",
    `mutation { configureAlert(input: { alertId: "b", name: "sum", source: TASKS, size: ONE_MINUTE, measure: SUM, condition: ABOVE, threshold: 2 }) { __typename ... on UserError { message } } }`,
  );
  await ask("alerts", `{ alerts { name } }`);
  const made = await ask(
    "webhook",
    `mutation { createWebhook(input: { name: "h", url: "http://127.0.0.1:9/in", types: [ALERT_CHANGED] }) { __typename } }`,
  );
  void made;
  const { data } = await steps.api.ask(steps.tenant, `{ webhooks { webhookId } }`);
  await ask("webhooks", `{ webhooks { name pausedAt } }`);
  const i = { webhookId: data.webhooks[0]?.webhookId ?? "none" };
  const at = steps.now();
  await ask(
    "records",
    `mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`,
    { r: [{ source: "TASKS", recordId: "z", at: iso(at), value: 3 }] },
  );
  await steps.settle();
  steps.pass(2 * MINUTE);
  await steps.settle();
  await run("judge-alerts");
  await run("deliver-webhooks");
  await ask(
    "history",
    `{ alertHistory { nodes { state name } } webhooks { deliveries(first: 5) { nodes { type status tries { status } } } } }`,
  );
  await ask(
    "test",
    `mutation ($i: WebhookInput!) { testWebhook(input: $i) { __typename ... on UserError { message } } }`,
    { i },
  );
  await ask(
    "rotate",
    `mutation ($i: WebhookInput!) { rotateWebhookSecret(input: $i) { __typename ... on UserError { message } } }`,
    { i },
  );
  await ask(
    "revoke",
    `mutation ($i: WebhookInput!) { revokeWebhook(input: $i) { __typename ... on UserError { message } } }`,
    { i },
  );
  await ask(
    "after it",
    `mutation ($i: WebhookInput!) { testWebhook(input: $i) { __typename ... on UserError { message } } }`,
    { i },
  );
  await ask(
    "no alert",
    `mutation { deleteAlert(input: { alertId: "a" }) { __typename ... on UserError { message } } }`,
  );
  await ask("alerts", `{ alerts { name } }`);
}
