/**
 * Law: `cdktf deploy` of the local stage makes exactly what the service makes for itself; real data loaded through the service
 * on it is counted as an independent count says, and the audit finds no difference; then nothing is to be changed, and
 * `cdktf destroy` leaves nothing.
 *
 *     TF_PLUGIN_MIRROR=… npm run proof:deploy
 *
 * Takes about three minutes: the provider waits 25 seconds for each queue.
 */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { type AwsClients, createClients } from "../../api/aws/clients.ts";
import { createObjects } from "../../api/aws/objects.ts";
import { startDynamodb } from "../../api/local/dynamodb.ts";
import { startObjectsAndQueues } from "../../api/local/objects-and-queues.ts";
import { describeRunning } from "../kit/describe.ts";
import { makeTempDir, startTestSystem } from "../kit/local.ts";
import { killTree, runScript } from "../kit/process.ts";
import { cdktf, hasTerraform, terraformEnv, WITHOUT_TERRAFORM } from "../kit/terraform.ts";
import { countMinutes, totalOf } from "./count-metrics.ts";
import { ask, type Client, dataFile, differences, eventsIn, expectedJourneys, readJourneys } from "./journeys.ts";
import { clientOf, type Endpoints, startLocal } from "./service.ts";

const RECORDS = new URL("../../../shared/data/events/commits.csv.gz", import.meta.url).pathname;
const PREFIX = "sojourn";
/** A part of the file; the whole is `npm run proof:metrics-load`. */
const ROWS = 20_000;
const LOAD_TIMEOUT_MS = 300_000;
const HOUR_MS = 3_600_000;
const POLL_MS = 1_000;
const MAX_POLLS = 120;

const AUDIT = `mutation ($from: DateTime!, $to: DateTime!) {
  auditMetrics(input: { source: ITEMS, range: { between: { from: $from, to: $to } }, repair: false }) {
    ... on AuditMetricsPayload { recordsCounted bucketsChecked differences { recounted } repaired }
    ... on UserError { message }
  }
}`;
const TOTAL = `query ($from: DateTime!, $to: DateTime!) {
  metrics(sources: [ITEMS], size: ONE_HOUR, range: { between: { from: $from, to: $to } }) { total }
}`;

/** Runs the loader as `npm run load` does; gives what it accepted. */
async function load(url: string, dataDir: string, kind: string, file: string, ...more: string[]): Promise<number> {
  const args = ["api/entry/cli/load.ts", kind, file, "--tenant", kind, "--url", url, ...more];
  const loader = runScript(args, { DATA_DIR: dataDir });
  try {
    const [line, accepted] = await loader.says(/accepted (\d+), duplicates 0, rejected 0, .*/, LOAD_TIMEOUT_MS);
    strictEqual(await loader.ended, 0);
    console.log(`${kind}: ${line}`);
    return Number(accepted);
  } finally {
    await killTree(loader.pid);
  }
}

/** The first rows of the file of records, as a file of its own. */
async function partOf(dir: string): Promise<string> {
  const lines = gunzipSync(await readFile(RECORDS)).toString("latin1").split(/\r?\n/).slice(0, ROWS + 1);
  const file = join(dir, "part.csv.gz");
  await writeFile(file, gzipSync(Buffer.from(`${lines.join("\n")}\n`, "latin1")));
  return file;
}

async function proveRecords(url: string, dataDir: string, dir: string): Promise<void> {
  const file = await partOf(dir);
  const minutes = await countMinutes(file);
  const records = totalOf(minutes);
  strictEqual(await load(url, dataDir, "metrics", file, "--source", "ITEMS"), records);
  const client = await clientOf(dataDir, url, "metrics");
  const hours = [...new Set([...minutes.keys()].map((at) => at - at % HOUR_MS))].sort((a, b) => a - b);
  const counted = async () => {
    let total = 0;
    for (const span of spansOf(hours)) total += (await ask(client, TOTAL, span)).metrics[0].total;
    return total;
  };
  for (let polls = 0; await counted() !== records; polls++) {
    ok(polls < MAX_POLLS, `metrics: only ${await counted()} of ${records} are counted`);
    await pause(POLL_MS);
  }
  await proveAudit(client, hours, records);
}

