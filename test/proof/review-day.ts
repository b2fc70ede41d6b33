/**
 * Law: real collections are imported whole, a full day is reviewed until nothing is left, by turns at two instances with
 * answers sent twice and taken back, and the file that is taken away is whole: its log is the import's plus exactly the
 * answers given, row by row, and its tables and columns are the import's.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/review-day.ts [SEED]
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import type { DatabaseSync } from "node:sqlite";
import { readPackage } from "../../api/anki/file/package.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { withDatabase } from "../kit/database.ts";
import { logOf, packageAt, type Reviewer, reviewerOf } from "../kit/review.ts";
import { createRandom } from "./random.ts";

const FOLDER = new URL("../../../shared/data/spaced-repetition/", import.meta.url);
const MORNING = Date.UTC(2013, 8, 13, 6);
const MINUTE = 60_000;
const ZONE = "Europe/Berlin";
const RATINGS = ["AGAIN", "HARD", "GOOD", "EASY"] as const;
/** Of a hundred answers, as the file's own log has them. */
const SHARES = [5, 46, 93, 100];
const SESSION_CARDS = 40;
/** Cards in learning that are due within 20 minutes count as due. */
const SOON_S = 1_200;

const seed = Number(process.argv[2] ?? Date.now() % 1_000_000);
const random = createRandom(seed);
let now = MORNING;

type Given = { cid: number; ease: number; time: number; at: number };
type FileDeck = { name: string; cards: number; due: number; learning: number };
type Deck = {
  deckId: string;
  name: string;
  newCount: number;
  learningCount: number;
  dueCount: number;
  cardCount: number;
};

const countOf = (db: DatabaseSync, table: string) =>
  Number(db.prepare(`select count(*) as n from ${table}`).get()!["n"]);
const countsIn = (db: DatabaseSync) => ["notes", "cards", "revlog", "graves"].map((table) => countOf(db, table));
/** Tables, indexes and columns, in words. */
const shapeOf = (db: DatabaseSync) =>
  db.prepare("select type, name, sql from sqlite_master where name not like 'sqlite_%' order by type, name").all()
    .map((row) => JSON.stringify({ ...row }));

/** Cards by deck, with those that are due and those that are learned, straight from the file. */
function decksIn(db: DatabaseSync, today: number, at: number): FileDeck[] {
  const decks = JSON.parse(String(db.prepare("select decks from col").get()!["decks"])) as Record<
    string,
    { name: string }
  >;
  const count = db.prepare(
    `select count(*) as cards, total(queue = 2 and due <= $today) as due,
       total((queue = 1 and due <= $soon) or (queue = 3 and due <= $today)) as learning from cards where did = $id`,
  );
  return Object.entries(decks).map(([id, { name }]) => {
    const { cards, due, learning } = count.get({ $today: today, $soon: at / 1_000 + SOON_S, $id: Number(id) })!;
    return { name, cards: Number(cards), due: Number(due), learning: Number(learning) };
  });
}

/** The session of a result; throws what the result is instead. */
// oxlint-disable-next-line no-explicit-any
function sessionIn(result: any) {
  strictEqual(result.__typename, "ReviewPayload", JSON.stringify(result));
  return result.reviewSession;
}

/** A session without how much of it is saved, which may be going on beside. */
const shownOf = ({ savedAt: _savedAt, unsavedAnswers: _unsaved, ...shown }: Record<string, unknown>) => shown;

/** Answers all that is to be answered in a deck today; gives the answers that stand, in order. */
async function reviewDeck(instances: readonly Reviewer[], deckId: string): Promise<Given[]> {
  const given: Given[] = [];
  const any = () => instances[Math.floor(random() * instances.length)]!;
  let idle = 0;
  for (let answers = 0; idle < 2;) {
    let session = sessionIn(await any().start({ deckId, timeZone: ZONE, holder: `seed ${seed}` }));
    const { sessionId } = session;
    const first = given.length;
    for (let i = 0; i < SESSION_CARDS && session.nextCard; i++) {
      const duration = 1_000 + Math.floor(random() * 20_000);
      now += duration;
      const share = random() * 100;
      const ease = SHARES.findIndex((upTo) => share < upTo) + 1;
      const input = {
        sessionId,
        cardId: session.nextCard.cardId,
        rating: RATINGS[ease - 1],
        duration,
        answerId: `${deckId}-${answers++}`,
      };
      session = sessionIn(await any().answer(input));
      if (random() < 0.1) deepStrictEqual(shownOf(sessionIn(await any().answer(input))), shownOf(session));
      given.push({ cid: Number(input.cardId), ease, time: duration, at: now });
      if (random() < 0.05 && given.length > first) {
        session = sessionIn(await any().undo(sessionId));
        given.pop();
      }
      if (random() < 0.03) session = sessionIn(await any().save(sessionId));
    }
    idle = session.nextCard === null && given.length === first ? idle + 1 : 0;
    strictEqual(sessionIn(await any().end(sessionId)).unsavedAnswers, 0);
    // Learning cards may come back later in the day.
    if (session.nextCard === null) now += 20 * MINUTE;
  }
  return given;
}

