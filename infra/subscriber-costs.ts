/** What it costs that a page stays open and follows something. */
import { functions } from "../api/functions.ts";
import { calls, HOURS, MB_A_GB, of } from "./costs.ts";

/** Of the WebSocket way, as `npm run bench:socket-subscribers` measures it; times on AWS are estimates. */
export const SOCKETS = {
  /** A subscription's beginning, after each cut of two hours: units, messages both ways, and calls of the function. */
  ...{ joinWrites: 14, joinReads: 20, joinMessages: 8, joinCalls: 4, joinMs: 120 },
  joinsADay: 12,
  /** A change that a group is given: the lease, the position, letting go; the feed, and who follows it. */
  ...{ roundWrites: 3, roundReads: 8, roundMs: 90 },
  /** Who is in the group, a unit for so many. */
  membersAUnit: 12,
  postMs: 8,
  /** Sending, receiving and removing a message of the queue `wakes`. */
  queueRequests: 3,
  /** Whether somebody follows, asked with each part of a stream. */
  lookReads: 1,
} as const;

const MINUTES = HOURS * 60;
const DAYS = HOURS / 24;

/** Dollars a month of one of `together` pages that follow the same, open for so much of the month, at one update a minute. */
export function socketMonth(together: number, share = 1): number {
  const updates = MINUTES * share;
  const joins = SOCKETS.joinsADay * DAYS * share;
  const own = of("socketMinute", updates) + of("socketMessage", updates + joins * SOCKETS.joinMessages) +
    of("dynamodbWrite", joins * SOCKETS.joinWrites) + of("dynamodbRead", joins * SOCKETS.joinReads) +
    calls("sockets", joins * SOCKETS.joinCalls, SOCKETS.joinMs) + of("sqs", joins);
  const reads = SOCKETS.roundReads + SOCKETS.lookReads + together / SOCKETS.membersAUnit;
  const group = of("dynamodbWrite", updates * SOCKETS.roundWrites) + of("dynamodbRead", updates * reads) +
    of("sqs", updates * SOCKETS.queueRequests) +
    calls("push", updates, SOCKETS.roundMs + together * SOCKETS.postMs / 32);
  return own + group / together;
}

/** What API Gateway takes for the open socket and a message a minute: no service behind it is cheaper. */
export function socketFloor(share = 1): number {
  const updates = MINUTES * share;
  return of("socketMinute", updates) + of("socketMessage", updates);
}

/** The same over server-sent events: an environment of the function `stream` is held open by each. */
export function streamMonth(share = 1): number {
  const seconds = HOURS * 3_600 * share;
  const { memoryMb, timeoutSeconds } = functions.stream;
  return of("lambdaTime", seconds * memoryMb / MB_A_GB) + of("lambdaRequest", seconds / timeoutSeconds) +
    // A REST API's request, by the ratio to an HTTP API's in the US.
    of("httpApi", seconds / timeoutSeconds) * 3.5;
}

/** DynamoDB asks KMS for a table's key at most once in five minutes for each who uses it. */
export function managedKeyMonth(): number {
  const users = Object.values(functions).reduce((sum, { tables }) => sum + Object.keys(tables).length, 0);
  return of("kms", users * HOURS * 12);
}
