import { parseObject } from "../collection/card-data.ts";
import { readCollection, readNoteType } from "../collection/collection.ts";
import { listOf } from "../collection/notes.ts";
import { checksumOf, FIELD_SEPARATOR, sortTextOf } from "../collection/note-text.ts";
import { count, MAX_PLACE } from "../collection/options.ts";
import { type CardRow, getRow, listRows, UNSYNCED } from "../collection/rows.ts";
import { GRAVE } from "../file/merge-graves.ts";
import type { Recorder } from "./before.ts";
import { cardsOf } from "./cards-of.ts";
import type { Command } from "./command.ts";
import { deleteCard, type Stamp } from "./decks.ts";
import { stockNoteType } from "./stock.ts";

type Json = Record<string, unknown>;
export type NewNote = Omit<Extract<Command, { do: "createNote" }>, "do">;

export function createNote(rec: Recorder, command: NewNote, stamp: Stamp): void {
  const { noteId, guid, typeId, fields, tags, kind } = command;
  if (kind) rec.change("models", (models) => void (models[typeId] ??= stockNoteType(kind)));
  const type = readNoteType(rec.db, typeId);
  const text = { mid: typeId, ...stamp, tags: tagText(tags), ...contentOf(type, fields), flags: 0, data: "" };
  rec.insert("notes", { id: noteId, guid, ...text });
  addCards(rec, { noteId, type, deckId: command.deckId, ords: cardsOf(type, fields) }, stamp);
  learnTags(rec, tags);
}

export function updateNote(
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
  addCards(rec, { noteId, type, deckId: home, ords: cardsOf(type, fields).filter((ord) => !known.has(ord)) }, stamp);
}

function addCards(
  rec: Recorder,
  { noteId, type, deckId, ords }: { noteId: number; type: Json; deckId: number; ords: readonly number[] },
  stamp: Stamp,
): void {
  if (ords.length === 0) return;
  let due = 0;
  rec.change("conf", (conf) => {
    due = Math.min(MAX_PLACE, Math.max(1, count(conf["nextPos"], 1)));
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
    rec.insert("cards", { id, nid: noteId, did: ownDeckOf(rec, type, ord) ?? deckId, ord, ...stamp, ...zero, due });
  }
}

/** The deck that a template says for its cards, unless it is gone or borrows. Cloze cards have none, as in Anki. */
function ownDeckOf(rec: Recorder, type: Json, ord: number): number | undefined {
  const did = type["type"] === 1 ? undefined : listOf(type["tmpls"])[ord]?.["did"];
  // Few templates say one, and reading the decks takes its time.
  const deck = did ? readCollection(rec.db).decks.get(Number(did)) : undefined;
  return deck?.filtered ? undefined : deck?.id;
}

export function deleteNote(rec: Recorder, noteId: number): void {
  if (!getRow(rec.db, "select 1 from notes where id = ?", noteId)) return;
  const cards = listRows<{ id: number }>(rec.db, "select id from cards where nid = ?", noteId);
  for (const { id } of cards) deleteCard(rec, id);
  rec.remove("notes", noteId);
  rec.grave(noteId, GRAVE.note);
}

/** Text is kept composed, as in Anki: what looks the same is found, compared and sorted as the same. */
function contentOf(type: Json, typed: readonly string[]) {
  const fields = typed.map((field) => field.normalize("NFC"));
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

/** The collection knows the tags of its notes. */
export function learnTags(rec: Recorder, tags: readonly string[]): void {
  const { tags: text } = getRow<{ tags: string }>(rec.db, "select tags from col limit 1")!;
  const known = parseObject(text);
  if (tags.every((tag) => known[tag] !== undefined)) return;
  rec.change("tags", (all) => {
    for (const tag of tags) all[tag] ??= UNSYNCED;
  });
}
