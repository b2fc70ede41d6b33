import type { Viewer } from "../auth/viewer.ts";
import type { Dynamo, Expression, Item } from "../aws/dynamo.ts";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { pages } from "../core/page.ts";
import { LOST, retryLost } from "../core/writes.ts";
import {
  digestOf,
  type Following,
  type Group,
  holderId,
  KEEP_MS,
  type Member,
  type Question,
  type SocketConnection,
  type SocketOpening,
} from "./model.ts";

/**
 * Access patterns of the table `sockets`, whose items all expire with their connections:
 * - a connection by its id, from its opening on where something is known of it: pk = #id, sk = `-` (no tenant's name begins with `#`)
 * - of a tenant (pk = tenant#sockets): its open sockets (`socket#connection`), the groups (`group#id`), who is in one
 *   (`member#group#connection#subscription`), and which groups a key of the hub wakes (`wake#key#group`)
 */
export type SocketStore = ReturnType<typeof createSocketStore>;

/** So many ids that were completed before they began are known of a connection; those of before are of no use any more. */
const MAX_COMPLETED = 100;
/** A group's lease is good for longer than any function lives. */
const LEASE_MS = 90 * SECOND_MS;

export function createSocketStore(dynamo: Dynamo, table: string, clock: Clock) {
  const connectionKey = (id: string) => ({ pk: `#${id}`, sk: "-" });
  const groupKey = (tenantId: string, id: string) => ({ pk: tenantPk(tenantId), sk: `group#${id}` });
  const memberKey = (tenantId: string, group: string, key: string) => ({
    pk: tenantPk(tenantId),
    sk: `member#${group}#${key}`,
  });
  const wakeKey = (tenantId: string, key: string, group: string) => ({
    pk: tenantPk(tenantId),
    sk: `wake#${digestOf(key)}#${group}`,
  });
  const ttl = () => Math.ceil((clock() + KEEP_MS) / SECOND_MS);

  async function* below(tenantId: string, prefix: string, consistent: boolean): AsyncGenerator<Item[]> {
    const key = keyBelow(tenantId, prefix);
    const read = (startKey?: Item) => dynamo.query(table, { key, startKey, consistent });
    for await (const { items } of pages(read)) yield items;
  }

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

  const ofHolder = (me: string, more = ""): Expression => ({
    expression: `leaseBy = :me${more}`,
    values: { ":me": me },
  });

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
      for await (const items of below(tenantId, "socket#", true)) {
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

    /** Takes back a member whose connection was gone, or had completed it, by the time that it was there. */
    removeMember: (tenantId: string, group: string, { key }: Pick<Member, "key">): Promise<void> =>
      dynamo.remove(table, memberKey(tenantId, group, key)),

    /** Adds a member at its own position, and the group where it is new; gives the group. */
    async join(group: string, question: Question, member: Member): Promise<Group> {
      const { key, ...kept } = member;
      await dynamo.put(table, { ...memberKey(question.tenantId, group, key), ...storable(kept), ttl: ttl() });
      const item = await dynamo.update(table, groupKey(question.tenantId, group), {
        expression: "SET question = if_not_exists(question, :question), #ttl = :ttl",
        names: { "#ttl": "ttl" },
        values: { ":question": JSON.stringify(question), ":ttl": ttl() },
      });
      return toGroup(item);
    },

    /** From now on the keys wake the group, for a member that joins. */
    async listen(tenantId: string, group: string, keys: readonly string[], by: string): Promise<void> {
      for (const key of keys) {
        const own = { by, until: clock() + KEEP_MS, ttl: ttl() };
        await dynamo.put(table, { ...wakeKey(tenantId, key, group), ...own });
      }
    },

    /**
     * Reads what wakes a group; gives what ends it. Called where nobody is found in the group after that reading: it changes
     * nothing where somebody has joined since.
     */
    async readWakes(tenantId: string, group: string, keys: readonly string[]): Promise<() => Promise<void>> {
      const items = await dynamo.batchGet(
        table,
        keys.map((key) => wakeKey(tenantId, key, group)),
        { consistent: true },
      );
      return async () => {
        for (const { pk, sk, by, until } of items) {
          const change = { expression: "SET #until = :never", names: { "#until": "until" }, values: { ":never": 0 } };
          await dynamo.updateIf(table, { pk, sk }, change, {
            expression: "#by = :by AND #until = :was",
            names: { "#by": "by", "#until": "until" },
            values: { ":by": by, ":was": until },
          });
        }
      };
    },

    /** The same, noted in the group for those who join. */
    async noteKeys(tenantId: string, group: string, keys: readonly string[], beginsNow: boolean): Promise<void> {
      const change = {
        expression: "SET #keys = :keys, beginsNow = :now",
        names: { "#keys": "keys" },
        values: { ":keys": keys, ":now": beginsNow },
      };
      await dynamo.update(table, groupKey(tenantId, group), change);
    },

    /** When the group is looked at again by itself. False where it is to be looked at earlier, or is gone. */
    async noteLook(tenantId: string, id: string, lookAt: number): Promise<boolean> {
      const change = { expression: "SET lookAt = :at", values: { ":at": lookAt } };
      const condition = {
        expression: "attribute_exists(question) AND (attribute_not_exists(lookAt) OR lookAt <= :now)",
        values: { ":now": clock() },
      };
      return (await dynamo.updateIf(table, groupKey(tenantId, id), change, condition)).ok;
    },

    /** The groups that these keys of the hub wake. */
    async listWoken(tenantId: string, keys: ReadonlySet<string>): Promise<string[]> {
      const digests = new Set([...keys].map((key) => digestOf(key)));
      const found = new Set<string>();
      for await (const items of below(tenantId, "wake#", true)) {
        for (const { sk, until } of items) {
          const [, digest, group] = (sk as string).split("#") as [string, string, string];
          if ((until as number) > clock() && digests.has(digest)) found.add(group);
        }
      }
      return [...found];
    },

    async findGroup(tenantId: string, id: string): Promise<Group | undefined> {
      const item = await dynamo.get(table, groupKey(tenantId, id), { consistent: true });
      return item?.question === undefined ? undefined : toGroup(item);
    },

    async listMembers(tenantId: string, group: string): Promise<Member[]> {
      const members: Member[] = [];
      for await (const items of below(tenantId, `member#${group}#`, true)) members.push(...items.map(toMember));
      return members;
    },

    /**
     * Takes the group, so that nobody else gives it anything; gives it as it is. Undefined where somebody else has it: that one
     * looks again before it lets go.
     */
    claim: (tenantId: string, id: string, me: string): Promise<Group | undefined> =>
      retryLost(async () => {
        const key = groupKey(tenantId, id);
        const now = clock();
        const taken = await dynamo.updateIf(table, key, {
          expression: "SET leaseBy = :me, leaseUntil = :until REMOVE again",
          values: { ":me": me, ":until": now + LEASE_MS },
        }, {
          expression: "attribute_exists(question) AND (attribute_not_exists(leaseBy) OR leaseUntil < :now)",
          values: { ":now": now },
        });
        if (taken.ok) return toGroup(taken.current);
        if (taken.current?.question === undefined) return undefined;
        const asked = await dynamo.updateIf(table, key, {
          expression: "SET again = :yes",
          values: { ":yes": true },
        }, { expression: "attribute_exists(leaseBy) AND leaseUntil >= :now", values: { ":now": now } });
        return asked.ok ? undefined : LOST;
      }),

    /** Before anything is sent: from here on whoever is given nothing, or not surely, is behind. False where it is not ours. */
    async advance(tenantId: string, id: string, me: string, position: string): Promise<boolean> {
      const change = {
        expression: "SET #position = :position, sentAt = :now, sentUpTo = :none",
        names: { "#position": "position" },
        values: { ":position": position, ":now": clock(), ":none": "" },
      };
      return (await dynamo.updateIf(table, groupKey(tenantId, id), change, ofHolder(me))).ok;
    },

    /** All members up to this one were given what there is. */
    async noteSent(tenantId: string, id: string, me: string, upTo: string): Promise<boolean> {
      const change = { expression: "SET sentUpTo = :upTo", values: { ":upTo": upTo } };
      return (await dynamo.updateIf(table, groupKey(tenantId, id), change, ofHolder(me))).ok;
    },

    /** What broke off is dealt with. */
    async clearSending(tenantId: string, id: string, me: string): Promise<void> {
      await dynamo.updateIf(table, groupKey(tenantId, id), { expression: "REMOVE sentUpTo" }, ofHolder(me));
    },

    /** Lets go of the group. False where somebody asked meanwhile: it is ours still, and to be looked at again. */
    async release(tenantId: string, id: string, me: string): Promise<boolean> {
      const key = groupKey(tenantId, id);
      const free = { expression: "REMOVE leaseBy, leaseUntil, sentUpTo" };
      const freed = await dynamo.updateIf(table, key, free, ofHolder(me, " AND attribute_not_exists(again)"));
      if (freed.ok || freed.current?.leaseBy !== me) return true;
      await dynamo.updateIf(table, key, {
        expression: "SET leaseUntil = :until REMOVE again, sentUpTo",
        values: { ":until": clock() + LEASE_MS },
      }, ofHolder(me));
      return false;
    },

    /** The member's own position; without one it is at its group's. Nothing where it is gone. */
    async settle(tenantId: string, group: string, member: Member, position: string | undefined): Promise<void> {
      const names = { "#position": "position" };
      const change = position === undefined
        ? { expression: "REMOVE #position", names }
        : { expression: "SET #position = :position", names, values: { ":position": position } };
      const key = memberKey(tenantId, group, member.key);
      await dynamo.updateIf(table, key, change, { expression: "attribute_exists(pk)" });
    },
  };
}

