import type { LoadedEvent } from "./events.ts";
import { REFUSING, type Skipped } from "./skipped.ts";

const TYPES: Record<string, string> = { clicks: "PAGE_VIEWED", carts: "FORM_STARTED", orders: "FORM_COMPLETED" };

/** Whether the file's first line is a session of the OTTO data set. */
export function isOtto(firstLine: string): boolean {
  return firstLine.startsWith('{"session":');
}

/**
 * The events of OTTO's shop sessions, one session a line. An article looked at is a page view, one put into the cart
 * begins an order form, an order completes it. `shiftMs` moves all of it in time.
 */
export function* readOtto(
  lines: Iterable<string>,
  shiftMs = 0,
  skipped: Pick<Skipped, "add"> = REFUSING,
): Generator<LoadedEvent> {
  let number = 0;
  for (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const parsed = parseLine(line);
    if (!parsed) {
      skipped.add(number, "is no session of the OTTO data set", line);
      continue;
    }
    const { session, events } = parsed;
    for (const [index, { aid, ts, type }] of events.entries()) {
      yield {
        sessionId: `otto-${session}`,
        source: "main",
        seq: index + 1,
        type: TYPES[type] ?? type.toUpperCase(),
        occurredAt: new Date(ts + shiftMs).toISOString(),
        visitorId: `otto-${session}`,
        page: `/articles/${aid}`,
      };
    }
  }
}

/** When the last event of the file happened, in epoch milliseconds. */
export function lastOttoEventAt(lines: Iterable<string>): number {
  let last = 0;
  for (const event of readOtto(lines)) last = Math.max(last, Date.parse(event.occurredAt));
  return last;
}

type Line = { session: number; events: { aid: number; ts: number; type: string }[] };

function parseLine(line: string): Line | undefined {
  try {
    const parsed = JSON.parse(line) as Line;
    if (typeof parsed.session === "number" && Array.isArray(parsed.events)) return parsed;
  } catch {
    // The same complaint as for other JSON.
  }
  return undefined;
}
