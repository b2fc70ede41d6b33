import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { LoadArguments } from "./arguments.ts";
import { FileFormatError } from "./events.ts";
import { isNasa, readNasa } from "./nasa.ts";
import { isOrdonez, readOrdonez } from "./ordonez.ts";
import { isOtto, readOtto } from "./otto.ts";
import { sendEvents, type Sending, type Totals } from "./send.ts";
import { readMetrics } from "./send-metrics.ts";
import { sendBatches, sendMotion } from "./send-motion.ts";
import { isW2isp, readW2isp } from "./w2isp.ts";

/** A file that was read and can be sent. */
export type Load = {
  /** What is counted. */
  unit: "events" | "batches" | "records";
  total: number;
  send: (sending: Sending) => Promise<Totals>;
};

/** Reads what the arguments name, and all of it, so that a wrong line is known before anything is sent. Throws FileFormatError. */
export function readLoad(args: LoadArguments): Promise<Load> {
  if (args.what === "metrics") return readMetricsFile(args);
  return args.what === "journeys" ? readJourneys(args) : readMotion(args);
}

async function readMetricsFile(args: LoadArguments): Promise<Load> {
  const { total, send } = await readMetrics(args, Date.now());
  return { unit: "records", total, send };
}

async function readJourneys({ file, batchSize }: LoadArguments): Promise<Load> {
  const lines = await readLines(file);
  const first = lines[0] ?? "";
  const events = isNasa(first) ? [...readNasa(lines)] : isOtto(first) ? [...readOtto(lines)] : undefined;
  if (!events) throw new FileFormatError("its first line is neither of the NASA-HTTP table nor of the OTTO data set");
  return { unit: "events", total: events.length, send: (sending) => sendEvents({ ...sending, events, batchSize }) };
}

async function readMotion({ file, startAt, batchSize }: LoadArguments): Promise<Load> {
  const trials = await trialsOf(file);
  if (trials) {
    const read = async (path: string) => readW2isp(basename(path), await readLines(path), { startAt, batchSize });
    const batches = (await Promise.all(trials.map(read))).flat();
    return { unit: "batches", total: batches.length, send: (sending) => sendBatches(batches, sending) };
  }
  const lines = await readLines(file);
  if (!isOrdonez(lines[0] ?? "")) {
    throw new FileFormatError(
      "it is neither a table of Ordonez's sensors nor named like a trial of w2isp, such as d1p01M",
    );
  }
  const motions = readOrdonez(lines);
  return { unit: "events", total: motions.length, send: (sending) => sendMotion(motions, sending) };
}

/** The trials that a path names, alone or as a folder; undefined where it is another file. */
async function trialsOf(path: string): Promise<string[] | undefined> {
  const isFolder = (await reading(() => stat(path))).isDirectory();
  if (!isFolder) return isW2isp(basename(path)) ? [path] : undefined;
  const names = (await reading(() => readdir(path))).filter(isW2isp).sort();
  if (names.length === 0) throw new FileFormatError("the folder holds no trial of w2isp, such as d1p01M");
  return names.map((name) => join(path, name));
}

async function readLines(file: string): Promise<string[]> {
  const text = await reading(() => readFile(file, "utf8"));
  return text.split("\n").map((line) => line.replace(/\r$/, ""));
}

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new FileFormatError(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
}
