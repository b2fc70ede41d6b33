import type { DeckView } from "../api/anki/queue/counts.ts";
import type { DeckCounts as DeckCountsModel } from "../api/anki/queue/next.ts";
import type { Choice as ChoiceModel } from "../api/anki/schedule/question.ts";
import type { Person } from "../api/review/model.ts";
import type { CardToReview, ReviewView } from "../api/review/service.ts";
import type { AnswerPiece, Comparison } from "../api/anki/render/compare.ts";
import { builder, entries, streams } from "./builder.ts";
import { globalId, Node } from "./nodes.ts";
import { CardMedia, CardSound } from "./review-sides.ts";

const RATINGS = ["AGAIN", "HARD", "GOOD", "EASY"] as const;

const ownerOf = ({ tenantId, userId }: Person): Person => ({ tenantId, userId });

/** A deck with whose it is: each person's default deck has the same id in the collection. */
export type OwnedDeck = DeckView & { owner: Person };

export const ownedBy = (person: Person) => (deck: DeckView): OwnedDeck => ({ ...deck, owner: ownerOf(person) });

export const Deck = builder.objectRef<OwnedDeck>("Deck").implement({
  description: "A deck of the viewer's collection; its counts include the decks below it.",
  access: "REVIEW",
  interfaces: [Node],
  load: async (id, { viewer, services }) => {
    const deck = await services.reviews.deck(viewer, id);
    return deck && ownedBy(viewer)(deck);
  },
  fields: (t) => ({
    id: t.id({
      description: "Opaque; the same deck always has the same id.",
      resolve: ({ deckId, owner }) => globalId("Deck", owner, String(deckId)),
    }),
    deckId: t.string({ description: "The deck's id in the collection.", resolve: ({ deckId }) => String(deckId) }),
    name: t.exposeString("name", { description: "The full name, such as `Languages::Japanese`." }),
    newCount: t.exposeInt("newCount", { description: "New cards to show today, within the deck's limits." }),
    learningCount: t.exposeInt("learningCount", { description: "Cards being learned that are due." }),
    dueCount: t.exposeInt("dueCount", { description: "Reviews that are due today, within the deck's limits." }),
    cardCount: t.exposeInt("cardCount", { description: "All cards." }),
  }),
});

export const CardState = builder.enumType("CardState", {
  description: "How far a card is learned.",
  values: {
    NEW: { description: "Never answered." },
    LEARNING: { description: "In its first steps." },
    REVIEW: { description: "Learned; reviewed at growing intervals." },
    RELEARNING: { description: "Forgotten, and in its steps again." },
  },
});

export const Rating = builder.enumType("Rating", {
  description: "How well a card was known.",
  values: {
    AGAIN: { description: "Not known." },
    HARD: { description: "Known with effort." },
    GOOD: { description: "Known." },
    EASY: { description: "Known at once." },
  },
});

const Choice = builder.objectRef<ChoiceModel>("Choice").implement({
  description: "What an answer would lead to.",
  access: "REVIEW",
  fields: (t) => ({
    rating: t.field({ type: Rating, description: "The answer.", resolve: ({ rating }) => RATINGS[rating - 1]! }),
    interval: t.expose("intervalMs", { type: "Milliseconds", description: "How long until the card comes again." }),
    due: t.expose("dueAt", { type: "DateTime", description: "When the card comes again." }),
  }),
});

const AnswerPieceKind = builder.enumType("AnswerPieceKind", {
  description: "What a piece of a typed answer is.",
  values: {
    GOOD: { description: "Right." },
    BAD: { description: "Typed, and wrong." },
    MISSING: { description: "To be typed, and not typed; in what was typed a `-` for each sign." },
  },
});

const TypedPiece = builder.objectRef<AnswerPiece>("TypedPiece").implement({
  description: "A piece of a typed answer.",
  access: "REVIEW",
  fields: (t) => ({
    kind: t.expose("kind", { type: AnswerPieceKind, description: "Whether it is right." }),
    text: t.exposeString("text", { description: "The piece, as plain text." }),
  }),
});

