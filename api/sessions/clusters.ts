import type { Cluster, Reading } from "./model.ts";

/** Stretches that a session may fall into; a batch that would make one more is refused. */
export const MAX_CLUSTERS = 100;

/** The clusters of one batch: neighbours are at most `apartMs` from each other. */
export function clustersIn(
  readings: readonly Pick<Reading, "at">[],
  startedAt: number | null | undefined,
  apartMs: number,
): Cluster[] {
  const own = readings.map(({ at }): Cluster => ({ firstAt: at, lastAt: at, count: 1, readAt: at }));
  const stated = typeof startedAt === "number" ? [{ firstAt: startedAt, lastAt: startedAt, count: 0 }] : [];
  return united([...stated, ...own], apartMs);
}

/** The same signs in whatever order and cut give the same clusters. */
export function united(clusters: readonly Cluster[], apartMs: number): Cluster[] {
  const whole: Cluster[] = [];
  for (const one of [...clusters].sort((a, b) => a.firstAt - b.firstAt)) {
    const last = whole.at(-1);
    if (last && one.firstAt - last.lastAt <= apartMs) whole[whole.length - 1] = joined(last, one);
    else whole.push(one);
  }
  return whole;
}

/** Where the session lies: the cluster with the most readings, of equals the latest. Undefined where there are none. */
export function mainOf(clusters: readonly Cluster[]): Cluster | undefined {
  return clusters.filter(({ isDropped }) => !isDropped)
    .reduce<Cluster | undefined>((most, one) => (most && most.count > one.count ? most : one), undefined);
}

/** All of them as one, where a person said that they are. */
export function spanning(clusters: readonly Cluster[]): Cluster | undefined {
  return clusters.filter(({ isDropped }) => !isDropped)
    .reduce<Cluster | undefined>((all, one) => (all ? joined(all, one) : one), undefined);
}

function joined(a: Cluster, b: Cluster): Cluster {
  const read = [a.readAt, b.readAt].filter((at) => at !== undefined);
  return {
    firstAt: Math.min(a.firstAt, b.firstAt),
    lastAt: Math.max(a.lastAt, b.lastAt),
    count: a.count + b.count,
    ...(read.length > 0 ? { readAt: Math.max(...read) } : {}),
    ...(a.isDropped || b.isDropped ? { isDropped: true as const } : {}),
  };
}
