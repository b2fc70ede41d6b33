import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createQueues, type QueueMessage, type Queues } from "../../api/aws/queues.ts";
import { createPump } from "../../api/local/pump.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { silentLog, startTestSystem, type TestSystem } from "../kit/local.ts";
import { batchOf, mutate, sessionOf } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 120_000;
const T = "queue";
let system: TestSystem;
let api: TestApp;
let queues: Queues;

beforeAll(async () => {
  system = await startTestSystem();
  api = await startTestApp({ system, clock: () => NOW });
  queues = createQueues(system.clients.sqs);
});
afterAll(async () => {
  await api.stop();
  await system.stop();
});

const send = (body: object) => queues.send("test-ingest", JSON.stringify(body));
const settle = () => createPump({ queues, queueName: "test-ingest", handle: api.app.ingest, log: silentLog }).drain();
const batch = (id: string, offset: number, more: object = {}) => ({
  tenant: T,
  batch: { ...batchOf(id, offset, START), ...more },
});
const motion = (sensorId: string, seq: number, more: object = {}) => ({
  tenant: T,
  motion: { sensorId, seq, at: new Date(START + seq * 1_000).toISOString(), ...more },
});
const activeAt = async (sensorId: string) =>
  (await api.ask(T, `query ($id: String!) { activeSession(sensorId: $id) { motionEventCount userId } }`, {
    id: sensorId,
  })).data.activeSession;

/** What lies on the dead-letter queue; taken off it. */
async function deadLetters() {
  const found: { body: unknown; reason: string | undefined }[] = [];
  for (;;) {
    const messages = await queues.receive("test-ingest-dead");
    if (messages.length === 0) return found;
    for (const message of messages) {
      found.push({ body: JSON.parse(message.body), reason: message.attributes.reason });
      await queues.remove("test-ingest-dead", message);
    }
  }
}

/** Messages that the app gets at once, as Lambda would hand them over. */
function messagesOf(bodies: readonly object[]): QueueMessage[] {
  return bodies.map((body, i) => ({
    id: `m${i}`,
    receipt: `r${i}`,
    receives: 1,
    body: JSON.stringify(body),
    attributes: {},
  }));
}

describe("a batch on the ingest queue", () => {
  test("is counted as ingestSessionBatch counts it, once however often and in any order it comes", async () => {
    for (const offset of [2, 0, 2, 1, 0, 3]) await send(batch("b", offset, offset === 3 ? { final: true } : {}));
    await settle();
    expect(await mutate(api, T, "ingestSessionBatch", batch("b", 1).batch)).toMatchObject({ duplicate: true });
    expect(await sessionOf(api, T, "b")).toMatchObject({
      status: "COMPLETED",
      sampleCount: 40,
      missingBatches: [],
      // A device's message has no user.
      userId: null,
      startedAt: new Date(START).toISOString(),
      duration: 39_000,
    });
    expect(await deadLetters()).toEqual([]);
  });

  test("that opens a session, five times at once, opens one and fails nowhere", async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `opens-${i}`);
    for (const id of ids) {
      const copies = messagesOf(Array(5).fill(batch(id, 0)));
      expect(await api.app.ingest(copies)).toEqual({ failed: [] });
      expect(await sessionOf(api, T, id)).toMatchObject({ sampleCount: 10, status: "ACTIVE" });
    }
    expect(await deadLetters()).toEqual([]);
  });

  test("with other readings under a known offset is rejected, and changes nothing", async () => {
    await send(batch("known", 0));
    await settle();
    const before = await sessionOf(api, T, "known");
    const other = batch("known", 0, { readings: batchOf("known", 7, START).readings });
    await send(other);
    await settle();
    const [letter, ...more] = await deadLetters();
    expect(more).toEqual([]);
    expect(letter).toEqual({ body: other, reason: expect.stringContaining("Batch 0 of this session came before") });
    expect(await sessionOf(api, T, "known")).toEqual(before);
  });
});

