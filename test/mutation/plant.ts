/** Plants the conditions of stores, one by one (`conditions.ts`), and says which test finds each. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type ConditionFault, conditionFaults, plantedText } from "./conditions.ts";
import { CONDITIONS } from "./targets.ts";

export type Planted = ConditionFault & {
  file: string;
  tests: readonly string[];
  at: number;
  line: string;
  key: string;
};
/** What became of a fault: the test that found it, if one did. */
export type Verdict = { key: string; foundBy?: string };
type Report = { testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[] };

export const root = new URL("../../", import.meta.url).pathname;

/** A write that is lost for ever is tried for ever. */
export const NO_END = "no end";
const LEAST_MS = 20_000;
const LONGER = 6;

/** All conditions that can be planted, in the order of their files. */
export function allConditions(): Planted[] {
  return CONDITIONS.flatMap(({ files: [file], tests }) => {
    const source = readFileSync(join(root, file!), "utf8");
    return conditionFaults(source).map((fault) => {
      const before = source.slice(0, fault.from).split("\n");
      const line = before.at(-1)!.trimStart() + fault.text;
      const key = createHash("sha256").update(JSON.stringify([file, fault.text, fault.instead, before.length]));
      return { ...fault, file: file!, tests, at: before.length, line, key: key.digest("hex").slice(0, 16) };
    });
  });
}

/**
 * Tries these faults; those that a state of an earlier run knows are not tried again, unless nothing found them and their
 * tests are others now. Units are run together and first, then each file of a store or a flow, until one fails.
 */
export function plant(chosen: readonly Planted[], state: string | undefined): Map<Planted, Verdict> {
  const known = state === undefined ? new Map<string, Verdict>() : readState(state);
  const green = new Map<string, number>();
  const verdicts = new Map<Planted, Verdict>();
  for (const [i, fault] of chosen.entries()) {
    const missedKey = `${fault.key} ${hashOf(fault.tests)}`;
    const before = known.get(fault.key) ?? known.get(missedKey);
    const foundBy = before ? before.foundBy : findBy(fault, green);
    // What is found stays found, whatever its tests are by then.
    const verdict = foundBy === undefined ? { key: missedKey } : { key: fault.key, foundBy };
    verdicts.set(fault, verdict);
    if (before) continue;
    if (state !== undefined) appendFileSync(state, `${JSON.stringify(verdict)}\n`);
    console.log(`${i + 1}/${chosen.length} ${fault.file}:${fault.at}  ${foundBy ?? "NOT FOUND"}\n    ${fault.instead}`);
  }
  return verdicts;
}

/** `green`: how long tests take without any fault. */
function findBy(fault: Planted, green: Map<string, number>): string | undefined {
  for (const tests of stagesOf(fault.tests)) {
    const name = tests.join(" ");
    if (!green.has(name)) {
      const startedAt = performance.now();
      if (firstFailed(tests) !== undefined) throw new Error(`These tests fail without any fault: ${name}`);
      green.set(name, performance.now() - startedAt);
    }
    const foundBy = firstFailed(tests, fault, Math.ceil(LEAST_MS + LONGER * green.get(name)!));
    if (foundBy !== undefined) return foundBy;
  }
  return undefined;
}

/** The first test that fails, or that there was no end; undefined where none does. */
function firstFailed(tests: readonly string[], fault?: Planted, timeout?: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-planted-"));
  const report = join(folder, "report.json");
  const own = ["--config", "test/mutation/vitest.config.ts", "--bail", "1", "--maxWorkers", "1", "--pool", "threads"];
  const shown = ["--reporter", "json", "--outputFile", report];
  const args = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--root", root, ...own, ...shown];
  const planted = fault && { file: fault.file, from: fault.from, to: fault.to, instead: plantedText(fault) };
  const env = { ...process.env, MUTATION_TESTS: tests.join(" "), MUTATION_FAULT: JSON.stringify(planted ?? null) };
  const { status, signal } = spawnSync(process.execPath, args, { env, timeout, killSignal: "SIGKILL" });
  const all = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) as Report : { testResults: [] };
  rmSync(folder, { recursive: true });
  if (signal !== null) return NO_END;
  if (status === 0) return undefined;
  for (const { name, assertionResults } of all.testResults) {
    const failed = assertionResults.find((one) => one.status === "failed");
    if (failed) return `${name.slice(root.length)} > ${failed.fullName}`;
  }
  return "a file that does not load";
}

function stagesOf(tests: readonly string[]): string[][] {
  const units = tests.filter((test) => test.startsWith("test/unit/"));
  const others = tests.filter((test) => !units.includes(test)).map((test) => [test]);
  return [...(units.length > 0 ? [units] : []), ...others];
}

function readState(state: string): Map<string, Verdict> {
  const lines = existsSync(state) ? readFileSync(state, "utf8").split("\n").filter(Boolean) : [];
  return new Map(lines.map((line) => JSON.parse(line) as Verdict).map((verdict) => [verdict.key, verdict]));
}

/** What the tests are: another law may find what none found. */
function hashOf(tests: readonly string[]): string {
  const hash = createHash("sha256");
  for (const test of tests) hash.update(readFileSync(join(root, test)));
  return hash.digest("hex").slice(0, 8);
}
