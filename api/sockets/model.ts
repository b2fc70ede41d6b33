import { createHash } from "node:crypto";
import type { Holder, Viewer } from "../auth/viewer.ts";
import { HOUR_MS, MINUTE_MS } from "../core/clock.ts";

/** What is known of a WebSocket that API Gateway holds, from its opening on. */
export type SocketOpening = {
  /** Of the token in its head, where there is one. */
  viewer: Viewer | undefined;
  /** The client's, where what stands in front is all that its messages come from. */
  address: string | undefined;
  /** Whether it came with what does not hold. */
  isRefused: boolean;
};

/** One whose token is known; and what it follows: groups by the client's ids. */
export type SocketConnection = SocketOpening & {
  id: string;
  viewer: Viewer;
  isInitialised: boolean;
  subscriptions: ReadonlyMap<string, string>;
  /** How many ids it completed without following anything by them. */
  completed: number;
};

/** What became of following a group by an id of a client's: the client has completed it before it began, or holds it already. */
export type Following = "following" | "completed" | "exists" | "full" | "gone";

/** What all members of a group ask, and as whom. `userId` is there only where the answer depends on the person. */
export type Question = {
  tenantId: string;
  scopes: Viewer["scopes"];
  userId: string | undefined;
  query: string;
  operationName: string | undefined;
  variables: Record<string, unknown>;
};

/**
 * All who ask the same. What they are given is executed once for all of them, and they stand at one position: a cursor of the
 * feed, empty before its first message.
 */
export type Group = {
  id: string;
  question: Question;
  position: string;
  /** The hub's keys that the feed watches; undefined before it was first read. */
  keys: readonly string[] | undefined;
  /** Whether its feed is of what comes from now on, for whoever names no position. */
  beginsNow: boolean;
  /** When it is looked at again by itself, where what it gives changes with time too. */
  lookAt: number;
  /** When it was last given something. */
  sentAt: number;
  /** Who gives at the moment, until when at the latest. */
  lease: { by: string; until: number } | undefined;
  /** While it is given something: the member up to which all surely have it. What remains of one that broke off. */
  sending: { upTo: string } | undefined;
};

export type Member = {
  /** `connection#subscription`: they are given things in this order. */
  key: string;
  connectionId: string;
  subscriptionId: string;
  credential: string;
  expiresAt: number;
  /** What may end before that. */
  holder: Holder;
  /** A position of its own, before it has caught up with its group. */
  position: string | undefined;
};

/** What may end a viewer's sockets before their token does: a login or a key. */
export function holderId({ login, keyId }: Holder): string | undefined {
  return login?.loginId ?? keyId;
}

/** API Gateway cuts each connection after two hours. */
const SOCKET_MS = 2 * HOUR_MS;
/** What belongs to one is of no use so long after it was opened. */
export const KEEP_MS = SOCKET_MS + 10 * MINUTE_MS;

/** The same for the same words. `parts` hold strings, numbers, lists and objects whose members have an order. */
export function digestOf(...parts: unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);
}
