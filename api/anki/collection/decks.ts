import type { Json } from "../file/col.ts";
import { count, objectOf, retention } from "./options.ts";

/** A deck. `parents` are the decks above it that exist, the uppermost first. */
export type Deck = {
  id: number;
  name: string;
  optionsId: number | undefined;
  parents: readonly number[];
  children: readonly number[];
  /** Set where the deck borrows cards of other decks. */
  filtered:
    | { reschedules: boolean; previewSecs: readonly [number, number, number]; searches: readonly FilterTerm[] }
    | undefined;
  newLimit: DeckLimit;
  reviewLimit: DeckLimit;
  desiredRetention: number | undefined;
  /** What was studied in it and below it on `day`. */
  studied: { day: number; new: number; review: number };
};

/** A search of a filtered deck; `order` is Anki's number. */
export type FilterTerm = { search: string; limit: number; order: number };

/** A limit of the deck's own, for good and for one day. */
export type DeckLimit = { always: number | undefined; today: { day: number; limit: number } | undefined };

export const SEPARATOR = "::";
const MAX_LEVELS = 200;

/** Decks of `col.decks`, in the order of their names (parents first), without regard to case, as in Anki. */
export function toDecks(json: ReadonlyMap<number, Json>): Map<number, Deck> {
  // A deck is known by its key: some producers write no id beside it, or another.
  const raw = [...json].map(([id, deck]) => ({ id, deck, path: pathOf(nameOf(deck)) }));
  const sorted = raw.toSorted((a, b) => comparePaths(a.path, b.path) || a.id - b.id);
  const top: Level = { id: undefined, below: new Map() };
  const children = new Map<number, number[]>();
  const decks = sorted.map(({ id, deck, path }) => {
    const parents: number[] = [];
    let level = top;
    for (const part of path) {
      if (level.id !== undefined) parents.push(level.id);
      const next = level.below.get(part) ?? { id: undefined, below: new Map() };
      level.below.set(part, next);
      level = next;
    }
    level.id = id;
    children.set(id, []);
    children.get(parents.at(-1) ?? NaN)?.push(id);
    return toDeck(deck, id, parents, children.get(id)!);
  });
  return new Map(decks.map((deck) => [deck.id, deck]));
}

/** A level of the names: which deck it is, if any, and the levels below it. One look at each name makes all of them. */
type Level = { id: number | undefined; below: Map<string, Level> };

/** The deck and all decks below it, in their order. */
export function withChildren(decks: ReadonlyMap<number, Deck>, deckId: number): Deck[] {
  const deck = decks.get(deckId);
  return deck ? [deck, ...deck.children.flatMap((child) => withChildren(decks, child))] : [];
}

function toDeck(deck: Record<string, unknown>, id: number, parents: number[], children: number[]): Deck {
  const [fresh, review] = [pair(deck["newToday"]), pair(deck["revToday"])];
  const own = deck["desiredRetention"];
  return {
    id,
    name: nameOf(deck),
    optionsId: deck["conf"] === undefined ? undefined : count(deck["conf"], 1),
    parents,
    children,
    filtered: isFiltered(deck) ? filteredOf(deck) : undefined,
    newLimit: limitOf(deck["newLimit"], deck["newLimitToday"]),
    reviewLimit: limitOf(deck["reviewLimit"], deck["reviewLimitToday"]),
    desiredRetention: typeof own === "number" ? retention(own) : undefined,
    studied: { day: fresh.day, new: fresh.count, review: review.day === fresh.day ? review.count : 0 },
  };
}

function filteredOf(deck: Record<string, unknown>): NonNullable<Deck["filtered"]> {
  return {
    reschedules: deck["resched"] !== false,
    previewSecs: previewSecsOf(deck),
    searches: (Array.isArray(deck["terms"]) ? deck["terms"] : []).flatMap((term: unknown) =>
      Array.isArray(term) && typeof term[0] === "string"
        ? [{ search: term[0], limit: count(term[1], 0), order: count(term[2], 0) }]
        : []
    ).slice(0, 2),
  };
}

const MAX_DELAY_S = 36_000_000;

/** Decks from before the three delays were there have one in minutes, and in newer schemas three zeroes beside it. */
function previewSecsOf(deck: Record<string, unknown>): readonly [number, number, number] {
  const [again, hard, good] = ["Again", "Hard", "Good"].map((name) => deck[`preview${name}Secs`]);
  const isOld = [again, hard, good].every((secs) => count(secs, 0) === 0);
  const hardBefore = count(deck["previewDelay"], 10, MAX_DELAY_S / 60) * 60;
  return isOld ? [60, hardBefore, 0] : [
    count(again, 60, MAX_DELAY_S),
    count(hard, hardBefore, MAX_DELAY_S),
    count(good, 0, MAX_DELAY_S),
  ];
}

function isFiltered(deck: Record<string, unknown>): boolean {
  return deck["dyn"] === 1 || deck["dyn"] === true;
}

function limitOf(always: unknown, today: unknown): DeckLimit {
  const { today: day, limit } = objectOf(today);
  return {
    always: typeof always === "number" ? count(always, 0) : undefined,
    today: typeof day === "number" && typeof limit === "number" ? { day, limit: count(limit, 0) } : undefined,
  };
}

function pair(value: unknown): { day: number; count: number } {
  const [day, done] = Array.isArray(value) ? value : [];
  return typeof day === "number" && typeof done === "number" ? { day, count: done } : { day: -1, count: 0 };
}

function nameOf(deck: Record<string, unknown>): string {
  return typeof deck["name"] === "string" ? deck["name"] : "blank";
}

/** What is deeper than anybody's decks is one level. */
function pathOf(name: string): string[] {
  const parts = name.split(SEPARATOR).map((part) => part.trim().toLowerCase());
  return parts.length <= MAX_LEVELS ? parts : [...parts.slice(0, MAX_LEVELS - 1), parts.slice(MAX_LEVELS - 1).join()];
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
  }
  return a.length - b.length;
}
