import pMap from "p-map";
import { pairOf } from "./bounds.ts";
import { isOwnSource, LIMITS, type MetricRecord } from "./model.ts";
import { hourOf } from "./rules.ts";
import type { MetricStore } from "./store.ts";

const HOURS_AT_ONCE = 8;

/**
 * Why records cannot be kept, of those that name more than a tenant may: own sources, or pairs of key and value in an hour.
 * Each that is kept is within the bounds, whatever else is written at the same time.
 */
export async function findBeyondBounds(
  store: Pick<MetricStore, "admitSources" | "admitPairs">,
  tenantId: string,
  records: readonly MetricRecord[],
): Promise<Map<MetricRecord, string>> {
  const reasons = new Map<MetricRecord, string>();
  const named = new Set(records.map(({ source }) => source).filter(isOwnSource));
  const known = named.size === 0 ? named : await store.admitSources(tenantId, named);
  for (const one of records) {
    if (!isOwnSource(one.source) || known.has(one.source)) continue;
    reasons.set(
      one,
      `source: would be one more than the ${LIMITS.ownSources} of its own that a tenant may name; use one of these`,
    );
  }
  const measured = records.filter((one) => one.dimensions.length > 0 && !reasons.has(one));
  const hours = Map.groupBy(measured, ({ source, at }) => `${source} ${hourOf(at)}`);
  await pMap(hours.values(), async (own) => {
    const [{ source, at }] = own as [MetricRecord];
    const pairs = new Set(own.flatMap(pairsOf));
    const admitted = await store.admitPairs(tenantId, source, hourOf(at), pairs);
    for (const one of own) {
      const first = pairsOf(one).find((pair) => !admitted.has(pair));
      if (first === undefined) continue;
      reasons.set(
        one,
        `dimensions: ${first} would be one more than the ${LIMITS.pairsAnHour} pairs of key and value that a source may have in an hour; send fewer different ones, such as ranges in place of numbers`,
      );
    }
  }, { concurrency: HOURS_AT_ONCE });
  return reasons;
}

function pairsOf({ dimensions }: MetricRecord): string[] {
  return dimensions.map(([key, value]) => pairOf(key, value));
}
