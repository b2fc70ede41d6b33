import type { Item } from "../aws/dynamo.ts";
import { DAY_MS } from "../core/clock.ts";
import type { TimeRange } from "../core/range.ts";
import {
  dayOf,
  keys,
  quarterOf,
  readBins,
  readCounters,
  sensorPk,
  SESSION_LETTERS,
  SLOT_MS,
  slotOf,
  SLOTS_OF_DAY,
} from "./cells.ts";
import type { SessionSlot, Slot } from "./model.ts";
import { nameOf, type RollupStore } from "./store.ts";

/** How a range lies in UTC: the days that are whole in it, and the slots of the days that are not. */
type Parts = { days: number[]; whole: number[]; edges: number[] };

type DayItem = { day: number; item: Item | undefined };

/** What a sensor counted in a range. */
export type SensorCount = { sensorId: string; sessions: number; motions: number };

/** Reads what a range holds: so many items, by the length of the range and the number of sensors alone. */
export function createReading(store: Pick<RollupStore, "find">) {
  /** Items of every day that the range touches, by the keys that are given. */
  async function itemsOf(pk: string, range: TimeRange, ...skOf: ((day: number) => string)[]): Promise<DayItem[]> {
    const wanted = partsOf(range).days.flatMap((day) => skOf.map((sk) => ({ day, pk, sk: sk(day) })));
    const found = await store.find(wanted.map(({ pk, sk }) => ({ pk, sk })));
    return wanted.map(({ day, ...key }) => ({ day, item: found.get(nameOf(key)) }));
  }

  return {
    /** The slots of a tenant's sessions or journeys. */
    async slots<Name extends string>(
      pk: string,
      range: TimeRange,
      letters: Record<Name, string>,
    ): Promise<Slot<Name>[]> {
      return toSlots(range, letters, await itemsOf(pk, range, keys.counts, keys.moving));
    },

    /** The durations of a tenant's sessions or journeys: days where they are whole, hours where they are not. */
    async bins(pk: string, range: TimeRange): Promise<Map<number, number>> {
      const { whole, edges } = partsOf(range);
      const hours = Map.groupBy(edges, keys.hourBins);
      const found = await store.find([...whole.map(keys.dayBins), ...hours.keys()].map((sk) => ({ pk, sk })));
      const wholeBins = whole.flatMap((day) => readBins(found.get(nameOf({ pk, sk: keys.dayBins(day) })) ?? {}));
      const edgeBins = [...hours].flatMap(([sk, slots]) =>
        readBins(found.get(nameOf({ pk, sk })) ?? {}).filter(({ place }) =>
          slots.some((slot) => quarterOf(slot) === place)
        )
      );
      return summed([...wholeBins, ...edgeBins]);
    },

    /** The slots of one sensor's sessions. */
    async sensorSlots(tenantId: string, sensorId: string, range: TimeRange): Promise<SessionSlot[]> {
      return toSlots(range, SESSION_LETTERS, await itemsOf(sensorPk(tenantId, sensorId), range, keys.day));
    },

    /** The durations of one sensor's sessions. */
    async sensorBins(tenantId: string, sensorId: string, range: TimeRange): Promise<Map<number, number>> {
      const items = await itemsOf(sensorPk(tenantId, sensorId), range, keys.dayBins);
      return summed(
        items.flatMap(({ day, item }) =>
          readBins(item ?? {}).filter(({ place }) => isIn(range, day * SLOTS_OF_DAY + place))
        ),
      );
    },

    /** What each of the sensors counted: by months where days are whole, by slots where they are not. */
    async sensors(tenantId: string, sensorIds: readonly string[], range: TimeRange): Promise<SensorCount[]> {
      const { whole, edges } = partsOf(range);
      const months = Map.groupBy(whole, keys.month);
      const edgeDays = [...new Set(edges.map(dayOf))];
      const sks = [...months.keys(), ...edgeDays.map(keys.day)];
      const found = await store.find(sensorIds.flatMap((id) => sks.map((sk) => ({ pk: sensorPk(tenantId, id), sk }))));
      return sensorIds.map((sensorId) => {
        const itemOf = (sk: string) => found.get(nameOf({ pk: sensorPk(tenantId, sensorId), sk })) ?? {};
        const counters = [
          ...[...months].flatMap(([sk, days]) => {
            const dates = new Set(days.map((day) => new Date(day * DAY_MS).getUTCDate()));
            return readCounters(itemOf(sk)).filter(({ place }) => dates.has(place));
          }),
          ...edgeDays.flatMap((day) =>
            readCounters(itemOf(keys.day(day))).filter(({ place }) => isIn(range, day * SLOTS_OF_DAY + place))
          ),
        ];
        const sum = (wanted: string) => counters.reduce((all, { letter, n }) => all + (letter === wanted ? n : 0), 0);
        return { sensorId, sessions: sum(SESSION_LETTERS.sessions), motions: sum(SESSION_LETTERS.motions) };
      });
    },
  };
}

function partsOf({ fromAt, toAt }: TimeRange): Parts {
  const [from, to] = [slotOf(fromAt), slotOf(toAt)];
  const days = Array.from({ length: dayOf(to - 1) - dayOf(from) + 1 }, (_, i) => dayOf(from) + i);
  const isWhole = (day: number) => day * SLOTS_OF_DAY >= from && (day + 1) * SLOTS_OF_DAY <= to;
  const edges = days.filter((day) => !isWhole(day)).flatMap((day) =>
    Array.from({ length: SLOTS_OF_DAY }, (_, place) => day * SLOTS_OF_DAY + place)
  ).filter((slot) => slot >= from && slot < to);
  return { days, whole: days.filter(isWhole), edges };
}

function isIn({ fromAt, toAt }: TimeRange, slot: number): boolean {
  return slot * SLOT_MS >= fromAt && slot * SLOT_MS < toAt;
}

/** The slots of the range that hold anything, ascending. */
function toSlots<Name extends string>(
  range: TimeRange,
  letters: Record<Name, string>,
  items: readonly DayItem[],
): Slot<Name>[] {
  const names = new Map(Object.entries<string>(letters).map(([name, letter]) => [letter, name as Name]));
  const slots = new Map<number, Map<Name, number>>();
  for (const { day, item } of items) {
    for (const { letter, place, n } of readCounters(item ?? {})) {
      const slot = day * SLOTS_OF_DAY + place;
      const name = names.get(letter);
      if (name === undefined || !isIn(range, slot)) continue;
      slots.set(slot, (slots.get(slot) ?? new Map<Name, number>()).set(name, n));
    }
  }
  return [...slots].sort(([a], [b]) => a - b).map(([slot, counts]) => ({
    slot,
    counts: Object.fromEntries(counts) as Slot<Name>["counts"],
  }));
}

function summed(all: readonly { bin: number; n: number }[]): Map<number, number> {
  const bins = new Map<number, number>();
  for (const { bin, n } of all) bins.set(bin, (bins.get(bin) ?? 0) + n);
  return bins;
}
