/**
 * `npm run bench:dashboard -- [SECONDS]`: what the pages cost a browser: bytes and time to the first chart, and a minute of 1,000
 * updates a second on the page Live: frames, long frames, main-thread time a frame, heap. Needs Chromium, and Node.
 */
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import type { CDPSession, Page } from "playwright-core";
import { WebSocketServer } from "ws";
import { countBytes, openBrowser, type Service, signIn, startService } from "../kit/browser.ts";

const SECONDS = Number(process.argv[2] ?? 60);
const UPDATES_A_SECOND = 1_000;
const TICK_MS = 10;
const SOURCES = ["TASKS", "ITEMS", "SCORE_RESULTS", "EVALUATIONS", "JOURNEY_EVENTS", "MOTION_EVENTS"];
const MINUTE_MS = 60_000;
const TENANT = "bench";

/** The service behind a server that answers subscriptions itself: as many updates as are wanted, whatever the service can. */
async function startFlood(service: Service) {
  const server = createServer((asked, answer) => {
    const { hostname, port } = new URL(service.url);
    const forward = request(
      { hostname, port, path: asked.url, method: asked.method, headers: asked.headers },
      (got) => {
        answer.writeHead(got.statusCode!, got.headers);
        got.pipe(answer);
      },
    );
    asked.pipe(forward);
  });
  let sent = 0;
  const sockets = new WebSocketServer({ server, handleProtocols: () => "graphql-transport-ws" });
  sockets.on("connection", (socket) => {
    let timer: NodeJS.Timeout | undefined;
    socket.on("close", () => clearInterval(timer));
    socket.on("message", (data) => {
      const { type, id } = JSON.parse((data as Buffer).toString()) as { type: string; id: string };
      if (type === "connection_init") socket.send('{"type":"connection_ack"}');
      if (type === "ping") socket.send('{"type":"pong"}');
      if (type !== "subscribe" || timer) return;
      const begun = performance.now();
      let told = 0;
      // By the clock, so that a timer that is late does not slow it down.
      timer = setInterval(() => {
        const due = Math.floor((performance.now() - begun) * UPDATES_A_SECOND / 1_000);
        for (; told < due; told++, sent++) {
          socket.send(JSON.stringify({ id, type: "next", payload: { data: updateOf(sent) } }));
        }
      }, TICK_MS);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    stop() {
      sockets.clients.forEach((socket) => socket.terminate());
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Update `n`: one of the last buckets of a source, each greater than the one before. */
function updateOf(n: number) {
  const start = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - (n % 5) * MINUTE_MS;
  const bucket = {
    source: SOURCES[n % SOURCES.length],
    start: new Date(start).toISOString(),
    count: 10 + n,
    closed: n % 5 > 1,
    version: String(n + 1),
  };
  return { metricBuckets: { cursor: String(n), bucket } };
}

async function metricsOf(session: CDPSession): Promise<Record<string, number>> {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

async function heapOf(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  return (await metricsOf(session)).JSHeapUsedSize! / 1_048_576;
}

/** Notes when each frame was drawn, in the page itself. */
const NOTE_FRAMES = `globalThis.frames = [];
  (function note(at) { frames.push(at); requestAnimationFrame(note); })(performance.now());`;

async function measureFlood(page: Page, sent: () => number) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  await page.waitForTimeout(2_000);
  const heapBefore = await heapOf(session);
  const [before, sentBefore] = [await metricsOf(session), sent()];
  await page.evaluate(NOTE_FRAMES);
  await page.waitForTimeout(SECONDS * 1_000);
  const frames = await page.evaluate("frames") as number[];
  const [after, sentAfter] = [await metricsOf(session), sent()];
  const heapAfter = await heapOf(session);
  const seconds = (frames.at(-1)! - frames[0]!) / 1_000;
  const gaps = frames.slice(1).map((at, i) => at - frames[i]!).sort((a, b) => a - b);
  const spent = (name: string) => (after[name]! - before[name]!) * 1_000;
  return {
    "updates a second": Math.round((sentAfter - sentBefore) / seconds),
    "frames a second": Math.round((frames.length - 1) / seconds * 10) / 10,
    "frame p95, ms": Math.round(gaps[Math.floor(gaps.length * 0.95)]! * 10) / 10,
    "frames over 50 ms": gaps.filter((gap) => gap > 50).length,
    "main thread a frame, ms": Math.round(spent("TaskDuration") / frames.length * 10) / 10,
    "of it script, ms": Math.round(spent("ScriptDuration") / frames.length * 10) / 10,
    "heap before, MB": Math.round(heapBefore * 10) / 10,
    "heap after, MB": Math.round(heapAfter * 10) / 10,
  };
}

const COUNT =
  `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename } }`;

async function main(): Promise<void> {
  const service = await startService();
  const browser = await openBrowser();
  const flood = await startFlood(service);
  try {
    const token = await service.tokenOf(TENANT);
    const records = SOURCES.slice(0, 4).flatMap((source) =>
      Array.from({ length: 50 }, (_, i) => ({
        source,
        recordId: `${i}`,
        at: new Date(Date.now() - i * 2 * MINUTE_MS).toISOString(),
      }))
    );
    await service.ask(TENANT, COUNT, { records });

    const first = await browser.openTab(service.url);
    const bytes = await countBytes(first.page);
    await first.page.goto("/live");
    await first.page.getByLabel("Username").waitFor();
    await first.page.waitForLoadState("networkidle");
    console.log(`bytes to the sign-in: ${bytes()}`);
    await signIn(first.page, token);
    await first.page.locator("canvas").first().waitFor();
    await first.page.waitForLoadState("networkidle");
    console.log(`bytes to the first chart: ${bytes()}`);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      await first.page.goto("/live", { waitUntil: "commit" });
      await first.page.locator("canvas").first().waitFor();
      times.push(Math.round(Number(await first.page.evaluate("performance.now()"))));
    }
    console.log(`from the address to the first chart, five times, ms: ${times.join(", ")}`);
    await first.context.close();

    const { page, context } = await browser.openTab(flood.url);
    await page.goto("/live");
    await signIn(page, token);
    await page.locator("canvas").first().waitFor();
    console.table(await measureFlood(page, flood.sent));
    await context.close();
  } finally {
    flood.stop();
    await browser.close();
    await service.stop();
  }
}

await main();
