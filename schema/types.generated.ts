// Made from schema.graphql by `npm run generate`. Change the contract, not this file.
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Viewer as ViewerModel } from '../api/auth/viewer.ts';
import type { Session as SessionModel, Sensor as SensorModel, Playback as PlaybackModel, Reading as ReadingModel, SessionPage as SessionPageModel, SensorPage as SensorPageModel, ReadingPage as ReadingPageModel } from '../api/sessions/model.ts';
import type { Journey as JourneyModel, JourneyEvent as JourneyEventModel, JourneyPage as JourneyPageModel, JourneyEventPage as JourneyEventPageModel } from '../api/journeys/model.ts';
import type { Context } from './context.ts';
export type Maybe<T> = T | null | undefined;
export type InputMaybe<T> = T | null | undefined;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** An instant: RFC 3339 with milliseconds, in UTC, such as 2026-01-31T12:00:00.000Z. Input may carry another offset and no fraction. */
  DateTime: { input: number; output: number; }
  /** A length of time in whole milliseconds, 0 to 2^53-1. */
  Milliseconds: { input: number; output: number; }
  /** A JSON value. Used only where the sender decides the shape. */
  JSON: { input: unknown; output: unknown; }
};

/** A thing with an opaque global id. */
export type Node = {
  /** Opaque; the same thing always has the same id. */
  readonly id: Scalars['ID']['output'];
};

/** Where a page lies in its list. */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** Whether there is more after this page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** Whether there is more before this page: true where `after` was given. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first edge; null on an empty page. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
  /** The cursor of the last edge; pass it as `after` to go on. Null on an empty page. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
};

/** A range of instants: exactly one of the two. */
export type TimeRange =
  /** The time up to now. */
  { readonly last: RangePreset; readonly between?: never; }
  |  /** From the first instant (included) to the second (excluded). */
  { readonly last?: never; readonly between: Between; };

/** From one instant to another. */
export type Between = {
  /** Included. */
  readonly from: Scalars['DateTime']['input'];
  /** Excluded. Later than `from`. */
  readonly to: Scalars['DateTime']['input'];
};

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

/** An expected failure. Clients that know no more select `... on UserError { code message }`. */
export type UserError = {
  /** Stable; for programs. */
  readonly code: ErrorCode;
  /** What failed, with the value, the limit and what to do next. Holds no secret. */
  readonly message: Scalars['String']['output'];
};

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
  | 'PAYLOAD_MISMATCH';

/** The input is wrong and nothing was done. */
export type InvalidInputError = UserError & {
  readonly __typename?: 'InvalidInputError';
  /** INVALID_INPUT. */
  readonly code: ErrorCode;
  /** All wrong fields in one sentence. */
  readonly message: Scalars['String']['output'];
  /** The path of each wrong field inside `input`, with what is wrong with it. */
  readonly fields: ReadonlyArray<InvalidField>;
};

/** One wrong field. */
export type InvalidField = {
  readonly __typename?: 'InvalidField';
  /** Where it is inside `input`. */
  readonly path: ReadonlyArray<Scalars['String']['output']>;
  /** What is wrong, with the limit and the value. */
  readonly message: Scalars['String']['output'];
};

/** There is no such thing in this tenant. */
export type NotFoundError = UserError & {
  readonly __typename?: 'NotFoundError';
  /** NOT_FOUND. */
  readonly code: ErrorCode;
  /** What was looked for. */
  readonly message: Scalars['String']['output'];
};

/** Who is asking. */
export type Viewer = {
  readonly __typename?: 'Viewer';
  /** The `sub` of the token. */
  readonly userId: Scalars['String']['output'];
  /** The tenant that every answer is limited to. */
  readonly tenantId: Scalars['String']['output'];
  /** What the token allows. */
  readonly scopes: ReadonlyArray<Scope>;
};

/** What a token may allow. Tokens write them in lower case with a colon, such as `journeys:read`. */
export type Scope =
  /** Read sessions and sensors. */
  | 'SESSIONS_READ'
  /** Record, end and annotate sessions. */
  | 'SESSIONS_WRITE'
  /** Read journeys. */
  | 'JOURNEYS_READ'
  /** Record events of journeys. */
  | 'JOURNEYS_WRITE'
  /** Read metrics. */
  | 'METRICS_READ'
  /** Record what metrics count. */
  | 'METRICS_WRITE'
  /** Review one's own collection. */
  | 'REVIEW'
  /** Rebuild, audit and erase. */
  | 'ADMIN';

/** A new account. */
export type RegisterInput = {
  /** 3 to 64 letters, digits, `.`, `_`, `-` or `@`; upper and lower case are the same. */
  readonly username: Scalars['String']['input'];
  /** Shown to other people; the username where absent. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
  /** 12 to 128 characters. */
  readonly password: Scalars['String']['input'];
};

/** The credentials of an account. */
export type LoginInput = {
  /** As registered; upper and lower case are the same. */
  readonly username: Scalars['String']['input'];
  /** As registered. */
  readonly password: Scalars['String']['input'];
};

/** A token and what it allows. */
export type AuthPayload = {
  readonly __typename?: 'AuthPayload';
  /** A signed JWT for the Authorization header, as `Bearer TOKEN`. */
  readonly token: Scalars['String']['output'];
  /** From here on the token is refused; log in again before. */
  readonly expiresAt: Scalars['DateTime']['output'];
  /** Who the token speaks for. */
  readonly viewer: Viewer;
};

/** The name belongs to somebody else; choose another. */
export type NameTakenError = UserError & {
  readonly __typename?: 'NameTakenError';
  /** NAME_TAKEN. */
  readonly code: ErrorCode;
  /** Which name. */
  readonly message: Scalars['String']['output'];
};

/** The username or the password is wrong; which of them is not told. */
export type BadCredentialsError = UserError & {
  readonly __typename?: 'BadCredentialsError';
  /** BAD_CREDENTIALS. */
  readonly code: ErrorCode;
  /** The same for an unknown name and a wrong password. */
  readonly message: Scalars['String']['output'];
};

/** The new account's token, or why there is none. */
export type RegisterResult = AuthPayload | NameTakenError | InvalidInputError;

/** A token, or why there is none. */
export type LoginResult = AuthPayload | BadCredentialsError | InvalidInputError;

/** A thing that senses: a motion sensor, a device. */
export type Sensor = Node & {
  readonly __typename?: 'Sensor';
  /** Opaque global id, for `node`. */
  readonly id: Scalars['ID']['output'];
  /** The sender's id of the sensor. */
  readonly sensorId: Scalars['String']['output'];
  /** The latest motion or reading of its latest session. */
  readonly lastMotionAt?: Maybe<Scalars['DateTime']['output']>;
  /** Its active session; null where none is. */
  readonly activeSession?: Maybe<Session>;
  /** Its sessions, latest start first. */
  readonly sessions: SessionConnection;
};


/** A thing that senses: a motion sensor, a device. */
export type SensorSessionsArgs = {
  filter?: InputMaybe<SessionFilter>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};

/** A stretch of activity at one sensor. */
export type Session = Node & {
  readonly __typename?: 'Session';
  /** Opaque global id, for `node`. */
  readonly id: Scalars['ID']['output'];
  /** The creator's id of the session. */
  readonly sessionId: Scalars['String']['output'];
  /** Where it is. */
  readonly sensor: Sensor;
  /** The `sub` of the token that opened it. */
  readonly userId?: Maybe<Scalars['String']['output']>;
  /** Whether it goes on. */
  readonly status: SessionStatus;
  /** The earliest that is known of it: given, motion or reading. */
  readonly startedAt: Scalars['DateTime']['output'];
  /** Null while the session is active. */
  readonly endedAt?: Maybe<Scalars['DateTime']['output']>;
  /** How the end is known; null while active. */
  readonly endReason?: Maybe<SessionEndReason>;
  /** The latest motion or reading; the start where there was none. */
  readonly lastMotionAt: Scalars['DateTime']['output'];
  /** From start to end, as the device measured it where it did; null while active. */
  readonly duration?: Maybe<Scalars['Milliseconds']['output']>;
  /** Motion events, each counted once. */
  readonly motionEventCount: Scalars['Int']['output'];
  /** Media playback that the session started. */
  readonly playback: Playback;
  /** Readings received, each counted once however often its batch arrived. */
  readonly sampleCount: Scalars['Int']['output'];
  /** Offsets of batches that must exist, because a later one arrived, and have not arrived. */
  readonly missingBatches: ReadonlyArray<IntRange>;
  /** The readings in the order of time, over all batches. */
  readonly readings: ReadingConnection;
  /** Set by people only. No device write can change it. */
  readonly labels: ReadonlyArray<Scalars['String']['output']>;
  /** Set by people only. No device write can change it. */
  readonly notes?: Maybe<Scalars['String']['output']>;
  /** A pinned session never expires. */
  readonly pinned: Scalars['Boolean']['output'];
  /** Grows by one with each change by a person; pass it back when annotating. */
  readonly version: Scalars['Int']['output'];
  /** When it was opened here. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** The last write that was not a person's. */
  readonly updatedAt: Scalars['DateTime']['output'];
  /** When the session is deleted; null where it is pinned. */
  readonly expiresAt?: Maybe<Scalars['DateTime']['output']>;
};


