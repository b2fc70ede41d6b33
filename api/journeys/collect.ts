import * as v from "valibot";
import { parseInput } from "../core/check.ts";
import { parseInstant } from "../core/time.ts";
import { parseBatch } from "./model.ts";
import { findRobot, type Robots } from "./robots.ts";
import type { Verdict } from "./rules.ts";
import type { Journeys } from "./service.ts";

/** What became of what a page sent; `robots` are events of a known robot, which are left out. */
export type Collected = { verdicts: Verdict[]; robots: number };

/** Of any year: a clock after a flat battery says 1970. */
const clockTime = v.pipe(
  v.string("must be RFC 3339 text such as 2026-01-31T12:00:00.000Z"),
  v.transform((text) => parseInstant(text) ?? NaN),
  v.check((at) => Number.isFinite(at), "must be an RFC 3339 instant with its offset, such as 2026-01-31T12:00:00.000Z"),
);

const batch = v.strictObject({
  sentAt: v.nullish(clockTime),
  events: v.array(v.unknown(), "must be a list of events"),
}, (issue) => issue.expected === "never" ? "is no field of a batch; it has sentAt and events" : "is missing");

/**
 * Takes what a page's script sends: `{sentAt, events}`, each event as `recordEvents` takes it, on the same durable path.
 * Throws InvalidInputError for another shape and as `record` does.
 */
export function createCollect({ record }: Pick<Journeys, "record">, robots: Pick<Robots, "count">) {
  return async function collect(tenantId: string, body: unknown, userAgent: string | undefined): Promise<Collected> {
    const { events, sentAt } = parseInput(batch, body);
    const robot = findRobot(userAgent);
    if (robot !== undefined) {
      parseBatch(events);
      await robots.count(tenantId, robot, events.length);
      return { verdicts: [], robots: events.length };
    }
    return { verdicts: await record(tenantId, events, sentAt), robots: 0 };
  };
}
