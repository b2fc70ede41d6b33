import pMap from "p-map";
import { HOUR_MS } from "../core/clock.ts";
import { hoursInDoubt, settled, type SlotChange } from "./measures.ts";
import type { Group, Slot } from "./model.ts";
import { hourOf } from "./rules.ts";
import type { MetricStore } from "./store.ts";

export type Measuring = ReturnType<typeof createMeasuring>;

const AT_ONCE = 8;
/** Hours of which a reader looks at the records. More are in doubt only after thousands of corrections, and until then. */
const MAX_HOURS = 20;

/**
 * What records measure: counted by the stream, and where a number was taken away, found again among the records. What they
 * say is kept where it is of just the numbers that were counted: their count and their sum are exact.
 */
export function createMeasuring(store: Pick<MetricStore, "measures" | "listMeasured">) {
  async function settle(tenantId: string, source: string, slots: readonly Slot[], isKept: boolean): Promise<Slot[]> {
    const hours = hoursInDoubt(slots).slice(-MAX_HOURS);
    const found = new Map(
      await pMap(
        hours,
        async (hourAt) => [hourAt, await store.listMeasured(tenantId, source, hourAt, hourAt + HOUR_MS)] as const,
        { concurrency: AT_ONCE },
      ),
    );
    return await pMap(slots, async (slot) => {
      const records = found.get(hourOf(slot.slotAt));
      if (!records) return slot;
      const { slot: now, minutes } = settled(slot, records);
      if (isKept && minutes.length > 0) {
        await store.measures.setCells(
          tenantId,
          source,
          slot,
          new Map(minutes.map((minute) => [minute, now.cells.get(minute)!])),
        );
      }
      return now;
    }, { concurrency: AT_ONCE });
  }

  return {
    /** Counts into each slot, then looks for the least and the greatest where some were taken away. */
    async count(changes: readonly SlotChange[], now: number): Promise<void> {
      await pMap(changes, (slot) => store.measures.count(slot, now), { concurrency: AT_ONCE });
      const doubtful = changes.filter((own) => own.changes.some(({ n, value }) => n === -1 && value !== undefined));
      await pMap(doubtful, async ({ tenantId, source, group, slotAt }) => {
        const slots = await store.measures.listSlots(tenantId, source, group?.key, slotAt, slotAt + 1);
        await settle(tenantId, source, slots.filter((slot) => slot.group?.value === group?.value), true);
      }, { concurrency: AT_ONCE });
    },

    /** The slots of a range, of all records with a number or of each value of a dimension, nothing in doubt that can be told. */
    async list(
      tenantId: string,
      source: string,
      key: NonNullable<Group>["key"] | undefined,
      fromAt: number,
      toAt: number,
      options: { consistent?: boolean } = {},
    ): Promise<Slot[]> {
      const slots = await store.measures.listSlots(tenantId, source, key, fromAt, toAt, options);
      return await settle(tenantId, source, slots, false);
    },
  };
}
