import { expect, test } from "vitest";
import { noCounts, runOnce } from "../proof/sessions-run.ts";

/** Some of the interleavings of `test/proof/sessions.ts`: always the same ones. */
const RUNS = 60;

test(
  "however writers interleave and wherever they die, counts are exact, edits stay, and sessions are what was said",
  async () => {
    const counts = noCounts();
    for (let i = 0; i < RUNS; i++) {
      const failure = await runOnce(`gate.${i}`, counts);
      // To see how it came about: test/proof/sessions.ts 1 SEED.
      expect(failure && { seed: failure.seed, violations: failure.violations.slice(0, 3) }).toBeUndefined();
    }
    for (const count of Object.values(counts)) expect(count).toBeGreaterThanOrEqual(RUNS / 2);
  },
);
