import { LRUCache } from "lru-cache";
import { type Clock, MINUTE_MS } from "../core/clock.ts";
import { hashOf, type SensorErasures } from "./erasures.ts";
import { DEFAULT_KEEP_MS, type Sensor } from "./model.ts";
import { DEFAULT_PLAUSIBLE, type Plausible } from "./plausible.ts";
import type { SessionStore, Settings } from "./store.ts";

/** Settings of a tenant are read again after so long. */
const FRESH_MS = MINUTE_MS;
const MAX_REMEMBERED = 10_000;

type Past = Pick<Sensor, "erasedUntil" | "erasures">;

/** How sessions of a tenant end and are kept, read at most once a minute; what this process sets holds at once. */
export function createSettings(
  { store, erasures, clock }: {
    store: Pick<SessionStore, "getSettings">;
    erasures: Pick<SensorErasures, "findLatest">;
    clock: Clock;
  },
) {
  const known = new LRUCache<string, Settings>({
    ...{ max: MAX_REMEMBERED, ttl: FRESH_MS, ttlResolution: 0 },
    perf: { now: clock },
  });

  async function of(tenantId: string): Promise<Settings> {
    const remembered = known.get(tenantId);
    if (remembered) return remembered;
    const settings = await store.getSettings(tenantId);
    known.set(tenantId, settings);
    return settings;
  }

  return {
    of,

    /** What of a sensor's clock is believed: its own settings, else its tenant's, else the usual. */
    async plausibleOf(tenantId: string, sensorId: string): Promise<Plausible> {
      const { plausible, bySensor } = await of(tenantId);
      return { ...DEFAULT_PLAUSIBLE, ...plausible, ...bySensor?.[sensorId] };
    },

    /** Until when a sensor's past was erased; undefined where it never was. */
    async erasedUntil(tenantId: string, sensorId: string): Promise<number | undefined> {
      const { erased = {} } = await of(tenantId);
      return Object.keys(erased).length === 0 ? undefined : erased[hashOf({ tenantId, sensorId })];
    },

    /**
     * The same of a sensor as it was read, with how many erasures of it there were by then, where nothing of it is there: all of it
     * may just have been erased, of which this process need not have heard.
     */
    async pastOf(of: { tenantId: string; sensorId: string }, sensor: Sensor | undefined): Promise<Past | undefined> {
      const { tenantId, sensorId } = of;
      if (sensor?.erasedUntil !== undefined) return { erasedUntil: sensor.erasedUntil };
      const receipt = sensor?.latestSessionId === undefined ? await erasures.findLatest(of) : undefined;
      if (receipt) known.set(tenantId, await store.getSettings(tenantId, true));
      const erasedUntil = receipt?.until ?? await this.erasedUntil(tenantId, sensorId);
      return erasedUntil === undefined ? undefined : { erasedUntil, erasures: receipt?.ordinal };
    },

    keepMsOf: async (tenantId: string): Promise<number> => (await of(tenantId)).keepMs ?? DEFAULT_KEEP_MS,

    forget: (tenantId: string) => void known.delete(tenantId),
  };
}
