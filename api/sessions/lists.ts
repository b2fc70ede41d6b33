import type { TimeRange } from "../core/range.ts";
import type { Dynamo, Expression, Item } from "../aws/dynamo.ts";
import { idOf } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { fromItem, fromSensorItem, keyOf, sensorKeyOf, SHARDS } from "./item.ts";
import type { Sensor, Session, SessionStatus } from "./model.ts";

/** Reads over many sessions, by indexes: what was written a moment ago may be missing, but for running sessions. */
export type SessionLists = ReturnType<typeof createSessionLists>;

export type SessionQuery = {
  tenantId: string;
  sensorId?: string | undefined;
  fromAt: number;
  toAt: number;
  /** With ACTIVE also some that are over by now, with COMPLETED all: whoever asks looks at each. */
  status?: SessionStatus | undefined;
  label?: string | undefined;
  /** Only those that go on, or ended after this instant. */
  openAt?: number | undefined;
  /** Only those whose notes hold each of these, folded; a page holds all that have notes. */
  words?: readonly string[] | undefined;
};
export type SessionPosition = { startedAt: number; sessionId: string };

type Tables = { sessions: string; sensors: string };

/** The sweeper asks for so many sessions at a time. */
const DUE_ROWS = 100;

export function createSessionLists(dynamo: Dynamo, tables: Tables) {
  /** Rows as sessions: those that are running are read from the table, where their numbers are. */
  async function whole(rows: readonly Item[]): Promise<Session[]> {
    const running = rows.filter((row) => fromItem(row) === undefined).map(({ pk, sk }) => ({ pk, sk }));
    // Eventually consistent, at half the price: the index that gave the rows is no fresher.
    const items = running.length > 0 ? await dynamo.batchGet(tables.sessions, running) : [];
    const byKey = new Map(items.map((item) => [item.sk, item]));
    return rows.flatMap((row) => fromItem(row) ?? fromItem(byKey.get(row.sk) ?? {}) ?? []);
  }

  /** One page, latest start first or last; `next` is where the one after it begins, where there may be one. */
  async function page(query: SessionQuery, limit: number, after: SessionPosition | undefined, ascending = false) {
    const { tenantId, sensorId, words = [] } = query;
    const [index, name, value] = words.length > 0
      ? ["byNote", "noted", tenantId] as const
      : sensorId === undefined
      ? ["byStart", "tenant", tenantId] as const
      : ["bySensor", "sensorKey", sensorKeyOf(tenantId, sensorId)] as const;
    const rows = await dynamo.query(tables.sessions, {
      index,
      key: {
        expression: "#p = :p AND startedAt BETWEEN :from AND :to",
        names: { "#p": name },
        values: { ":p": value, ":from": query.fromAt, ":to": query.toAt - 1 },
      },
      ...filterOf(query),
      limit,
      descending: !ascending,
      startKey: after && { ...keyOf(tenantId, after.sessionId), [name]: value, startedAt: after.startedAt },
    });
    return { sessions: await whole(rows.items), next: positionOf(rows.next) };
  }

  return {
    /** Pages of the sessions that started in a range, as things to be counted again. */
    async *listStarts(tenantId: string, fromAt: number, toAt: number) {
      const key = {
        expression: "tenant = :tenant AND startedAt BETWEEN :from AND :to",
        values: { ":tenant": tenantId, ":from": fromAt, ":to": toAt - 1 },
      };
      const read = (startKey?: Item) =>
        dynamo.query(tables.sessions, { index: "byStart", key, startKey, expired: true });
      for await (const { items } of pages(read)) {
        yield items.map((item) => ({
          at: item.startedAt as number,
          arrivedAt: item.createdAt as number,
        }));
      }
    },

    page,

    /** Those that go on, among so many of the newest sessions of a sensor that began in a range. */
    async running(tenantId: string, sensorId: string, { fromAt, toAt }: TimeRange, rows: number): Promise<Session[]> {
      return (await page({ tenantId, sensorId, fromAt, toAt, status: "ACTIVE" }, rows, undefined)).sessions;
    },

    /** When the first and the last session of a tenant, or of one sensor, started in a range; a row of the index each. */
    async outerStarts(tenantId: string, sensorId: string | undefined, fromAt: number, toAt: number) {
      const [index, name, value] = sensorId === undefined
        ? ["byStart", "tenant", tenantId] as const
        : ["bySensor", "sensorKey", sensorKeyOf(tenantId, sensorId)] as const;
      const [first, last] = await Promise.all([false, true].map(async (descending) => {
        const page = await dynamo.query(tables.sessions, {
          index,
          key: {
            expression: "#p = :p AND startedAt BETWEEN :from AND :to",
            names: { "#p": name },
            values: { ":p": value, ":from": fromAt, ":to": toAt - 1 },
          },
          limit: 1,
          descending,
        });
        return page.items[0]?.startedAt as number | undefined;
      }));
      return { first, last };
    },

    /** Running sessions that have to be looked at by now, some at a time, until there are none. */
    async *due(now: number): AsyncGenerator<Session[]> {
      for (const shard of SHARDS) {
        const key = { expression: "checkShard = :shard AND checkAt <= :now", values: { ":shard": shard, ":now": now } };
        const read = (startKey?: Item) =>
          dynamo.query(tables.sessions, { index: "byCheck", key, limit: DUE_ROWS, startKey });
        for await (const { items } of pages(read)) {
          const keys = items.map(({ pk, sk }) => ({ pk, sk }));
          // What is old is found out by the condition of the write, and looked at again.
          if (keys.length > 0) {
            yield (await dynamo.batchGet(tables.sessions, keys, { expired: true })).map((item) => fromItem(item)!);
          }
        }
      }
    },

    /** One page of the tenant's sensors, by their ids. */
    async sensors(
      tenantId: string,
      { limit, after, descending = false, prefix = "" }: {
        limit: number;
        after?: string | undefined;
        descending?: boolean;
        prefix?: string | undefined;
      },
    ): Promise<{ sensors: Sensor[]; next: string | undefined }> {
      const ofTenant = { expression: "tenant = :tenant", values: { ":tenant": tenantId } };
      const page = await dynamo.query(tables.sensors, {
        index: "byTenant",
        key: prefix === "" ? ofTenant : {
          // The embedded store takes capitals for small letters in begins_with.
          expression: "tenant = :tenant AND sensorId BETWEEN :prefix AND :end",
          values: { ":tenant": tenantId, ":prefix": prefix, ":end": `${prefix}\u{10ffff}` },
        },
        limit,
        descending,
        startKey: after === undefined
          ? undefined
          : { pk: sensorKeyOf(tenantId, after), tenant: tenantId, sensorId: after },
      });
      return { sensors: page.items.map(fromSensorItem), next: page.next?.sensorId as string | undefined };
    },
  };
}

