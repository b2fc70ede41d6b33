import { afterAll, beforeAll, expect, test } from "vitest";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { metricsOf, type Series } from "../kit/metrics.ts";

const MINUTE = 60_000;
/** One process reads the streams, another serves the API alone; the store's clock is the machine's. */
let reading: TestApp;
let serving: TestApp;
beforeAll(async () => {
  reading = await startTestApp();
  serving = await startTestApp({ system: reading.system });
});
afterAll(async () => {
  await serving.stop();
  await reading.stop();
});

const iso = (at: number) => new Date(at).toISOString();
const seriesOf = (api: TestApp, source: string) => {
  const now = Date.now();
  return metricsOf(api, "p").series(source, "ONE_HOUR", now - MINUTE, now + MINUTE);
};

/** What is asked while the other process goes on reading. */
async function whileRead<T>(asked: Promise<T>): Promise<T> {
  let isOver = false;
  const over = asked.finally(() => isOver = true);
  while (!isOver) await reading.settle();
  return await over;
}

test("nothing counts as counted where nothing ever read the streams, and who asks waits no longer than it must", async () => {
  expect((await seriesOf(serving, "REVIEWS")).countedUpTo).toBe("1990-01-01T00:00:00.000Z");
});

test.each(["ITEMS", "TASKS", "SESSIONS", "MOTION_EVENTS", "JOURNEYS", "REVIEWS"])(
  "a process that reads no stream knows until when %s are counted",
  async (source) => {
    const { countedUpTo } = await whileRead(seriesOf(serving, source));
    expect(countedUpTo).not.toBeNull();
    expect(Date.parse(countedUpTo!)).toBeLessThanOrEqual(Date.now());
  },
);

test("while a record waits to be counted, nobody is told that all is", async () => {
  const recordedAt = Date.now();
  await metricsOf(serving, "p").record([{ source: "ITEMS", recordId: "a", at: iso(recordedAt) }]);
  const behind: Series = await seriesOf(serving, "ITEMS");
  expect(behind.total).toBe(0);
  expect(Date.parse(behind.countedUpTo!)).toBeLessThanOrEqual(recordedAt);
  await reading.settle();
  const done = await seriesOf(reading, "ITEMS");
  expect(done.total).toBe(1);
  expect(Date.parse(done.countedUpTo!)).toBeGreaterThan(recordedAt);
});

test("/metrics shows the lag by stream and shard, what was handled, audited and put aside, and the queues", async () => {
  await createDynamo(reading.system.clients.dynamodb).put(`${reading.system.prefix}-records`, {
    pk: "bad#1",
    sk: "x#ITEMS",
  });
  await reading.settle();
  await metricsOf(reading, "p").audit("ITEMS", Date.now() - MINUTE, Date.now());
  const text = await (await reading.http.fetch(new Request("http://127.0.0.1/metrics"))).text();
  const valueOf = (pattern: RegExp) => Number(pattern.exec(text)?.[1]);
  expect(valueOf(/^sojourn_stream_lag_seconds\{consumer="records"\} (\S+)$/m)).toBeGreaterThanOrEqual(0);
  expect(valueOf(/^sojourn_stream_shard_lag_seconds\{consumer="records",shard="[^"]+"\} (\S+)$/m))
    .toBeGreaterThanOrEqual(0);
  expect(valueOf(/^sojourn_stream_records_handled\{consumer="records"\} (\S+)$/m)).toBeGreaterThan(1);
  expect(valueOf(/^sojourn_stream_records_quarantined\{table="records"\} (\S+)$/m)).toBe(1);
  expect(valueOf(/^sojourn_audited_records\{source="ITEMS"\} (\S+)$/m)).toBe(1);
  expect(valueOf(/^sojourn_queue_messages\{queue="late"\} (\S+)$/m)).toBe(1);
  expect(valueOf(/^sojourn_queue_messages\{queue="ingest-dead"\} (\S+)$/m)).toBe(0);
});

test("beats count nothing, are put aside nowhere, and an audit that meets a difference waits for one of its own", async () => {
  const at = Date.now() - 3 * MINUTE;
  await metricsOf(serving, "q").record([{ source: "ITEMS", recordId: "a", at: iso(at) }]);
  await reading.settle();
  // Of a record that the stream has not shown yet an audit says nothing; and where it says something, the stream was read.
  await metricsOf(serving, "q").record([{ source: "ITEMS", recordId: "b", at: iso(at) }]);
  const report = await whileRead(metricsOf(serving, "q").audit("ITEMS", at - MINUTE, at + MINUTE, true));
  expect(report).toMatchObject({ differences: [], repaired: 0 });
  await reading.settle();
  const { total } = await metricsOf(serving, "q").series("ITEMS", "ONE_HOUR", at - MINUTE, at + MINUTE);
  expect(total).toBe(2);
  const waiting = await createQueues(reading.system.clients.sqs).receive(`${reading.system.prefix}-late`);
  expect(waiting.filter(({ body }) => !body.includes("/records/"))).toEqual([]);
});