/** A stretch of activity at one sensor. */
export type SessionReadingsArgs = {
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};

/** Whether a session goes on. */
export type SessionStatus =
  /** It goes on. At most one at a sensor. */
  | 'ACTIVE'
  /** It is over. Late motion and late batches still correct its numbers. */
  | 'COMPLETED';

/** How the end of a session is known. */
export type SessionEndReason =
  /** Somebody or something ended it. */
  | 'EXPLICIT'
  /** No motion for longer than the idle timeout; `endedAt` is the last motion. */
  | 'IDLE';

/** Both ends are included. */
export type IntRange = {
  readonly __typename?: 'IntRange';
  /** The first. */
  readonly from: Scalars['Int']['output'];
  /** The last. */
  readonly to: Scalars['Int']['output'];
};

/** Media playback that the session started. */
export type Playback = {
  readonly __typename?: 'Playback';
  /** Whether it started. */
  readonly started: Scalars['Boolean']['output'];
  /** When it started. */
  readonly startedAt?: Maybe<Scalars['DateTime']['output']>;
  /** When it stopped. */
  readonly stoppedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Why playback did not start, where it was tried and failed. */
  readonly failure?: Maybe<Scalars['String']['output']>;
  /** On which device. */
  readonly deviceId?: Maybe<Scalars['String']['output']>;
  /** What was to be played. */
  readonly contextUri?: Maybe<Scalars['String']['output']>;
};

/** What a device measured at one instant. */
export type Reading = {
  readonly __typename?: 'Reading';
  /** By the device's clock. */
  readonly at: Scalars['DateTime']['output'];
  /** One number a channel. */
  readonly values: ReadonlyArray<Scalars['Float']['output']>;
};

/** A page of readings. */
export type ReadingConnection = {
  readonly __typename?: 'ReadingConnection';
  /** The readings with their cursors. */
  readonly edges: ReadonlyArray<ReadingEdge>;
  /** The readings alone. */
  readonly nodes: ReadonlyArray<Reading>;
  /** Where the page lies. */
  readonly pageInfo: PageInfo;
};

/** A reading with its cursor. */
export type ReadingEdge = {
  readonly __typename?: 'ReadingEdge';
  /** Good as `after` of `Session.readings`. */
  readonly cursor: Scalars['String']['output'];
  /** The reading. */
  readonly node: Reading;
};

/** A page of sessions. */
export type SessionConnection = {
  readonly __typename?: 'SessionConnection';
  /** The sessions with their cursors. */
  readonly edges: ReadonlyArray<SessionEdge>;
  /** The sessions alone. */
  readonly nodes: ReadonlyArray<Session>;
  /** Where the page lies. */
  readonly pageInfo: PageInfo;
};

/** A session with its cursor. */
export type SessionEdge = {
  readonly __typename?: 'SessionEdge';
  /** Good as `after` of the same list with the same filter. */
  readonly cursor: Scalars['String']['output'];
  /** The session. */
  readonly node: Session;
};

/** A page of sensors. */
export type SensorConnection = {
  readonly __typename?: 'SensorConnection';
  /** The sensors with their cursors. */
  readonly edges: ReadonlyArray<SensorEdge>;
  /** The sensors alone. */
  readonly nodes: ReadonlyArray<Sensor>;
  /** Where the page lies. */
  readonly pageInfo: PageInfo;
};

/** A sensor with its cursor. */
export type SensorEdge = {
  readonly __typename?: 'SensorEdge';
  /** Good as `after` of `sensors`. */
  readonly cursor: Scalars['String']['output'];
  /** The sensor. */
  readonly node: Sensor;
};

/** Which sessions to list; all parts must hold. */
export type SessionFilter = {
  /** Sessions at this sensor. */
  readonly sensorId?: InputMaybe<Scalars['String']['input']>;
  /** By `startedAt`. */
  readonly range?: InputMaybe<TimeRange>;
  /** Sessions that go on, or that are over. */
  readonly status?: InputMaybe<SessionStatus>;
  /** Sessions that carry this label. */
  readonly label?: InputMaybe<Scalars['String']['input']>;
};

/** A session to open. */
export type CreateSessionInput = {
  /** Where: 1 to 128 characters. */
  readonly sensorId: Scalars['String']['input'];
  /** The creator's own id, which makes a retry safe; made by the service where absent. */
  readonly sessionId?: InputMaybe<Scalars['String']['input']>;
  /** Now where absent. From 1990 to 10 minutes from now. */
  readonly startedAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** The device on which media is to be played. */
  readonly playbackDeviceId?: InputMaybe<Scalars['String']['input']>;
  /** What is to be played. */
  readonly playbackContextUri?: InputMaybe<Scalars['String']['input']>;
};

/** One motion event. */
export type RecordMotionInput = {
  /** Which sensor: 1 to 128 characters. */
  readonly sensorId: Scalars['String']['input'];
  /** The sensor's own running number of this event; the same number again changes nothing. */
  readonly seq: Scalars['Int']['input'];
  /** From 1990 to 10 minutes from now. */
  readonly at: Scalars['DateTime']['input'];
};

/** What happened in a session. */
export type UpdateSessionInput = {
  /** Which session. */
  readonly sessionId: Scalars['String']['input'];
  /** The caller's id of this update; the same id again changes nothing. */
  readonly updateId: Scalars['ID']['input'];
  /** Counts one more motion event, now. */
  readonly incrementMotionCount?: Scalars['Boolean']['input'];
  /** Whether playback started. */
  readonly playbackStarted?: InputMaybe<Scalars['Boolean']['input']>;
  /** Why playback did not start. */
  readonly playbackFailure?: InputMaybe<Scalars['String']['input']>;
  /** The device on which media is played. */
  readonly playbackDeviceId?: InputMaybe<Scalars['String']['input']>;
  /** What is played. */
  readonly playbackContextUri?: InputMaybe<Scalars['String']['input']>;
};

/** A session to end. */
export type EndSessionInput = {
  /** Which session. */
  readonly sessionId: Scalars['String']['input'];
  /** Now where absent; not before the start. */
  readonly endedAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** Whether playback stopped with it. */
  readonly playbackStopped?: Scalars['Boolean']['input'];
};

/** What a person writes of a session. What is left out stays; null empties. */
export type AnnotateSessionInput = {
  /** Which session. */
  readonly sessionId: Scalars['String']['input'];
  /** The `version` that the person saw. */
  readonly expectedVersion: Scalars['Int']['input'];
  /** At most 100 of at most 64 characters. */
  readonly labels?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** At most 10,000 characters. */
  readonly notes?: InputMaybe<Scalars['String']['input']>;
  /** True keeps the session for ever. */
  readonly pinned?: InputMaybe<Scalars['Boolean']['input']>;
};

/** One batch of a device's readings. */
export type IngestSessionBatchInput = {
  /** The device's id of the session: 1 to 128 characters. */
  readonly sessionId: Scalars['String']['input'];
  /** Which device: 1 to 128 characters. */
  readonly sensorId: Scalars['String']['input'];
  /** Running number of this batch in its session, from 0. The same number again changes nothing. */
  readonly batchOffset: Scalars['Int']['input'];
  /** At most 5,000. */
  readonly readings: ReadonlyArray<ReadingInput>;
  /** Start of the session by the device's clock. */
  readonly startedAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** Length of the session so far, as the device measures it: at most 3,650 days. */
  readonly durationMs?: InputMaybe<Scalars['Milliseconds']['input']>;
  /** True on the last batch. */
  readonly final?: Scalars['Boolean']['input'];
};

/** What a device measured at one instant. */
export type ReadingInput = {
  /** From 1990 to 10 minutes from now. */
  readonly at: Scalars['DateTime']['input'];
  /** 1 to 64 numbers, as many in every reading of the batch. */
  readonly values: ReadonlyArray<Scalars['Float']['input']>;
};

/** How sessions end and are kept; holds for sessions that begin from now on. */
export type ConfigureSessionsInput = {
  /** For this sensor; for the tenant where absent. */
  readonly sensorId?: InputMaybe<Scalars['String']['input']>;
  /** How long without motion ends a session: 10 seconds to 24 hours; 5 minutes where never set. */
  readonly idleTimeout?: InputMaybe<Scalars['Milliseconds']['input']>;
  /** Days to keep a session after its last write: 1 to 3,650; 30 where never set. Of the tenant only. */
  readonly keepDays?: InputMaybe<Scalars['Int']['input']>;
};

