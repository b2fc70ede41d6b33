import { DAY_MS, HOUR_MS, MINUTE_MS } from "../core/clock.ts";
import type { StreamPosition } from "../core/stream-position.ts";

/** Every IANA zone's offset is a multiple of it since 1972, so days and hours of any zone are made of whole slots. */
export const SLOT_MS = 15 * MINUTE_MS;
export const SLOTS_OF_DAY = DAY_MS / SLOT_MS;
const SLOTS_OF_HOUR = HOUR_MS / SLOT_MS;

/** One number of one rollup item, and how much something adds to it. */
export type Cell = {
  pk: string;
  sk: string;
  name: string;
  n: number;
  /** After this instant nobody reads the item any more. */
  until?: number;
};

/** What one change of one thing moves in one rollup item. */
export type ItemChange = StreamPosition & {
  pk: string;
  sk: string;
  /** By attribute; never 0. */
  adds: ReadonlyMap<string, number>;
  until: number | undefined;
};

/**
 * What session items count in each slot of the sessions' starts, by the letter of its attributes. Of two numbers that say the
 * same, the one that returns to 0 is kept: `running` is 0 again when a session ends and its attribute is removed, where
 * `completed` (sessions less running) would stay and make every write of the item larger.
 */
export const SESSION_LETTERS = {
  sessions: "s",
  running: "r",
  durationMs: "d",
  /** Playback that started, and that was tried and did not. */
  started: "p",
  failed: "f",
  /** From the slot's beginning to the session's, added up. */
  offsetMs: "o",
  motions: "m",
} as const;

/**
 * Where the time between a session's start and its end lies, by slots counted from the UTC day of the start: so all that a
 * session adds is in items of its start's day, however long it lasts. The slots that it fills whole are told by two
 * numbers, one where they begin and one after their end; what is open in a slot is the sum of all numbers up to it. No
 * letter is `w`: watermarks are. Each stretch between pauses is told so, and which slots pauses touch.
 *
 *     12:05 to 13:20:  t48 +600,000  x49 +1  x53 -1  t53 +300,000
 */
export const TIME_LETTERS = {
  /** Milliseconds in a slot that a session fills in part. */
  partialMs: "t",
  /** By how many more sessions than the slot before it a slot is filled whole. */
  filled: "x",
  /** By how many more sessions than the slot before it have a pause in a slot: they are there, and not active. */
  paused: "y",
} as const;
/** By the date of their start: how long sessions last that are not LONG. */
export const LENGTH_LETTER = "u";
/** Sessions that reach further than this from the UTC day of their start lie in items of their own. */
export const SHORT_DAYS = 8;

/** What journey items count in each slot of the journeys' starts. */
export const JOURNEY_LETTERS = {
  journeys: "j",
  GOAL_REACHED: "r",
  FORM_COMPLETED: "f",
  CTA_CLICKED: "c",
  LINK_CLICKED: "l",
  /** For good: the visitor engaged, left, and came back only to look. */
  ABANDONED: "a",
  /** The visitor engaged; abandoned once 30 minutes have passed. */
  engaged: "g",
  events: "e",
  messages: "m",
} as const;

/** The slot of an instant, counted from 1970. */
export function slotOf(at: number): number {
  return Math.floor(at / SLOT_MS);
}

/** A slot's UTC day, counted from 1970. */
export function dayOf(slot: number): number {
  return Math.floor(slot / SLOTS_OF_DAY);
}

