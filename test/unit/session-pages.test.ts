import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { useMovingApp } from "../kit/moving-app.ts";
import { mutate } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const HOUR = 60 * MIN;
const T = "pages";
const world = useMovingApp(NOW);

type Page = { first?: number; after?: string; last?: number; before?: string };

async function list(filter: object, page: Page) {
  const query = `query ($filter: SessionFilter, $first: Int, $after: String, $last: Int, $before: String) {
    sessions(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { sessionId } } pageInfo { hasNextPage hasPreviousPage } } }`;
  const { data, errors } = await world.api.ask(T, query, { filter, ...page });
  expect(errors).toBeUndefined();
  const { edges, pageInfo } = data.sessions as {
    edges: { cursor: string; node: { sessionId: string } }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean };
  };
  return { ids: edges.map(({ node }) => node.sessionId), cursor: edges.at(-1)?.cursor ?? "", edges, pageInfo };
}

test("pages of the last hours begin where the first one did: none that it promised is left out as time goes by", async () => {
  for (let i = 1; i <= 5; i++) {
    const startedAt = new Date(NOW - 2 * HOUR + MIN - 10 * i).toISOString();
    await mutate(world.api, T, "createSession", { sensorId: "hall", sessionId: `s${i}`, startedAt });
  }
  for (const own of [{}, { sensorId: "hall" }, { status: "COMPLETED" }]) {
    world.now = NOW;
    const filter = { ...own, range: { last: "TWO_HOURS" } };
    const pages = [await list(filter, { first: 2 })];
    for (const wait of [MIN, 20 * HOUR]) {
      world.now += wait;
      pages.push(await list(filter, { first: 2, after: pages.at(-1)!.cursor }));
    }
    expect(pages.map(({ ids }) => ids)).toEqual([["s1", "s2"], ["s3", "s4"], ["s5"]]);
    expect(pages.map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([true, true, false]);
    const back = await list(filter, { last: 2, before: pages[2]!.edges[0]!.cursor });
    expect([back.ids, back.pageInfo.hasPreviousPage]).toEqual([["s3", "s4"], true]);
    expect((await list(filter, { first: 2 })).ids).toEqual([]);
  }
});

test("cursors that somebody made up are answered, wherever they lie", async () => {
  const filter = { range: { last: "DAY" } };
  const [row] = (await list(filter, { first: 1 })).edges;
  const [binding] = JSON.parse(Buffer.from(row!.cursor, "base64url").toString("utf8")) as [string];
  for (const startedAt of [-1, 0, NOW - HOUR, NOW, Number.MAX_SAFE_INTEGER]) {
    for (const fromAt of [-1, 0, NOW, Number.MAX_SAFE_INTEGER]) {
      const cursor = Buffer.from(JSON.stringify([binding, [startedAt, "s0", fromAt]])).toString("base64url");
      for (const page of [{ first: 2, after: cursor }, { last: 2, before: cursor }]) {
        expect((await list(filter, page)).ids.length).toBeLessThanOrEqual(2);
      }
    }
  }
});
