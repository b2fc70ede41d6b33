import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDynamo } from "../../api/aws/dynamo.ts";
import type { QueueMessage } from "../../api/aws/queues.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { createObjects } from "../../api/aws/objects.ts";
import { createStreams, type StreamRecord } from "../../api/aws/streams.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { metricsOf } from "../kit/metrics.ts";

const NOW = Date.UTC(2026, 5, 1, 12, 30);
const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();
let api: TestApp;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const item = (id: string, at = NOW) => ({ source: "ITEMS", recordId: id, at: iso(at) });
const total = async (tenant: string) =>
  (await metricsOf(api, tenant).series("ITEMS", "ONE_HOUR", NOW - HOUR, NOW + 1)).total;

async function receive(queue: string): Promise<QueueMessage[]> {
  return await createQueues(api.system.clients.sqs).receive(`${api.system.prefix}-${queue}`, { waitSeconds: 0 });
}

/** A record of the stream as somebody broke it. */
async function putBroken(tenant: string, id: string, at: unknown): Promise<void> {
  const key = { pk: `${tenant}#3`, sk: `${id}#ITEMS` };
  await createDynamo(api.system.clients.dynamodb).put(`${api.system.prefix}-records`, {
    ...key,
    ...(at === undefined ? {} : { at }),
  });
}