test("pauses that a device states in batches of the queue are what recordPause says, in any order, and refused with the reason", async () => {
  const iso = (second: number) => new Date(START + second * 1_000).toISOString();
  const said = [{ from: iso(2) }, { to: iso(5) }, { from: iso(4), to: iso(7) }];
  const states = (id: string, i: number) => batch(id, 10 + i, { readings: [], pauses: [said[i]] });
  for (const i of [2, 1, 0, 0, 2]) await send(states("ride", i));
  await send(batch("ride", 0));
  await send(batch("film", 0));
  await settle();
  for (const pause of said) await mutate(api, T, "recordPause", { sessionId: "film", ...pause });
  const shown = async (id: string) => (await sessionOf(api, T, id)).pauses;
  expect(await shown("ride")).toEqual([{ from: iso(2), to: iso(7) }]);
  expect(await shown("film")).toEqual(await shown("ride"));
  const wrong = batch("ride", 20, { readings: [], pauses: [said[2], { from: iso(9), to: iso(8) }] });
  await send(wrong);
  await settle();
  expect(await deadLetters()).toEqual([
    { body: wrong, reason: expect.stringContaining("pauses.1.to: must not be before `from`") },
  ]);
});

describe("motion on the ingest queue", () => {
  test("is counted as recordMotion counts it, once however often it comes", async () => {
    for (const seq of [0, 1, 1, 0, 2, 2, 2]) await send(motion("m", seq));
    await settle();
    expect(await activeAt("m")).toEqual({ motionEventCount: 3, userId: null });
    expect((await mutate(api, T, "recordMotion", motion("m", 2).motion)).duplicate).toBe(true);
    expect(await deadLetters()).toEqual([]);
  });

  test("that ceased is what recordMotion makes of it, in any order, and refused with the reason", async () => {
    const from = NOW - 3 * 3_600_000;
    const said = (sensorId: string, minute: number, more: object = {}) => ({
      tenant: T,
      motion: { sensorId, at: new Date(from + minute * 60_000).toISOString(), ...more },
    });
    const off = { state: "CLEARED" };
    const asked = [said("on-off", 10), said("on-off", 70, off), said("on-off", 74), said("on-off", 90, off)];
    for (const { motion: { sensorId: _, ...own } } of asked) {
      await mutate(api, T, "recordMotion", { ...own, sensorId: "asked" });
    }
    for (const one of [...asked].reverse().flatMap((own) => [own, own])) await send(one);
    await settle();
    expect(await deadLetters()).toEqual([]);
    const shown = async (sensorId: string) => {
      const query = "query ($id: String!) { sessions(filter: { sensorId: $id }) { nodes { " +
        "startedAt endedAt lastMotionAt motionEventCount endReason status } } }";
      return (await api.ask(T, query, { id: sensorId })).data.sessions.nodes;
    };
    expect(await shown("on-off")).toEqual([expect.objectContaining({
      ...{ startedAt: said("", 10).motion.at, endedAt: said("", 90).motion.at, motionEventCount: 2 },
    })]);
    expect(await shown("on-off")).toEqual(await shown("asked"));
    const wrong = [
      { body: said("on-off", 20, { ...off, endedAt: said("", 30).motion.at }), reason: "says both ends of one event" },
      { body: said("on-off", 20, { state: "OFF" }), reason: "state" },
    ];
    for (const { body } of wrong) await send(body);
    await send(said("on-off", 100, { ...off, seq: 7 }));
    await settle();
    const again = {
      body: said("on-off", 101, { ...off, seq: 7 }),
      reason: "Number 7 of this sensor was counted before",
    };
    await send(again.body);
    await settle();
    const letters = await deadLetters();
    expect(letters).toHaveLength(3);
    for (const { body, reason } of [...wrong, again]) {
      expect(letters).toContainEqual({ body, reason: expect.stringContaining(reason) });
    }
    expect(await shown("on-off")).toEqual(await shown("asked"));
  });

  test("that comes in one delivery, several times, opens one session", async () => {
    const messages = messagesOf([0, 1, 2, 3, 4, 0, 1, 2, 3, 4].map((seq) => motion("together", seq)));
    expect(await api.app.ingest(messages)).toEqual({ failed: [] });
    expect(await activeAt("together")).toMatchObject({ motionEventCount: 5 });
    const query = `{ sessions(filter: { sensorId: "together" }) { nodes { motionEventCount } } }`;
    expect((await api.ask(T, query)).data.sessions.nodes).toEqual([{ motionEventCount: 5 }]);
  });
});

