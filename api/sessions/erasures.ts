import { createHash } from "node:crypto";
import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { DAY_MS } from "../core/clock.ts";
import { itemKey, PARTITIONS } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { keyOf, sensorKeyOf } from "./item.ts";

/**
 * What erasing a sensor reads and leaves, in the tables `sessions` and `sensors`. Nothing that stays says which sensor it was.
 *
 *  | what                               | how                                                                    |
 *  |------------------------------------|------------------------------------------------------------------------|
 *  | a receipt                          | sk = <hash of the sensor>#RECEIPT#<ordinal>                            |
 *  | sessions of the sensor             | Query of the tenant's partitions, with a filter                        |
 *  | what lies beside a sensor, a session | Query of sk = <id>#…                                                  |
 *  | motion that is taken out of counts | sk = <hash>#Z#…, put with the removal of what held it; goes after days |
 */
export type SensorErasures = ReturnType<typeof createSensorErasures>;

/** An erasure of a sensor: under way, or done with its numbers. */
export type SensorReceipt = {
  receiptId: string;
  tenantId: string;
  sensorHash: string;
  /** From 1; one more each time that there was something to erase again. */
  ordinal: number;
  isDone: boolean;
  /** Sessions that began until then are erased, and what happened until then is refused. */
  until: number;
  sessions: number;
  motions: number;
  batches: number;
};

type Of = { tenantId: string; sensorId: string };

/** What the stream takes out of counts is counted within a day. */
const KEEP_MS = 2 * DAY_MS;
const AT_ONCE = 500;
/** What is removed beside a session in one transaction. */
const MOST_MARKERS = 80;

/** Motion that is taken out of counts. */
type Taken = { instants: readonly number[]; now: number };

