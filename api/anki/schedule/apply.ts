import type { DatabaseSync } from "node:sqlite";
import { SECOND_MS } from "../../core/clock.ts";
import { isObject, parseObject } from "../collection/card-data.ts";
import { type Collection, forgetRead, isUnburyDue, readCollection, timingOf } from "../collection/collection.ts";
import type { DeckOptions } from "../collection/options.ts";
import {
  type CardRow,
  findCard,
  freeLogId,
  getRow,
  listRows,
  putCard,
  QUEUE,
  run,
  UNSYNCED,
} from "../collection/rows.ts";
import type { Timing } from "../collection/timing.ts";
import { answer, type Question, queueOf } from "./answer.ts";
import { findAnswer, forgetAnswer, keepAnswer, markUndone, sessionOfEdit } from "./answers-table.ts";
import { type Before, restoreEdit } from "../edit/before.ts";
import { applyCommand } from "../edit/apply.ts";
import type { AnswerEntry, EditEntry, Entry } from "./entry.ts";
import { readQuestion } from "./question.ts";
import { upgradeScheduler } from "./upgrade.ts";
import { keysOf, listSiblings, restore, type UndoRecord } from "./undo-record.ts";

/** What an entry did; `unchanged` where it was applied before. */
export type Applied =
  | { kind: "answered"; card: CardRow; isLeech: boolean }
  | { kind: "undone" }
  | { kind: "edited" }
  | {
    kind: "unchanged";
  };

/**
 * Applies an entry whole or not at all. The same entry on the same collection gives the same rows, on every machine and
 * at any time: neither the clock nor the machine's zone is asked. Throws where the card or its deck is gone.
 */
export function applyEntry(db: DatabaseSync, entry: Entry, position: number): Applied {
  db.exec("savepoint sojourn_entry");
  try {
    const applied = entry.kind === "undo"
      ? undo(db, entry.answerId)
      : entry.kind === "edit"
      ? edit(db, entry, position)
      : count(db, entry, position);
    db.exec("release sojourn_entry");
    return applied;
  } catch (error) {
    db.exec("rollback to sojourn_entry; release sojourn_entry");
    forgetRead(db);
    throw error;
  }
}

/** Throws where an entry cannot be applied. The collection is as it was, also where it can. */
export function tryEntry(db: DatabaseSync, entry: Entry, position: number): void {
  db.exec("savepoint sojourn_trial");
  try {
    applyEntry(db, entry, position);
  } finally {
    db.exec("rollback to sojourn_trial; release sojourn_trial");
    forgetRead(db);
  }
}

function undo(db: DatabaseSync, answerId: string): Applied {
  const kept = findAnswer(db, answerId);
  if (!kept?.undo) return { kind: "unchanged" };
  const record = JSON.parse(kept.undo) as UndoRecord | Before;
  if ("edit" in record) restoreEdit(db, record);
  else restore(db, record);
  markUndone(db, answerId);
  return { kind: "undone" };
}

function edit(db: DatabaseSync, entry: EditEntry, position: number): Applied {
  if (findAnswer(db, entry.answerId)) return { kind: "unchanged" };
  upgradeScheduler(db);
  const before = applyCommand(db, entry.command, entry);
  const session = sessionOfEdit(entry.asked);
  keepAnswer(db, { id: entry.answerId, position, session, cid: entry.made, undo: JSON.stringify(before) });
  return { kind: "edited" };
}

function count(db: DatabaseSync, entry: AnswerEntry, position: number): Applied {
  const known = findAnswer(db, entry.answerId);
  if (known && (known.session === entry.session || known.cid === entry.cardId)) return { kind: "unchanged" };
  // An id of long ago, used again in another session where only a slice was at hand: what was acknowledged counts.
  if (known) forgetAnswer(db, entry.answerId);
  upgradeScheduler(db);
  const collection = readCollection(db);
  const asStored = findCard(db, entry.cardId);
  const unburied = unbury(db, collection, entry);
  const card = findCard(db, entry.cardId);
  const question = card && readQuestion(db, collection, card, entry);
  if (!asStored || !question) throw new Error(`Card ${entry.cardId} or its deck is not in the collection.`);
  const answered = answer(question, entry.rating, entry.tookMs);
  const logId = freeLogId(db, entry.at);
  putCard(db, answered.card);
  const { cid, usn, ease, ivl, lastIvl, factor, time, type } = answered.log;
  run(
    db,
    "insert into revlog values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    logId,
    cid,
    usn,
    ease,
    ivl,
    lastIvl,
    factor,
    time,
    type,
  );
  const siblings = burySiblings(db, question, card);
  const record: UndoRecord = {
    card: asStored,
    logId,
    colMod: collection.mod,
    siblings,
    ...unburied,
    ...(answered.isLeech && tagLeech(db, card.nid, entry.at)),
    ...countStudied(db, question, time),
  };
  run(db, "update col set mod = ?", Math.max(collection.mod, entry.at));
  keepAnswer(db, {
    id: entry.answerId,
    position,
    session: entry.session,
    cid: card.id,
    undo: JSON.stringify(record),
  });
  return { kind: "answered", card: answered.card, isLeech: answered.isLeech };
}

