import type { DatabaseSync } from "node:sqlite";
import { type Col, type Deck, isCloze, isFiltered, type Json, readCol, writeCol } from "./col.ts";
import { DEFAULT_DECK, DEFAULT_OPTIONS, defaultDeck, defaultOptions, recoveredNoteType } from "./defaults.ts";
import { repairNumbers } from "./repair-numbers.ts";
import { COLUMNS } from "./tables.ts";

/** One kind of thing that was mended: in how many places, and in words for people. */
export type Repair = { count: number; message: string };

const SEPARATOR = "\u001f";
const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const MAX_RECOVERED_CARDS = 100;

type Report = (count: number | bigint, message: string) => void;

/** Notes are known by their guid when collections are merged, so no two may have one. */
function repairGuids(db: DatabaseSync, report: Report): void {
  const taken = new Set(db.prepare("SELECT DISTINCT guid FROM notes").all().map(({ guid }) => String(guid)));
  const twice = db
    .prepare("SELECT id, guid FROM notes WHERE id NOT IN (SELECT min(id) FROM notes GROUP BY guid) ORDER BY id")
    .all();
  const update = db.prepare("UPDATE notes SET guid = ? WHERE id = ?");
  for (const { id, guid } of twice) {
    let free = `${String(guid)}~${Number(id)}`;
    while (taken.has(free)) free += "~";
    taken.add(free);
    update.run(free, Number(id));
  }
  report(twice.length, "notes had the guid of another note and got one of their own");
}

function repairNoteTypes(db: DatabaseSync, col: Col, report: Report): void {
  const lost = db.prepare("SELECT DISTINCT mid FROM notes").all().map(({ mid }) => Number(mid))
    .filter((mid) => !col.models.has(mid));
  for (const mid of lost) {
    const notes = db.prepare("SELECT flds FROM notes WHERE mid = ?").all(mid);
    const fields = notes.reduce((most, { flds }) => Math.max(most, String(flds).split(SEPARATOR).length), 1);
    const top = db.prepare("SELECT max(ord) AS ord FROM cards WHERE nid IN (SELECT id FROM notes WHERE mid = ?)").get(
      mid,
    );
    const cards = Math.min(MAX_RECOVERED_CARDS, Math.max(1, Number(top?.ord ?? 0) + 1));
    col.models.set(mid, recoveredNoteType(mid, fields, cards));
  }
  report(lost.length, "note types were gone and were made again as plain ones");
}

/** Note types, decks and options are known by their keys; Anki reads the ids beside them. */
function repairIds(col: Col, report: Report): ("models" | "decks" | "dconf")[] {
  const mended = (["models", "decks", "dconf"] as const).filter((part) => {
    const wrong = [...col[part]].filter(([id, value]) => Number(value["id"]) !== id);
    for (const [id, value] of wrong) (col[part] as Map<number, Json>).set(id, { ...value, id });
    report(wrong.length, `${WORDS[part]} had no id of their own, or another than they are known by`);
    return wrong.length > 0;
  });
  return mended;
}

const WORDS = { models: "note types", decks: "decks", dconf: "deck options" } as const;

/** Each note has as many fields as its type: too few are filled up, too many are joined into the last. */
function repairFields(db: DatabaseSync, col: Col, report: Report): void {
  const update = db.prepare("UPDATE notes SET flds = ? WHERE id = ?");
  let count = 0;
  for (const { id, mid, flds } of db.prepare("SELECT id, mid, flds FROM notes").all()) {
    const fields = String(flds).split(SEPARATOR);
    const wanted = col.models.get(Number(mid))?.flds.length ?? fields.length;
    if (fields.length === wanted) continue;
    const kept = fields.slice(0, wanted);
    while (kept.length < wanted) kept.push("");
    if (fields.length > wanted) kept[wanted - 1] = fields.slice(wanted - 1).join("; ");
    update.run(kept.join(SEPARATOR), Number(id));
    count++;
  }
  report(count, "notes had more or fewer fields than their note type");
}

function repairDecks(db: DatabaseSync, col: Col, report: Report): void {
  if (!col.decks.has(DEFAULT_DECK)) {
    col.decks.set(DEFAULT_DECK, defaultDeck());
    report(1, "default deck was gone and was made again");
  }
  if (!col.dconf.has(DEFAULT_OPTIONS)) {
    col.dconf.set(DEFAULT_OPTIONS, defaultOptions());
    report(1, "default deck options were gone and were made again");
  }
  const without = [...col.decks].filter(([, deck]) => !isFiltered(deck) && !col.dconf.has(Number(deck.conf)));
  for (const [id, deck] of without) col.decks.set(id, { ...deck, conf: DEFAULT_OPTIONS });
  report(without.length, "decks had options that are gone and have the default ones now");

  const known = JSON.stringify([...col.decks.keys()]);
  const filtered = JSON.stringify(
    [...col.decks].filter(([, deck]: [number, Deck]) => isFiltered(deck)).map(([id]) => id),
  );
  const inKnown = "(SELECT value FROM json_each(?))";
  const home = db
    .prepare(`UPDATE cards SET did = odid, due = odue, odid = 0, odue = 0
      WHERE did NOT IN ${inKnown} AND odid IN ${inKnown}`)
    .run(known, known);
  report(home.changes, "cards of a filtered deck that is gone went back to their own deck");
  const astray = db
    .prepare(`UPDATE cards SET did = ${DEFAULT_DECK}, odid = 0, odue = 0 WHERE did NOT IN ${inKnown}`)
    .run(known);
  report(astray.changes, "cards of a deck that is gone went to the default deck");
  const homeless = db
    .prepare(`UPDATE cards SET odid = CASE WHEN did IN ${inKnown} THEN ${DEFAULT_DECK} ELSE 0 END
      WHERE odid != 0 AND odid NOT IN ${inKnown}`)
    .run(filtered, known);
  report(homeless.changes, "cards in filtered decks had a home deck that is gone");
}