/** Stretches of at most 1,500 hours, the most that a query gives. */
function spansOf(hours: readonly number[]): { from: string; to: string }[] {
  const spans: { from: string; to: string }[] = [];
  for (let at = hours[0]!; at <= hours.at(-1)!; at += 1_500 * HOUR_MS) {
    spans.push({ from: new Date(at).toISOString(), to: new Date(at + 1_500 * HOUR_MS).toISOString() });
  }
  return spans;
}

async function proveAudit(client: Client, hours: readonly number[], records: number): Promise<void> {
  const whole = { from: new Date(hours[0]!).toISOString(), to: new Date(hours.at(-1)! + HOUR_MS).toISOString() };
  const { auditMetrics } = await ask(client, AUDIT, whole);
  const { recordsCounted, bucketsChecked, differences: found, repaired } = auditMetrics;
  deepStrictEqual({ recordsCounted, found, repaired }, { recordsCounted: records, found: [], repaired: 0 });
  console.log(`metrics: ${records} records are counted, the audit checked ${bucketsChecked} buckets: 0 differences`);
}

async function proveJourneys(url: string, dataDir: string): Promise<void> {
  const file = dataFile("nasa_19950801.tsv");
  const expected = await expectedJourneys(file);
  strictEqual(await load(url, dataDir, "journeys", file), eventsIn(expected));
  const client = await clientOf(dataDir, url, "journeys");
  const found = await readJourneys(client, "1995-08-01T00:00:00Z", "1995-08-02T00:00:00Z");
  strictEqual(differences(expected, found).join("; "), "");
  console.log(`journeys: all ${found.size} are as the independent count says`);
}

/** The embedded S3 keeps no versions, and Terraform empties a bucket by its versions. */
async function emptyBuckets(clients: AwsClients, names: readonly string[]): Promise<number> {
  let removed = 0;
  for (const name of names) {
    const objects = createObjects(clients.s3, name);
    for await (const page of objects.list("")) {
      for (const { key } of page) await objects.remove(key);
      removed += page.length;
    }
  }
  return removed;
}

async function prove(dir: string, endpoints: Endpoints, clients: AwsClients): Promise<void> {
  const env = {
    ...await terraformEnv(dir),
    SOJOURN_STAGE: "local",
    NAME_PREFIX: PREFIX,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  };
  await cdktf(["deploy", "--auto-approve"], { dir, env });
  const deployed = await describeRunning(clients);
  const itself = await startTestSystem({ prefix: PREFIX });
  try {
    deepStrictEqual(deployed, await describeRunning(itself.clients));
  } finally {
    await itself.stop();
  }
  const { tables, buckets, queues } = deployed;
  const sizes = [tables, buckets, queues].map((all) => Object.keys(all).length).join(", ");
  console.log(`deployed: ${sizes} tables, buckets and queues, the same as the local system makes for itself`);

  const dataDir = join(dir, "service");
  await mkdir(dataDir);
  const service = await startLocal(dataDir, 0, env);
  try {
    deepStrictEqual(service.endpoints, endpoints);
    await proveRecords(service.url, dataDir, dir);
    await proveJourneys(service.url, dataDir);
  } finally {
    await killTree(service.running.pid);
  }
  deepStrictEqual(await describeRunning(clients), deployed);
  match((await cdktf(["diff"], { dir, env })).output, /No changes\./);
  console.log(`removed ${await emptyBuckets(clients, buckets)} objects, so that the buckets can go`);
  await cdktf(["destroy", "--auto-approve"], { dir, env });
  deepStrictEqual(await describeRunning(clients), { tables: {}, buckets: [], queues: {} });
  console.log("destroyed: no table, bucket or queue is left");
}

const missing = hasTerraform ? (existsSync(RECORDS) ? "" : "skipped: there is no ../shared/data") : WITHOUT_TERRAFORM;
if (missing) {
  console.log(missing);
  process.exit(0);
}
const dir = await makeTempDir();
const stores = join(dir.path, "stores");
await mkdir(stores);
const dynamodb = await startDynamodb({ dataDir: stores });
const others = await startObjectsAndQueues({ dataDir: stores });
const endpoints = { dynamodb: dynamodb.endpoint, s3: others.endpoint, sqs: others.endpoint };
const clients = createClients({ region: "eu-central-1", endpoints });
try {
  await prove(dir.path, endpoints, clients);
  console.log("holds");
} catch (error) {
  console.error(`DOES NOT HOLD: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  clients.destroy();
  await others.stop();
  await dynamodb.stop();
  await dir.remove();
}
