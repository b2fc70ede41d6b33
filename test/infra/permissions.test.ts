import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flagsOf, type Grant, type Paths, type Program, programs } from "../../api/entry/cli/permissions.ts";
import { makeTempDir } from "../kit/local.ts";
import { killTree, type Running, runProgram } from "../kit/process.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../kit/redis.ts";
import { openSse } from "../kit/sse.ts";
import { remoteApi, tour } from "../kit/tour.ts";

const ROOT = resolve(import.meta.dirname, "../..");

let folder: Awaited<ReturnType<typeof makeTempDir>>;
let local: Running;
let localUrl: string;
let endpoints: Record<string, string>;
let redis: TestRedis | undefined;
const running: Running[] = [];

/** Paths of a program's own, but for the data folder. */
function pathsOf(name: string): Paths {
  const own = (place: string) => join(folder.path, name, place);
  for (const place of ["temp", "secrets", "home/.aws"]) mkdirSync(own(place), { recursive: true });
  const data = join(folder.path, "data");
  return { app: ROOT, data, temp: own("temp"), secrets: own("secrets"), home: own("home") };
}

function start(program: Program, name: string, env: Record<string, string> = {}, args: readonly string[] = []) {
  const paths = pathsOf(name);
  const own = { PORT: "0", DATA_DIR: paths.data, TMPDIR: paths.temp, HOME: paths.home, LOG_LEVEL: "debug" };
  const one = runProgram(program, { paths, env: { ...own, ...env }, args, audit: auditFile(name) });
  running.push(one);
  return one;
}

const auditFile = (name: string) => join(folder.path, `${name}.jsonl`);
const urlOf = async (one: Running) => (await one.says(/(?:listens on|GraphQL) +(http:\S+)\/graphql/))[1]!;

beforeAll(async () => {
  folder = await makeTempDir();
  redis = hasRedis ? await startTestRedis() : undefined;
  local = start("local", "local", {}, ["--empty"]);
  const [, dynamodb, s3, sqs] = await local.says(/"dynamodb":"([^"]+)","s3":"([^"]+)","sqs":"([^"]+)"/);
  endpoints = { AWS_ENDPOINT_URL_DYNAMODB: dynamodb!, AWS_ENDPOINT_URL_S3: s3!, AWS_ENDPOINT_URL_SQS: sqs! };
  localUrl = await urlOf(local);
});
afterAll(async () => {
  await Promise.all(running.map(({ pid }) => killTree(pid)));
  await redis?.kill();
  await folder.remove();
});

type Asked = { permission: Grant["what"]; value: string | null };

/** What a program asked Deno for so far. */
function askedBy(name: string): Asked[] {
  return readFileSync(auditFile(name), "utf8").trim().split("\n").map((line) => JSON.parse(line) as Asked);
}

/** True where a grant covers what is asked: a file by its folder, a variable by its name or beginning. */
function covers({ what, of }: Grant, { permission, value }: Asked, paths: Paths): boolean {
  if (what !== permission) return false;
  return of.length === 0 || of.some((each) => {
    const allowed = each.replace(/\{(\w+)\}/, (_, path: keyof Paths) => paths[path]);
    if (what === "env") return allowed.endsWith("*") ? value?.startsWith(allowed.slice(0, -1)) : value === allowed;
    if (what === "net") return value?.startsWith(`${allowed}:`);
    return value === allowed || value?.startsWith(`${allowed}/`);
  });
}

/** What is asked for and done without, with nothing lost. */
function isDoneWithout(asked: string): boolean {
  // prom-client looks there once: Deno shows /proc only to who may do everything. ioredis would tell Redis its version.
  if (["read /proc/self/limits", `read ${ROOT}/node_modules/ioredis/package.json`].includes(asked)) return true;
  // Whoever makes a folder tells which of its parents were missing.
  return pathsOf("local").data.startsWith(asked.slice("read ".length));
}

/** Asked for, and not given. Variables that are not named are as if they were not there: asking for them is harmless. */
function refusedTo(program: Program, name: string): string[] {
  const grants: readonly Grant[] = programs[program].grants;
  return askedBy(name)
    .filter((asked) => asked.permission !== "env" && !grants.some((grant) => covers(grant, asked, pathsOf(name))))
    .map(({ permission, value }) => `${permission} ${value}`)
    .filter((asked) => !isDoneWithout(asked));
}

