import { toItem } from "../../api/journeys/item.ts";
import { createJourneyLists, type JourneyFilter } from "../../api/journeys/lists.ts";
import { decideEvents } from "../../api/journeys/rules.ts";
import { createEraseWorld } from "./erase-world.ts";

/** Lists over stores in memory; `calls`: what was asked of these, and `limits`: of how many rows a query was. */
export function createListWorld(tenantId: string, now: number) {
  const world = createEraseWorld(now);
  const calls: string[] = [];
  const limits: unknown[] = [];
  const process = world.createProcess((when, call, [, query]) => {
    if (when === "after") return;
    calls.push(call);
    if (call === "query") limits.push((query as { limit?: number }).limit);
  });
  const { journeys, store, trails, configuration } = process;
  const lists = (requireIndex: () => void) =>
    createJourneyLists({ store, trails, configuration, clock: () => now, requireIndex });
  /** A journey of one event, as it stands in the table. */
  const put = async (sessionId: string, occurredAt: number, visitorId?: string) => {
    const event = { sessionId, source: "main", seq: 1, type: "PAGE_VIEWED", occurredAt, receivedAt: now };
    const { journey } = decideEvents(tenantId, undefined, [{ ...event, ...(visitorId ? { visitorId } : {}) }]);
    await world.dynamo.put("journeys", toItem(journey!));
  };
  const list = (filter: JourneyFilter, page: Parameters<typeof journeys.list>[2] = { first: 100 }) =>
    journeys.list(tenantId, filter, page);
  const ids = async (filter: JourneyFilter) => (await list(filter)).edges.map(({ node }) => node.sessionId);
  return { dynamo: world.dynamo, journeys, store, configuration, calls, limits, lists, put, list, ids };
}
