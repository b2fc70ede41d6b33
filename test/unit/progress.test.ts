import { expect, test } from "vitest";
import { createProgress } from "../../api/metrics/progress.ts";
import { silentLog } from "../kit/local.ts";

const HERE = Date.UTC(2026, 5, 1, 10);
/** The table's clock is so far before this process's. */
const APART_MS = 6_000;
const SESSIONS = { name: "sessions", table: "sessions" };

/** A process that reads the stream of sessions itself. `beatsBack`: whether a beat of now comes through; undefined: none go out. */
function start(beatsBack?: boolean) {
  let now = HERE;
  const asked: string[] = [];
  const beats = {
    caughtUpAt: () => Promise.resolve(0),
    pass: (table: string) => Promise.resolve(asked.push(table) > 0 && beatsBack === true),
  };
  const progress = createProgress(() => now, silentLog, beatsBack === undefined ? undefined : beats);
  return { progress, asked, pass: (ms: number) => now += ms };
}

test.each([undefined, false])(
  "what waits by a table's clock that is ahead is never taken for counted",
  async (back) => {
    const { progress, pass } = start(back);
    progress.note(SESSIONS, HERE, true);
    pass(10);
    // A session that the table got at this moment, by its own clock, is not handled.
    progress.note(SESSIONS, HERE + 10 + APART_MS - 1, false);
    expect(await progress.isPast("SESSIONS", HERE + 10)).toBe(false);
    // What was there when the stream was read to its end is counted all the same.
    expect(await progress.isPast("SESSIONS", HERE)).toBe(true);
  },
);

test("where a stream never comes to its end a beat of now tells", async () => {
  const { progress, asked, pass } = start(true);
  pass(10);
  progress.note(SESSIONS, HERE + 10 + APART_MS - 1, false);
  expect(await progress.isPast("SESSIONS", HERE + 10)).toBe(true);
  expect(asked).toEqual(["sessions"]);
});

test("read to its end since, a stream is past what was seen, and no beat goes out", async () => {
  const { progress, asked, pass } = start(false);
  progress.note(SESSIONS, HERE, true);
  expect(await progress.isPast("SESSIONS", HERE + 10)).toBe(false);
  pass(20);
  progress.note(SESSIONS, HERE + 20, true);
  expect(await progress.isPast("SESSIONS", HERE + 10)).toBe(true);
  expect(asked).toEqual([]);
});

test("what this process noted is past up to the very moment, and holds for ten seconds, to the millisecond", async () => {
  const { progress, asked, pass } = start(false);
  progress.note(SESSIONS, HERE - 5, false);
  expect(await progress.caughtUpAt("SESSIONS")).toBe(HERE - 5);
  // What lies at that moment is counted as far as is known, what comes after it is not: a beat is asked for the first alone.
  expect([await progress.isPast("SESSIONS", HERE - 4), asked.length]).toEqual([false, 0]);
  expect([await progress.isPast("SESSIONS", HERE - 5), asked.length]).toEqual([false, 1]);
  pass(9_999);
  expect(await progress.caughtUpAt("SESSIONS")).toBe(HERE - 5);
  pass(1);
  // Then only beats tell.
  expect(await progress.caughtUpAt("SESSIONS")).toBe(0);
  expect(await progress.caughtUpAt("MOTION_EVENTS")).toBe(0);
});

test("where records were dropped nothing later than a day before is counted, whatever is handled since", async () => {
  const { progress, pass } = start();
  progress.noteGap(SESSIONS);
  progress.note(SESSIONS, HERE, true);
  expect(await progress.caughtUpAt("SESSIONS")).toBe(HERE - 86_400_000);
  pass(10);
  progress.note(SESSIONS, HERE - 2 * 86_400_000, false);
  expect(await progress.caughtUpAt("SESSIONS")).toBe(HERE - 2 * 86_400_000);
  progress.note({ name: "journeys", table: "journeys" }, HERE, true);
  expect(await progress.caughtUpAt("JOURNEYS")).toBe(HERE);
});

test("that counting is behind for a minute is said once, again with each minute more, and anew once it had caught up", () => {
  const said: unknown[] = [];
  let now = HERE;
  const progress = createProgress(() => now, {
    warn: (_, { seconds }: { seconds?: number } = {}) => void said.push(seconds),
  });
  const note = (behindMs: number) => {
    now += 1;
    progress.note(SESSIONS, now - behindMs, false);
    return said.splice(0);
  };
  expect([note(59_999), note(60_000), note(60_001), note(119_999), note(120_000)]).toEqual([[], [60], [], [], [120]]);
  expect([note(0), note(60_000)]).toEqual([[], [60]]);
  const lags = progress.measurements.find(({ name }) => name === "sojourn_stream_lag_seconds")!;
  expect(lags.read()).toEqual([{ labels: { consumer: "sessions" }, value: 60 }]);
  // Of two clocks one is ahead: nothing waits for less than no time.
  progress.note(SESSIONS, now + 5_000, false);
  expect(lags.read()).toEqual([{ labels: { consumer: "sessions" }, value: 0 }]);
});
