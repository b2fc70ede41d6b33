import { beforeAll, describe, expect, test } from "vitest";
import { readCollection, timingOf } from "../../api/anki/collection/collection.ts";
import { countDeckStats } from "../../api/anki/queue/deck-stats.ts";
import { gather } from "../../api/anki/queue/gather.ts";
import { retrievability } from "../../api/anki/queue/retrievability.ts";
import { findToBorrow, searchCards } from "../../api/anki/queue/search.ts";
import { type Anki, createAnki, DAY_MS, noonOf, presetOf } from "../kit/anki.ts";
import { fc } from "../kit/property.ts";

const MOMENT = { at: noonOf(100), offsetMinutes: 0 };
let anki: Anki;

beforeAll(() => {
  const decks = ["Default", "Words", "Words::Verbs", "50%_off*"].map((name, i) => ({
    id: i + 1,
    name,
    conf: 1,
    dyn: 0,
  }));
  anki = createAnki({ decks: [...decks, { id: 9, name: "Cram", dyn: 1, terms: [] }] });
  const { addNote, addCard, addReview, addLog } = anki;
  addNote(1, ["the dog", "der Hund"], { tags: " animal::pet noun " });
  addNote(2, ["a cat", "die \u001fKatze".replace("\u001f", "")], { tags: " animal " });
  addNote(3, ['100% "sure"', "ganz (sicher)"]);
  addCard({ id: 1, did: 2 });
  addCard({ id: 2, nid: 1, ord: 1, did: 3, queue: -1 });
  addReview(3, 99, { nid: 2, did: 3, flags: 2, ivl: 30, lapses: 2, data: '{"s":12.5,"d":7}' });
  addReview(4, 104, { nid: 3, did: 4 });
  addReview(5, -100_000, { nid: 3, ord: 1, did: 9, odid: 4, odue: 101 });
  addCard({ id: MOMENT.at - DAY_MS, nid: 3, ord: 2, queue: -2 });
  addLog({ id: MOMENT.at - 3 * DAY_MS, cid: 3, ease: 1 });
  addLog({ id: MOMENT.at - 1_000, cid: 3, ease: 3 });
});

const NEW = noonOf(100) - DAY_MS;
const ids = (search: string) =>
  searchCards(anki.db, search, { limit: 50, moment: MOMENT }).cards.map(({ cardId }) => cardId);

describe("a search finds", () => {
  test.each<[string, number[]]>([
    ["", [1, 2, 3, 4, 5, NEW]],
    ["dog", [1, 2]],
    ["nc:DÖG", [1, 2]],
    ["nc:KÁTZE", [3]],
    ["preset:*", [1, 2, 3, 4, 5, NEW]],
    ["preset:none", []],
    ["resched:1", []],
    ["prop:r<0.99", [3]],
    ["prop:r>0.99", []],
    ["Front:dog", []],
    ["Front:*dog", [1, 2]],
    ["front:a_cat", [3]],
    ["back:*katze", [3]],
    ["back:*Hund*", [1, 2]],
    ["100%", [4, 5, NEW]],
    ['"\\"sure\\""', [4, 5, NEW]],
    ["deck:words", [1, 2, 3]],
    ["deck:words::verbs", [2, 3]],
    ["deck:*verbs", [2, 3]],
    ['"deck:50\\%_off\\*"', [4, 5]],
    ["deck:filtered", [5]],
    ["-deck:filtered", [1, 2, 3, 4, NEW]],
    ["did:3", [2, 3]],
    ["tag:animal", [1, 2, 3]],
    ["tag:animal::pet", [1, 2]],
    ["tag:none", [4, 5, NEW]],
    ["note:basic card:1", [1, 3, 4]],
    ['card:"Card 2"', [2, 5]],
    ["is:suspended or is:buried", [2, NEW]],
    ["is:buried-sibling", [NEW]],
    ["is:due", [3, 5]],
    ["prop:due<=1", [3, 5]],
    ["prop:due>1", [4]],
    ["prop:ivl>=30 prop:lapses=2", [3]],
    ["prop:s>12 prop:d<8", [3]],
    ["flag:2", [3]],
    ["rated:1", [3]],
    ["rated:1:1", []],
    ["rated:4:1", [3]],
    ["introduced:2", []],
    ["introduced:5", [3]],
    ["added:2", [NEW]],
    ["dog or cat", [1, 2, 3]],
    ["tag:none or (tag:animal -dog)", [3, 4, 5, NEW]],
    ["-(dog or cat) -is:buried", [4, 5]],
    ["dog or cat is:due", [1, 2, 3]],
    ["(dog or cat) is:due", [3]],
    ["cid:1,4 nid:1", [1]],
    ["AND dog and -card:2", [1]],
  ])("%s", (search, found) => expect(ids(search)).toEqual(found));
});

describe("a search that cannot be read says why", () => {
  test.each([
    ["(dog", /`\(` without `\)`/],
    ["dog)", /`\)` without `\(`/],
    ["dog or", /a word is missing/],
    ["()", /a word is missing/],
    ['"dog', /quote that is not closed/],
    ["is:late", /known are due, new/],
    ["is:constructor", /known are due, new/],
    ["prop:size>3", /known are due, r, ivl/],
    ["prop:constructor>3", /known are due, r, ivl/],
    ["prop:__proto__>3", /known are due, r, ivl/],
    ["added:soon", /number of days/],
    ["colour:red", /neither a word of searches nor a field/],
    ["flag:9", /from 0 to 7/],
    ["-".repeat(50) + "dog", /within each other/],
    ["a ".repeat(61), /more than 60 words/],
  ])("%s", (search, words) => expect(() => ids(search)).toThrow(words));
});

