import type { DatabaseSync } from "node:sqlite";
import type { Col, Json } from "./col.ts";
import { readDeckOptions, readDecks } from "./decks18.ts";
import { checkJson } from "./json.ts";
import { readNoteTypes } from "./notetypes18.ts";
import { NEWER_TABLES } from "./tables.ts";

/**
 * Makes the tables readable that sort by `unicase`, a collation that only Anki has: their definitions name another. Their
 * indexes are then in a wrong order, so they are read whole and thrown away.
 */
export function forgetUnicase(db: DatabaseSync): void {
  const sorted = db.prepare("SELECT rowid, sql FROM sqlite_master WHERE sql LIKE '%unicase%'").all();
  db.exec("PRAGMA writable_schema = ON");
  const update = db.prepare("UPDATE sqlite_master SET sql = ? WHERE rowid = ?");
  for (const { rowid, sql } of sorted) {
    update.run(String(sql).replaceAll(/collate\s+unicase/gi, "COLLATE BINARY"), Number(rowid));
  }
  db.exec("PRAGMA writable_schema = RESET");
}

function readConf(db: DatabaseSync): Json {
  const rows = db.prepare("SELECT key AS key, val AS val FROM config NOT INDEXED").all();
  return Object.fromEntries(
    rows.map(({ key, val }) => {
      const text = new TextDecoder().decode(val as Uint8Array);
      checkJson(text, "settings");
      return [String(key), JSON.parse(text) as unknown];
    }),
  );
}

/**
 * What a collection of schema 14 to 18 keeps in tables of its own, as schema 11 writes it: settings, options and tags from
 * 14 on, decks and note types from 15 on. Needs a file opened with `writableSchema`.
 */
export function readNewer(db: DatabaseSync, schema: number): Partial<Omit<Col, "crt">> {
  return {
    conf: readConf(db),
    dconf: readDeckOptions(db, schema),
    tags: new Map(db.prepare("SELECT tag, usn FROM tags NOT INDEXED").all().map(({ tag, usn }) => [String(tag), usn])),
    ...(schema >= NEWER_TABLES.decks && { models: readNoteTypes(db), decks: readDecks(db) }),
  };
}
