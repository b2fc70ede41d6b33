import { IDLE_MS, type Lease, type OnHeld, type Person, type ReviewSession, type ReviewStatus } from "./model.ts";

/** Whoever holds the collection now, if anybody does. */
export function holderOf({ session }: Lease, now: number): ReviewSession | undefined {
  return session && statusOf(session, now) === "ACTIVE" ? session : undefined;
}

/** A session that nobody touched for too long is over, whether or not that was written. */
export function statusOf(session: ReviewSession, now: number): ReviewStatus {
  return session.status === "ACTIVE" && session.expiresAt <= now ? "EXPIRED" : session.status;
}

/** The session of an id: the present one, or the one before. */
export function sessionOf(lease: Lease, sessionId: string): ReviewSession | undefined {
  return [lease.session, lease.before].find((session) => session?.sessionId === sessionId);
}

export function emptyLease(person: Person): Lease {
  return {
    ...person,
    epoch: 0,
    file: undefined,
    previousKey: undefined,
    base: 0,
    journal: [],
    session: undefined,
    before: undefined,
    checkAt: undefined,
    revision: 0,
  };
}

export type StartCommand = {
  sessionId: string;
  deckId: number;
  holder: string;
  zone: string | undefined;
  onHeld: OnHeld;
  secret: string;
};

export type StartDecision =
  | { kind: "start"; lease: Lease }
  | { kind: "join"; lease: Lease }
  | { kind: "held"; by: ReviewSession };

/** What becomes of a wish to review: a session of its own with the next epoch, the running one, or a refusal. */
export function decideStart(lease: Lease, command: StartCommand, now: number): StartDecision {
  const held = holderOf(lease, now);
  if (held && command.onHeld === "FAIL") return { kind: "held", by: held };
  if (held && command.onHeld === "RESUME") return { kind: "join", lease: touched(lease, now) };
  const { sessionId, deckId, holder, zone, secret } = command;
  const epoch = lease.epoch + 1;
  const session: ReviewSession = {
    sessionId,
    epoch,
    deckId,
    holder,
    zone,
    status: "ACTIVE",
    startedAt: now,
    lastActivityAt: now,
    expiresAt: now + IDLE_MS,
    answered: 0,
    savedAt: undefined,
    secret,
  };
  const { session: last } = lease;
  const before = last && { ...last, status: held ? "TAKEN_OVER" as const : statusOf(last, now) };
  return { kind: "start", lease: { ...lease, epoch, session, before, checkAt: session.expiresAt } };
}

/** The lease after something happened in its session: the countdown begins again. */
export function touched(lease: Lease, now: number): Lease {
  const session = lease.session!;
  const lastActivityAt = Math.max(session.lastActivityAt, now);
  return { ...lease, session: { ...session, lastActivityAt, expiresAt: lastActivityAt + IDLE_MS } };
}

/** The lease with its session over. The sweeper saves what is not saved. */
export function ended(lease: Lease, status: Exclude<ReviewStatus, "ACTIVE">, now: number): Lease {
  return { ...lease, session: { ...lease.session!, status }, checkAt: lease.journal.length > 0 ? now : undefined };
}

/** What the sweeper finds due: a session to end, answers to save, a later look, or nothing. */
export function decideSweep(
  lease: Lease,
  now: number,
): { kind: "end" | "save" | "done" } | { kind: "wait"; until: number } {
  const { session } = lease;
  if (session?.status === "ACTIVE") {
    return session.expiresAt <= now ? { kind: "end" } : { kind: "wait", until: session.expiresAt };
  }
  return { kind: lease.journal.length > 0 ? "save" : "done" };
}
