// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../core/document.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** A length of time that ends now. */
export type RangePreset =
  /** 2 hours. */
  | 'TWO_HOURS'
  /** 24 hours. */
  | 'DAY'
  /** 7 days. */
  | 'WEEK'
  /** 30 days. */
  | 'MONTH'
  /** 90 days. */
  | 'QUARTER';

/** From one instant to another. */
export type Between = {
  /** Included. */
  from: string;
  /** Excluded. Later than `from`. */
  to: string;
};

/** A range of instants: exactly one of the two. */
export type TimeRange =
  {   /** The time up to now. */
  last: RangePreset; between?: never; }
  |  { last?: never;   /** From the first instant (included) to the second (excluded). */
  between: Between; };

/** The kinds of expected failure. */
export type ErrorCode =
  /** A field of the input is wrong; nothing was done. */
  | 'INVALID_INPUT'
  /** There is no such thing in this tenant. */
  | 'NOT_FOUND'
  /** Somebody changed it since; look again and repeat. */
  | 'VERSION_CONFLICT'
  /** The name belongs to somebody else. */
  | 'NAME_TAKEN'
  /** The username or the password is wrong; which of them is not told. */
  | 'BAD_CREDENTIALS'
  /** The session is over. */
  | 'SESSION_ENDED'
  /** The same identity came before with other content. */
  | 'PAYLOAD_MISMATCH'
  /** The collection is under review elsewhere. */
  | 'REVIEW_HELD'
  /** The review session no longer holds the collection. */
  | 'REVIEW_LOST'
  /** The file is no Anki collection, or is damaged. */
  | 'COLLECTION_UNREADABLE'
  /** What was sent is over a limit. */
  | 'TOO_LARGE';

/** Whether a session goes on. */
export type SessionStatus =
  /** It goes on. Several at a sensor where devices name their own. */
  | 'ACTIVE'
  /** It is over. Late motion and late batches still correct its numbers. */
  | 'COMPLETED';

/** How the end of a session is known. */
export type SessionEndReason =
  /** A person said so: that beats all the rest. */
  | 'CORRECTED'
  /** Somebody or something ended it, or its device sent the last batch. */
  | 'EXPLICIT'
  /** No motion for longer than the idle timeout; `endedAt` is the last motion. */
  | 'IDLE';

/** Which sessions to list; all parts must hold. */
export type SessionFilter = {
  /** Sessions at this sensor. */
  sensorId?: string | null | undefined;
  /** By `startedAt`. */
  range?: TimeRange | null | undefined;
  /** Sessions of which some time lies in it, whenever they started; those that go on reach as far as silence will not have ended them. Of before it only the days are read on which sessions began that last until it, so what started a second ago may be missing. */
  overlaps?: Between | null | undefined;
  /** Sessions that go on, or that are over. */
  status?: SessionStatus | null | undefined;
  /** Sessions that carry this label. */
  label?: string | null | undefined;
  /** Sessions whose notes hold each of these words, or words that hold them; letters are the same large or small, with or without accents. At most 10 words. */
  text?: string | null | undefined;
};

/** What `correctSession` corrects of a session. */
export type CorrectedPart =
  /** When it began. */
  | 'START'
  /** When it ended. */
  | 'END'
  /** At which sensor it was. */
  | 'SENSOR'
  /** What its pauses were. */
  | 'PAUSES';

/** What is said of a pause: when it began, when it ended, or both. It depends on all that was said, not on the order: a begin lasts until the next end, what was said with both ends is paused as a whole, and pauses that meet are one. */
export type PauseInput = {
  /** When it was paused, by whoever says so. Left out where only its end is known. */
  from?: string | null | undefined;
  /** When it went on; not before `from`. Left out while the pause lasts: say it later, in any order. */
  to?: string | null | undefined;
};

/** What a person writes of a session. What is left out stays; null empties labels and notes. */
export type AnnotateSessionInput = {
  /** Which session. */
  sessionId: string;
  /** The `version` that the person saw. */
  expectedVersion: number;
  /** At most 100 of at most 64 characters. */
  labels?: Array<string> | null | undefined;
  /** At most 10,000 characters. */
  notes?: string | null | undefined;
  /** True keeps the session for ever, false no longer; null leaves it as it is. */
  pinned?: boolean | null | undefined;
};

