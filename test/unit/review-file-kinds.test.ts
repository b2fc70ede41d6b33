import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { constants, zstdCompressSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { readCollection } from "../../api/anki/collection/collection.ts";
import { listNoteTypes } from "../../api/anki/collection/notes.ts";
import { checkInvariants, openChecked } from "../../api/anki/file/check.ts";
import { readCol } from "../../api/anki/file/col.ts";
import { sha1Of } from "../../api/anki/file/media.ts";
import { readPackage } from "../../api/anki/file/package.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { listDecks } from "../../api/anki/queue/counts.ts";
import { renderCard } from "../../api/anki/render/card.ts";
import {
  BASIC,
  card,
  type Content,
  databaseBytes,
  deck,
  fillSchema11,
  message,
  note,
  noteType,
  options,
  review,
  sampleContent,
  schema11,
  zipOf,
} from "../kit/anki-file.ts";
import { sampleOfSchema } from "../kit/anki-file-18.ts";

const dir = mkdtempSync(join(tmpdir(), "sojourn-test-"));
const files = createTempFiles({ dir });
afterAll(() => {
  files.closeAll();
  rmSync(dir, { recursive: true });
});
const NOW = 1_700_000_000_000;

/** Takes a file in and gives what `look` sees in it; what was taken is whole and is taken again as it is. */
function taken<T>(bytes: Uint8Array, look: (db: DatabaseSync) => T): { seen: T; repairs: string[]; cameAs: number } {
  const { file, repairs, cameAs } = openChecked(files, bytes, { now: NOW });
  checkInvariants(file.db);
  const seen = look(file.db);
  const again = openChecked(files, file.toBytes(), { now: NOW });
  expect(again.repairs).toEqual([]);
  again.file.close();
  file.close();
  return { seen, cameAs, repairs: repairs.map(({ count, message }) => `${count} ${message}`) };
}

const counts = (db: DatabaseSync) =>
  ["notes", "cards", "revlog"].map((table) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()!.n));

/** A database made by other SQL than Anki's. */
function made(sql: (db: DatabaseSync) => void, pragmas = ""): Buffer {
  const path = join(dir, "made.db");
  rmSync(path, { force: true });
  const db = new DatabaseSync(path);
  db.exec(pragmas);
  sql(db);
  db.close();
  return readFileSync(path);
}

describe.each([14, 15, 16, 17, 18] as const)("a collection of schema %i", (schema) => {
  test("keeps its settings, presets, decks, note types, tags, cards and log", () => {
    const { seen, repairs, cameAs } = taken(sampleOfSchema(schema), (db) => {
      const collection = readCollection(db);
      const under = collection.decks.get(50)!;
      return {
        counts: counts(db),
        rollover: collection.rollover,
        deck: under.name,
        preset: collection.optionsOf(under),
        first: collection.optionsOf(collection.decks.get(1)).initialEase,
        types: listNoteTypes(db).map(({ fields }) => fields),
        tags: [...readCol(db).tags.keys()],
        question: renderCard(db, 11)!.question,
        graves: Number(db.prepare("SELECT count(*) AS n FROM graves").get()!.n),
      };
    });
    expect({ repairs, cameAs }).toEqual({ repairs: [], cameAs: schema });
    expect(seen).toMatchObject({
      counts: [1, 1, 1],
      rollover: 2,
      deck: "Über::Ünder",
      preset: { learnStepsMin: [2], newPerDay: 33, initialEase: 2300, graduatingDays: 1, easyDays: 4 },
      // New options of schema 15 were made at the least ease, which the next schema mends.
      first: 2500,
      types: [["Front", "Back"]],
      tags: ["Ünder::x"],
      graves: 1,
    });
    expect(seen.question).toContain("front 1");
  });
});

test("a filtered deck from before its three delays has the one it had, also where newer schemas write zeroes beside it", () => {
  const given = [
    { previewDelay: 5, previewAgainSecs: 0, previewHardSecs: 0, previewGoodSecs: 0 },
    { previewDelay: 5 },
    { previewAgainSecs: 30, previewHardSecs: 0, previewGoodSecs: 90 },
    {},
  ].map((delays, i) => [60 + i, deck(60 + i, `Look ${i}`, { dyn: 1, resched: false, terms: [], ...delays })]);
  const { seen } = taken(
    schema11({ decks: { 1: deck(1, "Default"), ...Object.fromEntries(given) } }),
    (db) => [...readCollection(db).decks.values()].flatMap(({ filtered }) => (filtered ? [filtered.previewSecs] : [])),
  );
  expect(seen).toEqual([[60, 300, 0], [60, 300, 0], [30, 0, 90], [60, 600, 0]]);
});

test("options of schema 14 that are no JSON are refused by name", () => {
  const file = files.fromBytes(sampleOfSchema(14), { writableSchema: true });
  file.db.exec("UPDATE deck_config SET config = x'7b' WHERE id = 60");
  const broken = file.toBytes();
  file.close();
  expect(() => openChecked(files, broken, { now: NOW })).toThrow(/deck options cannot be read/);
});

