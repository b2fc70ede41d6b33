import { Temporal } from "temporal-polyfill";
import { parseInstant } from "../../core/time.ts";

const EPOCH = /^(\d{1,19})(\.\d{1,9})?$/;
/** Seconds reach the year 2286 with so many digits; milliseconds, microseconds and nanoseconds with three more each. */
const [SECONDS_DIGITS, MILLISECONDS_DIGITS, MICROSECONDS_DIGITS] = [10, 13, 16];
const DATE = String.raw`(\d{4})[-/](\d{1,2})[-/](\d{1,2})`;
const CLOCK = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?`;
const OFFSET = String.raw`\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?`;
const WHEN = new RegExp(`^${DATE}(?:[T\\s]+${CLOCK})?${OFFSET}$`, "i");
/** 20260131T120000Z, as calendars write it. */
const BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2}):?(\d{2}):?(\d{2})?/i;
/** 2:05 PM; only behind dates whose order is known. */
const HALVES = /(\d{1,2})(:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s*([AP])\.?M\.?/i;
/** Europe/Madrid behind a clock, or in brackets behind its offset, as RFC 9557 has it. */
const NAMED_ZONE = /\s*(?:\[([\w/+-]+)\]|\s([A-Za-z]+\/[\w/+-]+))$/;
/** 31.01.2026: with points the day is first everywhere. */
const DOTTED = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?=$|[T\s])/i;
/** 01/Aug/1995:13:19:56 -0500, as servers log it. */
const LOGGED = new RegExp(String.raw`^(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2})${OFFSET}$`);
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export const WHEN_RULE =
  "RFC 3339, YYYY-MM-DD HH:MM[:SS] with or without an offset, 31/Jan/2026:12:00:00 +0100, or Unix time";

/** Whether a text names a time zone: an IANA name, or an offset such as +05:30. */
export function isZone(name: string): boolean {
  try {
    return Temporal.PlainDateTime.from("2026-01-31").toZonedDateTime(name).timeZoneId !== "";
  } catch {
    return false;
  }
}

/**
 * Epoch milliseconds of what tables and logs have for instants; undefined where the text is none. A clock without an offset
 * is that of `zone`: where it shows a time twice the first is meant, where it skips one the clock after it.
 */
export function parseWhen(text: string, zone: string): number | undefined {
  const trimmed = text.trim();
  const [, digits, fraction = ""] = EPOCH.exec(trimmed) ?? [];
  if (digits !== undefined) return epochOf(digits, fraction);
  const [, day, month, year, ...clock] = LOGGED.exec(trimmed) ?? [];
  if (day !== undefined) {
    const [hour, minute, second, offset] = clock;
    return at([year, String(MONTHS.indexOf(month!) + 1), day, hour, minute, second, undefined, offset], zone);
  }
  const [named = "", bracketed, spaced] = NAMED_ZONE.exec(trimmed) ?? [];
  const own = bracketed ?? spaced;
  if (own !== undefined && !isZone(own)) return undefined;
  const plain = trimmed.slice(0, trimmed.length - named.length).replace("\u2212", "-")
    .replace(DOTTED, "$3-$2-$1").replace(BASIC, (_, y, mo, d, h, m, s = "00") => `${y}-${mo}-${d}T${h}:${m}:${s}`)
    .replace(HALVES, (_, hour: string, rest: string, half: string) => hourOf(Number(hour), half) + rest);
  const match = WHEN.exec(plain);
  return match ? at(match.slice(1), own ?? zone) : undefined;
}

/** 12 is the first hour of either half; there is none beyond it, and no time with one. */
function hourOf(hour: number, half: string): string {
  return hour < 1 || hour > 12 ? "99" : String(hour % 12 + (half.toUpperCase() === "P" ? 12 : 0));
}

function epochOf(digits: string, fraction: string): number | undefined {
  const parts = Number(digits + fraction);
  if (digits.length <= SECONDS_DIGITS) return Math.floor(parts * 1_000);
  if (digits.length <= MILLISECONDS_DIGITS) return Math.floor(parts);
  return Math.floor(digits.length <= MICROSECONDS_DIGITS ? parts / 1_000 : parts / 1_000_000);
}

function at(parts: readonly (string | undefined)[], zone: string): number | undefined {
  const [year, month, day, hour = "0", minute = "0", second = "0", fraction = "", offset] = parts;
  if (hour === "24") {
    // The end of a day is the beginning of the next one.
    if (Number(minute) > 0 || Number(second) > 0 || Number(fraction) > 0) return undefined;
    const date = `${year}-${month!.padStart(2, "0")}-${day!.padStart(2, "0")}`;
    if (parseInstant(`${date}T00:00:00Z`) === undefined) return undefined;
    const next = Temporal.PlainDate.from(date).add({ days: 1 });
    return at([...[next.year, next.month, next.day].map(String), "0", minute, second, fraction, offset], zone);
  }
  const two = (part: string | undefined) => part!.padStart(2, "0");
  const local = `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute.padStart(2, "0")}:${second.padStart(2, "0")}`;
  const exact = `${local}.${fraction.slice(0, 3).padEnd(3, "0")}`;
  if (offset !== undefined) return parseInstant(exact + offsetOf(offset));
  if (parseInstant(`${exact}Z`) === undefined) return undefined;
  const { epochMilliseconds } = Temporal.PlainDateTime.from(exact).toZonedDateTime(zone);
  // A zone can lead out of the years that have four digits, and out of what the API takes.
  return parseInstant(new Date(epochMilliseconds).toISOString());
}

function offsetOf(text: string): string {
  const [, sign, hours, minutes = "00"] = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(text) ?? [];
  return sign === undefined ? "Z" : `${sign}${hours!.padStart(2, "0")}:${minutes}`;
}
