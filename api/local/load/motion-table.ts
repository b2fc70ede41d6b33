import { LIMITS } from "../../sessions/model.ts";
import type { ColumnNames, NamedRow } from "./named-columns.ts";
import type { LoadedMotion } from "./send-motion.ts";
import type { Skipped } from "./skipped.ts";
import { parseWhen, WHEN_RULE } from "./when.ts";

const COLUMNS: ColumnNames = {
  sensorId: ["sensor", "device", "device id", "entity id", "name"],
  at: ["time", "timestamp", "ts", "date", "datetime", "occurred at", "last changed"],
  seq: ["sequence", "number"],
  boot: [],
  state: ["status", "new state", "to state"],
  value: ["motion", "occupancy"],
};

/** What the columns are called. Where somebody says which is the `value`, none is taken for a `state` unasked. */
export function motionColumns(given: ReadonlyMap<string, string>): ColumnNames {
  if (given.has("state") || !given.get("value")) return COLUMNS;
  const { state: _, ...others } = COLUMNS;
  return others;
}

/** What home automation says where it sees motion, and where there is none: of a `state` it ceased then. */
const DETECTED = /^(0*1([.,]0+)?|on|true|yes|detected|motion( detected)?|active|occupied|present|open)$/i;
const CLEARED =
  /^(0+([.,]0+)?|off|false|no|clear(ed)?|no motion|undetected|inactive|idle|unoccupied|vacant|absent|closed?)$/i;
/** What it says where the sensor cannot be reached: neither. */
const UNREACHED = /^(none|null|unavailable|unknown)$/i;

const STATE_RULE =
  "on or off, detected or cleared, 1 or 0, true or false; what has other values, name by --columns value=ITS_NAME";

const SEQ_RULE =
  `its seq must be the sensor's running number, a whole one from 0 to ${LIMITS.maxNumber}; where the column holds ` +
  "something else, say by --columns seq=ITS_NAME which it is, or by --columns seq= that there is none";

/** Whether a text is a number that the API takes: one row that it does not would end the whole load. */
const isSeq = (text: string) => /^\d+$/.test(text) && Number(text) <= LIMITS.maxNumber;

/**
 * The motion events of a table with named columns, in the order of time. A `state` says both that there is motion and that
 * it ceased, as two rows; of a `value` those that say that there is none are none.
 */
export async function readMotionTable(
  rows: AsyncIterable<NamedRow>,
  skipped: Pick<Skipped, "add">,
  { zone, sensor }: { zone: string; sensor: string | undefined },
): Promise<LoadedMotion[]> {
  const found: { at: number; motion: LoadedMotion }[] = [];
  for await (const { line, cells, blank, text } of rows) {
    const at = parseWhen(cells["at"] ?? "", zone);
    const sensorId = cells["sensorId"] ?? sensor;
    const { seq, boot, value, state } = cells;
    const isOff = state !== undefined && CLEARED.test(state);
    if (at === undefined) skipped.add(line, `its time must be ${WHEN_RULE}`, text);
    else if (sensorId === undefined) skipped.add(line, "it names no sensor", text);
    else if (seq !== undefined && !isSeq(seq)) skipped.add(line, SEQ_RULE, text);
    else if (blank.includes("value")) {
      skipped.add(line, "its value is empty, so nobody knows whether there was motion", text);
    } else if (blank.includes("state")) {
      skipped.add(line, "its state is empty, so nobody knows whether there was motion", text);
    } else if (state !== undefined && !isOff && !DETECTED.test(state)) {
      if (!UNREACHED.test(state)) skipped.add(line, `its state must be ${STATE_RULE}`, text);
    } else if (value === undefined || !(CLEARED.test(value) || UNREACHED.test(value))) {
      const numbered = seq === undefined ? {} : { seq: Number(seq), ...(boot === undefined ? {} : { boot }) };
      const ceased = isOff ? { state: "CLEARED" as const } : {};
      found.push({ at, motion: { sensorId, at: new Date(at).toISOString(), ...numbered, ...ceased } });
    }
  }
  return found.sort((a, b) => a.at - b.at).map(({ motion }) => motion);
}
