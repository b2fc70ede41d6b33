import type { DatabaseSync } from "node:sqlite";
import { type Col, readCol } from "./col.ts";
import { CollectionUnreadableError, readable } from "./errors.ts";
import { type Repair, repair } from "./repair.ts";
import { convertToSchema11 } from "./schema18.ts";
import { COLUMNS, NEWER_TABLES, SCHEMA_KEPT, SCHEMA_NEW, TABLES } from "./tables.ts";
import type { OpenFile, TempFiles } from "./temp.ts";

/** A collection in schema 11 that was checked, and what was mended in it. */
export type CheckedFile = {
  file: OpenFile;
  /** The schema that the file came in: 11 or 18. */
  cameAs: number;
  repairs: readonly Repair[];
};

const DAMAGED = "The collection is damaged. Open it in Anki, choose Tools, Check Database, and export it again.";
const FOREIGN = "The file is a SQLite database and no Anki collection.";
const MAX_CRT_S = 4_102_444_800;

const no = (message: string) => new CollectionUnreadableError(message);

/** Refuses what no collection has: triggers, views, virtual tables, and limits on the tables that reviews write to. */
function checkSchema(db: DatabaseSync): void {
  const things = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_master").all();
  for (const { type, sql } of things) {
    if (type === "trigger" || type === "view" || /^\s*create\s+virtual/i.test(String(sql ?? ""))) {
      throw no("The file holds a trigger, a view or a virtual table, which no Anki collection does.");
    }
  }
  for (const table of TABLES) {
    const made = things.find(({ type, name }) => type === "table" && String(name).toLowerCase() === table);
    if (!made) throw no(`${FOREIGN} It has no table ${table}.`);
    if (/\b(check|references|generated|unique)\b|\bas\s*\(/i.test(String(made.sql).replaceAll(/\/\*.*?\*\//gs, ""))) {
      throw no(`The table ${table} has constraints that Anki does not set.`);
    }
    const columns = db.prepare(`PRAGMA table_xinfo(${table})`).all();
    const names = new Set(columns.map(({ name }) => String(name)));
    const missing = COLUMNS[table].find((column) => !names.has(column));
    if (missing) throw no(`${FOREIGN} Its table ${table} has no column ${missing}.`);
    if (names.size > COLUMNS[table].length) throw no(`The table ${table} has columns that Anki does not know.`);
    const isKeyed = columns.some(({ name, pk, type }) => name === "id" && pk === 1 && /^integer$/i.test(String(type)));
    if (names.has("id") && !isKeyed) throw no(`${FOREIGN} The ids of its table ${table} are no key.`);
    for (const index of db.prepare(`PRAGMA index_list(${table})`).all()) {
      if (index.origin === "c" && index.unique) throw no(`The table ${table} has constraints that Anki does not set.`);
    }
  }
}

/** Gives the schema's number. Throws where it is none that can be read. */
function schemaOf(db: DatabaseSync): number {
  const rows = db.prepare("SELECT ver, crt FROM col").all();
  if (rows.length !== 1) throw no("The collection has no settings, or has them twice.");
  const { ver, crt } = rows[0]!;
  if (ver !== SCHEMA_KEPT && ver !== SCHEMA_NEW) {
    throw no(
      `The collection has schema ${String(ver).slice(0, 20)}; 11 and 18 can be read. ` +
        "Open it in a current Anki and export it with 'Support older Anki versions' checked.",
    );
  }
  if (typeof crt !== "number" || !Number.isInteger(crt) || crt <= 0 || crt > MAX_CRT_S) {
    throw no("The collection does not say when it was created. Check the database in Anki and export it again.");
  }
  return ver;
}

/** Throws unless SQLite finds every page, row and index as it should be. */
export function checkIntegrity(db: DatabaseSync, tables: readonly string[] = [""]): void {
  for (const table of tables) {
    const rows = db.prepare(`PRAGMA integrity_check${table && `(${table})`}`).all();
    if (rows.length !== 1 || rows[0]?.integrity_check !== "ok") throw no(DAMAGED);
  }
}

/**
 * Opens bytes as a collection in a file of its own: checks header, pages, tables, columns and settings, brings schema 18
 * to schema 11, and mends what Anki's own check mends. What was given stays as it is. Close the result's `file`.
 */
export function openChecked(files: TempFiles, bytes: Uint8Array, { now }: { now: number }): CheckedFile {
  let file = files.fromBytes(bytes);
  try {
    return readable(DAMAGED, () => {
      checkSchema(file.db);
      const cameAs = schemaOf(file.db);
      if (cameAs === SCHEMA_KEPT) {
        checkIntegrity(file.db);
      } else {
        // The other tables sort by a collation that only Anki has: they are read whole, and the result is checked.
        const own = new Set<string>(NEWER_TABLES);
        checkIntegrity(file.db, TABLES.filter((table) => !own.has(table)));
        file.close();
        file = files.fromBytes(bytes, { writableSchema: true });
        convertToSchema11(file.db);
        const converted = file.toBytes();
        file.close();
        file = files.fromBytes(converted);
        checkSchema(file.db);
        checkIntegrity(file.db);
      }
      const repairs = repair(file.db, now);
      if (repairs.length > 0) checkIntegrity(file.db);
      checkInvariants(file.db);
      return { file, cameAs, repairs };
    });
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Throws unless each card has its note and deck and is there once, and each note has its type, a card and its own guid. */
export function checkInvariants(db: DatabaseSync, col: Col = readCol(db)): void {
  const broken = (what: string) => new CollectionUnreadableError(`The collection does not hold together: ${what}.`);
  if (db.prepare("SELECT 1 FROM cards WHERE nid NOT IN (SELECT id FROM notes) LIMIT 1").get()) {
    throw broken("a card has no note");
  }
  if (db.prepare("SELECT 1 FROM notes WHERE id NOT IN (SELECT nid FROM cards) LIMIT 1").get()) {
    throw broken("a note has no card");
  }
  for (const { mid } of db.prepare("SELECT DISTINCT mid FROM notes").all()) {
    if (!col.models.has(Number(mid))) throw broken("a note has no note type");
  }
  for (const { did } of db.prepare("SELECT did FROM cards UNION SELECT odid FROM cards WHERE odid != 0").all()) {
    if (!col.decks.has(Number(did))) throw broken("a card has no deck");
  }
  if (db.prepare("SELECT 1 FROM cards GROUP BY nid, ord HAVING count(*) > 1 LIMIT 1").get()) {
    throw broken("a note has one card twice");
  }
  if (db.prepare("SELECT 1 FROM notes GROUP BY guid HAVING count(*) > 1 LIMIT 1").get()) {
    throw broken("two notes have one guid");
  }
}
