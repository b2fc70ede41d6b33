// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../../core/document.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
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

/** How sessions end and are kept; holds for sessions that begin from now on. */
export type ConfigureSessionsInput = {
  /** For this sensor; for the tenant where absent. */
  sensorId?: string | null | undefined;
  /** How long without motion ends a session: 10 seconds to 24 hours; 5 minutes where never set. */
  idleTimeout?: number | null | undefined;
  /** How far ahead of the service's clock a device's time is believed: at most a day; 10 minutes where never set. What is not believed is kept aside. A motion sensor's clock that is behind by up to as much places its session by what it says; the session is live while motion comes. */
  maxAhead?: number | null | undefined;
  /** How many days behind it: 1 to 36,500; 7,300 where never set, so that history can be loaded. */
  maxBehindDays?: number | null | undefined;
  /** How far the next readings of a session may be from each other, and a stated start before the first of its batch: a minute to 3,650 days; a day where never set. Where a session falls apart the part with the most readings counts, whichever came first; the others are kept aside. */
  maxApart?: number | null | undefined;
  /** How long a session may be, as a device measures it: a minute to 3,650 days; 30 days where never set. */
  maxLength?: number | null | undefined;
  /** How long a pause keeps a session going whose end nobody says: a minute to 3,650 days; an hour where never set. Said later, its end holds however long it was. */
  maxPause?: number | null | undefined;
  /** Days to keep a session after its last write: 1 to 3,650; 30 where never set. Of the tenant only. */
  keepDays?: number | null | undefined;
};

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

/** A property at the top of an event's `properties`. */
export type PropertyMatchInput = {
  /** Its name, 1 to 100 characters; 64 in a filter. */
  name: string;
  /** Its value as text: a number or a boolean as JSON writes it. Any value where absent. */
  value?: string | null | undefined;
};

/** What an event must be: all that is given must hold, and something must be given. */
export type EventMatchInput = {
  /** Its type, such as MESSAGE_RECEIVED. */
  type?: string | null | undefined;
  /** A pattern of its page, of 1 to 200 characters, in which up to four `*` stand for any text: `/docs/*`. The path alone is looked at, without the site and what follows `?` or `#`; a pattern with `?` looks at that, too. */
  page?: string | null | undefined;
  /** A property that it has. */
  property?: PropertyMatchInput | null | undefined;
};

/** What the tenant calls a success. */
export type JourneyGoalInput = {
  /** An id of the tenant's: 1 to 40 letters, digits, `-` and `_`. It stays when the goal changes. */
  goalId: string;
  /** For people, at most 100 characters; `goalId` where absent. */
  name?: string | null | undefined;
  /** 1 to 10: an event that is any of these reaches the goal. At most 60 in all goals together. */
  anyOf: Array<EventMatchInput>;
  /** The strongest outcome that it takes the place of; FORM_COMPLETED where absent, so any. With ABANDONED, a chat that was answered and left is not abandoned, and one with a completed form stays FORM_COMPLETED. Not BROWSING or GOAL_REACHED. */
  outranks?: JourneyOutcome | null | undefined;
};

/** What to change; what is left out stays. */
export type ConfigureJourneysInput = {
  /** All goals, strongest first, at most 20; an empty list takes all back. */
  goals?: Array<JourneyGoalInput> | null | undefined;
  /** The `goalsVersion` that the person saw; another is answered with GoalsConflictError where other goals are given. Where absent, goals that others set since are written over. */
  expectedGoalsVersion?: number | null | undefined;
  /** For how many days a journey is kept after its last event arrived, 1 to 3,650. Counts of it stay for ever. At first 90. */
  keepJourneysDays?: number | null | undefined;
  /** For how many days raw events are kept after they arrived, 1 to 3,650; null for ever, as at first. What is removed can be rebuilt, exported and read by Athena no more; journeys and counts stay. */
  keepRawDays?: number | null | undefined;
};

export type SessionRulesFragment = { idleTimeout: number, maxAhead: number, maxBehindDays: number, maxApart: number, maxLength: number, maxPause: number, keepDays: number };

export type SettingsQueryVariables = Exact<{ [key: string]: never; }>;


export type SettingsQuery = { sessionSettings: { idleTimeout: number, maxAhead: number, maxBehindDays: number, maxApart: number, maxLength: number, maxPause: number, keepDays: number }, journeySettings: { keepJourneysDays: number, keepRawDays: number | null, rawRemoval: { at: string, arrivedBefore: string } | null }, identitySettings: { auditDays: number } };

export type SaveSessionRulesMutationVariables = Exact<{
  input: ConfigureSessionsInput;
}>;


export type SaveSessionRulesMutation = { configureSessions:
    | { __typename: 'ConfigureSessionsPayload', sensorId: string | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type SaveKeepJourneysMutationVariables = Exact<{
  input: ConfigureJourneysInput;
}>;


export type SaveKeepJourneysMutation = { configureJourneys:
    | { __typename: 'JourneySettingsPayload', settings: { keepJourneysDays: number } | null }
    | { __typename: 'GoalsConflictError', code: ErrorCode, message: string }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export const Settings = document<SettingsQuery, SettingsQueryVariables>(
  "query Settings { sessionSettings { ...SessionRules } journeySettings { keepJourneysDays keepRawDays rawRemoval { at arrivedBefore } } identitySettings { auditDays } } fragment SessionRules on SessionSettings { idleTimeout maxAhead maxBehindDays maxApart maxLength maxPause keepDays }",
);

export const SaveSessionRules = document<SaveSessionRulesMutation, SaveSessionRulesMutationVariables>(
  "mutation SaveSessionRules($input: ConfigureSessionsInput!) { configureSessions(input: $input) { __typename ... on ConfigureSessionsPayload { sensorId } ... on UserError { code message } } }",
);

export const SaveKeepJourneys = document<SaveKeepJourneysMutation, SaveKeepJourneysMutationVariables>(
  "mutation SaveKeepJourneys($input: ConfigureJourneysInput!) { configureJourneys(input: $input) { __typename ... on JourneySettingsPayload { settings { keepJourneysDays } } ... on UserError { code message } } }",
);
