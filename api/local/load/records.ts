import * as v from "valibot";
import { MIN_AT, tooFarAhead, words } from "../../core/check.ts";
import { LIMITS } from "../../metrics/model.ts";
import type { CsvRecord } from "./csv.ts";
import { FileFormatError } from "./events.ts";
import { parseWhen, WHEN_RULE } from "./when.ts";

/** One row of a table: its time, what names it, and its number where it has one. */
export type Row = { id: string; at: number; value?: number; dimensions?: { key: string; value: string }[] };

/** A column whose cells are a dimension of the records, and what the dimension is called. */
export type Dimension = { key: string; column: string };

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
export function tableOf(
  { cells: columns }: CsvRecord,
  now: number,
  zone: string,
  dimensions: readonly Dimension[] = [],
): RecordTable {
  const heading = columns.join(",");
  const places = dimensions.map(({ key, column }) => ({ key, place: columns.indexOf(column) }));
  const absent = dimensions.find(({ column }) => !columns.includes(column));
  if (absent) {
    throw new FileFormatError(
      `no column is called ${JSON.stringify(absent.column)}; its first line is: ${heading.slice(0, 80)}`,
    );
  }
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
        const own = places.map(({ key, place }) => ({ key, value: cells[place]! })).filter(({ value }) => value !== "");
        return whatIsWrong(id, at, now, own) ??
          { id, at: at!, ...number, ...(own.length > 0 ? { dimensions: own } : {}) };
      },
    };
  }
}

const recordId = words(LIMITS.recordIdChars);

const dimensionValue = words(LIMITS.dimensionValueChars);

function whatIsWrong(
  id: string,
  at: number | undefined,
  now: number,
  dimensions: readonly { key: string; value: string }[],
): string | undefined {
  const checked = v.safeParse(recordId, id);
  if (!checked.success) return `its id ${checked.issues[0].message}`;
  for (const { key, value } of dimensions) {
    const parsed = v.safeParse(dimensionValue, value);
    if (!parsed.success) return `its ${key} ${parsed.issues[0].message}`;
  }
  if (at === undefined) {
    return `its time must be ${WHEN_RULE}`;
  }
  const wrong = at < MIN_AT ? "must be 1990 or later" : tooFarAhead(at, now);
  return wrong && `its time ${wrong}`;
}
