import * as v from "valibot";
import { createCursors } from "../core/page.ts";
import { formatWatermarks, parseWatermarks } from "./item.ts";
import type { EventPosition, Journey } from "./model.ts";
import { compareEvents, isVisible } from "./rules.ts";

/**
 * What a reader of a journey has seen: all events of `before`, and those of `within` up to `at`. So a list and a live
 * feed go on from each other's cursors, and an event that arrives late, before `at`, is still new to the feed.
 */
export type Seen = {
  before: Journey["watermarks"];
  within: Journey["watermarks"];
  at: EventPosition;
  /** The step of the event at `at`, when the journey had `eventCount` events. */
  step: number;
  eventCount: number;
};

const wholeNumber = v.pipe(v.number(), v.safeInteger());
const watermarks = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parseWatermarks(dataset.value);
    } catch {
      addIssue({ message: "no watermarks" });
      return NEVER;
    }
  }),
);

const seen: v.GenericSchema<unknown, Seen> = v.pipe(
  v.tuple([wholeNumber, v.string(), wholeNumber, wholeNumber, wholeNumber, watermarks, watermarks]),
  v.transform(([occurredAt, source, seq, step, eventCount, within, before]) => (
    { before, within, at: { occurredAt, source, seq }, step, eventCount }
  )),
);

/** Cursors of one journey's events. */
export function eventCursors(tenantId: string, sessionId: string) {
  const cursors = createCursors("journey events", [tenantId, sessionId], seen);
  return {
    decode: (...of: Parameters<typeof cursors.decode>) => cursors.decode(...of),
    encode: ({ before, within, at, step, eventCount }: Seen) =>
      cursors.encode([
        at.occurredAt,
        at.source,
        at.seq,
        step,
        eventCount,
        formatWatermarks(within),
        formatWatermarks(before),
      ]),
  };
}

export function isSeen({ before, within, at }: Seen, event: EventPosition): boolean {
  return isVisible(before, event) || (isVisible(within, event) && compareEvents(event, at) <= 0);
}
