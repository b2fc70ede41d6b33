import pMap from "p-map";
import * as v from "valibot";
import { createCursors, type PageArgs, type PageRequest, parsePage, toPage } from "../core/page.ts";
import { isCounted } from "../core/watermark.ts";
import type { BatchSpan, Reading, ReadingPage, Session } from "./model.ts";
import { pieceAt } from "./pieces.ts";
import { asideAt } from "./batches.ts";
import type { Readings } from "./readings.ts";
import type { Sources } from "./sources.ts";
import type { SessionStore } from "./store.ts";
import { createThinning, parseSeries, type ReadingStretch, type SeriesArgs, spansOf, within } from "./thinning.ts";

const MAX_PAGE = 2_000;
/** Objects of a series that are held at once: 5,000 readings of 64 channels each at most. */
const OBJECTS_AT_ONCE = 2;

/** Where a reading lies: readings are ordered by time, then batch, then place in it. */
export type ReadingPosition = readonly [at: number, offset: number, index: number];
type PositionedReading = { reading: Reading; position: ReadingPosition };

const wholeNumber = v.pipe(v.number(), v.safeInteger());
const position: v.GenericSchema<unknown, ReadingPosition> = v.tuple([wholeNumber, wholeNumber, wholeNumber]);

export type History = ReturnType<typeof createHistory>;

/** A batch, and the session of the device that sent it; `number` tells apart batches of several devices. */
type Batch = BatchSpan & { source: Session; number: number };

/** What of other devices' batches comes behind the offsets of one. */
const OFFSETS = 2 ** 31;

/**
 * Reads a session's readings over all its batches, and of those of other sessions that people gave to it. The directory says
 * where each batch lies in time.
 */
