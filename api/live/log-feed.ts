import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import * as v from "valibot";
import { type Clock, DAY_MS, SECOND_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors } from "../core/page.ts";
import { follow } from "./feed.ts";
import type { Hub } from "./hub.ts";
import { createSharedLatest } from "./latest.ts";

/** What is kept of a change: `id` names the state that it led to, so that the same is given once; `key` what changed. */
export type LogEntry<T> = { id: string; key: string; message: T };

export type LogFeedOptions<T> = {
  hub: Hub;
  clock: Clock;
  pollMs?: number | undefined;
  /** Names the cursors that were given before all feeds had the same; they hold for a week. */
  formerKind: string;
  /** The key under which the hub wakes. */
  hubKey: (tenantId: string) => string;
  /** What changed since an instant, by the moments at which that was kept, and what was hinted at; each as it is now. */
  read: (
    tenantId: string,
    filter: string | undefined,
    sinceAt: number,
    hints: readonly string[],
    memory: Memory,
  ) => Promise<LogEntry<T>[]>;
};

/** What one reader has read already, for a `read` that would otherwise read the same again in each round. */
export type Memory = { has: (name: string) => boolean; add: (name: string) => void };

/** Clocks of writers differ by less, and what is kept late in a moment is seen within it. */
const SLACK_MS = 15 * SECOND_MS;
/** Whoever was away for longer begins anew. */
const MAX_AWAY_MS = 7 * DAY_MS;
/** Of so many states it is remembered that they were given. */
const MAX_GIVEN = 2_000;
const MAX_REMEMBERED = 5_000;
/** And in a cursor, which is to stay short: where more changed within seconds, some of it comes again after a cut. */
const MAX_IN_CURSOR = 200;

/** How far a log was read, and what was given of its last moments. */
type Position = { at: number; given: ReadonlyMap<string, number> };
type Given<T> = T & { cursor: string };
type Told<T> = { entry: LogEntry<T>; message: Given<T> };
type Lately<T> = { entry: LogEntry<T>; at: number };
/** Reads for all who follow the same. `begun`: once it has read what was there. */
type Reader<T> = { begun: Promise<unknown>; lately: Map<string, Lately<T>> };

const position = v.tuple([v.pipe(v.number(), v.safeInteger()), v.array(v.tuple([v.string(), v.number()]))]);

/** Cursors of a tenant's feeds. What was given by one is nothing to another, so each goes on from any, whatever it leaves out. */
const cursorsOf = (tenantId: string) => createCursors("changes", tenantId, position);

/**
 * Where all feeds of a tenant stand now. What is read after it, a list as well, and then followed from here, misses nothing: what
 * changed in the seconds before is given too.
 */
export function feedCursorOf(tenantId: string, now: number): string {
  return cursorsOf(tenantId).encode([now, []]);
}

/**
 * Follows a log that many processes write to, without missing any of it: each read goes a few seconds back, for what was
 * written there meanwhile, and leaves out what was given. With `after` it begins where that message was. All who follow the
 * same share one reader and its messages. Each message is what was read, with its `cursor`.
 */
