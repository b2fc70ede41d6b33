import pMap from "p-map";
import * as v from "valibot";
import { createCursors, type PageArgs, parsePage, toPage } from "../core/page.ts";
import { isCounted } from "../core/watermark.ts";
import type { BatchSpan, Reading, ReadingPage, ReadingStretch, SeriesArgs, Session } from "./model.ts";
import type { Readings } from "./readings.ts";
import type { SessionStore } from "./store.ts";
import { createThinning, parseSeries, spansOf, within } from "./thinning.ts";

const MAX_PAGE = 2_000;
/** Objects of a series that are held at once: 5,000 readings of 64 channels each at most. */
const OBJECTS_AT_ONCE = 2;

/** Where a reading lies: readings are ordered by time, then batch, then place in it. */
type Position = readonly [at: number, offset: number, index: number];
type PositionedReading = { reading: Reading; position: Position };

const wholeNumber = v.pipe(v.number(), v.safeInteger());
const position: v.GenericSchema<unknown, Position> = v.tuple([wholeNumber, wholeNumber, wholeNumber]);

/** Reads a session's readings over all its batches. The directory says where each batch lies in time. */
export function createHistory({ store, readings }: { store: SessionStore; readings: Readings }) {
  return { listReadings, readSeries };

  /** One page of readings in the order of time. It reads the objects that hold the page and no others. */
  async function listReadings(session: Session, page: PageArgs): Promise<ReadingPage> {
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
  }

  /**
   * The readings of a range, thinned so that no peak is lost. It reads the objects of the range, each once, and holds no
   * more than two of them. Throws InvalidInputError.
   */
  async function readSeries(session: Session, asked: SeriesArgs): Promise<ReadingStretch[]> {
    const range = parseSeries(asked);
    const batches = spansOf(await directory(session), range);
    if (batches.length === 0) return [];
    const thinning = createThinning(within(batches, range), range.points);
    await pMap(batches, async ({ offset }) => {
      const own = await readings.read(session, offset);
      thinning.add({ offset, readings: own });
    }, { concurrency: OBJECTS_AT_ONCE });
    return thinning.result();
  }

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
