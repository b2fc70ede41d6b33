import { LRUCache } from "lru-cache";
import { type Counting, countInto } from "../aws/counting.ts";
import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { pages } from "../core/page.ts";
import { type MeasureChange, type SlotChange, slotOf, toCells } from "./measures.ts";
import type { Cell, Group, Slot } from "./model.ts";

/** How a minute is kept: N records, K numbers, S millionths, Lowest, Highest, Q where these are in doubt. */
const [N, K, S, L, H, Q] = ["n", "k", "s", "l", "h", "q"];
const MAX_SEEN = 2_000;

/**
 * What records measure, in the table `buckets`: an item for each quarter of an hour of a source and group.
 *
 *   TENANT#SOURCE#values | SLOT          of all records with a number
 *   TENANT#SOURCE#by#KEY | SLOT#VALUE    of those with a dimension
 *
 * Counts and sums are added; the least and the greatest are set on the condition that the item is as it was when they were
 * found. It mostly is: whoever wrote last remembers what came of it, so that a part of a stream is one write and no read.
 */
export function createMeasureStore(dynamo: Pick<Dynamo, "query" | "updateIf">, table: string) {
  const seen = new LRUCache<string, Item>({ max: MAX_SEEN });

  return {
    /** Counts into one slot, each change once. */
    async count(slot: SlotChange, now: number): Promise<void> {
      const key = keyOf(slot.tenantId, slot.source, slot.group, slot.slotAt);
      const id = `${key.pk} ${key.sk}`;
      const item = await countInto(dynamo, table, key, slot.changes, now, toChange, seen.get(id));
      if (item) seen.set(id, item);
    },

    /** The same as a part of a transaction: what is the least or the greatest then is left to whoever reads. */
    lateWrite({ tenantId, source, group, slotAt, changes }: SlotChange): TransactWrite {
      const { sets, adds, values = {} } = toChange(changes, undefined, true);
      const expression = `SET ${sets.join(", ")}${adds.length > 0 ? ` ADD ${adds.join(", ")}` : ""}`;
      return { table, key: keyOf(tenantId, source, group, slotAt), change: { expression, values } };
    },

    /** The slots of a source in a range: of all records with a number, or of every value of a dimension. */
    async listSlots(
      tenantId: string,
      source: string,
      key: string | undefined,
      fromAt: number,
      toAt: number,
      options: { consistent?: boolean } = {},
    ): Promise<Slot[]> {
      const slots: Slot[] = [];
      const { pk } = keyOf(tenantId, source, key === undefined ? undefined : { key, value: "" }, 0);
      const condition = {
        expression: "pk = :pk AND sk BETWEEN :from AND :to",
        values: { ":pk": pk, ":from": momentOf(slotOf(fromAt)), ":to": `${momentOf(toAt - 1)}#\u{10ffff}` },
      };
      const read = (startKey?: Item) => dynamo.query(table, { ...options, key: condition, startKey });
      for await (const { items } of pages(read)) slots.push(...items.map((item) => fromItem(item, key)));
      return slots;
    },

    /** Sets cells as they should be, if the slot is still of the version that was read; false where it is not. */
    async setCells(
      tenantId: string,
      source: string,
      { group, slotAt, version }: Slot,
      cells: ReadonlyMap<number, Cell>,
    ): Promise<boolean> {
      const [sets, removed, values] = [[] as string[], [] as string[], {} as Item];
      for (const [minute, cell] of cells) {
        const own: Item = { [N]: cell.n, [K]: cell.values, [S]: small(cell.units), [L]: cell.min, [H]: cell.max };
        for (const [letter, value] of Object.entries(own)) {
          if (value === undefined) removed.push(`${letter}${minute}`);
          else {
            sets.push(`${letter}${minute} = :${letter}${minute}`);
            values[`:${letter}${minute}`] = value;
          }
        }
        removed.push(`${Q}${minute}`);
      }
      const { ok } = await dynamo.updateIf(table, keyOf(tenantId, source, group, slotAt), {
        expression: `SET ${[...sets, "version = :next"].join(", ")} REMOVE ${removed.join(", ")}`,
        values: { ...values, ":next": version + 1 },
      }, {
        expression: version === 0 ? "attribute_not_exists(version)" : "version = :version",
        ...(version === 0 ? {} : { values: { ":version": version } }),
      });
      return ok;
    },
  };
}