describe("a message of a device", () => {
  const first = batchOf("poison", 0, START).readings[0]!;
  test.each<[string, object, string]>([
    ["a batch of nothing", { tenant: T, batch: {} }, "sessionId: "],
    ["a batch that is a list", { tenant: T, batch: [] }, "sessionId: "],
    ["a batch that is text", { tenant: T, batch: "x" }, "batch: must be an object"],
    ["motion of nothing", { tenant: T, motion: null }, "motion: must be an object"],
    ["a batch and motion", { ...batch("poison", 0), ...motion("poison", 0) }, "body: must have exactly one of"],
    ["no tenant", { batch: batchOf("poison", 0, START) }, "tenant: "],
    ["a negative offset", batch("poison", -1), "batchOffset: must be a whole number from 0 to 2147483647, got -1"],
    ["an offset as text", batch("poison", 0, { batchOffset: "0" }), "batchOffset: must be a whole number"],
    ["text as a value", batch("poison", 0, { readings: [{ ...first, values: ["NaN"] }] }), "readings.0.values.0: "],
    [
      "no values",
      batch("poison", 0, { readings: [{ ...first, values: [] }] }),
      "readings.0.values: must hold at least",
    ],
    ["final as text", batch("poison", 0, { final: "yes" }), "final: "],
    ["a negative length", batch("poison", 0, { durationMs: -1 }), "durationMs: must be a whole number from 0"],
    [
      "a length without end",
      batch("poison", 0, { durationMs: 2 ** 53 - 1, final: true }),
      "durationMs: must be a whole",
    ],
    ["motion before 1990", motion("poison", 0, { at: "1989-12-31T23:59:59.999Z" }), "at: must be 1990 or later"],
    ["a number of 1.5", motion("poison", 1.5), "seq: must be a whole number from 0 to 2147483647, got 1.5"],
  ])("that can never work (%s) is rejected with its reason and stops nobody", async (name, poison, reason) => {
    const beside = `beside-${name.replaceAll(" ", "-")}`;
    await send(poison);
    await send(batch(beside, 0));
    await settle();
    expect(await sessionOf(api, T, beside)).toMatchObject({ sampleCount: 10 });
    expect(await sessionOf(api, T, "poison")).toBeNull();
    expect(await activeAt("poison")).toBeNull();
    expect(await deadLetters()).toEqual([{ body: poison, reason: expect.stringContaining(reason) }]);
  });

  test("that meets a passing fault stays on the queue, alone, and is recorded later", async () => {
    await send(batch("fault", 0));
    const [message] = await queues.receive("test-ingest");
    for (const name of ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"]) {
      const broken = await startTestApp({ system, clock: () => NOW, env: { [name]: "http://127.0.0.1:9" } });
      const poison = { ...message!, id: "poison", body: JSON.stringify(motion("fault", -1)) };
      expect(await broken.app.ingest([message!, poison])).toEqual({ failed: [message!.id] });
      await broken.stop();
    }
    expect(await sessionOf(api, T, "fault")).toBeNull();
    await queues.release("test-ingest", message!, 0);
    await settle();
    expect(await sessionOf(api, T, "fault")).toMatchObject({ sampleCount: 10 });
    expect((await deadLetters()).map(({ reason }) => reason)).toEqual(
      Array(2).fill("seq: must be a whole number from 0 to 2147483647, got -1"),
    );
  });
});
