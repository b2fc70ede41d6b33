import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { openChecked } from "../../api/anki/file/check.ts";
import { readCol } from "../../api/anki/file/col.ts";
import { COLUMNS, INDEXES } from "../../api/anki/file/tables.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { readMessage, shortFloat } from "../../api/anki/file/wire.ts";
import { BASIC, message } from "../kit/anki-file.ts";
import { CLOZE, CONTENT_18, FILTERED, PARAMS_6, sampleSchema18 } from "../kit/anki-file-18.ts";

const files = createTempFiles({ dir: tmpdir() });
const sorted = (names: readonly unknown[]) => names.map(String).toSorted((a, b) => (a < b ? -1 : 1));
const open = () => openChecked(files, sampleSchema18(), { now: 0 });

describe("a collection of schema 18", () => {
  test("becomes one of schema 11: the tables and indexes of that, and none besides", () => {
    const { file, cameAs, repairs } = open();
    expect({ cameAs, repairs }).toEqual({ cameAs: 18, repairs: [] });
    const made = file.db.prepare("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").all();
    const names = (of: string) => sorted(made.filter(({ type }) => type === of).map(({ name }) => name));
    expect(names("table")).toEqual(sorted(Object.keys(COLUMNS)));
    expect(names("index")).toEqual(sorted(Object.keys(INDEXES)));
    expect(file.db.prepare("SELECT ver FROM col").get()?.ver).toBe(11);
    for (const table of ["notes", "cards", "revlog", "graves"] as const) {
      const columns = COLUMNS[table].join(", ");
      const rows = file.db.prepare(`SELECT ${columns} FROM ${table} ORDER BY 1`).all().map((row) => ({ ...row }));
      const wanted = CONTENT_18[table].toSorted((a, b) => Number(Object.values(a)[0]) - Number(Object.values(b)[0]));
      expect(rows).toEqual(wanted);
    }
    file.close();
  });

  test("keeps its note types with fields, templates and what is required", () => {
    const { file } = open();
    const { models } = readCol(file.db);
    file.close();
    expect(models.get(BASIC)).toEqual({
      id: BASIC,
      name: "basic",
      type: 0,
      mod: 1234,
      usn: 5,
      sortf: 1,
      did: null,
      css: ".card {}",
      latexPre: "pre",
      latexPost: "post",
      latexsvg: false,
      req: [[1, "all", [0, 1]]],
      originalStockKind: 1,
      originalId: 777,
      flds: [
        {
          name: "Front",
          ord: 0,
          sticky: true,
          rtl: false,
          font: "Arial",
          size: 20,
          description: "what is asked",
          plainText: false,
          collapsed: false,
          excludeFromSearch: false,
          id: 4321,
        },
        {
          name: "back",
          ord: 1,
          sticky: false,
          rtl: true,
          font: "Arial",
          size: 22,
          description: "",
          plainText: true,
          collapsed: true,
          excludeFromSearch: true,
          media: [],
        },
      ],
      tmpls: [
        {
          name: "Card 1",
          ord: 0,
          qfmt: "{{Front}}",
          afmt: "{{back}}",
          bqfmt: "{{Front}}!",
          bafmt: "",
          did: FILTERED,
          bfont: "Mono",
          bsize: 12,
        },
        {
          name: "another",
          ord: 1,
          qfmt: "{{back}}",
          afmt: "{{Front}}",
          bqfmt: "",
          bafmt: "",
          did: null,
          bfont: "",
          bsize: 0,
        },
      ],
    });
    expect(models.get(CLOZE)).toMatchObject({ type: 1, latexsvg: true, tmpls: [{ qfmt: "{{cloze:Text}}" }] });
  });

  test("keeps its decks, nested, with limits of their own, and filtered", () => {
    const { file } = open();
    const { decks, tags, conf } = readCol(file.db);
    file.close();
    expect([...decks.keys()]).toEqual([1, 50, FILTERED]);
    expect(decks.get(50)).toEqual({
      id: 50,
      name: "a::B::c",
      mod: 10,
      usn: 3,
      dyn: 0,
      desc: "described",
      conf: 60,
      extendNew: 4,
      extendRev: 5,
      reviewLimit: 0,
      newLimit: 12,
      reviewLimitToday: null,
      newLimitToday: { limit: 30, today: 199 },
      desiredRetention: 85,
      lrnToday: [200, 2],
      revToday: [200, 40],
      newToday: [200, 7],
      timeToday: [200, 90_000],
      collapsed: true,
      browserCollapsed: false,
      mid: 5,
    });
    expect(decks.get(FILTERED)).toMatchObject({
      dyn: 1,
      resched: true,
      terms: [["is:due", 99, 1]],
      delays: [1, 10],
      previewDelay: 9,
      previewHardSecs: 600,
    });
    expect(Object.fromEntries(tags)).toEqual({ "b": 3, "A::x": 4 });
    expect(conf).toEqual({ fsrs: true, nextPos: 17, sortType: "noteFld" });
  });

  test("keeps its deck options, with FSRS's parameters as short decimals", () => {
    const { file } = open();
    const { dconf } = readCol(file.db);
    file.close();
    expect(dconf.get(60)).toEqual({
      id: 60,
      name: "Hard",
      mod: 77,
      usn: 2,
      maxTaken: 45,
      autoplay: false,
      timer: 1,
      replayq: false,
      dyn: false,
      own: true,
      new: {
        bury: true,
        delays: [0.5, 15],
        initialFactor: 2500,
        ints: [3, 6, 0],
        order: 0,
        perDay: 33,
        separate: true,
      },
      rev: { bury: true, ease4: 1.3, ivlFct: 0.95, maxIvl: 365, perDay: 444, hardFactor: 1.2 },
      lapse: { delays: [10], leechAction: 1, leechFails: 6, minInt: 2, mult: 0.2 },
      newMix: 2,
      newPerDayMinimum: 8,
      interdayLearningMix: 1,
      reviewOrder: 4,
      newSortOrder: 3,
      newGatherPriority: 5,
      buryInterdayLearning: true,
      fsrsWeights: [0.4, 0.6],
      fsrsParams5: [0.41],
      fsrsParams6: PARAMS_6,
      easyDaysPercentages: [1, 1, 1, 1, 1, 0.5, 0],
      desiredRetention: 0.92,
      ignoreRevlogsBeforeDate: "2024-02-03",
      stopTimerOnAnswer: true,
      secondsToShowQuestion: 1.5,
      secondsToShowAnswer: 2.5,
      questionAction: 0,
      answerAction: 3,
      waitForAudio: true,
      sm2Retention: 0.88,
      weightSearch: "deck:x",
    });
  });

  test("whose settings are no protobuf or no JSON is refused", () => {
    const broken = (sql: string) => () => openChecked(files, sampleSchema18(sql), { now: 0 });
    expect(broken("UPDATE notetypes SET config = x'0aff'")).toThrow(/cannot be read \(protobuf\)/);
    expect(broken("UPDATE config SET val = x'7b'")).toThrow(/damaged/);
    expect(broken("DELETE FROM fields")).toThrow(/note types cannot be read/);
    expect(files.openCount()).toBe(0);
  });
});

describe("a message", () => {
  test("gives nothing for what it does not hold, and skips what nobody asks for", () => {
    const empty = readMessage(new Uint8Array());
    expect([
      empty.text(1),
      empty.number(1),
      empty.flag(1),
      empty.float(1),
      empty.floats(1),
      empty.optional(1),
      empty.messages(1),
    ])
      .toEqual(["", 0, false, 0, [], undefined, []]);
    expect(readMessage(message([[9, "x"], [1, -5], [2, { float: 0.1 }], [2, { float: 0.9 }]])).number(1)).toBe(-5);
    expect(readMessage(message([[2, { float: 0.1 }], [2, { float: 0.9 }]])).floats(2)).toEqual([0.1, 0.9]);
  });

  test("gives a float as the shortest decimal that is the same float", () => {
    for (const short of [0.9, 0.0658, 36500, 1e-7, 0, 123456.7]) expect(shortFloat(Math.fround(short))).toBe(short);
  });
});
