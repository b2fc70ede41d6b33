import { Buffer } from "node:buffer";
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import { CollectionUnreadableError, TooLargeError } from "./errors.ts";
import type { Repair } from "./repair.ts";
import { COLUMNS, createTableSql, INDEXES, MAX_ID, NEWER_TABLES, type Table, TABLES, TEXT_COLUMNS } from "./tables.ts";

/** How many rows of a table are taken. Larger collections than anybody's; the time of an import grows with them. */
export const MAX_ROWS: Readonly<Record<Table, number>> = {
  col: 2,
  notes: 500_000,
  cards: 1_000_000,
  revlog: 10_000_000,
  graves: 1_000_000,
};

/** What rows, decks and note types are known by. */
const IDS: ReadonlySet<string> = new Set(["id", "mid", "did", "odid"]);

const FOREIGN = "The file is a SQLite database and no Anki collection.";
/** What to do with a file of Anki 1, which newer Ankis do not open. */
export const ANKI_1 =
  "The file was made by Anki 1. Open it once in Anki 2.0, which brings it up to date, and export it from there.";
/** What tells of the past alone: some producers write none. */
const MAY_BE_MISSING: ReadonlySet<string> = new Set<Table>(["revlog", "graves"]);
const DAMAGED = "The collection is damaged. Open it in Anki, choose Tools, Check Database, and export it again.";
const no = (message: string) => new CollectionUnreadableError(message);

/**
 * Throws unless the known tables are plain tables with the known columns. Nothing else of a stranger's schema is looked
 * at: a view or a virtual table has no page of its own in the file, and a computed column says so.
 */
