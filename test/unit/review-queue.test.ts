import { DatabaseSync } from "node:sqlite";
import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { offsetMinutesAt, timingAt, zonedDay } from "../../api/anki/collection/timing.ts";
import { findDeck, listDecks } from "../../api/anki/queue/counts.ts";
import { nextCard } from "../../api/anki/queue/next.ts";
import { nextOfTwo } from "../../api/anki/queue/order.ts";
import type { Rating } from "../../api/anki/schedule/memory.ts";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { type Anki, createAnki, CREATED_AT, DAY_MS, noonOf, presetOf } from "../kit/anki.ts";

const TODAY = 100;
const NOW = noonOf(TODAY);
const MOMENT = { at: NOW, offsetMinutes: 0 };
const SECS = NOW / 1_000;
const HOUR = 3_600_000;

function answerAll({ db }: Anki, deckId: number, { rating }: { rating: Rating }): number[] {
  const shown: number[] = [];
  for (let i = 0; i < 500; i++) {
    const at = NOW + i * 1_000;
    const { cardId } = nextCard(db, deckId, { at, offsetMinutes: 0 });
    if (cardId === undefined) break;
    shown.push(cardId);
    const entry = {
      kind: "answer" as const,
      answerId: `a${i}`,
      cardId,
      rating,
      at,
      offsetMinutes: 0,
      tookMs: 0,
      session: "s",
    };
    applyEntry(db, entry, i);
  }
  return shown;
}

describe("the day", () => {
  const berlin = (at: number) => offsetMinutesAt("Europe/Berlin", at);
  const rules = { crt: Date.UTC(2024, 0, 1, 3) / 1_000, rollover: 4, creationWest: -60 };
  const dayAt = (at: number) => timingAt(rules, at, berlin(at));

  test("begins at four in the person's zone", () => {
    expect(dayAt(Date.UTC(2024, 0, 2, 2, 59, 59)).today).toBe(0);
    expect(dayAt(Date.UTC(2024, 0, 2, 3)).today).toBe(1);
    expect(dayAt(Date.UTC(2024, 0, 2, 3)).nextDayAt).toBe(Date.UTC(2024, 0, 3, 3));
    expect(dayAt(Date.UTC(2024, 0, 2, 2)).nextDayAt).toBe(Date.UTC(2024, 0, 2, 3));
  });

  test("is one a date, also when the clocks change", () => {
    // 31 March 2024 has 23 hours in Berlin, 27 October has 25.
    for (const [month, date] of [[2, 30], [9, 26]] as const) {
      const noons = [0, 1, 2, 3].map((more) => Date.UTC(2024, month, date + more, 11));
      const days = noons.map((at) => dayAt(at).today);
      expect(days.map((day) => day - days[0]!)).toEqual([0, 1, 2, 3]);
    }
    expect(dayAt(Date.UTC(2024, 2, 31, 1, 30)).today).toBe(dayAt(Date.UTC(2024, 2, 30, 12)).today);
    expect(dayAt(Date.UTC(2024, 2, 31, 2)).today).toBe(dayAt(Date.UTC(2024, 2, 30, 12)).today + 1);
  });

  test("goes by the offset of now where the person travels", () => {
    const at = Date.UTC(2024, 5, 1, 1);
    expect(timingAt(rules, at, offsetMinutesAt("Asia/Tokyo", at)).today).toBe(
      timingAt(rules, at, offsetMinutesAt("America/New_York", at)).today + 1,
    );
    expect(offsetMinutesAt("+05:30", at)).toBe(330);
  });

  test("counts dates from the one on which the collection was created, there", () => {
    // A figure of rslib/src/scheduler/timing.rs: created at midnight in summer, now in winter.
    const mountains = { crt: Date.UTC(2018, 7, 6, 6) / 1_000, rollover: 4, creationWest: 360 };
    expect(timingAt(mountains, Date.UTC(2019, 11, 27, 3), -420).today).toBe(507);
    // Half past midnight in Berlin, the evening before in London.
    const late = { crt: Date.UTC(2024, 0, 1, 23, 30) / 1_000, rollover: 4 };
    const now = Date.UTC(2024, 0, 10, 12);
    expect(timingAt({ ...late, creationWest: -60 }, now, 60).today).toBe(8);
    expect(timingAt({ ...late, creationWest: 0 }, now, 0).today).toBe(9);
  });

  test("counts as Anki does where the collection does not know its zone", () => {
    // The figures of rslib/src/scheduler/timing.rs, legacy_timing.
    const timing = (crt: number, rollover: number) =>
      timingAt({ crt, rollover, creationWest: undefined }, 1_584_491_078_000, 600);
    expect(timing(1_533_564_000, 0)).toMatchObject({ today: 589, nextDayAt: 1_584_540_000_000 });
    expect(timing(1_524_038_400, 4)).toMatchObject({ today: 700, nextDayAt: 1_584_554_400_000 });
  });

  test("of the zone has no hole and no overlap", () => {
    const zones = ["Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"];
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2010), max: Date.UTC(2030) }),
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 5 }),
        (at, zone, rollover) => {
          const { startAt, endAt } = zonedDay(at, zone, rollover);
          expect(startAt).toBeLessThanOrEqual(at);
          expect(endAt).toBeGreaterThan(at);
          expect(endAt - startAt).toBeLessThanOrEqual(25 * HOUR);
          expect(zonedDay(endAt, zone, rollover).startAt).toBe(endAt);
        },
      ),
    );
  });
});

