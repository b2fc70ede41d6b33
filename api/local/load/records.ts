import * as v from "valibot";
import { MIN_AT, tooFarAhead, words } from "../../core/check.ts";
import { LIMITS } from "../../metrics/model.ts";
import { type CsvRecord, numberOf } from "./csv.ts";
import { FileFormatError } from "./events.ts";
import { type ColumnNames, findColumns } from "./named-columns.ts";
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

/** What the columns of a table of one's own are called. */
const COLUMNS: ColumnNames = {
  recordId: ["id"],
  at: ["time", "timestamp", "ts", "date", "datetime", "occurred at"],
  value: ["amount", "number"],
};

/** How a table is read: `now` says which times lie too far ahead, `columns` what the user calls ours. */
export type Reading = {
  now: number;
  zone: string;
  dimensions?: readonly Dimension[];
  columns?: ReadonlyMap<string, string>;
};

/** The table that begins with a heading. Throws FileFormatError. */
export function tableOf(
  columns: readonly string[],
  { now, zone, dimensions = [], columns: given }: Reading,
): RecordTable {
  const heading = columns.join(",");
  const dimensionPlaces = dimensions.map(({ key, column }) => ({ key, place: columns.indexOf(column) }));
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
  const places = findColumns(columns, { names: COLUMNS, needed: ["recordId", "at"], given: given ?? new Map() });
  const cell = (cells: string[], name: string) => cells[places.get(name) ?? -1] ?? "";
  return tableWith(
    false,
    (cells) => ({ id: cell(cells, "recordId"), time: cell(cells, "at"), value: cell(cells, "value") }),
  );

  function tableWith(repeats: boolean, pick: (cells: string[]) => Picked): RecordTable {
    return {
      repeats,
      parse({ cells, ...record }) {
        if (cells.length !== columns.length) return `it has not the ${columns.length} columns of the first`;
        const { id, time, value = "" } = pick(cells);
        const at = parseWhen(time, zone);
        const parsed = numberOf(value, record);
        if (value !== "" && parsed === undefined) return "its value must be a number";
        const number = parsed === undefined ? {} : { value: parsed };
        const own = dimensionPlaces.map(({ key, place }) => ({ key, value: cells[place]! })).filter(({ value }) =>
          value !== ""
        );
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
