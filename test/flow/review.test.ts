import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { schema11 } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { JAPANESE, LANGUAGES, logOf, NOON, type Reviewer, reviewerOf, RUSSIAN, smallContent } from "../kit/review.ts";

const MINUTE = 60_000;

let api: TestApp;
let now = NOON;
let people = 0;

beforeAll(async () => {
  api = await startTestApp({ clock: () => now });
});
afterAll(() => api.stop());
beforeEach(() => {
  now = NOON;
});

const iso = (at: number) => new Date(at).toISOString();
const somebody = () => reviewerOf(api, { userId: `person-${people++}` });

/** Somebody with a small collection. */
async function learner(content = smallContent()): Promise<Reviewer> {
  const person = somebody();
  await person.import(schema11(content));
  return person;
}

/** Answers the next card so often; gives the session then and the cards, in order. */
async function answerNext(
  person: Reviewer,
  started: { sessionId: string; nextCard: { cardId: string } },
  times: number,
) {
  let session = started;
  const cards: string[] = [];
  for (let i = 0; i < times; i++) {
    now += 5_000;
    const { cardId } = session.nextCard;
    cards.push(cardId);
    const answerId = `${session.sessionId}-${cardId}-${now}`;
    session = (await person.answer({ sessionId: session.sessionId, cardId, answerId })).reviewSession;
  }
  // oxlint-disable-next-line no-explicit-any
  return { session: session as any, cards };
}

describe("decks", () => {
  test("count what is new and due today, with the decks below them", async () => {
    const person = await learner();
    const counts = (await person.decks("UTC")).map((
      { name, newCount, learningCount, dueCount, cardCount }: Record<string, number>,
    ) => [name, newCount, learningCount, dueCount, cardCount]);
    expect(counts).toEqual([
      ["Default", 0, 0, 0, 0],
      ["Languages", 4, 0, 3, 7],
      ["Languages::Japanese", 3, 0, 3, 6],
      ["Languages::Russian", 1, 0, 0, 1],
    ]);
  });

  test("keep to their limits of the day", async () => {
    const preset = { new: { delays: [1, 10], ints: [1, 4, 0], initialFactor: 2_500, perDay: 2, order: 1 } };
    const person = await learner(smallContent({ preset }));
    const [, languages, japanese] = await person.decks("UTC");
    expect([languages.newCount, japanese.newCount]).toEqual([2, 2]);
  });

  test("are found one by one, and by their global ids", async () => {
    const person = await learner();
    const [, languages] = await person.decks("UTC");
    const found = await person.ask(
      `query ($id: ID!) { deck(deckId: "${LANGUAGES}", timeZone: "UTC") { id name dueCount }
        node(id: $id) { __typename id ... on Deck { name } } missing: deck(deckId: "9") { name } odd: deck(deckId: "x") { name } }`,
      { id: languages.id },
    );
    expect(found).toEqual({
      deck: { id: languages.id, name: "Languages", dueCount: 3 },
      node: { __typename: "Deck", id: languages.id, name: "Languages" },
      missing: null,
      odd: null,
    });
  });

  test("are none for somebody without a collection", async () => {
    const person = somebody();
    expect(await person.decks()).toEqual([]);
    expect(await person.start()).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    expect(await person.session()).toBeNull();
  });

  test("begin their day at 4 in the person's zone", async () => {
    const person = await learner(smallContent({ reviews: 1, fresh: 0 }));
    const dueIn = async (zone: string) => (await person.decks(zone))[1].dueCount;
    // The card is due on day 30, which begins at 04:00 in the zone of the collection's first day.
    now = NOON - 20 * 1_440 * MINUTE - 8 * 60 * MINUTE + 2 * 60 * MINUTE;
    expect([await dueIn("Etc/GMT+12"), await dueIn("Etc/GMT-12")]).toEqual([0, 1]);
  });
});

