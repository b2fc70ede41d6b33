import pMap from "p-map";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { type PageArgs, pages } from "../core/page.ts";
import { formatInstant } from "../core/time.ts";
import { type Export, type ExportInput, exportList } from "../files/export.ts";
import type { Files, KeptFile } from "../files/keep.ts";
import type { Cell, Column } from "../files/table.ts";
import type { JourneyFilter, JourneyList, Visitor } from "./lists.ts";
import type { Journey, JourneyEvent, JourneyEventPage, JourneyOutcome } from "./model.ts";
import { eventOf, type Named, type RawEvents, type ReplayedEvent } from "./raw.ts";

export type JourneyExports = ReturnType<typeof createJourneyExports>;

/** What a file holds at most. */
export const EXPORT_LIMITS = { journeys: 50_000, visitorEvents: 200_000 } as const;
const CONCURRENCY = 16;
const EVENTS_A_PAGE = 500;

export type JourneySource = {
  list: (tenantId: string, filter: JourneyFilter, page: PageArgs, isWhole: boolean) => Promise<JourneyList>;
  listEvents: (journey: Journey, page: PageArgs) => Promise<JourneyEventPage>;
  listNamed: (tenantId: string, id: string) => AsyncGenerator<Journey[]>;
  findVisitor: (tenantId: string, visitorId: string, isWhole: boolean) => Promise<Visitor | undefined>;
  findFirstQuestion: (journey: Journey) => Promise<string | null | undefined>;
  outcome: (journey: Journey) => JourneyOutcome;
  winningGoal: (journey: Journey) => { goalId: string } | undefined;
};

const COLUMNS: readonly Column[] = [
  { name: "session_id", type: "text" },
  { name: "visitor_id", type: "text" },
  { name: "visitor_ids", type: "text" },
  { name: "started_at", type: "instant" },
  { name: "ended_at", type: "instant" },
  { name: "duration_ms", type: "integer" },
  { name: "outcome", type: "text" },
  { name: "events", type: "integer" },
  { name: "user_messages", type: "integer" },
  { name: "bot_messages", type: "integer" },
  { name: "first_question", type: "text" },
  { name: "goal", type: "text" },
  { name: "goals", type: "text" },
];

