import type { DatabaseSync } from "node:sqlite";
import { getRow, listRows, run } from "../collection/rows.ts";

/** An answer that was applied. `undo` is what to restore; null where it was taken back, empty where it cannot be. */
export type KeptAnswer = { id: string; position: number; session: string; cid: number; undo: string | null };

/** So many answers are remembered by their ids; older ones are forgotten. Changes are not. */
const REMEMBERED = 5_000;

/** Changes belong to no session: this stands there, and a digest of what was asked (absent in changes of before). */
const EDIT = "-";
const IS_EDIT = "session like '-%'";
const UNDOABLE_EDITS = 20;
/** Those to be forgotten are looked for within so many positions: ids of changes are kept for ever, and may be many. */
const FORGOTTEN_AT_ONCE = 200;
/** Newest ids that a slice knows, of whatever session: what is repeated in the next session is mostly one of these. */
const NEWEST = 100;

const CREATE =
  "create table sojourn_answers (id text primary key, position integer, session text, cid integer, undo text);" +
  "create index sojourn_answers_position on sojourn_answers (position)";
/** The row that says when the settings that hold were set, in place of a card; it has no position, so nothing forgets it. */
const SETTINGS = "settings";
const HAS_TABLE = "select 1 from sqlite_master where type = 'table' and name = 'sojourn_answers'";

export function findAnswer(db: DatabaseSync, answerId: string): KeptAnswer | undefined {
  if (!hasTable(db)) return undefined;
  return getRow(db, "select id, position, session, cid, undo from sojourn_answers where id = ?", answerId);
}

/**
 * The answer that an undo in this session takes back: the newest one that was not. Undefined where there is none, or
 * where it belongs to another session.
 */
export function findUndoable(db: DatabaseSync, session: string): KeptAnswer | undefined {
  if (!hasTable(db)) return undefined;
  const newest = getRow<KeptAnswer>(
    db,
    "select id, position, session, cid, undo from sojourn_answers where undo is not null order by position desc limit 1",
  );
  return newest?.session === session && newest.undo !== "" ? newest : undefined;
}

/** How a change is kept in place of a session. */
export const sessionOfEdit = (asked = ""): string => EDIT + asked;

export const isEdit = ({ session }: Pick<KeptAnswer, "session">): boolean => session.startsWith(EDIT);

/** Whether a change that is kept is the one that is asked for under its id. */
export function isSameEdit(kept: KeptAnswer, asked: string): boolean {
  return kept.session === EDIT || kept.session === EDIT + asked;
}

/** The newest answer or change that was not taken back. */
export function findNewest(db: DatabaseSync): KeptAnswer | undefined {
  if (!hasTable(db)) return undefined;
  return getRow(
    db,
    "select id, position, session, cid, undo from sojourn_answers where undo is not null order by position desc limit 1",
  );
}

/** How an answer was rated; undefined where it was taken back, or is of a session before. */
export function ratingOf(db: DatabaseSync, kept: KeptAnswer): number | undefined {
  if (!kept.undo) return undefined;
  return getRow<{ ease: number }>(db, "select ease from revlog where id = ?", logIdOf(kept))?.ease;
}

/** The row of the log that an answer wrote: its instant. */
export function logIdOf({ undo }: KeptAnswer): number {
  return (JSON.parse(undo!) as { logId: number }).logId;
}

/** The ids of all answers of a session, also of those that were taken back, and the newest of all. */
export function listAnswerIds(db: DatabaseSync, session: string): string[] {
  if (!hasTable(db)) return [];
  const sql = "select id from sojourn_answers where session = ? " +
    "union select id from (select id from sojourn_answers order by position desc limit ?)";
  return listRows<{ id: string }>(db, sql, session, NEWEST).map(({ id }) => id);
}

/** How many answers of a session stand. */
export function countAnswers(db: DatabaseSync, session: string): number {
  if (!hasTable(db)) return 0;
  const sql = "select count(*) as n from sojourn_answers where session = ? and undo is not null";
  return getRow<{ n: number }>(db, sql, session)!.n;
}

/**
 * Answers of other sessions can no longer be taken back once one of this session stands, and changes not once there are
 * twenty after them: what they restore may be large.
 */
export function keepAnswer(db: DatabaseSync, answer: KeptAnswer): void {
  if (!hasTable(db)) db.exec(CREATE);
  if (isEdit(answer)) {
    const sql = `update sojourn_answers set undo = '' where ${IS_EDIT} and undo <> '' and position <= ?`;
    run(db, sql, answer.position - UNDOABLE_EDITS);
  } else {
    const sql = `select session from sojourn_answers where not ${IS_EDIT} order by position desc limit 1`;
    const last = getRow<{ session: string }>(db, sql);
    if (last && last.session !== answer.session) {
      run(
        db,
        `update sojourn_answers set undo = '' where session <> ? and not ${IS_EDIT} and undo <> ''`,
        answer.session,
      );
    }
  }
  const oldest = answer.position - REMEMBERED;
  run(
    db,
    `delete from sojourn_answers where position <= ? and position > ? and not ${IS_EDIT}`,
    oldest,
    oldest - FORGOTTEN_AT_ONCE,
  );
  run(
    db,
    "insert into sojourn_answers (id, position, session, cid, undo) values (?, ?, ?, ?, ?)",
    answer.id,
    answer.position,
    answer.session,
    answer.cid,
    answer.undo,
  );
}

/** Forgets that an id was used. */
export function forgetAnswer(db: DatabaseSync, answerId: string): void {
  run(db, "delete from sojourn_answers where id = ?", answerId);
}

export function markUndone(db: DatabaseSync, answerId: string): void {
  run(db, "update sojourn_answers set undo = null where id = ?", answerId);
}

/** When the collection's settings were set as they are, in epoch ms, as late as that can have been; 0 where nobody set them. */
export function settingsSetAt(db: DatabaseSync): number {
  if (!hasTable(db)) return 0;
  return getRow<{ cid: number }>(db, "select cid from sojourn_answers where id = ?", SETTINGS)?.cid ?? 0;
}

export function noteSettings(db: DatabaseSync, at: number): void {
  if (!hasTable(db)) db.exec(CREATE);
  const sql = "insert or replace into sojourn_answers (id, position, session, cid, undo) values (?, null, ?, ?, null)";
  run(db, sql, SETTINGS, SETTINGS, at);
}

function hasTable(db: DatabaseSync): boolean {
  return getRow(db, HAS_TABLE) !== undefined;
}
