import { createHash } from "node:crypto";
import { Temporal } from "temporal-polyfill";
import { numberOf } from "./csv.ts";
import type { ColumnNames, NamedRow } from "./named-columns.ts";
import type { Skipped } from "./skipped.ts";
import { parseWhen, WHEN_RULE } from "./when.ts";

export const SESSION_COLUMNS: ColumnNames = {
  sessionId: ["id"],
  sensorId: ["sensor", "device", "device id", "entity id"],
  startedAt: ["start", "start time", "from", "begin"],
  endedAt: ["end", "end time", "to", "until", "stop"],
  durationMs: ["duration milliseconds", "milliseconds"],
  durationSeconds: ["duration s", "seconds", "elapsed seconds"],
  durationMinutes: ["duration min", "minutes"],
  duration: ["length", "elapsed time", "total time"],
  pauses: [],
  labels: ["label", "tags", "activity"],
  notes: ["note", "comment", "description"],
};

/** One session as it is created, ended and annotated. */
export type LoadedSession = {
  sessionId: string;
  sensorId: string;
  startedAt: string;
  endedAt: string | undefined;
  pauses: { from?: string; to?: string }[];
  labels: string[];
  notes: string | undefined;
};

/**
 * The sessions of a table with named columns, in the order of their starts. One without an id has one that is made from its
 * sensor and start, so the same row is the same session. Labels are JSON, or parted by semicolons.
 */
export async function readSessionTable(
  rows: AsyncIterable<NamedRow>,
  skipped: Pick<Skipped, "add">,
  { zone, sensor }: { zone: string; sensor: string | undefined },
): Promise<LoadedSession[]> {
  const found: { at: number; session: LoadedSession }[] = [];
  for await (const row of rows) {
    const { line, cells, text } = row;
    const at = parseWhen(cells["startedAt"] ?? "", zone);
    const sensorId = cells["sensorId"] ?? sensor;
    const endAt = endOf(row, at, zone);
    const pauses = pausesIn(cells["pauses"], zone);
    if (endAt === null && cells["endedAt"] === undefined) {
      skipped.add(line, DURATION_RULE, text);
    } else if (at === undefined || endAt === null) skipped.add(line, `its start and end must be ${WHEN_RULE}`, text);
    else if (sensorId === undefined) skipped.add(line, "it names no sensor", text);
    else if (endAt !== undefined && endAt < at) skipped.add(line, "it ends before it starts", text);
    else if (!pauses) skipped.add(line, PAUSES_RULE, text);
    else {
      const session = {
        sessionId: cells["sessionId"] ?? idOf(sensorId, at),
        sensorId,
        startedAt: new Date(at).toISOString(),
        endedAt: endAt === undefined ? undefined : new Date(endAt).toISOString(),
        pauses,
        labels: labelsOf(cells["labels"]),
        notes: cells["notes"],
      };
      found.push({ at, session });
    }
  }
  return found.sort((a, b) => a.at - b.at).map(({ session }) => session);
}

const DURATION_RULE =
  "its duration must be a number in a column whose name has its unit (durationMs, durationSeconds, " +
  "durationMinutes; --columns durationSeconds=ITS_NAME), or H:MM:SS, or PT1H30M";
/** How many milliseconds a number of each column stands for. */
const UNITS = { durationMs: 1, durationSeconds: 1_000, durationMinutes: 60_000 };

/** Undefined where the row says none; null where it is no instant. */
function endOf(row: NamedRow, at: number | undefined, zone: string): number | undefined | null {
  const { endedAt } = row.cells;
  if (endedAt !== undefined) return parseWhen(endedAt, zone) ?? null;
  const name = [...Object.keys(UNITS), "duration"].find((one) => row.cells[one] !== undefined);
  if (name === undefined || at === undefined) return undefined;
  const ms = lengthOf(row.cells[name]!, UNITS[name as keyof typeof UNITS], row);
  return ms === undefined || !(ms >= 0) || at + ms > LAST_MS ? null : at + Math.round(ms);
}

/** The last instant that the API takes: one row with a later one would end the whole load. */
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** Milliseconds; undefined where the text is no length of time, or has no unit: seconds or milliseconds is a guess. */
function lengthOf(text: string, unit: number | undefined, row: Pick<NamedRow, "separator">): number | undefined {
  const number = numberOf(text, row);
  if (number !== undefined) return unit === undefined ? undefined : number * unit;
  // With two parts it is hours and minutes, or minutes and seconds.
  const [clock, hours, minutes, seconds] = /^(\d+):([0-5]?\d):([0-5]?\d(?:[.,]\d+)?)$/.exec(text) ?? [];
  if (clock !== undefined) {
    return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds!.replace(",", "."))) * 1_000;
  }
  try {
    return Temporal.Duration.from(text.toUpperCase()).total("milliseconds");
  } catch {
    return undefined;
  }
}

const PAUSES_RULE = `its pauses must be from/to, parted by semicolons, each end ${WHEN_RULE}; what lasts has no end`;

/** Undefined where one of them is no stretch. */
function pausesIn(text: string | undefined, zone: string): LoadedSession["pauses"] | undefined {
  const parts = (text ?? "").split(";").map((part) => part.trim()).filter(Boolean);
  const pauses = parts.map((part) => {
    const [from = "", to = "", ...more] = part.split("/").map((end) => end.trim());
    const ends = [from, to].map((end) => end === "" ? undefined : parseWhen(end, zone));
    const isWrong = more.length > 0 || !part.includes("/") || (from === "" && to === "") ||
      [from, to].some((end, i) => end !== "" && ends[i] === undefined);
    const said = ([name, at]: [string, number | undefined]) =>
      at === undefined ? {} : { [name]: new Date(at).toISOString() };
    return isWrong ? undefined : { ...said(["from", ends[0]]), ...said(["to", ends[1]]) };
  });
  return pauses.every((pause) => pause !== undefined) ? pauses : undefined;
}

function idOf(sensorId: string, at: number): string {
  return `loaded-${createHash("sha256").update(JSON.stringify([sensorId, at])).digest("hex").slice(0, 24)}`;
}

function labelsOf(text: string | undefined): string[] {
  if (text === undefined) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // No JSON, then.
  }
  return text.split(";").map((label) => label.trim()).filter(Boolean);
}
