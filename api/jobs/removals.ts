import type { Removal, Removed } from "../removals/model.ts";
import type { RemovalStore } from "../removals/store.ts";
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";

/** A run that does not come to its end has so long before another takes its place. */
const CLAIM_MS = 10 * MINUTE_MS;
/** Where a run was not enough, the next one goes on at the job's next turn. */
const GO_ON_MS = MINUTE_MS;
const LOOK_AGAIN_MS = HOUR_MS;
/**
 * Streams keep what happened for a day, and their readers write of things that are gone; queues bring what was sent before.
 * What comes after this comes from nowhere that we know.
 */
const LATEST_MS = 2 * DAY_MS;
const RECEIPT_MS = 365 * DAY_MS;

/**
 * Removes what is left of tenants whose account was deleted. A run goes through everything of a tenant; what is gone costs a
 * read a partition, so one that broke off is simply made again. Again an hour later, until nothing was found, and for the last
 * time after two days: what came late is found then, by whatever way it came.
 */
export function createRemovalJob({ store, removeData, clock, log }: {
  store: RemovalStore;
  /** Removes of a tenant's data as much as one run may; what says which sensors there are stays until `isLast`. */
  removeData: (tenantId: string, isLast: boolean) => Promise<Removed>;
  clock: Clock;
  log: Log;
}) {
  async function run(removal: Removal): Promise<Removed> {
    const { removalId, tenantId, begunAt } = removal;
    const now = clock();
    const isLast = now >= begunAt + LATEST_MS;
    const removed = await removeData(tenantId, isLast);
    const { items, objects, isWhole } = removed;
    const isNothing = isWhole && items + objects === 0;
    log.info("a tenant's data are removed", { removalId, items, objects, isWhole, isDone: isNothing && isLast });
    if (isNothing && isLast) await store.finish(removal, now, RECEIPT_MS);
    else if (isNothing) await store.note(removal, removed, begunAt + LATEST_MS, now);
    else await store.note(removal, removed, now + (isWhole ? LOOK_AGAIN_MS : GO_ON_MS), isWhole ? now : undefined);
    return removed;
  }

  return async (): Promise<Record<string, number>> => {
    const did = { removals: 0, items: 0, objects: 0 };
    for (const removal of await store.listDue(clock())) {
      if (!await store.claim(removal, clock() + CLAIM_MS)) continue;
      const { items, objects } = await run(removal);
      did.removals++;
      did.items += items;
      did.objects += objects;
    }
    return did;
  };
}
