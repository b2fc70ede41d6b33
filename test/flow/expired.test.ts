import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDynamo, type Item } from "../../api/aws/dynamo.ts";
import { createAccountStore } from "../../api/auth/accounts/store.ts";
import { createMetricStore } from "../../api/metrics/store.ts";
import { createRemovalStore } from "../../api/removals/store.ts";
import { tables, type TableSpec } from "../../api/resources.ts";
import { createJourneyStore } from "../../api/journeys/store.ts";
import { createRollupStore } from "../../api/analytics/store.ts";
import { createQuarantineStore } from "../../api/sessions/quarantine.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import type { Session } from "../../api/sessions/model.ts";
import type { Removal } from "../../api/removals/model.ts";
import type { Member, Question } from "../../api/sockets/model.ts";
import type { Viewer } from "../../api/auth/viewer.ts";
import { createSessionLog } from "../../api/sessions/change-log.ts";
import { createSocketStore } from "../../api/sockets/store.ts";
import { createTrailStore } from "../../api/journeys/trails.ts";
import { createWebhookStore } from "../../api/webhooks/store.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { itemsOf } from "../kit/dump.ts";
import { mutate } from "../kit/sessions.ts";

/** DynamoDB deletes days later: until then nobody is shown what has expired, by whichever door. */
const [MINUTE, DAY] = [60_000, 86_400_000];
/** Ahead of the store's own clock, which deletes nothing so early. */
const START = Date.UTC(2040, 5, 1, 12);
const T = "t";
let now = START;
let api: TestApp;

