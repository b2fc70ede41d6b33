/**
 * Gives what batches of events cost in write units, read units and requests, for `infra/costs.ts`: the request itself, and
 * its share of the table's stream, read batch by batch and many at once; the bytes that are kept; and processor time. And what
 * it costs to sum a journey up.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/unit-costs.ts [SESSIONS]
 */
import { type AttributeValue, ScanCommand, type ScanCommandOutput } from "@aws-sdk/client-dynamodb";
import { Buffer } from "node:buffer";
import process from "node:process";
import type { Cost } from "../../api/aws/dynamo.ts";
import { createObjects } from "../../api/aws/objects.ts";
import { startTestApp } from "../kit/app.ts";
import { record } from "../kit/journeys.ts";
import { chat } from "./chat.ts";

const SESSIONS = Number(process.argv[2] ?? 40);

const api = await startTestApp();

/** What is kept: bytes of raw events, and of items of journeys with the copies that their indexes carry. */
async function stored(): Promise<{ raw: number; items: number }> {
  const objects = createObjects(api.system.clients.s3, `${api.system.prefix}-events`);
  let raw = 0;
  for await (const page of objects.list("events/")) raw += page.reduce((sum, { bytes }) => sum + bytes, 0);
  let items = 0;
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page: ScanCommandOutput = await api.system.clients.dynamodb.send(
      new ScanCommand({ TableName: `${api.system.prefix}-journeys`, ...(from ? { ExclusiveStartKey: from } : {}) }),
    );
    for (const item of page.Items ?? []) items += bytesOf(item) * (item.startedAt ? 3 : 1);
    from = page.LastEvaluatedKey;
  } while (from);
  return { raw, items };
}

/** About as DynamoDB counts: names and values, a number in half as many bytes as digits, 100 bytes of its own for an item. */
function bytesOf(item: Record<string, AttributeValue>): number {
  const sizeOf = (value: AttributeValue): number => {
    if (value.S !== undefined) return Buffer.byteLength(value.S);
    if (value.N !== undefined) return Math.ceil(value.N.length / 2) + 1;
    if (value.B !== undefined) return value.B.byteLength;
    if (value.L) return 3 + value.L.reduce((sum, one) => sum + sizeOf(one) + 1, 0);
    if (value.M) return 3 + bytesOf(value.M) - 100;
    return JSON.stringify(value).length;
  };
  return 100 + Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOf(value), 0);
}

function sum(costs: readonly Cost[], batches: number): string {
  const of = (kind: Cost["kind"]) => costs.filter((cost) => cost.kind === kind);
  const units = (kind: Cost["kind"]) => of(kind).reduce((total, cost) => total + cost.units, 0) / batches;
  const each = (kind: Cost["kind"]) =>
    `${units(kind).toFixed(2)} ${kind} units in ${(of(kind).length / batches).toFixed(2)} requests`;
  return `${each("write")}, ${each("read")}`;
}

/** Batches of a visit as it goes on: `batches` of `size` events in each of the sessions, in turn. */
async function measure(size: number, batches: number, settlesEach: boolean): Promise<void> {
  const name = `${size} events a batch, streams read ${
    settlesEach ? "after each batch" : `${SESSIONS} batches at once`
  }`;
  const startAt = Date.now() - 3_600_000;
  const before = await stored();
  const requests: Cost[] = [];
  const streams: Cost[] = [];
  const cpu = process.cpuUsage();
  let streamMicros = 0;
  const settle = async () => {
    const begin = process.cpuUsage();
    await api.settle();
    const { user, system } = process.cpuUsage(begin);
    streamMicros += user + system;
    streams.push(...api.takeCosts());
  };
  for (let batch = 0; batch < batches; batch++) {
    for (let session = 0; session < SESSIONS; session++) {
      const from = batch * size + 1;
      await record(api, `t-${size}-${batches}-${settlesEach}`, chat(`s-${session}`, from, from + size - 1, startAt));
      requests.push(...api.takeCosts());
      if (settlesEach) await settle();
    }
    if (!settlesEach) await settle();
  }
  const { user, system } = process.cpuUsage(cpu);
  const after = await stored();
  const count = batches * SESSIONS;
  console.log(`${name}
  a request:        ${sum(requests, count)}; ${
    ((user + system - streamMicros) / count / 1_000).toFixed(1)
  } ms of processor time, its client's included
  its share of the stream: ${sum(streams, count)}; ${(streamMicros / count / 1_000).toFixed(1)} ms of processor time
  kept a batch:     ${Math.round((after.raw - before.raw) / count)} bytes of raw events, ${
    Math.round((after.items - before.items) / count)
  } of items`);
}

/** What it costs, once for each journey, that a job sums it up half an hour after its last event: all that were recorded above. */
async function measureFinish(): Promise<void> {
  api.takeCosts();
  const { settled } = await api.app.jobs.find(({ name }) => name === "follow-journeys")!.run() as { settled: number };
  await api.settle();
  console.log(`a journey that finished: ${sum(api.takeCosts(), settled)} (${settled} journeys)`);
}

try {
  await measure(50, 1, true);
  await measure(50, 4, true);
  await measure(50, 4, false);
  await measure(1, 12, true);
  await measure(1, 12, false);
  await measureFinish();
} finally {
  await api.stop();
}
