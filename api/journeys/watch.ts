import { checkId } from "../core/check.ts";
import { NotIndexedError } from "../core/errors.ts";
import { count, emptyWatermark, size } from "../core/watermark.ts";
import { follow } from "../live/feed.ts";
import type { Hub } from "../live/hub.ts";
import { eventCursors, isSeen, type Seen } from "./cursor.ts";
import { formatWatermarks } from "./item.ts";
import { type ArrivedEvent, type Journey, type JourneyEvent, LIMITS } from "./model.ts";
import { journeyKey } from "./service.ts";
import type { JourneyStore } from "./store.ts";
import { isVisible } from "./rules.ts";
import { readStretch } from "./timeline.ts";

export type JourneyEventEdge = { cursor: string; node: JourneyEvent };

/** What the feed gave so far: exactly the events of `given`, of which the latest occurred at `endedAt`. */
type State = { given: Journey["watermarks"]; endedAt: number; resumed?: Seen | undefined };

/**
 * The journey's events that the cursor has not seen, in the order in which they occurred, then each new one as it is
 * recorded, by whatever process. Throws InvalidInputError for a cursor of something else.
 */
export function createJourneyWatch(
  { store, hub, indexed, pollMs }: { store: JourneyStore; hub: Hub; indexed: boolean; pollMs?: number },
) {
  return function watchEvents(
    tenantId: string,
    sessionId: string,
    after: string | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<JourneyEventEdge> {
    if (!indexed) throw new NotIndexedError();
    checkId("sessionId", sessionId, LIMITS.sessionIdChars);
    const cursors = eventCursors(tenantId, sessionId);

    async function read(state: State): Promise<{ messages: JourneyEventEdge[]; state: State }> {
      const journey = (await store.find(tenantId, [sessionId])).get(sessionId);
      if (!journey || formatWatermarks(journey.watermarks) === formatWatermarks(state.given)) {
        return { messages: [], state };
      }
      const events = await readNew(store, journey, state);
      const isKnown = state.resumed ? (event: ArrivedEvent) => isSeen(state.resumed!, event) : isIn(state.given);
      const given = state.resumed ? watermarksOf(events.filter(isKnown)) : state.given;
      const offset = journey.eventCount - events.length;
      const messages = events.flatMap((event, i) => {
        if (isKnown(event)) return [];
        const node = { ...event, step: offset + i + 1 };
        const { step } = node;
        const seen = { before: given, within: journey.watermarks, at: event, step, eventCount: journey.eventCount };
        return [{ cursor: cursors.encode(seen), node }];
      });
      return { messages, state: { given: journey.watermarks, endedAt: journey.endedAt } };
    }

    const resumed = cursors.decode(after);
    return follow({
      hub,
      key: journeyKey(tenantId, sessionId),
      state: { given: {}, endedAt: 0, resumed },
      read,
      signal,
      pollMs,
    });
  };
}

/** The journey's events up to its last, from so early on that all new ones are among them. */
async function readNew(store: JourneyStore, journey: Journey, state: State): Promise<ArrivedEvent[]> {
  if (!state.resumed && state.endedAt > 0) {
    const from = { occurredAt: state.endedAt, source: "", seq: 0 };
    const { events } = await readStretch(store, journey, from, Infinity);
    const fresh = events.filter((event) => !isIn(state.given)(event)).length;
    // Most new events are the latest. Where the count says that some are not, everything is read.
    if (fresh === journey.eventCount - countOf(state.given)) return events;
  }
  return (await readStretch(store, journey, undefined, Infinity)).events;
}

function isIn(watermarks: Journey["watermarks"]) {
  return (event: ArrivedEvent) => isVisible(watermarks, event);
}

function countOf(watermarks: Journey["watermarks"]): number {
  return Object.values(watermarks).reduce((sum, wm) => sum + Number(size(wm, 1n)), 0);
}

function watermarksOf(events: readonly ArrivedEvent[]): Journey["watermarks"] {
  const sources = new Map<string, ReturnType<typeof emptyWatermark>>();
  for (const { source, seq } of events) {
    sources.set(source, count(sources.get(source) ?? emptyWatermark(1n), BigInt(seq)));
  }
  return Object.fromEntries([...sources].sort(([a], [b]) => (a < b ? -1 : 1)));
}
