import { MINUTE_MS } from "../core/clock.ts";
import { difference, emptyWatermark } from "../core/watermark.ts";
import { parseWatermarks } from "../journeys/item.ts";
import type { CountChange, MetricSource } from "../metrics/model.ts";

/** An item as a stream shows it: plain values by attribute. */
export type Image = Readonly<Record<string, unknown>>;

/** One change of one item: as it was, and as it is; undefined where it was not, or is no more. */
export type ImageChange = {
  table: "records" | "sessions" | "journeys";
  /** The partition key and the stream's sequence number. */
  pk: string;
  sequence: string;
  before: Image | undefined;
  after: Image | undefined;
};

/** What an item counts for: so many of a source at an instant. */
type Count = { source: MetricSource; at: number; n: number };

/**
 * The counts that a change of an item moves. Things that exist count for what they are: as the item is, less as it was;
 * so one that is corrected leaves one bucket and enters another. Events count when the item says that more of them
 * happened, where it says that they did.
 */
export function toCountChanges({ table, pk, sequence, before, after }: ImageChange): CountChange[] {
  const [tenantId, partition] = pk.split("#") as [string, string];
  const moved = [
    ...thingsOf(table, after),
    ...thingsOf(table, before).map((count) => ({ ...count, n: -count.n })),
    ...(after ? eventsOf(table, before, after) : []),
  ];
  return summed(moved).map((count) => ({ ...count, tenantId, partition, sequence }));
}

function thingsOf(table: ImageChange["table"], image: Image | undefined): Count[] {
  if (!image) return [];
  if (table === "records") {
    return [{ source: (image.sk as string).split("#")[1] as MetricSource, at: image.at as number, n: 1 }];
  }
  if (table === "sessions") {
    return isPart(image, "SESSION") ? [{ source: "SESSIONS", at: image.startedAt as number, n: 1 }] : [];
  }
  return isPart(image, "META") ? [{ source: "JOURNEYS", at: image.startedAt as number, n: 1 }] : [];
}

function eventsOf(table: ImageChange["table"], before: Image | undefined, after: Image): Count[] {
  if (table !== "sessions" || !isPart(after, "SESSION")) return [];
  const n = (after.motions as number) - ((before?.motions as number | undefined) ?? 0);
  return n > 0 ? [{ source: "MOTION_EVENTS", at: after.motionAt as number, n }] : [];
}

/**
 * The events that a change of a journey counts: those that its watermarks have now and had not before. They say which,
 * `events` says when: the events of the journey's chunks, which are in the stream before the journey itself. Undefined
 * where one of them is not among `events`.
 */
export function toEventChanges(
  { pk, sequence, before, after }: ImageChange,
  events: ReadonlyMap<string, { occurredAt: number }>,
): CountChange[] | undefined {
  const [tenantId, partition] = pk.split("#") as [string, string];
  const added = addedEvents(before, after).map((id) => events.get(id));
  if (added.some((event) => event === undefined)) return undefined;
  const counts = added.map((event): Count => ({ source: "JOURNEY_EVENTS", at: event!.occurredAt, n: 1 }));
  return summed(counts).map((count) => ({ ...count, tenantId, partition, sequence }));
}

function addedEvents(before: Image | undefined, after: Image | undefined): string[] {
  if (!after || !isPart(after, "META") || before?.wm === after.wm) return [];
  const known = before ? parseWatermarks(before.wm as string) : {};
  return Object.entries(parseWatermarks(after.wm as string)).flatMap(([source, watermark]) => {
    const seen = Object.hasOwn(known, source) ? known[source]! : emptyWatermark(1n);
    return difference(watermark, seen, 1n).flatMap(([from, to]) =>
      Array.from({ length: Number(to - from) + 1 }, (_, i) => eventId(source, Number(from) + i))
    );
  });
}

/** What names an event within its journey. */
export function eventId(source: string, seq: number): string {
  return `${seq}#${source}`;
}

function isPart(image: Image, part: string): boolean {
  return (image.sk as string).endsWith(`#${part}`);
}

/** Counts of the same source and minute added up; those that come to nothing are left out. */
function summed(counts: readonly Count[]): Count[] {
  const groups = Map.groupBy(counts, ({ source, at }) => `${source} ${Math.floor(at / MINUTE_MS)}`);
  return [...groups.values()]
    .map((group) => ({ ...group[0]!, n: group.reduce((sum, { n }) => sum + n, 0) }))
    .filter(({ n }) => n !== 0);
}