describe("a record of a stream that cannot be counted", () => {
  test("is put aside with the reason, and holds nothing up", async () => {
    await metricsOf(api, "p").record([item("a"), item("b")]);
    await putBroken("p", "broken", undefined);
    await metricsOf(api, "p").record([item("c")]);
    await api.settle();
    expect(await total("p")).toBe(3);
    const [message] = await receive("late");
    const { table, key, reason } = JSON.parse(message!.body) as Record<string, string>;
    expect({ table, reason }).toEqual({
      table: "records",
      reason: "its attribute `at` must be an instant in epoch milliseconds, got nothing",
    });
    expect(key).toMatch(/^late\/tenant=p\/records\//);
    // It is no better now: after the last try it lies on the dead-letter queue with the reason.
    expect(await api.app.ingestLate([message!])).toEqual({ failed: [] });
    const [dead] = await receive("late-dead");
    expect(dead!.body).toBe(message!.body);
  });

  test("counts once when it comes late, however often the message comes", async () => {
    const { quarantined, message } = await parkOne("late", "x");
    await metricsOf(api, "late").record([item("y"), item("z")]);
    await api.settle();
    expect(await total("late")).toBe(2);
    await quarantined.mend({ at: NOW });
    const again = { ...message, id: "again" };
    await Promise.all([api.app.ingestLate([message, again]), api.app.ingestLate([again])]);
    await api.app.ingestLate([message]);
    expect(await total("late")).toBe(3);
  });

  test("counts once where Lambda gave up a part of the stream and says which", async () => {
    await metricsOf(api, "lambda").record([item("a"), item("b", NOW - 2 * 60_000)]);
    const message = await failureOf(await recordsOf("lambda"));
    for (let i = 0; i < 3; i++) expect(await api.app.ingestLate([message])).toEqual({ failed: [] });
    expect(await total("lambda")).toBe(2);
  });

  test("counts no second time where the part that Lambda gave up had been counted", async () => {
    await metricsOf(api, "part").record([item("a"), item("b", NOW - 2 * 60_000)]);
    await api.settle();
    const message = await failureOf(await recordsOf("part"));
    expect(await api.app.ingestLate([message, { ...message, id: "again" }])).toEqual({ failed: [] });
    expect(await total("part")).toBe(2);
  });

  test("counts once where a part of the stream was given up and lies whole in the object store, however often it is told", async () => {
    await metricsOf(api, "whole").record([item("a"), item("b", NOW - 2 * 60_000)]);
    const message = await givenUp(await recordsOf("whole"));
    const again = { ...message, id: "again" };
    expect(await api.app.ingestLate([message, again])).toEqual({ failed: [] });
    // It is there no more, so whoever tells of it later changes nothing.
    expect(await api.app.ingestLate([again])).toEqual({ failed: [] });
    expect(await total("whole")).toBe(2);
    expect(await keptFailures()).toEqual([]);
    await api.settle();
    expect(await total("whole")).toBe(2);
  });

  test("that was given up is counted by an audit alone once watermarks may have forgotten it", async () => {
    await metricsOf(api, "old").record([item("a"), item("b", NOW - 60_000)]);
    await api.settle();
    await forgetWatermarks("old");
    const records = (await recordsOf("old")).map((one) => ({ ...one, arrivedAt: NOW - 25 * HOUR }));
    expect(await api.app.ingestLate([await givenUp(records)])).toEqual({ failed: [] });
    expect(await total("old")).toBe(2);
  });

  test("of which the object holds only a part says so, and stays", async () => {
    await metricsOf(api, "torn").record([item("a"), item("b")]);
    const records = await recordsOf("torn");
    await api.app.giveUp((await shardOf()).arn, records);
    const [key] = await keptFailures();
    const failures = createObjects(api.system.clients.s3, `${api.system.prefix}-events`);
    const kept = JSON.parse(Buffer.from((await failures.get(key!)).body).toString("utf8")) as { payload: string };
    const payload = JSON.parse(kept.payload) as { Records: object[] };
    const torn = JSON.stringify({
      ...kept,
      payload: JSON.stringify({ ...payload, Records: payload.Records.slice(1) }),
    });
    await failures.replace(key!, Buffer.from(torn), { contentType: "application/json" });
    // What the stream is about to count is no shortage.
    await api.settle();
    expect(await api.app.ingestLate([await lastLate()])).toEqual({ failed: [] });
    expect(await reasonOfDead()).toContain("lacks records: audit the hours that it touches");
    expect(await keptFailures()).toEqual([key]);
    await failures.remove(key!);
  });

  test("that the stream keeps no more is never taken for counted: what may be short is said", async () => {
    const { arn, shard } = await shardOf();
    const info = {
      shardId: shard,
      startSequenceNumber: "1",
      endSequenceNumber: "2",
      approximateArrivalOfFirstRecord: "2026-05-30T10:00:00Z",
      approximateArrivalOfLastRecord: "2026-05-30T10:00:01Z",
      batchSize: 3,
      streamArn: arn,
    };
    const message = {
      id: "m",
      body: JSON.stringify({ DDBStreamBatchInfo: info }),
      receives: 1,
      attributes: {},
    } as unknown as QueueMessage;
    expect(await api.app.ingestLate([message])).toEqual({ failed: [] });
    expect(await reasonOfDead()).toMatch(
      /keeps \d of 3 records of this part: what was written between 2026-05-30T10:00:00Z and .*:01Z may not be counted/,
    );
  });

  test("S3's question whether it may tell is answered, and rejects nothing", async () => {
    const body = JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket: "b" });
    expect(await api.app.ingestLate([{ id: "m", body, receives: 1, attributes: {} } as unknown as QueueMessage]))
      .toEqual({ failed: [] });
    expect(await receive("late-dead")).toEqual([]);
  });

  test("a message that says nothing of use is rejected with the reason", async () => {
    for (const body of ["?", "{}", '{"table":"records","key":"../x"}']) {
      expect(await api.app.ingestLate([{ id: "m", body, receives: 1, attributes: {} } as unknown as QueueMessage]))
        .toEqual({ failed: [] });
    }
    expect((await receive("late-dead")).length).toBeGreaterThan(0);
  });
});

