import { type CsvError, parse } from "csv-parse";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { FileFormatError } from "./events.ts";

/** A longer record is none of a table: something else was named. */
const MAX_RECORD_CHARS = 65_536;

/** A record of a table, and the line of the file on which it ends, from 1. */
export type CsvRecord = { cells: string[]; line: number };

/**
 * The records of a CSV file (RFC 4180: a quoted cell may hold commas and line breaks), one after the other and never all at
 * once; unpacked where the name ends with .gz. Empty lines are left out. Throws FileFormatError.
 */
export async function* recordsOf(file: string): AsyncGenerator<CsvRecord> {
  const records = parse({
    bom: true,
    info: true,
    // Also mixed, and also the half of one at the end: files are put together by hand.
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    // A space beside a comma is nobody's.
    trim: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD_CHARS,
  });
  const packed = createReadStream(file);
  // A fault of any part destroys all of them, and is thrown below.
  if (file.endsWith(".gz")) pipeline(packed, createGunzip(), records, () => {});
  else pipeline(packed, records, () => {});
  try {
    for await (const { record, info } of records as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      yield { cells: record, line: info.lines };
    }
  } catch (error) {
    throw new FileFormatError(whatIsWrong(error as NodeJS.ErrnoException & Partial<CsvError>));
  } finally {
    packed.destroy();
  }
}

function whatIsWrong({ code, lines }: NodeJS.ErrnoException & Partial<CsvError>): string {
  if (code === "CSV_MAX_RECORD_SIZE") {
    return `it has a record of more than ${MAX_RECORD_CHARS} characters: it is no table`;
  }
  if (code?.startsWith("CSV_")) {
    return `line ${Number(lines)} has wrong quotes; quote a cell whole, and double quotes in it`;
  }
  return `it cannot be read (${code ?? "unknown"})`;
}
