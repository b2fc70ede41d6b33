import { describe, expect, test } from "vitest";
import { MAX_AHEAD_MS } from "../../api/core/check.ts";
import { keyOf, toItem } from "../../api/journeys/item.ts";
import { MAX_COUNTED } from "../../api/journeys/lists.ts";
import type { JourneyFilter } from "../../api/journeys/lists.ts";
import { decideEvents } from "../../api/journeys/rules.ts";
import { createEraseWorld } from "../kit/erase-world.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const DAY = 86_400_000;
const T = "shop";

function createWorld() {
  const world = createEraseWorld(NOW);
  const { journeys } = world.createProcess();
  /** A journey of one event, as it stands in the table. */
  const put = async (sessionId: string, occurredAt: number, visitorId?: string) => {
    const event = { sessionId, source: "main", seq: 1, type: "PAGE_VIEWED", occurredAt, receivedAt: NOW };
    const { journey } = decideEvents(T, undefined, [{ ...event, ...(visitorId ? { visitorId } : {}) }]);
    await world.dynamo.put("journeys", toItem(journey!));
  };
  const list = (filter: JourneyFilter, page: Parameters<typeof journeys.list>[2] = { first: 100 }) =>
    journeys.list(T, filter, page);
  const ids = async (filter: JourneyFilter) => (await list(filter)).edges.map(({ node }) => node.sessionId);
  return { dynamo: world.dynamo, journeys, put, list, ids };
}

describe("journeys of a clock that is ahead", () => {
  const edge = NOW + MAX_AHEAD_MS;
  test.each<[string, JourneyFilter, string[]]>([
    ["all", {}, ["ahead"]],
    ["the last day", { range: { last: "DAY" } }, ["ahead"]],
    ["of a visitor", { visitorId: "v" }, ["ahead"]],
    ["up to an instant", { range: { between: { from: NOW - DAY, to: edge } } }, []],
    ["up to a later one", { range: { between: { from: NOW - DAY, to: edge + 1 } } }, ["ahead"]],
  ])("are in the list of %s up to the furthest that is taken, and no further", async (_, filter, expected) => {
    const { put, ids } = createWorld();
    await put("ahead", edge, "v");
    await put("beyond", edge + 1, "v");
    expect(await ids(filter)).toEqual(expected);
  });

  test("are a visitor's last ones", async () => {
    const { journeys, put } = createWorld();
    await put("now", NOW, "v");
    await put("ahead", edge, "v");
    expect(await journeys.findVisitor(T, "v")).toEqual({ ids: ["v"], firstSeenAt: NOW, lastSeenAt: edge });
  });
});

describe("a filter that may pass over most, without a range", () => {
  test("reads thirty days up to the latest journey, to the millisecond, and says whether there are earlier ones", async () => {
    const { put, list, ids } = createWorld();
    const latest = NOW - 100 * DAY;
    await put("latest", latest);
    await put("first", latest - 30 * DAY);
    expect(await ids({ did: ["PAGE_VIEWED"] })).toEqual(["latest", "first"]);
    expect(await (await list({ did: ["PAGE_VIEWED"] })).hasEarlier()).toBe(false);
    await put("before", latest - 30 * DAY - 1);
    expect(await ids({ did: ["PAGE_VIEWED"] })).toEqual(["latest", "first"]);
    expect(await (await list({ did: ["PAGE_VIEWED"] })).hasEarlier()).toBe(true);
    // One that passes over little reads all.
    expect(await ids({})).toEqual(["latest", "first", "before"]);
  });

  test("names twenty types, and not one more", async () => {
    const { list } = createWorld();
    const types = Array.from({ length: 21 }, (_, i) => `TYPE_${i}`);
    for (const name of ["did", "didNot"] as const) {
      await expect(list({ [name]: types.slice(0, 20) })).resolves.toMatchObject({ edges: [] });
      await expect(list({ [name]: types })).rejects.toMatchObject({
        fields: [{ path: ["filter", name], message: "must hold at most 20 types, has 21" }],
      });
    }
  });
});

test("a list is counted to ten thousand, exactly; beyond, it says that there are more", async () => {
  const { dynamo, put, list } = createWorld();
  await put("s0", NOW);
  const [item] = dynamo.dump("journeys");
  for (let i = 1; i < MAX_COUNTED; i++) {
    await dynamo.put("journeys", { ...item, ...keyOf(T, `s${i}`), startedAt: NOW - i });
  }
  expect(await (await list({}, { first: 1 })).total()).toEqual({ count: MAX_COUNTED, isExact: true });
  await put("more", NOW - MAX_COUNTED);
  expect(await (await list({}, { first: 1 })).total()).toEqual({ count: MAX_COUNTED, isExact: false });
});

test("journeys of a visitor that began in one instant are each on one page, in either direction, by whatever ids", async () => {
  const { journeys, put, list, ids } = createWorld();
  const names = ["d", "a", "f", "c", "b", "e"];
  for (const [i, name] of names.entries()) await put(name, i < 5 ? NOW : NOW - 1, i < 4 ? "v" : "w");
  await journeys.record(T, [{
    ...{ sessionId: "link", seq: 1, type: "IDENTIFIED", occurredAt: new Date(NOW - 5).toISOString() },
    ...{ visitorId: "v", aliasOf: "w" },
  }]);
  const all = ["a", "b", "c", "d", "f", "e", "link"];
  for (const visitorId of ["v", "w"]) {
    expect(await ids({ visitorId })).toEqual(all);
    for (const size of [1, 2, 3]) {
      const forward: string[] = [];
      for (let after: string | undefined, more = true; more;) {
        const page = await list({ visitorId }, { first: size, after });
        forward.push(...page.edges.map(({ node }) => node.sessionId));
        [more, after] = [page.hasNextPage, page.edges.at(-1)?.cursor];
      }
      const backward: string[] = [];
      for (let before: string | undefined, more = true; more;) {
        const page = await list({ visitorId }, { first: 100, last: size, before });
        backward.unshift(...page.edges.map(({ node }) => node.sessionId));
        [more, before] = [page.hasPreviousPage, page.edges[0]?.cursor];
      }
      expect([size, forward, backward]).toEqual([size, all, all]);
    }
  }
});

test("a journey is in the list of each id that its events name, and of no other", async () => {
  const { journeys, ids } = createWorld();
  const event = (seq: number, visitorId: string) => (
    { sessionId: "s", seq, type: "PAGE_VIEWED", occurredAt: new Date(NOW - 10 + seq).toISOString(), visitorId }
  );
  await journeys.record(T, [event(1, "ada"), event(2, "bob")]);
  await journeys.record(T, [event(3, "eve")]);
  for (const visitorId of ["ada", "bob", "eve"]) expect(await ids({ visitorId })).toEqual(["s"]);
  expect(await ids({ visitorId: "ad" })).toEqual([]);
});