beforeAll(async () => {
  api = await startTestApp({ clock: () => now, reach: "machine", env: { RATE_REGISTRATIONS: "off" } });
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
async function ask(query: string, variables: object = {}) {
  const { data, errors } = await api.ask(T, query, variables);
  if (errors) throw new Error(errors[0]!.message);
  return data;
}
const runJob = (name: string) => api.app.jobs.find((job) => job.name === name)!.run();
const named = (spec: TableSpec) => `${api.system.prefix}-${spec.name}`;
const dynamo = () => createDynamo(api.system.clients.dynamodb, { clock: () => now });
const asked = async (query: string, pick: (data: Awaited<ReturnType<typeof ask>>) => unknown) => pick(await ask(query));
const sockets = () => createSocketStore(dynamo(), named(tables.sockets), () => now);
const webhooks = () => createWebhookStore(dynamo(), named(tables.webhooks));
const metricTables = () => ({ records: named(tables.records), buckets: named(tables.buckets) });
const sessionTables = () => ({ sessions: named(tables.sessions), sensors: named(tables.sensors) });
const QUESTION = { tenantId: T, query: "subscription { x }" } as Question;
const VIEWER = { tenantId: T, userId: "u", scopes: [], credential: "c", expiresAt: START + DAY } as Viewer;
const MEMBER: Member = {
  ...{ key: "c1#1", connectionId: "c1", subscriptionId: "1", credential: "c", expiresAt: START + DAY },
  ...{ holder: "u" as unknown as Member["holder"], position: undefined },
};
const REMOVAL: Removal = {
  ...{ removalId: "r".repeat(32), tenantId: "other", begunAt: START, emptiedAt: undefined, doneAt: undefined },
  ...{ items: 0, objects: 0, lookAt: START },
};

/** One of everything that expires, made through the doors that make it. */
async function seed() {
  await mutate(api, T, "createSession", { sensorId: "hall", sessionId: "walk", startedAt: iso(now - 60 * MINUTE) });
  await mutate(api, T, "endSession", { sessionId: "walk" });
  await mutate(api, T, "annotateSession", { sessionId: "walk", expectedVersion: 1, notes: "typed", labels: ["x"] });
  await mutate(api, T, "splitSession", {
    ...{ sessionId: "walk", expectedVersion: 2, at: iso(now - 30 * MINUTE), newSessionId: "half" },
  });
  await mutate(api, T, "recordMotion", { sensorId: "gone", at: iso(now - MINUTE) });
  await mutate(api, T, "recordMotion", { sensorId: "hall", at: iso(now - 9_000 * DAY) });
  const event = { sessionId: "visit", occurredAt: iso(now - MINUTE), visitorId: "ada" };
  await ask(`mutation ($e: [EventInput!]!) { recordEvents(input: { events: $e }) { __typename } }`, {
    e: [
      { ...event, seq: 1, type: "MESSAGE_SENT", text: "hello" },
      { ...event, seq: 2, type: "CTA_CLICKED", visitorId: "ada2", aliasOf: "ada" },
    ],
  });
  await ask(`mutation ($e: [EventInput!]!) { recordEvents(input: { events: $e }) { __typename } }`, {
    e: [{ sessionId: "erased", seq: 1, type: "MESSAGE_SENT", occurredAt: iso(now - MINUTE), visitorId: "bob" }],
  });
  await ask(
    `mutation { configureAlert(input: { alertId: "a", name: "n", source: TASKS, size: ONE_MINUTE, condition: ABOVE,
    threshold: 0 }) { __typename } }`,
  );
  await ask(`mutation { createWebhook(input: { name: "h", url: "http://127.0.0.1:9/in", types: [ALERT_CHANGED] }) {
    __typename } }`);
  for (const at of [now, now - DAY]) {
    await ask(`mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`, {
      r: [{ source: "TASKS", recordId: `r${at}`, at: iso(at) }],
    });
  }
  await api.settle();
  await ask(`mutation { eraseVisitor(input: { visitorId: "bob" }) { __typename } }`);
  await ask(`mutation { eraseSensor(input: { sensorId: "gone" }) { __typename } }`);
  await ask(`{ metrics(sources: [TASKS], range: { last: DAY }, size: ONE_HOUR) { countedUpTo } }`);
  now += 2 * MINUTE;
  await api.settle();
  await runJob("judge-alerts");
  await runJob("deliver-webhooks");
  now += 40 * MINUTE;
  await runJob("end-idle-sessions");
  await runJob("follow-journeys");
  const { createApiKey } = await ask(`mutation { createApiKey(input: { name: "k", scopes: [SESSIONS_READ] }) {
    ... on CreateKeyPayload { apiKey { keyId } } } }`);
  await ask(`mutation ($keyId: ID!) { revokeKey(input: { keyId: $keyId }) { __typename } }`, {
    keyId: createApiKey.apiKey.keyId,
  });
  const { webhooks: [made] } = await ask(`{ webhooks { webhookId } }`);
  await ask(`mutation ($i: WebhookInput!) { revokeWebhook(input: $i) { __typename } }`, { i: made });
  await createAccountStore(dynamo(), named(tables.accounts)).addFailure("ada", "*", now);
  await createAccountStore(dynamo(), named(tables.accounts)).addFailure("ada", "*", now);
  const removals = createRemovalStore(dynamo(), named(tables.access));
  await dynamo().transact([removals.beginning(REMOVAL)]);
  await removals.finish(REMOVAL, now, 365 * DAY);
  await sockets().putConnection("c1", VIEWER, true);
  await sockets().join("g", QUESTION, MEMBER);
  await sockets().listen(T, "g", ["key"], "c1#1");
  await api.settle();
}

/** All items with a time to go, as `table partition sort`. */
async function expiring(): Promise<{ name: string; at: number }[]> {
  const all = await Promise.all(
    (Object.values(tables) as TableSpec[]).map(async (spec) =>
      (await itemsOf(api.system, spec.name)).map((item) => ({ table: spec.name, ...unmarshall(item) as Item }))
    ),
  );
  return all.flat().flatMap((item: Item) =>
    typeof item.ttl === "number" ? [{ name: [item.table, item.pk, item.sk].join(" "), at: item.ttl * 1_000 }] : []
  );
}
const RANGE = `range: { between: { from: "${iso(START - 2 * DAY)}", to: "${iso(START + DAY)}" } }`;

type Door = () => Promise<unknown>;
/** Each kind of item that expires, and every door through which it is seen; of one without doors why there are none. */
const KINDS: Record<string, { items: RegExp; doors: Record<string, Door> | string }> = {
  "a session": {
    items: /^sessions \S+ (walk|half)#SESSION$/,
    doors: {
      session: () => asked(`{ session(sessionId: "half") { sessionId } }`, ({ session }) => session),
      sessions: () => asked(`{ sessions(first: 9) { nodes { sessionId } } }`, ({ sessions }) => sessions.nodes),
      "with notes": () =>
        asked(`{ sessions(filter: { text: "typed" }) { nodes { sessionId } } }`, (d) => d.sessions.nodes),
      "of a sensor": () =>
        asked(`{ sensor(sensorId: "hall") { sessions { nodes { sessionId } } } }`, (d) => d.sensor?.sessions.nodes),
      node: () => asked(`{ node(id: "${NODE.get("Session")}") { id } }`, ({ node }) => node),
      annotateSession: () => isThere("annotateSession", { sessionId: "half", expectedVersion: 0, labels: [] }),
      correctSession: () => isThere("correctSession", { sessionId: "half", expectedVersion: 0, endedAt: null }),
      deleteSession: () => isThere("deleteSession", { sessionId: "half", expectedVersion: 0 }),
      mergeSessions: () =>
        isThere("mergeSessions", {
          sessions: ["walk", "half"].map((sessionId) => ({ sessionId, expectedVersion: 0 })),
        }),
      endSession: () => isThere("endSession", { sessionId: "half" }),
      restoreSession: () => isThere("restoreSession", { sessionId: "half" }),
      updateSession: () => isThere("updateSession", { sessionId: "half", updateId: "u" }),
    },
  },
  "how a session was split": {
    items: /^sessions \S+ walk#CORRECTION$/,
    doors: {
      undo: () =>
        createSessionStore(dynamo(), sessionTables()).findCorrection({ tenantId: T, sessionId: "walk" } as Session),
    },
  },
  "what is kept aside": {
    items: /^sessions \S+ hall#Q#/,
    doors: {
      quarantined: () =>
        asked(`{ sensor(sensorId: "hall") { quarantined { quarantineId } } }`, (d) => d.sensor?.quarantined),
      find: () => createQuarantineStore(dynamo(), sessionTables()).find({ tenantId: T, sensorId: "hall" }, HELD),
    },
  },
  "motion that an erasure takes out": {
    items: /^sessions \S+ [0-9a-f]{64}#Z#/,
    doors: "a stream shows it to whoever counts, once; nobody reads it",
  },
  "a journey": {
    items: /^journeys \S+ visit#META$/,
    doors: {
      journey: () => asked(`{ journey(sessionId: "visit") { sessionId } }`, ({ journey }) => journey),
      journeys: () => asked(`{ journeys(first: 9) { nodes { sessionId } } }`, ({ journeys }) => journeys.nodes),
      node: () => asked(`{ node(id: "${NODE.get("Journey")}") { id } }`, ({ node }) => node),
    },
  },
  "events": {
    items: /^journeys \S+ \w+#E#/,
    doors: { chunks: () => createJourneyStore(dynamo(), named(tables.journeys)).readAllChunks(T, "visit") },
  },
  "a journey under a further id": {
    items: /^journeys \S+ visit#V#/,
    doors: {
      journeys: () =>
        asked(`{ journeys(filter: { visitorId: "ada" }) { nodes { sessionId } } }`, (d) => d.journeys.nodes),
      visitor: () => asked(`{ visitor(id: "ada2") { firstSeenAt } }`, (d) => d.visitor?.firstSeenAt),
    },
  },
  "a trail": {
    items: /^trails \S+ visit#TRAIL$/,
    doors: {
      funnel: () =>
        asked(
          `{ funnel(${RANGE}, input: { steps: [{ type: "MESSAGE_SENT" }, { type: "CTA_CLICKED" }] }) { steps { journeyCount } } }`,
          (d) => d.funnel.steps[0].journeyCount,
        ),
      find: async () => (await createTrailStore(dynamo(), named(tables.trails)).find(T, "visit")).trail,
    },
  },
  "that a shard was behind": {
    items: /^buckets progress#\w+ !/,
    doors: "whoever reads it asks when it was noted (test/unit/beats.test.ts)",
  },
  "which old hours changed": {
    items: /^buckets t#TASKS#late /,
    doors: { feeds: () => createMetricStore(dynamo(), metricTables()).lateHours.changedSince(T, "TASKS", 0, Infinity) },
  },
  "which sessions changed": {
    items: /^buckets t#sessions#log /,
    doors: { feeds: () => createSessionLog(dynamo(), named(tables.buckets)).since(T, 0) },
  },
  "an alert's history": {
    items: /^buckets t#changes /,
    doors: { alertHistory: () => asked(`{ alertHistory { nodes { changeId } } }`, (d) => d.alertHistory.nodes) },
  },
  "journeys that wait for their end": {
    items: /^rollups t#PENDING /,
    doors: { pending: () => createRollupStore(dynamo(), named(tables.rollups)).list(`${T}#PENDING`) },
  },
  "failed logins": {
    items: /^accounts failed#/,
    doors: {
      login: async () => (await createAccountStore(dynamo(), named(tables.accounts)).findLogin("ada", ["*"])).failures,
    },
  },
  "the audit log": {
    items: /^access audit#/,
    doors: { auditLog: () => asked(`{ auditLog { nodes { at } } }`, (d) => d.auditLog.nodes) },
  },
  "a key that has ended": {
    items: /^access key#/,
    doors: { apiKeys: () => asked(`{ apiKeys { keyId } }`, ({ apiKeys }) => apiKeys) },
  },
  "a removal's receipt": {
    items: /^access removal#/,
    doors: { accountRemoval: () => createRemovalStore(dynamo(), named(tables.access)).find(REMOVAL.removalId) },
  },
  "a delivery": {
    items: /^webhooks t#[\w-]{16} /,
    doors: {
      deliveries: () => webhooks().listDeliveries(hook(), 9),
      resend: async () =>
        await webhooks().wake({ ...hook(), deliveryId: DELIVERY }, now, "PENDING") ??
          (await webhooks().listDeliveries(hook(), 9)),
    },
  },
  "what webhooks are to be told": {
    items: /^webhooks t#event#/,
    doors: { find: async () => (await dynamo().get(named(tables.webhooks), EVENT)) },
  },
  "a webhook that has ended": {
    items: /^webhooks t#hooks /,
    doors: { webhooks: () => asked(`{ webhooks { webhookId } }`, (d) => d.webhooks) },
  },
  "a socket": {
    items: /^sockets (#c1 -|t#sockets socket#c1)$/,
    doors: {
      connection: () => sockets().findConnection("c1"),
      count: async () => (await sockets().countOpen("socket", VIEWER, true)).all,
    },
  },
  "a group of subscribers": {
    items: /^sockets t#sockets (group|member|wake)#/,
    doors: {
      group: () => sockets().findGroup(T, "g"),
      members: () => sockets().listMembers(T, "g"),
      woken: () => sockets().listWoken(T, new Set(["key"])),
    },
  },
};
const NODE = new Map<string, string>();
let HELD = "";
let DELIVERY = "";
let EVENT: Item = {};
let hookId = "";
const hook = () => ({ tenantId: T, webhookId: hookId });
const isThere = async (name: Parameters<typeof mutate>[2], input: object) =>
  (await mutate(api, T, name, input)).code !== "NOT_FOUND";

describe("what has expired and is not deleted yet", () => {
  beforeAll(async () => {
    await seed();
    const { session, journey } = await ask(`{ session(sessionId: "half") { id } journey(sessionId: "visit") { id } }`);
    NODE.set("Session", session.id).set("Journey", journey.id);
    for (const { name } of await expiring()) {
      const [table, pk, sk] = name.split(" ") as [string, string, string];
      if (sk.startsWith("hall#Q#")) HELD = sk.split("#")[2]!;
      if (pk.startsWith("t#event#")) EVENT = { pk, sk };
      if (pk === "t#hooks") hookId = sk;
      if (table === "webhooks" && sk.includes("#evt_")) DELIVERY = sk;
    }
  });

  test("is of a kind whose doors are all known", async () => {
    const names = (await expiring()).map(({ name }) => name);
    expect(names.filter((name) => !Object.values(KINDS).some(({ items }) => items.test(name)))).toEqual([]);
    const missing = Object.entries(KINDS).filter(([, { items }]) => !names.some((name) => items.test(name)));
    expect(missing.map(([kind]) => kind)).toEqual([]);
  });

  const doors = Object.entries(KINDS).flatMap(([kind, { doors }]) =>
    typeof doors === "string" ? [] : Object.entries(doors).map(([door, look]) => ({ kind, door, look }))
  );
  test.each(doors)("$kind is seen by $door as long as it is there", async ({ look }) => {
    expect(isNothing(await look())).toBe(false);
  });

  describe("and its time has come", () => {
    beforeAll(() => void (now += 500 * DAY));

    test.each(doors)("$kind is not seen by $door", async ({ look }) => {
      const value = await look();
      expect([isNothing(value), value]).toEqual([true, value]);
    });

    test("still lies there", async () => {
      const past = (await expiring()).filter(({ at }) => at < now).map(({ name }) => name);
      const missing = Object.entries(KINDS).filter(([, { items }]) => !past.some((name) => items.test(name)));
      expect(missing.map(([kind]) => kind)).toEqual([]);
    });
  });
});

/** Nothing, none, no, or 0. */
function isNothing(value: unknown): boolean {
  if (value instanceof Map) return value.size === 0;
  return Array.isArray(value)
    ? value.length === 0
    : value === 0 || value === false || value === null || value === undefined;
}

test("of a journey that goes on all events are shown, however long ago they came, until its own time comes", async () => {
  const sent = (seq: number, at: number) => ({
    sessionId: "long",
    seq,
    type: "MESSAGE_SENT",
    occurredAt: iso(at),
    text: `${seq}`,
  });
  const record = (event: object) =>
    ask(`mutation ($e: [EventInput!]!) { recordEvents(input: { events: $e }) { __typename } }`, { e: [event] });
  const shown = () =>
    asked(`{ journey(sessionId: "long") { eventCount events { nodes { text } } } }`, ({ journey }) => journey);
  await record(sent(1, now));
  now += 80 * DAY;
  await record(sent(2, now));
  expect(await shown()).toEqual({ eventCount: 2, events: { nodes: [{ text: "1" }, { text: "2" }] } });
  now += 90 * DAY;
  expect(await shown()).toEqual({ eventCount: 2, events: { nodes: [{ text: "1" }, { text: "2" }] } });
  now += 1;
  expect(await shown()).toBeNull();
});
