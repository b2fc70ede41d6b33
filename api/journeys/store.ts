import pMap from "p-map";
import type { Dynamo, Expression, Item, ReadOptions } from "../aws/dynamo.ts";
import { DAY_MS } from "../core/clock.ts";
import { idOf, itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import type { Written } from "../core/writes.ts";
import { type Chunk, fromChunk } from "./chunk.ts";
import type { HeldChunk } from "./counted.ts";
import { formatIds, formatWatermarks, fromItem, isErased, keyOf, type Stage, toItem, visitorKeyOf } from "./item.ts";
import { type ArrivedEvent, besideExpiresAt, type Journey, type JourneyOutcome, type JourneyPolicy } from "./model.ts";
import { createSettingsItems, fromSettings, settingsKey } from "./settings.ts";
import { createVisitorItems, isListing, sessionOf } from "./visitors.ts";

/**
 * Access patterns of the `journeys` table (pk = tenant#partition, sk = session#part):
 *
 *  | what                                | how                                                   |
 *  |-------------------------------------|-------------------------------------------------------|
 *  | journeys by session                 | GetItem or BatchGetItem, sk = …#META                  |
 *  | add events                          | PutItem of each chunk, then PutItem of META if its watermarks are as they were read |
 *  | events in a stretch of time         | Query, sk from …#E#<firstAt> (chunks)                 |
 *  | a tenant's journeys, latest first   | Query on byStart                                      |
 *  | a visitor's journeys, latest first  | Query on byVisitor for each id; `visitors.ts` has what tells them |
 *  | what a tenant decided               | GetItem, or with the journeys that are to be written; `settings.ts` |
 */
export type JourneyStore = ReturnType<typeof createJourneyStore>;

export type ListQuery = {
  tenantId: string;
  fromAt: number;
  toAt: number;
  visitorId?: string | undefined;
  outcome?: JourneyOutcome | undefined;
  did?: readonly string[] | undefined;
  didNot?: readonly string[] | undefined;
  goal?: string | undefined;
  /** Of the tenant's goals. What journeys came to by others is for the caller to find. */
  goalsVersion?: number | undefined;
  /** Only journeys with a question. */
  asked?: boolean | undefined;
};

/** For how long a chunk is kept: as its tenant says now, after whatever of its journey came last. */
type Kept = Pick<JourneyPolicy, "keepDays"> & { now: number; lastArrivalAt?: number | undefined };

/** What became of an attempt to write a journey: of one that was erased nothing is there. */
type Replaced = Written<Journey> & { isErased: boolean };

/** Where a row lies in a list. */
export type ListPosition = { startedAt: number; sessionId: string };

const STAGES: Record<JourneyOutcome, readonly Stage[]> = {
  FORM_COMPLETED: ["FORM_COMPLETED"],
  CTA_CLICKED: ["CTA_CLICKED"],
  LINK_CLICKED: ["LINK_CLICKED"],
  GOAL_REACHED: ["GOAL_REACHED"],
  ABANDONED: ["ENGAGED"],
  BROWSING: ["ENGAGED", "BROWSING"],
};

/** What is there: what has expired too, since writes rest on it. Whoever shows journeys leaves it out. */
const AS_IS = { consistent: true, expired: true } as const;

/** Chunks that get another time at once. */
const CONCURRENCY = 16;

export function createJourneyStore(dynamo: Dynamo, table: string) {
  /** What is gone by now does not come back. */
  async function keepUntil(key: { pk: unknown; sk: unknown }, ttl: number): Promise<void> {
    const change = { expression: "SET #ttl = :ttl", names: { "#ttl": "ttl" }, values: { ":ttl": ttl } };
    await dynamo.updateIf(table, key, change, { expression: "attribute_exists(pk)" });
  }

  return {
    ...createVisitorItems(dynamo, table),
    ...createSettingsItems(dynamo, table),

    /** The journeys that exist among `sessionIds`, as they are this moment. */
    async find(tenantId: string, sessionIds: readonly string[]): Promise<Map<string, Journey>> {
      return (await this.look(tenantId, sessionIds)).journeys;
    },

    /** The journeys that exist among `sessionIds`, and the sessions that were erased. */
    async look(
      tenantId: string,
      sessionIds: readonly string[],
    ): Promise<{ journeys: Map<string, Journey>; erased: Set<string> }> {
      const keys = sessionIds.map((sessionId) => keyOf(tenantId, sessionId));
      const items = keys.length === 1
        ? [await dynamo.get(table, keys[0]!, AS_IS)].filter((item) => item !== undefined)
        : await dynamo.batchGet(table, keys, AS_IS);
      return known(items);
    },

    /** The same with what the tenant decided, as it is this moment: what a journey that is written has to follow. */
    async lookToWrite(tenantId: string, sessionIds: readonly string[]) {
      const own = settingsKey(tenantId);
      const keys = [...sessionIds.map((sessionId) => keyOf(tenantId, sessionId)), own];
      const items = await dynamo.batchGet(table, keys, AS_IS);
      const found = items.filter(({ sk }) => sk !== own.sk);
      return { ...known(found), policy: fromSettings(items.find(({ sk }) => sk === own.sk)) };
    },

    /**
     * Stores a chunk. Where an earlier try stored the same events already, those stay and are given: whoever wrote
     * first decides the texts. Numbers, times and types are in the key, so every writer counts the same. It is kept as
     * long as its journey, of which something may have arrived later.
     */
    async keepChunk(
      tenantId: string,
      sessionId: string,
      chunk: Chunk,
      { keepDays, now, lastArrivalAt = 0 }: Kept,
    ): Promise<ArrivedEvent[] | undefined> {
      const key = chunkKey(tenantId, sessionId, chunk.firstAt, chunk.id);
      const lasts = { lastArrivalAt: Math.max(chunk.receivedAt, lastArrivalAt), keepDays };
      const ttl = Math.ceil(besideExpiresAt(lasts) / 1_000);
      const { ok, current } = await dynamo.putIf(table, { ...key, z: chunk.bytes, ttl }, {
        expression: "attribute_not_exists(pk) OR #ttl < :over",
        names: { "#ttl": "ttl" },
        values: { ":over": Math.floor((now + DAY_MS) / 1_000) },
      });
      if (ok) return undefined;
      if ((current!.ttl as number) < ttl) await keepUntil(key, ttl);
      return fromChunk(sessionId, current!.z as Uint8Array);
    },

    /** Writes the journey if it is still as `known`; else says so, with the journey as another writer left it. */
    async replace(journey: Journey, known: Journey | undefined): Promise<Replaced> {
      const condition: Expression = known ? asKnown(known) : { expression: "attribute_not_exists(pk)" };
      const { ok, current } = await dynamo.putIf(table, toItem(journey), condition);
      if (ok) return { ok, current: journey, isErased: false };
      if (current && isErased(current)) return { ok, current: undefined, isErased: true };
      return { ok, current: current && fromItem(current), isErased: false };
    },

    /**
     * One page of chunks whose first event is at `fromAt` or later, and at `toAt` at most, in that order. Events that the journey does not
     * count, or not yet, can be among them.
     */
    async readChunks(
      tenantId: string,
      sessionId: string,
      { fromAt, toAt, limit, startKey, ...how }: ReadOptions & {
        fromAt: number;
        toAt?: number;
        limit: number;
        startKey: Item | undefined;
      },
    ) {
      const first = chunkKey(tenantId, sessionId, fromAt, "");
      const last = toAt === undefined
        ? itemKey(tenantId, sessionId, "E#~")
        : chunkKey(tenantId, sessionId, toAt + 1, "");
      const page = await dynamo.query(table, {
        key: {
          expression: "pk = :pk AND sk BETWEEN :from AND :to",
          values: { ":pk": first.pk, ":from": first.sk, ":to": last.sk },
        },
        limit,
        startKey,
        ...how,
      });
      return {
        chunks: page.items.map((item): HeldChunk<ArrivedEvent> => ({
          id: chunkIdOf(item.sk),
          events: fromChunk(sessionId, item.z as Uint8Array),
        })),
        next: page.next,
      };
    },

    /** Every chunk of a journey; such as it does not count, or not yet, can be among them. */
    async readAllChunks(
      tenantId: string,
      sessionId: string,
      { limit = 1_000, consistent = true, expired }: ReadOptions & { limit?: number } = {},
    ): Promise<HeldChunk<ArrivedEvent>[]> {
      const chunks: HeldChunk<ArrivedEvent>[] = [];
      const read = (startKey?: Item) =>
        this.readChunks(tenantId, sessionId, { fromAt: 0, limit, startKey, consistent, expired });
      for await (const page of pages(read)) chunks.push(...page.chunks);
      return chunks;
    },

    /** Gives all that lies beside a journey the time that the journey has. What is past it DynamoDB removes by itself. */
    async keepAlike(journey: Journey): Promise<void> {
      const { tenantId, sessionId } = journey;
      const { pk, sk } = itemKey(tenantId, sessionId, "E#");
      const ttl = Math.ceil(besideExpiresAt(journey) / 1_000);
      const others = {
        key: {
          expression: "pk = :pk AND sk BETWEEN :from AND :to",
          values: { ":pk": pk, ":from": sk, ":to": `${sk}~` },
        },
        filter: { expression: "#ttl <> :ttl", names: { "#ttl": "ttl" }, values: { ":ttl": ttl } },
      };
      const read = (startKey?: Item) => dynamo.query(table, { ...AS_IS, ...others, startKey });
      for await (const { items } of pages(read)) {
        await pMap(items, ({ pk, sk }) => keepUntil({ pk, sk }, ttl), { concurrency: CONCURRENCY });
      }
      await this.listUnder(journey, undefined);
    },

    /** One page of the tenant's journeys, latest start first or last, that may match; the caller settles the rest. */
    async list(query: ListQuery, limit: number, after: ListPosition | undefined, ascending = false) {
      const { tenantId, fromAt, toAt } = query;
      const page = await dynamo.query(table, {
        index: "byStart",
        key: {
          expression: "tenant = :p AND startedAt BETWEEN :from AND :to",
          values: { ":p": tenantId, ":from": fromAt, ":to": toAt - 1 },
        },
        ...filterOf(query),
        limit,
        descending: !ascending,
        startKey: after && { ...keyOf(tenantId, after.sessionId), tenant: tenantId, startedAt: after.startedAt },
      });
      return { journeys: page.items.map(fromItem), next: positionOf(page.next) };
    },

    /** One page of the journeys that name an id, latest start first or last; `endsAt` is where the page ends. */
    async listNamed(
      { tenantId, fromAt, toAt }: ListQuery,
      visitorId: string,
      { limit, ascending, startKey }: { limit: number; ascending: boolean; startKey: Item | undefined },
    ) {
      const { items, next } = await dynamo.query(table, {
        index: "byVisitor",
        key: {
          expression: "visitorKey = :p AND startedAt BETWEEN :from AND :to",
          values: { ":p": visitorKeyOf(tenantId, visitorId), ":from": fromAt, ":to": toAt - 1 },
        },
        limit,
        descending: !ascending,
        startKey,
        // Where a page ends is what is there.
        expired: true,
      });
      const elsewhere = items.filter(isListing).map(sessionOf);
      const found = elsewhere.length > 0 ? await this.find(tenantId, elsewhere) : new Map<string, Journey>();
      const journeys = items.flatMap((item) => isListing(item) ? found.get(sessionOf(item)) ?? [] : fromItem(item));
      const names = ({ visitor, otherIds }: Journey) =>
        visitor?.visitorId === visitorId || otherIds.includes(visitorId);
      return { journeys: journeys.filter(names), endsAt: (items.at(-1)?.startedAt ?? fromAt) as number, next };
    },
  };
}

/**
 * That a journey is as it was read: its watermarks say what it counts; an erasure may take a name out of it, and goals may
 * have changed.
 */
function asKnown({ watermarks, otherIds, goals }: Journey): Expression {
  const ids = otherIds.length > 0 ? "ids = :ids" : "attribute_not_exists(ids)";
  const reached = goals.version > 0 ? "gv = :gv" : "attribute_not_exists(gv)";
  return {
    expression: `wm = :seen AND ${ids} AND ${reached}`,
    values: {
      ":seen": formatWatermarks(watermarks),
      ...(otherIds.length > 0 ? { ":ids": formatIds(otherIds) } : {}),
      ...(goals.version > 0 ? { ":gv": goals.version } : {}),
    },
  };
}

function known(items: readonly Item[]): { journeys: Map<string, Journey>; erased: Set<string> } {
  const journeys = items.filter((item) => !isErased(item)).map(fromItem);
  return {
    journeys: new Map(journeys.map((journey) => [journey.sessionId, journey])),
    erased: new Set(items.filter(isErased).map((item) => idOf(item.sk))),
  };
}

function positionOf(key: Item | undefined): ListPosition | undefined {
  return key && { startedAt: key.startedAt as number, sessionId: idOf(key.sk) };
}

/** When the first event of a chunk happened, from the chunk's sort key. */
export function firstAtOf(sk: unknown): number {
  return Number((sk as string).split("#")[2]);
}

/** A chunk's id, from its sort key. */
export function chunkIdOf(sk: unknown): string {
  return (sk as string).split("#")[3]!;
}

/** Milliseconds as 13 digits: good until the year 2286. */
function chunkKey(tenantId: string, sessionId: string, firstAt: number, id: string) {
  return itemKey(tenantId, sessionId, `E#${String(Math.max(0, firstAt)).padStart(13, "0")}#${id}`);
}

/** Journeys that may match: of those that followed other goals, all that the types leave. */
function filterOf(
  { outcome, did = [], didNot = [], goal, goalsVersion = 0, asked }: ListQuery,
): { filter?: Expression } {
  const stages = outcome ? STAGES[outcome] : [];
  const reached = [
    ...(stages.length > 0 ? [`stage IN (${stages.map((_, i) => `:s${i}`).join(", ")})`] : []),
    ...(goal === undefined ? [] : ["contains(goals, :goal)"]),
  ];
  const isOther = goalsVersion > 0 ? "NOT gv = :gv" : "attribute_exists(gv)";
  const parts = [
    ...(reached.length > 0 ? [`(${reached.join(" AND ")} OR ${isOther})`] : []),
    ...did.map((_, i) => `contains(#types, :d${i})`),
    ...didNot.map((_, i) => `NOT contains(#types, :n${i})`),
    ...(asked ? ["attribute_exists(questionAt)"] : []),
  ];
  if (parts.length === 0) return {};
  const values = Object.fromEntries([
    ...stages.map((stage, i) => [`:s${i}`, stage]),
    ...did.map((type, i) => [`:d${i}`, `,${type},`]),
    ...didNot.map((type, i) => [`:n${i}`, `,${type},`]),
    ...(goal === undefined ? [] : [[":goal", `["${goal}",`]]),
    ...(reached.length > 0 && goalsVersion > 0 ? [[":gv", goalsVersion]] : []),
  ]);
  const names = did.length + didNot.length > 0 ? { names: { "#types": "types" } } : {};
  return {
    filter: { expression: parts.join(" AND "), ...(Object.keys(values).length > 0 ? { values } : {}), ...names },
  };
}