/** What cannot be shown is kept and suspended: nobody's reviews are thrown away for it. */
function repairCards(db: DatabaseSync, col: Col, report: Report): void {
  const odd = db
    .prepare(`UPDATE cards SET queue = -1, type = CASE WHEN type BETWEEN 0 AND 3 THEN type ELSE 2 END
      WHERE type NOT BETWEEN 0 AND 3 OR queue NOT BETWEEN -3 AND 4`)
    .run();
  report(odd.changes, "cards were in a state that Anki does not know and are suspended");
  let count = 0;
  const suspend = db.prepare(`UPDATE cards SET queue = -1 WHERE queue != -1 AND (ord < 0 OR ord >= ?)
    AND nid IN (SELECT id FROM notes WHERE mid = ?)`);
  for (const [mid, type] of col.models) {
    count += Number(suspend.run(isCloze(type) ? MAX_SAFE : type.tmpls.length, mid).changes);
  }
  report(count, "cards had no template any more and are suspended");
}

/** A note has one card of each template. Of two, the state with more answers, else the later one, holds for both. */
function repairTwins(db: DatabaseSync, report: Report): void {
  const twins = db.prepare(`
    SELECT id, first_value(id) OVER (PARTITION BY nid, ord ORDER BY reps DESC, mod DESC, id) AS kept FROM cards
    WHERE (nid, ord) IN (SELECT nid, ord FROM cards GROUP BY nid, ord HAVING count(*) > 1)`).all();
  const follow = db.prepare("UPDATE revlog SET cid = ? WHERE cid = ?");
  const remove = db.prepare("DELETE FROM cards WHERE id = ?");
  let count = 0;
  for (const { id, kept } of twins) {
    if (id === kept) continue;
    follow.run(Number(kept), Number(id));
    remove.run(Number(id));
    count++;
  }
  report(count, "cards came twice for one note and template and were joined; all their reviews are kept");
}

/** The first cloze of a note, from 0. */
const firstCloze = (flds: string) =>
  Math.min(...[...flds.matchAll(/\{\{c(\d{1,3})::/g)].map((found) => Math.max(0, Number(found[1]) - 1)), MAX_SAFE);

function repairEmptyNotes(db: DatabaseSync, col: Col, now: number, report: Report): void {
  const empty = db.prepare("SELECT id, mid, flds FROM notes WHERE id NOT IN (SELECT nid FROM cards) ORDER BY id").all();
  const isTaken = db.prepare("SELECT 1 FROM cards WHERE id = ?");
  const insert = db.prepare(`INSERT INTO cards (${COLUMNS.cards.join(", ")})
    VALUES (?, ?, ${DEFAULT_DECK}, ?, ?, -1, 0, 0, ?, 0, 0, 0, 0, 0, 0, 0, 0, '')`);
  const last = db.prepare("SELECT coalesce(max(due), 0) AS due FROM cards WHERE type = 0").get();
  let due = Number(last?.due ?? 0);
  for (const { id, mid, flds } of empty) {
    let free = Number(id);
    while (isTaken.get(free)) free++;
    const first = isCloze(col.models.get(Number(mid))!) ? firstCloze(String(flds)) : 0;
    insert.run(free, Number(id), first === MAX_SAFE ? 0 : first, Math.floor(now / 1000), ++due);
  }
  report(empty.length, "notes had no card and got a new one");
}

/**
 * Mends what Anki's own check of the database mends, in one transaction, and says what it did. The review log is kept as
 * it is, also of cards that are gone. Nothing to mend leaves the file byte for byte.
 */
export function repair(db: DatabaseSync, now: number): Repair[] {
  const repairs: Repair[] = [];
  const report: Report = (count, message) => {
    if (count > 0) repairs.push({ count: Number(count), message });
  };
  db.exec("BEGIN IMMEDIATE");
  const gone = db.prepare("DELETE FROM cards WHERE nid NOT IN (SELECT id FROM notes)").run();
  report(gone.changes, "cards whose note is gone were removed; their reviews are kept");
  const { cards, times } = repairNumbers(db, now);
  report(cards, "numbers of cards were beyond what Anki keeps and were brought back");
  report(times, "times of changes were in milliseconds and are in seconds now");
  repairTwins(db, report);
  repairGuids(db, report);
  const col = readCol(db);
  writeCol(db, Object.fromEntries(repairIds(col, report).map((part) => [part, col[part]])));
  const before = { models: col.models.size };
  repairNoteTypes(db, col, report);
  repairFields(db, col, report);
  const reported = repairs.length;
  repairDecks(db, col, report);
  if (col.models.size > before.models) writeCol(db, { models: col.models });
  if (repairs.length > reported) writeCol(db, { decks: col.decks, dconf: col.dconf });
  repairCards(db, col, report);
  repairEmptyNotes(db, col, now, report);
  db.exec("COMMIT");
  return repairs;
}
