// Made from schema.graphql by `npm run generate`. Change the contract, not this file.
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Viewer as ViewerModel } from '../api/auth/viewer.ts';
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
  /** The name belongs to somebody else. */
  | 'NAME_TAKEN'
  /** The username or the password is wrong; which of them is not told. */
  | 'BAD_CREDENTIALS';

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

/** What can be asked. */
export type Query = {
  readonly __typename?: 'Query';
  /** Who is asking, and what the token allows. */
  readonly viewer: Viewer;
  /** The thing with this global id; null where this tenant has none. */
  readonly node?: Maybe<Node>;
  /** The things with these global ids, in their order; at most 100. */
  readonly nodes: ReadonlyArray<Maybe<Node>>;
  /** The journey of this session; null where there is none. */
  readonly journey?: Maybe<Journey>;
  /** Latest start first. */
  readonly journeys: JourneyConnection;
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
export type QueryJourneyArgs = {
  sessionId: Scalars['String']['input'];
};


/** What can be asked. */
export type QueryJourneysArgs = {
  filter?: InputMaybe<JourneyFilter>;
  first?: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
};

/** What can be changed. */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /** Opens an account with a tenant of its own. */
  readonly register: RegisterResult;
  /** Gives a token for an account. */
  readonly login: LoginResult;
  /** Answers when the events are safe in the object store and shown by `journey`. */
  readonly recordEvents: RecordEventsResult;
  /** Rebuilds journeys from the object store; harmless however often it runs. */
  readonly backfillJourneys: BackfillJourneysResult;
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
export type MutationRecordEventsArgs = {
  input: RecordEventsInput;
};


/** What can be changed. */
export type MutationBackfillJourneysArgs = {
  input: BackfillJourneysInput;
};

/** What can be followed. */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /** The journey's events so far (after the cursor `after`), then each new one. */
  readonly journeyEvents: JourneyEventEdge;
};


/** What can be followed. */
export type SubscriptionJourneyEventsArgs = {
  sessionId: Scalars['String']['input'];
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
  RecordEventsResult:
    | ( RecordEventsPayload )
    | ( InvalidInputError )
  ;
  BackfillJourneysResult:
    | ( BackfillJourneysPayload )
    | ( InvalidInputError )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node: ( JourneyModel );
  UserError:
    | ( InvalidInputError )
    | ( NameTakenError )
    | ( BadCredentialsError )
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
  Viewer: ResolverTypeWrapper<ViewerModel>;
  Scope: Scope;
  RegisterInput: RegisterInput;
  LoginInput: LoginInput;
  AuthPayload: ResolverTypeWrapper<Omit<AuthPayload, 'viewer'> & { viewer: ResolversTypes['Viewer'] }>;
  NameTakenError: ResolverTypeWrapper<NameTakenError>;
  BadCredentialsError: ResolverTypeWrapper<BadCredentialsError>;
  RegisterResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['RegisterResult']>;
  LoginResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['LoginResult']>;
  Journey: ResolverTypeWrapper<JourneyModel>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
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
  Viewer: ViewerModel;
  RegisterInput: RegisterInput;
  LoginInput: LoginInput;
  AuthPayload: Omit<AuthPayload, 'viewer'> & { viewer: ResolversParentTypes['Viewer'] };
  NameTakenError: NameTakenError;
  BadCredentialsError: BadCredentialsError;
  RegisterResult: ResolversUnionTypes<ResolversParentTypes>['RegisterResult'];
  LoginResult: ResolversUnionTypes<ResolversParentTypes>['LoginResult'];
  Journey: JourneyModel;
  Int: Scalars['Int']['output'];
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
  __resolveType: TypeResolveFn<'Journey', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  __resolveType: TypeResolveFn<'InvalidInputError' | 'NameTakenError' | 'BadCredentialsError', ParentType, ContextType>;
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

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  viewer?: Resolver<ResolversTypes['Viewer'], ParentType, ContextType>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<ReadonlyArray<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  journey?: Resolver<Maybe<ResolversTypes['Journey']>, ParentType, ContextType, RequireFields<QueryJourneyArgs, 'sessionId'>>;
  journeys?: Resolver<ResolversTypes['JourneyConnection'], ParentType, ContextType, RequireFields<QueryJourneysArgs, 'first'>>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  register?: Resolver<ResolversTypes['RegisterResult'], ParentType, ContextType, RequireFields<MutationRegisterArgs, 'input'>>;
  login?: Resolver<ResolversTypes['LoginResult'], ParentType, ContextType, RequireFields<MutationLoginArgs, 'input'>>;
  recordEvents?: Resolver<ResolversTypes['RecordEventsResult'], ParentType, ContextType, RequireFields<MutationRecordEventsArgs, 'input'>>;
  backfillJourneys?: Resolver<ResolversTypes['BackfillJourneysResult'], ParentType, ContextType, RequireFields<MutationBackfillJourneysArgs, 'input'>>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  journeyEvents?: SubscriptionResolver<ResolversTypes['JourneyEventEdge'], "journeyEvents", ParentType, ContextType, RequireFields<SubscriptionJourneyEventsArgs, 'sessionId'>>;
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
  Viewer?: ViewerResolvers<ContextType>;
  AuthPayload?: AuthPayloadResolvers<ContextType>;
  NameTakenError?: NameTakenErrorResolvers<ContextType>;
  BadCredentialsError?: BadCredentialsErrorResolvers<ContextType>;
  RegisterResult?: RegisterResultResolvers<ContextType>;
  LoginResult?: LoginResultResolvers<ContextType>;
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
  Query?: QueryResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
};

