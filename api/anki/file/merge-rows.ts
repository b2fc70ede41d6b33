import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
import { UNSYNCED } from "../collection/rows.ts";
import { GRAVE } from "./merge-graves.ts";
import { freeId, type IdMap } from "./merge-col.ts";
import { CARD_STATE, COLUMNS } from "./tables.ts";

type Row = Record<string, SQLOutputValue>;

/** What came of the rows of one table. */
export type Merged = { added: number; updated: number; kept: number };

// A due number from here on is an instant in seconds; below, it is a day of the collection.
const FIRST_INSTANT_S = 1_000_000_000;

const nothing = (): Merged => ({ added: 0, updated: 0, kept: 0 });
const key = (a: unknown, b: unknown) => `${Number(a)}:${Number(b)}`;
const values = (row: Row, columns: readonly string[]) => columns.map((column) => row[column] as SQLInputValue);

function insertInto(db: DatabaseSync, table: keyof typeof COLUMNS) {
  const columns: readonly string[] = COLUMNS[table];
  const insert = db.prepare(
    `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  );
  return (row: Row) => insert.run(...values(row, columns));
}

const idsOf = (db: DatabaseSync, table: "notes" | "cards") =>
  new Set(db.prepare(`SELECT id FROM ${table}`).all().map(({ id }) => Number(id)));

// Out of its column, sfld may be a number beyond JavaScript's; as text it goes back to the same value.
const NOTE_COLUMNS = COLUMNS.notes.map((column) => (column === "sfld" ? "CAST(sfld AS TEXT) AS sfld" : column));

/**
 * Notes are the same by guid and note type; of the two, the later change holds. A guid with another note type is another
 * note: it gets a guid that says so, by which the next import finds it. Gives what each incoming id is now.
 */
export function mergeNotes(
  into: DatabaseSync,
  from: DatabaseSync,
  noteTypes: IdMap,
): { ids: IdMap; notes: Merged } {
  const byGuid = new Map(
    into.prepare("SELECT id, guid, mid, mod FROM notes").all().map((row) => [String(row.guid), row]),
  );
  const [taken, theirs] = [idsOf(into, "notes"), idsOf(from, "notes")];
  const insert = insertInto(into, "notes");
  const update = into.prepare(`UPDATE notes SET mod = ?, usn = ${UNSYNCED}, tags = ?, flds = ?, sfld = ?, csum = ?,
    flags = ?, data = ? WHERE id = ?`);
  const ids = new Map<number, number>();
  const notes = nothing();
  for (const row of from.prepare(`SELECT ${NOTE_COLUMNS.join(", ")} FROM notes ORDER BY id`).all()) {
    const mid = noteTypes.get(Number(row.mid))!;
    const own = String(row.guid);
    const holder = byGuid.get(own);
    const guid = holder === undefined || holder.mid === mid ? own : `${own}~${mid}`;
    const known = byGuid.get(guid);
    if (!known) {
      const wanted = Number(row.id);
      const id = freeId(wanted, taken, taken.has(wanted) ? theirs : new Set());
      insert({ ...row, id, guid, mid, usn: UNSYNCED });
      taken.add(id);
      byGuid.set(guid, { id, guid, mid, mod: row.mod! });
      ids.set(wanted, id);
      notes.added++;
      continue;
    }
    ids.set(Number(row.id), Number(known.id));
    if (Number(row.mod) > Number(known.mod)) {
      update.run(...values(row, ["mod", "tags", "flds", "sfld", "csum", "flags", "data"]), Number(known.id));
      notes.updated++;
    } else {
      notes.kept++;
    }
  }
  return { ids, notes };
}

/**
 * A card of one collection as it is in another whose days count from elsewhere. Instants and places stay: those of new cards,
 * and, before all days, those of cards that a filtered deck has borrowed.
 */
function withDaysShifted(row: Row, days: number): Row {
  if (row.type === 0 || days === 0) return row;
  const [due, odue] = [Number(row.due), Number(row.odue)];
  const isDay = due < FIRST_INSTANT_S && (row.odid === 0 || due > 0);
  const isHomeDay = odue !== 0 && odue < FIRST_INSTANT_S;
  return { ...row, due: isDay ? due + days : due, odue: isHomeDay ? odue + days : odue };
}

/**
 * True where a card's state holds over another's: the later change, with as late ones the one with more answers. A card
 * that was never answered is no later state of one that was: so a deck shared without progress resets nobody's.
 */
function isLater(card: State, than: State): boolean {
  if (isUntouched(card) !== isUntouched(than)) return isUntouched(than);
  if (card.mod !== than.mod) return card.mod > than.mod;
  return card.reps > than.reps;
}

type State = { type: number; reps: number; mod: number; hasLog: boolean };

const stateOf = ({ type, reps, mod }: Row, hasLog: boolean): State => ({
  type: Number(type),
  reps: Number(reps),
  mod: Number(mod),
  hasLog,
});

const isUntouched = ({ type, hasLog }: State) => type === 0 && !hasLog;

/** The cards that a review log tells of. */
const answeredIn = (db: DatabaseSync) =>
  new Set(db.prepare("SELECT DISTINCT cid FROM revlog").all().map(({ cid }) => Number(cid)));

/** Cards are the same by note and template; of the two, the later state holds. */
export function mergeCards(
  into: DatabaseSync,
  from: DatabaseSync,
  { notes, decks, days }: { notes: IdMap; decks: IdMap; days: number },
): { ids: IdMap; cards: Merged } {
  const byPlace = new Map<string, Row>(
    into.prepare("SELECT id, nid, ord, type, reps, mod FROM cards").all().map((row) => [key(row.nid, row.ord), row]),
  );
  const [taken, theirs] = [idsOf(into, "cards"), idsOf(from, "cards")];
  const insert = insertInto(into, "cards");
  const update = into.prepare(
    `UPDATE cards SET ${CARD_STATE.map((column) => `${column} = ?`).join(", ")} WHERE id = ?`,
  );
  const [ourLog, theirLog] = [answeredIn(into), answeredIn(from)];
  const ids = new Map<number, number>();
  const cards = nothing();
  for (const raw of from.prepare("SELECT * FROM cards ORDER BY id").all()) {
    const nid = notes.get(Number(raw.nid))!;
    const did = decks.get(Number(raw.did))!;
    const odid = raw.odid === 0 ? 0 : decks.get(Number(raw.odid))!;
    const row: Row = { ...withDaysShifted(raw, days), nid, did, odid, usn: UNSYNCED };
    const known = byPlace.get(key(nid, raw.ord));
    if (!known) {
      const wanted = Number(raw.id);
      const id = freeId(wanted, taken, taken.has(wanted) ? theirs : new Set());
      insert({ ...row, id });
      taken.add(id);
      byPlace.set(key(nid, raw.ord), { ...row, id });
      ids.set(wanted, id);
      cards.added++;
      continue;
    }
    ids.set(Number(raw.id), Number(known.id));
    const [theirState, ourState] = [
      stateOf(raw, theirLog.has(Number(raw.id))),
      stateOf(known, ourLog.has(Number(known.id))),
    ];
    if (isLater(theirState, ourState)) {
      update.run(...values(row, CARD_STATE), Number(known.id));
      byPlace.set(key(nid, raw.ord), { ...row, id: known.id! });
      cards.updated++;
    } else {
      cards.kept++;
    }
  }
  return { ids, cards };
}

const LOG_CONTENT = ["cid", "ease", "ivl", "lastIvl", "factor", "time", "type"] as const;

/**
 * The union of two review logs. Rows are the same by id and content. Another review in the same millisecond moves to the
 * next that is free, or to the one where an earlier import put it; so nothing is lost and nothing comes twice. (Equal
 * reviews of one card in neighbouring milliseconds are one review: nobody answers a card twice in one.)
 */
export function mergeReviews(into: DatabaseSync, from: DatabaseSync, cards: IdMap): Merged & { moved: number } {
  const find = into.prepare("SELECT * FROM revlog WHERE id = ?");
  const insert = insertInto(into, "revlog");
  const isSame = (a: Row, b: Row) => LOG_CONTENT.every((column) => a[column] === b[column]);
  const claimed = new Set<number>();
  const others: Row[] = [];
  const reviews = { ...nothing(), moved: 0 };
  for (const raw of from.prepare("SELECT * FROM revlog ORDER BY id").all()) {
    // Of a card that is gone the log keeps the id that it had.
    const row: Row = { ...raw, cid: cards.get(Number(raw.cid)) ?? raw.cid!, usn: UNSYNCED };
    const known = find.get(Number(row.id));
    if (known && isSame(known, row)) {
      claimed.add(Number(row.id));
      reviews.kept++;
    } else {
      others.push(row);
    }
  }
  for (const row of others) {
    let id = Number(row.id);
    for (let known = find.get(id); known; known = find.get(id)) {
      if (!claimed.has(id) && isSame(known, row)) break;
      id++;
    }
    claimed.add(id);
    if (find.get(id)) {
      reviews.kept++;
      continue;
    }
    insert({ ...row, id });
    reviews.added++;
    if (id !== row.id) reviews.moved++;
  }
  return reviews;
}

/** The union of the marks of what was deleted, but for what lives in the merged collection: such a mark would delete it. */
export function mergeGraves(into: DatabaseSync, from: DatabaseSync, decks: { has(id: number): boolean }): number {
  into.exec(`DELETE FROM graves WHERE (type = ${GRAVE.card} AND oid IN (SELECT id FROM cards))
    OR (type = ${GRAVE.note} AND oid IN (SELECT id FROM notes))`);
  const remove = into.prepare(`DELETE FROM graves WHERE type = ${GRAVE.deck} AND oid = ?`);
  for (const { oid } of into.prepare(`SELECT oid FROM graves WHERE type = ${GRAVE.deck}`).all()) {
    if (decks.has(Number(oid))) remove.run(Number(oid));
  }
  const known = new Set(into.prepare("SELECT oid, type FROM graves").all().map(({ oid, type }) => key(oid, type)));
  const living = { [GRAVE.card]: idsOf(into, "cards"), [GRAVE.note]: idsOf(into, "notes"), [GRAVE.deck]: decks };
  const insert = insertInto(into, "graves");
  let added = 0;
  for (const row of from.prepare("SELECT usn, oid, type FROM graves").all()) {
    const mark = key(row.oid, row.type);
    if (known.has(mark) || living[Number(row.type) as 0 | 1 | 2]?.has(Number(row.oid))) continue;
    known.add(mark);
    insert(row);
    added++;
  }
  return added;
}
