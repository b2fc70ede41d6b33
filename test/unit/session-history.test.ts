import { describe, expect, test } from "vitest";
import { createHistory } from "../../api/sessions/history.ts";
import type { Reading, Session } from "../../api/sessions/model.ts";

/** Where readings lie in time; each says by its value in which batch. */
type Batches = Record<number, readonly number[]>;

/** A device's session of these batches, and who reads its history. */
function createWorld(batches: Batches, more: Partial<Session> = {}) {
  const own = Object.entries(batches).map(([offset, ats]) => ({ offset: Number(offset), ats }));
  const session = {
    ...{ tenantId: "t", sessionId: "s", batches: { hi: 100n, ahead: [] } },
    spans: own.map(({ offset, ats }) => (
      { offset, firstAt: Math.min(...ats), lastAt: Math.max(...ats), count: ats.length }
    )),
    ...more,
  } as unknown as Session;
  const read: number[] = [];
  type Parts = Parameters<typeof createHistory>[0];
  const history = createHistory({
    store: { listSheets: () => Promise.resolve([]) } as unknown as Parts["store"],
    readings: {
      read(_: Session, offset: number): Promise<Reading[]> {
        read.push(offset);
        return Promise.resolve(batches[offset]!.map((at) => ({ at, values: [offset] })));
      },
    } as unknown as Parts["readings"],
    sources: { sourcesOf: () => Promise.resolve([]) } as unknown as Parts["sources"],
  });
  const told = (edges: { node: Reading }[]) => edges.map(({ node }) => [node.at, node.values[0]]);
  return { history, session, read, told };
}

describe("a page of readings", () => {
  // The batch of the later offset lies before the other, and both have readings in one instant.
  const batches = { 5: [0, 5, 10, 10], 2: [10, 20] };
  const all = [[0, 5], [5, 5], [10, 2], [10, 5], [10, 5], [20, 2]];

  test("is in the order of time, then of batches, also where a batch begins in an instant that another has, in each size", async () => {
    const { history, session, told } = createWorld(batches);
    for (const size of [1, 2, 3, 4, 5, 6]) {
      const forward = [];
      for (let after: string | undefined, isMore = true; isMore;) {
        const page = await history.listReadings(session, { first: size, after });
        forward.push(...told(page.edges));
        [isMore, after] = [page.hasNextPage, page.edges.at(-1)?.cursor];
      }
      const backward = [];
      for (let before: string | undefined, isMore = true; isMore;) {
        const page = await history.listReadings(session, { first: 100, last: size, before });
        backward.unshift(...told(page.edges));
        [isMore, before] = [page.hasPreviousPage, page.edges[0]?.cursor];
      }
      expect([size, forward, backward]).toEqual([size, all, all]);
    }
  });

  test("reads the batches that hold it, and no others", async () => {
    const { history, session, read } = createWorld({ 0: [0, 1, 2], 1: [3, 4], 2: [5, 6] });
    await history.listReadings(session, { first: 2 });
    expect(read.splice(0)).toEqual([0]);
    await history.listReadings(session, { first: 3 });
    expect(read).toEqual([0, 1]);
  });
});

describe("of a piece that was given away", () => {
  const from = (at: number) => ({ pieces: [{ from: at, into: "s" }] }) as unknown as Partial<Session>;

  test("what lies in its first instant is held, and what lies before is not", async () => {
    const { history, session, told } = createWorld({ 0: [0, 10], 1: [20] }, from(10));
    expect(told((await history.listReadings(session, { first: 10 })).edges)).toEqual([[10, 0], [20, 1]]);
  });
});

test("readings are counted from an instant on, up to another, which is left out; and when the last of them was", async () => {
  const { history, session, read } = createWorld({ 0: [0, 10], 1: [11, 12], 2: [20, 30] });
  expect(await history.countReadings(session, 10, 20)).toEqual({ samples: 3, lastAt: 12 });
  // What lies within as a whole is not read.
  expect(read.splice(0)).toEqual([0]);
  expect(await history.countReadings(session, 10, 21)).toEqual({ samples: 4, lastAt: 20 });
  expect(await history.countReadings(session, undefined, 0)).toEqual({ samples: 0, lastAt: undefined });
});
