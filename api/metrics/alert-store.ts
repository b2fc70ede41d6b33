import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { DAY_MS, SECOND_MS } from "../core/clock.ts";
import { spread } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import type { Alert, AlertChange } from "./alert-model.ts";

export type AlertStore = ReturnType<typeof createAlertStore>;

const SHARDS = 4;
const KEEP_CHANGE_MS = 90 * DAY_MS;

/**
 * Alerts, in the table `buckets`.
 *
 *   TENANT#alerts | ID             one alert, as its buckets up to now leave it      1 write a bucket that is judged
 *   TENANT#changes | CHANGE        where one came into another state                 written with the alert, in one transaction
 *   index byHour, alerts#N         all alerts of the installation
 */
export function createAlertStore(dynamo: Dynamo, table: string) {
  return {
    async findAlert(tenantId: string, alertId: string): Promise<Alert | undefined> {
      const item = await dynamo.get(table, keyOf({ tenantId, alertId }), { consistent: true });
      return item && fromItem(item);
    },

    async listAlerts(tenantId: string): Promise<Alert[]> {
      const found: Alert[] = [];
      const key = { expression: "pk = :pk", values: { ":pk": `${tenantId}#alerts` } };
      const read = (startKey?: Item) => dynamo.query(table, { key, startKey, consistent: true });
      for await (const { items } of pages(read)) found.push(...items.map(fromItem));
      return found;
    },

    /** Pages of all alerts there are. */
    async *listAll(): AsyncGenerator<Alert[]> {
      for (let shard = 0; shard < SHARDS; shard++) {
        const key = { expression: "hourShard = :shard", values: { ":shard": `alerts#${shard}` } };
        const read = (startKey?: Item) => dynamo.query(table, { index: "byHour", key, startKey });
        for await (const { items } of pages(read)) {
          const keys = items.map(({ pk, sk }) => ({ pk, sk }));
          yield (await dynamo.batchGet(table, keys, { consistent: true })).map(fromItem);
        }
      }
    },

    /**
     * Writes an alert if it is as it was read (`before`, undefined: not there; `after`, undefined: no more), together with the
     * changes that it went through and what else is to be written with them. False where somebody else was first.
     */
    async write(
      before: Alert | undefined,
      after: Alert | undefined,
      changes: readonly AlertChange[] = [],
      others: readonly TransactWrite[] = [],
    ): Promise<boolean> {
      const condition = before
        ? { expression: "version = :version", values: { ":version": before.version } }
        : { expression: "attribute_not_exists(pk)" };
      if (after && changes.length === 0 && others.length === 0) {
        return (await dynamo.putIf(table, toItem(after), condition)).ok;
      }
      return await dynamo.transact([
        after ? { table, put: toItem(after), condition } : { table, remove: keyOf(before!), condition },
        ...changes.map((change) => ({ table, put: toChangeItem(change) })),
        ...others,
      ]);
    },

    /** The history of a tenant, latest first, or with `since` oldest first from there on. */
    async listChanges(
      tenantId: string,
      { alertId, limit, after, since }: {
        alertId?: string | undefined;
        limit?: number;
        after?: string | undefined;
        since?: string;
      },
    ): Promise<AlertChange[]> {
      const found: AlertChange[] = [];
      const [bound, value] = since === undefined ? ["sk < :bound", after ?? LAST] : ["sk >= :bound", since];
      const key = {
        expression: `pk = :pk AND ${bound}`,
        values: { ":pk": `${tenantId}#changes`, ":bound": value },
      };
      const filter = alertId === undefined ? undefined : { expression: "alertId = :id", values: { ":id": alertId } };
      const read = (startKey?: Item) =>
        dynamo.query(table, { key, ...(filter ? { filter } : {}), startKey, descending: since === undefined });
      for await (const { items } of pages(read)) {
        found.push(...items.map(fromChangeItem));
        if (limit !== undefined && found.length >= limit) return found.slice(0, limit);
      }
      return found;
    },
  };
}

/** After every moment. */
const LAST = "9".repeat(14);

const keyOf = ({ tenantId, alertId }: Pick<Alert, "tenantId" | "alertId">) => ({
  pk: `${tenantId}#alerts`,
  sk: alertId,
});
const tenantOf = ({ pk }: Item) => (pk as string).split("#")[0]!;

function toItem({ tenantId, ...alert }: Alert): Item {
  return {
    ...keyOf({ tenantId, ...alert }),
    ...alert,
    hourShard: `alerts#${spread(`${tenantId}#${alert.alertId}`, SHARDS)}`,
  };
}

function fromItem(item: Item): Alert {
  const { pk: _pk, sk: _sk, hourShard: _shard, ...alert } = item;
  return { ruleVersion: 1, ...(alert as unknown as Omit<Alert, "ruleVersion">), tenantId: tenantOf(item) };
}

function toChangeItem({ tenantId, changeId, ...change }: AlertChange): Item {
  const ttl = Math.ceil((change.at + KEEP_CHANGE_MS) / SECOND_MS);
  return { pk: `${tenantId}#changes`, sk: changeId, ...change, ttl };
}

function fromChangeItem(item: Item): AlertChange {
  const { pk: _pk, sk, ttl: _ttl, ...change } = item;
  return { ...(change as unknown as AlertChange), tenantId: tenantOf(item), changeId: sk as string };
}
