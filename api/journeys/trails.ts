import pMap from "p-map";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import { idOf, itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import type { Journey } from "./model.ts";
import { fromTrailItem, seenOf, toTrailItem, type Trail } from "./trail.ts";

/**
 * Access patterns of the `trails` table:
 *
 *  | what                                     | how                                                          |
 *  |------------------------------------------|--------------------------------------------------------------|
 *  | the trail of a journey                   | GetItem, pk = tenant#partition, sk = session#TRAIL           |
 *  | a tenant's trails, latest start first    | Query on byStart                                             |
 *  | journeys that changed since their trail  | Query, pk = tenant#CHANGED, sk = session                     |
 *  | tenants that have such                   | Query, pk = #TENANTS                                         |
 *  | rebuilds, under way and done             | Query, pk = #REBUILDS, sk = tenant                           |
 */
export type TrailStore = ReturnType<typeof createTrailStore>;

/** A journey that changed: what is known of it without reading it. `version` names the change. */
export type Change = {
  sessionId: string;
  version: string;
  startedAt: number;
  endedAt: number;
  /** The page of the last event that names one, where that is short. */
  page: string | undefined;
  pageAt: number | undefined;
  eventCount: number;
  isErased: boolean;
};

/** Going through all journeys of a tenant: how far it has come. */
export type Rebuild = {
  tenantId: string;
  /** Names this run, so that one which was begun anew is not mistaken for the one before. */
  begunAt: number;
  /** Where it goes on: journeys from here on, latest first, are done. */
  position: { startedAt: number; sessionId: string } | undefined;
  journeysRead: number;
  journeysChanged: number;
  doneAt: number | undefined;
};

export const TENANTS = "#TENANTS";
export const REBUILDS = "#REBUILDS";
const CONCURRENCY = 16;
/** A tenant that is noted is not noted again by this process for so many tenants. */
const MAX_NOTED = 10_000;

export function createTrailStore(dynamo: Dynamo, table: string) {
  const noted = new Set<string>();
  const partition = (pk: string, limit?: number) =>
    pages((startKey?: Item) =>
      dynamo.query(table, {
        key: { expression: "pk = :pk", values: { ":pk": pk } },
        startKey,
        ...(limit ? { limit } : {}),
      })
    );

  return {
    async find(tenantId: string, sessionId: string): Promise<{ trail: Trail | undefined; finished?: string }> {
      // Where it is old, the same trail is written again, and the same finish is told under the same id.
      const item = await dynamo.get(table, itemKey(tenantId, sessionId, "TRAIL"));
      if (!item) return { trail: undefined };
      const finished = item.finished as string | undefined;
      return { trail: fromTrailItem(item), ...(finished === undefined ? {} : { finished }) };
    },

    /**
     * Keeps a trail, unless one of more events or later goals is there: one whose time is over is of a journey that went and came
     * back since. `finished` names the set of events with which the journey was last told of as finished.
     */
    async put(trail: Trail, journey: Journey, finished: string | undefined, now: number): Promise<void> {
      const key = itemKey(trail.tenantId, trail.sessionId, "TRAIL");
      const item = { ...toTrailItem(trail, key, journey), ...(finished === undefined ? {} : { finished }) };
      await dynamo.putIf(table, item, {
        expression: "attribute_not_exists(pk) OR #ttl < :now OR n < :n OR (n = :n AND gv <= :gv)",
        names: { "#ttl": "ttl" },
        values: { ":now": Math.floor(now / 1_000), ":n": trail.eventCount, ":gv": trail.goalsVersion },
      });
    },

    async remove(tenantId: string, sessionId: string): Promise<void> {
      await dynamo.remove(table, itemKey(tenantId, sessionId, "TRAIL"));
    },

    /** One page of the trails that start in a range, both ends included; of one of another form, where it is. */
    async list(
      tenantId: string,
      { fromAt, lastAt, ascending, limit, startKey }: {
        fromAt: number;
        lastAt: number;
        ascending: boolean;
        limit?: number;
        startKey?: Item;
      },
    ): Promise<{ trails: (Trail | { sessionId: string; startedAt: number })[]; next: Item | undefined }> {
      if (lastAt < fromAt) return { trails: [], next: undefined };
      const { items, next } = await dynamo.query(table, {
        index: "byStart",
        key: {
          expression: "tenant = :tenant AND startedAt BETWEEN :from AND :to",
          values: { ":tenant": tenantId, ":from": fromAt, ":to": lastAt },
        },
        descending: !ascending,
        startKey,
        ...(limit ? { limit } : {}),
      });
      const trails = items.map((item) =>
        fromTrailItem(item) ?? { sessionId: idOf(item.sk), startedAt: item.startedAt as number }
      );
      return { trails, next };
    },

    /** Notes journeys that changed, so that somebody derives their trails. The latest change of each. */
    async note(tenantId: string, changes: readonly Change[]): Promise<void> {
      if (changes.length === 0) return;
      if (!noted.has(tenantId)) {
        await dynamo.put(table, { pk: TENANTS, sk: tenantId });
        if (noted.size >= MAX_NOTED) noted.clear();
        noted.add(tenantId);
      }
      await pMap(changes, (change) => dynamo.put(table, toChangeItem(tenantId, change)), { concurrency: CONCURRENCY });
    },

    async isNoted(tenantId: string, sessionId: string): Promise<boolean> {
      return await dynamo.get(table, { pk: changedPk(tenantId), sk: sessionId }, { consistent: true }) !== undefined;
    },

    /** Takes a note back, if nothing changed since. */
    async settled(tenantId: string, { sessionId, version }: Pick<Change, "sessionId" | "version">): Promise<void> {
      await dynamo.transact([{
        table,
        remove: { pk: changedPk(tenantId), sk: sessionId },
        condition: { expression: "attribute_not_exists(pk) OR version = :version", values: { ":version": version } },
      }]);
    },

    /** Pages of the journeys that changed since their trails. */
    async *listChanges(tenantId: string): AsyncGenerator<Change[]> {
      for await (const { items } of partition(changedPk(tenantId))) yield items.map(fromChangeItem);
    },

    async *listTenants(): AsyncGenerator<string[]> {
      for await (const { items } of partition(TENANTS)) yield items.map(({ sk }) => sk as string);
    },

    async findRebuild(tenantId: string): Promise<Rebuild | undefined> {
      const item = await dynamo.get(table, { pk: REBUILDS, sk: tenantId }, { consistent: true });
      return item && fromRebuildItem(item);
    },

    /** Begins a rebuild, in the place of one that may be under way. */
    async beginRebuild(tenantId: string, begunAt: number): Promise<Rebuild> {
      const rebuild = {
        tenantId,
        begunAt,
        position: undefined,
        journeysRead: 0,
        journeysChanged: 0,
        doneAt: undefined,
      };
      await dynamo.put(table, { pk: REBUILDS, sk: tenantId, begunAt, read: 0, changed: 0 });
      return rebuild;
    },

    /** Notes how far a rebuild has come; false where it is another one by now, or another process did that part. */
    async advanceRebuild(before: Rebuild, after: Rebuild): Promise<boolean> {
      const { position, journeysRead, journeysChanged, doneAt } = after;
      const item = {
        ...{ pk: REBUILDS, sk: before.tenantId, begunAt: before.begunAt, read: journeysRead, changed: journeysChanged },
        ...(position ? { position: JSON.stringify([position.startedAt, position.sessionId]) } : {}),
        ...(doneAt === undefined ? {} : { doneAt }),
      };
      const { ok } = await dynamo.putIf(table, item, {
        expression: "begunAt = :begun AND #read = :read AND attribute_not_exists(doneAt)",
        names: { "#read": "read" },
        values: { ":begun": before.begunAt, ":read": before.journeysRead },
      });
      return ok;
    },

    async *listRebuilds(): AsyncGenerator<Rebuild[]> {
      for await (const { items } of partition(REBUILDS)) yield items.map(fromRebuildItem);
    },
  };
}

/** A journey as a note says it. */
export function changeOf(journey: Journey): Change {
  return {
    sessionId: journey.sessionId,
    version: `${seenOf(journey)}.${journey.goals.version}`,
    startedAt: journey.startedAt,
    endedAt: journey.endedAt,
    page: journey.lastPage?.page,
    pageAt: journey.lastPage?.occurredAt,
    eventCount: journey.eventCount,
    isErased: false,
  };
}

/** That a journey was erased. */
export function erasedChange(sessionId: string): Change {
  return {
    ...{ sessionId, version: "erased", startedAt: 0, endedAt: 0, page: undefined, pageAt: undefined, eventCount: 0 },
    isErased: true,
  };
}

function changedPk(tenantId: string): string {
  return `${tenantId}#CHANGED`;
}

function toChangeItem(tenantId: string, { sessionId, isErased, ...own }: Change): Item {
  return { pk: changedPk(tenantId), sk: sessionId, ...own, ...(isErased ? { erased: true } : {}) };
}

function fromChangeItem({ sk, version, startedAt, endedAt, page, pageAt, eventCount, erased }: Item): Change {
  return {
    sessionId: sk as string,
    version: version as string,
    startedAt: startedAt as number,
    endedAt: endedAt as number,
    page: page as string | undefined,
    pageAt: pageAt as number | undefined,
    eventCount: eventCount as number,
    isErased: erased === true,
  };
}

function fromRebuildItem(item: Item): Rebuild {
  const [startedAt, sessionId] = item.position === undefined
    ? []
    : JSON.parse(item.position as string) as [number, string];
  return {
    tenantId: item.sk as string,
    begunAt: item.begunAt as number,
    position: startedAt === undefined ? undefined : { startedAt, sessionId: sessionId! },
    journeysRead: item.read as number,
    journeysChanged: item.changed as number,
    doneAt: item.doneAt as number | undefined,
  };
}