describe("starting a review", () => {
  test("shows the first card, what each answer leads to, and what is left", async () => {
    const person = await learner();
    const { __typename, reviewSession } = await person.start({ holder: "Firefox on laptop" });
    expect(__typename).toBe("ReviewPayload");
    expect(reviewSession).toMatchObject({
      status: "ACTIVE",
      holder: "Firefox on laptop",
      startedAt: iso(NOON),
      expiresAt: iso(NOON + 5 * MINUTE),
      answered: 0,
      unsavedAnswers: 0,
      savedAt: null,
      deck: { deckId: String(LANGUAGES) },
      remaining: { new: 4, learning: 0, due: 3 },
      nextCard: {
        state: "REVIEW",
        question: expect.stringContaining("front"),
        answer: expect.stringContaining("back"),
      },
    });
    const { choices } = reviewSession.nextCard;
    expect(choices.map(({ rating }: { rating: string }) => rating)).toEqual(["AGAIN", "HARD", "GOOD", "EASY"]);
    const intervals: number[] = choices.map(({ interval }: { interval: number }) => interval);
    expect(intervals).toEqual(intervals.toSorted((a, b) => a - b));
    expect((await person.session()).sessionId).toBe(reviewSession.sessionId);
  });

  test.each([
    ["a deck that is not there", { deckId: "999" }, "NotFoundError", /decks/],
    ["a deck that is no number", { deckId: "kanji" }, "NotFoundError", /decks/],
    ["a holder without words", { holder: "" }, "InvalidInputError", /holder/],
    ["a holder of too many", { holder: "x".repeat(101) }, "InvalidInputError", /100/],
  ])("of %s is refused", async (_, input, type, words) => {
    const person = await learner();
    const refused = await person.start(input);
    expect(refused.__typename).toBe(type);
    expect(refused.message).toMatch(words);
    expect(await person.session()).toBeNull();
  });

  test("elsewhere fails while one goes on, and says who holds it, since when and until when", async () => {
    const person = await learner();
    const { reviewSession } = await person.start({ holder: "laptop" });
    now += MINUTE;
    expect(await person.start({ holder: "phone" })).toMatchObject({
      __typename: "ReviewHeldError",
      code: "REVIEW_HELD",
      holder: "laptop",
      since: iso(NOON),
      until: iso(NOON + 5 * MINUTE),
      message: expect.stringMatching(/RESUME.*TAKE_OVER/),
    });
    expect(await person.session()).toMatchObject({ sessionId: reviewSession.sessionId, status: "ACTIVE" });
  });

  test("with RESUME joins: both tabs show the same card, and either may answer it", async () => {
    const person = await learner();
    const first = (await person.start({ holder: "tab 1" })).reviewSession;
    const { session } = await answerNext(person, first, 1);
    const joined = (await person.start({ holder: "tab 2", onHeld: "RESUME" })).reviewSession;
    expect(joined).toMatchObject({ sessionId: first.sessionId, holder: "tab 1", answered: 1 });
    expect(joined.nextCard).toEqual(session.nextCard);
    const { session: further } = await answerNext(person, joined, 1);
    expect(further.answered).toBe(2);
  });

  test("with RESUME or TAKE_OVER begins where nobody holds it", async () => {
    for (const onHeld of ["RESUME", "TAKE_OVER"]) {
      const person = await learner();
      expect((await person.start({ onHeld })).reviewSession).toMatchObject({ status: "ACTIVE", holder: "laptop" });
    }
  });

  test("with TAKE_OVER ends the other, whose next answer is refused with who has it; what it had answered is kept", async () => {
    const person = await learner();
    const first = (await person.start({ holder: "laptop" })).reviewSession;
    const { session, cards } = await answerNext(person, first, 2);
    const taken = (await person.start({ holder: "phone", onHeld: "TAKE_OVER" })).reviewSession;
    expect(taken).toMatchObject({ holder: "phone", answered: 0 });
    expect(taken.nextCard.cardId).toBe(session.nextCard.cardId);
    const { sessionId } = first;
    const lost = {
      __typename: "ReviewLostError",
      code: "REVIEW_LOST",
      status: "TAKEN_OVER",
      holder: "phone",
      message: expect.stringMatching(/taken over/),
    };
    expect(await person.answer({ sessionId, cardId: taken.nextCard.cardId, answerId: "late" })).toMatchObject(lost);
    for (const act of [person.undo, person.save, person.extend, person.end]) {
      expect(await act(sessionId)).toMatchObject(lost);
    }
    await person.end(taken.sessionId);
    const answered = await person.download((db) => db.prepare("select cid from revlog order by id desc limit 2").all());
    expect(answered.map(({ cid }) => String(cid)).reverse()).toEqual(cards);
  });
});

