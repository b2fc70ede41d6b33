import { describe, expect, test } from "vitest";
import { parseCardData } from "../../api/anki/collection/card-data.ts";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { createPick, fuzzRange } from "../../api/anki/schedule/fuzz.ts";
import { viewCard } from "../../api/anki/schedule/question.ts";
import { createAnki, noonOf, presetOf } from "../kit/anki.ts";
import { answerOf, lastLog, NOW, TODAY } from "../kit/anki-mixed.ts";

const DAY = 86_400_000;

/** A collection that SM-2 schedules, with one card under review. */
function createSm2({ preset = {}, card = {} }: { preset?: Parameters<typeof presetOf>[0]; card?: object } = {}) {
  const anki = createAnki({ conf: { fsrs: false }, dconf: [presetOf(preset)] });
  anki.addReview(1, TODAY, { ivl: 40, factor: 2_500, data: "{}", ...card });
  return anki;
}

const daysOf = (anki: ReturnType<typeof createAnki>, cardId = 1) =>
  viewCard(anki.db, cardId, { at: NOW, offsetMinutes: 0 })!.choices.map(({ intervalMs }) => intervalMs / DAY);

/** Whether days lie in the range that Anki's fuzz leaves of an interval. */
function expectNear(days: number, interval: number, least = 1): void {
  const { lower, upper } = fuzzRange(interval, least, 36_500);
  expect(days).toBeGreaterThanOrEqual(lower);
  expect(days).toBeLessThanOrEqual(upper);
}

