import type { DatabaseSync } from "node:sqlite";
import { type Json, writeCol } from "./col.ts";
import { readDeckOptions, readDecks } from "./decks18.ts";
import { CollectionUnreadableError } from "./errors.ts";
import { readNoteTypes } from "./notetypes18.ts";
import { NEWER_TABLES, SCHEMA_KEPT } from "./tables.ts";

// Anki drops and makes these again whenever it changes schema; with them still there it could not.
const NEWER_INDEXES = ["idx_notes_mid", "idx_cards_odid", "idx_graves_pending"];

/**
 * Makes the tables readable that sort by `unicase`, a collation that only Anki has: their definitions name another. Their
 * indexes are then in a wrong order, so they are read whole and thrown away.
 */
function forgetUnicase(db: DatabaseSync): void {
  const sorted = db.prepare("SELECT rowid, sql FROM sqlite_master WHERE sql LIKE '%unicase%'").all();
  db.exec("PRAGMA writable_schema = ON");
  const update = db.prepare("UPDATE sqlite_master SET sql = ? WHERE rowid = ?");
  for (const { rowid, sql } of sorted) {
    update.run(String(sql).replaceAll(/collate\s+unicase/gi, "COLLATE BINARY"), Number(rowid));
  }
  db.exec("PRAGMA writable_schema = RESET");
}

function checkTables(db: DatabaseSync): void {
  const has = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");
  const missing = NEWER_TABLES.find((table) => !has.get(table));
  if (missing) throw new CollectionUnreadableError(`The collection has schema 18 and no table ${missing}.`);
}

function readConf(db: DatabaseSync): Json {
  const rows = db.prepare("SELECT key AS key, val AS val FROM config").all();
  return Object.fromEntries(
    rows.map(({ key, val }) => [String(key), JSON.parse(new TextDecoder().decode(val as Uint8Array)) as unknown]),
  );
}

/**
 * Brings a collection of schema 18 to schema 11, in place: note types, decks, options, settings and tags become JSON in
 * `col`. Notes, cards and the review log stay as they are. Needs a file opened with `writableSchema`.
 */
export function convertToSchema11(db: DatabaseSync): void {
  checkTables(db);
  forgetUnicase(db);
  db.exec("BEGIN");
  writeCol(db, {
    conf: readConf(db),
    models: readNoteTypes(db),
    decks: readDecks(db),
    dconf: readDeckOptions(db),
    tags: new Map(db.prepare("SELECT tag, usn FROM tags").all().map(({ tag, usn }) => [String(tag), usn])),
  });
  for (const table of NEWER_TABLES) db.exec(`DROP TABLE ${table}`);
  for (const index of NEWER_INDEXES) db.exec(`DROP INDEX IF EXISTS ${index}`);
  db.exec(`
    CREATE TABLE graves_kept (usn integer not null, oid integer not null, type integer not null);
    INSERT INTO graves_kept SELECT usn, oid, type FROM graves;
    DROP TABLE graves;
    ALTER TABLE graves_kept RENAME TO graves;
    UPDATE col SET ver = ${SCHEMA_KEPT};
    COMMIT;
  `);
}
