/**
 * `npm run proof:newcomer`: the newcomer's clock, from `git clone` to the first chart that moves, in seconds and in things that are
 * typed. Clones this repository into an empty folder, with npm's own cache as it is. Needs Node, git and Chromium.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { openBrowser } from "../kit/browser.ts";
import { watch } from "../kit/process.ts";

const INSTALL_MS = 15 * 60_000;
const ROOT = new URL("../..", import.meta.url).pathname;
/** What a person types and presses, in their order. */
const DONE = [
  "git clone … sojourn",
  "cd sojourn",
  "npm start",
  "(opens the address that it prints)",
  "(presses Open the demo)",
];

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "newcomer-"));
  const begun = performance.now();
  const tell = (what: string) =>
    console.log(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${what}`);
  execFileSync("git", ["clone", "--quiet", "--depth", "1", `file://${ROOT}`, join(folder, "sojourn")]);
  tell("cloned");
  const env = { ...process.env, PORT: "0" };
  // In a group of its own, so that all of it ends together.
  const child = spawn("npm", ["start"], {
    cwd: join(folder, "sojourn"),
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const running = watch(child);
  const browser = await openBrowser();
  try {
    const [, url] = await running.says(/Pages\s+(http:\/\/\S+?)\/\s/, INSTALL_MS);
    tell("the service says where to look");
    const { page, context } = await browser.openTab(url!);
    await page.goto("/");
    await page.getByRole("button", { name: "Open the demo" }).click();
    const chart = page.getByRole("region", { name: "Live" });
    await chart.locator("rect").first().waitFor();
    tell("the first chart is there");
    const before = await chart.locator("b").allTextContents();
    await page.waitForFunction(
      (was) =>
        [...document.querySelectorAll("section[aria-label=Live] b")].map((own) => own.textContent).join() !== was,
      before.join(),
    );
    tell("the first chart has moved");
    await context.close();
    console.log(`\nTyped: ${DONE.slice(0, 3).join("; ")}. Then ${DONE.slice(3).join(", ")}.`);
  } finally {
    await browser.close();
    process.kill(-child.pid!, "SIGTERM");
    await running.ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
