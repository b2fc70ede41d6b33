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

/** A side of a card. */
export type CardSide =
  /** The question. */
  | 'QUESTION'
  /** The answer. */
  | 'ANSWER';

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

/** A collection to import. */
export type ImportCollectionInput = {
  /** An .apkg, .colpkg or .anki2 file in base64, 32 MB at most; larger ones go through `uploadKey`. */
  file?: string | null | undefined;
  /** The key that `collectionUploadUrl` gave. */
  uploadKey?: string | null | undefined;
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
  /** The client's id of this answer; the same id again changes nothing and gives the same result. */
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

/** Kinds of notes that every collection can have. */
export type NoteKind =
  /** Front and Back: one card. */
  | 'BASIC'
  /** Front and Back: a card in each direction. */
  | 'BASIC_REVERSED'
  /** Front and Back: the answer is typed. */
  | 'BASIC_TYPED'
  /** Text with `{{c1::deletions}}`, and Back Extra: a card for each number. */
  | 'CLOZE'
  /** An Image with shapes over it (Occlusion), Header, Back Extra, Comments. */
  | 'IMAGE_OCCLUSION';

/** A field's text. */
export type NoteFieldInput = {
  /** The field's name in its note type. */
  name: string;
  /** HTML; 60,000 characters at most. */
  value: string;
};

/** A new deck. */
export type CreateDeckInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result. */
  editId: string | number;
  /** The full name, such as `Languages::Japanese`; decks above it are made too. */
  name: string;
  /** The person's zone, for a collection that begins with this; UTC where absent. */
  timeZone?: string | null | undefined;
};

/** A new note. */
export type CreateNoteInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result. */
  editId: string | number;
  /** Where its cards go; `1` is the default deck. */
  deckId: string;
  /** What kind of note; or name a note type. */
  kind?: NoteKind | null | undefined;
  /** A note type of the collection, in place of `kind`. */
  noteTypeId?: string | null | undefined;
  /** Its fields; those that are left out are empty. */
  fields: Array<NoteFieldInput>;
  /** Its tags, without spaces. */
  tags?: Array<string> | null | undefined;
  /** The person's zone, for a collection that begins with this; UTC where absent. */
  timeZone?: string | null | undefined;
};

/** What to change of a note. */
export type UpdateNoteInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result. */
  editId: string | number;
  /** The note. */
  noteId: string;
  /** Fields to change; the others stay. New cards are made where they are due. */
  fields?: Array<NoteFieldInput> | null | undefined;
  /** All its tags; they stay where absent. */
  tags?: Array<string> | null | undefined;
};

/** Notes to delete, with their cards. What was answered stays in the log. */
export type DeleteNotesInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result. */
  editId: string | number;
  /** At most 500. */
  noteIds: Array<string>;
};

/** What to change of cards; what is left out stays. */
export type ChangeCardsInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result. */
  editId: string | number;
  /** At most 500. */
  cardIds: Array<string>;
  /** The deck to move them to. */
  deckId?: string | null | undefined;
  /** 0 to 7; 0 takes the flag away. */
  flag?: number | null | undefined;
  /** Whether they are kept out until somebody brings them back. */
  suspended?: boolean | null | undefined;
  /** Whether they are kept out until tomorrow. */
  buried?: boolean | null | undefined;
  /** Makes them reviews that are due so many days from today. */
  dueInDays?: number | null | undefined;
  /** Makes them new again; the log stays. */
  forget?: boolean | null | undefined;
};

/** A change to take back. */
export type UndoEditInput = {
  /** The id that the change was made with. */
  editId: string | number;
};

/** A file for notes to show or play. */
export type AddMediaInput = {
  /** A plain file name, such as `cat.jpg`. */
  name: string;
  /** The file in base64, 5 MB at most. */
  content: string;
};

export type DeckRowFragment = { deckId: string, name: string, newCount: number, learningCount: number, dueCount: number, cardCount: number };

export type DeckListQueryVariables = Exact<{
  timeZone?: string | null | undefined;
}>;


