/**
 * `npm run bench:cold-start`: each function's bundle, from the start of its process to its first answer, on AWS's runtime
 * client and Node 22 over the embedded stores. Says bytes, modules, milliseconds and CPU; `RUNS=20` for more than ten.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { type FunctionName, startFunctions } from "../kit/functions.ts";
import { HAS_ADDON } from "../kit/lambda.ts";
import { socketEvent } from "../kit/gateway.ts";
import { httpEvent, restEvent, sqsEvent, streamEvent } from "../kit/lambda-events.ts";

const RUNS = Number(process.env.RUNS ?? 10);
/** Of /proc's CPU times. */
const TICKS_PER_SECOND = 100;

const on = await startFunctions();
try {
  const { dynamodb, s3, sqs } = on.system.endpoints;
  const direct = {
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_SQS: sqs,
    // As deployed.
    NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
  };
  const at = new Date().toISOString();
  const event = { sessionId: "s", seq: 1, type: "PAGE_VIEWED", occurredAt: at, page: "/" };
  await on.invoke("ingest", sqsEvent([{ tenant: "t", events: [event] }]));
  const follow = `subscription { journeyEvents(sessionId: "s") { cursor } }`;
  const events: Record<FunctionName, unknown> = {
    http: httpEvent(await on.requestOf("t", "{ journeys(first: 1) { nodes { sessionId } } }", {}, "application/json")),
    stream: restEvent(await on.requestOf("t", follow)),
    sockets: socketEvent("CONNECT", "c", { headers: { "sec-websocket-protocol": "graphql-transport-ws" } }),
    push: sqsEvent([{ tenantId: "t", groups: ["g"] }]),
    ingest: sqsEvent([{ tenant: "t", events: [event] }]),
    rollup: (await streamEvent(on.system, "journeys", "t")).event,
    late: sqsEvent(["{}"]),
    schedule: { job: "end-idle-sessions" },
  };

  console.log(`${RUNS} starts each, Node 22, ${HAS_ADDON ? "the client's own transport" : "the tests' transport"}.`);
  console.log(
    "Milliseconds from the start of the process: median (least). An empty Node program is part of all of them.",
  );
  console.log("| function | zipped | unpacked | modules at start | ready | first answer | CPU to first answer |");
  console.log("|---|---|---|---|---|---|---|");
  for (const [name, first] of Object.entries(events) as [FunctionName, unknown][]) {
    const runs: Awaited<ReturnType<typeof measure>>[] = [];
    for (let i = 0; i < RUNS; i++) runs.push(await measure(name, first, direct));
    const { bytes, files, loaded } = on.bundles[name]!;
    const unpacked = Object.values(files).reduce((sum, each) => sum + each, 0);
    const columns = (["readyMs", "answeredMs", "cpuMs"] as const).map((key) => summary(runs.map((run) => run[key])));
    console.log(`| ${[name, bytes, unpacked, loaded.length, ...columns].join(" | ")} |`);
  }
} finally {
  await on.stop();
}

async function measure(name: FunctionName, event: unknown, env: Record<string, string>) {
  const from = performance.now();
  const own = await on.start(name, env);
  await own.ready();
  const readyMs = performance.now() - from;
  if (name === "stream") await (await own.stream(event)).chunks.next();
  else await own.invoke(event);
  const answeredMs = performance.now() - from;
  const cpuMs = cpuOf(own.pid);
  await own.stop();
  return { readyMs, answeredMs, cpuMs };
}

/** User and system time of a process so far. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 1_000 / TICKS_PER_SECOND;
}

function summary(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${Math.round(sorted[Math.floor(sorted.length / 2)]!)} (${Math.round(sorted[0]!)})`;
}
