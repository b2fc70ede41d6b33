/**
 * Shows one traced request as text, from the HTTP layer to the stores and through a queue, and what tracing costs: requests a
 * CPU-second without it, with it for one request in twenty, and with it for all.
 *
 *     npm run proof:trace [-- REQUESTS]
 */
import process from "node:process";
import { createQueues } from "../../api/aws/queues.ts";
import { createTracer, type Span, type Tracer } from "../../api/core/trace.ts";
import { startTestApp } from "../kit/app.ts";
import { startTestSystem } from "../kit/local.ts";

const REQUESTS = Number(process.argv[2] ?? 300);
const ROUNDS = 9;
const RECORD = `mutation Record($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename } }`;
const LIST = `query List { journeys(first: 5) { nodes { sessionId eventCount } } }`;

const system = await startTestSystem();
try {
  await show();
  const kinds: [string, Tracer | undefined][] = [
    ["off", undefined],
    ["one in twenty", tracerOf(0.05, [])],
    ["all", tracerOf(1, [])],
  ];
  const results = new Map<string, number[]>();
  // What is compiled on the way is nobody's cost.
  for (const [, tracer] of kinds) await measure(tracer);
  for (let round = 0; round < ROUNDS; round++) {
    // Each comes first, in the middle and last as often.
    const turn = [...kinds.slice(round % kinds.length), ...kinds.slice(0, round % kinds.length)];
    for (const [name, tracer] of turn) results.set(name, [...results.get(name) ?? [], await measure(tracer)]);
  }
  console.log(`\nRequests a CPU-second (a list of journeys, ${REQUESTS} each, median of ${ROUNDS} rounds):`);
  for (const [name, all] of results) {
    console.log(`  traced ${name}: ${all.sort((a, b) => a - b)[ROUNDS >> 1]!.toFixed(0)}`);
  }
} finally {
  await system.stop();
}

function tracerOf(ratio: number, into: Span[]): Tracer {
  return createTracer({ ratio, send: async (spans) => void into.push(...spans) });
}

async function show(): Promise<void> {
  const spans: Span[] = [];
  const tracer = tracerOf(1, spans);
  const api = await startTestApp({ system, tracer });
  const event = (sessionId: string) => (
    { sessionId, seq: 1, type: "PAGE_VIEWED", occurredAt: new Date().toISOString(), page: "/" }
  );
  await ask(api, RECORD, { events: [event("s")] });
  const queues = createQueues(system.clients.sqs, tracer);
  const body = JSON.stringify({ tenant: "t", events: [event("q")] });
  await tracer.span("another service", { "request.id": "req-2" }, () => queues.send("test-ingest", body));
  await api.app.ingest(await queues.receive("test-ingest"));
  await tracer.flush();
  await api.stop();
  for (const root of spans.filter(({ parentId }) => parentId === undefined)) {
    console.log(`\ntrace ${root.traceId}`);
    print(root, spans, 0, root.startedAt);
  }
}

function print(span: Span, all: readonly Span[], depth: number, from: number): void {
  const { name, startedAt, endedAt, attributes } = span;
  const times = `${(startedAt - from).toFixed(1).padStart(7)} ms ${(endedAt - startedAt).toFixed(1).padStart(7)} ms`;
  console.log(`${times}  ${"  ".repeat(depth)}${name}  ${JSON.stringify(attributes)}`);
  const below = all.filter(({ parentId }) => parentId === span.spanId).sort((a, b) => a.startedAt - b.startedAt);
  for (const one of below) print(one, all, depth + 1, from);
}

type Api = Awaited<ReturnType<typeof startTestApp>>;

async function ask(api: Api, query: string, variables: object = {}): Promise<void> {
  const headers = {
    "content-type": "application/json",
    "x-request-id": "req-1",
    authorization: `Bearer ${await api.token("t")}`,
  };
  const body = JSON.stringify({ query, variables });
  await (await api.http.fetch(new Request("http://127.0.0.1/graphql", { method: "POST", headers, body }))).text();
}

async function measure(tracer: Tracer | undefined): Promise<number> {
  const api = await startTestApp({ system, ...(tracer ? { tracer } : {}) });
  for (let i = 0; i < 30; i++) await ask(api, LIST);
  const from = process.cpuUsage();
  for (let i = 0; i < REQUESTS; i++) await ask(api, LIST);
  const { user, system: kernel } = process.cpuUsage(from);
  await api.stop();
  return REQUESTS / ((user + kernel) / 1_000_000);
}
