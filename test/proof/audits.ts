/**
 * Law: over a day of NASA's web server, weeks of Ordonez's house and an evening with a kanji collection, all loaded through the API,
 * a recount of all nine sources and of the rollups finds no difference; each of them deliberately damaged it finds and names, changes
 * nothing in a dry run, and sets right, to the last number as it was.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/audits.ts [--small]
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { createDynamo, type Item } from "../../api/aws/dynamo.ts";
import { createConnections } from "../../api/connections.ts";
import { createRecountOf } from "../../api/domains.ts";
import type { Recounted } from "../../api/jobs/recount.ts";
import { readNasa } from "../../api/local/load/nasa.ts";
import { readOrdonez } from "../../api/local/load/ordonez.ts";
import { SOURCES } from "../../api/metrics/model.ts";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { itemsOf } from "../kit/dump.ts";
import { record } from "../kit/journeys.ts";
import { silentLog } from "../kit/local.ts";
import { metricsOf } from "../kit/metrics.ts";
import { reviewerOf } from "../kit/review.ts";
import { mutate } from "../kit/sessions.ts";
import { dataFile } from "./journeys.ts";

const TENANT = "proof";
/** What is kept how long goes by the store's own clock, so this is an evening of now. */
const EVENING = Date.now() - 2 * 3_600_000;
const DAY = 86_400_000;
const isSmall = process.argv.includes("--small");
const RANGES = [
  [Date.UTC(1995, 7, 1), Date.UTC(1995, 7, 3)],
  [Date.UTC(2012, 10, 11), Date.UTC(2012, 11, 5)],
  [EVENING - DAY / 2, EVENING + DAY / 2],
] as const;

const nasa = dataFile("nasa_19950801.tsv");
const house = new URL("../../../shared/data/motion/ordonez-b/OrdonezB_Sensors.txt", import.meta.url).pathname;
const kanji = new URL("../../../shared/data/spaced-repetition/kanji_collection.anki2", import.meta.url).pathname;
let now = EVENING;

/** Parts of so many, in their order. */
function* cut<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

async function load(api: TestApp): Promise<void> {
  const events = [...readNasa((await readFile(nasa, "utf8")).split("\n"))].slice(0, isSmall ? 2_000 : undefined);
  for (const part of cut(events, 250)) await record(api, TENANT, part);
  const motions = readOrdonez((await readFile(house, "utf8")).split(/\r?\n/)).slice(0, isSmall ? 400 : undefined);
  for (const motion of motions) {
    const { __typename, message } = await mutate(api, TENANT, "recordMotion", motion);
    strictEqual(__typename, "RecordMotionPayload", message);
  }
  const { record: recordAll } = metricsOf(api, TENANT);
  const times = [...events.map(({ occurredAt }) => occurredAt), ...motions.map(({ at }) => at)];
  const records = times.map((at, i) => ({ source: SOURCES[i % 4]!, recordId: `${i}`, at }));
  for (const part of cut(records, 500)) await recordAll(part);
  await review(api);
  for (const job of api.app.jobs.filter(({ name }) => name === "end-idle-sessions")) await job.run();
  await api.settle();
  console.log(`${events.length} events, ${motions.length} motions, ${records.length} records, ${answers} answers`);
}

let answers = 0;
/** A number of a rollup, as `api/analytics/cells.ts` names it. */
const COUNTER = /^[a-gi-z]\d+$/;

async function review(api: TestApp): Promise<void> {
  const person = reviewerOf(api, { tenantId: TENANT, userId: "learner" });
  await person.import(await readFile(kanji));
  const [deck] = (await person.decks("UTC")).filter(({ name }: { name: string }) => name === "kanji");
  let { reviewSession: session } = await person.start({ deckId: deck.deckId });
  for (let i = 0; i < 70 && session.nextCard; i++) {
    now += 20_000;
    const { sessionId, nextCard: { cardId } } = session;
    ({ reviewSession: session } = await person.answer({ sessionId, cardId, answerId: `a${i}` }));
    answers++;
    if (i % 17 === 5) {
      ({ reviewSession: session } = await person.undo(sessionId));
      answers--;
    }
    if (i % 25 === 20) ({ reviewSession: session } = await person.save(sessionId));
  }
}

