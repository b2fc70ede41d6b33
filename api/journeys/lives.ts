import { count, emptyWatermark, isCounted, type Watermark } from "../core/watermark.ts";
import { isExpired } from "./model.ts";
import type { ReplayedEvent } from "./raw.ts";

type Life = { fromAt: number; lastArrivalAt: number; counted: Map<string, Watermark> };

/**
 * Which stored events are of journeys that are over. A journey is over so many days after the last event that counted arrived;
 * what arrives later in its session is a journey again, and shares nothing with the one before. What was over had been counted,
 * so counting it once more would count it twice.
 */
export function createLives(keepDays: number, now: number) {
  const lives = new Map<string, Life>();

  return {
    /** Notes the events of a batch; batches come in the order in which they arrived. */
    note(events: readonly ReplayedEvent[]): void {
      for (const { sessionId, source, seq, receivedAt } of events.filter(({ outdone }) => !outdone)) {
        const known = lives.get(sessionId);
        const life = known && !isExpired({ ...known, keepDays }, receivedAt)
          ? known
          : { fromAt: receivedAt, lastArrivalAt: receivedAt, counted: new Map<string, Watermark>() };
        const watermark = life.counted.get(source) ?? emptyWatermark(1n);
        // A repeat does not make a journey last.
        if (!isCounted(watermark, BigInt(seq))) {
          life.counted.set(source, count(watermark, BigInt(seq)));
          life.lastArrivalAt = receivedAt;
        }
        lives.set(sessionId, life);
      }
    },

    /** Whether an event is of a journey that is over; `isThere`: the session has one that is there, its latest. */
    isOver({ sessionId, receivedAt }: ReplayedEvent, isThere: boolean): boolean {
      const life = lives.get(sessionId);
      if (!life) return false;
      return receivedAt < life.fromAt || (!isThere && isExpired({ ...life, keepDays }, now));
    },
  };
}
