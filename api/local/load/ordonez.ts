import type { LoadedMotion } from "./send-motion.ts";
import { REFUSING, type Skipped } from "./skipped.ts";
import { parseWhen } from "./when.ts";

const HEADING = /^Start time\s+End time\s+Location\s+Type\s+Place\s*$/;
const RULE = /^[-\s]+$/;
const CELLS = 5;

/** Whether the file's first line is that of a table of sensor intervals of Ordonez's data set. */
export function isOrdonez(firstLine: string): boolean {
  return HEADING.test(firstLine);
}

/**
 * The motion events of the intervals of binary sensors: one where an interval begins and one where it ends. What lies
 * between is not motion: a bed that stays occupied for hours reports nothing. The sensor is Location/Type/Place, and its
 * events are numbered from 0 in the order of time over the whole file, so a file must be loaded whole. The file's times
 * are local without a zone; they are read as those of `zone`.
 */
export function readOrdonez(
  lines: Iterable<string>,
  skipped: Pick<Skipped, "add"> = REFUSING,
  zone = "UTC",
): LoadedMotion[] {
  const found: { sensorId: string; at: number }[] = [];
  let number = 0;
  for (const line of lines) {
    number++;
    if (number === 1 || line.trim() === "" || (number === 2 && RULE.test(line))) continue;
    const cells = line.split(/\t+/).map((cell) => cell.trim()).filter(Boolean);
    const [from, to, location, type, place] = cells;
    const times = [from, to].map((time) => parseWhen(time ?? "", zone)).filter((at) => at !== undefined);
    if (cells.length !== CELLS || times.length !== 2) {
      skipped.add(number, "is no interval of a sensor", line);
      continue;
    }
    for (const at of times) found.push({ sensorId: `${location}/${type}/${place}`, at });
  }
  const bySensor = Map.groupBy(found.sort((a, b) => a.at - b.at), (motion) => motion.sensorId);
  return [...bySensor.values()].flatMap((own) =>
    own.map(({ sensorId, at }, seq) => ({ sensorId, seq, at: new Date(at).toISOString() }))
  );
}
