import { afterAll, beforeAll, expect, test } from "vitest";
import { card, databaseBytes, deck, note, schema11, zipOf } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { NOON, reviewerOf, smallContent } from "../kit/review.ts";

const CRAM = 700;
let api: TestApp;
let now = NOON;
let people = 0;
beforeAll(async () => {
  api = await startTestApp({ clock: () => now });
});
afterAll(() => api.stop());
const somebody = () => reviewerOf(api, { userId: `crammer-${people++}` });

/** A deck that borrows a review, a new card and one that is suspended, and gives them back as they were. */
const cramming = (more: object = {}) => {
  const content = smallContent();
  const borrowed = (id: number, over: object) => card(id, id, { did: CRAM, odid: 101, due: -100_000 + id, ...over });
  return schema11({
    ...content,
    decks: { ...content.decks, [CRAM]: deck(CRAM, "Cram", { dyn: 1, resched: false, ...more }) },
    notes: [...content.notes!, note(5_001), note(5_002)],
    cards: [
      ...content.cards!,
      borrowed(5_001, { type: 2, queue: 2, ivl: 10, factor: 2_500, reps: 3, odue: 20 }),
      borrowed(5_002, { odue: 7 }),
    ],
  });
};

test("a deck that only previews shows its cards, with delays of its own, and gives them back as they were", async () => {
  const person = somebody();
  await person.import(cramming({ previewAgainSecs: 90, previewHardSecs: 400, previewGoodSecs: 0 }));
  let session = (await person.start({ deckId: String(CRAM) })).reviewSession;
  const seen: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { cardId, choices } = session.nextCard;
    expect(choices.map(({ interval }: { interval: number }) => interval)).toEqual([90_000, 400_000, 0, 0]);
    seen.push(cardId);
    now += 1_000;
    session =
      (await person.answer({ sessionId: session.sessionId, cardId, answerId: `c${i}`, rating: "GOOD" })).reviewSession;
  }
  expect([seen.toSorted((a, b) => (a < b ? -1 : 1)), session.nextCard]).toEqual([["5001", "5002"], null]);
  await person.end(session.sessionId);
  const home = await person.download((db) =>
    db.prepare("select type, queue, did, odid, due, ivl, reps from cards where id > 5000").all().map((row) =>
      Object.values({ ...row })
    )
  );
  expect(home).toEqual([[2, 2, 101, 0, 20, 10, 3], [0, 0, 101, 0, 7, 0, 0]]);
});

test("one of older Ankis, without delays, answers too", async () => {
  const person = somebody();
  await person.import(cramming({ previewDelay: 10 }));
  const { nextCard } = (await person.start({ deckId: String(CRAM) })).reviewSession;
  expect(nextCard.choices.map(({ interval }: { interval: number }) => interval)).toEqual([60_000, 600_000, 0, 0]);
});

test("a file of Anki 1 says how to bring it up to date", async () => {
  const old = databaseBytes((db) =>
    db.exec(
      "create table decks (id integer primary key); create table facts (id integer primary key); create table cards (id)",
    )
  );
  for (const file of [old, await zipOf({ "shared.anki": old })]) {
    expect((await somebody().import(file)).message).toMatch(/Anki 1.*Anki 2\.0/);
  }
});
