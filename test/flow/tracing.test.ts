import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTracer, NO_TRACER, type Span, toOtlp, type Tracer } from "../../api/core/trace.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";

const PARENT = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
const RECORD = `mutation Record($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename } }`;
const event = (sessionId: string, seq: number) => (
  { sessionId, seq, type: "PAGE_VIEWED", occurredAt: new Date().toISOString(), page: "/" }
);

let spans: Span[];
let tracer: Tracer;
let api: TestApp;
beforeAll(async () => {
  tracer = createTracer({ ratio: 1, send: async (ended) => void spans.push(...ended) });
  spans = [];
  api = await startTestApp({ tracer });
});
afterAll(() => api.stop());

const taken = async () => {
  await tracer.flush();
  return spans.splice(0);
};
const ask = async (headers: object) =>
  await api.http.fetch(
    new Request("http://127.0.0.1/graphql", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await api.token("traced")}`,
        "x-request-id": "req-7",
        ...headers,
      },
      body: JSON.stringify({ query: RECORD, variables: { events: [event("s", 1)] } }),
    }),
  );

describe("a traced request", () => {
  test("is one tree from the HTTP layer to the stores, below the caller's span, with the request's id", async () => {
    await ask({ traceparent: PARENT });
    const all = await taken();
    const root = all.find(({ name }) => name === "POST /graphql")!;
    expect(root).toMatchObject({
      traceId: "a".repeat(32),
      parentId: "b".repeat(16),
      error: undefined,
      attributes: {
        "request.id": "req-7",
        "http.response.status_code": 200,
        "graphql.operation.type": "mutation",
        "graphql.operation.name": "Record",
        "graphql.outcome": "ok",
        "tenant.id": "traced",
      },
    });
    const below = all.filter((span) => span !== root);
    expect(new Set(below.map(({ traceId }) => traceId))).toEqual(new Set([root.traceId]));
    expect(new Set(below.map(({ parentId }) => parentId))).toEqual(new Set([root.spanId]));
    expect(below.map(({ name }) => name)).toEqual(expect.arrayContaining(["S3 PutObject", "DynamoDB PutItem"]));
    expect(below.find(({ name }) => name === "S3 PutObject")!.attributes).toMatchObject({
      "aws.resource": "test-events",
    });
    expect(JSON.stringify(all)).not.toContain("PAGE_VIEWED");
  });

  test("goes on through a queue", async () => {
    const queues = createQueues(api.system.clients.sqs, tracer);
    const body = JSON.stringify({ tenant: "traced", events: [event("s-queue", 1)] });
    await tracer.span("sender", {}, () => queues.send("test-ingest", body), PARENT);
    const messages = await queues.receive("test-ingest");
    await api.app.ingest(messages);
    const all = await taken();
    const message = all.find(({ name }) => name === "message")!;
    expect(message.parentId).toBe(all.find(({ name }) => name === "sender")!.spanId);
    expect(all.filter(({ parentId }) => parentId === message.spanId).length).toBeGreaterThan(1);
    expect(new Set(all.map(({ traceId }) => traceId))).toEqual(new Set(["a".repeat(32)]));
  });

  test("is not traced where nobody asks, or where the caller says so", async () => {
    await ask({ traceparent: PARENT.replace(/01$/, "00") });
    expect(await taken()).toEqual([]);
    const never = createTracer({ ratio: 0, send: () => Promise.reject(new Error("nothing is sent")) });
    expect(await never.span("x", {}, () => Promise.resolve(never.current()))).toMatch(/-00$/);
    expect(await NO_TRACER.span("x", {}, () => Promise.resolve(1))).toBe(1);
  });

  test("costs spans, and nothing else, where the collector is away, and says what failed", async () => {
    let sent: readonly Span[] = [];
    const failing = createTracer({
      ratio: 1,
      send(ended) {
        sent = ended;
        return Promise.reject(new Error("away"));
      },
    });
    await expect(failing.span("x", {}, () => Promise.reject(new TypeError("secret")))).rejects.toThrow("secret");
    await failing.flush();
    expect(JSON.stringify(toOtlp("svc", sent))).toMatch(/"status":\{"code":2,"message":"TypeError"\}/);
    expect(JSON.stringify(sent)).not.toContain("secret");
  });
});
