import { afterAll, beforeAll, expect, test } from "vitest";
import { createQueues, type Queues } from "../../api/aws/queues.ts";
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

test("a kill between sending and removing loses nothing", async () => {
  await queues.send(FROM, bodies[0]!);
  const dying = { ...queues, remove: () => Promise.reject(new Error("killed")) };
  await expect(redrive(dying, { from: FROM, to: TO })).rejects.toThrow("killed");
  expect(await takeAll(TO)).toEqual([bodies[0]]);
});
