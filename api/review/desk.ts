import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../core/clock.ts";
import { type DeckView, findDeck } from "../anki/queue/counts.ts";
import { type Next, nextCard } from "../anki/queue/next.ts";
import { makeSlice } from "../anki/slice/make.ts";
import { type OpenSlice, SliceEndError } from "../anki/slice/open.ts";
import { type Moment, momentOf } from "../anki/schedule/question.ts";
import type { Copies } from "./copies.ts";
import type { Lease, Person, ReviewSession } from "./model.ts";
import type { Slices } from "./slices.ts";
import type { LeaseStore } from "./store.ts";

export type Desk = ReturnType<typeof createDesk>;

/** What a review session asks of its collection, answered by the file or by a slice of it. */
export type View = {
  db: DatabaseSync;
  next(deckId: number, moment: Moment): Next;
  deck(deckId: number, moment: Moment): DeckView | undefined;
  /** Throws where only the file knows whether this answer was given before. */
  requireNew(answerId: string): void;
  /** Says that something is not here; throws where only the file knows. */
  missing(): undefined;
};

/**
 * Reads what a session needs: from the file where this process has it, else from the slice that travels with the session,
 * and only where that does not tell from the object store; whoever reads the file then leaves a slice for the others.
 */
export function createDesk(
  { store, copies, slices, clock }: { store: LeaseStore; copies: Copies; slices: Slices; clock: Clock },
) {
  /** The lease, in one request; together with its slice where this process has neither file nor slice. */
  async function findLease(person: Person): Promise<Lease | undefined> {
    if (copies.has(person) || slices.has(person)) return await store.find(person);
    const { lease, slice } = await store.findBoth(person);
    if (lease && slice) slices.remember(person, slice);
    return lease;
  }

  async function fromFile<T>(lease: Lease, use: (view: View) => T): Promise<T> {
    const hadFile = copies.has(lease);
    const value = await copies.read(lease, ({ db }) => use(viewOfFile(db)));
    if (!hadFile) await leaveSlice(lease);
    return value;
  }

  /** Leaves the next cards for processes without the file. Where that fails they read the file. */
  async function leaveSlice(lease: Lease): Promise<void> {
    const { session, file } = lease;
    if (!file || session?.status !== "ACTIVE") return;
    try {
      const { bytes, position } = await copies.read(lease, ({ db }, position) => ({
        bytes: makeSlice(db, {
          deckId: session.deckId,
          session: tagOf(session),
          since: session.startedAt,
          moment: momentOf(db, clock(), session.zone),
        }),
        position,
      }));
      if (bytes) await store.putSlice(lease, { line: file.line, position, epoch: session.epoch, bytes });
    } catch {
      return;
    }
  }

  return {
    findLease,
    leaveSlice,

    /** Calls `use` with the collection as the lease says it is; a second time, with the file, where a slice does not tell. */
    async read<T>(lease: Lease, use: (view: View) => T): Promise<T> {
      if (copies.has(lease)) return await fromFile(lease, use);
      const slice = slices.open(lease) ?? await fetched(lease);
      if (!slice) return await fromFile(lease, use);
      try {
        return use(viewOfSlice(slice));
      } catch (error) {
        if (!(error instanceof SliceEndError)) throw error;
        slices.forget(lease);
        return await fromFile(lease, use);
      }
    },
  };

  /** The slice that is stored, where the one that was known is of before. */
  async function fetched(lease: Lease): Promise<OpenSlice | undefined> {
    if (!lease.file || lease.session?.status !== "ACTIVE") return undefined;
    const slice = await store.findSlice(lease);
    if (!slice) return undefined;
    slices.remember(lease, slice);
    return slices.open(lease);
  }
}

function viewOfFile(db: DatabaseSync): View {
  return {
    db,
    next: (deckId, moment) => nextCard(db, deckId, moment),
    deck: (deckId, moment) => findDeck(db, deckId, moment),
    requireNew: () => {},
    missing: () => undefined,
  };
}

function viewOfSlice(slice: OpenSlice): View {
  return {
    db: slice.db,
    next(deckId, moment) {
      const next = deckId === slice.deckId ? nextCard(slice.db, deckId, moment, slice.part) : "beyond";
      if (next === "beyond") throw new SliceEndError();
      return next;
    },
    deck: (deckId, moment) => slice.deck(deckId, moment),
    requireNew: (answerId) => slice.requireNew(answerId),
    missing() {
      throw new SliceEndError();
    },
  };
}

/** What entries call a session: short, since each of them says it. */
export function tagOf({ epoch }: Pick<ReviewSession, "epoch">): string {
  return epoch.toString(36);
}
