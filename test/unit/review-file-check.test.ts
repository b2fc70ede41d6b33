import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import type { AppError } from "../../api/core/errors.ts";
import { checkInvariants, openChecked } from "../../api/anki/file/check.ts";
import { readCol } from "../../api/anki/file/col.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import {
  BASIC,
  card,
  type Content,
  databaseBytes,
  deck,
  dump,
  fillSchema11,
  note,
  noteType,
  review,
  sampleContent,
  schema11,
} from "../kit/anki-file.ts";

const dir = mkdtempSync(join(tmpdir(), "sojourn-test-"));
const files = createTempFiles({ dir });
const NOW = 1_700_000_000_000;
afterAll(() => {
  files.closeAll();
  rmSync(dir, { recursive: true });
});

const open = (bytes: Uint8Array) => openChecked(files, bytes, { now: NOW });

function changed(sql: string, content: Content = sampleContent(3)): Buffer {
  return databaseBytes((db) => {
    fillSchema11(db, content);
    db.exec(sql);
  });
}

function refusal(bytes: Uint8Array): AppError {
  try {
    open(bytes).file.close();
  } catch (error) {
    expect(error).toMatchObject({ name: "CollectionUnreadableError", code: "COLLECTION_UNREADABLE" });
    return error as AppError;
  }
  throw new Error("It was not refused.");
}

/** Opens a collection that needs mending; gives what was said, and what `look` sees then. */
function mended<T>(bytes: Uint8Array, look: (db: DatabaseSync) => T): { repairs: string[]; seen: T } {
  const { file, repairs } = open(bytes);
  checkInvariants(file.db);
  const seen = look(file.db);
  const again = open(file.toBytes());
  expect(again.repairs).toEqual([]);
  again.file.close();
  file.close();
  return { repairs: repairs.map(({ count, message }) => `${count} ${message}`), seen };
}

const all = (db: DatabaseSync, sql: string) => db.prepare(sql).all().map((row) => ({ ...row }));

const foldersIn = (path: string) => readdirSync(path).filter((name) => statSync(join(path, name)).isDirectory());

describe("an open file", () => {
  test("is private, and gone when it is closed", () => {
    const file = files.fromBytes(schema11());
    const own = join(dir, foldersIn(dir)[0]!);
    const folder = join(own, foldersIn(own)[0]!);
    for (const path of [own, folder]) expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "collection.anki2")).mode & 0o777).toBe(0o600);
    expect(files.openCount()).toBe(1);
    file.close();
    file.close();
    expect(readdirSync(own)).toEqual([]);
    expect(files.openCount()).toBe(0);
    files.closeAll();
    expect(readdirSync(dir)).toEqual([]);
  });

  test("of a process that is gone is removed when the next one starts; that of one which lives is not", () => {
    const bytes = schema11(sampleContent());
    const living = createTempFiles({ dir, ids: () => "living" });
    const file = living.fromBytes(bytes);
    // What is left after a kill: the folder, and a lock that nobody holds.
    for (const gone of ["gone", "gone-without-lock"]) {
      mkdirSync(join(dir, `sojourn-collections-${gone}`, "collection-1"), { recursive: true });
      writeFileSync(join(dir, `sojourn-collections-${gone}`, "collection-1", "collection.anki2"), bytes);
    }
    writeFileSync(join(dir, "sojourn-collections-gone.lock"), "");
    writeFileSync(join(dir, "of-others"), "");
    createTempFiles({ dir }).closeAll();
    expect(readdirSync(dir).toSorted()).toEqual([
      "of-others",
      "sojourn-collections-living",
      "sojourn-collections-living.lock",
    ]);
    expect(Buffer.compare(file.toBytes(), bytes)).toBe(0);
    living.closeAll();
    expect(readdirSync(dir)).toEqual(["of-others"]);
    rmSync(join(dir, "of-others"));
  });

  test("gives the bytes it was given, then what was changed, and its size", () => {
    const bytes = schema11(sampleContent());
    const file = files.fromBytes(bytes);
    expect(bytes.equals(file.toBytes())).toBe(true);
    expect(file.bytes()).toBe(bytes.length);
    file.db.exec("UPDATE cards SET reps = 99");
    const copy = file.copy();
    expect(all(copy.db, "SELECT DISTINCT reps FROM cards")).toEqual([{ reps: 99 }]);
    file.db.exec("BEGIN");
    expect(() => file.toBytes()).toThrow(/inside a transaction/);
    copy.close();
    file.close();
  });

  test("that Anki left in WAL mode opens without its log", () => {
    const bytes = databaseBytes((db) => {
      db.exec("PRAGMA journal_mode = WAL");
      fillSchema11(db, sampleContent(2));
    });
    expect([bytes[18], bytes[19]]).toEqual([2, 2]);
    const { file } = open(bytes);
    expect(all(file.db, "SELECT count(*) AS n FROM notes")).toEqual([{ n: 2 }]);
    expect(file.toBytes()[18]).toBe(1);
    file.close();
  });
});

