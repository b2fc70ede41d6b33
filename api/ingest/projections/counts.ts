import { MINUTE_MS } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import { difference, emptyWatermark } from "../../core/watermark.ts";
import { type HeldChunk, type HeldEvent, pickCounted, toggled } from "../../journeys/counted.ts";
import { parseWatermarks } from "../../journeys/item.ts";
import { isVisible } from "../../journeys/rules.ts";
import { parseEntry, reviewOf } from "../../anki/schedule/entry.ts";
import {
  type CountChange,
  type Dimensions,
  isOwnSource,
  type Measure,
  type MetricSource,
  SOURCES,
} from "../../metrics/model.ts";
import { OWN_SOURCES } from "../../resources.ts";

/** An item as a stream shows it: plain values by attribute. */
export type Image = Readonly<Record<string, unknown>>;

/** One change of one item: as it was, and as it is; undefined where it was not, or is no more. */
export type ImageChange = {
  table: "records" | "sessions" | "journeys" | "reviews";
  /** The partition key, and where in the stream it lies. */
  pk: string;
  shard: string;
  sequence: string;
  /** When the change was made, by the table's clock. */
  arrivedAt: number;
  before: Image | undefined;
  after: Image | undefined;
};

/** A change that can never be counted: an attribute that it should count by is missing, or is no such thing. */
export class UncountableError extends AppError {
  constructor(message: string) {
    super("UNCOUNTABLE", message);
  }
}

/** What an item counts for: so many of a source at an instant. */
type Count = { source: MetricSource; at: number; n: number; measures?: readonly Measure[] };

/**
 * The counts that a change of an item moves. Things that exist count for what they are: as the item is, less as it was;
 * so one that is corrected leaves one bucket and enters another. Events count when the item says that more of them
 * happened, where it says that they did. Throws UncountableError.
 */
export function toCountChanges(change: ImageChange): CountChange[] {
  const { table, before, after } = change;
  const moved = [
    ...thingsOf(table, after),
    ...countableOf(table, before).map(negative),
    ...(after ? eventsOf(table, before, after) : []),
  ];
  return summed(moved).map((count) => ({ ...count, ...placeIn(change) }));
}

/**
 * The counts whose things are gone because their time had come. They stay counted, with what they measure, and a recount does not
 * find them.
 */
export function toExpiredChanges(change: ImageChange): CountChange[] {
  const counts = thingsOf(change.table, change.before).map(({ source, at, n }) => ({ source, at, n }));
  return summed(counts).map((count) => ({ ...count, ...placeIn(change), isExpired: true }));
}

/** The events that went with what is gone because its time had come. */
export function toExpiredEvents(
  change: ImageChange,
  source: "JOURNEY_EVENTS" | "MOTION_EVENTS",
  instants: readonly number[],
): CountChange[] {
  const counts = instants.map((at): Count => ({ source, at, n: 1 }));
  return summed(counts).map((count) => ({ ...count, ...placeIn(change), isExpired: true }));
}

function placeIn({ pk, shard, sequence, arrivedAt }: ImageChange) {
  const [tenantId, partition] = pk.split("#");
  if (!tenantId || !/^\d+$/.test(partition ?? "")) throw new UncountableError("its key names no tenant and partition");
  return { tenantId, partition: partition!, shard, sequence, arrivedAt };
}

/** What an item counted for; nothing where it never could be counted, so that whoever mends it makes it count. */
function countableOf(table: ImageChange["table"], image: Image | undefined): Count[] {
  try {
    return thingsOf(table, image);
  } catch (error) {
    if (error instanceof UncountableError) return [];
    throw error;
  }
}

function thingsOf(table: ImageChange["table"], image: Image | undefined): Count[] {
  if (!image) return [];
  if (table === "records") {
    // What was taken back by the table that it came from counts no more, and stays known.
    if (image.isGone === true) return [];
    return [{ source: sourceOf(image), at: instantOf(image, "at"), n: 1, measures: measuresOf(image) }];
  }
  if (table === "sessions") {
    // The motion events of a session that a person deleted, taken out as long as this is there.
    if (Array.isArray(image.takenOut)) {
      return (image.takenOut as number[]).map((at): Count => ({ source: "MOTION_EVENTS", at, n: -1 }));
    }
    // What became a part of another session is counted there, and what a person deleted nowhere.
    return isPart(image, "SESSION") && image.was === undefined
      ? [{ source: "SESSIONS", at: instantOf(image, "startedAt"), n: 1 }]
      : [];
  }
  if (table !== "journeys" || !isPart(image, "META") || image.erased !== undefined) return [];
  return [{ source: "JOURNEYS", at: instantOf(image, "startedAt"), n: 1 }];
}

/** What a record measures. Records are written by us alone: what is there is right. */
function measuresOf({ value, dims }: Image): Measure[] {
  if (value === undefined && dims === undefined) return [];
  const dimensions = dims === undefined ? [] : JSON.parse(dims as string) as Dimensions;
  return [{ n: 1, value: value as number | undefined, dimensions }];
}

function negative({ n, measures = [], ...count }: Count): Count {
  return { ...count, n: -n, measures: measures.map((own) => ({ ...own, n: -1 })) };
}

function sourceOf(image: Image): MetricSource {
  const own = (image.sk as string).split("#").at(-2);
  if (isPart(image, OWN_SOURCES) && own !== undefined && isOwnSource(own)) return own;
  const source = SOURCES.find((known) => isPart(image, known));
  if (!source) throw new UncountableError("its key names no source that is counted");
  return source;
}

