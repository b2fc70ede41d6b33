/**
 * Law: however device batches, motion, pauses, edits, updates, ends and sweeps of several processes interleave with what people
 * merge, split, correct, take back, delete, restore and erase, and wherever they die between any two calls to the store, every
 * count is exact, no edit and no pause is lost, and the sessions and their rollups are a function of what was said.
 *
 * Where SEED begins with `hard`, what is rare in life comes often: erasures, ids used again, batches without readings.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/sessions.ts [RUNS] [SEED] [THREADS]
 */
import { runInterleavings } from "./interleavings.ts";
import { noCounts, runOnce } from "./sessions-run.ts";

await runInterleavings("test/proof/sessions.ts", {
  runs: 100_000,
  every: 10_000,
  counts: noCounts(),
  runOnce: (seed, counts) => runOnce(seed, counts),
});
