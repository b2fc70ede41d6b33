import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { parseRange, type RangeInput } from "../core/range.ts";
import { LOST, retryLost } from "../core/writes.ts";
import type { Hub } from "../live/hub.ts";
import { decideEntry } from "./answering.ts";
import { type Copies, StaleLeaseError } from "./copies.ts";
import { type Desk, tagOf, type View } from "./desk.ts";
import { ReviewHeldError, ReviewLostError, ReviewNotFoundError } from "./errors.ts";
import { decideStart, emptyLease, ended, holderOf, sessionOf, statusOf, touched } from "./lease.ts";
import {
  type Lease,
  MAX_ENTRIES,
  parseAnswer,
  parseDeckId,
  parseStart,
  type Person,
  type ReviewSession,
  SAVE_ENTRIES,
} from "./model.ts";
import { type DeckView, findDeck } from "../anki/queue/counts.ts";
import type { Next } from "../anki/queue/next.ts";
import type { DeckStats } from "../anki/queue/deck-stats.ts";
import type { Forecast } from "../anki/queue/forecast.ts";
import { compareOnCard, readContent, type RenderedCard } from "../anki/render/card.ts";
import type { Render } from "../anki/work/render.ts";
import type { Saver } from "./save.ts";
import { findAnswer, findUndoable, logIdOf } from "../anki/schedule/answers-table.ts";
import { type Entry, formatEntry } from "../anki/schedule/entry.ts";
import { type CardView, momentOf, viewCard } from "../anki/schedule/question.ts";
import type { ReviewStats } from "../anki/queue/review-stats.ts";
import type { Views } from "../anki/work/views.ts";
import type { ReadArgs, Reader } from "./reader.ts";
import type { LeaseStore } from "./store.ts";

export type Reviews = ReturnType<typeof createReviews>;

/** A session with all that is known of its collection. */
export type ReviewView = { lease: Lease; session: ReviewSession };
export type CardToReview = CardView & RenderedCard & { view: ReviewView };

type ForecastInput = { deckId?: string | null | undefined; days: number; timeZone?: string | null | undefined };

const MAX_FORECAST_DAYS = 366;
const MAX_TYPED_CHARS = 10_000;

type Ahead = { next: Next; card: CardToReview | undefined };

export type ReviewsOptions = {
  store: LeaseStore;
  copies: Copies;
  desk: Desk;
  saver: Saver;
  hub: Hub;
  clock: Clock;
  ids: Ids;
  render: Render;
  readAll: Reader;
};

/** The key under which the hub tells of what happens to a person's collection. */
export function reviewKey({ tenantId, userId }: Person): string {
  return `review:${tenantId}#${userId}`;
}

