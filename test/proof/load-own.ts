/**
 * Law: what people have is loaded as it is: a detector's table without a heading, a day of a server's log, a collection of
 * Anki's; each is afterwards what an independent count of its file says, and loading it again changes nothing.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/load-own.ts
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { runLoad } from "../../api/local/load/command.ts";
import { startTestApp } from "../kit/app.ts";
import { makeTempDir } from "../kit/local.ts";
import { serveApp } from "../kit/serve-app.ts";
import { dataFile } from "./journeys.ts";

const folder = await makeTempDir();
const api = await startTestApp();
const server = await serveApp(api);
const data = (path: string) => join(dirname(dataFile("nasa_19950801.tsv")), "..", path);

async function load(...args: string[]): Promise<string> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  err.resume();
  const from = ["--tenant", "own", "--url", server.url];
  strictEqual(await runLoad({ args: [...args, ...from], env: { DATA_DIR: api.system.dataDir }, out, err }), 0);
  out.end();
  const said = await text(out);
  console.log(`${args[0]}: ${said.split("\n")[0]}`);
  return said;
}

async function ask(query: string) {
  const { data, errors } = await api.ask("own", query);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** A detector: ones are motion, and the same minute twice is one. Local times of Madrid. */
async function proveDetector(): Promise<void> {
  const file = data("motion/office-pir-light/pir.csv");
  const ones = (await readFile(file, "utf8")).split(/\r?\n/).filter((line) => line.endsWith(",1")).map((line) =>
    line.split(",")[0]!
  );
  const minutes = new Set(ones);
  const args = ["motion", file, "--heading", "at,value", "--sensor", "office", "--zone", "Europe/Madrid"];
  const said = await load(...args);
  strictEqual(said.split(",")[0], `accepted ${minutes.size}`);
  strictEqual(said.split(",")[1], ` duplicates ${ones.length - minutes.size}`);
  // An independent count of stretches without five minutes of silence, from the minutes alone.
  const times = [...minutes].map((minute) => {
    const [date, clock] = minute.split(" ") as [string, string];
    const [hour, minuteOf] = clock.split(":").map(Number);
    return Date.UTC(2019, 1, Number(date.split("-")[2]), hour! - 1, minuteOf);
  }).sort((a, b) => a - b);
  const starts = times.filter((at, i) => i === 0 || at - times[i - 1]! > 300_000);
  const found: string[] = [];
  for (let after = "";;) {
    const { sessions } = await ask(`{ sessions(first: 100, filter: { sensorId: "office" } ${after}) {
      nodes { startedAt } pageInfo { endCursor hasNextPage } } }`);
    found.push(...sessions.nodes.map((own: { startedAt: string }) => own.startedAt));
    if (!sessions.pageInfo.hasNextPage) break;
    after = `after: "${sessions.pageInfo.endCursor}"`;
  }
  deepStrictEqual(found.toReversed(), starts.map((at) => new Date(at).toISOString()));
  strictEqual((await load(...args)).split(",")[0], "accepted 0");
}

/** A day of NASA's server, written as the combined log that it was. */
async function proveLog(): Promise<void> {
  const lines = (await readFile(dataFile("nasa_19950801.tsv"), "utf8")).split("\n").slice(1).filter(Boolean);
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const log = lines.map((line) => {
    const [host, , time, method, url, status, bytes] = line.split("\t");
    const at = new Date((Number(time) - 4 * 3_600) * 1_000);
    const two = (n: number) => String(n).padStart(2, "0");
    const day = `${two(at.getUTCDate())}/${months[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
    const clock = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
    return `${host} - - [${day}:${clock} -0400] "${method} ${url} HTTP/1.0" ${status} ${bytes}`;
  });
  const file = join(folder.path, "access.log");
  await writeFile(file, log.join("\n"));
  const last = new Map<string, number>();
  let visits = 0;
  for (const line of lines) {
    const [host, , time] = line.split("\t");
    if (!(Number(time) - (last.get(host!) ?? -Infinity) <= 1_800)) visits++;
    last.set(host!, Number(time));
  }
  strictEqual((await load("journeys", file)).split(",")[0], `accepted ${lines.length}`);
  strictEqual((await load("journeys", file)).split(",")[1], ` duplicates ${lines.length}`);
  await api.settle();
  const { journeyAnalytics } = await ask(`{ journeyAnalytics(range: { between: {
    from: "1995-08-01T00:00:00Z", to: "1995-08-02T00:00:00Z" } }) { totalJourneys totalEvents } }`);
  deepStrictEqual(journeyAnalytics, { totalJourneys: visits, totalEvents: lines.length });
  console.log(`journeys: ${visits} visits, ${lines.length} events`);
}

async function proveCollection(): Promise<void> {
  const said = await load("collection", data("spaced-repetition/kanji_collection.anki2"));
  strictEqual(said.split("\n")[0]!.startsWith("brought notes 530, cards 1005"), true);
}

try {
  await proveDetector();
  await proveCollection();
  await proveLog();
  console.log("holds");
} finally {
  server.stop();
  await api.stop();
  await folder.remove();
}
process.exit(0);
