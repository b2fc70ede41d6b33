import { rmSync } from "node:fs";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolder } from "../proof/reviews-files.ts";
import { closeHosts } from "../proof/reviews-hosts.ts";
import { noCounts, runOnce } from "../proof/reviews-run.ts";

/** `npm run proof:reviews` runs thousands. */
const RUNS = 12;

// Refusals and lost conditions are by the hundred and expected: where they come from is of no interest.
const { stackTraceLimit } = Error;
const { TMPDIR } = process.env;
let folder: string;
beforeAll(() => {
  Error.stackTraceLimit = 0;
  folder = scratchFolder();
  process.env["TMPDIR"] = folder;
  process.setMaxListeners(0);
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
  if (TMPDIR === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = TMPDIR;
  closeHosts();
  rmSync(folder, { recursive: true });
});

test("no acknowledged answer is lost or counted twice, however devices, processes and stores fail", async () => {
  const counts = noCounts();
  for (let i = 0; i < RUNS; i++) {
    const failure = await runOnce(`gate.${i}`, counts);
    expect(failure?.violations ?? [], `seed ${failure?.seed}: npm run proof:reviews -- 1 ${failure?.seed}`).toEqual([]);
  }
  // It was no calm day: all of it happened.
  const happened = [
    "answers",
    "undos",
    "saves",
    "takeovers",
    "imports",
    "exports",
    "kills",
    "lost",
    "refused",
  ] as const;
  for (const name of happened) expect([name, counts[name]]).not.toEqual([name, 0]);
  // Which of these a dozen runs meet goes by how threads interleave; the proof meets each.
  const rare = ["retried", "paused", "conflicts", "tables", "media", "replaced", "deleted"] as const;
  expect(rare.filter((name) => counts[name] > 0).length).toBeGreaterThan(2);
});

test("a run of the simulation is a function of its seed, whatever ran before", async () => {
  const traces: string[] = [];
  for (const seed of ["gate.0", "gate.1", "gate.0"]) {
    await runOnce(seed, noCounts(), undefined, undefined, (trace) => traces.push(trace.join("\n")));
  }
  expect(traces[2]).toBe(traces[0]);
  expect(traces[1]).not.toBe(traces[0]);
});
