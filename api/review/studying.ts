import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../core/clock.ts";
import { readCollection } from "../anki/collection/collection.ts";
import type { Deck } from "../anki/collection/decks.ts";
import type { DeckFilter } from "../anki/edit/command.ts";
import { countCardsOf } from "../anki/edit/decks.ts";
import { type DeckView, findDeck } from "../anki/queue/counts.ts";
import { type DeckSearch, FILTER_ORDERS } from "../anki/queue/search.ts";
import { SearchError } from "../anki/queue/search-parse.ts";
import { type Moment, momentOf } from "../anki/schedule/question.ts";
import type { Changes, Decided } from "./changes.ts";
import { freeId, invalid, requireDeck, requireFreeName } from "./edit-checks.ts";
import {
  parseCreateFilteredDeck,
  parseCustomStudy,
  parseOneDeck,
  parseTodaysLimits,
  parseUpdateFilteredDeck,
} from "./edit-model.ts";
import { ReviewNotFoundError } from "./errors.ts";
import type { Lease, Person } from "./model.ts";
import type { Reader } from "./reader.ts";

export type Studying = ReturnType<typeof createStudying>;

/** What Anki calls the deck that it makes for this, and so finds again. */
const CUSTOM_STUDY = "Custom Study Session";
const ALL = 99_999;

/** Studying beside the day's plan: filtered decks, custom study, and the limits of a day. */
export function createStudying(
  { changes, readAll, clock }: { changes: Changes; readAll: Reader; clock: Clock },
) {
  const { change, read } = changes;

  async function deckOf(lease: Lease, deckId: number, zone: string | null | undefined): Promise<DeckView> {
    const deck = await read(lease, (db) => findDeck(db, deckId, momentOf(db, clock(), zone)));
    if (!deck) throw new ReviewNotFoundError("The deck is there no more.");
    return deck;
  }

  /** A search that cannot be run is told by name, also where it is one that a file brought. */
  async function searching<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof SearchError)) throw error;
      throw invalid("searches", error.message);
    }
  }

  /** How many cards these searches would borrow, or those that a deck has. */
  async function countFor(
    person: Person,
    zone: string | null | undefined,
    of: { deckId?: number | undefined; searches?: readonly DeckSearch[] | undefined },
  ): Promise<number> {
    const lease = await changes.leaseOf(person, zone);
    return await searching(() => readAll(lease, "borrowable", { at: clock(), zone }, of));
  }

  async function fill(
    person: Person,
    { editId, timeZone }: { editId: string; timeZone?: string | null | undefined },
    asked: readonly unknown[],
    decide: (db: DatabaseSync, moment: Moment) => Decided,
  ): Promise<DeckView> {
    const { lease, made } = await searching(() =>
      change(person, editId, asked, (db, at) => decide(db, momentOf(db, at, timeZone)), timeZone)
    );
    return await deckOf(lease, made, timeZone);
  }

  return {
    async createFilteredDeck(person: Person, input: unknown): Promise<DeckView> {
      const { name, searches, reschedules, ...edit } = parseCreateFilteredDeck(input);
      const found = await countFor(person, edit.timeZone, { searches });
      return await fill(person, edit, ["createFilteredDeck", name, searches, reschedules], (db, moment) => {
        requireFreeName(db, name);
        const deckId = freeId(moment.at, readCollection(db).decks);
        return filling(db, { deckId, name, filter: { searches, reschedules } }, requireSome(found));
      });
    },

    /** Gives back what the deck had, and borrows what its searches find now; says anew what they are where that is given. */
    async rebuildFilteredDeck(person: Person, input: unknown): Promise<DeckView> {
      const { deckId, searches, reschedules, ...edit } = parseUpdateFilteredDeck(input);
      const found = await countFor(person, edit.timeZone, { deckId, searches: searches ?? undefined });
      return await fill(person, edit, ["rebuildFilteredDeck", deckId, searches, reschedules], (db) => {
        const { filtered } = requireFiltered(db, deckId);
        const own = filtered.searches.map(({ order, ...term }) => ({ ...term, order: orderOf(order) }));
        const filter = { searches: searches ?? own, reschedules: reschedules ?? filtered.reschedules };
        // Built again it may be empty; other searches must find something.
        return filling(db, { deckId, filter }, searches ? requireSome(found) : found);
      });
    },

    /** Gives back what a filtered deck borrowed. */
    async emptyFilteredDeck(person: Person, input: unknown): Promise<DeckView> {
      const { deckId, ...edit } = parseOneDeck(input);
      return await fill(person, edit, ["emptyFilteredDeck", deckId], (db) => {
        requireFiltered(db, deckId);
        return { command: { do: "emptyDeck", deckId }, made: deckId, rows: countCardsOf(db, [deckId]) };
      });
    },

    /**
     * Fills the deck that Anki calls Custom Study Session, making it where there is none.
     * Source: ankitects/anki, rslib/src/scheduler/filtered/custom_study.rs.
     */
    async studyCustom(person: Person, input: unknown): Promise<DeckView> {
      const { deckId: of, kind, days, limit, tags, withoutTags, ...edit } = parseCustomStudy(input);
      if (["FORGOTTEN", "AHEAD", "PREVIEW"].includes(kind) && !days) {
        throw invalid("days", "is needed: 1 to 365");
      }
      const [reschedules, words, order] = CUSTOM[kind](days ?? 1);
      const lease = await changes.leaseOf(person, edit.timeZone);
      const deck = await read(lease, (db) => requireDeck(db, of, "deckId"));
      const known = await read(lease, (db) => customDeckOf(db)?.id);
      const search = [words, `deck:${quoted(deck.name)}`, taggedBy(tags ?? [], withoutTags ?? [])]
        .filter(Boolean).join(" ");
      const searches = [{ search, order, limit: limit ?? ALL }];
      const found = await countFor(person, edit.timeZone, { deckId: known, searches });
      const asked = ["studyCustom", of, kind, days, limit, tags, withoutTags];
      return await fill(person, edit, asked, (db, moment) => {
        const there = customDeckOf(db);
        if (there && !there.filtered) {
          throw invalid("deckId", `cannot be studied so: the deck "${CUSTOM_STUDY}" is an ordinary one; rename it`);
        }
        const filter = { reschedules, searches };
        if (there) return filling(db, { deckId: there.id, filter }, requireSome(found));
        const deckId = freeId(moment.at, readCollection(db).decks);
        return filling(db, { deckId, name: CUSTOM_STUDY, filter }, requireSome(found));
      });
    },

    /** Sets the deck's limits of today alone. */
    async setTodaysLimits(person: Person, input: unknown): Promise<DeckView> {
      return await limit(person, input, "setTodaysLimits", (deckId, newCards, reviews) => ({
        do: "setTodaysLimits",
        deckId,
        ...(newCards !== undefined && { newCards }),
        ...(reviews !== undefined && { reviews }),
      }));
    },

    /** Shows so many more today than the limits say. */
    async extendLimits(person: Person, input: unknown): Promise<DeckView> {
      return await limit(person, input, "extendLimits", (deckId, newCards = 0, reviews = 0) => ({
        do: "extendLimits",
        deckId,
        newCards,
        reviews,
      }));
    },
  };

  async function limit(
    person: Person,
    input: unknown,
    name: string,
    commandOf: (deckId: number, newCards?: number, reviews?: number) => Decided["command"],
  ): Promise<DeckView> {
    const { deckId, newCards, reviews, ...edit } = parseTodaysLimits(input);
    if ((newCards ?? reviews ?? undefined) === undefined) throw invalid("newCards", "is needed, or `reviews`, or both");
    return await fill(person, edit, [name, deckId, newCards, reviews], (db) => {
      const deck = readCollection(db).decks.get(deckId);
      if (!deck) throw invalid("deckId", "is no deck of this collection; `decks` lists them");
      if (deck.filtered) throw invalid("deckId", "is a filtered deck, which has no limits of a day");
      return { command: commandOf(deckId, newCards ?? undefined, reviews ?? undefined), made: deckId };
    });
  }
}

