import { parseEntry, reviewOf } from "../anki/schedule/entry.ts";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import { DAY_MS } from "../core/clock.ts";
import { itemKey, PARTITIONS } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { CHECK_SHARDS, type Lease } from "./model.ts";

/** An answer, or one that was taken back: `n` is 1 or -1. */
type Review = { at: number; n: 1 | -1 };

/** Beside the leases of `tenant#3` their notes lie in `tenant#3#log`. */
const LOG = "log";

/**
 * What left the journals of leases, beside them in the table `reviews` (pk = tenant#partition#log, sk = the day of the answers,
 * the person, their first position): which of a collection's answers were given here a file does not say, and its owner may
 * replace or delete it. Written before the journal is cut, so a kill leaves too much rather than too little: each answer is
 * known by its person and position.
 */
export function createReviewLog(dynamo: Pick<Dynamo, "putIf" | "query" | "batchGet">, table: string) {
  return {
    /** Notes the first entries of a journal, which are about to leave it. Of several who do so the one that knows most holds. */
    async note(lease: Pick<Lease, "tenantId" | "userId" | "base" | "journal">, count: number): Promise<void> {
      const leaving = positioned(lease.base, lease.journal.slice(0, count));
      for (const [day, own] of Map.groupBy(leaving, ({ review }) => dayOf(review.at))) {
        const { pk, sk } = itemKey(lease.tenantId, lease.userId, "");
        await dynamo.putIf(table, {
          pk: `${pk}#${LOG}`,
          sk: `${day}#${sk}${String(lease.base).padStart(12, "0")}`,
          until: lease.base + count,
          answers: own.map(({ position, review: { at, n } }) => [position, at].map(short).join(n === 1 ? "+" : "-")),
        }, {
          expression: "attribute_not_exists(pk) OR #until < :until",
          names: { "#until": "until" },
          values: { ":until": lease.base + count },
        });
      }
    },

    /**
     * The answers of a tenant in a range, as things to be counted again: those that wait in journals, then those that left
     * them. An answer that was taken back is not among them.
     */
    async *listAnswers(tenantId: string, fromAt: number, toAt: number) {
      const found = new Map<string, Review>();
      for (const { person, base, journal } of await waiting(tenantId)) {
        for (const { position, review } of positioned(base, journal)) found.set(`${person} ${position}`, review);
      }
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const key = {
          expression: "pk = :pk AND sk BETWEEN :from AND :to",
          values: { ":pk": `${tenantId}#${partition}#${LOG}`, ":from": dayOf(fromAt), ":to": `${dayOf(toAt)}~` },
        };
        const read = (startKey?: Item) => dynamo.query(table, { key, startKey, consistent: true });
        for await (const { items } of pages(read)) {
          for (const { sk, answers } of items) {
            const person = (sk as string).split("#")[1]!;
            for (const text of answers as string[]) {
              const [position, at] = text.split(/[+-]/).map((part) => parseInt(part, 36)) as [number, number];
              found.set(`${person} ${position}`, { at, n: text.includes("-") ? -1 : 1 });
            }
          }
        }
      }
      const own = [...found.values()].filter(({ at }) => at >= fromAt && at < toAt);
      const sums = new Map<number, number>();
      for (const { at, n } of own) sums.set(at, (sums.get(at) ?? 0) + n);
      yield [...sums].flatMap(([at, n]) => Array.from({ length: Math.max(0, n) }, () => ({ at, arrivedAt: at })));
    },
  };

  /** The journals of a tenant that hold something: their leases are all about to be looked at. */
  async function waiting(tenantId: string): Promise<{ person: string; base: number; journal: string[] }[]> {
    const found: Item[] = [];
    for (const shard of CHECK_SHARDS) {
      const key = { expression: "checkShard = :shard", values: { ":shard": shard } };
      const read = (startKey?: Item) => dynamo.query(table, { index: "byCheck", key, startKey });
      for await (const { items } of pages(read)) {
        const own = items.filter(({ pk }) => (pk as string).startsWith(`${tenantId}#`)).map(({ pk, sk }) => ({
          pk,
          sk,
        }));
        if (own.length > 0) found.push(...await dynamo.batchGet(table, own, { consistent: true }));
      }
    }
    return found.map(({ sk, base, journal }) => ({
      person: (sk as string).split("#")[0]!,
      base: base as number,
      journal: journal as string[],
    }));
  }
}

/** The entries that are reviews, each with its place among all entries of a person. */
function positioned(base: number, journal: readonly string[]): { position: number; review: Review }[] {
  return journal.flatMap((text, i) => {
    const review = reviewOf(parseEntry(text));
    return review ? [{ position: base + i, review }] : [];
  });
}

function dayOf(at: number): string {
  return String(Math.floor(at / DAY_MS)).padStart(6, "0");
}

function short(n: number): string {
  return n.toString(36);
}