export function createSensorErasures(dynamo: Dynamo, tables: { sessions: string; sensors: string }) {
  /** Nothing is left out: what has expired lies there for days. */
  const all = { consistent: true, expired: true };
  const below = ({ pk, sk }: { pk: string; sk: string }) => ({
    expression: "pk = :pk AND sk BETWEEN :from AND :to",
    values: { ":pk": pk, ":from": sk, ":to": `${sk}~` },
  });

  return {
    async findLatest(of: Of): Promise<SensorReceipt | undefined> {
      const key = below(itemKey(of.tenantId, hashOf(of), "RECEIPT#"));
      const { items: [item] } = await dynamo.query(tables.sessions, {
        key,
        descending: true,
        limit: 1,
        consistent: true,
      });
      return item && fromReceipt(of, item);
    },

    /** Begins the erasure after `latest`. Undefined where another process did so first. */
    async begin(of: Of, latest: SensorReceipt | undefined, until: number): Promise<SensorReceipt | undefined> {
      const ordinal = (latest?.ordinal ?? 0) + 1;
      const sensorHash = hashOf(of);
      const receiptId = `${sensorHash.slice(0, 24)}-${ordinal}`;
      const numbers = { ordinal, isDone: false, until, sessions: 0, motions: 0, batches: 0 };
      const item = { ...receiptKey(of, ordinal), receiptId, ...numbers };
      const { ok } = await dynamo.putIf(tables.sessions, item, { expression: "attribute_not_exists(pk)" });
      return ok ? fromReceipt(of, item) : undefined;
    },

    async close(of: Of, { ordinal }: SensorReceipt): Promise<SensorReceipt> {
      const change = { expression: "SET isDone = :done", values: { ":done": true } };
      return fromReceipt(of, await dynamo.update(tables.sessions, receiptKey(of, ordinal), change));
    },

    /** The items of the sensor's own sessions, as they are; also of those that are a part of another, or deleted. */
    async *listSessions({ tenantId, sensorId }: Of): AsyncGenerator<Item[]> {
      const filter = {
        expression:
          "ownSensor = :sensor OR (attribute_not_exists(ownSensor) AND (sensorKey = :key OR was.sensorKey = :key))",
        values: { ":sensor": sensorId, ":key": sensorKeyOf(tenantId, sensorId) },
      };
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const key = { expression: "pk = :pk", values: { ":pk": `${tenantId}#${partition}` } };
        const read = (startKey?: Item) => dynamo.query(tables.sessions, { ...all, key, filter, startKey });
        for await (const { items } of pages(read)) yield items;
      }
    },

    /** What lies beside a sensor or a session: its places, sheets, markers. */
    async *listBeside(tenantId: string, id: string): AsyncGenerator<Item[]> {
      const key = below(itemKey(tenantId, id, ""));
      const read = (startKey?: Item) => dynamo.query(tables.sessions, { ...all, key, startKey });
      for await (const { items } of pages(read)) yield items;
    },

    remove: ({ pk, sk }: Item): Promise<void> => dynamo.remove(tables.sessions, { pk, sk }),

    /** What lies there this moment. */
    find: ({ pk, sk }: Item): Promise<Item | undefined> =>
      dynamo.get(tables.sessions, { pk, sk }, { consistent: true, expired: true }),

    /** Removes a sheet of motion, and takes that out of all counts; false where it is gone. `left` stays in its place. */
    removeSheet(of: Of, receipt: SensorReceipt, item: Item, taken: Taken, left?: Item): Promise<boolean> {
      const condition = { expression: "attribute_exists(pk)" };
      const { pk, sk } = item;
      const remove: TransactWrite = left
        ? { table: tables.sessions, put: left, condition }
        : { table: tables.sessions, remove: { pk, sk }, condition };
      return dynamo.transact([remove, ...takenOut(of, receipt, item, taken), counted(of, receipt, 0, taken)]);
    },

    /**
     * Removes a session with what lies beside it, and takes its motion out of all counts; false where it is not as it was read, or
     * another's of its id: then what is beside it stays as well.
     */
    async removeSession(
      of: Of,
      receipt: SensorReceipt,
      item: Item,
      { beside, ...taken }: Taken & { beside: readonly Item[] },
    ): Promise<boolean> {
      const table = tables.sessions;
      let session = item;
      let [...markers] = beside.map(removal);
      for (; markers.length > MOST_MARKERS; markers = markers.slice(MOST_MARKERS)) {
        const change = { expression: "SET revision = revision + :one", values: { ":one": 1 } };
        const same: TransactWrite = { table, key: keyIn(session), change, condition: unchangedItem(session) };
        if (!await dynamo.transact([same, ...markers.slice(0, MOST_MARKERS)])) return false;
        session = { ...session, revision: (session.revision as number) + 1 };
      }
      const remove: TransactWrite = { table, remove: keyIn(session), condition: unchangedItem(session) };
      const sessions = item.was === undefined ? 1 : 0;
      return await dynamo.transact([
        ...[remove, ...markers],
        ...[...takenOut(of, receipt, item, taken), counted(of, receipt, sessions, taken)],
      ]);
    },

    /** Removes what is left beside a session that is gone, for as long as nobody has its id again. */
    async removeLeft(tenantId: string, sessionId: string, beside: readonly Item[]): Promise<void> {
      const condition = { expression: "attribute_not_exists(pk)" };
      const nobody: TransactWrite = { table: tables.sessions, remove: keyOf(tenantId, sessionId), condition };
      for (let i = 0; i < beside.length; i += MOST_MARKERS) {
        const markers = beside.slice(i, i + MOST_MARKERS).map(removal);
        await retryLost(async () => {
          if (await dynamo.transact([nobody, ...markers])) return true;
          return await dynamo.get(tables.sessions, keyOf(tenantId, sessionId), all) ? true : LOST;
        });
      }
    },

    async addBatches(of: Of, { ordinal }: SensorReceipt, batches: number): Promise<void> {
      const change = { expression: "SET batches = batches + :batches", values: { ":batches": batches } };
      await dynamo.update(tables.sessions, receiptKey(of, ordinal), change);
    },

    /** Leaves the sensor, which says by itself what of it was erased: whoever read it before has read another. False where it went. */
    keepSensor: (of: Of, { until }: SensorReceipt): Promise<boolean> =>
      dynamo.transact([{
        table: tables.sensors,
        key: { pk: sensorKeyOf(of.tenantId, of.sensorId) },
        change: {
          expression: "SET erasedUntil = :until, revision = revision + :one",
          values: { ":until": until, ":one": 1 },
        },
        condition: { expression: "attribute_exists(revision)" },
      }]),

    /** Removes the sensor itself, if its latest session is still the one that was read. */
    async removeSensor(of: Of, latestSessionId: string | undefined): Promise<boolean> {
      const condition = latestSessionId === undefined
        ? { expression: "attribute_not_exists(latest)" }
        : { expression: "latest = :latest", values: { ":latest": latestSessionId } };
      return await dynamo.transact([{
        table: tables.sensors,
        remove: { pk: sensorKeyOf(of.tenantId, of.sensorId) },
        condition,
      }]);
    },
  };

  function takenOut(
    of: Of,
    { ordinal }: SensorReceipt,
    { sk, revision }: Item,
    { instants, now }: Taken,
  ): TransactWrite[] {
    const ttl = Math.ceil((now + KEEP_MS) / 1_000);
    const held = createHash("sha256").update(`${ordinal} ${sk as string}`).digest("base64url").slice(0, 16);
    return Array.from({ length: Math.ceil(instants.length / AT_ONCE) }, (_, i): TransactWrite => {
      const erasedMotions = instants.slice(i * AT_ONCE, (i + 1) * AT_ONCE);
      const key = itemKey(of.tenantId, hashOf(of), `Z#${held}#${revision as number | undefined ?? 0}#${i}`);
      return { table: tables.sessions, put: { ...key, erasedMotions, ttl } };
    });
  }

  function counted(of: Of, { ordinal }: SensorReceipt, sessions: number, { instants }: Taken): TransactWrite {
    return {
      table: tables.sessions,
      key: receiptKey(of, ordinal),
      change: {
        expression: "SET sessions = sessions + :sessions, motions = motions + :motions",
        values: { ":sessions": sessions, ":motions": instants.length },
      },
    };
  }

  function removal(item: Item): TransactWrite {
    return { table: tables.sessions, remove: keyIn(item) };
  }
}