describe("a service under exactly its permissions", () => {
  test("does all that it is there for, with embedded stores", async () => {
    await tour(remoteApi(localUrl, pathsOf("local").data), "with-local");
    expect(refusedTo("local", "local")).toEqual([]);
  });

  test("does the same over stores elsewhere, and ends in time with a stream open", async () => {
    const one = start("serve", "serve", { ...endpoints, ...(redis ? { REDIS_URL: redis.url } : {}) });
    const api = remoteApi(await urlOf(one), pathsOf("serve").data);
    await tour(api, "with-serve");
    const query = `subscription { metricBuckets(sources: [TASKS], size: ONE_MINUTE) { cursor } }`;
    const stream = await openSse(api, { tenantId: "with-serve", query });
    await stream.next();
    process.kill(one.pid, "SIGTERM");
    expect(await one.ended).toBe(0);
    expect(refusedTo("serve", "serve")).toEqual([]);
    // Where the machine is busy Redis may take longer to answer at first than the service waits: it says so, and goes on.
    const complaints = one.output().split("\n").filter((line) => /"level":"(warn|error)"/.test(line));
    expect(complaints.filter((line) => !line.includes("Redis is away"))).toEqual([]);
  });

  test("finds credentials as containers of AWS are given them", async () => {
    const keys = { AccessKeyId: "id", SecretAccessKey: "secret", Token: "t", Expiration: "2100-01-01T00:00:00Z" };
    const server = createServer((_request, response) => response.end(JSON.stringify(keys))).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    // Not a loopback address by name, so that the SDK looks for credentials.
    const elsewhere = Object.fromEntries(
      Object.entries(endpoints).map(([name, url]) => [name, url.replace("127.0.0.1", "0.0.0.0")]),
    );
    const one = start("serve", "credentials", {
      ...elsewhere,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/`,
    });
    const response = await fetch(`${await urlOf(one)}/ready`);
    expect(await response.json()).toMatchObject({ ready: true });
    await killTree(one.pid);
    server.close();
    expect(refusedTo("serve", "credentials")).toEqual([]);
  });

  test("is given nothing that it does not use", () => {
    for (const [program, name] of [["local", "local"], ["serve", "serve"]] as const) {
      const asked = askedBy(name);
      const unused = programs[program].grants.filter((grant) =>
        // The audit does not tell of programs, mounted files and the sample are not there, and npm did not start it.
        grant.what !== "run" && !["{secrets}", "{app}/api/local/sample", "PATH"].includes(grant.of[0] ?? "") &&
        !asked.some((each) => covers(grant, each, pathsOf(name)))
      );
      expect({ program, unused }).toEqual({ program, unused: [] });
    }
  });

  test("cannot write but to its folders, read but what is named, start programs, or see other variables", () => {
    const paths = pathsOf("serve");
    const flags = flagsOf("serve", paths);
    expect(flags.filter((flag) => /^--allow-(write|run|ffi|all|import)/.test(flag))).toEqual([
      `--allow-write=${paths.temp}`,
    ]);
    expect(flags).toContain("--ignore-env");
    expect(flags).toContain("--no-prompt");
    expect(flagsOf("local", paths).filter((flag) => /^--allow-(run|ffi|all|import)/.test(flag))).toEqual([
      "--allow-run=sh",
    ]);
  });
});

describe("beside the service", () => {
  test("the health check ends with 0 where a path answers well, and says what is wrong where not", async () => {
    const { port } = new URL(localUrl);
    const check = (path: string) => start("health", `health${path.replace("/", "-")}`, { PORT: port }, [path]);
    const [ready, unknown] = ["/ready", "/nowhere"].map(check) as [Running, Running];
    expect(await ready.ended).toBe(0);
    expect(await unknown.ended).toBe(1);
    expect(unknown.output()).toContain("/nowhere answered 404");
  });

  test("the key file is made once", async () => {
    const paths = pathsOf("keys");
    const data = join(folder.path, "keys-data");
    const make = () => runProgram("keys", { paths: { ...paths, data }, env: { DATA_DIR: data } });
    expect(await make().ended).toBe(0);
    const made = readFileSync(join(data, "signing-keys.json"), "utf8");
    expect(await make().ended).toBe(0);
    expect(readFileSync(join(data, "signing-keys.json"), "utf8")).toBe(made);
  });
});
