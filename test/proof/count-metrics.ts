/**
 * An independent count of tables of records: what the buckets are held against. It shares no code with the service or the
 * loader and works the other way round: the whole file at once, each record into its minute, larger buckets from those.
 *
 *     deno run -A test/proof/count-metrics.ts ../shared/data/events/commits.csv.gz
 *
 * Prints the totals.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";
import { gunzipSync } from "node:zlib";

const MINUTE_MS = 60_000;

/** Records in each minute, by the minute's start in epoch milliseconds. */
export async function countMinutes(file: string): Promise<Map<number, number>> {
  const [heading, ...rows] = gunzipSync(await readFile(file)).toString("latin1").trimEnd().split(/\r?\n/);
  const names = heading!.split(",");
  const instantOf = names.includes("committer_ts")
    ? (cells: string[]) => Number(cells[names.indexOf("committer_ts")]) * 1_000
    : (cells: string[]) => {
      const [year, month, day, hour, minute] = cells[names.indexOf("date")]!.split(/\D/).map(Number);
      return Date.UTC(year!, month! - 1, day, hour, minute);
    };
  const minutes = new Map<number, number>();
  for (const row of rows) {
    const at = instantOf(row.split(","));
    if (!Number.isInteger(at)) throw new Error(`no time in ${row}`);
    const minute = at - (at % MINUTE_MS);
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }
  return minutes;
}

/** The same in larger buckets. */
export function inBuckets(minutes: ReadonlyMap<number, number>, size: number): Map<number, number> {
  const buckets = new Map<number, number>();
  for (const [at, count] of minutes) {
    const start = at - (at % (size * MINUTE_MS));
    buckets.set(start, (buckets.get(start) ?? 0) + count);
  }
  return buckets;
}

export function totalOf(minutes: ReadonlyMap<number, number>): number {
  let total = 0;
  for (const count of minutes.values()) total += count;
  return total;
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (!file) throw new Error("usage: count-metrics.ts FILE");
  const minutes = await countMinutes(file);
  const sizes = [1, 5, 15, 60].map((size) => `${inBuckets(minutes, size).size} of ${size}`);
  console.log(`${totalOf(minutes)} records in buckets of minutes: ${sizes.join(", ")}`);
}
