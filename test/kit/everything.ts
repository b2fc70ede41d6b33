/** A tenant that has something of everything that the contract can show, and what to ask so that it shows. */
import { schema11 } from "./anki-file.ts";
import type { TestApp } from "./app.ts";
import { LANGUAGES, NOON, reviewerOf, smallContent } from "./review.ts";
import { batchOf, mutate } from "./sessions.ts";
import type { Values, Walk } from "./walks.ts";

export type Everything = Awaited<ReturnType<typeof seedEverything>>;

const iso = (at: number) => new Date(at).toISOString();
const range = { between: { from: iso(NOON - 3_600_000), to: iso(NOON + 3_600_000) } };

/** All of it happened in the hour before noon of the small collections' fiftieth day. */
export async function seedEverything(api: TestApp, tenantId: string) {
  const at = iso(NOON - 60_000);
  const own = { parts: ["part-1", "part-2"], whole: "whole" };
  const ids = { sensorId: "hall", sessionId: "walk", ended: "over", visitorId: "ada", ...own };
  await mutate(api, tenantId, "createSession", { sensorId: "door", sessionId: ids.ended, startedAt: at });
  await mutate(api, tenantId, "endSession", { sessionId: ids.ended });
  const batch = batchOf(ids.sessionId, 1, NOON - 600_000, 3);
  await mutate(api, tenantId, "ingestSessionBatch", { ...batch, sensorId: ids.sensorId });
  const [from, to] = batch.readings.map((reading) => reading.at);
  await mutate(api, tenantId, "recordPause", { sessionId: ids.sessionId, from, to });
  for (const [i, sessionId] of [...ids.parts, ids.whole].entries()) {
    const sensorId = sessionId === ids.whole ? "tag" : "pair";
    const sent = { ...batchOf(sessionId, 0, NOON - 600_000 + i, 3), sensorId };
    await mutate(api, tenantId, "ingestSessionBatch", { ...sent, durationMs: 500_000, final: true });
  }
  const words = { labels: ["kept"], notes: "typed by a person" };
  await mutate(api, tenantId, "annotateSession", { sessionId: ids.sessionId, expectedVersion: 0, ...words });
  const event = { sessionId: ids.sessionId, occurredAt: at, visitorId: ids.visitorId };
  const events = [{ ...event, seq: 1, type: "MESSAGE_SENT", text: "hello" }, { ...event, seq: 2, type: "CTA_CLICKED" }];
  await api.ask(tenantId, `mutation ($e: [EventInput!]!) { recordEvents(input: { events: $e }) { __typename } }`, {
    e: events,
  });
  const measured = { value: 1.5, dimensions: [{ key: "country", value: "NP" }] };
  const records = ["ITEMS", "checkout.paid"].map((source) => ({ source, recordId: "r", at, ...measured }));
  await api.ask(
    tenantId,
    `mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`,
    { r: records },
  );
  await seedAlert(api, tenantId);
  // One that no door takes: it is parked.
  const refused = { id: "m", receipt: "r", receives: 1, attributes: {}, body: JSON.stringify({ tenant: tenantId }) };
  await api.app.ingest([refused]);
  await mutate(api, tenantId, "recordMotion", { sensorId: "hall", seq: 900, at: iso(NOON + 90_000_000) });
  await mutate(api, tenantId, "recordMotion", { sensorId: "door", at: iso(NOON - 60_000) });
  const person = reviewerOf(api, { tenantId, userId: "u" });
  await person.import(schema11(smallContent()));
  const review = (await person.start()).reviewSession;
  await api.settle();
  const { data } = await api.ask(
    tenantId,
    `{ session(sessionId: "walk") { id } sensor(sensorId: "hall") { id } journey(sessionId: "walk") { id events { nodes { id } } }
       deck(deckId: "${LANGUAGES}") { id } reviewSession { id } }`,
  );
  const nodes: Record<string, string> = {
    Session: data.session.id,
    Sensor: data.sensor.id,
    Journey: data.journey.id,
    JourneyEvent: data.journey.events.nodes[0].id,
    Deck: data.deck.id,
    ReviewSession: data.reviewSession.id,
  };
  return {
    tenantId,
    ids,
    nodes,
    reviewSessionId: review.sessionId as string,
    cardId: review.nextCard.cardId as string,
  };
}

const ALERT = { alertId: "watched", name: "a", source: "ITEMS", size: "ONE_HOUR", condition: "ABOVE", threshold: 9 };

