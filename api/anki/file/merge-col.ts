import type { DatabaseSync } from "node:sqlite";
import { type Col, type Deck, isCloze, isFiltered, type Json, type NoteType } from "./col.ts";
import { DEFAULT_DECK, DEFAULT_OPTIONS } from "./defaults.ts";
import { type Holds, mergeSettings, type Whose } from "./merge-settings.ts";
import { isSameKind, mergedShape, reshape, usesOf } from "./reshape.ts";
import { UNSYNCED } from "../collection/rows.ts";

/** What an incoming id is in the merged collection. */
export type IdMap = ReadonlyMap<number, number>;

export type MergedCol = {
  decks: IdMap;
  noteTypes: IdMap;
  added: { decks: number; noteTypes: number; options: number };
  /** Which parts are other than they were. */
  changed: Set<"decks" | "models" | "dconf" | "tags" | "conf">;
};

/**
 * How two collections are merged. `days` is what a day of the incoming one is in ours, less the same day there; `isOne` says
 * that both are copies of one collection, created at one instant. `told` gets what is taken from the file over what is there, and what differs and is not, in words.
 */
export type Terms = { days: number; isOne: boolean; whose: Holds; told: string[] };

const nameOf = ({ name }: Json) => (typeof name === "string" ? name : "");
const seconds = (json: Json) => Number(json.mod ?? 0) || 0;

/** The same text for the same content, whatever the order of keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : part,
  );
}

/** The id itself where it is free in both, else the next one that is. */
export function freeId(id: number, ...taken: readonly { has(id: number): boolean }[]): number {
  let free = id;
  while (taken.some((ids) => ids.has(free))) free++;
  return free;
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  while (taken.has(free)) free += "+";
  return free;
}

/** What makes two deck options the same. */
function optionsContent({ id: _id, mod: _mod, usn: _usn, ...content }: Json): string {
  return canonical(content);
}

/**
 * Options are the same by id. Of the two, those of a person's own collection hold; where both are, or neither is, the later
 * change does.
 */
function mergeOptions(
  into: Col,
  from: Col,
  whose: Whose,
  told: string[],
): { ids: IdMap; added: number; changed: boolean } {
  const ids = new Map<number, number>();
  let added = 0;
  let changed = false;
  for (const [id, options] of from.dconf) {
    ids.set(id, id);
    const known = into.dconf.get(id);
    if (known && optionsContent(known) === optionsContent(options)) continue;
    const isLater = !known || seconds(options) > seconds(known);
    const isTheirs = !known || (whose === "later" ? isLater : whose === "theirs");
    if (!isTheirs) {
      told.push(`options "${nameOf(options)}" differ and stay as they were`);
      continue;
    }
    if (known) told.push(`options "${nameOf(known)}" are those of the file now`);
    const names = new Set([...into.dconf].filter(([other]) => other !== id).map(([, other]) => nameOf(other)));
    into.dconf.set(id, { ...options, name: freeName(nameOf(options), names), usn: UNSYNCED });
    if (!known) added++;
    changed = true;
  }
  return { ids, added, changed };
}

/** Days count from each collection's own first day. */
function withDaysShifted(deck: Deck, days: number): Deck {
  const shifted: Deck = { ...deck };
  for (const key of ["newToday", "revToday", "lrnToday", "timeToday"]) {
    const pair = deck[key];
    if (Array.isArray(pair) && typeof pair[0] === "number") shifted[key] = [pair[0] + days, ...pair.slice(1)];
  }
  for (const key of ["newLimitToday", "reviewLimitToday"]) {
    const limit = deck[key] as Json | null | undefined;
    if (typeof limit?.today === "number") shifted[key] = { ...limit, today: limit.today + days };
  }
  return shifted;
}

/**
 * Decks are the same by name, as it is written, else by id (one was renamed), if both are filtered or neither. Of the two,
 * the later change holds.
 */
function mergeDecks(
  into: Col,
  from: Col,
  options: IdMap,
  { days, isOne, told }: Omit<Terms, "whose">,
  rows: Rows,
): { ids: IdMap; added: number; changed: boolean } {
  const ids = new Map<number, number>();
  const byName = new Map([...into.decks].map(([id, { name }]) => [name, id]));
  let added = 0;
  let changed = false;
  for (const [id, deck] of from.decks) {
    let name = deck.name;
    let same = byName.get(name);
    while (same !== undefined && isFiltered(into.decks.get(same)!) !== isFiltered(deck)) {
      name += "+";
      same = byName.get(name);
    }
    if (same === undefined && id === DEFAULT_DECK && !isOne && !hasCards(rows.from)) {
      ids.set(id, id);
      continue;
    }
    const kept = same ?? renamed(into, from, deck, isOne || id !== DEFAULT_DECK ? id : undefined) ??
      freeId(id, into.decks, into.decks.has(id) ? from.decks : new Set());
    ids.set(id, kept);
    const known = into.decks.get(kept);
    if (known && seconds(deck) <= seconds(known)) continue;
    if (known && known.name !== name) {
      told.push(`deck "${known.name}" is called "${name}" now`);
      byName.delete(known.name);
    }
    const conf = deck.conf === undefined ? {} : { conf: options.get(Number(deck.conf)) ?? DEFAULT_OPTIONS };
    into.decks.set(kept, { ...withDaysShifted(deck, days), ...conf, id: kept, name, usn: UNSYNCED });
    byName.set(name, kept);
    if (!known) added++;
    changed = true;
  }
  return { ids, added, changed };
}

