import { createHash } from "node:crypto";
import { parseInput, whole } from "../core/check.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../core/clock.ts";
import { NotIndexedError } from "../core/errors.ts";
import { follow } from "../live/feed.ts";
import type { Hub } from "../live/hub.ts";
import * as v from "valibot";
import { activeKey } from "./follow.ts";
import type { Change, TrailStore } from "./trails.ts";

/** Who did something in the last minutes, and where they are now. */
export type ActiveVisitors = {
  at: number;
  /** How many, also where not all are told. */
  count: number;
  isWhole: boolean;
  /** Each page with its visitors, most first; undefined stands for those that named none, or a very long one. */
  pages: { page: string | undefined; count: number }[];
  /** Those who did something last, first. */
  visitors: readonly Change[];
  /** Names what is told, but for the time. */
  cursor: string;
};

const MAX_READ = 20_000;
const MAX_TOLD = 100;
const MAX_PAGES = 100;
/** What another process heard is seen within this. */
const POLL_MS = 2 * SECOND_MS;

const asked = v.object({ minutes: whole(1, 30) });

/** Reads who is active from the notes of journeys that changed: one small item each. */
export function createActiveVisitors(
  { trails, hub, clock, indexed, pollMs = POLL_MS }: {
    trails: Pick<TrailStore, "listChanges">;
    hub: Hub;
    clock: Clock;
    indexed: boolean;
    pollMs?: number | undefined;
  },
) {
  async function read(tenantId: string, minutes: number): Promise<ActiveVisitors> {
    const at = clock();
    const found: Change[] = [];
    let rows = 0;
    for await (const changes of trails.listChanges(tenantId)) {
      found.push(...changes.filter(({ endedAt, isErased }) => !isErased && endedAt > at - minutes * MINUTE_MS));
      rows += changes.length;
      if (rows >= MAX_READ) break;
    }
    const visitors = found.sort((a, b) => b.endedAt - a.endedAt || (a.sessionId < b.sessionId ? -1 : 1));
    const pages = [...Map.groupBy(visitors, ({ page }) => page)]
      .map(([page, own]) => ({ page, count: own.length }))
      .sort((a, b) => b.count - a.count || ((a.page ?? "") < (b.page ?? "") ? -1 : 1));
    const told = {
      count: visitors.length,
      isWhole: rows < MAX_READ && visitors.length <= MAX_TOLD,
      pages: pages.slice(0, MAX_PAGES),
      visitors: visitors.slice(0, MAX_TOLD),
    };
    return { at, ...told, cursor: createHash("sha256").update(JSON.stringify(told)).digest("base64url").slice(0, 20) };
  }

  /** Throws InvalidInputError. */
  const check = (minutes: number) => {
    if (!indexed) throw new NotIndexedError();
    parseInput(asked, { minutes });
  };

  return {
    async get(tenantId: string, minutes: number): Promise<ActiveVisitors> {
      check(minutes);
      return await read(tenantId, minutes);
    },

    /** What `get` gives, now unless it is what `after` names, and again whenever it is something else; once a second at most. */
    watch(
      tenantId: string,
      minutes: number,
      after: string | null | undefined,
      signal: AbortSignal,
    ): AsyncGenerator<ActiveVisitors> {
      check(minutes);
      return follow<string, ActiveVisitors>({
        hub,
        key: activeKey(tenantId),
        state: after ?? "",
        read: async (state) => {
          const now = await read(tenantId, minutes);
          return { messages: now.cursor === state ? [] : [now], state: now.cursor };
        },
        signal,
        intervalMs: () => SECOND_MS,
        pollMs,
        // Who does nothing for so long is not there any more.
        fades: true,
      });
    },
  };
}
