import { expect, test } from "vitest";
import type { QueueMessage, Queues } from "../../api/aws/queues.ts";
import { createPump } from "../../api/local/pump.ts";
import { silentLog } from "../kit/local.ts";

/** A queue in memory: what is received is hidden until it is removed or released. */
function createFakeQueue(bodies: string[], { maxReceives = Infinity } = {}) {
  const waiting: QueueMessage[] = bodies.map((body, n) => ({
    id: `${n}`,
    body,
    receives: 1,
    receipt: `r${n}`,
    attributes: {},
  }));
  const inFlight = new Set<QueueMessage>();
  const received = new Map<string, number>();
  const dead: string[] = [];
  const releases: number[] = [];
  let wake: (() => void) | undefined;
  const queues = {
    receive: async (_queue: string, { waitSeconds = 0 } = {}) => {
      if (waiting.length === 0 && waitSeconds > 0) await new Promise<void>((resolve) => wake = resolve);
      const batch = waiting.splice(0, 10);
      const alive = batch.filter(({ id }) => {
        received.set(id, (received.get(id) ?? 0) + 1);
        return received.get(id)! <= maxReceives;
      });
      dead.push(...batch.filter((message) => !alive.includes(message)).map((message) => message.body));
      for (const message of alive) inFlight.add(message);
      return alive;
    },
    remove: async (_queue: string, message: QueueMessage) => void inFlight.delete(message),
    release: async (_queue: string, message: QueueMessage, seconds: number) => {
      releases.push(seconds);
      inFlight.delete(message);
      waiting.push(message);
    },
    depth: async () => ({ waiting: waiting.length, inFlight: inFlight.size }),
  } as unknown as Queues;
  return { queues, waiting, inFlight, dead, releases, wake: () => wake?.() };
}

const bodiesOf = (messages: QueueMessage[]) => messages.map((message) => message.body);
const options = { queueName: "q", log: silentLog };

test("a drain hands on every message once and leaves the queue empty", async () => {
  const bodies = [...Array(25).keys()].map(String);
  const fake = createFakeQueue(bodies);
  const seen: string[] = [];
  await createPump({
    ...options,
    queues: fake.queues,
    handle: async (messages) => {
      seen.push(...bodiesOf(messages));
      return { failed: [] };
    },
  }).drain();
  expect(seen).toEqual(bodies);
  expect(fake.waiting).toEqual([]);
});

test("only what failed is tried again", async () => {
  const fake = createFakeQueue(["good", "bad"]);
  const batches: string[][] = [];
  await createPump({
    ...options,
    queues: fake.queues,
    handle: async (messages) => {
      batches.push(bodiesOf(messages));
      return { failed: batches.length === 1 ? ["1"] : [] };
    },
  }).drain();
  expect(batches).toEqual([["good", "bad"], ["bad"]]);
});

test("a handler that throws has its whole batch tried again", async () => {
  const fake = createFakeQueue(["a", "b"]);
  let calls = 0;
  await createPump({
    ...options,
    queues: fake.queues,
    handle: () => calls++ === 0 ? Promise.reject(new Error("first time")) : Promise.resolve({ failed: [] }),
  }).drain();
  expect(calls).toBe(2);
  expect(fake.inFlight.size).toBe(0);
});

test("a drain ends when what always fails has gone to the dead letters", async () => {
  const fake = createFakeQueue(["stubborn"], { maxReceives: 5 });
  let calls = 0;
  await createPump({
    ...options,
    queues: fake.queues,
    handle: async () => {
      calls++;
      return { failed: ["0"] };
    },
  }).drain();
  expect(calls).toBe(5);
  expect(fake.dead).toEqual(["stubborn"]);
});

test("a drain that cannot end says which queue is not empty", async () => {
  const fake = createFakeQueue(["stubborn"]);
  const pump = createPump({ ...options, queues: fake.queues, handle: async () => ({ failed: ["0"] }) });
  await expect(pump.drain({ maxRounds: 20 })).rejects.toThrow("q is not empty after 20 batches");
});

