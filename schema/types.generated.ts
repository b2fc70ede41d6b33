// Made from schema.graphql by `npm run generate`. Change the contract, not this file.
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Viewer as ViewerModel } from '../api/auth/viewer.ts';
import type { Session as SessionModel, Sensor as SensorModel, Playback as PlaybackModel, Reading as ReadingModel, SessionPage as SessionPageModel, SensorPage as SensorPageModel, ReadingPage as ReadingPageModel } from '../api/sessions/model.ts';
import type { Journey as JourneyModel, JourneyEvent as JourneyEventModel, JourneyPage as JourneyPageModel, JourneyEventPage as JourneyEventPageModel } from '../api/journeys/model.ts';
import type { SessionAnalytics as SessionAnalyticsModel, SensorActivity as SensorActivityModel, JourneyAnalytics as JourneyAnalyticsModel } from '../api/analytics/model.ts';
import type { DeckView as DeckModel } from '../api/anki/queue/counts.ts';
import type { CardToReview as CardModel, ReviewView as ReviewModel } from '../api/review/service.ts';
import type { ReviewStats as ReviewStatsModel, ReviewDay as ReviewDayModel } from '../api/review/stats.ts';
import type { Choice as ChoiceModel } from '../api/anki/schedule/question.ts';
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
  /** An IANA time zone name, such as Europe/Berlin. */
  TimeZone: { input: string; output: string; }
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
  | 'PAYLOAD_MISMATCH'
  /** The collection is under review elsewhere. */
  | 'REVIEW_HELD'
  /** The review session no longer holds the collection. */
  | 'REVIEW_LOST'
  /** The file is no Anki collection, or is damaged. */
  | 'COLLECTION_UNREADABLE'
  /** What was sent is over a limit. */
  | 'TOO_LARGE';

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
  /** Numbers over its sessions that started in a range; what happened a second ago may be missing. */
  readonly analytics: SessionAnalytics;
};


/** A thing that senses: a motion sensor, a device. */
export type SensorSessionsArgs = {
  filter?: InputMaybe<SessionFilter>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};


