import type { Lost } from "../api/anki/file/lost.ts";
import { builder, entries } from "./builder.ts";
import { InvalidInputError, NotFoundError } from "./errors.ts";
import { CollectionUnreadableError, orRefusal, ReviewHeldError, TooLargeError } from "./review-refusals.ts";
import { Deck, ownedBy, type OwnedDeck } from "./review.ts";

const IMPORT_REFUSALS = ["InvalidInputError", "CollectionUnreadableError", "TooLargeError", "ReviewHeldError"] as const;

const ImportMode = builder.enumType("ImportMode", {
  description: "What becomes of the collection that is there.",
  values: {
    MERGE: { description: "Both become one; nothing of either is dropped but what was deleted." },
    REPLACE: { description: "The file takes its place; `undoReplacement` brings it back." },
  },
});

const LostInReplacement = builder.objectRef<Lost>("LostInReplacement").implement({
  description: "What of a collection is not in the one that takes its place.",
  access: "REVIEW",
  fields: (t) => ({
    notes: t.exposeInt("notes", { description: "Notes, by their guid." }),
    cards: t.exposeInt("cards", { description: "Cards, by their note and template." }),
    reviews: t.exposeInt("reviews", { description: "Reviews, by their instant." }),
  }),
});

const ImportCollectionInput = builder.inputType("ImportCollectionInput", {
  description: "A collection to import.",
  fields: (t) => ({
    file: t.string({
      description: "An .apkg, .colpkg or .anki2 file in base64, 32 MB at most; larger ones go through `uploadKey`.",
    }),
    uploadKey: t.string({ description: "The key that `collectionUploadUrl` gave." }),
    mode: t.field({
      type: ImportMode,
      required: true,
      defaultValue: "MERGE",
      description: "Whether it joins the collection that is there.",
    }),
    dryRun: t.boolean({
      required: true,
      defaultValue: false,
      description: "Only says what would happen; nothing is changed, and an upload stays.",
    }),
  }),
});

const ImportCollectionPayload = builder.objectRef<
  {
    __typename: "ImportCollectionPayload";
    decks: OwnedDeck[];
    notes: number;
    cards: number;
    reviews: number;
    repairs: string[];
    lost: Lost;
    deletedNotes: number;
    changes: readonly string[];
    missingMedia: readonly string[];
  }
>("ImportCollectionPayload").implement({
  description: "The collection as it is after an import.",
  access: "REVIEW",
  fields: (t) => ({
    decks: t.expose("decks", { type: [Deck], description: "All decks." }),
    notes: t.exposeInt("notes", { description: "Notes that the file brought or changed." }),
    cards: t.exposeInt("cards", { description: "Cards that the file brought or changed." }),
    reviews: t.exposeInt("reviews", { description: "Reviews that the file brought." }),
    lost: t.expose("lost", {
      type: LostInReplacement,
      description: "What is lost by a replacement; nothing by a merge.",
    }),
    deletedNotes: t.exposeInt("deletedNotes", {
      description: "Notes that are gone, since the file says that they were deleted.",
    }),
    changes: t.exposeStringList("changes", {
      description:
        "What of settings, decks and note types was taken from the file, and what differs and was not, in words.",
    }),
    missingMedia: t.exposeStringList("missingMedia", {
      description: "Media files that the file names and does not hold.",
    }),
    repairs: t.exposeStringList("repairs", { description: "What was wrong in the file and was repaired, in words." }),
  }),
});

const ImportCollectionResult = builder.unionType("ImportCollectionResult", {
  description: "The import, or why there was none.",
  types: [ImportCollectionPayload, CollectionUnreadableError, TooLargeError, ReviewHeldError, InvalidInputError],
});

const CollectionUploadUrlPayload = builder.objectRef<{ uploadKey: string; url: string; expiresAt: number }>(
  "CollectionUploadUrlPayload",
).implement({
  description: "Where to put a file that is too large to be sent inline.",
  access: "REVIEW",
  fields: (t) => ({
    uploadKey: t.exposeString("uploadKey", { description: "What `importCollection` takes once the file is there." }),
    url: t.exposeString("url", { description: "PUT the file here." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "The link is good until then." }),
  }),
});

const ExportCollectionPayload = builder.objectRef<
  { __typename: "ExportCollectionPayload"; url: string; bytes: number }