describe("a package", () => {
  const named = { name: "caf\u00e9.jpg", content: new TextEncoder().encode("a picture") };
  const legacy = (collection: string, bytes: Uint8Array, more: Record<string, Uint8Array | string> = {}) =>
    zipOf({ [collection]: bytes, media: JSON.stringify({ 0: named.name }), 0: named.content, ...more });
  const entries = message([[
    1,
    message([[1, named.name], [2, named.content.length], [3, Buffer.from(sha1Of(named.content), "hex")]]),
  ]]);
  const newest = (params = {}) =>
    zipOf({
      meta: message([[1, 3]]),
      "collection.anki21b": zstdCompressSync(sampleOfSchema(18), { params }),
      "collection.anki2": schema11(),
      media: zstdCompressSync(entries),
      0: zstdCompressSync(named.content),
    });

  test.each(
    [
      [
        "of the oldest kind, as genanki and AnkiDroid make it",
        () => legacy("collection.anki2", schema11(sampleContent(3))),
        [3, 6, 9],
      ],
      [
        "with a newer collection beside a dummy",
        () => legacy("collection.anki21", schema11(sampleContent(3)), { "collection.anki2": schema11() }),
        [3, 6, 9],
      ],
      ["of the newest kind", () => newest(), [1, 1, 1]],
      [
        "of the newest kind, packed in one piece with its size",
        () => newest({ [constants.ZSTD_c_contentSizeFlag]: 1 }),
        [1, 1, 1],
      ],
      ["with a collection of schema 15 in an old package", () => legacy("collection.anki2", sampleOfSchema(15)), [
        1,
        1,
        1,
      ]],
    ] as const,
  )("%s comes in with its media", async (_, make, rows) => {
    const read = await readPackage(await make());
    expect(taken(read.collection, counts).seen).toEqual(rows);
    expect(read.missingMedia).toEqual([]);
    expect(read.media.map(({ name }) => name)).toEqual([named.name]);
    expect(await read.media[0]!.read()).toEqual(Buffer.from(named.content));
  });

  test.each([
    ["no list of media", {}],
    ["an empty list", { media: "" }],
    ["a list of nothing", { media: "{}" }],
  ])("with %s has none", async (_, more) => {
    const read = await readPackage(await zipOf({ "collection.anki2": schema11(sampleContent(2)), ...more }));
    expect(read).toMatchObject({ media: [], missingMedia: [] });
  });

  test("of the newest kind finds media by the numbers of an older list", async () => {
    const list = message([[
      1,
      message([[1, "x.txt"], [2, 1], [3, Buffer.from(sha1Of(Buffer.from("x")), "hex")], [255, 7]]),
    ]]);
    const read = await readPackage(
      await zipOf({
        "collection.anki21b": zstdCompressSync(sampleOfSchema(18)),
        media: zstdCompressSync(list),
        7: zstdCompressSync(Buffer.from("x")),
      }),
    );
    expect(read.media.map(({ name }) => name)).toEqual(["x.txt"]);
  });
});

