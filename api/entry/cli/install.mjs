// Installs the dependencies, and builds the pages of the dashboard, where they are missing or not those of package-lock.json; else does nothing. With `--all`
// also those that only tests, proofs and deployments need.
// Runs before anything is installed, on whatever Node there is: plain JavaScript, no imports but Node's own.
import { spawnSync } from "child_process";
import { createHash } from "crypto";
import * as fs from "fs";
import { tmpdir } from "os";
import { join } from "path";
import { fileURLToPath } from "url";

const MIN_NODE = 18;
const MAX_WAIT_MS = 15 * 60 * 1000;

const root = fileURLToPath(new URL("../../../", import.meta.url));
const lockFile = join(root, "package-lock.json");
const installedFile = join(root, "node_modules", ".package-lock.json");
const stampFile = join(root, "node_modules", ".sojourn-installed");
const pages = join(root, "api", "dashboard");
const pagesStamp = join(pages, "built", ".stamp");
const digest = (data) => createHash("sha256").update(data).digest("hex");

if (Number(process.versions.node.split(".")[0]) < MIN_NODE) {
  fail(
    "Sojourn needs Node " + MIN_NODE + " or newer to install; this is " + process.version + ". Install a newer Node.",
  );
}
const all = process.argv.indexOf("--all") > 0;
const wanted = digest(fs.readFileSync(lockFile));
if (!isInstalled() || !arePagesBuilt()) {
  whileAlone(() => {
    if (!isInstalled()) install();
    if (!arePagesBuilt()) buildPages();
  });
}

/** True where the last install was of this package-lock.json: by us, or by hand since it last changed. */
function isInstalled() {
  const stamp = read(stampFile);
  if (stamp === wanted + " all" || (stamp === wanted + " start" && !all)) return true;
  const installed = fs.statSync(installedFile, { throwIfNoEntry: false });
  if (!installed || installed.mtimeMs < fs.statSync(lockFile).mtimeMs) return false;
  const isWhole = hasDev(installedFile) || !hasDev(lockFile);
  if (all && !isWhole) return false;
  fs.writeFileSync(stampFile, wanted + (isWhole ? " all" : " start"));
  return true;
}

function hasDev(file) {
  return /"node_modules\/[^}]+"dev": true/.test(read(file));
}

function install() {
  console.log(
    all
      ? "Installing dependencies, those of tests and deployments too (first time only, about two minutes)…"
      : "Installing dependencies (first start only, about half a minute)…",
  );
  npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"].concat(all ? [] : ["--omit=dev"]));
  // The only packages whose own install steps are needed, and run: they put the runtimes in place.
  npm(["rebuild", "--loglevel=error"].concat(all ? ["deno", "node"] : ["deno"]));
  fs.writeFileSync(stampFile, wanted + (all ? " all" : " start"));
}

/** True where `built/` was made from the sources as they are, by these tools. */
function arePagesBuilt() {
  return !fs.existsSync(pages) || read(pagesStamp) === digestOfPages();
}

/** The pages at `/`, in about a second. Deno runs the bundler: it is here on any Node. */
function buildPages() {
  const made = digestOfPages();
  const vite = join("node_modules", "vite", "bin", "vite.js");
  const args = ["run", "--quiet", "--allow-all", vite, "build", "--config", "api/dashboard/vite.config.ts"];
  const ran = spawnSync(join(root, "node_modules", ".bin", "deno"), args, { cwd: root, encoding: "utf8" });
  if (ran.error) fail("The pages could not be built (" + ran.error.message + "). Remove node_modules and start again.");
  if (ran.status !== 0) fail(ran.stdout + ran.stderr + "\nThe pages could not be built; the reason is above.");
  fs.writeFileSync(pagesStamp, made);
}

function digestOfPages() {
  return digest(sourcesBelow(pages).map((file) => file + "\n" + read(file)).join("\n") + wanted);
}

function sourcesBelow(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (path === join(pages, "built")) return [];
    return entry.isDirectory() ? sourcesBelow(path) : [path];
  });
}

function npm(args) {
  const options = { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024, shell: process.platform === "win32" };
  const ran = spawnSync("npm", args, options);
  if (ran.error) fail("npm did not start (" + ran.error.message + "): install npm, or run `npm ci` by hand.");
  if (ran.status !== 0) {
    fail(
      ran.stdout + ran.stderr + "\n`npm " + args[0] + "` failed; the reason is above. Start again after mending it.",
    );
  }
}

/** Runs `work` while no other of us does. A lock whose process is gone counts for nothing. */
function whileAlone(work) {
  // Not in node_modules, which npm removes.
  const path = join(tmpdir(), "sojourn-install-" + digest(root).slice(0, 16) + ".lock");
  const until = Date.now() + MAX_WAIT_MS;
  while (!take(path)) {
    if (!isAlive(Number(read(path)))) fs.rmSync(path, { force: true });
    else if (Date.now() > until) {
      fail("Another install has been running for long. If there is none, remove " + path + ".");
    } else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  process.on("exit", () => fs.rmSync(path, { force: true }));
  work();
}

/** Made whole and then linked into place, so that nobody reads a lock without its process id. */
function take(path) {
  const own = path + "." + process.pid;
  fs.writeFileSync(own, String(process.pid));
  try {
    fs.linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function isAlive(pid) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function read(path) {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
