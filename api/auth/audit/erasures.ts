import * as v from "valibot";
import type { Dynamo, Item } from "../../aws/dynamo.ts";
import { createCursors, type Page, parseFirst } from "../../core/page.ts";

/** A receipt of an erasure in the tenant's list: it says what went, and not of whom. */
export type ErasureEntry = {
  receiptId: string;
  /** When it began, epoch ms; the same each time that it is run again. */
  at: number;
  what: "VISITOR" | "SENSOR";
  /** Journeys of a visitor, sessions of a sensor. */
  things: number;
  /** Events of journeys, motion events of sessions. */
  events: number;
  userId: string | undefined;
};

export type Erasures = ReturnType<typeof createErasures>;

const MAX_FIRST = 100;
const POSITION = v.object({ sk: v.string() });

/**
 * A tenant's receipts, in the table `access`. They stay for as long as the tenant: they are its proof.
 *
 *   erasures#TENANT | AT#RECEIPT     one receipt; run again it is the same item     1 write
 *   the same partition               a tenant's, latest first                       1 query
 */
export function createErasures(dynamo: Dynamo, table: string) {
  return {
    note: (tenantId: string, entry: ErasureEntry): Promise<void> =>
      dynamo.put(table, {
        pk: partitionOf(tenantId),
        sk: `${String(entry.at).padStart(13, "0")}#${entry.receiptId}`,
        ...entry,
      }),

    /** Latest first. Throws InvalidInputError where `first` or `after` cannot be. */
    async list(tenantId: string, first: number, after: string | null | undefined): Promise<Page<ErasureEntry>> {
      const pk = partitionOf(tenantId);
      const cursors = createCursors("erasures", tenantId, POSITION);
      const limit = parseFirst(first, MAX_FIRST);
      const from = cursors.decode(after);
      const { items } = await dynamo.query(table, {
        key: { expression: "pk = :pk", values: { ":pk": pk } },
        descending: true,
        limit: limit + 1,
        ...(from ? { startKey: { pk, sk: from.sk } } : {}),
      });
      return {
        edges: items.slice(0, limit).map((item) => ({ cursor: cursors.encode({ sk: item.sk }), node: fromItem(item) })),
        hasNextPage: items.length > limit,
        hasPreviousPage: from !== undefined,
      };
    },
  };
}

const partitionOf = (tenantId: string) => `erasures#${tenantId}`;

function fromItem({ pk: _pk, sk: _sk, ...entry }: Item): ErasureEntry {
  return entry as ErasureEntry;
}
