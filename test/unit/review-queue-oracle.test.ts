import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { readCollection, timingOf } from "../../api/anki/collection/collection.ts";
import { offsetMinutesAt } from "../../api/anki/collection/timing.ts";
import { openChecked } from "../../api/anki/file/check.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { listDecks } from "../../api/anki/queue/counts.ts";
import { gather } from "../../api/anki/queue/gather.ts";
import { nextCard } from "../../api/anki/queue/next.ts";
import { nextOfTwo } from "../../api/anki/queue/order.ts";
import { createAnki, DAY_MS, noonOf, presetOf } from "../kit/anki.ts";
import { fc } from "../kit/property.ts";
import { interspersed, queueOracle } from "../kit/queue-oracle.ts";

const files = createTempFiles({ dir: tmpdir() });
afterAll(() => files.closeAll());

type Moment = { at: number; offsetMinutes: number };

/** What is due and in which order, of every deck, held against the independent computation. */
function expectSame(db: DatabaseSync, moment: Moment, days: { today: number; nextDaySecs: number }): number {
  const oracle = queueOracle(db, { ...days, nowSecs: Math.floor(moment.at / 1_000) });
  const collection = readCollection(db);
  const timing = timingOf(collection, moment.at, moment.offsetMinutes);
  expect({ today: timing.today, nextDaySecs: timing.nextDayAt / 1_000 }).toEqual(days);
  const list = listDecks(db, moment);
  expect(list.map(({ deckId, newCount, learningCount, dueCount, cardCount }) => ({
    deckId,
    new: newCount,
    learning: learningCount,
    due: dueCount,
    cards: cardCount,
  }))).toEqual(oracle.listOf());
  let shown = 0;
  for (const deckId of oracle.deckIds) {
    const wanted = oracle.queueOf(deckId);
    const { learning, dayLearning, reviews, fresh } = gather(db, collection, deckId, timing);
    const ids = (all: readonly { id: number }[]) => all.map(({ id }) => id);
    expect({
      deckId,
      learning: ids(learning),
      dayLearning: ids(dayLearning),
      reviews: ids(reviews),
      fresh: ids(fresh),
      remaining: nextCard(db, deckId, moment).remaining,
    }).toEqual({ deckId, ...wanted });
    shown += wanted.remaining.due + wanted.remaining.new + wanted.remaining.learning;
  }
  return shown;
}

const TODAY = 100;
const AT = noonOf(TODAY);
const SECS = Math.floor(AT / 1_000);

const few = (max: number) => fc.nat(max);
const some = fc.record({
  did: fc.constantFrom(1, 2, 3, 4, 5, 9),
  nid: fc.integer({ min: 1, max: 14 }),
  kind: fc.constantFrom(
    "new",
    "new",
    "review",
    "review",
    "review",
    "learning",
    "day",
    "buried",
    "suspended",
    "previewed",
  ),
  due: few(30),
  ivl: few(40),
  factor: fc.integer({ min: 1_300, max: 3_000 }),
  memory: fc.option(fc.record({
    s: fc.integer({ min: 1, max: 60 }),
    d: fc.integer({ min: 1, max: 10 }),
    dr: fc.constantFrom(undefined, 0.8, 0.9, 0.97),
    decay: fc.constantFrom(undefined, 0.1, 0.1542, 0.5, 0.8),
    lrt: fc.option(fc.integer({ min: SECS - 90 * 86_400, max: SECS }), { nil: undefined }),
  })),
});
const preset = fc.record({
  perDay: few(8),
  reviews: few(12),
  buryNew: fc.boolean(),
  buryReviews: fc.boolean(),
  buryDay: fc.boolean(),
  reviewOrder: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
  gather: few(5),
  sort: few(4),
});
const made = fc.record({
  cards: fc.array(some, { minLength: 5, maxLength: 60 }),
  presets: fc.tuple(preset, preset),
  own: fc.option(fc.record({ review: few(9), new: few(5), isToday: fc.boolean() })),
  done: fc.record({ new: few(4), review: few(4) }),
  conf: fc.record({
    fsrs: fc.boolean(),
    newCardsIgnoreReviewLimit: fc.boolean(),
    applyAllParentLimits: fc.boolean(),
    lastUnburied: fc.constantFrom(TODAY - 1, TODAY),
  }),
});

