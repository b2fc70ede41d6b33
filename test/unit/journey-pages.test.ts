import { describe, expect, test } from "vitest";
import { createExplorer } from "../../api/journeys/explore.ts";
import type { JourneyFilter } from "../../api/journeys/lists.ts";
import { changeOf } from "../../api/journeys/trails.ts";
import { createListWorld } from "../kit/list-world.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [HALF_AN_HOUR, DAY] = [1_800_000, 86_400_000];
const T = "shop";

describe("pages of the last hours", () => {
  test.each<[string, JourneyFilter, boolean]>([
    ["a tenant", {}, false],
    ["a visitor", { visitorId: "v" }, false],
    ["what somebody did", { did: ["PAGE_VIEWED"] }, false],
    ["a file", {}, true],
  ])(
    "of %s begin where the first one did: none that it promised is left out as time goes by",
    async (_, own, isWhole) => {
      let now = NOW;
      const { journeys, put } = createListWorld(T, NOW, () => now);
      for (let i = 1; i <= 5; i++) await put(`s${i}`, NOW - 4 * HALF_AN_HOUR + 50 - 10 * i, "v");
      const filter: JourneyFilter = { ...own, range: { last: "TWO_HOURS" } };
      const list = (page: Parameters<typeof journeys.list>[2]) => journeys.list(T, filter, page, isWhole);
      const ids = (page: Awaited<ReturnType<typeof list>>) => page.edges.map(({ node }) => node.sessionId);
      const pages = [await list({ first: 2 })];
      for (const wait of [10_000, DAY]) {
        now += wait;
        pages.push(await list({ first: 2, after: pages.at(-1)!.edges.at(-1)!.cursor }));
      }
      expect(pages.map(ids)).toEqual([["s1", "s2"], ["s3", "s4"], ["s5"]]);
      expect(pages.map(({ hasNextPage }) => hasNextPage)).toEqual([true, true, false]);
      expect(pages.map(({ range }) => range.fromAt)).toEqual(Array(3).fill(NOW - 4 * HALF_AN_HOUR));
      const back = await list({ first: 100, last: 2, before: pages[2]!.edges[0]!.cursor });
      expect([ids(back), back.hasPreviousPage]).toEqual([["s3", "s4"], true]);
      expect([ids(await list({ first: 2 })), await pages[2]!.total()]).toEqual([[], { count: 5, isExact: true }]);
    },
  );

  test("say nothing to cursors of places that are outside, whoever made them up", async () => {
    const { journeys, put } = createListWorld(T, NOW);
    for (let i = 0; i < 4; i++) await put(`s${i}`, NOW - DAY + HALF_AN_HOUR * i, "v");
    const between = { from: NOW - DAY, to: NOW - DAY + 3 * HALF_AN_HOUR };
    for (const filter of [{}, { range: { last: "DAY" as const } }, { range: { between } }]) {
      for (const visitorId of [undefined, "v"]) {
        const all = { ...filter, visitorId };
        const [row] = (await journeys.list(T, all, { first: 1 })).edges;
        const [binding] = JSON.parse(Buffer.from(row!.cursor, "base64url").toString("utf8")) as [string];
        for (const startedAt of [-1, 0, NOW - DAY, NOW, NOW + DAY, Number.MAX_SAFE_INTEGER]) {
          for (const fromAt of [-1, NOW - DAY, NOW, Number.MAX_SAFE_INTEGER]) {
            const cursor = Buffer.from(JSON.stringify([binding, [startedAt, "s0", fromAt]])).toString("base64url");
            for (const page of [{ first: 2, after: cursor }, { first: 100, last: 2, before: cursor }]) {
              await expect(journeys.list(T, all, page)).resolves.toHaveProperty("edges");
            }
          }
        }
      }
    }
  });
});

test("what is read of the last hours in several answers, and the lists behind it, begin where the first one did", async () => {
  let now = NOW;
  const world = createListWorld(T, NOW, () => now);
  const at = (i: number) => NOW - 4 * HALF_AN_HOUR + 50 - 10 * i;
  for (let i = 1; i <= 5; i++) {
    const event = (seq: number, page: string) => (
      { sessionId: `s${i}`, seq, type: "PAGE_VIEWED", page, occurredAt: new Date(at(i) + seq - 1).toISOString() }
    );
    await world.journeys.record(T, [event(1, "/"), event(2, "/pricing")]);
    const { journeys } = await world.store.look(T, [`s${i}`]);
    await world.trails.note(T, [...journeys.values()].map(changeOf));
  }
  const explore = createExplorer({ ...world, clock: () => now, indexed: true, maxJourneys: 2 });
  const funnel = (after?: string) =>
    explore.funnel(T, { last: "TWO_HOURS" }, { steps: [{ page: "/" }, { page: "/pricing" }] }, after);
  const read: number[] = [];
  const listed: string[] = [];
  for (let after: string | undefined, more = true; more; now += 10_000) {
    const asked = await funnel(after);
    const { journeys, end } = await asked.counts();
    read.push(journeys);
    for (let cursor: string | undefined, isMore = true; isMore; now += 10_000) {
      const page = await explore.list((await funnel(after)).select(1, false), { first: 1, after: cursor });
      listed.push(...page.edges.map(({ node }) => node.sessionId));
      if (page.hasNextPage) expect(await page.total()).toEqual({ count: journeys, isExact: true });
      [isMore, cursor] = [page.hasNextPage, page.edges.at(-1)?.cursor];
    }
    [more, after] = [end !== undefined, end];
  }
  expect([read, listed]).toEqual([[2, 2, 1], ["s1", "s2", "s3", "s4", "s5"]]);
});