/** A thing that senses: a motion sensor, a device. */
export type SensorAnalyticsArgs = {
  range: TimeRange;
  timeZone?: Scalars['TimeZone']['input'];
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

/** Which visitor to erase. */
export type EraseVisitorInput = {
  /** The id that the visitor's events carry. */
  readonly visitorId: Scalars['String']['input'];
};

/** Proof of what was erased, from the object store, the tables and the counters. */
export type EraseVisitorPayload = {
  readonly __typename?: 'EraseVisitorPayload';
  /** The same each time, until there is something of the visitor again. */
  readonly receiptId: Scalars['ID']['output'];
  /** Journeys of the visitor; their sessions take no further events. */
  readonly journeys: Scalars['Int']['output'];
  /** Events of these journeys. */
  readonly events: Scalars['Int']['output'];
  /** Objects of raw events that were written anew without them. */
  readonly objectsRewritten: Scalars['Int']['output'];
};

/** The receipt, or that there is nothing of this visitor and never was an erasure. */
export type EraseVisitorResult = EraseVisitorPayload | NotFoundError;

/** Numbers over the sessions that started in a range. */
export type SessionAnalytics = {
  readonly __typename?: 'SessionAnalytics';
  /** All of them. */
  readonly totalSessions: Scalars['Int']['output'];
  /** Those that go on. */
  readonly activeSessions: Scalars['Int']['output'];
  /** Those that are over. */
  readonly completedSessions: Scalars['Int']['output'];
  /** Motion events of all of them, active or over. */
  readonly totalMotionEvents: Scalars['Int']['output'];
  /** Motion events for each session; null without sessions. */
  readonly averageMotionEventsPerSession?: Maybe<Scalars['Float']['output']>;
  /** Of completed sessions. */
  readonly totalDuration: Scalars['Milliseconds']['output'];
  /** Of completed sessions, exact but for rounding; null where there are none. */
  readonly averageDuration?: Maybe<Scalars['Milliseconds']['output']>;
  /** Of completed sessions; at most 2 % off. Null where there are none. */
  readonly durationPercentiles?: Maybe<Percentiles>;
  /** From the first start to the last, divided by the number of sessions less one; null where there are less than two. Where the first or the last session is deleted and others started in the same quarter-hour, their average start stands for it. */
  readonly averageTimeBetweenSessions?: Maybe<Scalars['Milliseconds']['output']>;
  /** Hour of the day, 0 to 23 in the time zone asked for, with the most sessions; the earliest of equals; null without sessions. */
  readonly peakHour?: Maybe<Scalars['Int']['output']>;
  /** Sessions whose playback started. */
  readonly sessionsWithPlayback: Scalars['Int']['output'];
  /** Sessions whose playback started, among those that tried; 0 to 1; null where none tried. */
  readonly playbackSuccessRate?: Maybe<Scalars['Float']['output']>;
  /** Every day that the range touches, ascending, without gaps. */
  readonly byDay: ReadonlyArray<SessionPeriod>;
  /** Every week that the range touches, ascending, without gaps. Weeks start on Monday. */
  readonly byWeek: ReadonlyArray<SessionPeriod>;
  /** Every month that the range touches, ascending, without gaps. */
  readonly byMonth: ReadonlyArray<SessionPeriod>;
  /** 7 x 24 cells, Monday first, in the time zone asked for. */
  readonly byHourOfWeek: ReadonlyArray<HourOfWeek>;
  /** Most sessions first; of equals, by their ids. Sensors without sessions are left out. */
  readonly topSensors: ReadonlyArray<SensorActivity>;
};


/** Numbers over the sessions that started in a range. */
export type SessionAnalyticsTopSensorsArgs = {
  first?: Scalars['Int']['input'];
};

/** Lengths of time by nearest rank: of n in ascending order, the p-th percentile is number ⌈p·n/100⌉. */
export type Percentiles = {
  readonly __typename?: 'Percentiles';
  /** Half are at most as long. */
  readonly p50: Scalars['Milliseconds']['output'];
  /** 95 % are at most as long. */
  readonly p95: Scalars['Milliseconds']['output'];
  /** 99 % are at most as long. */
  readonly p99: Scalars['Milliseconds']['output'];
};

/** Sessions that started in a day, week or month; of the first and the last period, those in the range. */
export type SessionPeriod = {
  readonly __typename?: 'SessionPeriod';
  /** When the period starts in the time zone asked for; may lie before the range. */
  readonly start: Scalars['DateTime']['output'];
  /** Sessions that started in it. */
  readonly sessions: Scalars['Int']['output'];
  /** Motion events of these sessions. */
  readonly motionEvents: Scalars['Int']['output'];
  /** Of the completed ones. */
  readonly totalDuration: Scalars['Milliseconds']['output'];
  /** Sessions whose playback started, among those that tried; 0 to 1; null where none tried. */
  readonly playbackSuccessRate?: Maybe<Scalars['Float']['output']>;
};

/** One hour of the week. */
export type HourOfWeek = {
  readonly __typename?: 'HourOfWeek';
  /** 1 is Monday, 7 is Sunday. */
  readonly weekday: Scalars['Int']['output'];
  /** 0 to 23, on clocks of the time zone asked for. */
  readonly hour: Scalars['Int']['output'];
  /** Sessions that started in it, over all weeks of the range. */
  readonly sessions: Scalars['Int']['output'];
};

/** What one sensor did. */
export type SensorActivity = {
  readonly __typename?: 'SensorActivity';
  /** Which sensor. */
  readonly sensor: Sensor;
  /** Its sessions that started in the range. */
  readonly sessions: Scalars['Int']['output'];
  /** Motion events of these sessions. */
  readonly motionEvents: Scalars['Int']['output'];
};

/** Numbers over the journeys that started in a range. */
export type JourneyAnalytics = {
  readonly __typename?: 'JourneyAnalytics';
  /** All of them. */
  readonly totalJourneys: Scalars['Int']['output'];
  /** Events of all of them, each once. */
  readonly totalEvents: Scalars['Int']['output'];
  /** Each outcome with its journeys, strongest first. A journey becomes ABANDONED here at most a minute late. */
  readonly outcomes: ReadonlyArray<OutcomeCount>;
  /** Journeys with FORM_COMPLETED, CTA_CLICKED or LINK_CLICKED among all; 0 to 1; null without journeys. */
  readonly conversionRate?: Maybe<Scalars['Float']['output']>;
  /** Messages sent and received for each journey; null without journeys. */
  readonly averageMessages?: Maybe<Scalars['Float']['output']>;
  /** From the first event to the last; at most 2 % off. Null without journeys. */
  readonly durationPercentiles?: Maybe<Percentiles>;
  /** Every day that the range touches, ascending, without gaps. */
  readonly byDay: ReadonlyArray<JourneyPeriod>;
};

/** How many journeys came to an outcome. */
export type OutcomeCount = {
  readonly __typename?: 'OutcomeCount';
  /** The outcome. */
  readonly outcome: JourneyOutcome;
  /** Journeys with it; 0 where there are none. */
  readonly journeys: Scalars['Int']['output'];
};

/** Journeys that started on a day; of the first and the last day, those in the range. */
export type JourneyPeriod = {
  readonly __typename?: 'JourneyPeriod';
  /** When the day starts in the time zone asked for; may lie before the range. */
  readonly start: Scalars['DateTime']['output'];
  /** Journeys that started on it. */
  readonly journeys: Scalars['Int']['output'];
  /** Events of these journeys. */
  readonly events: Scalars['Int']['output'];
  /** Those with FORM_COMPLETED, CTA_CLICKED or LINK_CLICKED. */
  readonly conversions: Scalars['Int']['output'];
};

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
  | 'JOURNEY_EVENTS'
  /** Answers of reviews, by their own time; one that was taken back no longer counts. */
  | 'REVIEWS';

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
  /**
   * Everything recorded up to here is counted. Null where that is not known: where few records come, nothing tells whether one
   * is on its way.
   */
  readonly countedUpTo?: Maybe<Scalars['DateTime']['output']>;
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

/** What to count again. */
export type AuditMetricsInput = {
  /** What is counted. Of MOTION_EVENTS and REVIEWS no single records are kept: they cannot be counted again. */
  readonly source: MetricSource;
  /** Of the records' own time; widened to whole minutes. */
  readonly range: TimeRange;
  /** True: correct the buckets that are wrong. A minute with records that were written in the last moments is left as it is. */
  readonly repair?: Scalars['Boolean']['input'];
};

/**
 * A recount of the records against the buckets. What was written in the last moments may be counted already or not, and what has
 * expired is counted and not found again: neither makes a difference.
 */
export type AuditMetricsPayload = {
  readonly __typename?: 'AuditMetricsPayload';
  /** The records that were found in the range. */
  readonly recordsCounted: Scalars['Int']['output'];
  /** Buckets of one minute that were compared; larger ones are their sums. */
  readonly bucketsChecked: Scalars['Int']['output'];
  /** The buckets of one minute that are wrong, as they were; at most the first 1,000. */
  readonly differences: ReadonlyArray<BucketDifference>;
  /** How many of them were corrected. */
  readonly repaired: Scalars['Int']['output'];
};

/** A bucket that does not say what the records say. */
export type BucketDifference = {
  readonly __typename?: 'BucketDifference';
  /** The bucket as it was. */
  readonly bucket: MetricBucket;
  /** What it should count. */
  readonly recounted: Scalars['Int']['output'];
};

/** The recount, or what is wrong with the input. */
export type AuditMetricsResult = AuditMetricsPayload | InvalidInputError;

/** One message of the live feed. */
export type MetricUpdate = {
  readonly __typename?: 'MetricUpdate';
  /** Pass the last one received as `after` to go on where the feed broke off: nothing missed, nothing twice. */
  readonly cursor: Scalars['String']['output'];
  /** The bucket as it is. */
  readonly bucket: MetricBucket;
};

/** A deck of the viewer's collection; its counts include the decks below it. */
export type Deck = Node & {
  readonly __typename?: 'Deck';
  /** Opaque; the same deck always has the same id. */
  readonly id: Scalars['ID']['output'];
  /** The deck's id in the collection. */
  readonly deckId: Scalars['String']['output'];
  /** The full name, such as `Languages::Japanese`. */
  readonly name: Scalars['String']['output'];
  /** New cards to show today, within the deck's limits. */
  readonly newCount: Scalars['Int']['output'];
  /** Cards being learned that are due. */
  readonly learningCount: Scalars['Int']['output'];
  /** Reviews that are due today, within the deck's limits. */
  readonly dueCount: Scalars['Int']['output'];
  /** All cards. */
  readonly cardCount: Scalars['Int']['output'];
};

/** A card under review. */
export type Card = {
  readonly __typename?: 'Card';
  /** The card's id in the collection. */
  readonly cardId: Scalars['String']['output'];
  /** Where it lies. */
  readonly deck: Deck;
  /** HTML, unsanitised, as the note's template renders it. */
  readonly question: Scalars['String']['output'];
  /** HTML, unsanitised, as the note's template renders it. */
  readonly answer: Scalars['String']['output'];
  /** How far it is learned. */
  readonly state: CardState;
  /** When it is due; null for a new card. */
  readonly due?: Maybe<Scalars['DateTime']['output']>;
  /** How often it was answered. */
  readonly reps: Scalars['Int']['output'];
  /** How often it was forgotten after it was learned. */
  readonly lapses: Scalars['Int']['output'];
  /** What each answer would lead to. */
  readonly choices: ReadonlyArray<Choice>;
};

/** How far a card is learned. */
export type CardState =
  /** Never answered. */
  | 'NEW'
  /** In its first steps. */
  | 'LEARNING'
  /** Learned; reviewed at growing intervals. */
  | 'REVIEW'
  /** Forgotten, and in its steps again. */
  | 'RELEARNING';

/** How well a card was known. */
export type Rating =
  /** Not known. */
  | 'AGAIN'
  /** Known with effort. */
  | 'HARD'
  /** Known. */
  | 'GOOD'
  /** Known at once. */
  | 'EASY';

/** What an answer would lead to. */
export type Choice = {
  readonly __typename?: 'Choice';
  /** The answer. */
  readonly rating: Rating;
  /** How long until the card comes again. */
  readonly interval: Scalars['Milliseconds']['output'];
  /** When the card comes again. */
  readonly due: Scalars['DateTime']['output'];
};

/** One sitting over the viewer's collection. At most one is active. */
export type ReviewSession = Node & {
  readonly __typename?: 'ReviewSession';
  /** Opaque; the same session always has the same id. */
  readonly id: Scalars['ID']['output'];
  /** What `answerCard` and the others take; also in the header `X-Session-ID`. */
  readonly sessionId: Scalars['String']['output'];
  /** What is reviewed. */
  readonly deck: Deck;
  /** Whether it goes on, or how it ended. */
  readonly status: ReviewStatus;
  /** Who holds the collection, in the words that the client gave at the start. */
  readonly holder: Scalars['String']['output'];
  /** When it began. */
  readonly startedAt: Scalars['DateTime']['output'];
  /** The last answer, or anything else that was done in it. */
  readonly lastActivityAt: Scalars['DateTime']['output'];
  /** The session ends by itself here unless something happens in it. */
  readonly expiresAt: Scalars['DateTime']['output'];
  /** Answers of this session; those taken back do not count. */
  readonly answered: Scalars['Int']['output'];
  /** Answers that are safe and not yet in the stored collection file. */
  readonly unsavedAnswers: Scalars['Int']['output'];
  /** When the file was last written in this session. */
  readonly savedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Null where nothing is left to review now. */
  readonly nextCard?: Maybe<Card>;
  /** What is left of the day. */
  readonly remaining: DeckCounts;
};

/** Cards by what is to be done with them. */
export type DeckCounts = {
  readonly __typename?: 'DeckCounts';
  /** New cards. */
  readonly new: Scalars['Int']['output'];
  /** Cards being learned. */
  readonly learning: Scalars['Int']['output'];
  /** Reviews. */
  readonly due: Scalars['Int']['output'];
};

/** Whether a review session goes on, or how it ended. */
export type ReviewStatus =
  /** It goes on. */
  | 'ACTIVE'
  /** It was ended. */
  | 'ENDED'
  /** Nothing happened in it for five minutes. */
  | 'EXPIRED'
  /** Another device went on in its place. */
  | 'TAKEN_OVER';

/** What to do where the collection is under review elsewhere. */
export type OnHeld =
  /** Say who holds it, since when and until when. */
  | 'FAIL'
  /** Join that session: both show the same card. */
  | 'RESUME'
  /** End that session and begin one here. Every answer acknowledged before is kept. */
  | 'TAKE_OVER';

/** A collection to import. */
export type ImportCollectionInput = {
  /** An .apkg, .colpkg or .anki2 file in base64, 32 MB at most; larger ones go through `uploadKey`. */
  readonly file?: InputMaybe<Scalars['String']['input']>;
  /** The key that `collectionUploadUrl` gave. */
  readonly uploadKey?: InputMaybe<Scalars['String']['input']>;
};

/** The collection as it is after an import. */
export type ImportCollectionPayload = {
  readonly __typename?: 'ImportCollectionPayload';
  /** All decks. */
  readonly decks: ReadonlyArray<Deck>;
  /** Notes that the file brought or changed. */
  readonly notes: Scalars['Int']['output'];
  /** Cards that the file brought or changed. */
  readonly cards: Scalars['Int']['output'];
  /** Reviews that the file brought. */
  readonly reviews: Scalars['Int']['output'];
  /** What was wrong in the file and was repaired, in words. */
  readonly repairs: ReadonlyArray<Scalars['String']['output']>;
};

/** The file is no Anki collection, or is damaged; what was stored is as it was. */
export type CollectionUnreadableError = UserError & {
  readonly __typename?: 'CollectionUnreadableError';
  /** COLLECTION_UNREADABLE. */
  readonly code: ErrorCode;
  /** What is wrong with the file, and what to do. */
  readonly message: Scalars['String']['output'];
};

/** The file is too large; what was stored is as it was. */
export type TooLargeError = UserError & {
  readonly __typename?: 'TooLargeError';
  /** TOO_LARGE. */
  readonly code: ErrorCode;
  /** What is too large, and what to do. */
  readonly message: Scalars['String']['output'];
  /** The limit. */
  readonly limitBytes: Scalars['Int']['output'];
};

/** The collection is under review elsewhere. */
export type ReviewHeldError = UserError & {
  readonly __typename?: 'ReviewHeldError';
  /** REVIEW_HELD. */
  readonly code: ErrorCode;
  /** What can be done. */
  readonly message: Scalars['String']['output'];
  /** Who holds it, in their client's words. */
  readonly holder: Scalars['String']['output'];
  /** When that session began. */
  readonly since: Scalars['DateTime']['output'];
  /** When it ends by itself unless something happens in it. */
  readonly until: Scalars['DateTime']['output'];
};

/** The session no longer holds the collection. Every answer acknowledged before is kept. */
export type ReviewLostError = UserError & {
  readonly __typename?: 'ReviewLostError';
  /** REVIEW_LOST. */
  readonly code: ErrorCode;
  /** How it ended. */
  readonly message: Scalars['String']['output'];
  /** How it ended. */
  readonly status: ReviewStatus;
  /** Who holds the collection now; null where nobody does. */
  readonly holder?: Maybe<Scalars['String']['output']>;
};

/** What to review. */
export type StartReviewInput = {
  /** The deck; the decks below it are part of it. */
  readonly deckId: Scalars['String']['input'];
  /** Shown to the other tab or device, such as `Firefox on laptop`. */
  readonly holder: Scalars['String']['input'];
  /** What to do where the collection is under review elsewhere. */
  readonly onHeld?: OnHeld;
  /** The person's zone: their day begins at 4 in it. As the collection says where absent. */
  readonly timeZone?: InputMaybe<Scalars['TimeZone']['input']>;
};

/** An answer. */
export type AnswerCardInput = {
  /** The session; the header `X-Session-ID` stands in where it is absent. */
  readonly sessionId?: InputMaybe<Scalars['String']['input']>;
  /** The card. */
  readonly cardId: Scalars['String']['input'];
  /** How well it was known. */
  readonly rating: Rating;
  /** The client's id of this answer; the same id again changes nothing and gives the same result. */
  readonly answerId: Scalars['ID']['input'];
  /** Time that the person took. */
  readonly duration?: InputMaybe<Scalars['Milliseconds']['input']>;
};

/** A review session. */
export type ReviewSessionInput = {
  /** The session; the header `X-Session-ID` stands in where it is absent. */
  readonly sessionId?: InputMaybe<Scalars['String']['input']>;
};

/** The session as it is afterwards. */
export type ReviewPayload = {
  readonly __typename?: 'ReviewPayload';
  /** The session. */
  readonly reviewSession: ReviewSession;
};

/** A collection to take away. */
export type ExportCollectionPayload = {
  readonly __typename?: 'ExportCollectionPayload';
  /** Valid for 15 minutes. */
  readonly url: Scalars['String']['output'];
  /** How large the file is. */
  readonly bytes: Scalars['Int']['output'];
};

/** Where to put a file that is too large to be sent inline. */
export type CollectionUploadUrlPayload = {
  readonly __typename?: 'CollectionUploadUrlPayload';
  /** What `importCollection` takes once the file is there. */
  readonly uploadKey: Scalars['String']['output'];
  /** PUT the file here. */
  readonly url: Scalars['String']['output'];
  /** The link is good until then. */
  readonly expiresAt: Scalars['DateTime']['output'];
};

/** The import, or why there was none. */
export type ImportCollectionResult = ImportCollectionPayload | CollectionUnreadableError | TooLargeError | ReviewHeldError | InvalidInputError;

/** The session, or why there is none. */
export type StartReviewResult = ReviewPayload | ReviewHeldError | NotFoundError | InvalidInputError;

/** The session after the answer, or why it does not count. */
export type AnswerCardResult = ReviewPayload | ReviewLostError | NotFoundError | InvalidInputError;

/** The session after the answer was taken back, or why it was not. */
export type UndoAnswerResult = ReviewPayload | ReviewLostError | NotFoundError;

/** The session, or why nothing was done. */
export type ReviewResult = ReviewPayload | ReviewLostError | NotFoundError;

/** The link, or that there is no collection. */
export type ExportCollectionResult = ExportCollectionPayload | NotFoundError;

/** Numbers over the viewer's review log. */
export type ReviewStats = {
  readonly __typename?: 'ReviewStats';
  /** Answers. */
  readonly reviews: Scalars['Int']['output'];
  /** Reviews of learned cards that were known, among all of them; 0 to 1; null where there were none. */
  readonly retention?: Maybe<Scalars['Float']['output']>;
  /** The days with answers, ascending. A day begins at 4 in the time zone asked for. */
  readonly byDay: ReadonlyArray<ReviewDay>;
};

/** One day's answers. */
export type ReviewDay = {
  readonly __typename?: 'ReviewDay';
  /** When the day began. */
  readonly start: Scalars['DateTime']['output'];
  /** Answers. */
  readonly reviews: Scalars['Int']['output'];
  /** Answers AGAIN. */
  readonly again: Scalars['Int']['output'];
  /** Time that the person took, all answers together. */
  readonly timeSpent: Scalars['Milliseconds']['output'];
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
  /** Numbers over the sessions that started in a range; what happened a second ago may be missing. Sessions that are deleted because their time has come stay counted. */
  readonly sessionAnalytics: SessionAnalytics;
  /** The journey of this session; null where there is none. */
  readonly journey?: Maybe<Journey>;
  /** Latest start first. */
  readonly journeys: JourneyConnection;
  /** Numbers over the journeys that started in a range; what happened a second ago may be missing. Journeys that are deleted because their time has come stay counted. */
  readonly journeyAnalytics: JourneyAnalytics;
  /** Counts in buckets, a series for each source. At most 1,500 buckets a source. */
  readonly metrics: ReadonlyArray<MetricSeries>;
  /** The decks of the viewer's collection; none without one. */
  readonly decks: ReadonlyArray<Deck>;
  /** One deck. */
  readonly deck?: Maybe<Deck>;
  /** The viewer's review session, where one is active. */
  readonly reviewSession?: Maybe<ReviewSession>;
  /** Numbers over the viewer's review log. */
  readonly reviewStats: ReviewStats;
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
export type QuerySessionAnalyticsArgs = {
  range: TimeRange;
  timeZone?: Scalars['TimeZone']['input'];
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
export type QueryJourneyAnalyticsArgs = {
  range: TimeRange;
  timeZone?: Scalars['TimeZone']['input'];
};


/** What can be asked. */
export type QueryMetricsArgs = {
  sources: ReadonlyArray<MetricSource>;
  size: BucketSize;
  range: TimeRange;
};


/** What can be asked. */
export type QueryDecksArgs = {
  timeZone?: InputMaybe<Scalars['TimeZone']['input']>;
};


/** What can be asked. */
export type QueryDeckArgs = {
  deckId: Scalars['String']['input'];
  timeZone?: InputMaybe<Scalars['TimeZone']['input']>;
};


/** What can be asked. */
export type QueryReviewStatsArgs = {
  range: TimeRange;
  timeZone?: Scalars['TimeZone']['input'];
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
  /**
   * Removes a visitor: the journeys with their events, the raw events, and what they count for. Running it again finishes
   * what broke off, and else changes nothing. In journeys of others, only the visitor's id is taken out.
   */
  readonly eraseVisitor: EraseVisitorResult;
  /** Keeps records to be counted, each once. Buckets follow within a second. */
  readonly recordMetrics: RecordMetricsResult;
  /** Counts the records again, says every bucket that is wrong, and corrects it where asked to. Expected: none, ever. */
  readonly auditMetrics: AuditMetricsResult;
  /**
   * Imports the viewer's collection: an .apkg, .colpkg or .anki2 file. Into a collection that is there it is merged: nothing of
   * either is dropped, cards keep the newest state. The file is checked before it replaces anything.
   */
  readonly importCollection: ImportCollectionResult;
  /** Gives a link to upload a collection that is too large to be sent inline. */
  readonly collectionUploadUrl: CollectionUploadUrlPayload;
  /** Gives a link to the viewer's collection with all answers and media, as a .colpkg that Anki opens. */
  readonly exportCollection: ExportCollectionResult;
  /** Begins a review session, or joins or ends the one that runs. */
  readonly startReview: StartReviewResult;
  /** Answers when the rating is durable. */
  readonly answerCard: AnswerCardResult;
  /** Takes back the newest answer of the session; again for the one before. */
  readonly undoAnswer: UndoAnswerResult;
  /** Writes the collection file now; reviewing goes on meanwhile. */
  readonly saveReview: ReviewResult;
  /** Moves the countdown of the session. */
  readonly extendReview: ReviewResult;
  /** Ends the session and writes the collection file. Ending an ended session changes nothing. */
  readonly endReview: ReviewResult;
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
export type MutationEraseVisitorArgs = {
  input: EraseVisitorInput;
};


/** What can be changed. */
export type MutationRecordMetricsArgs = {
  input: RecordMetricsInput;
};


/** What can be changed. */
export type MutationAuditMetricsArgs = {
  input: AuditMetricsInput;
};


/** What can be changed. */
export type MutationImportCollectionArgs = {
  input: ImportCollectionInput;
};


/** What can be changed. */
export type MutationStartReviewArgs = {
  input: StartReviewInput;
};


/** What can be changed. */
export type MutationAnswerCardArgs = {
  input: AnswerCardInput;
};


/** What can be changed. */
export type MutationUndoAnswerArgs = {
  input: ReviewSessionInput;
};


/** What can be changed. */
export type MutationSaveReviewArgs = {
  input: ReviewSessionInput;
};


/** What can be changed. */
export type MutationExtendReviewArgs = {
  input: ReviewSessionInput;
};


/** What can be changed. */
export type MutationEndReviewArgs = {
  input: ReviewSessionInput;
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
  /** The review session's own state: countdown moved, saved, taken over. */
  readonly reviewSessionChanged: ReviewSession;
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


/** What can be followed. */
export type SubscriptionReviewSessionChangedArgs = {
  sessionId: Scalars['String']['input'];
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
  EraseVisitorResult:
    | ( EraseVisitorPayload )
    | ( NotFoundError )
  ;
  RecordMetricsResult:
    | ( RecordMetricsPayload )
    | ( InvalidInputError )
  ;
  AuditMetricsResult:
    | ( AuditMetricsPayload )
    | ( InvalidInputError )
  ;
  ImportCollectionResult:
    | ( Omit<ImportCollectionPayload, 'decks'> & { decks: ReadonlyArray<_RefType['Deck']> } )
    | ( CollectionUnreadableError )
    | ( TooLargeError )
    | ( ReviewHeldError )
    | ( InvalidInputError )
  ;
  StartReviewResult:
    | ( Omit<ReviewPayload, 'reviewSession'> & { reviewSession: _RefType['ReviewSession'] } )
    | ( ReviewHeldError )
    | ( NotFoundError )
    | ( InvalidInputError )
  ;
  AnswerCardResult:
    | ( Omit<ReviewPayload, 'reviewSession'> & { reviewSession: _RefType['ReviewSession'] } )
    | ( ReviewLostError )
    | ( NotFoundError )
    | ( InvalidInputError )
  ;
  UndoAnswerResult:
    | ( Omit<ReviewPayload, 'reviewSession'> & { reviewSession: _RefType['ReviewSession'] } )
    | ( ReviewLostError )
    | ( NotFoundError )
  ;
  ReviewResult:
    | ( Omit<ReviewPayload, 'reviewSession'> & { reviewSession: _RefType['ReviewSession'] } )
    | ( ReviewLostError )
    | ( NotFoundError )
  ;
  ExportCollectionResult:
    | ( ExportCollectionPayload )
    | ( NotFoundError )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( SensorModel )
    | ( SessionModel )
    | ( JourneyModel )
    | ( DeckModel )
    | ( ReviewModel )
  ;
  UserError:
    | ( InvalidInputError )
    | ( NotFoundError )
    | ( NameTakenError )
    | ( BadCredentialsError )
    | ( Omit<VersionConflictError, 'current'> & { current: _RefType['Session'] } )
    | ( Omit<SessionEndedError, 'session'> & { session: _RefType['Session'] } )
    | ( PayloadMismatchError )
    | ( CollectionUnreadableError )
    | ( TooLargeError )
    | ( ReviewHeldError )
    | ( ReviewLostError )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Milliseconds: ResolverTypeWrapper<Scalars['Milliseconds']['output']>;
  TimeZone: ResolverTypeWrapper<Scalars['TimeZone']['output']>;
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
  EraseVisitorInput: EraseVisitorInput;
  EraseVisitorPayload: ResolverTypeWrapper<EraseVisitorPayload>;
  EraseVisitorResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['EraseVisitorResult']>;
  SessionAnalytics: ResolverTypeWrapper<SessionAnalyticsModel>;
  Percentiles: ResolverTypeWrapper<Percentiles>;
  SessionPeriod: ResolverTypeWrapper<SessionPeriod>;
  HourOfWeek: ResolverTypeWrapper<HourOfWeek>;
  SensorActivity: ResolverTypeWrapper<SensorActivityModel>;
  JourneyAnalytics: ResolverTypeWrapper<JourneyAnalyticsModel>;
  OutcomeCount: ResolverTypeWrapper<OutcomeCount>;
  JourneyPeriod: ResolverTypeWrapper<JourneyPeriod>;
  MetricSource: MetricSource;
  BucketSize: BucketSize;
  MetricBucket: ResolverTypeWrapper<MetricBucket>;
  MetricSeries: ResolverTypeWrapper<MetricSeries>;
  RecordMetricsInput: RecordMetricsInput;
  MetricRecordInput: MetricRecordInput;
  RecordMetricsPayload: ResolverTypeWrapper<RecordMetricsPayload>;
  RecordMetricsResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RecordMetricsResult']>;
  AuditMetricsInput: AuditMetricsInput;
  AuditMetricsPayload: ResolverTypeWrapper<AuditMetricsPayload>;
  BucketDifference: ResolverTypeWrapper<BucketDifference>;
  AuditMetricsResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['AuditMetricsResult']>;
  MetricUpdate: ResolverTypeWrapper<MetricUpdate>;
  Deck: ResolverTypeWrapper<DeckModel>;
  Card: ResolverTypeWrapper<CardModel>;
  CardState: CardState;
  Rating: Rating;
  Choice: ResolverTypeWrapper<ChoiceModel>;
  ReviewSession: ResolverTypeWrapper<ReviewModel>;
  DeckCounts: ResolverTypeWrapper<DeckCounts>;
  ReviewStatus: ReviewStatus;
  OnHeld: OnHeld;
  ImportCollectionInput: ImportCollectionInput;
  ImportCollectionPayload: ResolverTypeWrapper<Omit<ImportCollectionPayload, 'decks'> & { decks: ReadonlyArray<ResolversTypes['Deck']> }>;
  CollectionUnreadableError: ResolverTypeWrapper<CollectionUnreadableError>;
  TooLargeError: ResolverTypeWrapper<TooLargeError>;
  ReviewHeldError: ResolverTypeWrapper<ReviewHeldError>;
  ReviewLostError: ResolverTypeWrapper<ReviewLostError>;
  StartReviewInput: StartReviewInput;
  AnswerCardInput: AnswerCardInput;
  ReviewSessionInput: ReviewSessionInput;
  ReviewPayload: ResolverTypeWrapper<Omit<ReviewPayload, 'reviewSession'> & { reviewSession: ResolversTypes['ReviewSession'] }>;
  ExportCollectionPayload: ResolverTypeWrapper<ExportCollectionPayload>;
  CollectionUploadUrlPayload: ResolverTypeWrapper<CollectionUploadUrlPayload>;
  ImportCollectionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ImportCollectionResult']>;
  StartReviewResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['StartReviewResult']>;
  AnswerCardResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['AnswerCardResult']>;
  UndoAnswerResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['UndoAnswerResult']>;
  ReviewResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ReviewResult']>;
  ExportCollectionResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ExportCollectionResult']>;
  ReviewStats: ResolverTypeWrapper<ReviewStatsModel>;
  ReviewDay: ResolverTypeWrapper<ReviewDayModel>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  DateTime: Scalars['DateTime']['output'];
  Milliseconds: Scalars['Milliseconds']['output'];
  TimeZone: Scalars['TimeZone']['output'];
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
  EraseVisitorInput: EraseVisitorInput;
  EraseVisitorPayload: EraseVisitorPayload;
  EraseVisitorResult: ResolversUnionTypes<ResolversParentTypes>['EraseVisitorResult'];
  SessionAnalytics: SessionAnalyticsModel;
  Percentiles: Percentiles;
  SessionPeriod: SessionPeriod;
  HourOfWeek: HourOfWeek;
  SensorActivity: SensorActivityModel;
  JourneyAnalytics: JourneyAnalyticsModel;
  OutcomeCount: OutcomeCount;
  JourneyPeriod: JourneyPeriod;
  MetricBucket: MetricBucket;
  MetricSeries: MetricSeries;
  RecordMetricsInput: RecordMetricsInput;
  MetricRecordInput: MetricRecordInput;
  RecordMetricsPayload: RecordMetricsPayload;
  RecordMetricsResult: ResolversUnionTypes<ResolversParentTypes>['RecordMetricsResult'];
  AuditMetricsInput: AuditMetricsInput;
  AuditMetricsPayload: AuditMetricsPayload;
  BucketDifference: BucketDifference;
  AuditMetricsResult: ResolversUnionTypes<ResolversParentTypes>['AuditMetricsResult'];
  MetricUpdate: MetricUpdate;
  Deck: DeckModel;
  Card: CardModel;
  Choice: ChoiceModel;
  ReviewSession: ReviewModel;
  DeckCounts: DeckCounts;
  ImportCollectionInput: ImportCollectionInput;
  ImportCollectionPayload: Omit<ImportCollectionPayload, 'decks'> & { decks: ReadonlyArray<ResolversParentTypes['Deck']> };
  CollectionUnreadableError: CollectionUnreadableError;
  TooLargeError: TooLargeError;
  ReviewHeldError: ReviewHeldError;
  ReviewLostError: ReviewLostError;
  StartReviewInput: StartReviewInput;
  AnswerCardInput: AnswerCardInput;
  ReviewSessionInput: ReviewSessionInput;
  ReviewPayload: Omit<ReviewPayload, 'reviewSession'> & { reviewSession: ResolversParentTypes['ReviewSession'] };
  ExportCollectionPayload: ExportCollectionPayload;
  CollectionUploadUrlPayload: CollectionUploadUrlPayload;
  ImportCollectionResult: ResolversUnionTypes<ResolversParentTypes>['ImportCollectionResult'];
  StartReviewResult: ResolversUnionTypes<ResolversParentTypes>['StartReviewResult'];
  AnswerCardResult: ResolversUnionTypes<ResolversParentTypes>['AnswerCardResult'];
  UndoAnswerResult: ResolversUnionTypes<ResolversParentTypes>['UndoAnswerResult'];
  ReviewResult: ResolversUnionTypes<ResolversParentTypes>['ReviewResult'];
  ExportCollectionResult: ResolversUnionTypes<ResolversParentTypes>['ExportCollectionResult'];
  ReviewStats: ReviewStatsModel;
  ReviewDay: ReviewDayModel;
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

export interface TimeZoneScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['TimeZone'], any> {
  name: 'TimeZone';
}

export interface JsonScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['JSON'], any> {
  name: 'JSON';
}

export type NodeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Sensor' | 'Session' | 'Journey' | 'Deck' | 'ReviewSession', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  __resolveType: TypeResolveFn<'InvalidInputError' | 'NotFoundError' | 'NameTakenError' | 'BadCredentialsError' | 'VersionConflictError' | 'SessionEndedError' | 'PayloadMismatchError' | 'CollectionUnreadableError' | 'TooLargeError' | 'ReviewHeldError' | 'ReviewLostError', ParentType, ContextType>;
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
  analytics?: Resolver<ResolversTypes['SessionAnalytics'], ParentType, ContextType, RequireFields<SensorAnalyticsArgs, 'range' | 'timeZone'>>;
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

export type EraseVisitorPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EraseVisitorPayload'] = ResolversParentTypes['EraseVisitorPayload']> = {
  receiptId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  journeys?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  events?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  objectsRewritten?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type EraseVisitorResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['EraseVisitorResult'] = ResolversParentTypes['EraseVisitorResult']> = {
  __resolveType: TypeResolveFn<'EraseVisitorPayload' | 'NotFoundError', ParentType, ContextType>;
};

export type SessionAnalyticsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionAnalytics'] = ResolversParentTypes['SessionAnalytics']> = {
  totalSessions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  activeSessions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  completedSessions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  totalMotionEvents?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  averageMotionEventsPerSession?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  totalDuration?: Resolver<ResolversTypes['Milliseconds'], ParentType, ContextType>;
  averageDuration?: Resolver<Maybe<ResolversTypes['Milliseconds']>, ParentType, ContextType>;
  durationPercentiles?: Resolver<Maybe<ResolversTypes['Percentiles']>, ParentType, ContextType>;
  averageTimeBetweenSessions?: Resolver<Maybe<ResolversTypes['Milliseconds']>, ParentType, ContextType>;
  peakHour?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  sessionsWithPlayback?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  playbackSuccessRate?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  byDay?: Resolver<ReadonlyArray<ResolversTypes['SessionPeriod']>, ParentType, ContextType>;
  byWeek?: Resolver<ReadonlyArray<ResolversTypes['SessionPeriod']>, ParentType, ContextType>;
  byMonth?: Resolver<ReadonlyArray<ResolversTypes['SessionPeriod']>, ParentType, ContextType>;
  byHourOfWeek?: Resolver<ReadonlyArray<ResolversTypes['HourOfWeek']>, ParentType, ContextType>;
  topSensors?: Resolver<ReadonlyArray<ResolversTypes['SensorActivity']>, ParentType, ContextType, RequireFields<SessionAnalyticsTopSensorsArgs, 'first'>>;
};

export type PercentilesResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Percentiles'] = ResolversParentTypes['Percentiles']> = {
  p50?: Resolver<ResolversTypes['Milliseconds'], ParentType, ContextType>;
  p95?: Resolver<ResolversTypes['Milliseconds'], ParentType, ContextType>;
  p99?: Resolver<ResolversTypes['Milliseconds'], ParentType, ContextType>;
};

export type SessionPeriodResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionPeriod'] = ResolversParentTypes['SessionPeriod']> = {
  start?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  sessions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  motionEvents?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  totalDuration?: Resolver<ResolversTypes['Milliseconds'], ParentType, ContextType>;
  playbackSuccessRate?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
};

export type HourOfWeekResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HourOfWeek'] = ResolversParentTypes['HourOfWeek']> = {
  weekday?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  hour?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sessions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type SensorActivityResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SensorActivity'] = ResolversParentTypes['SensorActivity']> = {
  sensor?: Resolver<ResolversTypes['Sensor'], ParentType, ContextType>;
  sessions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  motionEvents?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type JourneyAnalyticsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JourneyAnalytics'] = ResolversParentTypes['JourneyAnalytics']> = {
  totalJourneys?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  totalEvents?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  outcomes?: Resolver<ReadonlyArray<ResolversTypes['OutcomeCount']>, ParentType, ContextType>;
  conversionRate?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  averageMessages?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  durationPercentiles?: Resolver<Maybe<ResolversTypes['Percentiles']>, ParentType, ContextType>;
  byDay?: Resolver<ReadonlyArray<ResolversTypes['JourneyPeriod']>, ParentType, ContextType>;
};

export type OutcomeCountResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OutcomeCount'] = ResolversParentTypes['OutcomeCount']> = {
  outcome?: Resolver<ResolversTypes['JourneyOutcome'], ParentType, ContextType>;
  journeys?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type JourneyPeriodResolvers<ContextType = Context, ParentType extends ResolversParentTypes['JourneyPeriod'] = ResolversParentTypes['JourneyPeriod']> = {
  start?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  journeys?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  events?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  conversions?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
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
  countedUpTo?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
};

export type RecordMetricsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RecordMetricsPayload'] = ResolversParentTypes['RecordMetricsPayload']> = {
  accepted?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  duplicates?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type RecordMetricsResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RecordMetricsResult'] = ResolversParentTypes['RecordMetricsResult']> = {
  __resolveType: TypeResolveFn<'RecordMetricsPayload' | 'InvalidInputError', ParentType, ContextType>;
};

export type AuditMetricsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AuditMetricsPayload'] = ResolversParentTypes['AuditMetricsPayload']> = {
  recordsCounted?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  bucketsChecked?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  differences?: Resolver<ReadonlyArray<ResolversTypes['BucketDifference']>, ParentType, ContextType>;
  repaired?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type BucketDifferenceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['BucketDifference'] = ResolversParentTypes['BucketDifference']> = {
  bucket?: Resolver<ResolversTypes['MetricBucket'], ParentType, ContextType>;
  recounted?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type AuditMetricsResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AuditMetricsResult'] = ResolversParentTypes['AuditMetricsResult']> = {
  __resolveType: TypeResolveFn<'AuditMetricsPayload' | 'InvalidInputError', ParentType, ContextType>;
};

export type MetricUpdateResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MetricUpdate'] = ResolversParentTypes['MetricUpdate']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  bucket?: Resolver<ResolversTypes['MetricBucket'], ParentType, ContextType>;
};