/** On the first answer of a day, cards buried before come back. As in Anki, they do not count as changed. */
function unbury(
  db: DatabaseSync,
  collection: Collection,
  entry: AnswerEntry,
): Pick<UndoRecord, "unburied"> & { confText?: string } {
  const timing = timingOf(collection, entry.at, entry.offsetMinutes);
  if (!isUnburyDue(collection, timing)) return { unburied: [] };
  const buried = listRows<CardRow>(db, "select * from cards where queue in (-2, -3) order by id");
  for (const card of buried) run(db, "update cards set queue = ? where id = ?", queueOf(card), card.id);
  const { conf: confText } = getRow<{ conf: string }>(db, "select conf from col limit 1")!;
  run(db, "update col set conf = ?", JSON.stringify({ ...parseObject(confText), lastUnburied: timing.today }));
  return { confText, unburied: buried.map(({ id, queue }) => [id, queue]) };
}

/** Buries the note's other cards, as the options of the card's own deck say: of this queue or one that comes later. */
function burySiblings(db: DatabaseSync, { options, timing }: Question, before: CardRow): UndoRecord["siblings"] {
  const queues = buriedQueues(options, before.queue);
  if (queues.length === 0) return [];
  const siblings = listSiblings(db, before).filter(({ queue }) => queues.includes(queue));
  for (const { id } of siblings) {
    const sql = "update cards set queue = ?, mod = ?, usn = ? where id = ?";
    run(db, sql, QUEUE.BURIED, Math.floor(timing.at / SECOND_MS), UNSYNCED, id);
  }
  return siblings.map(({ id, queue, mod, usn }) => [id, queue, mod, usn]);
}

function buriedQueues(options: DeckOptions, queue: number): number[] {
  const rank = [QUEUE.LEARNING, QUEUE.DAY_LEARNING, QUEUE.REVIEW, QUEUE.NEW].findIndex((known) => known === queue);
  return [
    ...(options.buryDayLearning && rank <= 1 ? [QUEUE.DAY_LEARNING] : []),
    ...(options.buryReviews && rank <= 2 ? [QUEUE.REVIEW] : []),
    ...(options.buryNew ? [QUEUE.NEW] : []),
  ];
}

/** The note gets the tag `leech`, and the collection knows the tag. */
function tagLeech(db: DatabaseSync, nid: number, at: number): Pick<UndoRecord, "note" | "tagsText"> {
  const note = getRow<{ mod: number; usn: number; tags: string }>(
    db,
    "select mod, usn, tags from notes where id = ?",
    nid,
  );
  const tags = note?.tags.split(/\s+/).filter(Boolean) ?? [];
  if (!note || tags.some((tag) => tag.toLowerCase() === "leech")) return {};
  const text = ` ${[...tags, "leech"].join(" ")} `;
  run(db, "update notes set mod = ?, usn = ?, tags = ? where id = ?", Math.floor(at / SECOND_MS), UNSYNCED, text, nid);
  const { tags: tagsText } = getRow<{ tags: string }>(db, "select tags from col limit 1")!;
  run(db, "update col set tags = ?", JSON.stringify({ ...parseObject(tagsText), leech: UNSYNCED }));
  return { note: { id: nid, mod: note.mod, usn: note.usn, tags: note.tags }, tagsText };
}

/** Counts the answer in the deck and all decks above it, for their limits of the day. */
function countStudied(
  db: DatabaseSync,
  { card, deck, timing }: Question,
  tookMs: number,
): Pick<UndoRecord, "decks" | "decksText"> {
  const { decks: text } = getRow<{ decks: string }>(db, "select decks from col limit 1")!;
  const decks = parseObject(text);
  const isCanonical = JSON.stringify(decks) === text;
  const isNew = card.queue === QUEUE.NEW;
  const isReview = card.queue === QUEUE.REVIEW || card.queue === QUEUE.DAY_LEARNING;
  const before: UndoRecord["decks"] = {};
  for (const id of [deck.id, ...deck.parents]) {
    const json = decks[id];
    if (!isObject(json)) continue;
    before[id] = keysOf(json);
    add(json, "newToday", timing, Number(isNew));
    add(json, "revToday", timing, Number(isReview));
    add(json, "lrnToday", timing, 0);
    add(json, "timeToday", timing, tookMs);
    json["mod"] = Math.floor(timing.at / SECOND_MS);
    json["usn"] = UNSYNCED;
  }
  run(db, "update col set decks = ?", JSON.stringify(decks));
  return { decks: before, ...(!isCanonical && { decksText: text }) };
}

function add(deck: Record<string, unknown>, key: string, { today }: Timing, more: number): void {
  const [day, done] = Array.isArray(deck[key]) ? deck[key] : [];
  deck[key] = [today, (day === today && typeof done === "number" ? done : 0) + more];
}
