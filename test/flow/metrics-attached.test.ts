import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createStreams } from "../../api/aws/streams.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { parseConfig } from "../../api/config.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startTestSystem } from "../kit/local.ts";
import { filled, metricsOf } from "../kit/metrics.ts";

const NOW = Date.UTC(2026, 5, 1, 12, 30);
const MIN = 60_000;
const HOUR = 60 * MIN;
const TABLE = "shop-orders";
const iso = (at: number) => new Date(at).toISOString();
let api: TestApp;
let dynamo: ReturnType<typeof createDynamo>;

beforeAll(async () => {
  const system = await startTestSystem();
  await system.clients.dynamodb.send(
    new CreateTableCommand({
      TableName: TABLE,
      KeySchema: [{ AttributeName: "order", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "order", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
  const attached = [{ table: TABLE, source: "TASKS", tenant: "customer", at: "createdAt" }];
  api = await startTestApp({ system, clock: () => NOW, env: { ATTACHED_TABLES: JSON.stringify(attached) } });
  dynamo = createDynamo(system.clients.dynamodb);
});
afterAll(async () => {
  await api.stop();
  await api.system.stop();
});

const put = (order: string, customer: string, createdAt: unknown) => dynamo.put(TABLE, { order, customer, createdAt });
const counts = async (tenant: string) =>
  filled((await metricsOf(api, tenant).series("TASKS", "ONE_MINUTE", NOW - HOUR, NOW + MIN)).buckets);

test("items of an attached table count once each, by the attributes named, however time is written", async () => {
  await put("1", "acme", iso(NOW));
  await put("2", "acme", NOW - MIN);
  await put("3", "acme", (NOW - MIN) / 1_000);
  await put("4", "other", NOW);
  await api.settle();
  expect(await counts("acme")).toEqual({ [iso(NOW)]: 1, [iso(NOW - MIN)]: 2 });
  const again = await startTestApp({ system: api.system, clock: () => NOW, env: envOf(api) });
  await again.settle();
  await again.stop();
  expect(await counts("acme")).toEqual({ [iso(NOW)]: 1, [iso(NOW - MIN)]: 2 });
  expect(await counts("other")).toEqual({ [iso(NOW)]: 1 });
});

test("one that is corrected moves, one that changes hands leaves, one that is deleted is gone, also when all is told again", async () => {
  await put("1", "acme", NOW - 10 * MIN);
  await put("2", "other", NOW - MIN);
  await dynamo.remove(TABLE, { order: "3" });
  await api.settle();
  const expected = { acme: { [iso(NOW - 10 * MIN)]: 1 }, other: { [iso(NOW)]: 1, [iso(NOW - MIN)]: 1 } };
  expect({ acme: await counts("acme"), other: await counts("other") }).toEqual(expected);
  const again = await startTestApp({ system: api.system, clock: () => NOW, env: envOf(api) });
  await again.settle();
  await again.stop();
  expect({ acme: await counts("acme"), other: await counts("other") }).toEqual(expected);
});

test("one without the attribute that it should count by is put aside with the reason, and the rest counts", async () => {
  await put("5", "acme", "yesterday");
  await dynamo.put(TABLE, { order: "6", createdAt: NOW });
  await put("7", "acme", NOW + HOUR);
  await put("8", "acme", NOW);
  await api.settle();
  expect(await counts("acme")).toEqual({ [iso(NOW - 10 * MIN)]: 1, [iso(NOW)]: 1 });
  const queues = createQueues(api.system.clients.sqs);
  const messages = await queues.receive(`${api.system.prefix}-late`, { waitSeconds: 0 });
  expect(messages.map(({ body }) => (JSON.parse(body) as { reason: string }).reason).sort()).toEqual([
    "its attribute `createdAt` must be an instant: RFC 3339 text, epoch seconds or epoch milliseconds",
    expect.stringContaining("its attribute `createdAt` must not be more than 10 minutes ahead"),
    expect.stringContaining("its attribute `customer` must name the tenant: 1 to 128 of A-Z, a-z, 0-9"),
  ]);
  // An hour later the one that was ahead can count.
  const later = await startTestApp({ system: api.system, clock: () => NOW + HOUR, env: envOf(api) });
  const ahead = messages.filter(({ body }) => body.includes("ahead"));
  expect(await later.app.ingestLate(ahead)).toEqual({ failed: [] });
  await later.settle();
  await later.stop();
  expect((await metricsOf(api, "acme").series("TASKS", "ONE_HOUR", NOW + 50 * MIN, NOW + 2 * HOUR)).total).toBe(1);
});

test("a table that is not there, or has no stream, is known as such", async () => {
  const { dynamodb, streams } = api.system.clients;
  await dynamodb.send(
    new CreateTableCommand({
      TableName: "shop-silent",
      KeySchema: [{ AttributeName: "order", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "order", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  const { arnOf } = createStreams(dynamodb, streams);
  expect(await Promise.all(["shop-none", "shop-silent"].map(arnOf))).toEqual([undefined, undefined]);
  expect(await arnOf(TABLE)).toContain(TABLE);
});

test("a wrong list of attached tables says what is right", () => {
  for (const text of ["{", '[{"table":"x"}]', '[{"table":"shop","source":"JOURNEYS","tenant":"a","at":"b"}]']) {
    expect(() => parseConfig({ ATTACHED_TABLES: text })).toThrow(/ATTACHED_TABLES=.*must be a JSON list such as/);
  }
});

function envOf({ config }: TestApp) {
  return { ATTACHED_TABLES: JSON.stringify(config.attachedTables) };
}
