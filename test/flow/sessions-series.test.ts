import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { batchOf, mutate, sessionOf } from "../kit/sessions.ts";

const T = "t";
const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const send = (batch: object) => mutate(api, T, "ingestSessionBatch", batch);

describe("readings", () => {
  const SERIES =
    `query ($id: String!, $points: Int!, $from: DateTime, $to: DateTime) { session(sessionId: $id) { readingSeries(points: $points, from: $from, to: $to) { firstAt lastAt count min max } } }`;
  type Stretch = { firstAt: string; lastAt: string; count: number; min: (number | null)[]; max: (number | null)[] };
  const series = async (id: string, asked: object) =>
    (await api.ask(T, SERIES, { id, ...asked })).data.session.readingSeries;
  const sumOf = (stretches: Stretch[]) => stretches.reduce((sum, { count }) => sum + count, 0);

  test("of a session of 50,000 are one answer as a thinned series, of all or of a part, and no peak is lost", async () => {
    const start = NOW - 24 * HOUR;
    for (let i = 0; i < 100; i++) {
      const batch = batchOf("series", i, start, 500);
      if (i === 50) batch.readings[7]!.values = [-1_000_000, 77];
      await send(batch);
    }
    api.takeCosts();
    const stretches = await series("series", { points: 1_000 });
    expect(api.takeCosts().reduce((sum, cost) => sum + cost.units, 0)).toBeLessThanOrEqual(4);
    expect(stretches.length).toBeLessThanOrEqual(1_000);
    expect([sumOf(stretches), (await sessionOf(api, T, "series")).sampleCount]).toEqual([50_000, 50_000]);
    const peak = stretches.find(({ min }: Stretch) => min[0] === -1_000_000);
    expect(peak.min).toHaveLength(2);

    const near = await series("series", { points: 2_000, from: peak.firstAt, to: iso(Date.parse(peak.lastAt) + 1) });
    expect(near).toHaveLength(peak.count);
    expect(near.every(({ count }: Stretch) => count === 1)).toBe(true);
    expect(near.filter(({ min, max }: Stretch) => min[0] === -1_000_000 && max[1] === 77)).toHaveLength(1);
    expect(await series("series", { points: 5, from: iso(NOW + HOUR) })).toEqual([]);
  });

  test("a series names what it is not asked for like that", async () => {
    await send(batchOf("refused", 0, NOW - HOUR, 2));
    const refused = async (asked: object) => (await api.ask(T, SERIES, { id: "refused", points: 10, ...asked })).errors;
    for (const points of [0, -1, 2_001]) {
      expect(JSON.stringify(await refused({ points }))).toContain(`points: must be 1 to 2000, got ${points}`);
    }
    const later = JSON.stringify(await refused({ from: iso(NOW), to: iso(NOW) }));
    expect(later).toContain("to: must be later than `from`");
  });
});
