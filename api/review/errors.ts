import { AppError } from "../core/errors.ts";
import type { ReviewSession, ReviewStatus } from "./model.ts";

/** The collection is under review elsewhere. */
export class ReviewHeldError extends AppError {
  readonly by: ReviewSession;

  constructor(by: ReviewSession) {
    super(
      "REVIEW_HELD",
      `The collection is under review by ${by.holder}. Join that session (RESUME), or end it and go on here (TAKE_OVER).`,
    );
    this.by = by;
  }
}

/** The session is over: this answer does not count. Every answer acknowledged before does. */
export class ReviewLostError extends AppError {
  readonly status: ReviewStatus;
  /** Who holds the collection now, where somebody does. */
  readonly holder: string | undefined;

  constructor(status: ReviewStatus, holder: string | undefined) {
    super("REVIEW_LOST", `${REASONS[status]} Start a review to go on; every answer acknowledged before is safe.`);
    this.status = status;
    this.holder = holder;
  }
}

const REASONS: Record<ReviewStatus, string> = {
  ACTIVE: "The session is not known.",
  ENDED: "The session was ended.",
  EXPIRED: "The session ended by itself: nothing happened in it for five minutes.",
  TAKEN_OVER: "The collection was taken over elsewhere.",
};

/** There is no such session, deck or answer. */
export class ReviewNotFoundError extends AppError {
  constructor(message: string) {
    super("NOT_FOUND", message);
  }
}
