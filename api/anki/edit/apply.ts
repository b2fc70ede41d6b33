import type { DatabaseSync } from "node:sqlite";
import { DAY_MS, SECOND_MS } from "../../core/clock.ts";
import { formatCardData, isObject, parseCardData } from "../collection/card-data.ts";
import { readCollection, timingOf } from "../collection/collection.ts";
import { objectOf } from "../collection/options.ts";
import { CARD_TYPE, type CardRow, findCard, freeLogId, getRow, LOG_TYPE, QUEUE, UNSYNCED } from "../collection/rows.ts";
import type { Timing } from "../collection/timing.ts";
import { broughtHome, queueOf } from "../schedule/answer.ts";
import { noteSettings } from "../schedule/answers-table.ts";
import { elapsedDaysOf } from "../schedule/memory.ts";
import { type Before, createRecorder, type Recorder } from "./before.ts";
import type { CardChange, Command, PresetChange } from "./command.ts";
import { createDeck, deleteDeck, renameDeck, type Stamp } from "./decks.ts";
import { emptyDeck, fillDeck } from "./filtered.ts";
import { extendLimits, setTodaysLimits } from "./limits.ts";
import { createNote, deleteNote, updateNote } from "./notes.ts";

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
      noteSettings(rec.db, moment.at);
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

/**
 * Suspends or buries a card, or brings it back to its queue; a card in another such state stays in it. A suspended card is not
 * buried: the next day would bring it back.
 */
function withQueue(card: CardRow, isSet: boolean, queue: number): CardRow {
  if (isSet) return card.queue === QUEUE.SUSPENDED ? card : { ...broughtHome(card), queue };
  const isIn = queue === QUEUE.SUSPENDED ? card.queue === queue : card.queue < QUEUE.SUSPENDED;
  return isIn ? { ...card, queue: queueOf(card) } : card;
}

/** New again, at the end of the new cards. The log says so, as Anki's does. */
function forgotten(rec: Recorder, card: CardRow, { at }: EditMoment): CardRow {
  const last = getRow<{ due: number | null }>(rec.db, "select max(due) as due from cards where type = 0")?.due ?? 0;
  logManual(rec, card, { ivl: 0, factor: 0 }, at);
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

/** A review that is due so many days from today. */
function dueIn(rec: Recorder, card: CardRow, days: number, moment: EditMoment): CardRow {
  const collection = readCollection(rec.db);
  const timing = timingOf(collection, moment.at, moment.offsetMinutes);
  const home = broughtHome(card);
  const ivl = (collection.usesFsrs ? intervalOfFsrs : intervalOfSm2)(home, days, timing);
  const factor = home.factor || collection.optionsOf(collection.decks.get(home.did)).initialEase;
  logManual(rec, card, { ivl, factor }, moment.at);
  return { ...home, type: CARD_TYPE.REVIEW, queue: QUEUE.REVIEW, due: timing.today + days, ivl, factor, left: 0 };
}

/** What is reviewed keeps its interval. Source: ankitects/anki, rslib/src/scheduler/reviews.rs, set_due_date. */
function intervalOfSm2({ type, ivl }: CardRow, days: number): number {
  return Math.max(1, type === CARD_TYPE.REVIEW || type === CARD_TYPE.RELEARNING ? ivl : days);
}

/** From the last review to the new day; without a time of that, longer by as many days as the card is put off. Source: as above. */
function intervalOfFsrs(card: CardRow, days: number, timing: Timing): number {
  const { queue, ivl, due, data } = card;
  if (queue === QUEUE.NEW || ivl === 0) return 0;
  const { lrt } = parseCardData(data);
  if (lrt !== undefined) return elapsedDaysOf(card, lrt * SECOND_MS, timing) + days;
  const isInSecs = due > 1_000_000_000;
  const dueDay = isInSecs ? timing.today + Math.trunc((due * SECOND_MS - timing.nextDayAt) / DAY_MS) : due;
  return Math.max(0, ivl + timing.today + days - dueDay);
}

function logManual(rec: Recorder, card: CardRow, { ivl, factor }: { ivl: number; factor: number }, at: number): void {
  const id = freeLogId(rec.db, at);
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