describe("an answer", () => {
  test("is counted, moves the countdown and the card, and shows the next one", async () => {
    const person = await learner();
    const started = (await person.start()).reviewSession;
    const good = started.nextCard.choices[2];
    const { session } = await answerNext(person, started, 1);
    expect(session).toMatchObject({
      answered: 1,
      unsavedAnswers: 1,
      lastActivityAt: iso(NOON + 5_000),
      expiresAt: iso(NOON + 5_000 + 5 * MINUTE),
      remaining: { new: 4, learning: 0, due: 2 },
    });
    expect(session.nextCard.cardId).not.toBe(started.nextCard.cardId);
    const days = await person.download((db) => db.prepare("select ivl from revlog order by id desc limit 1").get());
    expect(Number(days!["ivl"]) * 1_440 * MINUTE).toBe(good.interval);
  });

  test("counts once by its id: at once, after others, after a save and after an undo", async () => {
    const person = await learner();
    const { sessionId, nextCard } = (await person.start()).reviewSession;
    const input = { sessionId, cardId: nextCard.cardId, answerId: "one" };
    const first = await person.answer(input);
    const same = async () => {
      const again = await person.answer(input);
      expect(again.__typename).toBe("ReviewPayload");
      return again.reviewSession;
    };
    expect(await same()).toEqual(first.reviewSession);
    const { session } = await answerNext(person, first.reviewSession, 2);
    expect((await same()).answered).toBe(3);
    await person.save(sessionId);
    expect(await same()).toMatchObject({ answered: 3, unsavedAnswers: 0, nextCard: session.nextCard });
    for (let left = 2; left >= 0; left--) expect((await person.undo(sessionId)).reviewSession.answered).toBe(left);
    expect((await same()).answered).toBe(0);
    expect(await person.download((db) => logOf(db).length)).toBe(3);
  });

  test.each([
    ["a card that is not there", "77", /nextCard/],
    ["a card of another deck", String(1_006), /another deck.*nextCard/],
    ["no card's id", "first", /digits/],
  ])("for %s is refused, and says what to do", async (_, cardId, words) => {
    const person = await learner();
    const { sessionId } = (await person.start({ deckId: String(JAPANESE) })).reviewSession;
    const refused = await person.answer({ sessionId, cardId, answerId: "a" });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", fields: [{ path: ["cardId"] }] });
    expect(refused.message).toMatch(words);
    expect(await person.session()).toMatchObject({ answered: 0, unsavedAnswers: 0 });
  });

  test("for a card that is not due, or is suspended, is refused, and says what to do", async () => {
    const content = smallContent();
    content.cards![5]!["queue"] = -1;
    const person = await learner(content);
    const { session, cards } = await answerNext(person, (await person.start()).reviewSession, 1);
    const { sessionId } = session;
    const early = await person.answer({ sessionId, cardId: cards[0], duration: 0, answerId: "b" });
    expect(early).toMatchObject({
      __typename: "InvalidInputError",
      message: expect.stringMatching(/not due.*nextCard/),
    });
    const suspended = await person.answer({ sessionId, cardId: "1005", answerId: "c" });
    expect(suspended.message).toMatch(/suspended/);
  });

  test.each([
    ["an empty answerId", { answerId: "" }, "answerId"],
    ["too long an answerId", { answerId: "x".repeat(129) }, "answerId"],
    ["more than a day", { duration: 86_400_001 }, "duration"],
  ])("with %s names the field", async (_, input, field) => {
    const person = await learner();
    const { sessionId, nextCard } = (await person.start()).reviewSession;
    const refused = await person.answer({ sessionId, cardId: nextCard.cardId, answerId: "a", ...input });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", fields: [{ path: [field] }] });
  });

  test("with a rating outside the four is no answer", async () => {
    const person = await learner();
    const { sessionId, nextCard } = (await person.start()).reviewSession;
    const input = { sessionId, cardId: nextCard.cardId, answerId: "a", rating: "PERFECT" };
    await expect(person.answer(input)).rejects.toThrow(/PERFECT.*Rating/);
    expect(await person.session()).toMatchObject({ answered: 0 });
  });

  test("in a session that never was, or in none, says so", async () => {
    const person = await learner();
    const { nextCard } = (await person.start()).reviewSession;
    const answer = { cardId: nextCard.cardId, answerId: "a" };
    expect(await person.answer({ ...answer, sessionId: "other" })).toMatchObject({ __typename: "NotFoundError" });
    const nameless = await person.answer(answer);
    expect(nameless).toMatchObject({ __typename: "NotFoundError", message: expect.stringMatching(/X-Session-ID/) });
  });

  test("until nothing is left: then there is no next card", async () => {
    const person = await learner();
    let session = (await person.start({ deckId: String(RUSSIAN) })).reviewSession;
    expect(session.remaining).toEqual({ new: 1, learning: 0, due: 0 });
    session = (await answerNext(person, session, 1)).session;
    const { cardId } = session.nextCard;
    const input = { sessionId: session.sessionId, cardId, answerId: "easy", rating: "EASY" };
    session = (await person.answer(input)).reviewSession;
    expect(session).toMatchObject({
      nextCard: null,
      nextCardAt: null,
      remaining: { new: 0, learning: 0, due: 0 },
      answered: 2,
    });
  });
});