export type DeckResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Deck'] = ResolversParentTypes['Deck']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  deckId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  newCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  learningCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  dueCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  cardCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CardResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Card'] = ResolversParentTypes['Card']> = {
  cardId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  deck?: Resolver<ResolversTypes['Deck'], ParentType, ContextType>;
  question?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  answer?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  state?: Resolver<ResolversTypes['CardState'], ParentType, ContextType>;
  due?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  reps?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  lapses?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  choices?: Resolver<ReadonlyArray<ResolversTypes['Choice']>, ParentType, ContextType>;
};

export type ChoiceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Choice'] = ResolversParentTypes['Choice']> = {
  rating?: Resolver<ResolversTypes['Rating'], ParentType, ContextType>;
  interval?: Resolver<ResolversTypes['Milliseconds'], ParentType, ContextType>;
  due?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type ReviewSessionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReviewSession'] = ResolversParentTypes['ReviewSession']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  sessionId?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  deck?: Resolver<ResolversTypes['Deck'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['ReviewStatus'], ParentType, ContextType>;
  holder?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  startedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  lastActivityAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  answered?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  unsavedAnswers?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  savedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  nextCard?: Resolver<Maybe<ResolversTypes['Card']>, ParentType, ContextType>;
  remaining?: Resolver<ResolversTypes['DeckCounts'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type DeckCountsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeckCounts'] = ResolversParentTypes['DeckCounts']> = {
  new?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  learning?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  due?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type ImportCollectionPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ImportCollectionPayload'] = ResolversParentTypes['ImportCollectionPayload']> = {
  decks?: Resolver<ReadonlyArray<ResolversTypes['Deck']>, ParentType, ContextType>;
  notes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  cards?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  reviews?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  repairs?: Resolver<ReadonlyArray<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CollectionUnreadableErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CollectionUnreadableError'] = ResolversParentTypes['CollectionUnreadableError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type TooLargeErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['TooLargeError'] = ResolversParentTypes['TooLargeError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  limitBytes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ReviewHeldErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReviewHeldError'] = ResolversParentTypes['ReviewHeldError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  holder?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  since?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  until?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ReviewLostErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReviewLostError'] = ResolversParentTypes['ReviewLostError']> = {
  code?: Resolver<ResolversTypes['ErrorCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['ReviewStatus'], ParentType, ContextType>;
  holder?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ReviewPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReviewPayload'] = ResolversParentTypes['ReviewPayload']> = {
  reviewSession?: Resolver<ResolversTypes['ReviewSession'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ExportCollectionPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ExportCollectionPayload'] = ResolversParentTypes['ExportCollectionPayload']> = {
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  bytes?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CollectionUploadUrlPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CollectionUploadUrlPayload'] = ResolversParentTypes['CollectionUploadUrlPayload']> = {
  uploadKey?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
};

export type ImportCollectionResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ImportCollectionResult'] = ResolversParentTypes['ImportCollectionResult']> = {
  __resolveType: TypeResolveFn<'ImportCollectionPayload' | 'CollectionUnreadableError' | 'TooLargeError' | 'ReviewHeldError' | 'InvalidInputError', ParentType, ContextType>;
};

export type StartReviewResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StartReviewResult'] = ResolversParentTypes['StartReviewResult']> = {
  __resolveType: TypeResolveFn<'ReviewPayload' | 'ReviewHeldError' | 'NotFoundError' | 'InvalidInputError', ParentType, ContextType>;
};

export type AnswerCardResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AnswerCardResult'] = ResolversParentTypes['AnswerCardResult']> = {
  __resolveType: TypeResolveFn<'ReviewPayload' | 'ReviewLostError' | 'NotFoundError' | 'InvalidInputError', ParentType, ContextType>;
};

