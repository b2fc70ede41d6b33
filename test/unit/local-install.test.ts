import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeTempDir } from "../kit/local.ts";

let dir: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ path: dir, remove } = await makeTempDir());
  await mkdir(join(dir, "api/entry/cli"), { recursive: true });
  await copyFile(new URL("../../api/entry/cli/install.mjs", import.meta.url), join(dir, "api/entry/cli/install.mjs"));
  for (const name of ["dep", "tool"]) {
    await mkdir(join(dir, name));
    await writeFile(join(dir, name, "package.json"), JSON.stringify({ name, version: "1.0.0" }));
  }
  await writeFile(join(dir, "package.json"), JSON.stringify(PROJECT));
  await lock({});
});
afterEach(() => remove());

const PROJECT = {
  name: "p",
  version: "1.0.0",
  dependencies: { dep: "file:dep" },
  devDependencies: { tool: "file:tool" },
};
/** Each install announces itself. */
const installs = (...results: { out: string }[]) => results.filter(({ out }) => out.startsWith("Installing")).length;

function lock(more: object): Promise<void> {
  const packages = {
    "": PROJECT,
    dep: { version: "1.0.0" },
    tool: { version: "1.0.0", dev: true },
    "node_modules/dep": { resolved: "dep", link: true },
    "node_modules/tool": { resolved: "tool", link: true, dev: true },
  };
  const file = { name: "p", version: "1.0.0", lockfileVersion: 3, packages, ...more };
  return writeFile(join(dir, "package-lock.json"), JSON.stringify(file, null, 2));
}

const has = (name: string) => stat(join(dir, "node_modules", name)).then(() => true, () => false);

function install(...more: string[]): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) =>
    execFile(
      "node",
      [join(dir, "api/entry/cli/install.mjs"), ...more],
      (error, out, err) => resolve({ code: error?.code ?? 0, out, err }),
    )
  );
}

test("the first start installs and says so, the second does nothing and says nothing", async () => {
  expect(await install()).toMatchObject({
    code: 0,
    out: "Installing dependencies (first start only, about half a minute)…\n",
    err: "",
  });
  expect(await install()).toEqual({ code: 0, out: "", err: "" });
});

test("what only tests and deployments need is installed when it is asked for, and stays", async () => {
  await install();
  expect(await has("dep"), "dep").toBe(true);
  expect(await has("tool"), "tool").toBe(false);
  expect(installs(await install("--all"))).toBe(1);
  expect(await has("tool"), "tool").toBe(true);
  expect(installs(await install("--all"), await install())).toBe(0);
});

test("a changed lock file, or modules that are gone, are installed again", async () => {
  await install();
  await lock({ requires: true });
  expect(installs(await install())).toBe(1);
  await rm(join(dir, "node_modules"), { recursive: true });
  expect(installs(await install())).toBe(1);
});

test("modules that were installed by hand since are taken as they are, where they are all there", async () => {
  await install();
  await rm(join(dir, "node_modules/.sojourn-installed"));
  expect(await install()).toEqual({ code: 0, out: "", err: "" });
  await rm(join(dir, "node_modules/.sojourn-installed"));
  expect(installs(await install("--all"))).toBe(1);
});

test("three starts at once install once", async () => {
  const results = await Promise.all([install(), install(), install()]);
  expect(results.map((result) => result.code)).toEqual([0, 0, 0]);
  expect(installs(...results)).toBe(1);
});

test("a failure shows what npm said", async () => {
  await writeFile(join(dir, "package.json"), JSON.stringify({ ...PROJECT, dependencies: { a: "1" } }));
  const { code, err } = await install();
  expect(code).toBe(1);
  expect(err).toContain("`npm ci` can only install packages when");
  expect(err).toContain("Start again after mending it.");
});

/** An npm that says its own process id and that of a child, and never ends. */
const ENDLESS_NPM = `#!/bin/sh
sleep 100000 &
echo "$$ $!" > "$PIDS.new" && mv "$PIDS.new" "$PIDS"
wait
`;

/** Runs an install that never ends until its npm runs, and sends it the signal; gives how it ended and who ran. */
async function installAndStop(signal: NodeJS.Signals): Promise<{ ended: unknown[]; pids: string[] }> {
  const file = join(dir, "pids");
  await mkdir(join(dir, "bin"));
  await writeFile(join(dir, "bin/npm"), ENDLESS_NPM, { mode: 0o755 });
  const env = { ...process.env, PIDS: file, PATH: `${join(dir, "bin")}:${process.env["PATH"]}` };
  const install = spawn("node", [join(dir, "api/entry/cli/install.mjs")], { env, stdio: "ignore" });
  const exit = once(install, "exit");
  await expect.poll(() => readFile(file, "utf8").catch(() => "")).not.toBe("");
  install.kill(signal);
  return { ended: await exit, pids: (await readFile(file, "utf8")).trim().split(" ") };
}

/** A dead process whose parent has not asked for its end yet is a zombie, which does nothing. */
async function isRunning(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return status !== "" && !/^State:\s+[ZX]/m.test(status);
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s ends an install whole, npm and what it started; starting again works at once",
  async (signal) => {
    const { ended, pids } = await installAndStop(signal);
    expect(ended).toEqual([null, signal]);
    // What is killed closes its pipes a moment before it is gone.
    await expect.poll(() => Promise.all(pids.map(isRunning))).toEqual([false, false]);
    expect(await install()).toMatchObject({ code: 0, err: "" });
    expect(await has("dep")).toBe(true);
  },
);

test("an install that was stopped begins anew, though npm left its modules in place", async () => {
  await install();
  await rm(join(dir, "node_modules/.sojourn-installed"));
  const { mtime } = await stat(join(dir, "package-lock.json"));
  await lock({ requires: true });
  await installAndStop("SIGINT");
  await utimes(join(dir, "package-lock.json"), mtime, mtime);
  expect(installs(await install(), await install())).toBe(1);
});
