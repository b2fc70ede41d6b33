import { tmpdir } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import { openChecked } from "../../api/anki/file/check.ts";
import { readCol } from "../../api/anki/file/col.ts";
import { importInto, type ImportResult } from "../../api/anki/file/import.ts";
import { type IncomingMedia, mergeMedia, renameReferences } from "../../api/anki/file/media-merge.ts";
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
afterEach(() => files.closeAll());

const open = (content: Content) => openChecked(files, schema11(content), { now: NOW });
const first = (content: Content, media: IncomingMedia[] = []) =>
  importInto(undefined, open(content), { now: NOW, media });
const then = (into: ImportResult, content: Content, media: IncomingMedia[] = []) =>
  importInto(into, open(content), { now: NOW + 1, media });

const get = (db: DatabaseSync, sql: string) => db.prepare(sql).all().map((row) => ({ ...row }));

describe("a first import", () => {
  test("keeps every row of a collection that is whole", () => {
    const content = { notes: [note(1)], cards: [card(11, 1)], revlog: [review(5, 11), review(6, 404)] };
    const bytes = schema11(content);
    const { file, report } = importInto(undefined, openChecked(files, bytes, { now: NOW }), { now: NOW });
    const given = files.fromBytes(bytes);
    expect(dump(file.db)).toEqual(dump(given.db));
    expect(report).toMatchObject({
      notes: { added: 1 },
      cards: { added: 1 },
      reviews: { added: 2, moved: 0 },
      repairs: [],
    });
  });
});

