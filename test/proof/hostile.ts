/**
 * `npm run proof:hostile`: what costs and holds most, sent to the real service: hostile bodies without and with a token, 48 MB
 * to whoever may not send it, fragments without end, and heads and bodies that never come. Linux only.
 */
import { connect } from "node:net";
import process from "node:process";
import { WebSocket } from "ws";
import { cpuSeconds, memoryMegabytes } from "../bench/processes.ts";
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

console.log("Hostile bodies, 5 times each (CPU is counted in hundredths of a second):");
for (
  const [who, bytes, own] of [["nobody", 30_000, {}], ["a token", 900_000, {
    authorization: `Bearer ${token}`,
  }]] as const
) {
  let [worst, worstName, total] = [0, "", 0];
  for (const { name, body, headers } of hostileBodies(bytes)) {
    let cpu = 0;
    for (let i = 0; i < 5; i++) {
      const { status, text, cpu: one } = await send(body, { ...own, ...headers });
      cpu += one;
      if (status >= 500 || text.includes("INTERNAL")) wrong.push(`${name}: ${status} ${text.slice(0, 200)}`);
    }
    const msFor100Kb = (cpu / 5) * 1_000 / Math.max(1, body.length / 100_000);
    total += cpu;
    if (msFor100Kb > worst) [worst, worstName] = [msFor100Kb, name];
  }
  console.log(
    `  ${who}, ${bytes} bytes: ${total.toFixed(1)} CPU-s in all; worst ${worst.toFixed(1)} ms a 100 KB (${worstName})`,
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
