import { tmpdir } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
import { openChecked } from "../../api/anki/file/check.ts";
import { importInto } from "../../api/anki/file/import.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { decideAnswer } from "../../api/anki/schedule/decide.ts";
import { viewCard } from "../../api/anki/schedule/question.ts";
import { countDeckStats } from "../../api/anki/queue/deck-stats.ts";
import { nextCard } from "../../api/anki/queue/next.ts";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { createAnki, DAY_MS, noonOf, presetOf } from "../kit/anki.ts";
import { card, type Content, CRT, databaseBytes, fillSchema11, note } from "../kit/anki-file.ts";
import { answerOf } from "../kit/anki-mixed.ts";

const files = createTempFiles({ dir: tmpdir() });
afterEach(() => files.closeAll());
const TODAY = 100;
const NOW = (CRT + TODAY * 86_400) * 1_000;
const MAX = Number.MAX_SAFE_INTEGER;
const open = (content: Content, sql = "") =>
  openChecked(
    files,
    databaseBytes((db) => {
      fillSchema11(db, content);
      db.exec(sql);
    }),
    { now: NOW },
  );
/** Numbers that no person chose. */
const ODD = [-1e300, -5, 0, 0.5, 1e6, 2 ** 53, 1e300];

describe("whatever numbers a file holds", () => {
  test("in its options, each choice is a time from now to a hundred years on", () => {
    const parts = [
      ...["delays", "ints"].flatMap((name) => ODD.map((odd) => ({ new: { [name]: [odd, odd] } }))),
      ...ODD.map((odd) => ({ new: { initialFactor: odd, perDay: odd } })),
      ...["ease4", "ivlFct", "maxIvl", "hardFactor"].flatMap((name) => ODD.map((odd) => ({ rev: { [name]: odd } }))),
      ...ODD.map((odd) => ({ rev: { ivlFct: odd, maxIvl: 1e300 } })),
      ...["mult", "minInt", "leechFails"].flatMap((name) => ODD.map((odd) => ({ lapse: { [name]: odd } }))),
      ...ODD.map((odd) => ({ lapse: { delays: [odd] }, maxTaken: odd })),
      ...ODD.map((odd) => ({ fsrsParams6: Array.from({ length: 21 }, () => odd), desiredRetention: odd })),
    ];
    const moment = { at: noonOf(TODAY), offsetMinutes: 0 };
    for (const fsrs of [false, true]) {
      for (const part of parts) {
        const { db, addCard, addReview } = createAnki({ conf: { fsrs }, dconf: [presetOf(part)] });
        addCard({ id: 1 });
        addReview(2, 90, { data: '{"s":20,"d":5}' });
        addCard({ id: 3, type: 1, queue: 1, due: Math.floor(moment.at / 1_000) - 5, left: 1002, reps: 1 });
        for (const [position, id] of [1, 2, 3].entries()) {
          for (const { intervalMs, dueAt } of viewCard(db, id, moment)!.choices) {
            expect([part, Number.isSafeInteger(intervalMs) && intervalMs >= 0 && intervalMs <= 36_501 * DAY_MS])
              .toEqual([part, true]);
            expect([part, Number.isNaN(new Date(dueAt).getTime())]).toEqual([part, false]);
          }
          applyEntry(db, answerOf(id, 3, { at: moment.at }), position);
        }
        db.close();
      }
    }
  });

  test("in its cards, they come in as what Anki keeps, are shown and answered, and go out and come in again", () => {
    const numbers = ["due", "odue", "ivl", "factor", "reps", "lapses", "left", "flags", "mod"] as const;
    const states = [{ type: 0, queue: 0 }, { type: 1, queue: 1 }, { type: 2, queue: 2 }, { type: 3, queue: 3 }];
    for (const value of [-MAX, -1, 2 ** 31, 2 ** 32, 999_999_999, MAX]) {
      for (const name of numbers) {
        const ids = states.map((_, i) => i + 1);
        const { file } = open({
          conf: { schedVer: 2, creationOffset: 0, fsrs: true },
          notes: ids.map((id) => note(id)),
          cards: ids.map((id, i) => card(id, id, { ivl: 3, factor: 2500, due: 5, ...states[i], [name]: value })),
        });
        const moment = { at: NOW, offsetMinutes: 0 };
        for (const id of ids) {
          const view = viewCard(file.db, id, moment)!;
          expect([name, value, id, [view.reps, view.lapses].every((n) => n >= 0 && n < 2 ** 31)])
            .toEqual([name, value, id, true]);
          for (const at of [view.dueAt ?? 0, ...view.choices.map(({ dueAt }) => dueAt)]) {
            expect([name, value, id, Number.isNaN(new Date(at).getTime())]).toEqual([name, value, id, false]);
          }
        }
        const shown = nextCard(file.db, 1, moment).cardId;
        if (shown !== undefined) {
          const request = { answerId: "x", cardId: shown, rating: 3, deckId: 1, ...moment };
          expect(decideAnswer(file.db, request)).toEqual({ kind: "accepted" });
          applyEntry(file.db, answerOf(shown, 3, { at: NOW }), 0);
        }
        expect(countDeckStats(file.db, { deckId: 1, moment })!.averageInterval).toBeGreaterThanOrEqual(0);
        expect(openChecked(files, file.toBytes(), { now: NOW }).repairs).toEqual([]);
        file.close();
      }
    }
  });

  test("in what cards remember by FSRS, what means nothing is as if it were not there", () => {
    const { db, addReview } = createAnki({ conf: { fsrs: true } });
    const odd = [
      '{"s":1e308,"d":-50}',
      '{"s":5,"d":1e300,"lrt":-1e300}',
      '{"s":0,"d":0,"dr":9,"decay":-3,"pos":1e300}',
    ];
    for (const [i, data] of odd.entries()) {
      addReview(i + 1, 90, { data });
      for (const { intervalMs } of viewCard(db, i + 1, { at: noonOf(TODAY), offsetMinutes: 0 })!.choices) {
        expect(intervalMs >= 0 && intervalMs <= 36_501 * DAY_MS).toBe(true);
      }
      const stats = countDeckStats(db, { deckId: 1, moment: { at: noonOf(TODAY), offsetMinutes: 0 } })!;
      const { averageStability = 0, averageDifficulty = 1, averageRetrievability = 0 } = stats;
      expect(averageStability <= 36_500 && averageDifficulty <= 10 && averageRetrievability <= 1).toBe(true);
      applyEntry(db, answerOf(i + 1, 3, { at: noonOf(TODAY) }), i);
    }
    db.close();
  });
});

