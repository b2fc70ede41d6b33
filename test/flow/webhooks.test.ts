import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OpenContext } from "../../schema/context.ts";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createWebhookStore, eventIdOf } from "../../api/webhooks/store.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { isSignedBy, startReceiver } from "../kit/receiver.ts";

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 31, 12);
let now = START;
let tenants = 0;
let tenant: string;
let api: TestApp;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
let answer: (path: string) => number = () => 200;

beforeAll(async () => {
  api = await startTestApp({ clock: () => now, reach: "machine" });
  receiver = await startReceiver(({ path }) => answer(path));
});
afterAll(async () => {
  await receiver.stop();
  await api.stop();
});
beforeEach(() => {
  now = START;
  tenant = `t${tenants++}`;
  answer = () => 200;
});
afterEach(() => void receiver.calls.splice(0));

/** What came to this test's own paths: what those before left is sent too. */
const calls = () => receiver.calls.filter(({ path }) => path.startsWith(`/${tenant}/`));

const HOOK = "webhookId name url types pausedAt pausedBecause failingSince revokedAt";
const SECRET = `... on WebhookSecretPayload { secret webhook { ${HOOK} } }`;
const DELIVERY = "... on WebhookDeliveryPayload { delivery { status type tries { status error } } }";
const WEBHOOK = `... on WebhookPayload { webhook { ${HOOK} } }`;
/** The type of each mutation's input, and what is selected of its result. */
const MUTATIONS = {
  createWebhook: ["CreateWebhookInput", SECRET],
  rotateWebhookSecret: ["WebhookInput", SECRET],
  revokeWebhook: ["WebhookInput", WEBHOOK],
  resumeWebhook: ["WebhookInput", WEBHOOK],
  testWebhook: ["WebhookInput", DELIVERY],
  resendWebhookDelivery: ["ResendWebhookDeliveryInput", DELIVERY],
} as const;

