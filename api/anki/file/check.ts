import type { DatabaseSync } from "node:sqlite";
import { type Col, readCol, writeCol } from "./col.ts";
import { CollectionUnreadableError, readable, TooLargeError } from "./errors.ts";
import { checkJson, NEW } from "./json.ts";
import { type Repair, repair } from "./repair.ts";
import { checkSchemaSize } from "./schema-size.ts";
import { forgetUnicase, readNewer } from "./schema18.ts";
import { SCHEMA_KEPT, SCHEMAS_NEWER } from "./tables.ts";
import { checkTables, createIndexes, createTables, takeRows } from "./take.ts";
import type { OpenFile, TempFiles } from "./temp.ts";

/** A collection in schema 11 that was checked, and what was mended in it. */
export type CheckedFile = {
  file: OpenFile;
  /** The schema that the file came in: 11, or 14 to 18. */
  cameAs: number;
  repairs: readonly Repair[];
};

const DAMAGED = "The collection is damaged. Open it in Anki, choose Tools, Check Database, and export it again.";
const NOTHING = new Uint8Array();
const ADVICE = (ver: unknown) =>
  Number(ver) < SCHEMA_KEPT
    ? "Open it once in Anki 2.0, which brings it up to date, and export it from there."
    : "Export it with 'Support older Anki versions' checked.";
/** Each of them is counted and shown. */
const MAX_DECKS = 2_000;
const MAX_CRT_S = 4_102_444_800;

const no = (message: string) => new CollectionUnreadableError(message);

/** Gives the schema's number. Throws where it is none that can be read. */
function schemaOf(db: DatabaseSync): number {
  const rows = db.prepare("SELECT ver, crt FROM col NOT INDEXED LIMIT 2").all();
  if (rows.length !== 1) throw no("The collection has no settings, or has them twice.");
  const { ver, crt } = rows[0]!;
  // Some producers do not say it: tables that have the columns of schema 11 are of it.
  const isUnsaid = ver === 0;
  if (typeof ver !== "number" || (!isUnsaid && ver !== SCHEMA_KEPT && !SCHEMAS_NEWER.includes(ver))) {
    throw no(`The collection has schema ${String(ver).slice(0, 20)}; 11 and 14 to 18 can be read. ${ADVICE(ver)}`);
  }
  if (typeof crt !== "number" || !Number.isInteger(crt) || crt <= 0 || crt > MAX_CRT_S) {
    throw no("The collection does not say when it was created. Check the database in Anki and export it again.");
  }
  return isUnsaid ? SCHEMA_KEPT : ver;
}

/** Throws where settings, note types or decks are more than a collection may begin with. */
function checkNew(db: DatabaseSync): void {
  const row = db.prepare("SELECT conf, models, decks, dconf FROM col LIMIT 1").get()!;
  checkJson(String(row["conf"]), "settings", NEW);
  checkJson(String(row["models"]), "note types", NEW);
  checkJson(String(row["decks"]), "decks", NEW);
  checkJson(String(row["dconf"]), "deck options", NEW);
  const { decks } = readCol(db);
  if (decks.size <= MAX_DECKS) return;
  throw new TooLargeError(
    `The collection has ${decks.size} decks; at most ${MAX_DECKS} are taken. Export it deck by deck.`,
    MAX_DECKS,
  );
}

/** Throws unless SQLite finds every page, row and index as it should be. */
export function checkIntegrity(db: DatabaseSync, tables: readonly string[] = [""]): void {
  for (const table of tables) {
    const rows = db.prepare(`PRAGMA integrity_check${table && `(${table})`}`).all();
    if (rows.length !== 1 || rows[0]?.integrity_check !== "ok") throw no(DAMAGED);
  }
}

/**
 * Takes the collection out of a stranger's bytes, into a file of its own: the rows of the known tables, in schema 11,
 * mended as Anki's own check mends. Nothing else of what was given is kept or run. Close the result's `file`.
 */
export function openChecked(files: TempFiles, bytes: Uint8Array, { now }: { now: number }): CheckedFile {
  checkSchemaSize(bytes);
  let given = files.fromBytes(bytes);
  const file = files.fromBytes(NOTHING);
  try {
    return readable(DAMAGED, () => {
      checkTables(given.db, SCHEMA_KEPT);
      const cameAs = schemaOf(given.db);
      if (cameAs !== SCHEMA_KEPT) {
        // Tables of newer schemas sort by a collation that only Anki has: in a private copy they name another.
        given.close();
        given = files.fromBytes(bytes, { writableSchema: true });
        forgetUnicase(given.db);
        checkTables(given.db, cameAs);
      }
      createTables(file.db);
      const taken = takeRows(given.db, file.db, bytes.length);
      if (cameAs !== SCHEMA_KEPT) {
        writeCol(file.db, readNewer(given.db, cameAs));
      }
      file.db.exec(`UPDATE col SET ver = ${SCHEMA_KEPT} WHERE ver != ${SCHEMA_KEPT}`);
      checkNew(file.db);
      createIndexes(file.db);
      const repairs = [...taken, ...repair(file.db, now)];
      checkInvariants(file.db);
      return { file, cameAs, repairs };
    });
  } catch (error) {
    file.close();
    throw error;
  } finally {
    given.close();
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
