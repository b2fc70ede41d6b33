import process from "node:process";

const MAX_TRACE = 150;
const MAX_CHARS = 5_000;

export type Failure = { seed: string; violations: string[]; trace: string[] };

/**
 * Runs as many interleavings as the first argument says (`runs`), from the seed that the second gives, and ends the process:
 * with 0 where every law held. The first failure ends it, with how to see it again.
 */
export async function runInterleavings<C extends object>(
  file: string,
  { runs: usual, every, counts, runOnce }: {
    runs: number;
    /** Says how far it is after so many. */
    every: number;
    counts: C;
    runOnce: (seed: string, counts: C) => Promise<Failure | undefined>;
  },
): Promise<never> {
  const runs = Number(process.argv[2] ?? usual);
  const seed = process.argv[3] ?? String(Date.now());
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;

  console.log(`${runs} interleavings, seed ${seed}`);
  let hasFailed = false;
  // Failures by name are by the thousand and expected; where they come from is told when one run is repeated.
  if (runs > 1) Error.stackTraceLimit = 0;
  for (let i = 0; i < runs && !hasFailed; i++) {
    const failure = await runOnce(runs === 1 ? seed : `${seed}.${i}`, counts);
    if (failure) {
      hasFailed = true;
      console.log(failure.trace.slice(-MAX_TRACE).join("\n"));
      console.log(`FAILED with seed ${failure.seed} (${file} 1 ${failure.seed}):`);
      console.log(failure.violations.slice(0, 3).join("\n").slice(0, MAX_CHARS));
    }
    if ((i + 1) % every === 0) console.log(`  ${i + 1} in ${seconds()}: ${JSON.stringify(counts)}`);
  }
  console.log(`${hasFailed ? "FAILED" : "every law held"} in ${seconds()}: ${JSON.stringify(counts)}`);
  process.exit(hasFailed ? 1 : 0);
}
