import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeTempDir } from "../kit/local.ts";

let dir: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ path: dir, remove } = await makeTempDir());
  await mkdir(join(dir, "api/entry"), { recursive: true });
  await copyFile(new URL("../../api/entry/install.mjs", import.meta.url), join(dir, "api/entry/install.mjs"));
  await mkdir(join(dir, "dep"));
  await writeFile(join(dir, "dep/package.json"), JSON.stringify({ name: "dep", version: "1.0.0" }));
  await writeFile(join(dir, "package.json"), JSON.stringify({ ...PROJECT, scripts: COUNT }));
  await lock({});
});
afterEach(() => remove());

const PROJECT = { name: "p", version: "1.0.0", dependencies: { dep: "file:dep" } };
/** Each `npm ci` leaves a line behind. */
const COUNT = { postinstall: "echo x >> installs" };
const installs = () => readFile(join(dir, "installs"), "utf8").then((text) => text.split("\n").length - 1, () => 0);

function lock(more: object): Promise<void> {
  const packages = { "": PROJECT, dep: { version: "1.0.0" }, "node_modules/dep": { resolved: "dep", link: true } };
  const file = { name: "p", version: "1.0.0", lockfileVersion: 3, packages, ...more };
  return writeFile(join(dir, "package-lock.json"), JSON.stringify(file));
}

function install(): Promise<{ code: unknown; out: string; err: string }> {
  return new Promise((resolve) =>
    execFile(
      "node",
      [join(dir, "api/entry/install.mjs")],
      (error, out, err) => resolve({ code: error?.code ?? 0, out, err }),
    )
  );
}

test("the first start installs and says so, the second does nothing and says nothing", async () => {
  expect(await install()).toMatchObject({
    code: 0,
    out: "Installing dependencies (first start only, about a minute)…\n",
    err: "",
  });
  expect(await install()).toEqual({ code: 0, out: "", err: "" });
  expect(await installs()).toBe(1);
}, 30_000);

test("a changed lock file, or modules that are gone, are installed again", async () => {
  await install();
  await lock({ requires: true });
  await install();
  expect(await installs()).toBe(2);
  await rm(join(dir, "node_modules"), { recursive: true });
  await install();
  expect(await installs()).toBe(3);
}, 30_000);

test("modules that were installed by hand since are taken as they are", async () => {
  await install();
  await rm(join(dir, "node_modules/.sojourn-installed"));
  expect(await install()).toEqual({ code: 0, out: "", err: "" });
  expect(await installs()).toBe(1);
}, 30_000);

test("three starts at once install once", async () => {
  const results = await Promise.all([install(), install(), install()]);
  expect(results.map((result) => result.code)).toEqual([0, 0, 0]);
  expect(await installs()).toBe(1);
}, 30_000);

test("a failure shows what npm said", async () => {
  await writeFile(join(dir, "package.json"), JSON.stringify({ ...PROJECT, dependencies: { a: "1" } }));
  const { code, err } = await install();
  expect(code).toBe(1);
  expect(err).toContain("`npm ci` can only install packages when");
  expect(err).toContain("Start again after mending it.");
}, 30_000);
