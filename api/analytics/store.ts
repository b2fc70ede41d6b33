import pMap from "p-map";
import { countInto } from "../aws/counting.ts";
import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { DAY_MS, SECOND_MS } from "../core/clock.ts";
import { pages } from "../core/page.ts";
import { type ItemChange, keys, LONG, readCounters } from "./cells.ts";

/**
 * Access patterns of the table `rollups`; `cells.ts` says what its keys and attributes are:
 *
 *  | what                              | how                                                                         |
 *  |-----------------------------------|-----------------------------------------------------------------------------|
 *  | count a part of a stream          | UpdateItem of each item that adds, if its shard's mark is before it         |
 *  | what a range holds                | BatchGetItem by the days, hours and months of the range: half a read unit   |
 *  |                                   | for each item of up to 4 KB, whatever is in it                              |
 *  | what began before it and reaches  | the same, for 8 days before; Query of the days on which long sessions began |
 *  | sessions of a label               | Query of the tenant's labels by month                                       |
 *  | journeys that wait for their end  | Query of the minutes still to come, 41 at most                              |
 */
export type RollupStore = ReturnType<typeof createRollupStore>;

export type RollupKey = { pk: string; sk: string };

/** An expression may hold 4 KB. */
const MAX_NAMES = 150;
/** And a condition too. */
const MAX_CORRECTED = 40;
/** Attributes that returned to 0 are removed once an item has so many: one write for 16, not one for each. */
const MANY_ZEROS = 16;
const KEYS_A_REQUEST = 100;
const CONCURRENCY = 8;