describe("taking back", () => {
  test("goes answer by answer to where the session began, also after a save", async () => {
    const person = await learner();
    const before = await person.download(allRows);
    const started = (await person.start()).reviewSession;
    const states = [started];
    for (let i = 0; i < 5; i++) {
      states.push((await answerNext(person, states[i], 1)).session);
      if (i === 2) await person.save(started.sessionId);
    }
    for (let left = 4; left >= 0; left--) {
      const { reviewSession } = await person.undo(started.sessionId);
      expect(reviewSession.answered).toBe(left);
      expect(reviewSession.nextCard.cardId).toBe(states[left].nextCard.cardId);
    }
    const refused = await person.undo(started.sessionId);
    expect(refused).toMatchObject({ __typename: "NotFoundError", message: expect.stringMatching(/No answer/) });
    await person.end(started.sessionId);
    expect(await person.download(allRows)).toEqual(before);
  });

  test("takes nothing from another session", async () => {
    const person = await learner();
    const first = await answerNext(person, (await person.start()).reviewSession, 1);
    await person.end(first.session.sessionId);
    const { sessionId } = (await person.start()).reviewSession;
    expect(await person.undo(sessionId)).toMatchObject({ __typename: "NotFoundError" });
    expect(await person.download((db) => logOf(db).length)).toBe(4);
  });

  test("and answering again counts the new answer", async () => {
    const person = await learner();
    const { session } = await answerNext(person, (await person.start()).reviewSession, 1);
    const { reviewSession } = await person.undo(session.sessionId);
    const { sessionId, nextCard } = reviewSession;
    await person.answer({ sessionId, cardId: nextCard.cardId, answerId: "second try", rating: "AGAIN" });
    const eases = await person.download((db) => db.prepare("select ease from revlog order by id").all());
    expect(eases.map(({ ease }) => ease)).toEqual([3, 3, 3, 1]);
  });
});

describe("a session", () => {
  test("is saved while it goes on", async () => {
    const person = await learner();
    const { session } = await answerNext(person, (await person.start()).reviewSession, 3);
    now += 1_000;
    const { reviewSession } = await person.save(session.sessionId);
    expect(reviewSession).toMatchObject({ status: "ACTIVE", answered: 3, unsavedAnswers: 0, savedAt: iso(now) });
    expect((await answerNext(person, reviewSession, 1)).session).toMatchObject({ answered: 4, unsavedAnswers: 1 });
  });

  test("goes on for five minutes from each thing that is done in it, then it has ended by itself", async () => {
    const person = await learner();
    const { sessionId, nextCard } = (await person.start()).reviewSession;
    now += 4 * MINUTE;
    const { reviewSession } = await person.extend(sessionId);
    expect(reviewSession).toMatchObject({ status: "ACTIVE", expiresAt: iso(now + 5 * MINUTE) });
    now += 5 * MINUTE - 1;
    expect(await person.session()).toMatchObject({ sessionId });
    now += 1;
    expect(await person.session()).toBeNull();
    const lost = await person.answer({ sessionId, cardId: nextCard.cardId, answerId: "a" });
    expect(lost).toMatchObject({ __typename: "ReviewLostError", status: "EXPIRED", holder: null });
    expect(lost.message).toMatch(/five minutes/);
    expect((await person.start({ holder: "phone" })).reviewSession).toMatchObject({ holder: "phone" });
  });

  test("is ended once, which saves it; ending it again changes nothing, and nothing more is answered in it", async () => {
    const person = await learner();
    const { session } = await answerNext(person, (await person.start()).reviewSession, 2);
    const ended = (await person.end(session.sessionId)).reviewSession;
    expect(ended).toMatchObject({ status: "ENDED", answered: 2, unsavedAnswers: 0, nextCard: null });
    now += MINUTE;
    expect((await person.end(session.sessionId)).reviewSession).toEqual(ended);
    const input = { sessionId: session.sessionId, cardId: session.nextCard.cardId, answerId: "late" };
    expect(await person.answer(input)).toMatchObject({ __typename: "ReviewLostError", status: "ENDED", holder: null });
  });
});

/** All rows of cards and log, as text. */
function allRows(db: Parameters<typeof logOf>[0]): string[] {
  return [
    ...db.prepare("select * from cards order by id").all().map((row) => JSON.stringify({ ...row })),
    ...logOf(db),
  ];
}
