import { formatInstant } from "../core/time.ts";
import type { Cell, Column, Table } from "./table.ts";

/** What a spreadsheet takes for a formula, or for the begin of one once it has dropped white space; also behind apostrophes, so that one more is told from those that were typed. */
const FORMULA = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * The table as CSV in UTF-8 (RFC 4180: a heading, lines that end with CRLF). Text that a spreadsheet would take for a formula
 * has an apostrophe before it (OWASP, "CSV Injection"): whoever typed a label must not run something on another's machine.
 * Numbers stay as they are. Nothing is an empty cell, empty text `""`.
 */
export function toCsv({ columns, rows }: Table): Uint8Array {
  const heading = columns.map(({ name }) => quoted(name)).join(",");
  const lines = rows.map((row) => columns.map((column, i) => cellOf(column, row[i])).join(","));
  return Buffer.from([heading, ...lines, ""].join("\r\n"), "utf8");
}

/** Text as it was before `toCsv` made it safe. */
export function unguarded(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
}

function cellOf({ type }: Column, cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (type === "instant") return formatInstant(cell as number);
  if (type !== "text") return String(cell);
  const text = String(cell);
  return quoted(FORMULA.test(text) ? `'${text}` : text);
}

function quoted(text: string): string {
  return text === "" || NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
