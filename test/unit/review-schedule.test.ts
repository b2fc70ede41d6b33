import { describe, expect, test } from "vitest";
import { parseCardData } from "../../api/anki/collection/card-data.ts";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { viewCard } from "../../api/anki/schedule/question.ts";
import { createAnki, presetOf } from "../kit/anki.ts";
import { answerOf, createMixed, FILTERED, lastLog, NOW, PREVIEWED, TODAY } from "../kit/anki-mixed.ts";

describe("a new card", () => {
  const create = () => {
    const anki = createAnki();
    anki.addCard({ id: 1, due: 17 });
    return anki;
  };

  test("goes through its steps as Anki writes them", () => {
    const anki = create();
    applyEntry(anki.db, answerOf(1, 3), 0);
    const first = anki.card(1);
    expect(first).toMatchObject({ type: 1, queue: 1, left: 1, ivl: 0, reps: 1, usn: -1, mod: NOW / 1_000 });
    expect(first.due - NOW / 1_000).toBeGreaterThanOrEqual(600);
    expect(first.due - NOW / 1_000).toBeLessThan(750);
    expect(Object.keys(JSON.parse(first.data))).toEqual(["pos", "s", "d", "dr", "decay", "lrt"]);
    expect(parseCardData(first.data)).toMatchObject({ pos: 17, dr: 0.9, decay: 0.154, lrt: NOW / 1_000, s: 2.307 });
    // Difficulty 2.118 of FSRS-6's default parameters for a good first answer.
    expect(lastLog(anki)).toEqual({
      id: NOW,
      cid: 1,
      usn: -1,
      ease: 3,
      ivl: -600,
      lastIvl: 0,
      factor: 224,
      time: 4_000,
      type: 0,
    });
    applyEntry(anki.db, answerOf(1, 3, { at: NOW + 700_000, tookMs: 90_000 }), 1);
    expect(anki.card(1)).toMatchObject({ type: 2, queue: 2, left: 0, factor: 2500, reps: 2 });
    expect(anki.card(1).due).toBe(TODAY + anki.card(1).ivl);
    expect(lastLog(anki)).toMatchObject({ ivl: anki.card(1).ivl, lastIvl: -600, time: 60_000, type: 0 });
  });

  test("again begins anew, hard waits half way, easy leaves at once and longer than good", () => {
    const anki = create();
    const waits = viewCard(anki.db, 1, { at: NOW, offsetMinutes: 0 })!.choices.map(({ intervalMs }) =>
      intervalMs / 1_000
    );
    expect(waits[0]).toBeGreaterThanOrEqual(60);
    expect(waits[0]).toBeLessThan(75);
    expect(waits[1]).toBeGreaterThanOrEqual(330);
    expect(waits[1]).toBeLessThan(413);
    expect(waits[3]! % 86_400).toBe(0);
    expect(waits[3]).toBeGreaterThan(86_400 * 2);
  });

  test("waits for days where a step reaches over the end of the day", () => {
    const anki = createAnki({ dconf: [presetOf({ new: { delays: [10, 1440] } })] });
    anki.addCard({ id: 1 });
    applyEntry(anki.db, answerOf(1, 3), 0);
    expect(anki.card(1)).toMatchObject({ type: 1, queue: 3, due: TODAY + 1, left: 1 });
    expect(lastLog(anki)).toMatchObject({ ivl: 1, lastIvl: 0 });
  });

  test("without steps is scheduled by FSRS at once", () => {
    const anki = createAnki({ dconf: [presetOf({ new: { delays: [] } })] });
    anki.addCard({ id: 1 });
    applyEntry(anki.db, answerOf(1, 3), 0);
    expect(anki.card(1)).toMatchObject({ type: 2, queue: 2, ivl: 2 });
    anki.addCard({ id: 2 });
    // A first stability of 0.212 days is shorter than half a day, so it is waited for in seconds.
    applyEntry(anki.db, answerOf(2, 1, { at: NOW + 1 }), 1);
    expect(anki.card(2)).toMatchObject({ type: 1, queue: 1, left: 0 });
    expect(lastLog(anki).ivl).toBe(-18_316);
  });
});

