/**
 * Law: however devices of one person answer, take back, save, take over and end on up to ten processes whose clocks
 * differ by minutes, and wherever those die, wait or lose an answer: every acknowledged answer is in the file and the
 * journal once, none twice, one epoch at most answers, and every file is whole.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/reviews.ts [RUNS] [SEED]
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { closeHosts } from "./reviews-hosts.ts";
import { noCounts, runOnce } from "./reviews-run.ts";

const runs = Number(process.argv[2] ?? 2_500);
const seed = process.argv[3] ?? String(Date.now());
const EVERY = 250;
const MAX_MS = 8 * 60_000;
const MAX_TRACE = 120;

const folder = mkdtempSync(join(tmpdir(), "sojourn-proof-"));
process.env["TMPDIR"] = folder;
process.setMaxListeners(0);

const counts = noCounts();
const sites = new Set<string>();
const startedAt = performance.now();
const seconds = () => (performance.now() - startedAt) / 1_000;

console.log(`${runs} interleavings, seed ${seed}`);
let failed = 0;
// Failures by name are by the thousand and expected; where they come from is told when one run is repeated.
if (runs > 1) Error.stackTraceLimit = 0;
for (let i = 0; i < runs && failed < 1 && seconds() * 1_000 < MAX_MS; i++) {
  const failure = await runOnce(runs === 1 ? seed : `${seed}.${i}`, counts, sites);
  if (failure) {
    failed++;
    console.log(failure.trace.slice(-MAX_TRACE).join("\n"));
    console.log(`FAILED with seed ${failure.seed} (test/proof/reviews.ts 1 ${failure.seed}):`);
    console.log(failure.violations.slice(0, 3).join("\n").slice(0, 3_000));
  }
  if ((i + 1) % EVERY === 0) console.log(`  ${i + 1} in ${seconds().toFixed(1)} s: ${JSON.stringify(counts)}`);
}
closeHosts();
const left = readdirSync(folder);
if (left.length > 0) console.log(`FAILED: ${left.length} temporary folders are left`);
rmSync(folder, { recursive: true });
console.log(
  `${failed === 0 && left.length === 0 ? "every law held" : "FAILED"} in ${counts.runs} runs, ` +
    `${seconds().toFixed(1)} s (${(counts.runs / seconds()).toFixed(1)} a second), ` +
    `deaths at ${sites.size} places: ${JSON.stringify(counts)}`,
);
process.exit(failed === 0 && left.length === 0 ? 0 : 1);
