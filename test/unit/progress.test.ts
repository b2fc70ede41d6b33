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
