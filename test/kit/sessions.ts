import type { TestApp } from "./app.ts";

export type ReadingInput = { at: string; values: number[] };
export type BatchInput = {
  sessionId: string;
  sensorId: string;
  batchOffset: number;
  readings: ReadingInput[];
  startedAt?: string;
  durationMs?: number;
  final?: boolean;
  pauses?: { from?: string; to?: string }[];
};

export const SESSION_FIELDS =
  `sessionId sensor { sensorId } userId status startedAt endedAt endReason lastMotionAt duration
  activeDuration pauses { from to } motionEventCount sampleCount missingBatches { from to } labels notes pinned version createdAt updatedAt expiresAt
  playback { started startedAt stoppedAt failure deviceId contextUri }`;

const ERRORS = `... on UserError { code message } ... on InvalidInputError { fields { path message } }`;
const SESSION = `session { ${SESSION_FIELDS} }`;

const MUTATIONS = {
  createSession: `... on SessionPayload { ${SESSION} } ${ERRORS}`,
  recordMotion:
    `... on QuarantinedPayload { quarantineId reason } ... on MotionClearedPayload { duplicate ${SESSION} } ... on RecordMotionPayload { started duplicate ${SESSION} } ${ERRORS}`,
  updateSession: `... on SessionPayload { ${SESSION} } ... on SessionEndedError { ${SESSION} } ${ERRORS}`,
  recordPause: `... on SessionPayload { held ${SESSION} } ${ERRORS}`,
  endSession: `... on SessionPayload { held ${SESSION} } ${ERRORS}`,
  annotateSession:
    `... on SessionPayload { ${SESSION} } ... on VersionConflictError { current { ${SESSION_FIELDS} } } ${ERRORS}`,
  ingestSessionBatch:
    `... on IngestSessionBatchPayload { duplicate accepted doubts quarantineId receipts { index status reason } ${SESSION} } ${ERRORS}`,
  correctSession:
    `... on SessionPayload { held ${SESSION} } ... on VersionConflictError { current { version } } ${ERRORS}`,
  mergeSessions: `... on SessionPayload { ${SESSION} } ... on VersionConflictError { current { version } } ${ERRORS}`,
  splitSession:
    `... on SplitSessionPayload { first { ${SESSION_FIELDS} } second { ${SESSION_FIELDS} } } ... on VersionConflictError { current { version } } ${ERRORS}`,
  undoSessionCorrection:
    `... on ShownPayload { sessionId version } ... on VersionConflictError { current { version } } ${ERRORS}`,
  deleteSession:
    `... on ShownPayload { sessionId version } ... on VersionConflictError { current { version } } ${ERRORS}`,
  restoreSession: `... on ShownPayload { sessionId version } ${ERRORS}`,
  resolveQuarantined: `... on ResolveQuarantinedPayload { admitted } ${ERRORS}`,
  renameSensor: `... on RenameSensorPayload { sensorId name } ${ERRORS}`,
  configureSessions: `... on ConfigureSessionsPayload { sensorId } ${ERRORS}`,
};

/** One mutation of sessions, with whatever the result union holds. Throws where the request failed as a whole. */
export async function mutate(
  api: TestApp,
  tenantId: string,
  name: keyof typeof MUTATIONS,
  input: object,
  // oxlint-disable-next-line no-explicit-any
): Promise<any> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input!`;
  const query = `mutation ($input: ${type}) { ${name}(input: $input) { __typename ${MUTATIONS[name]} } }`;
  const answer = await api.ask(tenantId, query, { input });
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data[name];
}

/** The session as a client sees it; null where there is none. */
// oxlint-disable-next-line no-explicit-any
export async function sessionOf(api: TestApp, tenantId: string, sessionId: string): Promise<any> {
  const answer = await api.ask(tenantId, `query ($id: String!) { session(sessionId: $id) { ${SESSION_FIELDS} } }`, {
    id: sessionId,
  });
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.session;
}

/** A batch of readings a second apart; batch k begins where batch k-1 ended. */
export function batchOf(sessionId: string, batchOffset: number, startAt: number, size = 10): BatchInput {
  const readings = Array.from({ length: size }, (_, i) => {
    const number = batchOffset * size + i;
    return { at: new Date(startAt + number * 1_000).toISOString(), values: [number, number / 10] };
  });
  return { sessionId, sensorId: `device-of-${sessionId}`, batchOffset, readings };
}
