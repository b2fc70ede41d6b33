// Installs the dependencies where they are missing or not those of package-lock.json; else does nothing.
// Runs before anything is installed, on whatever Node there is: plain JavaScript, no imports but Node's own.
import { spawnSync } from "child_process";
import { createHash } from "crypto";
import * as fs from "fs";
import { tmpdir } from "os";
import { join } from "path";
import { fileURLToPath } from "url";

const MIN_NODE = 18;
const MAX_WAIT_MS = 15 * 60 * 1000;

const root = fileURLToPath(new URL("../../", import.meta.url));
const lockFile = join(root, "package-lock.json");
const installedFile = join(root, "node_modules", ".package-lock.json");
const stampFile = join(root, "node_modules", ".sojourn-installed");
const digest = (data) => createHash("sha256").update(data).digest("hex");

if (Number(process.versions.node.split(".")[0]) < MIN_NODE) {
  fail(
    "Sojourn needs Node " + MIN_NODE + " or newer to install; this is " + process.version + ". Install a newer Node.",
  );
}
const wanted = digest(fs.readFileSync(lockFile));
if (!isInstalled()) whileAlone(() => isInstalled() || install());

/** True where the last install was of this package-lock.json: by us, or by hand since it last changed. */
function isInstalled() {
  if (read(stampFile) === wanted) return true;
  const installed = fs.statSync(installedFile, { throwIfNoEntry: false });
  if (!installed || installed.mtimeMs < fs.statSync(lockFile).mtimeMs) return false;
  fs.writeFileSync(stampFile, wanted);
  return true;
}

function install() {
  console.log("Installing dependencies (first start only, about a minute)…");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === "win32",
  });
  if (npm.error) fail("npm did not start (" + npm.error.message + "): install npm, or run `npm ci` by hand.");
  if (npm.status !== 0) {
    fail(npm.stdout + npm.stderr + "\n`npm ci` failed; the reason is above. Start again after mending it.");
  }
  fs.writeFileSync(stampFile, wanted);
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
