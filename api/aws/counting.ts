import { SECOND_MS } from "../core/clock.ts";
import {
  formatShardWatermark,
  isOver,
  parseShardWatermark,
  sequenceSpanOf,
  shardName,
  sortableSequence,
  type StreamPosition,
} from "../core/stream-position.ts";
import type { Dynamo, Expression, Item } from "./dynamo.ts";

/** Attributes that begin so say how far the item has counted a shard; `core/stream-position.ts` says how. */
const WATERMARK = "w";
const OF_SHARD = /^w[._]/;
/**
 * Items of before told partition keys apart, not shards: `w0` to `w7` hold for what was written until the first write that
 * tells shards apart (`wc`, epoch seconds). A day later they go.
 */
const OF_PARTITION = /^w[0-7]$/;
const OLD = /^[wa][0-7]$/;
const CUT = "wc";
/** So many watermarks that can go are worth a write. */
const MANY_OVER = 4;

/** What a write does beside moving the watermark; its names and values do not begin with `w`. */
export type Counting = {
  sets: readonly string[];
  adds: readonly string[];
  /** What has to hold of the item beside, where the write depends on how it was seen. */
  lock?: Expression;
} & Omit<Expression, "expression">;
type ToChange<C> = (changes: readonly C[], seen: Item | undefined) => Counting;
type Writer = Pick<Dynamo, "updateIf">;

/**
 * Counts changes into an item, each once for ever: one conditional UpdateItem moves the numbers and the shard's watermark
 * together. Where the item has counted some of them before, whoever did, those are left out and the rest is tried again.
 * `seen` is the item as somebody saw it last, for changes that depend on it. Gives the item as it is afterwards; undefined
 * where nothing was left to count.
 */
export async function countInto<C extends StreamPosition>(
  dynamo: Writer,
  table: string,
  key: Item,
  changes: readonly C[],
  now: number,
  toChange: ToChange<C>,
  seen?: Item,
): Promise<Item | undefined> {
  let item: Item | undefined;
  for (const own of Map.groupBy(changes, ({ shard }) => shard).values()) {
    item = await countShard(dynamo, table, key, own, now, toChange, item ?? seen) ?? item;
  }
  if (item) await dropOver(dynamo, table, key, item, now);
  return item;
}

async function countShard<C extends StreamPosition>(
  dynamo: Writer,
  table: string,
  key: Item,
  changes: readonly C[],
  now: number,
  toChange: ToChange<C>,
  seen: Item | undefined,
): Promise<Item | undefined> {
  const watermark = WATERMARK + shardName(changes[0]!.shard);
  let known: Item | undefined;
  for (let rest = changes; rest.length > 0;) {
    const { first, last } = sequenceSpanOf(rest);
    const { sets, adds, lock, names, values } = toChange(rest, known ?? seen);
    const isOld = known !== undefined && Object.keys(known).some((name) => OF_PARTITION.test(name));
    const moves = ["#w = :w", ...(isOld ? [`${CUT} = if_not_exists(${CUT}, :wc)`] : []), ...sets];
    const written = await dynamo.updateIf(table, key, {
      expression: `SET ${moves.join(", ")}` + (adds.length > 0 ? ` ADD ${adds.join(", ")}` : ""),
      names: { ...names, "#w": watermark },
      values: {
        ...values,
        ":w": formatShardWatermark(last, now),
        ...(isOld ? { ":wc": Math.ceil(now / SECOND_MS) } : {}),
      },
    }, {
      expression: [
        "(attribute_not_exists(#w) OR #w < :wf)",
        ...(known ? [] : oldConditions(rest)),
        ...(lock ? [lock.expression] : []),
      ].join(" AND "),
      ...(lock?.names ? { names: lock.names } : {}),
      values: { ":wf": first, ...(known ? {} : { ":wa": oldestOf(rest) }), ...lock?.values },
    });
    if (written.ok) return written.current;
    known = written.current!;
    rest = uncounted(rest, known);
  }
  return undefined;
}

/**
 * What says of an item that is made to count these changes, which lie in one shard, how far it has: as `countInto` says it of
 * an item that is not there.
 */
export function firstWatermark(changes: readonly StreamPosition[], now: number): Item {
  const { last } = sequenceSpanOf(changes);
  return { [WATERMARK + shardName(changes[0]!.shard)]: formatShardWatermark(last, now) };
}

/** The changes of one shard that an item has not counted yet. */
export function uncounted<C extends StreamPosition>(changes: readonly C[], item: Item): C[] {
  const watermark = changes[0] && item[WATERMARK + shardName(changes[0].shard)] as string | undefined;
  const counted = watermark === undefined ? "" : parseShardWatermark(watermark).sequence;
  const cut = item[CUT] as number | undefined;
  return changes.filter(({ sequence, partition, arrivedAt }) => {
    const own = sortableSequence(sequence);
    const old = item[WATERMARK + partition] as string | undefined;
    const isOld = old !== undefined && (cut === undefined || arrivedAt <= cut * SECOND_MS);
    return own > counted && !(isOld && own <= old);
  });
}

/** Whoever writes without having read the item must not meet watermarks of before that hold for what it counts. */
function oldConditions(changes: readonly StreamPosition[]): string[] {
  return [...new Set(changes.map(({ partition }) => `${WATERMARK}${partition}`))]
    .map((old) => `(attribute_not_exists(${old}) OR ${CUT} < :wa)`);
}

/** Epoch seconds. */
function oldestOf(changes: readonly StreamPosition[]): number {
  return Math.floor(changes.reduce((least, { arrivedAt }) => Math.min(least, arrivedAt), Infinity) / SECOND_MS);
}

/** Without the watermarks of shards that can repeat nothing any more: an item costs by its size. One that moves meanwhile stays. */
async function dropOver(dynamo: Writer, table: string, key: Item, item: Item, now: number): Promise<void> {
  const cut = item[CUT] as number | undefined;
  const isCutOver = cut !== undefined && isOver(cut * SECOND_MS, now);
  const over = Object.keys(item).filter((name) =>
    OF_SHARD.test(name)
      ? isOver(parseShardWatermark(item[name] as string).movedAt, now)
      : isCutOver && (OLD.test(name) || name === CUT)
  );
  if (over.length < MANY_OVER) return;
  const names = Object.fromEntries(over.map((name, i) => [`#w${i}`, name]));
  const same = over.map((_, i) => `#w${i} = :w${i}`);
  await dynamo.updateIf(
    table,
    key,
    { expression: `REMOVE ${Object.keys(names).join(", ")}`, names },
    { expression: same.join(" AND "), values: Object.fromEntries(over.map((name, i) => [`:w${i}`, item[name]])) },
  );
}
