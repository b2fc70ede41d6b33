import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { depthOf, type Match, namesOf, type Seen } from "../kit/explore-oracle.ts";
import { createJourneyConfiguration } from "../../api/journeys/configure.ts";
import { createJourneyStore } from "../../api/journeys/store.ts";
import { createTrailStore } from "../../api/journeys/trails.ts";
import { fullName, tables } from "../../api/resources.ts";
import { createExplorer } from "../../api/journeys/explore.ts";
import { type EventInput, record } from "../kit/journeys.ts";
import { dynamoOf } from "../kit/stores.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const DAY = 86_400_000;
const RANGE = { between: { from: new Date(NOW - 3 * DAY).toISOString(), to: new Date(NOW + 1).toISOString() } };

let api: TestApp;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
  for (let from = 0; from < JOURNEYS.length; from += 20) {
    await record(api, "t", JOURNEYS.slice(from, from + 20).flatMap(({ events }) => events));
  }
  await api.settle();
});
afterAll(() => api.stop());

/** Numbers that are the same at each run. */
function createNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const next = createNumbers(7);
const TYPES = ["PAGE_VIEWED", "PAGE_VIEWED", "PAGE_VIEWED", "CTA_CLICKED", "MESSAGE_SENT"];
const PAGES = ["/", "/pricing", "/docs/api/keys", "/docs/api/", "https://shop.example/docs/start?x=1", "/buy/7/done"];
const REFERRERS = ["a.example/", "b.example/x", undefined];
const JOURNEYS = Array.from({ length: 60 }, (_, j) => {
  const startedAt = NOW - 2 * DAY + next(DAY);
  // Three in ten begin at one of a few instants, so that instants are shared.
  const from = next(10) < 3 ? NOW - DAY - next(4) : startedAt;
  let at = from;
  const referrer = REFERRERS[next(3)];
  const events = Array.from({ length: 1 + next(12) }, (_, i): EventInput => {
    const type = TYPES[next(TYPES.length)]!;
    const event = {
      sessionId: `s-${j}`,
      seq: i + 1,
      type,
      occurredAt: new Date(at).toISOString(),
      ...(type === "MESSAGE_SENT" ? { text: "?" } : { page: PAGES[next(PAGES.length)]! }),
      properties: { ...(i === 0 && referrer ? { referrer, device: "phone" } : {}), step: i },
    };
    at += 1_000 + next(90_000);
    return event;
  });
  return { sessionId: `s-${j}`, startedAt: from, referrer, events };
});
const seenOf = ({ events }: (typeof JOURNEYS)[number]): Seen[] =>
  events.map(({ occurredAt, type, page }) => ({ at: Date.parse(occurredAt), type, page }));

