import { tmpdir } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import { openChecked } from "../../api/anki/file/check.ts";
import { readCol } from "../../api/anki/file/col.ts";
import { importInto, type ImportResult } from "../../api/anki/file/import.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { BASIC, card, type Content, CRT, deck, note, noteType, options, review, schema11 } from "../kit/anki-file.ts";

const files = createTempFiles({ dir: tmpdir() });
const NOW = 1_700_000_000_000;
afterEach(() => files.closeAll());

const open = (content: Content) => openChecked(files, schema11(content), { now: NOW });
const first = (content: Content) => importInto(undefined, open(content), { now: NOW });
const then = (into: ImportResult, content: Content) => importInto(into, open(content), { now: NOW + 1 });

const get = (db: DatabaseSync, sql: string) => db.prepare(sql).all().map((row) => ({ ...row }));

describe("a collection that was changed on both sides", () => {
  test("a person's own settings, presets and days hold over those of a deck that was imported before", () => {
    const own = {
      crt: CRT - 40 * 86_400,
      conf: { fsrs: true, localOffset: -60, rollover: 2, schedVer: 2, creationOffset: -60, nextPos: 5 },
      dconf: { 1: options(1, { desiredRetention: 0.95, fsrsParams6: Array.from({ length: 21 }, () => 0.5) }) },
      notes: [note(2)],
      cards: [card(12, 2, { type: 2, queue: 2, due: 90, reps: 3 })],
    };
    const shared = { dconf: { 1: options(1, { mod: 99_999 }) }, notes: [note(1)], cards: [card(11, 1)] };
    const one = then(first(shared), own);
    const col = readCol(one.file.db);
    expect(col).toMatchObject({ crt: own.crt, conf: { fsrs: true, rollover: 2, creationOffset: -60 } });
    expect(col.dconf.get(1)).toMatchObject({ desiredRetention: 0.95 });
    expect(get(one.file.db, "SELECT due FROM cards WHERE id = 12")).toEqual([{ due: 90 }]);
    expect(one.report.told).toContain("setting fsrs is true now");
    const two = then(one, shared);
    expect(readCol(two.file.db).dconf.get(1)).toMatchObject({ desiredRetention: 0.95 });
    expect(two.report.told).toEqual(['options "Default" differ and stay as they were']);
  });

  test("FSRS is on where the cards of a package carry its memory", () => {
    const { file, report } = first({ notes: [note(1)], cards: [card(11, 1, { data: '{"s":5,"d":4}' })] });
    expect(readCol(file.db).conf).toMatchObject({ fsrs: true });
    expect(report.told).toEqual(["FSRS is on, since the cards carry its memory"]);
  });

  test("of two schedulers the newer holds, with the log as Anki rewrites it, in either order", () => {
    const one = {
      conf: { schedVer: 1 },
      notes: [note(1)],
      cards: [card(11, 1)],
      revlog: [review(5, 11, { type: 0, ease: 3 })],
    };
    const two = {
      conf: { schedVer: 2 },
      notes: [note(2)],
      cards: [card(12, 2)],
      revlog: [review(6, 12, { type: 0, ease: 3 })],
    };
    for (const { file } of [then(first(one), two), then(first(two), one)]) {
      expect(get(file.db, "SELECT id, ease FROM revlog")).toEqual([{ id: 5, ease: 4 }, { id: 6, ease: 3 }]);
      expect(readCol(file.db).conf).toMatchObject({ schedVer: 2 });
    }
  });

  test("a note type that got a field and a template with another name doubles no note, in either order", () => {
    const before = {
      models: { [BASIC]: noteType(BASIC) },
      notes: [note(1)],
      cards: [card(11, 1), card(12, 1, { ord: 1 })],
    };
    const [one, two] = [{ name: "Forward", ord: 0 }, { name: "Card 2", ord: 1 }].map((template) => ({
      ...template,
      qfmt: "{{Front}}",
      afmt: "",
    }));
    const after = {
      models: {
        [BASIC]: noteType(BASIC, {
          mod: 200,
          flds: [{ name: "Hint", ord: 0 }, { name: "Front", ord: 1 }, { name: "Back", ord: 2 }],
          tmpls: [one, two],
        }),
      },
      notes: [note(2, { flds: "hfb" })],
      cards: [card(21, 2)],
    };
    for (const { file, report } of [then(first(before), after), then(first(after), before)]) {
      expect(get(file.db, "SELECT id, flds FROM notes ORDER BY id")).toEqual([
        { id: 1, flds: "front 1back 1" },
        { id: 2, flds: "hfb" },
      ]);
      expect([...readCol(file.db).models.values()].map(({ tmpls }) => tmpls.map(({ name }) => name))).toEqual([[
        "Forward",
        "Card 2",
      ]]);
      expect(get(file.db, "SELECT nid, ord FROM cards ORDER BY nid, ord")).toEqual([{ nid: 1, ord: 0 }, {
        nid: 1,
        ord: 1,
      }, { nid: 2, ord: 0 }]);
      expect(report.told).toEqual(['note type "Basic" has the shape of its later change, with the notes of both']);
    }
  });

  test("a field with text that the later shape has no more comes back at its end; an empty one does not", () => {
    const fields = (names: string[], mod: number) => ({
      models: { [BASIC]: noteType(BASIC, { mod, flds: names.map((name, ord) => ({ name, ord })) }) },
    });
    const ours = {
      ...fields(["Front", "Extra", "None", "Back"], 5),
      notes: [note(1, { flds: "feb" })],
      cards: [card(11, 1)],
    };
    const theirs = { ...fields(["Front", "Back"], 6), notes: [note(2)], cards: [card(12, 2)] };
    const { file } = then(first(ours), theirs);
    expect(readCol(file.db).models.get(BASIC)!.flds.map(({ name }) => name)).toEqual(["Front", "Back", "Extra"]);
    expect(get(file.db, "SELECT flds FROM notes")).toEqual([{ flds: "fbe" }, { flds: "front 2back 2" }]);
  });

  test("a deck that was renamed is one deck, with its cards", () => {
    const named = (name: string, mod: number) => ({
      decks: { 1: deck(1, "Default"), 5: deck(5, name, { mod }) },
      notes: [note(1)],
      cards: [card(11, 1, { did: 5 })],
    });
    for (
      const { file } of [then(first(named("Old", 5)), named("New", 6)), then(first(named("New", 6)), named("Old", 5))]
    ) {
      expect([...readCol(file.db).decks.values()].map(({ name }) => name)).toEqual(["Default", "New"]);
      expect(get(file.db, "SELECT did FROM cards")).toEqual([{ did: 5 }]);
    }
  });

  test("what was deleted in one is gone in both, unless it was changed since; its reviews stay", () => {
    const whole = (mod: number) => ({
      notes: [note(1, { mod }), note(2)],
      cards: [card(11, 1, { mod }), card(12, 2)],
      revlog: [review(5, 11), review(6, 12)],
    });
    const deletedThere = {
      notes: [note(2)],
      cards: [card(12, 2)],
      revlog: [review(5, 11), review(6, 12)],
      graves: [{ usn: -1, oid: 1, type: 1 }, { usn: -1, oid: 11, type: 0 }],
    };
    const later = 1_600_000_200;
    for (const [mod, left] of [[1_000, 1], [later, 2]] as const) {
      for (const { file } of [then(first(whole(mod)), deletedThere), then(first(deletedThere), whole(mod))]) {
        expect(get(file.db, "SELECT count(*) AS n FROM notes")).toEqual([{ n: left }]);
        expect(get(file.db, "SELECT count(*) AS n FROM revlog")).toEqual([{ n: 2 }]);
        expect(get(file.db, "SELECT count(*) AS n FROM graves")).toEqual([{ n: left === 1 ? 2 : 0 }]);
      }
    }
  });
});
