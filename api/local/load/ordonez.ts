import { parseInstant } from "../../core/time.ts";
import { FileFormatError } from "./events.ts";
import type { LoadedMotion } from "./send-motion.ts";

const HEADING = /^Start time\s+End time\s+Location\s+Type\s+Place\s*$/;
const RULE = /^[-\s]+$/;
const TIME = String.raw`(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)`;
const ROW = new RegExp(String.raw`^${TIME}\t+${TIME}\t+([^\t]+)\t+([^\t]+)\t+([^\t]+?)\t*$`);

/** Whether the file's first line is that of a table of sensor intervals of Ordonez's data set. */
export function isOrdonez(firstLine: string): boolean {
  return HEADING.test(firstLine);
}

/**
 * The motion events of the intervals of binary sensors: one where an interval begins and one where it ends. What lies
 * between is not motion: a bed that stays occupied for hours reports nothing. The sensor is Location/Type/Place, and its
 * events are numbered from 0 in the order of time over the whole file, so a file must be loaded whole. The file's times
 * are local without a zone; they are read as UTC.
 */
export function readOrdonez(lines: Iterable<string>): LoadedMotion[] {
  const found: { sensorId: string; at: number }[] = [];
  let number = 0;
  for (const line of lines) {
    number++;
    if (number === 1 || line === "" || (number === 2 && RULE.test(line))) continue;
    const [, from, to, location, type, place] = ROW.exec(line) ?? [];
    const times = [from, to].map((time) => time && parseInstant(`${time.replace(" ", "T")}Z`));
    for (const at of times) {
      if (typeof at !== "number") {
        throw new FileFormatError(`line ${number} is no interval of a sensor: ${line.slice(0, 80)}`);
      }
      found.push({ sensorId: `${location}/${type}/${place}`, at });
    }
  }
  const bySensor = Map.groupBy(found.sort((a, b) => a.at - b.at), (motion) => motion.sensorId);
  return [...bySensor.values()].flatMap((own) =>
    own.map(({ sensorId, at }, seq) => ({ sensorId, seq, at: new Date(at).toISOString() }))
  );
}
