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

/** A new account. */
export type RegisterInput = {
  /** 3 to 64 letters of one script, digits, `.`, `_`, `-` or `@`; upper and lower case are the same, and what looks alike is taken. */
  username: string;
  /** Shown to other people; the username where absent. */
  name?: string | null | undefined;
  /** 12 to 128 characters. */
  password: string;
};

/** The credentials of an account. */
export type LoginInput = {
  /** As registered; upper and lower case are the same. */
  username: string;
  /** As registered, or as it was changed to. */
  password: string;
  /** The `deviceToken` of an earlier login on this device: who guesses elsewhere then holds up nobody here. */
  deviceToken?: string | null | undefined;
};

/** Whether a session goes on. */
export type SessionStatus =
  /** It goes on. Several at a sensor where devices name their own. */
  | 'ACTIVE'
  /** It is over. Late motion and late batches still correct its numbers. */
  | 'COMPLETED';

/** Exactly one per journey. A stronger one is never replaced by a weaker one, in whatever order the events arrive. */
export type JourneyOutcome =
  /** A goal of the tenant's own was reached that outranks what else happened; `goal` says which. Strongest. */
  | 'GOAL_REACHED'
  /** A form was completed. */
  | 'FORM_COMPLETED'
  /** A call to action was clicked. */
  | 'CTA_CLICKED'
  /** A link was clicked. */
  | 'LINK_CLICKED'
  /** A form was begun or a message sent, none of the above happened, and 30 minutes passed without an event. */
  | 'ABANDONED'
  /** None of the above. Weakest. */
  | 'BROWSING';

export type SignInMutationVariables = Exact<{
  input: LoginInput;
}>;


export type SignInMutation = { login:
    | { __typename: 'AuthPayload', token: string, refreshToken: string, deviceToken: string }
    | { __typename: 'BadCredentialsError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type OpenAccountMutationVariables = Exact<{
  input: RegisterInput;
}>;


export type OpenAccountMutation = { register:
    | { __typename: 'AuthPayload', token: string, refreshToken: string, deviceToken: string }
    | { __typename: 'NameTakenError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type SendEventsMutationVariables = Exact<{
  events: Array<Record<string, unknown>> | Record<string, unknown>;
}>;


export type SendEventsMutation = { recordEvents:
    | { __typename: 'RecordEventsPayload', accepted: number, duplicates: number }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type CountedEventsQueryVariables = Exact<{
  sessionId: string;
}>;


export type CountedEventsQuery = { journey: { eventCount: number } | null };

export type DoorSessionFragment = { id: string, sessionId: string, status: SessionStatus, startedAt: string, motionEventCount: number, version: number, updatedAt: string, sensor: { sensorId: string } };

export type DoorSessionsQueryVariables = Exact<{ [key: string]: never; }>;


export type DoorSessionsQuery = { feedCursor: string, sessions: { nodes: Array<{ id: string, sessionId: string, status: SessionStatus, startedAt: string, motionEventCount: number, version: number, updatedAt: string, sensor: { sensorId: string } }> } };

export type DoorSessionsMoveSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type DoorSessionsMoveSubscription = { sessionChanged: { cursor: string | null, deletedAt: string | null, id: string, sessionId: string, status: SessionStatus, startedAt: string, motionEventCount: number, version: number, updatedAt: string, mergedInto: { sessionId: string } | null, sensor: { sensorId: string } } };

export type DoorJourneysQueryVariables = Exact<{
  range: TimeRange;
}>;


export type DoorJourneysQuery = { journeys: { nodes: Array<{ id: string, sessionId: string, startedAt: string, outcome: JourneyOutcome, firstQuestion: string | null, eventCount: number }> } };

export type DoorDecksQueryVariables = Exact<{
  timeZone?: string | null | undefined;
}>;


export type DoorDecksQuery = { decks: Array<{ deckId: string, name: string, newCount: number, learningCount: number, dueCount: number }> };

export const SignIn = document<SignInMutation, SignInMutationVariables>(
  "mutation SignIn($input: LoginInput!) { login(input: $input) { __typename ... on AuthPayload { token refreshToken deviceToken } ... on UserError { code message } } }",
);

export const OpenAccount = document<OpenAccountMutation, OpenAccountMutationVariables>(
  "mutation OpenAccount($input: RegisterInput!) { register(input: $input) { __typename ... on AuthPayload { token refreshToken deviceToken } ... on UserError { code message } } }",
);

export const SendEvents = document<SendEventsMutation, SendEventsMutationVariables>(
  "mutation SendEvents($events: [EventInput!]!) { recordEvents(input: {events: $events}) { __typename ... on RecordEventsPayload { accepted duplicates } ... on UserError { code message } } }",
);

export const CountedEvents = document<CountedEventsQuery, CountedEventsQueryVariables>(
  "query CountedEvents($sessionId: String!) { journey(sessionId: $sessionId) { eventCount } }",
);

export const DoorSessions = document<DoorSessionsQuery, DoorSessionsQueryVariables>(
  "query DoorSessions { sessions(first: 4) { nodes { ...DoorSession } } feedCursor } fragment DoorSession on Session { id sessionId sensor { sensorId } status startedAt motionEventCount version updatedAt }",
);

export const DoorSessionsMove = document<DoorSessionsMoveSubscription, DoorSessionsMoveSubscriptionVariables>(
  "subscription DoorSessionsMove($after: String) { sessionChanged(after: $after) { cursor ...DoorSession deletedAt mergedInto { sessionId } } } fragment DoorSession on Session { id sessionId sensor { sensorId } status startedAt motionEventCount version updatedAt }",
);

export const DoorJourneys = document<DoorJourneysQuery, DoorJourneysQueryVariables>(
  "query DoorJourneys($range: TimeRange!) { journeys(filter: {range: $range, did: [\"MESSAGE_SENT\"]}, first: 4) { nodes { id sessionId startedAt outcome firstQuestion eventCount } } }",
);

export const DoorDecks = document<DoorDecksQuery, DoorDecksQueryVariables>(
  "query DoorDecks($timeZone: TimeZone) { decks(timeZone: $timeZone) { deckId name newCount learningCount dueCount } }",
);