describe("a collection with nothing to mend", () => {
  test("stays row by row as it is", () => {
    const bytes = schema11(sampleContent());
    const { file, repairs, cameAs } = open(bytes);
    expect({ repairs, cameAs }).toEqual({ repairs: [], cameAs: 11 });
    const given = files.fromBytes(bytes);
    expect(dump(file.db)).toEqual(dump(given.db));
    given.close();
    file.close();
  });
});

describe("refused with a reason that is not SQLite's", () => {
  test.each([
    ["no table", "DROP TABLE cards", /no table cards/],
    ["no column", "ALTER TABLE cards RENAME COLUMN ivl TO interval", /no column ivl/],
    ["a computed column", "ALTER TABLE graves ADD COLUMN more AS (usn + 1)", /columns that are computed/],
    [
      "a view for a table",
      "DROP TABLE graves; CREATE VIEW graves AS SELECT 1 usn, 2 oid, 3 type",
      /no table of its own/,
    ],
    [
      "a virtual table for a table",
      "DROP TABLE graves; CREATE/**/VIRTUAL TABLE graves USING fts5(usn, oid, type)",
      /no table of its own/,
    ],
    [
      "ids that come twice",
      "DROP TABLE notes; CREATE TABLE notes AS SELECT 5 id, '' guid, 1 mid, 1 mod, 1 usn, '' tags, '' flds, '' sfld, 1 csum, 1 flags, '' data UNION ALL SELECT 5, '', 2, 2, 2, '', '', '', 2, 2, ''",
      /one id twice/,
    ],
    ["no settings", "DELETE FROM col", /no settings/],
    [
      "settings twice",
      "INSERT INTO col SELECT 2, crt, mod, scm, ver, dty, usn, ls, conf, models, decks, dconf, tags FROM col",
      /twice/,
    ],
    ["a schema too old", "UPDATE col SET ver = 9", /schema 9; 11 and 14 to 18 can be read. Open it once/],
    ["a schema too new", "UPDATE col SET ver = 40", /schema 40; 11 and 14 to 18 can be read. Export it/],
    ["a schema that is text", "UPDATE col SET ver = 'eleven'", /schema eleven/],
    ["schema 18 without its tables", "UPDATE col SET ver = 18", /schema 18 and no table deck_config/],
    ["no day of creation", "UPDATE col SET crt = 0", /when it was created/],
    ["note types that are no JSON", "UPDATE col SET models = '{'", /note types cannot be read/],
    ["a note type without fields", 'UPDATE col SET models = \'{"5":{"name":"x","flds":[],"tmpls":[]}}\'', /note types/],
    ["decks in a list", "UPDATE col SET decks = '[]'", /decks cannot be read/],
    ["a deck with a bad id", 'UPDATE col SET decks = \'{"__proto__":{"name":"x"}}\'', /decks cannot be read/],
    [
      "a number out of range",
      "UPDATE cards SET due = 9223372036854775807 WHERE ord = 0",
      /cards.due that is out of range/,
    ],
    [
      "an id out of range",
      "UPDATE revlog SET id = 9223372036854775000 WHERE id = (SELECT max(id) FROM revlog)",
      /revlog.id/,
    ],
  ])("%s", (_, sql, reason) => {
    expect(refusal(changed(sql)).message).toMatch(reason);
    expect(files.openCount()).toBe(0);
  });

  test("what only begins like SQLite", () => {
    const bytes = schema11(sampleContent());
    for (const length of [16, 99, 100, 512, 4096, 5000, bytes.length - 4096]) refusal(bytes.subarray(0, length));
    refusal(Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(9000, 0xab)]));
  });
});