async function seedAlert(api: TestApp, tenantId: string): Promise<void> {
  const configure = `mutation ($input: ConfigureAlertInput!) { configureAlert(input: $input) { __typename } }`;
  await api.ask(tenantId, configure, { input: ALERT });
}

const seen = (ids: readonly string[], expectedVersion = 1) => ids.map((sessionId) => ({ sessionId, expectedVersion }));

/**
 * What to ask along a walk so that its last type is reached where it can be. `version` is that of the session `over`,
 * which the walks through `annotateSession` annotate.
 */
export function valuesFor({ ids, nodes, reviewSessionId }: Everything, { hops }: Walk, version = 0): Values {
  const to = hops[0]!.to.name;
  const { sessionId, sensorId } = ids;
  const node = nodes[to] ?? "nothing";
  const inputs: Record<string, Record<string, object>> = {
    createSession: { SessionPayload: { sensorId: "made", sessionId: "made", startedAt: iso(NOON) } },
    recordMotion: {
      RecordMotionPayload: { sensorId, seq: 1, at: iso(NOON) },
      MotionClearedPayload: { sensorId: "door", at: iso(NOON), state: "CLEARED" },
    },
    updateSession: {
      SessionPayload: { sessionId, updateId: "once" },
      SessionEndedError: { sessionId: ids.ended, updateId: "late" },
    },
    recordPause: { SessionPayload: { sessionId: ids.ended, from: iso(NOON - 60_000) } },
    endSession: { SessionPayload: { sessionId: ids.ended } },
    annotateSession: {
      SessionPayload: { sessionId: ids.ended, expectedVersion: version },
      VersionConflictError: { sessionId, expectedVersion: 7 },
    },
    correctSession: {
      SessionPayload: { sessionId: ids.ended, expectedVersion: version, endedAt: null },
      VersionConflictError: { sessionId, expectedVersion: 7, endedAt: null },
    },
    mergeSessions: {
      SessionPayload: { sessions: seen(ids.parts) },
      VersionConflictError: { sessions: seen([sessionId, ids.ended], 7) },
    },
    splitSession: {
      SplitSessionPayload: {
        ...{ sessionId: ids.whole, expectedVersion: 1, at: iso(NOON - 300_000), newSessionId: "half" },
      },
      VersionConflictError: { sessionId, expectedVersion: 7, at: iso(NOON) },
    },
    undoSessionCorrection: { VersionConflictError: { sessionId, expectedVersion: 7 } },
    deleteSession: { VersionConflictError: { sessionId, expectedVersion: 7 } },
    ingestSessionBatch: {
      IngestSessionBatchPayload: { ...batchOf(sessionId, 1, NOON - 600_000, 3), sensorId },
    },
    configureAlert: { AlertConflictError: { ...ALERT, name: "b", expectedVersion: 7 } },
    deleteAlert: { AlertConflictError: { alertId: ALERT.alertId, expectedVersion: 7 } },
    configureJourneys: {
      GoalsConflictError: { goals: [{ goalId: "other", anyOf: [{ type: "PAID" }] }], expectedGoalsVersion: 7 },
    },
    auditMetrics: { AuditMetricsPayload: { source: "ITEMS", range } },
  };
  const input = inputs[hops[0]!.field.name]?.[to];
  const steps = [{ type: "MESSAGE_SENT" }, { type: "CTA_CLICKED" }];
  const explored = hops[0]!.field.name === "funnel"
    ? { steps, breakdown: { by: "REFERRER" } }
    : { by: "TYPE", steps: 3 };
  return {
    "Query.funnel": { range, input: explored },
    // One of them, so that one alone can fail.
    "Funnel.steps": { number: 1 },
    "FunnelGroup.steps": { number: 1 },
    "JourneyPaths.steps": { number: 0 },
    "Query.journeyPaths": { range, input: explored },
    "*": { sessionId, sensorId, range, deckId: String(LANGUAGES), size: "FIVE_MINUTES", sources: ["ITEMS"] },
    "Query.node": { id: node },
    "Query.nodes": { ids: [node] },
    "Subscription.reviewSessionChanged": { sessionId: reviewSessionId },
    "Subscription.sessionChanged": {},
    "Sensor.sessions": {},
    ...(input ? { [`Mutation.${hops[0]!.field.name}`]: { input } } : {}),
  };
}
