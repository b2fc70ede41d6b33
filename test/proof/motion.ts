import { existsSync } from "node:fs";
import process from "node:process";

const DATA = new URL("../../../shared/data/motion/", import.meta.url).pathname;
const MAX_PAGES = 1_000;

/** Asks the service and gives the data; throws where there is any error. */
// oxlint-disable-next-line no-explicit-any
export type Ask = (query: string, variables?: object) => Promise<any>;

export type SessionFacts = {
  sessionId: string;
  sensor: { sensorId: string };
  status: string;
  startedAt: string;
  endedAt: string | null;
  endReason: string | null;
  lastMotionAt: string;
  duration: number | null;
  motionEventCount: number;
  sampleCount: number;
  missingBatches: { from: number; to: number }[];
};

/** Where a file of the data folder lies. Ends the process well where it is not there: then there is nothing to prove. */
export function motionFile(name: string): string {
  if (existsSync(`${DATA}${name}`)) return `${DATA}${name}`;
  console.log(`skipped: there is no ../shared/data/motion/${name}`);
  process.exit(0);
}

export const FACTS = `sessionId sensor { sensorId } status startedAt endedAt endReason lastMotionAt duration
  motionEventCount sampleCount missingBatches { from to }`;
const LIST = `query ($after: String) { sessions(first: 100, after: $after) {
  nodes { ${FACTS} } pageInfo { hasNextPage endCursor }
} }`;
const READINGS = `query ($id: String!, $first: Int!, $after: String) { session(sessionId: $id) {
  readings(first: $first, after: $after) { nodes { at values } pageInfo { hasNextPage endCursor } }
} }`;

/** All sessions of the tenant, read page by page as any client would. */
export function readSessions(ask: Ask): Promise<SessionFacts[]> {
  return readPages(async (after) => (await ask(LIST, { after })).sessions);
}

/** All readings of a session, read in pages of `first`. */
export function readReadings(ask: Ask, id: string, first: number): Promise<{ at: string; values: number[] }[]> {
  return readPages(async (after) => (await ask(READINGS, { id, first, after })).session.readings);
}

type Page<T> = { nodes: T[]; pageInfo: { hasNextPage: boolean; endCursor: string } };

async function readPages<T>(read: (after: string | null) => Promise<Page<T>>): Promise<T[]> {
  const found: T[] = [];
  let after: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { nodes, pageInfo }: Page<T> = await read(after);
    found.push(...nodes);
    if (!pageInfo.hasNextPage) return found;
    after = pageInfo.endCursor;
  }
  throw new Error(`there are more than ${MAX_PAGES} pages`);
}