describe("only the rows of the known tables are taken", () => {
  const laws: readonly (readonly [string, string])[] = [
    ["a column more", "ALTER TABLE notes ADD COLUMN extra text"],
    ["a trigger", "CREATE TRIGGER t AFTER INSERT ON cards BEGIN DELETE FROM notes; END"],
    ["a view", "CREATE VIEW v AS SELECT * FROM cards"],
    ["a virtual table", "CREATE/**/VIRTUAL TABLE f USING fts5(a)"],
    ["a unique index", "CREATE UNIQUE INDEX u ON cards (nid, ord)"],
    ["an index over an expression", "CREATE INDEX e ON revlog (abs(ease))"],
    ["a table of ours", "CREATE TABLE sojourn_answers (id TEXT PRIMARY KEY)"],
    ["no indexes", "DROP INDEX ix_cards_nid; DROP INDEX ix_revlog_cid"],
    [
      "ids that are no key, as AnkiPandas writes them",
      "CREATE TABLE n AS SELECT * FROM notes; DROP TABLE notes; ALTER TABLE n RENAME TO notes",
    ],
  ];
  test.each(laws)("%s is left out", (_, sql) => {
    const { file, repairs } = open(changed(sql));
    const own = open(schema11(sampleContent(3)));
    expect(repairs).toEqual([]);
    expect(dump(file.db)).toEqual(dump(own.file.db));
    const schema = (db: DatabaseSync) => all(db, "SELECT name, sql FROM sqlite_master ORDER BY name");
    expect(schema(file.db)).toEqual(schema(own.file.db));
    file.close();
    own.file.close();
  });

  test("a check or an index of a stranger's is never run", () => {
    const bytes = databaseBytes((db) => {
      fillSchema11(db, sampleContent(2));
      const slow = "length(hex(zeroblob(100000000 + usn)))";
      db.exec("DROP TABLE graves; PRAGMA ignore_check_constraints = ON");
      db.exec(`CREATE TABLE graves (usn integer, oid integer, type integer CHECK (${slow} > 0 AND usn IS NULL))`);
      db.exec("INSERT INTO graves VALUES (1, 2, 0)");
    });
    const { file } = open(bytes);
    expect(all(file.db, "SELECT * FROM graves")).toEqual([{ usn: 1, oid: 2, type: 0 }]);
    file.close();
  });

  test("pages that are used twice give no rows without end", () => {
    const bytes = Buffer.from(schema11(sampleContent(400), 512));
    const given = files.fromBytes(bytes);
    const page = Number(all(given.db, "SELECT rootpage FROM sqlite_master WHERE name = 'notes'")[0]!["rootpage"]);
    given.close();
    // Each child of the root becomes its first one.
    const at = (page - 1) * 512;
    const cells = bytes.readUInt16BE(at + 3);
    const first = bytes.readUInt32BE(at + bytes.readUInt16BE(at + 12));
    for (let cell = 0; cell < cells; cell++) bytes.writeUInt32BE(first, at + bytes.readUInt16BE(at + 12 + 2 * cell));
    bytes.writeUInt32BE(first, at + 8);
    expect(refusal(bytes).message).toMatch(/one id twice|damaged/);
  });
});

describe("settings are held small and flat", () => {
  test.each([
    [
      "nested deep",
      `UPDATE col SET conf = '{"a":' || replace(hex(zeroblob(20000)), '00', '[') || replace(hex(zeroblob(20000)), '00', ']') || '}'`,
      /nested more than 32 deep/,
    ],
    [
      "of many parts",
      `UPDATE col SET conf = '{"a":[' || replace(hex(zeroblob(150000)), '00', '[],') || '1]}'`,
      /made of more than 250000 parts/,
    ],
  ])("%s", (_, sql, reason) => expect(refusal(changed(sql)).message).toMatch(reason));

  test("and large ones are refused with the limit", () => {
    const bytes = changed(`UPDATE col SET conf = '{"a":"' || hex(zeroblob(2000000)) || '"}'`);
    expect(() => open(bytes)).toThrow(/settings are larger than 524288 bytes, the limit/);
  });
});

