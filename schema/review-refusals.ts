import { CollectionUnreadableError as Unreadable, TooLargeError as TooLarge } from "../api/anki/file/errors.ts";
import { InvalidInputError as InvalidInput } from "../api/core/errors.ts";
import { ReviewHeldError as Held, ReviewLostError as Lost, ReviewNotFoundError } from "../api/review/errors.ts";
import type { ReviewStatus as Status } from "../api/review/model.ts";
import type {} from "./builder.ts";
import { errorType, invalidInput, notFound, type UserErrorModel } from "./errors.ts";
import { ReviewStatus } from "./review.ts";

type HeldModel = UserErrorModel<"ReviewHeldError", "REVIEW_HELD"> & { holder: string; since: number; until: number };
type LostModel = UserErrorModel<"ReviewLostError", "REVIEW_LOST"> & { status: Status; holder: string | undefined };
type UnreadableModel = UserErrorModel<"CollectionUnreadableError", "COLLECTION_UNREADABLE">;
type TooLargeModel = UserErrorModel<"TooLargeError", "TOO_LARGE"> & { limitBytes: number };

export const CollectionUnreadableError = errorType<UnreadableModel>("CollectionUnreadableError", {
  description: "The file is no Anki collection, or is damaged; what was stored is as it was.",
  code: "COLLECTION_UNREADABLE",
  message: "What is wrong with the file, and what to do.",
});

export const TooLargeError = errorType<TooLargeModel>("TooLargeError", {
  description: "The file is too large; what was stored is as it was.",
  code: "TOO_LARGE",
  message: "What is too large, and what to do.",
  fields: (t) => ({ limitBytes: t.exposeInt("limitBytes", { description: "The limit." }) }),
});

export const ReviewHeldError = errorType<HeldModel>("ReviewHeldError", {
  description: "The collection is under review elsewhere.",
  code: "REVIEW_HELD",
  message: "What can be done.",
  fields: (t) => ({
    holder: t.exposeString("holder", { description: "Who holds it, in their client's words." }),
    since: t.expose("since", { type: "DateTime", description: "When that session began." }),
    until: t.expose("until", {
      type: "DateTime",
      description: "When it ends by itself unless something happens in it.",
    }),
  }),
});

export const ReviewLostError = errorType<LostModel>("ReviewLostError", {
  description: "The session no longer holds the collection. Every answer acknowledged before is kept.",
  code: "REVIEW_LOST",
  message: "How it ended.",
  fields: (t) => ({
    status: t.expose("status", { type: ReviewStatus, description: "How it ended." }),
    holder: t.exposeString("holder", {
      nullable: true,
      description: "Who holds the collection now; null where nobody does.",
    }),
  }),
});

/** Refusals as the members of result unions that say them. */
const refusals = {
  InvalidInputError: (error: unknown) => (error instanceof InvalidInput ? invalidInput(error) : undefined),
  NotFoundError: (error: unknown) => (error instanceof ReviewNotFoundError ? notFound(error.message) : undefined),
  ReviewHeldError: (error: unknown): HeldModel | undefined => {
    if (!(error instanceof Held)) return undefined;
    const { by: { holder, startedAt, expiresAt }, message } = error;
    const since = startedAt;
    return { __typename: "ReviewHeldError", code: "REVIEW_HELD", message, holder, since, until: expiresAt };
  },
  ReviewLostError: (error: unknown): LostModel | undefined => {
    if (!(error instanceof Lost)) return undefined;
    const { status, holder, message } = error;
    return { __typename: "ReviewLostError", code: "REVIEW_LOST", message, status, holder };
  },
  CollectionUnreadableError: (error: unknown): UnreadableModel | undefined => {
    if (!(error instanceof Unreadable)) return undefined;
    return { __typename: "CollectionUnreadableError", code: "COLLECTION_UNREADABLE", message: error.message };
  },
  TooLargeError: (error: unknown): TooLargeModel | undefined => {
    if (!(error instanceof TooLarge)) return undefined;
    const { limitBytes, message } = error;
    return { __typename: "TooLargeError", code: "TOO_LARGE", message, limitBytes };
  },
};

export type RefusalKind = keyof typeof refusals;

/** The result of `call`; what it refuses becomes the member of the result union that says so. */
export async function orRefusal<T, K extends RefusalKind>(kinds: readonly K[], call: () => Promise<T>) {
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
