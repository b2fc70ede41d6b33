import type { MediaReport } from "../api/review/media.ts";
import { builder, entries } from "./builder.ts";
import { EditResult } from "./review-authoring.ts";
import { orRefusal } from "./review-refusals.ts";

const MissingMedia = builder.objectRef<MediaReport["missing"][number]>("MissingMedia").implement({
  description: "A media file that notes name and the collection does not hold.",
  access: "REVIEW",
  fields: (t) => ({
    name: t.exposeString("name", { description: "What the notes call it." }),
    noteIds: t.stringList({
      description: "Notes that name it, 20 at most.",
      resolve: ({ noteIds }) => noteIds.map(String),
    }),
  }),
});

const UnusedMedia = builder.objectRef<MediaReport["unused"][number]>("UnusedMedia").implement({
  description: "A media file that nothing names.",
  access: "REVIEW",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Its name." }),
    bytes: t.exposeInt("bytes", { description: "How large it is." }),
  }),
});

const MediaCheck = builder.objectRef<MediaReport>("MediaCheck").implement({
  description: "The media of a collection, held against what its notes and note types name.",
  access: "REVIEW",
  fields: (t) => ({
    files: t.exposeInt("files", { description: "How many files there are." }),
    bytes: t.exposeFloat("bytes", { description: "What they take, each content once." }),
    missing: t.expose("missing", { type: [MissingMedia], description: "Files that are named and not there, by name." }),
    unused: t.expose("unused", {
      type: [UnusedMedia],
      description: "Files that nothing names, by name; never those of templates (`_…`) and LaTeX (`latex-…`).",
    }),
  }),
});

entries.queryFields((t) => ({
  mediaCheck: t.field({
    type: MediaCheck,
    description: "Looks through the viewer's collection for media that are missing, and for files that nothing names.",
    access: "REVIEW",
    cost: { own: 100 },
    resolve: (_, __, { viewer, services }) => services.media.check(viewer),
  }),
}));

entries.mutationFields((t) => ({
  deleteUnusedMedia: t.field({
    type: EditResult,
    description:
      "Deletes media files that nothing names, for good: a change that is taken back later brings back a note, not the file that it named, and `mediaCheck` tells which. What a note names by then stays.",
    access: "REVIEW",
    args: {
      names: t.arg.stringList({ description: "Only these, of `mediaCheck.unused`; all of them where absent." }),
    },
    resolve: (_, { names }, { viewer, services }) =>
      orRefusal(["InvalidInputError", "NotFoundError"], async () => ({
        __typename: "EditPayload" as const,
        changed: await services.media.deleteUnused(viewer, names),
      })),
  }),
}));
