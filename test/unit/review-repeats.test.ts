import { afterEach, describe, expect, test } from "vitest";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { findAnswer } from "../../api/anki/schedule/answers-table.ts";
import { type AnswerEntry, type EditEntry, formatEntry, parseEntry } from "../../api/anki/schedule/entry.ts";
import { createAnki, noonOf, presetOf } from "../kit/anki.ts";
import { closing, PERSON, world } from "../kit/review-world.ts";

/** The same id again is the same thing again; with other content it is refused, and what was acknowledged stands. */

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const basic = (value: string) => ({ deckId: "1", kind: "BASIC", fields: [{ name: "Front", value }] });
const OTHER = { fields: [{ path: ["editId"], message: expect.stringContaining("another change") as string }] };

describe("an id of a change", () => {
  test("with another text is refused, on any process, also when it is in the file; nothing typed is lost in silence", async () => {
    const { process, lease } = world();
    const [here, there] = [process(), process()];
    const { noteId } = await here.edits.createNote(PERSON, { editId: "n", ...basic("one") });
    expect((await there.edits.createNote(PERSON, { editId: "n", ...basic("one") })).noteId).toBe(noteId);
    for (const each of [here, there]) {
      await expect(each.edits.createNote(PERSON, { editId: "n", ...basic("two") })).rejects.toMatchObject(OTHER);
      const update = { editId: "n", noteId: String(noteId), fields: [{ name: "Front", value: "typed" }] };
      await expect(each.edits.updateNote(PERSON, update)).rejects.toMatchObject(OTHER);
      await expect(each.edits.createDeck(PERSON, { editId: "n", name: "Deck" })).rejects.toMatchObject(OTHER);
      await expect(each.studying.extendLimits(PERSON, { editId: "n", deckId: "1", newCards: 1 })).rejects
        .toMatchObject(OTHER);
      await here.sweep();
    }
    expect((await lease()).journal).toEqual([]);
  });

  test("is the same change however null fields and the zone are given", async () => {
    const review = world().process();
    const { noteId } = await review.edits.createNote(PERSON, { editId: "n", ...basic("one") });
    const again = { editId: "n", ...basic("one"), tags: null, timeZone: "Asia/Kathmandu" };
    expect((await review.edits.createNote(PERSON, again)).noteId).toBe(noteId);
  });

  test("of a table stands for that table alone, and gives its report again, also where its upload is gone", async () => {
    const { process, bodies } = world();
    const [here, there] = [process(), process()];
    const input = { editId: "t", deckId: "1", kind: "BASIC", hasHeader: false };
    const { uploadKey, url } = await here.transfer.createUpload(PERSON);
    bodies.methods.create(url, Buffer.from("a,b\nc,d"));
    const report = await here.importNotes(PERSON, { ...input, uploadKey });
    expect(report).toMatchObject({ rows: 2, added: 2 });
    expect(bodies.find(url)).toBeUndefined();
    expect(await there.importNotes(PERSON, { ...input, uploadKey })).toEqual(report);
    await expect(there.importNotes(PERSON, { ...input, text: "e,f" })).rejects.toMatchObject(OTHER);
    await expect(there.edits.createNote(PERSON, { editId: "t", ...basic("x") })).rejects.toMatchObject(OTHER);
  });

  test("is known for ever, and one of an answer for five thousand more", () => {
    const { db, card } = collection();
    applyEntry(db, parseEntry(formatEntry(edit("first", 0))), 0);
    applyEntry(db, answerOf("answer", card(1), 1), 1);
    for (let position = 4_990; position < 5_010; position++) {
      applyEntry(db, edit(`more-${position}`, position), position);
    }
    expect(findAnswer(db, "first")?.cid).toBe(7);
    applyEntry(db, edit("first", 6_000), 6_000);
    expect(db.prepare("select count(*) as n from sojourn_answers where id = 'first' and position = 0").get()).toEqual({
      n: 1,
    });
    expect(findAnswer(db, "answer")).toBeUndefined();
  });

  test("is read by processes of before, and theirs is read", () => {
    const text = formatEntry(edit("id", 5));
    expect(parseEntry(text)).toEqual(edit("id", 5));
    const [, , , , made] = text.split(" ");
    expect(parseInt(made!, 36)).toBe(7);
    const { asked: _, ...before } = edit("id", 5);
    expect(parseEntry(formatEntry(before))).toEqual(before);
  });
});

