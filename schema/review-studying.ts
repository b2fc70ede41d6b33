import type { FilterTerm } from "../api/anki/collection/decks.ts";
import { FILTER_ORDERS, type FilterOrder } from "../api/anki/queue/search.ts";
import { builder, entries } from "./builder.ts";
import { DeckResult, EDIT_ID, EditResult, ZONE } from "./review-authoring.ts";
import { orRefusal } from "./review-refusals.ts";
import { Deck, ownedBy } from "./review.ts";
import type { DeckView } from "../api/anki/queue/counts.ts";

const DeckOrder = builder.enumType("DeckOrder", {
  description: "Which cards a filtered deck takes first.",
  values: {
    OLDEST_REVIEWED_FIRST: { description: "Those that were answered longest ago." },
    RANDOM: { description: "By chance; the same all day." },
    SHORTEST_INTERVAL_FIRST: { description: "Those with the shortest interval." },
    LONGEST_INTERVAL_FIRST: { description: "Those with the longest interval." },
    MOST_LAPSES_FIRST: { description: "Those that were forgotten most often." },
    OLDEST_ADDED_FIRST: { description: "Those that were made first." },
    DUE_FIRST: { description: "Those that are due first." },
    NEWEST_ADDED_FIRST: { description: "Those that were made last." },
    LEAST_RETRIEVABLE_FIRST: { description: "Those that are least likely known now." },
    MOST_RETRIEVABLE_FIRST: { description: "Those that are most likely known now." },
  } satisfies Record<FilterOrder, { description: string }>,
});

const DeckSearch = builder.objectRef<FilterTerm>("DeckSearch").implement({
  description: "A search by which a filtered deck borrows cards.",
  access: "REVIEW",
  fields: (t) => ({
    search: t.exposeString("search", { description: "In the words of `cards(search)`." }),
    limit: t.exposeInt("limit", { description: "Most cards that it borrows." }),
    order: t.field({
      type: DeckOrder,
      description: "Which it takes first.",
      resolve: ({ order }) => FILTER_ORDERS[order] ?? "RANDOM",
    }),
  }),
});

const DeckFilter = builder.objectRef<NonNullable<DeckView["filter"]>>("DeckFilter").implement({
  description: "What a filtered deck borrows.",
  access: "REVIEW",
  fields: (t) => ({
    searches: t.field({
      type: [DeckSearch],
      description: "One search or two; the second takes what the first leaves.",
      resolve: ({ searches }) => [...searches],
    }),
    reschedules: t.exposeBoolean("reschedules", {
      description: "Whether answers count for the cards' schedules; where not, the deck only shows them.",
    }),
  }),
});

builder.objectFields(Deck, (t) => ({
  filter: t.expose("filter", {
    type: DeckFilter,
    nullable: true,
    description: "What it borrows from other decks, where it is a filtered deck; null where it is not.",
  }),
}));

const DeckSearchInput = builder.inputType("DeckSearchInput", {
  description: "A search by which a filtered deck borrows cards: none that is suspended, buried or borrowed already.",
  fields: (t) => ({
    search: t.string({ required: true, description: "In the words of `cards(search)`; 500 characters at most." }),
    limit: t.int({ required: true, defaultValue: 100, description: "Most cards, 1 to 99,999." }),
    order: t.field({ type: DeckOrder, required: true, defaultValue: "RANDOM", description: "Which it takes first." }),
  }),
});

const CreateFilteredDeckInput = builder.inputType("CreateFilteredDeckInput", {
  description: "A new filtered deck.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    name: t.string({ required: true, description: "The full name." }),
    searches: t.field({ type: [DeckSearchInput], required: true, description: "One search or two." }),
    reschedules: t.boolean({
      required: true,
      defaultValue: true,
      description: "Whether answers count for the cards' schedules.",
    }),
    timeZone: t.field({ type: "TimeZone", description: ZONE }),
  }),
});

const RebuildFilteredDeckInput = builder.inputType("RebuildFilteredDeckInput", {
  description: "What a filtered deck is to borrow anew.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    deckId: t.string({ required: true, description: "The filtered deck." }),
    searches: t.field({ type: [DeckSearchInput], description: "Other searches; those that it has where absent." }),
    reschedules: t.boolean({ description: "Whether answers count; as it is where absent." }),
    timeZone: t.field({ type: "TimeZone", description: ZONE }),
  }),
});

const OneDeckInput = builder.inputType("OneDeckInput", {
  description: "A deck to do something with.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    deckId: t.string({ required: true, description: "The deck." }),
    timeZone: t.field({ type: "TimeZone", description: ZONE }),
  }),
});

const CustomStudyKind = builder.enumType("CustomStudyKind", {
  description: "What to study beside the day's plan.",
  values: {
    FORGOTTEN: { description: "Cards that were answered AGAIN in the last `days`; for looking only." },
    AHEAD: { description: "Cards that are due within `days`; answers count." },
    PREVIEW: { description: "New cards that were made in the last `days`; for looking only." },
    CRAM_NEW: { description: "New cards in the order in which they were made; answers count." },
    CRAM_DUE: { description: "Cards that are due; answers count." },
    CRAM_REVIEWED: { description: "Cards that are not new, by chance; answers count." },
    CRAM_ALL: { description: "Any cards, by chance; for looking only." },
  },
});

