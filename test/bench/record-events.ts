/**
 * Gives events a second through `recordEvents` over HTTP, batches of 50 events of one session, beside what the same
 * machine does in the same run with a trivial query and with bare writes; the share of the stores; and memory.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/record-events.ts [EVENTS]
 *
 * 100,000 events where EVENTS is absent. The client shares the machine's cores, so only ratios of one run compare.
 * The share of the stores is told twice: as time during which a request to them is under way, one batch at a time (a
 * slow process of ours makes it larger); and as processor time of their processes under load (fauxqs has the
 * process of `npm start` to itself there, but for that process's idle API).
 */
import { strictEqual } from "node:assert/strict";
import process from "node:process";
import { createApp } from "../../api/app.ts";
import { createClients } from "../../api/aws/clients.ts";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createObjects } from "../../api/aws/objects.ts";
import { parseConfig } from "../../api/config.ts";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { makeTempDir, silentLog } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import type { Client } from "../proof/journeys.ts";
import { clientOf, type Service, startLocal, startServe } from "../proof/service.ts";
import { chat } from "./chat.ts";
import { findBelow, memoryMegabytes } from "./processes.ts";
import { watchStoreTime } from "./store-time.ts";
import { describeRate, measure } from "./throughput.ts";

const BATCH = 50;
const BATCHES_OF_A_SESSION = 10;
const CONCURRENCY = 8;
const BASELINE_REQUESTS = 3_000;
const ALONE_BATCHES = 300;
const RECORD = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  __typename ... on RecordEventsPayload { accepted duplicates rejected }
} }`;

const total = Number(process.argv[2] ?? 100_000);
const startAt = Date.now() - 6 * 3_600_000;

/** Bodies of requests. Batches of one session lie far apart, so that they are not under way together. */
function bodies(prefix: string, count: number): string[] {
  const sessions = Math.ceil(count / BATCHES_OF_A_SESSION);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor(i / sessions) * BATCH;
    const events = chat(`${prefix}-${i % sessions}`, from + 1, from + BATCH, startAt);
    return JSON.stringify({ query: RECORD, variables: { events } });
  });
}

function requestOf({ url, token }: Client, body: string): Request {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  return new Request(url, { method: "POST", headers, body });
}

async function expectAccepted(response: Response): Promise<void> {
  const { data } = await response.json();
  strictEqual(data?.recordEvents?.accepted, BATCH);
}

async function throughHttp(name: string, client: Client, pids: Record<string, number>): Promise<number> {
  const trivial = JSON.stringify({ query: "{ __typename }" });
  const ask = async (body: string) => await (await fetch(requestOf(client, body))).text();
  const queries = await measure(Array(BASELINE_REQUESTS).fill(trivial), { concurrency: CONCURRENCY }, ask);
  console.log(`  a trivial query: ${describeRate(queries)}`);
  const before = memoryMegabytes(pids["API"]!);
  const batches = await measure(
    bodies(name, total / BATCH),
    { concurrency: CONCURRENCY, pids },
    async (body) => expectAccepted(await fetch(requestOf(client, body))),
  );
  const after = memoryMegabytes(pids["API"]!);
  const processor = Object.values(batches.cpu).reduce((sum, own) => sum + own, 0);
  console.log(`  batches of ${BATCH}: ${describeRate(batches)}`);
  console.log(
    `  EVENTS A SECOND ${Math.round(batches.perSecond * BATCH)}; a batch costs as much time as ` +
      `${(queries.perSecond / batches.perSecond).toFixed(1)} trivial queries`,
  );
  console.log(
    `  of the processor time of all processes but the client, the API's has ${
      percent(batches.cpu["API"]! / processor)
    }`,
  );
  console.log(
    `  memory of the API's process: ${before.now} MB before, ${after.now} MB after ${total} events, peak ${after.peak} MB`,
  );
  return batches.perSecond;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

