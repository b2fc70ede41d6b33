import type { DatabaseSync } from "node:sqlite";
import { parseObject } from "./card-data.ts";
import { readNoteType } from "./collection.ts";
import { FIELD_SEPARATOR } from "./note-text.ts";
import { objectOf } from "./options.ts";
import { getRow, listRows } from "./rows.ts";

export type NoteView = {
  noteId: number;
  noteTypeId: number;
  fields: { name: string; value: string }[];
  tags: string[];
  cardIds: number[];
  modifiedAt: number;
};

export type NoteTypeView = { noteTypeId: number; name: string; isCloze: boolean; fields: string[] };

type NoteRow = { id: number; mid: number; mod: number; tags: string; flds: string };

/** A note with its fields by name; undefined where there is none. */
export function readNote(db: DatabaseSync, noteId: number): NoteView | undefined {
  const note = getRow<NoteRow>(db, "select id, mid, mod, tags, flds from notes where id = ?", noteId);
  if (!note) return undefined;
  const names = listOf(readNoteType(db, note.mid)["flds"]).map(({ name }) => String(name));
  const cards = listRows<{ id: number }>(db, "select id from cards where nid = ? order by ord", noteId);
  return {
    noteId,
    noteTypeId: note.mid,
    fields: note.flds.split(FIELD_SEPARATOR).map((value, place) => ({
      name: names[place] ?? `Field ${place + 1}`,
      value,
    })),
    tags: note.tags.split(/\s+/).filter(Boolean),
    cardIds: cards.map(({ id }) => id),
    modifiedAt: note.mod * 1_000,
  };
}

/** All note types, by name. */
export function listNoteTypes(db: DatabaseSync): NoteTypeView[] {
  const { models } = getRow<{ models: string }>(db, "select models from col limit 1")!;
  return Object.entries(parseObject(models)).map(([id, model]) => {
    const type = objectOf(model);
    return {
      noteTypeId: Number(id),
      name: String(type["name"]),
      isCloze: type["type"] === 1,
      fields: listOf(type["flds"]).map(({ name }) => String(name)),
    };
  }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}
