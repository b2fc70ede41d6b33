import type { Viewer } from "../auth/viewer.ts";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { itemsBelow, keyBelow, memberKey, storable, tenantPk, ttlFrom } from "./items.ts";
import { type Following, holderId, type SocketConnection, type SocketOpening } from "./model.ts";

/** So many ids that were completed before they began are known of a connection; those of before are of no use any more. */
const MAX_COMPLETED = 100;

/** What is known of each connection, and what it follows by its client's ids. */
export function createConnectionStore(dynamo: Dynamo, table: string, clock: Clock) {
  const connectionKey = (id: string) => ({ pk: `#${id}`, sk: "-" });
  const ttl = () => ttlFrom(clock);
  const readConnection = (id: string) => dynamo.get(table, connectionKey(id), { consistent: true });

  /** Ends what a connection follows by this id, with its member of the group: both at once, so that whoever just joins sees that. */
  async function removeSubscription(
    { id, viewer: { tenantId }, subscriptions }: SocketConnection,
    subscriptionId: string,
  ): Promise<void> {
    const group = subscriptions.get(subscriptionId);
    if (group === undefined) return;
    await retryLost(async () => {
      const names = { "#subscriptions": "subscriptions", "#id": toName(subscriptionId) };
      const isRemoved = await dynamo.transact([
        { table, remove: memberKey(tenantId, group, `${id}#${subscriptionId}`) },
        {
          ...{ table, key: connectionKey(id), change: { expression: "REMOVE #subscriptions.#id", names } },
          // Where somebody else removed it meanwhile, the id may be another's by now.
          condition: { expression: "#subscriptions.#id = :group", names, values: { ":group": group } },
        },
      ]);
      if (isRemoved) return undefined;
      const item = await readConnection(id);
      const now = item && toConnection(id, item);
      return now?.subscriptions.get(subscriptionId) === group ? LOST : undefined;
    });
  }

  return {
    /** Keeps what is known of a socket that has no token, or none that holds. */
    async putOpening(id: string, { address, isRefused }: Omit<SocketOpening, "viewer">): Promise<void> {
      const known = { isRefused, isInitialised: false, subscriptions: {}, ttl: ttl() };
      await dynamo.put(table, { ...connectionKey(id), ...(address === undefined ? {} : { address }), ...known });
    },

    /** False where it was initialised before. */
    async putConnection(id: string, viewer: Viewer, isInitialised: boolean, address?: string): Promise<boolean> {
      const item = {
        ...{
          ...connectionKey(id),
          viewer: storable(viewer),
          isInitialised,
          subscriptions: {},
          completed: {},
          ttl: ttl(),
        },
        ...(address === undefined ? {} : { address }),
      };
      const written = await dynamo.putIf(table, item, {
        expression: "attribute_not_exists(pk) OR isInitialised = :no",
        values: { ":no": false },
      });
      if (!written.ok) return false;
      const { tenantId, credential } = viewer;
      const holder = holderId(viewer);
      const open = { pk: tenantPk(tenantId), sk: `socket#${id}`, credential, ttl: ttl() };
      await dynamo.put(table, holder === undefined ? open : { ...open, holder });
      return true;
    },

    /** The connections of a tenant that were opened with one of these logins or keys. */
    async listHeldBy(tenantId: string, holders: readonly string[]): Promise<string[]> {
      const found: string[] = [];
      for await (const items of itemsBelow(dynamo, table, tenantId, "socket#")) {
        const held = items.filter(({ holder }) => holders.includes(holder as string));
        found.push(...held.map(({ sk }) => (sk as string).slice("socket#".length)));
      }
      return found;
    },

    /** What is known of a socket, its token or not. */
    async findOpening(id: string): Promise<SocketOpening | undefined> {
      const item = await readConnection(id);
      return item && toOpening(item);
    },

    async findConnection(id: string): Promise<SocketConnection | undefined> {
      const item = await readConnection(id);
      return item && toConnection(id, item);
    },

    /** Removes a connection with all that it followed. Removing one that is gone is no error. */
    async removeConnection(id: string): Promise<void> {
      const item = await readConnection(id);
      if (!item) return;
      const connection = toConnection(id, item);
      if (connection) {
        const { viewer: { tenantId }, subscriptions } = connection;
        for (const [subscription, group] of subscriptions) {
          await dynamo.remove(table, memberKey(tenantId, group, `${id}#${subscription}`));
        }
        await dynamo.remove(table, { pk: tenantPk(tenantId), sk: `socket#${id}` });
      }
      await dynamo.remove(table, connectionKey(id));
    },

    /**
     * How much is open of a tenant and of one token of it: sockets, or subscriptions. `all` may hold what has just expired, so that
     * a count at a limit is to be made again with `onlyLive`.
     */
    async countOpen(
      kind: "socket" | "member",
      { tenantId, credential }: Pick<Viewer, "tenantId" | "credential">,
      onlyLive = false,
    ): Promise<{ all: number; own: number }> {
      const live = { names: { "#ttl": "ttl" }, values: { ":now": clock() / SECOND_MS } };
      const key = keyBelow(tenantId, `${kind}#`);
      if (onlyLive) {
        const { passing: all } = await dynamo.count(table, { key, filter: { expression: "#ttl > :now", ...live } });
        return { all, own: (await count()).passing };
      }
      const { all, passing: own } = await count();
      return { all, own };

      function count() {
        const values = { ...live.values, ":credential": credential };
        const expression = "credential = :credential AND #ttl > :now";
        return dynamo.count(table, { key, filter: { expression, names: live.names, values } });
      }
    },

    /**
     * Notes at a connection that it follows a group by this id, of which it has at most `most`. `saidAt` is when its client asked
     * for that: the functions that carry out what a client says one after the other overtake each other.
     */
    async addSubscription(
      { id }: Pick<SocketConnection, "id">,
      subscriptionId: string,
      group: string,
      { most, saidAt }: { most: number; saidAt: number },
    ): Promise<Following> {
      const names = { "#subscriptions": "subscriptions", "#completed": "completed", "#id": toName(subscriptionId) };
      const free = "attribute_not_exists(#subscriptions.#id) AND size(#subscriptions) < :most";
      const isLater = "(attribute_not_exists(#completed.#id) OR #completed.#id < :saidAt)";
      const added = await dynamo.updateIf(table, connectionKey(id), {
        expression: "SET #subscriptions.#id = :group",
        ...{ names, values: { ":group": group } },
      }, {
        expression: `attribute_exists(pk) AND ${free} AND ${isLater}`,
        ...{ names, values: { ":most": most, ":saidAt": saidAt } },
      });
      if (added.ok) return "following";
      const connection = added.current && toConnection(id, added.current);
      if (!connection) return "gone";
      if (connection.subscriptions.has(subscriptionId)) return "exists";
      return connection.subscriptions.size >= most ? "full" : "completed";
    },

    /** A client completes an id: what it follows by it, or what it asked for before and nobody has begun yet. */
    async complete(connection: SocketConnection, subscriptionId: string, saidAt: number): Promise<void> {
      if (connection.subscriptions.has(subscriptionId)) return await removeSubscription(connection, subscriptionId);
      const names = { "#subscriptions": "subscriptions", "#completed": "completed", "#id": toName(subscriptionId) };
      const isFull = connection.completed >= MAX_COMPLETED;
      const { "#id": name, ...others } = names;
      const noted = await dynamo.updateIf(
        table,
        connectionKey(connection.id),
        isFull
          ? { expression: "SET #completed = :only", names: others, values: { ":only": { [name]: saidAt } } }
          : { expression: "SET #completed.#id = :saidAt", names, values: { ":saidAt": saidAt } },
        { expression: "attribute_exists(#completed) AND attribute_not_exists(#subscriptions.#id)", names },
      );
      // It began meanwhile.
      const now = noted.ok ? undefined : noted.current && toConnection(connection.id, noted.current);
      if (now) await removeSubscription(now, subscriptionId);
    },

    removeSubscription,
  };
}

/**
 * A client's id of a subscription, as a name in a map. With a sign before it, since the SDK takes some names (`__proto__`,
 * `constructor`) for the object's own. Names of before have none.
 */
const SIGN = "=";

function toName(subscriptionId: string): string {
  return `${SIGN}${subscriptionId}`;
}

function fromName(name: string): string {
  return name.startsWith(SIGN) ? name.slice(SIGN.length) : name;
}

function toOpening({ viewer, address, isRefused }: Item): SocketOpening {
  return {
    viewer: viewer as Viewer | undefined,
    address: address as string | undefined,
    isRefused: isRefused === true,
  };
}

function toConnection(id: string, item: Item): SocketConnection | undefined {
  const { viewer, ...opening } = toOpening(item);
  return viewer && {
    ...{ ...opening, id, viewer, isInitialised: item.isInitialised as boolean },
    subscriptions: new Map(
      Object.entries(item.subscriptions as Item).map(([name, group]) => [fromName(name), group as string]),
    ),
    completed: Object.keys(item.completed ?? {}).length,
  };
}
