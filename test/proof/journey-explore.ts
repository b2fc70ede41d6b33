/**
 * Paths and funnels over real journeys, held against a computation that shares no code with them; every number is opened. Then
 * what an answer reads at 3,000 and at 300,000 journeys, as DynamoDB would count it.
 *
 *     npm run proof:journey-explore [-- JOURNEYS]
 *
 * Journeys are those of the NASA-HTTP trace and of OTTO's shop, made by the rules of the service and kept as trails; the
 * larger number repeats them on other days.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { readFile } from "node:fs/promises";
import process from "node:process";
import type { Dynamo, Item, QueryOptions } from "../../api/aws/dynamo.ts";
import { createExplorer } from "../../api/journeys/explore.ts";
import { NO_GOALS } from "../../api/journeys/goals.ts";
import { type ArrivedEvent, DEFAULT_KEEP_DAYS, type Journey } from "../../api/journeys/model.ts";
import { decideEvents } from "../../api/journeys/rules.ts";
import type { JourneyStore } from "../../api/journeys/store.ts";
import { toTrailItem, trailOf } from "../../api/journeys/trail.ts";
import { createTrailStore } from "../../api/journeys/trails.ts";
import { isMatch, type Match, namesOf, type Seen } from "../kit/explore-oracle.ts";
import { countVisits } from "./count-nasa.ts";
import { dataFile } from "./journeys.ts";

const PAGE_BYTES = 1_048_576;
const NOW = Date.UTC(2026, 0, 1);
const MOST = Number(process.argv[2] ?? 300_000);

type Own = { sessionId: string; journey: Journey; events: ArrivedEvent[]; item: Item; bytes: number };

function made(sessionId: string, seen: readonly Seen[]): Own {
  const events = seen.map((one, i): ArrivedEvent => (
    { sessionId, source: "main", seq: i + 1, type: one.type, occurredAt: one.at, page: one.page, receivedAt: NOW }
  ));
  const journey = decideEvents("t", undefined, events).journey!;
  const trail = trailOf(journey, events, NO_GOALS);
  const item = toTrailItem(trail, { pk: "t#0", sk: `${sessionId}#TRAIL` }, {
    lastArrivalAt: NOW,
    keepDays: DEFAULT_KEEP_DAYS,
  });
  return { sessionId, journey, events, item, bytes: sizeOf(item) };
}

/** As DynamoDB weighs an item: names and values, in UTF-8. */
function sizeOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + (typeof value === "string" ? Buffer.byteLength(value) : 8),
    0,
  );
}

/** The index byStart alone, in pages of 1 MB; it counts what it gave. */
function createIndex(all: readonly Own[]) {
  const rows = all.toSorted((a, b) => b.journey.startedAt - a.journey.startedAt);
  const spent = { requests: 0, units: 0 };
  const query = (_table: string, { key, limit = Infinity, startKey, descending }: QueryOptions) => {
    if (key.values![":pk"] !== undefined) return Promise.resolve({ items: [], next: undefined });
    ok(descending);
    const [from, to] = [key.values![":from"] as number, key.values![":to"] as number];
    const begin = startKey ? (startKey.at as number) : rows.findIndex(({ journey }) => journey.startedAt <= to);
    const items: Item[] = [];
    let bytes = 0;
    let at = begin < 0 ? rows.length : begin;
    for (; at < rows.length && bytes < PAGE_BYTES && items.length < limit; at++) {
      if (rows[at]!.journey.startedAt < from) break;
      items.push(rows[at]!.item);
      bytes += rows[at]!.bytes;
    }
    spent.requests++;
    spent.units += Math.ceil(bytes / 4_096) / 2;
    const isMore = at < rows.length && rows[at]!.journey.startedAt >= from;
    return Promise.resolve({ items, next: isMore ? { at } : undefined });
  };
  return {
    dynamo: { query } as unknown as Dynamo,
    spent,
    take: () => ({ ...spent, ...(spent.requests = spent.units = 0, {}) }),
  };
}

function explorerOf(all: readonly Own[]) {
  const index = createIndex(all);
  const byId = new Map(all.map((own) => [own.sessionId, own]));
  const store = {
    find: (_: string, ids: readonly string[]) =>
      Promise.resolve(
        new Map(ids.flatMap((id) => {
          const own = byId.get(id);
          return own ? [[id, own.journey] as const] : [];
        })),
      ),
    // Of long journeys, whose events are read.
    readAllChunks: (_: string, id: string) => {
      const { events } = byId.get(id)!;
      return Promise.resolve([{ id: "000000000000", events }]);
    },
  } as unknown as JourneyStore;
  const trails = createTrailStore(index.dynamo, "trails");
  const settings = { goals: NO_GOALS, keepDays: DEFAULT_KEEP_DAYS, keepRawDays: undefined, changedAt: undefined };
  const configuration = {
    of: () => Promise.resolve(settings),
    current: (_: string, journeys: readonly Journey[]) => Promise.resolve([...journeys]),
  };
  return { index, explore: createExplorer({ store, trails, configuration, clock: () => NOW, indexed: true }) };
}

/** The most steps in order within a time: from each event that makes the first step, each next one as early as it comes. */
function depthOf(events: readonly Seen[], steps: readonly Match[], withinMs = Infinity): number {
  let best = 0;
  for (const [i, first] of events.entries()) {
    if (!isMatch(first, steps[0]!)) continue;
    let step = 1;
    for (const event of events.slice(i + 1)) {
      if (step === steps.length || event.at - first.at > withinMs) break;
      if (isMatch(event, steps[step]!)) step++;
    }
    best = Math.max(best, step);
    if (best === steps.length) break;
  }
  return best;
}

const RANGE = { between: { from: 0, to: NOW } };

