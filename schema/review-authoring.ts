import type { CardRowView } from "../api/anki/queue/search.ts";
import type { MediaLink } from "../api/review/media.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, NotFoundError } from "./errors.ts";
import { pagesOf } from "./lists.ts";
import { orRefusal, TooLargeError } from "./review-refusals.ts";
import { CardState, Deck, ownedBy } from "./review.ts";
import { Note, noteOf, NoteType, type WithMedia } from "./review-note.ts";
import { CardMedia } from "./review-sides.ts";

const ListedCard = builder.objectRef<CardRowView & WithMedia>("ListedCard").implement({
  description: "A card as a search finds it.",
  access: "REVIEW",
  fields: (t) => ({
    cardId: t.string({ description: "The card's id in the collection.", resolve: ({ cardId }) => String(cardId) }),
    noteId: t.string({ description: "Its note.", resolve: ({ noteId }) => String(noteId) }),
    deckName: t.exposeString("deckName", { description: "The full name of its deck." }),
    preview: t.exposeString("preview", { description: "The beginning of the note's first field, as text." }),
    state: t.expose("state", { type: CardState, description: "How far it is learned." }),
    due: t.expose("dueAt", { type: "DateTime", nullable: true, description: "When it is due; null for a new card." }),
    tags: t.exposeStringList("tags", { description: "The note's tags." }),
    flag: t.exposeInt("flag", { description: "0 to 7; 0 is none." }),
    isSuspended: t.exposeBoolean("isSuspended", {
      description: "Whether it is kept out until somebody brings it back.",
    }),
    isBuried: t.exposeBoolean("isBuried", { description: "Whether it is kept out until tomorrow." }),
    media: t.field({
      type: [CardMedia],
      description:
        "The first ten files that the note's fields name and the collection holds, behind links that are the viewer's alone.",
      cost: { rows: 5 },
      resolve: ({ media }) => media(),
    }),
  }),
});

const { Connection: ListedCardConnection } = pagesOf(ListedCard, {
  access: "REVIEW",
  one: "card",
  many: "cards",
  cursor: "Good as `after` of `cards` with the same search.",
});

export const NoteKind = builder.enumType("NoteKind", {
  description: "Kinds of notes that every collection can have.",
  values: {
    BASIC: { description: "Front and Back: one card." },
    BASIC_REVERSED: { description: "Front and Back: a card in each direction." },
    BASIC_TYPED: { description: "Front and Back: the answer is typed." },
    CLOZE: { description: "Text with `{{c1::deletions}}`, and Back Extra: a card for each number." },
    IMAGE_OCCLUSION: { description: "An Image with shapes over it (Occlusion), Header, Back Extra, Comments." },
  },
});

const NoteFieldInput = builder.inputType("NoteFieldInput", {
  description: "A field's text.",
  fields: (t) => ({
    name: t.string({ required: true, description: "The field's name in its note type." }),
    value: t.string({ required: true, description: "HTML; 60,000 characters at most." }),
  }),
});

export const EDIT_ID =
  "The client's id of this change; the same id again changes nothing and gives the same result, with " +
  "other content it is refused.";
export const ZONE = "The person's zone, for a collection that begins with this; UTC where absent.";

const CreateDeckInput = builder.inputType("CreateDeckInput", {
  description: "A new deck.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    name: t.string({
      required: true,
      description: "The full name, such as `Languages::Japanese`; decks above it are made too.",
    }),
    timeZone: t.field({ type: "TimeZone", description: ZONE }),
  }),
});

const RenameDeckInput = builder.inputType("RenameDeckInput", {
  description: "Another name for a deck.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    deckId: t.string({ required: true, description: "The deck; those below it follow." }),
    name: t.string({ required: true, description: "The full name." }),
  }),
});

const CreateNoteInput = builder.inputType("CreateNoteInput", {
  description: "A new note.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    deckId: t.string({ required: true, description: "Where its cards go; `1` is the default deck." }),
    kind: t.field({ type: NoteKind, description: "What kind of note; or name a note type." }),
    noteTypeId: t.string({ description: "A note type of the collection, in place of `kind`." }),
    fields: t.field({
      type: [NoteFieldInput],
      required: true,
      description: "Its fields; those that are left out are empty.",
    }),
    tags: t.stringList({ description: "Its tags, without spaces." }),
    timeZone: t.field({ type: "TimeZone", description: ZONE }),
  }),
});

const UpdateNoteInput = builder.inputType("UpdateNoteInput", {
  description: "What to change of a note.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    noteId: t.string({ required: true, description: "The note." }),
    fields: t.field({
      type: [NoteFieldInput],
      description: "Fields to change; the others stay. New cards are made where they are due.",
    }),
    tags: t.stringList({ description: "All its tags; they stay where absent." }),
  }),
});