/** It is set. */
export type ConfigureSessionsPayload = {
  readonly __typename?: 'ConfigureSessionsPayload';
  /** The sensor that it holds for; null where it is the tenant. */
  readonly sensorId?: Maybe<Scalars['String']['output']>;
};

/** A session, as it is now. */
export type SessionPayload = {
  readonly __typename?: 'SessionPayload';
  /** As it is now. */
  readonly session: Session;
};

/** Where a motion event was counted. */
export type RecordMotionPayload = {
  readonly __typename?: 'RecordMotionPayload';
  /** The session that it belongs to. */
  readonly session: Session;
  /** True where this event opened the session. */
  readonly started: Scalars['Boolean']['output'];
  /** True where the event had been recorded before. */
  readonly duplicate: Scalars['Boolean']['output'];
};

/** Where a batch was counted. */
export type IngestSessionBatchPayload = {
  readonly __typename?: 'IngestSessionBatchPayload';
  /** The session, with the batch. */
  readonly session: Session;
  /** True where this batch had been received before. */
  readonly duplicate: Scalars['Boolean']['output'];
};

/** Somebody else changed it since. */
export type VersionConflictError = UserError & {
  readonly __typename?: 'VersionConflictError';
  /** VERSION_CONFLICT. */
  readonly code: ErrorCode;
  /** Which version it is at. */
  readonly message: Scalars['String']['output'];
  /** The session as it is now. */
  readonly current: Session;
};

/** The session is over. */
export type SessionEndedError = UserError & {
  readonly __typename?: 'SessionEndedError';
  /** SESSION_ENDED. */
  readonly code: ErrorCode;
  /** What to do instead. */
  readonly message: Scalars['String']['output'];
  /** As it is. */
  readonly session: Session;
};

/** The same identity came before with other content; nothing was changed. */
export type PayloadMismatchError = UserError & {
  readonly __typename?: 'PayloadMismatchError';
  /** PAYLOAD_MISMATCH. */
  readonly code: ErrorCode;
  /** Which identity. */
  readonly message: Scalars['String']['output'];
};

/** The session, or why it was not created. */
export type CreateSessionResult = SessionPayload | PayloadMismatchError | InvalidInputError;

/** Where the event was counted, or why it was refused. */
export type RecordMotionResult = RecordMotionPayload | InvalidInputError;

/** The session, or why it was not updated. */
export type UpdateSessionResult = SessionPayload | NotFoundError | SessionEndedError | InvalidInputError;

/** The session, or why it was not ended. */
export type EndSessionResult = SessionPayload | NotFoundError | InvalidInputError;

/** The session, or why it was not annotated. */
export type AnnotateSessionResult = SessionPayload | NotFoundError | VersionConflictError | InvalidInputError;

/** Where the batch was counted, or why it was refused. */
export type IngestSessionBatchResult = IngestSessionBatchPayload | PayloadMismatchError | InvalidInputError;

/** What was set, or why it was refused. */
export type ConfigureSessionsResult = ConfigureSessionsPayload | InvalidInputError;

/** All that one visitor did in one session, in order. */
export type Journey = Node & {
  readonly __typename?: 'Journey';
  /** Opaque global id, for `node`. */
  readonly id: Scalars['ID']['output'];
  /** The sender's id of the session. */
  readonly sessionId: Scalars['String']['output'];
  /** The visitor that the earliest event with a visitor names. */
  readonly visitorId?: Maybe<Scalars['String']['output']>;
  /** The earliest event so far. */
  readonly startedAt: Scalars['DateTime']['output'];
  /** The latest event so far. */
  readonly endedAt: Scalars['DateTime']['output'];
  /** From the earliest to the latest event. */
  readonly duration: Scalars['Milliseconds']['output'];
  /** How the journey ended, or stands. */
  readonly outcome: JourneyOutcome;
  /** The event that decided the outcome; null where no single event did. */
  readonly outcomeEvent?: Maybe<JourneyEvent>;
  /** Events recorded, each once. */
  readonly eventCount: Scalars['Int']['output'];
  /** Messages of the visitor and answers to them. */
  readonly messageCount: Scalars['Int']['output'];
  /** MESSAGE_SENT events. */
  readonly userMessageCount: Scalars['Int']['output'];
  /** MESSAGE_RECEIVED events. */
  readonly botMessageCount: Scalars['Int']['output'];
  /** The text of the first message that the visitor sent. */
  readonly firstQuestion?: Maybe<Scalars['String']['output']>;
  /** The events in the order they occurred. */
  readonly events: JourneyEventConnection;
  /** When the journey is deleted: 90 days after its last event arrived. Raw events are kept. */
  readonly expiresAt?: Maybe<Scalars['DateTime']['output']>;
};


/** All that one visitor did in one session, in order. */
export type JourneyEventsArgs = {
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};

/** Exactly one per journey. A stronger one is never replaced by a weaker one, in whatever order the events arrive. */
export type JourneyOutcome =
  /** A form was completed. Strongest. */
  | 'FORM_COMPLETED'
  /** A call to action was clicked. */
  | 'CTA_CLICKED'
  /** A link was clicked. */
  | 'LINK_CLICKED'
  /** A form was begun or a message sent, none of the above happened, and 30 minutes passed without an event. */
  | 'ABANDONED'
  /** None of the above. Weakest. */
  | 'BROWSING';

/** One thing that a visitor did, or that answered them. */
export type JourneyEvent = {
  readonly __typename?: 'JourneyEvent';
  /** What numbered the event: a tab, a device. */
  readonly source: Scalars['String']['output'];
  /** The source's running number. */
  readonly seq: Scalars['Int']['output'];
  /** Upper snake case, such as PAGE_VIEWED. */
  readonly type: Scalars['String']['output'];
  /** When it happened, by the sender's clock. */
  readonly occurredAt: Scalars['DateTime']['output'];
  /** When it arrived here first. */
  readonly receivedAt: Scalars['DateTime']['output'];
  /** Position in the journey, from 1. */
  readonly step: Scalars['Int']['output'];
  /** The page it happened on. */
  readonly page?: Maybe<Scalars['String']['output']>;
  /** What was written. */
  readonly text?: Maybe<Scalars['String']['output']>;
  /** What the sender added. */
  readonly properties?: Maybe<Scalars['JSON']['output']>;
};

/** A page of events. */
export type JourneyEventConnection = {
  readonly __typename?: 'JourneyEventConnection';
  /** The events with their cursors. */
  readonly edges: ReadonlyArray<JourneyEventEdge>;
  /** The events alone. */
  readonly nodes: ReadonlyArray<JourneyEvent>;
  /** Where the page lies. */
  readonly pageInfo: PageInfo;
};

/** An event with its cursor. */
export type JourneyEventEdge = {
  readonly __typename?: 'JourneyEventEdge';
  /** Good as `after` of `Journey.events` and of the `journeyEvents` subscription. */
  readonly cursor: Scalars['String']['output'];
  /** The event. */
  readonly node: JourneyEvent;
};

/** A page of journeys. */
export type JourneyConnection = {
  readonly __typename?: 'JourneyConnection';
  /** The journeys with their cursors. */
  readonly edges: ReadonlyArray<JourneyEdge>;
  /** The journeys alone. */
  readonly nodes: ReadonlyArray<Journey>;
  /** Where the page lies. */
  readonly pageInfo: PageInfo;
};

/** A journey with its cursor. */
export type JourneyEdge = {
  readonly __typename?: 'JourneyEdge';
  /** Good as `after` of `journeys` with the same filter. */
  readonly cursor: Scalars['String']['output'];
  /** The journey. */
  readonly node: Journey;
};

/** Which journeys to list; all parts must hold. */
export type JourneyFilter = {
  /** By `startedAt`; the last 30 days where absent. */
  readonly range?: InputMaybe<TimeRange>;
  /** Journeys with this outcome. */
  readonly outcome?: InputMaybe<JourneyOutcome>;
  /** Journeys of this visitor. */
  readonly visitorId?: InputMaybe<Scalars['String']['input']>;
  /** Journeys in which each of these event types happened. */
  readonly did?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
  /** Journeys in which none of these event types happened. */
  readonly didNot?: InputMaybe<ReadonlyArray<Scalars['String']['input']>>;
};

/** A batch of events, of one or of several sessions. */
export type RecordEventsInput = {
  /** 1 to 500. */
  readonly events: ReadonlyArray<EventInput>;
};

