import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import { createClients } from "../../api/aws/clients.ts";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createObjects } from "../../api/aws/objects.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { LocalError } from "../../api/local/errors.ts";
import { provision } from "../../api/local/provision.ts";
import { startLocalSystem } from "../../api/local/system.ts";
import { makeTempDir, silentLog, startTestSystem, type TestSystem } from "../kit/local.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function tempDir(): Promise<string> {
  const { path, remove } = await makeTempDir();
  cleanups.push(remove);
  return path;
}

async function start(dataDir: string, more: Parameters<typeof startTestSystem>[0] = {}): Promise<TestSystem> {
  const system = await startTestSystem({ ...more, dataDir });
  cleanups.push(system.stop);
  return system;
}

const KEY = { pk: "kept", sk: "META" };
const stores = ({ clients }: TestSystem) => ({
  dynamo: createDynamo(clients.dynamodb),
  objects: createObjects(clients.s3, "test-events"),
  queues: createQueues(clients.sqs),
});

async function fill(system: TestSystem): Promise<void> {
  const { dynamo, objects, queues } = stores(system);
  await dynamo.put("test-journeys", { ...KEY, n: 1 });
  await objects.create("kept", new Uint8Array([1, 2, 3]), { contentType: "text/plain", metadata: { a: "b" } });
  await queues.send("test-ingest", "kept");
  const [message] = await queues.receive("test-ingest");
  await queues.release("test-ingest", message!, 0);
}

async function expectFilled(system: TestSystem): Promise<void> {
  const { dynamo, objects, queues } = stores(system);
  expect(await dynamo.get("test-journeys", KEY)).toEqual({ ...KEY, n: 1 });
  expect(await objects.get("kept")).toMatchObject({ body: new Uint8Array([1, 2, 3]), metadata: { a: "b" } });
  expect((await queues.receive("test-ingest")).map((message) => message.body)).toEqual(["kept"]);
}

const closed = (endpoint: string) =>
  new Promise<void>((resolve) => {
    const socket = connect(Number(new URL(endpoint).port), "127.0.0.1");
    socket.once("error", () => {}).once("close", () => resolve()).resume();
  });

describe("the local system", () => {
  test("has after a stop and a start what it had before", async () => {
    const dataDir = await tempDir();
    const first = await start(dataDir);
    await fill(first);
    await first.stop();
    await expectFilled(await start(dataDir));
  });

  test("leaves nothing running after a kill -9, and nothing that was acknowledged is lost", async () => {
    const dataDir = await tempDir();
    const options = JSON.stringify({ dataDir, prefix: "test" });
    const code = `
      import { startLocalSystem } from ${JSON.stringify(new URL("../../api/local/system.ts", import.meta.url).href)};
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const system = await startLocalSystem({ ...${options}, log });
      console.log(JSON.stringify(system.endpoints));
    `;
    const args = process.versions["deno"] ? ["eval", code] : ["--input-type=module", "-e", code];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    cleanups.push(async () => {
      child.kill("SIGKILL");
      await exited;
    });
    const [line] = await once(child.stdout, "data");
    const endpoints = JSON.parse(String(line));

    const clients = createClients({ region: "eu-central-1", endpoints });
    await fill({ clients } as TestSystem);
    clients.destroy();
    await expect(start(dataDir)).rejects.toThrow("is in use by another running Sojourn");
    const programEnded = closed(endpoints.dynamodb);
    child.kill("SIGKILL");
    await Promise.all([exited, programEnded]);
    await expectFilled(await start(dataDir));
  });

  test("says so when its DynamoDB is killed", async () => {
    const died = Promise.withResolvers<LocalError>();
    const system = await start(await tempDir(), { onDeath: died.resolve });
    process.kill(system.dynamodbPid!, "SIGKILL");
    const error = await died.promise;
    expect(error).toBeInstanceOf(LocalError);
    expect(error.message).toBe("The embedded DynamoDB ended (SIGKILL): start Sojourn again.");
  });

  test("does not call a stop a death, and may be stopped twice", async () => {
    const deaths: LocalError[] = [];
    const system = await start(await tempDir(), { onDeath: (error) => deaths.push(error) });
    await Promise.all([system.stop(), system.stop()]);
    await system.stop();
    expect(deaths).toEqual([]);
    await expect(fetch(system.endpoints.s3)).rejects.toThrow();
    await expect(fetch(system.endpoints.dynamodb)).rejects.toThrow();
  });

  test("has its folder to itself until it stops", async () => {
    const dataDir = await tempDir();
    const first = await start(dataDir);
    await expect(start(dataDir)).rejects.toThrow(
      `DATA_DIR ${dataDir} is in use by another running Sojourn: stop that one, or set DATA_DIR to another folder.`,
    );
    await first.stop();
    await start(dataDir);
  });

  test("names the folder that it cannot write, and what to do", async () => {
    const file = join(await tempDir(), "file");
    await writeFile(file, "");
    const error = await start(join(file, "data")).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(LocalError);
    expect((error as Error).message).toMatch(/^DATA_DIR .*file.data cannot be written .*: make it writable, or set/);
  });

  test("names what to set where there is no DynamoDB program, and lets go of the folder", async () => {
    const dataDir = await tempDir();
    const error = await startLocalSystem({ dataDir, prefix: "test", log: silentLog, dynoxideBin: "/nowhere/dynoxide" })
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(LocalError);
    expect((error as Error).message).toMatch(
      /did not start \(.*not found\): set DYNOXIDE_BIN .*AWS_ENDPOINT_URL_DYNAMODB/,
    );
    await start(dataDir);
  });

  test("uses an endpoint that is given instead of starting its own", async () => {
    const other = await start(await tempDir());
    const { dynamodb } = other.endpoints;
    const dataDir = await tempDir();
    const system = await startLocalSystem({ dataDir, prefix: "mine", log: silentLog, endpoints: { dynamodb } });
    cleanups.push(system.stop);
    expect(system.endpoints.dynamodb).toBe(dynamodb);
    expect(system.dynamodbPid).toBeUndefined();
    expect(await createDynamo(other.clients.dynamodb).get("mine-journeys", KEY)).toBeUndefined();
  });

  test("provisions again without changing anything", async () => {
    const system = await start(await tempDir());
    await fill(system);
    await provision(system.clients, system.prefix);
    await expectFilled(system);
  });

  test("keeps streams quick: their lookups have an index and old records go", async () => {
    const system = await start(await tempDir());
    await createDynamo(system.clients.dynamodb).put("test-journeys", KEY);
    const database = new DatabaseSync(join(system.dataDir, "dynamodb.sqlite"), { readOnly: true });
    const plan = database.prepare(
      "EXPLAIN QUERY PLAN SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = 'x'",
    ).all();
    expect(String(plan[0]?.["detail"])).toContain("x_sr_seq");
    expect(database.prepare("SELECT COUNT(*) AS n FROM _stream_records").get()?.["n"]).toBe(1);
    database.close();
  });
});
