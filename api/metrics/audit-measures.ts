import pMap from "p-map";
import { MINUTE_MS } from "../core/clock.ts";
import type { TimeRange } from "../core/range.ts";
import { groupsOf, NOTHING, recountCells, slotOf, toMeasured } from "./measures.ts";
import type { Cell, CountedRecord, Group, Measured, MetricSource, Slot } from "./model.ts";
import { hourOf } from "./rules.ts";
import type { MetricStore } from "./store.ts";

/** A minute of a group whose numbers are not what the records say. */
export type WrongCell = { slot: Slot; minute: number; at: number; should: Cell };

/** What a minute of a group says, and what it should: how many records, and what their numbers come to. */
export type MeasureDifference = {
  source: MetricSource;
  start: number;
  dimension: Group;
  found: Measured & { count: number };
  recounted: Measured & { count: number };
};

type Store = Pick<MetricStore, "measures" | "listMeasured" | "listKeys">;

const AT_ONCE = 8;

/** Reads what is kept of the numbers and dimensions of a range, then the records themselves. */
export function createMeasureAudit(store: Store) {
  const listSlots = async (
    tenantId: string,
    source: MetricSource,
    keys: Iterable<string | undefined>,
    range: TimeRange,
  ) =>
    (await pMap(
      keys,
      (key) => store.measures.listSlots(tenantId, source, key, range.fromAt, range.toAt, { consistent: true }),
      { concurrency: AT_ONCE },
    )).flat();

  return {
    /** All that is kept of a range, of every group. */
    async listKept(tenantId: string, source: MetricSource, range: TimeRange): Promise<Slot[]> {
      const hours = { fromAt: hourOf(range.fromAt), toAt: hourOf(range.toAt - 1) };
      return await listSlots(tenantId, source, [undefined, ...await store.listKeys(tenantId, source, hours)], range);
    },

    /** What of `kept` is wrong; `isSure`: nothing that happened in that minute is on its way, or has expired. */
    async compare(
      { tenantId, source, range }: { tenantId: string; source: MetricSource; range: TimeRange },
      kept: readonly Slot[],
      records: readonly CountedRecord[],
      isSure: (at: number) => boolean,
    ): Promise<Map<string, WrongCell>> {
      const known = new Set(kept.map(({ group }) => group?.key));
      // Of a key that no pair tells of: what was lost, or is there and was not found.
      const others = new Set(records.flatMap(groupsOf).map((group) => group?.key).filter((key) => !known.has(key)));
      return wrongCells([...kept, ...await listSlots(tenantId, source, others, range)], records, range, isSure);
    },

    /** Sets cells of a slot as they should be; false where it was written since it was read. */
    correct: (tenantId: string, source: MetricSource, cells: readonly WrongCell[]): Promise<boolean> =>
      store.measures.setCells(
        tenantId,
        source,
        cells[0]!.slot,
        new Map(cells.map(({ minute, should }) => [minute, should])),
      ),
  };
}

/** The minutes of groups that differ from what the records say, by group and minute. */
export function wrongCells(
  kept: readonly Slot[],
  records: readonly CountedRecord[],
  { fromAt, toAt }: TimeRange,
  isSure: (at: number) => boolean,
): Map<string, WrongCell> {
  const slots = new Map(kept.map((slot) => [nameOf(slot), slot]));
  const bySlot = Map.groupBy(records, ({ at }) => slotOf(at));
  for (const [slotAt, own] of bySlot) {
    for (const group of own.flatMap(groupsOf)) {
      const slot = { group, slotAt, version: 0, cells: new Map<number, Cell>() };
      if (!slots.has(nameOf(slot))) slots.set(nameOf(slot), slot);
    }
  }
  const wrong = new Map<string, WrongCell>();
  for (const [name, slot] of slots) {
    const recounted = recountCells(bySlot.get(slot.slotAt) ?? [], slot.group, slot.slotAt);
    for (const minute of new Set([...slot.cells.keys(), ...recounted.keys()])) {
      const at = slot.slotAt + minute * MINUTE_MS;
      const should = recounted.get(minute) ?? NOTHING;
      if (at < fromAt || at >= toAt || !isSure(at) || isSame(slot.cells.get(minute) ?? NOTHING, should)) continue;
      wrong.set(`${name} ${minute}`, { slot, minute, at, should });
    }
  }
  return wrong;
}

/** Whether two looks found the same wrong number, and the same right one. */
export function isAgreed(one: WrongCell | undefined, other: WrongCell): boolean {
  return one !== undefined && isEqual(cellOf(one), cellOf(other)) && isEqual(one.should, other.should);
}

export function toDifference(source: MetricSource, wrong: WrongCell): MeasureDifference {
  const told = (cell: Cell) => ({ count: cell.n, ...toMeasured(cell) });
  return {
    ...{ source, start: wrong.at, dimension: wrong.slot.group },
    found: told(cellOf(wrong)),
    recounted: told(wrong.should),
  };
}

function cellOf({ slot, minute }: WrongCell): Cell {
  return slot.cells.get(minute) ?? NOTHING;
}

/** The least and the greatest say nothing where there are no numbers, or while they are in doubt: readers look for them. */
function isSame(found: Cell, should: Cell): boolean {
  if (found.n !== should.n || found.values !== should.values || found.units !== should.units) return false;
  return should.values === 0 || found.isInDoubt || (found.min === should.min && found.max === should.max);
}

function isEqual(one: Cell, other: Cell): boolean {
  return one.n === other.n && one.values === other.values && one.units === other.units && one.min === other.min &&
    one.max === other.max && one.isInDoubt === other.isInDoubt;
}

function nameOf({ group, slotAt }: Pick<Slot, "group" | "slotAt">): string {
  return JSON.stringify([slotAt, group?.key, group?.value]);
}
