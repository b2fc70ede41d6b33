import pMap from "p-map";
import type { Item } from "../aws/dynamo.ts";
import { type Clock, HOUR_MS } from "../core/clock.ts";
import { idOf } from "../core/keys.ts";
import { LOST, retryLost } from "../core/writes.ts";
import type { Hub } from "../live/hub.ts";
import { fromItem, isErased } from "./item.ts";
import { follow } from "./keep.ts";
import { isExpired, type Journey, type JourneyPolicy } from "./model.ts";
import { IDLE_MS } from "./rules.ts";
import type { JourneyStore } from "./store.ts";
import { readWhole } from "./timeline.ts";
import { seenOf, trailOf } from "./trail.ts";
import { type Change, changeOf, erasedChange, type Rebuild, type TrailStore } from "./trails.ts";

export type FollowOptions = {
  store: JourneyStore;
  trails: TrailStore;
  hub: Hub;
  clock: Clock;
  /** Called with a journey that finished, before that is noted; `finish` names it, and may come again. */
  onFinished: (journey: Journey, finish: string) => Promise<void>;
};

export type Follower = ReturnType<typeof createFollower>;

/** What became of a journey: `changed` where something of it was derived anew. */
type Settled = "gone" | "running" | "unchanged" | "changed";

const CONCURRENCY = 16;
/** Journeys that one run of the job sums up, so that it ends. */
const MAX_A_RUN = 20_000;
const REBUILD_SLICE = 200;
const SLICES_A_RUN = 100;

/** The key under which the hub tells that somebody is on another page. */
export function activeKey(tenantId: string): string {
  return `active:${tenantId}`;
}

/** Whether half an hour has passed since the last event. */
export function isIdle({ endedAt }: { endedAt: number }, now: number): boolean {
  return now - endedAt > IDLE_MS;
}

/**
 * Keeps what is derived of whole journeys: trails, and the goals that they reached. Whoever reads the table's stream notes a
 * journey that changed; half an hour after its last event a job derives its trail, once. Each step is the same when it is
 * done again, by whatever process, and the note goes last.
 */
export function createFollower({ store, trails, hub, clock, onFinished }: FollowOptions) {
  /** `tells`: a journey that is found finished with events that were not told of is told of. */
  async function settle(tenantId: string, sessionId: string, tells: boolean): Promise<Settled> {
    return await retryLost(async (): Promise<Settled | typeof LOST> => {
      const { journeys, policy } = await store.lookToWrite(tenantId, [sessionId]);
      const journey = journeys.get(sessionId);
      const now = clock();
      if (!journey || isExpired(journey, now)) {
        await trails.remove(tenantId, sessionId);
        return "gone";
      }
      if (tells && !isIdle(journey, now)) return "running";
      return await derive(journey, policy, tells, now);
    });
  }

  async function derive(
    journey: Journey,
    policy: JourneyPolicy,
    tells: boolean,
    now: number,
  ): Promise<Settled | typeof LOST> {
    const { tenantId, sessionId } = journey;
    const isKeptOtherwise = journey.keepDays !== policy.keepDays;
    const followed = await follow(store, journey, policy);
    const current = isKeptOtherwise ? { ...followed, keepDays: policy.keepDays } : followed;
    if (isKeptOtherwise) await store.keepAlike(current);
    if (current !== journey && !(await store.replace(current, journey)).ok) return LOST;
    const seen = seenOf(current);
    const { trail, finished } = await trails.find(tenantId, sessionId);
    const isFinish = tells && finished !== seen;
    const isDerived = trail?.seen === seen && trail.goalsVersion === policy.goals.version;
    if (isDerived && !isFinish && !isKeptOtherwise) return current === journey ? "unchanged" : "changed";
    if (isFinish) await onFinished(current, seen);
    const { events } = await readWhole(store, current);
    const told = tells ? seen : finished ?? (await isOld(current, now) ? seen : undefined);
    await trails.put(trailOf(current, events, policy.goals), current, told, now);
    // An erasure that came between took away what was there before.
    if ((await store.look(tenantId, [sessionId])).erased.has(sessionId)) await trails.remove(tenantId, sessionId);
    return "changed";
  }

  /** Whether a journey of which nothing was told is of before anything was told: no note says that it changed. */
  async function isOld({ tenantId, sessionId, lastArrivalAt }: Journey, now: number): Promise<boolean> {
    return now - lastArrivalAt > HOUR_MS && !await trails.isNoted(tenantId, sessionId);
  }

  /** Sums up the tenant's journeys that changed and are silent, as such that were erased are. */
  async function settleDue(tenantId: string, most: number): Promise<number> {
    let settled = 0;
    for await (const changes of trails.listChanges(tenantId)) {
      const due = changes.filter((change) => isIdle(change, clock())).slice(0, most - settled);
      await pMap(due, async (change) => {
        const state = await settle(tenantId, change.sessionId, true);
        // What was noted may be older than what is; the journey goes on.
        if (state === "running") await noteAgain(tenantId, change);
        else await trails.settled(tenantId, change);
      }, { concurrency: CONCURRENCY });
      settled += due.length;
      if (settled >= most) break;
    }
    return settled;
  }

  async function noteAgain(tenantId: string, { sessionId }: Change): Promise<void> {
    const journey = (await store.look(tenantId, [sessionId])).journeys.get(sessionId);
    if (journey) await trails.note(tenantId, [changeOf(journey)]);
  }

  /** Takes a rebuild that is not done some way on; gives how many journeys it looked at. */
  async function advance(rebuild: Rebuild): Promise<number> {
    let at = rebuild;
    for (let slice = 0; slice < SLICES_A_RUN && at.doneAt === undefined; slice++) {
      const { tenantId, position } = at;
      const all = { tenantId, fromAt: 0, toAt: Number.MAX_SAFE_INTEGER };
      const { journeys, next } = await store.list(all, REBUILD_SLICE, position);
      const states = await pMap(journeys, ({ sessionId }) => settle(tenantId, sessionId, false), {
        concurrency: CONCURRENCY,
      });
      const after = {
        ...at,
        position: next,
        journeysRead: at.journeysRead + journeys.length,
        journeysChanged: at.journeysChanged + states.filter((state) => state === "changed").length,
        doneAt: next ? undefined : clock(),
      };
      if (!await trails.advanceRebuild(at, after)) break;
      at = after;
    }
    return at.journeysRead - rebuild.journeysRead;
  }

  return {
    /** Notes journeys of which a stream shows that they changed; `images` are their items, the latest last. */
    async note(images: readonly Item[]): Promise<void> {
      const byTenant = Map.groupBy(images, ({ pk }) => (pk as string).split("#")[0]!);
      for (const [tenantId, own] of byTenant) {
        const latest = new Map(own.map((image) => {
          const sessionId = idOf(image.sk);
          return [sessionId, isErased(image) ? erasedChange(sessionId) : changeOf(fromItem(image))];
        }));
        await trails.note(tenantId, [...latest.values()]);
        hub.wake(activeKey(tenantId));
      }
    },

    /** Does all that is due, of all tenants. */
    async run(): Promise<{ settled: number; rebuilt: number }> {
      let settled = 0;
      let rebuilt = 0;
      for await (const tenants of trails.listTenants()) {
        for (const tenantId of tenants) settled += await settleDue(tenantId, MAX_A_RUN - settled);
      }
      for await (const rebuilds of trails.listRebuilds()) {
        for (const rebuild of rebuilds) rebuilt += await advance(rebuild);
      }
      return { settled, rebuilt };
    },
  };
}