async function bareWrites({ endpoints }: Service): Promise<{ puts: number; objects: number }> {
  const clients = createClients({ region: "eu-central-1", endpoints });
  const dynamo = createDynamo(clients.dynamodb);
  const objects = createObjects(clients.s3, "sojourn-events");
  const numbers = [...Array(BASELINE_REQUESTS).keys()];
  const z = crypto.getRandomValues(new Uint8Array(1_000));
  try {
    const puts = await measure(
      numbers,
      { concurrency: CONCURRENCY },
      (i) => dynamo.put("sojourn-journeys", { pk: `bare#${i}`, sk: "E#", z }),
    );
    console.log(`  PutItem of 1 KB: ${describeRate(puts)}`);
    const created = await measure(
      numbers,
      { concurrency: CONCURRENCY },
      (i) => objects.create(`bare/${i}`, z, { contentType: "text/plain" }),
    );
    console.log(`  PutObject of 1 KB: ${describeRate(created)}`);
    return { puts: puts.perSecond, objects: created.perSecond };
  } finally {
    clients.destroy();
  }
}

/** One batch at a time in this process, over the same stores: where does its time go? */
async function oneByOne({ endpoints }: Service, dataDir: string, token: string): Promise<void> {
  const readTime = watchStoreTime();
  const config = parseConfig({
    DATA_DIR: dataDir,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  });
  const app = await createApp(config, { log: silentLog });
  const http = createHttp(app);
  const send = async (body: string) =>
    expectAccepted(await http.fetch(requestOf({ url: "http://localhost/graphql", token }, body)));
  await measure(bodies("warm", 50), { concurrency: 1 }, send);
  const before = readTime();
  const rate = await measure(bodies("alone", ALONE_BATCHES), { concurrency: 1 }, send);
  const after = readTime();
  await app[Symbol.asyncDispose]();
  const share = (ms: number) => percent(ms / 1_000 / rate.seconds);
  console.log(`  batches of ${BATCH}: ${describeRate(rate)}`);
  console.log(
    `  requests a batch: DynamoDB ${(after.dynamodb - before.dynamodb) / ALONE_BATCHES}, S3 ${
      (after.s3 - before.s3) / ALONE_BATCHES
    }`,
  );
  console.log(
    `  SHARE OF THE STORES ${share(after.waitingMs - before.waitingMs)} of the time is waiting for their answers, ` +
      `${share(after.callsMs - before.callsMs)} with the SDK's own work`,
  );
}

const dataDir = await makeTempDir();
const host = await startLocal(dataDir.path, 0, { TOKEN_TTL_SECONDS: "86400" });
const trees = [host.running.pid];
try {
  const dynoxide = findBelow(host.running.pid, "dynoxide");
  const client = await clientOf(dataDir.path, host.url, "bench");
  console.log("bare writes to the embedded stores, 8 at a time:");
  const bare = await bareWrites(host);
  console.log("one batch at a time, no HTTP:");
  await oneByOne(host, dataDir.path, client.token);
  console.log("the API alone in its process, S3 and SQS in another, DynamoDB in a third, 8 batches at a time:");
  const serve = await startServe(dataDir.path, host.endpoints, "sojourn");
  trees.push(serve.running.pid);
  const pids = { API: serve.running.pid, S3: host.running.pid, DynamoDB: dynoxide };
  await throughHttp("apart", await clientOf(dataDir.path, serve.url, "apart"), pids);
  await killTree(trees.pop()!);
  console.log("npm start: API, S3 and SQS in one process, DynamoDB in another, 8 batches at a time:");
  const rate = await throughHttp("together", client, { API: host.running.pid, DynamoDB: dynoxide });
  console.log(
    `  two PutItem and one PutObject of a batch, bare, would allow ${
      Math.round(1 / (2 / bare.puts + 1 / bare.objects))
    } batches a second; ` +
      `the API does ${Math.round(rate)}`,
  );
} finally {
  for (const pid of trees) await killTree(pid);
  await dataDir.remove();
}
