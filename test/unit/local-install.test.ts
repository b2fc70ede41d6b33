import { execFile } from "node:child_process";
import { copyFile, mkdir, rm, stat, writeFile } from "node:fs/promises";
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
}, 30_000);

test("what only tests and deployments need is installed when it is asked for, and stays", async () => {
  await install();
  expect(await has("dep"), "dep").toBe(true);
  expect(await has("tool"), "tool").toBe(false);
  expect(installs(await install("--all"))).toBe(1);
  expect(await has("tool"), "tool").toBe(true);
  expect(installs(await install("--all"), await install())).toBe(0);
}, 30_000);

test("a changed lock file, or modules that are gone, are installed again", async () => {
  await install();
  await lock({ requires: true });
  expect(installs(await install())).toBe(1);
  await rm(join(dir, "node_modules"), { recursive: true });
  expect(installs(await install())).toBe(1);
}, 30_000);

test("modules that were installed by hand since are taken as they are, where they are all there", async () => {
  await install();
  await rm(join(dir, "node_modules/.sojourn-installed"));
  expect(await install()).toEqual({ code: 0, out: "", err: "" });
  await rm(join(dir, "node_modules/.sojourn-installed"));
  expect(installs(await install("--all"))).toBe(1);
}, 30_000);

test("three starts at once install once", async () => {
  const results = await Promise.all([install(), install(), install()]);
  expect(results.map((result) => result.code)).toEqual([0, 0, 0]);
  expect(installs(...results)).toBe(1);
}, 30_000);

test("a failure shows what npm said", async () => {
  await writeFile(join(dir, "package.json"), JSON.stringify({ ...PROJECT, dependencies: { a: "1" } }));
  const { code, err } = await install();
  expect(code).toBe(1);
  expect(err).toContain("`npm ci` can only install packages when");
  expect(err).toContain("Start again after mending it.");
}, 30_000);
