import { route } from "./route.svelte.ts";

/** One time zone everywhere: that of the address (`zone=`), else the browser's. Each page shows it. */
export const zone = {
  get name(): string {
    const asked = route.params.get("zone");
    return asked && isZone(asked) ? asked : Intl.DateTimeFormat().resolvedOptions().timeZone;
  },
};

function isZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Formats by zone and form; made once each, since making one takes a tenth of a millisecond. */
export function formatOf(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone.name} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone.name });
    formats.set(key, format);
  }
  return format;
}

const TIME: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

export const timeOf = (at: number | string) => formatOf(TIME).format(new Date(at));
export const clockOf = (at: number | string) => formatOf({ ...TIME, second: "2-digit" }).format(new Date(at));
export const dateTimeOf = (at: number | string) =>
  formatOf({ ...TIME, year: "numeric", month: "short", day: "numeric" }).format(new Date(at));

const number = new Intl.NumberFormat();
export const numberOf = (n: number) => number.format(n);

/** How many of something, in words: 1 journey, 2 journeys. */
export const countOf = (n: number, one: string, many = `${one}s`) => `${numberOf(n)} ${n === 1 ? one : many}`;

/** A length of time in its two largest units: 3 h 20 min, 45 s, 0.3 s. */
export function durationOf(ms: number): string {
  if (ms === 0) return "0 s";
  // What would round up to ten has no tenths.
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const s = Math.round(ms / 1_000);
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return s % 60 ? `${min} min ${s % 60} s` : `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 48) return min % 60 ? `${h} h ${min % 60} min` : `${h} h`;
  return h % 24 ? `${Math.floor(h / 24)} d ${h % 24} h` : `${h / 24} d`;
}
