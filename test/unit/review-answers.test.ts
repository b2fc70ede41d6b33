import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { nextCard } from "../../api/anki/queue/next.ts";
import { countAnswers, findUndoable } from "../../api/anki/schedule/answers-table.ts";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { decideAnswer, decideAnswerTime } from "../../api/anki/schedule/decide.ts";
import { type AnswerEntry, type Entry, formatEntry, parseEntry } from "../../api/anki/schedule/entry.ts";
import { viewCard } from "../../api/anki/schedule/question.ts";
import { type Anki, createAnki, dumpAnki } from "../kit/anki.ts";
import { answerOf, createMixed, lastLog, NOW, TODAY } from "../kit/anki-mixed.ts";

const CARDS = [10, 11, 20, 21, 30, 40, 41, 100, 101, 102, 110, 111, 112, 113, 120, 121, 122, 130, 131];
const steps = fc.array(
  fc.record({
    card: fc.constantFrom(...CARDS),
    rating: fc.integer({ min: 1, max: 4 }),
    waitMs: fc.constantFrom(1_000, 700_000, 40_000_000, 300_000_000),
    offsetMinutes: fc.constantFrom(0, 120, -300),
  }),
  { minLength: 1, maxLength: 12 },
);
type Steps = typeof steps extends fc.Arbitrary<infer S> ? S : never;

function entriesOf(list: Steps): AnswerEntry[] {
  let at = NOW;
  return list.map(({ card, rating, waitMs, offsetMinutes }) =>
    answerOf(card, rating, { at: at += waitMs, offsetMinutes })
  );
}

describe("an answer", () => {
  test("taken back, step by step, leaves every table as it was, byte for byte", () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (list, pretty) => {
        const { db } = createMixed(pretty);
        const entries = entriesOf(list);
        const before = entries.map((entry, position) => {
          const dump = dumpAnki(db);
          applyEntry(db, entry, position);
          return dump;
        });
        for (const [i, entry] of [...entries.entries()].reverse()) {
          expect(findUndoable(db, "s")?.id).toBe(entry.answerId);
          applyEntry(db, { kind: "undo", answerId: entry.answerId, at: entry.at }, entries.length + i);
          expect(dumpAnki(db)).toEqual(before[i]);
        }
        expect(findUndoable(db, "s")).toBeUndefined();
        db.close();
      }),
      { numRuns: 25 },
    );
  });

  test("gives the same rows wherever it is applied", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const [a, b] = [createMixed(), createMixed()];
        entriesOf(list).forEach((entry, position) => {
          applyEntry(a.db, entry, position);
          viewCard(b.db, entry.cardId, { at: entry.at - 5, offsetMinutes: 0 });
          nextCard(b.db, 1, { at: entry.at - 5, offsetMinutes: 0 });
          applyEntry(b.db, parseEntry(formatEntry(entry)), position);
        });
        expect(dumpAnki(a.db, { withAnswers: true })).toEqual(dumpAnki(b.db, { withAnswers: true }));
        a.db.close();
        b.db.close();
      }),
      { numRuns: 15 },
    );
  });

  test("does what its choice said", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const { db } = createMixed();
        entriesOf(list).forEach((entry, position) => {
          const { at, offsetMinutes } = entry;
          const view = viewCard(db, entry.cardId, { at, offsetMinutes })!;
          expect(view).toEqual(viewCard(db, entry.cardId, { at, offsetMinutes }));
          applyEntry(db, entry, position);
          const choice = view.choices[entry.rating - 1]!;
          const after = viewCard(db, entry.cardId, { at, offsetMinutes })!;
          expect(after.dueAt ?? at).toBe(choice.dueAt);
        });
        db.close();
      }),
      { numRuns: 25 },
    );
  });

  test("with the same id counts once, also after it was taken back", () => {
    const { db } = createMixed();
    const entry = answerOf(100, 3);
    expect(applyEntry(db, entry, 0).kind).toBe("answered");
    const once = dumpAnki(db, { withAnswers: true });
    expect(applyEntry(db, { ...entry, rating: 1 }, 1).kind).toBe("unchanged");
    expect(dumpAnki(db, { withAnswers: true })).toEqual(once);
    expect(applyEntry(db, { kind: "undo", answerId: entry.answerId, at: entry.at }, 1).kind).toBe("undone");
    expect(applyEntry(db, { kind: "undo", answerId: entry.answerId, at: entry.at }, 2).kind).toBe("unchanged");
    expect(applyEntry(db, entry, 2).kind).toBe("unchanged");
    expect(countAnswers(db, "s")).toBe(0);
  });

  test("of another session cannot be taken back once this one has answered", () => {
    const { db } = createMixed();
    applyEntry(db, answerOf(100, 3), 0);
    expect(findUndoable(db, "t")).toBeUndefined();
    applyEntry(db, answerOf(102, 3, { session: "t" }), 1);
    expect(findUndoable(db, "s")).toBeUndefined();
    applyEntry(db, { kind: "undo", answerId: findUndoable(db, "t")!.id, at: 0 }, 2);
    expect(findUndoable(db, "s")).toBeUndefined();
    expect(countAnswers(db, "s")).toBe(1);
  });

  test("for a card that is gone changes nothing", () => {
    const { db } = createMixed();
    const before = dumpAnki(db);
    expect(() => applyEntry(db, answerOf(999, 3), 0)).toThrow("Card 999");
    expect(dumpAnki(db)).toEqual(before);
  });

  test("takes the next free key where the log has its instant already", () => {
    const anki = createMixed();
    anki.addLog({ id: NOW, cid: 100, ease: 3 });
    expect(decideAnswerTime(anki.db, NOW)).toBe(NOW + 1);
    expect(decideAnswerTime(anki.db, NOW - 10, NOW + 5)).toBe(NOW + 6);
    applyEntry(anki.db, answerOf(102, 3), 0);
    expect(lastLog(anki).id).toBe(NOW + 1);
  });
});

