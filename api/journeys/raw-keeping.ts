import pMap from "p-map";
import type { Objects } from "../aws/objects.ts";
import { MAX_AHEAD_MS } from "../core/check.ts";
import { type Clock, DAY_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Columns } from "./columns.ts";
import { RAW, type RawEvents } from "./raw.ts";
import type { JourneyStore } from "./store.ts";

export type RawKeepingOptions = {
  store: Pick<JourneyStore, "getSettings" | "noteRawRemoval">;
  raw: Pick<RawEvents, "arrivedAt">;
  columns: Pick<Columns, "forget">;
  objects: Pick<Objects, "folders" | "list" | "remove">;
  clock: Clock;
  log: Log;
};

/** A function of AWS has 300 seconds, and columns are made in the same run; what is left is done by the next one. */
const RUN_MS = 80_000;
const CONCURRENCY = 16;

/**
 * Removes the raw events of tenants that keep them for some days only, by their arrival: an import of old events stays as long
 * as any other. Lines and columns go; journeys and all counts stay. Costs a listing of the days that are old enough, and a
 * look at each of their objects.
 */
export function createRawKeeping({ store, raw, columns, objects, clock, log }: RawKeepingOptions) {
  return async function removeOld(): Promise<{ rawBatchesRemoved: number }> {
    const endAt = clock() + RUN_MS;
    let removed = 0;
    for await (const folder of objects.folders(RAW)) {
      const tenantId = folder.slice(`${RAW}tenant=`.length, -1);
      const { keepRawDays } = await store.getSettings(tenantId);
      if (keepRawDays === undefined) continue;
      const now = clock();
      const arrivedBefore = now - keepRawDays * DAY_MS;
      for await (const day of objects.folders(folder)) {
        if (clock() > endAt) return { rawBatchesRemoved: removed };
        // Nothing is recorded that happened later than minutes after it arrived; days come in their order.
        if (Date.parse(day.slice(-11, -1)) > arrivedBefore + MAX_AHEAD_MS) break;
        removed += await removeDay(day, arrivedBefore);
      }
      await store.noteRawRemoval(tenantId, { at: now, arrivedBefore });
    }
    if (removed > 0) log.info("raw events were removed as their tenants said", { batches: removed });
    return { rawBatchesRemoved: removed };
  };

  /** Columns go before and after: a run that makes them from the lines of before may come between. */
  async function removeDay(day: string, arrivedBefore: number): Promise<number> {
    const due: string[] = [];
    for await (const page of objects.list(day)) {
      const arrivals = await pMap(page, ({ key }) => raw.arrivedAt(key), { concurrency: CONCURRENCY });
      due.push(...page.filter((_, i) => arrivals[i]! < arrivedBefore).map(({ key }) => key));
    }
    if (due.length === 0) return 0;
    await columns.forget(due);
    await pMap(due, (key) => objects.remove(key), { concurrency: CONCURRENCY });
    await columns.forget(due);
    return due.length;
  }
}
