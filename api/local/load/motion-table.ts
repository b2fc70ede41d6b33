import type { ColumnNames, NamedRow } from "./named-columns.ts";
import type { LoadedMotion } from "./send-motion.ts";
import type { Skipped } from "./skipped.ts";
import { parseWhen, WHEN_RULE } from "./when.ts";

export const MOTION_COLUMNS: ColumnNames = {
  sensorId: ["sensor", "device", "device id", "entity id", "name"],
  at: ["time", "timestamp", "ts", "date", "datetime", "occurred at", "last changed"],
  seq: ["sequence", "number"],
  boot: [],
  value: ["state", "motion", "occupancy"],
};

/** What a motion sensor says where it sees none. */
const QUIET = /^(0+([.,]0+)?|off|false|no|clear|inactive|idle|none|unavailable|unknown)$/i;

/** The motion events of a table with named columns, in the order of time. Rows whose value says that there is none are none. */
export async function readMotionTable(
  rows: AsyncIterable<NamedRow>,
  skipped: Pick<Skipped, "add">,
  { zone, sensor }: { zone: string; sensor: string | undefined },
): Promise<LoadedMotion[]> {
  const found: { at: number; motion: LoadedMotion }[] = [];
  for await (const { line, cells, blank, text } of rows) {
    const at = parseWhen(cells["at"] ?? "", zone);
    const sensorId = cells["sensorId"] ?? sensor;
    const { seq, boot, value } = cells;
    if (at === undefined) skipped.add(line, `its time must be ${WHEN_RULE}`, text);
    else if (sensorId === undefined) skipped.add(line, "it names no sensor", text);
    else if (seq !== undefined && !/^\d+$/.test(seq)) skipped.add(line, "its seq is no whole number", text);
    else if (blank.includes("value")) {
      skipped.add(line, "its value is empty, so nobody knows whether there was motion", text);
    } else if (value === undefined || !QUIET.test(value)) {
      const numbered = seq === undefined ? {} : { seq: Number(seq), ...(boot === undefined ? {} : { boot }) };
      found.push({ at, motion: { sensorId, at: new Date(at).toISOString(), ...numbered } });
    }
  }
  return found.sort((a, b) => a.at - b.at).map(({ motion }) => motion);
}