/** What a person says of a session against its devices. What is left out stays; null takes a correction back. */
export type CorrectSessionInput = {
  /** Which session. */
  sessionId: string;
  /** The `version` that the person saw. */
  expectedVersion: number;
  /** When it began; motion before it belongs to another session. */
  startedAt?: string | null | undefined;
  /** When it ended; motion after it belongs to another session. */
  endedAt?: string | null | undefined;
  /** At which sensor it was. What its devices still send of it goes on to be counted in it. */
  sensorId?: string | null | undefined;
  /** What its pauses were, each with both ends, at most 500; empty where there was none. */
  pauses?: Array<PauseInput> | null | undefined;
};

/** A session as a person saw it. */
export type SeenSessionInput = {
  /** Which session. */
  sessionId: string;
  /** The `version` that the person saw. */
  expectedVersion: number;
};

/** Sessions that are one. */
export type MergeSessionsInput = {
  /** 2 to 10 of one sensor, in any order, that follow each other: none begins between them. */
  sessions: Array<SeenSessionInput>;
};

/** A session that is two. */
export type SplitSessionInput = {
  /** Which session. */
  sessionId: string;
  /** The `version` that the person saw. */
  expectedVersion: number;
  /** Where the second one begins: after the start, and not after the end; where it was split before, before that. */
  at: string;
  /** The second session's id, which makes a retry safe; made by the service where absent. */
  newSessionId?: string | null | undefined;
};

/** A session whose newest merge or split is to be taken back. */
export type UndoSessionCorrectionInput = {
  /** The session that was merged into, or split. */
  sessionId: string;
  /** The `version` that the person saw. */
  expectedVersion: number;
};

/** A session to delete. */
export type DeleteSessionInput = {
  /** Which session. */
  sessionId: string;
  /** The `version` that the person saw. */
  expectedVersion: number;
};

/** A session to bring back. */
export type RestoreSessionInput = {
  /** Which session. */
  sessionId: string;
};

/** What sensors are ranked by. */
export type SensorOrder =
  /** Sessions that started in the range. */
  | 'SESSIONS'
  /** Time of their sessions that lies in the range; costs as much again. */
  | 'ACTIVE_TIME';

export type SessionRowFragment = { id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, sensor: { sensorId: string } };

export type SessionPausesFragment = { activeDuration: number | null, corrected: Array<CorrectedPart>, pauses: Array<{ from: string, to: string | null }> };

