// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../../core/document.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** The kinds of expected failure. */
export type ErrorCode =
  /** A field of the input is wrong; nothing was done. */
  | 'INVALID_INPUT'
  /** There is no such thing in this tenant. */
  | 'NOT_FOUND'
  /** Somebody changed it since; look again and repeat. */
  | 'VERSION_CONFLICT'
  /** The name belongs to somebody else. */
  | 'NAME_TAKEN'
  /** The username or the password is wrong; which of them is not told. */
  | 'BAD_CREDENTIALS'
  /** The session is over. */
  | 'SESSION_ENDED'
  /** The same identity came before with other content. */
  | 'PAYLOAD_MISMATCH'
  /** The collection is under review elsewhere. */
  | 'REVIEW_HELD'
  /** The review session no longer holds the collection. */
  | 'REVIEW_LOST'
  /** The file is no Anki collection, or is damaged. */
  | 'COLLECTION_UNREADABLE'
  /** What was sent is over a limit. */
  | 'TOO_LARGE';

/** Another name for a deck. */
export type RenameDeckInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
  editId: string | number;
  /** The deck; those below it follow. */
  deckId: string;
  /** The full name. */
  name: string;
};

/** A change to take back. */
export type UndoEditInput = {
  /** The id that the change was made with. */
  editId: string | number;
};

/** Which cards a filtered deck takes first. */
export type DeckOrder =
  /** Those that were answered longest ago. */
  | 'OLDEST_REVIEWED_FIRST'
  /** By chance; the same all day. */
  | 'RANDOM'
  /** Those with the shortest interval. */
  | 'SHORTEST_INTERVAL_FIRST'
  /** Those with the longest interval. */
  | 'LONGEST_INTERVAL_FIRST'
  /** Those that were forgotten most often. */
  | 'MOST_LAPSES_FIRST'
  /** Those that were made first. */
  | 'OLDEST_ADDED_FIRST'
  /** Those that are due first. */
  | 'DUE_FIRST'
  /** Those that were made last. */
  | 'NEWEST_ADDED_FIRST'
  /** Those that are least likely known now. */
  | 'LEAST_RETRIEVABLE_FIRST'
  /** Those that are most likely known now. */
  | 'MOST_RETRIEVABLE_FIRST';

/** A search by which a filtered deck borrows cards: none that is suspended, buried or borrowed already. */
export type DeckSearchInput = {
  /** In the words of `cards(search)`; 500 characters at most. */
  search: string;
  /** Most cards, 1 to 99,999. */
  limit?: number;
  /** Which it takes first. */
  order?: DeckOrder;
};

/** A new filtered deck. */
export type CreateFilteredDeckInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
  editId: string | number;
  /** The full name. */
  name: string;
  /** One search or two. */
  searches: Array<DeckSearchInput>;
  /** Whether answers count for the cards' schedules. */
  reschedules?: boolean;
  /** The person's zone, for a collection that begins with this; UTC where absent. */
  timeZone?: string | null | undefined;
};

/** What a filtered deck is to borrow anew. */
export type RebuildFilteredDeckInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
  editId: string | number;
  /** The filtered deck. */
  deckId: string;
  /** Other searches; those that it has where absent. */
  searches?: Array<DeckSearchInput> | null | undefined;
  /** Whether answers count; as it is where absent. */
  reschedules?: boolean | null | undefined;
  /** The person's zone, for a collection that begins with this; UTC where absent. */
  timeZone?: string | null | undefined;
};

/** A deck to do something with. */
export type OneDeckInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
  editId: string | number;
  /** The deck. */
  deckId: string;
  /** The person's zone, for a collection that begins with this; UTC where absent. */
  timeZone?: string | null | undefined;
};

/** What to study beside the day's plan. */
export type CustomStudyKind =
  /** Cards that were answered AGAIN in the last `days`; for looking only. */
  | 'FORGOTTEN'
  /** Cards that are due within `days`; answers count. */
  | 'AHEAD'
  /** New cards that were made in the last `days`; for looking only. */
  | 'PREVIEW'
  /** New cards in the order in which they were made; answers count. */
  | 'CRAM_NEW'
  /** Cards that are due; answers count. */
  | 'CRAM_DUE'
  /** Cards that are not new, by chance; answers count. */
  | 'CRAM_REVIEWED'
  /** Any cards, by chance; for looking only. */
  | 'CRAM_ALL';

/** What to study beside the day's plan, of a deck and those below it. */
export type CustomStudyInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
  editId: string | number;
  /** The deck. */
  deckId: string;
  /** Which of its cards. */
  kind: CustomStudyKind;
  /** 1 to 365, for FORGOTTEN, AHEAD and PREVIEW. */
  days?: number | null | undefined;
  /** Most cards; all where absent. */
  limit?: number | null | undefined;
  /** Only notes with one of these tags. */
  tags?: Array<string> | null | undefined;
  /** No notes with any of these tags. */
  withoutTags?: Array<string> | null | undefined;
  /** The person's zone, for a collection that begins with this; UTC where absent. */
  timeZone?: string | null | undefined;
};

