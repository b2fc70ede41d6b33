// Installs the dependencies, and builds the pages of the dashboard, where they are missing or not those of package-lock.json; else does nothing. With `--all`
// also those that only tests, proofs and deployments need.
// Runs before anything is installed, on whatever Node there is: plain JavaScript, no imports but Node's own.
import { spawn } from "child_process";
import { createHash } from "crypto";
import * as fs from "fs";
import { tmpdir } from "os";
import { join } from "path";
import { fileURLToPath } from "url";

const MIN_NODE = 18;
const MAX_WAIT_MS = 15 * 60 * 1000;
const STOPS = ["SIGHUP", "SIGINT", "SIGTERM"];

const digest = (data) => createHash("sha256").update(data).digest("hex");
const root = fileURLToPath(new URL("../../../", import.meta.url));
const lockFile = join(root, "package-lock.json");
const installedFile = join(root, "node_modules", ".package-lock.json");
const stampFile = join(root, "node_modules", ".sojourn-installed");
// Neither is in node_modules, which npm removes.
const lock = join(tmpdir(), "sojourn-install-" + digest(root).slice(0, 16) + ".lock");
const unfinishedFile = lock.replace(/lock$/, "unfinished");
const pages = join(root, "api", "dashboard");
const pagesStamp = join(pages, "built", ".stamp");

if (Number(process.versions.node.split(".")[0]) < MIN_NODE) {
  fail(
    "Sojourn needs Node " + MIN_NODE + " or newer to install; this is " + process.version + ". Install a newer Node.",
  );
}
const all = process.argv.indexOf("--all") > 0;
const wanted = digest(fs.readFileSync(lockFile));
if (!isInstalled() || !arePagesBuilt()) {
  await whileAlone(async () => {
    if (!isInstalled()) await install();
    if (!arePagesBuilt()) await buildPages();
  });
}

/** True where the last install was of this package-lock.json, and ended: by us, or by hand since it last changed. */
function isInstalled() {
  if (fs.existsSync(unfinishedFile)) return false;
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

async function install() {
  console.log(
    all
      ? "Installing dependencies, those of tests and deployments too (first time only, about two minutes)…"
      : "Installing dependencies (first start only, about half a minute)…",
  );
  // npm says that it is done before the runtimes are in place: who is stopped between begins anew.
  fs.writeFileSync(unfinishedFile, "");
  await npm(
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"].concat(all ? [] : ["--omit=dev"]),
  );
  // The only packages whose own install steps are needed, and run: they put the runtimes in place.
  await npm(["rebuild", "--loglevel=error"].concat(all ? ["deno", "node"] : ["deno"]));
  fs.writeFileSync(stampFile, wanted + (all ? " all" : " start"));
  fs.rmSync(unfinishedFile, { force: true });
}

/** True where `built/` was made from the sources as they are, by these tools. */
function arePagesBuilt() {
  return !fs.existsSync(pages) || read(pagesStamp) === digestOfPages();
}

/** The pages at `/`, in about a second. Deno runs the bundler: it is here on any Node. */
async function buildPages() {
  const made = digestOfPages();
  const vite = join("node_modules", "vite", "bin", "vite.js");
  const args = ["run", "--quiet", "--allow-all", vite, "build", "--config", "api/dashboard/vite.config.ts"];
  const ran = await run(join(root, "node_modules", ".bin", "deno"), args);
  if (ran.error) fail("The pages could not be built (" + ran.error.message + "). Remove node_modules and start again.");
  if (ran.status !== 0) fail(ran.output + "\nThe pages could not be built; the reason is above.");
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

async function npm(args) {
  const ran = await run("npm", args);
  if (ran.error) fail("npm did not start (" + ran.error.message + "): install npm, or run `npm ci` by hand.");
  if (ran.status !== 0) {
    fail(ran.output + "\n`npm " + args[0] + "` failed; the reason is above. Start again after mending it.");
  }
}

/**
 * Runs a command to its end, or to ours: what stops us stops all that it started, before we end too. It has a process group
 * of its own, since npm alone lets some of its children go on.
 */
function run(command, args) {
  return new Promise((resolve) => {
    const isWindows = process.platform === "win32";
    const child = spawn(command, args, { cwd: root, detached: !isWindows, shell: isWindows });
    let output = "";
    let stoppedBy;
    const stop = (signal) => {
      stoppedBy = signal;
      if (child.pid === undefined) return;
      try {
        process.kill(isWindows ? child.pid : -child.pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    };
    const end = (result) => {
      for (const signal of STOPS) process.removeListener(signal, stop);
      if (stoppedBy === undefined) return resolve({ ...result, output });
      console.error("\nStopped before everything was installed. Start again: it begins anew.");
      fs.rmSync(lock, { force: true });
      process.kill(process.pid, stoppedBy);
    };
    for (const signal of STOPS) process.on(signal, stop);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
    child.on("error", (error) => end({ error }));
    child.on("close", (status) => end({ status }));
  });
}

/** Runs `work` while no other of us does. A lock whose process is gone counts for nothing. */
async function whileAlone(work) {
  const until = Date.now() + MAX_WAIT_MS;
  while (!take(lock)) {
    if (!isAlive(Number(read(lock)))) fs.rmSync(lock, { force: true });
    else if (Date.now() > until) {
      fail("Another install has been running for long. If there is none, remove " + lock + ".");
    } else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  process.on("exit", () => fs.rmSync(lock, { force: true }));
  await work();
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
