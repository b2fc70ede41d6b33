import { CloseCode } from "graphql-ws";
import type { Peer } from "./socket-operations.ts";

/** Under way for an id, and what waits for its end. */
type Turn = { next: unknown; isCompleted: boolean };

export type Turns = {
  peer: Pick<Peer, "close" | "isClosed">;
  /** Takes a message; for `subscribe` it is done when all that the operation did is over. */
  take: (message: unknown) => Promise<void>;
  /** Hears that nothing is under way for an id any more. */
  ended: (id: string) => void;
};

/**
 * Takes a client's messages so that each id stands for one operation at a time. With `complete` the protocol gives an id free,
 * while what ran under it may still wait for its reading: graphql-ws, which knows operations by their id alone, would give its
 * answer to the next one of that id, and at its end forget that one. So the next one waits for that end.
 */
export function createTurns({ peer, take, ended }: Turns): (message: unknown) => Promise<void> {
  const turns = new Map<string, Turn>();

  async function run(id: string, first: unknown): Promise<void> {
    const turn: Turn = { next: first, isCompleted: false };
    turns.set(id, turn);
    try {
      while (turn.next !== undefined && !peer.isClosed) {
        const message = turn.next;
        turn.next = undefined;
        turn.isCompleted = false;
        try {
          await take(message);
        } finally {
          ended(id);
        }
      }
    } finally {
      turns.delete(id);
    }
  }

  return async (message) => {
    const { type, id } = (message ?? {}) as { type?: unknown; id?: unknown };
    if (typeof id !== "string" || (type !== "subscribe" && type !== "complete")) return await take(message);
    const turn = turns.get(id);
    if (type === "complete") {
      // What waits has not begun: it needs no more than to be forgotten.
      if (turn?.next !== undefined) return void (turn.next = undefined);
      if (turn) turn.isCompleted = true;
      return await take(message);
    }
    if (!turn) return await run(id, message);
    if (!turn.isCompleted || turn.next !== undefined) {
      return peer.close(CloseCode.SubscriberAlreadyExists, "There is an operation of this id.");
    }
    turn.next = message;
  };
}
