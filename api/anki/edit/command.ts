import type { FilterTerm } from "../collection/decks.ts";
import type { DeckSearch } from "../queue/search.ts";
import type { StockKind } from "./stock.ts";

/**
 * A change that a person makes to their collection, with all that its effect depends on: ids are chosen when it is
 * decided, so that the same change on the same file gives the same rows everywhere.
 */
export type Command =
  | { do: "createDeck"; deckId: number; name: string }
  | { do: "renameDeck"; deckId: number; name: string }
  | {
    do: "createNote";
    noteId: number;
    guid: string;
    typeId: number;
    deckId: number;
    fields: string[];
    tags: string[];
    /** The stock note type to make, where the collection has none of it. */
    kind?: StockKind;
  }
  | { do: "updateNote"; noteId: number; fields?: string[]; tags?: string[] }
  | { do: "deleteNotes"; noteIds: number[] }
  | { do: "setScheduler"; fsrs: boolean }
  | { do: "setPreset"; presetId: number; set: PresetChange }
  | { do: "changeCards"; cardIds: number[]; change: CardChange }
  | { do: "deleteDeck"; deckId: number }
  /** Makes a filtered deck, or says anew what it borrows, where `filter` is there; then borrows. */
  | { do: "fillDeck"; deckId: number; name?: string; filter?: DeckFilter }
  | { do: "emptyDeck"; deckId: number }
  /** Limits of this day alone; what is left out stays. */
  | { do: "setTodaysLimits"; deckId: number; newCards?: number; reviews?: number }
  /** So many more today, of the deck and all above and below it. */
  | { do: "extendLimits"; deckId: number; newCards: number; reviews: number };

/** What a filtered deck borrows, by one search or two, and whether answers in it count for the cards' schedules. */
export type DeckFilter = { searches: (DeckSearch | FilterTerm)[]; reschedules: boolean };

/** What is set on cards; what is left out stays. `dueInDays` makes a card a review that is due then. */
export type CardChange = {
  deckId?: number;
  flag?: number;
  suspended?: boolean;
  buried?: boolean;
  dueInDays?: number;
  forget?: boolean;
};

/** What is set in a preset; what is left out stays. */
export type PresetChange = {
  newPerDay?: number;
  reviewsPerDay?: number;
  learnStepsMin?: number[];
  relearnStepsMin?: number[];
  maxIntervalDays?: number;
  desiredRetention?: number;
  fsrsParameters?: number[];
  weekdayShares?: number[];
};