const CustomStudyInput = builder.inputType("CustomStudyInput", {
  description: "What to study beside the day's plan, of a deck and those below it.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    deckId: t.string({ required: true, description: "The deck." }),
    kind: t.field({ type: CustomStudyKind, required: true, description: "Which of its cards." }),
    days: t.int({ description: "1 to 365, for FORGOTTEN, AHEAD and PREVIEW." }),
    limit: t.int({ description: "Most cards; all where absent." }),
    tags: t.stringList({ description: "Only notes with one of these tags." }),
    withoutTags: t.stringList({ description: "No notes with any of these tags." }),
    timeZone: t.field({ type: "TimeZone", description: ZONE }),
  }),
});

const TodaysLimitsInput = builder.inputType("TodaysLimitsInput", {
  description: "The limits of a deck for today.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    deckId: t.string({ required: true, description: "The deck; not a filtered one, which has none." }),
    newCards: t.int({ description: "New cards, 0 to 9,999." }),
    reviews: t.int({ description: "Reviews, 0 to 9,999." }),
    timeZone: t.field({ type: "TimeZone", description: ZONE }),
  }),
});

const REFUSALS = ["InvalidInputError", "NotFoundError"] as const;

/** The deck after `act`, or the refusal. */
const deckAfter = (viewer: Parameters<typeof ownedBy>[0], act: () => Promise<DeckView>) =>
  orRefusal(REFUSALS, async () => ({ __typename: "DeckPayload" as const, deck: ownedBy(viewer)(await act()) }));

entries.mutationFields((t) => ({
  deleteDeck: t.field({
    type: EditResult,
    description:
      "Deletes a deck and those below it with their cards, and notes without any card left; a filtered deck gives its cards back. `changed` says how many cards went; `undoEdit` brings them back.",
    access: "REVIEW",
    args: { input: t.arg({ type: OneDeckInput, required: true, description: "The deck." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "EditPayload" as const,
        changed: await services.edits.deleteDeck(viewer, input),
      })),
  }),
  createFilteredDeck: t.field({
    type: DeckResult,
    description:
      "Makes a deck that borrows what its searches find. Cards go back when they are answered, or by themselves.",
    access: "REVIEW",
    args: { input: t.arg({ type: CreateFilteredDeckInput, required: true, description: "The deck." }) },
    resolve: (_, { input }, { viewer, services }) =>
      deckAfter(viewer, () => services.studying.createFilteredDeck(viewer, input)),
  }),
  rebuildFilteredDeck: t.field({
    type: DeckResult,
    description: "Gives back what a filtered deck has, and borrows what its searches find now.",
    access: "REVIEW",
    args: { input: t.arg({ type: RebuildFilteredDeckInput, required: true, description: "The deck." }) },
    resolve: (_, { input }, { viewer, services }) =>
      deckAfter(viewer, () => services.studying.rebuildFilteredDeck(viewer, input)),
  }),
  emptyFilteredDeck: t.field({
    type: DeckResult,
    description: "Gives back what a filtered deck has. The deck stays; `deleteDeck` removes it.",
    access: "REVIEW",
    args: { input: t.arg({ type: OneDeckInput, required: true, description: "The deck." }) },
    resolve: (_, { input }, { viewer, services }) =>
      deckAfter(viewer, () => services.studying.emptyFilteredDeck(viewer, input)),
  }),
  studyCustom: t.field({
    type: DeckResult,
    description:
      "Fills the filtered deck `Custom Study Session`, and makes it where there is none. Review that deck then.",
    access: "REVIEW",
    args: { input: t.arg({ type: CustomStudyInput, required: true, description: "What to study." }) },
    resolve: (_, { input }, { viewer, services }) =>
      deckAfter(viewer, () => services.studying.studyCustom(viewer, input)),
  }),
  setTodaysLimits: t.field({
    type: DeckResult,
    description: "Sets how many new cards and reviews a deck gives today, in the place of its preset's limits.",
    access: "REVIEW",
    args: { input: t.arg({ type: TodaysLimitsInput, required: true, description: "The limits." }) },
    resolve: (_, { input }, { viewer, services }) =>
      deckAfter(viewer, () => services.studying.setTodaysLimits(viewer, input)),
  }),
  extendLimits: t.field({
    type: DeckResult,
    description: "Gives so many more new cards and reviews today, in the deck and in those above and below it.",
    access: "REVIEW",
    args: { input: t.arg({ type: TodaysLimitsInput, required: true, description: "How many more." }) },
    resolve: (_, { input }, { viewer, services }) =>
      deckAfter(viewer, () => services.studying.extendLimits(viewer, input)),
  }),
}));
