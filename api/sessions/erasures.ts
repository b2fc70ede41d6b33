import { createHash } from "node:crypto";
import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { DAY_MS } from "../core/clock.ts";
import { itemKey, PARTITIONS } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { sensorKeyOf } from "./item.ts";

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

    /**
     * Removes what held motion, and takes that out of all counts; false where it is not as it was read. `left` stays in its
     * place.
     */
    removeHolding(
      of: Of,
      { ordinal }: SensorReceipt,
      item: Item,
      instants: readonly number[],
      now: number,
      left?: Item,
    ): Promise<boolean> {
      const { pk, sk, revision } = item;
      const isSession = revision !== undefined;
      const condition = isSession
        ? { expression: "revision = :seen", values: { ":seen": revision } }
        : { expression: "attribute_exists(pk)" };
      const table = tables.sessions;
      const remove: TransactWrite = left ? { table, put: left, condition } : { table, remove: { pk, sk }, condition };
      const hash = hashOf(of);
      const ttl = Math.ceil((now + KEEP_MS) / 1_000);
      const held = createHash("sha256").update(`${ordinal} ${sk as string}`).digest("base64url").slice(0, 16);
      const taken = Array.from({ length: Math.ceil(instants.length / AT_ONCE) }, (_, i): TransactWrite => {
        const erasedMotions = instants.slice(i * AT_ONCE, (i + 1) * AT_ONCE);
        const key = itemKey(of.tenantId, hash, `Z#${held}#${revision as number | undefined ?? 0}#${i}`);
        return { table: tables.sessions, put: { ...key, erasedMotions, ttl } };
      });
      const counted: TransactWrite = {
        table: tables.sessions,
        key: receiptKey(of, ordinal),
        change: {
          expression: "SET sessions = sessions + :sessions, motions = motions + :motions",
          values: { ":sessions": isSession && item.was === undefined ? 1 : 0, ":motions": instants.length },
        },
      };
      return dynamo.transact([remove, ...taken, counted]);
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
