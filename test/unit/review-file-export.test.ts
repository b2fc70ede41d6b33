import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import { openChecked } from "../../api/anki/file/check.ts";
import { exportCollection, packageOf } from "../../api/anki/file/export.ts";
import { importInto } from "../../api/anki/file/import.ts";
import { readPackage } from "../../api/anki/file/package.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { bytesOf, sampleContent, schema11 } from "../kit/anki-file.ts";

const files = createTempFiles({ dir: tmpdir() });
const NOW = 1_700_000_000_000;
const DATA = new URL("../../../shared/data/spaced-repetition/", import.meta.url);
afterEach(() => files.closeAll());

const schemaOf = (db: DatabaseSync) =>
  db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").all().map((row) => ({ ...row }));

/** Every row of every table. */
function contentOf(db: DatabaseSync) {
  const tables = schemaOf(db).filter(({ type }) => type === "table").map(({ name }) => String(name));
  return Object.fromEntries(
    tables.map((table) => [table, db.prepare(`SELECT * FROM "${table}"`).all().map((row) => ({ ...row }))]),
  );
}

const importBytes = async (bytes: Uint8Array) => {
  const { collection } = await readPackage(bytes);
  return importInto(undefined, openChecked(files, collection, { now: NOW }), { now: NOW });
};

describe("an exported package", () => {
  test("is imported again as the same tables, columns, indexes and rows", async () => {
    const { file } = await importBytes(schema11(sampleContent()));
    const media = [{ name: "a b.jpg", read: () => Promise.resolve(Buffer.from("A")) }];
    const zip = await bytesOf(packageOf(exportCollection(file), media, { now: NOW }));
    const read = await readPackage(zip);
    expect(read.format).toBe("zip-anki2");
    expect(await Promise.all(read.media.map(async (m) => [m.name, Buffer.from(await m.read()).toString()]))).toEqual([[
      "a b.jpg",
      "A",
    ]]);
    const again = await importBytes(zip);
    expect(schemaOf(again.file.db)).toEqual(schemaOf(file.db));
    expect(contentOf(again.file.db)).toEqual(contentOf(file.db));
  });

  test("holds nothing of ours, not even in free pages, and no WAL mode; the collection itself stays as it is", async () => {
    const { file } = await importBytes(schema11(sampleContent(200)));
    const own = schemaOf(file.db);
    file.db.exec(
      `CREATE TABLE sojourn_answers (id TEXT PRIMARY KEY, position INTEGER, session TEXT, cid INTEGER, undo TEXT);
      INSERT INTO sojourn_answers VALUES ('answer-of-ours', 1, 's', 1, '{}')`,
    );
    const before = Buffer.from(file.toBytes());
    const bytes = Buffer.from(exportCollection(file));
    expect(before.equals(file.toBytes())).toBe(true);
    for (const ours of ["sojourn_answers", "answer-of-ours"]) {
      expect([before.includes(ours), bytes.includes(ours)]).toEqual([true, false]);
    }
    expect([bytes[18], bytes[19]]).toEqual([1, 1]);
    const opened = files.fromBytes(bytes);
    expect(schemaOf(opened.db)).toEqual(own);
    expect(opened.db.prepare("PRAGMA integrity_check").get()).toMatchObject({ integrity_check: "ok" });
  });

  test("fails as a whole where a media file cannot be read", async () => {
    const { file } = await importBytes(schema11(sampleContent(1)));
    const media = [{ name: "a", read: () => Promise.reject(new Error("gone")) }];
    await expect(bytesOf(packageOf(exportCollection(file), media, { now: NOW }))).rejects.toThrow("gone");
  });

  test("streams media one after another", async () => {
    const { file } = await importBytes(schema11(sampleContent(1)));
    let openNow = 0;
    let most = 0;
    const media = Array.from({ length: 50 }, (_, i) => ({
      name: `${i}.bin`,
      async read() {
        most = Math.max(most, ++openNow);
        await Promise.resolve();
        openNow--;
        return Buffer.alloc(1000, i);
      },
    }));
    const read = await readPackage(await bytesOf(packageOf(exportCollection(file), media, { now: NOW })));
    expect(read.media).toHaveLength(50);
    expect(most).toBe(1);
  });
});

describe.skipIf(!existsSync(DATA))("the recorded collections (skipped where ../shared/data is missing)", () => {
  const bytesOfFile = (name: string) => readFileSync(new URL(name, DATA));

  test.each([
    ["kanji_collection.anki2", { notes: 530, cards: 1005, revlog: 6158, graves: 225 }],
    ["openrussian_verbs.apkg", { notes: 54, cards: 54, revlog: 0, graves: 0 }],
  ])("%s is imported with the counts of the file, and exported as it was", async (name, counts) => {
    const bytes = bytesOfFile(name);
    const { collection } = await readPackage(bytes);
    const original = files.fromBytes(collection);
    const { file, report } = await importBytes(bytes);
    expect(report).toMatchObject({
      notes: { added: counts.notes },
      cards: { added: counts.cards },
      reviews: { added: counts.revlog, moved: 0 },
      added: { graves: counts.graves },
      repairs: [],
    });
    const again = await importBytes(await bytesOf(packageOf(exportCollection(file), [], { now: NOW })));
    expect(schemaOf(again.file.db)).toEqual(schemaOf(file.db));
    const { sqlite_stat1: _, ...rows } = contentOf(original.db);
    expect(contentOf(again.file.db)).toEqual(rows);
  });

  test("merge into one another, twice, without losing or doubling a row", async () => {
    const kanji = await importBytes(bytesOfFile("kanji_collection.anki2"));
    const { collection } = await readPackage(bytesOfFile("openrussian_verbs.apkg"));
    const verbs = () => openChecked(files, collection, { now: NOW });
    const one = importInto(kanji, verbs(), { now: NOW });
    expect(one.report).toMatchObject({ notes: { added: 54 }, cards: { added: 54 }, reviews: { added: 0 } });
    const two = importInto(one, verbs(), { now: NOW });
    expect(contentOf(two.file.db)).toEqual(contentOf(one.file.db));
    const back = importInto(two, openChecked(files, bytesOfFile("kanji_collection.anki2"), { now: NOW }), { now: NOW });
    expect(contentOf(back.file.db)).toEqual(contentOf(one.file.db));
    expect(contentOf(one.file.db).revlog).toEqual(contentOf(kanji.file.db).revlog);
  });
});
