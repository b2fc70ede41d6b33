import { createHash } from "node:crypto";
import type { Dynamo, Expression, Item } from "../aws/dynamo.ts";
import { DAY_MS } from "../core/clock.ts";
import { itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { hollowed, withoutIds } from "./chunk.ts";
import { formatIds, formatWatermarks, isErased, keyOf, parseIds } from "./item.ts";
import type { Journey } from "./model.ts";
import { listingKey } from "./visitors.ts";
import type { JourneyStore } from "./store.ts";

/**
 * What erasing keeps in the `journeys` table. None of it has an attribute of an index, and none says who the visitor was.
 *
 *  | what                           | how                                                            |
 *  |--------------------------------|----------------------------------------------------------------|
 *  | a receipt                      | sk = …#RECEIPT#<ordinal>, its key made from a hash of the id    |
 *  | a session erased under it      | sk = …#SESSION#<ordinal>#<n>, put with the tombstone           |
 *  | a tombstone                    | in the place of the journey's META, `open` until it is counted |
 */
export type ErasureStore = ReturnType<typeof createErasureStore>;

/** An erasure of a visitor: under way, or done with its numbers. */
export type Receipt = {
  receiptId: string;
  tenantId: string;
  /** Names the visitor without saying who it was. */
  visitorHash: string;
  /** From 1; one more each time that there was something to erase again. */
  ordinal: number;
  isDone: boolean;
  journeys: number;
  events: number;
  objectsRewritten: number;
  begunAt: number;
};

/** What an erasure leaves, with the reason, and for how many days where it is not for ever. */
export const REMAINS: readonly { what: string; why: string; days: number | null }[] = [
  {
    what: "The ids of the erased sessions, and how many events each had.",
    why: "A batch that is sent again must not bring the journey back.",
    days: null,
  },
  { what: "This receipt, under a hash of the visitor's id.", why: "It is the proof.", days: null },
  {
    what: "Events of journeys that begin with another visitor, without the ids.",
    why: "They are the other's. Where both are one person, an event with `aliasOf` says so; then erase again.",
    days: null,
  },
  {
    what: "What texts, pages, properties and sender-made session ids say.",
    why: "Nothing tells whom they mean; only `visitorId` and `aliasOf` are looked for.",
    days: null,
  },
  { what: "Records of the tables' streams.", why: "AWS keeps them; they leave by themselves.", days: 1 },
  {
    what: "Refused messages that name the visitor, on the dead-letter queue and parked.",
    why: "They were never recorded.",
    days: 14,
  },
  { what: "Old versions of objects, and backups of tables.", why: "They guard against mistakes.", days: 35 },
];

/** A stream keeps its records for a day: what it may need of an erased journey goes then, also where nobody consumes it. */
const HOLLOW_KEEP_MS = 2 * DAY_MS;
const PAGE = 100;
/** Nothing is left out: what has expired lies there for days. */
const AS_IS = { consistent: true, expired: true } as const;

export function createErasureStore(dynamo: Dynamo, table: string) {
  const all = (key: Expression) =>
    pages((startKey?: Item) => dynamo.query(table, { ...AS_IS, key, limit: PAGE, startKey }));

  return {
    /** The visitor's latest receipt. */
    async findLatest(tenantId: string, visitorId: string): Promise<Receipt | undefined> {
      const visitorHash = hashOf(tenantId, visitorId);
      const { items: [item] } = await dynamo.query(table, {
        key: below(itemKey(tenantId, visitorHash, "RECEIPT#")),
        descending: true,
        limit: 1,
        consistent: true,
      });
      return item && fromReceipt(tenantId, visitorHash, item);
    },

    /** Begins the erasure after `latest`. Undefined where another process did so first. */
    async begin(
      tenantId: string,
      visitorId: string,
      latest: Receipt | undefined,
      begunAt: number,
    ): Promise<Receipt | undefined> {
      const visitorHash = hashOf(tenantId, visitorId);
      const ordinal = (latest?.ordinal ?? 0) + 1;
      const receiptId = `${visitorHash.slice(0, 24)}-${ordinal}`;
      const numbers = { journeys: 0, events: 0, objectsRewritten: 0 };
      const receipt = { receiptId, tenantId, visitorHash, ordinal, isDone: false, begunAt, ...numbers };
      const item = { ...receiptKey(receipt), receiptId, ordinal, isDone: false, begunAt, ...numbers };
      const { ok } = await dynamo.putIf(table, item, { expression: "attribute_not_exists(pk)" });
      return ok ? receipt : undefined;
    },

    /**
     * Puts a tombstone in the place of a journey that is still as `known` (or is not there) and adds it to the receipt, all
     * or nothing. Undefined where the journey, or the receipt, is not as it was believed to be.
     */
    async bury(
      receipt: Receipt,
      sessionId: string,
      known: Journey | undefined,
      events: number,
    ): Promise<Receipt | undefined> {
      const { tenantId, receiptId, journeys } = receipt;
      const next = { ...receipt, journeys: journeys + 1, events: receipt.events + events };
      const isWritten = await dynamo.transact([
        {
          table,
          // What was not there was not counted either.
          put: { ...keyOf(tenantId, sessionId), erased: receiptId, events, ...(known ? { open: true } : {}) },
          condition: known
            ? { expression: "wm = :seen", values: { ":seen": formatWatermarks(known.watermarks) } }
            : { expression: "attribute_not_exists(pk)" },
        },
        {
          table,
          key: receiptKey(receipt),
          change: {
            expression: "SET journeys = :journeys, #events = :events",
            names: { "#events": "events" },
            values: { ":journeys": next.journeys, ":events": next.events },
          },
          condition: stillOpen(journeys),
        },
        { table, put: { ...sessionKey(receipt, next.journeys), session: sessionId } },
      ]);
      return isWritten ? next : undefined;
    },

    /** The sessions erased of a visitor, also under earlier receipts, with the ordinal of each one's receipt. */
    async *listSessions(tenantId: string, visitorId: string) {
      const key = below(itemKey(tenantId, hashOf(tenantId, visitorId), "SESSION#"));
      for await (const { items } of all(key)) {
        yield items.map((item) => ({ sessionId: item.session as string, ordinal: ordinalOf(item.sk) }));
      }
    },

    /** Closes the receipt with its numbers, if nothing was added to it. Undefined where something was, or it is closed. */
    async close(receipt: Receipt, objectsRewritten: number, doneAt: number): Promise<Receipt | undefined> {
      const written = await dynamo.updateIf(table, receiptKey(receipt), {
        expression: "SET isDone = :done, objectsRewritten = :objects, doneAt = :at",
        values: { ":done": true, ":objects": objectsRewritten, ":at": doneAt },
      }, stillOpen(receipt.journeys));
      return written.ok ? fromReceipt(receipt.tenantId, receipt.visitorHash, written.current) : undefined;
    },

    /**
     * Empties the chunks of an erased session. Those that the table's stream may still have to count keep which events
     * there were, and in which minutes; all others are removed. Does nothing to a session that was not erased.
     */
    async scrub(tenantId: string, sessionId: string, now: number): Promise<void> {
      const tombstone = await dynamo.get(table, keyOf(tenantId, sessionId), AS_IS);
      if (!tombstone || !isErased(tombstone)) return;
      await removeAll(below(itemKey(tenantId, sessionId, "V#")));
      if (!tombstone.open) return await removeAll(chunksOf(tenantId, sessionId));
      for await (const { items } of all(chunksOf(tenantId, sessionId))) {
        for (const { pk, sk, z, hollow } of items) {
          if (hollow) continue;
          const ttl = Math.ceil((now + HOLLOW_KEEP_MS) / 1_000);
          const item = { pk, sk, z: hollowed(sessionId, z as Uint8Array), hollow: true, ttl };
          await dynamo.putIf(table, item, { expression: "attribute_exists(pk)" });
        }
      }
    },

    /** Takes a visitor's ids out of a journey that is somebody else's: its chunks, its item, and the lists of these ids. */
    async unname(tenantId: string, sessionId: string, ids: ReadonlySet<string>): Promise<void> {
      for await (const { items } of all(chunksOf(tenantId, sessionId))) {
        for (const item of items) {
          const z = withoutIds(sessionId, item.z as Uint8Array, ids);
          if (z) await dynamo.putIf(table, { ...item, z }, { expression: "attribute_exists(pk)" });
        }
      }
      await retryLost(async () => {
        const item = await dynamo.get(table, keyOf(tenantId, sessionId), AS_IS);
        if (!item || isErased(item) || item.ids === undefined) return;
        const left = parseIds(item.ids).filter((id) => !ids.has(id));
        const { ids: before, ...rest } = item;
        const next = left.length > 0 ? { ...rest, ids: formatIds(left) } : rest;
        const written = await dynamo.putIf(table, next, {
          expression: `wm = :seen AND ids = :ids AND ${item.gv ? "gv = :gv" : "attribute_not_exists(gv)"}`,
          values: { ":seen": item.wm, ":ids": before, ...(item.gv ? { ":gv": item.gv } : {}) },
        });
        return written.ok ? undefined : LOST;
      });
      for (const id of ids) await dynamo.remove(table, listingKey(tenantId, sessionId, id));
    },

    /** Once the table's stream has taken an erased journey out of all counts: nothing but its key and number of events is left. */
    async settle(tenantId: string, sessionId: string): Promise<void> {
      const tombstone = await dynamo.get(table, keyOf(tenantId, sessionId), AS_IS);
      if (!tombstone || !isErased(tombstone)) return;
      const { pk, sk, erased, events, open } = tombstone;
      if (open) await dynamo.put(table, { pk, sk, erased, events });
      await removeAll(chunksOf(tenantId, sessionId));
    },

    /** Whether a session was erased, and all that it counted for is taken out again. */
    async isSettled(tenantId: string, sessionId: string): Promise<boolean> {
      const item = await dynamo.get(table, keyOf(tenantId, sessionId), AS_IS);
      return item !== undefined && isErased(item) && !item.open;
    },
  };

  async function removeAll(key: Expression): Promise<void> {
    for await (const { items } of all(key)) {
      for (const { pk, sk } of items) await dynamo.remove(table, { pk, sk });
    }
  }
}

/**
 * Reads all chunks of a journey for the stream's consumer; undefined where it was erased and all that it counted for is taken
 * out again. Asked in this order: the chunks of a journey that is not settled yet were all there when they were read.
 */
export function createChunkReader(
  store: Pick<JourneyStore, "readAllChunks">,
  erasures: Pick<ErasureStore, "isSettled">,
) {
  return async (tenantId: string, sessionId: string) => {
    const chunks = await store.readAllChunks(tenantId, sessionId, { expired: true });
    return await erasures.isSettled(tenantId, sessionId) ? undefined : chunks;
  };
}

function hashOf(tenantId: string, visitorId: string): string {
  return createHash("sha256").update(JSON.stringify([tenantId, visitorId])).digest("hex");
}

function receiptKey({ tenantId, visitorHash, ordinal }: Receipt) {
  return itemKey(tenantId, visitorHash, `RECEIPT#${digits(ordinal)}`);
}

/** Without the session's id, which could look like another part of an item's key. */
function sessionKey({ tenantId, visitorHash, ordinal }: Receipt, n: number) {
  return itemKey(tenantId, visitorHash, `SESSION#${digits(ordinal)}#${digits(n)}`);
}

function ordinalOf(sk: unknown): number {
  return Number((sk as string).split("#")[2]);
}

function digits(n: number): string {
  return String(n).padStart(9, "0");
}

function chunksOf(tenantId: string, sessionId: string): Expression {
  return below(itemKey(tenantId, sessionId, "E#"));
}

/** All items of a partition whose sort key goes on after this one with digits. */
function below({ pk, sk }: { pk: string; sk: string }): Expression {
  return { expression: "pk = :pk AND sk BETWEEN :from AND :to", values: { ":pk": pk, ":from": sk, ":to": `${sk}~` } };
}

function stillOpen(journeys: number): Expression {
  return {
    expression: "isDone = :running AND journeys = :known",
    values: { ":running": false, ":known": journeys },
  };
}

function fromReceipt(tenantId: string, visitorHash: string, item: Item): Receipt {
  const { receiptId, ordinal, isDone, journeys, events, objectsRewritten, begunAt } = item as Receipt;
  return { tenantId, visitorHash, receiptId, ordinal, isDone, journeys, events, objectsRewritten, begunAt };
}
