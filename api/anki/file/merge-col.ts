import { type Col, type Deck, isCloze, isFiltered, type Json, type NoteType } from "./col.ts";
import { DEFAULT_OPTIONS } from "./defaults.ts";
import { UNSYNCED } from "../collection/rows.ts";

/** What an incoming id is in the merged collection. */
export type IdMap = ReadonlyMap<number, number>;

export type MergedCol = {
  decks: IdMap;
  noteTypes: IdMap;
  added: { decks: number; noteTypes: number; options: number };
  /** Which parts are other than they were. */
  changed: ReadonlySet<"decks" | "models" | "dconf" | "tags" | "conf">;
};

const nameOf = ({ name }: Json) => (typeof name === "string" ? name : "");
const seconds = (json: Json) => Number(json.mod ?? 0) || 0;

/** The same text for the same content, whatever the order of keys. */
function canonical(value: unknown): string {
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

/** What makes two deck options the same, whatever they are called. */
function optionsContent({ id: _id, mod: _mod, usn: _usn, name: _name, ...content }: Json): string {
  return canonical(content);
}

/**
 * Options with the same id: the later change holds. Id 1 is in every collection, so other content under it is another
 * thing: it is mapped to options of that content, which are made where there are none.
 */
function mergeOptions(
  into: Col,
  from: Col,
  used: ReadonlySet<number>,
): { ids: IdMap; added: number; changed: boolean } {
  const ids = new Map<number, number>();
  let added = 0;
  let changed = false;
  for (const [id, options] of from.dconf) {
    const known = into.dconf.get(id);
    if (known && id !== DEFAULT_OPTIONS) {
      ids.set(id, id);
      if (seconds(options) <= seconds(known)) continue;
      into.dconf.set(id, { ...options, usn: UNSYNCED });
      changed = true;
      continue;
    }
    const content = optionsContent(options);
    const same = [...into.dconf].find(([, other]) => optionsContent(other) === content)?.[0];
    if (known && (same !== undefined || !used.has(id))) {
      ids.set(id, same ?? id);
      continue;
    }
    const kept = freeId(id, into.dconf, known ? from.dconf : new Set());
    const names = new Set([...into.dconf.values()].map(nameOf));
    into.dconf.set(kept, { ...options, id: kept, name: freeName(nameOf(options), names), usn: UNSYNCED });
    ids.set(id, kept);
    added++;
  }
  return { ids, added, changed: changed || added > 0 };
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

/** Decks are the same by name, as it is written, if both are filtered or neither. Of the two, the later change holds. */
function mergeDecks(
  into: Col,
  from: Col,
  options: IdMap,
  days: number,
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
    const kept = same ?? freeId(id, into.decks, into.decks.has(id) ? from.decks : new Set());
    ids.set(id, kept);
    const known = into.decks.get(kept);
    if (known && seconds(deck) <= seconds(known)) continue;
    const conf = deck.conf === undefined ? {} : { conf: options.get(Number(deck.conf)) ?? DEFAULT_OPTIONS };
    into.decks.set(kept, { ...withDaysShifted(deck, days), ...conf, id: kept, name, usn: UNSYNCED });
    byName.set(name, kept);
    if (!known) added++;
    changed = true;
  }
  return { ids, added, changed };
}

/** What must be equal for two note types to be the same: the fields and cards that notes and cards are built on. */
function shapeOf(type: NoteType): string {
  return JSON.stringify([isCloze(type), type.flds.map(({ name }) => name), type.tmpls.map(({ name }) => name)]);
}

/**
 * Note types are the same by id and shape; of the two, the later change holds. Another shape under the same id gets a new
 * id and says in `originalId`, a key of Anki's own, where it came from: the next import finds it by that.
 */
function mergeNoteTypes(into: Col, from: Col, decks: IdMap): { ids: IdMap; added: number; changed: boolean } {
  const ids = new Map<number, number>();
  let added = 0;
  let changed = false;
  for (const [id, type] of from.models) {
    const shape = shapeOf(type);
    const known = into.models.get(id);
    const isSame = known !== undefined && shapeOf(known) === shape;
    const copy = [...into.models].find(([, other]) => other.originalId === id && shapeOf(other) === shape)?.[0];
    const kept = isSame ? id : known ? copy ?? freeId(id, into.models, from.models) : id;
    ids.set(id, kept);
    const present = into.models.get(kept);
    if (present && seconds(type) <= seconds(present)) continue;
    const names = new Set([...into.models].filter(([other]) => other !== kept).map(([, { name }]) => name));
    const did = typeof type.did === "number" ? { did: decks.get(type.did) ?? null } : {};
    const origin = kept === id ? {} : { originalId: id };
    into.models.set(kept, { ...type, ...did, ...origin, id: kept, name: freeName(type.name, names), usn: UNSYNCED });
    if (!present) added++;
    changed = true;
  }
  return { ids, added, changed };
}

/**
 * Merges decks, deck options, note types and tags of `from` into `into`, which is changed. The settings stay those of
 * `into`; only the place of the next new card is the higher of the two. `days` is what a day of `from` is in `into`, less
 * the same day in `from`.
 */
export function mergeCol(into: Col, from: Col, days: number, decksWithCards: ReadonlySet<number>): MergedCol {
  const used = new Set([...from.decks].filter(([id]) => decksWithCards.has(id)).map(([, { conf }]) => Number(conf)));
  const options = mergeOptions(into, from, used);
  const decks = mergeDecks(into, from, options.ids, days);
  const noteTypes = mergeNoteTypes(into, from, decks.ids);
  const changed = new Set<"decks" | "models" | "dconf" | "tags" | "conf">();
  if (options.changed) changed.add("dconf");
  if (decks.changed) changed.add("decks");
  if (noteTypes.changed) changed.add("models");
  for (const tag of from.tags.keys()) {
    if (into.tags.has(tag)) continue;
    into.tags.set(tag, UNSYNCED);
    changed.add("tags");
  }
  if (Number(from.conf.nextPos ?? 0) > Number(into.conf.nextPos ?? 0)) {
    into.conf.nextPos = from.conf.nextPos;
    changed.add("conf");
  }
  return {
    decks: decks.ids,
    noteTypes: noteTypes.ids,
    added: { decks: decks.added, noteTypes: noteTypes.added, options: options.added },
    changed,
  };
}
