import { HOUR_MS, MINUTE_MS } from "../core/clock.ts";
import type { StreamPosition } from "../core/stream-position.ts";
import {
  type Cell,
  type CountChange,
  type CountedRecord,
  DIGITS,
  type Dimensions,
  type Group,
  type Measure,
  type Measured,
  type Slot,
} from "./model.ts";

/** Numbers are added up as whole millionths, so that a sum is exact. */
const UNITS = 10 ** DIGITS;
/** An item holds the minutes of a quarter of an hour, so that it stays within a write unit. */
export const SLOT_MS = 15 * MINUTE_MS;

/** A record that enters or leaves a group, and where the stream told of it. */
export type MeasureChange = StreamPosition & { minute: number; n: 1 | -1; value: number | undefined };
export type SlotChange = { tenantId: string; source: string; group: Group; slotAt: number; changes: MeasureChange[] };

/** 0.1 is 100,000 millionths, exactly. */
export function unitsOf(value: number): bigint {
  return BigInt(value.toFixed(DIGITS).replace(".", ""));
}

export function slotOf(at: number): number {
  return Math.floor(at / SLOT_MS) * SLOT_MS;
}

/** The groups that a record is in. */
export function groupsOf({ value, dimensions }: { value?: number | undefined; dimensions: Dimensions }): Group[] {
  return [...(value === undefined ? [] : [undefined]), ...dimensions.map(([key, own]) => ({ key, value: own }))];
}

/** What changes measure, by the item that keeps it, in the order in which they came. */
export function toSlotChanges(changes: readonly CountChange[]): SlotChange[] {
  const found = new Map<string, SlotChange>();
  for (const { tenantId, source, at, shard, sequence, arrivedAt, partition, measures = [] } of changes) {
    const slotAt = slotOf(at);
    const minute = Math.floor((at - slotAt) / MINUTE_MS);
    for (const measure of measures) {
      for (const group of groupsOf(measure)) {
        const key = JSON.stringify([tenantId, source, slotAt, group?.key, group?.value]);
        const slot = found.get(key) ?? { tenantId, source, group, slotAt, changes: [] };
        slot.changes.push({ shard, sequence, arrivedAt, partition, minute, n: measure.n, value: measure.value });
        found.set(key, slot);
      }
    }
  }
  return [...found.values()];
}

/** What changes add to each minute. Where something is taken away the least and the greatest come into doubt. */
export function toCells(changes: readonly Pick<MeasureChange, "minute" | "n" | "value">[]): Map<number, Cell> {
  const cells = new Map<number, Cell>();
  for (const { minute, n, value } of changes) {
    const cell = cells.get(minute) ?? NOTHING;
    const counted = { ...cell, n: cell.n + n };
    cells.set(
      minute,
      value === undefined ? counted : {
        ...counted,
        values: cell.values + n,
        units: cell.units + BigInt(n) * unitsOf(value),
        ...(n === 1 ? extremes([cell, { min: value, max: value }]) : {}),
        isInDoubt: cell.isInDoubt || n === -1,
      },
    );
  }
  return cells;
}

export const NOTHING: Cell = { n: 0, values: 0, units: 0n, min: undefined, max: undefined, isInDoubt: false };

/** The cells of a group, as its records say. */
export function recountCells(records: readonly CountedRecord[], group: Group, slotAt: number): Map<number, Cell> {
  return toCells(
    records.filter((record) => isIn(record, group)).map(({ at, value }) => ({
      minute: Math.floor((at - slotAt) / MINUTE_MS),
      n: 1,
      value,
    })),
  );
}

export function isIn({ value, dimensions }: Pick<Measure, "value" | "dimensions">, group: Group): boolean {
  if (!group) return value !== undefined;
  return dimensions.some(([key, own]) => key === group.key && own === group.value);
}

/** All cells together. */
export function addUp(cells: readonly Cell[]): Cell {
  return {
    n: cells.reduce((sum, { n }) => sum + n, 0),
    values: cells.reduce((sum, { values }) => sum + values, 0),
    units: cells.reduce((sum, { units }) => sum + units, 0n),
    ...extremes(cells.filter(({ values }) => values > 0)),
    isInDoubt: cells.some(({ isInDoubt, values }) => isInDoubt && values > 0),
  };
}

/** As clients see it. The least and the greatest are not told while they are in doubt. */
export function toMeasured({ values, units, min, max, isInDoubt }: Cell): Measured {
  return {
    values,
    sum: Number(units) / UNITS,
    min: isInDoubt ? undefined : min,
    max: isInDoubt ? undefined : max,
  };
}

/** The cells of slots between two instants, of a bucket for example. */
export function cellsBetween(slots: readonly Slot[], fromAt: number, toAt: number): Cell[] {
  return slots.flatMap(({ slotAt, cells }) =>
    [...cells].filter(([minute]) => {
      const at = slotAt + minute * MINUTE_MS;
      return at >= fromAt && at < toAt;
    }).map(([, cell]) => cell)
  );
}

/** The hours of which something is in doubt, ascending. */
export function hoursInDoubt(slots: readonly Slot[]): number[] {
  const doubtful = slots.filter(({ cells }) => [...cells.values()].some((cell) => cell.isInDoubt && cell.values > 0));
  return [...new Set(doubtful.map(({ slotAt }) => Math.floor(slotAt / HOUR_MS) * HOUR_MS))].sort((a, b) => a - b);
}

/** A slot with what its records say of the minutes in doubt, where they are the ones that it has counted. */
export function settled(slot: Slot, records: readonly CountedRecord[]): { slot: Slot; minutes: number[] } {
  const recounted = recountCells(records, slot.group, slot.slotAt);
  const minutes = [...slot.cells].filter(([minute, cell]) => {
    const { values, units } = recounted.get(minute) ?? NOTHING;
    return cell.isInDoubt && cell.values === values && cell.units === units;
  }).map(([minute]) => minute);
  const cells = new Map(slot.cells);
  for (const minute of minutes) {
    const { min, max } = recounted.get(minute) ?? NOTHING;
    cells.set(minute, { ...cells.get(minute)!, min, max, isInDoubt: false });
  }
  return { slot: { ...slot, cells }, minutes };
}

function extremes(of: readonly Pick<Cell, "min" | "max">[]): Pick<Cell, "min" | "max"> {
  const pick = (name: "min" | "max", isBetter: (a: number, b: number) => boolean) =>
    of.reduce<number | undefined>((best, own) => {
      const value = own[name];
      return value !== undefined && (best === undefined || isBetter(value, best)) ? value : best;
    }, undefined);
  return { min: pick("min", (a, b) => a < b), max: pick("max", (a, b) => a > b) };
}