export function createReviews({ store, copies, desk, saver, hub, clock, ids, render, readAll }: ReviewsOptions) {
  const aheads = new WeakMap<ReviewView, Promise<Ahead>>();
  const getLease = async (person: Person) => await desk.findLease(person) ?? emptyLease(person);

  /** Decides on the lease as it is and writes what came of it; looks again where somebody else wrote meanwhile. */
  async function change(
    person: Person,
    decide: (lease: Lease) => Lease | undefined | Promise<Lease | undefined>,
  ): Promise<Lease> {
    let known = await getLease(person);
    return await retryLost(async () => {
      try {
        const next = await decide(known);
        if (!next) return known;
        const { ok, current } = await store.replace(next, known);
        known = current;
        if (!ok) return LOST;
        hub.wake(reviewKey(person));
        return known;
      } catch (error) {
        if (!(error instanceof StaleLeaseError)) throw error;
        known = await getLease(person);
        return LOST;
      }
    });
  }

  /** The lease of now, where an older one's file is gone: another took its place, or the collection was deleted. */
  async function getFresh(person: Person): Promise<Lease> {
    const lease = await getLease(person);
    if (!lease.file) throw new ReviewNotFoundError("There is no collection any more; it was deleted meanwhile.");
    return lease;
  }

  /** Reads the collection; a lease that is too old is read again. */
  async function read<T>(lease: Lease, use: (db: DatabaseSync) => T): Promise<T> {
    try {
      return await copies.read(lease, ({ db }) => use(db));
    } catch (error) {
      if (!(error instanceof StaleLeaseError)) throw error;
      return await copies.read(await getFresh(lease), ({ db }) => use(db));
    }
  }

  /** Reads what a session shows; a lease that is too old is read again. */
  async function seenIn<T>(lease: Lease, use: (view: View) => T): Promise<T> {
    try {
      return await desk.read(lease, use);
    } catch (error) {
      if (!(error instanceof StaleLeaseError)) throw error;
      return await desk.read(await getFresh(lease), use);
    }
  }

  /** The session, if it still holds the collection. Throws what tells its owner how it ended. */
  function requireHolder(lease: Lease, sessionId: string): ReviewSession {
    const now = clock();
    const session = sessionOf(lease, sessionId);
    if (!session) throw new ReviewNotFoundError("There is no such review session.");
    const status = statusOf(session, now);
    if (status === "ACTIVE") return session;
    throw new ReviewLostError(status, holderOf(lease, now)?.holder);
  }

  async function append(
    person: Person,
    sessionId: string,
    decide: (view: View, lease: Lease) => Entry | undefined,
  ) {
    const lease = await change(person, async (known) => {
      const session = requireHolder(known, sessionId);
      if (known.journal.length >= MAX_ENTRIES) {
        await saver.save(known);
        throw new StaleLeaseError();
      }
      const entry = await desk.read(known, (view) => decide(view, known));
      if (!entry) return undefined;
      const next = touched(known, clock());
      const answered = session.answered + (entry.kind === "answer" ? 1 : -1);
      return { ...next, journal: [...next.journal, formatEntry(entry)], session: { ...next.session!, answered } };
    });
    // Nobody waits for it, and where it fails the next answer or the sweeper does it.
    if (lease.journal.length >= SAVE_ENTRIES && lease.journal.length % SAVE_ENTRIES === 0) {
      saver.save(lease).catch(() => {});
    }
    return viewOf(lease, sessionId);
  }

  return {
    /** All decks with their counts of this moment; none for somebody without a collection. */
    async decks(person: Person, timeZone?: string | null): Promise<DeckView[]> {
      const lease = await getLease(person);
      return lease.file ? await readWhole(lease, "decks", { at: clock(), zone: timeZone }) : [];
    },

    async deck(person: Person, deckId: string, timeZone?: string | null): Promise<DeckView | undefined> {
      const id = parseDeckId(deckId);
      const lease = await getLease(person);
      if (id === undefined || !lease.file) return undefined;
      return await read(lease, (db) => findDeck(db, id, momentOf(db, clock(), timeZone)));
    },

    /** The session that holds the collection now; with an id that session, also where it is over. */
    async find(person: Person, sessionId?: string): Promise<ReviewView | undefined> {
      const lease = await getLease(person);
      const session = sessionId === undefined ? holderOf(lease, clock()) : sessionOf(lease, sessionId);
      return session && { lease, session: seen(session) };
    },

    /** Begins a session, or joins or ends the one that runs. Throws ReviewHeldError, ReviewNotFoundError. */
    async start(person: Person, input: unknown): Promise<ReviewView> {
      const { deckId, holder, onHeld, timeZone } = parseStart(input);
      const id = parseDeckId(deckId);
      const [sessionId, secret] = [ids(), ids()];
      const lease = await change(person, async (known) => {
        // Where a lost reply made the request go out twice, the second finds what the first wrote.
        if (sessionOf(known, sessionId)) return undefined;
        // Who joins a session asks nothing of the file.
        if (onHeld === "RESUME" && holderOf(known, clock())) return touched(known, clock());
        const exists = known.file && id !== undefined &&
          await copies.read(known, ({ db }) => findDeck(db, id, momentOf(db, clock(), timeZone)) !== undefined);
        if (!exists) throw new ReviewNotFoundError("There is no such deck; `decks` lists those that are there.");
        const command = { sessionId, deckId: id, holder, zone: timeZone ?? undefined, onHeld, secret };
        const decision = decideStart(known, command, clock());
        if (decision.kind === "held") throw new ReviewHeldError(decision.by);
        return decision.lease;
      });
      if (!sessionOf(lease, sessionId)) return viewOf(lease, lease.session!.sessionId);
      await desk.leaveSlice(lease);
      return viewOf(lease, sessionId);
    },

    /**
     * Counts an answer, once by its id: it is durable when this returns, by one conditional write. Throws ReviewLostError
     * where the session no longer holds the collection, InvalidInputError where the card is not to be answered now.
     */
    async answer(person: Person, input: unknown): Promise<ReviewView> {
      const answer = parseAnswer(input);
      return await append(person, answer.sessionId, (view, lease) => decideEntry(view, lease, answer, clock()));
    },

    /** Takes back the newest answer of the session that stands. Throws ReviewNotFoundError where none does. */
    async undo(person: Person, sessionId: string): Promise<ReviewView> {
      let target: string | undefined;
      return await append(person, sessionId, (view, lease) => {
        // It is taken back: by this request, which went out twice, or on another device that showed the same.
        if (target !== undefined && isTakenBack(view, target)) return undefined;
        const undoable = findUndoable(view.db, tagOf(sessionOf(lease, sessionId)!)) ?? view.missing();
        if (!undoable) throw new ReviewNotFoundError("No answer of this session is left to take back.");
        target = undoable.id;
        return { kind: "undo", answerId: undoable.id, at: logIdOf(undoable) };
      });
    },

    /** Moves the countdown. */
    async extend(person: Person, sessionId: string): Promise<ReviewView> {
      const lease = await change(person, (known) => {
        requireHolder(known, sessionId);
        return touched(known, clock());
      });
      return viewOf(lease, sessionId);
    },

    /** Writes the collection's file now; reviewing goes on meanwhile. */
    async save(person: Person, sessionId: string): Promise<ReviewView> {
      const lease = await change(person, (known) => {
        requireHolder(known, sessionId);
        return touched(known, clock());
      });
      return viewOf(await saver.save(lease), sessionId, lease);
    },

    /** Ends the session and writes the file. Where that fails, the sweeper does it: no answer is lost. */
    async end(person: Person, sessionId: string): Promise<ReviewView> {
      const lease = await change(person, (known) => {
        const session = sessionOf(known, sessionId);
        if (session?.status === "ENDED") return undefined;
        requireHolder(known, sessionId);
        return ended(known, "ENDED", clock());
      });
      const saved = await saver.finish(lease).catch(() => lease);
      return viewOf(saved, sessionId, lease);
    },

    /** The card to answer next and what is left; none where the session is over. */
    next: async (view: ReviewView): Promise<Next> => (await aheadOf(view)).next,

    /** The card to answer next as it is shown, with what each answer would lead to; none where nothing is left. */
    nextCard: async (view: ReviewView): Promise<CardToReview | undefined> => (await aheadOf(view)).card,

    /** A deck of the session's collection. One that was deleted meanwhile has no counts. */
    deckOf: async ({ lease, session }: ReviewView, deckId: number): Promise<DeckView> =>
      await seenIn(lease, (view) => view.deck(deckId, momentOf(view.db, clock(), session.zone))) ??
        { deckId, name: "", newCount: 0, learningCount: 0, dueCount: 0, cardCount: 0 },

    /** What was answered, of all cards or of those of a deck. */
    async stats(person: Person, range: RangeInput, timeZone: string, deckId?: string | null): Promise<ReviewStats> {
      const wanted = parseRange(range, clock());
      const lease = await getLease(person);
      if (!lease.file) return { reviews: 0, retention: undefined, byDay: [] };
      return await readWhole(lease, "reviewStats", wanted, timeZone, deckOfText(deckId));
    },

    /** What will be due on each of so many days; undefined without a collection, or where there is no such deck. */
    async forecast(person: Person, { deckId, days, timeZone }: ForecastInput): Promise<Forecast | undefined> {
      if (!Number.isInteger(days) || days < 1 || days > MAX_FORECAST_DAYS) {
        throw new InvalidInputError([{ path: ["days"], message: `must be 1 to ${MAX_FORECAST_DAYS}` }]);
      }
      const lease = await getLease(person);
      if (!lease.file) return undefined;
      return await readWhole(lease, "forecast", { at: clock(), zone: timeZone }, { deckId: deckOfText(deckId), days });
    },

    /** How far a deck is learned, or the whole collection. */
    async deckStats(person: Person, { deckId, timeZone }: Omit<ForecastInput, "days">): Promise<DeckStats | undefined> {
      const lease = await getLease(person);
      if (!lease.file) return undefined;
      return await readWhole(lease, "deckStats", { at: clock(), zone: timeZone }, { deckId: deckOfText(deckId) });
    },

    /** What was typed beside what was to be typed; undefined where nothing is. Throws InvalidInputError. */
    typed(card: RenderedCard, text: string): ReturnType<typeof compareOnCard> {
      if (text.length > MAX_TYPED_CHARS) {
        throw new InvalidInputError([{ path: ["text"], message: `must be at most ${MAX_TYPED_CHARS} characters` }]);
      }
      return compareOnCard(card, text);
    },
  };

  /** Reads what goes through the whole collection; a lease that is too old is read again. */
  async function readWhole<Name extends keyof Views>(lease: Lease, ...asked: ReadArgs<Name>) {
    try {
      return await readAll(lease, ...asked);
    } catch (error) {
      if (!(error instanceof StaleLeaseError)) throw error;
      return await readAll(await getFresh(lease), ...asked);
    }
  }

  /** What comes next in a view, looked up once for all fields that ask. */
  async function aheadOf(view: ReviewView): Promise<Ahead> {
    const ahead = aheads.get(view) ?? lookAhead(view);
    aheads.set(view, ahead);
    return await ahead;
  }

  async function lookAhead(view: ReviewView): Promise<Ahead> {
    const { lease, session } = view;
    if (statusOf(session, clock()) !== "ACTIVE") {
      return { next: { cardId: undefined, remaining: { new: 0, learning: 0, due: 0 } }, card: undefined };
    }
    const { next, card, content } = await seenIn(lease, ({ db, ...view }) => {
      const moment = momentOf(db, clock(), session.zone);
      const next = view.next(session.deckId, moment);
      const card = next.cardId === undefined ? undefined : viewCard(db, next.cardId, moment);
      return { next, card, content: card && readContent(db, card.cardId) };
    });
    return { next, card: card && content && { ...card, ...await render(lease.tenantId, content), view } };
  }

  /** The session as the lease has it; as it was known, and taken over, where two others came since. */
  function viewOf(lease: Lease, sessionId: string, known = lease): ReviewView {
    const last = sessionOf(known, sessionId)!;
    const lost: ReviewSession = last.status === "ACTIVE" ? { ...last, status: "TAKEN_OVER" } : last;
    return { lease, session: seen(sessionOf(lease, sessionId) ?? lost) };
  }

  function seen(session: ReviewSession): ReviewSession {
    return { ...session, status: statusOf(session, clock()) };
  }
}

/** A deck's id; one that no deck has where the text is none. */
function deckOfText(deckId: string | null | undefined): number | undefined {
  return deckId === null || deckId === undefined ? undefined : parseDeckId(deckId) ?? -1;
}

function isTakenBack(view: View, answerId: string): boolean {
  const known = findAnswer(view.db, answerId) ?? view.missing();
  return known?.undo === null;
}
