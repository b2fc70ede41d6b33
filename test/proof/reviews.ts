/**
 * Law: however devices of one person answer, take back, save, take over and end on up to ten processes whose clocks
 * differ by minutes, and wherever those die, wait or lose an answer: every acknowledged answer is in the file and the
 * journal once, none twice, one epoch at most answers, and every file is whole.
 * First interleavings by chance; then, for each place where a request waits, one in which the process dies there before
 * the call and one after it, and one in which the call goes out twice, where chance did not do so.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/reviews.ts [RUNS] [SEED] [PLACE]
 */
import { readdirSync, rmSync } from "node:fs";
import process from "node:process";
import { scratchFolder } from "./reviews-files.ts";
import { closeHosts } from "./reviews-hosts.ts";
import { noCounts, noPlaces, runOnce } from "./reviews-run.ts";

const runs = Number(process.argv[2] ?? 2_500);
const seed = process.argv[3] ?? String(Date.now());
const EVERY = 250;
const MAX_MS = 40 * 60_000;
const MAX_TRACE = 120;

const folder = scratchFolder();
process.env["TMPDIR"] = folder;
process.setMaxListeners(0);

const counts = noCounts();
const places = noPlaces();
const startedAt = performance.now();
const seconds = () => (performance.now() - startedAt) / 1_000;

console.log(`${runs} interleavings, seed ${seed}`);
let failed = 0;
// Failures by name are by the thousand and expected; where they come from is told when one run is repeated.
if (runs > 1) Error.stackTraceLimit = 0;

/** Runs one interleaving, and says what was wrong; false where something was, and when the time is over. */
async function goesOn(runSeed: string, failAt?: string): Promise<boolean> {
  const failure = await runOnce(runSeed, counts, places, failAt);
  if (counts.runs % EVERY === 0) {
    console.log(`  ${counts.runs} in ${seconds().toFixed(1)} s: ${JSON.stringify(counts)}`);
  }
  if (failure) {
    console.log(failure.trace.slice(-MAX_TRACE).join("\n"));
    console.log(`FAILED with seed ${failure.seed} (test/proof/reviews.ts 1 ${failure.seed} "${failAt ?? ""}"):`);
    console.log(failure.violations.slice(0, 3).join("\n").slice(0, 3_000));
  }
  const isLate = seconds() * 1_000 > MAX_MS;
  if (isLate) console.log(`FAILED: not done after ${MAX_MS / 60_000} minutes`);
  if (failure || isLate) failed++;
  return failed === 0;
}

if (runs === 1) await goesOn(seed, process.argv[4] || undefined);
for (let i = 0; runs > 1 && i < runs && await goesOn(`${seed}.${i}`); i++);
const byChance = places.faults.size;
if (runs > 1) {
  for (const [place, placeSeed] of places.seeds) {
    if (failed > 0) break;
    if (!places.faults.has(place)) await goesOn(placeSeed, place);
  }
}
closeHosts();
const left = readdirSync(folder);
if (left.length > 0) console.log(`FAILED: ${left.length} temporary folders are left`);
rmSync(folder, { recursive: true });
console.log(
  `${failed === 0 && left.length === 0 ? "every law held" : "FAILED"} in ${counts.runs} runs, ` +
    `${seconds().toFixed(1)} s (${(counts.runs / seconds()).toFixed(1)} a second), ` +
    `${places.faults.size} of ${places.seeds.size} deaths before and after each await, and repeated writes ` +
    `(${byChance} of them by chance): ${JSON.stringify(counts)}`,
);
for (const request of [...new Set([...places.seeds.keys()].map((place) => place.split(" ")[0]!))].sort()) {
  const count = (all: Iterable<string>) => [...all].filter((place) => place.startsWith(`${request} `)).length;
  console.log(`  ${request}: ${count(places.faults)} of ${count(places.seeds.keys())}`);
}
process.exit(failed === 0 && left.length === 0 ? 0 : 1);
