/**
 * What subscribers cost over API Gateway's WebSockets: many clients (graphql-ws's own) follow the same over a stand-in of API
 * Gateway; each round changes it once. Some rounds cut a tenth of them, some refuse or lose a part of what is sent, and each
 * part of a stream and each wake comes twice. Prints what was missed and doubled, and what DynamoDB was asked.
 *
 *     npm run bench:socket-subscribers [-- CLIENTS] [ROUNDS]
 */
import process from "node:process";
import { metricsOf } from "../kit/metrics.ts";
import { BUCKETS, startSockets } from "../kit/sockets.ts";

const CLIENTS = Number(process.argv[2] ?? 1_000);
const ROUNDS = Number(process.argv[3] ?? 12);
/** Buckets of an hour that the window of two hours shows at first. */
const FIRST = 3;

const on = await startSockets({
  env: { RATE_CONNECTIONS: "off", MAX_SOCKETS_PER_ADDRESS: "100000", MAX_SOCKETS_PER_TOKEN: "100000" },
});
try {
  const at = new Date().toISOString();
  const startedAt = performance.now();
  const all = Array.from({ length: CLIENTS }, () => on.follow(on.client("t"), BUCKETS));
  await Promise.all(all.map((one) => one.until(({ length }) => length >= FIRST)));
  await on.settle();
  const joinUnits = unitsOf(on.costs.splice(0));
  console.log(
    `${CLIENTS} clients connected and subscribed in ${seconds(startedAt)} s: ` +
      `${each(joinUnits.write, CLIENTS)} write and ${each(joinUnits.read, CLIENTS)} read units each`,
  );

  const quiet: { requests: number; read: number; write: number; posts: number }[] = [];
  const times: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const kind = ["quiet", "quiet", "cut", "faults"][round % 4]!;
    let n = 0;
    if (kind === "faults") {
      on.gateway.failWith((_, data) => {
        if (!data.includes('"next"')) return undefined;
        n += 1;
        return n % 50 === 7 ? "lost-answer" : n % 50 === 21 ? "lost" : n % 20 === 3 ? "throttled" : undefined;
      });
    }
    const from = performance.now();
    const arrivals = all.map((one) =>
      one.until((received) => received.at(-1).bucket.count >= round).then(() => performance.now() - from)
    );
    await metricsOf(on.api, "t").record([{ source: "TASKS", recordId: `r${round}`, at }]);
    if (kind === "cut") on.gateway.cut(on.gateway.connections().filter((_, i) => i % 10 === 0));
    on.costs.splice(0);
    const posts = on.gateway.stats.posts;
    await on.settle(2);
    on.gateway.failWith(undefined);
    await on.settle();
    const took = (await Promise.all(arrivals)).sort((a, b) => a - b);
    if (kind === "quiet") {
      const { requests, read, write } = unitsOf(on.costs);
      quiet.push({ requests, read, write, posts: on.gateway.stats.posts - posts });
      times.push(...took);
    }
    console.log(`round ${round} (${kind}): from record to message ${percentiles(took)}`);
  }

  const counts = all.map(({ received }) => received.slice(FIRST).map(({ bucket }) => bucket.count as number));
  // A client that was cut while several changes came is given the newest state: totals, which never go back.
  const doubled = counts.reduce((sum, own) => sum + own.length - new Set(own).size, 0);
  const unordered = counts.filter((own) => own.some((count, i) => i > 0 && count <= own[i - 1]!)).length;
  const missed = counts.filter((own) => own.at(-1) !== ROUNDS).length;
  const errors = all.flatMap((one) => one.errors).length;
  console.log(`\nMISSED ${missed}, DOUBLED ${doubled}, out of order ${unordered}, errors ${errors}`);
  const mean = (key: keyof (typeof quiet)[number]) => quiet.reduce((sum, one) => sum + one[key], 0) / quiet.length;
  console.log(
    `A quiet round, with each wake twice: ${mean("posts").toFixed(0)} messages sent, ` +
      `${mean("requests").toFixed(0)} requests to DynamoDB, ${mean("write").toFixed(1)} write and ${
        mean("read").toFixed(1)
      } read units in all`,
  );
  console.log(`from record to message in quiet rounds: ${percentiles(times.sort((a, b) => a - b))}`);
  const { posts, throttles, closes, gone } = on.gateway.stats;
  console.log(
    `API Gateway's stand-in: ${posts} messages, ${throttles} throttled, ${closes} closed by us, ${gone} gone`,
  );
  if (missed + doubled + unordered + errors > 0) process.exitCode = 1;
} finally {
  await on.stop();
}

/** Of ascending milliseconds. */
function percentiles(sorted: readonly number[]): string {
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(0);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, all ${at(1)} ms`;
}

function unitsOf(costs: typeof on.costs) {
  const sum = (kind: string) =>
    costs.filter((cost) => cost.kind === kind).reduce((total, { units }) => total + units, 0);
  return { requests: costs.length, read: sum("read"), write: sum("write") };
}

function each(sum: number, of: number): string {
  return (sum / of).toFixed(1);
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1_000).toFixed(0);
}