/** Files of journeys, and of all that is held of a person. */
export function createJourneyExports(
  { journeys, raw, files, clock }: { journeys: JourneySource; raw: RawEvents; files: Files; clock: Clock },
) {
  const rowOf = async (journey: Journey): Promise<Cell[]> => {
    const { sessionId, visitor, startedAt, endedAt, eventCount, userMessageCount, botMessageCount, goals } = journey;
    const ids = idsOf(journey);
    return [
      ...[sessionId, visitor?.visitorId, ids.length > 0 ? JSON.stringify(ids) : null, startedAt, endedAt],
      ...[endedAt - startedAt, journeys.outcome(journey), eventCount, userMessageCount, botMessageCount],
      await journeys.findFirstQuestion(journey),
      journeys.winningGoal(journey)?.goalId,
      goals.reached.length > 0 ? JSON.stringify(goals.reached.map(({ goalId }) => goalId)) : null,
    ];
  };

  return {
    /** The journeys of a list, in its order. Throws InvalidInputError. */
    exportJourneys: (
      tenantId: string,
      { filter, ...input }: ExportInput & { filter?: JourneyFilter | null | undefined },
    ): Promise<Export> =>
      exportList({ files, clock }, tenantId, input, {
        name: "journeys",
        columns: COLUMNS,
        maxRows: EXPORT_LIMITS.journeys,
        list: (page) => journeys.list(tenantId, filter ?? {}, page, true),
        rowsOf: (rows) => pMap(rows, rowOf, { concurrency: CONCURRENCY }),
      }),

    /**
     * All that is held of a person under all ids that belong together: the ids, the journeys with their events, and the raw
     * events, also of journeys that have expired. Undefined where nothing is. It reads all raw objects of the tenant.
     * Throws InvalidInputError where that is too much for a file.
     */
    async exportVisitor(tenantId: string, visitorId: string): Promise<KeptFile | undefined> {
      const visitor = await journeys.findVisitor(tenantId, visitorId, true);
      const ids = new Set(visitor?.ids ?? [visitorId]);
      const found = visitor ? await listAll(tenantId, visitor.ids) : [];
      const own = new Set(
        found.filter((journey) => ids.has(journey.visitor?.visitorId ?? "")).map((one) => one.sessionId),
      );
      const isHeld = (sessionId: string, { visitorId: id = "", aliasOf = "" }: Named) =>
        own.has(sessionId) || ids.has(id) || ids.has(aliasOf);
      const rawEvents = await rawOf(tenantId, (event) => isHeld(event.sessionId, event));
      if (!visitor && rawEvents.length === 0) return undefined;
      const told = await pMap(found, async (journey) => ({
        ...shownJourney(journey, journeys.outcome(journey)),
        // Of another's journey only what names this person.
        events: (await eventsOf(journey)).filter((event) => isHeld(journey.sessionId, event)).map(shownEvent),
      }), { concurrency: CONCURRENCY });
      const content = { exportedAt: formatInstant(clock()), visitorIds: [...ids], journeys: told, rawEvents };
      return await files.keepJson(tenantId, "visitor", told.length + rawEvents.length, content);
    },
  };

  async function listAll(tenantId: string, ids: readonly string[]): Promise<Journey[]> {
    const found = new Map<string, Journey>();
    let held = 0;
    for (const id of ids) {
      for await (const page of journeys.listNamed(tenantId, id)) {
        for (const journey of page.filter(({ sessionId }) => !found.has(sessionId))) {
          found.set(journey.sessionId, journey);
          held += journey.eventCount;
        }
        if (held > EXPORT_LIMITS.visitorEvents) throw tooMany();
      }
    }
    return [...found.values()].sort((a, b) => b.startedAt - a.startedAt || (a.sessionId < b.sessionId ? -1 : 1));
  }

  async function eventsOf(journey: Journey): Promise<JourneyEvent[]> {
    const found: JourneyEvent[] = [];
    const read = async (after?: string) => {
      const page = await journeys.listEvents(journey, { first: EVENTS_A_PAGE, after });
      return {
        nodes: page.edges.map(({ node }) => node),
        next: page.hasNextPage ? page.edges.at(-1)?.cursor : undefined,
      };
    };
    for await (const { nodes } of pages(read)) found.push(...nodes);
    return found;
  }

  async function rawOf(tenantId: string, isWanted: (event: ReplayedEvent) => boolean) {
    const found: object[] = [];
    for await (const keys of raw.listAll(tenantId)) {
      const parts = await pMap(keys, async (key) => (await raw.read(key)).filter(isWanted), {
        concurrency: CONCURRENCY,
      });
      // One by one: as arguments of one call so many are more than a stack holds.
      for (const event of parts.flat()) found.push(eventOf(event));
      if (found.length > EXPORT_LIMITS.visitorEvents) throw tooMany();
    }
    return found;
  }
}

function idsOf({ visitor, otherIds }: Journey): string[] {
  return visitor ? [visitor.visitorId, ...otherIds] : [...otherIds];
}

function shownJourney(journey: Journey, outcome: JourneyOutcome) {
  const { sessionId, visitor, startedAt, endedAt, eventCount } = journey;
  return {
    sessionId,
    visitorId: visitor?.visitorId ?? null,
    visitorIds: idsOf(journey),
    startedAt: formatInstant(startedAt),
    endedAt: formatInstant(endedAt),
    outcome,
    eventCount,
  };
}

function shownEvent({ occurredAt, clientAt, receivedAt, ...event }: JourneyEvent) {
  return {
    ...event,
    occurredAt: formatInstant(occurredAt),
    ...(clientAt === undefined ? {} : { clientAt: formatInstant(clientAt) }),
    receivedAt: formatInstant(receivedAt),
  };
}

function tooMany(): InvalidInputError {
  const message =
    `has more than ${EXPORT_LIMITS.visitorEvents} events, which are more than one file holds; page through ` +
    "`visitor { journeys { events } }`, and read the raw events with Athena or DuckDB";
  return new InvalidInputError([{ path: ["visitorId"], message }]);
}