/** One event as its sender numbers it. */
export type EventInput = {
  /** The sender's id of the session: 1 to 128 characters. */
  readonly sessionId: Scalars['String']['input'];
  /** What numbers the events: a tab, a device. One session can have several. */
  readonly source?: Scalars['String']['input'];
  /** The source's running number in this session, from 1. (session, source, seq) is recorded once, for ever. */
  readonly seq: Scalars['Int']['input'];
  /** Upper snake case: WIDGET_OPENED, PAGE_VIEWED, MESSAGE_SENT, MESSAGE_RECEIVED, FORM_STARTED, FORM_COMPLETED, LINK_CLICKED, CTA_CLICKED or any other. */
  readonly type: Scalars['String']['input'];
  /** From 1990 to 10 minutes from now. */
  readonly occurredAt: Scalars['DateTime']['input'];
  /** Who the visitor is, where known: 1 to 128 characters. */
  readonly visitorId?: InputMaybe<Scalars['String']['input']>;
  /** The page it happened on: at most 2,048 characters. */
  readonly page?: InputMaybe<Scalars['String']['input']>;
  /** What was written: at most 8,192 characters. */
  readonly text?: InputMaybe<Scalars['String']['input']>;
  /** At most 8 KB as JSON. */
  readonly properties?: InputMaybe<Scalars['JSON']['input']>;
};

/** What became of each event. */
export type RecordEventsPayload = {
  readonly __typename?: 'RecordEventsPayload';
  /** One for each event sent, in the same order. */
  readonly receipts: ReadonlyArray<EventReceipt>;
  /** Events recorded now. */
  readonly accepted: Scalars['Int']['output'];
  /** Events that had been recorded before. */
  readonly duplicates: Scalars['Int']['output'];
  /** Events that can never be recorded as they are. */
  readonly rejected: Scalars['Int']['output'];
};

/** What became of one event. */
export type EventReceipt = {
  readonly __typename?: 'EventReceipt';
  /** Recorded, known already, or refused. */
  readonly status: EventStatus;
  /** Why it was refused: the field, the limit and the value. */
  readonly reason?: Maybe<Scalars['String']['output']>;
};

/** What became of one event. */
export type EventStatus =
  /** Recorded now. */
  | 'ACCEPTED'
  /** Recorded before; nothing changed. */
  | 'DUPLICATE'
  /** Refused; sending it again as it is will not help. */
  | 'REJECTED';

/** Receipts, or why the batch as a whole was refused. */
export type RecordEventsResult = RecordEventsPayload | InvalidInputError;

/** Which journeys to rebuild. */
export type BackfillJourneysInput = {
  /** Batches whose first event occurred in this range, widened to whole hours. */
  readonly range: TimeRange;
  /** True: say what would change and change nothing. */
  readonly dryRun?: Scalars['Boolean']['input'];
};

/** What rebuilding the stored journeys from the object store did, or would do. */
export type BackfillJourneysPayload = {
  readonly __typename?: 'BackfillJourneysPayload';
  /** Objects of raw events read. */
  readonly objectsRead: Scalars['Int']['output'];
  /** Events in them, repeats included. */
  readonly eventsRead: Scalars['Int']['output'];
  /** Journeys that were not there. */
  readonly journeysCreated: Scalars['Int']['output'];
  /** Journeys that lacked events. */
  readonly journeysChanged: Scalars['Int']['output'];
  /** Journeys that had every event; not written to. */
  readonly journeysUnchanged: Scalars['Int']['output'];
};

/** What the rebuild did, or why it was refused. */
export type BackfillJourneysResult = BackfillJourneysPayload | InvalidInputError;

/** What is counted. The first four are records that clients or attached tables provide; the rest the service counts itself. */
export type MetricSource =
  /** Items, as clients record them. */
  | 'ITEMS'
  /** Results of scores, as clients record them. */
  | 'SCORE_RESULTS'
  /** Tasks, as clients record them. */
  | 'TASKS'
  /** Evaluations, as clients record them. */
  | 'EVALUATIONS'
  /** Sessions, by their start. */
  | 'SESSIONS'
  /** Motion events, by their own time. */
  | 'MOTION_EVENTS'
  /** Journeys, by their start. */
  | 'JOURNEYS'
  /** Events of journeys, by their own time. */
  | 'JOURNEY_EVENTS';

/** How long a bucket is. */
export type BucketSize =
  /** 1 minute. */
  | 'ONE_MINUTE'
  /** 5 minutes. */
  | 'FIVE_MINUTES'
  /** 15 minutes. */
  | 'FIFTEEN_MINUTES'
  /** 60 minutes. */
  | 'ONE_HOUR';

/** How many records of a source lie in a stretch of time. */
export type MetricBucket = {
  readonly __typename?: 'MetricBucket';
  /** What is counted. */
  readonly source: MetricSource;
  /** How long the bucket is. */
  readonly size: BucketSize;
  /** Aligned to the size, in UTC. */
  readonly start: Scalars['DateTime']['output'];
  /** Excluded. */
  readonly end: Scalars['DateTime']['output'];
  /** All records of the bucket so far: a total, never a difference. */
  readonly count: Scalars['Int']['output'];
  /** False while the bucket can still grow in the ordinary way; late records can change a closed one, and that is pushed too. */
  readonly closed: Scalars['Boolean']['output'];
  /** Grows with each change. */
  readonly version: Scalars['String']['output'];
};

/** The buckets of one source. */
export type MetricSeries = {
  readonly __typename?: 'MetricSeries';
  /** What is counted. */
  readonly source: MetricSource;
  /** How long the buckets are. */
  readonly size: BucketSize;
  /** Ascending, without gaps: an empty bucket has the count 0. */
  readonly buckets: ReadonlyArray<MetricBucket>;
  /** All buckets together. */
  readonly total: Scalars['Int']['output'];
};

/** Records to count. */
export type RecordMetricsInput = {
  /** 1 to 500. */
  readonly records: ReadonlyArray<MetricRecordInput>;
};

/** One record to count. */
export type MetricRecordInput = {
  /** One of the first four sources. */
  readonly source: MetricSource;
  /** The record's own id: (tenant, source, recordId) is counted once. */
  readonly recordId: Scalars['ID']['input'];
  /** From 1990 to 10 minutes from now. */
  readonly at: Scalars['DateTime']['input'];
};

/** What became of the records. */
export type RecordMetricsPayload = {
  readonly __typename?: 'RecordMetricsPayload';
  /** Records kept now. */
  readonly accepted: Scalars['Int']['output'];
  /** Records that were kept before. */
  readonly duplicates: Scalars['Int']['output'];
};

/** What became of the records, or why they were refused. */
export type RecordMetricsResult = RecordMetricsPayload | InvalidInputError;

/** One message of the live feed. */
export type MetricUpdate = {
  readonly __typename?: 'MetricUpdate';
  /** Pass the last one received as `after` to go on where the feed broke off: nothing missed, nothing twice. */
  readonly cursor: Scalars['String']['output'];
  /** The bucket as it is. */
  readonly bucket: MetricBucket;
};

/** What can be asked. */
export type Query = {
  readonly __typename?: 'Query';
  /** Who is asking, and what the token allows. */
  readonly viewer: Viewer;
  /** The thing with this global id; null where this tenant has none. */
  readonly node?: Maybe<Node>;
  /** The things with these global ids, in their order; at most 100. */
  readonly nodes: ReadonlyArray<Maybe<Node>>;
  /** The session with this id; null where there is none. */
  readonly session?: Maybe<Session>;
  /** The session that goes on at a sensor; null where none does. */
  readonly activeSession?: Maybe<Session>;
  /** Latest start first. */
  readonly sessions: SessionConnection;
  /** The sensor with this id; null where nothing came from it yet. */
  readonly sensor?: Maybe<Sensor>;
  /** By their ids. */
  readonly sensors: SensorConnection;
  /** The journey of this session; null where there is none. */
  readonly journey?: Maybe<Journey>;
  /** Latest start first. */
  readonly journeys: JourneyConnection;
  /** Counts in buckets, a series for each source. At most 1,500 buckets a source. */
  readonly metrics: ReadonlyArray<MetricSeries>;
};


/** What can be asked. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** What can be asked. */
export type QueryNodesArgs = {
  ids: ReadonlyArray<Scalars['ID']['input']>;
};


/** What can be asked. */
export type QuerySessionArgs = {
  sessionId: Scalars['String']['input'];
};


/** What can be asked. */
export type QueryActiveSessionArgs = {
  sensorId: Scalars['String']['input'];
};


