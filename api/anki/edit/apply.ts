import type { DatabaseSync } from "node:sqlite";
import { SECOND_MS } from "../../core/clock.ts";
import { formatCardData, isObject, parseCardData, parseObject } from "../collection/card-data.ts";
import { readCollection, readNoteType, timingOf } from "../collection/collection.ts";
import { objectOf } from "../collection/options.ts";
import { checksumOf, FIELD_SEPARATOR, sortTextOf } from "../collection/note-text.ts";
import {
  CARD_TYPE,
  type CardRow,
  findCard,
  freeLogId,
  getRow,
  listRows,
  LOG_TYPE,
  QUEUE,
  UNSYNCED,
} from "../collection/rows.ts";
import { GRAVE } from "../file/merge-graves.ts";
import { broughtHome, queueOf } from "../schedule/answer.ts";
import { type Before, createRecorder, type Recorder } from "./before.ts";
import { cardsOf } from "./cards-of.ts";
import type { CardChange, Command, PresetChange } from "./command.ts";
import { createDeck, deleteCard, deleteDeck, renameDeck, type Stamp } from "./decks.ts";
import { emptyDeck, fillDeck } from "./filtered.ts";
import { extendLimits, setTodaysLimits } from "./limits.ts";
import { stockNoteType } from "./stock.ts";

/** When a change was made: its instant, and the person's offset at it, in minutes east of UTC. */
export type EditMoment = { at: number; offsetMinutes: number };

/** Makes a change. What is gone meanwhile is left alone. Gives what to restore where it is taken back. */
export function applyCommand(db: DatabaseSync, command: Command, moment: EditMoment): Before {
  const rec = createRecorder(db);
  const stamp = { mod: Math.floor(moment.at / SECOND_MS), usn: UNSYNCED };
  switch (command.do) {
    case "createDeck":
      createDeck(rec, command.deckId, command.name, stamp);
      break;
    case "renameDeck":
      renameDeck(rec, command.deckId, command.name, stamp);
      break;
    case "createNote":
      createNote(rec, command, stamp);
      break;
    case "updateNote":
      updateNote(rec, command, stamp);
      break;
    case "deleteNotes":
      for (const id of command.noteIds) deleteNote(rec, id);
      break;
    case "setScheduler":
      rec.change("conf", (conf) => void (conf["fsrs"] = command.fsrs));
      break;
    case "setPreset":
      rec.change("dconf", (presets) => setPreset(presets, command.presetId, command.set, stamp));
      break;
    case "deleteDeck":
      deleteDeck(rec, command.deckId, stamp);
      break;
    case "fillDeck":
      fillDeck(rec, command, moment, stamp);
      break;
    case "emptyDeck":
      emptyDeck(rec, command.deckId, stamp);
      break;
    case "setTodaysLimits":
      setTodaysLimits(rec, command, moment, stamp);
      break;
    case "extendLimits":
      extendLimits(rec, command, moment, stamp);
      break;
    case "changeCards":
      for (const id of command.cardIds) changeCard(rec, id, command.change, moment, stamp);
  }
  const { mod } = readCollection(db);
  db.prepare("update col set mod = ?").run(Math.max(mod, moment.at));
  return rec.before();
}

type Json = Record<string, unknown>;

function createNote(rec: Recorder, command: Extract<Command, { do: "createNote" }>, stamp: Stamp): void {
  const { noteId, guid, typeId, fields, tags, kind } = command;
  if (kind) rec.change("models", (models) => void (models[typeId] ??= stockNoteType(kind)));
  const type = readNoteType(rec.db, typeId);
  const text = { mid: typeId, ...stamp, tags: tagText(tags), ...contentOf(type, fields), flags: 0, data: "" };
  rec.insert("notes", { id: noteId, guid, ...text });
  addCards(rec, { noteId, deckId: command.deckId, ords: cardsOf(type, fields) }, stamp);
  learnTags(rec, tags);
}

function updateNote(
  rec: Recorder,
  { noteId, fields, tags }: Extract<Command, { do: "updateNote" }>,
  stamp: Stamp,
): void {
  const note = getRow<{ mid: number }>(rec.db, "select mid from notes where id = ?", noteId);
  if (!note) return;
  const type = readNoteType(rec.db, note.mid);
  rec.update("notes", noteId, {
    ...stamp,
    ...(fields && contentOf(type, fields)),
    ...(tags && { tags: tagText(tags) }),
  });
  if (tags) learnTags(rec, tags);
  if (!fields) return;
  const cards = listRows<CardRow>(rec.db, "select * from cards where nid = ? order by ord", noteId);
  const known = new Set(cards.map(({ ord }) => ord));
  const home = cards[0]?.odid || cards[0]?.did || 1;
  // Cards that are not made any more stay: an empty one is for its owner to remove, as in Anki.
  addCards(rec, { noteId, deckId: home, ords: cardsOf(type, fields).filter((ord) => !known.has(ord)) }, stamp);
}

function addCards(
  rec: Recorder,
  { noteId, deckId, ords }: { noteId: number; deckId: number; ords: readonly number[] },
  stamp: Stamp,
): void {
  if (ords.length === 0) return;
  let due = 0;
  rec.change("conf", (conf) => {
    due = Math.max(1, Number(conf["nextPos"] ?? 1) || 1);
    conf["nextPos"] = due + 1;
  });
  const zero = {
    type: 0,
    queue: 0,
    ivl: 0,
    factor: 0,
    reps: 0,
    lapses: 0,
    left: 0,
    odue: 0,
    odid: 0,
    flags: 0,
    data: "",
  };
  let id = noteId;
  for (const ord of ords) {
    while (getRow(rec.db, "select 1 from cards where id = ?", id)) id++;
    rec.insert("cards", { id, nid: noteId, did: deckId, ord, ...stamp, ...zero, due });
  }
}

