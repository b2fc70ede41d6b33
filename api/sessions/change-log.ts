import type { Dynamo, Item } from "../aws/dynamo.ts";
import { DAY_MS, SECOND_MS } from "../core/clock.ts";
import { idOf } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import type { StreamPosition } from "../core/stream-position.ts";
import { hashOf } from "./erasures.ts";

export type SessionLog = ReturnType<typeof createSessionLog>;
/** `left`: those that a person moved to another sensor, each by `leftOf` where it was. */
export type LoggedSessions = { position: string; sessionIds: readonly string[]; left: readonly string[] };
type Image = Readonly<Record<string, unknown>> | undefined;

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
      left: readonly string[] = [],
    ): Promise<void> {
      await dynamo.put(table, {
        pk: logOf(tenantId),
        sk: `${momentOf(now)}#${shard}#${sequence}`,
        sessionIds,
        ...(left.length > 0 ? { left } : {}),
        ttl: Math.ceil((now + KEEP_MS) / SECOND_MS),
      });
    },

    /** Notes the sessions of a part of a stream, those of each tenant together. */
    async noteAll(
      changes: readonly (Pick<StreamPosition, "shard" | "sequence"> & { pk: string; before?: Image; after: Image })[],
      now: number,
    ): Promise<void> {
      const byTenant = Map.groupBy(changes, ({ pk }) => pk.split("#")[0]!);
      for (const [tenantId, own] of byTenant) {
        const left = own.flatMap(({ before, after }) => {
          const [was, is] = [before?.sensorKey as string | undefined, after!.sensorKey as string | undefined];
          if (was === undefined || is === undefined || was === is) return [];
          return [leftOf({ tenantId, sensorId: was.slice(tenantId.length + 1) }, idOf(after!.sk))];
        });
        await this.note(tenantId, [...new Set(own.map(({ after }) => idOf(after!.sk)))], own[0]!, now, left);
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
          ...items.map(({ sk, sessionIds, left = [] }) => (
            { position: sk as string, sessionIds: sessionIds as string[], left: left as string[] }
          )),
        );
      }
      return found;
    },
  };
}

/** A session and a sensor that it left, which may be erased before the log is: it is named by its hash. */
export function leftOf(sensor: { tenantId: string; sensorId: string }, sessionId: string): string {
  return `${hashOf(sensor)} ${sessionId}`;
}

/** The key of a tenant's log. */
export function logOf(tenantId: string): string {
  return `${tenantId}#sessions#log`;
}

function momentOf(at: number): string {
  return String(at).padStart(13, "0");
}
