/**
 * `npm run proof:idle`: 10,000 connections of each kind that do nothing, and then a full disk. The service goes on answering
 * others, and nothing acknowledged is lost. Linux; the disk needs the right to mount a small tmpfs, else it is left out.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { memoryMegabytes } from "../bench/processes.ts";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { clientOf, freePort, launchLocal, startLocal } from "./service.ts";

const CONNECTIONS = Number(process.env["CONNECTIONS"] ?? 10_000);
const HEAD = "POST /graphql HTTP/1.1\r\nhost: x\r\n";
const KINDS: Record<string, string> = {
  "that say nothing": "",
  "with half a head": HEAD,
  "with half a body": `${HEAD}content-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
  "that ask nothing more": "GET /health HTTP/1.1\r\nhost: x\r\n\r\n",
  "that are sockets without a login":
    "GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
    "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n",
};
const ANY = { RATE_CONNECTIONS: "off", MAX_SOCKETS_PER_ADDRESS: "1000000", RATE_ADDRESS: "off" };
const wrong: string[] = [];
const RECORD =
  `mutation ($i: RecordEventsInput!) { recordEvents(input: $i) { ... on RecordEventsPayload { accepted } } }`;

type Client = { url: string; token: string };

async function ask({ url, token }: Client, query: string, variables: object = {}) {
  const startedAt = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(20_000),
  });
  const body = await response.json() as { data?: Record<string, unknown>; errors?: { extensions: { code: string } }[] };
  return { status: response.status, body, ms: Math.round(performance.now() - startedAt) };
}

async function proveIdle(): Promise<void> {
  const dir = await makeTempDir();
  const service = await startLocal(dir.path, await freePort(), ANY);
  const client = await clientOf(dir.path, service.url, "idle");
  const port = Number(new URL(client.url).port);
  for (const [kind, text] of Object.entries(KINDS)) {
    let closed = 0;
    const open: Socket[] = [];
    for (let i = 0; i < CONNECTIONS; i++) {
      const socket = connect(port, "127.0.0.1", () => socket.write(text));
      socket.on("error", () => {}).on("close", () => closed += 1).resume();
      open.push(socket);
      if (i % 250 === 249) await pause(10);
    }
    await pause(500);
    const { now } = memoryMegabytes(service.running.pid);
    const { status, ms } = await ask(client, "{ viewer { tenantId } }");
    console.log(
      `${CONNECTIONS} ${kind}: another is answered ${status} in ${ms} ms; the service holds ${now} MB; ${closed} are closed`,
    );
    if (status !== 200) wrong.push(`${kind}: ${status}`);
    open.forEach((socket) => socket.destroy());
    await pause(500);
  }
  await killTree(service.running.pid);
  await dir.remove();
}

const event = (seq: number) => ({
  i: {
    events: [{
      sessionId: "s",
      seq,
      type: "PAGE_VIEWED",
      occurredAt: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString(),
      text: "x".repeat(8_000),
    }],
  },
});

async function proveFullDisk(): Promise<void> {
  const dir = await makeTempDir();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=96m", "tmpfs", dir.path], { stdio: "ignore" });
  } catch {
    console.log("A full disk: left out, since no tmpfs can be mounted here.");
    return await dir.remove();
  }
  const filler = join(dir.path, "filler");
  const fill = () => {
    try {
      for (let size = 200;; size++) writeFileSync(filler, new Uint8Array(size * 1_048_576));
    } catch { /* What fits is there. */ }
    for (const part of [65_536, 4_096, 512]) {
      try {
        for (;;) writeFileSync(filler, new Uint8Array(part), { flag: "a" });
      } catch { /* Full. */ }
    }
  };
  try {
    const service = await startLocal(dir.path, await freePort());
    const client = await clientOf(dir.path, service.url, "disk");
    const ready = async () => {
      const response = await fetch(client.url.replace("/graphql", "/ready"));
      return `${response.status} ${JSON.stringify((await response.json() as { dependencies: object }).dependencies)}`;
    };
    const acknowledged: number[] = [];
    const codes = new Map<string, number>();
    const record = async (from: number, to: number) => {
      for (let seq = from; seq <= to; seq++) {
        const { body } = await ask(client, RECORD, event(seq));
        const accepted = (body.data?.["recordEvents"] as { accepted?: number } | undefined)?.accepted;
        if (accepted === 1) acknowledged.push(seq);
        const code = body.errors?.[0]?.extensions.code ?? "accepted";
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
    };
    await record(1, 20);
    console.log(`Before: ${await ready()}`);
    fill();
    await record(21, 60);
    await pause(1_100);
    console.log(`Full: ${JSON.stringify(Object.fromEntries(codes))}; ready: ${await ready()}`);
    const read = await ask(client, "{ viewer { tenantId } }");
    console.log(`Full: others are answered ${read.status} in ${read.ms} ms`);
    rmSync(filler, { force: true });
    await pause(2_000);
    await record(61, 80);
    console.log(`Free again: ready: ${await ready()}`);
    const { body } = await ask(
      client,
      '{ journey(sessionId: "s") { eventCount events(first: 500) { nodes { occurredAt } } } }',
    );
    const journey = body.data?.["journey"] as { events: { nodes: { occurredAt: string }[] } };
    const kept = new Set(
      journey.events.nodes.map(({ occurredAt }) => (Date.parse(occurredAt) - Date.UTC(2026, 0, 1)) / 1_000),
    );
    const lost = acknowledged.filter((seq) => !kept.has(seq));
    console.log(`${acknowledged.length} acknowledged, ${lost.length} lost`);
    if (lost.length > 0) wrong.push(`lost: ${lost.join(" ")}`);
    await killTree(service.running.pid);
    fill();
    const again = launchLocal(dir.path, await freePort());
    const code = await again.ended;
    console.log(`A start on a full disk ends with ${code} and says: ${again.output().trim()}`);
    if (code !== 1 || again.output().trim().split("\n").length !== 1) {
      wrong.push("a start on a full disk does not say so in one line");
    }
  } finally {
    execFileSync("umount", ["-l", dir.path]);
    await dir.remove();
  }
}

const limit = readFileSync("/proc/self/limits", "utf8").match(/Max open files\s+\S+\s+(\d+)/)?.[1];
console.log(`The system allows ${limit} open files.`);
if (process.argv[2] !== "disk") await proveIdle();
await proveFullDisk();
if (wrong.length > 0) console.error(wrong.join("\n"));
process.exit(wrong.length > 0 ? 1 : 0);
