import { isDeepStrictEqual } from "node:util";
import type { Item } from "../aws/dynamo.ts";
import type { Clock } from "../core/clock.ts";
import { LOST, retryLost } from "../core/writes.ts";
import type { SensorErasures, SensorReceipt } from "./erasures.ts";
import { formatAt, parseHeard } from "./heard.ts";
import { fromItem, isSessionItem } from "./item.ts";
import { fromPlaceItem, type LineStore } from "./line-store.ts";
import { LIMITS, type Session } from "./model.ts";
import type { Readings } from "./readings.ts";
import { toldOf } from "./reports.ts";
import type { createSettings } from "./settings.ts";
import type { SessionStore } from "./store.ts";

/** What an erasure of a sensor leaves, with the reason, and for how many days where it is not for ever. */
export const SENSOR_REMAINS: readonly { what: string; why: string; days: number | null }[] = [
  {
    what: "That what the sensor recorded until the erasure is refused, under a hash of its id.",
    why: "A batch or motion that is sent again must not bring it back.",
    days: null,
  },
  { what: "This receipt, under a hash of the sensor's id.", why: "It is the proof.", days: null },
  {
    what: "When motion was that is being taken out of counts, without the sensor.",
    why: "The streams read it.",
    days: 2,
  },
  {
    what: "Sessions of other sensors that a person said were at this one.",
    why: "Another device recorded them; erase that one, or delete them.",
    days: null,
  },
  { what: "Settings that `configureSessions` made for the sensor.", why: "They say nothing of its past.", days: null },
  { what: "Files that somebody exported.", why: "Their links end after 15 minutes; they go by themselves.", days: 2 },
  { what: "Messages on the dead-letter queue.", why: "They were never recorded.", days: 14 },
  { what: "Old versions of objects, and backups of tables.", why: "They guard against mistakes.", days: 35 },
];

/**
 * Erases a sensor's whole past: its sessions with their readings, its motion, and what they count for. First what happened
 * until now is refused; then each session and sheet of motion goes in one step with what it counted for, so a crash at any
 * moment is finished by the next call, exactly. Gives the receipt: the same one where there was nothing more to erase;
 * undefined where there never was anything.
 */