describe("a review by SM-2", () => {
  test("grows by the ease, the modifier and the delay, as Anki's does", () => {
    const [, hard, good, easy] = daysOf(createSm2());
    expectNear(hard!, 48, 41);
    expectNear(good!, 100, hard! + 1);
    expectNear(easy!, 130, good! + 1);
    const modified = daysOf(createSm2({ preset: { rev: { ivlFct: 0.5 } } }));
    expectNear(modified[2]!, 50, modified[1]! + 1);
    const late = daysOf(createSm2({ card: { due: TODAY - 20 } }));
    expectNear(late[2]!, 125);
    expectNear(late[3]!, 195);
  });

  test("before it is due only counts the days that passed, without fuzz", () => {
    const anki = createAnki({
      conf: { fsrs: false },
      decks: [{ id: 1, name: "Default", conf: 1, dyn: 0 }, { id: 5, name: "Cram", dyn: 1, resched: true }],
    });
    anki.addReview(1, -100_000, { did: 5, odid: 1, odue: TODAY + 10, ivl: 40, factor: 2_500, data: "{}" });
    // 30 of 40 days passed: hard 30 * 1.2, good 30 * 2.5, easy by half of the bonus more.
    expect(daysOf(anki).slice(1)).toEqual([36, 75, Math.round(75 * 1.15)]);
  });

  test("writes SM-2's numbers and no memory, and takes none away that is not its own", () => {
    const anki = createSm2({ card: { data: '{"pos":7,"cd":"{}x"}' } });
    applyEntry(anki.db, answerOf(1, 2), 0);
    expect(anki.card(1)).toMatchObject({ type: 2, queue: 2, factor: 2_350 });
    expect(parseCardData(anki.card(1).data)).toEqual({ pos: 7, lrt: NOW / 1_000, cd: "{}x" });
    expect(lastLog(anki)).toMatchObject({ ease: 2, factor: 2_350, lastIvl: 40, type: 1 });
  });

  test("that was forgotten keeps the share and the least that the options say, and loses ease down to 1.3", () => {
    const anki = createSm2({ preset: { lapse: { mult: 0.3, minInt: 2, delays: [10] } }, card: { factor: 1_400 } });
    applyEntry(anki.db, answerOf(1, 1), 0);
    expect(anki.card(1)).toMatchObject({ type: 3, queue: 1, factor: 1_300, lapses: 1, left: 1 });
    const { ivl } = anki.card(1);
    expectNear(ivl, 12, 2);
    expect(daysOf(anki).slice(2)).toEqual([ivl, ivl + 1]);
  });

  test.each([
    // What is left of the interval, rounded and not cut; fuzzed from two and a half days on, within the bounds.
    { ivl: 15, mult: 0.1, among: [2] },
    { ivl: 14, mult: 0.1, among: [1] },
    { ivl: 100, mult: 0.7, among: [65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75] },
    { ivl: 100, mult: 0.7, minInt: 72, maxIvl: 73, among: [72, 73] },
    { ivl: 100, mult: 0, minInt: 3, among: [3, 4] },
    { ivl: 0, mult: 1, among: [1] },
  ])("that was forgotten has an interval as Anki chooses it: $mult of $ivl days", ({ among, ivl, ...preset }) => {
    const { mult, minInt = 1, maxIvl = 36_500 } = preset;
    const anki = createAnki({
      conf: { fsrs: false },
      dconf: [presetOf({ lapse: { mult, minInt, delays: [10] }, rev: { maxIvl } })],
    });
    const seen = new Set<number>();
    for (let id = 1; id <= 100; id++) {
      anki.addReview(id, TODAY, { ivl, factor: 2_500, data: "{}" });
      applyEntry(anki.db, answerOf(id, 1), id);
      seen.add(anki.card(id).ivl);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(among);
  });
});

test("a new card by SM-2 leaves its steps with the intervals of the options", () => {
  const anki = createAnki({ conf: { fsrs: false }, dconf: [presetOf({ new: { delays: [], ints: [3, 9, 0] } })] });
  anki.addCard({ id: 1 });
  const [again, hard, good, easy] = daysOf(anki);
  for (const days of [again!, hard!, good!]) expectNear(days, 3);
  expectNear(easy!, 9);
  applyEntry(anki.db, answerOf(1, 3), 0);
  expect(anki.card(1)).toMatchObject({ type: 2, factor: 2_500 });
  expect(lastLog(anki)).toMatchObject({ factor: 2_500, type: 0 });
});

describe("easy days", () => {
  test("get as few cards as the fuzz allows, and reduced ones half of them", () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 1_000; i++) {
      const days = createPick(i / 1_000, (ahead) => [1, 0, 0.5][ahead % 3]!)(30, 1, 100);
      counts.set(days % 3, (counts.get(days % 3) ?? 0) + 1);
    }
    expect(counts.get(1) ?? 0).toBeLessThan(5);
    expect(counts.get(2)! / counts.get(0)!).toBeGreaterThan(0.3);
    expect(counts.get(2)! / counts.get(0)!).toBeLessThan(0.75);
  });

  test("are days of the person's week", () => {
    // The collection's hundredth day is Wednesday, 10 April 2024; of 9 to 11 days only one is a Saturday.
    expect(new Date(NOW).getUTCDay()).toBe(3);
    for (const saturday of [true, false]) {
      const easyDaysPercentages = Array.from({ length: 7 }, (_, day) => Number((day === 5) === saturday));
      const anki = createAnki({ conf: { fsrs: false }, dconf: [presetOf({ easyDaysPercentages })] });
      for (let id = 1; id <= 20; id++) {
        anki.addReview(id, TODAY, { ivl: 4, factor: 2_500, data: "{}" });
        const due = new Date(noonOf(TODAY + daysOf(anki, id)[2]!)).getUTCDay();
        expect(due === 6).toBe(saturday);
      }
    }
  });
});

describe("a collection of scheduler 1", () => {
  test("goes on by scheduler 2, as Anki upgrades it: its log has four buttons then", () => {
    const anki = createAnki({ conf: { schedVer: 1, fsrs: false } });
    for (const id of [1, 2, 3, 4]) anki.addCard({ id });
    anki.addLog({ id: 5, cid: 4, ease: 2, type: 0 });
    anki.addLog({ id: 6, cid: 4, ease: 3, type: 2 });
    anki.addLog({ id: 7, cid: 4, ease: 3, type: 1 });
    anki.addReview(9, Math.floor(NOW / 1_000), { queue: 1, left: 2_002, ivl: 3 });
    const eases = () => anki.db.prepare("select ease from revlog order by id").all().map(({ ease }) => ease);
    for (const rating of [2, 3, 4]) applyEntry(anki.db, answerOf(rating - 1, rating, { at: NOW + rating }), rating);
    expect(eases()).toEqual([3, 4, 3, 2, 3, 4]);
    expect(anki.card(9)).toMatchObject({ type: 3, queue: 1, left: 2 });
    expect(JSON.parse(String(anki.db.prepare("select conf from col").get()!["conf"]))).toMatchObject({ schedVer: 2 });
  });
});
