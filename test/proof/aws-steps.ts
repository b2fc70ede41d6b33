/** What `npm run proof:aws` does with a running installation, wherever it runs. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { inspect, isDeepStrictEqual } from "node:util";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { createClients } from "../../api/aws/clients.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { parseConfig } from "../../api/config.ts";
import { runToEnd } from "../kit/terraform.ts";

/** An installation, and how it is reached. */
export type World = {
  graphql: string;
  /** Where subscriptions are followed, by server-sent events and by WebSockets. */
  stream: string;
  sockets: string;
  prefix: string;
  /** For the commands of the service. */
  env: Record<string, string>;
  token: () => Promise<string>;
  /** Ends what serves requests at whatever it is at; others take its place. */
  kill: () => Promise<void>;
};

const ROOT = new URL("../..", import.meta.url).pathname;
const SCRIPT = ["run", "--quiet", "--unstable-no-legacy-abort", "--allow-all"];
const TIMEOUT_MS = 3_600_000;
const LOAD = { batches: 60, eventsEach: 50, atOnce: 10 };
const POLL_MS = 1_000;
const MAX_POLLS = 180;
const MAX_TRIES = 20;

const RECORD = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  ... on RecordEventsPayload { accepted duplicates rejected } ... on UserError { code message } } }`;
const COUNTED = `query ($from: DateTime!, $to: DateTime!) {
  metrics(sources: [JOURNEY_EVENTS], size: ONE_HOUR, range: { between: { from: $from, to: $to } }) { total } }`;
const FOLLOW = `subscription ($id: String!, $after: String) {
  journeyEvents(sessionId: $id, after: $after) { cursor node { seq } } }`;

const eventsOf = (sessionId: string, count: number, at: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...{ sessionId, seq: i + 1, type: "PAGE_VIEWED", page: "/" },
    occurredAt: new Date(at + i).toISOString(),
  }));

// oxlint-disable-next-line no-explicit-any
async function ask({ graphql, token }: World, query: string, variables: object = {}): Promise<any> {
  const response = await fetch(graphql, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${await token()}` },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 300)}`);
  const { data, errors } = JSON.parse(text);
  if (errors) throw new Error(JSON.stringify(errors).slice(0, 500));
  return data;
}

/** What got no answer is asked again, as every client does. */
async function record(world: World, events: readonly object[]): Promise<{ accepted: number; duplicates: number }> {
  for (let tries = 1;; tries++) {
    try {
      const { recordEvents: did } = await ask(world, RECORD, { events });
      if (did.code === undefined) return did;
      throw new Error(`${did.code} ${did.message}`);
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await pause(POLL_MS);
    }
  }
}

/** Waits until what is seen is what is wanted, and says what was seen last where it never is. */
async function until(what: string, wanted: unknown, see: () => Promise<unknown>): Promise<void> {
  let seen: unknown;
  for (let polls = 0;; polls++) {
    seen = await see().catch((error: unknown) => error);
    if (isDeepStrictEqual(seen, wanted)) return;
    ok(
      polls < MAX_POLLS,
      `not within ${MAX_POLLS} s: ${what}: ${inspect(wanted)} is wanted, ${inspect(seen)} was seen`,
    );
    await pause(POLL_MS);
  }
}

async function counted(world: World, at: number): Promise<number> {
  const range = { from: new Date(at - 3_600_000).toISOString(), to: new Date(at + 3_600_000).toISOString() };
  return (await ask(world, COUNTED, range)).metrics[0].total;
}

/** A command of the service against the installation; gives what it said. */
async function command(world: World, script: string, ...args: string[]): Promise<string> {
  const run = await runToEnd("deno", [...SCRIPT, `api/entry/cli/${script}.ts`, ...args], {
    cwd: ROOT,
    env: world.env,
    timeoutMs: TIMEOUT_MS,
  });
  if (run.code !== 0) {
    throw new Error(`${script} ${args.join(" ")} ended with ${run.code}:\n${run.output.slice(-2_000)}`);
  }
  return run.output;
}

/** The answer is there, the same again is known, and both events are counted: what comes next counts on from them. */
export async function smoke(world: World): Promise<string> {
  const at = Date.now() - 60_000;
  const events = eventsOf("smoke", 2, at);
  deepStrictEqual(await record(world, events), { accepted: 2, duplicates: 0, rejected: 0 });
  deepStrictEqual(await record(world, events), { accepted: 0, duplicates: 2, rejected: 0 });
  await until("both are counted", 2, () => counted(world, at));
  return "2 events are accepted and counted once";
}

/** Batches at once, while what serves them is killed; every event is counted once. */
export async function load(world: World): Promise<string> {
  const at = Date.now() - 60_000;
  const before = await counted(world, at);
  const batches = Array.from({ length: LOAD.batches }, (_, i) => eventsOf(`load-${at}-${i}`, LOAD.eventsEach, at));
  const total = LOAD.batches * LOAD.eventsEach;
  const started = performance.now();
  let kills = 0;
  const workers = Array.from({ length: LOAD.atOnce }, async () => {
    for (let batch = batches.pop(); batch; batch = batches.pop()) {
      if (batches.length % 20 === 10) {
        kills += 1;
        await world.kill();
      }
      await record(world, batch);
    }
  });
  await Promise.all(workers);
  const seconds = (performance.now() - started) / 1_000;
  await until("all is counted", before + total, () => counted(world, at));
  return `${total} events in ${seconds.toFixed(1)} s with ${kills} kills; each is counted once`;
}

/** One journey followed over both ways, with a cut in the middle: each event comes once. */
export async function follow(world: World): Promise<string> {
  const sessionId = `followed-${Date.now()}`;
  const events = eventsOf(sessionId, 4, Date.now() - 60_000);
  await record(world, events.slice(0, 1));
  const overSockets: number[] = [];
  let after: string | undefined;
  const client = createClient({
    url: world.sockets,
    webSocketImpl: WebSocket,
    shouldRetry: () => true,
    connectionParams: async () => ({ authorization: `Bearer ${await world.token()}` }),
  });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  client.subscribe({
    query: FOLLOW,
    get variables() {
      return { id: sessionId, after };
    },
  }, {
    next({ data }) {
      const { cursor, node } = data!["journeyEvents"] as { cursor: string; node: { seq: number } };
      after = cursor;
      overSockets.push(node.seq);
    },
    error: (error) => failed.reject(new Error(`the socket: ${JSON.stringify(error)}`)),
    complete: () => {},
  });
  const stream = followEvents(world, sessionId);
  try {
    for (let seq = 1; seq <= events.length; seq++) {
      if (seq > 1) await record(world, events.slice(seq - 1, seq));
      const have = () => Promise.resolve([overSockets.length, stream.seqs.length]);
      await Promise.race([failed.promise, until(`event ${seq} comes over both ways`, [seq, seq], have)]);
      if (seq === 2) client.terminate();
    }
    const expected = events.map(({ seq }) => seq);
    deepStrictEqual([overSockets, stream.seqs], [expected, expected]);
    return "4 events came once over WebSockets, with a cut, and once as server-sent events";
  } finally {
    stream.stop();
    await client.dispose();
  }
}

/** Server-sent events, taken up again by their cursor where they end. */
function followEvents(world: World, id: string) {
  const seqs: number[] = [];
  const stop = new AbortController();
  let after: string | undefined;
  const run = async () => {
    while (!stop.signal.aborted) {
      const response = await fetch(world.stream, {
        method: "POST",
        signal: stop.signal,
        headers: {
          ...{ "content-type": "application/json", accept: "text/event-stream" },
          authorization: `Bearer ${await world.token()}`,
        },
        body: JSON.stringify({ query: FOLLOW, variables: { id, after } }),
      });
      let text = "";
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
        text += part;
        const whole = text.split("\n\n");
        text = whole.pop()!;
        for (const data of whole.flatMap((block) => /^data: ?(.+)$/m.exec(block)?.[1] ?? [])) {
          const message = JSON.parse(data).data?.journeyEvents;
          if (!message) continue;
          after = message.cursor as string;
          seqs.push(message.node.seq as number);
        }
      }
    }
  };
  void run().catch(() => {});
  return { seqs, stop: () => stop.abort() };
}

/** A message that lies on the dead-letter queue is taken once its reason is mended, and counts once. */
export async function redrive(world: World): Promise<string> {
  const config = parseConfig(world.env);
  const clients = createClients(config);
  const sessionId = `redriven-${Date.now()}`;
  const body = JSON.stringify({ tenant: "proof", events: eventsOf(sessionId, 3, Date.now() - 60_000) });
  try {
    await createQueues(clients.sqs).send(`${world.prefix}-ingest-dead`, body, { reason: "proof" });
  } finally {
    clients.destroy();
  }
  const said = await command(world, "redrive", "ingest");
  const query = `query ($id: String!) { journey(sessionId: $id) { eventCount } }`;
  await until("the message is taken", 3, async () => (await ask(world, query, { id: sessionId })).journey?.eventCount);
  return said.trim().split("\n").at(-1)!;
}

/** The same tables and buckets under another prefix, whose counts are counted again. */
export async function restore(world: World, to: string): Promise<string> {
  const said = await command(world, "restore", "--to", to, "--audit-hours", "3");
  strictEqual(
    /(\d+) (?:are|is) wrong|differences"?: ?(\d+)/.exec(said)?.slice(1).some((n) => Number(n) > 0) ?? false,
    false,
    said,
  );
  return said.trim().split("\n").at(-1)!;
}