export function createHistory({ store, readings, sources }: {
  store: SessionStore;
  readings: Readings;
  sources: Sources;
}) {
  return { listReadings, readSeries, readFrom, countReadings, removeReadings };

  /** One page of readings in the order of time. It reads the objects that hold the page and no others. */
  async function listReadings(session: Session, page: PageArgs): Promise<ReadingPage> {
    const cursors = createCursors("readings", [session.tenantId, session.sessionId], position);
    const request = parsePage(page, MAX_PAGE, cursors);
    const ordered = await readOrdered(session, request);
    const { edges, ...place } = toPage(ordered, request, ({ position }) => cursors.encode(position));
    return { ...place, edges: edges.map(({ node, cursor }) => ({ node: node.reading, cursor })) };
  }

  /** So many readings after a place, and the place of the last where there are more. */
  async function readFrom(session: Session, from: ReadingPosition | undefined, wanted: number) {
    const found = await readOrdered(session, { wanted, isBackward: false, from });
    const page = found.slice(0, wanted);
    return {
      readings: page.map(({ reading }) => reading),
      next: found.length > wanted ? page.at(-1)!.position : undefined,
    };
  }

  /** The readings of a page in its order, and one more where there are more. It reads the objects that hold them. */
  async function readOrdered(session: Session, { wanted, isBackward, from }: PageRequest<ReadingPosition>) {
    // Whoever reads backward meets a batch at its last reading first; where that lies counts down.
    const sign = isBackward ? -1 : 1;
    const beginOf = ({ firstAt, lastAt }: BatchSpan) => sign * (isBackward ? lastAt : firstAt);
    const endOf = ({ firstAt, lastAt }: BatchSpan) => sign * (isBackward ? firstAt : lastAt);
    const batches = (await directory(session))
      .filter((span) => !from || endOf(span) >= sign * from[0])
      .sort((a, b) => beginOf(a) - beginOf(b));
    const found: PositionedReading[] = [];
    for (let i = 0; i < batches.length; i++) {
      const own = await readBatch(session, batches[i]!);
      found.push(...own.filter(({ position }) => !from || sign * compare(position, from) > 0));
      const next = batches[i + 1];
      if (!next || found.length <= wanted) continue;
      // What lies before the next batch begins is settled.
      const settled = found.filter(({ reading }) => sign * reading.at < beginOf(next));
      if (settled.length > wanted) break;
    }
    return found.sort((a, b) => sign * compare(a.position, b.position));
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
    await pMap(batches, async (batch) => {
      const own = await readBatch(session, batch);
      thinning.add({ offset: batch.number, readings: own.map(({ reading }) => reading) });
    }, { concurrency: OBJECTS_AT_ONCE });
    return thinning.result();
  }

  /** Removes the readings that a session holds, and no others: of a batch that it shares, its own. */
  async function removeReadings(session: Session): Promise<void> {
    if (!session.pieces) return void await readings.removeAll(session);
    for (const batch of await directory(session)) {
      const own = new Set((await readBatch(session, batch)).map(({ position: [, , index] }) => index));
      await readings.without(batch.source, batch.offset, (index) => own.has(index));
    }
  }

  /** How many of a device's readings lie before an instant, from another on, and when the last of them was. */
  async function countReadings(source: Session, from = -Infinity, to: number) {
    const spans = (await ownDirectory(source)).filter((span) => span.lastAt >= from && span.firstAt < to);
    const counts = await pMap(spans, async (span) => {
      if (span.firstAt >= from && span.lastAt < to && !source.aside) {
        return { samples: span.count, lastAt: span.lastAt };
      }
      const inside = (await readings.read(source, span.offset)).map(({ at }) => at).filter((at) =>
        from <= at && at < to && !asideAt(source, at)
      );
      return { samples: inside.length, lastAt: inside.reduce((a, b) => Math.max(a, b), -Infinity) };
    }, { concurrency: OBJECTS_AT_ONCE });
    const lastAt = counts.reduce((most, own) => Math.max(most, own.lastAt), -Infinity);
    const samples = counts.reduce((sum, own) => sum + own.samples, 0);
    return { samples, lastAt: Number.isFinite(lastAt) ? lastAt : undefined };
  }

  /** The readings of a batch that the session holds, each with where it lies. */
  async function readBatch(session: Session, { source, offset, number }: Batch): Promise<PositionedReading[]> {
    const isHeld = (at: number) =>
      asideAt(source, at) === undefined &&
      (source.pieces === undefined || pieceAt(source.pieces, at)?.into === session.sessionId);
    return (await readings.read(source, offset))
      .map((reading, index): PositionedReading => ({ reading, position: [reading.at, number, index] }))
      .filter(({ reading }) => isHeld(reading.at));
  }

  /** Every batch of which the session holds readings, by the time at which it begins. */
  async function directory(session: Session): Promise<Batch[]> {
    const others = await sources.sourcesOf([session]);
    const ordered = [session, ...others.sort((a, b) => (a.sessionId < b.sessionId ? -1 : 1))];
    const all = await Promise.all(ordered.map(async (source, i) => {
      const spans = await ownDirectory(source);
      const pieces = source.pieces?.filter(({ into }) => into === session.sessionId);
      return spans.filter(({ firstAt, lastAt }) => (
        !pieces || pieces.some(({ from = -Infinity, to = Infinity }) => firstAt < to && lastAt >= from)
      )).map((span): Batch => ({ ...span, source, number: i * OFFSETS + span.offset }));
    }));
    return all.flat().sort((a, b) => a.firstAt - b.firstAt || a.number - b.number);
  }

  /** Every batch of one device that counts, once, by the time at which it begins. */
  async function ownDirectory(session: Session): Promise<BatchSpan[]> {
    const spans = [...await store.listSheets(session), ...session.spans];
    const byOffset = new Map(spans.map((span) => [span.offset, span]));
    const { aside, signsFrom, lastReadingAt } = session;
    // What lies aside is of no page and of no chart.
    const clipped = (span: BatchSpan): BatchSpan =>
      !aside ? span : {
        ...span,
        firstAt: Math.max(span.firstAt, signsFrom ?? span.firstAt),
        lastAt: Math.min(span.lastAt, lastReadingAt ?? span.lastAt),
      };
    return [...byOffset.values()]
      .filter((span) => isCounted(session.batches, BigInt(span.offset)))
      .map(clipped)
      .filter(({ firstAt, lastAt }) => firstAt <= lastAt)
      .sort((a, b) => a.firstAt - b.firstAt || a.offset - b.offset);
  }
}

function compare(a: ReadingPosition, b: ReadingPosition): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
