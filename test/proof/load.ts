/**
 * Law: a file that is loaded through the public API is afterwards what an independent count of it says, to the single
 * event; and loading it again changes no item.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/load.ts
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { makeTempDir } from "../kit/local.ts";
import { killTree, runScript } from "../kit/process.ts";
import { ask, dataFile, differences, eventsIn, expectedJourneys, readJourneys } from "./journeys.ts";
import { clientOf, dumpJourneys, type Service, startLocal } from "./service.ts";

const LOAD_TIMEOUT_MS = 300_000;
const nasa = dataFile("nasa_19950801.tsv");
const otto = dataFile("otto_sessions_sample.jsonl");

/** Runs the loader as `npm run load` does, and gives what it says at the end. */
async function load(service: Service, dataDir: string, file: string, tenant: string, more: string[] = []) {
  const args = ["api/entry/cli/load.ts", "journeys", file, "--tenant", tenant, "--url", service.url, ...more];
  const loader = runScript(args, { DATA_DIR: dataDir });
  try {
    const [line, ...counts] = await loader.says(
      /accepted (\d+), duplicates (\d+), rejected (\d+), .*/,
      LOAD_TIMEOUT_MS,
    );
    strictEqual(await loader.ended, 0);
    const [accepted, duplicates, rejected] = counts.map(Number);
    console.log(`${tenant}: ${line}`);
    return { accepted, duplicates, rejected };
  } finally {
    await killTree(loader.pid);
  }
}

async function proveNasa(service: Service, dataDir: string): Promise<void> {
  const expected = await expectedJourneys(nasa);
  const events = eventsIn(expected);
  console.log(`nasa: the independent count is ${expected.size} journeys, ${events} events`);
  const first = await load(service, dataDir, nasa, "nasa");
  deepStrictEqual(first, { accepted: events, duplicates: 0, rejected: 0 });

  const client = await clientOf(dataDir, service.url, "nasa");
  const found = await readJourneys(client, "1995-08-01T00:00:00Z", "1995-08-02T00:00:00Z");
  console.log(`nasa: GraphQL shows ${found.size} journeys, ${eventsIn(found)} events`);
  strictEqual(differences(expected, found).join("; "), "");

  const before = await dumpJourneys(service.endpoints);
  for (const more of [[], ["--batch", "333"]]) {
    const again = await load(service, dataDir, nasa, "nasa", more);
    deepStrictEqual(again, { accepted: 0, duplicates: events, rejected: 0 });
    const after = await dumpJourneys(service.endpoints);
    ok(before.length > expected.size && JSON.stringify(before) === JSON.stringify(after), "items changed");
  }
  console.log(`nasa: all ${before.length} items are the same, byte for byte, after it was loaded again and cut anew`);
}

async function proveOtto(service: Service, dataDir: string): Promise<void> {
  const sessions = (await readFile(otto, "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  const events = sessions.reduce((sum: number, session) => sum + session.events.length, 0);
  const totals = await load(service, dataDir, otto, "otto");
  deepStrictEqual(totals, { accepted: events, duplicates: 0, rejected: 0 });
  const client = await clientOf(dataDir, service.url, "otto");
  const query =
    `{ journeys(filter: { range: { between: { from: "2022-07-01T00:00:00Z", to: "2022-10-01T00:00:00Z" } } },
    first: 100) { nodes { sessionId eventCount startedAt endedAt } pageInfo { hasNextPage } } }`;
  const { journeys } = await ask(client, query);
  strictEqual(journeys.pageInfo.hasNextPage, false);
  const facts = (all: string[][]) => all.map((row) => row.join(" ")).sort().join("\n");
  const instant = (ms: number) => new Date(ms).toISOString();
  strictEqual(
    facts(journeys.nodes.map((node: Record<string, unknown>) => Object.values(node).map(String))),
    facts(sessions.map((session) => {
      const times = session.events.map((event: { ts: number }) => event.ts);
      return [
        `otto-${session.session}`,
        String(times.length),
        instant(Math.min(...times)),
        instant(Math.max(...times)),
      ];
    })),
  );
  console.log(`otto: GraphQL shows ${journeys.nodes.length} journeys, ${events} events, as the file has them`);
}

const dataDir = await makeTempDir();
const service = await startLocal(dataDir.path, 0);
try {
  await proveNasa(service, dataDir.path);
  await proveOtto(service, dataDir.path);
  console.log("holds");
} catch (error) {
  console.error(`DOES NOT HOLD: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await killTree(service.running.pid);
  await dataDir.remove();
}
