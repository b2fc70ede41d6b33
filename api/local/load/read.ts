import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isAccessLog, readAccessLog } from "./access-log.ts";
import type { LoadArguments } from "./arguments.ts";
import { type CsvRecord, recordsOf } from "./csv.ts";
import { isEventLine, readEventLines } from "./event-lines.ts";
import { EVENT_COLUMNS, readEventTable } from "./event-table.ts";
import { FileFormatError, type LoadedEvent } from "./events.ts";
import { reading, readLines } from "./lines.ts";
import { motionColumns, readMotionTable } from "./motion-table.ts";
import { type ColumnNames, findColumns, namedRows } from "./named-columns.ts";
import { isNasa, readNasa } from "./nasa.ts";
import { isOrdonez, readOrdonez } from "./ordonez.ts";
import { isOtto, readOtto } from "./otto.ts";
import { sendEvents, type Sending, type Totals } from "./send.ts";
import { readMetrics } from "./send-metrics.ts";
import { sendBatches, sendMotion } from "./send-motion.ts";
import { sendSessions } from "./send-sessions.ts";
import { readSessionTable, SESSION_COLUMNS } from "./session-table.ts";
import { type Shown, shownJourneys, shownMetrics, shownSessions } from "./shown.ts";
import type { Skipped } from "./skipped.ts";
import { isW2isp, readW2isp } from "./w2isp.ts";

/** A file that was read and can be sent. */
export type Load = {
  /** What is counted. */
  unit: "events" | "batches" | "records" | "sessions";
  total: number;
  send: (sending: Sending) => Promise<Totals>;
  /** What shows it once it is there. */
  shown: Shown;
};

type Skips = Pick<Skipped, "add">;

/** Reads what the arguments name, and all of it, so that what is wrong is known before anything is sent. Throws FileFormatError. */
export function readLoad(args: LoadArguments, skipped: Skips): Promise<Load> {
  switch (args.what) {
    case "metrics":
      return readMetricsFile(args, skipped);
    case "sessions":
      return readSessions(args, skipped);
    case "motion":
      return readMotion(args, skipped);
    default:
      return readJourneys(args, skipped);
  }
}

async function readMetricsFile(args: LoadArguments, skipped: Skips): Promise<Load> {
  const { total, send, firstAt, lastAt } = await readMetrics(args, Date.now(), skipped);
  return { unit: "records", total, send, shown: shownMetrics(args.source, firstAt, lastAt) };
}

async function readJourneys(args: LoadArguments, skipped: Skips): Promise<Load> {
  const { batchSize } = args;
  const events = await readEvents(args, skipped);
  const times = events.map(({ occurredAt }) => Date.parse(occurredAt)).filter((at) => !Number.isNaN(at));
  return {
    unit: "events",
    total: events.length,
    send: (sending) => sendEvents({ ...sending, events, batchSize }),
    shown: shownJourneys(times),
  };
}

async function readEvents(args: LoadArguments, skipped: Skips): Promise<LoadedEvent[]> {
  const { file, zone } = args;
  const lines = args.heading ? [] : await readLines(file);
  const first = lines.find((line) => line.trim() !== "") ?? "";
  if (isNasa(first)) return [...readNasa(lines, skipped)];
  if (isOtto(first)) return [...readOtto(lines, 0, skipped)];
  if (isEventLine(first) || first.trimStart().startsWith("{")) return [...readEventLines(lines, skipped)];
  if (isAccessLog(first)) return [...readAccessLog(lines, skipped, zone)];
  const rows = rowsOf(args, EVENT_COLUMNS, ["occurredAt"]);
  return await Array.fromAsync(readEventTable(rows, skipped, zone));
}

async function readSessions(args: LoadArguments, skipped: Skips): Promise<Load> {
  const needed = args.sensor === undefined ? ["sensorId", "startedAt"] : ["startedAt"];
  const sessions = await readSessionTable(rowsOf(args, SESSION_COLUMNS, needed), skipped, args);
  return {
    unit: "sessions",
    total: sessions.length,
    send: (sending) => sendSessions(sessions, sending),
    shown: shownSessions(sessions.map(({ startedAt }) => Date.parse(startedAt))),
  };
}

async function readMotion(args: LoadArguments, skipped: Skips): Promise<Load> {
  const { file, startAt, batchSize } = args;
  const trials = await trialsOf(file);
  if (trials) {
    const read = async (path: string) => readW2isp(basename(path), await readLines(path), { startAt, batchSize });
    const batches = (await Promise.all(trials.map(read))).flat();
    const starts = batches.map(({ startedAt }) => Date.parse(startedAt));
    const send = (sending: Sending) => sendBatches(batches, sending);
    return { unit: "batches", total: batches.length, send, shown: shownSessions(starts) };
  }
  const lines = args.heading ? [] : await readLines(file);
  const needed = args.sensor === undefined ? ["sensorId", "at"] : ["at"];
  const motions = isOrdonez(lines[0] ?? "")
    ? readOrdonez(lines, skipped, args.zone)
    : await readMotionTable(rowsOf(args, motionColumns(args.columns), needed), skipped, args);
  return {
    unit: "events",
    total: motions.length,
    send: (sending) => sendMotion(motions, sending),
    shown: shownSessions(motions.map(({ at }) => Date.parse(at))),
  };
}

/** The rows of a table, by our names of its columns. */
async function* rowsOf({ file, heading, columns }: LoadArguments, names: ColumnNames, needed: readonly string[]) {
  const records = recordsOf(file);
  let first: readonly string[] | undefined = heading;
  if (!first) {
    const { value } = await records.next() as { value?: CsvRecord };
    first = value?.cells;
  }
  if (!first) throw new FileFormatError("it is empty");
  yield* namedRows(records, findColumns(first, { names, needed, given: columns }));
}

/** The trials that a path names, alone or as a folder; undefined where it is another file. */
async function trialsOf(path: string): Promise<string[] | undefined> {
  const isFolder = (await reading(() => stat(path))).isDirectory();
  if (!isFolder) return isW2isp(basename(path)) ? [path] : undefined;
  const names = (await reading(() => readdir(path))).filter(isW2isp).sort();
  if (names.length === 0) throw new FileFormatError("the folder holds no trial of w2isp, such as d1p01M");
  return names.map((name) => join(path, name));
}