export type SessionListQueryVariables = Exact<{
  filter?: SessionFilter | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type SessionListQuery = { feedCursor: string, sessions: { nodes: Array<{ id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, sensor: { sensorId: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type SessionFollowSubscriptionVariables = Exact<{
  sensorId?: string | null | undefined;
  after?: string | null | undefined;
}>;


export type SessionFollowSubscription = { sessionChanged: { cursor: string | null, deletedAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, mergedInto: { sessionId: string } | null, sensor: { sensorId: string } } };

export type SessionPageFollowSubscriptionVariables = Exact<{
  sensorId: string;
  after?: string | null | undefined;
}>;


export type SessionPageFollowSubscription = { sessionChanged: { cursor: string | null, deletedAt: string | null, notes: string | null, userId: string | null, createdAt: string, expiresAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, activeDuration: number | null, corrected: Array<CorrectedPart>, mergedInto: { sessionId: string } | null, playback: { started: boolean, startedAt: string | null, stoppedAt: string | null, failure: string | null }, missingBatches: Array<{ from: number, to: number }>, sensor: { sensorId: string }, pauses: Array<{ from: string, to: string | null }> } };

export type SessionWholeFragment = { deletedAt: string | null, notes: string | null, userId: string | null, createdAt: string, expiresAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, activeDuration: number | null, corrected: Array<CorrectedPart>, playback: { started: boolean, startedAt: string | null, stoppedAt: string | null, failure: string | null }, missingBatches: Array<{ from: number, to: number }>, sensor: { sensorId: string }, pauses: Array<{ from: string, to: string | null }> };

export type SessionPageQueryVariables = Exact<{
  sessionId: string;
}>;


export type SessionPageQuery = { feedCursor: string, session: { deletedAt: string | null, notes: string | null, userId: string | null, createdAt: string, expiresAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, activeDuration: number | null, corrected: Array<CorrectedPart>, mergedInto: { sessionId: string } | null, playback: { started: boolean, startedAt: string | null, stoppedAt: string | null, failure: string | null }, missingBatches: Array<{ from: number, to: number }>, sensor: { sensorId: string }, pauses: Array<{ from: string, to: string | null }> } | null };

export type SessionAfterQueryVariables = Exact<{
  filter?: SessionFilter | null | undefined;
}>;


export type SessionAfterQuery = { sessions: { nodes: Array<{ sessionId: string, startedAt: string, version: number }> } };

export type MergeSessionsMutationVariables = Exact<{
  input: MergeSessionsInput;
}>;


export type MergeSessionsMutation = { mergeSessions:
    | { __typename: 'SessionPayload', session: { deletedAt: string | null, notes: string | null, userId: string | null, createdAt: string, expiresAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, activeDuration: number | null, corrected: Array<CorrectedPart>, playback: { started: boolean, startedAt: string | null, stoppedAt: string | null, failure: string | null }, missingBatches: Array<{ from: number, to: number }>, sensor: { sensorId: string }, pauses: Array<{ from: string, to: string | null }> } | null }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'VersionConflictError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type SplitSessionMutationVariables = Exact<{
  input: SplitSessionInput;
}>;


export type SplitSessionMutation = { splitSession:
    | { __typename: 'SplitSessionPayload', first: { deletedAt: string | null, notes: string | null, userId: string | null, createdAt: string, expiresAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, activeDuration: number | null, corrected: Array<CorrectedPart>, playback: { started: boolean, startedAt: string | null, stoppedAt: string | null, failure: string | null }, missingBatches: Array<{ from: number, to: number }>, sensor: { sensorId: string }, pauses: Array<{ from: string, to: string | null }> } | null, second: { sessionId: string } | null }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'VersionConflictError', code: ErrorCode, message: string }
    | { __typename: 'PayloadMismatchError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type UndoSessionCorrectionMutationVariables = Exact<{
  input: UndoSessionCorrectionInput;
}>;


export type UndoSessionCorrectionMutation = { undoSessionCorrection:
    | { __typename: 'ShownPayload', version: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'VersionConflictError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type SessionReadingsQueryVariables = Exact<{
  sessionId: string;
  points: number;
  from?: string | null | undefined;
  to?: string | null | undefined;
}>;


export type SessionReadingsQuery = { session: { readingSeries: Array<{ firstAt: string, lastAt: string, count: number, min: Array<number | null>, max: Array<number | null> }> } | null };

export type AnnotateSessionMutationVariables = Exact<{
  input: AnnotateSessionInput;
}>;


export type AnnotateSessionMutation = { annotateSession:
    | { __typename: 'SessionPayload', session: { deletedAt: string | null, notes: string | null, userId: string | null, createdAt: string, expiresAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, activeDuration: number | null, corrected: Array<CorrectedPart>, playback: { started: boolean, startedAt: string | null, stoppedAt: string | null, failure: string | null }, missingBatches: Array<{ from: number, to: number }>, sensor: { sensorId: string }, pauses: Array<{ from: string, to: string | null }> } | null }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'VersionConflictError', message: string, code: ErrorCode, current: { deletedAt: string | null, notes: string | null, userId: string | null, createdAt: string, expiresAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, activeDuration: number | null, corrected: Array<CorrectedPart>, playback: { started: boolean, startedAt: string | null, stoppedAt: string | null, failure: string | null }, missingBatches: Array<{ from: number, to: number }>, sensor: { sensorId: string }, pauses: Array<{ from: string, to: string | null }> } | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type SessionNumbersQueryVariables = Exact<{
  range: TimeRange;
  timeZone: string;
  by: SensorOrder;
}>;


export type SessionNumbersQuery = { sessionAnalytics: { totalSessions: number, activeSessions: number, totalMotionEvents: number, totalDuration: number, activeTime: number, averageDuration: number | null, peakHour: number | null, durationPercentiles: { p50: number, p95: number } | null, byDay: Array<{ start: string, isOpen: boolean, sessions: number, activeTime: number }>, byHourOfWeek: Array<{ weekday: number, hour: number, sessions: number, activeTime: number }>, topSensors: Array<{ sessions: number, motionEvents: number, activeTime: number, sensor: { sensorId: string } }> } };

export type CorrectSessionMutationVariables = Exact<{
  input: CorrectSessionInput;
}>;


export type CorrectSessionMutation = { correctSession:
    | { __typename: 'SessionPayload', held: string | null, session: { deletedAt: string | null, notes: string | null, userId: string | null, createdAt: string, expiresAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, activeDuration: number | null, corrected: Array<CorrectedPart>, playback: { started: boolean, startedAt: string | null, stoppedAt: string | null, failure: string | null }, missingBatches: Array<{ from: number, to: number }>, sensor: { sensorId: string }, pauses: Array<{ from: string, to: string | null }> } | null }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'VersionConflictError', code: ErrorCode, message: string, current: { deletedAt: string | null, notes: string | null, userId: string | null, createdAt: string, expiresAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, endedAt: string | null, lastMotionAt: string, endReason: SessionEndReason | null, duration: number | null, motionEventCount: number, sampleCount: number, labels: Array<string>, pinned: boolean, version: number, updatedAt: string, activeDuration: number | null, corrected: Array<CorrectedPart>, playback: { started: boolean, startedAt: string | null, stoppedAt: string | null, failure: string | null }, missingBatches: Array<{ from: number, to: number }>, sensor: { sensorId: string }, pauses: Array<{ from: string, to: string | null }> } | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string, fields: Array<{ path: Array<string>, message: string }> }
   };

export type DeleteSessionMutationVariables = Exact<{
  input: DeleteSessionInput;
}>;


export type DeleteSessionMutation = { deleteSession:
    | { __typename: 'ShownPayload', version: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'VersionConflictError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type RestoreSessionMutationVariables = Exact<{
  input: RestoreSessionInput;
}>;


export type RestoreSessionMutation = { restoreSession:
    | { __typename: 'ShownPayload', version: number }
    | { __typename: 'NotFoundError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export const SessionList = document<SessionListQuery, SessionListQueryVariables>(
  "query SessionList($filter: SessionFilter, $first: Int!, $after: String) { sessions(filter: $filter, first: $first, after: $after) { nodes { ...SessionRow } pageInfo { hasNextPage endCursor } } feedCursor } fragment SessionRow on Session { id sessionId sensor { sensorId } status startedAt endedAt lastMotionAt endReason duration motionEventCount sampleCount labels pinned version updatedAt }",
);

export const SessionFollow = document<SessionFollowSubscription, SessionFollowSubscriptionVariables>(
  "subscription SessionFollow($sensorId: String, $after: String) { sessionChanged(sensorId: $sensorId, after: $after) { cursor ...SessionRow deletedAt mergedInto { sessionId } } } fragment SessionRow on Session { id sessionId sensor { sensorId } status startedAt endedAt lastMotionAt endReason duration motionEventCount sampleCount labels pinned version updatedAt }",
);

export const SessionPageFollow = document<SessionPageFollowSubscription, SessionPageFollowSubscriptionVariables>(
  "subscription SessionPageFollow($sensorId: String!, $after: String) { sessionChanged(sensorId: $sensorId, after: $after) { cursor ...SessionWhole mergedInto { sessionId } } } fragment SessionWhole on Session { ...SessionRow ...SessionPauses deletedAt notes userId createdAt expiresAt playback { started startedAt stoppedAt failure } missingBatches { from to } } fragment SessionRow on Session { id sessionId sensor { sensorId } status startedAt endedAt lastMotionAt endReason duration motionEventCount sampleCount labels pinned version updatedAt } fragment SessionPauses on Session { activeDuration corrected pauses { from to } }",
);

export const SessionPage = document<SessionPageQuery, SessionPageQueryVariables>(
  "query SessionPage($sessionId: String!) { session(sessionId: $sessionId) { ...SessionWhole mergedInto { sessionId } } feedCursor } fragment SessionWhole on Session { ...SessionRow ...SessionPauses deletedAt notes userId createdAt expiresAt playback { started startedAt stoppedAt failure } missingBatches { from to } } fragment SessionRow on Session { id sessionId sensor { sensorId } status startedAt endedAt lastMotionAt endReason duration motionEventCount sampleCount labels pinned version updatedAt } fragment SessionPauses on Session { activeDuration corrected pauses { from to } }",
);

export const SessionAfter = document<SessionAfterQuery, SessionAfterQueryVariables>(
  "query SessionAfter($filter: SessionFilter) { sessions(filter: $filter, last: 2) { nodes { sessionId startedAt version } } }",
);

export const MergeSessions = document<MergeSessionsMutation, MergeSessionsMutationVariables>(
  "mutation MergeSessions($input: MergeSessionsInput!) { mergeSessions(input: $input) { __typename ... on SessionPayload { session { ...SessionWhole } } ... on UserError { code message } } } fragment SessionWhole on Session { ...SessionRow ...SessionPauses deletedAt notes userId createdAt expiresAt playback { started startedAt stoppedAt failure } missingBatches { from to } } fragment SessionRow on Session { id sessionId sensor { sensorId } status startedAt endedAt lastMotionAt endReason duration motionEventCount sampleCount labels pinned version updatedAt } fragment SessionPauses on Session { activeDuration corrected pauses { from to } }",
);

export const SplitSession = document<SplitSessionMutation, SplitSessionMutationVariables>(
  "mutation SplitSession($input: SplitSessionInput!) { splitSession(input: $input) { __typename ... on SplitSessionPayload { first { ...SessionWhole } second { sessionId } } ... on UserError { code message } } } fragment SessionWhole on Session { ...SessionRow ...SessionPauses deletedAt notes userId createdAt expiresAt playback { started startedAt stoppedAt failure } missingBatches { from to } } fragment SessionRow on Session { id sessionId sensor { sensorId } status startedAt endedAt lastMotionAt endReason duration motionEventCount sampleCount labels pinned version updatedAt } fragment SessionPauses on Session { activeDuration corrected pauses { from to } }",
);

export const UndoSessionCorrection = document<UndoSessionCorrectionMutation, UndoSessionCorrectionMutationVariables>(
  "mutation UndoSessionCorrection($input: UndoSessionCorrectionInput!) { undoSessionCorrection(input: $input) { __typename ... on ShownPayload { version } ... on UserError { code message } } }",
);

export const SessionReadings = document<SessionReadingsQuery, SessionReadingsQueryVariables>(
  "query SessionReadings($sessionId: String!, $points: Int!, $from: DateTime, $to: DateTime) { session(sessionId: $sessionId) { readingSeries(points: $points, from: $from, to: $to) { firstAt lastAt count min max } } }",
);

export const AnnotateSession = document<AnnotateSessionMutation, AnnotateSessionMutationVariables>(
  "mutation AnnotateSession($input: AnnotateSessionInput!) { annotateSession(input: $input) { __typename ... on SessionPayload { session { ...SessionWhole } } ... on VersionConflictError { message current { ...SessionWhole } } ... on UserError { code message } } } fragment SessionWhole on Session { ...SessionRow ...SessionPauses deletedAt notes userId createdAt expiresAt playback { started startedAt stoppedAt failure } missingBatches { from to } } fragment SessionRow on Session { id sessionId sensor { sensorId } status startedAt endedAt lastMotionAt endReason duration motionEventCount sampleCount labels pinned version updatedAt } fragment SessionPauses on Session { activeDuration corrected pauses { from to } }",
);

export const SessionNumbers = document<SessionNumbersQuery, SessionNumbersQueryVariables>(
  "query SessionNumbers($range: TimeRange!, $timeZone: TimeZone!, $by: SensorOrder!) { sessionAnalytics(range: $range, timeZone: $timeZone) { totalSessions activeSessions totalMotionEvents totalDuration activeTime averageDuration peakHour durationPercentiles { p50 p95 } byDay { start isOpen sessions activeTime } byHourOfWeek { weekday hour sessions activeTime } topSensors(first: 8, by: $by) { sensor { sensorId } sessions motionEvents activeTime } } }",
);

export const CorrectSession = document<CorrectSessionMutation, CorrectSessionMutationVariables>(
  "mutation CorrectSession($input: CorrectSessionInput!) { correctSession(input: $input) { __typename ... on SessionPayload { held session { ...SessionWhole } } ... on VersionConflictError { current { ...SessionWhole } } ... on InvalidInputError { fields { path message } } ... on UserError { code message } } } fragment SessionWhole on Session { ...SessionRow ...SessionPauses deletedAt notes userId createdAt expiresAt playback { started startedAt stoppedAt failure } missingBatches { from to } } fragment SessionRow on Session { id sessionId sensor { sensorId } status startedAt endedAt lastMotionAt endReason duration motionEventCount sampleCount labels pinned version updatedAt } fragment SessionPauses on Session { activeDuration corrected pauses { from to } }",
);

export const DeleteSession = document<DeleteSessionMutation, DeleteSessionMutationVariables>(
  "mutation DeleteSession($input: DeleteSessionInput!) { deleteSession(input: $input) { __typename ... on ShownPayload { version } ... on UserError { code message } } }",
);

export const RestoreSession = document<RestoreSessionMutation, RestoreSessionMutationVariables>(
  "mutation RestoreSession($input: RestoreSessionInput!) { restoreSession(input: $input) { __typename ... on ShownPayload { version } ... on UserError { code message } } }",
);