describe("an id of an answer", () => {
  async function sitting() {
    const made = world();
    const review = made.process();
    const note = async (editId: string) =>
      (await review.edits.createNote(PERSON, { editId, ...basic(editId) })).cardIds[0]!;
    const cards = [String(await note("one")), String(await note("two"))];
    const begin = async (on = review) =>
      (await on.reviews.start(PERSON, { deckId: "1", holder: "h", onHeld: "TAKE_OVER", timeZone: "UTC" })).session
        .sessionId;
    return { ...made, review, cards, begin };
  }
  const other = (what: string) => ({
    fields: [{ path: ["answerId"], message: expect.stringContaining(what) as string }],
  });

  test("for another card, another rating or a change is refused; the same again is the same", async () => {
    const { review, cards: [first, second], begin } = await sitting();
    const sessionId = await begin();
    const answer = { sessionId, cardId: first, rating: "GOOD", answerId: "my-1" };
    expect((await review.reviews.answer(PERSON, answer)).session.answered).toBe(1);
    expect((await review.reviews.answer(PERSON, answer)).session.answered).toBe(1);
    await expect(review.reviews.answer(PERSON, { ...answer, cardId: second })).rejects.toMatchObject(
      other("another card"),
    );
    await expect(review.reviews.answer(PERSON, { ...answer, rating: "AGAIN" })).rejects.toMatchObject(other("rating"));
    await expect(review.reviews.answer(PERSON, { ...answer, answerId: "one" })).rejects.toMatchObject(
      other("a change"),
    );
    await expect(review.edits.createDeck(PERSON, { editId: "my-1", name: "Deck" })).rejects.toMatchObject(
      { fields: [{ message: expect.stringContaining("another answer") as string }] },
    );
    expect((await review.reviews.answer(PERSON, { ...answer, cardId: second, answerId: "my-2" })).session.answered)
      .toBe(2);
  });

  test("that was used in the session before is refused for another card, on a process that has no file too", async () => {
    const { process, review, cards: [first, second], begin } = await sitting();
    const before = await begin();
    await review.reviews.answer(PERSON, { sessionId: before, cardId: first, rating: "GOOD", answerId: "my-1" });
    await review.reviews.end(PERSON, before);
    const sessionId = await begin();
    const again = { sessionId, cardId: second, rating: "GOOD", answerId: "my-1" };
    for (const each of [process(), review]) {
      await expect(each.reviews.answer(PERSON, again)).rejects.toMatchObject(other("another card"));
    }
  });

  test("of long ago that is used again where only a slice is at hand counts, for another card", () => {
    const { db, card } = collection();
    applyEntry(db, answerOf("my-1", card(1), 0, "a"), 0);
    expect(applyEntry(db, answerOf("my-1", card(1), 1, "b"), 1).kind).toBe("unchanged");
    expect(applyEntry(db, answerOf("my-1", card(2), 2, "a"), 2).kind).toBe("unchanged");
    expect(applyEntry(db, answerOf("my-1", card(3), 3, "b"), 3).kind).toBe("answered");
    expect(db.prepare("select count(*) as n from revlog").get()).toEqual({ n: 2 });
  });
});

function collection() {
  const anki = createAnki({ conf: { fsrs: false }, dconf: [presetOf()] });
  for (const id of [11, 12, 13]) anki.addCard({ id });
  return { db: anki.db, card: (n: number) => 10 + n };
}

function edit(answerId: string, at: number): EditEntry {
  const command = { do: "setScheduler" as const, fsrs: false };
  return { kind: "edit", answerId, at: noonOf(3) + at, offsetMinutes: 0, made: 7, asked: "Ab-_12", command };
}

function answerOf(answerId: string, cardId: number, at: number, session = "a"): AnswerEntry {
  return {
    kind: "answer",
    answerId,
    cardId,
    rating: 3,
    at: noonOf(3) + at * 60_000,
    offsetMinutes: 0,
    tookMs: 0,
    session,
  };
}
