import type { LoadedEvent } from "./events.ts";
import type { ColumnNames, NamedRow } from "./named-columns.ts";
import type { Skipped } from "./skipped.ts";
import { createVisits } from "./visits.ts";
import { parseWhen, WHEN_RULE } from "./when.ts";

export const EVENT_COLUMNS: ColumnNames = {
  sessionId: ["session"],
  source: [],
  seq: ["number", "sequence"],
  type: ["event", "event type", "event name", "action"],
  occurredAt: ["at", "time", "timestamp", "ts", "date", "datetime", "created at"],
  visitorId: ["visitor", "user", "user id", "client id", "anonymous id", "distinct id"],
  aliasOf: ["alias"],
  page: ["url", "path", "page url"],
  text: ["message"],
  properties: ["props"],
};

/**
 * The events of a table with named columns. Rows without a session are cut into visits by visitor and pause; rows without a
 * number are numbered in each session as they come, so the same file gives the same events.
 */
export async function* readEventTable(
  rows: AsyncIterable<NamedRow>,
  skipped: Pick<Skipped, "add">,
  zone: string,
): AsyncGenerator<LoadedEvent> {
  const visits = createVisits();
  const numbers = new Map<string, number>();
  for await (const { line, cells, text } of rows) {
    const at = parseWhen(cells["occurredAt"] ?? "", zone);
    const wrong = at === undefined
      ? `its time must be ${WHEN_RULE}`
      : cells["sessionId"] === undefined && cells["visitorId"] === undefined
      ? "it names neither a session nor a visitor"
      : undefined;
    if (wrong !== undefined) {
      skipped.add(line, wrong, text);
      continue;
    }
    const { seq, properties, type = "PAGE_VIEWED", ...own } = cells;
    const parsed = parseProperties(properties);
    if (parsed === INVALID) {
      skipped.add(line, "its properties are no JSON", text);
      continue;
    }
    const source = cells["source"] ?? "main";
    const place = own["sessionId"] === undefined
      ? visits.next(own["visitorId"]!, own["visitorId"]!, at!)
      : { sessionId: own["sessionId"], source, seq: seq === undefined ? next(own["sessionId"], source) : Number(seq) };
    yield {
      ...own,
      ...place,
      type: type.toUpperCase().replace(/[^A-Z0-9]+/g, "_"),
      occurredAt: new Date(at!).toISOString(),
      ...(parsed === undefined ? {} : { properties: parsed }),
    };
  }

  function next(sessionId: string, source: string): number {
    const key = JSON.stringify([sessionId, source]);
    const number = (numbers.get(key) ?? 0) + 1;
    numbers.set(key, number);
    return number;
  }
}

const INVALID = Symbol("no JSON");

function parseProperties(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return INVALID;
  }
}
