import { SvelteMap } from "svelte/reactivity";
import { ask, messageOf } from "../core/ask.ts";
import { zone } from "../core/zone.svelte.ts";
import { follow } from "../core/follow.svelte.ts";
import { type BucketSize, LiveBuckets, LiveSeries, type TimeRange } from "./documents.ts";
import { SIZES } from "./sources.ts";
import { type Bucket, moveOn, skewOf } from "./window.ts";

/** The buckets of one source. It is another object each time that something of it is to be drawn anew. */
export type Series = { source: string; buckets: Map<number, Bucket>; countedUpTo: string | null };

/** More often than this nobody sees a difference. */
const DRAW_MS = 100;
/** So soon what moves shows that a bucket is over of which nobody tells. */
const MOVE_MS = 5_000;

/**
 * Buckets as they are, and each change of them. A bucket that is pushed is a total with a version: an older one that comes late
 * changes nothing. After a cut the feed goes on from the cursor of the last message. What moves always holds the two hours
 * before now, and nothing else.
 */
export function createLive(sources: readonly string[], size: BucketSize, range: TimeRange, moving: boolean) {
  const series = new SvelteMap<string, Series>();
  let revision = $state(0);
  let failure = $state<string>();
  let loaded = $state(false);
  let cursor: string | undefined;
  let due = false;
  const controller = new AbortController();
  // Days and weeks begin where the viewer is.
  const timeZone = zone.name;
  const stepMs = SIZES.find((one) => one.size === size)!.ms;
  let skew = 0;

  /** Sources with changes that are not drawn yet. */
  const touched = new Set<string>();
  let drawnAt = -DRAW_MS;

  /** The first change is drawn at once; of a thousand a second all that came are drawn ten times, and only where they came. */
  function changed(): void {
    if (due) return;
    due = true;
    setTimeout(() => requestAnimationFrame(draw), Math.max(0, drawnAt + DRAW_MS - performance.now()));
  }

  function draw(): void {
    due = false;
    drawnAt = performance.now();
    for (const source of touched) redraw(series.get(source)!);
    touched.clear();
    revision += 1;
  }

  function redraw(own: Series): void {
    if (moving) moveOn(own.buckets, stepMs, Date.now() + skew);
    series.set(own.source, { ...own });
  }

  /** Time went by, of which nobody is told. Nothing was counted, so `revision` stays. */
  function move(): void {
    if (!loaded) return;
    for (const own of [...series.values()]) if (moveOn(own.buckets, stepMs, Date.now() + skew)) redraw(own);
  }

  function take(source: string, { start, ...bucket }: Omit<Bucket, "start"> & { start: string }): void {
    const at = Date.parse(start);
    const own = series.get(source);
    const known = own?.buckets.get(at);
    if (!own || (known && BigInt(known.version) > BigInt(bucket.version))) return;
    own.buckets.set(at, { start: at, count: bucket.count, closed: bucket.closed, version: bucket.version });
    touched.add(source);
  }

  async function load(): Promise<void> {
    try {
      const { metrics } = await ask(LiveSeries, { sources: [...sources], size, range, timeZone }, controller.signal);
      for (const { source, buckets, countedUpTo } of metrics) {
        const own = series.get(source) ?? { source, buckets: new Map(), countedUpTo };
        series.set(source, { ...own, countedUpTo });
        for (const bucket of buckets) take(source, bucket);
      }
      const starts = metrics.flatMap(({ buckets }) => buckets.map(({ start }) => Date.parse(start)));
      if (moving && starts.length > 0) skew = skewOf(Math.max(...starts), stepMs, Date.now());
      failure = undefined;
      loaded = true;
      changed();
    } catch (error) {
      if (!controller.signal.aborted) failure = messageOf(error);
    }
  }

  function watch(): () => void {
    return follow(
      LiveBuckets,
      () => ({ sources: [...sources], size, after: cursor ?? null }),
      ({ metricBuckets }) => {
        cursor = metricBuckets.cursor;
        take(metricBuckets.bucket.source, metricBuckets.bucket);
        changed();
      },
      (message) => (failure = message),
    );
  }

  return {
    series,
    get revision() {
      return revision;
    },
    get failure() {
      return failure;
    },
    get loaded() {
      return loaded;
    },
    load,
    /** Loads, then follows; the returned function ends both. */
    start(): () => void {
      let stopWatch = () => {};
      const timer = moving ? setInterval(move, MOVE_MS) : undefined;
      void load().then(() => {
        if (moving && !controller.signal.aborted) stopWatch = watch();
      });
      return () => {
        controller.abort();
        clearInterval(timer);
        stopWatch();
      };
    },
  };
}