function instantOf(image: Image, name: string): number {
  const at = image[name];
  if (Number.isSafeInteger(at) && (at as number) >= 0) return at as number;
  throw new UncountableError(
    `its attribute \`${name}\` must be an instant in epoch milliseconds, got ${JSON.stringify(at) ?? "nothing"}`,
  );
}

function eventsOf(table: ImageChange["table"], before: Image | undefined, after: Image): Count[] {
  // Beside a person's lease lie others: what the next cards need, and what left its journal.
  if (table === "reviews") return isPart(after, "LEASE") ? reviewsOf(before, after) : [];
  if (table === "sessions" && Array.isArray(after.erasedMotions)) {
    // Of an erased sensor: taken out once, as this appears.
    return before ? [] : (after.erasedMotions as number[]).map((at): Count => ({ source: "MOTION_EVENTS", at, n: -1 }));
  }
  if (table !== "sessions" || !isPart(after, "SESSION")) return [];
  const n = (after.motions as number) - ((before?.motions as number | undefined) ?? 0);
  return n > 0 ? [{ source: "MOTION_EVENTS", at: instantOf(after, "motionAt"), n }] : [];
}

/** The answers that a lease has got, as its journal shows them; those that were taken back count no more. */
function reviewsOf(before: Image | undefined, after: Image): Count[] {
  const positionOf = ({ base, journal }: Image) => (base as number) + (journal as string[]).length;
  const added = positionOf(after) - (before ? positionOf(before) : 0);
  if (added <= 0) return [];
  return (after.journal as string[]).slice(-added).flatMap((text) => {
    const review = reviewOf(parseEntry(text));
    return review ? [{ source: "REVIEWS", ...review }] : [];
  });
}

/**
 * The events that a change of a journey counts: those that its watermarks have now and had not before. They say which,
 * `chunks` say when: the journey's, which are in the stream before the journey itself, and of which its mark says which
 * were counted. A journey that was erased takes out all that it had counted. Undefined where that is not known for sure;
 * with `isAll` there is no more to be known: undefined where an event is in no chunk. An erased journey's that is in none
 * had expired, and stays counted.
 */
export function toEventChanges(
  change: ImageChange,
  chunks: readonly HeldChunk[],
  isAll = false,
): CountChange[] | undefined {
  const { before, after } = change;
  const isGone = isErasure(change);
  const added = isGone ? addedEvents(undefined, before) : addedEvents(before, after);
  if (added.count === 0) return [];
  const { events, isExact } = pickCounted(chunks, added.has, added.count, added.mark);
  if (!isExact && !isAll) return undefined;
  if (events.length < added.count && !isGone) return undefined;
  const counts = events.map(({ occurredAt }): Count => ({
    source: "JOURNEY_EVENTS",
    at: occurredAt,
    n: isGone ? -1 : 1,
  }));
  return summed(counts).map((count) => ({ ...count, ...placeIn(change) }));
}

/** Whether a change puts a tombstone in the place of a journey. */
export function isErasure({ table, before, after }: ImageChange): boolean {
  return table === "journeys" && before !== undefined && before.erased === undefined && after?.erased !== undefined;
}

/** The events that one image counts and the other does not, and the mark of the chunks that hold them. */
function addedEvents(before: Image | undefined, after: Image | undefined) {
  const none = { count: 0, has: () => false, mark: undefined };
  if (!after || !isPart(after, "META") || after.erased !== undefined || before?.wm === after.wm) return none;
  const known = before ? parseWatermarks(before.wm as string) : {};
  const now = parseWatermarks(after.wm as string);
  const fresh = Object.entries(now).flatMap(([source, watermark]) =>
    difference(watermark, Object.hasOwn(known, source) ? known[source]! : emptyWatermark(1n), 1n)
  );
  const [mark, knownMark] = [after.mark, before?.mark] as (string | undefined)[];
  return {
    count: fresh.reduce((sum, [from, to]) => sum + Number(to - from) + 1, 0),
    has: (event: HeldEvent) => isVisible(now, event) && !isVisible(known, event),
    mark: mark !== undefined && knownMark !== undefined ? toggled(mark, [knownMark]) : before ? undefined : mark,
  };
}

function isPart(image: Image, part: string): boolean {
  return (image.sk as string).endsWith(`#${part}`);
}

/** Counts of the same source and minute added up; those that come to nothing are left out. */
function summed(counts: readonly Count[]): Count[] {
  const groups = Map.groupBy(counts, ({ source, at }) => `${source} ${Math.floor(at / MINUTE_MS)}`);
  return [...groups.values()].flatMap((group) => {
    const { source, at } = group[0]!;
    const n = group.reduce((sum, { n }) => sum + n, 0);
    const measures = remaining(group.flatMap((count) => count.measures ?? []));
    if (n === 0 && measures.length === 0) return [];
    return [{ source, at, n, ...(measures.length > 0 ? { measures } : {}) }];
  });
}

/** A record that measures the same before and after changes nothing. */
function remaining(measures: readonly Measure[]): Measure[] {
  const same = Map.groupBy(measures, ({ value, dimensions }) => JSON.stringify([value, dimensions]));
  return [...same.values()].flatMap((group) => (group.reduce((sum, { n }) => sum + n, 0) === 0 ? [] : group));
}
