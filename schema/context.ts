import type { Analytics } from "../api/analytics/service.ts";
import type { ApiKeys } from "../api/auth/apikeys/service.ts";
import type { AccountKeeping } from "../api/auth/accounts/keeping.ts";
import type { Erasures } from "../api/auth/audit/erasures.ts";
import type { Identity } from "../api/auth/identity.ts";
import type { From } from "../api/auth/accounts/model.ts";
import type { AuditKind } from "../api/auth/audit/model.ts";
import type { Audit } from "../api/auth/audit/service.ts";
import type { Accounts } from "../api/auth/accounts/service.ts";
import type { Viewer } from "../api/auth/viewer.ts";
import type { RangeInput } from "../api/core/range.ts";
import type { createActiveVisitors } from "../api/journeys/active.ts";
import type { JourneyConfiguration } from "../api/journeys/configure.ts";
import type { BackfillReport } from "../api/journeys/backfill.ts";
import type { Explorer } from "../api/journeys/explore.ts";
import type { Robots } from "../api/journeys/robots.ts";
import type { EraseVisitor } from "../api/journeys/erase.ts";
import type { JourneyExports } from "../api/journeys/export.ts";
import type { Journey, JourneyEvent } from "../api/journeys/model.ts";
import type { Journeys } from "../api/journeys/service.ts";
import type { JourneyEventEdge } from "../api/journeys/watch.ts";
import type { AuditRollups } from "../api/analytics/audit.ts";
import type { Alerts } from "../api/metrics/alerts.ts";
import type { AlertUpdate } from "../api/metrics/alert-watch.ts";
import type { AuditMetrics } from "../api/metrics/audit.ts";
import type { BucketSize, MetricSource } from "../api/metrics/model.ts";
import type { Metrics } from "../api/metrics/service.ts";
import type { Detail, MetricUpdate } from "../api/metrics/watch.ts";
import type { ParkedService } from "../api/parked/service.ts";
import type { Browse } from "../api/review/browse.ts";
import type { DeleteCollection } from "../api/review/delete.ts";
import type { Edits } from "../api/review/edits.ts";
import type { Media } from "../api/review/media.ts";
import type { Person } from "../api/review/model.ts";
import type { Reviews, ReviewView } from "../api/review/service.ts";
import type { OptimizedPreset } from "../api/review/optimizing.ts";
import type { ImportNotes } from "../api/review/notes-import.ts";
import type { Studying } from "../api/review/studying.ts";
import type { Transfer } from "../api/review/transfer.ts";
import type { SessionExports } from "../api/sessions/export.ts";
import type { Sensor, Session } from "../api/sessions/model.ts";
import type { Webhooks } from "../api/webhooks/service.ts";
import type { SessionUpdate } from "../api/sessions/watch.ts";
import type { Sessions } from "../api/sessions/service.ts";

