import { tmpdir } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { checkInvariants, openChecked } from "../../api/anki/file/check.ts";
import { importInto, type ImportResult } from "../../api/anki/file/import.ts";
import { COLUMNS, type Table } from "../../api/anki/file/tables.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import {
  BASIC,
  card,
  type Content,
  CRT,
  deck,
  dump,
  note,
  noteType,
  options,
  review,
  schema11,
} from "../kit/anki-file.ts";

const files = createTempFiles({ dir: tmpdir() });
const NOW = 1_700_000_000_000;

const open = (content: Content) => openChecked(files, schema11(content), { now: NOW });
const first = (content: Content) => importInto(undefined, open(content), { now: NOW });
const then = (into: ImportResult, content: Content) => importInto(into, open(content), { now: NOW + 1 });
const get = (db: DatabaseSync, sql: string) => db.prepare(sql).all().map((row) => ({ ...row }));

/** Small collections whose ids, guids, names and milliseconds collide all the time. */
const few = (max: number) => fc.nat(max);
const someNote = fc.record({
  id: few(8),
  guid: few(5),
  mid: fc.constantFrom(BASIC, BASIC + 1),
  mod: few(3),
  text: few(9),
});
const someCard = fc.record({
  id: few(14),
  of: few(8),
  ord: few(1),
  did: fc.constantFrom(1, 5, 6),
  reps: few(3),
  mod: few(3),
  ivl: few(9),
});
const someReview = fc.record({ id: few(12), of: few(14), ease: fc.integer({ min: 1, max: 2 }) });
const collection = fc.record({
  notes: fc.uniqueArray(someNote, { maxLength: 6, selector: ({ id }) => id }),
  cards: fc.uniqueArray(someCard, { maxLength: 8, selector: ({ id }) => id }),
  revlog: fc.uniqueArray(someReview, { maxLength: 8, selector: ({ id }) => id }),
  names: fc.shuffledSubarray(["A", "a", "A::B"], { minLength: 2, maxLength: 2 }),
  shape: fc.constantFrom(["Front", "Back"], ["Front", "Rear"]),
  perDay: few(2),
  modelMod: few(2),
  crtDays: few(2),
});
type Some = typeof collection extends fc.Arbitrary<infer T> ? T : never;

function toContent({ notes, cards, revlog, names, shape, perDay, modelMod, crtDays }: Some): Content {
  return {
    crt: CRT + crtDays * 86_400,
    models: {
      [BASIC]: noteType(BASIC, { mod: modelMod, css: `css ${modelMod}` }),
      [BASIC + 1]: noteType(BASIC + 1, { name: "Other", flds: shape.map((name) => ({ name })) }),
    },
    decks: { 1: deck(1, "Default"), 5: deck(5, names[0]!, { mod: modelMod }), 6: deck(6, names[1]!) },
    dconf: { 1: options(1, { new: { perDay } }) },
    notes: notes.map(({ id, guid, mid, mod, text }) =>
      note(id + 1, { guid: `g${guid}`, mid, mod, flds: `f${text}\u001fb` })
    ),
    cards: cards.map(({ id, of, ord, did, reps, mod, ivl }) =>
      card(id + 1, of + 1, { ord, did, reps, mod, ivl, type: 2, queue: 2, due: 50 })
    ),
    revlog: revlog.map(({ id, of, ease }) => review(id + 1, of + 1, { ease })),
  };
}

const count = (db: DatabaseSync, table: Table) => Number(get(db, `SELECT count(*) AS n FROM ${table}`)[0]!.n);
/** How often each review is there, whatever its card and its millisecond. */
const eases = (db: DatabaseSync) => get(db, "SELECT ease, count(*) AS n FROM revlog GROUP BY ease");

describe("the laws of merging, over collections that collide everywhere", () => {
  const pairs = (law: (a: Content, b: Content) => void, numRuns = 20) =>
    fc.assert(
      fc.property(collection, collection, (a, b) => {
        try {
          law(toContent(a), toContent(b));
        } finally {
          files.closeAll();
        }
      }),
      { numRuns },
    );

  test("the result holds together, and each of the two finds everything of it in there", () =>
    pairs((a, b) => {
      const one = first(a);
      const theirs = open(b);
      const { file, report } = importInto(one, theirs, { now: NOW });
      checkInvariants(file.db);
      for (
        const [table, of] of [["notes", report.notes], ["cards", report.cards], ["revlog", report.reviews]] as const
      ) {
        expect(of.added + of.updated + of.kept).toBe(count(theirs.file.db, table));
        expect(count(file.db, table)).toBe(count(one.file.db, table) + of.added);
      }
      // Nothing of ours is gone: each note, card and review is there under its own id.
      const ours = (db: DatabaseSync, sql: string) => new Set(get(db, sql).map((row) => JSON.stringify(row)));
      for (
        const sql of [
          "SELECT id, guid, mid FROM notes",
          "SELECT id, nid, ord FROM cards",
          `SELECT ${COLUMNS.revlog.join(", ")} FROM revlog`,
        ]
      ) {
        expect([...ours(one.file.db, sql)].filter((row) => !ours(file.db, sql).has(row))).toEqual([]);
      }
      const mods = get(file.db, "SELECT guid, mod FROM notes");
      for (const { guid, mid, mod } of get(one.file.db, "SELECT guid, mid, mod FROM notes")) {
        const merged = mods.find((row) => row.guid === guid)!;
        expect(Number(merged.mod)).toBeGreaterThanOrEqual(Number(mod));
        expect(mid).toBeDefined();
      }
    }));

  test("what is imported again changes nothing", () =>
    pairs((a, b) => {
      const one = then(first(a), b);
      const two = then(one, b);
      expect(dump(two.file.db)).toEqual(dump(one.file.db));
      expect(two.report).toMatchObject({
        notes: { added: 0, updated: 0 },
        cards: { added: 0, updated: 0 },
        reviews: { added: 0 },
      });
      expect(Buffer.compare(Buffer.from(one.file.toBytes()), Buffer.from(two.file.toBytes()))).toBe(0);
    }));

  test("a collection merged into itself stays byte for byte", () =>
    pairs((a) => {
      const one = first(a);
      const again = importInto(one, { file: one.file.copy(), cameAs: 11, repairs: [] }, { now: NOW });
      expect(dump(again.file.db)).toEqual(dump(one.file.db));
    }));

  test("each review is there once, whichever comes first", () =>
    pairs((a, b) => {
      const timed = (content: Content) => content.revlog!.map((row) => ({ ...row, time: 1000 + Number(row.id) }));
      const plain = (content: Content) => ({ crt: CRT, revlog: timed(content) });
      const [ours, theirs] = [plain(a), plain(b)];
      const merged = eases(then(first(ours), theirs).file.db);
      expect(eases(then(first(theirs), ours).file.db)).toEqual(merged);
    }));

  test("what was given stays as it was, also where the merge fails", () =>
    pairs((a, b) => {
      const one = first(a);
      const theirs = open(b);
      const before = [dump(one.file.db), dump(theirs.file.db)];
      importInto(one, theirs, { now: NOW });
      expect([dump(one.file.db), dump(theirs.file.db)]).toEqual(before);
      theirs.file.db.exec("UPDATE col SET decks = '[]'");
      const openBefore = files.openCount();
      expect(() => importInto(one, theirs, { now: NOW })).toThrow(/decks cannot be read/);
      expect(files.openCount()).toBe(openBefore);
      expect(dump(one.file.db)).toEqual(before[0]);
    }));
});
