/**
 * `npm run proof:hostile`: what costs and holds most, sent to the real service: hostile bodies without and with a token, 48 MB
 * to whoever may not send it, fragments without end, and heads and bodies that never come. Linux only.
 */
import { connect } from "node:net";
import process from "node:process";
import { WebSocket } from "ws";
import { cpuSeconds, exactCpuMs, memoryMegabytes } from "../bench/processes.ts";
import { hostileBodies } from "../kit/hostile.ts";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { clientOf, freePort, startLocal } from "./service.ts";

const MB = 1_048_576;
const dir = await makeTempDir();
const env = { RATE_ADDRESS: "off", RATE_TOKEN: "off", RATE_TENANT: "off", RATE_CONNECTIONS: "off", LOG_LEVEL: "debug" };
const service = await startLocal(dir.path, await freePort(), env);
const { pid } = service.running;
const { url, token } = await clientOf(dir.path, service.url, "hostile");
const port = Number(new URL(url).port);
const wrong: string[] = [];

async function send(body: string, headers: Record<string, string>) {
  const before = cpuSeconds(pid);
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const text = await response.text();
  return { status: response.status, text, cpu: cpuSeconds(pid) - before };
}

/** CPU that the service uses beside: its jobs, and the stores within it. */
async function idleMsASecond(): Promise<number> {
  const before = exactCpuMs(pid);
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  return (exactCpuMs(pid) - before) / 4;
}

const idle = await idleMsASecond();
console.log(`Hostile bodies. The service uses ${idle.toFixed(1)} ms of CPU a second beside, which is taken off:`);
for (
  const [who, bytes, own, times] of [["nobody", 30_000, {}, 40], ["a token", 900_000, {
    authorization: `Bearer ${token}`,
  }, 8]] as const
) {
  const bodies = hostileBodies(bytes);
  const measured: { name: string; first: number; warm: number }[] = [];
  /** Milliseconds of CPU for 100 KB; a smaller body counts whole. */
  const measure = async ({ body, headers, name }: (typeof bodies)[number], count: number) => {
    const [before, startedAt] = [exactCpuMs(pid), performance.now()];
    for (let i = 0; i < count; i++) {
      const { status, text } = await send(body, { ...own, ...headers });
      if (status >= 500 || text.includes("INTERNAL")) wrong.push(`${name}: ${status} ${text.slice(0, 200)}`);
    }
    const beside = idle * (performance.now() - startedAt) / 1_000;
    return Math.max(0, exactCpuMs(pid) - before - beside) / count / Math.max(1, body.length / 100_000);
  };
  // Each once as the first of its kind, then all until the runtime has compiled what they need.
  for (const body of bodies) measured.push({ name: body.name, first: await measure(body, 1), warm: 0 });
  for (let round = 0; round < 4; round++) for (const body of bodies) await measure(body, times / 4);
  for (const [i, body] of bodies.entries()) measured[i]!.warm = await measure(body, times);
  const worst = (by: "first" | "warm") => {
    const one = measured.reduce((a, b) => (a[by] > b[by] ? a : b));
    return `${one[by].toFixed(1)} ms a 100 KB (${one.name})`;
  };
  const median = measured.map(({ warm }) => warm).sort((a, b) => a - b)[measured.length >> 1]!;
  console.log(
    `  ${who}, ${bytes} bytes, ${bodies.length} kinds: worst ${worst("warm")}, median ${median.toFixed(1)}; ` +
      `the first of a kind, worst ${worst("first")}`,
  );
}

console.log("48 MB, four at a time:");
const large = (what: string) =>
  `{"query":"{ viewer { tenantId } }","variables":{"a":${what.repeat(Math.floor((47 * MB) / what.length))}`;
for (
  const [name, body] of [["[[[[", large("[")], ["{},{},", large("{},")], [
    "one name",
    large('"aaaaaaaa').replaceAll('""', "a"),
  ]] as const
) {
  for (const own of [{}, { authorization: `Bearer ${token}` }] as Record<string, string>[]) {
    const before = cpuSeconds(pid);
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => send(body, own).then(({ status }) => String(status), () => "cut off")),
    );
    const { peak } = memoryMegabytes(pid);
    console.log(
      `  ${name}, ${own["authorization"] ? "with" : "without"} a token: ${answers.join(" ")}; ` +
        `${(cpuSeconds(pid) - before).toFixed(2)} CPU-s, peak ${peak} MB`,
    );
  }
}

console.log("Fragments without end over a WebSocket:");
for (const init of [false, true]) {
  const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws", { perMessageDeflate: false });
  let [sent, code] = [0, 0];
  socket.on("close", (closed) => code = closed).on("error", () => {});
  await new Promise((resolve) => socket.once("open", resolve));
  if (init) {
    socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${token}` } }));
    await new Promise((resolve) => socket.once("message", resolve));
  }
  for (; sent < 100 * MB && code === 0; sent += 16_384) {
    await new Promise<void>((resolve) => socket.send("x".repeat(16_384), { fin: false }, () => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(`  ${init ? "after" : "before"} a login: closed with ${code} after ${Math.round(sent / 1_024)} KB`);
  if (sent >= 4 * MB) wrong.push("fragments were taken without end");
}

console.log("What never comes (each closed after, and with what):");
const kinds: Record<string, string> = {
  "nothing": "",
  "half a head": "POST /graphql HTTP/1.1\r\nhost: x\r\n",
  "half a body": "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
  "half a chunk":
    "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{",
  "no next request": "GET /health HTTP/1.1\r\nhost: x\r\n\r\n",
  "no connection_init": "GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
    "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n",
};
await Promise.all(
  Object.entries(kinds).map(([name, text]) =>
    new Promise<void>((resolve) => {
      const startedAt = performance.now();
      let heard = "";
      const socket = connect(port, "127.0.0.1", () => socket.write(text));
      const timer = setTimeout(() => {
        wrong.push(`${name} was held for more than 90 s`);
        socket.destroy();
      }, 90_000);
      socket.on("data", (bytes) => heard += bytes.toString("latin1")).on("error", () => {}).on("close", () => {
        clearTimeout(timer);
        const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
        console.log(`  ${name}: ${seconds} s, ${heard.split("\r\n")[0] || "no answer"}`);
        resolve();
      });
    })
  ),
);

const { status } = await send('{"query":"{ viewer { tenantId } }"}', { authorization: `Bearer ${token}` });
if (status !== 200) wrong.push(`afterwards the service answers ${status}`);
console.log(`Afterwards the service answers ${status}; it holds ${memoryMegabytes(pid).now} MB.`);
await killTree(service.running.pid);
await dir.remove();
if (wrong.length > 0) console.error(wrong.join("\n"));
process.exit(wrong.length > 0 ? 1 : 0);
