import type { StreamRecord } from "../aws/streams.ts";
import { idOf } from "../core/keys.ts";
import type { Log } from "../core/log.ts";
import { activeKey } from "../journeys/follow.ts";
import { journeyKey } from "../journeys/service.ts";
import { metricsKey } from "../metrics/service.ts";
import { reviewKey } from "../review/service.ts";
import { sessionsKey } from "../sessions/service.ts";

/** What the queue `wakes` holds of a tenant. */
export type Wake = {
  tenantId: string;
  /** Groups that there may be something for. */
  groups?: readonly string[];
  /** Keys of the hub: the same for whatever groups they wake. */
  keys?: readonly string[];
  /** Logins and API keys that are over. */
  ended?: readonly string[];
};

/** A message stays far below SQS's limit. */
const GROUPS_A_MESSAGE = 100;

export type WakerOptions = {
  store: { listWoken: (tenantId: string, keys: ReadonlySet<string>) => Promise<string[]> };
  send: (body: string) => Promise<void>;
};

/**
 * Tells of a part of a table's stream once it is counted: which groups of subscribers it may have something for. Called again
 * with the same part it tells again, which does no harm. Where nobody follows anything it costs one read a tenant.
 */
export function createWaker({ store, send }: WakerOptions) {
  return async function wakeFor(table: string, records: readonly StreamRecord[]): Promise<void> {
    for (const [tenantId, keys] of wokenBy(table, records)) {
      const groups = await store.listWoken(tenantId, keys);
      for (let from = 0; from < groups.length; from += GROUPS_A_MESSAGE) {
        const wake: Wake = { tenantId, groups: groups.slice(from, from + GROUPS_A_MESSAGE) };
        await send(JSON.stringify(wake));
      }
    }
  };
}

/**
 * Tells those who hold sockets what no stream says; nobody, without `send`. It never throws: what cannot be told is found by
 * whoever sends to them, or with the next change.
 */
export function createTeller({ send, log }: { send: ((body: string) => Promise<void>) | undefined; log: Log }) {
  return async (wake: Wake): Promise<void> => {
    await send?.(JSON.stringify(wake))
      .catch((error) => log.warn("Sockets that functions hold were not told.", { tenantId: wake.tenantId, error }));
  };
}

/** The hub's keys, by tenant, of all that may look different after these records. */
export function wokenBy(table: string, records: readonly StreamRecord[]): Map<string, Set<string>> {
  const woken = new Map<string, Set<string>>();
  for (const { keys: { pk, sk } } of records) {
    const tenantId = tenantOf(table, String(pk));
    if (tenantId === undefined) continue;
    const keys = woken.get(tenantId) ?? new Set([metricsKey(tenantId)]);
    woken.set(tenantId, keys);
    if (table === "journeys") keys.add(journeyKey(tenantId, idOf(sk))).add(activeKey(tenantId));
    else if (table === "sessions") keys.add(sessionsKey(tenantId));
    else if (table === "reviews") keys.add(reviewKey({ tenantId, userId: idOf(sk) }));
  }
  return woken;
}

/** Our own tables' keys begin with the tenant; what a table of others counts for comes through the table of records. */
function tenantOf(table: string, pk: string): string | undefined {
  return ["journeys", "sessions", "reviews", "records"].includes(table) ? pk.split("#")[0] : undefined;
}
