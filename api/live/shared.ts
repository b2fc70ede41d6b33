import { setImmediate as turn } from "node:timers/promises";
import { follow } from "./feed.ts";
import type { Hub } from "./hub.ts";

/** What lies between a state and a snapshot, and the state after it. */
export type Diff<State, Message> = { messages: readonly Message[]; state: State };

export type SharedOptions<Snapshot, State, Message> = {
  hub: Hub;
  key: string;
  /** The store as it is; `previous` itself where nothing changed. Gets what the wakes since the last read said. */
  read: (previous: Snapshot | undefined, hints: readonly string[]) => Promise<Snapshot>;
  /** Pure. Equal states after it are best the same object: then what follows is made once for all of them. */
  diff: (snapshot: Snapshot, state: State) => Diff<State, Message>;
  /** Rounds are so far apart at least; where they take long, half of the time at most, but no further than the second. */
  intervalMs: number | readonly [least: number, most: number];
  pollMs?: number | undefined;
};

/** Of the time, rounds take one part in so many. */
const PARTS = 2;

/** How long after the begin of a round the next may begin. */
export function intervalAfter(tookMs: number, least: number, most: number): number {
  return Math.min(Math.max(least, PARTS * tookMs), most);
}

/** What a follower is given before all others, of whatever else there is: once it has joined, so that nothing is missed in between. */
export type Begin<Snapshot, State, Message> = (snapshot: Snapshot) => AsyncGenerator<Message, State>;

type Feed<Snapshot, State, Message> = (
  state: State,
  signal: AbortSignal,
  begin: Begin<Snapshot, State, Message> | undefined,
) => AsyncGenerator<Message>;

/**
 * Follows what is stored as `follow` does, with one reader for all who follow the same `id`: one read, and the same
 * message objects for all who are at the same state. Each follower has a state of its own, which says what it was given,
 * so nothing is missed and nothing comes twice, whenever it joins. A slow one gets, after the messages under way, what
 * lies between its state and the newest snapshot; nothing is kept for it meanwhile.
 */
export function createSharedFeeds<Snapshot extends object, State extends object, Message>() {
  const feeds = new Map<string, Feed<Snapshot, State, Message>>();

  return async function* followShared(
    id: string,
    options: SharedOptions<Snapshot, State, Message>,
    state: State,
    signal: AbortSignal,
    begin?: Begin<Snapshot, State, Message>,
  ): AsyncGenerator<Message> {
    const { hub, key, read, diff } = options;
    if (hub.rest) {
      // Nobody shares what ends at once.
      hub.watch(key, () => {});
      const snapshot = await read(undefined, []);
      const own = begin ? yield* begin(snapshot) : state;
      yield* diff(snapshot, own).messages;
      return hub.rest();
    }
    let feed = feeds.get(id);
    if (!feed) {
      const own: Feed<Snapshot, State, Message> = startFeed(options, () => {
        if (feeds.get(id) === own) feeds.delete(id);
      });
      feeds.set(id, feed = own);
    }
    yield* feed(state, signal, begin);
  };
}

function startFeed<Snapshot extends object, State extends object, Message>(
  { hub, key, read, diff, intervalMs, pollMs }: SharedOptions<Snapshot, State, Message>,
  /** Called in the step in which it ends: nobody may begin to follow it then. */
  onOver: () => void,
): Feed<Snapshot, State, Message> {
  const [least, most] = typeof intervalMs === "number" ? [intervalMs, intervalMs] : intervalMs;
  const over = new AbortController();
  const waiting = new Set<() => void>();
  let followers = 0;
  let current: { snapshot: Snapshot; diffs: WeakMap<State, Diff<State, Message>> } | undefined;
  let readAt = -Infinity;
  let tookMs = 0;
  let failure: { error: unknown } | undefined;
  let ring = () => {};

  const tellAll = () => waiting.forEach((look) => look());
  const end = () => {
    over.abort();
    onOver();
    tellAll();
  };
  const ringing: Hub = {
    wake: hub.wake,
    watch(watched, listener) {
      ring = () => listener();
      return hub.watch(watched, listener);
    },
  };

  async function run(): Promise<void> {
    const rounds = follow({
      hub: ringing,
      key,
      state: undefined,
      async read(_, hints) {
        const startedAt = performance.now();
        const snapshot = await read(current?.snapshot, hints);
        if (snapshot !== current?.snapshot) current = { snapshot, diffs: new WeakMap() };
        readAt = startedAt;
        return { messages: ["read"], state: undefined };
      },
      signal: over.signal,
      intervalMs: () => intervalAfter(tookMs, least, most),
      pollMs,
    });
    for await (const _ of rounds) {
      tellAll();
      // Those who were told write in the same turn: a thousand of them for tens of milliseconds.
      await turn();
      tookMs = performance.now() - readAt;
    }
  }

  /** Resolves when `isEnough`, the signal aborts, or the feed fails. */
  const until = (isEnough: () => boolean, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isEnough() && !signal.aborted && !failure) return;
        waiting.delete(look);
        signal.removeEventListener("abort", look);
        resolve();
      };
      waiting.add(look);
      signal.addEventListener("abort", look);
      look();
    });

  function diffOf({ snapshot, diffs }: NonNullable<typeof current>, state: State): Diff<State, Message> {
    let found = diffs.get(state);
    if (!found) diffs.set(state, found = diff(snapshot, state));
    return found;
  }

  async function* subscribe(
    first: State,
    signal: AbortSignal,
    begin: Begin<Snapshot, State, Message> | undefined,
  ): AsyncGenerator<Message> {
    let state = first;
    let seen: typeof current;
    followers += 1;
    try {
      // A new subscriber begins with the snapshot that is there if it is at most one interval old; a thousand that join
      // within one interval share one read.
      const oldestAt = performance.now() - most;
      const isFresh = () => readAt >= oldestAt;
      if (!isFresh()) ring();
      await until(isFresh, signal);
      if (begin && !signal.aborted && !failure) state = yield* begin(current!.snapshot);
      while (!signal.aborted && !failure) {
        seen = current;
        const next = diffOf(seen!, state);
        state = next.state;
        yield* next.messages;
        await until(() => current !== seen, signal);
      }
      if (failure && !signal.aborted) throw failure.error;
    } finally {
      followers -= 1;
      if (followers === 0) end();
    }
  }

  run().catch((error) => {
    failure = { error };
    end();
  });
  return subscribe;
}
