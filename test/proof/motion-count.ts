/**
 * Independent counts of the motion data: what is stored is held against them. They share no code with the loader and
 * know nothing of the service's rules: events are sorted by sensor and time, then cut where the gap is too long.
 *
 *     deno run -A test/proof/motion-count.ts ../shared/data/motion/ordonez-b/OrdonezB_Sensors.txt
 */
import { readFile } from "node:fs/promises";
import process from "node:process";

const GAP_MS = 5 * 60 * 1_000;

/** One stretch of motion at one sensor. Instants are epoch milliseconds. */
export type Stretch = { sensorId: string; startedAt: number; endedAt: number; events: number };

export type Trial = { name: string; sensorId: string; readings: { afterMs: number; values: number[] }[] };

/** The stretches of Ordonez's table: an event where an interval begins and one where it ends, gaps over 5 minutes part. */
export async function countStretches(file: string): Promise<Stretch[]> {
  const rows = (await readFile(file, "utf8")).trimEnd().split("\r\n").slice(2).map((line) => line.split(/\t+/));
  const events = rows.flatMap(([start, end, ...sensor]) =>
    [start!, end!].map((time) => {
      const [year, month, ...rest] = time.split(/\D/).map(Number) as [number, number, number, number, number, number];
      return { sensorId: sensor.filter(Boolean).join("/"), at: Date.UTC(year, month - 1, ...rest) };
    })
  );
  events.sort((a, b) => (a.sensorId < b.sensorId ? -1 : a.sensorId > b.sensorId ? 1 : a.at - b.at));
  const starts = events.flatMap(({ sensorId, at }, i) => {
    const before = events[i - 1];
    return before?.sensorId === sensorId && at - before.at <= GAP_MS ? [] : [i];
  });
  return starts.map((from, i) => {
    const own = events.slice(from, starts[i + 1]);
    return { sensorId: own[0]!.sensorId, startedAt: own[0]!.at, endedAt: own.at(-1)!.at, events: own.length };
  });
}

/** The rows of a trial. Its times are decimal seconds with at most three digits after the point. */
export async function countTrial(path: string): Promise<Trial> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const readings = (await readFile(path, "utf8")).split("\n").filter(Boolean).map((line) => {
    const [time, ...values] = line.split(",");
    const [seconds, part = ""] = time!.split(".");
    return { afterMs: Number(seconds! + part.padEnd(3, "0")), values: values.map(Number) };
  });
  return { name, sensorId: name.slice(0, 5), readings };
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (!file) throw new Error("usage: motion-count.ts FILE");
  const stretches = await countStretches(file);
  const events = stretches.reduce((sum, stretch) => sum + stretch.events, 0);
  const sensors = new Set(stretches.map((stretch) => stretch.sensorId)).size;
  console.log(`${stretches.length} sessions, ${events} events, ${sensors} sensors`);
}
