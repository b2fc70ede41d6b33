import { tmpdir } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
import { starterCollection } from "../../api/anki/edit/starter.ts";
import { openChecked } from "../../api/anki/file/check.ts";
import { readCol } from "../../api/anki/file/col.ts";
import { importInto, type ImportResult } from "../../api/anki/file/import.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { card, type Content, CRT, databaseBytes, deck, fillSchema11, note, options } from "../kit/anki-file.ts";

const files = createTempFiles({ dir: tmpdir() });
afterEach(() => files.closeAll());
const NOW = 1_700_000_000_000;
const open = (bytes: Uint8Array) => openChecked(files, bytes, { now: NOW });
const merged = (one: Uint8Array, two: Uint8Array): ImportResult =>
  importInto(importInto(undefined, open(one), { now: NOW }), open(two), { now: NOW + 1 });

describe("whose settings hold", () => {
  const conf = { schedVer: 2, creationOffset: -60, localOffset: -60 };
  const collection = (over: Content): Uint8Array =>
    databaseBytes((db) => fillSchema11(db, { notes: [note(1)], cards: [card(11, 1)], ...over }));
  const confOf = ({ file }: ImportResult) => readCol(file.db).conf;

  test("a person's own collection of SM-2 that never heard of FSRS turns it off, and it is told", () => {
    const starter = collection({ conf: { ...conf, fsrs: true } });
    const result = merged(starter, collection({ conf }));
    expect(confOf(result).fsrs).toBe(false);
    expect(result.report.told).toContain("setting fsrs is false now, was true");
  });

  test("what neither of two own collections names stays unnamed", () => {
    const result = merged(collection({ conf }), collection({ conf }));
    expect(confOf(result)).not.toHaveProperty("fsrs");
    expect(result.report.told).toEqual([]);
  });

  test("of two collections of one person those of the later one hold, whichever comes first, and however often", () => {
    const kinds: Content["conf"][] = [{ fsrs: true, rollover: 2 }, { fsrs: false, rollover: 3 }, { rollover: 5 }];
    const copies = kinds.map((own, i) => collection({ conf: { ...conf, ...own }, mod: 1_000 + i }));
    const [a, b, c] = copies as [Uint8Array, Uint8Array, Uint8Array];
    for (const order of [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a], [c, a, c, b, a]]) {
      let result = importInto(undefined, open(order[0]!), { now: NOW });
      for (const [i, each] of order.slice(1).entries()) result = importInto(result, open(each), { now: NOW + i + 1 });
      expect([confOf(result).fsrs ?? false, confOf(result).rollover]).toEqual([false, 5]);
    }
  });

  test("a starter collection and a shared deck have no time of their own: a person's earlier collection holds", () => {
    const shared = collection({
      conf: { schedVer: 2, rollover: 4 },
      mod: 9_000,
      cards: [card(11, 1, { type: 2, queue: 2, due: 5, data: '{"s":5,"d":4}' })],
    });
    const starter = importInto(
      { file: files.fromBytes(starterCollection(files, 9_000, 0)), media: new Map() },
      open(collection({ conf: { ...conf, rollover: 7 }, mod: 1_000 })),
      { now: NOW },
    );
    expect(confOf(starter)).toMatchObject({ fsrs: false, rollover: 7 });
    expect(confOf(merged(shared, collection({ conf: { ...conf, rollover: 7 }, mod: 1_000 })))).toMatchObject(
      { fsrs: false, rollover: 7 },
    );
  });

  test("a scheduler that was chosen here holds against a collection that was last changed before, and no later one", () => {
    const chosen = (at: number) => {
      const result = merged(collection({ conf, mod: 1_000 }), collection({ conf, mod: 2_000 }));
      const command = { do: "setScheduler" as const, fsrs: true };
      applyEntry(result.file.db, { kind: "edit", answerId: "e", at, offsetMinutes: 0, made: 0, command }, 0);
      return result;
    };
    const theirs = open(collection({ conf: { ...conf, fsrs: false }, mod: 50_000 }));
    const stays = importInto(chosen(60_000), theirs, { now: NOW });
    expect(confOf(stays).fsrs).toBe(true);
    expect(stays.report.told).toContain("setting fsrs is false in the file and stays true");
    expect(confOf(importInto(chosen(40_000), theirs, { now: NOW })).fsrs).toBe(false);
  });

  test("FSRS that is switched on in Anki later comes with the next import, and its parameters with it", () => {
    const before = collection({ conf: { ...conf, fsrs: false }, dconf: { 1: options(1, { mod: 10 }) } });
    const parameters = Array.from({ length: 21 }, (_, i) => i / 10);
    const after = collection({
      conf: { ...conf, fsrs: true },
      dconf: {
        1: options(1, {
          mod: 20,
          fsrsParams6: parameters,
          desiredRetention: 0.93,
          easyDaysPercentages: [1, 1, 1, 1, 1, 0.5, 0],
        }),
      },
    });
    const result = merged(before, after);
    expect(confOf(result).fsrs).toBe(true);
    expect([...readCol(result.file.db).dconf.values()]).toMatchObject([
      {
        name: "Default",
        fsrsParams6: parameters,
        desiredRetention: 0.93,
        easyDaysPercentages: [1, 1, 1, 1, 1, 0.5, 0],
      },
    ]);
    const again = importInto(result, open(after), { now: NOW + 2 });
    expect([...readCol(again.file.db).dconf.keys()]).toEqual([1]);
    expect(again.report.told).toEqual([]);
  });

  test("of two presets of one person the later change holds, whichever file comes first", () => {
    const [old, late] = [10, 20].map((mod) =>
      collection({ conf, dconf: { 1: options(1, { mod, new: { perDay: mod } }) } })
    );
    for (const result of [merged(old!, late!), merged(late!, old!)]) {
      expect(readCol(result.file.db).dconf.get(1)).toMatchObject({ new: { perDay: 20 } });
    }
  });

  test("a shared deck with FSRS in its cards changes no setting of a person's own", () => {
    const own = collection({ conf: { ...conf, fsrs: false, newSpread: 2, collapseTime: 600, rollover: 1 } });
    const shared = collection({
      conf: { schedVer: 2, newSpread: 0, collapseTime: 1200 },
      notes: [note(2)],
      cards: [card(12, 2, { type: 2, queue: 2, due: 5, data: '{"s":5,"d":4}' })],
    });
    const result = merged(own, shared);
    expect(confOf(result)).toMatchObject({ fsrs: false, newSpread: 2, collapseTime: 600, rollover: 1 });
    expect(result.report.told).toContain("setting fsrs is true in the file and stays false");
  });
});

