import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { schema11 } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { type TestSystem } from "../kit/local.ts";
import { startMemorySystem } from "../kit/memory-system.ts";
import { LANGUAGES, logOf, NOON, type Reviewer, reviewerOf, smallContent } from "../kit/review.ts";

let system: TestSystem;
let api: TestApp;
let other: TestApp;
let now = NOON;
let people = 0;
let edits = 0;

beforeAll(async () => {
  system = await startMemorySystem({ clock: () => now });
  api = await startTestApp({ system, clock: () => now });
  other = await startTestApp({ system, clock: () => now });
});
afterAll(async () => {
  await other.stop();
  await api.stop();
  await system.stop();
});
beforeEach(() => {
  now = NOON;
});

const RESULTS = {
  createDeck: ["CreateDeckInput", "... on DeckPayload { deck { deckId name newCount cardCount } }"],
  renameDeck: ["RenameDeckInput", "... on DeckPayload { deck { deckId name } }"],
  createNote: [
    "CreateNoteInput",
    "... on NotePayload { note { noteId noteTypeId cardIds tags fields { name value } } }",
  ],
  updateNote: ["UpdateNoteInput", "... on NotePayload { note { noteId cardIds tags fields { name value } } }"],
  deleteNotes: ["DeleteNotesInput", "... on EditPayload { changed }"],
  changeCards: ["ChangeCardsInput", "... on EditPayload { changed }"],
  undoEdit: ["UndoEditInput", "... on EditPayload { changed }"],
  addMedia: ["AddMediaInput", "... on AddMediaPayload { name bytes }"],
} as const;

