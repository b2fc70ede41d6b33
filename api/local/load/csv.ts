import { type CsvError, parse } from "csv-parse";
import { createReadStream } from "node:fs";
import { pipeline, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { FileFormatError } from "./events.ts";

/** A longer record is none of a table: something else was named. */
const MAX_RECORD_CHARS = 65_536;

/** What may part cells; where spreadsheets write a comma in numbers, they part cells by semicolons. */
const SEPARATORS = [",", ";", "\t", "|"] as const;
type Separator = (typeof SEPARATORS)[number];
/** A first line that says so for a spreadsheet, and holds no cells. */
const SEPARATOR_SAID = /^(?:\xef\xbb\xbf)?"?sep=([,;\t|])"?$/i;

/** A record of a table, and the line of the file on which it ends, from 1; by what its cells are parted. */
export type CsvRecord = { cells: string[]; line: number; separator?: Separator };

/**
 * The records of a CSV file (RFC 4180: a quoted cell may hold commas and line breaks), one after the other and never all at
 * once; unpacked where the name ends with .gz. Cells are parted by what parts those of the first line: comma, semicolon, tab
 * or `|`. Empty lines are left out. Throws FileFormatError.
 */
export async function* recordsOf(file: string): AsyncGenerator<CsvRecord> {
  const first = await firstLineOf(file);
  const said = SEPARATOR_SAID.exec(first)?.[1] as Separator | undefined;
  const separator = said ?? separatorOf(first);
  const records = parse({
    bom: true,
    delimiter: separator,
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
  if (file.endsWith(".gz")) pipeline(packed, createGunzip(), checkedText(), records, () => {});
  else pipeline(packed, checkedText(), records, () => {});
  let isSaid = said !== undefined;
  try {
    for await (const { record, info } of records as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (isSaid) isSaid = false;
      else yield { cells: record, line: info.lines, separator };
    }
  } catch (error) {
    throw new FileFormatError(whatIsWrong(error as Fault));
  } finally {
    packed.destroy();
  }
}

/** A number as tables write it, a comma before its fraction where no comma parts cells; undefined where it is none. */
export function numberOf(text: string, { separator = "," }: Pick<CsvRecord, "separator">): number | undefined {
  const plain = separator === "," ? text : text.replace(/^([+-]?\d*),(\d+)$/, "$1.$2");
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(plain) ? Number(plain) : NaN;
  // 1e999 is none that a request could carry.
  return Number.isFinite(number) ? number : undefined;
}

/** What stands most in a line outside of quotes, of what may part cells; of equals the one that is no comma. */
function separatorOf(line: string): Separator {
  const bare = line.replace(/"(?:[^"]|"")*"/g, "");
  const countOf = (separator: Separator) => bare.split(separator).length - 1;
  return SEPARATORS.reduce((best, own) => (countOf(own) > 0 && countOf(own) >= countOf(best) ? own : best));
}

/** The first line that is not empty, or what of it tells enough. Throws FileFormatError. */
async function firstLineOf(file: string): Promise<string> {
  const packed = createReadStream(file);
  const text = file.endsWith(".gz") ? pipeline(packed, createGunzip(), () => {}) : packed;
  let start = "";
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      start += chunk.toString("latin1");
      if (/[^\r\n][\r\n]/.test(start) || start.length > MAX_RECORD_CHARS) break;
    }
  } catch (error) {
    throw new FileFormatError(whatIsWrong(error as Fault));
  } finally {
    packed.destroy();
  }
  return start.split(/[\r\n]+/).find((line) => line.trim() !== "") ?? "";
}

const NO_UTF_8 = "ERR_NO_UTF_8";

/** Lets UTF-8 through as it is, and fails at anything else: ids would be other ids. */
function checkedText(): Transform {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const check = (done: (error: Error | null, chunk?: Buffer) => void, chunk?: Buffer) => {
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
      done(null, chunk);
    } catch {
      done(Object.assign(new Error("no UTF-8"), { code: NO_UTF_8 }));
    }
  };
  return new Transform({
    transform: (chunk: Buffer, _, done) => check(done, chunk),
    flush: (done) => check(done),
  });
}

/** What reading, unpacking, decoding and parsing throw. */
type Fault = { code?: string; lines?: CsvError["lines"] };

function whatIsWrong({ code, lines }: Fault): string {
  if (code === NO_UTF_8) {
    return "it is no UTF-8; save it as UTF-8 (spreadsheets: CSV UTF-8), so that letters stay what they are";
  }
  if (code === "CSV_MAX_RECORD_SIZE") {
    return `it has a record of more than ${MAX_RECORD_CHARS} characters: it is no table`;
  }
  if (code?.startsWith("CSV_")) {
    return `line ${Number(lines)} has wrong quotes; quote a cell whole, and double quotes in it`;
  }
  return `it cannot be read (${code ?? "unknown"})`;
}
