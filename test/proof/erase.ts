/**
 * Law: a visitor with 50 journeys among 2,000 is erased, and nothing else is. Journeys of others, their items and lines of
 * raw events are the same byte for byte; counts are what an independent count of the rest says; the receipt has the right
 * numbers; and neither a second run, nor the backfill, nor the same batches sent again change anything.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/erase.ts [seed]
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import process from "node:process";
import { createClients } from "../../api/aws/clients.ts";
import { dumpEvents } from "../kit/dump-objects.ts";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { countVisits, type Visit } from "./count-nasa.ts";
import { ask, type Client, dataFile, readJourneys } from "./journeys.ts";
import { createRandom } from "./random.ts";
import { clientOf, dumpJourneys, type Service, startLocal } from "./service.ts";

const JOURNEYS = 2_000;
const OWN = 50;
const BATCH = 200;
const TENANT = "erase";
const VISITOR = "the visitor to erase";
const SETTLE_MS = 60_000;
const DAY = { from: "1995-08-01T00:00:00.000Z", to: "1995-08-02T00:00:00.000Z" };
const nasa = dataFile("nasa_19950801.tsv");
const seed = Number(process.argv[2] ?? Date.now() % 1_000_000);

type Event = { sessionId: string; seq: number; type: string; occurredAt: string; page: string; visitorId: string };

const RECORD = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  ... on RecordEventsPayload { accepted duplicates rejected } } }`;
const ERASE = `mutation ($visitorId: String!) { eraseVisitor(input: { visitorId: $visitorId }) {
  ... on EraseVisitorPayload { receiptId journeys events objectsRewritten } ... on UserError { code } } }`;
const BACKFILL = `mutation ($range: TimeRange!, $dryRun: Boolean!) {
  backfillJourneys(input: { range: $range, dryRun: $dryRun }) {
    ... on BackfillJourneysPayload { eventsRead journeysCreated journeysChanged journeysUnchanged } } }`;
const METRICS = `query ($range: TimeRange!, $size: BucketSize!) {
  metrics(sources: [JOURNEYS, JOURNEY_EVENTS], size: $size, range: $range) { total buckets { start count } } }`;
const AUDIT = `mutation ($source: MetricSource!, $range: TimeRange!) {
  auditMetrics(input: { source: $source, range: $range }) {
    ... on AuditMetricsPayload { recordsCounted differences { bucket { start count } recounted } } } }`;

const sessionOf = ({ host, startedAt }: Visit) => `${host}-${startedAt / 1_000}`;

/** The first visits of the trace, with the sessions that are one visitor's: any, by chance. */
async function readVisits(file: string) {
  const visits = (await countVisits(file)).sort((a, b) => a.startedAt - b.startedAt || (a.host < b.host ? -1 : 1));
  const chosen = visits.slice(0, JOURNEYS);
  const random = createRandom(seed);
  const own = new Set<string>();
  while (own.size < OWN) own.add(sessionOf(chosen[Math.floor(random() * chosen.length)]!));
  return { visits: chosen, own };
}

/** As a site would send them: by time, so that a batch holds many sessions, and every tenth batch twice, cut anew. */
function batchesOf(visits: readonly Visit[], own: ReadonlySet<string>): Event[][] {
  const events = visits.flatMap((visit) =>
    visit.requests.map(({ at, url }, i) => ({
      at,
      event: {
        sessionId: sessionOf(visit),
        seq: i + 1,
        type: "PAGE_VIEWED",
        occurredAt: new Date(at).toISOString(),
        page: url.slice(0, 2_000) || "/",
        visitorId: own.has(sessionOf(visit)) ? VISITOR : visit.host,
      },
    }))
  ).sort((a, b) => a.at - b.at).map(({ event }) => event);
  const batches: Event[][] = [];
  for (let from = 0; from < events.length; from += BATCH) {
    batches.push(events.slice(from, from + BATCH));
    if (batches.length % 10 === 0) batches.push(events.slice(Math.max(0, from - 70), from + 60));
  }
  return batches;
}

async function recordAll(client: Client, batches: readonly Event[][]) {
  const totals = { accepted: 0, duplicates: 0, rejected: 0 };
  for (const events of batches) {
    const { recordEvents } = await ask(client, RECORD, { events });
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += recordEvents[name];
  }
  return totals;
}

