import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { card, note, schema11 } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { type TestSystem } from "../kit/local.ts";
import { startMemorySystem } from "../kit/memory-system.ts";
import { JAPANESE, LANGUAGES, logOf, NOON, type Reviewer, reviewerOf, smallContent } from "../kit/review.ts";
import { change, fieldsOf, found } from "../kit/review-edits.ts";

let system: TestSystem;
let api: TestApp;
let other: TestApp;
let now = NOON;
let people = 0;
beforeAll(async () => {
  system = await startMemorySystem({ clock: () => now });
  [api, other] = await Promise.all([1, 2].map(() => startTestApp({ system, clock: () => now }))) as [TestApp, TestApp];
});
afterAll(async () => {
  await other.stop();
  await api.stop();
  await system.stop();
});
beforeEach(() => {
  now = NOON;
});

/** Somebody with the small collection, on two instances. */
async function somebody(content = smallContent()): Promise<readonly [Reviewer, Reviewer]> {
  const userId = `student-${people++}`;
  const [here, there] = [reviewerOf(api, { userId }), reviewerOf(other, { userId })];
  await here.import(schema11(content));
  return [here, there];
}

const rowsOf = (person: Reviewer) =>
  person.download((db) =>
    ["notes", "cards", "revlog", "graves"].map((table) =>
      db.prepare(`select * from ${table} order by 1, 2`).all().map((row) => JSON.stringify(row))
    )
  );
const many = (cards: number) => ({
  ...smallContent(),
  notes: [...smallContent().notes!, ...Array.from({ length: cards }, (_, i) => note(20_000 + i))],
  cards: [
    ...smallContent().cards!,
    ...Array.from({ length: cards }, (_, i) => card(20_000 + i, 20_000 + i, { did: JAPANESE, due: i })),
  ],
});