/** A day as keys name it, such as 2026-11-21. */
export function dayName(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export const LONG = "long#";

/**
 * Keys of the table `rollups`. Tenants hold no `#`, and a sensor's id is the last part of its key, so that no id can look
 * like another's.
 *
 *  | pk                | sk                                  | what                                                          |
 *  |-------------------|-------------------------------------|---------------------------------------------------------------|
 *  | tenant#SESSIONS   | day#n, day#m                        | by slot: what opens and ends change; motion events            |
 *  |                   | day#h, day#h17                      | durations of a UTC day, and of an hour of it by quarter       |
 *  |                   | day#t                               | where the time of the sessions lies that began on a day       |
 *  |                   | long#day                            | the same of those that reach further than 8 days              |
 *  | tenant#SENSOR#id  | day, day#h                          | of one sensor: by slot, with their time; durations by slot    |
 *  |                   | month                               | its sessions, motion events and their length by day           |
 *  |                   | long#day                            | where the time of its long sessions lies                      |
 *  | tenant#LABELS     | label#month                         | sessions with a label, by the day of their start              |
 *  | tenant#JOURNEYS   | day#n, day#m, day#h, day#h17        | as of sessions: outcomes; events and messages; durations      |
 *  | tenant#PENDING    | minute                              | journeys to be abandoned then, by the slot of their start     |
 */
export const keys = {
  /** Of one sensor. */
  day: (day: number) => dayName(day),
  counts: (day: number) => `${dayName(day)}#n`,
  moving: (day: number) => `${dayName(day)}#m`,
  dayBins: (day: number) => `${dayName(day)}#h`,
  hourBins: (slot: number) =>
    `${dayName(dayOf(slot))}#h${String(Math.floor((slot % SLOTS_OF_DAY) / SLOTS_OF_HOUR)).padStart(2, "0")}`,
  month: (day: number) => dayName(day).slice(0, 7),
  time: (day: number) => `${dayName(day)}#t`,
  long: (day: number) => `${LONG}${dayName(day)}`,
  label: (label: string, day: number) => `${label}#${dayName(day).slice(0, 7)}`,
  minute: (at: number) => new Date(Math.floor(at / MINUTE_MS) * MINUTE_MS).toISOString().slice(0, 16),
} as const;

/** What the key of a label's month names; the label may hold any text. */
export function parseLabelKey(sk: string): { label: string; month: string } {
  const at = sk.lastIndexOf("#");
  return { label: sk.slice(0, at), month: sk.slice(at + 1) };
}

export function labelsPk(tenantId: string): string {
  return `${tenantId}#LABELS`;
}

/** What is counted of a tenant as a whole; the rest is by sensor. */
export const TENANT_PARTS = ["SESSIONS", "JOURNEYS", "PENDING", "LABELS"] as const;

export function sensorPk(tenantId: string, sensorId: string): string {
  return `${tenantId}#SENSOR#${sensorId}`;
}

/** The attribute of a slot, of a day of the month, or of a start's slot since 1970. */
export function counterName(letter: string, place: number): string {
  return `${letter}${place}`;
}

const BINS_OF_PLACE = 1_024;

/** The attribute of a bin: of a day's durations, or of those of a quarter-hour (`place`) within an hour or a day. */
export function binName(bin: number, place = 0): string {
  return `h${(place * BINS_OF_PLACE + bin).toString(36)}`;
}

export function quarterOf(slot: number): number {
  return slot % SLOTS_OF_HOUR;
}

/** The numbers of an item by letter and place. */
export function readCounters(item: Readonly<Record<string, unknown>>): { letter: string; place: number; n: number }[] {
  return Object.entries(item).flatMap(([name, n]) => {
    const match = /^([a-z])(\d+)$/.exec(name);
    return match && match[1] !== "h" && typeof n === "number" && n !== 0
      ? [{ letter: match[1]!, place: Number(match[2]), n }]
      : [];
  });
}

/** The durations of an item by place and bin. */
export function readBins(item: Readonly<Record<string, unknown>>): { place: number; bin: number; n: number }[] {
  return Object.entries(item).flatMap(([name, n]) => {
    if (!name.startsWith("h") || typeof n !== "number" || n === 0) return [];
    const code = parseInt(name.slice(1), 36);
    return [{ place: Math.floor(code / BINS_OF_PLACE), bin: code % BINS_OF_PLACE, n }];
  });
}
