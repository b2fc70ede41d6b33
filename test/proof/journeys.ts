import { existsSync } from "node:fs";
import process from "node:process";
import pMap from "p-map";
import { countVisits } from "./count-nasa.ts";

/** What a journey is compared by: its events in their order are part of it. */
export type JourneyFacts = { startedAt: number; endedAt: number; events: string[] };

const DATA = new URL("../../../shared/data/journeys/", import.meta.url).pathname;
const CONCURRENCY = 8;
const MAX_PAGES = 1_000;

/** Where a file of the data folder lies. Ends the process well where it is not there: then there is nothing to prove. */
export function dataFile(name: string): string {
  if (existsSync(`${DATA}${name}`)) return `${DATA}${name}`;
  console.log(`skipped: there is no ../shared/data/journeys/${name}`);
  process.exit(0);
}

/** The journeys of the NASA-HTTP trace by session, from the independent count. */
export async function expectedJourneys(file: string): Promise<Map<string, JourneyFacts>> {
  const visits = await countVisits(file);
  return new Map(visits.map(({ host, startedAt, endedAt, requests }) => [
    `${host}-${startedAt / 1_000}`,
    { startedAt, endedAt, events: requests.map(({ at, url }) => `${at} ${url}`) },
  ]));
}

export type Client = { url: string; token: string };

const LIST = `query ($between: Between!, $after: String) {
  journeys(filter: { range: { between: $between } }, first: 100, after: $after) {
    nodes { sessionId startedAt endedAt eventCount } pageInfo { hasNextPage endCursor }
  }
}`;
const EVENTS = `query ($id: String!) { journey(sessionId: $id) {
  events(first: 500) { nodes { occurredAt page step } pageInfo { hasNextPage } }
} }`;

/** All journeys that started in a stretch of time, with all their events, read page by page as any client would. */
export async function readJourneys(client: Client, from: string, to: string): Promise<Map<string, JourneyFacts>> {
  const nodes: { sessionId: string; startedAt: string; endedAt: string; eventCount: number }[] = [];
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { journeys } = await ask(client, LIST, { between: { from, to }, after });
    nodes.push(...journeys.nodes);
    if (!journeys.pageInfo.hasNextPage) break;
    after = journeys.pageInfo.endCursor;
  }
  const facts = await pMap(nodes, async (node) => {
    const { events } = (await ask(client, EVENTS, { id: node.sessionId })).journey;
    if (events.pageInfo.hasNextPage || events.nodes.length !== node.eventCount) {
      throw new Error(`${node.sessionId} has ${node.eventCount} events and shows ${events.nodes.length}`);
    }
    return [node.sessionId, {
      startedAt: Date.parse(node.startedAt),
      endedAt: Date.parse(node.endedAt),
      events: events.nodes.map((event: { occurredAt: string; page: string; step: number }, i: number) => {
        if (event.step !== i + 1) throw new Error(`${node.sessionId}: step ${event.step} at ${i + 1}`);
        return `${Date.parse(event.occurredAt)} ${event.page}`;
      }),
    }] as const;
  }, { concurrency: CONCURRENCY });
  if (new Set(nodes.map((node) => node.sessionId)).size !== nodes.length) throw new Error("a journey is listed twice");
  return new Map(facts);
}

const BACKFILL = `mutation ($range: TimeRange!) { backfillJourneys(input: { range: $range, dryRun: true }) {
  ... on BackfillJourneysPayload { objectsRead eventsRead journeysCreated journeysChanged journeysUnchanged }
} }`;

/** What a rebuild from the object store would change. */
export async function backfillDryRun(client: Client, from: string, to: string): Promise<Record<string, number>> {
  return (await ask(client, BACKFILL, { range: { between: { from, to } } })).backfillJourneys;
}

/** How many journeys are missing, beyond, or not the same, with an example of each. Empty where all are equal. */
export function differences(expected: Map<string, JourneyFacts>, found: Map<string, JourneyFacts>): string[] {
  const missing = [...expected.keys()].filter((id) => !found.has(id));
  const beyond = [...found.keys()].filter((id) => !expected.has(id));
  const other = [...expected].filter(([id, facts]) =>
    found.has(id) && JSON.stringify(facts) !== JSON.stringify(found.get(id))
  ).map(([id, facts]) => `${id} (${facts.events.length} events, shows ${found.get(id)!.events.length})`);
  return Object.entries({ missing, beyond, other })
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `${ids.length} ${what}, such as ${ids[0]}`);
}

export function eventsIn(journeys: Map<string, JourneyFacts>): number {
  return [...journeys.values()].reduce((sum, { events }) => sum + events.length, 0);
}

/** Asks over HTTP. Throws where there is any error. */
// oxlint-disable-next-line no-explicit-any
export async function ask({ url, token }: Client, query: string, variables: object = {}): Promise<any> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  if (answer.errors) throw new Error(JSON.stringify(answer.errors).slice(0, 500));
  return answer.data;
}
