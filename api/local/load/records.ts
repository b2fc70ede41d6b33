import * as v from "valibot";
import { MIN_AT, tooFarAhead, words } from "../../core/check.ts";
import { parseInstant } from "../../core/time.ts";
import { LIMITS } from "../../metrics/model.ts";
import type { CsvRecord } from "./csv.ts";
import { FileFormatError } from "./events.ts";

/** One row of a table: its time, and what names it. */
export type Row = { id: string; at: number };

/** A table of records to be counted. */
export type RecordTable = {
  /** Whether rows with the same id are things of their own: then they get a number each. */
  repeats: boolean;
  /** Throws FileFormatError. */
  parse: (record: CsvRecord) => Row;
};

type Picked = { id: string; time: string };

const COMMITS = "repo,commit,author_ts,author_offset,committer_ts,committer_offset,author_id,parents,files_changed";
const REVIEWS = "reviewerId,vendorId,rating,date";

/** The table that begins with a heading. `now` says which times lie too far ahead. Throws FileFormatError. */
export function tableOf({ cells: columns }: CsvRecord, now: number): RecordTable {
  const heading = columns.join(",");
  if (heading === COMMITS) {
    return tableWith(false, ([repo, commit, , , time]) => ({ id: `${repo}/${commit}`, time: time! }));
  }
  if (heading === REVIEWS) {
    return tableWith(true, (cells) => ({ id: cells.join("/"), time: cells[3]! }));
  }
  const [id, time] = [columns.indexOf("recordId"), columns.indexOf("at")];
  if (id >= 0 && time >= 0) return tableWith(false, (cells) => ({ id: cells[id]!, time: cells[time]! }));
  throw new FileFormatError(
    "its first line must name the columns recordId and at, or be that of commits.csv or anonreviews.csv; " +
      `it is: ${heading.slice(0, 80)}`,
  );

  function tableWith(repeats: boolean, pick: (cells: string[]) => Picked): RecordTable {
    return {
      repeats,
      parse({ cells, line }) {
        const text = cells.join(",").slice(0, 80);
        if (cells.length !== columns.length) {
          throw new FileFormatError(`line ${line} has not the ${columns.length} columns of the first: ${text}`);
        }
        const { id, time } = pick(cells);
        const at = parseTime(time);
        const wrong = whatIsWrong(id, at, now);
        if (wrong) throw new FileFormatError(`line ${line}: ${wrong}: ${text}`);
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