>("ExportCollectionPayload").implement({
  description: "A collection to take away.",
  access: "REVIEW",
  fields: (t) => ({
    url: t.exposeString("url", { description: "Valid for 15 minutes." }),
    bytes: t.exposeInt("bytes", { description: "How large the file is." }),
  }),
});

const ExportCollectionResult = builder.unionType("ExportCollectionResult", {
  description: "The link, or that there is no collection.",
  types: [ExportCollectionPayload, NotFoundError],
});

const DeleteCollectionPayload = builder.objectRef<{ __typename: "DeleteCollectionPayload"; objects: number }>(
  "DeleteCollectionPayload",
).implement({
  description: "That the collection is gone.",
  access: "REVIEW",
  fields: (t) => ({
    objects: t.exposeInt("objects", { description: "How many stored files went; 0 where nothing was left." }),
  }),
});

const DeleteCollectionResult = builder.unionType("DeleteCollectionResult", {
  description: "That the collection is gone, or who holds it.",
  types: [DeleteCollectionPayload, ReviewHeldError],
});

const UndoReplacementPayload = builder.objectRef<{ __typename: "UndoReplacementPayload"; decks: OwnedDeck[] }>(
  "UndoReplacementPayload",
).implement({
  description: "The collection as it is again.",
  access: "REVIEW",
  fields: (t) => ({ decks: t.expose("decks", { type: [Deck], description: "All decks." }) }),
});

const UndoReplacementResult = builder.unionType("UndoReplacementResult", {
  description: "The collection, or why nothing was done.",
  types: [UndoReplacementPayload, NotFoundError, ReviewHeldError],
});

entries.mutationFields((t) => ({
  undoReplacement: t.field({
    type: UndoReplacementResult,
    description: "Puts the collection that an import replaced last in its place again; once more, it goes forward.",
    access: "REVIEW",
    resolve: (_, __, { viewer, services }) =>
      orRefusal(["NotFoundError", "ReviewHeldError"], async () => {
        await services.transfer.undoReplacement(viewer);
        return {
          __typename: "UndoReplacementPayload" as const,
          decks: (await services.reviews.decks(viewer)).map(ownedBy(viewer)),
        };
      }),
  }),
  deleteCollection: t.field({
    type: DeleteCollectionResult,
    description:
      "Deletes the viewer's collection with all answers, media, uploads and exports. It cannot be taken back; export it first. What was counted stays counted.",
    access: "REVIEW",
    resolve: (_, __, { viewer, services }) =>
      orRefusal(["ReviewHeldError"], async () => ({
        __typename: "DeleteCollectionPayload" as const,
        objects: await services.deleteCollection(viewer),
      })),
  }),
  importCollection: t.field({
    type: ImportCollectionResult,
    description:
      "Imports the viewer's collection: an .apkg, .colpkg or .anki2 file. Into a collection that is there it is merged: nothing of either is dropped, cards keep the newest state. The file is checked before it replaces anything.",
    access: "REVIEW",
    args: { input: t.arg({ type: ImportCollectionInput, required: true, description: "The file." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orRefusal(IMPORT_REFUSALS, async () => {
        const { report, lost, repairs, missingMedia } = await services.transfer.importCollection(viewer, input);
        return {
          __typename: "ImportCollectionPayload" as const,
          decks: (await services.reviews.decks(viewer)).map(ownedBy(viewer)),
          notes: changed(report.notes),
          cards: changed(report.cards),
          reviews: report.reviews.added,
          repairs,
          lost,
          deletedNotes: report.deleted.notes,
          changes: report.told,
          missingMedia,
        };
      }),
  }),

  collectionUploadUrl: t.field({
    type: CollectionUploadUrlPayload,
    description: "Gives a link to upload a collection that is too large to be sent inline.",
    access: "REVIEW",
    resolve: (_, __, { viewer, services }) => services.transfer.createUpload(viewer),
  }),

  exportCollection: t.field({
    type: ExportCollectionResult,
    description: "Gives a link to the viewer's collection with all answers and media, as a .colpkg that Anki opens.",
    access: "REVIEW",
    resolve: (_, __, { viewer, services }) =>
      orRefusal(
        ["NotFoundError"],
        async () => ({
          __typename: "ExportCollectionPayload" as const,
          ...await services.transfer.exportCollection(viewer),
        }),
      ),
  }),
}));

function changed({ added, updated }: { added: number; updated: number }): number {
  return added + updated;
}
