import { tmpdir } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import { checkInvariants, openChecked } from "../../api/anki/file/check.ts";
import { readCol } from "../../api/anki/file/col.ts";
import { importInto, type ImportResult } from "../../api/anki/file/import.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import {
  BASIC,
  card,
  CRT,
  databaseBytes,
  deck,
  dump,
  fillSchema11,
  note,
  noteType,
  options,
  review,
} from "../kit/anki-file.ts";
import { fc } from "../kit/property.ts";

const files = createTempFiles({ dir: tmpdir() });
afterEach(() => files.closeAll());
const NOW = 1_700_000_000_000;
/** When both copies were made; each change comes a second after the one before, on whichever side it is. */
const START_S = 1_600_000_000;

type Row = Record<string, string | number>;
type Copy = {
  notes: Row[];
  cards: Row[];
  revlog: Row[];
  graves: Row[];
  decks: Record<string, Row>;
  models: Record<string, { flds: { name: string; ord?: number }[]; mod: number }>;
  dconf: Record<string, object>;
  mod: number;
};

function base(): Copy {
  const ids = [1, 2, 3, 4, 5];
  return {
    notes: ids.map((id) => note(id, { mod: START_S }) as Row),
    cards: ids.flatMap((id) =>
      [0, 1].map((ord) =>
        card(id * 10 + ord, id, {
          ord,
          mod: START_S,
          did: [1, 5, 6][(id + ord) % 3]!,
          ...(id % 2 && { type: 2, queue: 2, due: 50 + id, ivl: 10, reps: 3, factor: 2500 }),
        }) as Row
      )
    ),
    revlog: [1, 3, 5].map((id) => review(START_S * 1_000 - id, id * 10) as Row),
    graves: [],
    decks: {
      1: deck(1, "Default", { mod: START_S }) as Row,
      5: deck(5, "A", { mod: START_S }) as Row,
      6: deck(6, "A::B", { mod: START_S }) as Row,
    },
    models: { [BASIC]: { ...noteType(BASIC), mod: START_S } as Copy["models"][string] },
    dconf: { 1: options(1, { mod: START_S }) },
    mod: START_S * 1_000,
  };
}

const KINDS = [
  "edit",
  "tag",
  "move",
  "answer",
  "reset",
  "suspend",
  "flag",
  "deleteNote",
  "deleteDeck",
  "renameDeck",
  "addNote",
  "addField",
  "preset",
] as const;
const changes = fc.array(
  fc.record({ side: fc.nat(1), kind: fc.constantFrom(...KINDS), which: fc.nat(9), where: fc.nat(2) }),
  { maxLength: 14 },
);
type Change = { side: number; kind: (typeof KINDS)[number]; which: number; where: number };

/** What each change does in Anki: the rows, their times, and the marks of what is deleted. */
function apply(copy: Copy, { kind, which, where }: Change, at: number): void {
  const pick = <T>(all: readonly T[]): T | undefined => all[which % Math.max(1, all.length)];
  const decks = Object.keys(copy.decks);
  const one = pick(copy.cards);
  const some = pick(copy.notes);
  const changed = (row: Row | undefined, over: Row) => row && Object.assign(row, over, { mod: at });
  const bury = (cards: readonly Row[]) => {
    for (const { id } of cards) copy.graves.push({ usn: -1, oid: id!, type: 0 });
    copy.cards = copy.cards.filter((each) => !cards.includes(each));
    for (const { id } of copy.notes.filter(({ id }) => !copy.cards.some(({ nid }) => nid === id))) {
      copy.graves.push({ usn: -1, oid: id!, type: 1 });
    }
    copy.notes = copy.notes.filter(({ id }) => copy.cards.some(({ nid }) => nid === id));
  };
  switch (kind) {
    case "edit":
      changed(some, { flds: [`front ${at}`, ...String(some?.flds).split("\u001f").slice(1)].join("\u001f") });
      break;
    case "tag":
      changed(some, { tags: ` t${at} ` });
      break;
    case "move":
      changed(one, { did: Number(decks[where % decks.length]) });
      break;
    case "answer":
      if (!one) break;
      changed(one, { type: 2, queue: 2, due: 60 + (at % 30), ivl: at % 40, factor: 2500, reps: Number(one.reps) + 1 });
      copy.revlog.push(review(at * 1_000, Number(one.id)) as Row);
      break;
    case "reset":
      changed(one, { type: 0, queue: 0, due: at % 1_000, ivl: 0, reps: 0 });
      break;
    case "suspend":
      changed(one, { queue: -1 });
      break;
    case "flag":
      changed(one, { flags: 1 + (at % 7) });
      break;
    case "deleteNote":
      bury(copy.cards.filter(({ nid }) => nid === some?.id));
      break;
    case "deleteDeck": {
      const id = [5, 6][where % 2]!;
      const name = copy.decks[id]?.name;
      if (name === undefined) break;
      const gone = decks.filter((key) => key === String(id) || String(copy.decks[key]!.name).startsWith(`${name}::`));
      bury(copy.cards.filter(({ did }) => gone.includes(String(did))));
      for (const key of gone) {
        delete copy.decks[key];
        copy.graves.push({ usn: -1, oid: Number(key), type: 2 });
      }
      break;
    }
    case "renameDeck":
      changed(copy.decks[[5, 6, 1][where]!], { name: `Renamed ${at}` });
      break;
    case "addNote":
      copy.notes.push(note(at, { mod: at, flds: `new ${at}\u001fb` }) as Row);
      copy.cards.push(card(at, at, { mod: at, did: Number(decks[where % decks.length]) }) as Row);
      break;
    case "addField": {
      const type = copy.models[BASIC]!;
      copy.models[BASIC] = { ...type, flds: [...type.flds, { name: `Field ${at}`, ord: type.flds.length }], mod: at };
      for (const each of copy.notes) each.flds = `${each.flds}\u001f`;
      break;
    }
    case "preset":
      copy.dconf[1] = options(1, { mod: at, new: { perDay: at % 100 } });
  }
  copy.mod = at * 1_000;
}

