/**
 * `npm run mutate -- [TARGET …]`: plants each small fault that StrykerJS knows into the rules and conditions of a target and
 * runs the target's tests. Prints a score for each folder, and every fault that was not found. Without a target: all of them,
 * for hours. What only this command needs is installed beside this file at its first run.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { EXPLAINED } from "./explained.ts";
import { TARGETS } from "./targets.ts";

type Mutant = { status: string; replacement: string; location: { start: { line: number } } };
type Report = { files: Record<string, { source: string; mutants: Mutant[] }> };
type Fault = { file: string; at: number; line: string; instead: string };

const root = new URL("../../", import.meta.url).pathname;
const here = join(root, "test", "mutation");
const names = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(TARGETS);
const unknown = names.filter((name) => !TARGETS[name]);
if (unknown.length > 0) {
  console.error(`There is no target ${unknown.join(", ")}; there are ${Object.keys(TARGETS).join(", ")}.`);
  process.exit(2);
}

if (!existsSync(join(here, "node_modules"))) run("npm", ["ci", "--silent"], here, {});
const kept = mkdtempSync(join(tmpdir(), "sojourn-mutation-"));
const rows: string[] = [];
for (const name of names) {
  const { files, tests } = TARGETS[name]!;
  const report = join(kept, `${name}.json`);
  run(
    "node",
    ["test/mutation/node_modules/@stryker-mutator/core/bin/stryker.js", "run", "test/mutation/stryker.config.mjs"],
    root,
    {
      MUTATION_FILES: files.join(" "),
      MUTATION_TESTS: tests.join(" "),
      MUTATION_REPORT: report,
      MUTATION_FOLDER: join(root, ".mutation"),
    },
  );
  rows.push(tell(name, JSON.parse(readFileSync(report, "utf8")) as Report));
}
rmSync(join(root, ".mutation"), { recursive: true, force: true });
console.log(["", "| target | planted | found | explained | score |", "|---|---|---|---|---|", ...rows].join("\n"));

/** Prints what was not found, and gives the target's row of the table. */
function tell(name: string, { files }: Report): string {
  const all = Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split("\n");
    return mutants.filter(({ status }) => status !== "Ignored" && status !== "CompileError").map((mutant) => ({
      isFound: mutant.status === "Killed" || mutant.status === "Timeout" || mutant.status === "RuntimeError",
      fault: {
        file,
        at: mutant.location.start.line,
        line: lines[mutant.location.start.line - 1]!.trim(),
        instead: mutant.replacement.replace(/\s+/g, " "),
      },
    }));
  });
  const missed = all.filter(({ isFound }) => !isFound).map(({ fault }) => fault);
  const open = missed.filter((fault) => !isExplained(fault));
  for (const { file, at, line, instead } of open) console.log(`${file}:${at}  ${line}\n    not found: ${instead}`);
  const lines = new Set(all.map(({ fault }) => `${fault.file} ${fault.line}`));
  for (const { file, line } of EXPLAINED) {
    if (files[file] && !lines.has(`${file} ${line}`)) console.log(`${file}: explained, and no longer there: ${line}`);
  }
  const found = all.length - missed.length;
  const explained = missed.length - open.length;
  const score = 100 * found / (all.length - explained);
  return `| ${name} | ${all.length} | ${found} | ${explained} | ${score.toFixed(1)} % |`;
}

function isExplained({ file, line, instead }: Fault): boolean {
  return EXPLAINED.some((known) => known.file === file && known.line === line && known.instead === instead);
}

function run(command: string, args: string[], cwd: string, env: Record<string, string>): void {
  const { status } = spawnSync(command, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}
