/**
 * Every property test again with new cases: each file that holds one, ROUNDS times, each round with a seed of its own. A
 * failure prints its round's seed; `PROPERTY_SEED=… npx vitest run FILE` shows it again.
 *
 *   npm run proof:properties -- [ROUNDS=10] [SEED]
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

const [rounds = "10", first = String(randomInt(2 ** 30))] = process.argv.slice(2);
const root = new URL("../../", import.meta.url).pathname;
const files = readdirSync(`${root}test`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => `test/${file}`)
  .filter((file) => readFileSync(root + file, "utf8").includes("fc.assert"));

const failed: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const seed = Number(first) + round;
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--silent=passed-only",
    ...files,
  ], { cwd: root, encoding: "utf8", env: { ...process.env, PROPERTY_SEED: String(seed), NODE_NO_WARNINGS: "1" } });
  if (status !== 0) failed.push(seed);
  console.log(
    status === 0 ? `seed ${seed}: ${files.length} files hold` : `seed ${seed} FAILED\n${failuresIn(stdout, stderr)}`,
  );
}
console.log(
  `${rounds} rounds of ${files.length} files, ${failed.length} failed${failed.length ? `: ${failed.join(" ")}` : ""}`,
);
process.exitCode = failed.length ? 1 : 0;

/** vitest names what failed in the one, and says why in the other. */
function failuresIn(stdout: string, stderr: string): string {
  return `${stderr.slice(0, 8_000)}\n${stdout.slice(-4_000)}`;
}