const DeleteNotesInput = builder.inputType("DeleteNotesInput", {
  description: "Notes to delete, with their cards. What was answered stays in the log.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    noteIds: t.stringList({ required: true, description: "At most 500." }),
  }),
});

const ChangeCardsInput = builder.inputType("ChangeCardsInput", {
  description: "What to change of cards; what is left out stays.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    cardIds: t.stringList({ required: true, description: "At most 500." }),
    deckId: t.string({ description: "The deck to move them to." }),
    flag: t.int({ description: "0 to 7; 0 takes the flag away." }),
    suspended: t.boolean({ description: "Whether they are kept out until somebody brings them back." }),
    buried: t.boolean({ description: "Whether they are kept out until tomorrow." }),
    dueInDays: t.int({ description: "Makes them reviews that are due so many days from today." }),
    forget: t.boolean({ description: "Makes them new again; the log stays." }),
  }),
});

const UndoEditInput = builder.inputType("UndoEditInput", {
  description: "A change to take back.",
  fields: (t) => ({ editId: t.id({ required: true, description: "The id that the change was made with." }) }),
});

const AddMediaInput = builder.inputType("AddMediaInput", {
  description: "A file for notes to show or play.",
  fields: (t) => ({
    name: t.string({ required: true, description: "A plain file name, such as `cat.jpg`." }),
    content: t.string({ required: true, description: "The file in base64, 5 MB at most." }),
  }),
});

type Made<Name extends string, T> = { __typename: Name } & T;

const DeckPayload = builder.objectRef<Made<"DeckPayload", { deck: typeof Deck.$inferType }>>("DeckPayload").implement({
  description: "The deck as it is afterwards.",
  access: "REVIEW",
  fields: (t) => ({ deck: t.expose("deck", { type: Deck, description: "The deck." }) }),
});

const NotePayload = builder.objectRef<Made<"NotePayload", { note: typeof Note.$inferType }>>("NotePayload").implement({
  description: "The note as it is afterwards.",
  access: "REVIEW",
  fields: (t) => ({ note: t.expose("note", { type: Note, description: "The note." }) }),
});

const EditPayload = builder.objectRef<Made<"EditPayload", { changed: number }>>("EditPayload").implement({
  description: "That a change was made.",
  access: "REVIEW",
  fields: (t) => ({ changed: t.exposeInt("changed", { description: "How many notes or cards it was made to." }) }),
});

const AddMediaPayload = builder.objectRef<Made<"AddMediaPayload", { name: string; bytes: number }>>("AddMediaPayload")
  .implement({
    description: "The file as it is kept.",
    access: "REVIEW",
    fields: (t) => ({
      name: t.exposeString("name", {
        description:
          'What notes call it: `<img src="NAME">` or `[sound:NAME]`. Another than asked for where that belongs to other content.',
      }),
      bytes: t.exposeInt("bytes", { description: "How large it is." }),
    }),
  });

export const DeckResult = builder.unionType("DeckResult", {
  description: "The deck, or why nothing was done.",
  types: [DeckPayload, NotFoundError, InvalidInputError],
});

const NoteResult = builder.unionType("NoteResult", {
  description: "The note, or why nothing was done.",
  types: [NotePayload, NotFoundError, InvalidInputError],
});

export const EditResult = builder.unionType("EditResult", {
  description: "The change, or why there was none.",
  types: [EditPayload, NotFoundError, InvalidInputError],
});

const AddMediaResult = builder.unionType("AddMediaResult", {
  description: "The file, or why it was not kept.",
  types: [AddMediaPayload, NotFoundError, TooLargeError, InvalidInputError],
});