test("every card that is shown can be answered, in whatever queue and of whatever type a file has it", () => {
  const moment = { at: NOW, offsetMinutes: 0 };
  const dues = [-100_000, 0, TODAY, Math.floor(NOW / 1_000) - 5, 2 ** 40];
  let position = 0;
  for (const filtered of [undefined, { resched: true }, { resched: false }]) {
    const deckId = filtered ? 2 : 1;
    const { db, addCard } = createAnki({
      decks: [{ id: 1, name: "A", conf: 1, dyn: 0 }, { id: 2, name: "B", dyn: 1, ...filtered }],
    });
    const away = filtered && { did: 2, odid: 1, odue: 20 };
    const kinds = [0, 1, 2, 3].flatMap((type) => [-3, -2, -1, 0, 1, 2, 3, 4].map((queue) => ({ type, queue })));
    for (const kind of kinds.flatMap((each) => dues.map((due) => ({ ...each, due })))) {
      db.exec("delete from cards");
      addCard({ id: 9, ...kind, ivl: 3, factor: 2500, reps: 3, left: 1001, ...away });
      const { cardId } = nextCard(db, deckId, moment);
      if (cardId === undefined) continue;
      const place = JSON.stringify({ filtered, ...kind });
      for (const { rating, intervalMs } of viewCard(db, cardId, moment)!.choices) {
        const decision = decideAnswer(db, { answerId: "x", cardId, rating, deckId, ...moment });
        expect({ place, decision }).toEqual({ place, decision: { kind: "accepted" } });
        expect([place, Math.max(0, intervalMs)]).toEqual([place, intervalMs]);
      }
      applyEntry(db, answerOf(9, 3), position++);
    }
    db.close();
  }
});

describe("an answer is refused", () => {
  const decide = (anki: Anki, cardId: number, over = {}) =>
    decideAnswer(anki.db, { answerId: "x", cardId, rating: 3, deckId: 1, at: NOW, offsetMinutes: 0, ...over });

  test("by name, before anything is changed", () => {
    const anki = createMixed();
    anki.addReview(200, TODAY + 1);
    anki.addReview(201, TODAY, { queue: -1 });
    anki.addReview(202, TODAY, { did: 77 });
    anki.addCard({ id: 203, type: 1, queue: 1, due: NOW / 1_000 + 1_201, left: 1 });
    anki.addCard({ id: 204, nid: 999 });
    anki.db.exec("delete from notes where id = 999");
    const reasons: [number, object, unknown][] = [
      [100, {}, undefined],
      [101, { deckId: 2 }, undefined],
      [111, {}, undefined],
      [130, {}, undefined],
      [100, { rating: 5 }, "INVALID_RATING"],
      [100, { rating: 2.5 }, "INVALID_RATING"],
      [999, {}, "CARD_GONE"],
      [204, {}, "CARD_GONE"],
      [202, {}, "DECK_GONE"],
      [100, { deckId: 77 }, "DECK_GONE"],
      [100, { deckId: 2 }, "OTHER_DECK"],
      [120, {}, "OTHER_DECK"],
      [201, {}, "SUSPENDED"],
      [200, {}, "NOT_DUE"],
      [203, {}, "NOT_DUE"],
    ];
    for (const [cardId, over, reason] of reasons) {
      const expected = reason ? { kind: "refused", reason } : { kind: "accepted" };
      expect([cardId, decide(anki, cardId, over)]).toEqual([cardId, expected]);
    }
  });

  test("where the card was answered meanwhile, or is hidden for the day; a known id is known", () => {
    const anki = createMixed();
    applyEntry(anki.db, answerOf(101, 3, { answerId: "x" }), 0);
    expect(decide(anki, 101)).toEqual({ kind: "known" });
    expect(decide(anki, 101, { answerId: "y" })).toEqual({ kind: "refused", reason: "NOT_DUE" });
    expect(decide(anki, 100, { answerId: "y" })).toEqual({ kind: "refused", reason: "BURIED" });
  });
});

test("a journal entry is the same after it was a text", () => {
  const entries: Entry[] = [answerOf(1_700_000_000_000, 4, { answerId: "é-x" }), {
    kind: "undo",
    answerId: "x",
    at: 5,
  }];
  for (const entry of entries) expect(parseEntry(formatEntry(entry))).toEqual(entry);
  expect(() => parseEntry("{}")).toThrow("Not a journal entry");
});