/** Reviews one person's whole day, and holds the file that is taken away against the one that was brought. */
async function proveDay(apis: readonly TestApp[], name: string, userId: string): Promise<void> {
  const bytes = new Uint8Array(readFileSync(new URL(name, FOLDER)));
  const source = (await readPackage(bytes)).collection;
  const before = withDatabase(source, (db) => ({
    counts: countsIn(db),
    log: logOf(db),
    shape: shapeOf(db),
    crt: Number(db.prepare("select crt from col").get()!["crt"]) * 1_000,
  }));
  const instances = apis.map((api) => reviewerOf(api, { userId }));
  now = Math.max(MORNING, before.crt + 3 * 60 * MINUTE);
  const startedAt = now;
  const imported = await instances[0]!.import(bytes);
  strictEqual(imported.__typename, "ImportCollectionPayload", JSON.stringify(imported));
  deepStrictEqual([imported.notes, imported.cards, imported.reviews], before.counts.slice(0, 3));
  const decks: Deck[] = await instances[1]!.decks(ZONE);
  const today = Math.floor((now - before.crt) / 86_400_000);
  const own = withDatabase(source, (db) => decksIn(db, today, now));
  for (const { name: deck, cards, due, learning } of own) {
    const shown = decks.find((one) => one.name === deck)!;
    const below = own.filter((one) => one.name === deck || one.name.startsWith(`${deck}::`));
    const sumOf = (count: "cards" | "due" | "learning") => below.reduce((sum, one) => sum + one[count], 0);
    // No deck of these files reaches its limit of reviews.
    deepStrictEqual(
      [shown.cardCount, shown.dueCount, shown.learningCount],
      [sumOf("cards"), sumOf("due"), sumOf("learning")],
      deck,
    );
    if (cards > 0) {
      console.log(
        `  ${deck}: ${cards} cards, ${learning} learning and ${due} due in the file; shown: ${shown.newCount} new, ` +
          `${shown.learningCount} learning, ${shown.dueCount} due`,
      );
    }
  }

  const given: Given[] = [];
  for (const { deckId, cardCount } of decks.filter(({ name: deck }) => !deck.includes("::"))) {
    if (cardCount > 0) given.push(...await reviewDeck(instances, deckId));
  }
  for (const { name: deck, dueCount, newCount, learningCount } of await instances[0]!.decks(ZONE)) {
    deepStrictEqual([dueCount, newCount, learningCount], [0, 0, 0], deck);
  }

  const { url } = await instances[1]!.exported();
  withDatabase((await packageAt(url)).collection, (db) => {
    deepStrictEqual(db.prepare("pragma integrity_check").all().map((row) => ({ ...row })), [{ integrity_check: "ok" }]);
    deepStrictEqual(shapeOf(db), before.shape);
    const log = logOf(db);
    deepStrictEqual(log.slice(0, before.log.length), before.log);
    const added = log.slice(before.log.length).map((text) => JSON.parse(text) as Record<string, number>);
    deepStrictEqual(
      added.map(({ cid, ease, time, id }) => ({ cid, ease, time, at: id })),
      given,
    );
    const [notes, cards, , graves] = before.counts;
    deepStrictEqual(countsIn(db), [notes, cards, before.log.length + given.length, graves]);
    console.log(
      `  ${given.length} answers until ${new Date(now).toISOString()} (from ${
        new Date(startedAt).toISOString()
      }); log ` +
        `${before.log.length} + ${given.length} = ${log.length} rows, all equal; ${before.shape.length} tables and ` +
        `indexes equal; integrity_check ok`,
    );
  });
}

/** Both files together: what is there is the sum, and each review is. */
async function proveMerge(api: TestApp): Promise<void> {
  const person = reviewerOf(api, { userId: "merged" });
  const sums = [0, 0, 0];
  const logs: string[] = [];
  for (const name of ["kanji_collection.anki2", "openrussian_verbs.apkg"]) {
    const bytes = new Uint8Array(readFileSync(new URL(name, FOLDER)));
    withDatabase((await readPackage(bytes)).collection, (db) => {
      for (const [i, count] of countsIn(db).slice(0, 3).entries()) sums[i]! += count;
      logs.push(...logOf(db));
    });
    await person.import(bytes);
  }
  await person.download((db) => {
    deepStrictEqual(countsIn(db).slice(0, 3), sums);
    deepStrictEqual(logOf(db), logs);
  });
  console.log(`  merged: ${sums[0]} notes, ${sums[1]} cards, ${sums[2]} reviews, as both files have`);
}

if (!existsSync(FOLDER)) {
  console.log("skipped: there is no ../shared/data/spaced-repetition");
  process.exit(0);
}
console.log(`seed ${seed}`);
const apis: TestApp[] = [];
try {
  apis.push(await startTestApp({ clock: () => now }));
  apis.push(await startTestApp({ system: apis[0]!.system, clock: () => now }));
  for (const [name, userId] of [["kanji_collection.anki2", "kanji"], ["openrussian_verbs.apkg", "russian"]] as const) {
    console.log(name);
    await proveDay(apis, name, userId);
  }
  await proveMerge(apis[0]!);
  console.log("Holds.");
} finally {
  for (const api of apis.reverse()) await api.stop();
}