/** What can be asked. */
export type QuerySessionsArgs = {
  filter?: InputMaybe<SessionFilter>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


/** What can be asked. */
export type QuerySensorArgs = {
  sensorId: Scalars['String']['input'];
};


/** What can be asked. */
export type QuerySensorsArgs = {
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


/** What can be asked. */
export type QueryJourneyArgs = {
  sessionId: Scalars['String']['input'];
};


/** What can be asked. */
export type QueryJourneysArgs = {
  filter?: InputMaybe<JourneyFilter>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


/** What can be asked. */
export type QueryMetricsArgs = {
  sources: ReadonlyArray<MetricSource>;
  size: BucketSize;
  range: TimeRange;
};

/** What can be changed. */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /** Opens an account with a tenant of its own. */
  readonly register: RegisterResult;
  /** Gives a token for an account. */
  readonly login: LoginResult;
  /** Opens a session; one that is active at the sensor ends. */
  readonly createSession: CreateSessionResult;
  /** Counts one motion event into the sensor's active session, opening one where there is none. */
  readonly recordMotion: RecordMotionResult;
  /** Notes what happened in a session, once for each update id. */
  readonly updateSession: UpdateSessionResult;
  /** Ending an ended session changes nothing. */
  readonly endSession: EndSessionResult;
  /** Changes what people write of a session, if nobody did since. */
  readonly annotateSession: AnnotateSessionResult;
  /** Answers when the readings are safe in the object store and counted. */
  readonly ingestSessionBatch: IngestSessionBatchResult;
  /** Sets how sessions end and are kept. */
  readonly configureSessions: ConfigureSessionsResult;
  /** Answers when the events are safe in the object store and shown by `journey`. */
  readonly recordEvents: RecordEventsResult;
  /** Rebuilds journeys from the object store; harmless however often it runs. */
  readonly backfillJourneys: BackfillJourneysResult;
  /** Keeps records to be counted, each once. Buckets follow within a second. */
  readonly recordMetrics: RecordMetricsResult;
};


/** What can be changed. */
export type MutationRegisterArgs = {
  input: RegisterInput;
};


/** What can be changed. */
export type MutationLoginArgs = {
  input: LoginInput;
};


/** What can be changed. */
export type MutationCreateSessionArgs = {
  input: CreateSessionInput;
};


/** What can be changed. */
export type MutationRecordMotionArgs = {
  input: RecordMotionInput;
};


/** What can be changed. */
export type MutationUpdateSessionArgs = {
  input: UpdateSessionInput;
};


/** What can be changed. */
export type MutationEndSessionArgs = {
  input: EndSessionInput;
};


/** What can be changed. */
export type MutationAnnotateSessionArgs = {
  input: AnnotateSessionInput;
};


/** What can be changed. */
export type MutationIngestSessionBatchArgs = {
  input: IngestSessionBatchInput;
};


/** What can be changed. */
export type MutationConfigureSessionsArgs = {
  input: ConfigureSessionsInput;
};


/** What can be changed. */
export type MutationRecordEventsArgs = {
  input: RecordEventsInput;
};


/** What can be changed. */
export type MutationBackfillJourneysArgs = {
  input: BackfillJourneysInput;
};


/** What can be changed. */
export type MutationRecordMetricsArgs = {
  input: RecordMetricsInput;
};

/** What can be followed. */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /** The journey's events so far (after the cursor `after`), then each new one. */
  readonly journeyEvents: JourneyEventEdge;
  /** Sessions of the tenant as they start, change and end; from now on. */
  readonly sessionChanged: Session;
  /** The buckets of the last two hours as they are (or, with `after`, those that changed since), then each change as it happens. */
  readonly metricBuckets: MetricUpdate;
};


/** What can be followed. */
export type SubscriptionJourneyEventsArgs = {
  sessionId: Scalars['String']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


/** What can be followed. */
export type SubscriptionSessionChangedArgs = {
  sensorId?: InputMaybe<Scalars['String']['input']>;
};


/** What can be followed. */
export type SubscriptionMetricBucketsArgs = {
  sources: ReadonlyArray<MetricSource>;
  size: BucketSize;
  after?: InputMaybe<Scalars['String']['input']>;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;



/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  RegisterResult:
    | ( Omit<AuthPayload, 'viewer'> & { viewer: _RefType['Viewer'] } )
    | ( NameTakenError )
    | ( InvalidInputError )
  ;
  LoginResult:
    | ( Omit<AuthPayload, 'viewer'> & { viewer: _RefType['Viewer'] } )
    | ( BadCredentialsError )
    | ( InvalidInputError )
  ;
  CreateSessionResult:
    | ( Omit<SessionPayload, 'session'> & { session: _RefType['Session'] } )
    | ( PayloadMismatchError )
    | ( InvalidInputError )
  ;
  RecordMotionResult:
    | ( Omit<RecordMotionPayload, 'session'> & { session: _RefType['Session'] } )
    | ( InvalidInputError )
  ;
  UpdateSessionResult:
    | ( Omit<SessionPayload, 'session'> & { session: _RefType['Session'] } )
    | ( NotFoundError )
    | ( Omit<SessionEndedError, 'session'> & { session: _RefType['Session'] } )
    | ( InvalidInputError )
  ;
  EndSessionResult:
    | ( Omit<SessionPayload, 'session'> & { session: _RefType['Session'] } )
    | ( NotFoundError )
    | ( InvalidInputError )
  ;
  AnnotateSessionResult:
    | ( Omit<SessionPayload, 'session'> & { session: _RefType['Session'] } )
    | ( NotFoundError )
    | ( Omit<VersionConflictError, 'current'> & { current: _RefType['Session'] } )
    | ( InvalidInputError )
  ;
  IngestSessionBatchResult:
    | ( Omit<IngestSessionBatchPayload, 'session'> & { session: _RefType['Session'] } )
    | ( PayloadMismatchError )
    | ( InvalidInputError )
  ;
  ConfigureSessionsResult:
    | ( ConfigureSessionsPayload )
    | ( InvalidInputError )
  ;
  RecordEventsResult:
    | ( RecordEventsPayload )
    | ( InvalidInputError )
  ;
  BackfillJourneysResult:
    | ( BackfillJourneysPayload )
    | ( InvalidInputError )
  ;
  RecordMetricsResult:
    | ( RecordMetricsPayload )
    | ( InvalidInputError )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( SensorModel )
    | ( SessionModel )
    | ( JourneyModel )
  ;
  UserError:
    | ( InvalidInputError )
    | ( NotFoundError )
    | ( NameTakenError )
    | ( BadCredentialsError )
    | ( Omit<VersionConflictError, 'current'> & { current: _RefType['Session'] } )
    | ( Omit<SessionEndedError, 'session'> & { session: _RefType['Session'] } )
    | ( PayloadMismatchError )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Milliseconds: ResolverTypeWrapper<Scalars['Milliseconds']['output']>;
  JSON: ResolverTypeWrapper<Scalars['JSON']['output']>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  TimeRange: TimeRange;
  Between: Between;
  RangePreset: RangePreset;
  UserError: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['UserError']>;
  ErrorCode: ErrorCode;
  InvalidInputError: ResolverTypeWrapper<InvalidInputError>;
  InvalidField: ResolverTypeWrapper<InvalidField>;
  NotFoundError: ResolverTypeWrapper<NotFoundError>;
  Viewer: ResolverTypeWrapper<ViewerModel>;
  Scope: Scope;
  RegisterInput: RegisterInput;
  LoginInput: LoginInput;
  AuthPayload: ResolverTypeWrapper<Omit<AuthPayload, 'viewer'> & { viewer: ResolversTypes['Viewer'] }>;
  NameTakenError: ResolverTypeWrapper<NameTakenError>;
  BadCredentialsError: ResolverTypeWrapper<BadCredentialsError>;
  RegisterResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RegisterResult']>;
  LoginResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['LoginResult']>;
  Sensor: ResolverTypeWrapper<SensorModel>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Session: ResolverTypeWrapper<SessionModel>;
  SessionStatus: SessionStatus;
  SessionEndReason: SessionEndReason;
  IntRange: ResolverTypeWrapper<IntRange>;
  Playback: ResolverTypeWrapper<PlaybackModel>;
  Reading: ResolverTypeWrapper<ReadingModel>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  ReadingConnection: ResolverTypeWrapper<ReadingPageModel>;
  ReadingEdge: ResolverTypeWrapper<Omit<ReadingEdge, 'node'> & { node: ResolversTypes['Reading'] }>;
  SessionConnection: ResolverTypeWrapper<SessionPageModel>;
  SessionEdge: ResolverTypeWrapper<Omit<SessionEdge, 'node'> & { node: ResolversTypes['Session'] }>;
  SensorConnection: ResolverTypeWrapper<SensorPageModel>;
  SensorEdge: ResolverTypeWrapper<Omit<SensorEdge, 'node'> & { node: ResolversTypes['Sensor'] }>;
  SessionFilter: SessionFilter;
  CreateSessionInput: CreateSessionInput;
  RecordMotionInput: RecordMotionInput;
  UpdateSessionInput: UpdateSessionInput;
  EndSessionInput: EndSessionInput;
  AnnotateSessionInput: AnnotateSessionInput;
  IngestSessionBatchInput: IngestSessionBatchInput;
  ReadingInput: ReadingInput;
  ConfigureSessionsInput: ConfigureSessionsInput;
  ConfigureSessionsPayload: ResolverTypeWrapper<ConfigureSessionsPayload>;
  SessionPayload: ResolverTypeWrapper<Omit<SessionPayload, 'session'> & { session: ResolversTypes['Session'] }>;
  RecordMotionPayload: ResolverTypeWrapper<Omit<RecordMotionPayload, 'session'> & { session: ResolversTypes['Session'] }>;
  IngestSessionBatchPayload: ResolverTypeWrapper<Omit<IngestSessionBatchPayload, 'session'> & { session: ResolversTypes['Session'] }>;
  VersionConflictError: ResolverTypeWrapper<Omit<VersionConflictError, 'current'> & { current: ResolversTypes['Session'] }>;
  SessionEndedError: ResolverTypeWrapper<Omit<SessionEndedError, 'session'> & { session: ResolversTypes['Session'] }>;
  PayloadMismatchError: ResolverTypeWrapper<PayloadMismatchError>;
  CreateSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['CreateSessionResult']>;
  RecordMotionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RecordMotionResult']>;
  UpdateSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['UpdateSessionResult']>;
  EndSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['EndSessionResult']>;
  AnnotateSessionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['AnnotateSessionResult']>;
  IngestSessionBatchResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['IngestSessionBatchResult']>;
  ConfigureSessionsResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ConfigureSessionsResult']>;
  Journey: ResolverTypeWrapper<JourneyModel>;
  JourneyOutcome: JourneyOutcome;
  JourneyEvent: ResolverTypeWrapper<JourneyEventModel>;
  JourneyEventConnection: ResolverTypeWrapper<JourneyEventPageModel>;
  JourneyEventEdge: ResolverTypeWrapper<Omit<JourneyEventEdge, 'node'> & { node: ResolversTypes['JourneyEvent'] }>;
  JourneyConnection: ResolverTypeWrapper<JourneyPageModel>;
  JourneyEdge: ResolverTypeWrapper<Omit<JourneyEdge, 'node'> & { node: ResolversTypes['Journey'] }>;
  JourneyFilter: JourneyFilter;
  RecordEventsInput: RecordEventsInput;
  EventInput: EventInput;
  RecordEventsPayload: ResolverTypeWrapper<RecordEventsPayload>;
  EventReceipt: ResolverTypeWrapper<EventReceipt>;
  EventStatus: EventStatus;
  RecordEventsResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RecordEventsResult']>;
  BackfillJourneysInput: BackfillJourneysInput;
  BackfillJourneysPayload: ResolverTypeWrapper<BackfillJourneysPayload>;
  BackfillJourneysResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['BackfillJourneysResult']>;
  MetricSource: MetricSource;
  BucketSize: BucketSize;
  MetricBucket: ResolverTypeWrapper<MetricBucket>;
  MetricSeries: ResolverTypeWrapper<MetricSeries>;
  RecordMetricsInput: RecordMetricsInput;
  MetricRecordInput: MetricRecordInput;
  RecordMetricsPayload: ResolverTypeWrapper<RecordMetricsPayload>;
  RecordMetricsResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RecordMetricsResult']>;
  MetricUpdate: ResolverTypeWrapper<MetricUpdate>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  DateTime: Scalars['DateTime']['output'];
  Milliseconds: Scalars['Milliseconds']['output'];
  JSON: Scalars['JSON']['output'];
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  ID: Scalars['ID']['output'];
  PageInfo: PageInfo;
  Boolean: Scalars['Boolean']['output'];
  String: Scalars['String']['output'];
  TimeRange: TimeRange;
  Between: Between;
  UserError: ResolversInterfaceTypes<ResolversParentTypes>['UserError'];
  InvalidInputError: InvalidInputError;
  InvalidField: InvalidField;
  NotFoundError: NotFoundError;
  Viewer: ViewerModel;
  RegisterInput: RegisterInput;
  LoginInput: LoginInput;
  AuthPayload: Omit<AuthPayload, 'viewer'> & { viewer: ResolversParentTypes['Viewer'] };
  NameTakenError: NameTakenError;
  BadCredentialsError: BadCredentialsError;
  RegisterResult: ResolversUnionTypes<ResolversParentTypes>['RegisterResult'];
  LoginResult: ResolversUnionTypes<ResolversParentTypes>['LoginResult'];
  Sensor: SensorModel;
  Int: Scalars['Int']['output'];
  Session: SessionModel;
  IntRange: IntRange;
  Playback: PlaybackModel;
  Reading: ReadingModel;
  Float: Scalars['Float']['output'];
  ReadingConnection: ReadingPageModel;
  ReadingEdge: Omit<ReadingEdge, 'node'> & { node: ResolversParentTypes['Reading'] };
  SessionConnection: SessionPageModel;
  SessionEdge: Omit<SessionEdge, 'node'> & { node: ResolversParentTypes['Session'] };
  SensorConnection: SensorPageModel;
  SensorEdge: Omit<SensorEdge, 'node'> & { node: ResolversParentTypes['Sensor'] };
  SessionFilter: SessionFilter;
  CreateSessionInput: CreateSessionInput;
  RecordMotionInput: RecordMotionInput;
  UpdateSessionInput: UpdateSessionInput;
  EndSessionInput: EndSessionInput;
  AnnotateSessionInput: AnnotateSessionInput;
  IngestSessionBatchInput: IngestSessionBatchInput;
  ReadingInput: ReadingInput;
  ConfigureSessionsInput: ConfigureSessionsInput;
  ConfigureSessionsPayload: ConfigureSessionsPayload;
  SessionPayload: Omit<SessionPayload, 'session'> & { session: ResolversParentTypes['Session'] };
  RecordMotionPayload: Omit<RecordMotionPayload, 'session'> & { session: ResolversParentTypes['Session'] };
  IngestSessionBatchPayload: Omit<IngestSessionBatchPayload, 'session'> & { session: ResolversParentTypes['Session'] };
  VersionConflictError: Omit<VersionConflictError, 'current'> & { current: ResolversParentTypes['Session'] };
  SessionEndedError: Omit<SessionEndedError, 'session'> & { session: ResolversParentTypes['Session'] };
  PayloadMismatchError: PayloadMismatchError;
  CreateSessionResult: ResolversUnionTypes<ResolversParentTypes>['CreateSessionResult'];
  RecordMotionResult: ResolversUnionTypes<ResolversParentTypes>['RecordMotionResult'];
  UpdateSessionResult: ResolversUnionTypes<ResolversParentTypes>['UpdateSessionResult'];
  EndSessionResult: ResolversUnionTypes<ResolversParentTypes>['EndSessionResult'];
  AnnotateSessionResult: ResolversUnionTypes<ResolversParentTypes>['AnnotateSessionResult'];
  IngestSessionBatchResult: ResolversUnionTypes<ResolversParentTypes>['IngestSessionBatchResult'];
  ConfigureSessionsResult: ResolversUnionTypes<ResolversParentTypes>['ConfigureSessionsResult'];
  Journey: JourneyModel;
  JourneyEvent: JourneyEventModel;
  JourneyEventConnection: JourneyEventPageModel;
  JourneyEventEdge: Omit<JourneyEventEdge, 'node'> & { node: ResolversParentTypes['JourneyEvent'] };
  JourneyConnection: JourneyPageModel;
  JourneyEdge: Omit<JourneyEdge, 'node'> & { node: ResolversParentTypes['Journey'] };
  JourneyFilter: JourneyFilter;
  RecordEventsInput: RecordEventsInput;
  EventInput: EventInput;
  RecordEventsPayload: RecordEventsPayload;
  EventReceipt: EventReceipt;
  RecordEventsResult: ResolversUnionTypes<ResolversParentTypes>['RecordEventsResult'];
  BackfillJourneysInput: BackfillJourneysInput;
  BackfillJourneysPayload: BackfillJourneysPayload;
  BackfillJourneysResult: ResolversUnionTypes<ResolversParentTypes>['BackfillJourneysResult'];
  MetricBucket: MetricBucket;
  MetricSeries: MetricSeries;
  RecordMetricsInput: RecordMetricsInput;
  MetricRecordInput: MetricRecordInput;
  RecordMetricsPayload: RecordMetricsPayload;
  RecordMetricsResult: ResolversUnionTypes<ResolversParentTypes>['RecordMetricsResult'];
  MetricUpdate: MetricUpdate;
  Query: Record<PropertyKey, never>;
  Mutation: Record<PropertyKey, never>;
  Subscription: Record<PropertyKey, never>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface MillisecondsScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Milliseconds'], any> {
  name: 'Milliseconds';
}

export interface JsonScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export type NodeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Sensor' | 'Session' | 'Journey', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  __resolveType: TypeResolveFn<'InvalidInputError' | 'NotFoundError' | 'NameTakenError' | 'BadCredentialsError' | 'VersionConflictError' | 'SessionEndedError' | 'PayloadMismatchError', ParentType, ContextType>;
};

export type InvalidInputErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['InvalidInputError'] = ResolversParentTypes['InvalidInputError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  fields?: Resolver<ReadonlyArray<ResolversTypes['InvalidField']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type InvalidFieldResolvers<ContextType = Context, ParentType extends ResolversParentTypes['InvalidField'] = ResolversParentTypes['InvalidField']> = {
  path?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type NotFoundErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NotFoundError'] = ResolversParentTypes['NotFoundError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  userId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  tenantId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  scopes?: Resolver<ReadonlyArray<ResolversTypes['Scope']>, ParentType, ContextType>;
};

export type AuthPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AuthPayload'] = ResolversParentTypes['AuthPayload']> = {
  token?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type NameTakenErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NameTakenError'] = ResolversParentTypes['NameTakenError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type BadCredentialsErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['BadCredentialsError'] = ResolversParentTypes['BadCredentialsError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RegisterResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RegisterResult'] = ResolversParentTypes['RegisterResult']> = {
  __resolveType: TypeResolveFn<'AuthPayload' | 'NameTakenError' | 'InvalidInputError', ParentType, ContextType>;
};

export type LoginResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LoginResult'] = ResolversParentTypes['LoginResult']> = {
  __resolveType: TypeResolveFn<'AuthPayload' | 'BadCredentialsError' | 'InvalidInputError', ParentType, ContextType>;
};

