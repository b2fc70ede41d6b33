import { join } from "node:path";
import { createObjects } from "../../api/aws/objects.ts";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Viewer } from "../../api/auth/viewer.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { functions } from "../../api/functions.ts";
import { buckets, queues, tables } from "../../api/resources.ts";
import { bundleFunction } from "../../infra/bundle.ts";
import { statementsFor } from "../../infra/roles.ts";
import type { Stores } from "../../infra/stores.ts";
import type { OpenContext } from "../../schema/context.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { BUDGETS } from "../kit/function-budgets.ts";
import { CORS_ORIGIN, type FunctionName, startFunctions } from "../kit/functions.ts";
import type { Streamed } from "../kit/lambda.ts";
import { httpEvent, recorded, restEvent, sqsEvent, streamEvent } from "../kit/lambda-events.ts";
import { metricsOf } from "../kit/metrics.ts";

/** What only the local system, pages and tools need. */
const NEVER =
  /dynoxide|fauxqs|render-graphiql|cli-progress|aws-lambda|graphql-codegen|api\/local\/|api\/entry\/(listen|load|run)/;
/** What only those have use for who answer requests. */
const HTTP_LAYER = /node_modules\/(graphql|graphql-yoga|jose|prom-client|@graphql-tools)\/|^schema\/|api\/auth\//;
const NOW = Date.now();
const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();
const FOLLOW =
  `subscription ($id: String!, $after: String) { journeyEvents(sessionId: $id, after: $after) { cursor node { seq } } }`;
