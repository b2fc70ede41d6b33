// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../core/document.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** A length of time that ends now. */
export type RangePreset =
  /** 2 hours. */
  | 'TWO_HOURS'
  /** 24 hours. */
  | 'DAY'
  /** 7 days. */
  | 'WEEK'
  /** 30 days. */
  | 'MONTH'
  /** 90 days. */
  | 'QUARTER';

/** From one instant to another. */
export type Between = {
  /** Included. */
  from: string;
  /** Excluded. Later than `from`. */
  to: string;
};

/** A range of instants: exactly one of the two. */
export type TimeRange =
  {   /** The time up to now. */
  last: RangePreset; between?: never; }
  |  { last?: never;   /** From the first instant (included) to the second (excluded). */
  between: Between; };

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

/** A side of a card. */
export type CardSide =
  /** The question. */
  | 'QUESTION'
  /** The answer. */
  | 'ANSWER';

/** How far a card is learned. */
export type CardState =
  /** Never answered. */
  | 'NEW'
  /** In its first steps. */
  | 'LEARNING'
  /** Learned; reviewed at growing intervals. */
  | 'REVIEW'
  /** Forgotten, and in its steps again. */
  | 'RELEARNING';

/** How well a card was known. */
export type Rating =
  /** Not known. */
  | 'AGAIN'
  /** Known with effort. */
  | 'HARD'
  /** Known. */
  | 'GOOD'
  /** Known at once. */
  | 'EASY';

/** Whether a review session goes on, or how it ended. */
export type ReviewStatus =
  /** It goes on. */
  | 'ACTIVE'
  /** It was ended. */
  | 'ENDED'
  /** Nothing happened in it for five minutes. */
  | 'EXPIRED'
  /** Another device went on in its place. */
  | 'TAKEN_OVER';

/** What becomes of the collection that is there. */
export type ImportMode =
  /** Both become one; nothing of either is dropped but what was deleted. */
  | 'MERGE'
  /** The file takes its place; `undoReplacement` brings it back. */
  | 'REPLACE';

/** A collection to import. */
export type ImportCollectionInput = {
  /** An .apkg, .colpkg or .anki2 file in base64, 32 MB at most; larger ones go through `uploadKey`. */
  file?: string | null | undefined;
  /** The key that `collectionUploadUrl` gave. */
  uploadKey?: string | null | undefined;
  /** Whether it joins the collection that is there. */
  mode?: ImportMode;
  /** Only says what would happen; nothing is changed, and an upload stays. */
  dryRun?: boolean;
};

/** What to do where the collection is under review elsewhere. */
export type OnHeld =
  /** Say who holds it, since when and until when. */
  | 'FAIL'
  /** Join that session: both show the same card. */
  | 'RESUME'
  /** End that session and begin one here. Every answer acknowledged before is kept. */
  | 'TAKE_OVER';

/** What to review. */
export type StartReviewInput = {
  /** The deck; the decks below it are part of it. */
  deckId: string;
  /** Shown to the other tab or device, such as `Firefox on laptop`. */
  holder: string;
  /** What to do where the collection is under review elsewhere. */
  onHeld?: OnHeld;
  /** The person's zone: their day begins at 4 in it. As the collection says where absent. */
  timeZone?: string | null | undefined;
};

/** An answer. */
export type AnswerCardInput = {
  /** The session; the header `X-Session-ID` stands in where it is absent. */
  sessionId?: string | null | undefined;
  /** The card. */
  cardId: string;
  /** How well it was known. */
  rating: Rating;
  /** The client's id of this answer; the same id again changes nothing and gives the same result, with other content it is refused. */
  answerId: string | number;
  /** Time that the person took. */
  duration?: number | null | undefined;
  /** `Card.showing` of the card that was answered. */
  showing?: string | null | undefined;
};