/** The records of a tenant in the stream of the table of records. */
async function recordsOf(tenant: string): Promise<StreamRecord[]> {
  const { streams, arn, shard } = await shardOf();
  const records: StreamRecord[] = [];
  for (let next = await streams.iterate(arn, shard, undefined); next;) {
    const page = await streams.read(shard, next, 1_000);
    if (page.records.length === 0) break;
    records.push(...page.records);
    next = page.next;
  }
  return records.filter(({ keys }) => String(keys.pk).startsWith(`${tenant}#`));
}

/** Takes all watermarks out of a tenant's hour of items, as time does. */
async function forgetWatermarks(tenant: string): Promise<void> {
  const dynamo = createDynamo(api.system.clients.dynamodb);
  const table = `${api.system.prefix}-buckets`;
  const key = { expression: "pk = :pk", values: { ":pk": `${tenant}#ITEMS` } };
  for (const hour of (await dynamo.query(table, { key })).items) {
    const kept = Object.entries(hour).filter(([name]) => !/^w[._]/.test(name));
    expect(kept.length).toBeLessThan(Object.keys(hour).length);
    await dynamo.put(table, Object.fromEntries(kept));
  }
}

/** Gives a part up as the local pump does; the message that tells of it. */
async function givenUp(records: readonly StreamRecord[]): Promise<QueueMessage> {
  await api.app.giveUp((await shardOf()).arn, records);
  return await lastLate();
}

async function lastLate(): Promise<QueueMessage> {
  return (await receive("late")).find(({ body }) => body.includes("aws/lambda/"))!;
}

async function keptFailures(): Promise<string[]> {
  const objects = createObjects(api.system.clients.s3, `${api.system.prefix}-events`);
  return (await Array.fromAsync(objects.list("aws/lambda/"))).flat().map(({ key }) => key);
}

async function reasonOfDead(): Promise<string> {
  const queues = createQueues(api.system.clients.sqs);
  const messages = await receive("late-dead");
  for (const message of messages) await queues.remove(`${api.system.prefix}-late-dead`, message);
  return messages.at(-1)!.attributes["reason"]!;
}

/** What Lambda puts on the failure destination. */
async function failureOf(records: readonly StreamRecord[]): Promise<QueueMessage> {
  const { arn, shard } = await shardOf();
  const range = { startSequenceNumber: records[0]!.sequence, endSequenceNumber: records.at(-1)!.sequence };
  const info = { shardId: shard, ...range, batchSize: records.length, streamArn: arn };
  return {
    id: "m",
    body: JSON.stringify({ DDBStreamBatchInfo: info }),
    receives: 1,
    attributes: {},
  } as unknown as QueueMessage;
}

async function shardOf() {
  const streams = createStreams(api.system.clients.dynamodb, api.system.clients.streams);
  const arn = (await streams.arnOf(`${api.system.prefix}-records`))!;
  const [shard] = await streams.shardsOf(arn);
  return { streams, arn, shard: shard!.id };
}

/** Parks a broken record; `mend` writes what the object store holds of it anew, as a mended consumer would read it. */
async function parkOne(tenant: string, id: string) {
  await putBroken(tenant, id, -5);
  await api.settle();
  const messages = await receive("late");
  const message = messages.find(({ body }) => body.includes("/records/"))!;
  const { key } = JSON.parse(message.body) as { key: string };
  const { S3Client: _, ...s3 } = await import("@aws-sdk/client-s3");
  const bucket = `${api.system.prefix}-events`;
  const quarantined = {
    async mend(after: object) {
      const got = await api.system.clients.s3.send(new s3.GetObjectCommand({ Bucket: bucket, Key: key }));
      const kept = JSON.parse(await got.Body!.transformToString()) as StreamRecord;
      const body = JSON.stringify({ ...kept, after: { ...kept.after, ...after } });
      await api.system.clients.s3.send(new s3.PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
    },
  };
  return { quarantined, message };
}

test("a record that was broken and is mended in its table counts", async () => {
  await putBroken("mended", "m", -5);
  await api.settle();
  await putBroken("mended", "m", NOW);
  await api.settle();
  expect(await total("mended")).toBe(1);
});
