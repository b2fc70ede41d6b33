import type { Item } from "../../api/aws/dynamo.ts";
import type { Written } from "../kit/memory-dynamo.ts";
import { type EventTimes, typeOfTime } from "./metrics-inputs.ts";
import { createMeasureOracle } from "./metrics-measures.ts";
import { readBucket } from "./metrics-wiring.ts";

const MINUTE_MS = 60_000;

export type Oracle = ReturnType<typeof createOracle>;

/** So many more (or fewer) of a series lie at an instant, since they were written. */
export type Move = { series: string; at: number; n: number; writtenAt: number };

/** By minute of the epoch. */
type Minutes = Map<number, number>;

/**
 * Counts what is really written, by code of its own: each image of an item is in the buckets that it says, until the next
 * one; what expires stays. And watches each bucket as it is written: never more than was written by then, never backwards.
 */
export function createOracle(times: EventTimes, isStrict: () => boolean, clock: () => number) {
  const violations: string[] = [];
  /** What is, and what ever entered a minute. By tenant and source. */
  const now = new Map<string, Minutes>();
  const entered = new Map<string, Minutes>();
  /** The last images of sessions and journeys, by table and key; those that expired were theirs too. */
  const alive = new Map<string, Item>();
  const expired: { table: string; item: Item }[] = [];
  /** When the events happened that a journey counts, by tenant and session; of those of which no part has expired. */
  const timelines = new Map<string, number[]>();
  const measures = createMeasureOracle();
  const moves: Move[] = [];

  function add(into: Map<string, Minutes>, series: string, at: number, n: number): void {
    const minutes = into.get(series) ?? new Map<number, number>();
    into.set(series, minutes);
    const minute = Math.floor(at / MINUTE_MS);
    minutes.set(minute, (minutes.get(minute) ?? 0) + n);
  }

  function move(series: string, was: number | undefined, is: number | undefined): void {
    if (was !== undefined) moves.push({ series, at: was, n: -1, writtenAt: clock() });
    if (is !== undefined) moves.push({ series, at: is, n: 1, writtenAt: clock() });
    if (was !== undefined) add(now, series, was, -1);
    if (is !== undefined) {
      add(now, series, is, 1);
      add(entered, series, is, 1);
    }
  }

  function seeRecord(before: Item | undefined, after: Item | undefined): void {
    const { pk, sk } = (after ?? before) as { pk: string; sk: string };
    const timeOf = (item: Item | undefined) =>
      Number.isInteger(item?.at) && (item!.at as number) >= 0 ? item!.at as number : item?.meant as number | undefined;
    const series = `${pk.split("#")[0]} ${sk.split("#")[1]}`;
    move(series, timeOf(before), timeOf(after));
    measures.move(series, before && { ...before, at: timeOf(before) }, after && { ...after, at: timeOf(after) });
  }

  function seeSession(before: Item | undefined, after: Item | undefined): void {
    const { pk, sk } = (after ?? before) as { pk: string; sk: string };
    if (sk.split("#")[1] !== "SESSION") return;
    const tenantId = pk.split("#")[0]!;
    move(`${tenantId} SESSIONS`, before?.startedAt as number | undefined, after?.startedAt as number | undefined);
    if (!after) return;
    for (let n = (before?.motions ?? 0) as number; n < (after.motions as number); n++) {
      move(`${tenantId} MOTION_EVENTS`, undefined, after.motionAt as number);
    }
  }

  function seeReview(before: Item | undefined, after: Item | undefined): void {
    if (!after || !(after.sk as string).endsWith("#LEASE")) return;
    const numberOf = (item: Item | undefined) =>
      item ? (item.base as number) + (item.journal as readonly string[]).length : 0;
    const answered = numberOf(after) - numberOf(before);
    for (const text of (after.journal as readonly string[]).slice((after.journal as string[]).length - answered)) {
      const [kind, , ...numbers] = text.split(" ");
      const at = parseInt(numbers[kind === "u" ? 0 : 2]!, 36);
      const series = `${(after.pk as string).split("#")[0]} REVIEWS`;
      if (kind === "u") move(series, at, undefined);
      else move(series, undefined, at);
    }
  }

  function seeJourney(before: Item | undefined, after: Item | undefined): void {
    const { pk, sk } = (after ?? before) as { pk: string; sk: string };
    const [sessionId, part] = sk.split("#");
    if (part !== "META") return;
    const tenantId = pk.split("#")[0]!;
    move(`${tenantId} JOURNEYS`, before?.startedAt as number | undefined, after?.startedAt as number | undefined);
    if (!after) return;
    const known = new Set(numbersOf(before));
    const journey = `${tenantId} ${sessionId}`;
    if (!before) timelines.set(journey, []);
    for (const event of numbersOf(after)) {
      if (!known.has(event)) {
        const at = timeOf(journey, event, after);
        move(`${tenantId} JOURNEY_EVENTS`, undefined, at);
        timelines.get(journey)?.push(at);
      }
    }
  }

  /** When an event happened, of which there may be several times: the journey's types say which it counted. */
  function timeOf(journey: string, event: string, { types }: Item): number {
    const known = times.get(`${journey} ${event}`)!;
    const [source, seq] = event.split(" ") as [string, string];
    const isCounted = (_: number, i: number) => (types as string).includes(`,${typeOfTime(source, Number(seq), i)},`);
    const counted = known.length > 1 ? known.filter(isCounted) : known;
    if (counted.length !== 1) violations.push(`an event is counted at one of its times: ${journey} ${event}`);
    return counted[0] ?? known[0]!;
  }

  function seeBucket(before: Item | undefined, after: Item): void {
    const bucket = readBucket(after);
    if (!bucket) return;
    for (const [minute, n] of bucket.counts) {
      const most = entered.get(bucket.series)?.get(minute) ?? 0;
      if (n > most && isStrict()) {
        violations.push(`a bucket never holds more than was written: ${bucket.series} ${minute} ${n} > ${most}`);
      }
    }
    const known = before && readBucket(before)!.versions;
    for (const [name, version] of Object.entries(known ?? {})) {
      if (!(bucket.versions[name]! >= version)) violations.push(`versions never go back: ${bucket.series} ${name}`);
    }
  }

  return {
    violations,
    measures,
    moves,
    timelines,
    /** How many of each series are in each minute. */
    now,
    /** The images of a table that count, those that expired among them. */
    images: (table: string): Item[] => [
      ...[...alive].flatMap(([key, item]) => (key.startsWith(`${table} `) ? [item] : [])),
      ...expired.flatMap((one) => (one.table === table ? [one.item] : [])),
    ],

    onWrite(written: readonly Written[], isExpiry: boolean): void {
      for (const { table, key, before, after } of written) {
        if (table === "buckets") seeBucket(before, after!);
        if (table === "reviews") seeReview(before, after);
        if (table !== "records" && table !== "sessions" && table !== "journeys") continue;
        if (after) alive.set(`${table} ${key}`, after);
        else alive.delete(`${table} ${key}`);
        if (isExpiry) {
          expired.push({ table, item: before! });
          if (table === "records") measures.expire(before!);
          if (table === "journeys") timelines.delete(journeyOf(before!));
          continue;
        }
        if (table === "records") seeRecord(before, after);
        else if (table === "sessions") seeSession(before, after);
        else seeJourney(before, after);
      }
    },
  };
}

/** The tenant and the session of an item of a journey. */
export function journeyOf({ pk, sk }: Item): string {
  return `${(pk as string).split("#")[0]} ${(sk as string).split("#")[0]}`;
}

/** The events that a journey's item says it counts, as "source number": `{"main":"3,5-7"}` are 1, 2, 3, 5, 6 and 7. */
function numbersOf(item: Item | undefined): string[] {
  const sources = Object.entries(JSON.parse((item?.wm as string | undefined) ?? "{}") as Record<string, string>);
  return sources.flatMap(([source, text]) =>
    text.split(",").flatMap((part, i) => {
      const [from, to] = part.split("-").map(Number) as [number, number?];
      const first = i === 0 ? 1 : from;
      return Array.from({ length: (to ?? from) - first + 1 }, (_, n) => `${source} ${first + n}`);
    })
  );
}