function positionOf(key: Item | undefined): SessionPosition | undefined {
  return key && { startedAt: key.startedAt as number, sessionId: idOf(key.sk) };
}

function filterOf({ tenantId, sensorId, status, label, openAt, words = [] }: SessionQuery): { filter?: Expression } {
  const parts: Expression[] = [
    // One that is kept as active may be over by now, which its row does not tell.
    ...(status === "ACTIVE"
      ? [{ expression: "#status = :status", names: { "#status": "status" }, values: { ":status": status } }]
      : []),
    ...(label ? [{ expression: "contains(labels, :label)", values: { ":label": label } }] : []),
    ...(openAt === undefined ? [] : [{
      expression: "(attribute_not_exists(endedAt) OR endedAt > :open)",
      values: { ":open": openAt },
    }]),
    ...(words.length > 0 && sensorId !== undefined
      ? [{ expression: "sensorKey = :sensor", values: { ":sensor": sensorKeyOf(tenantId, sensorId) } }]
      : []),
  ];
  if (parts.length === 0) return {};
  return {
    filter: {
      expression: parts.map((part) => part.expression).join(" AND "),
      names: Object.assign({}, ...parts.map((part) => part.names)) as Record<string, string>,
      values: Object.assign({}, ...parts.map((part) => part.values)) as Item,
    },
  };
}
