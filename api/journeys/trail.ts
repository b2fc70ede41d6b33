import { createHash } from "node:crypto";
import type { Item } from "../aws/dynamo.ts";
import { idOf } from "../core/keys.ts";
import { goalsOf, textOf } from "./goals.ts";
import { formatWatermarks } from "./item.ts";
import { type ArrivedEvent, expiresAt, type Goals, type Journey } from "./model.ts";
import { pathOf } from "./pages.ts";

/** One event as paths and funnels see it. `goals`: which it reaches, a bit for each place in the tenant's list. */
export type Step = { at: number; type: string; page: string | undefined; goals: number };

/**
 * What is read of a journey where many are read: its events in order as steps, with the paths of their pages, and the
 * values of its properties. A function of the journey's events and the tenant's goals, derived once they are known.
 */
export type Trail = {
  tenantId: string;
  sessionId: string;
  startedAt: number;
  endedAt: number;
  eventCount: number;
  /** Names the set of its events. */
  seen: string;
  goalsVersion: number;
  steps: readonly Step[];
  /** Each value that a property at the top of an event has, once, in the order in which they came; no lists or objects. */
  properties: readonly (readonly [name: string, value: string])[];
  /** False where the journey has more than a trail holds: what is there is its beginning. */
  isWhole: boolean;
};

/** What a trail holds, so that it stays small: 99 in 100 journeys have less than a tenth of it. */
export const TRAIL_LIMITS = { steps: 500, bytes: 12_288, properties: 32, valueChars: 100, nameChars: 64 } as const;

/** Another number derives all trails anew. */
const FORMAT = 1;

/** Names the set of events that a journey counts. */
export function seenOf({ watermarks }: Pick<Journey, "watermarks">): string {
  return createHash("sha256").update(formatWatermarks(watermarks)).digest("hex").slice(0, 16);
}

/** The trail of a journey with these events, in their order. With `isAll` nothing is left out, however large it gets. */
export function trailOf(journey: Journey, events: readonly ArrivedEvent[], goals: Goals, isAll = false): Trail {
  const { tenantId, sessionId, startedAt, endedAt, eventCount } = journey;
  const maxSteps = isAll ? Infinity : TRAIL_LIMITS.steps;
  const steps: Step[] = [];
  const texts = new Set<string>();
  let room: number = isAll ? Infinity : TRAIL_LIMITS.bytes;
  for (const event of events) {
    const page = event.page === undefined ? undefined : pathOf(event.page);
    const fresh = [event.type, ...(page === undefined ? [] : [page])].filter((text) => !texts.has(text));
    room -= 12 + fresh.reduce((sum, text) => sum + Buffer.byteLength(text) + 3, 0);
    if (steps.length >= maxSteps || room < 0) break;
    for (const text of fresh) texts.add(text);
    const bits = goalsOf(goals, event).reduce((all, place) => all | (1 << place), 0);
    steps.push({ at: event.occurredAt, type: event.type, page, goals: bits });
  }
  const { properties, isWhole } = propertiesOf(events, isAll);
  return {
    ...{ tenantId, sessionId, startedAt, endedAt, eventCount },
    seen: seenOf(journey),
    goalsVersion: goals.version,
    steps,
    properties,
    isWhole: isWhole && steps.length === events.length,
  };
}

/** The first value of a property; undefined where the journey has none. */
export function firstValue({ properties }: Trail, name: string): string | undefined {
  return properties.find(([own]) => own === name)?.[1];
}

/** Items are short: 300,000 of them are read for one answer. */
export function toTrailItem(trail: Trail, key: Item, journey: Pick<Journey, "lastArrivalAt" | "keepDays">): Item {
  const places = new Map<string, number>();
  const place = (text: string) => {
    if (!places.has(text)) places.set(text, places.size);
    return places.get(text)!.toString(36);
  };
  let before = trail.startedAt;
  const steps = trail.steps.map(({ at, type, page, goals }) => {
    const parts = [
      (at - before).toString(36),
      place(type),
      page === undefined ? "" : place(page),
      goals === 0 ? "" : goals.toString(36),
    ];
    before = at;
    return parts.join(".").replace(/\.+$/, "");
  });
  return {
    ...key,
    tenant: trail.tenantId,
    startedAt: trail.startedAt,
    endedAt: trail.endedAt,
    n: trail.eventCount,
    seen: trail.seen,
    f: FORMAT,
    gv: trail.goalsVersion,
    s: steps.join(" "),
    d: JSON.stringify([...places.keys()]),
    ...(trail.properties.length > 0 ? { q: JSON.stringify(trail.properties.flat()) } : {}),
    ...(trail.isWhole ? {} : { part: true }),
    ttl: Math.ceil(expiresAt(journey) / 1_000),
  };
}

/** Undefined where it was derived in another form than today's. */
export function fromTrailItem(item: Item): Trail | undefined {
  if (item.f !== FORMAT) return undefined;
  const texts = JSON.parse(item.d as string) as string[];
  const flat = item.q === undefined ? [] : JSON.parse(item.q as string) as string[];
  let at = item.startedAt as number;
  const written = item.s as string;
  const steps = written === "" ? [] : written.split(" ").map((step): Step => {
    const [difference, type, page, goals] = step.split(".") as [string, string, string?, string?];
    at += parseInt(difference, 36);
    return {
      at,
      type: texts[parseInt(type, 36)]!,
      page: page ? texts[parseInt(page, 36)] : undefined,
      goals: goals ? parseInt(goals, 36) : 0,
    };
  });
  return {
    tenantId: item.tenant as string,
    sessionId: idOf(item.sk),
    startedAt: item.startedAt as number,
    endedAt: item.endedAt as number,
    eventCount: item.n as number,
    seen: item.seen as string,
    goalsVersion: item.gv as number,
    steps,
    properties: Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!] as const),
    isWhole: item.part !== true,
  };
}

function propertiesOf(events: readonly ArrivedEvent[], isAll: boolean) {
  const found = new Map<string, readonly [string, string]>();
  let isWhole = true;
  for (const { properties } of events) {
    if (typeof properties !== "object" || properties === null || Array.isArray(properties)) continue;
    for (const [name, value] of Object.entries(properties)) {
      const text = textOf(value);
      if (text === undefined) continue;
      const pair = [name, text] as const;
      const key = JSON.stringify(pair);
      if (found.has(key)) continue;
      const fits = name.length <= TRAIL_LIMITS.nameChars && pair[1].length <= TRAIL_LIMITS.valueChars &&
        found.size < TRAIL_LIMITS.properties;
      if (isAll || fits) found.set(key, pair);
      else isWhole = false;
    }
  }
  return { properties: [...found.values()], isWhole };
}