describe("what other producers write", () => {
  const plain = (): Content => ({ notes: [note(1)], cards: [card(2, 1, { did: 50 })], decks: { 50: deck(50, "Own") } });
  const changed = (sql: string, content = plain()) =>
    databaseBytes((db) => {
      fillSchema11(db, content);
      db.exec(sql);
    });

  test("ids as text, as genanki writes them, stay as they are", () => {
    const content = {
      ...plain(),
      models: { [BASIC]: noteType(BASIC, { id: String(BASIC) }) },
      decks: { 1: deck(1, "Default"), 50: deck(50, "Own", { id: "50" }) },
    };
    const { seen, repairs } = taken(schema11(content), (db) => listDecks(db, { at: NOW, offsetMinutes: 0 }));
    expect(repairs).toEqual([]);
    expect(seen.map(({ deckId, name, newCount }) => [deckId, name, newCount])).toEqual([[1, "Default", 0], [
      50,
      "Own",
      1,
    ]]);
  });

  test("a deck and a note type without an id beside their key are known by it, and have it afterwards", () => {
    const { id: _, ...deckWithout } = deck(50, "Own") as { id: number };
    const { id: __, ...typeWithout } = noteType(BASIC) as { id: number };
    const content = { ...plain(), models: { [BASIC]: typeWithout }, decks: { 1: deck(1, "Default"), 50: deckWithout } };
    const { seen, repairs } = taken(schema11(content), (db) => ({
      decks: listDecks(db, { at: NOW, offsetMinutes: 0 }).map(({ deckId, newCount }) => [deckId, newCount]),
      ids: [readCol(db).decks.get(50)!.id, readCol(db).models.get(BASIC)!.id],
    }));
    expect(seen).toEqual({ decks: [[1, 0], [50, 1]], ids: [50, BASIC] });
    expect(repairs).toEqual([
      "1 note types had no id of their own, or another than they are known by",
      "1 decks had no id of their own, or another than they are known by",
    ]);
  });

  test("blank settings, options and tags are none", () => {
    const { seen } = taken(changed("UPDATE col SET conf = '', dconf = '', tags = ''"), (db) => ({
      counts: counts(db),
      options: [...readCol(db).dconf.keys()],
    }));
    expect(seen).toEqual({ counts: [1, 1, 0], options: [1] });
  });

  test("no log and no marks of deletion are none", () => {
    expect(taken(changed("DROP TABLE revlog; DROP TABLE graves"), counts).seen).toEqual([1, 1, 0]);
  });

  test("tables without keys, more columns in another order, views, triggers and indexes beside them are left behind", () => {
    const sql = `
      ALTER TABLE notes ADD COLUMN plugin text DEFAULT 'x';
      CREATE TABLE more (a); CREATE VIEW v AS SELECT * FROM notes;
      CREATE TRIGGER t AFTER INSERT ON cards BEGIN DELETE FROM notes; END;
      CREATE INDEX odd ON cards (due + 1); CREATE UNIQUE INDEX lower_guid ON notes (lower(guid));
      CREATE TABLE rev AS SELECT type, time, factor, lastIvl, ivl, ease, usn, cid, id FROM revlog;
      DROP TABLE revlog; ALTER TABLE rev RENAME TO revlog`;
    const { seen } = taken(changed(sql, { ...plain(), revlog: [review(5, 2)] }), (db) => ({
      counts: counts(db),
      schema: db.prepare("SELECT name FROM sqlite_master WHERE name IN ('more', 'v', 't', 'odd', 'lower_guid')").all(),
    }));
    expect(seen).toEqual({ counts: [1, 1, 1], schema: [] });
  });

  test("numbers as text, times with fractions and bytes for text are made what they should be, and told", () => {
    const sql = `UPDATE cards SET due = '7', ivl = 3.9, data = x'7b7d'; UPDATE notes SET tags = 5, flags = NULL`;
    const loose = changed(
      `CREATE TABLE c2 AS SELECT * FROM cards; DROP TABLE cards; ALTER TABLE c2 RENAME TO cards;
       CREATE TABLE n2 AS SELECT * FROM notes; DROP TABLE notes; ALTER TABLE n2 RENAME TO notes; ${sql}`,
    );
    const { seen, repairs } = taken(loose, (db) => ({
      ...db.prepare("SELECT due, ivl, data FROM cards").get(),
      ...db.prepare("SELECT tags, flags FROM notes").get(),
    }));
    expect(seen).toEqual({ due: 7, ivl: 3, data: "{}", tags: "5", flags: 0 });
    expect(repairs.filter((repair) => repair.includes("no whole number or no text"))).toHaveLength(2);
  });

  test.each([
    ["of small pages", "PRAGMA page_size = 512"],
    ["of large pages", "PRAGMA page_size = 65536"],
    ["in UTF-16", "PRAGMA encoding = 'UTF-16le'"],
    ["in UTF-16 the other way", "PRAGMA encoding = 'UTF-16be'"],
    ["that shrinks by itself", "PRAGMA auto_vacuum = FULL"],
    ["in WAL mode", "PRAGMA journal_mode = WAL"],
    ["of an old format", "PRAGMA legacy_file_format = ON"],
  ])("a file %s is read, right to left and CJK as they are", (_, pragma) => {
    const flds = "العربية \u200fעברית\u001f日本語 한국어 𠮷";
    const bytes = made((db) => fillSchema11(db, { ...plain(), notes: [note(1, { flds, sfld: "العربية" })] }), pragma);
    expect(taken(bytes, (db) => ({ ...db.prepare("SELECT flds, sfld FROM notes").get() })).seen).toEqual({
      flds,
      sfld: "العربية",
    });
  });

  test("strict tables and tables without a rowid are tables", () => {
    const bytes = made((db) => {
      fillSchema11(db, plain());
      db.exec(
        `CREATE TABLE c2 (${
          Object.keys(card(1, 1)).map((name) =>
            `${name} ${name === "data" ? "TEXT" : "INTEGER"}${name === "id" ? " PRIMARY KEY" : ""}`
          ).join(", ")
        }) STRICT, WITHOUT ROWID;
        INSERT INTO c2 SELECT * FROM cards; DROP TABLE cards; ALTER TABLE c2 RENAME TO cards`,
      );
    });
    expect(taken(bytes, counts).seen).toEqual([1, 1, 0]);
  });

  test("options and decks with members that nobody knows keep them", () => {
    const content = {
      ...plain(),
      dconf: { 1: options(1, { addon: { x: [1] } }) },
      decks: { 1: deck(1, "Default", { addon: 1 }), 50: deck(50, "Own") },
    };
    const { seen } = taken(
      schema11(content),
      (db) => [readCol(db).dconf.get(1)!.addon, readCol(db).decks.get(1)!.addon],
    );
    expect(seen).toEqual([{ x: [1] }, 1]);
  });
});
