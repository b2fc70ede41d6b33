/**
 * Gives requests, units and time of a sweep over 100,000 running sessions of which 100 are due, beside the same over
 * 1,000, and beside a naive scan of the table for the same sessions.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/sweep.ts [SESSIONS]
 *
 * 100,000 sessions where SESSIONS is absent. The rounds of both stores take turns, so that their ratio is of one run.
 */
import { paginateScan } from "@aws-sdk/client-dynamodb";
import { strictEqual } from "node:assert/strict";
import process from "node:process";
import type { Cost } from "../../api/aws/dynamo.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { fill, sessionAt } from "./motion-fill.ts";

const FEW = 1_000;
const DUE = 100;
const ROUNDS = 7;
const TENANTS = 20;
const MINUTE_MS = 60_000;
const NOW = Date.now();

type Figures = { milliseconds: number; requests: number; readUnits: number; writeUnits: number };

/** Running sessions of sensors of their own, all of which had a motion so long ago. */
function running(name: string, count: number, agoMs: number) {
  return Array.from({ length: count }, (_, i) => {
    const of = {
      tenantId: `tenant-${i % TENANTS}`,
      sensorId: `sensor-${name}-${i}`,
      sessionId: `session-${name}-${i}`,
    };
    return sessionAt(of, NOW - agoMs - (i % 1_000) * 10, { isOver: false });
  });
}

async function startWith(count: number): Promise<TestApp> {
  const api = await startTestApp({ clock: () => NOW });
  const from = performance.now();
  await fill(api.system.clients.dynamodb, api.system.prefix, running("rest", count - DUE, MINUTE_MS));
  console.log(`filled a store with ${count - DUE} sessions in ${((performance.now() - from) / 1_000).toFixed(1)} s`);
  return api;
}

function figuresOf(costs: readonly Cost[], from: number): Figures {
  const sum = (kind: Cost["kind"]) =>
    costs.filter((cost) => cost.kind === kind).reduce((all, own) => all + own.units, 0);
  return {
    milliseconds: performance.now() - from,
    requests: costs.length,
    readUnits: sum("read"),
    writeUnits: sum("write"),
  };
}

/** One sweep, after `due` sessions came that had no motion for an hour. */
async function sweepOnce(api: TestApp, round: number, due: number): Promise<Figures> {
  await fill(api.system.clients.dynamodb, api.system.prefix, running(`due-${round}`, due, 60 * MINUTE_MS));
  api.takeCosts();
  const from = performance.now();
  const report = await api.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
  const figures = figuresOf(api.takeCosts(), from);
  strictEqual(report.ended, due);
  strictEqual(report.looked, due);
  return figures;
}

/** What finds the same sessions without an index: it reads all there are. */
async function scan(api: TestApp): Promise<Figures> {
  const costs: Cost[] = [];
  const from = performance.now();
  const pages = paginateScan({ client: api.system.clients.dynamodb }, {
    TableName: `${api.system.prefix}-sessions`,
    FilterExpression: "#status = :active AND openUntil < :now",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: { ":active": { S: "ACTIVE" }, ":now": { N: String(NOW) } },
    ReturnConsumedCapacity: "TOTAL",
  });
  for await (const page of pages) {
    costs.push({ operation: "Scan", table: "", kind: "read", units: page.ConsumedCapacity?.CapacityUnits ?? 0 });
  }
  return figuresOf(costs, from);
}

function median(all: readonly Figures[]): Figures {
  return all.toSorted((a, b) => a.milliseconds - b.milliseconds)[Math.floor(all.length / 2)]!;
}

function describe({ milliseconds, requests, readUnits, writeUnits }: Figures): string {
  return `${requests} requests, ${readUnits} read units, ${writeUnits} write units, ${milliseconds.toFixed(0)} ms`;
}

function ratios(a: Figures, b: Figures): string {
  const of = (name: keyof Figures) => (a[name] / b[name]).toFixed(2);
  return `requests ${of("requests")}, read units ${of("readUnits")}, time ${of("milliseconds")}`;
}

const many = Number(process.argv[2] ?? 100_000);
const stores: { count: number; api: TestApp; sweeps: Figures[] }[] = [];
try {
  for (const count of [FEW, many]) stores.push({ count, api: await startWith(count), sweeps: [] });
  for (const { api } of stores) await sweepOnce(api, -1, DUE);
  for (let round = 0; round < ROUNDS; round++) {
    for (const store of round % 2 ? stores : stores.toReversed()) {
      store.sweeps.push(await sweepOnce(store.api, round, DUE));
    }
  }
  const [few, all] = stores.map(({ sweeps }) => median(sweeps)) as [Figures, Figures];
  for (const { count, api, sweeps } of stores) {
    console.log(`${count} running sessions, ${DUE} due, median of ${ROUNDS} sweeps: ${describe(median(sweeps))}`);
    console.log(`  none due: ${describe(await sweepOnce(api, ROUNDS, 0))}`);
  }
  const baseline = await scan(stores[1]!.api);
  console.log(`SWEEP of ${many} beside ${FEW}: ${ratios(all, few)}`);
  console.log(`a scan of the table of ${many} only to find them: ${describe(baseline)}`);
  console.log(`SCAN beside the whole sweep: ${ratios(baseline, all)}`);
} finally {
  for (const { api } of stores) await api.stop();
}
