import { LRUCache } from "lru-cache";
import { MINUTE_MS } from "../core/clock.ts";
import type { SessionStore, Settings } from "./store.ts";

/** Settings of a tenant are read again after so long. */
const FRESH_MS = MINUTE_MS;
const MAX_REMEMBERED = 10_000;

/** How sessions of a tenant end and are kept, read at most once a minute; what this process sets holds at once. */
export function createSettings(store: Pick<SessionStore, "getSettings">) {
  const known = new LRUCache<string, Settings>({ max: MAX_REMEMBERED, ttl: FRESH_MS });
  return {
    async of(tenantId: string): Promise<Settings> {
      const settings = known.get(tenantId) ?? await store.getSettings(tenantId);
      known.set(tenantId, settings);
      return settings;
    },
    forget: (tenantId: string) => void known.delete(tenantId),
  };
}