/** The limits of a deck for today. */
export type TodaysLimitsInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
  editId: string | number;
  /** The deck; not a filtered one, which has none. */
  deckId: string;
  /** New cards, 0 to 9,999. */
  newCards?: number | null | undefined;
  /** Reviews, 0 to 9,999. */
  reviews?: number | null | undefined;
  /** The person's zone, for a collection that begins with this; UTC where absent. */
  timeZone?: string | null | undefined;
};

export type DeckMadeFragment = { deckId: string, name: string };

export type MakeFilteredMutationVariables = Exact<{
  input: CreateFilteredDeckInput;
}>;


export type MakeFilteredMutation = { createFilteredDeck:
    | { __typename: 'DeckPayload', deck: { deckId: string, name: string } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type RebuildFilteredMutationVariables = Exact<{
  input: RebuildFilteredDeckInput;
}>;


export type RebuildFilteredMutation = { rebuildFilteredDeck:
    | { __typename: 'DeckPayload', deck: { deckId: string, name: string } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type EmptyFilteredMutationVariables = Exact<{
  input: OneDeckInput;
}>;


export type EmptyFilteredMutation = { emptyFilteredDeck:
    | { __typename: 'DeckPayload', deck: { deckId: string, name: string } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type StudyCustomMutationVariables = Exact<{
  input: CustomStudyInput;
}>;


export type StudyCustomMutation = { studyCustom:
    | { __typename: 'DeckPayload', deck: { deckId: string, name: string } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type SetLimitsMutationVariables = Exact<{
  input: TodaysLimitsInput;
}>;


export type SetLimitsMutation = { setTodaysLimits:
    | { __typename: 'DeckPayload', deck: { deckId: string, name: string } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type RenameDeckMutationVariables = Exact<{
  input: RenameDeckInput;
}>;


export type RenameDeckMutation = { renameDeck:
    | { __typename: 'DeckPayload', deck: { deckId: string, name: string } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type DropDeckMutationVariables = Exact<{
  input: OneDeckInput;
}>;


export type DropDeckMutation = { deleteDeck:
    | { __typename: 'EditPayload', changed: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type UndoDeckEditMutationVariables = Exact<{
  input: UndoEditInput;
}>;


export type UndoDeckEditMutation = { undoEdit:
    | { __typename: 'EditPayload', changed: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export const MakeFiltered = document<MakeFilteredMutation, MakeFilteredMutationVariables>(
  "mutation MakeFiltered($input: CreateFilteredDeckInput!) { createFilteredDeck(input: $input) { __typename ... on DeckPayload { deck { ...DeckMade } } ... on UserError { code message } } } fragment DeckMade on Deck { deckId name }",
);

export const RebuildFiltered = document<RebuildFilteredMutation, RebuildFilteredMutationVariables>(
  "mutation RebuildFiltered($input: RebuildFilteredDeckInput!) { rebuildFilteredDeck(input: $input) { __typename ... on DeckPayload { deck { ...DeckMade } } ... on UserError { code message } } } fragment DeckMade on Deck { deckId name }",
);

export const EmptyFiltered = document<EmptyFilteredMutation, EmptyFilteredMutationVariables>(
  "mutation EmptyFiltered($input: OneDeckInput!) { emptyFilteredDeck(input: $input) { __typename ... on DeckPayload { deck { ...DeckMade } } ... on UserError { code message } } } fragment DeckMade on Deck { deckId name }",
);

export const StudyCustom = document<StudyCustomMutation, StudyCustomMutationVariables>(
  "mutation StudyCustom($input: CustomStudyInput!) { studyCustom(input: $input) { __typename ... on DeckPayload { deck { ...DeckMade } } ... on UserError { code message } } } fragment DeckMade on Deck { deckId name }",
);

export const SetLimits = document<SetLimitsMutation, SetLimitsMutationVariables>(
  "mutation SetLimits($input: TodaysLimitsInput!) { setTodaysLimits(input: $input) { __typename ... on DeckPayload { deck { ...DeckMade } } ... on UserError { code message } } } fragment DeckMade on Deck { deckId name }",
);

export const RenameDeck = document<RenameDeckMutation, RenameDeckMutationVariables>(
  "mutation RenameDeck($input: RenameDeckInput!) { renameDeck(input: $input) { __typename ... on DeckPayload { deck { ...DeckMade } } ... on UserError { code message } } } fragment DeckMade on Deck { deckId name }",
);

export const DropDeck = document<DropDeckMutation, DropDeckMutationVariables>(
  "mutation DropDeck($input: OneDeckInput!) { deleteDeck(input: $input) { __typename ... on EditPayload { changed } ... on UserError { code message } } }",
);

export const UndoDeckEdit = document<UndoDeckEditMutation, UndoDeckEditMutationVariables>(
  "mutation UndoDeckEdit($input: UndoEditInput!) { undoEdit(input: $input) { __typename ... on EditPayload { changed } ... on UserError { code message } } }",
);
