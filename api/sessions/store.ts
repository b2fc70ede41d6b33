import { createHash } from "node:crypto";
import type { Dynamo, Expression, Item, TransactWrite } from "../aws/dynamo.ts";
import { itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { LOST, mapWritten, retryLost, type Written } from "../core/writes.ts";
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
import { hashOf } from "./erasures.ts";
import { formatHeard } from "./heard.ts";
import { unchanged } from "./line-store.ts";
import type { Correction } from "./correction-model.ts";
import type { BatchSpan, Heard, Sensor, Session } from "./model.ts";
import type { Plausible } from "./plausible.ts";

/**
 * Access patterns of the tables `sessions` (pk = tenant#partition, sk = session#part) and `sensors` (pk = tenant#sensor):
 *
 *  | what                                   | how                                                               |
 *  |----------------------------------------|-------------------------------------------------------------------|
 *  | next batch or motion, in order         | UpdateItem that adds, if the number before it is the highest      |
 *  | anything else that devices report      | UpdateItem, if the revision is as it was read                     |
 *  | which sessions a sensor has, and where | `api/sessions/line-store.ts`                                      |
 *  | a person's edit                        | UpdateItem, if the version is as the person saw it                |
 *  | how a merge or split is taken back     | an item beside its session, sk = …#CORRECTION                     |
 *  | an update by id                        | a transaction with a marker item, sk = …#U#<updateId>             |
 *  | sessions by id, sensors by id          | GetItem or BatchGetItem                                           |
 *  | a tenant's or a sensor's sessions      | Query on byStart or bySensor, and BatchGetItem of running ones    |
 *  | running sessions to look at            | Query on byCheck (sparse)                                         |
 *  | the directory of a session's batches   | `spans` of the item, and Query of its sheets, sk = …#D#…          |
 */
export type SessionStore = ReturnType<typeof createSessionStore>;

/** How sessions of a tenant, or of one sensor, end and are kept. */
export type Settings = {
  idleMs?: number | undefined;
  keepMs?: number | undefined;
  plausible?: Partial<Plausible> | undefined;
  /** Of sensors with limits of their own. */
  bySensor?: Readonly<Record<string, Partial<Plausible>>> | undefined;
  /** Until when the past of sensors was erased, by their hashes. */
  erased?: Readonly<Record<string, number>> | undefined;
};

/** Sensors' own limits lie in the tenant's item, so that one read a minute covers all of them. */
const OWN = "plausible#";

/** Until when a sensor's past was erased, in the tenant's item as well; the sensor is named by a hash. */
const ERASED = "erased#";

const CORRECTION = "CORRECTION";

type Owner = { tenantId: string; sessionId: string; sensorId: string };
type NextBatch = {
  startedAt?: number | null | undefined;
  durationMs?: number | null | undefined;
  apartMs: number;
  measuredBy: number;
};
type Tables = { sessions: string; sensors: string };

export function createSessionStore(dynamo: Dynamo, tables: Tables) {
  async function update(key: Item, change: Expression, condition: Expression): Promise<Written<Session>> {
    return mapWritten(await dynamo.updateIf(tables.sessions, key, change, condition), (item) => fromItem(item)!);
  }

  return {
    /** The sessions that are there among these; what has expired too, since writes rest on what is there. */
    async find(tenantId: string, sessionIds: readonly string[]): Promise<Map<string, Session>> {
      const keys = sessionIds.map((sessionId) => keyOf(tenantId, sessionId));
      const asIs = { consistent: true, expired: true };
      const items = keys.length === 1
        ? [await dynamo.get(tables.sessions, keys[0]!, asIs)].filter((item) => item !== undefined)
        : await dynamo.batchGet(tables.sessions, keys, asIs);
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
      const duration = hasDuration ? ", durationOffset = :offset, durationMs = :duration, durationBy = :by" : "";
      return update(keyOf(of.tenantId, of.sessionId), {
        ...hotChange(
          "bTop = :offset, signsFrom = if_not_exists(signsFrom, :first), spans = list_append(spans, :span), samples = samples + :count, lastReadingAt = :last, " +
            `lastMotionAt = :last, openUntil = idleMs + :last, arrivingUntil = idleMs + :now${duration}`,
        ),
        values: {
          ...hotValues(now),
          ":offset": span.offset,
          ":span": [formatSpan(span)],
          ":count": span.count,
          ":last": span.lastAt,
          ...(hasDuration ? { ":duration": more.durationMs, ":by": more.measuredBy } : {}),
        },
      }, {
        ...hotCondition(
          "bTop = :before AND sensorKey = :sensor AND isStated = :yes AND attribute_not_exists(isStartGuessed) " +
            "AND attribute_not_exists(pieces) AND attribute_not_exists(aside) AND startedAt <= :first " +
            "AND ((signsFrom <= :first AND lastReadingAt >= :near) OR " +
            "(attribute_not_exists(signsFrom) AND attribute_not_exists(lastReadingAt) AND baseAt <= :first)) AND lastMotionAt <= :last AND (attribute_not_exists(nextAt) OR nextBy = :batch)",
        ),
        values: {
          ":active": "ACTIVE",
          ":before": span.offset - 1,
          ":sensor": sensorKeyOf(of.tenantId, of.sensorId),
          ":yes": true,
          ":batch": "BATCH",
          ":first": Math.min(span.firstAt, more.startedAt ?? Infinity),
          ":near": Math.min(span.firstAt, more.startedAt ?? Infinity) - more.apartMs,
        },
      });
    },

    /**
     * Counts a motion event of a running session that is simply the next, without having read it: it is later than all that
     * is known of the sensor, so its instant was never counted; and its number, where it has one, follows the highest.
     */
    addNextMotion(
      of: Owner,
      heard: Heard,
      { boot, lagMs = Number.MAX_SAFE_INTEGER }: { boot?: string | undefined; lagMs?: number | undefined },
      now: number,
    ): Promise<Written<Session>> {
      const { at, seq } = heard;
      const isNumbered = seq !== undefined;
      return update(keyOf(of.tenantId, of.sessionId), {
        ...hotChange(
          "motions = motions + :one, motionAt = :at, lastHeardAt = :at, lastMotionAt = :at, openUntil = idleMs + :at, " +
            `heard = list_append(heard, :heard)${isNumbered ? ", mTop = :seq" : ""}`,
        ),
        values: {
          ...hotValues(now),
          ":at": at,
          ":heard": [formatHeard(heard)],
          ...(isNumbered ? { ":seq": seq } : {}),
        },
      }, {
        ...hotCondition(
          "sensorKey = :sensor AND attribute_not_exists(nextAt) AND lastMotionAt < :at AND openUntil >= :at AND " +
            "(attribute_not_exists(mCleared) OR mCleared < :at) AND (attribute_not_exists(mLag) OR mLag <= :lag)" +
            (isNumbered ? " AND mTop = :before AND mBoot = :boot" : ""),
        ),
        values: {
          ":active": "ACTIVE",
          ":sensor": sensorKeyOf(of.tenantId, of.sensorId),
          ":lag": lagMs,
          ...(isNumbered ? { ":before": seq - 1, ":boot": boot ?? "" } : {}),
        },
      });
    },

    /** Writes what devices report of a session that is still as `known`; undefined: that is not there yet. */
    async replace(session: Session, known: Session | undefined): Promise<Written<Session>> {
      const next = { ...session, revision: (known?.revision ?? 0) + 1 };
      return await update(keyOf(session.tenantId, session.sessionId), deviceChange(next), unchanged(known));
    },

    /** The marker of an update of a session, as a part of the transaction that does it: once for each update id. */
    markerOf(tenantId: string, sessionId: string, updateId: string, content: string): TransactWrite {
      const put = { ...itemKey(tenantId, sessionId, `U#${updateId}`), content };
      return { table: tables.sessions, put, condition: { expression: "attribute_not_exists(pk)" } };
    },

    /**
     * Keeps with its sensor what must outlive a session that was deleted when its time had come: until when there were
     * sessions, and the numbers of its motion, where it was the latest.
     */
    async keepMotions(
      { tenantId, sensorId, sessionId, lastMotionAt, numbers: { boot, counted, vague, clearedAt } }: Session,
    ) {
      const { top, gaps } = splitWatermark(counted);
      const key = { pk: sensorKeyOf(tenantId, sensorId) };
      await dynamo.updateIf(tables.sensors, key, {
        expression: "SET forgottenUntil = :until",
        values: { ":until": lastMotionAt },
      }, {
        expression: "attribute_exists(latest) AND (attribute_not_exists(forgottenUntil) OR forgottenUntil < :until)",
      });
      await dynamo.updateIf(tables.sensors, key, {
        expression: "SET mBoot = :boot, mTop = :top, mGaps = :gaps, mVague = :vague" +
          (clearedAt === undefined ? "" : ", mCleared = :cleared"),
        values: {
          ...{ ":boot": boot, ":top": top, ":gaps": gaps, ":vague": vague },
          ...(clearedAt === undefined ? {} : { ":cleared": clearedAt }),
        },
      }, { expression: "latest = :session", values: { ":session": sessionId } });
    },

    /** How a person's merge or split is taken back, as a part of the transaction that does it; the newest of a session. */
    correctionOf({ tenantId, sessionId, updatedAt, keepMs }: Session, correction: Correction): TransactWrite {
      const ttl = Math.ceil((updatedAt + keepMs) / 1_000);
      const put = { ...itemKey(tenantId, sessionId, CORRECTION), correction: JSON.stringify(correction), ttl };
      return { table: tables.sessions, put };
    },
    noCorrectionOf({ tenantId, sessionId }: Session): TransactWrite {
      return { table: tables.sessions, remove: itemKey(tenantId, sessionId, CORRECTION) };
    },
    async findCorrection({ tenantId, sessionId }: Session): Promise<Correction | undefined> {
      const item = await dynamo.get(tables.sessions, itemKey(tenantId, sessionId, CORRECTION), { consistent: true });
      return item && JSON.parse(item.correction as string) as Correction;
    },

    /** What an update that was done said, as its marker has it; undefined where it was not done. */
    async findUpdate(tenantId: string, sessionId: string, updateId: string): Promise<{ content?: string } | undefined> {
      const marker = itemKey(tenantId, sessionId, `U#${updateId}`);
      return await dynamo.get(tables.sessions, marker, { consistent: true });
    },

    /** Writes what a person changed, if the version is still the one that was seen. */
    annotate(session: Session, seenVersion: number, now: number): Promise<Written<Session>> {
      // A session that nobody edited yet has no version, and counts as version 1.
      const unseen = seenVersion === 1 ? " OR attribute_not_exists(version)" : "";
      return update(keyOf(session.tenantId, session.sessionId), peopleChange(session, now), {
        expression: `attribute_exists(pk) AND attribute_not_exists(mergedInto) AND (version = :expected${unseen})`,
        values: { ":expected": seenVersion },
      });
    },

    /** Puts batches of the directory onto a sheet of their own. The same batches give the same sheet. */
    putSheet: (session: Session, spans: readonly BatchSpan[]): Promise<void> =>
      dynamo.put(tables.sessions, { ...sheetKey(session, spans), spans: spans.map(formatSpan) }),

    removeSheet: (session: Session, spans: readonly BatchSpan[]): Promise<void> =>
      dynamo.remove(tables.sessions, sheetKey(session, spans)),

    /** All that lies on sheets; a batch may be on two. */
    async listSheets({ tenantId, sessionId }: Session): Promise<BatchSpan[]> {
      const sheets = itemKey(tenantId, sessionId, "D#");
      const spans: BatchSpan[] = [];
      const key = {
        expression: "pk = :pk AND sk BETWEEN :from AND :to",
        values: { ":pk": sheets.pk, ":from": sheets.sk, ":to": `${sheets.sk}~` },
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

    /** Sets or removes a sensor's name; undefined where there is no such sensor. */
    async nameSensor(tenantId: string, sensorId: string, name: string | undefined): Promise<Sensor | undefined> {
      const change = name === undefined ? { expression: "REMOVE #name" } : {
        expression: "SET #name = :name",
        values: { ":name": name },
      };
      const named = await dynamo.updateIf(tables.sensors, { pk: sensorKeyOf(tenantId, sensorId) }, {
        ...change,
        names: { "#name": "name" },
      }, { expression: "attribute_exists(pk)" });
      return named.ok ? fromSensorItem(named.current) : undefined;
    },

    /** Sets limits of a tenant, or of one of its sensors, each by itself: whoever sets others at once loses none. */
    async putPlausible(tenantId: string, sensorId: string | undefined, limits: Partial<Plausible>): Promise<void> {
      const key = { pk: tenantId };
      const names = { "#limits": sensorId === undefined ? "plausible" : `${OWN}${sensorId}` };
      const given = Object.entries(limits);
      const each = {
        expression: `SET ${given.map(([name]) => `#limits.#${name} = :${name}`).join(", ")}`,
        names: { ...names, ...Object.fromEntries(given.map(([name]) => [`#${name}`, name])) },
        values: Object.fromEntries(given.map(([name, ms]) => [`:${name}`, ms])),
      };
      const first = { expression: "SET #limits = :limits", names, values: { ":limits": limits } };
      await retryLost(async () => {
        const set = async (change: Expression, isThere: string) =>
          (await dynamo.updateIf(tables.sensors, key, change, { expression: `${isThere}(#limits)`, names })).ok;
        return await set(each, "attribute_exists") || await set(first, "attribute_not_exists") || LOST;
      });
    },

    /** From now on what a sensor recorded until then is refused. */
    async putErased(of: { tenantId: string; sensorId: string }, until: number): Promise<void> {
      await dynamo.update(tables.sensors, { pk: of.tenantId }, {
        expression: "SET #erased = :until",
        names: { "#erased": `${ERASED}${hashOf(of)}` },
        values: { ":until": until },
      });
    },

    /** Removes a session that a person deleted; false where it was changed since it was read. */
    removeDeleted({ tenantId, sessionId, revision }: Session): Promise<boolean> {
      const condition = {
        expression: "revision = :seen AND attribute_exists(deletedAt)",
        values: { ":seen": revision },
      };
      return dynamo.transact([{ table: tables.sessions, remove: keyOf(tenantId, sessionId), condition }]);
    },

    /** The item of a session, as it is. */
    findItem: (tenantId: string, sessionId: string): Promise<Item | undefined> =>
      dynamo.get(tables.sessions, keyOf(tenantId, sessionId), { consistent: true, expired: true }),

    /** The settings of a tenant; empty where nobody set any. */
    async getSettings(tenantId: string, consistent = false): Promise<Settings> {
      const item = await dynamo.get(tables.sensors, { pk: tenantId }, { consistent });
      const own = Object.entries(item ?? {}).filter(([name]) => name.startsWith(OWN));
      const erased = Object.entries(item ?? {}).filter(([name]) => name.startsWith(ERASED));
      return {
        idleMs: item?.idleMs as number | undefined,
        keepMs: item?.keepMs as number | undefined,
        plausible: item?.plausible as Partial<Plausible> | undefined,
        erased: Object.fromEntries(erased.map(([name, until]) => [name.slice(ERASED.length), until as number])),
        bySensor: Object.fromEntries(
          own.map(([name, limits]) => [name.slice(OWN.length), limits as Partial<Plausible>]),
        ),
      };
    },
  };
}

function sheetKey({ tenantId, sessionId }: Session, spans: readonly BatchSpan[]) {
  const id = spans.map((span) => span.offset).join(",");
  const sheet = createHash("sha256").update(id).digest("hex").slice(0, 16);
  return itemKey(tenantId, sessionId, `D#${sheet}`);
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
