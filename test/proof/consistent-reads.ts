/**
 * Law: every strongly consistent read is needed. A service goes through what its clients do right after each other, once as it is,
 * and once for each place that reads consistently with that read made eventual, some writes old: its clients are told something
 * else then, or the read is dearer than it has to be.
 *
 *     npm run proof:consistent-reads [-- PLACE]
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { fullName, tables, type TableSpec } from "../../api/resources.ts";
import { consumersOf } from "../../api/ingest/consumers.ts";
import { startTestApp } from "../kit/app.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { startTestSystem } from "../kit/local.ts";
import { startReceiver } from "../kit/receiver.ts";
import { goThrough, START } from "./consistent-steps.ts";
import { HELD_ELSEWHERE, NOT_REACHED } from "./consistent-elsewhere.ts";

const WRITES_BACK = 10;
/** Who asks so often after one read that is old asks for ever. */
const MAX_ASKS = 5_000;
const FRAME = /\/(api\/[\w/.-]+\.ts):(\d+)/;
/** What asks in the name of others. */
const PASSES_ON = ["api/core/page.ts", "api/aws/"];
const prefix = "test";
/** Whoever is told so is not told more until somebody says so. */
const GONE = 410;

let now = START;
let planted: string | undefined;
let isPlanted = false;
let asks = 0;
let sites = new Set<string>();
const frames = new Set<string>();
const pending: { table: string; record: StreamRecord }[] = [];
let sequence = 0;

const specs = Object.fromEntries(
  Object.values(tables).map((spec) => [fullName(prefix, spec), spec]),
) as Record<string, TableSpec>;
const dynamo = createMemoryDynamo(specs, {
  clock: () => now,
  // Those that never asked are as fresh as they can be, so that one thing differs at a time.
  stale: () => isPlanted ? WRITES_BACK : 0,
  byTable: true,
  eventual() {
    const { stack } = new Error();
    const [site = "nowhere"] = framesOf(stack!).filter((frame) => !PASSES_ON.some((own) => frame.startsWith(own)));
    sites.add(site);
    for (const frame of framesOf(stack!)) frames.add(frame);
    isPlanted = site === planted;
    if (isPlanted && ++asks > MAX_ASKS) throw new Error("asks for ever");
    return isPlanted;
  },
  onWrite(written) {
    for (const { table, before, after } of written) {
      if (!specs[table]!.stream) continue;
      const { pk, sk } = (after ?? before)!;
      const record = { shard: "s", sequence: String(++sequence), keys: { pk, sk }, before, after, isExpiry: false };
      pending.push({ table, record: { ...record, arrivedAt: now } });
    }
  },
});

/** The files and lines in `api/` that a call went through, the last one first. */
function framesOf(stack: string): string[] {
  return stack.split("\n").flatMap((line) => {
    const [, file, at] = FRAME.exec(line) ?? [];
    return file ? [`${file}:${at}`] : [];
  });
}

/** A call of some lines is named by the first of them, and asks in another. */
const LINES_OF_A_CALL = 8;

function isReached(place: string): boolean {
  const [file, line] = place.split(":") as [string, string];
  return Array.from({ length: LINES_OF_A_CALL + 1 }, (_, i) => `${file}:${Number(line) - i}`)
    .some((near) => frames.has(near));
}

/** Places in the code that ask for it, also by a name that stands for it. */
function placesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "dashboard" ? [] : placesIn(path);
    if (!entry.name.endsWith(".ts")) return [];
    return readFileSync(path, "utf8").split("\n").flatMap((line, i) =>
      /consistent: true|\b(AS_IS|asIs|\.\.\.all)\b/.test(line) && !/^\s*const (AS_IS|asIs|all) = /.test(line)
        ? [`${path}:${i + 1}`]
        : []
    );
  });
}

const system = await startTestSystem({ prefix });
const start = () =>
  startTestApp({
    ...{ system, dynamo, clock: () => now, reach: "machine", recheckMs: 0, beatsMs: 0, pollMs: 20 },
    env: { RATE_REGISTRATIONS: "off", RATE_LOGINS: "off" },
  });
/** Two processes, of which the second knows nothing but what is stored. */
const [api, other] = [await start(), await start()];
const receiver = await startReceiver(() => GONE);

async function settle(): Promise<void> {
  while (pending.length > 0) {
    const batch = pending.splice(0);
    for (const [table, own] of Map.groupBy(batch, ({ table }) => table)) {
      await api.app.ingestStream(table.slice(prefix.length + 1), own.map(({ record }) => record));
    }
  }
  for (const consumer of consumersOf(prefix, api.config.metricsBatching, [])) api.app.caughtUp(consumer, now, true);
}

let runs = 0;
/** What clients are told, one line an answer. */
async function transcript(site?: string): Promise<string[]> {
  const tenant = `t${runs++}`;
  now = START + runs * 3_600_000 * 24;
  planted = undefined;
  const said: string[] = [];
  const begunAt = now;
  const tell = (name: string, answer: unknown) => {
    const text = JSON.stringify(answer, (_, part: unknown) => part instanceof Map ? [...part] : part) ?? "nothing";
    said.push(
      `${name}: ${
        text.replaceAll(tenant, "T").replaceAll(/id \\"[\w-]{22}\\"/g, "ID").replaceAll(
          /[0-9a-f]{8}-[0-9a-f-]{27}/g,
          "ID",
        ).replaceAll(
          /\d{4}-\d\d-\d\dT[\d:.]+Z/g,
          (at) => `+${Date.parse(at) - begunAt}`,
        )
      }`,
    );
  };
  [planted, asks] = [site, 0];
  try {
    await goThrough({
      ...{ api, other, dynamo, prefix, tenant, tell, settle, gone: receiver.url, now: () => now },
      pass: (ms) => void (now += ms),
    });
  } catch (error) {
    said.push(`failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  planted = undefined;
  pending.splice(0);
  return said;
}

try {
  const only = process.argv[2];
  const usual = await transcript();
  if (only === "show") console.log(usual.join("\n"));
  sites = new Set();
  const again = await transcript();
  const unlike = usual.findIndex((line, i) => line !== again[i]);
  if (unlike >= 0) throw new Error(`no two runs are alike: ${usual[unlike]} / ${again[unlike]}`);
  const reached = [...sites].sort();
  let wrong = 0;
  for (const site of reached.filter((one) => only === undefined || only.split(",").includes(one))) {
    const told = await transcript(site);
    const at = usual.findIndex((line, i) => line !== told[i]);
    const place = Object.entries(HELD_ELSEWHERE).find(([name]) => site.startsWith(name))?.[1];
    if (at < 0 && place === undefined) wrong++;
    console.log(
      at >= 0
        ? `${site} is needed: ${(told[at] ?? "nothing").slice(0, 150)}`
        : `${site} ${place ? `is held by ${place}` : "IS NEEDED BY NOTHING"}`,
    );
  }
  for (const place of placesIn("api").filter((one) => !isReached(one))) {
    const why = Object.entries(NOT_REACHED).find(([name]) => place.startsWith(name))?.[1];
    if (why === undefined) wrong++;
    console.log(`${place} is reached by no step: ${why ?? "NAME IT, OR ADD A STEP"}`);
  }
  console.log(`${reached.length} places, ${usual.length} answers each`);
  console.log(wrong === 0 ? "holds" : `DOES NOT HOLD: ${wrong}`);
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  await receiver.stop();
  await other.stop();
  await api.stop();
  await system.stop();
}
process.exit();
