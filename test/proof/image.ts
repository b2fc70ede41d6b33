/**
 * Law: the images that the Dockerfile makes hold what they run and no more, and run as a container is to run: not as root,
 * on a read-only root file system, under their permissions; they become ready, answer, and end in time.
 * Built with buildah on bases made of this machine's own files, and started in namespaces: no Docker is needed.
 *
 *     npm run proof:image
 */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { commandOf, IMAGE_PATHS } from "../../api/entry/cli/permissions.ts";
import { makeTempDir, startTestSystem } from "../kit/local.ts";
import { killTree, type Running } from "../kit/process.ts";
import { openSse } from "../kit/sse.ts";
import { remoteApi, tour } from "../kit/tour.ts";
import { createBuilder, missingTools } from "./image-build.ts";
import { type Image, signal, startImage } from "./image-run.ts";
import { freePort } from "./service.ts";

const NOBODY = 65_532;
const DRAIN_SECONDS = 10;

async function prove(folder: string): Promise<void> {
  const builder = timed("three bases made", () => createBuilder(folder));
  for (const target of ["serve", "local"] as const) {
    const image = timed(`${target} built`, () => builder.build(target));
    checkConfig(target, image);
    checkFiles(target, image);
    await checkReadOnly(image, folder);
    await (target === "serve" ? proveServe(image, folder) : proveLocal(image, folder));
  }
}