/** Counts all again, as `npm run audit` does, while the streams are read. */
async function recount(api: TestApp, repair: boolean): Promise<Recounted[]> {
  const connections = await createConnections(api.config, { clock: () => now, log: silentLog });
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      await api.settle();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    const found: Recounted[] = [];
    for (const [fromAt, toAt] of RANGES) {
      const range = { fromAt, toAt };
      for await (const one of createRecountOf(connections)({ tenantId: TENANT, range, repair })) found.push(one);
    }
    return found;
  } finally {
    isOver = true;
    await reading;
    connections.stop();
  }
}

const wrongOf = (found: readonly Recounted[]) =>
  [...new Set(found.filter(({ wrong }) => wrong > 0).map(({ of }) => of))].sort();

/** What buckets and rollups count, by item, without versions and watermarks; what is zero is as if it were not there. */
async function numbersOf(api: TestApp): Promise<Record<string, Record<string, number>>> {
  const items = [...await itemsOf(api.system, "buckets"), ...await itemsOf(api.system, "rollups")].map((one) =>
    unmarshall(one) as Item
  );
  const own = items.filter(({ pk }) => (pk as string).startsWith(`${TENANT}#`) && !(pk as string).endsWith("#late"));
  return Object.fromEntries(
    own.map(({ pk, sk, ...attributes }): [string, Record<string, number>] => [
      `${pk as string} ${sk as string}`,
      Object.fromEntries(
        Object.entries(attributes).filter(([name, value]) => /^[a-gi-z]\d+$|^h[0-9a-z]+$/.test(name) && value !== 0)
          .filter(([name]) => !/^[xw]/.test(name)) as [string, number][],
      ),
    ]).filter(([, numbers]) => Object.keys(numbers).length > 0).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Damages a bucket of each source, and numbers of the rollups; one rollup is lost whole. */
async function damage(api: TestApp): Promise<void> {
  const dynamo = createDynamo(api.system.clients.dynamodb);
  const named = (table: string) => `${api.system.prefix}-${table}`;
  const add = async (table: string, { pk, sk }: Item, name: string, n: number) =>
    await dynamo.update(named(table), { pk, sk }, {
      expression: "ADD #name :n",
      names: { "#name": name },
      values: { ":n": n },
    });
  const buckets = (await itemsOf(api.system, "buckets")).map((item) => unmarshall(item) as Item);
  for (const [i, source] of SOURCES.entries()) {
    const own = buckets.filter(({ pk }) => pk === `${TENANT}#${source}`);
    const hour = own[Math.floor(own.length / 2)]!;
    const minute = Object.keys(hour).find((name) => /^m\d+$/.test(name))!;
    await add("buckets", hour, minute, i % 2 === 0 ? 3 : -1);
  }
  const rollups = (await itemsOf(api.system, "rollups")).map((item) => unmarshall(item) as Item);
  for (const kind of ["SESSIONS", "JOURNEYS"]) {
    const days = rollups.filter(({ pk }) => pk === `${TENANT}#${kind}`);
    const day = days.find((item) => Object.keys(item).some((name) => COUNTER.test(name)))!;
    await add("rollups", day, Object.keys(day).find((name) => COUNTER.test(name))!, 2);
    const lost = days.find((item) => item !== day && (item.sk as string).length > 0)!;
    await dynamo.remove(named("rollups"), { pk: lost.pk, sk: lost.sk });
  }
}

const startedAt = performance.now();
const api = await startTestApp({ clock: () => now });
try {
  await load(api);
  const right = await numbersOf(api);
  const first = await recount(api, false);
  for (const { line } of first) console.log(`  ${line}`);
  deepStrictEqual(wrongOf(first), []);
  console.log(`no difference in ${first.length} recounts (${Math.round((performance.now() - startedAt) / 1_000)} s)`);

  await damage(api);
  const damaged = await numbersOf(api);
  const found = await recount(api, false);
  for (const { line, wrong } of found) if (wrong > 0) console.log(`  ${line}`);
  deepStrictEqual(wrongOf(found), [...SOURCES, "rollups of JOURNEYS", "rollups of SESSIONS"].sort());
  deepStrictEqual(await numbersOf(api), damaged, "a dry run changes nothing");
  const mended = await recount(api, true);
  deepStrictEqual(wrongOf(mended), []);
  deepStrictEqual(wrongOf(await recount(api, false)), []);
  deepStrictEqual(await numbersOf(api), right);
  strictEqual(Object.keys(right).length > 0, true);
  ok(answers > 0);
  console.log(
    `holds: ${Object.keys(right).length} items of counts (${Math.round((performance.now() - startedAt) / 1_000)} s)`,
  );
} catch (error) {
  console.error(`DOES NOT HOLD: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await api.stop();
}
process.exit();
