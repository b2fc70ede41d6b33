import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** A row of Anki's table `cards` (schema 11). Days count from the collection's creation; `mod` is in seconds. */
export type CardRow = {
  id: number;
  nid: number;
  did: number;
  ord: number;
  mod: number;
  usn: number;
  type: number;
  queue: number;
  due: number;
  ivl: number;
  factor: number;
  reps: number;
  lapses: number;
  left: number;
  odue: number;
  odid: number;
  flags: number;
  data: string;
};

/** A row of `revlog`. `id` and `time` in milliseconds; intervals in days, or in seconds where negative. */
export type LogRow = {
  id: number;
  cid: number;
  usn: number;
  ease: number;
  ivl: number;
  lastIvl: number;
  factor: number;
  time: number;
  type: number;
};

export const CARD_TYPE = { NEW: 0, LEARNING: 1, REVIEW: 2, RELEARNING: 3 } as const;
export const QUEUE = {
  USER_BURIED: -3,
  BURIED: -2,
  SUSPENDED: -1,
  NEW: 0,
  LEARNING: 1,
  REVIEW: 2,
  DAY_LEARNING: 3,
  PREVIEW: 4,
} as const;
export const LOG_TYPE = { LEARNING: 0, REVIEW: 1, RELEARNING: 2, FILTERED: 3, MANUAL: 4 } as const;

/** The `usn` of rows that the person's sync server has not seen yet. */
export const UNSYNCED = -1;

/** In the order of the table. */
export const CARD_COLUMNS = [
  "id",
  "nid",
  "did",
  "ord",
  "mod",
  "usn",
  "type",
  "queue",
  "due",
  "ivl",
  "factor",
  "reps",
  "lapses",
  "left",
  "odue",
  "odid",
  "flags",
  "data",
] as const satisfies (keyof CardRow)[];

const FIND_CARD = `select ${CARD_COLUMNS.join(", ")} from cards where id = ?`;
const PUT_CARD = `update cards set ${CARD_COLUMNS.slice(1).map((column) => `${column} = ?`).join(", ")} where id = ?`;

const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/** The compiled statement of a text, compiled once for each open collection. */
export function prepared(db: DatabaseSync, sql: string): StatementSync {
  const known = statements.get(db) ?? new Map<string, StatementSync>();
  statements.set(db, known);
  const statement = known.get(sql) ?? db.prepare(sql);
  known.set(sql, statement);
  return statement;
}

/** Values for the places of a statement: in their order, or one object by their names. */
export type Values = SQLInputValue[] | [Record<string, SQLInputValue>];

export function getRow<Row>(db: DatabaseSync, sql: string, ...values: Values): Row | undefined {
  return prepared(db, sql).get(...(values as SQLInputValue[])) as Row | undefined;
}

export function listRows<Row>(db: DatabaseSync, sql: string, ...values: Values): Row[] {
  return prepared(db, sql).all(...(values as SQLInputValue[])) as Row[];
}

export function run(db: DatabaseSync, sql: string, ...values: SQLInputValue[]): void {
  prepared(db, sql).run(...values);
}

export function findCard(db: DatabaseSync, cardId: number): CardRow | undefined {
  const row = getRow<CardRow>(db, FIND_CARD, cardId);
  return row && { ...row };
}

export function putCard(db: DatabaseSync, card: CardRow): void {
  run(db, PUT_CARD, ...CARD_COLUMNS.slice(1).map((column) => card[column]), card.id);
}

/** The whole review log of a card, oldest first. */
export function listLog(db: DatabaseSync, cardId: number): LogRow[] {
  return listRows(
    db,
    "select id, cid, usn, ease, ivl, lastIvl, factor, time, type from revlog where cid = ? order by id",
    cardId,
  );
}

/** The first free key of the review log at this millisecond or after it. */
export function freeLogId(db: DatabaseSync, at: number): number {
  let id = at;
  while (getRow(db, "select 1 from revlog where id = ?", id)) id++;
  return id;
}

/** When the card was answered last, in epoch ms; undefined where it never was. */
export function lastAnswerAt(db: DatabaseSync, cardId: number): number | undefined {
  return getRow<{ id: number }>(
    db,
    "select id from revlog where cid = ? and ease between 1 and 4 order by id desc limit 1",
    cardId,
  )?.id;
}