entries.queryFields((t) => ({
  cards: t.field({
    type: ListedCardConnection,
    description: "Cards of the viewer's collection that a search finds, by their ids.",
    access: "REVIEW",
    cost: { rows: "first" },
    args: {
      search: t.arg.string({
        required: true,
        defaultValue: "",
        description:
          "Anki's words: `deck:`, `did:`, `tag:`, `note:`, `mid:`, `card:`, `preset:`, `flag:`, `cid:`, `nid:`, `is:` (new, learn, review, due, suspended, buried), `added:7`, `edited:7`, `introduced:7`, `resched:7`, `rated:7:1`, `prop:` (due, ivl, reps, lapses, ease, pos, s, d and r, of which d and r are shares from 0 to 1), `nc:` (without accents, also `FIELD:nc:text` and `tag:nc:text`), `FIELD:text` for the whole of a field, `FIELD:` for an empty one, text in any field, `*` for any signs, `_` for any one sign, `-` for not, `or`, parentheses. Anki's other words (`re:`, `w:`, `sc:`, `dupe:`, `has-cd:`, `deck:current`, `prop:rated`, `prop:resched`, `prop:cdn`, `prop:cds`) are refused by name.",
      }),
      timeZone: t.arg({ type: "TimeZone", description: "The person's zone; as the collection says where absent." }),
      first: t.arg.int({ required: true, defaultValue: 50, description: "Most cards on the page, 1 to 200." }),
      after: t.arg.string({ description: "The `endCursor` of the page before." }),
    },
    resolve: async (_, args, { viewer, services }) => {
      const page = await services.browse.cards(viewer, args);
      let links: Promise<ReadonlyMap<string, MediaLink>> | undefined;
      const linksOf = async (names: readonly string[]) => {
        links ??= services.media.linksByName(viewer, page.edges.flatMap(({ node }) => node.mediaNames));
        const found = await links;
        return names.flatMap((name) => found.get(name) ?? []);
      };
      return {
        ...page,
        edges: page.edges.map(({ cursor, node }) => ({
          cursor,
          node: { ...node, media: () => linksOf(node.mediaNames) },
        })),
      };
    },
  }),
  note: t.field({
    type: Note,
    nullable: true,
    description: "One note of the viewer's collection.",
    access: "REVIEW",
    args: { noteId: t.arg.string({ required: true, description: "The note's id in the collection." }) },
    resolve: async (_, { noteId }, { viewer, services }) => {
      const note = await services.browse.note(viewer, noteId);
      return note && noteOf(services, viewer)(note);
    },
  }),
  noteTypes: t.field({
    type: [NoteType],
    description: "The note types of the viewer's collection, by name.",
    access: "REVIEW",
    resolve: (_, __, { viewer, services }) => services.browse.noteTypes(viewer),
  }),
}));

const REFUSALS = ["InvalidInputError", "NotFoundError"] as const;

entries.mutationFields((t) => ({
  createDeck: t.field({
    type: DeckResult,
    description: "Makes a deck. Somebody without a collection gets one with this.",
    access: "REVIEW",
    args: { input: t.arg({ type: CreateDeckInput, required: true, description: "The deck." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "DeckPayload" as const,
        deck: ownedBy(viewer)(await services.edits.createDeck(viewer, input)),
      })),
  }),
  renameDeck: t.field({
    type: DeckResult,
    description: "Gives a deck another name, and moves it so.",
    access: "REVIEW",
    args: { input: t.arg({ type: RenameDeckInput, required: true, description: "The deck and its name." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "DeckPayload" as const,
        deck: ownedBy(viewer)(await services.edits.renameDeck(viewer, input)),
      })),
  }),
  createNote: t.field({
    type: NoteResult,
    description: "Makes a note with its cards. Somebody without a collection gets one with this.",
    access: "REVIEW",
    args: { input: t.arg({ type: CreateNoteInput, required: true, description: "The note." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "NotePayload" as const,
        note: noteOf(services, viewer)(await services.edits.createNote(viewer, input)),
      })),
  }),
  updateNote: t.field({
    type: NoteResult,
    description: "Changes fields and tags of a note.",
    access: "REVIEW",
    args: { input: t.arg({ type: UpdateNoteInput, required: true, description: "What to change." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "NotePayload" as const,
        note: noteOf(services, viewer)(await services.edits.updateNote(viewer, input)),
      })),
  }),
  deleteNotes: t.field({
    type: EditResult,
    description: "Deletes notes with their cards; `undoEdit` brings them back.",
    access: "REVIEW",
    args: { input: t.arg({ type: DeleteNotesInput, required: true, description: "The notes." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "EditPayload" as const,
        changed: await services.edits.deleteNotes(viewer, input),
      })),
  }),
  changeCards: t.field({
    type: EditResult,
    description: "Moves, flags, suspends, buries, schedules or forgets cards.",
    access: "REVIEW",
    args: { input: t.arg({ type: ChangeCardsInput, required: true, description: "The cards and what to change." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => ({
        __typename: "EditPayload" as const,
        changed: await services.edits.changeCards(viewer, input),
      })),
  }),
  undoEdit: t.field({
    type: EditResult,
    description: "Takes a change back, where nothing was changed or answered since.",
    access: "REVIEW",
    args: { input: t.arg({ type: UndoEditInput, required: true, description: "The change." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(REFUSALS, async () => {
        await services.edits.undoEdit(viewer, input);
        return { __typename: "EditPayload" as const, changed: 1 };
      }),
  }),
  addMedia: t.field({
    type: AddMediaResult,
    description: "Keeps a file with the viewer's collection, for notes to show or play.",
    access: "REVIEW",
    args: { input: t.arg({ type: AddMediaInput, required: true, description: "The file." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(["InvalidInputError", "NotFoundError", "TooLargeError"], async () => ({
        __typename: "AddMediaPayload" as const,
        ...await services.media.add(viewer, input),
      })),
  }),
}));
