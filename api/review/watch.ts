import { createHash } from "node:crypto";
import * as v from "valibot";
import { createCursors } from "../core/page.ts";
import { follow } from "../live/feed.ts";
import type { Hub } from "../live/hub.ts";
import { ReviewNotFoundError } from "./errors.ts";
import type { Person } from "./model.ts";
import { reviewKey, type Reviews, type ReviewView } from "./service.ts";

/**
 * A session as it is, then at each change: answers, a moved countdown, a save, a take-over, its end; and then it is over.
 * With `after`, the state of that cursor is left out. Throws ReviewNotFoundError, and InvalidInputError for a cursor of another.
 */
export function createReviewWatch(
  { reviews, hub, pollMs }: {
    reviews: Pick<Reviews, "find">;
    hub: Hub;
    /** How often the state is looked at where nothing wakes. */
    pollMs?: number | undefined;
  },
) {
  return async function* watchReview(
    person: Person,
    sessionId: string,
    after: string | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ReviewView & { cursor: string }> {
    const cursors = createCursors("states of a review", [person.tenantId, person.userId, sessionId], v.string());
    const seen = cursors.decode(after) ?? "";
    if (!await reviews.find(person, sessionId)) throw new ReviewNotFoundError("There is no such review session.");
    const own = new AbortController();
    const stop = AbortSignal.any([signal, own.signal]);
    const states = follow<string, ReviewView & { cursor: string }>({
      hub,
      key: reviewKey(person),
      state: seen,
      async read(state) {
        const view = await reviews.find(person, sessionId);
        if (!view) return { messages: [], state };
        const shown = digestOf(view);
        return { messages: shown === state ? [] : [{ ...view, cursor: cursors.encode(shown) }], state: shown };
      },
      signal: stop,
      pollMs,
    });
    for await (const view of states) {
      yield view;
      if (view.session.status !== "ACTIVE" && view.lease.journal.length === 0) return own.abort();
    }
  };
}

function digestOf({ session, lease }: ReviewView): string {
  return createHash("sha256").update(JSON.stringify([session, lease.journal.length])).digest("base64url").slice(0, 16);
}