test("ids that leave no room to count on from are refused by name", () => {
  for (const id of [MAX, -MAX, MAX - 1]) {
    expect(() => open({ notes: [note(id), note(5)], cards: [card(1, 5)] })).toThrow("notes.id that is out of range");
    expect(() => open({ notes: [note(5)], cards: [card(id, 5)] })).toThrow("cards.id that is out of range");
    expect(() => open({ notes: [note(5, { mid: id })], cards: [card(1, 5)] })).toThrow(
      "notes.mid that is out of range",
    );
  }
});

test("times of changes in milliseconds, as some producers write, are seconds: a later change holds over them", () => {
  const content = { notes: [note(1, { mod: 1_572_273_873_743 })], cards: [card(1, 1, { mod: 1_572_273_873_791 })] };
  const first = open(content);
  expect(first.repairs.map(({ message }) => message)).toEqual([
    "times of changes were in milliseconds and are in seconds now",
  ]);
  const later = open({ notes: [note(1, { mod: 1_600_000_000, flds: "later\u001fb" })], cards: [card(1, 1)] });
  const { file } = importInto(importInto(undefined, first, { now: NOW }), later, { now: NOW });
  expect(file.db.prepare("SELECT flds FROM notes").get()).toEqual({ flds: "later\u001fb" });
});

test("a file that does not say its schema and has the columns of 11 is read as such, and says it from then on", () => {
  const { file } = open({ notes: [note(1)], cards: [card(1, 1)] }, "UPDATE col SET ver = 0");
  expect(file.db.prepare("SELECT ver FROM col").get()).toEqual({ ver: 11 });
  expect(() => open({}, "UPDATE col SET ver = 3")).toThrow("Open it once in Anki 2.0");
});