function timed<T>(what: string, work: () => T): T {
  const startedAt = performance.now();
  const result = work();
  console.log(`${what} in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  return result;
}

function checkConfig(target: "serve" | "local", { config }: Image): void {
  strictEqual(config.User, `${NOBODY}:${NOBODY}`);
  strictEqual(config.StopSignal, "SIGTERM");
  deepStrictEqual(config.Entrypoint, ["deno"]);
  deepStrictEqual(config.Cmd.slice(0, commandOf(target, IMAGE_PATHS).length), commandOf(target, IMAGE_PATHS));
  deepStrictEqual(config.Healthcheck.Test, ["CMD", "deno", ...commandOf("health", IMAGE_PATHS)]);
  match(config.Labels["org.opencontainers.image.title"] ?? "", /^Sojourn/);
}

type Found = { path: string; bytes: number; uid: number; mode: number; isLink: boolean };

function filesOf(tree: string): Found[] {
  return readdirSync(tree, { recursive: true, encoding: "utf8" }).map((path) => {
    const stat = lstatSync(join(tree, path));
    return {
      path,
      bytes: stat.isFile() ? stat.size : 0,
      uid: stat.uid,
      mode: stat.mode,
      isLink: stat.isSymbolicLink(),
    };
  });
}

/** What the image adds to its base, and what must not be in it. */
function checkFiles(target: string, { tree }: Image): void {
  const files = filesOf(tree);
  const sizeOf = (prefix: string) => {
    const within = files.filter(({ path }) => path.startsWith(prefix));
    const bytes = within.reduce((sum, file) => sum + file.bytes, 0);
    return `${prefix || "all"} ${(bytes / 1_048_576).toFixed(1)} MB (${
      within.filter((file) => file.bytes).length
    } files)`;
  };
  console.log(`  ${["", "app/api/", "app/schema/", "app/node_modules/", "app/.deno/"].map(sizeOf).join(", ")}`);

  const { devDependencies } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const packages = [
    ...Object.keys(devDependencies),
    "deno",
    "@deno",
    ...(target === "serve" ? ["fauxqs", "@dynoxide"] : []),
  ];
  const present = new Set(files.map(({ path }) => path));
  deepStrictEqual(
    packages.filter((name) => present.has(`app/node_modules/${name}`)),
    [],
    "packages that are not to run",
  );
  const folders = readdirSync(join(tree, "app")).toSorted();
  deepStrictEqual(folders, [".deno", "api", "deno.json", "node_modules", "package.json", "schema"]);
  const ours = files.filter(({ path }) => path.startsWith("app"));
  deepStrictEqual(ours.filter(({ uid, mode, isLink }) => uid !== 0 || (!isLink && mode & 0o022)), [], "can be changed");
  deepStrictEqual(files.filter(({ uid }) => uid === NOBODY).map(({ path }) => path), ["data"]);
  const named = ours.filter(({ path }) => /(^|\/)(\.env|\.git|\.data|cdktf[^/]*|signing-keys\.json)$/.test(path));
  deepStrictEqual(named.map(({ path }) => path), []);
}

async function checkReadOnly(image: Image, folder: string): Promise<void> {
  const script = `for (const path of ["/app/x", "/app/.deno/x", "/data/x", "/x"]) {
    try { Deno.writeTextFileSync(path, ""); console.log("wrote", path) } catch (error) { console.log(error.name, path) }
  }
  Deno.writeTextFileSync("/tmp/x", ""); console.log("uid", Deno.uid(), Deno.readTextFileSync("/proc/self/status").match(/CapEff.*/)[0]);`;
  const running = startImage(image, folder, { command: ["eval", script] });
  strictEqual(await running.ended, 0, running.output());
  ok(!running.output().includes("wrote"), running.output());
  match(running.output(), new RegExp(`uid ${NOBODY} CapEff:\\s+0{16}`));
}

/** A folder as a fresh volume is: owned as the image says. */
function makeVolume(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, NOBODY, NOBODY);
  return path;
}

async function proveServe(image: Image, folder: string): Promise<void> {
  const volume = makeVolume(folder, "keys");
  const keys = startImage(image, folder, {
    data: { path: volume, mode: "rw" },
    command: commandOf("keys", IMAGE_PATHS),
  });
  strictEqual(await keys.ended, 0, keys.output());
  const system = await startTestSystem({ prefix: "sojourn" });
  try {
    const { dynamodb, s3, sqs } = system.endpoints;
    const env = { AWS_ENDPOINT_URL_DYNAMODB: dynamodb, AWS_ENDPOINT_URL_S3: s3, AWS_ENDPOINT_URL_SQS: sqs };
    await proveRun("serve", image, folder, { env, data: { path: volume, mode: "ro" }, counts: false });
  } finally {
    await system.stop();
  }
}

async function proveLocal(image: Image, folder: string): Promise<void> {
  const volume = makeVolume(folder, "volume");
  await proveRun("local", image, folder, { env: {}, data: { path: volume, mode: "rw" }, counts: true });
  ok(readdirSync(volume).includes("dynamodb.sqlite"), "the data are on the volume");
}

async function proveRun(
  name: string,
  image: Image,
  folder: string,
  { env, data, counts }: { env: Record<string, string>; data: { path: string; mode: "ro" | "rw" }; counts: boolean },
): Promise<void> {
  const port = String(await freePort());
  const own = { ...env, HOST: "127.0.0.1", PORT: port, DRAIN_SECONDS: String(DRAIN_SECONDS) };
  const startedAt = performance.now();
  const running = startImage(image, folder, { env: own, data });
  try {
    await running.says(/(listens on|GraphQL) +http/);
    const base = `http://127.0.0.1:${port}`;
    const ready = await fetch(`${base}/ready`);
    strictEqual(ready.status, 200, await ready.text());
    console.log(`  ${name}: ready ${Math.round(performance.now() - startedAt)} ms after its start`);
    const health = startImage(image, folder, { env: own, command: image.config.Healthcheck.Test.slice(2) });
    strictEqual(await health.ended, 0, health.output());

    const api = remoteApi(base, data.path);
    await tour(api, "tour", { counts });
    const query = `subscription { metricBuckets(sources: [TASKS], size: ONE_MINUTE) { cursor } }`;
    if (counts) await (await openSse(api, { tenantId: "tour", query })).next();
    await proveEnd(name, running);
  } finally {
    await killTree(running.pid);
  }
}

async function proveEnd(name: string, running: Running): Promise<void> {
  const toldAt = performance.now();
  signal(running, "SIGTERM");
  strictEqual(await running.ended, 0, running.output());
  const tookMs = Math.round(performance.now() - toldAt);
  console.log(`  ${name}: ended ${tookMs} ms after SIGTERM`);
  ok(tookMs < DRAIN_SECONDS * 1_000, "it ends in its drain time");
}

const missing = missingTools();
if (missing.length > 0) {
  console.log(`skipped: this machine lacks ${missing.join(", ")} (apt-get install buildah)`);
  process.exit(0);
}
const folder = await makeTempDir();
try {
  await prove(folder.path);
  console.log("holds");
} catch (error) {
  console.error(`DOES NOT HOLD: ${(error as Error).stack}`);
  process.exitCode = 1;
} finally {
  await folder.remove();
}
