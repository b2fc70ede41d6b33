import * as v from "valibot";
import { MIN_AT, tooFarAhead, words } from "../../core/check.ts";
import { parseInstant } from "../../core/time.ts";
import { LIMITS } from "../../metrics/model.ts";
import { FileFormatError } from "./events.ts";

/** One line of a table: its time, and what tells it from the other lines. */
export type Row = { id: string; at: number };

/** A table whose lines are records to be counted. */
export type RecordTable = {
  /** Whether lines with the same id are things of their own: then they are told apart by a number. */
  repeats: boolean;
  /** Throws FileFormatError. `number` is the line's, from 1. */
  parse: (line: string, number: number) => Row;
};

type Picked = { id: string; time: string };

const COMMITS = "repo,commit,author_ts,author_offset,committer_ts,committer_offset,author_id,parents,files_changed";
const REVIEWS = "reviewerId,vendorId,rating,date";

/** The table that begins with a heading. `now` says which times lie too far ahead. Throws FileFormatError. */
export function tableOf(heading: string, now: number): RecordTable {
  if (heading === COMMITS) {
    return tableWith(false, ([repo, commit, , , time]) => ({ id: `${repo}/${commit}`, time: time! }));
  }
  if (heading === REVIEWS) {
    return tableWith(true, (cells) => ({ id: cells.join("/"), time: cells[3]! }));
  }
  const columns = cellsOf(heading) ?? [];
  const [id, time] = [columns.indexOf("recordId"), columns.indexOf("at")];
  if (id >= 0 && time >= 0) return tableWith(false, (cells) => ({ id: cells[id]!, time: cells[time]! }));
  throw new FileFormatError(
    "its first line must name the columns recordId and at, or be that of commits.csv or anonreviews.csv; " +
      `it is: ${heading.slice(0, 80)}`,
  );

  function tableWith(repeats: boolean, pick: (cells: string[]) => Picked): RecordTable {
    const width = cellsOf(heading)!.length;
    return {
      repeats,
      parse(line, number) {
        const cells = cellsOf(line);
        if (cells?.length !== width) {
          throw new FileFormatError(`line ${number} has not the ${width} columns of the first: ${line.slice(0, 80)}`);
        }
        const { id, time } = pick(cells);
        const at = parseTime(time);
        const wrong = whatIsWrong(id, at, now);
        if (wrong) throw new FileFormatError(`line ${number}: ${wrong}: ${line.slice(0, 80)}`);
        return { id, at: at! };
      },
    };
  }
}

const recordId = words(LIMITS.recordIdChars);

function whatIsWrong(id: string, at: number | undefined, now: number): string | undefined {
  const checked = v.safeParse(recordId, id);
  if (!checked.success) return `its id ${checked.issues[0].message}`;
  if (at === undefined) {
    return "its time must be RFC 3339, YYYY-MM-DD HH:MM[:SS] in UTC, or Unix seconds or milliseconds";
  }
  const wrong = at < MIN_AT ? "must be 1990 or later" : tooFarAhead(at, now);
  return wrong && `its time ${wrong}`;
}

const EPOCH = /^\d{1,15}$/;
/** Seconds reach the year 2286 with so many digits; milliseconds have more from 1970 on, and 1990 is the first that is taken. */
const SECONDS_DIGITS = 10;
const LOCAL = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d(?:\.\d{1,9})?))?(Z|[+-]\d\d:\d\d)?$/;

/** Epoch milliseconds of RFC 3339 text, of a date and time whose zone, where it names none, is UTC, or of Unix time. */
export function parseTime(text: string): number | undefined {
  if (EPOCH.test(text)) return Number(text) * (text.length <= SECONDS_DIGITS ? 1_000 : 1);
  const [, date, minute, second = "00", zone = "Z"] = LOCAL.exec(text) ?? [];
  return date === undefined ? undefined : parseInstant(`${date}T${minute}:${second}${zone}`);
}

const CELL = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

/** The cells of a line as RFC 4180 has them; undefined where its quotes are wrong. */
export function cellsOf(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",");
  const cells: string[] = [];
  CELL.lastIndex = 0;
  for (;;) {
    const match = CELL.exec(line);
    if (!match) return undefined;
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === "") return cells;
  }
}
