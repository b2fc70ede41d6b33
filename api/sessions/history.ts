import * as v from "valibot";
import { createCursors, type PageArgs, parsePage, toPage } from "../core/page.ts";
import { isCounted } from "../core/watermark.ts";
import type { BatchSpan, Reading, ReadingPage, Session } from "./model.ts";
import type { Readings } from "./readings.ts";
import type { SessionStore } from "./store.ts";

const MAX_PAGE = 2_000;

/** Where a reading lies: readings are ordered by time, then batch, then place in it. */
type Position = readonly [at: number, offset: number, index: number];
type PositionedReading = { reading: Reading; position: Position };

const wholeNumber = v.pipe(v.number(), v.safeInteger());
const position: v.GenericSchema<unknown, Position> = v.tuple([wholeNumber, wholeNumber, wholeNumber]);

/**
 * Makes `listReadings`: one page of a session's readings in the order of time, over all its batches. It reads the objects
 * that hold the page and no others: the directory says where each batch lies in time.
 */
export function createHistory({ store, readings }: { store: SessionStore; readings: Readings }) {
  return async function listReadings(session: Session, page: PageArgs): Promise<ReadingPage> {
    const cursors = createCursors("readings", [session.tenantId, session.sessionId], position);
    const request = parsePage(page, MAX_PAGE, cursors);
    const { wanted, isBackward, from } = request;
    // Whoever reads backward meets a batch at its last reading first; where that lies counts down.
    const sign = isBackward ? -1 : 1;
    const beginOf = ({ firstAt, lastAt }: BatchSpan) => sign * (isBackward ? lastAt : firstAt);
    const endOf = ({ firstAt, lastAt }: BatchSpan) => sign * (isBackward ? firstAt : lastAt);
    const batches = (await directory(session))
      .filter((span) => !from || endOf(span) >= sign * from[0])
      .sort((a, b) => beginOf(a) - beginOf(b));
    const found: PositionedReading[] = [];
    for (let i = 0; i < batches.length; i++) {
      const { offset } = batches[i]!;
      const own = (await readings.read(session, offset)).map((reading, index): PositionedReading => (
        { reading, position: [reading.at, offset, index] }
      ));
      found.push(...own.filter(({ position }) => !from || sign * compare(position, from) > 0));
      const next = batches[i + 1];
      if (!next || found.length <= wanted) continue;
      // What lies before the next batch begins is settled.
      const settled = found.filter(({ reading }) => sign * reading.at < beginOf(next));
      if (settled.length > wanted) break;
    }
    const ordered = found.sort((a, b) => sign * compare(a.position, b.position));
    const { edges, ...place } = toPage(ordered, request, ({ position }) => cursors.encode(position));
    return { ...place, edges: edges.map(({ node, cursor }) => ({ node: node.reading, cursor })) };
  };

  /** Every batch that counts, once, by the time at which it begins. */
  async function directory(session: Session): Promise<BatchSpan[]> {
    const spans = [...await store.listSheets(session), ...session.spans];
    const byOffset = new Map(spans.map((span) => [span.offset, span]));
    return [...byOffset.values()]
      .filter((span) => isCounted(session.batches, BigInt(span.offset)))
      .sort((a, b) => a.firstAt - b.firstAt || a.offset - b.offset);
  }
}

function compare(a: Position, b: Position): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