export type SensorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Sensor'] = ResolversParentTypes['Sensor']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  sensorId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  lastMotionAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  activeSession?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType>;
  sessions?: Resolver<ResolversTypes['SessionConnection'], ParentType, ContextType, RequireFields<SensorSessionsArgs, 'first'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Session'] = ResolversParentTypes['Session']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  sessionId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  sensor?: Resolver<ResolversTypes['Sensor'], ParentType, ContextType>;
  userId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['SessionStatus'], ParentType, ContextType>;
  startedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  endedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  endReason?: Resolver<Maybe<ResolversTypes['SessionEndReason']>, ParentType, ContextType>;
  lastMotionAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  duration?: Resolver<Maybe<ResolversTypes['Milliseconds']>, ParentType, ContextType>;
  motionEventCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  playback?: Resolver<ResolversTypes['Playback'], ParentType, ContextType>;
  sampleCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  missingBatches?: Resolver<ReadonlyArray<ResolversTypes['IntRange']>, ParentType, ContextType>;
  readings?: Resolver<ResolversTypes['ReadingConnection'], ParentType, ContextType, RequireFields<SessionReadingsArgs, 'first'>>;
  labels?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  notes?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  pinned?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  updatedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type IntRangeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IntRange'] = ResolversParentTypes['IntRange']> = {
  from?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  to?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PlaybackResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Playback'] = ResolversParentTypes['Playback']> = {
  started?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  stoppedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  failure?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  deviceId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  contextUri?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type ReadingResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Reading'] = ResolversParentTypes['Reading']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  values?: Resolver<ReadonlyArray<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type ReadingConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReadingConnection'] = ResolversParentTypes['ReadingConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['ReadingEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Reading']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ReadingEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReadingEdge'] = ResolversParentTypes['ReadingEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Reading'], ParentType, ContextType>;
};

