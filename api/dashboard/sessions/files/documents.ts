// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../../core/document.ts";

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

/** What kind of file. */
export type FileFormat =
  /** RFC 4180, UTF-8, with a heading. Text that a spreadsheet would take for a formula has an apostrophe before it. */
  | 'CSV'
  /** Apache Parquet, compressed by Snappy: for DuckDB, pandas and Spark. */
  | 'PARQUET';

/** Which sessions to put into a file. */
export type ExportSessionsInput = {
  /** Which sessions; all that are kept where absent. */
  filter?: SessionFilter | null | undefined;
  /** What kind of file. */
  format?: FileFormat;
  /** The `endCursor` of the file before, of the same list; from the beginning where absent. */
  after?: string | null | undefined;
};

/** Whose readings to put into a file: `sessionId` or `filter`. */
export type ExportReadingsInput = {
  /** Of this session. */
  sessionId?: string | null | undefined;
  /** Of these sessions, `{}` for all, in the order of the list. */
  filter?: SessionFilter | null | undefined;
  /** What kind of file. */
  format?: FileFormat;
  /** The `endCursor` of the file before, of the same list; from the beginning where absent. */
  after?: string | null | undefined;
};

export type TakeSessionsMutationVariables = Exact<{
  input: ExportSessionsInput;
}>;


export type TakeSessionsMutation = { exportSessions:
    | { __typename: 'ExportPayload', url: string, fileName: string, rows: number, endCursor: string | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export type TakeReadingsMutationVariables = Exact<{
  input: ExportReadingsInput;
}>;


export type TakeReadingsMutation = { exportReadings:
    | { __typename: 'ExportPayload', url: string, fileName: string, rows: number, endCursor: string | null }
    | { __typename: 'InvalidInputError', code: ErrorCode, message: string }
   };

export const TakeSessions = document<TakeSessionsMutation, TakeSessionsMutationVariables>(
  "mutation TakeSessions($input: ExportSessionsInput!) { exportSessions(input: $input) { __typename ... on ExportPayload { url fileName rows endCursor } ... on UserError { code message } } }",
);

export const TakeReadings = document<TakeReadingsMutation, TakeReadingsMutationVariables>(
  "mutation TakeReadings($input: ExportReadingsInput!) { exportReadings(input: $input) { __typename ... on ExportPayload { url fileName rows endCursor } ... on UserError { code message } } }",
);
