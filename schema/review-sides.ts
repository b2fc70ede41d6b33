import type { MediaLink } from "../api/review/media.ts";
import { builder } from "./builder.ts";

const CardSide = builder.enumType("CardSide", {
  description: "A side of a card.",
  values: { QUESTION: { description: "The question." }, ANSWER: { description: "The answer." } },
});

type CardSoundModel = {
  side: "QUESTION" | "ANSWER";
  name?: string;
  text?: string;
  language?: string;
  voices?: string[];
  speed?: number;
};

export const CardSound = builder.objectRef<CardSoundModel>("CardSound").implement({
  description: "A sound of a card: a media file, or text to be spoken.",
  access: "REVIEW",
  fields: (t) => ({
    side: t.expose("side", { type: CardSide, description: "The side that it is heard on." }),
    name: t.string({
      nullable: true,
      description: "The file, one of `media`; null for text.",
      resolve: ({ name }) => name,
    }),
    text: t.string({ nullable: true, description: "The text to speak; null for a file.", resolve: ({ text }) => text }),
    language: t.string({
      nullable: true,
      description: "The text's language, such as `de_DE`; null for a file.",
      resolve: ({ language }) => language,
    }),
    voices: t.stringList({
      nullable: true,
      description:
        "Voices that the template would like, the best first, by the names that Anki gives them; null for a file.",
      resolve: ({ voices }) => voices,
    }),
    speed: t.float({
      nullable: true,
      description: "How fast the text is spoken: 1 is as usual; null for a file.",
      resolve: ({ speed }) => speed,
    }),
  }),
});

export const CardMedia = builder.objectRef<MediaLink>("CardMedia").implement({
  description: "A media file of a card.",
  access: "REVIEW",
  fields: (t) => ({
    name: t.exposeString("name", { description: "What the card's HTML calls it." }),
    url: t.exposeString("url", { description: "At the object store. Valid for 15 minutes." }),
    path: t.exposeString("path", {
      description:
        "The same on the API's own origin, with its media type and parts of it on demand, for pages that may load from nowhere else. Valid for 15 minutes, for whoever has the link.",
    }),
    bytes: t.exposeInt("bytes", { description: "How large it is; 0 where that is not known." }),
    type: t.exposeString("type", { description: "Its media type, by its name." }),
  }),
});