describe("decks", () => {
  const create = () => {
    const anki = createAnki({
      dconf: [
        presetOf({ new: { perDay: 3 }, rev: { perDay: 6 } }),
        presetOf({ id: 2, new: { perDay: 1 }, rev: { perDay: 2 } }),
      ],
      decks: [
        { id: 1, name: "Default", conf: 1, dyn: 0 },
        { id: 10, name: "Languages", conf: 1, dyn: 0, newToday: [TODAY, 1], revToday: [TODAY, 1] },
        { id: 11, name: "languages::Kanji", conf: 2, dyn: 0, newToday: [TODAY - 1, 9], revToday: [TODAY - 1, 9] },
        {
          id: 12,
          name: "Languages::Verbs",
          conf: 1,
          dyn: 0,
          newLimit: 2,
          reviewLimitToday: { today: TODAY, limit: 1 },
        },
      ],
    });
    const { addCard, addReview } = anki;
    for (let i = 0; i < 5; i++) {
      addCard({ id: 100 + i, did: 10 });
      addCard({ id: 110 + i, did: 11 });
      addCard({ id: 120 + i, did: 12 });
      addReview(210 + i, TODAY - i, { did: 11 });
      addReview(220 + i, TODAY, { did: 12 });
    }
    addReview(230, TODAY + 1, { did: 12 });
    addReview(231, TODAY, { did: 12, queue: -1 });
    addCard({ id: 240, did: 11, type: 1, queue: 3, due: TODAY, left: 1 });
    addCard({ id: 241, did: 11, type: 1, queue: 1, due: SECS + 1_199, left: 1 });
    addCard({ id: 242, did: 11, type: 1, queue: 1, due: SECS + 1_200, left: 1 });
    return anki;
  };

  test("count as counted by hand: within their limits, and those of the decks below", () => {
    const counts = listDecks(create().db, MOMENT).map((deck) => [
      deck.name,
      deck.newCount,
      deck.learningCount,
      deck.dueCount,
      deck.cardCount,
    ]);
    expect(counts).toEqual([
      ["Default", 0, 0, 0, 0],
      // 6 reviews a day less the review and the new card of today: 4, of which 1 is learning, 2 due, 1 new.
      ["Languages", 1, 2, 2, 30],
      // 2 reviews a day: 1 is learning, 1 due; nothing is left for new cards. One learning card is due in 1,199 s.
      ["languages::Kanji", 0, 2, 1, 13],
      // 1 review today by a limit of the day, so no room for new cards.
      ["Languages::Verbs", 0, 0, 1, 12],
    ]);
    expect(findDeck(create().db, 12, MOMENT)).toMatchObject({ dueCount: 1 });
    expect(findDeck(create().db, 99, MOMENT)).toBeUndefined();
  });

  test("count new cards apart from reviews where the collection says so", () => {
    const anki = create();
    anki.db.exec(`update col set conf = json_set(conf, '$.newCardsIgnoreReviewLimit', json('true'))`);
    expect(listDecks(anki.db, MOMENT).map(({ newCount }) => newCount)).toEqual([0, 2, 1, 2]);
  });

  test("count yesterday's buried cards, and not today's", () => {
    const anki = createAnki();
    anki.addReview(1, TODAY, { queue: -2 });
    anki.addCard({ id: 2, queue: -3 });
    anki.addCard({ id: 3, type: 3, queue: -2, due: SECS, left: 1 });
    expect(findDeck(anki.db, 1, MOMENT)).toMatchObject({ newCount: 1, dueCount: 1, learningCount: 1, cardCount: 3 });
    expect(nextCard(anki.db, 1, MOMENT).remaining).toEqual({ new: 1, learning: 1, due: 1 });
    anki.db.exec(`update col set conf = json_set(conf, '$.lastUnburied', ${TODAY})`);
    expect(findDeck(anki.db, 1, MOMENT)).toMatchObject({ newCount: 0, dueCount: 0, learningCount: 0, cardCount: 3 });
    expect(nextCard(anki.db, 1, MOMENT)).toEqual({ cardId: undefined, remaining: { new: 0, learning: 0, due: 0 } });
  });

  test("under review give as many cards as they count, where no siblings are hidden", () => {
    const anki = create();
    for (const deckId of [10, 11, 12]) {
      const { newCount, learningCount, dueCount } = findDeck(anki.db, deckId, MOMENT)!;
      const { remaining } = nextCard(anki.db, deckId, MOMENT);
      // A learning card that is due at the very second of the cut is shown, and not counted in the list: as in Anki.
      const atCut = deckId === 12 ? 0 : 1;
      expect(remaining).toEqual({ new: newCount, learning: learningCount + atCut, due: dueCount });
    }
  });
});

