import type { GraphQLFieldResolver, GraphQLResolveInfo } from "graphql";
import type { Scope, Viewer } from "../api/auth/viewer.ts";
import { scopeWord } from "../api/auth/viewer.ts";
import { AppError, ForbiddenError, UnauthenticatedError } from "../api/core/errors.ts";
import { formatInstant } from "../api/core/time.ts";
import { endable } from "../api/live/feed.ts";
import type { OpenContext } from "./context.ts";
import type { MutationResolvers, QueryResolvers, SubscriptionResolvers } from "./types.generated.ts";

/** Who may use a field: everybody, whoever is signed in, or whose token has the scope. */
export type Access = "EVERYBODY" | "SIGNED_IN" | Scope;

/** Every entry point with who may use it. A field that is not here does not compile. */
export const ACCESS = {
  Query: {
    viewer: "SIGNED_IN",
    node: "SIGNED_IN",
    nodes: "SIGNED_IN",
    session: "SESSIONS_READ",
    activeSession: "SESSIONS_READ",
    sessions: "SESSIONS_READ",
    sensor: "SESSIONS_READ",
    sensors: "SESSIONS_READ",
    sessionAnalytics: "SESSIONS_READ",
    journey: "JOURNEYS_READ",
    journeys: "JOURNEYS_READ",
    journeyAnalytics: "JOURNEYS_READ",
    metrics: "METRICS_READ",
    decks: "REVIEW",
    deck: "REVIEW",
    reviewSession: "REVIEW",
    reviewStats: "REVIEW",
  },
  Mutation: {
    register: "EVERYBODY",
    login: "EVERYBODY",
    createSession: "SESSIONS_WRITE",
    recordMotion: "SESSIONS_WRITE",
    updateSession: "SESSIONS_WRITE",
    endSession: "SESSIONS_WRITE",
    annotateSession: "SESSIONS_WRITE",
    ingestSessionBatch: "SESSIONS_WRITE",
    configureSessions: "ADMIN",
    recordEvents: "JOURNEYS_WRITE",
    backfillJourneys: "ADMIN",
    eraseVisitor: "ADMIN",
    recordMetrics: "METRICS_WRITE",
    auditMetrics: "ADMIN",
    importCollection: "REVIEW",
    collectionUploadUrl: "REVIEW",
    exportCollection: "REVIEW",
    startReview: "REVIEW",
    answerCard: "REVIEW",
    undoAnswer: "REVIEW",
    saveReview: "REVIEW",
    extendReview: "REVIEW",
    endReview: "REVIEW",
  },
  Subscription: {
    journeyEvents: "JOURNEYS_READ",
    sessionChanged: "SESSIONS_READ",
    metricBuckets: "METRICS_READ",
    reviewSessionChanged: "REVIEW",
  },
} satisfies {
  Query: Record<keyof QueryResolvers, Access>;
  Mutation: Record<keyof MutationResolvers, Access>;
  Subscription: Record<keyof SubscriptionResolvers, Access>;
};

/** What reading a thing by its global id needs. */
export const NODE_ACCESS = {
  Journey: "JOURNEYS_READ",
  Session: "SESSIONS_READ",
  Sensor: "SESSIONS_READ",
  Deck: "REVIEW",
  ReviewSession: "REVIEW",
} satisfies Record<string, Access>;

/** Throws where the viewer may not. Another tenant is not a question here: services only ever get the viewer's own. */
export function requireAccess(viewer: Viewer | undefined, access: Access): void {
  if (access === "EVERYBODY") return;
  if (!viewer) {
    throw new UnauthenticatedError("This needs a token: send the header `Authorization: Bearer TOKEN`.");
  }
  if (access === "SIGNED_IN" || viewer.scopes.includes(access)) return;
  throw new ForbiddenError(`This needs the scope ${scopeWord(access)}; ask for a token that has it.`);
}

type Resolver = GraphQLFieldResolver<unknown, OpenContext>;

/** The resolver behind its guard. */
export function guarded(access: Access, resolve: Resolver): Resolver {
  return (parent, args, context, info: GraphQLResolveInfo) => {
    requireAccess(context.viewer, access);
    return resolve(parent, args, context, info);
  };
}

/** A subscription as a domain writes it: a stream that ends when the signal aborts. */
export type Subscribe<Args> = (args: Args, context: OpenContext, signal: AbortSignal) => AsyncGenerator<unknown>;

/** The subscription behind its guard, at its start and at every message. It ends, and says so, when the token does. */
export function guardedStream<Args>(access: Access, subscribe: Subscribe<Args>, now: () => number) {
  return (_parent: unknown, args: Args, context: OpenContext) => {
    requireAccess(context.viewer, access);
    const { expiresAt } = context.viewer ?? { expiresAt: Infinity };
    return endable((signal) => subscribe(args, context, signal), {
      at: expiresAt,
      now,
      check: () => requireAccess(context.viewer, access),
      error: () =>
        new AppError(
          "TOKEN_EXPIRED",
          `The token ended at ${formatInstant(expiresAt)}; subscribe again with a new one and the last cursor.`,
        ),
    });
  };
}