const TypedAnswer = builder.objectRef<Comparison & { answer: string }>("TypedAnswer").implement({
  description: "What somebody typed beside what was to be typed.",
  access: "REVIEW",
  fields: (t) => ({
    isRight: t.exposeBoolean("isRight", { description: "Whether they are the same." }),
    typed: t.expose("typed", { type: [TypedPiece], description: "What was typed, piece by piece." }),
    expected: t.expose("expected", { type: [TypedPiece], description: "What was to be typed, piece by piece." }),
    answer: t.exposeString("answer", {
      description:
        "The card's `answer` with the comparison in it, in Anki's classes `typeGood`, `typeBad`, `typeMissed`.",
    }),
  }),
});

const Card = builder.objectRef<CardToReview>("Card").implement({
  description: "A card under review.",
  access: "REVIEW",
  fields: (t) => ({
    cardId: t.string({ description: "The card's id in the collection.", resolve: ({ cardId }) => String(cardId) }),
    deck: t.field({
      type: Deck,
      description: "Where it lies.",
      resolve: async ({ view, deckId }, _, { services }) =>
        ownedBy(view.lease)(await services.reviews.deckOf(view, deckId)),
    }),
    question: t.exposeString("question", { description: "HTML, unsanitised, as the note's template renders it." }),
    answer: t.exposeString("answer", { description: "HTML, unsanitised, as the note's template renders it." }),
    state: t.expose("state", { type: CardState, description: "How far it is learned." }),
    due: t.expose("dueAt", { type: "DateTime", nullable: true, description: "When it is due; null for a new card." }),
    showing: t.exposeString("showing", {
      description: "This showing of the card: pass it to `answerCard`, and two devices that show the same count once.",
    }),
    sounds: t.field({
      type: [CardSound],
      description: "What is to be heard, in the order of the sides.",
      resolve: ({ sounds }) => [
        ...sounds.question.map((sound) => ({ side: "QUESTION" as const, ...sound })),
        ...sounds.answer.map((sound) => ({ side: "ANSWER" as const, ...sound })),
      ],
    }),
    media: t.field({
      type: [CardMedia],
      description:
        "The files that the two sides name and the collection holds, behind links that are the viewer's alone.",
      resolve: ({ view, question, answer }, _, { services }) => services.media.linksOf(view, [question, answer]),
    }),
    expectedAnswer: t.exposeString("expected", {
      nullable: true,
      description: "What is to be typed, as text; null where nothing is. For showing it with the answer.",
    }),
    typed: t.field({
      type: TypedAnswer,
      nullable: true,
      description: "What somebody typed beside what was to be typed, as Anki compares it; null where nothing is.",
      args: { text: t.arg.string({ required: true, description: "What was typed; 10,000 characters at most." }) },
      resolve: (card, { text }, { services }) => services.reviews.typed(card, text),
    }),
    reps: t.exposeInt("reps", { description: "How often it was answered." }),
    lapses: t.exposeInt("lapses", { description: "How often it was forgotten after it was learned." }),
    choices: t.expose("choices", { type: [Choice], description: "What each answer would lead to." }),
  }),
});

export const ReviewStatus = builder.enumType("ReviewStatus", {
  description: "Whether a review session goes on, or how it ended.",
  values: {
    ACTIVE: { description: "It goes on." },
    ENDED: { description: "It was ended." },
    EXPIRED: { description: "Nothing happened in it for five minutes." },
    TAKEN_OVER: { description: "Another device went on in its place." },
  },
});

const DeckCounts = builder.objectRef<DeckCountsModel>("DeckCounts").implement({
  description: "Cards by what is to be done with them.",
  access: "REVIEW",
  fields: (t) => ({
    new: t.exposeInt("new", { description: "New cards." }),
    learning: t.exposeInt("learning", { description: "Cards being learned." }),
    due: t.exposeInt("due", { description: "Reviews." }),
  }),
});

