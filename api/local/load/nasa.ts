import type { LoadedEvent } from "./events.ts";
import { REFUSING, type Skipped } from "./skipped.ts";

/** A host that asks again after a longer pause begins a new visit. */
const MAX_PAUSE_SECONDS = 30 * 60;

const HEADING = "host\tlogname\ttime\tmethod\turl\tresponse\tbytes\treferer\tuseragent";

/** Whether the file's first line is that of the NASA-HTTP trace as a table. */
export function isNasa(firstLine: string): boolean {
  return firstLine === HEADING;
}

/**
 * The events of the NASA-HTTP trace, one for each request: a visit is a host with at most 30 minutes between requests,
 * and its session is named after the host and the first second. Lines must be in the order of time.
 */
export function* readNasa(
  lines: Iterable<string>,
  skipped: Pick<Skipped, "add"> = REFUSING,
): Generator<LoadedEvent> {
  const visits = new Map<string, { startedAt: number; lastAt: number; seq: number }>();
  let number = 0;
  for (const line of lines) {
    number++;
    if (line === HEADING || line.trim() === "") continue;
    const [host, , time, method, url, status, bytes] = line.split("\t").map((cell) => cell.trim());
    const seconds = Number(time);
    if (!host || !url || !Number.isSafeInteger(seconds)) {
      skipped.add(number, "is not of the NASA-HTTP table", line);
      continue;
    }
    let visit = visits.get(host);
    if (visit && seconds < visit.lastAt) {
      skipped.add(number, "is earlier than one before it", line);
      continue;
    }
    if (!visit || seconds - visit.lastAt > MAX_PAUSE_SECONDS) {
      visit = { startedAt: seconds, lastAt: seconds, seq: 0 };
      visits.set(host, visit);
    }
    visit.lastAt = seconds;
    visit.seq++;
    yield {
      sessionId: `${host}-${visit.startedAt}`,
      source: "main",
      seq: visit.seq,
      type: typeOf(method!, url),
      occurredAt: new Date(seconds * 1_000).toISOString(),
      visitorId: host,
      page: url,
      properties: { status: Number(status), bytes: Number(bytes) || 0 },
    };
  }
}

function typeOf(method: string, url: string): string {
  if (method === "POST") return "FORM_COMPLETED";
  return /(\/|\.html?)$/i.test(url) ? "PAGE_VIEWED" : "FILE_REQUESTED";
}
