import { unguarded } from "../../files/csv.ts";
import type { CsvRecord } from "./csv.ts";
import { FileFormatError } from "./events.ts";

/** The cells of a row by the names that we have for their columns; trimmed, and absent where they are empty (`blank`). */
export type NamedRow = {
  line: number;
  cells: Readonly<Record<string, string>>;
  blank: readonly string[];
  text: string;
} & Pick<CsvRecord, "separator">;

/** What a column is called: our name, and what else it is often called. */
export type ColumnNames = Readonly<Record<string, readonly string[]>>;

/**
 * Finds the columns of a table by their names: those that the user says (`ours=theirs`; `ours=` where there is none), else
 * ours in any writing (sessionId, session_id, "Session ID"), else what they are often called. Throws FileFormatError where
 * one that is needed is missing.
 */
export function findColumns(
  heading: readonly string[],
  { names, needed, given }: { names: ColumnNames; needed: readonly string[]; given: ReadonlyMap<string, string> },
): Map<string, number> {
  const plain = heading.map(folded);
  const found = new Map<string, number>();
  for (const [name, others] of Object.entries(names)) {
    const said = given.get(name);
    if (said === "") continue;
    const own = (said === undefined ? [name, ...others] : [said]).map(folded).find((one) => plain.includes(one));
    const place = own === undefined ? -1 : plain.indexOf(own);
    if (own !== undefined && plain.lastIndexOf(own) !== place) {
      throw missing(`two columns may be ${name}, both called ${heading[place]}`, heading);
    }
    if (place >= 0) found.set(name, place);
    else if (said !== undefined) throw missing(`no column is called ${JSON.stringify(said)}`, heading);
  }
  const unknown = [...given.keys()].find((name) => !Object.hasOwn(names, name));
  if (unknown !== undefined) {
    throw new FileFormatError(`--columns names ${unknown}, which is none of ${Object.keys(names).join(", ")}`);
  }
  const absent = needed.filter((name) => !found.has(name));
  if (absent.length === 0) return found;
  throw missing(`its first line names no column for ${absent.join(" and ")}`, heading);
}

/** The rows below a heading, one after the other. */
export async function* namedRows(
  records: AsyncIterable<CsvRecord>,
  columns: ReadonlyMap<string, number>,
): AsyncGenerator<NamedRow> {
  for await (const { cells, line, separator } of records) {
    const named: Record<string, string> = {};
    const blank: string[] = [];
    for (const [name, place] of columns) {
      const cell = unguarded((cells[place] ?? "").trim());
      if (cell === "") blank.push(name);
      else named[name] = cell;
    }
    yield { line, cells: named, blank, text: cells.join(","), ...(separator === undefined ? {} : { separator }) };
  }
}

function folded(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

function missing(what: string, heading: readonly string[]): FileFormatError {
  return new FileFormatError(
    `${what}; say which it is by --columns ours=theirs, or by --heading where the first line is a row. It is: ` +
      heading.join(",").slice(0, 80),
  );
}
