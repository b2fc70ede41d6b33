import type { Dynamo, Item } from "../aws/dynamo.ts";
import { DAY_MS, SECOND_MS } from "../core/clock.ts";
import { idOf } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import type { StreamPosition } from "../core/stream-position.ts";

export type SessionLog = ReturnType<typeof createSessionLog>;
export type LoggedSessions = { position: string; sessionIds: readonly string[] };

/** As long as a cursor is good, and a day. */
const KEEP_MS = 8 * DAY_MS;

/**
 * Which sessions changed, by the moment at which their table's stream told of it, in the table `buckets` (pk = TENANT#sessions#log,
 * sk = the moment, then where in the stream it came from): one item for each part of a stream and tenant, kept for eight days.
 * What follows sessions reads it, in whatever process.
 */
export function createSessionLog(dynamo: Pick<Dynamo, "put" | "query">, table: string) {
  return {
    async note(
      tenantId: string,
      sessionIds: readonly string[],
      { shard, sequence }: Pick<StreamPosition, "shard" | "sequence">,
      now: number,
    ): Promise<void> {
      await dynamo.put(table, {
        pk: logOf(tenantId),
        sk: `${momentOf(now)}#${shard}#${sequence}`,
        sessionIds,
        ttl: Math.ceil((now + KEEP_MS) / SECOND_MS),
      });
    },

    /** Notes the sessions of a part of a stream, those of each tenant together. */
    async noteAll(
      changes:
        readonly (Pick<StreamPosition, "shard" | "sequence"> & { pk: string; after: { sk?: unknown } | undefined })[],
      now: number,
    ): Promise<void> {
      const byTenant = Map.groupBy(changes, ({ pk }) => pk.split("#")[0]!);
      for (const [tenantId, own] of byTenant) {
        await this.note(tenantId, [...new Set(own.map(({ after }) => idOf(after!.sk)))], own[0]!, now);
      }
    },

    /** What was noted at an instant or later, the earliest first. */
    async since(tenantId: string, at: number): Promise<LoggedSessions[]> {
      const found: LoggedSessions[] = [];
      const key = {
        expression: "pk = :pk AND sk >= :since",
        values: { ":pk": logOf(tenantId), ":since": momentOf(Math.max(0, at)) },
      };
      for await (const { items } of pages((startKey?: Item) => dynamo.query(table, { key, startKey }))) {
        found.push(
          ...items.map(({ sk, sessionIds }) => ({ position: sk as string, sessionIds: sessionIds as string[] })),
        );
      }
      return found;
    },
  };
}

/** The key of a tenant's log. */
export function logOf(tenantId: string): string {
  return `${tenantId}#sessions#log`;
}

function momentOf(at: number): string {
  return String(at).padStart(13, "0");
}
