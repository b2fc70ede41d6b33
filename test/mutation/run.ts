/**
 * `npm run mutate -- [TARGET …] [--sample N] [--seed TEXT]`: plants each small fault that StrykerJS knows into the rules and
 * conditions of a target and runs the target's tests. Prints a score for each target, and every fault that was not found.
 * `conditions` is what stores hold their writes to: with `--from` and `--to` a part of them, with `--state FILE` none twice that an
 * earlier run was told to keep there. Without a target: all of them, for hours; with `--sample` so many faults of each, the same
 * ones for the same seed. What only this command needs is installed beside this file at its first run.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { EXPLAINED } from "./explained.ts";
import { allConditions, NO_END, plant, type Planted, root } from "./plant.ts";
import { TARGETS } from "./targets.ts";

type Mutant = { status: string; replacement: string; location: { start: { line: number } } };
type Report = { files: Record<string, { source: string; mutants: Mutant[] }> };
type Fault = { file: string; at: number; line: string; instead: string };

/** `vitest.config.ts` says what it is. */
const PROPERTY_RUNS = "25";
/** The name of the target that is no files of rules, but the conditions of all stores. */
const ALL_CONDITIONS = "conditions";
const HEAD = ["target", "faults", "tried", "found", "of these by time", "not reached", "explained", "score"];
const here = join(root, "test", "mutation");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ sample: { type: "string" }, seed: { type: "string" } },
    ...{ from: { type: "string" }, to: { type: "string" }, state: { type: "string" } },
  },
});
const known = [...Object.keys(TARGETS), ALL_CONDITIONS];
const names = positionals.length > 0 ? positionals : known;
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no target ${unknown.join(", ")}; there are ${known.join(", ")}.`);
  process.exit(2);
}

const isOfStryker = names.some((name) => name !== ALL_CONDITIONS);
if (isOfStryker && !existsSync(join(here, "node_modules"))) run("npm", ["ci", "--silent"], here, {});
/** Of this run alone; `stryker.config.mjs` copies nothing of the others'. */
const folder = join(root, ".mutation", `${process.pid}`);
const kept = mkdtempSync(join(tmpdir(), "sojourn-mutation-"));
const rows: string[] = [];
for (const name of names) {
  if (name === ALL_CONDITIONS) {
    rows.push(plantConditions());
    continue;
  }
  const { files, tests, without } = TARGETS[name]!;
  const report = join(kept, `${name}.json`);
  run(
    "node",
    ["test/mutation/node_modules/@stryker-mutator/core/bin/stryker.js", "run", "test/mutation/stryker.config.mjs"],
    root,
    {
      MUTATION_FILES: files.join(" "),
      MUTATION_TESTS: tests.join(" "),
      MUTATION_WITHOUT: without?.source ?? "",
      MUTATION_REPORT: report,
      MUTATION_FOLDER: folder,
      MUTATION_SAMPLE: values.sample ?? "",
      MUTATION_SEED: values.seed ?? "",
      PROPERTY_RUNS,
    },
  );
  rows.push(tell(name, JSON.parse(readFileSync(report, "utf8")) as Report));
}
rmSync(folder, { recursive: true, force: true });
console.log(["", `| ${HEAD.join(" | ")} |`, `|${HEAD.map(() => "---|").join("")}`, ...rows].join("\n"));

/** Prints what was not found, and gives the target's row of the table. What no test reaches counts as tried. */
function tell(name: string, { files }: Report): string {
  const all = Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split("\n");
    return mutants.filter(({ status }) => status !== "Ignored").map(({ status, location, replacement }) => ({
      status,
      fault: {
        file,
        at: location.start.line,
        line: lines[location.start.line - 1]!.trim(),
        instead: replacement.replace(/\s+/g, " "),
      },
    }));
  });
  const lines = new Set(
    [...all.map(({ fault }) => fault), ...allConditions()].map(({ file, line }) => `${file} ${line}`),
  );
  for (const { file, line } of EXPLAINED) {
    if (files[file] && !lines.has(`${file} ${line}`)) console.log(`${file}: explained, and no longer there: ${line}`);
  }
  const unreached = all.filter(({ status }) => status === "NoCoverage");
  const tried = all.filter(({ status }) => status !== "NoCoverage" && status !== "CompileError");
  const missed = tried.filter(({ status }) => status === "Survived");
  const open = [...unreached, ...missed].filter(({ fault }) => !isExplained(fault));
  for (const { status, fault: { file, at, line, instead } } of open) {
    console.log(`${file}:${at}  ${line}\n    ${status === "Survived" ? "not found" : "not reached"}: ${instead}`);
  }
  const count = tried.length + unreached.length;
  const explained = missed.length + unreached.length - open.length;
  const found = tried.length - missed.length;
  const timedOut = tried.filter(({ status }) => status === "Timeout").length;
  const score = 100 * found / Math.max(1, count - explained);
  const cells = [name, all.length, count, found, timedOut, unreached.length, explained, `${score.toFixed(1)} %`];
  return `| ${cells.join(" | ")} |`;
}

/** Plants the conditions of stores; gives their row of the table. */
function plantConditions(): string {
  const all = allConditions();
  const order = ({ key }: Planted) =>
    createHash("sha256").update(JSON.stringify([values.seed ?? "", key])).digest("hex");
  const chosen = values.sample === undefined
    ? all.slice(Number(values.from ?? 1) - 1, values.to === undefined ? undefined : Number(values.to))
    : all.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, Number(values.sample));
  const verdicts = plant(chosen, values.state);
  const missed = chosen.filter((fault) => verdicts.get(fault)!.foundBy === undefined);
  const open = missed.filter((fault) => !isExplained(fault));
  console.log("");
  for (const { file, at, line, instead } of open) console.log(`${file}:${at}  ${line}\n    not found: ${instead}`);
  const explained = missed.length - open.length;
  const score = 100 * (chosen.length - missed.length) / Math.max(1, chosen.length - explained);
  const endless = chosen.filter((fault) => verdicts.get(fault)!.foundBy === NO_END);
  const found = chosen.length - missed.length;
  const cells = [ALL_CONDITIONS, all.length, chosen.length, found, endless.length, 0, explained];
  return `| ${cells.join(" | ")} | ${score.toFixed(1)} % |`;
}

function isExplained({ file, line, instead }: Fault): boolean {
  return EXPLAINED.some((known) => known.file === file && known.line === line && known.instead === instead);
}

function run(command: string, args: string[], cwd: string, env: Record<string, string>): void {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}
