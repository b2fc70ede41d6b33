import { beforeAll, describe, expect, test } from "vitest";
import { readCollection, timingOf } from "../../api/anki/collection/collection.ts";
import { countDeckStats } from "../../api/anki/queue/deck-stats.ts";
import { gather } from "../../api/anki/queue/gather.ts";
import { retrievability } from "../../api/anki/queue/retrievability.ts";
import { findToBorrow, searchCards } from "../../api/anki/queue/search.ts";
import { matches } from "../../api/anki/queue/search-patterns.ts";
import { escapeHtml } from "../../api/anki/render/text.ts";
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
    ["prop:s>12 prop:d<0.8", [3]],
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
    ["re:dog", /`re:`, a word of Anki's that is not read/],
    ["w:dog", /`w:`, a word/],
    ["sc:dog", /`sc:`, a word/],
    ["dupe:1,dog", /`dupe:`, a word/],
    ["has-cd:r", /`has-cd:`, a word/],
    ["front:re:d.g", /`front:re:`/],
    ["tag:re:an.*", /`tag:re:`/],
    ["deck:current", /name it/],
    ["prop:cdn:r=1", /known are due, r, ivl/],
    ["prop:rated>-5:3", /known are due, r, ivl/],
    ["cid:1,x,2", /numbers that commas join/],
    ["mid:", /numbers that commas join/],
    ["rated:1:5", /number of days/],
    ["added:7:x", /number of days/],
    [":dog", /`:` without a word before it/],
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

describe("words mean what they mean in Anki", () => {
  const secs = (plusMs: number) => Math.floor((MOMENT.at + plusMs) / 1_000);
  const { db, addNote, addCard, addReview } = createAnki({
    decks: [{ id: 1, name: "Default", conf: 1, dyn: 0 }, { id: 9, name: "Cram", dyn: 1, terms: [] }],
    models: ["Basic", "Bas_c", "Basic Plus"].map((name, i) => ({
      id: i + 1,
      name,
      type: 0,
      css: "",
      flds: ["Front", "Back", "f_nt"].map((field, ord) => ({ name: field, ord })),
      tmpls: [{ name: "Card 1", ord: 0, qfmt: "{{Front}}", afmt: "{{Back}}" }],
    })),
  });
  const sortText = (id: number, text: string) =>
    void db.prepare("update notes set sfld = ? where id = ?").run(text, id);
  addNote(1, ["R&amp;D", "don&#39;t", "x"], { tags: " animal carpet " });
  sortText(1, "R&D");
  addNote(2, ["d<b>o</b>g", "", "dog"], { tags: " Élan::vital " });
  sortText(2, "dog");
  addNote(3, ["", "e\u0301te\u0301", "Ångström"], { mid: 2 });
  addNote(4, ["été", "9007199254740993", ""], { mid: 3 });
  sortText(4, "9007199254740993");
  addReview(1, 90, { data: '{"s":3,"d":9.1}' });
  addCard({ id: 2, type: 1, queue: 1, due: secs(60_000), left: 1 });
  addCard({ id: 3, type: 3, queue: -1, due: secs(60_000), left: 1 });
  addCard({ id: 4, did: 9, odid: 1, odue: 17, due: -100_000 });
  addReview(5, 100, {
    nid: 1,
    ord: 1,
    did: 9,
    odid: 1,
    queue: 4,
    due: secs(30_000),
    odue: 103,
    data: '{"s":3,"d":5.5}',
  });
  addCard({ id: 6, nid: 1, ord: 2, type: 1, queue: 3, due: 101, left: 1 });
  addCard({ id: 7, nid: 1, ord: 3, type: 1, queue: 1, due: secs(-DAY_MS), left: 1 });

  test.each<[string, number[]]>([
    ["is:learn", [2, 3, 6, 7]],
    ["is:review", [1, 3, 5]],
    ["prop:d>0.8", [1]],
    ["prop:d=0.5", [5]],
    ["prop:due=0", [2]],
    ["prop:due<=0", [1, 2, 7]],
    ["prop:due<0", [1, 7]],
    ["prop:due=-1", [7]],
    ["prop:due=1", [6]],
    ["prop:due=3", [5]],
    ["prop:pos=17", [4]],
    ["card:0 nid:4", [4]],
    ["R&D", [1, 5, 6, 7]],
    ["don't nid:1", [1, 5, 6, 7]],
    ["back:don't cid:1", [1]],
    ["dog", [2]],
    ["front:", [3]],
    ["back: or (front:)", [2, 3]],
    ['"front:"', [3]],
    ["-front:", [1, 2, 4, 5, 6, 7]],
    ["*:dog", [2]],
    ["f*t:dog", [2]],
    ["f\\_nt:x cid:1", [1]],
    ["fr_nt:", [3]],
    ["note:bas_c", [1, 2, 3, 5, 6, 7]],
    ["note:bas\\_c", [3]],
    ["note:basic_plus", [4]],
    ["note:_____", [1, 2, 3, 5, 6, 7]],
    ["deck:cr_m", [4, 5]],
    ["card:card__ nid:2", [2]],
    ["preset:def_ult nid:2", [2]],
    ["été", [3, 4]],
    ["e\u0301te\u0301", [3, 4]],
    ["front:e\u0301te\u0301", [4]],
    ["back:été", [3]],
    ["nc:ETE", [3, 4]],
    ["*:nc:angstrom", [3]],
    ["nc:9007199254740993", [4]],
    ["9007199254740993", [4]],
    ["tag:an*pet", []],
    ["tag:an*l nid:1", [1, 5, 6, 7]],
    ["tag:c_rpet cid:1", [1]],
    ["tag:éLAN", [2]],
    ["tag:nc:elan", [2]],
    ["tag:vital", []],
    ['"tag:animal carpet"', []],
    ["tag:* nid:3", [3]],
  ])(
    "%s",
    (search, found) =>
      expect(searchCards(db, search, { limit: 50, moment: MOMENT }).cards.map(({ cardId }) => cardId)).toEqual(found),
  );
});

test("names fit a pattern as an expression would have it, in no more steps than the signs of both multiplied", () => {
  const sign = fc.constantFrom("a", "B", "é", "😀", "*", "_", "\\", ":");
  const text = fc.array(sign, { maxLength: 8 }).map((signs) => signs.join(""));
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      const parts = pattern.normalize("NFC").replaceAll(/\\([^])|\*|_|[^]/gu, (found, escaped?: string) => {
        if (escaped === undefined && found === "*") return "[^]*";
        return escaped === undefined && found === "_" ? "[^]" : (escaped ?? found).replaceAll(/[*\\]/g, "\\$&");
      });
      expect(matches(pattern)(name)).toBe(new RegExp(`^${parts}$`, "iu").test(name));
    }),
    { numRuns: 2_000 },
  );
  expect(matches("*a_".repeat(160))("a".repeat(10_000))).toBe(true);
  expect(matches(`${"*a_".repeat(160)}b`)("a".repeat(10_000))).toBe(false);
});

test("many note types with fields and templates of one name are asked at once", () => {
  const many = Array.from({ length: 1_500 }, (_, i) => ({
    id: i + 1,
    name: `Type ${i}`,
    type: 0,
    flds: [{ name: "Front", ord: 0 }, { name: "Back", ord: 1 }],
    tmpls: [{ name: "Card 1", ord: 0 }],
  }));
  const { db, addCard } = createAnki({ models: many });
  addCard({ id: 1 });
  for (const search of ["*:back", "front:front", 'card:"Card 1"']) {
    expect(searchCards(db, search, { limit: 5, moment: MOMENT }).cards).toHaveLength(1);
  }
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
  const kept = (text: string) => {
    const forms = [text, text.normalize("NFC"), text.normalize("NFD")].map(fold);
    return [...forms, ...forms.map(escapeHtml)];
  };
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
          expect(found).toEqual(
            notes.flatMap((fields, i) => kept(wanted).includes(fold(fields[place]!)) ? [i + 1] : []),
          );
        }
      }
    }),
    { numRuns: 40 },
  );
});