test("in the background a failed message waits for its backoff, and a stop hands back what came too late", async () => {
  const fake = createFakeQueue(["bad"]);
  const handled = Promise.withResolvers<void>();
  const pump = createPump({
    ...options,
    queues: fake.queues,
    backoffSeconds: 7,
    handle: async () => {
      pump.stop().then(handled.resolve, handled.reject);
      return { failed: ["0"] };
    },
  });
  pump.start();
  pump.start();
  await handled.promise;
  expect(fake.releases).toEqual([7]);

  fake.waiting.length = 0;
  pump.start();
  const stopped = pump.stop();
  fake.waiting.push({ id: "late", body: "late", receives: 1, receipt: "r", attributes: {} });
  fake.wake();
  await stopped;
  expect(fake.releases).toEqual([7, 0]);
  expect(bodiesOf(fake.waiting)).toEqual(["late"]);
});

test("a message that fails waits longer each time, and five minutes at most", async () => {
  const fake = createFakeQueue(["1", "2", "6", "7", "40"]);
  for (const message of fake.waiting) Object.assign(message, { receives: Number(message.body) });
  const begun = Promise.withResolvers<void>();
  const pump = createPump({
    ...options,
    queues: fake.queues,
    handle: async (messages) => {
      begun.resolve(pump.stop());
      return { failed: messages.map(({ id }) => id) };
    },
  });
  pump.start();
  await begun.promise;
  expect(fake.releases).toEqual([5, 10, 160, 300, 300]);
});

test("a queue that does not answer is asked again, and what it holds then is handled", async () => {
  const fake = createFakeQueue(["kept"]);
  const handled = Promise.withResolvers<string[]>();
  const said: string[] = [];
  let asked = 0;
  const pump = createPump({
    queueName: "q",
    log: { ...silentLog, warn: (message) => void said.push(message) },
    queues: {
      ...fake.queues,
      receive: (...args) => ++asked === 1 ? Promise.reject(new Error("away")) : fake.queues.receive(...args),
    },
    handle: (messages) => {
      handled.resolve(bodiesOf(messages));
      return Promise.resolve({ failed: [] });
    },
  });
  pump.start();
  expect(await handled.promise).toEqual(["kept"]);
  const stopped = pump.stop();
  fake.wake();
  await stopped;
  expect(said).toEqual(["the queue did not answer and is asked again"]);
  expect(fake.inFlight.size).toBe(0);
});

test("a drain waits for what another has in flight while it comes back, and says so where it stays", async () => {
  const message: QueueMessage = { id: "a", body: "a", receives: 1, receipt: "r", attributes: {} };
  /** Rounds that find nothing, and then a message, again and again; what is left is in flight, or waits and does not come. */
  const drained = async (idle: number[], isInFlight = true) => {
    const answers = idle.flatMap((
      rounds,
    ) => [...Array.from({ length: rounds }, () => [] as QueueMessage[]), [message]]);
    const waits: unknown[] = [];
    const queues = {
      receive: (_queue: string, { waitSeconds = 0 } = {}) => {
        waits.push(waitSeconds);
        return Promise.resolve(answers.shift() ?? []);
      },
      remove: () => Promise.resolve(),
      depth: () => {
        const left = answers.length > 0 ? 1 : 0;
        return Promise.resolve(isInFlight ? { waiting: 0, inFlight: left } : { waiting: left, inFlight: 0 });
      },
    } as unknown as Queues;
    await createPump({ ...options, queues, handle: () => Promise.resolve({ failed: [] }) }).drain();
    return waits;
  };
  // At once after there was something, and else a second for what comes back.
  expect(await drained([2, 1])).toEqual([0, 1, 1, 0, 1, 0]);
  expect(await drained([2, 1], false)).toHaveLength(6);
  expect(await drained([15, 15])).toHaveLength(33);
  await expect(drained([16])).rejects.toThrow("q: 1 messages stay in flight");
});