async function proveCounts(client: Client, visits: readonly Visit[]): Promise<void> {
  const starts = visits.map(({ startedAt }) => startedAt);
  const instants = visits.flatMap(({ requests }) => requests.map(({ at }) => at));
  const range = { between: DAY };
  for (let until = Date.now() + SETTLE_MS;;) {
    const { metrics } = await ask(client, METRICS, { range, size: "ONE_HOUR" });
    if (metrics[0].total === starts.length && metrics[1].total === instants.length) break;
    ok(Date.now() < until, `counts are ${metrics[0].total} journeys and ${metrics[1].total} events`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const [size, minutes] of [["ONE_MINUTE", 1], ["FIVE_MINUTES", 5], ["FIFTEEN_MINUTES", 15], ["ONE_HOUR", 60]]) {
    const { metrics } = await ask(client, METRICS, { range, size });
    const ms = Number(minutes) * 60_000;
    for (const [i, all] of [starts, instants].entries()) {
      const expected = Map.groupBy(all, (at) => new Date(Math.floor(at / ms) * ms).toISOString());
      const found = metrics[i].buckets.filter(({ count }: { count: number }) => count !== 0);
      deepStrictEqual(
        Object.fromEntries(found.map(({ start, count }: { start: string; count: number }) => [start, count])),
        Object.fromEntries(
          [...expected].sort(([a], [b]) => (a < b ? -1 : 1)).map(([start, own]) => [start, own.length]),
        ),
      );
    }
  }
  for (const [source, count] of [["JOURNEYS", starts.length], ["JOURNEY_EVENTS", instants.length]] as const) {
    const { auditMetrics } = await ask(client, AUDIT, { source, range });
    deepStrictEqual(auditMetrics, { recordsCounted: count, differences: [] });
  }
  console.log(
    `counts: ${starts.length} journeys and ${instants.length} events in every bucket; the audit: 0 differences`,
  );
}

async function prove(service: Service, dataDir: string): Promise<void> {
  const { visits, own } = await readVisits(nasa);
  const batches = batchesOf(visits, own);
  const isOwn = (visit: Visit) => own.has(sessionOf(visit));
  const kept = visits.filter((visit) => !isOwn(visit));
  const eventsOf = (some: readonly Visit[]) => some.reduce((sum, { requests }) => sum + requests.length, 0);
  const client = await clientOf(dataDir, service.url, TENANT);
  const clients = createClients({ region: "eu-central-1", endpoints: service.endpoints });
  const objects = () => dumpEvents({ clients, prefix: "sojourn" }, TENANT);
  const items = () => dumpJourneys(service.endpoints);
  const journeys = () => readJourneys(client, DAY.from, DAY.to);
  const isOwnLine = (line: string) => own.has((JSON.parse(line) as Event).sessionId);

  const { accepted, rejected } = await recordAll(client, batches);
  deepStrictEqual({ accepted, rejected }, { accepted: eventsOf(visits), rejected: 0 });
  await proveCounts(client, visits);
  const before = { items: await items(), objects: await objects(), journeys: await journeys() };
  console.log(`loaded: ${visits.length} journeys, ${accepted} events, ${before.objects.length} objects`);

  const began = performance.now();
  const { eraseVisitor: receipt } = await ask(client, ERASE, { visitorId: VISITOR });
  console.log(`erased in ${Math.round(performance.now() - began)} ms: ${JSON.stringify(receipt)}`);
  deepStrictEqual(receipt, {
    receiptId: receipt.receiptId,
    journeys: OWN,
    events: eventsOf(visits.filter(isOwn)),
    objectsRewritten: before.objects.filter(({ lines }) => lines.some(isOwnLine)).length,
  });
  await proveCounts(client, kept);

  const isOwnItem = (item: string) => [...own].some((sessionId) => item.includes(`{"S":"${sessionId}#`));
  const isReceipt = (item: string) => /#(RECEIPT|SESSION)#/.test(item);
  const after = { items: await items(), objects: await objects(), journeys: await journeys() };
  deepStrictEqual(
    after.items.filter((item) => !isOwnItem(item) && !isReceipt(item)),
    before.items.filter((item) => !isOwnItem(item)),
  );
  const left = after.items.filter(isOwnItem);
  const tombstone =
    /^\{"erased":\{"S":"[^"]+"\},"events":\{"N":"\d+"\},"pk":\{"S":"[^"]+"\},"sk":\{"S":"[^"]+#META"\}\}$/;
  strictEqual(left.filter((item) => tombstone.test(item)).length, OWN);
  strictEqual(left.length, OWN);
  deepStrictEqual(
    after.objects.map(({ key, lines, metadata }) => ({ key, lines, receivedAt: metadata["received-at"] })),
    before.objects.map(({ key, lines, metadata }) => (
      { key, lines: lines.filter((line) => !isOwnLine(line)), receivedAt: metadata["received-at"] }
    )),
  );
  deepStrictEqual(after.journeys, new Map([...before.journeys].filter(([sessionId]) => !own.has(sessionId))));
  ok(!JSON.stringify([after.items, after.objects]).includes(VISITOR), "the visitor is still named");
  console.log(
    `kept: ${after.journeys.size} journeys, their items and lines the same byte for byte; left: ${OWN} tombstones`,
  );

  const same = async (what: string) => {
    const now = { items: await items(), objects: await objects() };
    deepStrictEqual(now, { items: after.items, objects: after.objects }, `${what} changed something`);
    console.log(`${what}: nothing changes`);
  };
  deepStrictEqual((await ask(client, ERASE, { visitorId: VISITOR })).eraseVisitor, receipt);
  await same("erased again, with the same receipt");
  for (const dryRun of [true, false]) {
    const { backfillJourneys } = await ask(client, BACKFILL, { range: { between: DAY }, dryRun });
    const { journeysCreated, journeysChanged, journeysUnchanged } = backfillJourneys;
    deepStrictEqual([journeysCreated, journeysChanged, journeysUnchanged], [0, 0, kept.length]);
    await same(dryRun ? "backfill, dry" : "backfill");
  }
  const again = await recordAll(client, batches);
  strictEqual(again.accepted, 0);
  strictEqual(again.rejected, batches.flat().filter(({ sessionId }) => own.has(sessionId)).length);
  await same("the same batches again, those of the visitor refused");
  await proveCounts(client, kept);
  clients.destroy();
}

console.log(`seed ${seed}`);
const dataDir = await makeTempDir();
const service = await startLocal(dataDir.path, 0);
try {
  await prove(service, dataDir.path);
  console.log("holds");
} catch (error) {
  console.error(`DOES NOT HOLD (seed ${seed}): ${(error as Error).message.slice(0, 2_000)}`);
  process.exitCode = 1;
} finally {
  await killTree(service.running.pid);
  await dataDir.remove();
}
