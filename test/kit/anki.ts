import { DatabaseSync } from "node:sqlite";
import type { CardRow, LogRow } from "../../api/anki/collection/rows.ts";

/** 2024-01-01T04:00:00Z: the first day of these collections begins at the rollover. */
export const CREATED_AT = Date.UTC(2024, 0, 1, 4);
export const DAY_MS = 86_400_000;

const SCHEMA = `
create table col (id integer primary key, crt integer not null, mod integer not null, scm integer not null,
  ver integer not null, dty integer not null, usn integer not null, ls integer not null, conf text not null,
  models text not null, decks text not null, dconf text not null, tags text not null);
create table notes (id integer primary key, guid text not null, mid integer not null, mod integer not null,
  usn integer not null, tags text not null, flds text not null, sfld integer not null, csum integer not null,
  flags integer not null, data text not null);
create table cards (id integer primary key, nid integer not null, did integer not null, ord integer not null,
  mod integer not null, usn integer not null, type integer not null, queue integer not null, due integer not null,
  ivl integer not null, factor integer not null, reps integer not null, lapses integer not null,
  left integer not null, odue integer not null, odid integer not null, flags integer not null, data text not null);
create table revlog (id integer primary key, cid integer not null, usn integer not null, ease integer not null,
  ivl integer not null, lastIvl integer not null, factor integer not null, time integer not null,
  type integer not null);
create table graves (usn integer not null, oid integer not null, type integer not null);
create index ix_notes_usn on notes (usn);
create index ix_cards_usn on cards (usn);
create index ix_revlog_usn on revlog (usn);
create index ix_cards_nid on cards (nid);
create index ix_cards_sched on cards (did, queue, due);
create index ix_revlog_cid on revlog (cid);
create index ix_notes_csum on notes (csum);`;

const BASIC = {
  id: 1,
  name: "Basic",
  type: 0,
  css: ".card { color: black; }",
  flds: [{ name: "Front", ord: 0 }, { name: "Back", ord: 1 }],
  tmpls: [
    { name: "Card 1", ord: 0, qfmt: "{{Front}}", afmt: "{{FrontSide}}<hr id=answer>{{Back}}" },
    { name: "Card 2", ord: 1, qfmt: "{{Back}}", afmt: "{{FrontSide}}<hr id=answer>{{Front}}" },
  ],
};

type Json = Record<string, unknown>;
export type CollectionParts = { conf?: Json; decks?: Json[]; dconf?: Json[]; models?: Json[] };

/** The options of a deck as Anki writes them; what is given lies over the defaults. */
export function presetOf(over: { id?: number; new?: Json; rev?: Json; lapse?: Json } & Json = {}): Json {
  return {
    id: 1,
    name: "Default",
    maxTaken: 60,
    ...over,
    new: { delays: [1, 10], ints: [1, 4, 0], initialFactor: 2500, perDay: 20, bury: false, order: 1, ...over.new },
    rev: { perDay: 200, ease4: 1.3, ivlFct: 1, maxIvl: 36500, bury: false, ...over.rev },
    lapse: { delays: [10], leechFails: 8, leechAction: 1, minInt: 1, mult: 0, ...over.lapse },
  };
}

/** A collection of schema 11 in memory. */
export function createAnki(parts: CollectionParts = {}, db = new DatabaseSync(":memory:")) {
  const byId = (list: Json[]) => JSON.stringify(Object.fromEntries(list.map((entry) => [String(entry["id"]), entry])));
  db.exec(SCHEMA);
  db.prepare("insert into col values (1, ?, ?, 0, 11, 0, 0, 0, ?, ?, ?, ?, '{}')").run(
    CREATED_AT / 1_000,
    CREATED_AT,
    JSON.stringify({ schedVer: 2, rollover: 4, creationOffset: 0, collapseTime: 1200, fsrs: true, ...parts.conf }),
    byId(parts.models ?? [BASIC]),
    byId(parts.decks ?? [{ id: 1, name: "Default", conf: 1, dyn: 0 }]),
    byId(parts.dconf ?? [presetOf()]),
  );
  const addNote = (id: number, fields: string[] = ["front", "back"], over: { mid?: number; tags?: string } = {}) => {
    const values = [id, `guid${id}`, over.mid ?? 1, 0, 0, over.tags ?? "", fields.join("\u001f"), 0, 0, 0, ""];
    db.prepare("insert into notes values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").run(...values);
  };
  /** A card, with a note of the same id where no other is named. New unless something else is said. */
  const addCard = (over: Partial<CardRow> & { id: number }) => {
    const card: CardRow = {
      nid: over.id,
      did: 1,
      ord: 0,
      mod: 0,
      usn: 0,
      type: 0,
      queue: 0,
      due: over.id,
      ivl: 0,
      factor: 0,
      reps: 0,
      lapses: 0,
      left: 0,
      odue: 0,
      odid: 0,
      flags: 0,
      data: "",
      ...over,
    };
    if (!db.prepare("select 1 from notes where id = ?").get(card.nid)) addNote(card.nid);
    const columns = Object.keys(card) as (keyof CardRow)[];
    const sql = `insert into cards (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})`;
    db.prepare(sql).run(...columns.map((column) => card[column]));
    return card.id;
  };
  /** A review card that is due on this day of the collection. */
  const addReview = (id: number, due: number, over: Partial<CardRow> = {}) =>
    addCard({ id, type: 2, queue: 2, due, ivl: 10, factor: 2500, reps: 3, ...over });
  const addLog = (log: Pick<LogRow, "id" | "cid" | "ease"> & Partial<LogRow>) => {
    const row = { usn: 0, ivl: 1, lastIvl: 0, factor: 2500, time: 5_000, type: 1, ...log };
    const { id, cid, usn, ease, ivl, lastIvl, factor, time, type } = row;
    db.prepare("insert into revlog values (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .run(id, cid, usn, ease, ivl, lastIvl, factor, time, type);
  };
  const card = (id: number) => ({ ...db.prepare("select * from cards where id = ?").get(id) }) as unknown as CardRow;
  return { db, addNote, addCard, addReview, addLog, card };
}

export type Anki = ReturnType<typeof createAnki>;

/** All rows of a collection's tables, without the one that this service adds unless it is asked for. */
export function dumpAnki(db: DatabaseSync, { withAnswers = false } = {}): Record<string, unknown[]> {
  const tables = ["col", "notes", "cards", "revlog", "graves", ...(withAnswers ? ["sojourn_answers"] : [])];
  return Object.fromEntries(
    tables.map((table) => [
      table,
      db.prepare(`select * from ${table} order by 1, 2`).all().map((row) => JSON.stringify({ ...row })),
    ]),
  );
}

/** An instant on a day of the collection, at noon UTC, and some milliseconds. */
export function noonOf(day: number, plusMs = 0): number {
  return CREATED_AT + day * DAY_MS + 8 * 3_600_000 + plusMs;
}
