import { ReviewNotFoundError } from "../api/review/errors.ts";
import type { ReviewView } from "../api/review/service.ts";
import { builder, entries } from "./builder.ts";
import type { Context } from "./context.ts";
import { InvalidInputError, NotFoundError } from "./errors.ts";
import { orRefusal, type RefusalKind, ReviewHeldError, ReviewLostError } from "./review-refusals.ts";
import { Rating, ReviewSession } from "./review.ts";

const OnHeld = builder.enumType("OnHeld", {
  description: "What to do where the collection is under review elsewhere.",
  values: {
    FAIL: { description: "Say who holds it, since when and until when." },
    RESUME: { description: "Join that session: both show the same card." },
    TAKE_OVER: { description: "End that session and begin one here. Every answer acknowledged before is kept." },
  },
});

const StartReviewInput = builder.inputType("StartReviewInput", {
  description: "What to review.",
  fields: (t) => ({
    deckId: t.string({ required: true, description: "The deck; the decks below it are part of it." }),
    holder: t.string({ required: true, description: "Shown to the other tab or device, such as `Firefox on laptop`." }),
    onHeld: t.field({
      type: OnHeld,
      required: true,
      defaultValue: "FAIL",
      description: "What to do where the collection is under review elsewhere.",
    }),
    timeZone: t.field({
      type: "TimeZone",
      description: "The person's zone: their day begins at 4 in it. As the collection says where absent.",
    }),
  }),
});

const AnswerCardInput = builder.inputType("AnswerCardInput", {
  description: "An answer.",
  fields: (t) => ({
    sessionId: t.string({ description: "The session; the header `X-Session-ID` stands in where it is absent." }),
    cardId: t.string({ required: true, description: "The card." }),
    rating: t.field({ type: Rating, required: true, description: "How well it was known." }),
    answerId: t.id({
      required: true,
      description:
        "The client's id of this answer; the same id again changes nothing and gives the same result, with " +
        "other content it is refused.",
    }),
    duration: t.field({ type: "Milliseconds", description: "Time that the person took." }),
    showing: t.string({ description: "`Card.showing` of the card that was answered." }),
  }),
});

const ReviewSessionInput = builder.inputType("ReviewSessionInput", {
  description: "A review session.",
  fields: (t) => ({
    sessionId: t.string({ description: "The session; the header `X-Session-ID` stands in where it is absent." }),
  }),
});

const ReviewPayload = builder.objectRef<{ __typename: "ReviewPayload"; reviewSession: ReviewView }>("ReviewPayload")
  .implement({
    description: "The session as it is afterwards.",
    access: "REVIEW",
    fields: (t) => ({ reviewSession: t.expose("reviewSession", { type: ReviewSession, description: "The session." }) }),
  });

const StartReviewResult = builder.unionType("StartReviewResult", {
  description: "The session, or why there is none.",
  types: [ReviewPayload, ReviewHeldError, NotFoundError, InvalidInputError],
});

const AnswerCardResult = builder.unionType("AnswerCardResult", {
  description: "The session after the answer, or why it does not count.",
  types: [ReviewPayload, ReviewLostError, NotFoundError, InvalidInputError],
});

const UndoAnswerResult = builder.unionType("UndoAnswerResult", {
  description: "The session after the answer was taken back, or why it was not.",
  types: [ReviewPayload, ReviewLostError, NotFoundError],
});

const ReviewResult = builder.unionType("ReviewResult", {
  description: "The session, or why nothing was done.",
  types: [ReviewPayload, ReviewLostError, NotFoundError],
});

entries.mutationFields((t) => ({
  startReview: t.field({
    type: StartReviewResult,
    description: "Begins a review session, or joins or ends the one that runs.",
    access: "REVIEW",
    args: { input: t.arg({ type: StartReviewInput, required: true, description: "What to review." }) },
    resolve: (_, { input }, context) =>
      payload(
        context,
        ["InvalidInputError", "NotFoundError", "ReviewHeldError"],
        () => context.services.reviews.start(context.viewer, input),
      ),
  }),

  answerCard: t.field({
    type: AnswerCardResult,
    description: "Answers when the rating is durable.",
    access: "REVIEW",
    args: { input: t.arg({ type: AnswerCardInput, required: true, description: "The answer." }) },
    resolve: (_, { input }, context) =>
      payload(
        context,
        ["InvalidInputError", "NotFoundError", "ReviewLostError"],
        () => context.services.reviews.answer(context.viewer, { ...input, sessionId: sessionIn(input, context) }),
      ),
  }),

  undoAnswer: t.field({
    type: UndoAnswerResult,
    description: "Takes back the newest answer of the session; again for the one before.",
    access: "REVIEW",
    args: { input: t.arg({ type: ReviewSessionInput, required: true, description: "The session." }) },
    resolve: (_, { input }, context) =>
      payload(
        context,
        ["NotFoundError", "ReviewLostError"],
        () => context.services.reviews.undo(context.viewer, sessionIn(input, context)),
      ),
  }),

  saveReview: t.field({
    type: ReviewResult,
    description: "Writes the collection file now; reviewing goes on meanwhile.",
    access: "REVIEW",
    args: { input: t.arg({ type: ReviewSessionInput, required: true, description: "The session." }) },
    resolve: (_, { input }, context) =>
      payload(
        context,
        ["NotFoundError", "ReviewLostError"],
        () => context.services.reviews.save(context.viewer, sessionIn(input, context)),
      ),
  }),

  extendReview: t.field({
    type: ReviewResult,
    description: "Moves the countdown of the session.",
    access: "REVIEW",
    args: { input: t.arg({ type: ReviewSessionInput, required: true, description: "The session." }) },
    resolve: (_, { input }, context) =>
      payload(
        context,
        ["NotFoundError", "ReviewLostError"],
        () => context.services.reviews.extend(context.viewer, sessionIn(input, context)),
      ),
  }),

  endReview: t.field({
    type: ReviewResult,
    description: "Ends the session and writes the collection file. Ending an ended session changes nothing.",
    access: "REVIEW",
    args: { input: t.arg({ type: ReviewSessionInput, required: true, description: "The session." }) },
    resolve: (_, { input }, context) =>
      payload(
        context,
        ["NotFoundError", "ReviewLostError"],
        () => context.services.reviews.end(context.viewer, sessionIn(input, context)),
      ),
  }),
}));

/** The session that is meant: the input's, or the one that the request's header names. */
function sessionIn({ sessionId }: { sessionId?: string | null | undefined }, { header }: Context): string {
  const meant = sessionId ?? header.asked;
  if (meant !== undefined) return meant;
  throw new ReviewNotFoundError("No session is named: give `sessionId`, or the header X-Session-ID.");
}

/** The session after `act`, which the response's header names too, or the refusal. */
async function payload<K extends RefusalKind>(
  { header }: Context,
  kinds: readonly K[],
  act: () => Promise<ReviewView>,
) {
  return await orRefusal(kinds, async () => {
    const reviewSession = await act();
    header.given = reviewSession.session.sessionId;
    return { __typename: "ReviewPayload" as const, reviewSession };
  });
}