export function checkTables(db: DatabaseSync, schema: number): void {
  if (db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'facts'").get()) throw no(ANKI_1);
  const newer = Object.entries(NEWER_TABLES).filter(([, since]) => schema >= since).map(([table]) => table);
  for (const table of [...TABLES, ...newer]) {
    const known = db.prepare("SELECT type, rootpage FROM sqlite_master WHERE lower(name) = ?").all(table);
    if (known.length === 0 && MAY_BE_MISSING.has(table)) continue;
    if (known.length === 0 && !newer.includes(table)) throw no(`${FOREIGN} It has no table ${table}.`);
    if (known.length === 0) throw no(`The collection has schema ${schema} and no table ${table}.`);
    if (known.length > 1 || known[0]!.type !== "table" || !(Number(known[0]!.rootpage) > 0)) {
      throw no(`${FOREIGN} Its ${table} is no table of its own.`);
    }
    const columns = db.prepare(`PRAGMA table_xinfo(${table})`).all();
    if (columns.some(({ hidden }) => hidden !== 0)) throw no(`The table ${table} has columns that are computed.`);
    const names = new Set(columns.map(({ name }) => String(name)));
    const missing = COLUMNS[table as Table]?.find((column) => !names.has(column));
    if (missing) throw no(`${FOREIGN} Its table ${table} has no column ${missing}.`);
  }
}

/** Makes the tables of schema 11, empty and without indexes. */
export function createTables(db: DatabaseSync): void {
  for (const table of TABLES) db.exec(createTableSql(table));
}

export function createIndexes(db: DatabaseSync): void {
  for (const [name, on] of Object.entries(INDEXES)) db.exec(`CREATE INDEX ${name} ON ${on}`);
}

/**
 * Copies the rows of the known tables into a new file, value by value: no SQL of a stranger's (checks, indexes over
 * expressions, triggers, defaults) is ever run. SQLite keeps anything in any column; here numbers are made whole and
 * text is made text, which is told. Rows that hold more than the file does come from pages that are used twice.
 */
export function takeRows(from: DatabaseSync, into: DatabaseSync, bytes: number): Repair[] {
  const repairs: Repair[] = [];
  let left = bytes;
  into.exec("BEGIN");
  for (const table of TABLES) {
    if (MAY_BE_MISSING.has(table) && !isThere(from, table)) continue;
    const columns: readonly string[] = COLUMNS[table];
    const insert = into.prepare(
      `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    );
    let [rows, odd] = [0, 0];
    for (const row of rowsOf(from, table)) {
      left -= columns.length;
      const values = columns.map((column) => {
        const value = row[column]!;
        if (typeof value === "string") left -= value.length;
        if (column === "id" && !(typeof value === "number" && Number.isInteger(value))) {
          throw no(`${FOREIGN} An id of its table ${table} is no whole number.`);
        }
        if (IDS.has(column) && typeof value === "number" && Math.abs(value) > MAX_ID) {
          throw no(isOutOfRange(table, column));
        }
        const mended = mendedValue(value, column);
        if (mended !== value) odd++;
        return mended;
      });
      if (left < 0) throw no(DAMAGED);
      if (++rows > MAX_ROWS[table]) throw tooMany(table);
      if (!inserted(() => insert.run(...values))) throw no(`The table ${table} has one id twice. ${DAMAGED}`);
    }
    // At a damaged page, or a number beyond JavaScript's, Deno's `iterate` ends without a word (2.9.5), where Node's throws: so
    // what came is counted.
    if (rows !== countOf(from, table)) throw outOfRange(from, table) ?? no(DAMAGED);
    if (odd > 0) {
      repairs.push({ count: odd, message: `values in ${table} that were no whole number or no text were made so` });
    }
  }
  into.exec("COMMIT");
  return repairs;
}

function isThere(db: DatabaseSync, table: Table): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE lower(name) = ?").get(table) !== undefined;
}

function countOf(db: DatabaseSync, table: Table): number {
  return Number(db.prepare(`SELECT count(*) AS rows FROM ${table} NOT INDEXED`).get()!.rows);
}

function* rowsOf(db: DatabaseSync, table: Table): Generator<Record<string, SQLOutputValue>> {
  // Out of its column, sfld may be a number beyond JavaScript's; as text it goes back to the same value.
  const columns = COLUMNS[table].map((column) => (column === "sfld" ? "CAST(sfld AS TEXT) AS sfld" : column));
  try {
    yield* db.prepare(`SELECT ${columns.join(", ")} FROM ${table} NOT INDEXED`).iterate() as Iterable<
      Record<string, SQLOutputValue>
    >;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_OUT_OF_RANGE") throw error;
    throw outOfRange(db, table) ?? no(DAMAGED);
  }
}

/** Names the column that holds a number that JavaScript cannot hold; undefined where none does. */
function outOfRange(db: DatabaseSync, table: Table): CollectionUnreadableError | undefined {
  const max = Number.MAX_SAFE_INTEGER;
  const wide = COLUMNS[table].find((column) =>
    db.prepare(
      `SELECT 1 FROM ${table} NOT INDEXED WHERE typeof(${column}) = 'integer' AND ${column} NOT BETWEEN ${-max} AND ${max} LIMIT 1`,
    ).get()
  );
  return wide === undefined ? undefined : no(isOutOfRange(table, wide));
}

function isOutOfRange(table: Table, column: string): string {
  return `The collection holds a number in ${table}.${column} that is out of range.`;
}

function mendedValue(value: SQLOutputValue, column: string): SQLInputValue {
  if (column === "sfld") return value ?? "";
  if (TEXT_COLUMNS.has(column)) {
    if (typeof value === "string") return value;
    return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value ?? "");
  }
  if (typeof value === "number") return Number.isInteger(value) ? value : wholeOf(value);
  return typeof value === "string" ? wholeOf(parseFloat(value)) : 0;
}

function wholeOf(value: number): number {
  const whole = Math.trunc(value);
  return Number.isSafeInteger(whole) ? whole + 0 : 0;
}

function inserted(insert: () => unknown): boolean {
  try {
    insert();
    return true;
  } catch (error) {
    if (/constraint/i.test((error as Error).message)) return false;
    throw error;
  }
}

function tooMany(table: Table): TooLargeError {
  const limit = MAX_ROWS[table];
  return new TooLargeError(`The collection has more than ${limit} rows in ${table}, the limit.`, limit);
}
