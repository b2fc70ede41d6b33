/**
 * Law: however records, sessions and journeys are written, and however their streams are cut, delivered again, read by two
 * at once, split, merged and given up by dying readers, every bucket of every source and size equals an independent count,
 * no bucket ever holds more than was written, and the rollups say what the items say.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/metrics.ts [RUNS] [SEED] [THREADS]
 */
import { runInterleavings } from "./interleavings.ts";
import { noCounts, runOnce } from "./metrics-run.ts";

await runInterleavings("test/proof/metrics.ts", { runs: 5_000, every: 500, counts: noCounts(), runOnce });
