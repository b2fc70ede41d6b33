import { CARD_COLUMNS } from "../collection/rows.ts";

/** The tables of schema 11, with their columns in order. Every one of them is needed. */
export const COLUMNS = {
  col: ["id", "crt", "mod", "scm", "ver", "dty", "usn", "ls", "conf", "models", "decks", "dconf", "tags"],
  notes: ["id", "guid", "mid", "mod", "usn", "tags", "flds", "sfld", "csum", "flags", "data"],
  cards: CARD_COLUMNS,
  revlog: ["id", "cid", "usn", "ease", "ivl", "lastIvl", "factor", "time", "type"],
  graves: ["usn", "oid", "type"],
} as const;

export type Table = keyof typeof COLUMNS;
export const TABLES = Object.keys(COLUMNS) as Table[];

/** A card's state: what the newer of two states of one card brings with it. */
export const CARD_STATE = COLUMNS.cards.filter((column) => column !== "id" && column !== "nid" && column !== "ord");

/** The columns that hold text; sfld may hold text or a number; the others hold whole numbers. */
export const TEXT_COLUMNS: ReadonlySet<string> = new Set([
  "guid",
  "flds",
  "data",
  "conf",
  "models",
  "decks",
  "dconf",
  "tags",
]);

/** What newer schemas keep in tables of their own, and schema 11 in `col`, each with the schema that brought it. */
export const NEWER_TABLES = {
  deck_config: 14,
  config: 14,
  tags: 14,
  notetypes: 15,
  fields: 15,
  templates: 15,
  decks: 15,
} as const;

/** The indexes of schema 11, by name. */
export const INDEXES: Readonly<Record<string, string>> = {
  ix_notes_usn: "notes (usn)",
  ix_cards_usn: "cards (usn)",
  ix_revlog_usn: "revlog (usn)",
  ix_cards_nid: "cards (nid)",
  ix_cards_sched: "cards (did, queue, due)",
  ix_revlog_cid: "revlog (cid)",
  ix_notes_csum: "notes (csum)",
};

/** Our own table in the stored file: ids of answers and what undoes them. No export has it. */
export const OWN_TABLE = "sojourn_answers";

/** The schema that every Anki since 2.0 reads, and in which collections are kept here. */
export const SCHEMA_KEPT = 11;
/** The schemas that Anki has used since 2.1.28 while it runs; the last is packed as collection.anki21b. */
export const SCHEMAS_NEWER: readonly number[] = [14, 15, 16, 17, 18];

/** SQL that makes a table as Anki makes it. */
export function createTableSql(table: Table): string {
  const columns = COLUMNS[table].map((column) => {
    if (column === "id") return "id integer primary key";
    return `${column} ${TEXT_COLUMNS.has(column) ? "text" : "integer"} not null`;
  });
  return `CREATE TABLE ${table} (${columns.join(", ")})`;
}

/** A merge or a repair counts on from an id to the next free one: there is room for that. */
export const MAX_ID = Number.MAX_SAFE_INTEGER - 2 ** 32;