type Opened = { nodes: { sessionId: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
const PAGE = `nodes { sessionId } pageInfo { hasNextPage endCursor }`;
const FUNNEL_STEP = `number type page goal journeyCount share shareOfPrevious dropOffCount medianTime p95Time`;
const FUNNEL = `query ($input: FunnelInput!, $range: TimeRange!) { funnel(range: $range, input: $input) {
  from to readJourneys readEvents complete endCursor steps { ${FUNNEL_STEP} }
  groups { value isOther steps { ${FUNNEL_STEP} } } } }`;
const PATHS = `query ($input: JourneyPathsInput!, $range: TimeRange!) { journeyPaths(range: $range, input: $input) {
  readJourneys readEvents complete endCursor from to journeyCount
  steps { number nodes { name journeyCount endCount } links { from to journeyCount averageTime } } } }`;

// oxlint-disable-next-line no-explicit-any
async function ask(query: string, variables: object): Promise<any> {
  const answer = await api.ask("t", query, { range: RANGE, ...variables });
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

/** All journeys behind a number, page by page: `field` is the list, with its way from the root around it as \`@\`. */
async function openAll(kind: "funnel" | "journeyPaths", input: object, way: string, first = 100): Promise<string[]> {
  const type = kind === "funnel" ? "FunnelInput" : "JourneyPathsInput";
  const list = `(first: ${first}, after: $after) { ${PAGE} }`;
  const query =
    `query ($input: ${type}!, $range: TimeRange!, $after: String) { ${kind}(range: $range, input: $input) { ${
      way.replace("@", list)
    } } }`;
  const ids: string[] = [];
  let after: string | undefined;
  for (;;) {
    const found: Opened[] = [];
    JSON.stringify(await ask(query, { input, after }), (key, value) => {
      if (key !== "" && value?.pageInfo) found.push(value);
      return value;
    });
    expect(found).toHaveLength(1);
    ids.push(...found[0]!.nodes.map(({ sessionId }) => sessionId));
    if (!found[0]!.pageInfo.hasNextPage) return ids;
    after = found[0]!.pageInfo.endCursor;
  }
}
/** A name as an argument. */
const named = (name: string | null) => JSON.stringify(name);

const FUNNELS: { steps: Match[]; order?: string; within?: number }[] = [
  { steps: [{ page: "/" }, { page: "/pricing" }] },
  { steps: [{ type: "PAGE_VIEWED" }, { type: "CTA_CLICKED" }, { type: "MESSAGE_SENT" }] },
  { steps: [{ page: "/docs/*" }, { page: "/docs/*" }, { type: "CTA_CLICKED", page: "/buy/*" }] },
  { steps: [{ type: "PAGE_VIEWED" }, { type: "MESSAGE_SENT" }], order: "STRICT" },
  { steps: [{ page: "/docs/*" }, { type: "CTA_CLICKED" }, { page: "*done" }], order: "STRICT" },
  { steps: [{ type: "PAGE_VIEWED" }, { type: "CTA_CLICKED" }, { type: "PAGE_VIEWED" }], within: 120_000 },
  { steps: [{ page: "/*" }, { type: "MESSAGE_SENT" }], within: 30_000, order: "STRICT" },
];

describe.each(["from events, of journeys that just changed", "from trails"])("read %s", (how) => {
  const isSettled = how === "from trails";
  beforeAll(async () => {
    if (isSettled) await api.app.jobs.find(({ name }) => name === "follow-journeys")!.run();
  });

  test.each(FUNNELS)("a funnel counts what its definition counts, and each number opens it: $steps", async (input) => {
    const { funnel } = await ask(FUNNEL, { input });
    expect(funnel).toMatchObject({ readJourneys: 60, complete: true, endCursor: null, groups: [] });
    expect(funnel.readEvents > 0).toBe(!isSettled);
    const depths = JOURNEYS.map((one) => (
      [one.sessionId, depthOf(seenOf(one), input.steps, input.order === "STRICT", input.within)] as const
    ));
    for (const [i, step] of funnel.steps.entries()) {
      const reached = depths.filter(([, depth]) => depth > i).map(([id]) => id).sort();
      const dropped = depths.filter(([, depth]) => depth === i + 1).map(([id]) => id).sort();
      expect([step.journeyCount, step.dropOffCount]).toEqual([reached.length, dropped.length]);
      if (!isSettled && i > 0) continue;
      expect((await openAll("funnel", input, `steps(number: ${i + 1}) { journeys@ }`, 13)).sort()).toEqual(reached);
      expect((await openAll("funnel", input, `steps(number: ${i + 1}) { dropOffs@ }`)).sort()).toEqual(dropped);
    }
  });

  test("a funnel says how fast, and breaks down by where journeys came from; each number opens", async () => {
    const input = { steps: [{ page: "/*" }, { type: "CTA_CLICKED" }], breakdown: { by: "REFERRER", top: 1 } };
    const { funnel: { steps, groups } } = await ask(FUNNEL, { input });
    const of = (wanted: (referrer: string | undefined) => boolean) =>
      [0, 1].map((i) =>
        JOURNEYS.filter((one) => wanted(one.referrer) && depthOf(seenOf(one), input.steps, false) > i)
          .map(({ sessionId }) => sessionId).sort()
      );
    const [a, b] = [of((r) => r === "a.example/"), of((r) => r === "b.example/x")];
    const isA = a[0]!.length >= b[0]!.length;
    const wanted = [
      { value: isA ? "a.example/" : "b.example/x", isOther: false, ids: isA ? a : b },
      { value: null, isOther: true, ids: isA ? b : a },
      { value: null, isOther: false, ids: of((r) => r === undefined) },
    ];
    for (const [i, { value, isOther, ids }] of wanted.entries()) {
      expect(groups[i]).toMatchObject({ value, isOther, steps: ids.map(({ length }) => ({ journeyCount: length })) });
      const way = `groups(value: ${named(value)}, isOther: ${isOther}) { steps(number: 2) { journeys@ } }`;
      expect((await openAll("funnel", input, way)).sort()).toEqual(ids[1]);
    }
    expect(groups).toHaveLength(3);
    const [, second] = steps;
    expect(second.share).toBeCloseTo(second.journeyCount / steps[0].journeyCount);
    expect(second.medianTime).toBeGreaterThan(0);
    expect(second.p95Time).toBeGreaterThanOrEqual(second.medianTime);
  });

  const ASKED = [
    { by: "PAGE" as const, steps: 3, top: 3 },
    { by: "TYPE" as const, steps: 5, top: 2 },
    { by: "PAGE" as const, steps: 4, top: 50, folderDepth: 1, from: { page: "/docs/*" } },
    { by: "PAGE" as const, steps: 4, top: 2, to: { type: "MESSAGE_SENT" } },
    { by: "TYPE" as const, steps: 20, top: 50, from: { type: "CTA_CLICKED" } },
  ];
  test.each(ASKED)("paths count what their definition counts, and each number opens it: %o", async (input) => {
    const { journeyPaths } = await ask(PATHS, { input });
    expect(journeyPaths).toMatchObject({ readJourneys: 60, complete: true, endCursor: null });
    const paths = JOURNEYS.flatMap((one) => {
      const names = namesOf(seenOf(one), input);
      return names ? [[one.sessionId, names] as const] : [];
    });
    expect(journeyPaths.journeyCount).toBe(paths.length);
    type Node = { name: string | null; journeyCount: number; endCount: number };
    type Link = { from: string | null; to: string | null; journeyCount: number };
    const steps = journeyPaths.steps as { nodes: Node[]; links: Link[] }[];
    const told = steps.map(({ nodes }) => new Set(nodes.map(({ name }) => name)));
    const shown = (path: string[], level: number) =>
      path[level] === undefined ? undefined : told[level]?.has(path[level]) ? path[level] : null;
    const opened = async (way: string, wanted: (path: string[]) => boolean, level: number) => {
      const ids = paths.filter(([, path]) => wanted(path)).map(([id]) => id).sort();
      if (isSettled && level < 3) {
        expect((await openAll("journeyPaths", input, `steps(number: ${level}) { ${way} }`, 40)).sort()).toEqual(ids);
      }
      return ids.length;
    };
    for (const [level, { nodes, links }] of steps.entries()) {
      expect(nodes.length).toBeLessThanOrEqual(input.top + 1);
      for (const { name, journeyCount, endCount } of nodes) {
        const isHere = (path: string[]) => shown(path, level) === name;
        const isEnd = (path: string[]) => isHere(path) && path.length === level + 1;
        expect(journeyCount).toBe(await opened(`nodes(name: ${named(name)}) { journeys@ }`, isHere, level));
        expect(endCount).toBe(await opened(`nodes(name: ${named(name)}) { ends@ }`, isEnd, level));
      }
      for (const { from, to, journeyCount } of links) {
        const way = `links(from: ${named(from)}, to: ${named(to)}) { journeys@ }`;
        const isOn = (path: string[]) => shown(path, level) === from && shown(path, level + 1) === to;
        expect(journeyCount).toBe(await opened(way, isOn, level));
      }
    }
  });

  test("lists behind numbers are in order, latest start first, page by page and backward", async () => {
    const input = { by: "TYPE", steps: 1, top: 1, from: { type: "PAGE_VIEWED" } };
    const wanted = JOURNEYS.filter(({ events }) => events.some(({ type }) => type === "PAGE_VIEWED"))
      .sort((x, y) => y.startedAt - x.startedAt || (x.sessionId < y.sessionId ? -1 : 1))
      .map(({ sessionId }) => sessionId);
    expect(await openAll("journeyPaths", input, "steps(number: 0) { nodes { journeys@ } }", 7)).toEqual(wanted);
    const backward = `query ($input: JourneyPathsInput!, $range: TimeRange!, $before: String) {
      journeyPaths(range: $range, input: $input) { steps(number: 0) { nodes {
        journeys(last: 20, before: $before) { nodes { sessionId } pageInfo { hasPreviousPage startCursor } } } } } }`;
    const last = (await ask(backward, { input })).journeyPaths.steps[0].nodes[0].journeys;
    expect(last.nodes.map((one: { sessionId: string }) => one.sessionId)).toEqual(wanted.slice(-20));
    const before = (await ask(backward, { input, before: last.pageInfo.startCursor })).journeyPaths.steps[0].nodes[0];
    expect(before.journeys.nodes.map((one: { sessionId: string }) => one.sessionId)).toEqual(wanted.slice(-40, -20));
  });
});

test("what is no funnel and no path is refused, with the field and the limit", async () => {
  const messages = async (kind: "funnel" | "journeyPaths", input: object) => {
    const type = kind === "funnel" ? "FunnelInput" : "JourneyPathsInput";
    const query = `query ($i: ${type}!, $r: TimeRange!) { ${kind}(range: $r, input: $i) { complete } }`;
    return (await api.ask("t", query, { i: input, r: RANGE })).errors?.[0]?.message;
  };
  const two = [{ type: "A" }, { type: "B" }];
  expect(await messages("funnel", { steps: [{ type: "A" }] })).toContain("2 to 20 steps, has 1");
  expect(await messages("funnel", { steps: [{ type: "A" }, {}] })).toContain("must say a type, a page or a goal");
  expect(await messages("funnel", { steps: [{ type: "A" }, { goal: "none" }] })).toContain("a goal of the tenant");
  expect(await messages("funnel", { steps: [{ type: "A" }, { page: "/a?b=*" }] })).toContain("path of a page alone");
  expect(await messages("funnel", { steps: two, breakdown: { by: "PROPERTY" } })).toContain("must name a property");
  expect(await messages("funnel", { steps: two, within: 91 * DAY })).toContain("7776000000");
  expect(await messages("journeyPaths", { steps: 21 })).toContain("1 to 20");
  expect(await messages("journeyPaths", { from: two[0], to: two[1] })).toContain("must be left out where `from`");
});

test("an answer that does not read all says where it goes on, and its parts add up", async () => {
  const { prefix } = api.system;
  const dynamo = dynamoOf(api.system);
  const store = createJourneyStore(dynamo, fullName(prefix, tables.journeys));
  const trails = createTrailStore(dynamo, fullName(prefix, tables.trails));
  const configuration = createJourneyConfiguration({ store, trails, clock: () => NOW });
  const explore = createExplorer({ store, trails, configuration, clock: () => NOW, indexed: true, maxJourneys: 25 });
  const input = { steps: [{ page: "/" }, { page: "/pricing" }] };
  const range = { between: { from: NOW - 3 * DAY, to: NOW + 1 } };
  const sums = [0, 0];
  const seen: string[] = [];
  let after: string | undefined;
  for (const read of [25, 25, 10]) {
    const funnel = await explore.funnel("t", range, input, after);
    const counts = await funnel.counts();
    expect([counts.journeys, counts.isComplete]).toEqual([read, read === 10]);
    counts.all.forEach((own, i) => sums[i]! += own.length);
    const page = await explore.list(funnel.select(0, false), { first: 100 });
    expect(page.edges).toHaveLength(counts.all[0]!.length);
    seen.push(...page.edges.map(({ node }) => node.sessionId));
    after = counts.end;
  }
  expect(sums).toEqual(
    [0, 1].map((i) => JOURNEYS.filter((one) => depthOf(seenOf(one), input.steps, false) > i).length),
  );
  expect(new Set(seen).size).toBe(sums[0]);
});

test("a journey of more than a trail holds is counted by all of its events", async () => {
  const at = (i: number) => new Date(NOW - DAY + i * 1_000).toISOString();
  const events = Array.from({ length: 620 }, (_, i): EventInput => (
    { sessionId: "long", seq: i + 1, type: "PAGE_VIEWED", page: i === 600 ? "/paid" : "/shop", occurredAt: at(i) }
  ));
  for (const half of [events.slice(0, 310), events.slice(310)]) await record(api, "long", half);
  await api.settle();
  await api.app.jobs.find(({ name }) => name === "follow-journeys")!.run();
  const input = { steps: [{ page: "/shop" }, { page: "/paid" }] };
  const { data } = await api.ask("long", FUNNEL, { input, range: RANGE });
  expect(data.funnel.steps.map(({ journeyCount }: { journeyCount: number }) => journeyCount)).toEqual([1, 1]);
  expect(data.funnel).toMatchObject({ readJourneys: 1, readEvents: 620, complete: true });
});
