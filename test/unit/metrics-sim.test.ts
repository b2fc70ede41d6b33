import { afterAll, beforeAll, expect, test } from "vitest";
import { noCounts, runOnce } from "../proof/metrics-run.ts";

/** `npm run proof:metrics` runs thousands. */
const RUNS = 15;
/** Of runs with the old watermark, one for each partition key, more than half are wrong: 12 of 20. */
const PLANTED_RUNS = 12;
/** Some ten seconds of CPU, of which a busy machine gives a thirtieth part. */
const TIMEOUT_MS = 20 * 60_000;

// Refusals and lost conditions are by the thousand and expected: where they come from is of no interest.
const { stackTraceLimit } = Error;
beforeAll(() => void (Error.stackTraceLimit = 0));
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit));

test("every bucket is exact however streams are cut, delivered again, split, and read by dying readers", async () => {
  const counts = noCounts();
  for (let i = 0; i < RUNS; i++) {
    const failure = await runOnce(`gate.${i}`, counts);
    expect(failure?.violations ?? [], `seed ${failure?.seed}: npm run proof:metrics -- 1 ${failure?.seed}`).toEqual([]);
  }
  // It was no calm day: all of it happened.
  const { lost, repeated, refused, died, failed, bisected, handovers, restarts, reshards, expired, quarantined } =
    counts;
  for (
    const count of [
      lost,
      repeated,
      refused,
      died,
      failed,
      bisected,
      handovers,
      restarts,
      reshards,
      expired,
      quarantined,
    ]
  ) {
    expect(count).toBeGreaterThan(0);
  }
}, TIMEOUT_MS);

test.each(["key", "nothing"] as const)("counting that tells shards apart by %s is found wrong", async (planted) => {
  let found = 0;
  for (let i = 0; found === 0 && i < PLANTED_RUNS; i++) {
    found += await runOnce(`planted.${i}`, noCounts(), planted) ? 1 : 0;
  }
  expect(found).toBe(1);
}, TIMEOUT_MS);
