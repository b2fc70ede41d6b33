import process from "node:process";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const MAX_TRACE = 150;
const MAX_CHARS = 9_000;
/** Of a failure that is not the first, so much is told. */
const MAX_SHORT = 400;
/** So many failures end it: what fails as often is one fault, which a few of them show. */
const MAX_FAILURES = 10;

export type Failure = { seed: string; violations: string[]; trace: string[] };

type Range = { runs: number; seed: string; first: number; step: number };
type Report<C> = { counts: C; done: number; failure?: Failure | undefined };
type Tell<C> = (report: Report<C>) => void;
type RunOnce<C> = (seed: string, counts: C) => Promise<Failure | undefined>;

/** A thread reports after so many runs. */
const REPORT_EVERY = 50;

/**
 * Runs as many interleavings as the first argument says (`runs`), from the seed that the second gives, on as many threads as
 * the third gives (one), and ends the process: with 0 where every law held. A run that fails is told with how to see it again,
 * the first one with its trace, and the others go on; after ten it is enough. The n-th run is a function of the seed and n, so
 * the threads change nothing but the time.
 */
export async function runInterleavings<C extends Record<string, number>>(
  file: string,
  { runs: usual, every, counts, runOnce }: {
    runs: number;
    /** Says how far it is after so many. */
    every: number;
    counts: C;
    runOnce: RunOnce<C>;
  },
): Promise<void> {
  if (!isMainThread) {
    await runRange(workerData as Range, counts, runOnce, (report) => parentPort!.postMessage(report));
    return;
  }
  const runs = Number(process.argv[2] ?? usual);
  const seed = process.argv[3] ?? String(Date.now());
  const threads = Math.min(Number(process.argv[4] ?? 1), runs);
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
  const sums = { ...counts };
  let done = 0;
  const failed: string[] = [];

  console.log(`${runs} interleavings, seed ${seed}${threads > 1 ? `, ${threads} threads` : ""}`);
  const told = ({ counts: added, done: more, failure }: Report<C>) => {
    for (const [name, count] of Object.entries(added)) sums[name as keyof C] = sums[name]! + count as C[keyof C];
    const before = done;
    done += more;
    if (Math.floor(done / every) > Math.floor(before / every)) {
      console.log(`  ${done} in ${seconds()}: ${JSON.stringify(sums)}`);
    }
    if (!failure || isOver()) return;
    failed.push(failure.seed);
    const isFirst = failed.length === 1;
    if (isFirst) console.log(failure.trace.slice(runs === 1 ? 0 : -MAX_TRACE).join("\n"));
    console.log(`FAILED with seed ${failure.seed} (${file} 1 ${failure.seed}):`);
    console.log(
      isFirst
        ? failure.violations.slice(0, 3).join("\n").slice(0, MAX_CHARS)
        : failure.violations[0]!.slice(0, MAX_SHORT),
    );
  };
  const isOver = () => failed.length >= MAX_FAILURES;
  const ranges = Array.from({ length: threads }, (_, first): Range => ({ runs, seed, first, step: threads }));
  if (threads === 1) await runRange(ranges[0]!, counts, runOnce, told);
  else await Promise.all(ranges.map((range) => runThread(file, range, told, isOver)));
  const held = failed.length === 0 ? "every law held" : `FAILED ${failed.length} of ${done} (${failed.join(", ")})`;
  console.log(`${held} in ${seconds()}: ${JSON.stringify(sums)}`);
  process.exit(failed.length === 0 ? 0 : 1);
}

/** The runs of a range, unless too many fail. A single run has the seed as it is given. */
async function runRange<C extends Record<string, number>>(
  { runs, seed, first, step }: Range,
  zero: C,
  runOnce: RunOnce<C>,
  tell: Tell<C>,
): Promise<void> {
  // Failures by name are by the thousand and expected; where they come from is told when one run is repeated.
  if (runs > 1) Error.stackTraceLimit = 0;
  let counts = { ...zero };
  let done = 0;
  let failures = 0;
  for (let i = first; i < runs && failures < MAX_FAILURES; i += step) {
    const own = runs === 1 ? seed : `${seed}.${i}`;
    // What it throws is a failure like another, or it would not be told which run it was.
    const failure = await runOnce(own, counts).catch((error: unknown): Failure => (
      { seed: own, violations: [error instanceof Error ? error.stack ?? error.message : String(error)], trace: [] }
    ));
    done++;
    if (!failure && done < REPORT_EVERY && i + step < runs) continue;
    tell({ counts, done, failure });
    [counts, done] = [{ ...zero }, 0];
    if (failure) failures++;
  }
}

/** A range on a thread of its own; over when that is, or enough have failed. */
async function runThread<C>(file: string, range: Range, tell: Tell<C>, isOver: () => boolean) {
  const worker = new Worker(new URL(`../../${file}`, import.meta.url), { workerData: range });
  await new Promise<void>((resolve, reject) => {
    worker.on("message", (report: Report<C>) => {
      tell(report);
      if (isOver()) resolve();
    });
    worker.on("error", reject);
    worker.on("exit", () => resolve());
  });
}
