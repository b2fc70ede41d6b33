import type { NoteTypeView, NoteView } from "../api/anki/collection/notes.ts";
import { mediaNamesIn } from "../api/anki/file/media-names-in.ts";
import type { MediaLink } from "../api/review/media.ts";
import type { Person } from "../api/review/model.ts";
import { builder } from "./builder.ts";
import type { Services } from "./context.ts";
import { CardMedia } from "./review-sides.ts";

const NoteField = builder.objectRef<{ name: string; value: string }>("NoteField").implement({
  description: "A field of a note.",
  access: "REVIEW",
  fields: (t) => ({
    name: t.exposeString("name", { description: "The field's name in its note type." }),
    value: t.exposeString("value", { description: "HTML, as it was typed." }),
  }),
});

/** A note or a listed card with the files that it names, which are looked up once for all that are shown together. */
export type WithMedia = { media: () => Promise<MediaLink[]> };

export const Note = builder.objectRef<NoteView & WithMedia>("Note").implement({
  description: "What somebody wrote to learn it; cards are made from it.",
  access: "REVIEW",
  fields: (t) => ({
    noteId: t.string({ description: "The note's id in the collection.", resolve: ({ noteId }) => String(noteId) }),
    noteTypeId: t.string({ description: "Its note type.", resolve: ({ noteTypeId }) => String(noteTypeId) }),
    fields: t.expose("fields", { type: [NoteField], description: "Its fields, in the order of its note type." }),
    tags: t.exposeStringList("tags", { description: "Its tags." }),
    cardIds: t.stringList({ description: "Its cards.", resolve: ({ cardIds }) => cardIds.map(String) }),
    modifiedAt: t.expose("modifiedAt", { type: "DateTime", description: "When it was changed last." }),
    media: t.field({
      type: [CardMedia],
      description: "The files that its fields name and the collection holds, behind links that are the viewer's alone.",
      resolve: ({ media }) => media(),
    }),
  }),
});

export const NoteType = builder.objectRef<NoteTypeView>("NoteType").implement({
  description: "Which fields notes of a kind have.",
  access: "REVIEW",
  fields: (t) => ({
    noteTypeId: t.string({ description: "Its id in the collection.", resolve: ({ noteTypeId }) => String(noteTypeId) }),
    name: t.exposeString("name", { description: "Its name." }),
    isCloze: t.exposeBoolean("isCloze", { description: "Whether its cards come from deletions in the text." }),
    fields: t.exposeStringList("fields", { description: "The names of its fields, in their order." }),
  }),
});

export const noteOf = ({ media }: Pick<Services, "media">, person: Person) => (note: NoteView) => ({
  ...note,
  media: async () => [
    ...(await media.linksByName(person, note.fields.flatMap(({ value }) => mediaNamesIn(value)))).values(),
  ],
});
