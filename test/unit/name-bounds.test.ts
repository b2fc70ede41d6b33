import { expect, test } from "vitest";
import { createBounds } from "../../api/metrics/bounds.ts";
import { LIMITS } from "../../api/metrics/model.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const names = (count: number, from = 0) => new Set(Array.from({ length: count }, (_, i) => `n${from + i}`));
const HOUR = 3_600_000;

function createWorld() {
  const dynamo = createMemoryDynamo(tables);
  let writes = 0;
  const counted = {
    ...dynamo,
    updateIf: (...asked: Parameters<typeof dynamo.updateIf>) => {
      writes++;
      return dynamo.updateIf(...asked);
    },
  };
  return { createProcess: () => createBounds(counted, "buckets"), writes: () => writes };
}

test("a tenant names as many sources as it may, to the last one, and not one more", async () => {
  const { createProcess } = createWorld();
  const bounds = createProcess();
  const most = names(LIMITS.ownSources);
  const allButOne = names(LIMITS.ownSources - 1);
  expect(await bounds.admitSources("t", allButOne)).toEqual(allButOne);
  expect(await bounds.admitSources("t", new Set(["n0", `n${LIMITS.ownSources - 1}`]))).toHaveLength(2);
  expect(await bounds.admitSources("t", new Set(["n3", "beyond"]))).toEqual(new Set(["n3"]));
  expect(await bounds.listSources("t")).toEqual([...most].sort());
  // Another tenant has its own room.
  expect(await bounds.admitSources("u", new Set(["beyond"]))).toEqual(new Set(["beyond"]));
});

test("of too many at once as many are let in as there is room for", async () => {
  const { createProcess } = createWorld();
  const bounds = createProcess();
  expect(await bounds.admitSources("t", names(LIMITS.ownSources + 5))).toHaveLength(LIMITS.ownSources);
  const other = createWorld().createProcess();
  await other.admitSources("t", names(LIMITS.ownSources - 2));
  expect(await other.admitSources("t", names(5, 1_000))).toEqual(names(2, 1_000));
});

test("two processes that know nothing of each other let in no more together, and agree which", async () => {
  const { createProcess } = createWorld();
  const [one, other] = [createProcess(), createProcess()];
  await one.admitPairs("t", "s", HOUR, names(LIMITS.pairsAnHour - 1));
  const [a, b] = await Promise.all([
    one.admitPairs("t", "s", HOUR, new Set(["a", "b"])),
    other.admitPairs("t", "s", HOUR, new Set(["b", "c"])),
  ]);
  const letIn = a.union(b);
  expect(letIn.size).toBe(1);
  for (const process of [one, other, createProcess()]) {
    expect(await process.admitPairs("t", "s", HOUR, new Set(["a", "b", "c"]))).toEqual(letIn);
  }
  // The next hour has its own.
  expect(await one.admitPairs("t", "s", 2 * HOUR, new Set(["a"]))).toEqual(new Set(["a"]));
});

test("what is known costs nothing: names that are there, and in this process a set that is full for those in it", async () => {
  const { createProcess, writes } = createWorld();
  const bounds = createProcess();
  await bounds.admitSources("t", names(3));
  const before = writes();
  await bounds.admitSources("t", names(3));
  expect(writes()).toBe(before);
  // What another process refused or let in is learned from the write that was lost.
  const other = createProcess();
  await other.admitSources("t", names(LIMITS.ownSources));
  await bounds.admitSources("t", new Set(["beyond"]));
  const learned = writes();
  expect(await bounds.admitSources("t", names(LIMITS.ownSources))).toHaveLength(LIMITS.ownSources);
  expect(writes()).toBe(learned);
});
