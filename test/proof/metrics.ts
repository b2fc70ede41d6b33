/**
 * Law: however records, sessions and journeys are written, and however their streams are cut, delivered again, read by two
 * at once, split, merged and given up by dying readers, every bucket of every source and size equals an independent count,
 * no bucket ever holds more than was written, and the rollups say what the items say.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/metrics.ts [RUNS] [SEED]
 */
import process from "node:process";
import { noCounts, runOnce } from "./metrics-run.ts";

const runs = Number(process.argv[2] ?? 5_000);
const seed = process.argv[3] ?? String(Date.now());
const EVERY = 500;
const MAX_TRACE = Number(process.env.MAX_TRACE ?? 150);

const counts = noCounts();
const startedAt = performance.now();
const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;

console.log(`${runs} interleavings, seed ${seed}`);
let failed = 0;
// Failures by name are by the thousand and expected; where they come from is told when one run is repeated.
if (runs > 1) Error.stackTraceLimit = 0;
for (let i = 0; i < runs && failed < 1; i++) {
  const failure = await runOnce(runs === 1 ? seed : `${seed}.${i}`, counts);
  if (failure) {
    failed++;
    console.log(failure.trace.slice(-MAX_TRACE).join("\n"));
    console.log(`FAILED with seed ${failure.seed} (test/proof/metrics.ts 1 ${failure.seed}):`);
    console.log(failure.violations.slice(0, 3).join("\n").slice(0, 5_000));
  }
  if ((i + 1) % EVERY === 0) console.log(`  ${i + 1} in ${seconds()}: ${JSON.stringify(counts)}`);
}
console.log(`${failed === 0 ? "every law held" : "FAILED"} in ${seconds()}: ${JSON.stringify(counts)}`);
process.exit(failed === 0 ? 0 : 1);
