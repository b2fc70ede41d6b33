import type { Dynamo, Item } from "../aws/dynamo.ts";
import { pages } from "../core/page.ts";
import { eventId } from "./counted.ts";
import { fromItem } from "./item.ts";
import type { Journey } from "./model.ts";
import type { JourneyStore } from "./store.ts";
import { readWhole } from "./timeline.ts";

type Counted = { at: number; arrivedAt: number };

/** The journeys and events that are kept, as things to be counted again. */
export function createJourneyRecounts(dynamo: Dynamo, table: string, store: JourneyStore) {
  async function* list(
    tenantId: string,
    fromAt: number,
    toAt: number,
    endedFrom?: number,
  ): AsyncGenerator<Journey[]> {
    const read = (startKey?: Item) =>
      dynamo.query(table, {
        index: "byStart",
        key: {
          expression: "tenant = :tenant AND startedAt BETWEEN :from AND :to",
          values: { ":tenant": tenantId, ":from": fromAt, ":to": toAt - 1 },
        },
        ...(endedFrom === undefined
          ? {}
          : { filter: { expression: "endedAt >= :ended", values: { ":ended": endedFrom } } }),
        startKey,
        expired: true,
      });
    for await (const { items } of pages(read)) yield items.map(fromItem);
  }

  return {
    /** Journeys, by their start. */
    async *journeys(tenantId: string, fromAt: number, toAt: number): AsyncGenerator<Counted[]> {
      for await (const page of list(tenantId, fromAt, toAt)) {
        yield page.map(({ startedAt, lastArrivalAt }) => ({ at: startedAt, arrivedAt: lastArrivalAt }));
      }
    },

    /**
     * Events, by their own time: those of every journey that touches the range. Of a journey of which a part has expired
     * nothing tells which of the others were counted: each may be, for ever.
     */
    async *events(tenantId: string, fromAt: number, toAt: number): AsyncGenerator<Counted[]> {
      for await (const page of list(tenantId, 0, toAt, fromAt)) {
        for (const journey of page) {
          const { events, inDoubt } = await readWhole(store, journey, { expired: true });
          const doubtful = new Set(inDoubt.map(eventId));
          const sure = events.filter((event) => !doubtful.has(eventId(event)));
          yield [
            ...sure.map(({ occurredAt }) => ({ at: occurredAt, arrivedAt: journey.lastArrivalAt })),
            ...inDoubt.map(({ occurredAt }) => ({ at: occurredAt, arrivedAt: Infinity })),
          ].filter(({ at }) => at >= fromAt && at < toAt);
        }
      }
    },
  };
}
