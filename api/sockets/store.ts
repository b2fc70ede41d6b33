import type { Dynamo, Expression, Item } from "../aws/dynamo.ts";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { createConnectionStore } from "./connections.ts";
import { itemsBelow, memberKey, storable, tenantPk, ttlFrom } from "./items.ts";
import { digestOf, type Group, KEEP_MS, type Member, type Question } from "./model.ts";

/**
 * Access patterns of the table `sockets`, whose items all expire with their connections:
 * - a connection by its id, from its opening on where something is known of it: pk = #id, sk = `-` (no tenant's name begins with `#`)
 * - of a tenant (pk = tenant#sockets): its open sockets (`socket#connection`), the groups (`group#id`), who is in one
 *   (`member#group#connection#subscription`), and which groups a key of the hub wakes (`wake#key#group`)
 */
export type SocketStore = ReturnType<typeof createSocketStore>;

/** A group's lease is good for longer than any function lives. */
const LEASE_MS = 90 * SECOND_MS;

export function createSocketStore(dynamo: Dynamo, table: string, clock: Clock) {
  const groupKey = (tenantId: string, id: string) => ({ pk: tenantPk(tenantId), sk: `group#${id}` });
  const wakeKey = (tenantId: string, key: string, group: string) => ({
    pk: tenantPk(tenantId),
    sk: `wake#${digestOf(key)}#${group}`,
  });
  const connections = createConnectionStore(dynamo, table, clock);
  const ttl = () => ttlFrom(clock);

  const below = (tenantId: string, prefix: string) => itemsBelow(dynamo, table, tenantId, prefix);

  const ofHolder = (me: string, more = ""): Expression => ({
    expression: `leaseBy = :me${more}`,
    values: { ":me": me },
  });

  return {
    ...connections,

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
      for await (const items of below(tenantId, "wake#")) {
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
      for await (const items of below(tenantId, `member#${group}#`)) members.push(...items.map(toMember));
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