test("a search has nothing of SQL in it, and takes no more time than it has signs", () => {
  for (const text of ["'; drop table cards; --", "%", "\\", "_%\\_", "deck:' or 1", "tag:'", "Front:') or (1"]) {
    try {
      ids(text);
    } catch (error) {
      expect((error as Error).constructor.name).toBe("SearchError");
    }
  }
  expect(ids("")).toHaveLength(6);
  expect(ids(`deck:${"*a".repeat(240)}`)).toEqual([]);
});

test("how likely a card is known is told by its last answer, in orders, searches and numbers alike", () => {
  const at = (daysAgo: number) => Math.floor((MOMENT.at - daysAgo * DAY_MS) / 1_000);
  const inOrder = (reviewOrder: number) => {
    const { db, addCard, addReview } = createAnki({ dconf: [presetOf({ reviewOrder })] });
    const data = (lrt?: number, s = 10) => JSON.stringify({ s, d: 5, lrt });
    addReview(1, 100, { data: data(at(90)) });
    addReview(2, 98, { data: data(at(12)) });
    addCard({ id: 3, type: 3, queue: 1, due: at(0) + 60, ivl: 1, left: 1, data: data(at(5), 2) });
    addReview(4, 95, { data: data() });
    addReview(5, 99, { type: 3, queue: 3, data: data(at(40)) });
    return db;
  };
  const db = inOrder(7);
  const recall: Record<number, number> = {
    1: retrievability(90, 10, 0.5),
    2: retrievability(12, 10, 0.5),
    3: retrievability(5, 2, 0.5),
    4: retrievability(15, 10, 0.5),
    5: retrievability(40, 10, 0.5),
  };
  const byRecall = Object.keys(recall).map(Number).toSorted((a, b) => recall[a]! - recall[b]!);
  expect(byRecall).toEqual([1, 5, 3, 4, 2]);
  const borrowed = (order: "LEAST_RETRIEVABLE_FIRST" | "MOST_RETRIEVABLE_FIRST") =>
    findToBorrow(db, { search: "", limit: 9, order }, MOMENT).map(({ id }) => id);
  expect(borrowed("LEAST_RETRIEVABLE_FIRST")).toEqual(byRecall);
  expect(borrowed("MOST_RETRIEVABLE_FIRST")).toEqual(byRecall.toReversed());
  for (const id of byRecall) {
    const search = `cid:${id} prop:r>${(recall[id]! - 0.0001).toFixed(6)} prop:r<${(recall[id]! + 0.0001).toFixed(6)}`;
    expect([id, searchCards(db, search, { limit: 9, moment: MOMENT }).cards.length]).toEqual([id, 1]);
  }
  const mean = Object.values(recall).reduce((sum, each) => sum + each, 0) / byRecall.length;
  expect(countDeckStats(db, { moment: MOMENT })!.averageRetrievability).toBeCloseTo(mean, 9);
  for (const [order, wanted] of [[7, [1, 4, 2]], [11, [2, 4, 1]]] as const) {
    const own = inOrder(order);
    const collection = readCollection(own);
    const { reviews } = gather(own, collection, 1, timingOf(collection, MOMENT.at, MOMENT.offsetMinutes));
    expect(reviews.map(({ id }) => id)).toEqual(wanted);
  }
});

test("a field is found by all of its text, whatever signs are in it or in the note's other fields", () => {
  const ODD = [
    "\\u001f",
    '"',
    "\\",
    '\\"',
    "'",
    "\u0001",
    "\u001e",
    "\n",
    "\u2028",
    "\ud800",
    "%",
    "_",
    "*",
    "][",
    '","',
    "é",
    "x",
  ];
  const field = fc.array(fc.oneof(fc.constantFrom(...ODD), fc.string({ unit: "binary" })), { maxLength: 12 })
    .map((parts) => parts.join("").replaceAll(/[\0\u001f]/g, ""));
  const long = field.map((text) => text + "long \\u001f ".repeat(400));
  const { db, addNote, addCard } = createAnki();
  const fold = (text: string) => text.toWellFormed().replaceAll(/[A-Z]/g, (sign) => sign.toLowerCase());
  const written = (text: string) => text.replaceAll(/[\\"*_]/g, "\\$&");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.oneof(field, long), field), { minLength: 1, maxLength: 5 }), (notes) => {
      db.exec("delete from notes; delete from cards");
      notes.forEach((fields, i) => {
        addNote(i + 1, fields);
        addCard({ id: i + 1 });
      });
      for (const place of [0, 1]) {
        for (const note of notes) {
          const wanted = note[place]!;
          const search = `"${["front", "back"][place]}:${written(wanted)}"`;
          const found = searchCards(db, search, { limit: 50, moment: MOMENT }).cards.map(({ cardId }) => cardId);
          expect(found).toEqual(notes.flatMap((fields, i) => fold(fields[place]!) === fold(wanted) ? [i + 1] : []));
        }
      }
    }),
    { numRuns: 40 },
  );
});
