import * as v from "valibot";
import { MIN_AT, tooFarAhead, words } from "../../core/check.ts";
import { LIMITS } from "../../metrics/model.ts";
import type { CsvRecord } from "./csv.ts";
import { FileFormatError } from "./events.ts";
import { parseWhen, WHEN_RULE } from "./when.ts";

/** One row of a table: its time, what names it, and its number where it has one. */
export type Row = { id: string; at: number; value?: number };

/** A table of records to be counted. */
export type RecordTable = {
  /** Whether rows with the same id are things of their own: then they get a number each. */
  repeats: boolean;
  /** The row, or what is wrong with it. */
  parse: (record: CsvRecord) => Row | string;
};

type Picked = { id: string; time: string; value?: string };

const COMMITS = "repo,commit,author_ts,author_offset,committer_ts,committer_offset,author_id,parents,files_changed";
const REVIEWS = "reviewerId,vendorId,rating,date";

/** The table that begins with a heading. `now` says which times lie too far ahead. Throws FileFormatError. */
export function tableOf({ cells: columns }: CsvRecord, now: number, zone: string): RecordTable {
  const heading = columns.join(",");
  if (heading === COMMITS) {
    return tableWith(false, ([repo, commit, , , time]) => ({ id: `${repo}/${commit}`, time: time! }));
  }
  if (heading === REVIEWS) {
    return tableWith(true, (cells) => ({ id: cells.join("/"), time: cells[3]! }));
  }
  const [id, time, value] = ["recordId", "at", "value"].map((name) => columns.indexOf(name)) as [
    number,
    number,
    number,
  ];
  if (id >= 0 && time >= 0) {
    return tableWith(false, (cells) => ({ id: cells[id]!, time: cells[time]!, value: cells[value] ?? "" }));
  }
  throw new FileFormatError(
    "its first line must name the columns recordId and at, or be that of commits.csv or anonreviews.csv; " +
      `it is: ${heading.slice(0, 80)}`,
  );

  function tableWith(repeats: boolean, pick: (cells: string[]) => Picked): RecordTable {
    return {
      repeats,
      parse({ cells }) {
        if (cells.length !== columns.length) return `it has not the ${columns.length} columns of the first`;
        const { id, time, value = "" } = pick(cells);
        const at = parseWhen(time, zone);
        const number = value === "" ? {} : { value: Number(value) };
        if (number.value !== undefined && !Number.isFinite(number.value)) return "its value must be a number";
        return whatIsWrong(id, at, now) ?? { id, at: at!, ...number };
      },
    };
  }
}

const recordId = words(LIMITS.recordIdChars);

function whatIsWrong(id: string, at: number | undefined, now: number): string | undefined {
  const checked = v.safeParse(recordId, id);
  if (!checked.success) return `its id ${checked.issues[0].message}`;
  if (at === undefined) {
    return `its time must be ${WHEN_RULE}`;
  }
  const wrong = at < MIN_AT ? "must be 1990 or later" : tooFarAhead(at, now);
  return wrong && `its time ${wrong}`;
}