export type UndoAnswerResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UndoAnswerResult'] = ResolversParentTypes['UndoAnswerResult']> = {
  __resolveType: TypeResolveFn<'ReviewPayload' | 'ReviewLostError' | 'NotFoundError', ParentType, ContextType>;
};

export type ReviewResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReviewResult'] = ResolversParentTypes['ReviewResult']> = {
  __resolveType: TypeResolveFn<'ReviewPayload' | 'ReviewLostError' | 'NotFoundError', ParentType, ContextType>;
};

export type ExportCollectionResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ExportCollectionResult'] = ResolversParentTypes['ExportCollectionResult']> = {
  __resolveType: TypeResolveFn<'ExportCollectionPayload' | 'NotFoundError', ParentType, ContextType>;
};

export type ReviewStatsResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReviewStats'] = ResolversParentTypes['ReviewStats']> = {
  reviews?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  retention?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  byDay?: Resolver<ReadonlyArray<ResolversTypes['ReviewDay']>, ParentType, ContextType>;
};

export type ReviewDayResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReviewDay'] = ResolversParentTypes['ReviewDay']> = {
  start?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  reviews?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  again?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  timeSpent?: Resolver<ResolversTypes['Milliseconds'], ParentType, ContextType>;
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
  sessionAnalytics?: Resolver<ResolversTypes['SessionAnalytics'], ParentType, ContextType, RequireFields<QuerySessionAnalyticsArgs, 'range' | 'timeZone'>>;
  journey?: Resolver<Maybe<ResolversTypes['Journey']>, ParentType, ContextType, RequireFields<QueryJourneyArgs, 'sessionId'>>;
  journeys?: Resolver<ResolversTypes['JourneyConnection'], ParentType, ContextType, RequireFields<QueryJourneysArgs, 'first'>>;
  journeyAnalytics?: Resolver<ResolversTypes['JourneyAnalytics'], ParentType, ContextType, RequireFields<QueryJourneyAnalyticsArgs, 'range' | 'timeZone'>>;
  metrics?: Resolver<ReadonlyArray<ResolversTypes['MetricSeries']>, ParentType, ContextType, RequireFields<QueryMetricsArgs, 'sources' | 'size' | 'range'>>;
  decks?: Resolver<ReadonlyArray<ResolversTypes['Deck']>, ParentType, ContextType, Partial<QueryDecksArgs>>;
  deck?: Resolver<Maybe<ResolversTypes['Deck']>, ParentType, ContextType, RequireFields<QueryDeckArgs, 'deckId'>>;
  reviewSession?: Resolver<Maybe<ResolversTypes['ReviewSession']>, ParentType, ContextType>;
  reviewStats?: Resolver<ResolversTypes['ReviewStats'], ParentType, ContextType, RequireFields<QueryReviewStatsArgs, 'range' | 'timeZone'>>;
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
  eraseVisitor?: Resolver<ResolversTypes['EraseVisitorResult'], ParentType, ContextType, RequireFields<MutationEraseVisitorArgs, 'input'>>;
  recordMetrics?: Resolver<ResolversTypes['RecordMetricsResult'], ParentType, ContextType, RequireFields<MutationRecordMetricsArgs, 'input'>>;
  auditMetrics?: Resolver<ResolversTypes['AuditMetricsResult'], ParentType, ContextType, RequireFields<MutationAuditMetricsArgs, 'input'>>;
  importCollection?: Resolver<ResolversTypes['ImportCollectionResult'], ParentType, ContextType, RequireFields<MutationImportCollectionArgs, 'input'>>;
  collectionUploadUrl?: Resolver<ResolversTypes['CollectionUploadUrlPayload'], ParentType, ContextType>;
  exportCollection?: Resolver<ResolversTypes['ExportCollectionResult'], ParentType, ContextType>;
  startReview?: Resolver<ResolversTypes['StartReviewResult'], ParentType, ContextType, RequireFields<MutationStartReviewArgs, 'input'>>;
  answerCard?: Resolver<ResolversTypes['AnswerCardResult'], ParentType, ContextType, RequireFields<MutationAnswerCardArgs, 'input'>>;
  undoAnswer?: Resolver<ResolversTypes['UndoAnswerResult'], ParentType, ContextType, RequireFields<MutationUndoAnswerArgs, 'input'>>;
  saveReview?: Resolver<ResolversTypes['ReviewResult'], ParentType, ContextType, RequireFields<MutationSaveReviewArgs, 'input'>>;
  extendReview?: Resolver<ResolversTypes['ReviewResult'], ParentType, ContextType, RequireFields<MutationExtendReviewArgs, 'input'>>;
  endReview?: Resolver<ResolversTypes['ReviewResult'], ParentType, ContextType, RequireFields<MutationEndReviewArgs, 'input'>>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  journeyEvents?: SubscriptionResolver<ResolversTypes['JourneyEventEdge'], "journeyEvents", ParentType, ContextType, RequireFields<SubscriptionJourneyEventsArgs, 'sessionId'>>;
  sessionChanged?: SubscriptionResolver<ResolversTypes['Session'], "sessionChanged", ParentType, ContextType, Partial<SubscriptionSessionChangedArgs>>;
  metricBuckets?: SubscriptionResolver<ResolversTypes['MetricUpdate'], "metricBuckets", ParentType, ContextType, RequireFields<SubscriptionMetricBucketsArgs, 'sources' | 'size'>>;
  reviewSessionChanged?: SubscriptionResolver<ResolversTypes['ReviewSession'], "reviewSessionChanged", ParentType, ContextType, RequireFields<SubscriptionReviewSessionChangedArgs, 'sessionId'>>;
};