describe("a review", () => {
  test("lapses into relearning, and comes back with FSRS's interval", () => {
    const anki = createAnki();
    anki.addReview(1, TODAY, { ivl: 30, data: '{"s":30,"d":5}', lapses: 2 });
    applyEntry(anki.db, answerOf(1, 1), 0);
    expect(anki.card(1)).toMatchObject({ type: 3, queue: 1, left: 1, lapses: 3, factor: 2300, odue: 0 });
    expect(lastLog(anki)).toMatchObject({ ivl: -600, lastIvl: 30, type: 1, ease: 1 });
    applyEntry(anki.db, answerOf(1, 3, { at: NOW + 700_000 }), 1);
    expect(anki.card(1)).toMatchObject({ type: 2, queue: 2, lapses: 3 });
    expect(lastLog(anki)).toMatchObject({ type: 2, lastIvl: -600 });
  });

  test("grows from hard to good to easy, never over the longest interval", () => {
    const anki = createAnki({ dconf: [presetOf({ rev: { maxIvl: 60 } })] });
    anki.addReview(1, TODAY, { ivl: 30, data: '{"s":30,"d":5}' });
    const days = (id: number) =>
      viewCard(anki.db, id, { at: NOW, offsetMinutes: 0 })!.choices.slice(1).map(({ intervalMs }) =>
        intervalMs / 86_400_000
      );
    expect(days(1)).toEqual(days(1).toSorted((a, b) => a - b));
    expect(Math.max(...days(1))).toBe(60);
    expect(Math.min(...days(1))).toBeGreaterThan(30);
  });

  test("uses the deck's parameters and retention where Anki uses FSRS, and SM-2 where it does not", () => {
    const interval = (conf: object, retention: number) => {
      const anki = createAnki({ conf: { ...conf }, dconf: [presetOf({ desiredRetention: retention })] });
      anki.addReview(1, TODAY, { ivl: 100, data: `{"s":100,"d":5,"lrt":${NOW / 1_000 - 100 * 86_400}}` });
      return viewCard(anki.db, 1, { at: NOW, offsetMinutes: 0 })!.choices[2]!.intervalMs;
    };
    expect(interval({ fsrs: true }, 0.97)).toBeLessThan(interval({ fsrs: true }, 0.8));
    expect(interval({ fsrs: false }, 0.97)).toBe(interval({ fsrs: false }, 0.8));
  });

  test.each([
    ["suspends", 0, -1],
    ["only tags", 1, 1],
  ])("that makes a leech %s the card, as the options say", (_, leechAction, queue) => {
    const anki = createAnki({ dconf: [presetOf({ lapse: { leechFails: 8, leechAction } })] });
    anki.addNote(1, ["a", "b"], { tags: " verb " });
    anki.addReview(1, TODAY, { lapses: 11 });
    expect(applyEntry(anki.db, answerOf(1, 1), 0)).toMatchObject({ isLeech: true });
    expect(anki.card(1)).toMatchObject({ queue, lapses: 12 });
    expect(anki.db.prepare("select tags, usn from notes").get()).toMatchObject({ tags: " verb leech ", usn: -1 });
    expect(anki.db.prepare("select tags from col").get()).toMatchObject({ tags: '{"leech":-1}' });
  });

  test("counts in its deck and all above it, and hides the note's other cards where the options say so", () => {
    const anki = createMixed();
    applyEntry(anki.db, answerOf(101, 3), 0);
    const decks = JSON.parse(String(anki.db.prepare("select decks from col").get()!["decks"]));
    for (const id of [1, 2]) {
      expect(decks[id]).toMatchObject({
        newToday: [TODAY, 0],
        revToday: [TODAY, 1],
        timeToday: [TODAY, 4_000],
        usn: -1,
      });
    }
    expect(decks[FILTERED].revToday).toBeUndefined();
    expect(anki.card(100)).toMatchObject({ queue: -2, usn: -1 });
    // The first answer of the day brings back what was buried before.
    expect([anki.card(130), anki.card(131)]).toMatchObject([{ queue: 2, usn: 0 }, { queue: 0, usn: 0 }]);
  });

  test("of a new card does not hide its sibling's review", () => {
    const anki = createMixed();
    anki.addReview(12, TODAY, { nid: 1 });
    applyEntry(anki.db, answerOf(10, 3), 0);
    expect([anki.card(11).queue, anki.card(12).queue]).toEqual([-2, 2]);
  });
});

describe("a filtered deck", () => {
  test("that reschedules gives the card back when it is a review again", () => {
    const anki = createMixed();
    applyEntry(anki.db, answerOf(120, 3), 0);
    expect(anki.card(120)).toMatchObject({ did: 1, odid: 0, odue: 0, type: 2, queue: 2 });
    expect(lastLog(anki)).toMatchObject({ type: 3 });
    expect(lastLog(anki).factor).toBeGreaterThan(0);
    applyEntry(anki.db, answerOf(121, 1, { at: NOW + 1 }), 1);
    expect(anki.card(121)).toMatchObject({ did: FILTERED, odid: 2, type: 1, queue: 1, odue: anki.card(121).due });
  });

  test("that only previews leaves the schedule as it was", () => {
    const anki = createMixed();
    const { ivl, reps, data } = anki.card(122);
    applyEntry(anki.db, answerOf(122, 1), 0);
    expect(anki.card(122)).toMatchObject({ did: PREVIEWED, queue: 4, due: NOW / 1_000 + 90, ivl, reps, data });
    expect(lastLog(anki)).toMatchObject({ type: 3, factor: 0, ivl: -90 });
    applyEntry(anki.db, answerOf(122, 3, { at: NOW + 1 }), 1);
    expect(anki.card(122)).toMatchObject({ did: 1, odid: 0, queue: 2, due: TODAY + 9, ivl, reps, data });
  });
});