describe("of one thing in two collections", () => {
  test("the note that changed later holds, and a tie changes nothing", () => {
    const at = (mod: number, flds: string) => ({ notes: [note(1, { mod, flds })], cards: [card(11, 1)] });
    for (const [ours, theirs, kept] of [[5, 6, "new"], [6, 5, "old"], [5, 5, "old"]] as const) {
      const { file, report } = then(first(at(ours, "old\u001f")), at(theirs, "new\u001f"));
      expect(get(file.db, "SELECT flds FROM notes")).toEqual([{ flds: `${kept}\u001f` }]);
      expect(report.notes).toEqual({ added: 0, updated: kept === "new" ? 1 : 0, kept: kept === "new" ? 0 : 1 });
    }
  });

  test("the card that changed later holds, with as late ones the one with more answers", () => {
    const at = (reps: number, mod: number, ivl: number) => ({
      notes: [note(1)],
      cards: [card(11, 1, { reps, mod, ivl, type: 2, queue: 2 })],
    });
    const ivl = (ours: Content, theirs: Content) =>
      get(then(first(ours), theirs).file.db, "SELECT ivl FROM cards")[0]!.ivl;
    expect(ivl(at(4, 50, 1), at(3, 100, 2))).toBe(2);
    expect(ivl(at(3, 100, 1), at(4, 50, 2))).toBe(1);
    expect(ivl(at(3, 50, 1), at(4, 50, 2))).toBe(2);
    expect(ivl(at(3, 50, 1), at(3, 50, 2))).toBe(1);
  });

  test("a deck shared without progress resets nobody, a card that was reset on purpose is new", () => {
    const answered = card(11, 1, { type: 2, queue: 2, reps: 5, mod: 50, ivl: 9 });
    const ours = { notes: [note(1)], cards: [answered], revlog: [review(5, 11)] };
    const fresh = (revlog: Content["revlog"] = []) => ({ notes: [note(1)], cards: [card(11, 1, { mod: 99 })], revlog });
    const types = (content: Content) => get(then(first(ours), content).file.db, "SELECT type FROM cards");
    expect(types(fresh())).toEqual([{ type: 2 }]);
    expect(types(fresh([review(5, 11), review(6, 11, { ease: 0, type: 4, factor: 0 })]))).toEqual([{ type: 0 }]);
  });

  test("cards are found by note and template, whatever their ids; their reviews follow", () => {
    const ours = { notes: [note(1)], cards: [card(11, 1), card(12, 1, { ord: 1 })], revlog: [review(100, 11)] };
    const theirs = {
      notes: [note(900, { guid: "g1" })],
      cards: [card(12, 900), card(11, 900, { ord: 1 })],
      revlog: [review(200, 12), review(300, 11)],
    };
    const { file, report } = then(first(ours), theirs);
    expect(report).toMatchObject({
      notes: { added: 0 },
      cards: { added: 0, updated: 1, kept: 1 },
      reviews: { added: 2 },
    });
    expect(get(file.db, "SELECT id, cid FROM revlog")).toEqual([{ id: 100, cid: 11 }, { id: 200, cid: 11 }, {
      id: 300,
      cid: 12,
    }]);
  });

  test("days that are due count from our first day, instants and places of new cards stay", () => {
    const theirs = {
      crt: CRT + 10 * 86_400,
      notes: [note(1), note(2), note(3), note(4), note(5)],
      decks: { 1: deck(1, "Default"), 9: deck(9, "Cram", { dyn: 1 }) },
      cards: [
        card(11, 1, { type: 2, queue: 2, due: 30 }),
        card(12, 2, { type: 1, queue: 1, due: 1_600_900_000 }),
        card(13, 3, { due: 7 }),
        card(14, 4, { type: 3, queue: 3, due: 5 }),
        card(15, 5, { did: 9, odid: 1, type: 2, queue: 2, due: -100_000, odue: 40 }),
      ],
    };
    const { file } = then(first({}), theirs);
    expect(get(file.db, "SELECT due, odue FROM cards ORDER BY id")).toEqual([
      { due: 40, odue: 0 },
      { due: 1_600_900_000, odue: 0 },
      { due: 7, odue: 0 },
      { due: 15, odue: 0 },
      { due: -100_000, odue: 50 },
    ]);
  });

  test("decks are the same by name, and of their settings the later change holds", () => {
    const ours = { decks: { 1: deck(1, "Default"), 5: deck(5, "A::B", { mod: 50, desc: "old" }), 6: deck(6, "Mine") } };
    const theirs = {
      decks: {
        1: deck(1, "Default"),
        6: deck(6, "A::B", { mod: 51, desc: "new" }),
        7: deck(7, "a::b"),
        5: deck(5, "Theirs"),
      },
      notes: [note(1), note(2)],
      cards: [card(11, 1, { did: 6 }), card(12, 2, { did: 5 })],
    };
    const { file, report } = then(first(ours), theirs);
    const decks = readCol(file.db).decks;
    expect([...decks].map(([id, { name, desc }]) => [id, name, desc])).toEqual(
      [[1, "Default", ""], [5, "A::B", "new"], [6, "Mine", ""], [7, "a::b", ""], [8, "Theirs", ""]],
    );
    expect(get(file.db, "SELECT did FROM cards ORDER BY id")).toEqual([{ did: 5 }, { did: 8 }]);
    expect(report.added.decks).toBe(2);
  });

  test("a filtered deck is never mixed with a plain one of its name", () => {
    const theirs = {
      decks: { 1: deck(1, "Default"), 9: deck(9, "Cram", { dyn: 1 }) },
      notes: [note(1)],
      cards: [card(11, 1, { did: 9, odid: 1 })],
    };
    const one = then(first({ decks: { 1: deck(1, "Default"), 9: deck(9, "Cram") } }), theirs);
    expect([...readCol(one.file.db).decks.values()].map(({ name }) => name)).toEqual(["Default", "Cram", "Cram+"]);
    const two = then(one, theirs);
    expect(dump(two.file.db)).toEqual(dump(one.file.db));
  });

  test("a note type of another shape under the same id gets a new id, once", () => {
    const shape = (names: string[], over = {}) => ({
      [BASIC]: noteType(BASIC, { flds: names.map((name) => ({ name })), ...over }),
    });
    const theirs = {
      models: shape(["Word", "Meaning", "Sound"]),
      notes: [note(2, { flds: "a\u001fb\u001fc" })],
      cards: [card(12, 2)],
    };
    const one = then(first({ notes: [note(1)], cards: [card(11, 1)] }), theirs);
    const { models } = readCol(one.file.db);
    expect([...models].map(([id, { name, originalId }]) => [id, name, originalId])).toEqual(
      [[BASIC, "Basic", undefined], [BASIC + 1, "Basic+", BASIC]],
    );
    expect(get(one.file.db, "SELECT id, mid FROM notes")).toEqual([{ id: 1, mid: BASIC }, { id: 2, mid: BASIC + 1 }]);
    const two = then(one, theirs);
    expect(dump(two.file.db)).toEqual(dump(one.file.db));
    const newer = then(two, { ...theirs, models: shape(["Word", "Meaning", "Sound"], { mod: 999, css: "new" }) });
    expect(readCol(newer.file.db).models.get(BASIC + 1)).toMatchObject({
      css: "new",
      originalId: BASIC,
      name: "Basic+",
    });
    expect(readCol(newer.file.db).models.size).toBe(2);
  });

  test("a guid with another note type is another note; neither is lost, however often it comes", () => {
    const models = {
      [BASIC]: noteType(BASIC),
      77: noteType(77, { name: "Other", tmpls: [{ name: "x", qfmt: "q", afmt: "a" }] }),
    };
    const theirs = {
      models,
      notes: [note(1, { mid: 77, mod: 5000 })],
      cards: [card(11, 1)],
      revlog: [review(100, 11)],
    };
    const one = then(first({ notes: [note(1)], cards: [card(11, 1)], revlog: [review(100, 11)] }), theirs);
    expect(get(one.file.db, "SELECT guid, mid FROM notes")).toEqual([{ guid: "g1", mid: BASIC }, {
      guid: "g1~77",
      mid: 77,
    }]);
    expect(get(one.file.db, "SELECT count(*) AS n FROM revlog")).toEqual([{ n: 2 }]);
    expect(dump(then(one, theirs).file.db)).toEqual(dump(one.file.db));
  });

  test("of deck options the later change holds, and what differs is told", () => {
    const ours = { dconf: { 1: options(1), 60: options(60, { mod: 5, name: "Hard" }) } };
    const theirs = { dconf: { 1: options(1, { new: { perDay: 99 } }), 60: options(60, { mod: 6, name: "Harder" }) } };
    const one = then(first(ours), theirs);
    const { dconf } = readCol(one.file.db);
    expect([...dconf].map(([id, { name }]) => [id, name])).toEqual([[1, "Default"], [60, "Harder"]]);
    expect(one.report.told).toEqual([
      'options "Default" differ and stay as they were',
      'options "Hard" are those of the file now',
    ]);
    expect(dump(then(one, theirs).file.db)).toEqual(dump(one.file.db));
  });

  test("tags are united, graves too but for what lives", () => {
    const ours = {
      tags: { a: 1 },
      notes: [note(1)],
      cards: [card(11, 1, { mod: 1_600_000_200 })],
      graves: [{ usn: 1, oid: 5, type: 0 }],
    };
    const theirs = {
      tags: { b: 2 },
      // The card was changed after it.
      graves: [{ usn: 2, oid: 5, type: 0 }, { usn: 2, oid: 6, type: 1 }, { usn: 2, oid: 11, type: 0 }],
    };
    const { file, report } = then(first(ours), theirs);
    expect(Object.fromEntries(readCol(file.db).tags)).toEqual({ a: 1, b: -1 });
    expect(get(file.db, "SELECT oid, type FROM graves ORDER BY oid")).toEqual([{ oid: 5, type: 0 }, {
      oid: 6,
      type: 1,
    }]);
    expect(report.added.graves).toBe(1);
  });

  test("what the session keeps beside the collection stays", () => {
    const one = first({ notes: [note(1)], cards: [card(11, 1)] });
    one.file.db.exec(
      "CREATE TABLE sojourn_answers (id TEXT PRIMARY KEY, position, session, cid, undo); INSERT INTO sojourn_answers (id, session) VALUES ('mine', 's')",
    );
    const theirs = open({ notes: [note(2)], cards: [card(12, 2)] });
    const sql = "SELECT id FROM sojourn_answers WHERE session = 's'";
    expect(get(importInto(one, theirs, { now: NOW }).file.db, sql)).toEqual([{
      id: "mine",
    }]);
  });
});

