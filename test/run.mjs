/**
 * `npm test`: format, lint and types, then every test under Node 22 and under Deno. Ends with one line that counts.
 * Arguments go to vitest: `npm test -- test/unit`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), "sojourn-test-"));
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json"];
const some = process.argv.slice(2);
const results = [];

function run(name, command, args) {
  const startedAt = Date.now();
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
  });
  results.push({ name, ok: status === 0, seconds: Math.round((Date.now() - startedAt) / 1_000) });
}

function runTests(name, command, args) {
  const file = join(scratch, `${results.length}.json`);
  run(name, command, [...args, ...vitest, `--outputFile.json=${file}`, ...some]);
  results.at(-1).counts = countsIn(file);
}

function countsIn(file) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(file, "utf8"));
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

if (some.length === 0) {
  run("format (deno fmt)", "deno", ["fmt", "--check", "--quiet"]);
  run("lint (oxlint)", "oxlint", ["--type-aware", "--deny-warnings"]);
  run("types (tsc)", "tsc", ["--noEmit"]);
}
runTests("tests on Node 22", "node", []);
runTests("tests on Deno", "deno", ["run", "--quiet", "--allow-all", "--unstable-no-legacy-abort"]);
rmSync(scratch, { recursive: true, force: true });

console.log();
for (const { name, ok, seconds } of results) console.log(`${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
const total = (kind) =>
  results.reduce(
    (sum, { ok, counts }) => sum + (counts ? counts[kind] : kind === (ok ? "passed" : "failed") ? 1 : 0),
    0,
  );
const failed = Math.max(total("failed"), results.filter(({ ok }) => !ok).length);
console.log(`${total("passed")} passed, ${failed} failed, ${total("skipped")} skipped`);
process.exit(failed === 0 ? 0 : 1);
