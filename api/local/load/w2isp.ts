import { FileFormatError } from "./events.ts";
import { inBatches } from "./send.ts";
import type { LoadedBatch } from "./send-motion.ts";

/** The files have no clock time; without another one their sessions begin here. */
export const DEFAULT_START = "2016-01-01T00:00:00.000Z";

const NAME = /^(d[12]p\d\d)[MF]$/;
const COLUMNS = 9;

/** Whether a file of this name is a trial of the w2isp data set. */
export function isW2isp(name: string): boolean {
  return NAME.test(name);
}

/**
 * The batches of a trial, which is one session named after the file; its sensor is the participant's tag. A reading's
 * values are acceleration frontal, vertical and lateral (g), antenna, signal strength, phase, frequency (MHz) and label.
 * The trial begins at `startAt` (epoch milliseconds); each batch says how long it is so far, and the last one ends it.
 */
export function readW2isp(
  name: string,
  lines: readonly string[],
  { startAt, batchSize }: { startAt: number; batchSize: number },
): LoadedBatch[] {
  const sensorId = NAME.exec(name)![1]!;
  const rows = lines.filter((line) => line !== "").map((line, i) => parseRow(name, line, i + 1));
  const batches = [...inBatches(rows, batchSize)];
  return batches.map((own, batchOffset) => ({
    sessionId: name,
    sensorId,
    batchOffset,
    readings: own.map(({ atMs, values }) => ({ at: new Date(startAt + atMs).toISOString(), values })),
    startedAt: new Date(startAt).toISOString(),
    durationMs: own.at(-1)!.atMs,
    final: batchOffset === batches.length - 1,
  }));
}

function parseRow(name: string, line: string, number: number): { atMs: number; values: number[] } {
  const cells = line.split(",");
  const [seconds, ...values] = cells.map((cell) => (cell.trim() === "" ? NaN : Number(cell)));
  if (cells.length !== COLUMNS || !(seconds! >= 0) || !values.every(Number.isFinite)) {
    throw new FileFormatError(`line ${number} of ${name} is not ${COLUMNS} numbers: ${line.slice(0, 80)}`);
  }
  return { atMs: Math.round(seconds! * 1_000), values };
}
