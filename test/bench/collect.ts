/**
 * Gives events a second through `POST /collect` beside `recordEvents`, in the same run and the same batches: of 50 events, and
 * of 3, as a page sends them. Only ratios of one run compare.
 *
 *     npm run bench:collect [-- BATCHES]
 */
import { strictEqual } from "node:assert/strict";
import process from "node:process";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { ask, type Client } from "../proof/journeys.ts";
import { clientOf, startLocal } from "../proof/service.ts";
import { chat } from "./chat.ts";
import { describeRate, measure } from "./throughput.ts";

const BATCHES = Number(process.argv[2] ?? 400);
const CONCURRENCY = 8;
const ORIGIN = "https://shop.example";
const PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const RECORD = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  ... on RecordEventsPayload { accepted }
} }`;
const startAt = Date.now() - 6 * 3_600_000;

/** Batches of sessions of their own. */
const batches = (prefix: string, size: number) =>
  Array.from({ length: BATCHES }, (_, i) => chat(`${prefix}-${size}-${i}`, 1, size, startAt));

async function compare(client: Client, key: string, size: number): Promise<void> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${client.token}` };
  const recorded = await measure(
    batches("record", size).map((events) => JSON.stringify({ query: RECORD, variables: { events } })),
    { concurrency: CONCURRENCY },
    async (body) => {
      const response = await fetch(client.url, { method: "POST", headers, body });
      strictEqual((await response.json()).data?.recordEvents?.accepted, size);
    },
  );
  const address = new URL(`/collect?key=${key}`, client.url);
  const collected = await measure(
    batches("collect", size).map((events) => JSON.stringify({ sentAt: new Date().toISOString(), events })),
    { concurrency: CONCURRENCY },
    async (body) => {
      const text = { "content-type": "text/plain", origin: ORIGIN, "user-agent": PERSON };
      const response = await fetch(address, { method: "POST", headers: text, body });
      strictEqual((await response.json()).accepted, size);
    },
  );
  console.log(`batches of ${size}`);
  console.log(`  recordEvents: ${describeRate(recorded)}; ${Math.round(recorded.perSecond * size)} events a second`);
  console.log(`  /collect:     ${describeRate(collected)}; ${Math.round(collected.perSecond * size)} events a second`);
}

const dataDir = await makeTempDir();
const service = await startLocal(dataDir.path, 0);
try {
  const client = await clientOf(dataDir.path, service.url, "bench");
  const { createWriteKey } = await ask(
    client,
    `mutation { createWriteKey(input: { name: "bench", origins: ["${ORIGIN}"], ratePerMinute: 1000000 }) {
      ... on CreateKeyPayload { key } } }`,
  );
  for (const size of [50, 3]) await compare(client, createWriteKey.key, size);
} finally {
  await killTree(service.running.pid);
  await dataDir.remove();
}
process.exit();
