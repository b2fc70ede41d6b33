import pMap from "p-map";
import type { Item } from "../aws/dynamo.ts";
import { DAY_MS } from "../core/clock.ts";
import type { TimeRange } from "../core/range.ts";
import {
  dayOf,
  keys,
  labelsPk,
  LENGTH_LETTER,
  parseLabelKey,
  quarterOf,
  readBins,
  readCounters,
  sensorPk,
  SESSION_LETTERS,
  SHORT_DAYS,
  SLOT_MS,
  slotOf,
  SLOTS_OF_DAY,
} from "./cells.ts";
import type { LabelCount, SessionSlot, Slot } from "./model.ts";
import { nameOf, type RollupStore } from "./store.ts";
import { reachesInto, type Spent, spentIn, type TimeItem } from "./time.ts";

/** How a range lies in UTC: the days that are whole in it, and the slots of the days that are not. */
type Parts = { days: number[]; whole: number[]; edges: number[] };

type DayItem = { day: number; item: Item | undefined };

/** Sensors that are looked at at the same time. */
const CONCURRENCY = 32;

/** What a sensor counted in a range. */
export type SensorCount = { sensorId: string; sessions: number; motions: number };

/** Reads what a range holds: so many items, by the length of the range and the number of sensors alone. */
export function createReading(store: Pick<RollupStore, "find" | "listLong" | "list">) {
  /** Items of every day that the range touches, by the keys that are given. */
  async function itemsOf(pk: string, range: TimeRange, ...skOf: ((day: number) => string)[]): Promise<DayItem[]> {
    const wanted = partsOf(range).days.flatMap((day) => skOf.map((sk) => ({ day, pk, sk: sk(day) })));
    const found = await store.find(wanted.map(({ pk, sk }) => ({ pk, sk })));
    return wanted.map(({ day, ...key }) => ({ day, item: found.get(nameOf(key)) }));
  }

  /** The items of a sensor, or a tenant, that say where time lies of all sessions that may reach a range. */
  async function timeItems(pk: string, range: TimeRange, skOf: (day: number) => string): Promise<TimeItem[]> {
    const days = daysReaching(range);
    const [found, long] = await Promise.all([
      store.find(days.map((day) => ({ pk, sk: skOf(day) }))),
      store.listLong(pk, days.at(-1)!),
    ]);
    return [...days.map((day) => ({ day, item: found.get(nameOf({ pk, sk: skOf(day) })) })), ...long];
  }

  return {
    /** Where the time of a tenant's sessions lies. */
    time: async (pk: string, range: TimeRange): Promise<Spent> => spentIn(range, await timeItems(pk, range, keys.time)),

    /** Where the time of one sensor's sessions lies. */
    sensorTime: async (tenantId: string, sensorId: string, range: TimeRange): Promise<Spent> =>
      spentIn(range, await timeItems(sensorPk(tenantId, sensorId), range, keys.day)),

    /**
     * How long each of the sensors was active in a range. Of days whose sessions cannot reach its end their length is
     * enough; of the others it is looked up where it lies.
     */
    async sensorsTime(tenantId: string, sensorIds: readonly string[], range: TimeRange): Promise<Map<string, number>> {
      const days = daysReaching(range);
      const inner = new Set(
        partsOf(range).whole.filter((day) => (day + SHORT_DAYS) * SLOTS_OF_DAY <= slotOf(range.toAt)),
      );
      const months = Map.groupBy(inner, keys.month);
      const others = days.filter((day) => !inner.has(day));
      const sks = [...months.keys(), ...others.map(keys.day)];
      const [found, anyLong] = await Promise.all([
        store.find(sensorIds.flatMap((id) => sks.map((sk) => ({ pk: sensorPk(tenantId, id), sk })))),
        store.listLong(`${tenantId}#SESSIONS`, days.at(-1)!),
      ]);
      const times = await pMap(sensorIds, async (sensorId) => {
        const pk = sensorPk(tenantId, sensorId);
        const itemOf = (sk: string) => found.get(nameOf({ pk, sk }));
        const lengths = [...months].flatMap(([sk, own]) => {
          const dates = new Set(own.map((day) => new Date(day * DAY_MS).getUTCDate()));
          return readCounters(itemOf(sk) ?? {}).filter(({ letter, place }) =>
            letter === LENGTH_LETTER && dates.has(place)
          );
        });
        const long = anyLong.length > 0 ? await store.listLong(pk, days.at(-1)!) : [];
        const items = others.map((day) => ({ day, item: itemOf(keys.day(day)) }));
        const rest = spentIn(range, [...items, ...long]);
        return [sensorId, sumOf(lengths.map(({ n }) => n)) + sumOf([...rest.values()])] as const;
      }, { concurrency: CONCURRENCY });
      return new Map(times);
    },

    /**
     * The UTC days, latest first, on which sessions of a tenant, or of one sensor, began that are open at an instant; and
     * those with some that go on, whose end nobody knows. The day of the instant is among them where one began before it.
     */
    async daysOpenAt(tenantId: string, sensorId: string | undefined, at: number): Promise<number[]> {
      const slot = slotOf(at);
      const range = { fromAt: slot * SLOT_MS, toAt: (slot + 1) * SLOT_MS };
      const [pk, ...skOf] = sensorId === undefined
        ? [`${tenantId}#SESSIONS`, keys.time, keys.counts] as const
        : [sensorPk(tenantId, sensorId), keys.day] as const;
      const items = (await Promise.all(skOf.map((sk) => timeItems(pk, range, sk)))).flat();
      const open = items.filter((item) => reachesInto(slot, item)).map(({ day }) => day);
      return [...new Set(open)].sort((a, b) => b - a);
    },

    /** The labels of sessions that started on the UTC days of a range, most sessions first; of equals, by their text. */
    async labels(tenantId: string, range: TimeRange, first: number): Promise<LabelCount[]> {
      const days = new Set(partsOf(range).days);
      const counts = new Map<string, number>();
      for (const item of await store.list(labelsPk(tenantId))) {
        const { label, month } = parseLabelKey(item.sk as string);
        const firstDay = Date.parse(`${month}-01`) / DAY_MS;
        const own = readCounters(item).filter(({ place }) => days.has(firstDay + place - 1));
        counts.set(label, (counts.get(label) ?? 0) + sumOf(own.map(({ n }) => n)));
      }
      return [...counts].filter(([, sessions]) => sessions > 0)
        .map(([label, sessions]) => ({ label, sessions }))
        .sort((a, b) => b.sessions - a.sessions || (a.label < b.label ? -1 : 1))
        .slice(0, first);
    },

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

/** The UTC days of a range, and those before it whose sessions may reach it without being long. */
function daysReaching(range: TimeRange): number[] {
  const { days } = partsOf(range);
  return [...Array.from({ length: SHORT_DAYS - 1 }, (_, i) => days[0]! - SHORT_DAYS + 1 + i), ...days];
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
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
