import type { DatabaseSync } from "node:sqlite";
import { CollectionUnreadableError, readable } from "./errors.ts";
import { checkJson } from "./json.ts";
import { MAX_ID } from "./tables.ts";

/** Any JSON object of Anki's: what this program does not know is kept as it is. */
export type Json = Record<string, unknown>;

export type Field = Json & { name: string };
export type Template = Json & { name: string; qfmt: string; afmt: string };
/** A note type in schema 11. `type` 1 is cloze: any number of cards from one template. */
export type NoteType = Json & { name: string; type?: number; flds: Field[]; tmpls: Template[] };
/** A deck in schema 11. `dyn` 1 is a filtered deck. */
export type Deck = Json & { name: string };

/** The JSON columns of `col`, parsed. The keys of the first three are ids. */
export type Col = {
  /** Start of the collection's day 0, epoch seconds. */
  crt: number;
  conf: Json;
  models: Map<number, NoteType>;
  decks: Map<number, Deck>;
  dconf: Map<number, Json>;
  /** Tag and its usn. */
  tags: Map<string, unknown>;
};

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";

const no = (what: string) =>
  new CollectionUnreadableError(
    `The collection's ${what} cannot be read. Check the database in Anki and export again.`,
  );

/** Producers leave blank what they have nothing for. */
function parseObject(text: unknown, what: string): Json {
  if (typeof text === "string" && text.trim() === "") return {};
  const value = readable(no(what).message, () => {
    checkJson(String(text), what);
    return JSON.parse(String(text)) as unknown;
  });
  if (!isObject(value)) throw no(what);
  return value;
}

function byId<T extends Json>(text: unknown, what: string, isRight: (value: Json) => boolean): Map<number, T> {
  return new Map(
    Object.entries(parseObject(text, what)).map(([key, value]) => {
      const id = Number(key);
      if (!/^-?\d+$/.test(key) || Math.abs(id) > MAX_ID || !isObject(value) || !isRight(value)) throw no(what);
      return [id, value as T];
    }),
  );
}

const isField = (value: unknown) => isObject(value) && isText(value.name);
const isTemplate = (value: unknown) =>
  isObject(value) && isText(value.name) && isText(value.qfmt) && isText(value.afmt);

function isNoteType(value: Json): boolean {
  const { flds, tmpls } = value;
  return isText(value.name) && Array.isArray(flds) && flds.length > 0 && flds.every(isField) &&
    Array.isArray(tmpls) && tmpls.length > 0 && tmpls.every(isTemplate);
}

/** What the JSON columns of `col` hold, in words. */
const PARTS = { conf: "settings", models: "note types", decks: "decks", dconf: "deck options", tags: "tags" } as const;
export type JsonColumn = keyof typeof PARTS;

/** How each column of `col` is parsed. */
const COLUMNS = {
  crt: Number,
  mod: Number,
  conf: (text: unknown) => parseObject(text, PARTS.conf),
  models: (text: unknown) => byId<NoteType>(text, PARTS.models, isNoteType),
  decks: (text: unknown) => byId<Deck>(text, PARTS.decks, (deck) => isText(deck.name)),
  dconf: (text: unknown) => byId<Json>(text, PARTS.dconf, () => true),
  tags: (text: unknown) => new Map(Object.entries(parseObject(text, PARTS.tags))),
};
type Columns = { [Name in keyof typeof COLUMNS]: ReturnType<(typeof COLUMNS)[Name]> };

/**
 * Reads these columns of the one row of `col`: a review needs the decks and not the note types, which may be a megabyte.
 * Throws CollectionUnreadableError where a part is not what Anki writes.
 */
export function readColumns<Name extends keyof Columns>(db: DatabaseSync, ...names: Name[]): Pick<Columns, Name> {
  const row = db.prepare(`SELECT ${names.join(", ")} FROM col LIMIT 1`).get();
  if (!row) throw no("settings");
  return Object.fromEntries(names.map((name) => [name, COLUMNS[name](row[name])])) as Pick<Columns, Name>;
}

/** The object of a JSON column, whatever is in it. Throws as `readColumns` does. */
export function parseColumn(column: JsonColumn, text: string): Json {
  return parseObject(text, PARTS[column]);
}

/** Reads all of `col`. Throws as `readColumns` does. */
export function readCol(db: DatabaseSync): Col {
  return readColumns(db, "crt", "conf", "models", "decks", "dconf", "tags");
}

const asJson = (map: ReadonlyMap<unknown, unknown>) => JSON.stringify(Object.fromEntries(map));

/** Writes the JSON columns that are given; the others stay byte for byte as they are. */
export function writeCol(db: DatabaseSync, col: Partial<Omit<Col, "crt">>): void {
  const texts: Record<string, string | undefined> = {
    conf: col.conf && JSON.stringify(col.conf),
    models: col.models && asJson(col.models),
    decks: col.decks && asJson(col.decks),
    dconf: col.dconf && asJson(col.dconf),
    tags: col.tags && asJson(col.tags),
  };
  for (const [column, text] of Object.entries(texts)) {
    if (text !== undefined) db.prepare(`UPDATE col SET ${column} = ?`).run(text);
  }
}

/** True for a note type whose cards come from clozes: every ord is valid. */
export function isCloze(type: NoteType): boolean {
  return type.type === 1;
}

/** True where the deck is filtered: it borrows cards from others. */
export function isFiltered(deck: Deck): boolean {
  return Boolean(deck.dyn);
}