describe("reviews", () => {
  test("of the same millisecond move to the next that is free, and are all there", () => {
    const ours = {
      notes: [note(1), note(2)],
      cards: [card(11, 1), card(12, 2)],
      revlog: [review(100, 11), review(101, 11)],
    };
    const theirs = { ...ours, revlog: [review(100, 12), review(101, 11), review(102, 12)] };
    const one = then(first(ours), theirs);
    expect(get(one.file.db, "SELECT id, cid FROM revlog ORDER BY id")).toEqual(
      [{ id: 100, cid: 11 }, { id: 101, cid: 11 }, { id: 102, cid: 12 }, { id: 103, cid: 12 }],
    );
    expect(one.report.reviews).toEqual({ added: 2, updated: 0, kept: 1, moved: 2 });
    expect(dump(then(one, theirs).file.db)).toEqual(dump(one.file.db));
  });
});

describe("media", () => {
  test("of one name with other content gets a name with its hash, and the notes follow", () => {
    const content = (flds: string) => ({
      notes: [note(1, { guid: flds, flds: `${flds}\u001f` })],
      cards: [card(11, 1)],
    });
    const one = first(content("<img src='cat.jpg'>"), [{ name: "cat.jpg", sha1: "aa", bytes: 7 }]);
    const theirs = content('<img src="cat.jpg"> [sound:cat.jpg] cat.jpg');
    const two = then(one, theirs, [{ name: "cat.jpg", sha1: "bb", bytes: 7 }, {
      name: "dog.jpg",
      sha1: "aa",
      bytes: 7,
    }]);
    const named = [...two.media].map(([name, { sha1 }]) => [name, sha1]);
    expect(named).toEqual([["cat.jpg", "aa"], ["cat-bb.jpg", "bb"], ["dog.jpg", "aa"]]);
    expect(get(two.file.db, "SELECT flds FROM notes ORDER BY id")).toEqual([
      { flds: "<img src='cat.jpg'>\u001f" },
      { flds: '<img src="cat-bb.jpg"> [sound:cat-bb.jpg] cat.jpg\u001f' },
    ]);
    const again = then(two, theirs, [{ name: "cat.jpg", sha1: "bb", bytes: 7 }]);
    expect(dump(again.file.db)).toEqual(dump(two.file.db));
    expect(again.media).toEqual(two.media);
  });

  test("that was named anew to be safe is found by its old name", () => {
    const { renamed } = mergeMedia(new Map(), [{ name: "a b.jpg", original: "a? b.jpg", sha1: "aa", bytes: 7 }, {
      name: "ok.jpg",
      sha1: "bb",
      bytes: 7,
    }]);
    expect(Object.fromEntries(renamed)).toEqual({ "a? b.jpg": "a b.jpg" });
    expect(renameReferences("<img src=a%3F%20b.jpg><img src='ok.jpg'>", renamed))
      .toBe("<img src=\"a b.jpg\"><img src='ok.jpg'>");
    const ampersand = new Map([["a&b.jpg", "a&b-bb.jpg"]]);
    expect(renameReferences('<img src="a&amp;b.jpg">', ampersand)).toBe('<img src="a&amp;b-bb.jpg">');
    expect(renameReferences('<img src="a&b.jpg">', ampersand)).toBe('<img src="a&b-bb.jpg">');
    expect(renameReferences("body { background: url('a? b.jpg') }", renamed)).toBe(
      "body { background: url('a b.jpg') }",
    );
  });
});