export function createLogFeed<T extends object>({ hub, clock, pollMs, formerKind, hubKey, read }: LogFeedOptions<T>) {
  const followShared = createSharedLatest<Told<T>>(({ entry }) => entry.key);
  const readers = new Map<string, Reader<T>>();

  return async function* followLog(
    tenantId: string,
    filter: string | undefined,
    after: string | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Given<T>> {
    const cursors = cursorsOf(tenantId);
    const former = createCursors(formerKind, [tenantId, filter ?? null], position);
    const resumed = (after ? former.find(after) : undefined) ?? cursors.decode(after);
    if (resumed && resumed[0] < clock() - MAX_AWAY_MS) {
      throw new InvalidInputError([{ path: ["after"], message: "is older than a week; leave it out to begin anew" }]);
    }
    const cursorOf = ({ at, given }: Position): string =>
      cursors.encode([at, [...given].filter(([, when]) => when >= at - SLACK_MS).slice(-MAX_IN_CURSOR)]);
    const give = ({ message }: LogEntry<T>, state: Position): Given<T> => ({ ...message, cursor: cursorOf(state) });
    /** The entries that were not given yet, each with the position after it. */
    const next = async (state: Position, hints: readonly string[], memory: Memory) => {
      const now = clock();
      const entries = await read(tenantId, filter, state.at - SLACK_MS, hints, memory);
      const given = new Map(state.given);
      const messages: Told<T>[] = [];
      for (const entry of entries) {
        const id = shortOf(entry);
        if (given.has(id)) continue;
        given.set(id, now);
        messages.push({ entry, message: give(entry, { at: state.at, given }) });
      }
      return { messages, state: { at: now, given: new Map([...given].slice(-MAX_GIVEN)) } };
    };
    if (hub.rest) {
      // Nobody waits: what was missed is given; whoever begins is told from where they go on.
      hub.watch(hubKey(tenantId), () => {});
      const from = resumed ? { at: resumed[0], given: new Map(resumed[1]) } : { at: clock(), given: new Map() };
      const { messages, state } = await next(from, [], createMemory());
      if (resumed) { for (const { message } of messages) yield message; }
      return hub.rest({ cursor: cursorOf(state) });
    }
    const shared = JSON.stringify([tenantId, filter ?? null]);
    const start = async function* (stop: AbortSignal) {
      const memory = createMemory();
      // Whoever begins is told of what comes: of what was kept in the moments before it is only remembered that it was.
      const begun = next({ at: clock(), given: new Map() }, [], memory);
      const reader: Reader<T> = { begun, lately: new Map() };
      readers.set(shared, reader);
      const noted = (found: Awaited<typeof begun>) => {
        note(reader.lately, found.messages, found.state.at);
        return found;
      };
      try {
        yield* follow({
          hub,
          key: hubKey(tenantId),
          state: noted(await begun).state,
          read: async (state, hints) => noted(await next(state, hints, memory)),
          signal: stop,
          pollMs,
        });
      } finally {
        if (readers.get(shared) === reader) readers.delete(shared);
      }
    };
    const live = followShared(shared, start, signal);
    if (!resumed) {
      for await (const { message } of live) yield message;
      return;
    }
    // It is followed before what was missed is read, and what its reader saw until then is given too: a read may see less than
    // another did before it, and nothing lies between.
    const first = live.next();
    first.catch(() => {});
    const reader = readers.get(shared);
    await reader?.begun.catch(() => {});
    const lately = [...reader?.lately.values() ?? []];
    const { messages, state } = await next({ at: resumed[0], given: new Map(resumed[1]) }, [], createMemory());
    const given = new Map(resumed[1]);
    const latest = new Map(messages.map(({ entry }) => [entry.key, shortOf(entry)]));
    for (const { entry } of lately) {
      const id = shortOf(entry);
      if (given.has(id) || latest.has(entry.key)) continue;
      given.set(id, resumed[0]);
      latest.set(entry.key, id);
      yield give(entry, { at: resumed[0], given });
    }
    for (const { message } of messages) yield message;
    for (const id of state.given.keys()) given.set(id, state.at);
    for (let one = await first; !one.done; one = await live.next()) {
      const { entry, message } = one.value;
      if (given.has(shortOf(entry))) continue;
      // If it was read before what was given of this, that comes again, and is the last.
      given.delete(latest.get(entry.key)!);
      latest.delete(entry.key);
      yield message;
    }
  };
}

/** Keeps the last states of what changed in the last moments. */
function note<T>(lately: Map<string, Lately<T>>, told: readonly Told<T>[], at: number): void {
  for (const { entry } of told) {
    lately.delete(entry.key);
    lately.set(entry.key, { entry, at });
  }
  for (const [key, own] of lately) {
    if (own.at >= at - SLACK_MS && lately.size <= MAX_GIVEN) break;
    lately.delete(key);
  }
}

function createMemory(): Memory {
  const lately = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  return {
    has: (name) => lately.has(name),
    add: (name) => void lately.set(name, true),
  };
}

function shortOf({ key, id }: LogEntry<unknown>): string {
  return createHash("sha256").update(JSON.stringify([key, id])).digest("base64url").slice(0, 11);
}