export function createSensorEraser({ erasures, store, lineStore, readings, settings, clock }: {
  erasures: SensorErasures;
  store: SessionStore;
  lineStore: Pick<LineStore, "removePlace" | "from">;
  readings: Readings;
  settings: ReturnType<typeof createSettings>;
  clock: Clock;
}) {
  return async function eraseSensor(tenantId: string, sensorId: string): Promise<SensorReceipt | undefined> {
    if (sensorId.length < 1 || sensorId.length > LIMITS.idChars || !sensorId.isWellFormed()) return undefined;
    const of = { tenantId, sensorId };
    return await retryLost(async () => {
      const latest = await erasures.findLatest(of);
      const isOpen = latest !== undefined && !latest.isDone;
      if (!isOpen && !await hasSomething(of, latest?.until)) return latest;
      const receipt = isOpen ? latest : await erasures.begin(of, latest, clock());
      if (!receipt) return LOST;
      await store.putErased(of, receipt.until);
      settings.forget(tenantId);
      if (!await removeSensor(of, receipt)) return LOST;
      const parts: string[] = [];
      for await (const items of erasures.listSessions(of)) {
        for (const item of items.filter((one) => isErased(one, receipt))) {
          const { sessionId } = fromItem(item)!;
          await eraseSession(of, receipt, sessionId);
          if (item.mergedInto !== undefined) parts.push(sessionId);
        }
      }
      // An update by the id of what became a part of another is marked there for as long as the other is there.
      for (const sessionId of parts) await eraseLeft(of, sessionId);
      await eraseBeside(of, receipt);
      return await erasures.close(of, receipt);
    });
  };

  type Of = { tenantId: string; sensorId: string };

  async function hasSomething(of: Of, until = -Infinity): Promise<boolean> {
    const sensor = (await store.findSensors(of.tenantId, [of.sensorId])).get(of.sensorId);
    if (sensor) return true;
    for await (const items of erasures.listSessions(of)) {
      if (items.some((item) => startOf(item) !== undefined && startOf(item)! > until)) return true;
    }
    return false;
  }

  /** False where another session became the latest meanwhile. One that began after the erasure stays. */
  async function removeSensor(of: Of, receipt: SensorReceipt): Promise<boolean> {
    const sensor = (await store.findSensors(of.tenantId, [of.sensorId])).get(of.sensorId);
    if (!sensor) return true;
    const id = sensor.latestSessionId;
    const latest = id === undefined ? undefined : (await store.find(of.tenantId, [id])).get(id);
    if (latest && latest.startedAt > receipt.until) return await erasures.keepSensor(of, receipt);
    return await erasures.removeSensor(of, id);
  }

  async function eraseSession(of: Of, receipt: SensorReceipt, sessionId: string): Promise<void> {
    await retryLost(async () => {
      const item = await store.findItem(of.tenantId, sessionId);
      // Where another call of this has removed it, its id is free: what has it now may be any sensor's.
      if (!item || !isErased(item, receipt)) return true;
      const session: Session = fromItem(item)!;
      if (session.sensorId !== of.sensorId) return true;
      const removed = await readings.removeAll(session);
      if (removed > 0) await erasures.addBatches(of, receipt, removed);
      // What became a part of another goes with that, which has all that was told of it.
      const told = session.mergedInto === undefined ? toldOf(session.reported) : [];
      const instants = [...session.heard.map(({ at }) => at), ...told];
      const beside = await markersOf(of, sessionId);
      return await erasures.removeSession(of, receipt, item, { instants, beside, now: clock() }) || LOST;
    });
    // Sheets of batches come beside the session, not with it; a repeat of a batch takes away by itself what it kept once more.
    await eraseLeft(of, sessionId);
  }

  /** What lies beside a session that is gone, while nobody else has its id. */
  async function eraseLeft(of: Of, sessionId: string): Promise<void> {
    await erasures.removeLeft(of.tenantId, sessionId, await markersOf(of, sessionId));
  }

  /** Of a session that is named like a sensor, what lies beside the sensor stays. */
  async function markersOf(of: Of, sessionId: string): Promise<Item[]> {
    const markers: Item[] = [];
    for await (const items of erasures.listBeside(of.tenantId, sessionId)) {
      markers.push(...items.filter(({ sk }) => MARKERS.includes((sk as string).split("#")[1]!)));
    }
    return markers;
  }

  /** Sheets of motion, when it ceased, places, what deletions took out, and what was kept aside. */
  async function eraseBeside(of: Of, receipt: SensorReceipt): Promise<void> {
    for await (const items of erasures.listBeside(of.tenantId, of.sensorId)) {
      // Of what was erased a clock ahead may have said motion after it: all is of it before the first session that stays. That one
      // had its place before there was a sheet of it, so it is looked for after the sheets.
      const [stays] = await lineStore.from(of, formatAt(receipt.until + 1), 1);
      const isOf = (at: number) => at < (stays?.startedAt ?? Infinity);
      for (const item of items) {
        const part = (item.sk as string).split("#")[1];
        if (part === "M") {
          const heard = (item.heard as string[]).map((text) => ({ text, at: parseHeard(text).at }));
          const past = heard.filter(({ at }) => isOf(at)).map(({ at }) => at);
          const since = heard.filter(({ at }) => !isOf(at)).map(({ text }) => text);
          const left = since.length > 0 ? { ...item, heard: since } : undefined;
          if (past.length > 0) {
            await retryLost(async () => {
              if (await erasures.removeSheet(of, receipt, item, { instants: past, now: clock() }, left)) return true;
              // Another call of this took it, or only another transaction was at it.
              return isDeepStrictEqual((await erasures.find(item))?.heard, item.heard) ? LOST : true;
            });
          }
        } else if (part === "T" || part === "C") {
          if ((item.at as number) > receipt.until) continue;
          if (part === "C") await erasures.remove(item);
          else await lineStore.removePlace(of, fromPlaceItem(item));
        } else if (part === "X" || part === "Q") await erasures.remove(item);
      }
    }
  }

  function isErased(item: Item, { until }: SensorReceipt): boolean {
    const startedAt = startOf(item);
    return startedAt !== undefined && startedAt <= until && isSessionItem(item);
  }
}

/** Updates that were done, sheets of batches, and what a person can take back. */
const MARKERS = ["U", "D", "CORRECTION"];

function startOf(item: Item): number | undefined {
  return (item.startedAt ?? (item.was as Item | undefined)?.startedAt) as number | undefined;
}
