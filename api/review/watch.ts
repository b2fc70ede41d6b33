import { follow } from "../live/feed.ts";
import type { Hub } from "../live/hub.ts";
import { ReviewNotFoundError } from "./errors.ts";
import type { Person } from "./model.ts";
import { reviewKey, type Reviews, type ReviewView } from "./service.ts";

/**
 * A session as it is, then at each change: answers, a moved countdown, a save, a take-over, its end; and then it is over.
 * Throws ReviewNotFoundError.
 */
export function createReviewWatch({ reviews, hub }: { reviews: Pick<Reviews, "find">; hub: Hub }) {
  return async function* watchReview(
    person: Person,
    sessionId: string,
    signal: AbortSignal,
  ): AsyncGenerator<ReviewView> {
    if (!await reviews.find(person, sessionId)) throw new ReviewNotFoundError("There is no such review session.");
    const own = new AbortController();
    const stop = AbortSignal.any([signal, own.signal]);
    const states = follow<string, ReviewView>({
      hub,
      key: reviewKey(person),
      state: "",
      async read(state) {
        const view = await reviews.find(person, sessionId);
        if (!view) return { messages: [], state };
        const shown = JSON.stringify([view.session, view.lease.journal.length]);
        return { messages: shown === state ? [] : [view], state: shown };
      },
      signal: stop,
    });
    for await (const view of states) {
      yield view;
      if (view.session.status !== "ACTIVE" && view.lease.journal.length === 0) return own.abort();
    }
  };
}