/** Makes a change, each time with an id of its own unless one is given. */
async function edit(person: Reviewer, name: keyof typeof RESULTS, input: object) {
  const [type, fields] = RESULTS[name];
  const withId = name === "addMedia" ? input : { editId: `edit-${edits++}`, ...input };
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${fields}
    ... on UserError { code message } } }`;
  now += 1_000;
  return (await person.ask(query, { input: withId }))[name];
}

const somebody = (at: TestApp = api, userId = `writer-${people++}`) => reviewerOf(at, { userId });
const both = () => {
  const userId = `writer-${people++}`;
  return [somebody(api, userId), somebody(other, userId)] as const;
};
const fields = (values: Record<string, string>) => Object.entries(values).map(([name, value]) => ({ name, value }));
const basic = (front: string, back = "back", more: object = {}) => ({
  deckId: "1",
  kind: "BASIC",
  fields: fields({ Front: front, Back: back }),
  ...more,
});
async function found(person: Reviewer, search: string) {
  const query =
    `query ($search: String!) { cards(search: $search) { nodes { cardId preview deckName state flag isSuspended } } }`;
  return (await person.ask(query, { search })).cards.nodes;
}

describe("somebody without a file", () => {
  test("comes from nothing to the tenth answered card by the API alone", async () => {
    const person = somebody();
    const { deck } = await edit(person, "createDeck", { name: "Words::Verbs", timeZone: "Asia/Kathmandu" });
    for (let i = 0; i < 5; i++) {
      const { note } = await edit(person, "createNote", {
        deckId: deck.deckId,
        kind: "BASIC_REVERSED",
        fields: fields({ Front: `f${i}`, Back: `b${i}` }),
        tags: ["verb"],
      });
      expect(note.cardIds).toHaveLength(2);
    }
    let session = (await person.start({ deckId: deck.deckId, timeZone: "Asia/Kathmandu" })).reviewSession;
    expect(session.remaining).toEqual({ new: 10, learning: 0, due: 0 });
    for (let i = 0; i < 10; i++) {
      now += 5_000;
      const { cardId } = session.nextCard;
      session = (await person.answer({ sessionId: session.sessionId, cardId, answerId: `a${i}`, rating: "EASY" }))
        .reviewSession;
    }
    expect(session).toMatchObject({ answered: 10, remaining: { new: 0 } });
    await person.end(session.sessionId);
    expect(await person.download((db) => logOf(db).length)).toBe(10);
    expect((await person.decks("Asia/Kathmandu")).map(({ name }: { name: string }) => name)).toEqual([
      "Default",
      "Words",
      "Words::Verbs",
    ]);
  });

  test.each([
    ["BASIC", { Front: "a", Back: "b" }, 1],
    ["BASIC_REVERSED", { Front: "a", Back: "b" }, 2],
    ["BASIC_REVERSED", { Front: "a" }, 1],
    ["BASIC_TYPED", { Front: "a", Back: "b" }, 1],
    ["CLOZE", { Text: "{{c1::a}} {{c3::b}}" }, 2],
    ["IMAGE_OCCLUSION", {
      Occlusion: "{{c1::image-occlusion:rect:left=.1:top=.1:width=.2:height=.2:oi=1}}",
      Image: "<img src=a.png>",
    }, 1],
  ])("makes a %s note with its cards", async (kind, values, cards) => {
    const person = somebody();
    const { note } = await edit(person, "createNote", { deckId: "1", kind, fields: fields(values) });
    expect(note.cardIds).toHaveLength(cards);
    const { question } = (await person.start({ deckId: "1" })).reviewSession.nextCard;
    expect(question).not.toMatch(/template-problem/);
    if (kind === "IMAGE_OCCLUSION") expect(question).toMatch(/<svg[^]*<rect x="0.1"/);
  });
});

describe("a change", () => {
  test("is counted once by its id, on whichever instance", async () => {
    const [here, there] = both();
    const input = { ...basic("one"), editId: "same" };
    const first = await edit(here, "createNote", input);
    expect(await edit(there, "createNote", input)).toEqual(first);
    expect(await found(here, "")).toHaveLength(1);
  });

  test("is seen at once on every instance, also while a session runs there", async () => {
    const [here, there] = both();
    await edit(here, "createNote", basic("one"));
    const { sessionId, nextCard } = (await there.start({ deckId: "1" })).reviewSession;
    const { note } = await edit(here, "createNote", basic("two"));
    expect((await there.session()).remaining.new).toBe(2);
    await edit(here, "changeCards", { cardIds: [nextCard.cardId], suspended: true });
    expect((await there.session()).nextCard.cardId).toBe(note.cardIds[0]);
    await there.answer({ sessionId, cardId: note.cardIds[0], answerId: "x" });
    await there.end(sessionId);
    expect(await here.download((db) => db.prepare("select count(*) as n from notes").get()!["n"])).toBe(2);
  });

  test("does what it says, and is found", async () => {
    const person = somebody();
    await person.import(schema11(smallContent()));
    const [card] = await found(person, "is:new deck:Languages");
    await edit(person, "changeCards", { cardIds: [card.cardId], flag: 3, suspended: true });
    expect(await found(person, "flag:3 is:suspended")).toMatchObject([{
      cardId: card.cardId,
      flag: 3,
      isSuspended: true,
    }]);
    await edit(person, "changeCards", { cardIds: [card.cardId], suspended: false, dueInDays: 0, deckId: "1" });
    expect(await found(person, "deck:Default is:due")).toMatchObject([{
      cardId: card.cardId,
      state: "REVIEW",
      deckName: "Default",
    }]);
    await edit(person, "changeCards", { cardIds: [card.cardId], forget: true });
    expect(await found(person, "deck:Default")).toMatchObject([{ state: "NEW" }]);
    await edit(person, "renameDeck", { deckId: String(LANGUAGES), name: "Tongues" });
    expect((await person.decks("UTC")).map(({ name }: { name: string }) => name)).toEqual([
      "Default",
      "Tongues",
      "Tongues::Japanese",
      "Tongues::Russian",
    ]);
    const noteId = (await person.ask(`{ cards(search: "deck:Default") { nodes { noteId } } }`)).cards.nodes[0].noteId;
    const { note } = await edit(person, "updateNote", { noteId, fields: fields({ Front: "changed" }), tags: ["t"] });
    expect(note).toMatchObject({ tags: ["t"], fields: [{ value: "changed" }, {}] });
    // The field that was empty makes the second card.
    expect(await found(person, "tag:t chang*")).toHaveLength(2);
    expect(await found(person, "-tag:t chang*")).toHaveLength(0);
  });

  test("is taken back whole, where nothing came after it", async () => {
    const person = somebody();
    await person.import(schema11(smallContent()));
    const rows = () =>
      person.download((db) =>
        ["notes", "cards", "revlog", "graves"].map((table) =>
          db.prepare(`select * from ${table} order by 1`).all().map((row) => JSON.stringify(row))
        )
      );
    const before = await rows();
    const noteIds = (await person.ask(`{ cards { nodes { noteId } } }`)).cards.nodes.map((
      { noteId }: { noteId: string },
    ) => noteId);
    expect(await edit(person, "deleteNotes", { noteIds, editId: "gone" })).toMatchObject({ changed: noteIds.length });
    expect(await found(person, "")).toEqual([]);
    expect(await edit(person, "undoEdit", { editId: "gone" })).toMatchObject({ changed: 1 });
    expect(await rows()).toEqual(before);
    await edit(person, "createNote", { ...basic("x"), noteTypeId: undefined, editId: "first" });
    await edit(person, "createNote", { ...basic("y"), editId: "second" });
    expect(await edit(person, "undoEdit", { editId: "first" })).toMatchObject({ code: "NOT_FOUND" });
    expect(await edit(person, "undoEdit", { editId: "second" })).toMatchObject({ changed: 1 });
    expect(await edit(person, "undoEdit", { editId: "second" })).toMatchObject({ changed: 1 });
  });
});

describe("a bad change says what is wrong", () => {
  test.each(
    [
      ["createDeck", { name: "A::" }, /name at each level/],
      ["createDeck", { name: "default" }, /is taken/],
      ["createNote", { deckId: "77", kind: "BASIC", fields: fields({ Front: "x" }) }, /deckId: is no deck/],
      ["createNote", { deckId: "1", fields: [] }, /kind: is needed/],
      [
        "createNote",
        { deckId: "1", kind: "BASIC", fields: fields({ Face: "x" }) },
        /"Face", which is none of "Front", "Back"/,
      ],
      ["createNote", { deckId: "1", kind: "BASIC", fields: fields({ Back: "x" }) }, /no card/],
      ["createNote", { deckId: "1", kind: "CLOZE", fields: fields({ Text: "no deletion" }) }, /no card/],
      ["changeCards", { cardIds: ["1"] }, /without a change/],
      ["changeCards", { cardIds: ["1"], flag: 9 }, /flag: must be a whole number from 0 to 7/],
      ["updateNote", { noteId: "5", tags: ["a b"] }, /tags without spaces/],
      ["addMedia", { name: "../x", content: "aGk=" }, /plain file name/],
    ] as const,
  )("%s %j", async (name, input, words) => {
    expect((await edit(somebody(), name, input)).message).toMatch(words);
  });
});

test("a collection is deleted with all that belongs to it, on every instance, and the next one is a new one", async () => {
  const [here, there] = both();
  const DELETE =
    `mutation { deleteCollection { __typename ... on DeleteCollectionPayload { objects } ... on UserError { code } } }`;
  await edit(here, "createNote", basic("<img src='cat.png'>"));
  await edit(here, "addMedia", { name: "cat.png", content: "aGk=" });
  await there.exported();
  const { sessionId } = (await there.start({ deckId: "1" })).reviewSession;
  expect((await here.ask(DELETE)).deleteCollection).toMatchObject({ code: "REVIEW_HELD" });
  await there.end(sessionId);
  expect((await here.ask(DELETE)).deleteCollection.objects).toBeGreaterThanOrEqual(3);
  for (const device of [here, there]) expect([await device.decks(), await found(device, "")]).toEqual([[], []]);
  expect((await here.ask(DELETE)).deleteCollection).toMatchObject({ objects: 0 });
  await edit(there, "createNote", basic("new"));
  expect((await found(here, "")).map(({ preview }: { preview: string }) => preview)).toEqual(["new"]);
});

test("an import may replace: what would be lost is told first, and it is taken back whole", async () => {
  const [here, there] = both();
  const file = (content: object) => Buffer.from(schema11(content)).toString("base64");
  await here.importBy({ file: file(smallContent()) });
  const { sessionId, nextCard } = (await here.start()).reviewSession;
  await here.answer({ sessionId, cardId: nextCard.cardId, answerId: "one" });
  await here.end(sessionId);
  const count = (person: Reviewer) =>
    person.download((db) => [logOf(db).length, db.prepare("select count(*) as n from cards").get()!["n"]]);
  const other = file(smallContent({ reviews: 1, fresh: 0 }));
  const dry = await there.importBy({ file: other, mode: "REPLACE", dryRun: true });
  expect(dry).toMatchObject({ lost: { notes: 5, cards: 5, reviews: 3 } });
  expect(await count(here)).toEqual([4, 7]);
  expect((await there.importBy({ file: other, mode: "REPLACE" })).lost).toEqual(dry.lost);
  expect(await count(here)).toEqual([1, 2]);
  const UNDO =
    `mutation { undoReplacement { ... on UndoReplacementPayload { decks { name } } ... on UserError { code } } }`;
  expect((await here.ask(UNDO)).undoReplacement.decks).toHaveLength(4);
  expect(await count(there)).toEqual([4, 7]);
  await here.ask(UNDO);
  expect(await count(there)).toEqual([1, 2]);
  expect((await somebody().ask(UNDO)).undoReplacement).toEqual({ code: "NOT_FOUND" });
});

test("settings are read and set: the scheduler, and presets, and cards go by them from then on", async () => {
  const person = somebody();
  expect((await person.ask(`{ reviewSettings { scheduler } }`)).reviewSettings).toBeNull();
  await edit(person, "createNote", basic("x"));
  const PRESET =
    `presetId name deckIds newPerDay reviewsPerDay learningSteps relearningSteps maxInterval desiredRetention
    fsrsParameters weekdayShares`;
  const SETTINGS = `scheduler rollover presets { ${PRESET} }`;
  const { reviewSettings } = await person.ask(`{ reviewSettings { ${SETTINGS} } }`);
  expect(reviewSettings).toMatchObject({
    scheduler: "FSRS",
    rollover: 4,
    presets: [{ presetId: "1", deckIds: ["1"], newPerDay: 20, learningSteps: [60_000, 600_000] }],
  });
  const set = async (name: string, type: string, input: object) =>
    (await person.ask(
      `mutation ($input: ${type}!) { ${name}(input: $input) { ... on SettingsPayload { settings { ${SETTINGS} } }
      ... on UserError { message } } }`,
      { input: { editId: `s-${edits++}`, ...input } },
    ))[name];
  const preset = {
    presetId: "1",
    newPerDay: 0,
    learningSteps: [120_000],
    desiredRetention: 0.85,
    weekdayShares: [1, 1, 1, 1, 1, 0, 0],
  };
  expect((await set("setPreset", "SetPresetInput", preset)).settings.presets[0]).toMatchObject({
    newPerDay: 0,
    learningSteps: [120_000],
    desiredRetention: 0.85,
  });
  expect((await person.decks("UTC"))[0].newCount).toBe(0);
  expect((await set("setScheduler", "SetSchedulerInput", { scheduler: "SM2" })).settings.scheduler).toBe("SM2");
  expect((await set("setPreset", "SetPresetInput", { presetId: "1", desiredRetention: 2 })).message).toMatch(
    /from 0.7 to 0.99/,
  );
  expect((await set("setPreset", "SetPresetInput", { presetId: "9", newPerDay: 1 })).message).toMatch(/is no preset/);
});

test("a card says what is to be typed and what is to be spoken, and a note type which fields it has", async () => {
  const person = somebody();
  await edit(person, "createNote", {
    deckId: "1",
    kind: "BASIC_TYPED",
    fields: fields({ Front: "x", Back: "a <b>b</b>" }),
  });
  await person.start({ deckId: "1" });
  const { reviewSession, noteTypes, cards } = await person.ask(`{
    reviewSession { nextCard { expectedAnswer question sounds { text language voices speed } } }
    noteTypes { noteTypeId name isCloze fields } cards { nodes { noteId isBuried tags due } } }`);
  expect(reviewSession.nextCard).toMatchObject({ expectedAnswer: "a b", sounds: [] });
  expect(reviewSession.nextCard.question).not.toContain("<b>b");
  expect(noteTypes.map(({ name }: { name: string }) => name)).toContain("Image Occlusion");
  expect(cards.nodes).toMatchObject([{ isBuried: false, tags: [], due: null }]);
  const { note } = await person.ask(
    `query ($noteId: String!) { note(noteId: $noteId) { noteId modifiedAt } }`,
    cards.nodes[0],
  );
  expect(note).toMatchObject({ noteId: cards.nodes[0].noteId });
});

test("a file that is added is shown by the cards that name it, behind a link of the viewer's own", async () => {
  const person = somebody();
  await edit(person, "createNote", basic("<img src='cat.png'>", "[sound:mew.mp3]"));
  const content = Buffer.from("a cat").toString("base64");
  expect(await edit(person, "addMedia", { name: "cat.png", content })).toMatchObject({ name: "cat.png", bytes: 5 });
  expect(await edit(person, "addMedia", { name: "cat.png", content })).toMatchObject({ name: "cat.png" });
  const more = await edit(person, "addMedia", { name: "cat.png", content: Buffer.from("dog").toString("base64") });
  expect(more.name).toMatch(/^cat-[0-9a-f]{40}\.png$/);
  await person.start({ deckId: "1" });
  const { reviewSession } = await person.ask(
    `{ reviewSession { nextCard { showing sounds { side name } media { name url bytes type } } } }`,
  );
  const { media, sounds } = reviewSession.nextCard;
  expect(media).toMatchObject([{ name: "cat.png", bytes: 5, type: "image/png" }]);
  expect(sounds).toEqual([{ side: "ANSWER", name: "mew.mp3" }]);
  expect(await (await fetch(media[0].url)).text()).toBe("a cat");
});