async function prove(
  name: string,
  journeys: ReadonlyMap<string, readonly Seen[]>,
  funnels: { steps: Match[]; within?: number }[],
) {
  const all = [...journeys].map(([id, seen]) => made(id, seen));
  const { explore, index } = explorerOf(all);
  let opened = 0;
  for (const input of funnels) {
    const funnel = await explore.funnel("t", RANGE, input);
    const counts = await funnel.counts();
    strictEqual(counts.journeys, all.length);
    const depths = new Map([...journeys].map(([id, seen]) => [id, depthOf(seen, input.steps, input.within)]));
    for (const i of input.steps.keys()) {
      const wanted = [...depths].filter(([, depth]) => depth > i).map(([id]) => id).sort();
      strictEqual(counts.all[i]!.length, wanted.length, `${name}: step ${i + 1} of ${JSON.stringify(input)}`);
      const { ids, pages } = await openAll((after) => explore.list(funnel.select(i, false), { first: 100, after }));
      deepStrictEqual(ids.sort(), wanted);
      opened++;
      void pages;
    }
    const [first, ...rest] = counts.all.map(({ length }) => length);
    console.log(`${name}: ${JSON.stringify(input.steps)} ${first} → ${rest.join(" → ")}`);
  }
  const asked = { by: "PAGE" as const, steps: 3, top: 5, folderDepth: 1 };
  const paths = await explore.paths("t", RANGE, asked);
  const { levels } = await paths.counts();
  const expected = new Map([...journeys].flatMap(([id, seen]) => {
    const names = namesOf(seen, asked);
    return names ? [[id, names] as const] : [];
  }));
  for (const [level, { nodes, told }] of levels.entries()) {
    for (const { name: shown, journeys: count } of nodes) {
      const wanted = [...expected].filter(([, path]) =>
        path[level] !== undefined && (shown === null ? !told.has(path[level]) : path[level] === shown)
      ).map(([id]) => id).sort();
      strictEqual(count, wanted.length);
      const { ids } = await openAll((after) =>
        explore.list(paths.select({ level, name: shown }), { first: 100, after })
      );
      deepStrictEqual(ids.sort(), wanted);
      opened++;
    }
  }
  console.log(`${name}: ${all.length} journeys, ${opened} numbers equal, each opened to the last journey`);
  index.take();
  return all;
}

async function openAll(read: (after: string | undefined) => ReturnType<ReturnType<typeof createExplorer>["list"]>) {
  const ids: string[] = [];
  let after: string | undefined;
  for (let pages = 1;; pages++) {
    const page = await read(after);
    ids.push(...page.edges.map(({ node }) => node.sessionId));
    if (!page.hasNextPage) return { ids, pages };
    after = page.edges.at(-1)!.cursor;
  }
}

const nasa = await countVisits(dataFile("nasa_19950801.tsv"));
const visits = new Map(
  nasa.slice(0, 3_000).map(({ host, startedAt, requests }) => [
    `${host}-${startedAt}`,
    requests.map(({ at, url }) => ({ at, type: "PAGE_VIEWED", page: url })),
  ]),
);
const all = await prove("NASA", visits, [
  { steps: [{ page: "/ksc.html" }, { page: "/shuttle/*" }] },
  { steps: [{ page: "/history/*" }, { page: "/history/*" }, { page: "*.gif" }] },
  { steps: [{ page: "/*" }, { page: "/images/*" }, { page: "/shuttle/*" }], within: 120_000 },
]);
const shop = (await readFile(dataFile("otto_sessions_sample.jsonl"), "utf8")).split("\n").filter(
  Boolean,
).slice(0, 3_000);
const TYPES: Record<string, string> = { clicks: "CLICKED", carts: "CARTED", orders: "ORDERED" };
const sessions = new Map(shop.map((line) => {
  const { session, events } = JSON.parse(line) as {
    session: number;
    events: { aid: number; ts: number; type: string }[];
  };
  return [
    String(session),
    events.map(({ aid, ts, type }) => ({ at: ts, type: TYPES[type] ?? type, page: `/articles/${aid}` })),
  ];
}));
await prove("OTTO", sessions, [
  { steps: [{ type: "CLICKED" }, { type: "CARTED" }, { type: "ORDERED" }] },
  { steps: [{ type: "CLICKED" }, { type: "CARTED" }, { type: "ORDERED" }], within: 3_600_000 },
]);

for (const count of [3_000, MOST]) {
  const many = Array.from({ length: count }, (_, i): Own => {
    const own = all[i % all.length]!;
    const [sessionId, shift] = [`${own.sessionId}-${i}`, Math.floor(i / all.length) * 86_400_000];
    const startedAt = own.journey.startedAt + shift;
    const item = { ...own.item, sk: `${sessionId.replaceAll("#", "%23")}#TRAIL`, startedAt };
    return { ...own, sessionId, journey: { ...own.journey, sessionId, startedAt }, item, bytes: sizeOf(item) };
  });
  const { explore, index } = explorerOf(many);
  const begun = process.cpuUsage();
  const funnel = await explore.funnel("t", RANGE, { steps: [{ page: "/ksc.html" }, { page: "/shuttle/*" }] });
  const counts = await funnel.counts();
  const { requests, units } = index.take();
  const seconds = process.cpuUsage(begun).user / 1e6;
  const page = await explore.list(funnel.select(1, false), { first: 100 });
  const list = index.take();
  const events = many.reduce((sum, { journey }) => sum + journey.eventCount, 0);
  console.log(
    `${count} journeys (${events} events): a funnel read ${counts.journeys} in ${requests} requests, ${units} units, ` +
      `${
        seconds.toFixed(1)
      } s of CPU, ${counts.events} events of long ones; a page of ${page.edges.length}: ${list.requests} requests, ${list.units} units`,
  );
}
