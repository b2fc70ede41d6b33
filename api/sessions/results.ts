import type { ReadingReceipt } from "./plausible.ts";
import type { Session } from "./model.ts";

/** What the use cases give: a member of the contract's result unions each. */
export type SessionPayload = {
  __typename: "SessionPayload";
  session: Session;
  /** Why what was said does not hold yet. */
  held?: string | undefined;
};
export type SplitPayload = { __typename: "SplitSessionPayload"; first: Session; second: Session };
export type MotionPayload = {
  __typename: "RecordMotionPayload";
  session: Session;
  started: boolean;
  duplicate: boolean;
};
export type BatchPayload = {
  __typename: "IngestSessionBatchPayload";
  /** The session that the device names, and the one that holds the readings. */
  source: Session;
  session: Session;
  duplicate: boolean;
  accepted: number;
  /** Of the readings that were not taken, and what was stated and is not believed. */
  receipts: readonly ReadingReceipt[];
  doubts: readonly string[];
  quarantineId?: string | undefined;
};
export type ClearedPayload = {
  __typename: "MotionClearedPayload";
  /** The session that lasts until then; undefined while nothing that it closes is there. */
  session: Session | undefined;
  duplicate: boolean;
};
export type Quarantined = { __typename: "QuarantinedPayload"; quarantineId: string; reason: string };
export type Resolved = { __typename: "ResolveQuarantinedPayload"; admitted: boolean };
export type NotFound = { __typename: "NotFoundError"; code: "NOT_FOUND"; message: string };
export type SessionEnded = {
  __typename: "SessionEndedError";
  code: "SESSION_ENDED";
  message: string;
  session: Session;
};
export type PayloadMismatch = { __typename: "PayloadMismatchError"; code: "PAYLOAD_MISMATCH"; message: string };
export type VersionConflict = {
  __typename: "VersionConflictError";
  code: "VERSION_CONFLICT";
  message: string;
  current: Session;
};

export function sessionPayload(session: Session): SessionPayload {
  return { __typename: "SessionPayload", session };
}

/** `found`: what there is of that id; undefined, or a session that a person deleted. */
export function notFound(sessionId: string, found?: Session): NotFound {
  const message = found?.deletedAt === undefined
    ? `There is no session ${quoted(sessionId)}.`
    : `The session ${quoted(sessionId)} was deleted by a person; restoreSession brings it back.`;
  return { __typename: "NotFoundError", code: "NOT_FOUND", message };
}

export function ended(session: Session): SessionEnded {
  const message = `The session ${
    quoted(session.sessionId)
  } is over; record motion or create a session to begin another.`;
  return { __typename: "SessionEndedError", code: "SESSION_ENDED", message, session };
}

export function mismatch(message: string): PayloadMismatch {
  return { __typename: "PayloadMismatchError", code: "PAYLOAD_MISMATCH", message };
}

export function conflict(current: Session, seen: number): VersionConflict {
  const message =
    `The session is at version ${current.version}, not ${seen}: look at what changed, then say it again with expectedVersion ${current.version}.`;
  return { __typename: "VersionConflictError", code: "VERSION_CONFLICT", message, current };
}

function quoted(id: string): string {
  return JSON.stringify(id.slice(0, 128));
}