/** Whether there are cards in the default deck, which every collection has, also one that is a shared deck alone. */
function hasCards(db: DatabaseSync): boolean {
  return db.prepare(`SELECT 1 FROM cards WHERE did = ${DEFAULT_DECK} OR odid = ${DEFAULT_DECK} LIMIT 1`).get() !==
    undefined;
}

/**
 * The id itself where our deck of that id has no other deck of theirs by its name. None is given for the default deck of
 * another collection: it has the same id in all of them.
 */
function renamed(into: Col, from: Col, deck: Deck, id: number | undefined): number | undefined {
  const known = id === undefined ? undefined : into.decks.get(id);
  if (!known || isFiltered(known) !== isFiltered(deck)) return undefined;
  return [...from.decks.values()].some(({ name }) => name === known.name) ? undefined : id;
}

/** What must be equal for two note types to be the same: the fields and cards that notes and cards are built on. */
function shapeOf(type: NoteType): string {
  return JSON.stringify([isCloze(type), type.flds.map(({ name }) => name), type.tmpls.map(({ name }) => name)]);
}

/**
 * Note types are the same by id, if they are of one kind and have a field in common; of the two, the later change holds,
 * and notes and cards of the other are brought to its shape. Another kind under the same id gets a new id and says in
 * `originalId`, a key of Anki's own, where it came from: the next import finds it by that.
 */
function mergeNoteTypes(
  into: Col,
  from: Col,
  decks: IdMap,
  rows: Rows,
  told: string[],
): { ids: IdMap; added: number; changed: boolean } {
  const ids = new Map<number, number>();
  let added = 0;
  let changed = false;
  for (const [id, type] of from.models) {
    const known = into.models.get(id);
    const isSame = known !== undefined && (shapeOf(known) === shapeOf(type) || isSameKind(known, type));
    const copy = [...into.models].find(([, other]) => other.originalId === id && isSameKind(other, type))?.[0];
    const kept = isSame ? id : known ? copy ?? freeId(id, into.models, from.models) : id;
    ids.set(id, kept);
    const present = into.models.get(kept);
    const isLater = !present || seconds(type) > seconds(present);
    const merged = present && shapeOf(present) !== shapeOf(type)
      ? reshaped(rows, { id, kept, type, present, isLater })
      : undefined;
    if (merged) told.push(`note type "${present!.name}" has the shape of its later change, with the notes of both`);
    if (!isLater && (!merged || shapeOf(merged) === shapeOf(present))) continue;
    const names = new Set([...into.models].filter(([other]) => other !== kept).map(([, { name }]) => name));
    const winner = merged ?? type;
    const did = isLater && typeof type.did === "number" ? { did: decks.get(type.did) ?? null } : {};
    const origin = kept === id ? {} : { originalId: id };
    into.models.set(kept, {
      ...winner,
      ...did,
      ...origin,
      id: kept,
      name: freeName(winner.name, names),
      usn: UNSYNCED,
    });
    if (!present) added++;
    changed = true;
  }
  return { ids, added, changed };
}

/** The rows of both collections, which follow their note types. */
export type Rows = { into: DatabaseSync; from: DatabaseSync };

function reshaped(
  { into, from }: Rows,
  { id, kept, type, present, isLater }: {
    id: number;
    kept: number;
    type: NoteType;
    present: NoteType;
    isLater: boolean;
  },
): NoteType {
  const [later, earlier] = isLater ? [type, present] : [present, type];
  const shape = mergedShape(later, earlier, isLater ? usesOf(into, kept) : usesOf(from, id));
  reshape(into, kept, shape.type, isLater ? shape.ofEarlier : shape.ofLater);
  reshape(from, id, shape.type, isLater ? shape.ofLater : shape.ofEarlier);
  return shape.type;
}

/**
 * Merges decks, deck options, note types, tags and settings of `from` into `into`, which is changed; rows are brought to
 * the shape of their note types.
 */
export function mergeCol(into: Col, from: Col, { days, isOne, whose, told }: Terms, rows: Rows): MergedCol {
  const options = mergeOptions(into, from, whose.presets, told);
  const decks = mergeDecks(into, from, options.ids, { days, isOne, told }, rows);
  const noteTypes = mergeNoteTypes(into, from, decks.ids, rows, told);
  const changed = new Set<"decks" | "models" | "dconf" | "tags" | "conf">();
  if (options.changed) changed.add("dconf");
  if (decks.changed) changed.add("decks");
  if (noteTypes.changed) changed.add("models");
  for (const tag of from.tags.keys()) {
    if (into.tags.has(tag)) continue;
    into.tags.set(tag, UNSYNCED);
    changed.add("tags");
  }
  if (mergeSettings(into, from, whose.settings, told)) changed.add("conf");
  return {
    decks: decks.ids,
    noteTypes: noteTypes.ids,
    added: { decks: decks.added, noteTypes: noteTypes.added, options: options.added },
    changed,
  };
}
