import type { Timing } from "../collection/timing.ts";
import { ofCard } from "./functions.ts";

/** How two kinds of cards follow each other: 0 mixed, 1 the second kind after the first, 2 before it. */
export type Mix = number;

/**
 * Which of two kinds comes next when both are spread evenly over the day. Done and left of each kind say where the day
 * stands, so the order does not depend on when the queue was built.
 */
export function nextOfTwo(
  mix: Mix,
  one: { done: number; left: number },
  two: { done: number; left: number },
): "one" | "two" | undefined {
  if (one.left === 0 || two.left === 0) return one.left > 0 ? "one" : two.left > 0 ? "two" : undefined;
  if (mix === 1) return "one";
  if (mix === 2) return "two";
  const ratio = (one.done + one.left + 1) / (two.done + two.left + 1);
  return (two.done + 1) * ratio < one.done + 1 ? "two" : "one";
}

/** SQL that puts cards into an order that looks random, stays the same for a day, and needs no column but the id. */
export function shuffled(column: "id" | "nid", today: number): string {
  return `(${column} + ${today * 7_919}) % 2147483647 * 48271 % 2147483647`;
}

/**
 * SQL for the order of reviews, by Anki's numbers. Orders by retrievability need `teach`; SM-2 compares the days since
 * the last review with the interval. What SM-2 schedules is ordered by ease, whatever memory is left. Source: rslib/src/storage/card/mod.rs, review_order_sql.
 */
export function reviewOrderSql(order: number, timing: Timing, deckIds: readonly number[], usesFsrs = true): string {
  const { today } = timing;
  const variable = (name: "d") => `case when json_valid(data) then json_extract(data, '$.${name}') end`;
  const elapsed = `(${today} - (case when odue <> 0 then odue else due end) + ivl + 0.001)`;
  const byRecall = usesFsrs ? ofCard("sojourn_recall", timing) : `0 - ${elapsed} / max(ivl, 0.001)`;
  const byDeck = `case did ${deckIds.map((id, place) => `when ${id} then ${place}`).join(" ")} end`;
  const clauses: Record<number, string> = {
    0: "due",
    1: `due, ${byDeck}`,
    2: `${byDeck}, due`,
    3: "ivl",
    4: "ivl desc",
    5: usesFsrs ? `ifnull(${variable("d")}, 5 - factor / 1000.0) desc` : "factor",
    6: usesFsrs ? `ifnull(${variable("d")}, 5 - factor / 1000.0)` : "factor desc",
    7: byRecall,
    9: "nid, ord",
    10: "nid desc, ord",
    11: `${byRecall} desc`,
    12: `${usesFsrs ? ofCard("sojourn_overdue", timing) : `${elapsed} / max(ivl, 1)`} desc`,
  };
  const clause = clauses[order];
  return clause === undefined ? shuffled("id", today) : `${clause}, ${shuffled("id", today)}`;
}

/** SQL for the order in which new cards are gathered, by Anki's numbers. */
export function newOrderSql(order: number, today: number): string {
  switch (order) {
    case 2:
      return "due desc, ord";
    case 3:
    case 5:
      return `${shuffled("nid", today)}, ord`;
    case 4:
      return shuffled("id", today);
    default:
      return "due, ord";
  }
}

/** Whether new cards are gathered deck by deck. */
export function isByDeck(order: number): boolean {
  return order === 0 || order === 5 || order === 6;
}

/** A number for an id that looks random and stays the same for a day. */
export function shuffleKey(id: number, today: number): number {
  return ((id + today * 7_919) % 2_147_483_647) * 48_271 % 2_147_483_647;
}
