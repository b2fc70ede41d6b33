import { parse } from "csv-parse/sync";
import { InvalidInputError } from "../../core/errors.ts";
import { TABLE_LIMITS } from "./table-limits.ts";

/** A table of notes in text: its rows with the lines on which they begin, and what it says of itself in its first lines. */
export type Table = { rows: { line: number; cells: string[] }[]; header: TableHeader };

/** What a file says in lines such as `#separator:tab` at its beginning, as Anki writes them. Columns count from 1. */
export type TableHeader = {
  separator?: string;
  html?: boolean;
  columns?: string[];
  tags?: string[];
  tagsColumn?: number;
  guidColumn?: number;
  deckColumn?: number;
  noteTypeColumn?: number;
};

const SEPARATORS: Readonly<Record<string, string>> = {
  tab: "\t",
  comma: ",",
  semicolon: ";",
  pipe: "|",
  space: " ",
  colon: ":",
};
const LIKELY = ["\t", ";", ",", "|"] as const;

/**
 * Reads text as a table: what separates its columns is told, else said in the file, else found in its first row. Quoted cells
 * may hold separators and line breaks. Throws InvalidInputError. Source of the header lines: Anki's manual, text files.
 */
export function readTable(text: string, told: { separator?: string | undefined; hasHeader: boolean }): Table {
  const { header, rest, lines } = headerOf(text.startsWith("\ufeff") ? text.slice(1) : text);
  const delimiter = told.separator ?? header.separator ?? likelyIn(rest);
  let parsed: { record: string[]; info: { lines: number } }[];
  try {
    parsed = parse(rest, {
      delimiter,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: 1_000_000,
      to: TABLE_LIMITS.rows + 2,
    }) as unknown as typeof parsed;
  } catch (error) {
    throw wrong(`is no table: ${(error as Error).message.slice(0, 200)}`);
  }
  let last = 0;
  const rows = parsed.map(({ record, info }) => {
    const line = lines + last + 1;
    last = info.lines;
    return { line, cells: record };
  });
  if (told.hasHeader && rows.length > 0) header.columns = rows.shift()!.cells;
  if (rows.length > TABLE_LIMITS.rows) throw wrong(`has more than ${TABLE_LIMITS.rows} rows; import it in parts`);
  if (rows.some(({ cells }) => cells.length > TABLE_LIMITS.columns)) {
    throw wrong(`has a row of more than ${TABLE_LIMITS.columns} columns; is \`separator\` right?`);
  }
  return { rows, header };
}

function headerOf(text: string): { header: TableHeader; rest: string; lines: number } {
  const header: TableHeader = {};
  let [at, lines] = [0, 0];
  while (text[at] === "#") {
    const end = text.indexOf("\n", at);
    const line = text.slice(at + 1, end < 0 ? undefined : end).replace(/\r$/, "");
    const [, key, value] = /^\s*([a-z ]{1,20}):(.*)$/i.exec(line) ?? [];
    if (key !== undefined) note(header, key.trim().toLowerCase(), value!);
    lines++;
    at = end < 0 ? text.length : end + 1;
  }
  return { header, rest: text.slice(at), lines };
}

function note(header: TableHeader, key: string, given: string): void {
  const value = given.trim();
  const column = /^\d{1,3}$/.test(value) ? Number(value) : undefined;
  switch (key) {
    case "separator": {
      const separator = SEPARATORS[value.toLowerCase()] ?? (given.length === 1 ? given : undefined);
      if (separator !== undefined) header.separator = separator;
      return;
    }
    case "html":
      header.html = value.toLowerCase() === "true";
      return;
    case "columns":
      header.columns = given.split(header.separator ?? likelyIn(given));
      return;
    case "tags":
      header.tags = value.split(/\s+/).filter(Boolean);
      return;
    case "tags column":
      if (column) header.tagsColumn = column;
      return;
    case "guid column":
      if (column) header.guidColumn = column;
      return;
    case "deck column":
      if (column) header.deckColumn = column;
      return;
    case "notetype column":
      if (column) header.noteTypeColumn = column;
  }
}

/** The separator that the first row has most of. */
function likelyIn(text: string): string {
  const end = text.indexOf("\n");
  const row = text.slice(0, Math.min(end < 0 ? text.length : end, 10_000));
  const counts = LIKELY.map((sign) => row.split(sign).length);
  return LIKELY[counts.indexOf(Math.max(...counts))]!;
}

function wrong(message: string): InvalidInputError {
  return new InvalidInputError([{ path: ["text"], message }]);
}
