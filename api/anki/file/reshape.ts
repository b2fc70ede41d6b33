import type { DatabaseSync } from "node:sqlite";
import { checksumOf, FIELD_SEPARATOR, sortTextOf } from "../collection/note-text.ts";
import { isCloze, type NoteType } from "./col.ts";

/** Where each part of a merged note type comes from in one of the two: its place there, or nowhere. */
export type Mapping = { fields: readonly (number | undefined)[]; cards: ReadonlyMap<number, number> };

type Named = { name: string };

/** Parts are the same by name; of those that are left, by place: they were renamed. */
function matched(wanted: readonly Named[], given: readonly Named[]): (number | undefined)[] {
  const byName = wanted.map(({ name }) => {
    const place = given.findIndex((part) => part.name === name);
    return place < 0 ? undefined : place;
  });
  const isLeft = (place: number) => place < given.length && !byName.includes(place);
  return byName.map((found, place) => found ?? (isLeft(place) ? place : undefined));
}

/** Whether two shapes are two states of one note type: of one kind, and with a field in common. */
export function isSameKind(a: NoteType, b: NoteType): boolean {
  return isCloze(a) === isCloze(b) && a.flds.some(({ name }) => b.flds.some((field) => field.name === name));
}

/**
 * The later of two states of a note type, with the fields and templates that only the earlier one has and that hold
 * something, at the end: nothing that was typed is lost. And how each of the two becomes it.
 */
export function mergedShape(
  later: NoteType,
  earlier: NoteType,
  isUsed: { field: (place: number) => boolean; template: (place: number) => boolean },
): { type: NoteType; ofLater: Mapping; ofEarlier: Mapping } {
  const fields = matched(later.flds, earlier.flds);
  const templates = matched(later.tmpls, earlier.tmpls);
  const left = (count: number, taken: readonly (number | undefined)[], used: (place: number) => boolean) =>
    Array.from({ length: count }, (_, place) => place).filter((place) => !taken.includes(place) && used(place));
  const moreFields = left(earlier.flds.length, fields, isUsed.field);
  const moreTemplates = isCloze(later) ? [] : left(earlier.tmpls.length, templates, isUsed.template);
  const numbered = <T extends object>(parts: readonly T[]) => parts.map((part, ord) => ({ ...part, ord }));
  const type: NoteType = {
    ...later,
    flds: numbered([...later.flds, ...moreFields.map((place) => earlier.flds[place]!)]),
    tmpls: numbered([...later.tmpls, ...moreTemplates.map((place) => earlier.tmpls[place]!)]),
  };
  const places = (count: number) => Array.from({ length: count }, (_, place) => place);
  const cardsFrom = (sources: readonly (number | undefined)[]) =>
    new Map(sources.flatMap((from, to) => (from === undefined ? [] : [[from, to] as const])));
  return {
    type,
    ofLater: {
      fields: [...places(later.flds.length), ...moreFields.map(() => undefined)],
      cards: cardsFrom(places(later.tmpls.length)),
    },
    ofEarlier: { fields: [...fields, ...moreFields], cards: cardsFrom([...templates, ...moreTemplates]) },
  };
}

/** Whether a note type's fields and templates hold anything in a collection. */
export function usesOf(db: DatabaseSync, noteTypeId: number) {
  const filled = new Set<number>();
  for (const { flds } of db.prepare("SELECT flds FROM notes WHERE mid = ?").iterate(noteTypeId)) {
    String(flds).split(FIELD_SEPARATOR).forEach((text, place) => text !== "" && filled.add(place));
  }
  const ords = db.prepare("SELECT DISTINCT ord FROM cards WHERE nid IN (SELECT id FROM notes WHERE mid = ?)").all(
    noteTypeId,
  );
  const used = new Set(ords.map(({ ord }) => Number(ord)));
  return { field: (place: number) => filled.has(place), template: (place: number) => used.has(place) };
}

/** Brings the notes and cards of a note type to its new shape. */
export function reshape(db: DatabaseSync, noteTypeId: number, type: NoteType, { fields, cards }: Mapping): void {
  const update = db.prepare("UPDATE notes SET flds = ?, sfld = ?, csum = ? WHERE id = ?");
  for (const { id, flds } of db.prepare("SELECT id, flds FROM notes WHERE mid = ?").all(noteTypeId)) {
    const before = String(flds).split(FIELD_SEPARATOR);
    // Also where only the last field goes, which moves none.
    if (before.length === fields.length && fields.every((from, to) => from === to)) continue;
    const after = fields.map((from) => (from === undefined ? "" : before[from] ?? ""));
    const sort = after[Number(type.sortf ?? 0)] ?? after[0]!;
    update.run(after.join(FIELD_SEPARATOR), sortTextOf(sort), checksumOf(after[0]!), Number(id));
  }
  if (isCloze(type)) return;
  const moved = [...cards].filter(([from, to]) => from !== to);
  // Places are exchanged by way of negative ones, so that no two cards meet on one.
  const move = db.prepare("UPDATE cards SET ord = ? WHERE ord = ? AND nid IN (SELECT id FROM notes WHERE mid = ?)");
  for (const [from, to] of moved) move.run(-1 - to, from, noteTypeId);
  for (const [, to] of moved) move.run(to, -1 - to, noteTypeId);
}
