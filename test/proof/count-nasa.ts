/**
 * An independent count of the NASA-HTTP trace as a table: what the loaded journeys are held against. It shares no code
 * with the loader and works the other way round: all lines sorted by host, then by time, then cut where the gap is over
 * 30 minutes.
 *
 *     deno run -A test/proof/count-nasa.ts ../shared/data/journeys/nasa_19950801.tsv [--visits]
 *
 * Prints the totals; with `--visits` a line for each visit.
 */
import { readFile } from "node:fs/promises";
import process from "node:process";

const GAP_SECONDS = 1_800;

/** One visit of one host; its requests in order. */
export type Visit = { host: string; startedAt: number; endedAt: number; requests: { at: number; url: string }[] };

type Row = { host: string; at: number; url: string; line: number };

/** Instants are epoch milliseconds. */
export async function countVisits(file: string): Promise<Visit[]> {
  const rows = (await readFile(file, "utf8"))
    .split("\n")
    .map((text, line) => ({ cells: text.split("\t"), line }))
    .filter(({ cells, line }) => line > 0 && cells.length > 1)
    .map(({ cells, line }): Row => ({ host: cells[0]!, at: Number(cells[2]) * 1_000, url: cells[4]!, line }));
  rows.sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.at - b.at || a.line - b.line));
  const isFirst = (row: Row, i: number) => {
    const before = rows[i - 1];
    return before?.host !== row.host || row.at - before.at > GAP_SECONDS * 1_000;
  };
  const starts = rows.flatMap((row, i) => (isFirst(row, i) ? [i] : []));
  return starts.map((from, i) => {
    const requests = rows.slice(from, starts[i + 1]);
    return { host: requests[0]!.host, startedAt: requests[0]!.at, endedAt: requests.at(-1)!.at, requests };
  });
}

if (import.meta.main) {
  const [file, flag] = process.argv.slice(2);
  if (!file) throw new Error("usage: count-nasa.ts FILE [--visits]");
  const visits = await countVisits(file);
  if (flag === "--visits") {
    for (const { host, startedAt, endedAt, requests } of visits) {
      console.log([host, startedAt, endedAt, requests.length].join("\t"));
    }
  }
  const events = visits.reduce((sum, visit) => sum + visit.requests.length, 0);
  console.log(`${visits.length} journeys, ${events} events`);
}
