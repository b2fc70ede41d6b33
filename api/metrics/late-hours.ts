import { LRUCache } from "lru-cache";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/clock.ts";
import { pages } from "../core/page.ts";
import type { CountChange, MetricSource } from "./model.ts";
import { keyOf } from "./records.ts";
import { hourOf } from "./rules.ts";

type Note = { id: string; isOwn: boolean; hours: LateHour[] };

/** Which minutes of an hour changed. */
export type LateHour = { hourAt: number; minutes: ReadonlySet<number> };

/** Feeds show the last two hours; what changes before them is noted here. */
const SHOWN_MS = 2 * HOUR_MS;
/** What was counted is noted so soon after, and clocks differ so little. */
export const LATE_SLACK_MS = 15 * SECOND_MS;
/** Notes that a process wrote itself. */
const MAX_OWN = 10_000;
/** As long as a cursor is good, and a day. */
const KEEP_MS = 8 * DAY_MS;

/** What changed a count: of a part of a stream, or of an audit. */
export type LateChange = Pick<CountChange, "tenantId" | "source" | "at" | "shard" | "sequence">;

/** Whether no feed shows the hour of an instant any more. */
export function isLate(at: number, now: number): boolean {
  return hourOf(at) < hourOf(now - SHOWN_MS);
}

/**
 * What says which hours changed that no feed shows any more, in the table `buckets` (pk = tenant#source#late, sk = the moment,
 * then where in the stream it came from): one item for each part of a stream that touches such hours, kept for eight days.
 * It is written after the counts that it tells of, and again where the part comes again.
 */
export function createLateHours(dynamo: Pick<Dynamo, "put" | "query">, table: string) {
  const own = new LRUCache<string, true>({ max: MAX_OWN });

  /** Notes of a moment or later, in their order. */
  async function* listNotes(tenantId: string, source: MetricSource, since: number): AsyncGenerator<Note> {
    const pk = `${keyOf(tenantId, source)}#late`;
    const key = { expression: "pk = :pk AND sk >= :since", values: { ":pk": pk, ":since": momentOf(since) } };
    for await (const { items } of pages((startKey?: Item) => dynamo.query(table, { key, startKey }))) {
      for (const { sk, hours } of items) {
        const changed = (hours as string).split(" ").map((text) => {
          const [hour, ...minutes] = text.split(".").map((part) => parseInt(part, 36)) as [number, ...number[]];
          return { hourAt: hour * HOUR_MS, minutes: new Set(minutes) };
        });
        yield { id: sk as string, isOwn: own.has(`${pk} ${sk as string}`), hours: changed };
      }
    }
  }

  return {
    /** Notes the hours of changes, of one tenant and source, that are older than feeds show. */
    async note(changes: readonly LateChange[], now: number): Promise<void> {
      const late = changes.filter(({ at }) => isLate(at, now));
      const [first] = late;
      if (!first) return;
      const hours = [...Map.groupBy(late, ({ at }) => hourOf(at))].map(([hourAt, own]) => {
        const minutes = new Set(own.map(({ at }) => Math.floor((at - hourAt) / MINUTE_MS)));
        return [hourAt / HOUR_MS, ...minutes].map((n) => n.toString(36)).join(".");
      });
      const key = {
        pk: `${keyOf(first.tenantId, first.source)}#late`,
        sk: `${momentOf(now)}#${first.shard}#${first.sequence}`,
      };
      own.set(`${key.pk} ${key.sk}`, true);
      await dynamo.put(table, { ...key, hours: hours.join(" "), ttl: Math.ceil((now + KEEP_MS) / SECOND_MS) });
    },

    /** The hours before `beforeAt` that changed at `since` or later, each with all minutes that did. */
    async changedSince(
      tenantId: string,
      source: MetricSource,
      since: number,
      beforeAt: number,
    ): Promise<LateHour[]> {
      const found = new Map<number, Set<number>>();
      for await (const { hours } of listNotes(tenantId, source, since)) {
        for (const { hourAt, minutes } of hours) {
          if (hourAt < beforeAt) found.set(hourAt, new Set([...found.get(hourAt) ?? [], ...minutes]));
        }
      }
      return [...found].sort(([a], [b]) => a - b).map(([hourAt, minutes]) => ({ hourAt, minutes }));
    },

    /**
     * Looks for hours that change from now on, each note once: what other processes count, of which no hub tells here; with `isAll`
     * also what this one does. A look gives some `most` hours, and the next goes on there.
     */
    follow(tenantId: string, source: MetricSource) {
      let since: number | undefined;
      const seen = new Set<string>();
      return async (now: number, { isAll, most }: { isAll: boolean; most: number }): Promise<number[]> => {
        const found = new Set<number>();
        const isFirst = since === undefined;
        const from = (since ?? now) - LATE_SLACK_MS;
        for (const id of seen) if (id < momentOf(from)) seen.delete(id);
        for await (const { id, isOwn, hours } of listNotes(tenantId, source, from)) {
          if (seen.has(id)) continue;
          if (found.size >= most) return [...found];
          seen.add(id);
          if (!isFirst && (isAll || !isOwn)) hours.forEach(({ hourAt }) => found.add(hourAt));
        }
        since = now;
        return [...found];
      };
    },
  };
}

function momentOf(at: number): string {
  return String(at).padStart(13, "0");
}