const RECORD = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  ... on RecordEventsPayload { accepted duplicates } ... on UserError { code message } } }`;
const TEST_WEBHOOK =
  `mutation ($input: WebhookInput!) { testWebhook(input: $input) { ... on WebhookDeliveryPayload { delivery { status } } } }`;
let on: Awaited<ReturnType<typeof startFunctions>>;
let api: TestApp;
// The functions run on Node wherever the tests do, so once is enough.
describe.skipIf("Deno" in globalThis)("the functions, on AWS's runtime client and Node 22", () => {
  beforeAll(async () => {
    on = await startFunctions();
    api = await startTestApp({ system: on.system });
  });
  afterAll(async () => {
    await api.stop();
    await on.stop();
  });

  describe("a bundle", () => {
    test("is there for each function, within its budgets", () => {
      expect(Object.keys(on.bundles)).toEqual(Object.keys(functions));
      const beyond = Object.entries(on.bundles).filter(([name, { bytes, loaded }]) => {
        const { zippedBytes, modulesAtStart } = BUDGETS[name as FunctionName];
        return bytes > zippedBytes || loaded.length > modulesAtStart;
      });
      expect(beyond.map(([name, { bytes, loaded }]) => `${name}: ${bytes} bytes, ${loaded.length} modules`)).toEqual(
        [],
      );
    });

    test("holds what the function needs and no more", () => {
      for (const [name, { sources, files }] of Object.entries(on.bundles)) {
        expect(sources.filter((source) => NEVER.test(source))).toEqual([]);
        const answersRequests = functions[name as FunctionName].tokens;
        expect({ name, answersRequests: sources.some((source) => HTTP_LAYER.test(source)) }).toEqual({
          name,
          answersRequests,
        });
        expect(Object.keys(files).filter((file) => !/^(index\.mjs|part-[A-Z0-9]{8}\.mjs)$/.test(file)).sort()).toEqual([
          ...(sources.includes("api/anki/work/pool.ts") ? ["anki-worker.mjs"] : []),
          // FSRS's optimiser, 0.4 MB packed, where mutations are answered.
          ...(name === "http" ? ["fsrs_browser_bg.wasm"] : []),
        ]);
      }
    });

    test("is the same to the byte when it is made again", async () => {
      const again = await bundleFunction(functions.ingest, join(on.folder, "ingest"));
      expect(again.sha256).toBe(on.bundles.ingest!.sha256);
    });
  });

  describe("http", () => {
    test("answers a query, also with more than 16 KB, which go packed", async () => {
      const query = "{ viewer { tenantId } __schema { types { name description fields { description } } } }";
      const { statusCode, headers, data } = await on.ask("demo", query);
      expect([statusCode, data.viewer, headers["content-encoding"]]).toEqual([200, { tenantId: "demo" }, "br"]);
      expect(headers).toMatchObject({
        "x-request-id": "JKJaXmPLvHcESHA",
        "content-type": "application/json; charset=utf-8",
      });
    });

    test("does a mutation, also of a body in base64, once", async () => {
      const events = [journeyEvent("s-http", 1)];
      const answers = [await record("demo", events), await record("demo", events, { base64: true })];
      expect(answers.map(({ data }) => data.recordEvents)).toEqual([
        { accepted: 1, duplicates: 0 },
        { accepted: 0, duplicates: 1 },
      ]);
    });

    test("refuses a token that it does not know, a subscription, and an event that is no request", async () => {
      const unknown = await on.call(httpEvent({ body: { query: "{ a }" }, headers: { authorization: "Bearer x" } }));
      expect(unknown).toMatchObject({ statusCode: 401, errors: [{ extensions: { code: "UNAUTHENTICATED" } }] });
      const stream = await on.ask("demo", FOLLOW, { id: "s-http" }, { headers: { accept: "multipart/mixed" } });
      expect(stream).toMatchObject({ statusCode: 406, errors: [{ extensions: { code: "NO_STREAMS" } }] });
      expect(await on.call({})).toMatchObject({ statusCode: 400, errors: [{ extensions: { code: "BAD_REQUEST" } }] });
    });

    test("says how it is, and shows no measurements to the world; what it refuses the page that asked can read", async () => {
      const events = [{ path: "/health" }, { path: "/metrics" }, { headers: { "a b": "c" } }];
      const asked = (origin: string) => events.map((one) => httpEvent({ ...one, headers: { ...one.headers, origin } }));
      for (const [origin, allowed] of [[CORS_ORIGIN, CORS_ORIGIN], ["https://other.example", undefined]] as const) {
        const answers = await Promise.all(asked(origin).map((event) => on.call(event)));
        expect(answers.map(({ statusCode, headers }) => [statusCode, headers["access-control-allow-origin"]])).toEqual(
          [200, 404, 400].map((status) => [status, allowed]),
        );
      }
    });
  });

  describe("stream", () => {
    test("gives a subscription event by event while others write, and goes on in another environment", async () => {
      await record("live", [journeyEvent("s-live", 1)]);
      const first = await on.follow(restEvent(await on.requestOf("live", FOLLOW, { id: "s-live" })));
      expect(first.head).toMatchObject({ statusCode: 200, headers: { "content-type": "text/event-stream" } });
      expect(await next(first)).toMatchObject({ seq: 1 });
      await record("live", [journeyEvent("s-live", 2)]);
      const second = await next(first);
      expect(second).toMatchObject({ seq: 2 });
      await record("live", [journeyEvent("s-live", 3)]);
      expect(await next(first)).toMatchObject({ seq: 3 });
      await on.stopOne("stream");
      const request = await on.requestOf("live", FOLLOW, { id: "s-live", after: second!.cursor });
      const again = await on.follow(httpEvent({ ...request, path: "/graphql" }, "function-url"));
      expect(await next(again)).toMatchObject({ seq: 3 });
      await on.stopOne("stream");
    });

    test("ends shortly before the function's time does, without saying that it is complete", async () => {
      const request = await on.requestOf("live", FOLLOW, { id: "s-live" });
      await (await on.functionOf("stream")).ready();
      let text = "";
      // As much time as a machine of whatever pace takes to give the first event.
      for (let ms = 4_000; !text.includes("event: next") && ms < 250_000; ms *= 4) {
        text = await textOf(await on.follow(restEvent(request), ms));
      }
      expect(text).toContain("event: next");
      expect(text).not.toContain("event: complete");
    });

    test("takes nothing but subscriptions", async () => {
      const request = await on.requestOf("live", "{ viewer { tenantId } }", {}, "application/json");
      const { errors } = JSON.parse(await textOf(await on.follow(restEvent(request))));
      expect(errors[0].extensions.code).toBe("SUBSCRIPTIONS_ONLY");
    });
  });

  describe("sockets, rollup and push", () => {
    test("give a client of graphql-ws each event once, through a cut and an environment that is replaced", async () => {
      const seqs: number[] = [];
      let after: string | undefined;
      let look = () => {};
      const seen = (count: number) =>
        new Promise<void>((resolve) => {
          look = () => void (seqs.length >= count && resolve());
          look();
        });
      const { headers: { authorization } } = await on.requestOf("sockets", "");
      const client = createClient({
        url: on.gateway.url,
        webSocketImpl: WebSocket,
        connectionParams: { authorization },
        retryWait: () => Promise.resolve(),
      });
      const ended = new Promise((resolve, reject) =>
        client.subscribe({
          query: FOLLOW,
          get variables() {
            return { id: "s-sockets", after };
          },
        }, {
          next({ data }) {
            const { cursor, node } = data!.journeyEvents as { cursor: string; node: { seq: number } };
            after = cursor;
            seqs.push(node.seq);
            look();
          },
          error: reject,
          complete: () => resolve(undefined),
        })
      );
      await record("sockets", [journeyEvent("s-sockets", 1)]);
      await seen(1);
      await record("sockets", [journeyEvent("s-sockets", 2)]);
      await carry("sockets");
      await seen(2);
      await on.stopOne("sockets");
      on.gateway.cut();
      await record("sockets", [journeyEvent("s-sockets", 3)]);
      // The same part of the stream once more, and the wake that it sends.
      await carry("sockets");
      await seen(3);
      expect(seqs).toEqual([1, 2, 3]);
      await client.dispose();
      await ended;
    });

    test("push names a message that it cannot read", async () => {
      expect(await on.invoke("push", sqsEvent(["{"]))).toEqual({
        payload: { batchItemFailures: [{ itemIdentifier: "m0" }] },
      });
    });
  });

  test("ingest takes a batch and parks its poison message with the reason", async () => {
    const good = { tenant: "queue", events: [journeyEvent("s-queue", 1), journeyEvent("s-queue", 2)] };
    const outcome = await on.invoke("ingest", sqsEvent([good, { tenant: "queue", events: [] }, good]));
    expect(outcome).toEqual({ payload: { batchItemFailures: [] } });
    const { data } = await api.ask("queue", `{ journey(sessionId: "s-queue") { eventCount } }`);
    expect(data.journey).toEqual({ eventCount: 2 });
    const [dead, ...others] = await createQueues(on.system.clients.sqs).receive("test-ingest-dead");
    expect(dead!.attributes).toEqual({ messageId: "m1", reason: "events: must hold 1 to 500 events, has 0" });
    expect(others).toEqual([]);
  });

  test("ingest names the messages that a dependency failed, and the others are done", async () => {
    const batch = { sessionId: "s", sensorId: "tag", batchOffset: 0, readings: [{ at: iso(NOW - HOUR), values: [1] }] };
    const events = { tenant: "half", events: [journeyEvent("s-half", 1)] };
    const broken = await on.start("ingest", { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" });
    const motion = { tenant: "half", motion: { sensorId: "hall", seq: 1, at: iso(NOW - HOUR) } };
    const outcome = await broken.invoke(sqsEvent([events, motion, { tenant: "half", batch }]));
    await broken.stop();
    const failures = [{ itemIdentifier: "m0" }, { itemIdentifier: "m2" }];
    expect(outcome).toEqual({ payload: { batchItemFailures: expect.arrayContaining(failures) } });
    const { data } = await api.ask("half", `{ sensor(sensorId: "hall") { sensorId } }`);
    expect(data.sensor).toEqual({ sensorId: "hall" });
  });

  test("rollup counts a part of a stream once, however often it is delivered", async () => {
    await record("streamed", [1, 2, 3].map((seq) => journeyEvent("s-streamed", seq)));
    const { event } = await streamEvent(on.system, "journeys", "streamed");
    // The events lie in a chunk: bytes, which are base64 in Lambda's JSON.
    expect(JSON.stringify(event)).toContain('{"B":"');
    for (let i = 0; i < 3; i++) expect(await on.invoke("rollup", event)).toEqual({ payload: { state: {} } });
    const again = { ...event, Records: event.Records.slice(1) };
    expect(await on.invoke("rollup", again)).toEqual({ payload: { state: {} } });
    // The last call of a window holds nothing more.
    expect(await on.invoke("rollup", { ...event, Records: [], isFinalInvokeForWindow: true }))
      .toEqual({ payload: { state: {} } });
    expect([await total("streamed", "JOURNEYS"), await total("streamed", "JOURNEY_EVENTS")]).toEqual([1, 3]);
    const error = { errorMessage: expect.stringContaining("is no stream of this installation: look at NAME_PREFIX") };
    expect(await on.invoke("rollup", { ...recorded<object>("dynamodb"), shardId: "s" })).toMatchObject({ error });
    // Nothing is guessed where an event names no shard.
    const plain = { errorMessage: expect.stringContaining("names no shard") };
    expect(await on.invoke("rollup", { Records: event.Records })).toMatchObject({ error: plain });
  });

  test("late counts a part of a stream that Lambda gave up, once", async () => {
    const records = ["a", "b"].map((recordId) => ({ source: "ITEMS", recordId, at: iso(NOW) }));
    await metricsOf(api, "given-up").record(records);
    const { event, arn, shard } = await streamEvent(on.system, "records", "given-up");
    const [first, last] = [event.Records[0], event.Records.at(-1)].map((each) => each!.dynamodb!.SequenceNumber!);
    const failure = recorded<{ DDBStreamBatchInfo: object }>("stream-failure");
    const info = { streamArn: arn, shardId: shard, startSequenceNumber: first, endSequenceNumber: last };
    const message = { ...failure, DDBStreamBatchInfo: { ...failure.DDBStreamBatchInfo, ...info } };
    for (let i = 0; i < 2; i++) {
      expect(await on.invoke("late", sqsEvent([message, message]))).toEqual({ payload: { batchItemFailures: [] } });
    }
    expect(await total("given-up", "ITEMS")).toBe(2);
  });

  test("late counts what Lambda put into the bucket as S3 tells it, once, though the stream keeps it no more", async () => {
    const records = ["a", "b"].map((recordId) => ({ source: "ITEMS", recordId, at: iso(NOW) }));
    await metricsOf(api, "kept-failure").record(records);
    const { event, arn, shard } = await streamEvent(on.system, "records", "kept-failure");
    const failure = recorded<{ DDBStreamBatchInfo: object }>("stream-failure");
    const [first, last] = [event.Records[0], event.Records.at(-1)].map((each) => each!.dynamodb!.SequenceNumber!);
    const info = { shardId: shard, startSequenceNumber: first, endSequenceNumber: last, batchSize: 2, streamArn: arn };
    const kept = { ...failure, DDBStreamBatchInfo: info, payload: JSON.stringify(event) };
    const key = `aws/lambda/uuid/${shard}/2026/06/01/2026-06-01T12.00.00-a+b`;
    const objects = createObjects(on.system.clients.s3, `${on.system.prefix}-events`);
    await objects.replace(key, Buffer.from(JSON.stringify(kept)), { contentType: "application/json" });
    const told = { Records: [{ eventSource: "aws:s3", s3: { object: { key: encodeURIComponent(key) } } }] };
    for (let i = 0; i < 2; i++) {
      expect(await on.invoke("late", sqsEvent([told, told]))).toEqual({ payload: { batchItemFailures: [] } });
    }
    expect(await total("kept-failure", "ITEMS")).toBe(2);
    expect(await objects.find(key)).toBeUndefined();
  });

  test("schedule does the job that it is told, and names all where it knows none of that name", async () => {
    const input = { sensorId: "hall", seq: 1, at: iso(NOW - HOUR) };
    const motion = `mutation ($input: RecordMotionInput!) { recordMotion(input: $input) { __typename } }`;
    await api.ask("timed", motion, { input });
    const sweep = await on.invoke("schedule", { job: "end-idle-sessions" }) as { payload: { ended: number } };
    expect(sweep.payload.ended).toBeGreaterThan(0);
    const { data } = await api.ask("timed", `{ activeSession(sensorId: "hall") { sessionId } }`);
    expect(data.activeSession).toBeNull();
    expect(await on.invoke("schedule", { job: "save-reviews" })).toMatchObject({ payload: { saved: 0 } });
    expect(await on.invoke("schedule", { job: "audit-metrics" })).toMatchObject({ payload: { differences: 0 } });
    expect(await on.invoke("schedule", { job: "remove-tenants" })).toMatchObject({ payload: { removals: 0 } });
    const error = {
      errorMessage:
        "job must be one of end-idle-sessions, save-reviews, follow-journeys, judge-alerts, deliver-webhooks, compact-events, audit-metrics, remove-tenants",
    };
    expect(await on.invoke("schedule", recorded("sqs"))).toMatchObject({ error });
    const did = { message: "a job ran", job: "end-idle-sessions", ...sweep.payload };
    expect((await on.functionOf("schedule")).log()).toContainEqual(expect.objectContaining(did));
  });

  test("http tries a webhook's topic, and schedule publishes to it", async () => {
    const { services } = api.app.contextFor({ viewer: undefined, requestId: "r", header: {} }) as OpenContext;
    const input = { name: "ours", url: on.system.topic, types: ["JOURNEY_FINISHED"] };
    const { hook } = await services.webhooks.create({ tenantId: "topic", userId: "u" } as Viewer, input);
    const answer = await on.ask("topic", TEST_WEBHOOK, { input: { webhookId: hook.webhookId } });
    expect(answer.data.testWebhook.delivery).toEqual({ status: "DELIVERED" });
    await services.webhooks.put({ tenantId: "topic", type: "JOURNEY_FINISHED", id: "j", at: NOW, data: {} });
    expect(await on.invoke("schedule", { job: "deliver-webhooks" })).toMatchObject({ payload: { delivered: 1 } });
  });

  test("no function asked for more than its role allows", () => {
    for (const [name, asked] of on.asked) {
      const statements = statementsFor(functions[name], stores);
      const allowed = new Set(
        statements.flatMap(({ Action, Resource }) =>
          Action.flatMap((action) => Resource.map((resource) => `${action} ${resource}`))
        ),
      );
      const wanted = new Set(asked().map(({ action, resource }) => `${action} ${resource}`));
      expect({ name, refused: [...wanted].filter((each) => !allowed.has(each)) }).toEqual({ name, refused: [] });
      expect(wanted.size).toBeGreaterThan(0);
    }
    expect([...on.asked.keys()].sort()).toEqual(Object.keys(functions).sort());
  });

  test("a function that cannot start says which variable is wrong, or which secret", async () => {
    const failureOf = async (name: FunctionName, env: Record<string, string>) => {
      const broken = await on.start(name, env);
      const message = await broken.invoke({}).then(() => "it started", (error: Error) => error.message);
      await broken.stop();
      return message;
    };
    expect(await failureOf("ingest", { JOURNEYS_INDEX: "maybe" })).toContain(
      "JOURNEYS_INDEX=maybe: must be one of on, off",
    );
    expect(await failureOf("http", { SIGNING_KEY_SECRET: "test/none" })).toBe(
      "The secret test/none (SIGNING_KEY_SECRET) has no value, or is not there; put a JWK set with a private " +
        "key into it, as `npm run signing-key` prints one.",
    );
  });
});

/** The names that the roles' statements give to what is stored, in place of ARNs. */
const stores = {
  tables: named(tables, (name) => ({ arn: `table/test-${name}`, streamArn: `stream/test-${name}` })),
  buckets: named(buckets, (name) => ({ arn: `bucket/test-${name}` })),
  queues: named(queues, (name) => ({ queue: { arn: `queue/test-${name}` }, dead: { arn: `queue/test-${name}-dead` } })),
  topicArns: ["arn:aws:sns:local:000000000000:test-webhooks"],
} as unknown as Stores;

function named<T>(specs: object, of: (name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.keys(specs).map((name) => [name, of(name)]));
}

const journeyEvent = (sessionId: string, seq: number) => (
  { sessionId, seq, type: "PAGE_VIEWED", occurredAt: iso(NOW - HOUR + seq * 1_000), page: "/" }
);
const record = (tenant: string, events: readonly object[], more = {}) => on.ask(tenant, RECORD, { events }, more);
const total = async (tenant: string, source: string) =>
  (await metricsOf(api, tenant).series(source, "ONE_HOUR", NOW - 3 * HOUR, NOW + 1)).total;
/** What the stream of journeys holds of a tenant goes to `rollup`, and what that puts on the queue to `push`. */
async function carry(tenant: string): Promise<void> {
  const { event } = await streamEvent(on.system, "journeys", tenant);
  expect(await on.invoke("rollup", event)).toEqual({ payload: { state: {} } });
  const queue = createQueues(on.system.clients.sqs);
  for (const message of await queue.receive("test-wakes")) {
    expect(await on.invoke("push", sqsEvent([message.body]))).toEqual({ payload: { batchItemFailures: [] } });
    await queue.remove("test-wakes", message);
  }
}

async function textOf({ chunks }: Streamed): Promise<string> {
  let text = "";
  for await (const chunk of chunks) text += chunk;
  return text;
}

/** The next message of a subscription: each in a piece of its own, so that nothing waits for what comes later. */
async function next({ chunks }: Streamed): Promise<{ cursor: string; seq: number } | undefined> {
  for (let part = await chunks.next(); !part.done; part = await chunks.next()) {
    const messages = [...part.value.matchAll(/^event: next\ndata: (.+)$/gm)].map(([, data]) => JSON.parse(data!));
    expect(messages.length).toBeLessThan(2);
    if (messages.length === 0) continue;
    const { cursor, node } = messages[0].data.journeyEvents;
    return { cursor, seq: node.seq };
  }
  return undefined;
}
