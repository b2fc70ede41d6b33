/**
 * Alerts over a real series: the requests of the NASA-HTTP trace are recorded as they came, five minutes at a time, and counted;
 * two processes judge, together or by turns, now and then an hour late; each is stopped after judging, before anything was
 * delivered, and started anew. What a webhook was told and what the history says is held against a count of the file.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/alerts.ts [SEED] [../shared/data/journeys/nasa_19950801.tsv]
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { startTestApp } from "../kit/app.ts";
import { startReceiver } from "../kit/receiver.ts";
import { startTestSystem } from "../kit/local.ts";
import { createRandom } from "./random.ts";

const STEP_MS = 300_000;
const TENANT = "nasa";
const [seed = "a", file = "../shared/data/journeys/nasa_19950801.tsv"] = process.argv.slice(2);
const RULES = [
  { alertId: "busy", condition: "ABOVE", threshold: 130, lasting: 1, size: "FIVE_MINUTES" },
  { alertId: "busy-for-long", condition: "ABOVE", threshold: 100, lasting: 3, size: "FIVE_MINUTES" },
  { alertId: "quiet", condition: "BELOW", threshold: 40, lasting: 2, size: "FIVE_MINUTES" },
  { alertId: "heavy", condition: "ABOVE", threshold: 400, lasting: 1, size: "FIFTEEN_MINUTES" },
] as const;

const times = (await readFile(file, "utf8")).split("\n").slice(1).filter(Boolean)
  .map((line) => Number(line.split("\t")[2]) * 1_000);
const first = Math.floor(Math.min(...times) / 900_000) * 900_000;
const last = Math.max(...times);
const random = createRandom(seed);
const below = (n: number) => Math.floor(random() * n);

let now = first;
const system = await startTestSystem();
const receiver = await startReceiver();
const start = () =>
  startTestApp({ clock: () => now, reach: "machine", system, env: { RATE_TOKEN: "off", RATE_TENANT: "off" } });
/** The first counts and is asked; the others judge and deliver. */
const apps = [await start(), await start(), await start()];
let restarts = 0;

async function ask(query: string, variables: object) {
  const answer = await apps[0]!.ask(TENANT, query, variables);
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}
const run = (which: number, job: string) => apps[which]!.app.jobs.find(({ name }) => name === job)!.run();

await ask(
  `mutation ($url: String!) { createWebhook(input: { name: "w", url: $url, types: [ALERT_CHANGED] }) { __typename } }`,
  {
    url: `${receiver.url}/`,
  },
);
for (const rule of RULES) {
  await ask(`mutation ($input: ConfigureAlertInput!) { configureAlert(input: $input) { __typename } }`, {
    input: { ...rule, name: rule.alertId, source: "http.requests" },
  });
}

let recorded = 0;
for (let from = first; from <= last; from += STEP_MS) {
  now = from + STEP_MS;
  const own = times.flatMap((
    at,
    i,
  ) => (at >= from && at < now ? [{ source: "http.requests", recordId: `${i}`, at }] : []));
  for (let i = 0; i < own.length; i += 500) {
    const records = own.slice(i, i + 500).map((one) => ({ ...one, at: new Date(one.at).toISOString() }));
    await ask(`mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`, {
      r: records,
    });
    recorded += records.length;
  }
  await apps[0]!.settle();
  if (below(12) === 0) continue;
  const which = 1 + below(2);
  await Promise.all([run(which, "judge-alerts"), ...(below(2) === 0 ? [run(3 - which, "judge-alerts")] : [])]);
  if (below(6) === 0) {
    await apps[which]!.stop();
    apps[which] = await start();
    restarts++;
  }
  if (below(3) === 0) await run(1 + below(2), "deliver-webhooks");
}
now += 3_600_000;
await apps[0]!.settle();
await run(0, "judge-alerts");
await run(1, "deliver-webhooks");

type Turn = { alertId: string; state: string; bucketEnd: string; value: number };
const kept: Turn[] = [];
for (let after: string | null = null;;) {
  const { alertHistory: page } = await ask(
    `query ($after: String) { alertHistory(first: 100, after: $after) { nodes { alertId state bucketEnd value } pageInfo { endCursor hasNextPage } } }`,
    { after },
  );
  kept.push(...page.nodes);
  if (!page.pageInfo.hasNextPage) break;
  after = page.pageInfo.endCursor;
}

const expected: Turn[] = [];
for (const { alertId, condition, threshold, lasting, size } of RULES) {
  const bucketMs = size === "FIVE_MINUTES" ? 300_000 : 900_000;
  let [streak, state] = [0, "OK"];
  for (let begin = first; begin + bucketMs + 60_000 <= now; begin += bucketMs) {
    const value = times.filter((at) => at >= begin && at < begin + bucketMs).length;
    streak = (condition === "ABOVE" ? value > threshold : value < threshold) ? streak + 1 : 0;
    const next = streak >= lasting ? "RINGING" : "OK";
    if (next !== state) {
      expected.push({ alertId, state: state = next, bucketEnd: new Date(begin + bucketMs).toISOString(), value });
    }
  }
}
const text = (turns: readonly Turn[]) =>
  turns.map(({ alertId, state, bucketEnd, value }) => `${alertId} ${bucketEnd} ${state} ${value}`).sort();
const told = receiver.calls.map(({ body }) => JSON.parse(body).data as Turn);
const ids = new Set(receiver.calls.map(({ id }) => id));
const isHistoryRight = JSON.stringify(text(kept)) === JSON.stringify(text(expected));
const isToldRight = JSON.stringify([...new Set(text(told))]) === JSON.stringify(text(expected)) &&
  ids.size === expected.length;
console.log(
  `seed ${seed}: ${recorded} records, ${expected.length} turns of ${RULES.length} alerts expected, ${kept.length} kept, ` +
    `${told.length} told (${ids.size} ids), ${restarts} restarts between judging and telling`,
);
for (const app of apps) await app.stop();
await receiver.stop();
await system.stop();
if (!isHistoryRight || !isToldRight) {
  console.error("WRONG", { isHistoryRight, isToldRight });
  process.exit(1);
}
console.log("every alert turned at the right bucket, each was kept once and told under one id");
process.exit(0);
