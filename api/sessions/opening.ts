import { LRUCache } from "lru-cache";
import { MINUTE_MS } from "../core/clock.ts";
import { emptyWatermark } from "../core/watermark.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { DEFAULT_IDLE_MS, DEFAULT_KEEP_MS, type DeviceState, type Sensor, type Session } from "./model.ts";
import { FIRST, startOf, superseded } from "./rules.ts";
import type { Change, SessionStore, Settings } from "./store.ts";

/** A sensor with its latest session, as they are this moment. */
export type SensorState = { sensor: Sensor | undefined; latest: Session | undefined };

/** Settings of a tenant are read again after so long. */
const SETTINGS_FRESH_MS = MINUTE_MS;
const MAX_REMEMBERED = 10_000;

export type Opening = ReturnType<typeof createOpening>;

/**
 * Opens sessions, at most one active at a sensor: the sensor's latest session, the end of the one before and the new one
 * are one transaction. The numbers of motion events go on from the one before.
 */
export function createOpening(store: SessionStore) {
  const settings = new LRUCache<string, Settings>({ max: MAX_REMEMBERED, ttl: SETTINGS_FRESH_MS });

  async function settingsOf(tenantId: string): Promise<Settings> {
    const known = settings.get(tenantId);
    if (known) return known;
    const read = await store.getSettings(tenantId);
    settings.set(tenantId, read);
    return read;
  }

  return {
    findSensorState: (tenantId: string, sensorId: string): Promise<SensorState> =>
      retryLost(async () => {
        const sensor = (await store.findSensors(tenantId, [sensorId])).get(sensorId);
        const id = sensor?.latestSessionId;
        const latest = id === undefined ? undefined : (await store.find(tenantId, [id])).get(id);
        // The pointer and the session are two reads. Where a later session opened between them, it has taken this one's
        // watermark over: motion 7 counted here now would be counted there once more. So the pair is read again.
        return latest?.followed ? LOST : { sensor, latest };
      }),

    /** A session as it begins at an instant, not yet written. */
    async begin(
      of: { tenantId: string; sessionId: string; sensorId: string; userId: string | undefined },
      { sensor, latest }: SensorState,
      startedAt: number,
      now: number,
    ): Promise<Session> {
      const { idleMs, keepMs = DEFAULT_KEEP_MS } = await settingsOf(of.tenantId);
      const idle = sensor?.idleMs ?? idleMs ?? DEFAULT_IDLE_MS;
      const device: DeviceState = startOf(
        startedAt,
        idle,
        latest?.motions ?? sensor?.motions ?? emptyWatermark(FIRST),
        now,
      );
      return {
        ...of,
        ...device,
        idleMs: idle,
        keepMs,
        createdAt: now,
        playback: { started: false },
        revision: 0,
        labels: [],
        notes: null,
        pinned: false,
        version: 1,
      };
    },

    /** Writes a new session as the sensor's latest; the one before ends where it is active. False: it is no longer the latest. */
    open(session: Session, { sensor, latest }: SensorState, now: number): Promise<boolean> {
      const { tenantId, sensorId, sessionId } = session;
      // Another writer opened this very session since it was looked for.
      if (latest?.sessionId === sessionId) return Promise.resolve(false);
      const changes: Change[] = [{ session, known: undefined }];
      // The one before is written even where it is over: its numbers are frozen from here on.
      if (latest) changes.push({ session: superseded(latest, session.startedAt, now), known: latest });
      return store.open(changes, { now: { tenantId, sensorId, latestSessionId: sessionId }, known: sensor });
    },

    /** Settings that were changed here hold at once in this process. */
    forget: (tenantId: string) => void settings.delete(tenantId),
  };
}
