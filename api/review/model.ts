import { createHash } from "node:crypto";
import * as v from "valibot";
import { parseInput, whole, words } from "../core/check.ts";
import { MINUTE_MS } from "../core/clock.ts";

export type ReviewStatus = "ACTIVE" | "ENDED" | "EXPIRED" | "TAKEN_OVER";

/** Whose collection: a person within a tenant. */
export type Person = { tenantId: string; userId: string };

/** One sitting. Its epoch is its number among all sittings of the person; the answers of another epoch are refused. */
export type ReviewSession = {
  sessionId: string;
  epoch: number;
  deckId: number;
  holder: string;
  /** The person's zone; the collection's own offset where undefined. */
  zone: string | undefined;
  status: ReviewStatus;
  startedAt: number;
  lastActivityAt: number;
  expiresAt: number;
  /** Answers that stand: what was taken back does not count. */
  answered: number;
  savedAt: number | undefined;
  /** Signs links to media; known to nobody but the service. Absent in sessions of before. */
  secret?: string | undefined;
};

/** The stored collection: a file, written once under its own key. */
export type StoredFile = {
  key: string;
  /** Grows with each file that takes another's place. */
  version: number;
  /** Grows with each import: entries of the journal belong to one line of files. */
  line: number;
  mediaKey: string | undefined;
};

/**
 * What is known of a person's collection, in one item that is never deleted: the file, the answers that are not in it
 * yet, and who holds it. The epoch only grows.
 */
export type Lease = Person & {
  epoch: number;
  file: StoredFile | undefined;
  /** The version and the line that a deleted collection had last: those of the next one are higher. */
  gone?: Pick<StoredFile, "version" | "line"> | undefined;
  /** The collection that an import replaced, as it was then: what takes that back. */
  replaced?: { key: string; mediaKey: string | undefined } | undefined;
  /** How often unused media were deleted. */
  mediaEra?: number | undefined;
  /** The file before, which a slow reader may still be reading. */
  previousKey: string | undefined;
  /** How many entries of all time are in the file. */
  base: number;
  /** The entries after those, as `formatEntry` writes them. */
  journal: readonly string[];
  session: ReviewSession | undefined;
  /** The session before, so that whoever held it can be told how it ended. */
  before: ReviewSession | undefined;
  /** When the sweeper looks next; undefined where nothing is left to do. */
  checkAt: number | undefined;
  /** Grows with each write. */
  revision: number;
};

/** Over so many partitions the index lists what the sweeper has to look at: whoever has a session, or answers that wait. */
export const CHECK_SHARDS = ["0", "1", "2", "3"] as const;

export type OnHeld = "FAIL" | "RESUME" | "TAKE_OVER";

/** A session ends by itself after so long without activity. */
export const IDLE_MS = 5 * MINUTE_MS;
/** With so many answers waiting, the file is written while reviewing goes on. */
export const SAVE_ENTRIES = 20;
/** With so many waiting, the next answer waits for the file to be written. */
export const MAX_ENTRIES = 200;

export const LIMITS = { holderChars: 100, idChars: 128, durationMaxMs: 86_400_000 } as const;

/** How many entries there were, of all time. */
export function positionOf({ base, journal }: Lease): number {
  return base + journal.length;
}

const id = words(LIMITS.idChars);
const zone = v.nullish(v.string());
const start = v.object({
  deckId: id,
  holder: words(LIMITS.holderChars),
  onHeld: v.picklist(["FAIL", "RESUME", "TAKE_OVER"]),
  timeZone: zone,
});
const RATINGS = { AGAIN: 1, HARD: 2, GOOD: 3, EASY: 4 } as const;
const answer = v.object({
  sessionId: id,
  cardId: v.pipe(id, v.regex(/^\d{1,15}$/, "must be a card's id: digits"), v.transform(Number)),
  rating: v.pipe(
    v.picklist(["AGAIN", "HARD", "GOOD", "EASY"], "must be one of AGAIN, HARD, GOOD and EASY"),
    v.transform((rating) => RATINGS[rating]),
  ),
  answerId: id,
  duration: v.nullish(whole(0, LIMITS.durationMaxMs)),
  showing: v.nullish(words(LIMITS.idChars)),
});

export type StartInput = v.InferOutput<typeof start>;
export type AnswerInput = v.InferOutput<typeof answer>;

/** These give typed input, or throw InvalidInputError with every wrong field. */
export const parseStart = (input: unknown): StartInput => parseInput(start, input);
export const parseAnswer = (input: unknown): AnswerInput => parseInput(answer, input);

/** A deck's id as Anki has it; undefined where the text is none. */
export function parseDeckId(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A client's id of an answer or a change as the journal and the file know it. */
export function shortIdOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url").slice(0, 14);
}

/** What a client asks for under an id, as it is kept beside the id: another one under the same id is told from it. */
export function digestOf(asked: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(asked)).digest("base64url").slice(0, 8);
}

/** The version and the line of a file that takes the place of what is there, or was there. */
export function nextFile({ file, gone }: Lease): Pick<StoredFile, "version" | "line"> {
  const { version, line } = file ?? gone ?? { version: 0, line: 0 };
  return { version: version + 1, line: line + 1 };
}