function bytesOf({ mod, ...content }: Copy): Uint8Array {
  return databaseBytes((db) => {
    fillSchema11(db, { ...content, conf: { schedVer: 2, localOffset: 0, creationOffset: 0 } });
    db.prepare("UPDATE col SET mod = ?").run(mod);
  });
}

const open = (bytes: Uint8Array) => openChecked(files, bytes, { now: NOW });
const merged = (one: Uint8Array, two: Uint8Array): ImportResult =>
  importInto(importInto(undefined, open(one), { now: NOW }), open(two), { now: NOW + 1 });

/** All that a person has, without what only a sync server reads, and without the time of the merge itself. */
function contentOf(db: DatabaseSync) {
  const rows = (sql: string) => db.prepare(sql).all().map((row) => JSON.stringify(row));
  const { decks, models, dconf } = readCol(db);
  const without = (all: ReadonlyMap<number, Record<string, unknown>>) =>
    [...all].map(([id, json]) => [id, { ...json, usn: 0 }]).toSorted(([a], [b]) => Number(a) - Number(b));
  return {
    notes: rows("SELECT id, guid, mid, mod, tags, flds FROM notes ORDER BY id"),
    cards: rows(
      "SELECT id, nid, did, ord, mod, type, queue, due, ivl, factor, reps, flags, odid FROM cards ORDER BY id",
    ),
    revlog: rows("SELECT id, cid, ease, ivl FROM revlog ORDER BY id"),
    graves: rows("SELECT DISTINCT oid, type FROM graves ORDER BY type, oid"),
    decks: without(decks),
    models: without(models),
    dconf: without(dconf),
  };
}

describe("a collection that was changed on both sides", () => {
  test("merges as the table in the README says, in either order the same, and again without a change", () => {
    fc.assert(
      fc.property(changes, (all) => {
        const sides = [base(), base()] as const;
        all.forEach((change, i) => apply(sides[change.side]!, change, START_S + 1 + i));
        try {
          const [one, two] = [bytesOf(sides[0]), bytesOf(sides[1])];
          const here = merged(one, two);
          const there = merged(two, one);
          checkInvariants(here.file.db);
          expect(contentOf(here.file.db)).toEqual(contentOf(there.file.db));
          const again = importInto(here, open(two), { now: NOW + 2 });
          expect(dump(again.file.db)).toEqual(dump(here.file.db));
          // Every review of both is there once, and what nobody deleted is there.
          const ids = new Set([...sides[0].revlog, ...sides[1].revlog].map(({ id }) => Number(id)));
          expect(here.file.db.prepare("SELECT count(*) AS n FROM revlog").get()!.n).toBe(ids.size);
          const buried = new Set([...sides[0].graves, ...sides[1].graves].map(({ oid, type }) => `${type}:${oid}`));
          const kept = new Set(here.file.db.prepare("SELECT id FROM notes").all().map(({ id }) => Number(id)));
          for (const { id, nid } of [...sides[0].cards, ...sides[1].cards]) {
            if (!buried.has(`0:${id}`) && !buried.has(`1:${nid}`)) expect(kept).toContain(Number(nid));
          }
        } finally {
          files.closeAll();
        }
      }),
      { numRuns: 25 },
    );
  });
});

test("a note loses the field that its note type loses, also where that is the last one", () => {
  const [one, two] = [base(), base()];
  const addField = (copy: Copy, at: number) =>
    apply(copy, { side: 0, kind: "addField", which: 0, where: 0 }, START_S + at);
  addField(one, 1);
  addField(one, 2);
  addField(two, 3);
  for (const { file } of [merged(bytesOf(one), bytesOf(two)), merged(bytesOf(two), bytesOf(one))]) {
    expect(readCol(file.db).models.get(BASIC)!.flds).toHaveLength(3);
    expect(
      file.db.prepare("SELECT DISTINCT flds FROM notes WHERE id = 1").all().map(({ flds }) =>
        String(flds).split("\u001f").length
      ),
    )
      .toEqual([3]);
  }
});

