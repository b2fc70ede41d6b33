import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DAY_MS } from "../../api/core/clock.ts";
import { pastMotion, walkRecording } from "../../api/local/sample/house.ts";
import { openNotebook } from "../../api/local/sample/notebook.ts";
import { visitOf } from "../../api/local/sample/visits.ts";
import { makeTempDir } from "../kit/local.ts";

const NOW = Date.UTC(2026, 0, 31, 12);

/** Numbers that look random and are the same each time. */
function createRandom(seed = 1): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe("the sample", () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeAll(async () => ({ path: folder, remove } = await makeTempDir()));
  afterAll(() => remove());

  test("numbers a visit's events from 1, each later than the one before", () => {
    const random = createRandom();
    for (let i = 0; i < 50; i++) {
      const events = visitOf(random, "v", NOW);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, n) => n + 1));
      const times = events.map(({ occurredAt }) => Date.parse(occurredAt));
      expect(times.toSorted((a, b) => a - b)).toEqual(times);
      expect(new Set(events.map(({ visitorId }) => visitorId)).size).toBe(1);
    }
  });

  test("has motion of a week and nothing of the last hour, which is lived live", () => {
    const motions = pastMotion(createRandom(), NOW, 7, () => 1);
    expect(motions.length).toBeGreaterThan(100);
    const times = motions.map(({ at }) => Date.parse(at));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(NOW - 7 * DAY_MS);
    expect(Math.max(...times)).toBeLessThan(NOW);
  });

  test("has a walk in whole batches, the last of which says so", () => {
    const batches = walkRecording(createRandom(), NOW);
    expect(batches.map(({ batchOffset }) => batchOffset)).toEqual([0, 1, 2, 3]);
    expect(batches.map(({ final }) => final)).toEqual([false, false, false, true]);
    expect(batches.every(({ readings }) => readings.length === 2_000)).toBe(true);
  });

  test("does each part once, and numbers motion on over restarts", async () => {
    const first = await openNotebook(folder);
    const did: string[] = [];
    await first.once("visits", () => Promise.resolve(did.push("first")));
    await expect(first.once("deck", () => Promise.reject(new Error("away")))).rejects.toThrow("away");
    expect([first.numberOf("hall"), first.numberOf("hall")]).toEqual([1, 2]);
    await Promise.all([first.save(), first.save()]);

    const second = await openNotebook(folder);
    await second.once("visits", () => Promise.resolve(did.push("again")));
    await second.once("deck", () => Promise.resolve(did.push("deck")));
    expect(did).toEqual(["first", "deck"]);
    expect(second.numberOf("hall")).toBe(3);
  });

  test("begins anew where its notes are damaged", async () => {
    await writeFile(join(folder, "sample.json"), "{ torn");
    expect((await openNotebook(folder)).numberOf("hall")).toBe(1);
  });
});
