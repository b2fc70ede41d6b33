import { InvalidInputError } from "../api/core/errors.ts";
import { ReviewHeldError, ReviewLostError, ReviewNotFoundError } from "../api/review/errors.ts";
import { CollectionUnreadableError, TooLargeError } from "../api/anki/file/errors.ts";
import type { ReviewView } from "../api/review/service.ts";
import type { Context } from "./context.ts";
import type { Subscribe } from "./guard.ts";
import { globalId, invalidInput } from "./results.ts";
import type { Resolvers } from "./types.generated.ts";

const RATINGS = ["AGAIN", "HARD", "GOOD", "EASY"] as const;

const IMPORT_REFUSALS = ["InvalidInputError", "CollectionUnreadableError", "TooLargeError", "ReviewHeldError"] as const;

export const reviewResolvers = {
  Query: {
    decks: (_, { timeZone }, { viewer, services }) => services.reviews.decks(viewer, timeZone),
    deck: (_, { deckId, timeZone }, { viewer, services }) => services.reviews.deck(viewer, deckId, timeZone),
    reviewSession: (_, _args, { viewer, services }) => services.reviews.find(viewer),
    reviewStats: (_, { range, timeZone }, { viewer, services }) => services.reviews.stats(viewer, range, timeZone),
  },
  Mutation: {
    importCollection: (_, { input }, { viewer, services }) =>
      orRefusal(IMPORT_REFUSALS, async () => {
        const { report, repairs } = await services.transfer.importCollection(viewer, input);
        const changed = ({ added, updated }: { added: number; updated: number }) => added + updated;
        return {
          __typename: "ImportCollectionPayload" as const,
          decks: await services.reviews.decks(viewer),
          notes: changed(report.notes),
          cards: changed(report.cards),
          reviews: report.reviews.added,
          repairs,
        };
      }),
    collectionUploadUrl: (_, _args, { viewer, services }) => services.transfer.createUpload(viewer),
    exportCollection: (_, _args, { viewer, services }) =>
      orRefusal(["NotFoundError"], async () => ({
        __typename: "ExportCollectionPayload" as const,
        ...await services.transfer.exportCollection(viewer),
      })),
    startReview: (_, { input }, context) =>
      payload(
        context,
        ["InvalidInputError", "NotFoundError", "ReviewHeldError"],
        () => context.services.reviews.start(context.viewer, input),
      ),
    answerCard: (_, { input }, context) =>
      payload(
        context,
        ["InvalidInputError", "NotFoundError", "ReviewLostError"],
        () => context.services.reviews.answer(context.viewer, { ...input, sessionId: sessionIn(input, context) }),
      ),
    undoAnswer: (_, { input }, context) =>
      payload(
        context,
        ["NotFoundError", "ReviewLostError"],
        () => context.services.reviews.undo(context.viewer, sessionIn(input, context)),
      ),
    saveReview: (_, { input }, context) =>
      payload(
        context,
        ["NotFoundError", "ReviewLostError"],
        () => context.services.reviews.save(context.viewer, sessionIn(input, context)),
      ),
    extendReview: (_, { input }, context) =>
      payload(
        context,
        ["NotFoundError", "ReviewLostError"],
        () => context.services.reviews.extend(context.viewer, sessionIn(input, context)),
      ),
    endReview: (_, { input }, context) =>
      payload(
        context,
        ["NotFoundError", "ReviewLostError"],
        () => context.services.reviews.end(context.viewer, sessionIn(input, context)),
      ),
  },
  Deck: {
    id: ({ deckId }) => globalId("Deck", String(deckId)),
    deckId: ({ deckId }) => String(deckId),
  },
  Card: {
    cardId: ({ cardId }) => String(cardId),
    deck: ({ view, deckId }, _, { services }) => services.reviews.deckOf(view, deckId),
    due: ({ dueAt }) => dueAt,
  },
  Choice: {
    rating: ({ rating }) => RATINGS[rating - 1]!,
    interval: ({ intervalMs }) => intervalMs,
    due: ({ dueAt }) => dueAt,
  },
  ReviewSession: {
    id: ({ session }) => globalId("ReviewSession", session.sessionId),
    sessionId: ({ session }) => session.sessionId,
    deck: (view, _, { services }) => services.reviews.deckOf(view, view.session.deckId),
    status: ({ session }) => session.status,
    holder: ({ session }) => session.holder,
    startedAt: ({ session }) => session.startedAt,
    lastActivityAt: ({ session }) => session.lastActivityAt,
    expiresAt: ({ session }) => session.expiresAt,
    answered: ({ session }) => session.answered,
    unsavedAnswers: ({ lease }) => lease.journal.length,
    savedAt: ({ session }) => session.savedAt,
    nextCard: (view, _, { services }) => services.reviews.nextCard(view),
    remaining: async (view, _, { services }) => (await services.reviews.next(view)).remaining,
  },
  ReviewStats: { retention: ({ retention }) => retention },
  ReviewDay: { start: ({ startAt }) => startAt, timeSpent: ({ timeSpentMs }) => timeSpentMs },
} satisfies Resolvers;

