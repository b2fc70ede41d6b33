import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../core/clock.ts";
import { defaultDeck, defaultOptions } from "../file/defaults.ts";
import { createIndexes, createTables } from "../file/take.ts";
import type { TempFiles } from "../file/temp.ts";
import { STOCK_KINDS, stockNoteType } from "./stock.ts";

const NOTHING = new Uint8Array();
const ROLLOVER = 4;

/**
 * The collection of somebody who has none: Anki's default deck, options and note types, no notes, scheduled by FSRS. Its
 * first day is that of `now` where the person is, `offsetMinutes` east of UTC.
 */
export function starterCollection(files: TempFiles, now: number, offsetMinutes: number): Uint8Array {
  const file = files.fromBytes(NOTHING);
  try {
    createTables(file.db);
    createIndexes(file.db);
    const shift = offsetMinutes * MINUTE_MS - ROLLOVER * HOUR_MS;
    const day = Math.floor((now + shift) / DAY_MS) * DAY_MS - shift;
    const byId = (all: readonly Record<string, unknown>[]) =>
      JSON.stringify(Object.fromEntries(all.map((each) => [String(each["id"]), each])));
    const conf = {
      activeDecks: [1],
      curDeck: 1,
      newSpread: 0,
      collapseTime: 1_200,
      timeLim: 0,
      estTimes: true,
      dueCounts: true,
      curModel: null,
      nextPos: 1,
      sortType: "noteFld",
      sortBackwards: false,
      addToCur: true,
      schedVer: 2,
      sched2021: true,
      rollover: ROLLOVER,
      creationOffset: 0 - offsetMinutes,
      localOffset: 0 - offsetMinutes,
      fsrs: true,
    };
    file.db.prepare("insert into col values (1, ?, ?, ?, 11, 0, -1, 0, ?, ?, ?, ?, '{}')").run(
      Math.floor(day / SECOND_MS),
      now,
      now,
      JSON.stringify(conf),
      byId(STOCK_KINDS.map(stockNoteType)),
      byId([defaultDeck()]),
      byId([defaultOptions()]),
    );
    return file.toBytes();
  } finally {
    file.close();
  }
}