/** What a write does to an item that was last seen as `known`. */
function toChange(changes: readonly MeasureChange[], known: Item | undefined, isBlind = false): Counting {
  const [sets, adds, values]: [string[], string[], Item] = [["version = if_not_exists(version, :zero) + :one"], [], {
    ":zero": 0,
    ":one": 1,
  }];
  const set = (name: string, value: unknown) => {
    sets.push(`${name} = :${name}`);
    values[`:${name}`] = value;
  };
  const add = (name: string, value: number | bigint) => {
    if (value === 0 || value === 0n) return;
    adds.push(`${name} :${name}`);
    values[`:${name}`] = value;
  };
  const cells = toCells(changes);
  for (const [minute, cell] of cells) {
    add(`${N}${minute}`, cell.n);
    add(`${K}${minute}`, cell.values);
    add(`${S}${minute}`, small(cell.units));
    if (cell.isInDoubt || (isBlind && cell.min !== undefined)) set(`${Q}${minute}`, true);
    if (isBlind) continue;
    const [min, max] = [known?.[`${L}${minute}`], known?.[`${H}${minute}`]] as (number | undefined)[];
    if (cell.min !== undefined && (min === undefined || cell.min < min)) set(`${L}${minute}`, cell.min);
    if (cell.max !== undefined && (max === undefined || cell.max > max)) set(`${H}${minute}`, cell.max);
  }
  const isFound = !isBlind && [...cells.values()].some(({ min }) => min !== undefined);
  const lock = known?.version === undefined
    ? { expression: "attribute_not_exists(version)" }
    : { expression: "version = :seen", values: { ":seen": known.version } };
  return { sets, adds, values, ...(isFound ? { lock } : {}) };
}

function keyOf(tenantId: string, source: string, group: Group, slotAt: number): { pk: string; sk: string } {
  const sk = momentOf(slotAt);
  if (!group) return { pk: `${tenantId}#${source}#values`, sk };
  return { pk: `${tenantId}#${source}#by#${group.key}`, sk: `${sk}#${group.value}` };
}

function momentOf(at: number): string {
  return String(at).padStart(13, "0");
}

/** Millionths as a number where that is exact, as they mostly are; DynamoDB adds both exactly. */
function small(units: bigint): number | bigint {
  return units >= Number.MIN_SAFE_INTEGER && units <= Number.MAX_SAFE_INTEGER ? Number(units) : units;
}

function fromItem(item: Item, key: string | undefined): Slot {
  const [moment, ...value] = (item.sk as string).split("#") as [string, ...string[]];
  const minutes = new Set(
    Object.keys(item).flatMap((name) => (/^[nksq]\d+$/.test(name) ? [Number(name.slice(1))] : [])),
  );
  const cells = [...minutes].map((minute): [number, Cell] => [minute, {
    n: (item[`${N}${minute}`] as number | undefined) ?? 0,
    values: (item[`${K}${minute}`] as number | undefined) ?? 0,
    units: BigInt((item[`${S}${minute}`] as number | bigint | undefined) ?? 0),
    min: item[`${L}${minute}`] as number | undefined,
    max: item[`${H}${minute}`] as number | undefined,
    isInDoubt: item[`${Q}${minute}`] === true,
  }]);
  return {
    group: key === undefined ? undefined : { key, value: value.join("#") },
    slotAt: Number(moment),
    version: (item.version as number | undefined) ?? 0,
    cells: new Map(cells),
  };
}
