import { setTimeout as pause } from "node:timers/promises";
import { type Cell, dayName, keys, SLOTS_OF_DAY } from "./cells.ts";
import { nameOf, type RollupKey, type RollupStore } from "./store.ts";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import { type Clock, DAY_MS, SECOND_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { parseRange, type RangeInput, type TimeRange } from "../core/range.ts";
import { pages } from "../core/page.ts";

/** What rollups are made of. */
export type RolledUp = "SESSIONS" | "JOURNEYS";

/** A number of a rollup that is not what the things say: `day` is a UTC day, `item` and `number` name it as `cells.ts` does. */
export type RollupDifference = { day: string; item: string; number: string; count: number; recounted: number };
export type RollupAuditReport = {
  /** The sessions or journeys that were found in the range. */
  thingsCounted: number;
  daysChecked: number;
  /** Days of which something has expired: it stays counted, so nothing tells what they should say. */
  daysInDoubt: string[];
  /** Days that changed from look to look: nothing is said of them. */
  unsettled: number;
  /** At most the first 1,000. */
  differences: RollupDifference[];
  repaired: number;
};

export type RollupAuditOptions = {
  dynamo: Pick<Dynamo, "query" | "batchGet">;
  /** Full names by what lies in them. */
  tables: Readonly<Record<RolledUp, string>>;
  store: Pick<RollupStore, "find" | "correct">;
  /** Whether something that was counted in a range has expired since. */
  hasExpired: (tenantId: string, of: RolledUp, range: TimeRange) => Promise<boolean>;
  /** Whether all that was written until an instant is counted. */
  isPast: (of: RolledUp, at: number) => Promise<boolean>;
  /** What an item of a table counts for. */
  cellsOf: (table: "sessions" | "journeys", tenantId: string, image: Item) => readonly Cell[];
  clock: Clock;
  recheckMs?: number | undefined;
};

/** By item and attribute. */
type Numbers = Map<string, Map<string, number>>;
type Look = { things: number; found: Numbers; expected: Numbers; wanted: Map<string, RollupKey> };

const STREAM_OF: Record<RolledUp, "sessions" | "journeys"> = { SESSIONS: "sessions", JOURNEYS: "journeys" };
const PART_OF: Record<RolledUp, string> = { SESSIONS: "SESSION", JOURNEYS: "META" };
/** The attributes that are numbers of slots, days or bins. */
const COUNTER = /^(?:[a-gi-z]\d+|h[0-9a-z]+)$/;
const MAX_DIFFERENCES = 1_000;
const MAX_TRIES = 5;
const MAX_DAYS = 31;
const RECHECK_MS = SECOND_MS;

/**
 * Counts sessions or journeys again, day by day, from the items that are kept, and compares the rollups; sets what is wrong
 * where asked to, also where there was no rollup yet. A thing that the stream has not shown yet makes a difference for a
 * moment: so one is a difference when a second look agrees and, as far as this process knows, the stream has been read past
 * the first. A number is set only while it is as it was read, so nothing that is counted meanwhile is lost.
 */
export function createRollupAudit(options: RollupAuditOptions) {
  const { dynamo, tables, store, hasExpired, isPast, cellsOf, clock, recheckMs = RECHECK_MS } = options;

  return async function auditRollups(
    tenantId: string,
    { of, range, repair }: { of: RolledUp; range: RangeInput; repair: boolean },
  ): Promise<RollupAuditReport> {
    const { fromAt, toAt } = parseRange(range, clock());
    if (toAt - fromAt > MAX_DAYS * DAY_MS) {
      const days = Math.ceil((toAt - fromAt) / DAY_MS);
      const message =
        `holds ${days} days; at most ${MAX_DAYS} are counted again at once. Go on with the days after them`;
      throw new InvalidInputError([{ path: ["range"], message }]);
    }
    const report: RollupAuditReport = {
      thingsCounted: 0,
      daysChecked: 0,
      daysInDoubt: [],
      unsettled: 0,
      differences: [],
      repaired: 0,
    };
    for (let day = Math.floor(fromAt / DAY_MS); day * DAY_MS < toAt; day++) {
      report.daysChecked++;
      const dayRange = { fromAt: day * DAY_MS, toAt: (day + 1) * DAY_MS };
      if (await hasExpired(tenantId, of, dayRange)) report.daysInDoubt.push(dayName(day));
      else await auditDay(tenantId, of, day, repair, report);
    }
    return report;
  };

  async function auditDay(tenantId: string, of: RolledUp, day: number, repair: boolean, report: RollupAuditReport) {
    let before = await look(tenantId, of, day);
    // After the look: it may have met what was written while it went on.
    let seenAt = clock();
    report.thingsCounted += before.things;
    for (let tries = MAX_TRIES; differencesOf(before).length > 0; tries--) {
      if (recheckMs > 0) await pause(recheckMs);
      const again = await look(tenantId, of, day);
      const isRead = await isPast(of, seenAt);
      const wrong = isRead ? agreed(differencesOf(before), differencesOf(again)) : [];
      const isSettled = isRead && wrong.length === differencesOf(again).length;
      if (isSettled && (!repair || await correct(again, wrong, report))) return note(day, wrong, report);
      if (tries === 1) {
        report.unsettled++;
        return note(day, wrong, report);
      }
      seenAt = clock();
      before = again;
    }
  }

  /** True where all of it was set; false where something was counted meanwhile. */
  async function correct({ wanted }: Look, wrong: readonly Difference[], report: RollupAuditReport): Promise<boolean> {
    let isAll = true;
    for (const [item, own] of Map.groupBy(wrong, (one) => one.item)) {
      if (await store.correct(wanted.get(item)!, own)) report.repaired += own.length;
      else isAll = false;
    }
    return isAll;
  }

  async function look(tenantId: string, of: RolledUp, day: number): Promise<Look> {
    const images = await imagesOf(tenantId, of, day);
    const cells = images.flatMap((image) => cellsOf(STREAM_OF[of], tenantId, image))
      .filter(({ until }) => until === undefined);
    const wanted = new Map(keysOf(tenantId, of, day, cells).map((key) => [nameOf(key), key]));
    const items = await store.find([...wanted.values()], { consistent: true });
    return { things: images.length, expected: summed(cells), found: foundIn(items, day), wanted };
  }

  /** The items of the things that started on a day, as they are now. */
  async function imagesOf(tenantId: string, of: RolledUp, day: number): Promise<Item[]> {
    const key = {
      expression: "tenant = :tenant AND startedAt BETWEEN :from AND :to",
      values: { ":tenant": tenantId, ":from": day * DAY_MS, ":to": (day + 1) * DAY_MS - 1 },
    };
    const images: Item[] = [];
    const read = (startKey?: Item) => dynamo.query(tables[of], { index: "byStart", key, startKey, expired: true });
    for await (const { items } of pages(read)) {
      const own = items.map(({ pk, sk }) => ({ pk, sk })).filter(({ sk }) =>
        (sk as string).endsWith(`#${PART_OF[of]}`)
      );
      if (own.length > 0) images.push(...await dynamo.batchGet(tables[of], own, { consistent: true, expired: true }));
    }
    // An index is a moment behind: what has moved to another day meanwhile is not of this one.
    return images.filter(({ startedAt }) => Math.floor((startedAt as number) / DAY_MS) === day);
  }

  function note(day: number, wrong: readonly Difference[], { differences }: RollupAuditReport): void {
    for (const { item, name, count, recounted } of wrong) {
      if (differences.length < MAX_DIFFERENCES) {
        differences.push({ day: dayName(day), item, number: name, count, recounted });
      }
    }
  }
}

export type AuditRollups = ReturnType<typeof createRollupAudit>;

type Difference = { item: string; name: string; count: number; recounted: number };

/** All items in which the things of a day are counted: those of the tenant, and of each sensor that is among them. */
function keysOf(tenantId: string, of: RolledUp, day: number, cells: readonly Cell[]): RollupKey[] {
  const pk = `${tenantId}#${of}`;
  const hours = Array.from({ length: 24 }, (_, hour) => keys.hourBins(day * SLOTS_OF_DAY + hour * 4));
  const days = [keys.counts, keys.moving, keys.dayBins, keys.time, keys.long].map((skOf) => skOf(day));
  const own = [...days, ...hours].map((sk) => ({ pk, sk }));
  const others = cells.filter((cell) => cell.pk !== pk).map(({ pk, sk }) => ({ pk, sk }));
  return [...new Map([...own, ...others].map((key) => [nameOf(key), key])).values()];
}

function summed(cells: readonly Cell[]): Numbers {
  const sums: Numbers = new Map();
  for (const { name, n, ...key } of cells) {
    const own = sums.get(nameOf(key)) ?? new Map<string, number>();
    sums.set(nameOf(key), own.set(name, (own.get(name) ?? 0) + n));
  }
  return sums;
}

/** What items say of a day. A month of a sensor, or of a label, holds a number for each of its days. */
function foundIn(items: ReadonlyMap<string, Item>, day: number): Numbers {
  const date = Number(dayName(day).slice(8));
  return new Map([...items].map(([name, item]) => {
    const sk = item.sk as string;
    const isMonth = sk === keys.month(day) || sk.endsWith(keys.label("", day));
    const numbers = Object.entries(item).filter(([attribute]) =>
      COUNTER.test(attribute) && (!isMonth || Number(attribute.slice(1)) === date)
    );
    return [name, new Map(numbers as [string, number][])];
  }));
}

function differencesOf({ found, expected }: Look): Difference[] {
  return [...new Set([...found.keys(), ...expected.keys()])].flatMap((item) => {
    const [is, should] = [found.get(item), expected.get(item)];
    return [...new Set([...is?.keys() ?? [], ...should?.keys() ?? []])].flatMap((name) => {
      const [count, recounted] = [is?.get(name) ?? 0, should?.get(name) ?? 0];
      return count === recounted ? [] : [{ item, name, count, recounted }];
    });
  });
}

function agreed(before: readonly Difference[], now: readonly Difference[]): Difference[] {
  const known = new Map(before.map((one) => [`${one.item} ${one.name}`, one]));
  return now.filter(({ item, name, count, recounted }) => {
    const one = known.get(`${item} ${name}`);
    return one?.count === count && one.recounted === recounted;
  });
}
