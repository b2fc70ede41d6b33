import type { Item } from "../../api/aws/dynamo.ts";
import type { MetricSeries, MetricSource } from "../../api/metrics/model.ts";
import { type Must, stretchesOf } from "./metrics-end.ts";
import type { Services } from "./metrics-wiring.ts";

const MINUTE_MS = 60_000;
const UNITS = 1_000_000;
/** The keys of the simulation's dimensions, and all records with a number. */
const KEYS = [undefined, "k", "l"] as const;

export type MeasureOracle = ReturnType<typeof createMeasureOracle>;

/** One group in one minute: how many records, their numbers, and whether one of them has expired. */
type Kept = { n: number; values: number[]; hasExpired: boolean };

/** What records measure, by code of its own: each number is kept by itself, by series, group and minute; what expires stays. */
export function createMeasureOracle() {
  const groups = new Map<string, Map<number, Kept>>();

  function keptOf(series: string, group: string, at: number): Kept {
    const minutes = groups.get(`${series} ${group}`) ?? new Map<number, Kept>();
    groups.set(`${series} ${group}`, minutes);
    const minute = Math.floor(at / MINUTE_MS);
    const kept = minutes.get(minute) ?? { n: 0, values: [], hasExpired: false };
    minutes.set(minute, kept);
    return kept;
  }

  function namesOf({ value, dims }: Item): string[] {
    const pairs = dims === undefined ? [] : JSON.parse(dims as string) as [string, string][];
    return [...(value === undefined ? [] : [""]), ...pairs.map((pair) => pair.join("="))];
  }

  function add(series: string, item: Item | undefined, n: 1 | -1): void {
    if (item?.at === undefined) return;
    for (const group of namesOf(item)) {
      const kept = keptOf(series, group, item.at as number);
      kept.n += n;
      if (item.value === undefined) continue;
      if (n === 1) kept.values.push(item.value as number);
      else kept.values.splice(kept.values.indexOf(item.value as number), 1);
    }
  }

  return {
    groups,

    move(series: string, before: Item | undefined, after: Item | undefined): void {
      add(series, before, -1);
      add(series, after, 1);
    },

    /** It stays counted, and nobody finds it again who looks for the least and the greatest. */
    expire(item: Item): void {
      const series = `${(item.pk as string).split("#")[0]} ${(item.sk as string).split("#")[1]}`;
      for (const group of namesOf(item)) keptOf(series, group, item.at as number).hasExpired = true;
    },
  };
}

/** Every minute's numbers equal the oracle's, in all and by each value of each dimension; gives how many were compared. */
export async function checkMeasures(services: Services, { groups }: MeasureOracle, must: Must): Promise<number> {
  const bySeries = Map.groupBy(groups, ([name]) => name.split(" ").slice(0, 2).join(" "));
  let checked = 0;
  for (const [series, own] of bySeries) {
    const [tenantId, source] = series.split(" ") as [string, MetricSource];
    const expected = new Map(own.map(([name, minutes]) => [name.split(" ")[2]!, minutes]));
    for (const [from, to] of stretchesOf([...expected.values()].flatMap((minutes) => [...minutes.keys()]))) {
      const range = { between: { from: from * MINUTE_MS, to: to * MINUTE_MS } };
      for (const by of KEYS) {
        const found = await services.metrics.series(tenantId, {
          ...{ sources: [source], size: "ONE_MINUTE", range, by, isMeasured: true },
        });
        const told = new Map(
          found.map((one) => [one.dimension ? `${one.dimension.key}=${one.dimension.value}` : "", one]),
        );
        const names = by === undefined ? [""] : [...expected.keys()].filter((name) => name.startsWith(`${by}=`));
        for (const name of new Set([...names, ...told.keys()])) {
          for (let minute = from; minute < to; minute++) {
            const kept = expected.get(name)?.get(minute);
            checked += kept ? 1 : 0;
            check(told.get(name), minute, kept, `${series} ${name} ${minute}`, by !== undefined, must);
          }
        }
      }
    }
  }
  return checked;
}

function check(
  found: MetricSeries | undefined,
  minute: number,
  kept: Kept = { n: 0, values: [], hasExpired: false },
  name: string,
  isGroup: boolean,
  must: Must,
): void {
  const bucket = found?.buckets.find(({ start }) => start === minute * MINUTE_MS);
  const { values, sum, min, max } = bucket?.measured ?? { values: 0, sum: 0, min: undefined, max: undefined };
  const units = kept.values.reduce((all, value) => all + BigInt(Math.round(value * UNITS)), 0n);
  must(`numbers are summed: ${name}`, [values, sum], [kept.values.length, Number(units) / UNITS]);
  if (isGroup) must(`records of a dimension are counted: ${name}`, bucket?.count ?? 0, kept.n);
  // Where one has expired nobody can look for the least any more, if another was taken away: then it is not told.
  if (kept.hasExpired && min === undefined && max === undefined) return;
  const all = kept.values.length > 0 ? [Math.min(...kept.values), Math.max(...kept.values)] : [undefined, undefined];
  must(`the least and the greatest are told: ${name}`, [min, max], all);
}
