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
  | { do: "changeCards"; cardIds: number[]; change: CardChange };

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