function keyIn({ pk, sk }: Item): Item {
  return { pk, sk };
}

/** Holds while a session's item is as it was read, and no other's of its id. */
function unchangedItem({ revision, createdAt, was, sensorKey, startedAt }: Item) {
  const place = (was ?? { sensorKey, startedAt }) as Item;
  const at = was === undefined ? "" : "was.";
  return {
    expression: `revision = :seen AND createdAt = :created AND ${at}sensorKey = :sensor AND ${at}startedAt = :started`,
    values: { ":seen": revision, ":created": createdAt, ":sensor": place.sensorKey, ":started": place.startedAt },
  };
}

export function receiptKey(of: Of, ordinal: number) {
  return itemKey(of.tenantId, hashOf(of), `RECEIPT#${String(ordinal).padStart(9, "0")}`);
}

/** Names a sensor without saying which it was. */
export function hashOf({ tenantId, sensorId }: Of): string {
  return createHash("sha256").update(JSON.stringify([tenantId, sensorId])).digest("hex");
}

function fromReceipt(of: Of, item: Item): SensorReceipt {
  const { receiptId, ordinal, isDone, until, sessions, motions, batches } = item as SensorReceipt;
  return {
    tenantId: of.tenantId,
    sensorHash: hashOf(of),
    receiptId,
    ordinal,
    isDone,
    until,
    sessions,
    motions,
    batches,
  };
}
