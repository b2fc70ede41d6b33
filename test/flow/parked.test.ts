import { parseId } from "../../api/parked/model.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createQueues, type Queues } from "../../api/aws/queues.ts";
import { createPump } from "../../api/local/pump.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { silentLog } from "../kit/local.ts";
import { mutate } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const iso = (at: number) => new Date(at).toISOString();
let api: TestApp;
let queues: Queues;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
  queues = createQueues(api.system.clients.sqs);
});
afterAll(() => api.stop());

const pump = (name: string, handle: TestApp["app"]["ingest"]) =>
  createPump({ queues, queueName: `test-${name}`, handle, log: silentLog }).drain();
const send = (body: object) => queues.send("test-ingest", JSON.stringify(body));
const settle = async () => {
  await pump("ingest", api.app.ingest);
  await api.settle();
  await pump("late", api.app.ingestLate);
};

async function parked(tenantId: string, first = 25, after: string | null = null) {
  const { data } = await api.ask(
    tenantId,
    `query ($first: Int!, $after: String) { parked(first: $first, after: $after) {
      nodes { parkedId kind reason preview bytes parkedAt } pageInfo { hasNextPage endCursor } } }`,
    { first, after },
  );
  return data.parked as {
    nodes: { parkedId: string; kind: string; reason: string; preview: string }[];
    pageInfo: { hasNextPage: boolean; endCursor: string };
  };
}

async function retry(tenantId: string, parkedId: string): Promise<string> {
  const { data } = await api.ask(
    tenantId,
    `mutation ($input: RetryParkedInput!) { retryParked(input: $input) { __typename } }`,
    { input: { parkedId } },
  );
  return data.retryParked.__typename;
}

