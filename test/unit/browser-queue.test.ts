import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openQueue, type Sendable } from "../../api/browser/queue.ts";

const MOST = 10_000;
const events = (from: number, count: number): Sendable[] =>
  Array.from({ length: count }, (_, i) => ({ key: `a.${from + i}`, json: `{"seq":${from + i}}` }));
const keys = (of: readonly Sendable[]) => of.map(({ key }) => key);

/** What a browser keeps: as much of IndexedDB as a queue uses, and a localStorage. */
let kept: Map<string, string>;
let stored: Map<string, string>;
/** Whether a transaction comes to its end. */
let ends: boolean;

beforeEach(() => {
  [kept, stored, ends] = [new Map(), new Map(), true];
  const soon = (request: { onsuccess?: () => void }) => (queueMicrotask(() => request.onsuccess?.()), request);
  const objectStore = () => ({
    put: (json: string, key: string) => kept.set(key, json),
    delete: (key: string) => kept.delete(key),
    clear: () => kept.clear(),
    getAllKeys: () => ({ result: [...kept.keys()] }),
    getAll: () => soon({ result: [...kept.values()] } as object),
  });
  const transaction = () => {
    const own: { objectStore: typeof objectStore; oncomplete?: () => void } = { objectStore };
    setImmediate(() => ends && own.oncomplete?.());
    return own;
  };
  vi.stubGlobal("indexedDB", { open: () => soon({ result: { transaction } } as object) });
  vi.stubGlobal("localStorage", {
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  });
});
afterEach(() => vi.unstubAllGlobals());

/** After more turns than anything here takes. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn();
}

async function open() {
  const found: string[] = [];
  const queue = openQueue((some) => found.push(...keys(some)));
  await settled();
  return { queue, found };
}

test("what was acknowledged makes room: ten thousand are kept at once, however many there were before", async () => {
  const { queue } = await open();
  for (let from = 0; from < 3 * MOST; from += 2_500) {
    queue.put(events(from, 2_500));
    await settled();
    queue.remove(keys(events(from, 2_500)));
    await settled();
  }
  const more = events(3 * MOST, 5);
  queue.put(more);
  await settled();
  expect([...kept.keys()]).toEqual(keys(more));
  queue.rescue(more);
  expect(stored.size).toBe(0);
});

test("what has no room among ten thousand is rescued where the page goes away, and has room when there is some", async () => {
  for (const { key, json } of events(0, 4_000)) kept.set(key, json);
  const { queue, found } = await open();
  expect(found).toEqual(keys(events(0, 4_000)));
  const own = events(4_000, 6_003);
  queue.put(own);
  await settled();
  expect(kept.size).toBe(MOST);
  queue.rescue([...events(0, 4_000), ...own]);
  expect([...stored.keys()]).toEqual(keys(own.slice(-3)).map((key) => `sojourn.${key}`));
  // Of what was never kept nothing goes.
  queue.remove(keys(own.slice(-3)));
  queue.put(events(20_000, 1));
  queue.remove(["a.1"]);
  queue.put(events(20_001, 2));
  await settled();
  expect([kept.size, stored.size, [...kept.keys()].at(-1)]).toEqual([MOST, 0, "a.20001"]);
});

test("what is acknowledged before the database is open takes no room in it", async () => {
  const queue = openQueue(() => {});
  queue.put(events(0, MOST));
  queue.remove(keys(events(0, MOST)));
  await settled();
  queue.put(events(MOST, MOST));
  await settled();
  expect([kept.size, kept.has(`a.${2 * MOST - 1}`)]).toEqual([MOST, true]);
});

test("what a database has not finished keeping is rescued, and what was put before it told what it has counts too", async () => {
  for (const { key, json } of events(0, MOST - 1)) kept.set(key, json);
  const queue = openQueue(() => {});
  queue.put(events(MOST, 1));
  await settled();
  queue.put(events(MOST + 1, 1));
  await settled();
  expect(kept.size).toBe(MOST);
  queue.clear();
  await settled();
  ends = false;
  queue.put(events(0, 2));
  await settled();
  queue.rescue(events(0, 2));
  expect([kept.size, stored.size]).toEqual([2, 2]);
});
