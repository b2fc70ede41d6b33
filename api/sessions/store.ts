import { createHash } from "node:crypto";
import type { Dynamo, Expression, Item, TransactWrite } from "../aws/dynamo.ts";
import { itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { mapWritten, type Written } from "../core/writes.ts";
import {
  deviceChange,
  formatSpan,
  fromItem,
  fromSensorItem,
  keyOf,
  parseSpan,
  peopleChange,
  sensorKeyOf,
  splitWatermark,
} from "./item.ts";
import type { BatchSpan, Sensor, Session } from "./model.ts";

/**
 * Access patterns of the tables `sessions` (pk = tenant#partition, sk = session#part) and `sensors` (pk = tenant#sensor):
 *
 *  | what                                   | how                                                               |
 *  |----------------------------------------|-------------------------------------------------------------------|
 *  | next batch or motion, in order         | UpdateItem that adds, if the number before it is the highest      |
 *  | anything else that devices report      | UpdateItem, if the revision is as it was read                     |
 *  | a session opens                        | a transaction: the sensor's latest, the session before, the new one |
 *  | a person's edit                        | UpdateItem, if the version is as the person saw it                |
 *  | an update by id                        | a transaction with a marker item, sk = …#U#<updateId>             |
 *  | sessions by id, sensors by id          | GetItem or BatchGetItem                                           |
 *  | a tenant's or a sensor's sessions      | Query on byStart or bySensor, and BatchGetItem of running ones    |
 *  | the neighbours of an instant           | Query on bySensor, one row each way                               |
 *  | running sessions to look at            | Query on byCheck (sparse)                                         |
 *  | the directory of a session's batches   | `spans` of the item, and Query of its sheets, sk = …#D#…          |
 */
export type SessionStore = ReturnType<typeof createSessionStore>;

/** A session to write, and as it was when it was read; undefined: not there. */
export type Change = { session: Session; known: Session | undefined };

/** How sessions of a tenant, or of one sensor, end and are kept. */
export type Settings = { idleMs?: number | undefined; keepMs?: number | undefined };

type Owner = { tenantId: string; sessionId: string; sensorId: string };
type NextBatch = { startedAt?: number | null | undefined; durationMs?: number | null | undefined };
type Tables = { sessions: string; sensors: string };

export function createSessionStore(dynamo: Dynamo, tables: Tables) {
  async function update(key: Item, change: Expression, condition: Expression): Promise<Written<Session>> {
    return mapWritten(await dynamo.updateIf(tables.sessions, key, change, condition), (item) => fromItem(item)!);
  }

  function devicePart(session: Session, known: Session | undefined): TransactWrite {
    return {
      table: tables.sessions,
      key: keyOf(session.tenantId, session.sessionId),
      change: deviceChange({ ...session, revision: (known?.revision ?? 0) + 1 }),
      condition: unchanged(known),
    };
  }

  return {
    async find(tenantId: string, sessionIds: readonly string[]): Promise<Map<string, Session>> {
      const keys = sessionIds.map((sessionId) => keyOf(tenantId, sessionId));
      const items = keys.length === 1
        ? [await dynamo.get(tables.sessions, keys[0]!, { consistent: true })].filter((item) => item !== undefined)
        : await dynamo.batchGet(tables.sessions, keys, { consistent: true });
      return new Map(items.map((item) => fromItem(item)!).map((session) => [session.sessionId, session]));
    },

    async findSensors(tenantId: string, sensorIds: readonly string[]): Promise<Map<string, Sensor>> {
      const keys = sensorIds.map((sensorId) => ({ pk: sensorKeyOf(tenantId, sensorId) }));
      const items = keys.length === 1
        ? [await dynamo.get(tables.sensors, keys[0]!, { consistent: true })].filter((item) => item !== undefined)
        : await dynamo.batchGet(tables.sensors, keys, { consistent: true });
      return new Map(items.map(fromSensorItem).map((sensor) => [sensor.sensorId, sensor]));
    },

    /** Counts the next batch of a running session without having read it; fails where it is not simply the next. */
    addNextBatch(of: Owner, span: BatchSpan, more: NextBatch, now: number): Promise<Written<Session>> {
      const hasDuration = typeof more.durationMs === "number";
      const duration = hasDuration ? ", durationOffset = :offset, durationMs = :duration" : "";
      return update(keyOf(of.tenantId, of.sessionId), {
        ...hotChange(
          "bTop = :offset, spans = list_append(spans, :span), samples = samples + :count, " +
            `lastMotionAt = :last, openUntil = idleMs + :now${duration}`,
        ),
        values: {
          ...hotValues(now),
          ":offset": span.offset,
          ":span": [formatSpan(span)],
          ":count": span.count,
          ":last": span.lastAt,
          ...(hasDuration ? { ":duration": more.durationMs } : {}),
        },
      }, {
        ...hotCondition(
          "bTop = :before AND sensorKey = :sensor AND motions = :none AND startedAt <= :first AND lastMotionAt <= :last",
        ),
        values: {
          ":active": "ACTIVE",
          ":before": span.offset - 1,
          ":sensor": sensorKeyOf(of.tenantId, of.sensorId),
          ":none": 0,
          ":first": Math.min(span.firstAt, more.startedAt ?? Infinity),
        },
      });
    },

    /** Counts the next motion event of a running session without having read it; fails where it is not simply the next. */
    addNextMotion(of: Owner, { seq, at }: { seq: number; at: number }, now: number): Promise<Written<Session>> {
      return update(keyOf(of.tenantId, of.sessionId), {
        ...hotChange(
          "mTop = :seq, motions = motions + :one, motionAt = :at, lastMotionAt = :at, openUntil = idleMs + :at",
        ),
        values: { ...hotValues(now), ":seq": seq, ":at": at },
      }, {
        ...hotCondition(
          "mTop = :before AND sensorKey = :sensor AND bTop = :none AND lastMotionAt <= :at AND openUntil >= :at",
        ),
        values: {
          ":active": "ACTIVE",
          ":before": seq - 1,
          ":sensor": sensorKeyOf(of.tenantId, of.sensorId),
          ":none": -1,
        },
      });
    },

    /** Writes what devices report of a session that is still as `known`; undefined: that is not there yet. */
    async replace(session: Session, known: Session | undefined): Promise<Written<Session>> {
      const { key, change, condition } = devicePart(session, known) as Extract<TransactWrite, { key: Item }>;
      return await update(key, change, condition!);
    },

    /** Writes several sessions that are still as they are known, and the sensor's latest one; all or none. False: none. */
    open(changes: readonly Change[], sensor?: { now: Sensor; known: Sensor | undefined }): Promise<boolean> {
      return dynamo.transact([
        ...changes.map(({ session, known }) => devicePart(session, known)),
        ...(sensor ? [sensorPart(sensor.now, sensor.known)] : []),
      ]);
    },

    /** Writes a session and the marker of an update, once for each update id. */
    markUpdate(session: Session, known: Session, updateId: string): Promise<boolean> {
      const marker = itemKey(session.tenantId, session.sessionId, `U#${updateId}`);
      return dynamo.transact([
        devicePart(session, known),
        { table: tables.sessions, put: marker, condition: { expression: "attribute_not_exists(pk)" } },
      ]);
    },

    /** Keeps the numbers of a deleted session's motion with its sensor, where that had no later session. */
    async keepMotions({ tenantId, sensorId, sessionId, motions }: Session): Promise<void> {
      const { top, gaps } = splitWatermark(motions);
      await dynamo.updateIf(tables.sensors, { pk: sensorKeyOf(tenantId, sensorId) }, {
        expression: "SET mTop = :top, mGaps = :gaps",
        values: { ":top": top, ":gaps": gaps },
      }, { expression: "latest = :session", values: { ":session": sessionId } });
    },

    async hasUpdate(tenantId: string, sessionId: string, updateId: string): Promise<boolean> {
      const marker = itemKey(tenantId, sessionId, `U#${updateId}`);
      return await dynamo.get(tables.sessions, marker, { consistent: true }) !== undefined;
    },

    /** Writes what a person changed, if the version is still the one that was seen. */
    annotate(session: Session, seenVersion: number, now: number): Promise<Written<Session>> {
      // A session that nobody edited yet has no version, and counts as version 1.
      const unseen = seenVersion === 1 ? " OR attribute_not_exists(version)" : "";
      return update(keyOf(session.tenantId, session.sessionId), peopleChange(session, now), {
        expression: `attribute_exists(pk) AND (version = :expected${unseen})`,
        values: { ":expected": seenVersion },
      });
    },

    /** Puts batches of the directory onto a sheet of their own. The same batches give the same sheet. */
    async putSheet({ tenantId, sessionId }: Session, spans: readonly BatchSpan[]): Promise<void> {
      const id = spans.map((span) => span.offset).join(",");
      const sheet = createHash("sha256").update(id).digest("hex").slice(0, 16);
      await dynamo.put(tables.sessions, {
        ...itemKey(tenantId, sessionId, `D#${sheet}`),
        spans: spans.map(formatSpan),
      });
    },

    /** All that lies on sheets; a batch may be on two. */
    async listSheets({ tenantId, sessionId }: Session): Promise<BatchSpan[]> {
      const sheets = itemKey(tenantId, sessionId, "D#");
      const spans: BatchSpan[] = [];
      const key = {
        expression: "pk = :pk AND begins_with(sk, :sheet)",
        values: { ":pk": sheets.pk, ":sheet": sheets.sk },
      };
      const read = (startKey?: Item) => dynamo.query(tables.sessions, { key, startKey, consistent: true });
      for await (const { items } of pages(read)) {
        spans.push(...items.flatMap((item) => (item.spans as string[]).map(parseSpan)));
      }
      return spans;
    },

    /** Writes a sensor's or a tenant's settings, leaving the rest of the item. */
    async putIdle(tenantId: string, sensorId: string | undefined, settings: Settings): Promise<void> {
      const key = sensorId === undefined ? { pk: tenantId } : { pk: sensorKeyOf(tenantId, sensorId) };
      const given = { ...settings, ...(sensorId === undefined ? {} : { tenant: tenantId, sensorId }) };
      const set = Object.entries(given).filter(([, value]) => value !== undefined);
      await dynamo.update(tables.sensors, key, {
        expression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(", ")}`,
        names: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
        values: Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
      });
    },

    /** The settings of a tenant; empty where nobody set any. */
    async getSettings(tenantId: string): Promise<Settings> {
      const item = await dynamo.get(tables.sensors, { pk: tenantId });
      return { idleMs: item?.idleMs as number | undefined, keepMs: item?.keepMs as number | undefined };
    },
  };

  function sensorPart(sensor: Sensor, known: Sensor | undefined): TransactWrite {
    return {
      table: tables.sensors,
      key: { pk: sensorKeyOf(sensor.tenantId, sensor.sensorId) },
      change: {
        expression: "SET tenant = :tenant, sensorId = :sensorId, latest = :latest",
        values: { ":tenant": sensor.tenantId, ":sensorId": sensor.sensorId, ":latest": sensor.latestSessionId },
      },
      condition: known?.latestSessionId === undefined
        ? { expression: "attribute_not_exists(latest)" }
        : { expression: "latest = :known", values: { ":known": known.latestSessionId } },
    };
  }
}

/** The parts of a write that adds to a running session: its revision, its time and its expiry move with it. */
function hotChange(sets: string) {
  return {
    expression: `SET ${sets}, updatedAt = :now, revision = revision + :one, #ttl = keepSeconds + :nowSeconds`,
    names: { "#ttl": "ttl" },
  };
}

function hotValues(now: number): Item {
  return { ":now": now, ":one": 1, ":nowSeconds": Math.ceil(now / 1_000) };
}

function hotCondition(expression: string) {
  return { expression: `#status = :active AND ${expression}`, names: { "#status": "status" } };
}

function unchanged(known: Session | undefined): Expression {
  if (!known) return { expression: "attribute_not_exists(pk)" };
  return { expression: "revision = :seen", values: { ":seen": known.revision } };
}