describe("a deck is deleted", () => {
  test.each([["few", 0], ["many", 2_000]])(
    "with its %s cards and those below it, and brought back",
    async (_, more) => {
      const [here, there] = await somebody(many(more));
      const before = await rowsOf(here);
      const { sessionId } = (await there.start()).reviewSession;
      const gone = await change(here, "deleteDeck", { deckId: String(LANGUAGES), editId: "gone" });
      expect(gone).toMatchObject({ changed: 7 + more });
      // Asked again, it is the same change.
      expect(await change(there, "deleteDeck", { deckId: String(LANGUAGES), editId: "gone" })).toEqual(gone);
      for (const device of [here, there]) {
        expect((await device.decks("UTC")).map(({ name }: { name: string }) => name)).toEqual(["Default"]);
        expect(await found(device, "")).toEqual([]);
      }
      // What is large is in the file at once: no instance makes it again.
      expect(await there.session()).toMatchObject({ nextCard: null, unsavedAnswers: more > 300 ? 0 : 1 });
      expect(await here.download((db) => [logOf(db).length, db.prepare("select count(*) n from graves").get()!["n"]]))
        .toEqual([3, (7 + more) * 2 + 3]);
      expect(await change(there, "undoEdit", { editId: "gone" })).toMatchObject({ changed: 1 });
      expect(await rowsOf(here)).toEqual(before);
      expect((await here.session()).nextCard).not.toBeNull();
      await here.end(sessionId);
    },
  );

  test("a filtered one gives its cards back, the default one stays, and none is not found", async () => {
    const [here] = await somebody();
    const { deck } = await change(here, "createFilteredDeck", {
      name: "Some",
      searches: [{ search: "deck:Languages" }],
    });
    expect(deck.cardCount).toBe(7);
    expect(await change(here, "deleteDeck", { deckId: deck.deckId })).toMatchObject({ changed: 0 });
    expect(await found(here, "deck:Languages")).toHaveLength(7);
    await change(here, "createNote", { deckId: "1", kind: "BASIC", fields: fieldsOf({ Front: "x" }) });
    await change(here, "renameDeck", { deckId: "1", name: "Mine" });
    expect(await change(here, "deleteDeck", { deckId: "1" })).toMatchObject({ changed: 1 });
    expect((await here.decks("UTC"))[0]).toMatchObject({ deckId: "1", name: "Default", cardCount: 0 });
    expect(await change(here, "deleteDeck", { deckId: "77" })).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a filtered deck", () => {
  test("borrows what its searches find, is reviewed, emptied and rebuilt, on every instance alike", async () => {
    const [here, there] = await somebody();
    const searches = [{ search: "is:due", limit: 2, order: "DUE_FIRST" }, { search: "is:new", limit: 1 }];
    const { deck } = await change(here, "createFilteredDeck", { name: "Today", searches, timeZone: "UTC" });
    expect(deck).toMatchObject({
      name: "Today",
      dueCount: 2,
      newCount: 1,
      filter: {
        reschedules: true,
        searches: [{ search: "is:due", limit: 2, order: "DUE_FIRST" }, { limit: 1, order: "RANDOM" }],
      },
    });
    expect((await there.decks("UTC")).find(({ deckId }: { deckId: string }) => deckId === deck.deckId).cardCount).toBe(
      3,
    );
    const session = (await there.start({ deckId: deck.deckId })).reviewSession;
    expect(session.nextCard).toMatchObject({ cardId: "1000", state: "REVIEW" });
    now += 5_000;
    const after = (await here.answer({ sessionId: session.sessionId, cardId: "1000", answerId: "one" })).reviewSession;
    expect(after.remaining).toMatchObject({ due: 1, new: 1 });
    expect((await found(here, "cid:1000"))[0]!.deckName).toBe("Languages::Japanese");
    await here.end(session.sessionId);
    expect((await change(there, "emptyFilteredDeck", { deckId: deck.deckId })).deck.cardCount).toBe(0);
    const rows = await here.download((db) =>
      db.prepare("select queue, due, odid, odue from cards where id in (1001, 1003)").all().map((row) =>
        Object.values({ ...row })
      )
    );
    expect(rows).toEqual([[2, 31, 0, 0], [0, 3, 0, 0]]);
    const rebuilt = await change(here, "rebuildFilteredDeck", { deckId: deck.deckId, timeZone: "UTC" });
    expect(rebuilt.deck).toMatchObject({ dueCount: 2, newCount: 1 });
    const changed = await change(there, "rebuildFilteredDeck", {
      deckId: deck.deckId,
      searches: [{ search: "is:new", order: "NEWEST_ADDED_FIRST" }],
      reschedules: false,
    });
    expect(changed.deck).toMatchObject({ dueCount: 4, newCount: 0, filter: { reschedules: false } });
    // Exported and brought back it is the same deck.
    const { url } = await here.exported();
    const file = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const [copy] = await somebody({ decks: {} });
    await copy.importBy({ file: Buffer.from(file).toString("base64"), mode: "REPLACE" });
    const { decks } = await copy.ask(`{ decks { name filter { searches { search } } } }`);
    expect(decks).toContainEqual({ name: "Today", filter: { searches: [{ search: "is:new" }] } });
  });

  test("of thousands of cards is filled in a thread, and taken back whole", async () => {
    const [here, there] = await somebody(many(1_000));
    const before = await rowsOf(here);
    const { deck } = await change(here, "createFilteredDeck", {
      name: "All",
      searches: [{ search: "", limit: 99_999 }],
      editId: "all",
    });
    expect(deck.cardCount).toBe(1_007);
    expect(await change(there, "undoEdit", { editId: "all" })).toMatchObject({ changed: 1 });
    expect(await rowsOf(there)).toEqual(before);
  });

  test("answers in it are as Anki's: learning stays in it, what is only looked at changes nothing", async () => {
    const [here] = await somebody();
    const { deck } = await change(here, "createFilteredDeck", { name: "New", searches: [{ search: "is:new" }] });
    let { sessionId, nextCard } = (await here.start({ deckId: deck.deckId })).reviewSession;
    now += 1_000;
    await here.answer({ sessionId, cardId: nextCard.cardId, answerId: "learns", rating: "AGAIN" });
    expect((await found(here, `cid:${nextCard.cardId} deck:New`))[0]).toMatchObject({
      deckName: "Languages::Japanese",
    });
    await here.end(sessionId);
    await change(here, "emptyFilteredDeck", { deckId: deck.deckId });
    const looked = await change(here, "rebuildFilteredDeck", {
      deckId: deck.deckId,
      searches: [{ search: "is:review" }],
      reschedules: false,
    });
    ({ sessionId, nextCard } = (await here.start({ deckId: looked.deck.deckId })).reviewSession);
    const stateOf = () =>
      here.download((db) => ({
        ...db.prepare("select type, queue, did, due, ivl, factor, reps, odid from cards where id = ?").get(
          nextCard.cardId,
        )!,
      }));
    now += 1_000;
    await here.answer({ sessionId, cardId: nextCard.cardId, answerId: "looked", rating: "EASY" });
    expect(await stateOf()).toMatchObject({ type: 2, queue: 2, did: JAPANESE, ivl: 10, reps: 2, odid: 0 });
    await here.end(sessionId);
  });

  test.each([
    [{ name: "Today", searches: [] }, /searches: must be one search or two/],
    [{ name: "Today", searches: [{ search: "is:late" }] }, /`is:late`; known are due, new/],
    [{ name: "Today", searches: [{ search: "(is:new" }] }, /`\(` without `\)`/],
    [{ name: "Today", searches: [{ search: "colour:red" }] }, /neither a word of searches nor a field/],
    [{ name: "Today", searches: [{ search: "tag:nothing" }] }, /find no card that can be borrowed/],
    [{ name: "languages", searches: [{ search: "" }] }, /is taken/],
    [{ name: "Today", searches: [{ search: "", limit: 0 }] }, /limit: must be/],
  ])("says what is wrong: %j", async (input, words) => {
    const [here] = await somebody();
    expect((await change(here, "createFilteredDeck", input)).message).toMatch(words);
  });

  test("has no deck below it, and is not taken for another", async () => {
    const [here] = await somebody();
    const { deck } = await change(here, "createFilteredDeck", { name: "F", searches: [{ search: "" }] });
    expect((await change(here, "createDeck", { name: "F::Below" })).message).toMatch(/can have no deck below it/);
    expect((await change(here, "emptyFilteredDeck", { deckId: String(JAPANESE) })).message).toMatch(/no filtered deck/);
    expect((await change(here, "studyCustom", { deckId: deck.deckId, kind: "CRAM_ALL" })).message).toMatch(/filtered/);
    expect((await change(here, "renameDeck", { deckId: deck.deckId, name: "G" })).deck.name).toBe("G");
    expect((await change(here, "renameDeck", { deckId: String(LANGUAGES), name: "Languages::Old" })).message).toMatch(
      /below the deck itself/,
    );
  });
});

describe("custom study", () => {
  test("gives what was forgotten, what is due soon, and what is new, in one deck that is used again", async () => {
    const [here] = await somebody();
    const { sessionId, nextCard } = (await here.start()).reviewSession;
    now += 1_000;
    await here.answer({ sessionId, cardId: nextCard.cardId, answerId: "no", rating: "AGAIN" });
    await here.end(sessionId);
    const study = (kind: string, more: object = {}) =>
      change(here, "studyCustom", { deckId: String(LANGUAGES), kind, timeZone: "UTC", ...more });
    const forgotten = await study("FORGOTTEN", { days: 1 });
    expect(forgotten.deck).toMatchObject({
      name: "Custom Study Session",
      cardCount: 1,
      filter: { reschedules: false },
    });
    // Also the one that is learned again today.
    const ahead = await study("AHEAD", { days: 30 });
    expect(ahead.deck).toMatchObject({ deckId: forgotten.deck.deckId, cardCount: 3, filter: { reschedules: true } });
    expect((await study("CRAM_NEW", { limit: 2 })).deck).toMatchObject({ cardCount: 2, newCount: 2 });
    expect((await study("CRAM_ALL", { withoutTags: ["leech"] })).deck.cardCount).toBe(7);
    expect((await study("CRAM_ALL", { tags: ["none such"] })).message).toMatch(/without spaces/);
    expect((await study("CRAM_ALL", { tags: ["nosuch"] })).message).toMatch(/find no card/);
    expect((await study("AHEAD")).message).toMatch(/days: is needed/);
  });

  test("a review before its day counts the days that passed", async () => {
    const content = smallContent();
    const [here] = await somebody({
      ...content,
      cards: content.cards!.map((row) => (row.type === 2 ? { ...row, due: 55, ivl: 10 } : row)),
    });
    const { deck } = await change(here, "studyCustom", {
      deckId: String(LANGUAGES),
      kind: "AHEAD",
      days: 7,
      timeZone: "UTC",
    });
    const { sessionId, nextCard } = (await here.start({ deckId: deck.deckId })).reviewSession;
    const good = nextCard.choices.find(({ rating }: { rating: string }) => rating === "GOOD");
    // Five of ten days passed: 5 x 2.5, without fuzz.
    expect(good.interval).toBe(13 * 86_400_000);
    await here.end(sessionId);
  });

  test("limits of today are set, and more is given, in the deck and above and below it", async () => {
    const [here, there] = await somebody();
    const limits = { deckId: String(LANGUAGES), timeZone: "UTC" };
    expect((await change(here, "setTodaysLimits", { ...limits, newCards: 1, reviews: 2 })).deck).toMatchObject({
      dueCount: 2,
      newCount: 0,
    });
    expect((await change(there, "setTodaysLimits", { ...limits, reviews: 9 })).deck).toMatchObject({
      dueCount: 3,
      newCount: 1,
    });
    expect((await change(here, "extendLimits", { ...limits, newCards: 2 })).deck).toMatchObject({ newCount: 3 });
    now += 86_400_000;
    expect((await here.decks("UTC"))[1]).toMatchObject({ newCount: 4 });
    expect((await change(here, "extendLimits", limits)).message).toMatch(/newCards: is needed/);
  });
});

test("what is typed is compared as Anki does, and is not told with the question", async () => {
  const [here] = await somebody({ decks: {} });
  await change(here, "createNote", {
    deckId: "1",
    kind: "BASIC_TYPED",
    fields: fieldsOf({ Front: "123?", Back: "<div>123</div>" }),
  });
  await here.start({ deckId: "1" });
  const { reviewSession: { nextCard } } = await here.ask(`{ reviewSession { nextCard { question
    right: typed(text: "123") { isRight answer typed { kind text } }
    wrong: typed(text: "1123") { isRight answer typed { kind text } expected { kind text } } } } }`);
  expect(nextCard.question).not.toContain(">123<");
  expect(nextCard.right).toMatchObject({ isRight: true, typed: [{ kind: "GOOD", text: "123" }] });
  expect(nextCard.right.answer).toContain('<code class="typeans"><span class="typeGood">123</span></code>');
  expect(nextCard.wrong).toMatchObject({
    isRight: false,
    typed: [{ kind: "BAD", text: "1" }, { kind: "GOOD", text: "123" }],
    expected: [{ kind: "GOOD", text: "123" }],
  });
});

test("it is told what will be due, and how far a deck is learned", async () => {
  const [here] = await somebody();
  const query = `{ reviewForecast(days: 2, timeZone: "UTC") { overdue beyond dailyLoad days { start due } }
    none: reviewForecast(deckId: "9") { overdue }
    deckStats(deckId: "${LANGUAGES}", timeZone: "UTC") { new learning relearning young mature suspended buried
      averageInterval averageEase averageStability averageDifficulty averageRetrievability }
    all: reviewStats(range: { last: MONTH }) { reviews }
    some: reviewStats(range: { last: MONTH }, deckId: "1") { reviews } }`;
  expect(await here.ask(query)).toEqual({
    reviewForecast: {
      overdue: 3,
      beyond: 0,
      dailyLoad: 0,
      days: [{ start: "2020-11-02T04:00:00.000Z", due: 0 }, { start: "2020-11-03T04:00:00.000Z", due: 0 }],
    },
    none: null,
    deckStats: {
      new: 4,
      learning: 0,
      relearning: 0,
      young: 3,
      mature: 0,
      suspended: 0,
      buried: 0,
      averageInterval: 864_000_000,
      averageEase: 2.5,
      averageStability: null,
      averageDifficulty: null,
      averageRetrievability: null,
    },
    all: { reviews: 3 },
    some: { reviews: 0 },
  });
  expect((await here.post(`{ reviewForecast(days: 0) { overdue } }`)).errors).toMatchObject([
    { message: expect.stringMatching(/days: must be 1 to 366/) },
  ]);
});
