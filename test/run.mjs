/**
 * `npm test`: format, lint and types, then every test under Node 22, and under Deno those that ask something of a runtime
 * (`test/runtimes.ts`; all with BOTH_RUNTIMES=1). Shows a dot for each file of tests and
 * failures in full; all that was said goes to a file, whose name it prints. Ends with one line that counts.
 * Arguments go to vitest: `npm test -- test/unit`.
 */
import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";

const DOTS_A_LINE = 50;
/** A line at least so often: some CI shows lines only when they end, and takes silence for death. */
const LINE_MS = 60_000;
/** Shown of a step that failed without saying where. */
const LAST_LINES = 100;
/** As vitest's default reporter says that a file is done: ` ✓ test/unit/a.test.ts (3 tests) 12ms`. */
const FILE_DONE = /^ *([✓❯×↓]) .*\.test\.ts \(\d+ tests?/;
const FAILURES = /⎯ (Failed (Tests|Suites)|Unhandled (Errors?|Rejections?)) /;

/** Memory that is a folder, on Linux. In containers it is often of 64 MB. */
const IN_MEMORY = "/dev/shm";
const ENOUGH_BYTES = 4 * 2 ** 30;

const root = new URL("..", import.meta.url).pathname;
const kept = mkdtempSync(join(tmpdir(), "sojourn-test-"));
const scratch = makeScratch();
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
const log = join(kept, "output.txt");
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json"];
const some = process.argv.slice(2);
const results = [];

/**
 * Where the embedded stores of tests keep their data: in memory where that is large, since each write that is acknowledged waits for
 * the disk otherwise, which is half of the time of many tests. What says of itself that it survives a crash keeps its data elsewhere.
 */
function makeScratch() {
  const folderIn = (parent) => mkdtempSync(join(parent, "sojourn-data-"));
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    if (bavail * bsize >= ENOUGH_BYTES) return folderIn(IN_MEMORY);
  } catch {
    // No such folder, or none for us.
  }
  return folderIn(tmpdir());
}

async function run(name, command, args, onLine) {
  const startedAt = Date.now();
  const lines = [];
  appendFileSync(log, `\n# ${name}\n`);
  process.stdout.write(`${name} `);
  const status = await spawned(command, args, (line) => {
    lines.push(line);
    appendFileSync(log, `${stripVTControlCharacters(line)}\n`);
    onLine?.(line);
  });
  const seconds = Math.round((Date.now() - startedAt) / 1_000);
  results.push({ name, ok: status === 0, seconds });
  console.log(`${onLine ? " " : ""}${status === 0 ? "ok" : "FAILED"} (${seconds} s)`);
  if (status !== 0) console.log(failuresIn(lines).join("\n"));
}

function spawned(command, args, onLine) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ["inherit", "pipe", "pipe"],
      env: { ...process.env, NODE_NO_WARNINGS: "1", TEST_DATA: scratch },
    });
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", onLine);
    child.on("error", (error) => {
      onLine(error.message);
      resolve(1);
    });
    child.on("close", resolve);
  });
}

/** What vitest tells of failures at its end, or else the last that was said. */
function failuresIn(lines) {
  const first = lines.findIndex((line) => FAILURES.test(stripVTControlCharacters(line)));
  return first < 0 ? lines.slice(-LAST_LINES) : lines.slice(first);
}

async function runTests(name, command, args) {
  const file = join(kept, `${results.length}.json`);
  const dots = createDots();
  await run(name, command, [...args, ...vitest, `--outputFile.json=${file}`, ...some], dots.onLine);
  dots.end();
  results.at(-1).counts = countsIn(file);
}

function createDots() {
  let files = 0;
  const end = () => process.stdout.write(` ${files} files\n`);
  const timer = setInterval(end, LINE_MS);
  return {
    onLine: (line) => {
      const [plain, sign] = stripVTControlCharacters(line).match(FILE_DONE) ?? [];
      if (sign === undefined) return;
      files += 1;
      process.stdout.write(sign === "✓" || sign === "↓" ? "." : `\n${plain.trim()})\n`);
      if (files % DOTS_A_LINE > 0) return;
      end();
      timer.refresh();
    },
    end: () => clearInterval(timer),
  };
}

function countsIn(file) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(file, "utf8"));
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

writeFileSync(log, "");
if (some.length === 0) {
  await run("format (deno fmt)", "deno", ["fmt", "--check", "--quiet"]);
  await run("lint (oxlint)", "oxlint", ["--type-aware", "--deny-warnings"]);
  await run("types (tsc)", "tsc", ["--noEmit"]);
}
await runTests("tests on Node 22", "node", []);
if (some.length > 0) vitest.push("--passWithNoTests");
await runTests("tests on Deno", "deno", ["run", "--quiet", "--allow-all", "--unstable-no-legacy-abort"]);

console.log();
for (const { name, ok, seconds } of results) console.log(`${ok ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
console.log(`Everything that was said: ${log}`);
const total = (kind) =>
  results.reduce(
    (sum, { ok, counts }) => sum + (counts ? counts[kind] : kind === (ok ? "passed" : "failed") ? 1 : 0),
    0,
  );
const failed = Math.max(total("failed"), results.filter(({ ok }) => !ok).length);
console.log(`${total("passed")} passed, ${failed} failed, ${total("skipped")} skipped`);
process.exit(failed === 0 ? 0 : 1);
