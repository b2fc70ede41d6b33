import { createHash } from "node:crypto";
import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { idOf, itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import type { PauseSaid } from "./pauses.ts";

/** What was kept aside because nobody can believe its time: a motion event, or readings and statements of one batch. */
export type Held = {
  tenantId: string;
  sensorId: string;
  quarantineId: string;
  heldAt: number;
  reason: string;
  count: number;
  content:
    | { kind: "motion"; at: number; seq?: number; boot?: string; endedAt?: number; state?: "CLEARED" }
    | {
      kind: "batch";
      sessionId: string;
      batchOffset: number;
      startedAt?: number;
      durationMs?: number;
      pauses?: readonly PauseSaid[];
    }
    /** Readings of a session that lie too far from its others. */
    | { kind: "apart"; sessionId: string };
  /** What a person decided of it; undefined while it waits for that. */
  decided?: Decided | undefined;
};

export type Decided = "ADMITTED" | "DROPPED";

/** Whether a text can be an id that was given for something that is kept aside. */
export function isQuarantineId(text: string): boolean {
  return /^[\w-]{22}$/.test(text);
}

/** Where a list of what is kept aside goes on. */
export type AsidePosition = Pick<Held, "heldAt" | "sensorId" | "quarantineId">;

const BY_TENANT = { index: "byNote", attribute: "noted" } as const;
/** No tenant's own id, so no session with notes lies there. */
const asideOf = (tenantId: string) => `${tenantId}#aside`;

export type QuarantineStore = ReturnType<typeof createQuarantineStore>;

/**
 * Beside a sensor's sessions, sk = sensor#Q#<id>; the same content again is the same item. What a person decided of it is kept for
 * as long as it would have been, in no list: a device repeats what it was not told to be counted.
 */
export function createQuarantineStore(dynamo: Dynamo, tables: { sessions: string }) {
  const keyOf = ({ tenantId, sensorId }: Pick<Held, "tenantId" | "sensorId">, id: string) =>
    itemKey(tenantId, sensorId, `Q#${id}#`);
  return {
    idOf: (content: Held["content"]): string => (
      createHash("sha256").update(JSON.stringify(content)).digest("base64url").slice(0, 22)
    ),

    /** Keeps it aside, where nobody decided of it before; gives what was decided. */
    async put(held: Held, keepMs: number): Promise<Decided | undefined> {
      const open = { expression: "attribute_not_exists(decided)" };
      const written = await dynamo.putIf(tables.sessions, itemOf(held, keepMs), open);
      return written.ok ? undefined : written.current?.decided as Decided | undefined;
    },

    /** Keeps what a person decided of it; false where it counts by now and so cannot be dropped. */
    async decide(held: Held, decided: Decided, keepMs: number): Promise<boolean> {
      const open = {
        expression: "attribute_not_exists(decided) OR decided = :dropped",
        values: { ":dropped": "DROPPED" },
      };
      const item = itemOf({ ...held, decided }, keepMs);
      if (decided === "DROPPED") return (await dynamo.putIf(tables.sessions, item, open)).ok;
      await dynamo.put(tables.sessions, item);
      return true;
    },

    /** The same as parts of a transaction. */
    putting: (held: Held, keepMs: number): TransactWrite => ({ table: tables.sessions, put: itemOf(held, keepMs) }),
    removing: (of: Pick<Held, "tenantId" | "sensorId">, id: string): TransactWrite => (
      { table: tables.sessions, remove: keyOf(of, id) }
    ),

    async find(of: Pick<Held, "tenantId" | "sensorId">, id: string): Promise<Held | undefined> {
      const item = await dynamo.get(tables.sessions, keyOf(of, id), { consistent: true });
      return item && fromItem(item);
    },

    remove: (of: Pick<Held, "tenantId" | "sensorId">, id: string): Promise<void> =>
      dynamo.remove(tables.sessions, keyOf(of, id)),

    /** What is kept aside of a tenant, latest first, after a position; what came a moment ago may be missing. */
    async page(tenantId: string, limit: number, after: AsidePosition | undefined) {
      const { index, attribute } = BY_TENANT;
      const rows = await dynamo.query(tables.sessions, {
        index,
        key: { expression: "#p = :p", names: { "#p": attribute }, values: { ":p": asideOf(tenantId) } },
        descending: true,
        limit,
        startKey: after && {
          ...keyOf({ tenantId, sensorId: after.sensorId }, after.quarantineId),
          ...{ [attribute]: asideOf(tenantId), startedAt: after.heldAt },
        },
      });
      const isFull = rows.items.length === limit;
      if (rows.items.length === 0) return { held: [], isFull };
      const items = await dynamo.batchGet(tables.sessions, rows.items.map(({ pk, sk }) => ({ pk, sk })));
      const place = new Map(rows.items.map(({ sk }, i) => [sk, i]));
      return { held: items.sort((a, b) => place.get(a.sk)! - place.get(b.sk)!).map(fromItem), isFull };
    },

    /** The first of what waits at a sensor for somebody to decide. */
    async list(of: Pick<Held, "tenantId" | "sensorId">, limit: number): Promise<Held[]> {
      const { pk, sk } = itemKey(of.tenantId, of.sensorId, "Q#");
      const values = { ":pk": pk, ":from": sk, ":to": `${sk}~` };
      const key = { expression: "pk = :pk AND sk BETWEEN :from AND :to", values };
      const found: Held[] = [];
      for await (
        const { items } of pages((startKey?: Item) => dynamo.query(tables.sessions, { key, limit, startKey }))
      ) {
        found.push(...items.map(fromItem).filter(({ decided }) => decided === undefined));
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    },
  };

  function itemOf(held: Held, keepMs: number): Item {
    const { tenantId, heldAt, reason, count, content, decided } = held;
    const ttl = Math.ceil((heldAt + keepMs) / 1_000);
    return {
      ...keyOf(held, held.quarantineId),
      of: tenantId,
      // Sparse, beside sessions with notes: what is kept aside is found by its tenant, newest first.
      ...(decided ? { decided } : { [BY_TENANT.attribute]: asideOf(tenantId), startedAt: heldAt }),
      ...{ heldAt, reason, count, content: JSON.stringify(content), ttl },
    };
  }
}

function fromItem(item: Item): Held {
  return {
    tenantId: item.of as string,
    sensorId: idOf(item.sk),
    quarantineId: (item.sk as string).split("#")[2]!,
    heldAt: item.heldAt as number,
    reason: item.reason as string,
    count: item.count as number,
    content: JSON.parse(item.content as string) as Held["content"],
    decided: item.decided as Decided | undefined,
  };
}
