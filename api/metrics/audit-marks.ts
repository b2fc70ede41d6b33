import type { Dynamo } from "../aws/dynamo.ts";
import { DAY_MS, SECOND_MS } from "../core/clock.ts";
import type { MetricSource } from "./model.ts";

/** Who has counts in an hour, and where the list of these has it. */
export type Active = { tenantId: string; source: MetricSource; shard: number };
/** How far one part of an audit of all tenants has come. */
export type AuditMark = {
  hourAt: number;
  /** After this one it goes on; absent before the first. */
  after?: Active;
  isDone: boolean;
  /** How often what comes next was begun and not finished. */
  attempts: number;
  sums: Readonly<Record<string, number>>;
};
/** One of several parts of all tenants, which are looked at apart. */
export type AuditPart = { index: number; of: number };

const KEEP_MS = 7 * DAY_MS;

/** How far audits have come, in the table `buckets` (pk = audit, sk = the part): the next start of a part goes on there. */
export function createAuditMarks(dynamo: Pick<Dynamo, "get" | "put">, table: string) {
  const keyOf = ({ index, of }: AuditPart) => ({ pk: "audit", sk: `${index}-${of}` });
  return {
    async find(part: AuditPart): Promise<AuditMark | undefined> {
      const item = await dynamo.get(table, keyOf(part), { consistent: true });
      if (!item) return undefined;
      const { hourAt, tenant, source, shard, isDone, attempts, sums } = item;
      return {
        hourAt: hourAt as number,
        isDone: isDone as boolean,
        attempts: attempts as number,
        sums: sums as Record<string, number>,
        ...(tenant === undefined
          ? {}
          : { after: { tenantId: tenant as string, source: source as MetricSource, shard: shard as number } }),
      };
    },

    async put(part: AuditPart, { after, ...mark }: AuditMark, now: number): Promise<void> {
      await dynamo.put(table, {
        ...keyOf(part),
        ...mark,
        ...(after ? { tenant: after.tenantId, source: after.source, shard: after.shard } : {}),
        ttl: Math.ceil((now + KEEP_MS) / SECOND_MS),
      });
    },
  };
}
