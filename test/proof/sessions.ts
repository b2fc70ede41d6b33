/**
 * Law: however device batches, motion, edits, updates, ends and sweeps of several processes interleave, and wherever they
 * die between any two calls to the store, every count is exact, no edit is lost, and a sensor has one active session at most.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/sessions.ts [RUNS] [SEED]
 */
import process from "node:process";
import { noCounts, runOnce } from "./sessions-run.ts";

const runs = Number(process.argv[2] ?? 100_000);
const seed = process.argv[3] ?? String(Date.now());
const EVERY = 10_000;
const MAX_TRACE = 100;

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
    console.log(`FAILED with seed ${failure.seed} (test/proof/sessions.ts 1 ${failure.seed}):`);
    console.log(failure.violations.slice(0, 3).join("\n").slice(0, 3_000));
  }
  if ((i + 1) % EVERY === 0) console.log(`  ${i + 1} in ${seconds()}: ${JSON.stringify(counts)}`);
}
console.log(`${failed === 0 ? "every law held" : "FAILED"} in ${seconds()}: ${JSON.stringify(counts)}`);
process.exit(failed === 0 ? 0 : 1);
