import type { Dynamo, Item } from "../aws/dynamo.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/clock.ts";
import { pages } from "../core/page.ts";
import type { CountChange, MetricSource } from "./model.ts";
import { keyOf } from "./records.ts";
import { hourOf } from "./rules.ts";

/** Which minutes of an hour changed. */
export type LateHour = { hourAt: number; minutes: ReadonlySet<number> };

/** Feeds show the last two hours; what changes before them is noted here. */
const SHOWN_MS = 2 * HOUR_MS;
/** As long as a cursor is good, and a day. */
const KEEP_MS = 8 * DAY_MS;

/**
 * What says which hours changed that no feed shows any more, in the table `buckets` (pk = tenant#source#late, sk = the moment,
 * then where in the stream it came from): one item for each part of a stream that touches such hours, kept for eight days.
 * It is written after the counts that it tells of, and again where the part comes again.
 */
export function createLateHours(dynamo: Pick<Dynamo, "put" | "query">, table: string) {
  return {
    /** Notes the hours of a part of a stream, of one tenant and source, that are older than feeds show. */
    async note(changes: readonly CountChange[], now: number): Promise<void> {
      const late = changes.filter(({ at }) => hourOf(at) < hourOf(now - SHOWN_MS));
      const [first] = late;
      if (!first) return;
      const hours = [...Map.groupBy(late, ({ at }) => hourOf(at))].map(([hourAt, own]) => {
        const minutes = new Set(own.map(({ at }) => Math.floor((at - hourAt) / MINUTE_MS)));
        return [hourAt / HOUR_MS, ...minutes].map((n) => n.toString(36)).join(".");
      });
      await dynamo.put(table, {
        pk: `${keyOf(first.tenantId, first.source)}#late`,
        sk: `${momentOf(now)}#${first.shard}#${first.sequence}`,
        hours: hours.join(" "),
        ttl: Math.ceil((now + KEEP_MS) / SECOND_MS),
      });
    },

    /** The hours before `beforeAt` that changed at `since` or later, each with all minutes that did. */
    async changedSince(
      tenantId: string,
      source: MetricSource,
      since: number,
      beforeAt: number,
    ): Promise<LateHour[]> {
      const found = new Map<number, Set<number>>();
      const key = {
        expression: "pk = :pk AND sk >= :since",
        values: { ":pk": `${keyOf(tenantId, source)}#late`, ":since": momentOf(since) },
      };
      for await (const { items } of pages((startKey?: Item) => dynamo.query(table, { key, startKey }))) {
        for (const text of items.flatMap(({ hours }) => (hours as string).split(" "))) {
          const [hour, ...minutes] = text.split(".").map((part) => parseInt(part, 36)) as [number, ...number[]];
          const hourAt = hour * HOUR_MS;
          if (hourAt < beforeAt) found.set(hourAt, new Set([...found.get(hourAt) ?? [], ...minutes]));
        }
      }
      return [...found].sort(([a], [b]) => a - b).map(([hourAt, minutes]) => ({ hourAt, minutes }));
    },
  };
}

function momentOf(at: number): string {
  return String(at).padStart(13, "0");
}
