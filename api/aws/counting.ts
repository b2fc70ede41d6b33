import { type SequenceSpans, sequenceSpansOf, type StreamPosition, uncounted } from "../core/stream-position.ts";
import type { Dynamo, Expression, Item } from "./dynamo.ts";

/** Attributes `w0` to `w7`: how far the item has counted each partition of a stream. */
const WATERMARK = /^w(\d+)$/;

/**
 * Counts changes into an item, each once for ever: one conditional UpdateItem moves the numbers and the watermarks
 * together. Where the item has counted some of them before, whoever did, those are left out and the rest is tried again.
 * `toChange` gives what a write does: expressions of UpdateItem whose names and values do not begin with `w`. Gives the item
 * as it is afterwards; undefined where nothing was left to count.
 */
export async function countInto<C extends StreamPosition>(
  dynamo: Pick<Dynamo, "updateIf">,
  table: string,
  key: Item,
  changes: readonly C[],
  toChange: (
    changes: readonly C[],
  ) => { sets: readonly string[]; adds: readonly string[] } & Omit<Expression, "expression">,
): Promise<Item | undefined> {
  for (let rest = changes; rest.length > 0;) {
    const spans = sequenceSpansOf(rest);
    const { sets, adds, names, values } = toChange(rest);
    const moves = [...spans.keys()].map((p) => `w${p} = :w${p}`);
    const written = await dynamo.updateIf(table, key, {
      expression: `SET ${[...moves, ...sets].join(", ")}` + (adds.length > 0 ? ` ADD ${adds.join(", ")}` : ""),
      ...(names && Object.keys(names).length > 0 ? { names } : {}),
      values: { ...values, ...valuesOf(spans, ":w", "last") },
    }, {
      expression: [...spans.keys()].map((p) => `(attribute_not_exists(w${p}) OR w${p} < :wf${p})`).join(" AND "),
      values: valuesOf(spans, ":wf", "first"),
    });
    if (written.ok) return written.current;
    rest = uncounted(rest, watermarksOf(written.current!));
  }
  return undefined;
}

/** How far an item has counted each partition. */
export function watermarksOf(item: Item): Map<string, string> {
  return new Map(
    Object.entries(item).flatMap(([name, value]) => {
      const partition = WATERMARK.exec(name)?.[1];
      return partition === undefined ? [] : [[partition, value as string] as const];
    }),
  );
}

function valuesOf(spans: SequenceSpans, prefix: string, end: "first" | "last"): Item {
  return Object.fromEntries([...spans].map(([partition, ends]) => [`${prefix}${partition}`, ends[end]]));
}
