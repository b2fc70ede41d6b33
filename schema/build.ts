/** The schema, put together: importing a domain adds what it has to the builder. This is also the order of the contract. */
import type { GraphQLSchema } from "graphql";
import "./scalars.ts";
import "./common.ts";
import "./lists.ts";
import "./errors.ts";
import "./accounts.ts";
import "./accounts-keeping.ts";
import "./keys.ts";
import "./audit.ts";
import "./identity.ts";
import "./parked.ts";
import "./nodes.ts";
import "./feeds.ts";
import "./sessions.ts";
import "./sessions-live.ts";
import "./sessions-recording.ts";
import "./sessions-quarantine.ts";
import "./sessions-settings.ts";
import "./sessions-people.ts";
import "./journeys.ts";
import "./journeys-goals.ts";
import "./journeys-explore.ts";
import "./journeys-paths.ts";
import "./journeys-active.ts";
import "./journeys-robots.ts";
import "./journeys-recording.ts";
import "./journeys-keeping.ts";
import "./sessions-erasing.ts";
import "./journeys-visitors.ts";
import "./exports.ts";
import "./analytics.ts";
import "./metrics.ts";
import "./metrics-recording.ts";
import "./analytics-audit.ts";
import "./review.ts";
import "./review-collection.ts";
import "./review-answering.ts";
import "./review-authoring.ts";
import "./review-studying.ts";
import "./review-notes.ts";
import "./review-media.ts";
import "./review-settings.ts";
import "./review-numbers.ts";
import "./alerts.ts";
import "./webhooks.ts";
import { builder } from "./builder.ts";

/** What is served. `now` is the clock that ends streams with their token. */
export function buildSchema(now: () => number): GraphQLSchema {
  return builder.toSchema({ now, sortSchema: false });
}