/** What the resolvers call. */
export type Services = {
  /** Undefined where an identity provider issues the tokens. */
  accounts: (Accounts & AccountKeeping) | undefined;
  auditLog: Audit["list"];
  apiKeys: Pick<ApiKeys, "list" | "createApiKey" | "createWriteKey" | "revoke">;
  sessions: Sessions;
  feedCursor: (tenantId: string) => string;
  watchSessions: (
    tenantId: string,
    sensorId: string | null | undefined,
    after: string | null | undefined,
    signal: AbortSignal,
  ) => AsyncGenerator<SessionUpdate>;
  journeys: Journeys;
  explore: Explorer;
  robots: Robots;
  activeVisitors: ReturnType<typeof createActiveVisitors>;
  journeySettings: Pick<JourneyConfiguration, "get" | "configure" | "rebuild">;
  watchJourneyEvents: (
    tenantId: string,
    sessionId: string,
    after: string | null | undefined,
    signal: AbortSignal,
  ) => AsyncGenerator<JourneyEventEdge>;
  metrics: Metrics;
  analytics: Pick<Analytics, "sessions" | "journeys" | "labels">;
  auditMetrics: AuditMetrics;
  auditAnalytics: AuditRollups;
  watchMetrics: (
    tenantId: string,
    sources: readonly MetricSource[],
    size: BucketSize,
    after: string | null | undefined,
    signal: AbortSignal,
    detail?: Detail,
  ) => AsyncGenerator<MetricUpdate>;
  reviews: Reviews;
  transfer: Transfer;
  edits: Edits;
  importNotes: ImportNotes;
  optimizePreset: (person: Person, input: unknown) => Promise<OptimizedPreset>;
  studying: Studying;
  browse: Browse;
  deleteCollection: DeleteCollection;
  media: Media;
  watchReview: (
    person: Person,
    sessionId: string,
    after: string | null | undefined,
    signal: AbortSignal,
  ) => AsyncGenerator<ReviewView & { cursor: string }>;
  alerts: Alerts;
  watchAlerts: (
    tenantId: string,
    alertId: string | null | undefined,
    after: string | null | undefined,
    signal: AbortSignal,
  ) => AsyncGenerator<AlertUpdate>;
  webhooks: Webhooks;
  backfillJourneys: (
    tenantId: string,
    range: RangeInput,
    dryRun: boolean,
    withExpired: boolean,
  ) => Promise<BackfillReport>;
  eraseVisitor: EraseVisitor;
  parked: Pick<ParkedService, "list" | "retry">;
  erasures: Erasures;
  /** How tokens are checked here, as it is set. */
  identity: () => Identity;
  journeyExports: JourneyExports;
  sessionExports: SessionExports;
};

/** What an operation that nobody signed in for can use. */
export type OpenContext = {
  viewer: Viewer | undefined;
  requestId: string;
  services: Services;
  /** The review session that the request names in its header, and how the response names one. */
  header: { asked?: string | undefined; given?: string | undefined };
  /** From where the request came. */
  from: From;
  /** Of a subscription that goes on for several at once: stands for their `after`; empty at the beginning. */
  resume?: string;
  /** Counts what costs a password's hash. Throws at the second in one operation, so that aliases do not multiply guesses. */
  attempt: () => void;
  /** Calls `act` when a viewer's login or key is over before its time, unless what it gives is called before. */
  onEnded: (viewer: Viewer, act: () => void) => () => void;
  /** Keeps in the audit log what the viewer did, or was refused. Never fails. */
  note: (kind: AuditKind, subject: string) => Promise<void>;
};

/**
 * What resolvers below an entry point get: of the viewer, the tenant and the scopes alone. The results of a subscription
 * are made once for all who may see the same, so nothing in them may depend on who of them asks.
 */
export type SharedContext = Pick<OpenContext, "services"> & {
  viewer: Pick<Viewer, "tenantId" | "scopes">;
  /** These find things of the viewer's tenant; many at once cost one request. */
  loadJourney: (sessionId: string) => Promise<Journey | undefined>;
  loadSession: (sessionId: string) => Promise<Session | undefined>;
  loadSensor: (sensorId: string) => Promise<Sensor | undefined>;
};

/** What entry points get. Their guard lets in only a viewer who may; those for EVERYBODY may have none. */
export type Context = OpenContext & SharedContext & {
  viewer: Viewer;
  loadEvent: (name: string) => Promise<JourneyEvent | undefined>;
};

/** What a subscription gets at its start; what it gives ends when the signal aborts. */
export type StreamContext = Context & { signal: AbortSignal };

/** What of a context may go into results that several viewers are given. */
export function sharedPartOf({ viewer, services, loadJourney, loadSession, loadSensor }: Context): SharedContext {
  // Fields for EVERYBODY have no viewer.
  const shared = (viewer as Viewer | undefined) && { tenantId: viewer.tenantId, scopes: viewer.scopes };
  return { viewer: shared as SharedContext["viewer"], services, loadJourney, loadSession, loadSensor };
}
