import { LRUCache } from "lru-cache";
import pMap from "p-map";
import { type Clock, MINUTE_MS } from "../core/clock.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { parseSettings } from "./goals.ts";
import { follow } from "./keep.ts";
import type { Journey } from "./model.ts";
import type { JourneySettings, RawRemoval } from "./settings.ts";
import type { JourneyStore } from "./store.ts";
import type { Rebuild, TrailStore } from "./trails.ts";

/** Settings of a tenant are read again after so long, or where a journey is seen that followed later ones. */
const FRESH_MS = MINUTE_MS;
const MAX_REMEMBERED = 10_000;
const CONCURRENCY = 16;

export type JourneyConfiguration = ReturnType<typeof createJourneyConfiguration>;

/** What a tenant decided, with the rebuild that carries it out. */
export type ConfiguredJourneys = JourneySettings & {
  tenantId: string;
  rebuild: Rebuild | undefined;
  rawRemoval: RawRemoval | undefined;
};

/** Somebody set other goals since a person saw them. */
export type GoalsConflict = {
  __typename: "GoalsConflictError";
  code: "VERSION_CONFLICT";
  message: string;
  current: ConfiguredJourneys;
};

/** What tenants decide about their journeys: goals, and how long things are kept. What this process sets holds at once. */
export function createJourneyConfiguration(
  { store, trails, clock }: { store: JourneyStore; trails: TrailStore; clock: Clock },
) {
  const known = new LRUCache<string, JourneySettings>({
    ...{ max: MAX_REMEMBERED, ttl: FRESH_MS, ttlResolution: 0 },
    perf: { now: clock },
  });

  async function of(tenantId: string, least = 0): Promise<JourneySettings> {
    const cached = known.get(tenantId);
    if (cached && cached.goals.version >= least) return cached;
    const settings = await store.getSettings(tenantId);
    known.set(tenantId, settings);
    return settings;
  }

  async function get(tenantId: string): Promise<ConfiguredJourneys> {
    const [settings, rebuild, rawRemoval] = await Promise.all([
      store.getSettings(tenantId),
      trails.findRebuild(tenantId),
      store.findRawRemoval(tenantId),
    ]);
    return { ...settings, tenantId, rebuild, rawRemoval };
  }

  return {
    of,
    get,

    /** The journeys with what they reached by the tenant's goals of today, whatever was written of them. */
    async current(tenantId: string, journeys: readonly Journey[]): Promise<Journey[]> {
      if (journeys.length === 0) return [];
      const policy = await of(tenantId, Math.max(...journeys.map(({ goals }) => goals.version)));
      return await pMap(journeys, (journey) => follow(store, journey, policy), { concurrency: CONCURRENCY });
    },

    /**
     * Changes what is given; `keepRawDays` null is for ever. Journeys that are written follow it from then on, those that are read too; a rebuild carries it
     * into those that are kept, and into what was counted of them. Goals that are set already are no conflict: said again after
     * an answer that was lost. Throws InvalidInputError.
     */
    async configure(tenantId: string, input: unknown): Promise<ConfiguredJourneys | GoalsConflict> {
      const { goals, expectedGoalsVersion, keepJourneysDays, keepRawDays } = parseSettings(input);
      const written = await retryLost(async () => {
        const before = await store.getSettings(tenantId);
        const isSame = goals == null || JSON.stringify(goals) === JSON.stringify(before.goals.list);
        if (!isSame && expectedGoalsVersion != null && expectedGoalsVersion !== before.goals.version) return undefined;
        const after: JourneySettings = {
          goals: isSame ? before.goals : { version: before.goals.version + 1, list: goals },
          keepDays: keepJourneysDays ?? before.keepDays,
          keepRawDays: keepRawDays === undefined ? before.keepRawDays : keepRawDays ?? undefined,
          changedAt: clock(),
        };
        if (!(await store.replaceSettings(tenantId, after, before)).ok) return LOST;
        known.set(tenantId, after);
        return after;
      });
      if (!written) return toConflict(await get(tenantId), expectedGoalsVersion!);
      // How long raw events are kept changes nothing of any journey.
      if (goals != null || keepJourneysDays != null) await trails.beginRebuild(tenantId, clock());
      return await get(tenantId);
    },

    /** Begins to derive anew what is derived of all journeys that are kept. */
    async rebuild(tenantId: string): Promise<ConfiguredJourneys> {
      await trails.beginRebuild(tenantId, clock());
      return await get(tenantId);
    },
  };
}

function toConflict(current: ConfiguredJourneys, seen: number): GoalsConflict {
  const { version } = current.goals;
  const message =
    `The goals are at version ${version}, not ${seen}: look at what changed, then say it again with expectedGoalsVersion ${version}.`;
  return { __typename: "GoalsConflictError", code: "VERSION_CONFLICT", message, current };
}