describe("a deck that was deleted in one of the two", () => {
  const whole = (): Copy => base();
  const without = (copy: Copy, id: number): Copy => {
    apply(copy, { side: 0, kind: "deleteDeck", which: 0, where: id === 5 ? 0 : 1 }, START_S + 50);
    return copy;
  };
  const names = (db: DatabaseSync) => [...readCol(db).decks.values()].map(({ name }) => name).toSorted();

  test("does not come back empty by an older file, in either order, with its cards and the decks below it", () => {
    const [gone, old] = [bytesOf(without(whole(), 5)), bytesOf(whole())];
    for (const { file } of [merged(gone, old), merged(old, gone)]) {
      expect(names(file.db)).toEqual(["Default"]);
      expect(file.db.prepare("SELECT count(*) AS n FROM cards WHERE did <> 1").get()).toEqual({ n: 0 });
    }
    expect(merged(old, gone).report.told).toContain('deck "A", which the file says is deleted, is gone');
  });

  test("stays where a card in it, or the deck itself, was changed after that", () => {
    const answered = whole();
    apply(
      answered,
      { side: 1, kind: "answer", which: answered.cards.findIndex(({ did }) => did === 6), where: 0 },
      START_S + 60,
    );
    const renamed = whole();
    apply(renamed, { side: 1, kind: "renameDeck", which: 0, where: 1 }, START_S + 60);
    for (const [copy, name] of [[answered, "A::B"], [renamed, `Renamed ${START_S + 60}`]] as const) {
      const [gone, later] = [bytesOf(without(whole(), 6)), bytesOf(copy)];
      for (const { file } of [merged(gone, later), merged(later, gone)]) {
        expect(names(file.db)).toEqual(["A", name, "Default"].toSorted());
        expect(file.db.prepare("SELECT count(*) AS n FROM graves WHERE type = 2").get()).toEqual({ n: 0 });
      }
    }
  });

  test("and made anew by the same name is the new one", () => {
    const anew = without(whole(), 6);
    anew.decks[77] = deck(77, "A::B", { mod: START_S + 51 }) as Row;
    anew.mod = (START_S + 51) * 1_000;
    for (const [one, two] of [[anew, whole()], [whole(), anew]] as const) {
      expect(names(merged(bytesOf(one), bytesOf(two)).file.db)).toEqual(["A", "A::B", "Default"]);
    }
  });
});

test("a default deck that was renamed is no other deck, and gets no second one by a shared deck", () => {
  const mine = base();
  const other = base();
  apply(mine, { side: 0, kind: "renameDeck", which: 0, where: 2 }, START_S + 9);
  const names = (db: DatabaseSync) => [...readCol(db).decks].map(([id, { name }]) => `${id} ${name}`).toSorted();
  const name = `Renamed ${START_S + 9}`;
  for (const [one, two] of [[mine, other], [other, mine]] as const) {
    expect(names(merged(bytesOf(one), bytesOf(two)).file.db)).toEqual([`1 ${name}`, "5 A", "6 A::B"]);
  }
  const shared = databaseBytes((db) =>
    fillSchema11(db, {
      crt: CRT - 864_000,
      decks: { 1: deck(1, "Default", { mod: START_S + 99 }), 7: deck(7, "Shared") },
      notes: [note(77)],
      cards: [card(777, 77, { did: 7 })],
    })
  );
  expect(names(merged(bytesOf(mine), shared).file.db)).toEqual([`1 ${name}`, "5 A", "6 A::B", "7 Shared"]);
  expect(names(merged(shared, bytesOf(mine)).file.db)).toContain(`2 ${name}`);
});

test("what lives in a file is not deleted by the marks that the file has of it, in either order and again", () => {
  const whole = (): Copy => ({ ...base(), decks: { ...base().decks, 8: deck(8, "Empty", { mod: START_S }) as Row } });
  const back = whole();
  back.graves.push({ usn: 3, oid: 8, type: 2 });
  back.graves.push({ usn: 3, oid: 1, type: 1 }, { usn: 3, oid: 10, type: 0 }, { usn: 3, oid: 11, type: 0 });
  back.graves.push({ usn: 3, oid: 20, type: 0 }, { usn: 3, oid: 5, type: 2 });
  back.mod += 500_000;
  for (const [one, two] of [[back, back], [back, whole()], [whole(), back]] as const) {
    const result = merged(bytesOf(one), bytesOf(two));
    expect(contentOf(result.file.db)).toEqual(contentOf(open(bytesOf(whole())).file.db));
    expect(result.report.told).toEqual([]);
  }
});