/** Of each kind of custom study: whether answers count for schedules, its words and its order, as in Anki. */
const CUSTOM: Readonly<
  Record<
    ReturnType<typeof parseCustomStudy>["kind"],
    (days: number) => readonly [boolean, string, DeckSearch["order"]]
  >
> = {
  FORGOTTEN: (days) => [false, `rated:${days}:1`, "RANDOM"],
  AHEAD: (days) => [true, `prop:due<=${days}`, "DUE_FIRST"],
  PREVIEW: (days) => [false, `is:new added:${days}`, "OLDEST_REVIEWED_FIRST"],
  CRAM_NEW: () => [true, "is:new", "OLDEST_ADDED_FIRST"],
  CRAM_DUE: () => [true, "is:due", "DUE_FIRST"],
  CRAM_REVIEWED: () => [true, "-is:new", "RANDOM"],
  CRAM_ALL: () => [false, "", "RANDOM"],
};

function taggedBy(tags: readonly string[], without: readonly string[]): string {
  const some = tags.length === 0 ? [] : [`(${tags.map((tag) => `tag:${quoted(tag)}`).join(" or ")})`];
  return [...some, ...without.map((tag) => `-tag:${quoted(tag)}`)].join(" ");
}

/** Text as a search takes it literally. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\*_]/g, "\\$&")}"`;
}

function requireFiltered(db: DatabaseSync, deckId: number): { filtered: NonNullable<Deck["filtered"]> } {
  const deck = readCollection(db).decks.get(deckId);
  if (!deck) throw invalid("deckId", "is no deck of this collection; `decks` lists them");
  if (!deck.filtered) throw invalid("deckId", "is no filtered deck");
  return { filtered: deck.filtered };
}

function customDeckOf(db: DatabaseSync): Deck | undefined {
  return [...readCollection(db).decks.values()].find(({ name }) => name === CUSTOM_STUDY);
}

/** An order of a newer Anki stays the number that it is. */
const orderOf = (number: number) => FILTER_ORDERS[number] ?? number;

/** As Anki does, no deck is filled that would be empty. */
function requireSome(found: number): number {
  if (found > 0) return found;
  throw invalid("searches", "find no card that can be borrowed: suspended, buried and borrowed ones cannot");
}

/** The change that fills a deck with so many cards. */
function filling(
  db: DatabaseSync,
  { deckId, name, filter }: { deckId: number; name?: string; filter: DeckFilter },
  found: number,
): Decided {
  const own = readCollection(db).decks.has(deckId) ? countCardsOf(db, [deckId]) : 0;
  const command = { do: "fillDeck" as const, deckId, filter, ...(name !== undefined && { name }) };
  return { command, made: deckId, rows: found + own };
}
