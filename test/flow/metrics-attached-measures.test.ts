import { CreateTableCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { parseConfig } from "../../api/config.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startTestSystem } from "../kit/local.ts";
import { metricsOf } from "../kit/metrics.ts";

const NOW = Date.UTC(2026, 5, 1, 12, 30);
const MIN = 60_000;
const HOUR = 60 * MIN;
const TABLE = "shop-sales";
const iso = (at: number) => new Date(at).toISOString();
const attached = [{
  ...{ table: TABLE, source: "TASKS", tenant: "customer", at: "createdAt" },
  ...{ value: "total", dimensions: { country: "ship to", kind: "kind" } },
}];
const env = { ATTACHED_TABLES: JSON.stringify(attached) };
let api: TestApp;
let dynamo: ReturnType<typeof createDynamo>;

beforeAll(async () => {
  const system = await startTestSystem();
  await system.clients.dynamodb.send(
    new CreateTableCommand({
      TableName: TABLE,
      KeySchema: [{ AttributeName: "order", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "order", AttributeType: "N" }],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  );
  api = await startTestApp({ system, clock: () => NOW, recheckMs: 0, env });
  dynamo = createDynamo(system.clients.dynamodb);
});
afterAll(async () => {
  await api.stop();
  await api.system.stop();
});

const SERIES = `query ($range: TimeRange!, $by: String) {
  metrics(sources: [TASKS], size: ONE_HOUR, range: $range, by: $by) {
    dimension { key value } buckets { count values sum min max } } }`;

/** What an hour of a tenant comes to: in all, or by each value of a dimension. */
async function hourOf(tenant: string, by?: string) {
  const range = { between: { from: iso(NOW - HOUR / 2), to: iso(NOW + HOUR / 2) } };
  const answer = await api.ask(tenant, SERIES, { range, by });
  const series = answer.data.metrics as { dimension: { value: string } | null; buckets: Record<string, number>[] }[];
  return Object.fromEntries(series.map(({ dimension, buckets: [bucket] }) => [dimension?.value ?? "all", bucket]));
}
const put = async (order: number, more: object, customer = "acme") => {
  await dynamo.put(TABLE, { order, customer, createdAt: NOW - MIN, ...more });
  await api.settle();
};
const isAudited = async (tenant = "acme") =>
  expect(await metricsOf(api, tenant).audit("TASKS", NOW - HOUR, NOW + HOUR)).toMatchObject({ differences: [] });

test("items measure what the attributes named say, as numbers or their text, by dimension", async () => {
  await put(1, { total: 12.5, "ship to": "NL", kind: true });
  await put(2, { total: "-2.5", "ship to": "NL", kind: 7 });
  // What is not there, null and empty text say nothing.
  await put(3, { total: null, "ship to": "", kind: "gift" });
  await put(4, {});
  expect(await hourOf("acme")).toEqual({ all: { count: 4, values: 2, sum: 10, min: -2.5, max: 12.5 } });
  expect(await hourOf("acme", "country")).toEqual({ NL: { count: 2, values: 2, sum: 10, min: -2.5, max: 12.5 } });
  expect(Object.keys(await hourOf("acme", "kind")).sort()).toEqual(["7", "gift", "true"]);
  await isAudited();
});

test("a change of a number or a dimension alone follows, one that changes hands takes them along, one that is deleted takes them away", async () => {
  await put(1, { total: 20, "ship to": "DE", kind: true });
  expect(await hourOf("acme", "country")).toEqual({
    DE: { count: 1, values: 1, sum: 20, min: 20, max: 20 },
    NL: { count: 1, values: 1, sum: -2.5, min: -2.5, max: -2.5 },
  });
  await put(2, { total: "-2.5", "ship to": "NL", kind: 7 }, "other");
  await dynamo.remove(TABLE, { order: 3 });
  await put(4, { total: 1 });
  expect(await hourOf("acme")).toEqual({ all: { count: 2, values: 2, sum: 21, min: 1, max: 20 } });
  expect(await hourOf("other", "country")).toMatchObject({ NL: { count: 1, sum: -2.5 } });
  // Told again from the first, by a process that remembers nothing: older images never win.
  const again = await startTestApp({ system: api.system, clock: () => NOW, env });
  await again.settle();
  await again.stop();
  expect(await hourOf("acme")).toEqual({ all: { count: 2, values: 2, sum: 21, min: 1, max: 20 } });
  await isAudited();
  await isAudited("other");
});

test("what cannot be measured is put aside with the reason, and what was known of the item stays", async () => {
  const queues = createQueues(api.system.clients.sqs);
  const bad: [object, string][] = [
    [{ total: "12,50" }, "its attribute `total` must be a number"],
    [{ total: [1] }, "its attribute `total` must be a number"],
    [{ total: "0x10" }, "its attribute `total` must be a number"],
    [{ total: 1e13 }, "its attribute `total` must be from -10^12 to 10^12, got 10000000000000"],
    [{ total: "1e999" }, "its attribute `total` must be from -10^12 to 10^12, got Infinity"],
    [{ "ship to": ["NL"] }, "its attribute `ship to` must be text"],
    [{ "ship to": "x".repeat(65) }, "its attribute `ship to` must be 1 to 64 characters, has 65"],
    [{ kind: "a\u0000b" }, "its attribute `kind` must not hold control characters"],
  ];
  const reasons: string[] = [];
  for (const [more] of bad) {
    await put(1, more);
    for (const message of await queues.receive(`${api.system.prefix}-late`, { waitSeconds: 0 })) {
      reasons.push((JSON.parse(message.body) as { reason: string }).reason);
      await queues.remove(`${api.system.prefix}-late`, message);
    }
  }
  expect(reasons).toEqual(bad.map(([, reason]) => reason));
  expect(await hourOf("acme")).toEqual({ all: { count: 2, values: 2, sum: 21, min: 1, max: 20 } });
  // Mended where it is kept, it counts.
  await put(1, { total: 3, "ship to": "NL" });
  expect(await hourOf("acme")).toEqual({ all: { count: 2, values: 2, sum: 4, min: 1, max: 3 } });
});

test("an item that named no tenant counts once its owner says whose it is, and is no fault when it goes", async () => {
  const queues = createQueues(api.system.clients.sqs);
  const aside = async () => {
    const messages = await queues.receive(`${api.system.prefix}-late`, { waitSeconds: 0 });
    for (const message of messages) await queues.remove(`${api.system.prefix}-late`, message);
    return messages.length;
  };
  await put(9, { total: 5, customer: "no tenant!" });
  expect(await aside()).toBe(1);
  await put(9, { total: 5 }, "mended");
  expect(await hourOf("mended")).toMatchObject({ all: { count: 1, sum: 5 } });
  await put(10, { customer: null });
  expect(await aside()).toBe(1);
  await dynamo.remove(TABLE, { order: 10 });
  await api.settle();
  expect(await aside()).toBe(0);
});

test("numbers that no number here is hold nothing up: ids of nineteen digits, and more", async () => {
  const { dynamodb } = api.system.clients;
  const item = (order: string, extra: string) => ({
    ...{ order: { N: order }, customer: { S: "big" }, createdAt: { N: `${NOW - MIN}` }, total: { N: "2" } },
    extra: { N: extra },
  });
  for (const [order, extra] of [["1234567890123456789", "9007199254740993.5"], ["1234567890123456788", "1e30"]]) {
    await dynamodb.send(new PutItemCommand({ TableName: TABLE, Item: item(order!, extra!) }));
  }
  await put(11, { total: 1 }, "big");
  expect(await hourOf("big")).toMatchObject({ all: { count: 3, sum: 5 } });
  // One of these that cannot count is put aside as any other.
  const wrong = { ...item("1234567890123456789", "1"), total: { N: "12345678901234567890" } };
  await dynamodb.send(new PutItemCommand({ TableName: TABLE, Item: wrong }));
  await api.settle();
  expect(await hourOf("big")).toMatchObject({ all: { count: 3, sum: 5 } });
  const queues = createQueues(api.system.clients.sqs);
  const messages = await queues.receive(`${api.system.prefix}-late`, { waitSeconds: 0 });
  expect(messages.map(({ body }) => (JSON.parse(body) as { reason: string }).reason)).toEqual([
    expect.stringContaining("its attribute `total` must be from -10^12 to 10^12"),
  ]);
});

test("an hour has room for a hundred pairs here too; the next is put aside, and the rest counts", async () => {
  for (let i = 0; i < 101; i++) {
    await dynamo.put(TABLE, { order: 100 + i, customer: "wide", createdAt: NOW - MIN, "ship to": `c${i}` });
  }
  await api.settle();
  expect(await hourOf("wide")).toMatchObject({ all: { count: 100 } });
});

test("a mapping says what is wrong with it", () => {
  const [table] = attached;
  const many = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`k${i}`, "a"]));
  for (
    const wrong of [{ value: "" }, { value: 1 }, { dimensions: { "1x": "a" } }, { dimensions: { a: "" } }, {
      dimensions: many,
    }]
  ) {
    const text = JSON.stringify([{ ...table, ...wrong }]);
    expect(() => parseConfig({ ATTACHED_TABLES: text })).toThrow(/"dimensions":\{"country":"shipTo"\}/);
  }
  expect(parseConfig(env).attachedTables).toEqual(attached);
});
