import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { dumpAnki } from "../kit/anki.ts";
import { card, deck, note, options, review, schema11 } from "../kit/anki-file.ts";
import { START_AT } from "./reviews-world.ts";

export const DECK = 1_600_000_000_500;
export const CHILD = 1_600_000_000_501;
export const OTHER = 1_600_000_000_502;

const DAY_MS = 86_400_000;
const CRT = START_AT / 1_000 - 100 * 86_400 - 8 * 3_600;

/** A package: its bytes, and each row of its review log as the oracle writes it. */
export type Package = { bytes: Buffer; base64: string; rows: string[]; cards: Map<number, number> };

/** A row of a review log as the oracle compares it. */
export const rowOf = (id: number, cid: number, ease: number) => `${id} ${cid} ${ease}`;

/**
 * A collection of 16 to 24 notes with two cards each in a deck, its child and another deck: new ones, some due, some in
 * learning. The n-th shares a third of its notes with the one before it and has reviews of its own.
 */
export function packageOf(n: number, from: number): Package {
  const numbers = Array.from({ length: 12 }, (_, i) => from + i);
  const deckOf = (i: number) => [DECK, DECK, CHILD, OTHER][i % 4]!;
  const idOf = (i: number) => 1_600_000_001_000 + i * 10;
  const logs = numbers.flatMap((i) =>
    [1, 2].map((k) => [START_AT - (20 + n) * DAY_MS + i * 9_000 + k, idOf(i)] as const)
  );
  const cards = numbers.flatMap((i) => {
    const did = deckOf(i);
    const learning = i % 6 === 5;
    return [
      learning
        ? card(idOf(i), idOf(i), { did, type: 1, queue: 1, due: START_AT / 1_000 - 60, left: 1001, reps: 1 })
        : card(idOf(i), idOf(i), { did, type: 2, queue: 2, due: 96 + i % 5, ivl: 10, factor: 2500, reps: 3 + n }),
      card(idOf(i) + 1, idOf(i), { did, ord: 1, due: i }),
    ];
  });
  const bytes = schema11({
    crt: CRT,
    conf: { nextPos: 100, schedVer: 2, rollover: 4, creationOffset: 0, collapseTime: 1200, fsrs: true },
    decks: {
      1: deck(1, "Default"),
      [DECK]: deck(DECK, "Words"),
      [CHILD]: deck(CHILD, "Words::Verbs"),
      [OTHER]: deck(OTHER, "Other"),
    },
    dconf: {
      1: options(1, {
        new: { delays: [1, 10], ints: [1, 4, 0], initialFactor: 2500, perDay: 30, order: 1, bury: n % 2 === 0 },
        lapse: { delays: [10], mult: 0, minInt: 1, leechFails: 2, leechAction: 0 },
      }),
    },
    notes: numbers.map((i) => note(idOf(i), { mod: 1_000 + n })),
    cards,
    revlog: logs.map(([id, cid]) => review(id, cid)),
  }, 1024);
  return {
    bytes,
    base64: bytes.toString("base64"),
    rows: logs.map(([id, cid]) => rowOf(id, cid, 3)),
    cards: new Map(cards.map(({ id, did }) => [Number(id), Number(did)])),
  };
}

/** A folder for what is scratch, in memory where the system has such folders: runs write files by the ten thousand. */
export function scratchFolder(): string {
  const inMemory = "/dev/shm";
  return mkdtempSync(join(existsSync(inMemory) ? inMemory : tmpdir(), "sojourn-proof-"));
}

/** Calls `use` with a stored file, opened apart from all that is under test. */
export function withFile<T>(bytes: Uint8Array, use: (db: DatabaseSync) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-oracle-"));
  const path = join(folder, "stored");
  writeFileSync(path, bytes);
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
    return use(db);
  } finally {
    db.close();
    rmSync(folder, { recursive: true });
  }
}

/** The rows of a file's review log; throws where SQLite finds the file damaged. */
export function logRowsOf(db: DatabaseSync): string[] {
  const [check] = db.prepare("PRAGMA integrity_check").all();
  if (check?.integrity_check !== "ok") throw new Error(`integrity_check: ${JSON.stringify(check)}`);
  return db.prepare("SELECT id, cid, ease FROM revlog").all()
    .map(({ id, cid, ease }) => rowOf(Number(id), Number(cid), Number(ease))).sort();
}

/** Every row of a file, the answers that it remembers too. */
export function allRowsOf(db: DatabaseSync): string {
  const withAnswers = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'sojourn_answers'").get() !== undefined;
  return JSON.stringify(dumpAnki(db, { withAnswers }));
}
