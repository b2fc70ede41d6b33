import { afterAll, beforeAll, expect, test } from "vitest";
import { createObjects } from "../../api/aws/objects.ts";
import { createQueues, type Queues } from "../../api/aws/queues.ts";
import { createFailures, parseNotification } from "../../api/ingest/failures.ts";
import { redrive } from "../../api/ingest/redrive.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";

const [FROM, TO] = ["test-ingest-dead", "test-ingest"];
let system: TestSystem;
let queues: Queues;

beforeAll(async () => {
  system = await startTestSystem();
  queues = createQueues(system.clients.sqs);
});
afterAll(() => system.stop());

async function takeAll(queue: string): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const messages = await queues.receive(queue);
    if (messages.length === 0) return found.sort();
    for (const message of messages) {
      found.push(message.body);
      await queues.remove(queue, message);
    }
  }
}

const bodies = Array.from({ length: 23 }, (_, i) => JSON.stringify({ n: String(i).padStart(2, "0") }));

test("every dead letter is on its queue again, as it was, and on the dead-letter queue no more", async () => {
  for (const body of bodies) await queues.send(FROM, body, { reason: "it could not work" });
  expect(await redrive(queues, { from: FROM, to: TO })).toEqual({ moved: 23, left: 0 });
  expect(await takeAll(TO)).toEqual(bodies);
  expect(await takeAll(FROM)).toEqual([]);
});

test("what comes back while it runs is not moved in a circle", async () => {
  for (const body of bodies.slice(0, 3)) await queues.send(FROM, body);
  const failing = { ...queues, send: (_: string, body: string) => queues.send(FROM, body, { reason: "again" }) };
  expect(await redrive(failing, { from: FROM, to: TO })).toEqual({ moved: 3, left: 3 });
  await takeAll(FROM);
});

test("no more than asked for", async () => {
  for (const body of bodies.slice(0, 12)) await queues.send(FROM, body);
  expect(await redrive(queues, { from: FROM, to: TO, max: 11 })).toEqual({ moved: 11, left: 1 });
  await takeAll(FROM);
  await takeAll(TO);
});

test("every part of a stream that was given up is told of again, also where its message is gone", async () => {
  const objects = createObjects(system.clients.s3, "test-events");
  const failures = createFailures({ objects, queues, lateQueue: "test-late" });
  const record = { sequence: "7", keys: { pk: "t#0", sk: "a#ITEMS" }, before: undefined, isExpiry: false };
  for (const shard of ["s1", "s2"]) {
    const after = { ...record.keys, at: 5, bytes: new Uint8Array([1, 2]) };
    await failures.add("arn:t", [{ ...record, shard, after, arrivedAt: 1_000 }], 2_000);
  }
  const told = await takeAll("test-late");
  expect(told).toHaveLength(2);
  expect(await failures.tellAll()).toBe(2);
  expect(await takeAll("test-late")).toEqual(told);
  const [key] = parseNotification(JSON.parse(told[0]!))!;
  expect(await failures.find(key!)).toEqual({
    streamArn: "arn:t",
    isWhole: true,
    records: [{
      ...record,
      shard: "s1",
      after: { ...record.keys, at: 5, bytes: Buffer.from([1, 2]) },
      arrivedAt: 1_000,
    }],
  });
});

test("a kill between sending and removing loses nothing", async () => {
  await queues.send(FROM, bodies[0]!);
  const dying = { ...queues, remove: () => Promise.reject(new Error("killed")) };
  await expect(redrive(dying, { from: FROM, to: TO })).rejects.toThrow("killed");
  expect(await takeAll(TO)).toEqual([bodies[0]]);
});