function deleteNote(rec: Recorder, noteId: number): void {
  if (!getRow(rec.db, "select 1 from notes where id = ?", noteId)) return;
  const cards = listRows<{ id: number }>(rec.db, "select id from cards where nid = ?", noteId);
  for (const { id } of cards) deleteCard(rec, id);
  rec.remove("notes", noteId);
  rec.grave(noteId, GRAVE.note);
}

function changeCard(rec: Recorder, cardId: number, change: CardChange, moment: EditMoment, stamp: Stamp): void {
  let card = findCard(rec.db, cardId);
  if (!card) return;
  const { deckId, flag, suspended, buried, dueInDays, forget } = change;
  if (forget) card = forgotten(rec, card, moment);
  if (dueInDays !== undefined) card = dueIn(rec, card, dueInDays, moment);
  if (deckId !== undefined) card = { ...broughtHome(card), did: deckId };
  if (flag !== undefined) card = { ...card, flags: (card.flags & ~7) | flag };
  if (suspended !== undefined) card = withQueue(card, suspended, QUEUE.SUSPENDED);
  if (buried !== undefined) card = withQueue(card, buried, QUEUE.USER_BURIED);
  const { id: _, ...values } = card;
  rec.update("cards", cardId, { ...values, ...stamp });
}

/** Suspends or buries a card, or brings it back to its queue; a card in another such state stays in it. */
function withQueue(card: CardRow, isSet: boolean, queue: number): CardRow {
  if (isSet) return { ...broughtHome(card), queue };
  const isIn = queue === QUEUE.SUSPENDED ? card.queue === queue : card.queue < QUEUE.SUSPENDED;
  return isIn ? { ...card, queue: queueOf(card) } : card;
}

/** New again, at the end of the new cards. The log says so, as Anki's does. */
function forgotten(rec: Recorder, card: CardRow, { at }: EditMoment): CardRow {
  const last = getRow<{ due: number | null }>(rec.db, "select max(due) as due from cards where type = 0")?.due ?? 0;
  logManual(rec, card, 0, at);
  return {
    ...broughtHome(card),
    type: CARD_TYPE.NEW,
    queue: QUEUE.NEW,
    due: last + 1,
    ivl: 0,
    factor: 0,
    reps: 0,
    lapses: 0,
    left: 0,
    data: formatCardData({ cd: parseCardData(card.data).cd }),
  };
}

/** A review that is due so many days from today; the interval of a new card becomes that. */
function dueIn(rec: Recorder, card: CardRow, days: number, moment: EditMoment): CardRow {
  const { today } = timingOf(readCollection(rec.db), moment.at, moment.offsetMinutes);
  const home = broughtHome(card);
  const ivl = home.type === CARD_TYPE.REVIEW ? home.ivl : Math.max(1, days);
  const factor = home.factor || 2_500;
  logManual(rec, card, ivl, moment.at);
  return { ...home, type: CARD_TYPE.REVIEW, queue: QUEUE.REVIEW, due: today + days, ivl, factor, left: 0 };
}

function logManual(rec: Recorder, card: CardRow, ivl: number, at: number): void {
  const id = freeLogId(rec.db, at);
  const factor = ivl === 0 ? 0 : card.factor || 2_500;
  rec.insert("revlog", {
    id,
    cid: card.id,
    usn: UNSYNCED,
    ease: 0,
    ivl,
    lastIvl: card.ivl,
    factor,
    time: 0,
    type: LOG_TYPE.MANUAL,
  });
}

/** By the names of schema 11. */
function setPreset(presets: Json, presetId: number, set: PresetChange, stamp: Stamp): void {
  const preset = presets[presetId];
  if (!isObject(preset)) return;
  const parts = { new: objectOf(preset["new"]), rev: objectOf(preset["rev"]), lapse: objectOf(preset["lapse"]) };
  const put = (part: Json, key: string, value: unknown) => {
    if (value !== undefined) part[key] = value;
  };
  put(parts.new, "perDay", set.newPerDay);
  put(parts.new, "delays", set.learnStepsMin);
  put(parts.rev, "perDay", set.reviewsPerDay);
  put(parts.rev, "maxIvl", set.maxIntervalDays);
  put(parts.lapse, "delays", set.relearnStepsMin);
  put(preset, "desiredRetention", set.desiredRetention);
  put(preset, "fsrsParams6", set.fsrsParameters);
  put(preset, "easyDaysPercentages", set.weekdayShares);
  Object.assign(preset, parts, stamp);
}

function contentOf(type: Json, fields: readonly string[]) {
  const place = typeof type["sortf"] === "number" ? type["sortf"] : 0;
  return {
    flds: fields.join(FIELD_SEPARATOR),
    sfld: sortTextOf(fields[place] ?? fields[0] ?? ""),
    csum: checksumOf(fields[0] ?? ""),
  };
}

function tagText(tags: readonly string[]): string {
  return tags.length === 0 ? "" : ` ${[...new Set(tags)].join(" ")} `;
}

function learnTags(rec: Recorder, tags: readonly string[]): void {
  const { tags: text } = getRow<{ tags: string }>(rec.db, "select tags from col limit 1")!;
  const known = parseObject(text);
  if (tags.every((tag) => known[tag] !== undefined)) return;
  rec.change("tags", (all) => {
    for (const tag of tags) all[tag] ??= UNSYNCED;
  });
}