/** A review session. */
export type ReviewSessionInput = {
  /** The session; the header `X-Session-ID` stands in where it is absent. */
  sessionId?: string | null | undefined;
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

export type DeckRowFragment = { deckId: string, name: string, newCount: number, learningCount: number, dueCount: number, cardCount: number, filter: { reschedules: boolean, searches: Array<{ search: string, limit: number, order: DeckOrder }> } | null };

export type DeckListQueryVariables = Exact<{
  timeZone?: string | null | undefined;
}>;


export type DeckListQuery = { decks: Array<{ deckId: string, name: string, newCount: number, learningCount: number, dueCount: number, cardCount: number, filter: { reschedules: boolean, searches: Array<{ search: string, limit: number, order: DeckOrder }> } | null }>, reviewSession: { sessionId: string, holder: string, answered: number, status: ReviewStatus, deck: { deckId: string, name: string } } | null };

export type ImportCollectionMutationVariables = Exact<{
  input: ImportCollectionInput;
}>;


export type ImportCollectionMutation = { importCollection:
    | { __typename: 'ImportCollectionPayload', notes: number, cards: number, reviews: number, repairs: Array<string> }
    | { __typename: 'CollectionUnreadableError', code: ErrorCode, message: string }
    | { __typename: 'TooLargeError', code: ErrorCode, message: string }
    | { __typename: 'ReviewHeldError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type CollectionUploadUrlMutationVariables = Exact<{ [key: string]: never; }>;


export type CollectionUploadUrlMutation = { collectionUploadUrl: { url: string, uploadKey: string } };

export type ExportCollectionMutationVariables = Exact<{ [key: string]: never; }>;


export type ExportCollectionMutation = { exportCollection:
    | { __typename: 'ExportCollectionPayload', url: string, bytes: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type DeckNamesQueryVariables = Exact<{ [key: string]: never; }>;


export type DeckNamesQuery = { decks: Array<{ deckId: string, name: string }> };

export type ReviewNumbersQueryVariables = Exact<{
  range: TimeRange;
  timeZone: string;
  deckId?: string | null | undefined;
}>;


export type ReviewNumbersQuery = { reviewStats: { reviews: number, retention: number | null, byDay: Array<{ start: string, reviews: number, again: number, timeSpent: number }> } };

export type SittingFragment = { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, nextCardAt: string | null, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, expectedAnswer: string | null, question: string, answer: string, showing: string, state: CardState, media: Array<{ name: string, path: string }>, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null };

export type CurrentReviewQueryVariables = Exact<{ [key: string]: never; }>;


export type CurrentReviewQuery = { reviewSession: { sessionId: string, status: ReviewStatus, deck: { deckId: string } } | null };

export type StartReviewMutationVariables = Exact<{
  input: StartReviewInput;
}>;


export type StartReviewMutation = { startReview:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, nextCardAt: string | null, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, expectedAnswer: string | null, question: string, answer: string, showing: string, state: CardState, media: Array<{ name: string, path: string }>, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewHeldError', message: string, holder: string, since: string, until: string, code: ErrorCode }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type AnswerCardMutationVariables = Exact<{
  input: AnswerCardInput;
}>;


export type AnswerCardMutation = { answerCard:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, nextCardAt: string | null, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, expectedAnswer: string | null, question: string, answer: string, showing: string, state: CardState, media: Array<{ name: string, path: string }>, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type UndoAnswerMutationVariables = Exact<{
  input: ReviewSessionInput;
}>;


export type UndoAnswerMutation = { undoAnswer:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, nextCardAt: string | null, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, expectedAnswer: string | null, question: string, answer: string, showing: string, state: CardState, media: Array<{ name: string, path: string }>, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type SaveReviewMutationVariables = Exact<{
  input: ReviewSessionInput;
}>;


export type SaveReviewMutation = { saveReview:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, nextCardAt: string | null, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, expectedAnswer: string | null, question: string, answer: string, showing: string, state: CardState, media: Array<{ name: string, path: string }>, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type ExtendReviewMutationVariables = Exact<{
  input: ReviewSessionInput;
}>;


export type ExtendReviewMutation = { extendReview:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, nextCardAt: string | null, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, expectedAnswer: string | null, question: string, answer: string, showing: string, state: CardState, media: Array<{ name: string, path: string }>, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type EndReviewMutationVariables = Exact<{
  input: ReviewSessionInput;
}>;


export type EndReviewMutation = { endReview:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, nextCardAt: string | null, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, expectedAnswer: string | null, question: string, answer: string, showing: string, state: CardState, media: Array<{ name: string, path: string }>, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type FollowReviewSubscriptionVariables = Exact<{
  sessionId: string;
}>;


export type FollowReviewSubscription = { reviewSessionChanged: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, nextCardAt: string | null, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, expectedAnswer: string | null, question: string, answer: string, showing: string, state: CardState, media: Array<{ name: string, path: string }>, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } };

export type CheckTypedQueryVariables = Exact<{
  text: string;
}>;


export type CheckTypedQuery = { reviewSession: { nextCard: { showing: string, typed: { answer: string } | null } | null } | null };

export const DeckList = document<DeckListQuery, DeckListQueryVariables>(
  "query DeckList($timeZone: TimeZone) { decks(timeZone: $timeZone) { ...DeckRow } reviewSession { sessionId holder answered status deck { deckId name } } } fragment DeckRow on Deck { deckId name newCount learningCount dueCount cardCount filter { reschedules searches { search limit order } } }",
);

export const ImportCollection = document<ImportCollectionMutation, ImportCollectionMutationVariables>(
  "mutation ImportCollection($input: ImportCollectionInput!) { importCollection(input: $input) { __typename ... on ImportCollectionPayload { notes cards reviews repairs } ... on UserError { code message } } }",
);

export const CollectionUploadUrl = document<CollectionUploadUrlMutation, CollectionUploadUrlMutationVariables>(
  "mutation CollectionUploadUrl { collectionUploadUrl { url uploadKey } }",
);

export const ExportCollection = document<ExportCollectionMutation, ExportCollectionMutationVariables>(
  "mutation ExportCollection { exportCollection { __typename ... on ExportCollectionPayload { url bytes } ... on UserError { code message } } }",
);

export const DeckNames = document<DeckNamesQuery, DeckNamesQueryVariables>(
  "query DeckNames { decks { deckId name } }",
);

export const ReviewNumbers = document<ReviewNumbersQuery, ReviewNumbersQueryVariables>(
  "query ReviewNumbers($range: TimeRange!, $timeZone: TimeZone!, $deckId: String) { reviewStats(range: $range, timeZone: $timeZone, deckId: $deckId) { reviews retention byDay { start reviews again timeSpent } } }",
);

export const CurrentReview = document<CurrentReviewQuery, CurrentReviewQueryVariables>(
  "query CurrentReview { reviewSession { sessionId status deck { deckId } } }",
);

export const StartReview = document<StartReviewMutation, StartReviewMutationVariables>(
  "mutation StartReview($input: StartReviewInput!) { startReview(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewHeldError { message holder since until } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt nextCardAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId expectedAnswer question answer showing media { name path } sounds { side name text language } state choices { rating interval due } } }",
);

export const AnswerCard = document<AnswerCardMutation, AnswerCardMutationVariables>(
  "mutation AnswerCard($input: AnswerCardInput!) { answerCard(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt nextCardAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId expectedAnswer question answer showing media { name path } sounds { side name text language } state choices { rating interval due } } }",
);

export const UndoAnswer = document<UndoAnswerMutation, UndoAnswerMutationVariables>(
  "mutation UndoAnswer($input: ReviewSessionInput!) { undoAnswer(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt nextCardAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId expectedAnswer question answer showing media { name path } sounds { side name text language } state choices { rating interval due } } }",
);

export const SaveReview = document<SaveReviewMutation, SaveReviewMutationVariables>(
  "mutation SaveReview($input: ReviewSessionInput!) { saveReview(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt nextCardAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId expectedAnswer question answer showing media { name path } sounds { side name text language } state choices { rating interval due } } }",
);

export const ExtendReview = document<ExtendReviewMutation, ExtendReviewMutationVariables>(
  "mutation ExtendReview($input: ReviewSessionInput!) { extendReview(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt nextCardAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId expectedAnswer question answer showing media { name path } sounds { side name text language } state choices { rating interval due } } }",
);

export const EndReview = document<EndReviewMutation, EndReviewMutationVariables>(
  "mutation EndReview($input: ReviewSessionInput!) { endReview(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt nextCardAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId expectedAnswer question answer showing media { name path } sounds { side name text language } state choices { rating interval due } } }",
);

export const FollowReview = document<FollowReviewSubscription, FollowReviewSubscriptionVariables>(
  "subscription FollowReview($sessionId: String!) { reviewSessionChanged(sessionId: $sessionId) { ...Sitting } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt nextCardAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId expectedAnswer question answer showing media { name path } sounds { side name text language } state choices { rating interval due } } }",
);

export const CheckTyped = document<CheckTypedQuery, CheckTypedQueryVariables>(
  "query CheckTyped($text: String!) { reviewSession { nextCard { showing typed(text: $text) { answer } } } }",
);