export const reviewStreams = {
  reviewSessionChanged:
    (({ sessionId }, context, signal) =>
      context.services.watchReview((context as Context).viewer, sessionId, signal)) satisfies Subscribe<
        { sessionId: string }
      >,
};

/** The session that is meant: the input's, or the one that the request's header names. */
function sessionIn({ sessionId }: { sessionId?: string | null | undefined }, { header }: Context): string {
  const meant = sessionId ?? header.asked;
  if (meant !== undefined) return meant;
  throw new ReviewNotFoundError("No session is named: give `sessionId`, or the header X-Session-ID.");
}

type Kind = keyof typeof refusals;

async function payload<K extends Kind>(context: Context, kinds: readonly K[], act: () => Promise<ReviewView>) {
  return await orRefusal(kinds, async () => {
    const reviewSession = await act();
    context.header.given = reviewSession.session.sessionId;
    return { __typename: "ReviewPayload" as const, reviewSession };
  });
}

/** Refusals as the members of result unions that say them. */
const refusals = {
  InvalidInputError: (error: unknown) => (error instanceof InvalidInputError ? invalidInput(error) : undefined),
  NotFoundError: (error: unknown) =>
    error instanceof ReviewNotFoundError
      ? { __typename: "NotFoundError" as const, code: "NOT_FOUND" as const, message: error.message }
      : undefined,
  ReviewHeldError: (error: unknown) => {
    if (!(error instanceof ReviewHeldError)) return undefined;
    const { by: { holder, startedAt, expiresAt }, message } = error;
    const code = "REVIEW_HELD" as const;
    return { __typename: "ReviewHeldError" as const, code, message, holder, since: startedAt, until: expiresAt };
  },
  ReviewLostError: (error: unknown) => {
    if (!(error instanceof ReviewLostError)) return undefined;
    const { status, holder, message } = error;
    return { __typename: "ReviewLostError" as const, code: "REVIEW_LOST" as const, message, status, holder };
  },
  CollectionUnreadableError: (error: unknown) => {
    if (!(error instanceof CollectionUnreadableError)) return undefined;
    const code = "COLLECTION_UNREADABLE" as const;
    return { __typename: "CollectionUnreadableError" as const, code, message: error.message };
  },
  TooLargeError: (error: unknown) => {
    if (!(error instanceof TooLargeError)) return undefined;
    const { limitBytes, message } = error;
    return { __typename: "TooLargeError" as const, code: "TOO_LARGE" as const, message, limitBytes };
  },
};

/** The result of `call`; what it refuses becomes the member of the result union that says so. */
async function orRefusal<T, K extends Kind>(kinds: readonly K[], call: () => Promise<T>) {
  try {
    return await call();
  } catch (error) {
    for (const kind of kinds) {
      const refusal = refusals[kind](error);
      if (refusal) return refusal as NonNullable<ReturnType<(typeof refusals)[K]>>;
    }
    throw error;
  }
}