/** The sort keys of a tenant that begin so; a prefix ends in `#`, after which comes `$`. */
function keyBelow(tenantId: string, prefix: string) {
  return {
    expression: "pk = :pk AND sk BETWEEN :from AND :to",
    values: { ":pk": tenantPk(tenantId), ":from": prefix, ":to": `${prefix.slice(0, -1)}$` },
  };
}

/** A key may hold for ever, which no number of DynamoDB is. */
function storable<T extends { expiresAt: number }>(of: T): T {
  return { ...of, expiresAt: Math.min(of.expiresAt, Number.MAX_SAFE_INTEGER) };
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

function tenantPk(tenantId: string): string {
  return `${tenantId}#sockets`;
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

function toGroup(item: Item): Group {
  const { sk, question, position, keys, beginsNow, lookAt, sentAt, leaseBy, leaseUntil, sentUpTo } = item;
  return {
    id: (sk as string).slice("group#".length),
    question: JSON.parse(question as string) as Question,
    position: (position as string | undefined) ?? "",
    keys: keys as string[] | undefined,
    beginsNow: beginsNow === true,
    lookAt: (lookAt as number | undefined) ?? 0,
    sentAt: (sentAt as number | undefined) ?? 0,
    lease: leaseBy === undefined ? undefined : { by: leaseBy as string, until: leaseUntil as number },
    sending: sentUpTo === undefined ? undefined : { upTo: sentUpTo as string },
  };
}

function toMember({ connectionId, subscriptionId, credential, expiresAt, holder, position }: Item): Member {
  return {
    key: `${connectionId as string}#${subscriptionId as string}`,
    connectionId: connectionId as string,
    subscriptionId: subscriptionId as string,
    credential: credential as string,
    expiresAt: expiresAt as number,
    holder: holder as Member["holder"],
    position: position as string | undefined,
  };
}