test("days are those of where a collection was made, and learning cards in filtered decks have days too", () => {
  // Made on the same date at four in the morning: in Auckland (UTC+13) and in UTC.
  const auckland = databaseBytes((db) =>
    fillSchema11(db, {
      crt: CRT - 13 * 3_600 + 2 * 3_600,
      conf: { schedVer: 2, creationOffset: -780 },
      decks: { 1: deck(1, "Default"), 9: deck(9, "Cram", { dyn: 1, resched: true, terms: [] }) },
      notes: [note(1)],
      cards: [
        card(11, 1, { type: 2, queue: 2, due: 40 }),
        card(12, 1, { ord: 1, did: 9, odid: 1, type: 3, queue: 3, due: 41, odue: 50 }),
      ],
    })
  );
  for (const [hours, shift] of [[2, 0], [26, -1]] as const) {
    const utc = databaseBytes((db) =>
      fillSchema11(db, {
        crt: CRT + hours * 3_600,
        conf: { schedVer: 2, creationOffset: 0 },
        notes: [note(3)],
        cards: [card(31, 3, { type: 2, queue: 2, due: 1 })],
      })
    );
    const { file } = merged(utc, auckland);
    expect(file.db.prepare("SELECT due, odue FROM cards WHERE nid = 1 ORDER BY ord").all().map((row) => ({ ...row })))
      .toEqual([
        { due: 40 + shift, odue: 0 },
        { due: 41 + shift, odue: 50 + shift },
      ]);
  }
});