describe("what could not be taken", () => {
  test("is shown to its tenant with the reason, page by page, and to nobody else", async () => {
    const event = { sessionId: "s", seq: 1, type: "PAGE_VIEWED" };
    await send({
      tenant: "shop",
      events: [{ ...event, occurredAt: iso(NOW) }, { ...event, seq: 2, occurredAt: "soon" }],
    });
    await send({ tenant: "shop", nothing: true });
    await send({ tenant: "other", metrics: [] });
    const key = { pk: "shop#3", sk: "broken#ITEMS" };
    await createDynamo(api.system.clients.dynamodb).put("test-records", key);
    await settle();
    const { nodes } = await parked("shop");
    expect(nodes.map(({ kind, reason }) => `${kind} ${reason.split(":")[0]}`).sort()).toEqual([
      "MESSAGE body",
      "MESSAGE events.1",
      "RECORD its attribute `at` must be an instant in epoch milliseconds, got nothing",
    ]);
    // Of a message with one event that is wrong, only that one is parked.
    expect(JSON.parse(nodes.find(({ reason }) => reason.startsWith("events"))!.preview).events).toHaveLength(1);
    expect((await parked("other")).nodes.map(({ preview }) => preview)).toEqual(['{"tenant":"other","metrics":[]}']);
    expect((await parked("nobody")).nodes).toEqual([]);
    const first = await parked("shop", 2);
    const rest = await parked("shop", 2, first.pageInfo.endCursor);
    expect([first.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([true, false]);
    expect([...first.nodes, ...rest.nodes]).toEqual(nodes);
  });

  test("is tried again, and counts once; what is wrong still is parked again", async () => {
    const [tenant, session] = ["again", "s-1"];
    await send({ tenant, events: [{ sessionId: session, seq: 1, type: "PAGE_VIEWED", occurredAt: "soon" }] });
    await settle();
    const { nodes: [wrong] } = await parked(tenant);
    expect(await retry(tenant, wrong!.parkedId)).toBe("RetryParkedPayload");
    expect((await parked(tenant)).nodes).toEqual([]);
    await settle();
    expect((await parked(tenant)).nodes.map(({ parkedId }) => parkedId)).toEqual([wrong!.parkedId]);
  });

  test("no id names what is another tenant's, or anything else in the store", async () => {
    const { nodes } = await parked("shop");
    for (const { parkedId } of nodes) expect(await retry("thief", parkedId)).toBe("NotFoundError");
    const texts = [
      "MESSAGE/../tenant=shop/a.json",
      "MESSAGE/",
      "EVENTS/x.json",
      "RECORD/../../events/x.json",
      "\u0000",
    ];
    const ids = ["", "x", "é", ...texts.map((text) => Buffer.from(text).toString("base64url"))];
    for (const id of ids) expect(await retry("shop", id)).toBe("NotFoundError");
    expect((await parked("shop")).nodes).toEqual(nodes);
  });
});

test("what all sensors sent and nobody believes is one list, latest first, and shrinks as it is resolved", async () => {
  const aside = async (first: number, after: string | null = null) => {
    const { data } = await api.ask(
      "house",
      `query ($first: Int!, $after: String) { quarantined(first: $first, after: $after) {
        nodes { sensorId quarantineId kind reason } pageInfo { hasNextPage endCursor } } }`,
      { first, after },
    );
    return data.quarantined;
  };
  for (const [i, sensorId] of ["hall", "porch", "attic"].entries()) {
    await mutate(api, "house", "recordMotion", { sensorId, seq: 1, at: iso(NOW + (i + 1) * 86_400_000) });
  }
  const page = await aside(2);
  const rest = await aside(2, page.pageInfo.endCursor);
  const all: { sensorId: string; quarantineId: string }[] = [...page.nodes, ...rest.nodes];
  expect(all.map(({ sensorId }) => sensorId).sort()).toEqual(["attic", "hall", "porch"]);
  expect([page.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([true, false]);
  const { sensorId, quarantineId } = all[0]!;
  await mutate(api, "house", "resolveQuarantined", { sensorId, quarantineId, admit: false });
  expect((await aside(25)).nodes).toHaveLength(2);
  expect((await api.ask("elsewhere", "{ quarantined { nodes { sensorId } } }")).data.quarantined.nodes).toEqual([]);
  // Notes are found beside it, and nothing of what is kept aside.
  const found = await api.ask("house", `{ sessions(filter: { text: "hall" }) { nodes { sessionId } } }`);
  expect(found.data.sessions.nodes).toEqual([]);
});

test("each erasure leaves its receipt in one list, once however often it runs", async () => {
  const event = { sessionId: "e", seq: 1, type: "PAGE_VIEWED", occurredAt: iso(NOW), visitorId: "ada" };
  await api.ask("gone", `mutation ($e: [EventInput!]!) { recordEvents(input: { events: $e }) { __typename } }`, {
    e: [event],
  });
  await mutate(api, "gone", "recordMotion", { sensorId: "hall", seq: 1, at: iso(NOW) });
  const erase = `mutation { eraseVisitor(input: { visitorId: "ada" }) { ... on EraseVisitorPayload { receiptId } }
    eraseSensor(input: { sensorId: "hall" }) { ... on EraseSensorPayload { receiptId } } }`;
  const { data } = await api.ask("gone", erase);
  await api.ask("gone", erase);
  const { data: { erasures } } = await api.ask(
    "gone",
    "{ erasures { nodes { receiptId at what things events userId } } }",
  );
  const at = iso(NOW);
  expect(erasures.nodes).toHaveLength(2);
  expect(erasures.nodes).toEqual(expect.arrayContaining([
    { receiptId: data.eraseVisitor.receiptId, at, what: "VISITOR", things: 1, events: 1, userId: "u" },
    { receiptId: data.eraseSensor.receiptId, at, what: "SENSOR", things: 1, events: 1, userId: "u" },
  ]));
});

test("admins see how identity is set, without what may be secret in an address", async () => {
  const env = { JWKS_URL: "https://me:pw@id.example/keys?token=x", SCOPE_MAP: '{"Admins":"*"}', AUDIT_DAYS: "30" };
  const other = await startTestApp({ system: api.system, env });
  const { data } = await other.ask(
    "t",
    `{ identitySettings { hasAccounts takesRegistrations issuers audiences clients algorithms keySets tenantClaim scopesClaim
      scopeMap { word meaning } tokenTtl refreshTtl auditDays } }`,
  );
  expect(data.identitySettings).toMatchObject({
    hasAccounts: true,
    keySets: ["https://id.example/keys"],
    scopeMap: [{ word: "Admins", meaning: "*" }],
    tenantClaim: "tenant",
    auditDays: 30,
  });
  const refused = await other.ask("t", "{ identitySettings { issuers } }", {}, ["JOURNEYS_READ"]);
  expect(refused.errors![0]!.extensions.code).toBe("FORBIDDEN");
  await other.stop();
});

test("an id leads below the asker's own folder and nowhere else", () => {
  const idOf = (text: string) => parseId("t", Buffer.from(text).toString("base64url"))?.key;
  expect(idOf("MESSAGE/a.json")).toBe("parked/tenant=t/a.json");
  expect(idOf("RECORD/sojourn-records/1-a.json")).toBe("late/tenant=t/sojourn-records/1-a.json");
  const strange = [
    "MESSAGE/../a.json",
    "RECORD/./a.json",
    "RECORD/a/b/c.json",
    "MESSAGE//a.json",
    "OTHER/a.json",
    "",
    "\0",
  ];
  expect(strange.map(idOf)).toEqual(strange.map(() => undefined));
});