export const ReviewSession = builder.objectRef<ReviewView>("ReviewSession").implement({
  description: "One sitting over the viewer's collection. At most one is active.",
  access: "REVIEW",
  interfaces: [Node],
  load: (id, { viewer, services }) => services.reviews.find(viewer, id),
  fields: (t) => ({
    id: t.id({
      description: "Opaque; the same session always has the same id.",
      resolve: ({ lease, session }) => globalId("ReviewSession", ownerOf(lease), session.sessionId),
    }),
    sessionId: t.string({
      description: "What `answerCard` and the others take; also in the header `X-Session-ID`.",
      resolve: ({ session }) => session.sessionId,
    }),
    deck: t.field({
      type: Deck,
      description: "What is reviewed.",
      resolve: async (view, _, { services }) =>
        ownedBy(view.lease)(await services.reviews.deckOf(view, view.session.deckId)),
    }),
    status: t.field({
      type: ReviewStatus,
      description: "Whether it goes on, or how it ended.",
      resolve: ({ session }) => session.status,
    }),
    holder: t.string({
      description: "Who holds the collection, in the words that the client gave at the start.",
      resolve: ({ session }) => session.holder,
    }),
    startedAt: t.field({
      type: "DateTime",
      description: "When it began.",
      resolve: ({ session }) => session.startedAt,
    }),
    lastActivityAt: t.field({
      type: "DateTime",
      description: "The last answer, or anything else that was done in it.",
      resolve: ({ session }) => session.lastActivityAt,
    }),
    expiresAt: t.field({
      type: "DateTime",
      description: "The session ends by itself here unless something happens in it.",
      resolve: ({ session }) => session.expiresAt,
    }),
    answered: t.int({
      description: "Answers of this session; those taken back do not count.",
      resolve: ({ session }) => session.answered,
    }),
    unsavedAnswers: t.int({
      description: "Answers that are safe and not yet in the stored collection file.",
      resolve: ({ lease }) => lease.journal.length,
    }),
    savedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When the file was last written in this session.",
      resolve: ({ session }) => session.savedAt,
    }),
    nextCard: t.field({
      type: Card,
      nullable: true,
      description: "Null where nothing is left to review now.",
      resolve: (view, _, { services }) => services.reviews.nextCard(view),
    }),
    nextCardAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "When the next card comes, where none is there now and one is still learned today; null otherwise.",
      resolve: async (view, _, { services }) => (await services.reviews.next(view)).waitsUntil,
    }),
    remaining: t.field({
      type: DeckCounts,
      description: "What is left of the day.",
      resolve: async (view, _, { services }) => (await services.reviews.next(view)).remaining,
    }),
  }),
});

entries.queryFields((t) => ({
  decks: t.field({
    type: [Deck],
    description: "The decks of the viewer's collection; none without one.",
    access: "REVIEW",
    args: {
      timeZone: t.arg({
        type: "TimeZone",
        description: "The person's zone: their day begins at 4 in it. As the collection says where absent.",
      }),
    },
    resolve: async (_, { timeZone }, { viewer, services }) =>
      (await services.reviews.decks(viewer, timeZone)).map(ownedBy(viewer)),
  }),

  deck: t.field({
    type: Deck,
    nullable: true,
    description: "One deck.",
    access: "REVIEW",
    args: {
      deckId: t.arg.string({ required: true, description: "The deck's id in the collection." }),
      timeZone: t.arg({
        type: "TimeZone",
        description: "The person's zone: their day begins at 4 in it. As the collection says where absent.",
      }),
    },
    resolve: async (_, { deckId, timeZone }, { viewer, services }) => {
      const deck = await services.reviews.deck(viewer, deckId, timeZone);
      return deck && ownedBy(viewer)(deck);
    },
  }),

  reviewSession: t.field({
    type: ReviewSession,
    nullable: true,
    description: "The viewer's review session, where one is active.",
    access: "REVIEW",
    resolve: (_, __, { viewer, services }) => services.reviews.find(viewer),
  }),
}));

builder.objectField(ReviewSession, "cursor", (t) =>
  t.string({
    nullable: true,
    description:
      "Of a state that `reviewSessionChanged` gave: pass the last one as `after` to go on there. Null elsewhere.",
    resolve: (session) => (session as { cursor?: string }).cursor,
  }));

streams.subscriptionFields((t) => ({
  reviewSessionChanged: t.field({
    type: ReviewSession,
    description: "The review session's own state: countdown moved, saved, taken over.",
    access: "REVIEW",
    args: {
      sessionId: t.arg.string({ required: true, description: "The session." }),
      after: t.arg.string({ description: "The `cursor` of the last state received: the first is then the next one." }),
    },
    subscribe: (_, { sessionId, after }, { viewer, services, signal }) =>
      services.watchReview(viewer, sessionId, after, signal),
    resolve: (message) => message,
  }),
}));
