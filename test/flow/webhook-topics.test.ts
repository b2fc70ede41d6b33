import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ensureQueue } from "../../api/aws/provision.ts";
import { createQueues } from "../../api/aws/queues.ts";
import type { OpenContext } from "../../schema/context.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { isSignedBy } from "../kit/receiver.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";

const START = Date.UTC(2026, 0, 31, 12);
const MINUTE = 60_000;
const QUEUE = "test-subscribed";
let now = START;
let tenants = 0;
let tenant: string;
let system: TestSystem;
let api: TestApp;
let sns: SNSClient;
let acme: string;
let secrets: string;

beforeAll(async () => {
  system = await startTestSystem();
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  sns = new SNSClient({ region: "eu-central-1", endpoint: system.endpoints.sns!, credentials });
  const create = async (name: string) => (await sns.send(new CreateTopicCommand({ Name: name }))).TopicArn!;
  [acme, secrets] = [await create("acme-alerts"), await create("secrets")];
  const queueArn = await ensureQueue(system.clients.sqs, QUEUE, {});
  for (const topic of [system.topic!, acme, secrets]) {
    const Attributes = { RawMessageDelivery: "true" };
    await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint: queueArn, Attributes }));
  }
  const WEBHOOK_TOPICS = `${system.topic},acme=${acme}`;
  api = await startTestApp({ system, clock: () => now, env: { WEBHOOK_TOPICS } });
});
afterAll(async () => {
  sns.destroy();
  await api.stop();
  await system.stop();
});
beforeEach(() => {
  now = START;
  tenant = `t${tenants++}`;
});

const INPUT = {
  createWebhook: [
    "CreateWebhookInput",
    "... on WebhookSecretPayload { secret webhook { webhookId url } } ... on InvalidInputError { fields { path message } }",
  ],
  testWebhook: ["WebhookInput", "... on WebhookDeliveryPayload { delivery { status tries { status error } } }"],
} as const;
async function mutate(name: keyof typeof INPUT, input: object, of = tenant) {
  const [type, selection] = INPUT[name];
  const query =
    `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${selection} ... on UserError { code } } }`;
  const answered = await api.ask(of, query, { input });
  if (answered.errors) throw new Error(JSON.stringify(answered.errors));
  return answered.data[name];
}
const create = (url: string, of = tenant) =>
  mutate("createWebhook", { name: "ours", url, types: ["ALERT_CHANGED"] }, of);
const services = () => (api.app.contextFor({ viewer: undefined, requestId: "r", header: {} }) as OpenContext).services;
const happen = (id: string, data: object = { id }) =>
  services().webhooks.put({ tenantId: tenant, type: "ALERT_CHANGED", id, at: now, data });
const runJob = (name: string) => api.app.jobs.find((job) => job.name === name)!.run();
const deliver = () => runJob("deliver-webhooks");
const log = async () =>
  (await api.ask(tenant, `{ webhooks { failingSince deliveries { nodes { status body tries { status error } } } } }`))
    .data
    .webhooks[0];

/** All that was published since the last call. */
async function published() {
  const queue = createQueues(system.clients.sqs);
  const all = [];
  for (;;) {
    const messages = await queue.receive(QUEUE);
    if (messages.length === 0) return all;
    for (const message of messages) {
      await queue.remove(QUEUE, message);
      all.push({ body: message.body, attributes: message.attributes });
    }
  }
}

