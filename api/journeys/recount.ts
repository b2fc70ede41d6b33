import type { Dynamo, Item } from "../aws/dynamo.ts";
import { partitionOf } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { eventId } from "./counted.ts";
import { fromItem } from "./item.ts";
import type { Journey } from "./model.ts";
import type { JourneyStore } from "./store.ts";
import { readWhole } from "./timeline.ts";

type Counted = { at: number; arrivedAt: number; partition: string };

/** The journeys and events that are kept, as things to be counted again. */
export function createJourneyRecounts(dynamo: Dynamo, table: string, store: JourneyStore) {
  async function* list(
    tenantId: string,
    fromAt: number,
    toAt: number,
    endedFrom?: number,
  ): AsyncGenerator<{ journey: Journey; partition: string }[]> {
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
      });
    for await (const { items } of pages(read)) {
      yield items.map((item) => ({ journey: fromItem(item), partition: partitionOf(item.pk) }));
    }
  }

  return {
    /** Journeys, by their start. */
    async *journeys(tenantId: string, fromAt: number, toAt: number): AsyncGenerator<Counted[]> {
      for await (const page of list(tenantId, fromAt, toAt)) {
        yield page.map(({ journey, partition }) => ({
          at: journey.startedAt,
          arrivedAt: journey.lastArrivalAt,
          partition,
        }));
      }
    },

    /**
     * Events, by their own time: those of every journey that touches the range. Of a journey of which a part has expired
     * nothing tells which of the others were counted: each may be, for ever.
     */
    async *events(tenantId: string, fromAt: number, toAt: number): AsyncGenerator<Counted[]> {
      for await (const page of list(tenantId, 0, toAt, fromAt)) {
        for (const { journey, partition } of page) {
          const { events, inDoubt } = await readWhole(store, journey);
          const doubtful = new Set(inDoubt.map(eventId));
          const sure = events.filter((event) => !doubtful.has(eventId(event)));
          yield [
            ...sure.map(({ occurredAt }) => ({ at: occurredAt, arrivedAt: journey.lastArrivalAt, partition })),
            ...inDoubt.map(({ occurredAt }) => ({ at: occurredAt, arrivedAt: Infinity, partition })),
          ].filter(({ at }) => at >= fromAt && at < toAt);
        }
      }
    },
  };
}