describe("the next card", () => {
  test("is a learning card that is due, then the others, then a learning card before it is due", () => {
    const anki = createAnki({ dconf: [presetOf({ newMix: 1 })] });
    anki.addCard({ id: 1, due: 5 });
    anki.addReview(2, TODAY - 1);
    anki.addReview(3, TODAY - 2);
    anki.addCard({ id: 4, type: 1, queue: 1, due: SECS + 300, left: 1 });
    anki.addCard({ id: 5, type: 1, queue: 1, due: SECS - 1, left: 1 });
    anki.addCard({ id: 6, type: 1, queue: 1, due: SECS + 5_000, left: 1 });
    expect(nextCard(anki.db, 1, MOMENT)).toEqual({ cardId: 5, remaining: { new: 1, learning: 2, due: 2 } });
    expect(answerAll(anki, 1, { rating: 4 })).toEqual([5, 3, 2, 1, 4]);
  });

  test("where none is there comes when the first of those that are learned today may be shown", () => {
    const anki = createAnki();
    expect(nextCard(anki.db, 1, MOMENT).waitsUntil).toBeUndefined();
    anki.addCard({ id: 1, type: 1, queue: 1, due: SECS + 7_200, left: 1 });
    anki.addCard({ id: 2, type: 1, queue: 1, due: SECS + 5_000, left: 1 });
    // Learning cards are shown up to 20 minutes before their time.
    const at = (SECS + 5_000 - 1_200) * 1_000;
    expect(nextCard(anki.db, 1, MOMENT)).toMatchObject({ cardId: undefined, waitsUntil: at });
    expect(nextCard(anki.db, 1, { ...MOMENT, at })).toMatchObject({ cardId: 2, waitsUntil: undefined });
  });

  test("is not the one just answered while another can be shown", () => {
    const anki = createAnki();
    anki.addCard({ id: 1, type: 1, queue: 1, due: SECS + 60, left: 2 });
    anki.addCard({ id: 2, type: 1, queue: 1, due: SECS + 900, left: 2 });
    anki.addLog({ id: NOW - 1, cid: 1, ease: 1 });
    expect(nextCard(anki.db, 1, MOMENT).cardId).toBe(2);
    anki.db.exec("delete from cards where id = 2");
    expect(nextCard(anki.db, 1, MOMENT).cardId).toBe(1);
  });

  test("is the same on every device, and asking changes nothing", () => {
    const create = () => {
      const anki = createAnki({ dconf: [presetOf({ reviewOrder: 8, newGatherPriority: 4 })] });
      for (let i = 1; i <= 30; i++) {
        anki.addReview(i, TODAY - (i % 3));
        anki.addCard({ id: 100 + i });
      }
      return anki;
    };
    const anki = create();
    expect(nextCard(anki.db, 1, MOMENT)).toEqual(nextCard(anki.db, 1, MOMENT));
    expect(answerAll(create(), 1, { rating: 4 })).toEqual(answerAll(anki, 1, { rating: 4 }));
  });

  test("spreads new cards evenly among reviews over the day", () => {
    const anki = createAnki({ dconf: [presetOf({ new: { perDay: 10, delays: [] } })] });
    for (let i = 1; i <= 40; i++) anki.addReview(i, TODAY);
    for (let i = 101; i <= 120; i++) anki.addCard({ id: i });
    const shown = answerAll(anki, 1, { rating: 4 });
    expect(shown).toHaveLength(50);
    const places = shown.flatMap((id, place) => (id > 100 ? [place] : []));
    expect(places).toHaveLength(10);
    const gaps = places.slice(1).map((place, i) => place - places[i]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(7);
  });

  test.each([
    ["first", 2, [2, 1]],
    ["last", 1, [1, 2]],
  ])("gives new cards %s where the options, or the collection, say so", (_, mix, expected) => {
    for (const parts of [{ dconf: [presetOf({ newMix: mix })] }, { conf: { newSpread: mix } }]) {
      const anki = createAnki(parts);
      anki.addReview(1, TODAY);
      anki.addCard({ id: 2 });
      expect(answerAll(anki, 1, { rating: 4 })).toEqual(expected);
    }
  });

  test("mixes two kinds by what is done and left of each", () => {
    const both = (one: [number, number], two: [number, number]) =>
      nextOfTwo(0, { done: one[0], left: one[1] }, { done: two[0], left: two[1] });
    expect(both([0, 3], [0, 3])).toBe("one");
    expect(both([1, 2], [0, 3])).toBe("two");
    expect(both([0, 3], [0, 6])).toBe("two");
    expect(both([3, 0], [0, 1])).toBe("two");
    expect(both([0, 0], [0, 0])).toBeUndefined();
  });

  test.each([
    ["by day", 0, [3, 1, 2]],
    ["by interval", 3, [2, 3, 1]],
    ["by interval, longest first", 4, [1, 3, 2]],
    ["the easiest to forget first", 7, [2, 3, 1]],
    ["the best known first", 11, [1, 3, 2]],
    ["the hardest first", 5, [3, 1, 2]],
    ["as added", 9, [1, 2, 3]],
  ])("of reviews comes %s", (_, reviewOrder, expected) => {
    const anki = createAnki({ dconf: [presetOf({ reviewOrder })] });
    anki.addReview(1, TODAY - 1, { ivl: 90, data: '{"s":90,"d":5}' });
    anki.addReview(2, TODAY, { ivl: 10, data: '{"s":3,"d":2}' });
    anki.addReview(3, TODAY - 2, { ivl: 20, data: '{"s":20,"d":9}' });
    expect(answerAll(anki, 1, { rating: 4 })).toEqual(expected);
  });

  test("of new cards comes deck by deck and by place, siblings in the order of their templates", () => {
    const anki = createAnki({
      dconf: [presetOf({ new: { delays: [] }, newSortOrder: 1 })],
      decks: [{ id: 1, name: "A", conf: 1 }, { id: 2, name: "A::B", conf: 1 }],
    });
    anki.addCard({ id: 5, did: 2, due: 1 });
    anki.addCard({ id: 4, nid: 7, ord: 1, due: 2 });
    anki.addCard({ id: 6, nid: 7, ord: 0, due: 2 });
    expect(answerAll(anki, 1, { rating: 4 })).toEqual([6, 4, 5]);
  });

  test("is never a sibling that the options hide, nor beyond a limit", () => {
    const anki = createAnki({ dconf: [presetOf({ new: { bury: true, perDay: 2 }, rev: { bury: true } })] });
    anki.addReview(1, TODAY - 1, { nid: 50 });
    anki.addReview(2, TODAY, { nid: 50, ord: 1 });
    for (let id = 10; id < 20; id++) anki.addCard({ id, nid: 60 + Math.floor(id / 2), ord: id % 2 });
    expect(nextCard(anki.db, 1, MOMENT).remaining).toEqual({ new: 2, learning: 0, due: 1 });
    expect(answerAll(anki, 1, { rating: 4 }).toSorted((a, b) => a - b)).toEqual([1, 10, 12]);
    expect(nextCard(anki.db, 1, MOMENT).cardId).toBeUndefined();
    // On the next day they are there again, within the limits of that day.
    expect(nextCard(anki.db, 1, { at: NOW + DAY_MS, offsetMinutes: 0 }).remaining).toEqual({
      new: 2,
      learning: 0,
      due: 1,
    });
  });

  test("of a filtered deck comes as it was put together", () => {
    const anki = createAnki({
      decks: [{ id: 1, name: "A", conf: 1 }, { id: 2, name: "Cram", dyn: 1, resched: true }],
    });
    anki.addReview(1, -99_999, { did: 2, odid: 1, odue: TODAY + 3 });
    anki.addReview(2, -100_000, { did: 2, odid: 1, odue: TODAY + 4 });
    expect(answerAll(anki, 2, { rating: 3 })).toEqual([2, 1]);
  });
});

/** Counts the rows that SQLite gives out. */
class CountingDb extends DatabaseSync {
  rows = 0;

  override prepare(sql: string) {
    const statement = super.prepare(sql);
    return new Proxy(statement, {
      get: (target, key) => {
        if (key === "get") return (...values: never[]) => (this.rows++, target.get(...values));
        if (key === "all") {
          return (...values: never[]) => {
            const rows = target.all(...values);
            this.rows += rows.length;
            return rows;
          };
        }
        if (key === "iterate") return (...values: never[]) => this.#counted(target.iterate(...values));
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  *#counted(rows: Iterable<unknown>) {
    for (const row of rows) {
      this.rows++;
      yield row;
    }
  }
}

test("the next card of 20,000 reads no more rows than the day's limits allow", () => {
  const db = new CountingDb(":memory:");
  const anki = createAnki({ dconf: [presetOf({ new: { perDay: 20 }, rev: { perDay: 200 } })] }, db);
  anki.addNote(1);
  db.exec(`with recursive n(id) as (select 1 union all select id + 1 from n where id < 20000)
    insert into cards select id, 1, 1, 0, 0, 0, iif(id > 10000, 2, 0), iif(id > 10000, 2, 0),
      iif(id > 10000, ${TODAY} - id % 50 + 25, id), 10, 2500, 1, 0, 0, 0, 0, 0, '' from n`);
  db.rows = 0;
  const { remaining } = nextCard(db, 1, MOMENT);
  expect(remaining).toEqual({ new: 0, learning: 0, due: 200 });
  // Each card is read by its key after its id came from the index on (did, queue, due).
  expect(db.rows).toBeLessThan(2 * 220 + 20);
  const plan = db.prepare("explain query plan select id from cards where did in (1) and queue = 2 and due <= 5").all();
  expect(JSON.stringify(plan)).toContain("COVERING INDEX ix_cards_sched");
});

test("a collection begins its days where it was created", () => {
  const anki = createAnki();
  expect(timingAt({ crt: CREATED_AT / 1_000, rollover: 4, creationWest: 0 }, CREATED_AT, 0).today).toBe(0);
  expect(nextCard(anki.db, 1, MOMENT).cardId).toBeUndefined();
  expect(nextCard(anki.db, 99, MOMENT)).toEqual({ cardId: undefined, remaining: { new: 0, learning: 0, due: 0 } });
});
