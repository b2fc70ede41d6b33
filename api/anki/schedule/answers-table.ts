import type { DatabaseSync } from "node:sqlite";
import { getRow, listRows, run } from "../collection/rows.ts";

/** An answer that was applied. `undo` is what to restore; null where it was taken back, empty where it cannot be. */
export type KeptAnswer = { id: string; position: number; session: string; cid: number; undo: string | null };

/** Answers that are remembered by their ids; older ones are forgotten. */
const REMEMBERED = 5_000;

/** Changes belong to no session. */
export const EDITS = "-";
const UNDOABLE_EDITS = 20;

const CREATE =
  "create table sojourn_answers (id text primary key, position integer, session text, cid integer, undo text);" +
  "create index sojourn_answers_position on sojourn_answers (position)";
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

/** The newest answer or change that was not taken back. */
export function findNewest(db: DatabaseSync): KeptAnswer | undefined {
  if (!hasTable(db)) return undefined;
  return getRow(
    db,
    "select id, position, session, cid, undo from sojourn_answers where undo is not null order by position desc limit 1",
  );
}

/** The row of the log that an answer wrote: its instant. */
export function logIdOf({ undo }: KeptAnswer): number {
  return (JSON.parse(undo!) as { logId: number }).logId;
}

/** The ids of all answers of a session, also of those that were taken back. */
export function listAnswerIds(db: DatabaseSync, session: string): string[] {
  if (!hasTable(db)) return [];
  return listRows<{ id: string }>(db, "select id from sojourn_answers where session = ?", session).map(({ id }) => id);
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
  if (answer.session === EDITS) {
    const sql = "update sojourn_answers set undo = '' where session = ? and undo <> '' and position <= ?";
    run(db, sql, EDITS, answer.position - UNDOABLE_EDITS);
  } else {
    const sql = "select session from sojourn_answers where session <> ? order by position desc limit 1";
    const last = getRow<{ session: string }>(db, sql, EDITS);
    if (last && last.session !== answer.session) {
      run(db, "update sojourn_answers set undo = '' where session not in (?, ?) and undo <> ''", answer.session, EDITS);
    }
  }
  run(db, "delete from sojourn_answers where position <= ?", answer.position - REMEMBERED);
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

export function markUndone(db: DatabaseSync, answerId: string): void {
  run(db, "update sojourn_answers set undo = null where id = ?", answerId);
}

function hasTable(db: DatabaseSync): boolean {
  return getRow(db, HAS_TABLE) !== undefined;
}