describe("what was wrong is mended and told", () => {
  test("a card whose note is gone goes, and its reviews stay", () => {
    const { repairs, seen } = mended(changed("DELETE FROM notes WHERE id = 1600000001000"), (db) => ({
      cards: all(db, "SELECT count(*) AS n FROM cards"),
      reviews: all(db, "SELECT count(*) AS n FROM revlog"),
    }));
    expect(repairs).toEqual(["2 cards whose note is gone were removed; their reviews are kept"]);
    expect(seen).toEqual({ cards: [{ n: 4 }], reviews: [{ n: 9 }] });
  });

  test("a note without a card gets a new one, a cloze note that of its first cloze", () => {
    const cloze = noteType(77, {
      name: "Cloze",
      type: 1,
      tmpls: [{ name: "Cloze", qfmt: "{{cloze:Front}}", afmt: "x" }],
    });
    const content = {
      models: { [BASIC]: noteType(BASIC), 77: cloze },
      notes: [note(1), note(2, { mid: 77, flds: "{{c3::three}} {{c2::two}}\u001f" })],
      cards: [card(2, 1, { type: 0, due: 8 })],
    };
    const { repairs, seen } = mended(
      schema11({ ...content, cards: [] }),
      (db) => all(db, "SELECT id, nid, ord, did, type, due, usn FROM cards ORDER BY id"),
    );
    expect(repairs).toEqual(["2 notes had no card and got a new one"]);
    expect(seen).toEqual([
      { id: 1, nid: 1, ord: 0, did: 1, type: 0, due: 1, usn: -1 },
      { id: 2, nid: 2, ord: 1, did: 1, type: 0, due: 2, usn: -1 },
    ]);
    expect(mended(schema11(content), (db) => all(db, "SELECT id, due FROM cards WHERE nid = 2")).seen).toEqual([{
      id: 3,
      due: 9,
    }]);
  });

  test("a card whose deck is gone goes to the default deck, one of a filtered deck goes home", () => {
    const content = {
      decks: { 1: deck(1, "Default"), 5: deck(5, "Home") },
      notes: [note(1), note(2), note(3)],
      cards: [
        card(11, 1, { did: 99 }),
        card(12, 2, { did: 98, odid: 5, odue: 40, due: -100, type: 2, queue: 2 }),
        card(13, 3, { did: 5, odid: 97, odue: 3 }),
      ],
    };
    const { repairs, seen } = mended(schema11(content), (db) => all(db, "SELECT id, did, odid, due, odue FROM cards"));
    expect(repairs).toHaveLength(3);
    expect(seen.map(({ did, odid, due }) => [did, odid, due])).toEqual([[1, 0, 0], [5, 0, 40], [5, 0, 0]]);
  });

  test("a note type that is gone is made again, as wide as its notes; fields fit their note type", () => {
    const content = {
      notes: [
        note(1, { mid: 404, flds: "a\u001fb\u001fc" }),
        note(2, { flds: "only one" }),
        note(3, { flds: "a\u001fb\u001fc\u001fd" }),
      ],
      cards: [card(11, 1, { ord: 1 }), card(12, 2), card(13, 3)],
    };
    const { repairs, seen } = mended(schema11(content), (db) => ({
      type: readCol(db).models.get(404),
      fields: all(db, "SELECT flds FROM notes"),
    }));
    expect(repairs).toHaveLength(2);
    expect(seen.type?.flds).toHaveLength(3);
    expect(seen.type?.tmpls).toHaveLength(2);
    expect(seen.fields.map(({ flds }) => flds)).toEqual(["a\u001fb\u001fc", "only one\u001f", "a\u001fb; c; d"]);
  });

  test("a card that comes twice is joined: the further state, and the reviews of both", () => {
    const content = {
      notes: [note(1)],
      cards: [card(11, 1, { reps: 2, mod: 9 }), card(12, 1, { reps: 3, mod: 8 })],
      revlog: [review(5, 11), review(6, 12)],
    };
    const { repairs, seen } = mended(schema11(content), (db) => all(db, "SELECT id, cid FROM revlog"));
    expect(repairs).toEqual([
      "1 cards came twice for one note and template and were joined; all their reviews are kept",
    ]);
    expect(seen).toEqual([{ id: 5, cid: 12 }, { id: 6, cid: 12 }]);
  });

  test("two notes with one guid, cards in no known state or without template, odd values, and defaults", () => {
    const content = {
      ...sampleContent(3),
      notes: [note(1), note(2, { guid: "g1" }), note(3)],
      cards: [card(11, 1), card(12, 2, { type: 9 }), card(13, 3, { ord: 7 })],
      revlog: [review(5, 11)],
      decks: { 7: deck(7, "Odd", { conf: 55 }) },
      dconf: {},
    };
    const bytes = changed(
      "UPDATE revlog SET time = 12.7; UPDATE cards SET due = 'soon'",
      content,
    );
    const { repairs, seen } = mended(bytes, (db) => ({
      guids: all(db, "SELECT guid FROM notes"),
      cards: all(db, "SELECT type, queue, due FROM cards"),
      time: all(db, "SELECT time FROM revlog"),
      decks: [...readCol(db).decks.keys()],
    }));
    expect(repairs).toEqual([
      "3 values in cards that were no whole number or no text were made so",
      "1 values in revlog that were no whole number or no text were made so",
      "1 notes had the guid of another note and got one of their own",
      "1 default deck was gone and was made again",
      "1 default deck options were gone and were made again",
      "1 decks had options that are gone and have the default ones now",
      "1 cards were in a state that Anki does not know and are suspended",
      "1 cards had no template any more and are suspended",
    ]);
    expect(seen.guids).toEqual([{ guid: "g1" }, { guid: "g1~2" }, { guid: "g3" }]);
    expect(seen.cards.map(({ queue }) => queue)).toEqual([0, -1, -1]);
    expect(seen.time).toEqual([{ time: 12 }]);
    expect(seen.decks).toEqual([1, 7]);
  });
});