export type SessionConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionConnection'] = ResolversParentTypes['SessionConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['SessionEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Session']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type SessionEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionEdge'] = ResolversParentTypes['SessionEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
};

export type SensorConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SensorConnection'] = ResolversParentTypes['SensorConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['SensorEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Sensor']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type SensorEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SensorEdge'] = ResolversParentTypes['SensorEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Sensor'], ParentType, ContextType>;
};

export type ConfigureSessionsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ConfigureSessionsPayload'] = ResolversParentTypes['ConfigureSessionsPayload']> = {
  sensorId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionPayload'] = ResolversParentTypes['SessionPayload']> = {
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RecordMotionPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RecordMotionPayload'] = ResolversParentTypes['RecordMotionPayload']> = {
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  started?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  duplicate?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type IngestSessionBatchPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IngestSessionBatchPayload'] = ResolversParentTypes['IngestSessionBatchPayload']> = {
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  duplicate?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type VersionConflictErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['VersionConflictError'] = ResolversParentTypes['VersionConflictError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  current?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionEndedErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionEndedError'] = ResolversParentTypes['SessionEndedError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  session?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PayloadMismatchErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PayloadMismatchError'] = ResolversParentTypes['PayloadMismatchError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CreateSessionResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CreateSessionResult'] = ResolversParentTypes['CreateSessionResult']> = {
  __resolveType: TypeResolveFn<'SessionPayload' | 'PayloadMismatchError' | 'InvalidInputError', ParentType, ContextType>;
};

export type RecordMotionResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RecordMotionResult'] = ResolversParentTypes['RecordMotionResult']> = {
  __resolveType: TypeResolveFn<'RecordMotionPayload' | 'InvalidInputError', ParentType, ContextType>;
};

export type UpdateSessionResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UpdateSessionResult'] = ResolversParentTypes['UpdateSessionResult']> = {
  __resolveType: TypeResolveFn<'SessionPayload' | 'NotFoundError' | 'SessionEndedError' | 'InvalidInputError', ParentType, ContextType>;
};

export type EndSessionResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EndSessionResult'] = ResolversParentTypes['EndSessionResult']> = {
  __resolveType: TypeResolveFn<'SessionPayload' | 'NotFoundError' | 'InvalidInputError', ParentType, ContextType>;
};

export type AnnotateSessionResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AnnotateSessionResult'] = ResolversParentTypes['AnnotateSessionResult']> = {
  __resolveType: TypeResolveFn<'SessionPayload' | 'NotFoundError' | 'VersionConflictError' | 'InvalidInputError', ParentType, ContextType>;
};

export type IngestSessionBatchResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['IngestSessionBatchResult'] = ResolversParentTypes['IngestSessionBatchResult']> = {
  __resolveType: TypeResolveFn<'IngestSessionBatchPayload' | 'PayloadMismatchError' | 'InvalidInputError', ParentType, ContextType>;
};

export type ConfigureSessionsResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ConfigureSessionsResult'] = ResolversParentTypes['ConfigureSessionsResult']> = {
  __resolveType: TypeResolveFn<'ConfigureSessionsPayload' | 'InvalidInputError', ParentType, ContextType>;
};

export type JourneyResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Journey'] = ResolversParentTypes['Journey']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  sessionId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  visitorId?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  startedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  endedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  duration?: Resolver<ResolversTypes['Milliseconds'], ParentType, ContextType>;
  outcome?: Resolver<ResolversTypes['JourneyOutcome'], ParentType, ContextType>;
  outcomeEvent?: Resolver<Maybe<ResolversTypes['JourneyEvent']>, ParentType, ContextType>;
  eventCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  messageCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  userMessageCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  botMessageCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  firstQuestion?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  events?: Resolver<ResolversTypes['JourneyEventConnection'], ParentType, ContextType, RequireFields<JourneyEventsArgs, 'first'>>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type JourneyEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JourneyEvent'] = ResolversParentTypes['JourneyEvent']> = {
  source?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  seq?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  type?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  receivedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  step?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  page?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  text?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  properties?: Resolver<Maybe<ResolversTypes['JSON']>, ParentType, ContextType>;
};

export type JourneyEventConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JourneyEventConnection'] = ResolversParentTypes['JourneyEventConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['JourneyEventEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['JourneyEvent']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type JourneyEventEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JourneyEventEdge'] = ResolversParentTypes['JourneyEventEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['JourneyEvent'], ParentType, ContextType>;
};

export type JourneyConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JourneyConnection'] = ResolversParentTypes['JourneyConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['JourneyEdge']>, ParentType, ContextType>;
  nodes?: Resolver<ReadonlyArray<ResolversTypes['Journey']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type JourneyEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JourneyEdge'] = ResolversParentTypes['JourneyEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Journey'], ParentType, ContextType>;
};

export type RecordEventsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RecordEventsPayload'] = ResolversParentTypes['RecordEventsPayload']> = {
  receipts?: Resolver<ReadonlyArray<ResolversTypes['EventReceipt']>, ParentType, ContextType>;
  accepted?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  duplicates?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  rejected?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type EventReceiptResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EventReceipt'] = ResolversParentTypes['EventReceipt']> = {
  status?: Resolver<ResolversTypes['EventStatus'], ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type RecordEventsResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RecordEventsResult'] = ResolversParentTypes['RecordEventsResult']> = {
  __resolveType: TypeResolveFn<'RecordEventsPayload' | 'InvalidInputError', ParentType, ContextType>;
};

