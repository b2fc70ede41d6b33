import type { LoadedEvent } from "./events.ts";
import type { Skipped } from "./skipped.ts";

/** Fields that `recordEvents` takes; those of files that came from here and are not among them are left out. */
const FIELDS = [
  "sessionId",
  "source",
  "seq",
  "type",
  "occurredAt",
  "visitorId",
  "aliasOf",
  "page",
  "text",
  "properties",
];

/** Whether a line is an event as the API takes it. */
export function isEventLine(line: string): boolean {
  const parsed = parseLine(line);
  return typeof parsed?.["sessionId"] === "string" && "type" in parsed;
}

/** The events of JSON lines in the API's shape, also of raw events as they lie in the object store. */
export function* readEventLines(lines: Iterable<string>, skipped: Pick<Skipped, "add">): Generator<LoadedEvent> {
  let number = 0;
  for (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const parsed = parseLine(line);
    if (!parsed) {
      skipped.add(number, "is no JSON object", line);
      continue;
    }
    // What was refused when it came does not come again.
    if (parsed["outdone"] === true) continue;
    yield Object.fromEntries(FIELDS.flatMap((name) => name in parsed ? [[name, parsed[name]]] : [])) as LoadedEvent;
  }
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return parsed !== null && typeof parsed === "object" && !Array.isArray(parsed)
      ? parsed as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}
