import type { Item } from "../aws/dynamo.ts";
import type { TimeRange } from "../core/range.ts";
import { readCounters, SESSION_LETTERS, SLOT_MS, slotOf, SLOTS_OF_DAY, TIME_LETTERS } from "./cells.ts";

/** What says where the time of the sessions lies that began on a UTC day. */
export type TimeItem = { day: number; item: Item | undefined };

/** Milliseconds of activity by slot, ascending; slots without any are left out. */
export type Spent = ReadonlyMap<number, number>;

/** The time of a range, from the items of all days whose sessions may reach it. */
export function spentIn({ fromAt, toAt }: TimeRange, items: readonly TimeItem[]): Map<number, number> {
  const [from, to] = [slotOf(fromAt), slotOf(toAt)];
  const spent = new Float64Array(to - from);
  for (const { day, item } of items) {
    const first = day * SLOTS_OF_DAY;
    const { partial, filled } = timesOf(item);
    for (const { place, n } of partial) {
      if (first + place >= from && first + place < to) spent[first + place - from]! += n;
    }
    let open = 0;
    for (const [i, { place, n }] of filled.entries()) {
      open += n;
      const until = filled[i + 1]?.place ?? place;
      const [begin, end] = [Math.max(first + place, from), Math.min(first + until, to)];
      for (let slot = begin; slot < end; slot++) spent[slot - from]! += open * SLOT_MS;
    }
  }
  return new Map([...spent].flatMap((ms, i) => ms === 0 ? [] : [[from + i, ms] as const]));
}

/** Whether a session that began on the day of an item is open in a slot, paused or not, or goes on still. */
export function reachesInto(slot: number, { day, item }: TimeItem): boolean {
  const place = slot - day * SLOTS_OF_DAY;
  const { partial, filled, paused } = timesOf(item);
  const open = [...filled, ...paused].reduce((sum, own) => own.place <= place ? sum + own.n : sum, 0);
  return open > 0 || partial.some((own) => own.place === place && own.n > 0) || hasRunning(item);
}

/** Whether a session that an item counts goes on still. */
export function hasRunning(item: Item | undefined): boolean {
  return readCounters(item ?? {}).some(({ letter, n }) => letter === SESSION_LETTERS.running && n > 0);
}

function timesOf(item: Item | undefined) {
  const counters = readCounters(item ?? {});
  return {
    paused: counters.filter(({ letter }) => letter === TIME_LETTERS.paused),
    partial: counters.filter(({ letter }) => letter === TIME_LETTERS.partialMs),
    filled: counters.filter(({ letter }) => letter === TIME_LETTERS.filled).sort((a, b) => a.place - b.place),
  };
}