export type BackfillJourneysPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['BackfillJourneysPayload'] = ResolversParentTypes['BackfillJourneysPayload']> = {
  objectsRead?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  eventsRead?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  journeysCreated?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  journeysChanged?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  journeysUnchanged?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type BackfillJourneysResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['BackfillJourneysResult'] = ResolversParentTypes['BackfillJourneysResult']> = {
  __resolveType: TypeResolveFn<'BackfillJourneysPayload' | 'InvalidInputError', ParentType, ContextType>;
};

export type MetricBucketResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MetricBucket'] = ResolversParentTypes['MetricBucket']> = {
  source?: Resolver<ResolversTypes['MetricSource'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['BucketSize'], ParentType, ContextType>;
  start?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  end?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  count?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  closed?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type MetricSeriesResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MetricSeries'] = ResolversParentTypes['MetricSeries']> = {
  source?: Resolver<ResolversTypes['MetricSource'], ParentType, ContextType>;
  size?: Resolver<ResolversTypes['BucketSize'], ParentType, ContextType>;
  buckets?: Resolver<ReadonlyArray<ResolversTypes['MetricBucket']>, ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type RecordMetricsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RecordMetricsPayload'] = ResolversParentTypes['RecordMetricsPayload']> = {
  accepted?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  duplicates?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RecordMetricsResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RecordMetricsResult'] = ResolversParentTypes['RecordMetricsResult']> = {
  __resolveType: TypeResolveFn<'RecordMetricsPayload' | 'InvalidInputError', ParentType, ContextType>;
};

export type MetricUpdateResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MetricUpdate'] = ResolversParentTypes['MetricUpdate']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  bucket?: Resolver<ResolversTypes['MetricBucket'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<ReadonlyArray<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  session?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType, RequireFields<QuerySessionArgs, 'sessionId'>>;
  activeSession?: Resolver<Maybe<ResolversTypes['Session']>, ParentType, ContextType, RequireFields<QueryActiveSessionArgs, 'sensorId'>>;
  sessions?: Resolver<ResolversTypes['SessionConnection'], ParentType, ContextType, RequireFields<QuerySessionsArgs, 'first'>>;
  sensor?: Resolver<Maybe<ResolversTypes['Sensor']>, ParentType, ContextType, RequireFields<QuerySensorArgs, 'sensorId'>>;
  sensors?: Resolver<ResolversTypes['SensorConnection'], ParentType, ContextType, RequireFields<QuerySensorsArgs, 'first'>>;
  journey?: Resolver<Maybe<ResolversTypes['Journey']>, ParentType, ContextType, RequireFields<QueryJourneyArgs, 'sessionId'>>;
  journeys?: Resolver<ResolversTypes['JourneyConnection'], ParentType, ContextType, RequireFields<QueryJourneysArgs, 'first'>>;
  metrics?: Resolver<ReadonlyArray<ResolversTypes['MetricSeries']>, ParentType, ContextType, RequireFields<QueryMetricsArgs, 'sources' | 'size' | 'range'>>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  register?: Resolver<ResolversTypes['RegisterResult'], ParentType, ContextType, RequireFields<MutationRegisterArgs, 'input'>>;
  login?: Resolver<ResolversTypes['LoginResult'], ParentType, ContextType, RequireFields<MutationLoginArgs, 'input'>>;
  createSession?: Resolver<ResolversTypes['CreateSessionResult'], ParentType, ContextType, RequireFields<MutationCreateSessionArgs, 'input'>>;
  recordMotion?: Resolver<ResolversTypes['RecordMotionResult'], ParentType, ContextType, RequireFields<MutationRecordMotionArgs, 'input'>>;
  updateSession?: Resolver<ResolversTypes['UpdateSessionResult'], ParentType, ContextType, RequireFields<MutationUpdateSessionArgs, 'input'>>;
  endSession?: Resolver<ResolversTypes['EndSessionResult'], ParentType, ContextType, RequireFields<MutationEndSessionArgs, 'input'>>;
  annotateSession?: Resolver<ResolversTypes['AnnotateSessionResult'], ParentType, ContextType, RequireFields<MutationAnnotateSessionArgs, 'input'>>;
  ingestSessionBatch?: Resolver<ResolversTypes['IngestSessionBatchResult'], ParentType, ContextType, RequireFields<MutationIngestSessionBatchArgs, 'input'>>;
  configureSessions?: Resolver<ResolversTypes['ConfigureSessionsResult'], ParentType, ContextType, RequireFields<MutationConfigureSessionsArgs, 'input'>>;
  recordEvents?: Resolver<ResolversTypes['RecordEventsResult'], ParentType, ContextType, RequireFields<MutationRecordEventsArgs, 'input'>>;
  backfillJourneys?: Resolver<ResolversTypes['BackfillJourneysResult'], ParentType, ContextType, RequireFields<MutationBackfillJourneysArgs, 'input'>>;
  recordMetrics?: Resolver<ResolversTypes['RecordMetricsResult'], ParentType, ContextType, RequireFields<MutationRecordMetricsArgs, 'input'>>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  journeyEvents?: SubscriptionResolver<ResolversTypes['JourneyEventEdge'], "journeyEvents", ParentType, ContextType, RequireFields<SubscriptionJourneyEventsArgs, 'sessionId'>>;
  sessionChanged?: SubscriptionResolver<ResolversTypes['Session'], "sessionChanged", ParentType, ContextType, Partial<SubscriptionSessionChangedArgs>>;
  metricBuckets?: SubscriptionResolver<ResolversTypes['MetricUpdate'], "metricBuckets", ParentType, ContextType, RequireFields<SubscriptionMetricBucketsArgs, 'sources' | 'size'>>;
};

export type Resolvers<ContextType = Context> = {
  DateTime?: GraphQLScalarType;
  Milliseconds?: GraphQLScalarType;
  JSON?: GraphQLScalarType;
  Node?: NodeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  InvalidInputError?: InvalidInputErrorResolvers<ContextType>;
  InvalidField?: InvalidFieldResolvers<ContextType>;
  NotFoundError?: NotFoundErrorResolvers<ContextType>;
  Viewer?: ViewerResolvers<ContextType>;
  AuthPayload?: AuthPayloadResolvers<ContextType>;
  NameTakenError?: NameTakenErrorResolvers<ContextType>;
  BadCredentialsError?: BadCredentialsErrorResolvers<ContextType>;
  RegisterResult?: RegisterResultResolvers<ContextType>;
  LoginResult?: LoginResultResolvers<ContextType>;
  Sensor?: SensorResolvers<ContextType>;
  Session?: SessionResolvers<ContextType>;
  IntRange?: IntRangeResolvers<ContextType>;
  Playback?: PlaybackResolvers<ContextType>;
  Reading?: ReadingResolvers<ContextType>;
  ReadingConnection?: ReadingConnectionResolvers<ContextType>;
  ReadingEdge?: ReadingEdgeResolvers<ContextType>;
  SessionConnection?: SessionConnectionResolvers<ContextType>;
  SessionEdge?: SessionEdgeResolvers<ContextType>;
  SensorConnection?: SensorConnectionResolvers<ContextType>;
  SensorEdge?: SensorEdgeResolvers<ContextType>;
  ConfigureSessionsPayload?: ConfigureSessionsPayloadResolvers<ContextType>;
  SessionPayload?: SessionPayloadResolvers<ContextType>;
  RecordMotionPayload?: RecordMotionPayloadResolvers<ContextType>;
  IngestSessionBatchPayload?: IngestSessionBatchPayloadResolvers<ContextType>;
  VersionConflictError?: VersionConflictErrorResolvers<ContextType>;
  SessionEndedError?: SessionEndedErrorResolvers<ContextType>;
  PayloadMismatchError?: PayloadMismatchErrorResolvers<ContextType>;
  CreateSessionResult?: CreateSessionResultResolvers<ContextType>;
  RecordMotionResult?: RecordMotionResultResolvers<ContextType>;
  UpdateSessionResult?: UpdateSessionResultResolvers<ContextType>;
  EndSessionResult?: EndSessionResultResolvers<ContextType>;
  AnnotateSessionResult?: AnnotateSessionResultResolvers<ContextType>;
  IngestSessionBatchResult?: IngestSessionBatchResultResolvers<ContextType>;
  ConfigureSessionsResult?: ConfigureSessionsResultResolvers<ContextType>;
  Journey?: JourneyResolvers<ContextType>;
  JourneyEvent?: JourneyEventResolvers<ContextType>;
  JourneyEventConnection?: JourneyEventConnectionResolvers<ContextType>;
  JourneyEventEdge?: JourneyEventEdgeResolvers<ContextType>;
  JourneyConnection?: JourneyConnectionResolvers<ContextType>;
  JourneyEdge?: JourneyEdgeResolvers<ContextType>;
  RecordEventsPayload?: RecordEventsPayloadResolvers<ContextType>;
  EventReceipt?: EventReceiptResolvers<ContextType>;
  RecordEventsResult?: RecordEventsResultResolvers<ContextType>;
  BackfillJourneysPayload?: BackfillJourneysPayloadResolvers<ContextType>;
  BackfillJourneysResult?: BackfillJourneysResultResolvers<ContextType>;
  MetricBucket?: MetricBucketResolvers<ContextType>;
  MetricSeries?: MetricSeriesResolvers<ContextType>;
  RecordMetricsPayload?: RecordMetricsPayloadResolvers<ContextType>;
  RecordMetricsResult?: RecordMetricsResultResolvers<ContextType>;
  MetricUpdate?: MetricUpdateResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
};