describe("a webhook that names an SNS topic", () => {
  test("publishes each event once it happened, signed as a POST is, with the tenant beside it, and keeps the log", async () => {
    const { secret, webhook } = await create(system.topic!);
    expect(webhook.url).toBe(system.topic);
    await happen("e1", { words: "grüezi 😀 \uFFFE" });
    expect(await deliver()).toMatchObject({ events: 1, delivered: 1 });
    const [message, ...more] = await published();
    expect(more).toEqual([]);
    const { body, attributes } = message!;
    expect(JSON.parse(body)).toEqual({
      ...{ type: "alert.changed", timestamp: "2026-01-31T12:00:00.000Z", data: { words: "grüezi 😀 \uFFFE" } },
    });
    expect(attributes).toEqual({
      ...{ "webhook-id": expect.stringMatching(/^evt_/), "webhook-timestamp": `${START / 1_000}` },
      ...{ "webhook-signature": expect.stringMatching(/^v1,/), tenantId: tenant, type: "alert.changed" },
    });
    const call = { path: "", body, id: attributes["webhook-id"]!, timestamp: START / 1_000 };
    expect(isSignedBy(secret, { ...call, signatures: [attributes["webhook-signature"]!] })).toBe(true);
    expect((await log()).deliveries.nodes).toEqual([{
      status: "DELIVERED",
      body,
      tries: [{ status: 200, error: null }],
    }]);
  });

  test("is tried out by testWebhook", async () => {
    const { webhook: { webhookId } } = await create(system.topic!);
    expect(await mutate("testWebhook", { webhookId })).toMatchObject({ delivery: { status: "DELIVERED" } });
    expect((await published()).map(({ attributes }) => attributes["type"])).toEqual(["webhook.test"]);
  });

  test("tells of an alert over closed buckets, each turn once, though the job runs again and again", async () => {
    await create(system.topic!);
    const alert = {
      alertId: "quiet",
      name: "quiet",
      source: "ITEMS",
      size: "ONE_MINUTE",
      condition: "BELOW",
      threshold: 1,
    };
    const configure = `mutation ($input: ConfigureAlertInput!) { configureAlert(input: $input) { __typename } }`;
    expect((await api.ask(tenant, configure, { input: alert })).data.configureAlert.__typename).toBe("AlertPayload");
    now += 5 * MINUTE;
    await api.settle();
    for (let i = 0; i < 3; i++) {
      await runJob("judge-alerts");
      await deliver();
    }
    const told = (await published()).map(({ body }) => JSON.parse(body).data);
    expect(told).toEqual([
      expect.objectContaining({ alertId: "quiet", state: "RINGING", bucketEnd: "2026-01-31T12:01:00.000Z" }),
    ]);
  });

  test("is tried again under the same id while the topic is not there, and keeps why", async () => {
    tenant = "acme";
    await create(acme);
    await sns.send(new DeleteTopicCommand({ TopicArn: acme }));
    await happen("e1");
    expect(await deliver()).toMatchObject({ delivered: 0, failed: 1 });
    expect(await log()).toMatchObject({
      failingSince: "2026-01-31T12:00:00.000Z",
      deliveries: { nodes: [{ status: "PENDING", tries: [{ status: null, error: "there is no such topic" }] }] },
    });
    await sns.send(new CreateTopicCommand({ Name: "acme-alerts" }));
    now += 5_000;
    expect(await deliver()).toMatchObject({ delivered: 1 });
    expect(await log()).toMatchObject({ failingSince: null, deliveries: { nodes: [{ status: "DELIVERED" }] } });
  });

  test.each([
    ["another topic of the same account", () => secrets],
    ["one that another tenant may use", () => acme],
    ["a topic in other letters", () => system.topic!.toUpperCase()],
    ["a topic with something behind it", () => `${system.topic}:subscription`],
    ["a queue", () => "arn:aws:sqs:eu-central-1:000000000000:test-ingest"],
    ["no topic at all", () => "arn:"],
  ])("is refused where it names %s, with those that it may", async (_, urlOf) => {
    expect(await create(urlOf())).toMatchObject({
      ...{ __typename: "InvalidInputError", code: "INVALID_INPUT" },
      fields: [{ path: ["url"], message: `must be one of the SNS topics that you may use: ${system.topic}` }],
    });
  });

  test("publishes no more once the operator took the topic from the tenant", async () => {
    await create(system.topic!);
    const without = await startTestApp({ system, clock: () => now, env: { WEBHOOK_TOPICS: "" } });
    await happen("e1");
    await without.app.jobs.find(({ name }) => name === "deliver-webhooks")!.run();
    await without.stop();
    expect(await published()).toEqual([]);
    const [{ tries: [tried] }] = (await log()).deliveries.nodes;
    expect(tried.error).toMatch(/none that you may use; ask its operator \(WEBHOOK_TOPICS\)/);
  });
});