async function mutate(name: keyof typeof MUTATIONS, input: object, of = tenant) {
  const [type, selection] = MUTATIONS[name];
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) {
    __typename ${selection} ... on UserError { code message } } }`;
  const answered = await api.ask(of, query, { input });
  if (answered.errors) throw new Error(JSON.stringify(answered.errors));
  return answered.data[name];
}
const create = (path: string, of = tenant) =>
  mutate("createWebhook", { name: "shop", url: `${receiver.url}/${tenant}${path}`, types: ["ALERT_CHANGED"] }, of);

const services = () => (api.app.contextFor({ viewer: undefined, requestId: "r", header: {} }) as OpenContext).services;
const happen = (id: string, data: object = { id }) =>
  services().webhooks.put({ tenantId: tenant, type: "ALERT_CHANGED", id, at: now, data });
const deliver = () => api.app.jobs.find(({ name }) => name === "deliver-webhooks")!.run();
const log = async (webhookId: string, page = "first: 50") => {
  const { data } = await api.ask(
    tenant,
    `{ webhooks { webhookId ${
      HOOK.slice(10)
    } deliveries(${page}) { nodes { deliveryId eventId type status body dueAt tries { at status error } }
      pageInfo { endCursor hasNextPage } } } }`,
  );
  return data.webhooks.find((hook: { webhookId: string }) => hook.webhookId === webhookId);
};

test("one that is revoked hears of nothing more, and nothing is kept for it", async () => {
  const { webhook } = await create("/over");
  await mutate("revokeWebhook", { webhookId: webhook.webhookId });
  await happen("late");
  await deliver();
  expect(calls()).toEqual([]);
  expect((await log(webhook.webhookId)).deliveries.nodes).toEqual([]);
});

describe("a webhook", () => {
  test("is told of an event once it happened, signed, and its secret is shown once", async () => {
    const { secret, webhook } = await create("/a");
    await happen("e1", { words: "grüezi" });
    expect(await deliver()).toMatchObject({ events: 1, delivered: 1 });
    const [call] = calls();
    expect(JSON.parse(call!.body)).toEqual({
      type: "alert.changed",
      timestamp: "2026-01-31T12:00:00.000Z",
      data: { words: "grüezi" },
    });
    expect(isSignedBy(secret, call!)).toBe(true);
    expect(call!.timestamp).toBe(START / 1_000);
    const shown = await log(webhook.webhookId);
    expect(shown.deliveries.nodes).toEqual([{
      ...{ deliveryId: expect.any(String), eventId: call!.id, type: "ALERT_CHANGED", status: "DELIVERED" },
      ...{ body: call!.body, dueAt: null, tries: [{ at: "2026-01-31T12:00:00.000Z", status: 200, error: null }] },
    }]);
    expect(JSON.stringify(shown)).not.toContain(secret.slice(6));
  });

  test("is told once of an event that is told of twice", async () => {
    await create("/a");
    await happen("e1");
    await happen("e1", { other: true });
    await deliver();
    await happen("e1");
    await deliver();
    expect(calls().map(({ body }) => JSON.parse(body).data)).toEqual([{ id: "e1" }]);
  });

  test("is told of what happens by a transaction, and not of what does not", async () => {
    const dynamo = createDynamo(api.system.clients.dynamodb);
    await create("/a");
    const part = (id: string) =>
      services().webhooks.writeOf({ tenantId: tenant, type: "ALERT_CHANGED", id, at: now, data: { id } });
    const table = `${api.config.prefix}-buckets`;
    const put = { table, put: { pk: `x#${tenant}`, sk: "x" }, condition: { expression: "attribute_not_exists(pk)" } };
    expect(await dynamo.transact([put, part("yes")])).toBe(true);
    expect(await dynamo.transact([put, part("no")])).toBe(false);
    await deliver();
    expect(calls().map(({ body }) => JSON.parse(body).data.id)).toEqual(["yes"]);
  });

  test("is tried again under the same id, later and later, until it takes it", async () => {
    const { webhook } = await create("/a");
    answer = () => (calls().length < 3 ? 500 : 204);
    await happen("e1");
    expect(await deliver()).toMatchObject({ delivered: 0, failed: 1 });
    expect(await deliver()).toMatchObject({ delivered: 0, failed: 0 });
    expect(await log(webhook.webhookId)).toMatchObject({ failingSince: "2026-01-31T12:00:00.000Z" });
    now += 5_000;
    expect(await deliver()).toMatchObject({ failed: 1 });
    now += 29_999;
    expect(await deliver()).toMatchObject({ delivered: 0, failed: 0 });
    now += 1;
    expect(await deliver()).toMatchObject({ delivered: 1 });
    expect(new Set(calls().map(({ id }) => id)).size).toBe(1);
    expect(calls().map(({ timestamp }) => timestamp - START / 1_000)).toEqual([0, 5, 35]);
    expect(await log(webhook.webhookId)).toMatchObject({
      failingSince: null,
      deliveries: { nodes: [{ status: "DELIVERED", tries: [{ status: 500 }, { status: 500 }, { status: 204 }] }] },
    });
  });

  test("is told again where the process died between the request and the note of it", async () => {
    const { webhook } = await create("/a");
    await happen("e1");
    const store = createWebhookStore(createDynamo(api.system.clients.dynamodb), `${api.config.prefix}-webhooks`);
    const eventId = eventIdOf({ tenantId: tenant, type: "ALERT_CHANGED", id: "e1" });
    await store.putDelivery({
      ...{
        deliveryId: `${now}#${eventId}`,
        webhookId: webhook.webhookId,
        tenantId: tenant,
        eventId,
        type: "ALERT_CHANGED",
      },
      ...{ status: "PENDING", body: "{}", createdAt: now, attempts: 0, tries: [], dueAt: now },
    });
    const key = { pk: `${tenant}#${webhook.webhookId}`, sk: `${now}#${eventId}` };
    expect(await store.claim(key, now, now + 60_000)).toBeDefined();
    expect(await deliver()).toMatchObject({ delivered: 0 });
    now += 60_000;
    expect(await deliver()).toMatchObject({ delivered: 1 });
    expect(calls().map(({ id }) => id)).toEqual([eventId]);
  });

  test("that takes nothing for a day is paused; what happens is held, and sent when it is resumed", async () => {
    const { webhook } = await create("/a");
    answer = () => 503;
    await happen("e1");
    await happen("e2");
    for (let hours = 0; hours < 30; hours += 0.5) {
      await deliver();
      now += HOUR_MS / 2;
    }
    await happen("e3");
    await deliver();
    const paused = await log(webhook.webhookId);
    expect(paused.pausedBecause).toBe("nothing was taken for a day; the last time: it answered 503");
    const statuses = paused.deliveries.nodes.map(({ status }: { status: string }) => status);
    expect(statuses[0]).toBe("HELD");
    expect(statuses).toContain("FAILED");
    const asked = calls().length;
    // While it fails, one of its deliveries at a time is tried.
    expect(asked).toBeLessThan(40);

    answer = () => 200;
    expect((await mutate("resumeWebhook", { webhookId: webhook.webhookId })).webhook).toMatchObject({ pausedAt: null });
    await deliver();
    await deliver();
    const failed = paused.deliveries.nodes.filter(({ status }: { status: string }) => status === "FAILED");
    for (const { deliveryId } of failed) {
      const input = { webhookId: webhook.webhookId, deliveryId };
      expect(await mutate("resendWebhookDelivery", input)).toMatchObject({ delivery: { status: "PENDING" } });
      expect(await mutate("resendWebhookDelivery", input)).toMatchObject({ code: "NOT_FOUND" });
    }
    await deliver();
    expect(new Set(calls().slice(asked).map(({ body }) => JSON.parse(body).data.id))).toEqual(
      new Set(["e1", "e2", "e3"]),
    );
    expect(new Set((await log(webhook.webhookId)).deliveries.nodes.map(({ status }: { status: string }) => status)))
      .toEqual(new Set(["DELIVERED"]));
  });

  test("that says it is gone is paused at once", async () => {
    const { webhook } = await create("/a");
    answer = () => 410;
    await happen("e1");
    await deliver();
    expect((await log(webhook.webhookId)).pausedBecause).toMatch(/410/);
  });

  test("that is dead holds up no other, and costs a request at a time", async () => {
    const { webhook } = await create("/dead");
    await create("/alive");
    answer = (path) => (path.endsWith("/dead") ? 500 : 200);
    for (let i = 0; i < 20; i++) await happen(`e${i}`);
    await deliver();
    expect(calls().filter(({ path }) => path.endsWith("/alive"))).toHaveLength(20);
    expect(calls().filter(({ path }) => path.endsWith("/dead")).length).toBeLessThanOrEqual(4);
    const { deliveries } = await log(webhook.webhookId);
    expect(new Set(deliveries.nodes.map(({ status }: { status: string }) => status))).toEqual(new Set(["PENDING"]));
  });

  test("signs with the old secret too for a day after a rotation", async () => {
    const { secret, webhook } = await create("/a");
    const rotated = await mutate("rotateWebhookSecret", { webhookId: webhook.webhookId });
    expect(rotated.secret).not.toBe(secret);
    await happen("e1");
    await deliver();
    now += 24 * HOUR_MS;
    await happen("e2");
    await deliver();
    const signed = calls().map((call) => [secret, rotated.secret].map((own) => isSignedBy(own, call)));
    expect(signed).toEqual([[true, true], [false, true]]);
  });

  test("that is revoked is told of nothing more, also of what was on its way", async () => {
    const { webhook } = await create("/a");
    answer = () => 500;
    await happen("e1");
    await deliver();
    const first = await mutate("revokeWebhook", { webhookId: webhook.webhookId });
    now += 60_000;
    expect(await mutate("revokeWebhook", { webhookId: webhook.webhookId })).toEqual(first);
    await happen("e2");
    await deliver();
    expect(calls()).toHaveLength(1);
    for (const name of ["rotateWebhookSecret", "resumeWebhook", "testWebhook"] as const) {
      expect(await mutate(name, { webhookId: webhook.webhookId })).toMatchObject({ code: "NOT_FOUND" });
    }
  });

  test("can be tried out, with the answer at once", async () => {
    const { webhook, secret } = await create("/a");
    expect(await mutate("testWebhook", { webhookId: webhook.webhookId })).toMatchObject({
      delivery: { status: "DELIVERED", type: "WEBHOOK_TEST", tries: [{ status: 200 }] },
    });
    expect(isSignedBy(secret, calls()[0]!)).toBe(true);
    expect(JSON.parse(calls()[0]!.body).type).toBe("webhook.test");
    answer = () => 302;
    expect(await mutate("testWebhook", { webhookId: webhook.webhookId })).toMatchObject({
      delivery: { status: "FAILED", tries: [{ status: 302 }] },
    });
  });

  test("is its own tenant's", async () => {
    const { webhook } = await create("/a");
    const input = { webhookId: webhook.webhookId };
    for (const name of ["rotateWebhookSecret", "revokeWebhook", "resumeWebhook", "testWebhook"] as const) {
      expect(await mutate(name, input, "other")).toMatchObject({ code: "NOT_FOUND" });
    }
    expect((await api.ask("other", "{ webhooks { webhookId } }")).data.webhooks).toEqual([]);
    await services().webhooks.put({ tenantId: "other", type: "ALERT_CHANGED", id: "e1", at: now, data: {} });
    await deliver();
    expect(calls()).toEqual([]);
  });

  test("is refused where it points inside, and as the 21st", async () => {
    const inside = { name: "x", url: "https://169.254.169.254/latest/meta-data", types: ["ALERT_CHANGED"] };
    expect((await mutate("createWebhook", inside)).message).toMatch(/^url: must be a public address/);
    expect((await mutate("createWebhook", { ...inside, url: `${receiver.url}/`, types: [] })).message).toMatch(
      /^types/,
    );
    for (let i = 0; i < 20; i++) await create(`/${i}`);
    expect((await create("/21")).message).toMatch(/20 that a tenant may have/);
  });

  test("has a log in pages", async () => {
    const { webhook } = await create("/a");
    for (let i = 0; i < 5; i++) {
      await happen(`e${i}`);
      now += 1;
    }
    await deliver();
    const first = await log(webhook.webhookId, "first: 3");
    expect(first.deliveries.pageInfo.hasNextPage).toBe(true);
    const rest = await log(webhook.webhookId, `first: 3, after: "${first.deliveries.pageInfo.endCursor}"`);
    const ids = [...first.deliveries.nodes, ...rest.deliveries.nodes].map(({ body }) => JSON.parse(body).data.id);
    expect(ids).toEqual(["e4", "e3", "e2", "e1", "e0"]);
  });
});

test("whether anybody wants an event is known without a write", async () => {
  expect(await services().webhooks.wants(tenant, "ALERT_CHANGED")).toBe(false);
  const { webhook } = await create("/a");
  expect(await services().webhooks.wants(tenant, "ALERT_CHANGED")).toBe(true);
  await mutate("revokeWebhook", { webhookId: webhook.webhookId });
  expect(await services().webhooks.wants(tenant, "ALERT_CHANGED")).toBe(false);
});
