import type { NotesReport } from "../api/anki/edit/notes-report.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, NotFoundError } from "./errors.ts";
import { EDIT_ID, NoteKind, ZONE } from "./review-authoring.ts";
import { orRefusal, TooLargeError } from "./review-refusals.ts";

const ColumnUse = builder.enumType("ColumnUse", {
  description: "What a column of a table is, where it is no field.",
  values: {
    TAGS: { description: "Tags, parted by spaces." },
    GUID: { description: "The note's id over all collections: by it a note is known again." },
    DECK: { description: "The full name of the deck; made where there is none." },
    NOTE_TYPE: {
      description: "The name of the note type, of those in the collection; as the input says where it is blank.",
    },
  },
});

const Duplicates = builder.enumType("Duplicates", {
  description: "What becomes of a row whose note is there: by its guid, else by the same first field in the note type.",
  values: {
    UPDATE: { description: "The note gets the row's fields, and its tags beside its own." },
    KEEP: { description: "The note stays as it is." },
    ADD: { description: "Another note is made." },
  },
});

const NoteColumnInput = builder.inputType("NoteColumnInput", {
  description: "What a column of a table is: a field, or what `use` says.",
  fields: (t) => ({
    column: t.int({ required: true, description: "Which column, from 1." }),
    field: t.string({ description: "A field of the note type." }),
    use: t.field({ type: ColumnUse, description: "What else it is." }),
  }),
});

const ImportNotesInput = builder.inputType("ImportNotesInput", {
  description:
    "A table of notes as text (CSV, tabs or another separator). Lines such as `#separator:tab` at its beginning, as Anki writes them, are heeded where the input does not say it.",
  fields: (t) => ({
    editId: t.id({ required: true, description: EDIT_ID }),
    deckId: t.string({ required: true, description: "Where new cards go; `1` is the default deck." }),
    kind: t.field({ type: NoteKind, description: "What kind of notes; or name a note type." }),
    noteTypeId: t.string({ description: "A note type of the collection, in place of `kind`." }),
    text: t.string({ description: "The table, 700,000 characters at most; larger ones go through `uploadKey`." }),
    uploadKey: t.string({
      description: "The key that `collectionUploadUrl` gave for a file in UTF-8 or UTF-16, 16 MB at most.",
    }),
    separator: t.string({ description: "What parts columns, one sign; found in the text where absent." }),
    hasHeader: t.boolean({
      required: true,
      defaultValue: false,
      description: "Whether the first row names the columns: those called like fields are these.",
    }),
    isHtml: t.boolean({ description: "Whether cells are HTML; plain text where absent." }),
    columns: t.field({
      type: [NoteColumnInput],
      description: "What the columns are; by their names, else the fields in their order, where absent.",
    }),
    tags: t.stringList({ description: "Tags for every note of it." }),
    duplicates: t.field({
      type: Duplicates,
      required: true,
      defaultValue: "UPDATE",
      description: "What becomes of a row whose note is there.",
    }),
    dryRun: t.boolean({
      required: true,
      defaultValue: false,
      description: "Only says what would happen; nothing is changed, and an upload stays.",
    }),
    timeZone: t.field({ type: "TimeZone", description: ZONE }),
  }),
});

const RefusedRow = builder.objectRef<NotesReport["refusals"][number]>("RefusedRow").implement({
  description: "A row that makes no note.",
  access: "REVIEW",
  fields: (t) => ({
    line: t.exposeInt("line", { description: "The line on which it begins, from 1." }),
    reason: t.exposeString("reason", { description: "Why." }),
  }),
});

const ImportNotesPayload = builder.objectRef<NotesReport & { __typename: "ImportNotesPayload" }>("ImportNotesPayload")
  .implement({
    description: "What came of a table of notes.",
    access: "REVIEW",
    fields: (t) => ({
      rows: t.exposeInt("rows", { description: "Rows of the table." }),
      added: t.exposeInt("added", { description: "Notes that were made." }),
      updated: t.exposeInt("updated", { description: "Notes that were changed." }),
      kept: t.exposeInt("kept", { description: "Notes that were there and stayed as they are." }),
      refused: t.exposeInt("refused", { description: "Rows that make no note." }),
      refusals: t.expose("refusals", { type: [RefusedRow], description: "The first hundred of them." }),
    }),
  });

const ImportNotesResult = builder.unionType("ImportNotesResult", {
  description: "What came of the table, or why nothing was done.",
  types: [ImportNotesPayload, NotFoundError, TooLargeError, InvalidInputError],
});

entries.mutationFields((t) => ({
  importNotes: t.field({
    type: ImportNotesResult,
    description:
      "Makes notes of a table, as one change that `undoEdit` takes back. A row that makes no note is refused by itself.",
    access: "REVIEW",
    args: { input: t.arg({ type: ImportNotesInput, required: true, description: "The table." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(["InvalidInputError", "NotFoundError", "TooLargeError"], async () => ({
        __typename: "ImportNotesPayload" as const,
        ...await services.importNotes(viewer, input),
      })),
  }),
}));