export type DeckListQuery = { decks: Array<{ deckId: string, name: string, newCount: number, learningCount: number, dueCount: number, cardCount: number }>, reviewSession: { sessionId: string, holder: string, answered: number, status: ReviewStatus, deck: { deckId: string, name: string } } | null };

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

export type ExportCollectionMutationVariables = Exact<{ [key: string]: never; }>;


export type ExportCollectionMutation = { exportCollection:
    | { __typename: 'ExportCollectionPayload', url: string, bytes: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type ReviewNumbersQueryVariables = Exact<{
  range: TimeRange;
  timeZone: string;
}>;


export type ReviewNumbersQuery = { reviewStats: { reviews: number, retention: number | null, byDay: Array<{ start: string, reviews: number, again: number, timeSpent: number }> } };

export type SittingFragment = { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, question: string, answer: string, showing: string, expectedAnswer: string | null, state: CardState, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, media: Array<{ name: string, url: string }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null };

export type CurrentReviewQueryVariables = Exact<{ [key: string]: never; }>;


export type CurrentReviewQuery = { reviewSession: { sessionId: string, status: ReviewStatus, deck: { deckId: string } } | null };

export type StartReviewMutationVariables = Exact<{
  input: StartReviewInput;
}>;


export type StartReviewMutation = { startReview:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, question: string, answer: string, showing: string, expectedAnswer: string | null, state: CardState, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, media: Array<{ name: string, url: string }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewHeldError', message: string, holder: string, since: string, until: string, code: ErrorCode }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type AnswerCardMutationVariables = Exact<{
  input: AnswerCardInput;
}>;


export type AnswerCardMutation = { answerCard:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, question: string, answer: string, showing: string, expectedAnswer: string | null, state: CardState, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, media: Array<{ name: string, url: string }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type UndoAnswerMutationVariables = Exact<{
  input: ReviewSessionInput;
}>;


export type UndoAnswerMutation = { undoAnswer:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, question: string, answer: string, showing: string, expectedAnswer: string | null, state: CardState, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, media: Array<{ name: string, url: string }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type SaveReviewMutationVariables = Exact<{
  input: ReviewSessionInput;
}>;


export type SaveReviewMutation = { saveReview:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, question: string, answer: string, showing: string, expectedAnswer: string | null, state: CardState, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, media: Array<{ name: string, url: string }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type ExtendReviewMutationVariables = Exact<{
  input: ReviewSessionInput;
}>;


export type ExtendReviewMutation = { extendReview:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, question: string, answer: string, showing: string, expectedAnswer: string | null, state: CardState, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, media: Array<{ name: string, url: string }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type EndReviewMutationVariables = Exact<{
  input: ReviewSessionInput;
}>;


export type EndReviewMutation = { endReview:
    | { __typename: 'ReviewPayload', reviewSession: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, question: string, answer: string, showing: string, expectedAnswer: string | null, state: CardState, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, media: Array<{ name: string, url: string }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } }
    | { __typename: 'ReviewLostError', status: ReviewStatus, holder: string | null, code: ErrorCode, message: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
   };

export type FollowReviewSubscriptionVariables = Exact<{
  sessionId: string;
}>;


export type FollowReviewSubscription = { reviewSessionChanged: { sessionId: string, status: ReviewStatus, holder: string, startedAt: string, expiresAt: string, answered: number, unsavedAnswers: number, savedAt: string | null, deck: { deckId: string, name: string }, remaining: { new: number, learning: number, due: number }, nextCard: { cardId: string, question: string, answer: string, showing: string, expectedAnswer: string | null, state: CardState, sounds: Array<{ side: CardSide, name: string | null, text: string | null, language: string | null }>, media: Array<{ name: string, url: string }>, choices: Array<{ rating: Rating, interval: number, due: string }> } | null } };

export type NewNoteQueryVariables = Exact<{ [key: string]: never; }>;


export type NewNoteQuery = { decks: Array<{ deckId: string, name: string }> };

export type CreateDeckMutationVariables = Exact<{
  input: CreateDeckInput;
}>;


export type CreateDeckMutation = { createDeck:
    | { __typename: 'DeckPayload', deck: { deckId: string, name: string } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type CreateNoteMutationVariables = Exact<{
  input: CreateNoteInput;
}>;


export type CreateNoteMutation = { createNote:
    | { __typename: 'NotePayload', note: { noteId: string, cardIds: Array<string> } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type AddMediaMutationVariables = Exact<{
  input: AddMediaInput;
}>;


export type AddMediaMutation = { addMedia:
    | { __typename: 'AddMediaPayload', name: string }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'TooLargeError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type CardListQueryVariables = Exact<{
  search: string;
  timeZone?: string | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type CardListQuery = { cards: { nodes: Array<{ cardId: string, noteId: string, deckName: string, preview: string, state: CardState, due: string | null, tags: Array<string>, isSuspended: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type NoteWholeQueryVariables = Exact<{
  noteId: string;
}>;


export type NoteWholeQuery = { note: { noteId: string, tags: Array<string>, fields: Array<{ name: string, value: string }> } | null };

export type UpdateNoteMutationVariables = Exact<{
  input: UpdateNoteInput;
}>;


export type UpdateNoteMutation = { updateNote:
    | { __typename: 'NotePayload', note: { noteId: string } }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type DeleteNotesMutationVariables = Exact<{
  input: DeleteNotesInput;
}>;


export type DeleteNotesMutation = { deleteNotes:
    | { __typename: 'EditPayload', changed: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type ChangeCardsMutationVariables = Exact<{
  input: ChangeCardsInput;
}>;


export type ChangeCardsMutation = { changeCards:
    | { __typename: 'EditPayload', changed: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type UndoEditMutationVariables = Exact<{
  input: UndoEditInput;
}>;


export type UndoEditMutation = { undoEdit:
    | { __typename: 'EditPayload', changed: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export const DeckList = document<DeckListQuery, DeckListQueryVariables>(
  "query DeckList($timeZone: TimeZone) { decks(timeZone: $timeZone) { ...DeckRow } reviewSession { sessionId holder answered status deck { deckId name } } } fragment DeckRow on Deck { deckId name newCount learningCount dueCount cardCount }",
);

export const ImportCollection = document<ImportCollectionMutation, ImportCollectionMutationVariables>(
  "mutation ImportCollection($input: ImportCollectionInput!) { importCollection(input: $input) { __typename ... on ImportCollectionPayload { notes cards reviews repairs } ... on UserError { code message } } }",
);

export const ExportCollection = document<ExportCollectionMutation, ExportCollectionMutationVariables>(
  "mutation ExportCollection { exportCollection { __typename ... on ExportCollectionPayload { url bytes } ... on UserError { code message } } }",
);

export const ReviewNumbers = document<ReviewNumbersQuery, ReviewNumbersQueryVariables>(
  "query ReviewNumbers($range: TimeRange!, $timeZone: TimeZone!) { reviewStats(range: $range, timeZone: $timeZone) { reviews retention byDay { start reviews again timeSpent } } }",
);

export const CurrentReview = document<CurrentReviewQuery, CurrentReviewQueryVariables>(
  "query CurrentReview { reviewSession { sessionId status deck { deckId } } }",
);

export const StartReview = document<StartReviewMutation, StartReviewMutationVariables>(
  "mutation StartReview($input: StartReviewInput!) { startReview(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewHeldError { message holder since until } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId question answer showing expectedAnswer sounds { side name text language } media { name url } state choices { rating interval due } } }",
);

export const AnswerCard = document<AnswerCardMutation, AnswerCardMutationVariables>(
  "mutation AnswerCard($input: AnswerCardInput!) { answerCard(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId question answer showing expectedAnswer sounds { side name text language } media { name url } state choices { rating interval due } } }",
);

export const UndoAnswer = document<UndoAnswerMutation, UndoAnswerMutationVariables>(
  "mutation UndoAnswer($input: ReviewSessionInput!) { undoAnswer(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId question answer showing expectedAnswer sounds { side name text language } media { name url } state choices { rating interval due } } }",
);

export const SaveReview = document<SaveReviewMutation, SaveReviewMutationVariables>(
  "mutation SaveReview($input: ReviewSessionInput!) { saveReview(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId question answer showing expectedAnswer sounds { side name text language } media { name url } state choices { rating interval due } } }",
);

export const ExtendReview = document<ExtendReviewMutation, ExtendReviewMutationVariables>(
  "mutation ExtendReview($input: ReviewSessionInput!) { extendReview(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId question answer showing expectedAnswer sounds { side name text language } media { name url } state choices { rating interval due } } }",
);

export const EndReview = document<EndReviewMutation, EndReviewMutationVariables>(
  "mutation EndReview($input: ReviewSessionInput!) { endReview(input: $input) { __typename ... on ReviewPayload { reviewSession { ...Sitting } } ... on ReviewLostError { status holder } ... on UserError { code message } } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId question answer showing expectedAnswer sounds { side name text language } media { name url } state choices { rating interval due } } }",
);

export const FollowReview = document<FollowReviewSubscription, FollowReviewSubscriptionVariables>(
  "subscription FollowReview($sessionId: String!) { reviewSessionChanged(sessionId: $sessionId) { ...Sitting } } fragment Sitting on ReviewSession { sessionId status holder startedAt expiresAt answered unsavedAnswers savedAt deck { deckId name } remaining { new learning due } nextCard { cardId question answer showing expectedAnswer sounds { side name text language } media { name url } state choices { rating interval due } } }",
);

export const NewNote = document<NewNoteQuery, NewNoteQueryVariables>(
  "query NewNote { decks { deckId name } }",
);

export const CreateDeck = document<CreateDeckMutation, CreateDeckMutationVariables>(
  "mutation CreateDeck($input: CreateDeckInput!) { createDeck(input: $input) { __typename ... on DeckPayload { deck { deckId name } } ... on UserError { code message } } }",
);

export const CreateNote = document<CreateNoteMutation, CreateNoteMutationVariables>(
  "mutation CreateNote($input: CreateNoteInput!) { createNote(input: $input) { __typename ... on NotePayload { note { noteId cardIds } } ... on UserError { code message } } }",
);

export const AddMedia = document<AddMediaMutation, AddMediaMutationVariables>(
  "mutation AddMedia($input: AddMediaInput!) { addMedia(input: $input) { __typename ... on AddMediaPayload { name } ... on UserError { code message } } }",
);

export const CardList = document<CardListQuery, CardListQueryVariables>(
  "query CardList($search: String!, $timeZone: TimeZone, $first: Int!, $after: String) { cards(search: $search, timeZone: $timeZone, first: $first, after: $after) { nodes { cardId noteId deckName preview state due tags isSuspended } pageInfo { hasNextPage endCursor } } }",
);

export const NoteWhole = document<NoteWholeQuery, NoteWholeQueryVariables>(
  "query NoteWhole($noteId: String!) { note(noteId: $noteId) { noteId fields { name value } tags } }",
);

export const UpdateNote = document<UpdateNoteMutation, UpdateNoteMutationVariables>(
  "mutation UpdateNote($input: UpdateNoteInput!) { updateNote(input: $input) { __typename ... on NotePayload { note { noteId } } ... on UserError { code message } } }",
);

export const DeleteNotes = document<DeleteNotesMutation, DeleteNotesMutationVariables>(
  "mutation DeleteNotes($input: DeleteNotesInput!) { deleteNotes(input: $input) { __typename ... on EditPayload { changed } ... on UserError { code message } } }",
);

export const ChangeCards = document<ChangeCardsMutation, ChangeCardsMutationVariables>(
  "mutation ChangeCards($input: ChangeCardsInput!) { changeCards(input: $input) { __typename ... on EditPayload { changed } ... on UserError { code message } } }",
);

export const UndoEdit = document<UndoEditMutation, UndoEditMutationVariables>(
  "mutation UndoEdit($input: UndoEditInput!) { undoEdit(input: $input) { __typename ... on EditPayload { changed } ... on UserError { code message } } }",
);
