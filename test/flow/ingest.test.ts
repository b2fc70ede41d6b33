import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createQueues, type Queues } from "../../api/aws/queues.ts";
import { createPump } from "../../api/local/pump.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { silentLog, startTestSystem, type TestSystem } from "../kit/local.ts";
import { visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
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

const send = (body: unknown) => queues.send("test-ingest", typeof body === "string" ? body : JSON.stringify(body));
const settle = (on = api) =>
  createPump({ queues, queueName: "test-ingest", handle: on.app.ingest, log: silentLog }).drain();
const eventCount = async (tenant: string, id: string) =>
  (await api.ask(tenant, `query ($id: String!) { journey(sessionId: $id) { eventCount } }`, { id })).data.journey
    ?.eventCount;

/** What lies on the dead-letter queue; taken off it. */
async function deadLetters() {
  const found = [];
  for (;;) {
    const messages = await queues.receive("test-ingest-dead");
    if (messages.length === 0) return found;
    for (const message of messages) {
      found.push({ body: message.body, reason: message.attributes.reason });
      await queues.remove("test-ingest-dead", message);
    }
  }
}

describe("a message of the ingest queue", () => {
  test("is recorded as recordEvents records it, once however often it comes", async () => {
    const message = { tenant: "queue", events: visit("q", 1, 30, NOW - 3_600_000, { text: "grüße 🙂" }) };
    await send(message);
    await send(message);
    await send({ tenant: "queue", events: visit("q", 20, 40, NOW - 3_600_000, { text: "grüße 🙂" }) });
    await settle();
    expect(await eventCount("queue", "q")).toBe(40);
    const { data } = await api.ask("queue", `{ journey(sessionId: "q") { events(first: 1) { nodes { text } } } }`);
    expect(data.journey.events.nodes[0].text).toBe("grüße 🙂");
    expect(await deadLetters()).toEqual([]);
  });

  test.each([
    ["no JSON", "{", "body: must be a JSON object"],
    ["no tenant", { events: [{}] }, "tenant: "],
    ["a tenant with a #", { tenant: "a#b", events: [{}] }, "tenant: must be 1 to 128 of A-Z"],
    ["no events", { tenant: "t", events: [] }, "events: must hold 1 to 500 events, has 0"],
    ["501 events", { tenant: "t", events: Array(501).fill({}) }, "events: must hold 1 to 500 events, has 501"],
    ["only bad events", { tenant: "t", events: [{ seq: 0 }] }, "events.0: "],
  ])("that can never work (%s) is rejected with its reason and stops nobody", async (_name, poison, reason) => {
    await send(poison);
    await send({ tenant: "beside", events: visit("good", 1, 2, NOW - 3_600_000) });
    await settle();
    expect(await eventCount("beside", "good")).toBe(2);
    const [letter, ...more] = await deadLetters();
    expect(more).toEqual([]);
    expect(letter!.reason).toContain(reason);
    expect(letter!.body).toBe(typeof poison === "string" ? poison : JSON.stringify(poison));
  });

  test("of records counts them, and those that are wrong, or known at another time, are rejected alone", async () => {
    const at = new Date(NOW - 60_000).toISOString();
    const [good, known] = ["a", "b"].map((recordId) => ({ source: "TASKS", recordId, at }));
    await send({ tenant: "counted", metrics: [known] });
    await settle();
    const bad = [{ ...good!, source: "NOTHING" }, { ...known!, at: new Date(NOW - 120_000).toISOString() }];
    await send({ tenant: "counted", metrics: [good, bad[0], known, bad[1]] });
    await settle();
    const [letter] = await deadLetters();
    expect(JSON.parse(letter!.body)).toEqual({ tenant: "counted", metrics: bad });
    expect(letter!.reason).toMatch(
      /metrics\.1: source: must be one of ITEMS.*metrics\.3: at: is .* since it was first/s,
    );
    await api.settle();
    const { data } = await api.ask(
      "counted",
      "{ metrics(sources: [TASKS], size: ONE_HOUR, range: { last: TWO_HOURS }) { total } }",
    );
    expect(data.metrics).toEqual([{ total: 2 }]);
  });

  test("is taken out of what SNS and EventBridge put around it, and from behind a byte order mark; what is bad in it is parked as its tenant's", async () => {
    const at = new Date(NOW - 60_000).toISOString();
    const of = (recordId: string) => ({ tenant: "wrapped", metrics: [{ source: "TASKS", recordId, at }] });
    const bad = { source: "NOTHING", recordId: "x", at };
    const Message = JSON.stringify({ ...of("a"), metrics: [...of("a").metrics, bad] });
    await send({ Type: "Notification", TopicArn: "arn:aws:sns:eu-west-1:1:t", Subject: "other", Message });
    await send({ version: "0", "detail-type": "paid", source: "shop", account: "1", detail: of("b") });
    await send(`\uFEFF${JSON.stringify(of("c"))}`);
    const nested = { Type: "Notification", Message: JSON.stringify({ Type: "Notification", Message }) };
    await send(nested);
    await settle();
    const letters = (await deadLetters()).sort((a, b) => a.body.length - b.body.length);
    expect(letters.map(({ body }) => JSON.parse(body))).toEqual([{ tenant: "wrapped", metrics: [bad] }, nested]);
    expect(letters[1]!.reason).toMatch(/^Message: is itself a message of SNS or EventBridge/);
    await api.settle();
    const { data } = await api.ask(
      "wrapped",
      "{ metrics(sources: [TASKS], size: ONE_HOUR, range: { last: TWO_HOURS }) { total } }",
    );
    expect(data.metrics).toEqual([{ total: 3 }]);
    const parked = await api.ask("wrapped", "{ parked(first: 5) { nodes { preview } } }");
    expect(parked.data.parked.nodes).toHaveLength(1);
  });

  test("with some bad events is recorded without them; they are rejected alone, with the reason", async () => {
    const events = visit("mixed", 1, 3, NOW - 3_600_000);
    const bad = { ...events[1]!, seq: -1 };
    await send({ tenant: "mixed", events: [events[0], bad, events[2]] });
    await settle();
    expect(await eventCount("mixed", "mixed")).toBe(2);
    const [letter] = await deadLetters();
    expect(JSON.parse(letter!.body)).toEqual({ tenant: "mixed", events: [bad] });
    expect(letter!.reason).toContain("events.1: seq: must be a whole number from 1");
  });

  test("with characters that a queue refuses is recorded, and its bad events are parked with what they held", async () => {
    const [first, second] = visit("ffff", 1, 2, NOW - 3_600_000);
    const bad = { ...second!, type: "\uffff\ufffe🙂", text: "a\uffffb🙂" };
    await send({ tenant: "ffff", events: [{ ...first!, text: "kept \uffff" }, bad] });
    await settle();
    expect(await eventCount("ffff", "ffff")).toBe(1);
    const letters = await deadLetters();
    expect(letters.map(({ body }) => JSON.parse(body))).toEqual([{ tenant: "ffff", events: [bad] }]);
    expect(letters[0]!.reason).toContain("events.1: type: must be upper snake case");
  });

  test("with a number that was recorded with other content is parked with that content", async () => {
    const [event] = visit("twice", 1, 1, NOW - 3_600_000);
    await send({ tenant: "twice", events: [event] });
    await settle();
    await send({ tenant: "twice", events: [event] });
    await send({ tenant: "twice", events: [{ ...event!, page: "/other" }] });
    await settle();
    const letters = await deadLetters();
    expect(letters.map(({ body }) => JSON.parse(body).events[0].page)).toEqual(["/other"]);
    expect(letters[0]!.reason).toContain("was recorded with another");
  });

  test("that meets a passing fault stays on the queue, alone, and is recorded later", async () => {
    await send({ tenant: "fault", events: visit("fault", 1, 10, NOW - 3_600_000) });
    const broken = await startTestApp({
      system,
      clock: () => NOW,
      env: { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9" },
    });
    const [message] = await queues.receive("test-ingest");
    expect(await broken.app.ingest([message!, { ...message!, id: "poison", body: "{" }])).toEqual({
      failed: [message!.id],
    });
    await broken.stop();
    await queues.release("test-ingest", message!, 0);
    await settle();
    expect(await eventCount("fault", "fault")).toBe(10);
    expect((await deadLetters()).map((letter) => letter.reason)).toEqual(["body: must be a JSON object"]);
  });

  test("that fails to the last try is rejected with the reason, and recorded when it is put back", async () => {
    const body = { tenant: "given-up", events: visit("given-up", 1, 3, NOW - 3_600_000) };
    const broken = await startTestApp({
      system,
      clock: () => NOW,
      env: { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9" },
    });
    await send(body);
    await settle(broken);
    await broken.stop();
    const [letter, ...more] = await deadLetters();
    expect(more).toEqual([]);
    expect(letter).toEqual({ body: JSON.stringify(body), reason: "gave up after 5 tries: UNAVAILABLE" });
    await send(letter!.body);
    await settle();
    expect(await eventCount("given-up", "given-up")).toBe(3);
  });
});
