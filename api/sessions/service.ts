import { MIN_AT } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import type { Hub } from "../live/hub.ts";
import { createAside } from "./aside.ts";
import { createClearing } from "./clearing.ts";
import { createConfiguring } from "./configuring.ts";
import { createCorrections } from "./corrections.ts";
import { createDevices } from "./devices.ts";
import { createSensorEraser } from "./erase.ts";
import type { SensorErasures } from "./erasures.ts";
import { fromItem, isNeeded, isSessionItem } from "./item.ts";
import { createHearing } from "./hearing.ts";
import { createHistory } from "./history.ts";
import type { LineStore } from "./line-store.ts";
import { createLasting } from "./lasting.ts";
import { createLines } from "./lines.ts";
import { createListing, type DaysOpenAt, isExpired, isId } from "./listing.ts";
import type { SessionLists, SessionQuery } from "./lists.ts";
import type { Sensor, Session } from "./model.ts";
import { createPausing } from "./pausing.ts";
import { createPeople } from "./people.ts";
import type { QuarantineStore } from "./quarantine.ts";
import type { Readings } from "./readings.ts";
import { asOf, sensorOf } from "./rules.ts";
import { createSettings } from "./settings.ts";
import { createSources } from "./sources.ts";
import type { SessionStore } from "./store.ts";
import { createSweep } from "./sweep.ts";

export type Sessions = ReturnType<typeof createSessions>;

/** Among so many of the newest sessions of a sensor an active one is looked for. */
const NEAR_ROWS = 10;
/** The key under which the hub tells of a tenant's sessions, with the session's id. */
export function sessionsKey(tenantId: string): string {
  return `sessions:${tenantId}`;
}

export function createSessions(
  { store, lineStore, erasures, quarantine, lists, daysOpenAt, readings, hub, clock, ids }: {
    store: SessionStore;
    lineStore: LineStore;
    erasures: SensorErasures;
    quarantine: QuarantineStore;
    lists: SessionLists;
    daysOpenAt: DaysOpenAt;
    readings: Readings;
    hub: Hub;
    clock: Clock;
    ids: Ids;
  },
) {
  const changed = ({ tenantId, sessionId }: Session) => hub.wake(sessionsKey(tenantId), sessionId);
  const settings = createSettings({ store, erasures, clock });
  /** Whoever follows hears of each session that a change of its line moved. */
  const announcing: LineStore = {
    ...lineStore,
    async commit(change) {
      const isDone = await lineStore.commit(change);
      if (isDone) { for (const { session } of change.changes) changed(session); }
      return isDone;
    },
  };
  const lines = createLines({ store, lineStore: announcing, settings, clock, ids });
  const sources = createSources({ store, lines, clock });
  const history = createHistory({ store, readings, sources });
  const hearing = createHearing({ store, lineStore: announcing, lines, clock, ids });
  const lasts = createLasting({ lines, sources, changed, clock });
  const clear = createClearing({ lines, lineStore: announcing, hearing, settings, clock });
  const pausing = createPausing({ lines, sources, settings, changed, clock });
  const aside = createAside({
    ...{ lines, sources, hearing, lasts, clear, pausing, readings, quarantine, settings, changed, clock },
  });

  async function find(tenantId: string, sessionIds: readonly string[]): Promise<Map<string, Session>> {
    const possible = [...new Set(sessionIds)].filter(isId);
    if (possible.length === 0) return new Map();
    const now = clock();
    const found = [...await store.find(tenantId, possible)].filter(([, session]) => !isExpired(session, now));
    return new Map(found.map(([id, session]) => [id, asOf(session, now)]));
  }

  async function findSensors(tenantId: string, sensorIds: readonly string[]): Promise<Map<string, Sensor>> {
    const possible = [...new Set(sensorIds)].filter(isId);
    return possible.length === 0 ? new Map() : await store.findSensors(tenantId, possible);
  }

  async function findLatest(tenantId: string, sensorId: string): Promise<Session | undefined> {
    const latest = (await findSensors(tenantId, [sensorId])).get(sensorId)?.latestSessionId;
    return latest === undefined ? undefined : (await find(tenantId, [latest])).get(latest);
  }

  /** Takes a session that a person deleted away for good, with the readings that it holds. Harmless where it broke off. */
  async function purge(session: Session): Promise<boolean> {
    await history.removeReadings(session);
    if (isNeeded(session)) return (await store.replace({ ...session, purgedAt: clock() }, session)).ok;
    await store.keepMotions(session);
    if (!await store.removeDeleted(session)) return false;
    await lineStore.forget(session);
    return true;
  }

  return {
    ...seenNow(
      createDevices({
        store,
        lines,
        sources,
        hearing,
        lasts,
        clear,
        pausing,
        aside,
        readings,
        settings,
        changed,
        clock,
      }),
      clock,
    ),
    ...seenNow(aside.useCases, clock),
    recordPause: (tenantId: string, input: unknown) => pausing.recordPause(tenantId, input),
    ...seenNow(createPeople({ store, lineStore: announcing, lines, sources, changed, clock, ids }), clock),
    ...seenNow(createCorrections({ store, lines, sources, history, changed, clock, ids }), clock),
    ...history,
    ...createListing({ lists, store, daysOpenAt, clock }),
    ...createConfiguring({ store, settings }),
    eraseSensor: createSensorEraser({ erasures, store, lineStore, readings, settings, clock }),
    sweep: createSweep({ store, lists, purge, changed, clock }),

    /** Called with an item that was deleted because its time had come: a sensor's numbers outlive its sessions. */
    async expired(image: Readonly<Record<string, unknown>>): Promise<void> {
      const session = isSessionItem(image) ? fromItem(image) : undefined;
      if (!session || session.mergedInto !== undefined) return;
      await store.keepMotions(session);
      await lineStore.forget(session);
    },

    /** The sessions that exist among these, by id. */
    find,
    /** The sensors that exist among these, by id. */
    findSensors,

    /**
     * The sensor's active session, where it has one; of several the one that began last, but not after now. Whoever has read
     * which one is its latest (none: undefined) says so.
     */
    async findActive(tenantId: string, sensorId: string, read?: { latest: Session | undefined }) {
      if (!isId(sensorId)) return undefined;
      const now = clock();
      const session = read ? read.latest : await findLatest(tenantId, sensorId);
      const isThere = session !== undefined && sensorOf(session) === sensorId;
      if (isThere && session.status === "ACTIVE" && session.startedAt <= now) return session;
      // A device whose clock is ahead, two devices at one sensor, or one that a person moved here.
      const query: SessionQuery = { tenantId, sensorId, fromAt: MIN_AT, toAt: now + 1, status: "ACTIVE" };
      const { sessions } = await lists.page(query, NEAR_ROWS, undefined);
      const other = sessions.find((own) => asOf(own, now).status === "ACTIVE");
      return other ?? (isThere && session.status === "ACTIVE" ? session : undefined);
    },
  };
}

/** Use cases give sessions as they wrote them; whoever asked sees them as they are by now. */
function seenNow<U extends Record<string, (...args: never[]) => Promise<unknown>>>(useCases: U, clock: Clock): U {
  const seen = (given: unknown) => {
    const now = clock();
    const shown = (value: unknown) => isSession(value) ? asOf(value, now) : value;
    if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, shown(value)]));
  };
  const all = Object.entries(useCases).map(([name, run]) => (
    [name, async (...args: never[]) => seen(await run(...args))] as const
  ));
  return Object.fromEntries(all) as U;
}

function isSession(value: unknown): value is Session {
  return typeof value === "object" && value !== null && "idleMs" in value && "sessionId" in value;
}
