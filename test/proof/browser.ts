/**
 * Law: of 1,000 page loads in a real browser, in two tabs, every event is recorded once, though the service is killed with
 * SIGKILL again and again meanwhile and is away for a while each time.
 *
 *     npm run proof:browser [-- LOADS [SEED]]
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import type { Page } from "playwright-core";
import { SCRIPT } from "../../api/browser/built.ts";
import type { Sojourn } from "../../api/browser/sojourn.ts";
import { hasChromium, newPerson, servePages, startChromium } from "../kit/chromium.ts";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { ask, type Client } from "./journeys.ts";
import { createRandom } from "./random.ts";
import { clientOf, freePort, startLocal } from "./service.ts";

declare const sojourn: Sojourn;

const LOADS = Number(process.argv[2] ?? 1_000);
const TABS = 2;
const UP_MS = 4_000;
const AWAY_MS = 2_000;

if (!hasChromium) {
  console.log("skipped: there is no /usr/bin/chromium");
  process.exit(0);
}
const seed = process.argv[3] ?? String(Date.now());
const random = createRandom(seed);

type Event = { source: string; seq: number; type: string; page: string };

async function prove(dataDir: string): Promise<void> {
  const port = await freePort();
  const client = await clientOf(dataDir, `http://127.0.0.1:${port}/graphql`, "shop");
  let service = await startLocal(dataDir, port);
  let key = "";
  const pages = await servePages((path) =>
    path === "/sojourn.js" ? SCRIPT : `<!doctype html><title>shop</title>
      <script src="/sojourn.js" data-to="http://127.0.0.1:${port}/" data-key="${key}"></script>
      <script>sojourn.track("STEP")</script>`
  );
  const { createWriteKey } = await ask(
    client,
    `mutation ($origins: [String!]!) { createWriteKey(input: { name: "shop", origins: $origins, ratePerMinute: 100000 }) {
      ... on CreateKeyPayload { key } } }`,
    { origins: [pages.url] },
  );
  key = createWriteKey.key;
  const browser = await startChromium();
  let kills = 0;
  let isOver = false;
  const killing = (async () => {
    for (;;) {
      for (let left = random() * UP_MS; left > 0 && !isOver; left -= 100) await pause(100);
      if (isOver) return;
      await killTree(service.running.pid);
      kills++;
      await pause(random() * AWAY_MS);
      service = await startLocal(dataDir, port);
    }
  })();
  killing.catch(() => {});
  try {
    const person = await newPerson(browser);
    const tabs = await Promise.all(Array.from({ length: TABS }, () => person.newPage()));
    await Promise.all(tabs.map(async (tab, t) => {
      for (let i = t; i < LOADS; i += TABS) await tab.goto(`${pages.url}/p/${i}`);
    }));
    isOver = true;
    await killing;
    for (const tab of tabs) await drain(tab);
    console.log(`seed ${seed}: ${LOADS} page loads in ${TABS} tabs, ${kills} kills`);
    check(await readEvents(client));
  } finally {
    isOver = true;
    await browser.close();
    pages.stop();
    await killing.catch(() => {});
    await killTree(service.running.pid);
  }
}

/** Sends until nothing is kept any more. */
async function drain(tab: Page): Promise<void> {
  await tab.reload();
  for (;;) {
    await tab.evaluate(() => sojourn.flush());
    const left = await tab.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open("sojourn");
        opening.onsuccess = () => resolve(opening.result);
      });
      return await new Promise<number>((resolve) => {
        const counting = db.transaction("sojourn").objectStore("sojourn").count();
        counting.onsuccess = () => resolve(counting.result);
      });
    });
    if (left === 0) return;
    await pause(500);
  }
}

async function readEvents(client: Client): Promise<Event[]> {
  const { journeys } = await ask(client, `{ journeys(first: 100) { nodes { sessionId } } }`);
  const all: Event[] = [];
  for (const { sessionId } of journeys.nodes) {
    for (let after: string | null = null, more = true; more;) {
      const { journey } = await ask(
        client,
        `query ($id: String!, $after: String) { journey(sessionId: $id) { events(first: 500, after: $after) {
          nodes { source seq type page } pageInfo { hasNextPage endCursor } } } }`,
        { id: sessionId, after },
      );
      all.push(...journey.events.nodes);
      more = journey.events.pageInfo.hasNextPage;
      after = journey.events.pageInfo.endCursor;
    }
  }
  return all;
}

function check(events: Event[]): void {
  const seen = new Map<string, number>();
  for (const { type, page } of events) seen.set(`${type} ${page}`, (seen.get(`${type} ${page}`) ?? 0) + 1);
  // The last page of each tab was loaded once more, to send what waited.
  const again = new Set(Array.from({ length: TABS }, (_, t) => LOADS - 1 - t));
  for (let i = 0; i < LOADS; i++) {
    for (const type of ["PAGE_VIEWED", "STEP"]) {
      strictEqual(seen.get(`${type} /p/${i}`), again.has(i) ? 2 : 1, `${type} of page ${i}`);
    }
  }
  strictEqual(events.length, 2 * (LOADS + TABS));
  for (const [source, own] of Map.groupBy(events, (event) => event.source)) {
    deepStrictEqual(own.map(({ seq }) => seq).sort((a, b) => a - b), [1, 2], `numbers of ${source}`);
  }
  console.log(
    `${events.length} events recorded, each once, under ${new Set(events.map((e) => e.source)).size} sources`,
  );
}

const dataDir = await makeTempDir();
const startedAt = performance.now();
try {
  await prove(dataDir.path);
  console.log(`holds (${Math.round((performance.now() - startedAt) / 1_000)} s)`);
} catch (error) {
  console.error(`DOES NOT HOLD (seed ${seed}): ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await dataDir.remove();
}
process.exit();
