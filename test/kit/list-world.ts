import type { QueryOptions } from "../../api/aws/dynamo.ts";
import { toItem } from "../../api/journeys/item.ts";
import { createJourneyLists, type JourneyFilter } from "../../api/journeys/lists.ts";
import { decideEvents } from "../../api/journeys/rules.ts";
import { createEraseWorld } from "./erase-world.ts";

/**
 * Lists over stores in memory; `calls`: what was asked of these, and `limits`: of how many rows a query was. As DynamoDB does, a
 * query is refused whose range of starts ends before it begins, or that goes on from outside of it.
 */
export function createListWorld(tenantId: string, now: number, clock: () => number = () => now) {
  const world = createEraseWorld(now, clock);
  const calls: string[] = [];
  const limits: unknown[] = [];
  const process = world.createProcess((when, call, [, query]) => {
    if (when === "after") return;
    calls.push(call);
    if (call !== "query") return;
    const { limit, startKey, key } = query as QueryOptions;
    limits.push(limit);
    if (!key.expression.includes("startedAt BETWEEN")) return;
    const [from, to, at] = [
      key.values![":from"],
      key.values![":to"],
      startKey?.startedAt ?? key.values![":from"],
    ] as number[];
    if (from! > to! || at! < from! || at! > to!) {
      throw new Error(`ValidationException: ${from} to ${to}, from ${at} on`);
    }
  });
  const { journeys, store, trails, configuration } = process;
  const lists = (requireIndex: () => void) => createJourneyLists({ store, trails, configuration, clock, requireIndex });
  /** A journey of one event, as it stands in the table. */
  const put = async (sessionId: string, occurredAt: number, visitorId?: string) => {
    const event = { sessionId, source: "main", seq: 1, type: "PAGE_VIEWED", occurredAt, receivedAt: now };
    const { journey } = decideEvents(tenantId, undefined, [{ ...event, ...(visitorId ? { visitorId } : {}) }]);
    await world.dynamo.put("journeys", toItem(journey!));
  };
  const list = (filter: JourneyFilter, page: Parameters<typeof journeys.list>[2] = { first: 100 }) =>
    journeys.list(tenantId, filter, page);
  const ids = async (filter: JourneyFilter) => (await list(filter)).edges.map(({ node }) => node.sessionId);
  return { dynamo: world.dynamo, journeys, store, trails, configuration, calls, limits, lists, put, list, ids };
}
