import { Temporal } from "temporal-polyfill";
import { parseInstant } from "../../core/time.ts";

const EPOCH = /^(\d{1,17})(\.\d{1,9})?$/;
/** Seconds reach the year 2286 with so many digits, milliseconds and microseconds with three more each. */
const [SECONDS_DIGITS, MILLISECONDS_DIGITS] = [10, 13];
const DATE = String.raw`(\d{4})[-/](\d{1,2})[-/](\d{1,2})`;
const CLOCK = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?`;
const OFFSET = String.raw`\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?`;
const WHEN = new RegExp(`^${DATE}(?:[T\\s]+${CLOCK})?${OFFSET}$`, "i");
/** 31.01.2026: with points the day is first everywhere. */
const DOTTED = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?=$|[T\s])/i;
/** 01/Aug/1995:13:19:56 -0500, as servers log it. */
const LOGGED = new RegExp(String.raw`^(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2})${OFFSET}$`);
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export const WHEN_RULE =
  "RFC 3339, YYYY-MM-DD HH:MM[:SS] with or without an offset, 31/Jan/2026:12:00:00 +0100, or Unix time";

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
  const match = WHEN.exec(trimmed.replace(DOTTED, "$3-$2-$1"));
  return match ? at(match.slice(1), zone) : undefined;
}

function epochOf(digits: string, fraction: string): number | undefined {
  const parts = Number(digits + fraction);
  if (digits.length <= SECONDS_DIGITS) return Math.floor(parts * 1_000);
  return Math.floor(digits.length <= MILLISECONDS_DIGITS ? parts : parts / 1_000);
}

function at(parts: readonly (string | undefined)[], zone: string): number | undefined {
  const [year, month, day, hour = "0", minute = "0", second = "0", fraction = "", offset] = parts;
  const two = (part: string | undefined) => part!.padStart(2, "0");
  const local = `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute.padStart(2, "0")}:${second.padStart(2, "0")}`;
  const exact = `${local}.${fraction.slice(0, 3).padEnd(3, "0")}`;
  if (offset !== undefined) return parseInstant(exact + offsetOf(offset));
  if (parseInstant(`${exact}Z`) === undefined) return undefined;
  return Temporal.PlainDateTime.from(exact).toZonedDateTime(zone).epochMilliseconds;
}

function offsetOf(text: string): string {
  const [, sign, hours, minutes = "00"] = /^([+-])(\d{2}):?(\d{2})?$/.exec(text) ?? [];
  return sign === undefined ? "Z" : `${sign}${hours}:${minutes}`;
}