export type Resolvers<ContextType = Context> = {
  DateTime?: GraphQLScalarType;
  Milliseconds?: GraphQLScalarType;
  TimeZone?: GraphQLScalarType;
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
  EraseVisitorPayload?: EraseVisitorPayloadResolvers<ContextType>;
  EraseVisitorResult?: EraseVisitorResultResolvers<ContextType>;
  SessionAnalytics?: SessionAnalyticsResolvers<ContextType>;
  Percentiles?: PercentilesResolvers<ContextType>;
  SessionPeriod?: SessionPeriodResolvers<ContextType>;
  HourOfWeek?: HourOfWeekResolvers<ContextType>;
  SensorActivity?: SensorActivityResolvers<ContextType>;
  JourneyAnalytics?: JourneyAnalyticsResolvers<ContextType>;
  OutcomeCount?: OutcomeCountResolvers<ContextType>;
  JourneyPeriod?: JourneyPeriodResolvers<ContextType>;
  MetricBucket?: MetricBucketResolvers<ContextType>;
  MetricSeries?: MetricSeriesResolvers<ContextType>;
  RecordMetricsPayload?: RecordMetricsPayloadResolvers<ContextType>;
  RecordMetricsResult?: RecordMetricsResultResolvers<ContextType>;
  AuditMetricsPayload?: AuditMetricsPayloadResolvers<ContextType>;
  BucketDifference?: BucketDifferenceResolvers<ContextType>;
  AuditMetricsResult?: AuditMetricsResultResolvers<ContextType>;
  MetricUpdate?: MetricUpdateResolvers<ContextType>;
  Deck?: DeckResolvers<ContextType>;
  Card?: CardResolvers<ContextType>;
  Choice?: ChoiceResolvers<ContextType>;
  ReviewSession?: ReviewSessionResolvers<ContextType>;
  DeckCounts?: DeckCountsResolvers<ContextType>;
  ImportCollectionPayload?: ImportCollectionPayloadResolvers<ContextType>;
  CollectionUnreadableError?: CollectionUnreadableErrorResolvers<ContextType>;
  TooLargeError?: TooLargeErrorResolvers<ContextType>;
  ReviewHeldError?: ReviewHeldErrorResolvers<ContextType>;
  ReviewLostError?: ReviewLostErrorResolvers<ContextType>;
  ReviewPayload?: ReviewPayloadResolvers<ContextType>;
  ExportCollectionPayload?: ExportCollectionPayloadResolvers<ContextType>;
  CollectionUploadUrlPayload?: CollectionUploadUrlPayloadResolvers<ContextType>;
  ImportCollectionResult?: ImportCollectionResultResolvers<ContextType>;
  StartReviewResult?: StartReviewResultResolvers<ContextType>;
  AnswerCardResult?: AnswerCardResultResolvers<ContextType>;
  UndoAnswerResult?: UndoAnswerResultResolvers<ContextType>;
  ReviewResult?: ReviewResultResolvers<ContextType>;
  ExportCollectionResult?: ExportCollectionResultResolvers<ContextType>;
  ReviewStats?: ReviewStatsResolvers<ContextType>;
  ReviewDay?: ReviewDayResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
};

