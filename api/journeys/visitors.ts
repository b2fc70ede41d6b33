import { createHash } from "node:crypto";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import { InvalidInputError } from "../core/errors.ts";
import { idOf, itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { visitorKeyOf } from "./item.ts";
import { besideExpiresAt, isKeptOtherwise, type Journey } from "./model.ts";

/**
 * What tells which ids and journeys belong to one person, in the `journeys` table. It goes when the person is erased.
 *
 *  | what                                 | how                                                             |
 *  |--------------------------------------|-----------------------------------------------------------------|
 *  | two ids of one person                | sk = <hash of one>#ALIAS#<hash of the other>, and the other way round |
 *  | a journey under a further id in it   | sk = <session>#V#<hash>, in the index byVisitor                  |
 */
export type VisitorItems = ReturnType<typeof createVisitorItems>;

/** Ids of one person that lists go by. */
const MAX_IDS = 100;
/** An erasure and an export go by all ids. A person has some; so many are a mistake, or malice, by which others would be erased. */
const MAX_ALL_IDS = 1_000;

export function createVisitorItems(dynamo: Dynamo, table: string) {
  async function findAliases(tenantId: string, visitorId: string): Promise<string[]> {
    const { pk, sk } = itemKey(tenantId, hashOf(visitorId), "ALIAS#");
    const read = (startKey?: Item) =>
      dynamo.query(table, {
        key: {
          expression: "pk = :pk AND sk BETWEEN :from AND :to",
          values: { ":pk": pk, ":from": sk, ":to": `${sk}~` },
        },
        limit: MAX_IDS,
        startKey,
        consistent: true,
      });
    const found: string[] = [];
    for await (const { items } of pages(read)) found.push(...items.map((item) => item.other as string));
    return found;
  }

  return {
    /** Remembers that two ids are one person's; gives the keys of what nobody had said before. */
    async alias(tenantId: string, one: string, other: string): Promise<Item[]> {
      const made: Item[] = [];
      for (const item of [aliasItem(tenantId, one, other), aliasItem(tenantId, other, one)]) {
        const { ok } = await dynamo.putIf(table, item, { expression: "attribute_not_exists(pk)" });
        if (ok) made.push({ pk: item.pk, sk: item.sk });
      }
      return made;
    },

    /** Forgets what `alias` made. */
    async unalias(made: readonly Item[]): Promise<void> {
      for (const key of made) await dynamo.remove(table, key);
    },

    /**
     * Forgets all that `findAllIds` found. The furthest first, and the way to each last: what a crash leaves is found again from
     * the id that was asked for.
     */
    async removeAliases(tenantId: string, ids: readonly string[]): Promise<void> {
      for (const id of ids.toReversed()) {
        for (const other of await findAliases(tenantId, id)) {
          for (const { pk, sk } of [aliasItem(tenantId, id, other), aliasItem(tenantId, other, id)]) {
            await dynamo.remove(table, { pk, sk });
          }
        }
      }
    },

    /** The ids of the person whom one of them names: that one first, then those nearest to it, `most` of them. */
    async findIds(tenantId: string, visitorId: string, most = MAX_IDS): Promise<string[]> {
      const ids = new Set([visitorId]);
      for (const id of ids) {
        if (ids.size >= most) break;
        for (const other of await findAliases(tenantId, id)) ids.add(other);
      }
      return [...ids].slice(0, most);
    },

    /** All ids of a person. Throws InvalidInputError where there are more than any person has. */
    async findAllIds(tenantId: string, visitorId: string): Promise<string[]> {
      const ids = await this.findIds(tenantId, visitorId, MAX_ALL_IDS + 1);
      if (ids.length <= MAX_ALL_IDS) return ids;
      throw new InvalidInputError([{
        path: ["visitorId"],
        message: `belongs together with more than ${MAX_ALL_IDS} ids, which are no one person's: an id such as ` +
          '"anonymous" was named in `aliasOf` by many; `visitor { ids }` shows some',
      }]);
    },

    /** Lists a journey under the further ids that it names, where that changed or their time was nearly over. */
    async listUnder(journey: Journey, before: Journey | undefined): Promise<void> {
      const place = (one: Journey) => JSON.stringify([one.startedAt, one.otherIds, one.visitor?.visitorId]);
      if (before && place(before) === place(journey) && !isKeptOtherwise(journey, before)) return;
      for (const id of journey.otherIds) await dynamo.put(table, listingItem(journey, id));
    },

    /** When the earliest journey under an id started. */
    async findFirst(tenantId: string, visitorId: string): Promise<number | undefined> {
      const read = (startKey?: Item) =>
        dynamo.query(table, {
          index: "byVisitor",
          key: {
            expression: "visitorKey = :visitor AND startedAt >= :from",
            values: { ":visitor": visitorKeyOf(tenantId, visitorId), ":from": 0 },
          },
          limit: 1,
          startKey,
        });
      // What has expired is passed over.
      for await (const { items: [first] } of pages(read)) if (first) return first.startedAt as number;
      return undefined;
    },

    /** The sessions that name an id, as their visitor or beside; those that have expired too. */
    async *listSessions(tenantId: string, visitorId: string): AsyncGenerator<string[]> {
      const read = (startKey?: Item) =>
        dynamo.query(table, {
          index: "byVisitor",
          key: {
            expression: "visitorKey = :visitor AND startedAt >= :from",
            values: { ":visitor": visitorKeyOf(tenantId, visitorId), ":from": 0 },
          },
          startKey,
          expired: true,
        });
      for await (const { items } of pages(read)) yield items.map(sessionOf);
    },
  };
}

/** The session that an item of the index byVisitor stands for: a journey, or a listing under a further id. */
export function sessionOf(item: Item): string {
  return isListing(item) ? item.session as string : idOf(item.sk);
}

export function isListing(item: Item): boolean {
  return (item.sk as string).includes("#V#");
}

function aliasItem(tenantId: string, one: string, other: string): Item {
  return { ...itemKey(tenantId, hashOf(one), `ALIAS#${hashOf(other)}`), other };
}

export function listingKey(tenantId: string, sessionId: string, id: string) {
  return itemKey(tenantId, sessionId, `V#${hashOf(id)}`);
}

function listingItem(journey: Journey, id: string): Item {
  const { tenantId, sessionId, startedAt } = journey;
  return {
    ...listingKey(tenantId, sessionId, id),
    session: sessionId,
    visitorKey: visitorKeyOf(tenantId, id),
    startedAt,
    ttl: Math.ceil(besideExpiresAt(journey) / 1_000),
  };
}

function hashOf(visitorId: string): string {
  return createHash("sha256").update(visitorId).digest("hex").slice(0, 32);
}
