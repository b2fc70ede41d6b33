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
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
  editId: string | number;
  /** The full name, such as `Languages::Japanese`; decks above it are made too. */
  name: string;
  /** The person's zone, for a collection that begins with this; UTC where absent. */
  timeZone?: string | null | undefined;
};

/** A new note. */
export type CreateNoteInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
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
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
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
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
  editId: string | number;
  /** At most 500. */
  noteIds: Array<string>;
};

/** What to change of cards; what is left out stays. */
export type ChangeCardsInput = {
  /** The client's id of this change; the same id again changes nothing and gives the same result, with other content it is refused. */
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