export function createRollupStore(dynamo: Pick<Dynamo, "updateIf" | "batchGet" | "query">, table: string) {
  return {
    /** Counts changes of one item, in their order, each once however often they come. */
    async count(changes: readonly ItemChange[], now: number): Promise<void> {
      for (const part of cut(changes)) {
        const { pk, sk } = part[0]!;
        const item = await countInto(dynamo, table, { pk, sk }, part, now, toChange);
        if (item) await dropZeros(item);
      }
    },

    /** What counts changes of one item without a watermark, for a transaction that says itself that it is done once. */
    writeOf(changes: readonly ItemChange[]): TransactWrite {
      const { pk, sk } = changes[0]!;
      const { adds, names, values, sets } = toChange(changes);
      const expression = (sets.length > 0 ? `SET ${sets.join(", ")} ` : "") + `ADD ${adds.join(", ")}`;
      return { table, key: { pk, sk }, change: { expression, names, values } };
    },

    /** The items that exist, by `pk` and `sk`. What was counted a moment ago may be missing, unless `consistent`. */
    async find(wanted: readonly RollupKey[], options: { consistent?: boolean } = {}): Promise<Map<string, Item>> {
      const parts = Array.from(
        { length: Math.ceil(wanted.length / KEYS_A_REQUEST) },
        (_, i) => wanted.slice(i * KEYS_A_REQUEST, (i + 1) * KEYS_A_REQUEST),
      );
      const found = await pMap(parts, (part) => dynamo.batchGet(table, part, options), { concurrency: CONCURRENCY });
      return new Map(found.flat().map((item) => [nameOf(item as RollupKey), item]));
    },

    /** Sets numbers of an item, if each is still as it was read (0: or not there); false, and nothing is changed, where not. */
    async correct(
      key: RollupKey,
      numbers: readonly { name: string; count: number; recounted: number }[],
    ): Promise<boolean> {
      for (let from = 0; from < numbers.length; from += MAX_CORRECTED) {
        const part = numbers.slice(from, from + MAX_CORRECTED).map((number, i) => ({ ...number, i: from + i }));
        const isSame = part.map(({ count, i }) =>
          count === 0 ? `(attribute_not_exists(#n${i}) OR #n${i} = :o${i})` : `#n${i} = :o${i}`
        );
        const { ok } = await dynamo.updateIf(table, { ...key }, {
          expression: `SET ${part.map(({ i }) => `#n${i} = :n${i}`).join(", ")}`,
          names: Object.fromEntries(part.map(({ name, i }) => [`#n${i}`, name])),
          values: Object.fromEntries(part.map(({ recounted, i }) => [`:n${i}`, recounted])),
        }, {
          expression: isSame.join(" AND "),
          values: Object.fromEntries(part.map(({ count, i }) => [`:o${i}`, count])),
        });
        if (!ok) return false;
      }
      return true;
    },

    /** The items of the UTC days, up to one, on which long sessions of a tenant or a sensor began. */
    async listLong(pk: string, lastDay: number): Promise<{ day: number; item: Item }[]> {
      const values = { ":pk": pk, ":from": LONG, ":to": keys.long(lastDay) };
      const key = { expression: "pk = :pk AND sk BETWEEN :from AND :to", values };
      const found: { day: number; item: Item }[] = [];
      for await (const { items } of pages((startKey?: Item) => dynamo.query(table, { key, startKey }))) {
        found.push(...items.map((item) => (
          { day: Date.parse((item.sk as string).slice(LONG.length)) / DAY_MS, item }
        )));
      }
      return found;
    },

    /** Everything below a key. */
    async list(pk: string): Promise<Item[]> {
      const key = { expression: "pk = :pk", values: { ":pk": pk } };
      const found: Item[] = [];
      for await (const { items } of pages((startKey?: Item) => dynamo.query(table, { key, startKey }))) {
        found.push(...items);
      }
      return found;
    },

    /** How many journeys will be abandoned if nothing more comes, by the slot of their start. */
    async pending(tenantId: string, now: number): Promise<Map<number, number>> {
      const slots = new Map<number, number>();
      const key = {
        expression: "pk = :pk AND sk >= :now",
        values: { ":pk": `${tenantId}#PENDING`, ":now": keys.minute(now) },
      };
      for await (const { items } of pages((startKey?: Item) => dynamo.query(table, { key, startKey }))) {
        for (const { place, n } of items.flatMap(readCounters)) slots.set(place, (slots.get(place) ?? 0) + n);
      }
      return slots;
    },
  };

  /** Without the numbers that came back to 0: an item costs by its size. What is counted meanwhile stays. */
  async function dropZeros(item: Item): Promise<void> {
    const zeros = Object.keys(item).filter((name) => item[name] === 0).slice(0, MAX_NAMES);
    if (zeros.length < MANY_ZEROS) return;
    const names = Object.fromEntries(zeros.map((name, i) => [`#z${i}`, name]));
    await dynamo.updateIf(table, { pk: item.pk, sk: item.sk }, {
      expression: `REMOVE ${Object.keys(names).join(", ")}`,
      names,
    }, {
      expression: Object.keys(names).map((name) => `${name} = :zero`).join(" AND "),
      values: { ":zero": 0 },
    });
  }
}

export function nameOf({ pk, sk }: RollupKey): string {
  return `${pk} ${sk}`;
}

/** Parts that change at most so many attributes. */
function cut(changes: readonly ItemChange[]): ItemChange[][] {
  const parts: ItemChange[][] = [];
  let names = new Set<string>();
  for (const change of changes) {
    const more = new Set([...names, ...change.adds.keys()]);
    if (parts.length === 0 || more.size > MAX_NAMES) {
      parts.push([]);
      names = new Set(change.adds.keys());
    } else {
      names = more;
    }
    parts.at(-1)!.push(change);
  }
  return parts;
}

function toChange(changes: readonly ItemChange[]) {
  const sums = new Map<string, number>();
  for (const { adds } of changes) for (const [name, n] of adds) sums.set(name, (sums.get(name) ?? 0) + n);
  const moved = [...sums].filter(([, n]) => n !== 0);
  const until = changes[0]!.until;
  return {
    sets: until === undefined ? [] : ["#ttl = :ttl"],
    adds: moved.map((_, i) => `#n${i} :n${i}`),
    names: {
      ...Object.fromEntries(moved.map(([name], i) => [`#n${i}`, name])),
      ...(until === undefined ? {} : { "#ttl": "ttl" }),
    },
    values: {
      ...Object.fromEntries(moved.map(([, n], i) => [`:n${i}`, n])),
      // All changes of an item are of the same minute.
      ...(until === undefined ? {} : { ":ttl": Math.ceil((until + DAY_MS) / SECOND_MS) }),
    },
  };
}