function build({ cards, presets, own, done, conf }: typeof made extends fc.Arbitrary<infer T> ? T : never) {
  const limits = own &&
    (own.isToday
      ? { reviewLimitToday: { today: TODAY, limit: own.review }, newLimitToday: { today: TODAY, limit: own.new } }
      : { reviewLimit: own.review, newLimit: own.new });
  const anki = createAnki({
    conf,
    dconf: presets.map((each, i) =>
      presetOf({
        id: i + 1,
        new: { perDay: each.perDay, bury: each.buryNew },
        rev: { perDay: each.reviews, bury: each.buryReviews },
        buryInterdayLearning: each.buryDay,
        reviewOrder: each.reviewOrder,
        newGatherPriority: each.gather,
        newSortOrder: each.sort,
      })
    ),
    decks: [
      { id: 1, name: "Default", conf: 1, dyn: 0 },
      { id: 2, name: "Top", conf: 1, dyn: 0, newToday: [TODAY, done.new], revToday: [TODAY, done.review] },
      { id: 3, name: "Top::Below", conf: 2, dyn: 0, ...limits },
      { id: 4, name: "Top::Below::Deep", conf: 1, dyn: 0, newToday: [TODAY - 1, 5] },
      { id: 5, name: "top::Åbove", conf: 2, dyn: 0 },
      { id: 9, name: "Borrowed", dyn: 1, resched: true, terms: [] },
    ],
  });
  for (let nid = 1; nid <= 14; nid++) anki.addNote(nid);
  cards.forEach(({ did, nid, kind, due, ivl, factor, memory }, i) => {
    const away = did === 9 ? { odid: 3, odue: TODAY - due, due: -100_000 + i } : {};
    const base = { id: 1_000 + i * 7, nid, did, ord: i, data: memory ? JSON.stringify(memory) : "" };
    const review = { type: 2, queue: 2, due: TODAY + 3 - due, ivl, factor, reps: 3 };
    const learning = { type: 1, queue: 1, due: SECS - 3_000 + due * 300, left: 1, reps: 1 };
    anki.addCard({
      ...base,
      ...{
        new: { due, ...away },
        review: { ...review, ...away },
        learning: { ...learning, ...(did === 9 && { odid: 3, odue: due }) },
        day: { type: 1, queue: 3, due: TODAY + 2 - (due % 6), left: 1, ivl, factor },
        buried: due % 2 ? { ...review, queue: -2, ...away } : { queue: -3, due },
        suspended: { ...review, queue: -1 },
        previewed: { ...review, queue: 4, due: SECS - 600 + due * 100, odid: 3, odue: TODAY },
      }[kind],
    });
  });
  return anki;
}

describe("which cards are due, how many, and in which order", () => {
  test("are those of an independent computation, over made collections, for SM-2 and FSRS", () => {
    const [moment, days] = [{ at: AT, offsetMinutes: 0 }, { today: TODAY, nextDaySecs: SECS + 16 * 3_600 }];
    let shown = 0;
    fc.assert(
      fc.property(made, (parts) => {
        const { db } = build(parts);
        try {
          shown += expectSame(db, moment, days);
        } finally {
          db.close();
        }
      }),
      { numRuns: 150 },
    );
    expect(shown).toBeGreaterThan(1_000);
  });

  test("a card in a filtered deck that names no home is of no preset, and hides no other of its note", () => {
    const card = { did: 9 as const, nid: 13, due: 2, ivl: 0, factor: 1_300, memory: null };
    const preset = { perDay: 0, reviews: 9, buryNew: true, buryReviews: true, buryDay: true };
    const orders = { reviewOrder: 0, gather: 0, sort: 0 } as const;
    const { db } = build({
      cards: [{ ...card, kind: "day" }, { ...card, kind: "review" }],
      presets: [{ ...preset, ...orders }, { ...preset, ...orders, buryReviews: false }],
      own: null,
      done: { new: 0, review: 0 },
      conf: { fsrs: false, newCardsIgnoreReviewLimit: false, applyAllParentLimits: false, lastUnburied: TODAY },
    });
    expect(expectSame(db, { at: AT, offsetMinutes: 0 }, { today: TODAY, nextDaySecs: SECS + 16 * 3_600 })).toBe(2);
    db.close();
  });

  test("spread two kinds as Anki spreads them, however many there are", () => {
    for (let one = 0; one <= 12; one++) {
      for (let two = 0; two <= 12; two++) {
        const done = { one: 0, two: 0 };
        const all: string[] = [];
        for (;;) {
          const next = nextOfTwo(0, { done: done.one, left: one - done.one }, { done: done.two, left: two - done.two });
          if (next === undefined) break;
          done[next]++;
          all.push(next);
        }
        expect(all).toEqual(interspersed(one, two));
      }
    }
  });
});

const KANJI = new URL("../../../shared/data/spaced-repetition/kanji_collection.anki2", import.meta.url);

describe.skipIf(!existsSync(KANJI))("the kanji collection (skipped where ../shared/data is missing)", () => {
  test.each([false, true])("is due as the independent computation says, on forty days, FSRS %s", (fsrs) => {
    const { file } = openChecked(files, readFileSync(KANJI), { now: 0 });
    const { conf } = file.db.prepare("SELECT conf FROM col").get()!;
    file.db.prepare("UPDATE col SET conf = ?").run(JSON.stringify({ ...JSON.parse(String(conf)), fsrs }));
    let shown = 0;
    for (let day = 0; day < 40; day++) {
      const at = Date.UTC(2013, 5, 1 + day * 4, 12);
      const offsetMinutes = offsetMinutesAt("Europe/Berlin", at);
      // Day 0 begins at 4 in Germany on 1 May 2013: without a creation offset, 24 hours of now's offset each.
      const start = Date.UTC(2013, 4, 1, 4) - offsetMinutes * 60_000;
      const today = Math.floor((at - start) / DAY_MS);
      shown += expectSame(file.db, { at, offsetMinutes }, {
        today,
        nextDaySecs: (start + (today + 1) * DAY_MS) / 1_000,
      });
    }
    expect(shown).toBeGreaterThan(40 * 20);
    file.close();
  });
});
