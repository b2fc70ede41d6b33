import type { DatabaseSync } from "node:sqlite";
import type { Deck, Json } from "./col.ts";
import { CollectionUnreadableError, readable } from "./errors.ts";
import { checkJson } from "./json.ts";
import { present, withOther } from "./notetypes18.ts";
import { type Message, readMessage } from "./wire.ts";

const OTHER = 255;
/** Options are protobuf from here on; in the schema before they are the JSON of schema 11, one text each. */
const AS_PROTOBUF = 15;
/** From here on an ease of 2.5 is kept as 2.5; in the one before as 250. New options had none there. */
const EASE_AS_FACTOR = 16;
const UNREADABLE = "The collection's deck options cannot be read. Check the database in Anki and export it again.";
const LEAST_EASE = 1.3;
const DEFAULT_EASE = 2.5;
const NORMAL = 1;
const FILTERED = 2;

const blob = (value: unknown) => (value instanceof Uint8Array ? value : new Uint8Array());
const dayLimit = (m: Message, field: number) =>
  m.has(field) ? { limit: m.message(field).number(1), today: m.message(field).number(2) } : null;

/** Deck.Normal. */
function toNormal(n: Message): Json {
  return {
    dyn: 0,
    desc: n.text(4),
    conf: n.number(1),
    extendNew: n.number(2),
    extendRev: n.number(3),
    reviewLimit: n.optional(6) ?? null,
    newLimit: n.optional(7) ?? null,
    reviewLimitToday: dayLimit(n, 8),
    newLimitToday: dayLimit(n, 9),
    // A share in the message, percent in schema 11.
    ...present({ md: n.flag(5), desiredRetention: n.has(10) ? Math.round(n.float(10) * 100) : undefined }),
  };
}

/** Deck.Filtered. */
function toFiltered(f: Message): Json {
  const delays = f.floats(3);
  return {
    dyn: 1,
    desc: "",
    resched: f.flag(1),
    terms: f.messages(2).map((term) => [term.text(1), term.number(2), term.number(3)]),
    separate: true,
    delays: delays.length > 0 ? delays : null,
    previewDelay: f.number(4),
    previewHardSecs: f.number(5),
    previewGoodSecs: f.number(6),
    previewAgainSecs: f.number(7),
  };
}

/** Reads schema 18's decks as schema 11 writes them: levels of the name are joined by `::`. */
export function readDecks(db: DatabaseSync): Map<number, Deck> {
  return new Map(
    db.prepare("SELECT id, name, mtime_secs, usn, common, kind FROM decks NOT INDEXED").all().map((row) => {
      const common = readMessage(blob(row.common));
      const kind = readMessage(blob(row.kind));
      const day = common.number(3);
      const deck = withOther(common.bytes(OTHER), {
        id: row.id,
        mod: row.mtime_secs,
        name: String(row.name).replaceAll("\u001f", "::"),
        usn: row.usn,
        lrnToday: [day, common.number(6)],
        revToday: [day, common.number(5)],
        newToday: [day, common.number(4)],
        timeToday: [day, common.number(7)],
        collapsed: common.flag(1),
        browserCollapsed: common.flag(2),
        ...(kind.has(FILTERED) ? toFiltered(kind.message(FILTERED)) : toNormal(kind.message(NORMAL))),
      });
      return [Number(row.id), deck as Deck];
    }),
  );
}

const part = (other: Json, key: string) => {
  const value = other[key];
  return typeof value === "object" && value !== null ? value : {};
};

/** DeckConfig.Config. The numbers of enums are the same in both schemas, but for the order of new cards. */
function toOptions(row: Json, c: Message, schema: number): Json {
  const other = withOther(c.bytes(OTHER), {});
  return {
    ...other,
    id: row.id,
    mod: row.mtime_secs,
    name: row.name,
    usn: row.usn,
    maxTaken: c.number(24),
    autoplay: !c.flag(23),
    timer: c.flag(25) ? 1 : 0,
    replayq: !c.flag(26),
    new: {
      ...part(other, "new"),
      bury: c.flag(27),
      delays: c.floats(1),
      initialFactor: Math.round(easeOf(c, schema) * 1000),
      ints: [c.number(18), c.number(19), 0],
      order: c.number(20) === 1 ? 0 : 1,
      perDay: c.number(9),
    },
    rev: {
      ...part(other, "rev"),
      bury: c.flag(28),
      ease4: c.float(12),
      ivlFct: c.float(15),
      maxIvl: c.number(16),
      perDay: c.number(10),
      hardFactor: c.float(13),
    },
    lapse: {
      ...part(other, "lapse"),
      delays: c.floats(2),
      leechAction: c.number(21) === 1 ? 1 : 0,
      leechFails: c.number(22),
      minInt: c.number(17),
      mult: c.float(14),
    },
    dyn: false,
    newMix: c.number(30),
    newPerDayMinimum: c.number(35),
    interdayLearningMix: c.number(31),
    reviewOrder: c.number(33),
    newSortOrder: c.number(32),
    newGatherPriority: c.number(34),
    buryInterdayLearning: c.flag(29),
    fsrsWeights: c.floats(3),
    fsrsParams5: c.floats(5),
    fsrsParams6: c.floats(6),
    easyDaysPercentages: c.floats(4),
    desiredRetention: c.float(37),
    ignoreRevlogsBeforeDate: c.text(46),
    stopTimerOnAnswer: c.flag(38),
    secondsToShowQuestion: c.float(41),
    secondsToShowAnswer: c.float(42),
    questionAction: c.number(36),
    answerAction: c.number(43),
    waitForAudio: c.flag(44),
    sm2Retention: c.float(40),
    weightSearch: c.text(45),
  };
}

function easeOf(c: Message, schema: number): number {
  const ease = c.float(11);
  if (schema >= EASE_AS_FACTOR) return ease;
  return ease / 100 <= LEAST_EASE ? DEFAULT_EASE : ease / 100;
}

/** Options in JSON; the row's own id and name hold. */
function fromJson(row: Json): Json {
  const text = new TextDecoder().decode(blob(row.config));
  checkJson(text, "deck options");
  const value = readable(UNREADABLE, () => JSON.parse(text) as unknown);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CollectionUnreadableError(UNREADABLE);
  }
  return { ...value, id: row.id, name: row.name, mod: row.mtime_secs, usn: row.usn };
}

/** Reads the deck options of schema 14 to 18 as schema 11 writes them. */
export function readDeckOptions(db: DatabaseSync, schema: number): Map<number, Json> {
  return new Map(
    db.prepare("SELECT id, name, mtime_secs, usn, config FROM deck_config NOT INDEXED").all().map((row) => [
      Number(row.id),
      schema < AS_PROTOBUF ? fromJson(row) : toOptions(row, readMessage(blob(row.config)), schema),
    ]),
  );
}
