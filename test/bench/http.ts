/**
 * `npm run bench:http`: requests a CPU-second of the server's process, ours (on Deno) beside Mercurius and Apollo Server (on
 * Node), with the same schema, resolvers, tokens and stores in one run. SECONDS is how long each is asked (4).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { startTestApp } from "../kit/app.ts";
import { cpuSeconds, memoryMegabytes } from "./processes.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const SECONDS = Number(process.env["SECONDS"] ?? 4);
const CONNECTIONS = 32;
const QUERIES = {
  trivial: "{ viewer { tenantId } }",
  list:
    "{ journeys(first: 25) { nodes { id sessionId startedAt endedAt eventCount outcome visitorId } pageInfo { hasNextPage endCursor } } }",
  timeline: '{ journey(sessionId: "s-0") { sessionId events(first: 100) { nodes { step type occurredAt text } } } }',
};
const BIN = join(ROOT, "node_modules/.bin");
const DOORS = {
  ours: [join(BIN, "deno"), "run", "-A", "--unstable-no-legacy-abort"],
  mercurius: [join(BIN, "node"), "--no-warnings"],
  apollo: [join(BIN, "node"), "--no-warnings"],
};

const api = await startTestApp();
const token = await api.token("bench");
for (let i = 0; i < 30; i++) {
  const events = Array.from({ length: i === 0 ? 100 : 5 }, (_, seq) => ({
    sessionId: `s-${i}`,
    seq: seq + 1,
    type: "MESSAGE_SENT",
    occurredAt: new Date(Date.UTC(2026, 0, 31, 12, i, seq)).toISOString(),
    text: `message ${seq}`,
  }));
  await api.ask("bench", "mutation ($i: RecordEventsInput!) { recordEvents(input: $i) { __typename } }", {
    i: { events },
  });
}

/** Asks over one kept connection until the time is over; gives how often it was answered. */
function ask(port: number, request: string, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    let rest = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    socket.on("error", reject).on("data", (bytes) => {
      rest += bytes.toString("latin1");
      for (;;) {
        const head = rest.indexOf("\r\n\r\n");
        const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, head))?.[1]);
        if (head < 0 || rest.length < head + 4 + length) return;
        if (!rest.startsWith("HTTP/1.1 200") || !rest.includes('{"data":{')) {
          return reject(new Error(rest.slice(0, 800)));
        }
        rest = rest.slice(head + 4 + length);
        count += 1;
        if (performance.now() >= until) return socket.end(() => resolve(count));
        socket.write(request);
      }
    });
  });
}

async function load(port: number, query: string, seconds: number): Promise<number> {
  const body = JSON.stringify({ query });
  const request =
    `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\naccept: application/json\r\n` +
    `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const until = performance.now() + seconds * 1_000;
  const counts = await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(port, request, until)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function measure(door: keyof typeof DOORS): Promise<Record<string, string>> {
  const [program, ...args] = DOORS[door];
  const { dynamodb, s3, sqs } = api.system.endpoints;
  const env = {
    ...process.env,
    DOOR: door,
    PORT: "0",
    DATA_DIR: api.system.dataDir,
    NAME_PREFIX: api.system.prefix,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_ENDPOINT_URL_SQS: sqs,
    RATE_TOKEN: "off",
    RATE_TENANT: "off",
  };
  const child: ChildProcess = spawn(program!, [...args, join(ROOT, "test/bench/http-server.ts")], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const { value } = await createInterface({ input: child.stdout! })[Symbol.asyncIterator]().next();
    const port = Number(/:(\d+)/.exec(String(value))![1]);
    const row: Record<string, string> = { door };
    for (const [name, query] of Object.entries(QUERIES)) {
      await load(port, query, SECONDS / 2);
      const before = cpuSeconds(child.pid!);
      const count = await load(port, query, SECONDS);
      row[`${name}, requests a CPU-second`] = Math.round(count / (cpuSeconds(child.pid!) - before)).toLocaleString(
        "en",
      );
    }
    row["peak MB"] = `${memoryMegabytes(child.pid!).peak}`;
    return row;
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

const rows = [];
const only = process.argv[2];
for (const door of Object.keys(DOORS) as (keyof typeof DOORS)[]) {
  if (only === undefined || only === door) rows.push(await measure(door));
}
console.table(rows);
await api.stop();
process.exit(0);
