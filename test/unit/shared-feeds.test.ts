import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { createHub, createStillHub, type Hub } from "../../api/live/hub.ts";
import { createSharedFeeds, intervalAfter } from "../../api/live/shared.ts";
import { fc } from "../kit/property.ts";

type Snapshot = { value: number };
type Seen = { upTo: number };
type Message = { value: number };

/** A number that is stored and followed: whoever follows gets it as it is, then each newer one. */
function createNumber(own: Hub = createHub(), intervalMs: number | readonly [number, number] = 0) {
  const hub: Hub = {
    ...own,
    watch(key, listener) {
      const stop = own.watch(key, listener);
      counts.watching += 1;
      return () => {
        counts.watching -= 1;
        stop();
      };
    },
  };
  const followShared = createSharedFeeds<Snapshot, Seen, Message>();
  const counts = { reads: 0, diffs: 0, watching: 0, previous: [] as (Snapshot | undefined)[] };
  const hinted: (readonly string[])[] = [];
  let stored = 0;
  let fault: Error | undefined;
  let rounds: (() => void)[] = [];
  const options = {
    hub,
    key: "number",
    intervalMs,
    pollMs: 3_600_000,
    /** Takes a turn, as a store does. */
    read: async (previous: Snapshot | undefined, hints: readonly string[]) => {
      counts.reads += 1;
      hinted.push(hints);
      counts.previous.push(previous);
      const [value, failed] = [stored, fault];
      await turn();
      if (failed) throw failed;
      queueMicrotask(() => rounds.splice(0).forEach((resolve) => resolve()));
      return previous?.value === value ? previous : { value };
    },
    diff: ({ value }: Snapshot, { upTo }: Seen) => {
      counts.diffs += 1;
      return { messages: value > upTo ? [{ value }] : [], state: value > upTo ? { upTo: value } : { upTo } };
    },
  };
  const nothing: Seen = { upTo: -1 };
  return {
    ...{ counts, hinted },
    follow(state: Seen = nothing, begin?: (snapshot: Snapshot) => AsyncGenerator<Message, Seen>) {
      const leave = new AbortController();
      const feed = followShared("number", options, state, leave.signal, begin);
      return {
        next: async () => (await feed.next()).value as Message | undefined,
        leave: () => leave.abort(),
        feed,
        signal: leave.signal,
      };
    },
    /** Stores a newer number, tells of it, and resolves when it was read. */
    async set(value: number) {
      stored = value;
      const read = new Promise<void>((resolve) => rounds.push(resolve));
      hub.wake("number");
      await read;
    },
    /** Stores a newer number of which nobody tells. */
    setElsewhere: (value: number) => void (stored = value),
    fail(error: Error | undefined) {
      fault = error;
      hub.wake("number");
    },
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A reader leaves with the turn after the one in which it gave something. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn();
}

describe("a shared feed", () => {
  test("reads once and makes each message once, however many follow", async () => {
    const number = createNumber();
    const followers = Array.from({ length: 100 }, () => number.follow());
    const first = await Promise.all(followers.map(({ next }) => next()));
    expect(new Set(first).size).toBe(1);
    const before = { ...number.counts };
    const second = followers.map(({ next }) => next());
    await number.set(1);
    const given = new Set(await Promise.all(second));
    expect([...given]).toEqual([{ value: 1 }]);
    expect(number.counts.reads - before.reads).toBe(1);
    expect(number.counts.diffs - before.diffs).toBe(1);
    followers.forEach(({ leave }) => leave());
  });

  test("gives a slow reader the newest, and keeps nothing for it meanwhile", async () => {
    const number = createNumber();
    const slow = number.follow();
    const quick = number.follow();
    await Promise.all([slow.next(), quick.next()]);
    for (let value = 1; value <= 500; value++) {
      const next = quick.next();
      await number.set(value);
      expect(await next).toEqual({ value });
    }
    expect(await slow.next()).toEqual({ value: 500 });
    slow.leave();
    quick.leave();
    expect(await slow.next()).toBeUndefined();
  });

  test("gives who comes back what is new to it, and the others nothing twice", async () => {
    const number = createNumber();
    const steady = number.follow();
    expect(await steady.next()).toEqual({ value: 0 });
    await number.set(7);
    expect(await steady.next()).toEqual({ value: 7 });
    const behind = number.follow({ upTo: 3 });
    const ahead = number.follow({ upTo: 8 });
    expect(await behind.next()).toEqual({ value: 7 });
    const waiting = ahead.next();
    const next = [steady.next(), behind.next()];
    await number.set(8);
    expect(await Promise.all(next)).toEqual([{ value: 8 }, { value: 8 }]);
    await number.set(9);
    expect(await waiting).toEqual({ value: 9 });
    [steady, behind, ahead].forEach(({ leave }) => leave());
  });

  test("ends for all with what was wrong, and begins anew with the next", async () => {
    const number = createNumber();
    const followers = [number.follow(), number.follow()];
    await Promise.all(followers.map(({ next }) => next()));
    const ends = followers.map(({ next }) => next().catch((error: Error) => error.message));
    number.fail(new Error("the store is away"));
    expect(await Promise.all(ends)).toEqual(["the store is away", "the store is away"]);
    number.fail(undefined);
    const again = number.follow();
    expect(await again.next()).toEqual({ value: 0 });
    again.leave();
  });

  test("tells whoever has left already nothing of what was wrong", async () => {
    const number = createNumber();
    const [one, other] = [number.follow(), number.follow()];
    await Promise.all([one.next(), other.next()]);
    const told = other.next().catch((error: Error) => error.message);
    one.leave();
    number.fail(new Error("the store is away"));
    expect(await told).toBe("the store is away");
    expect(await one.next()).toBeUndefined();
  });

  test("reads no more when the last one has left", async () => {
    const number = createNumber();
    const follower = number.follow();
    await follower.next();
    const end = follower.next();
    // It waits already, and is let go all the same.
    await turns();
    follower.leave();
    expect(await end).toBeUndefined();
    const { reads } = number.counts;
    await turns();
    expect([number.counts.watching, getEventListeners(follower.signal, "abort").length]).toEqual([0, 0]);
    number.fail(undefined);
    expect(number.counts.reads).toBe(reads);
  });

  test("goes on for those who are left, and the next one shares it", async () => {
    const number = createNumber();
    const [one, other] = [number.follow(), number.follow()];
    await Promise.all([one.next(), other.next()]);
    const end = one.next();
    one.leave();
    expect(await end).toBeUndefined();
    expect(number.counts.watching).toBe(1);
    const next = other.next();
    await number.set(1);
    expect(await next).toEqual({ value: 1 });
    const third = number.follow();
    expect(await third.next()).toEqual({ value: 1 });
    expect(number.counts.watching).toBe(1);
    const ends = [other, third].map(({ next }) => next());
    [other, third].forEach(({ leave }) => leave());
    expect(await Promise.all(ends)).toEqual([undefined, undefined]);
    await turns();
    expect(number.counts.watching).toBe(0);
  });

  test("compares nothing again where a read found nothing new", async () => {
    const number = createNumber();
    const follower = number.follow();
    await follower.next();
    const next = follower.next();
    const { diffs } = number.counts;
    await number.set(0);
    await number.set(0);
    expect(number.counts.diffs).toBe(diffs);
    await number.set(1);
    expect(await next).toEqual({ value: 1 });
    expect(number.counts.diffs).toBe(diffs + 1);
    follower.leave();
  });

  test("rests where nobody waits: what lies behind is given, by one read, and it says what wakes it", async () => {
    const hub = createStillHub();
    const number = createNumber(hub);
    for (const [upTo, given] of [[-1, [{ value: 0 }]], [0, []]] as const) {
      const { feed } = number.follow({ upTo });
      expect(await Array.fromAsync(feed)).toEqual(given);
      expect(hub.take()).toEqual({ keys: ["number"], rest: {} });
      expect(number.counts.previous).toEqual([undefined]);
      number.counts.previous.length = 0;
    }
    expect(number.counts.reads).toBe(2);
    expect(number.hinted).toEqual([[], []]);
  });

  test("gives first what a follower begins with, of what was read once it has joined, and nothing of that again", async () => {
    const number = createNumber();
    const other = number.follow();
    await other.next();
    const begun: number[] = [];
    const follower = number.follow(undefined, async function* ({ value }) {
      begun.push(value);
      yield* await Promise.resolve([{ value: -5 }]);
      return { upTo: value };
    });
    expect(await follower.next()).toEqual({ value: -5 });
    const next = follower.next();
    await number.set(1);
    expect([await next, begun]).toEqual([{ value: 1 }, [0]]);
    follower.leave();
    other.leave();
  });

  test("that fails before a follower has begun begins nothing, and says what was wrong", async () => {
    const number = createNumber();
    number.fail(new Error("the store is away"));
    const follower = number.follow(undefined, async function* () {
      yield* await Promise.resolve([{ value: -5 }]);
      return { upTo: 0 };
    });
    await expect(follower.next()).rejects.toThrow("the store is away");
  });

  test("of which one hears late that it ended ends none that began since", async () => {
    const number = createNumber();
    const [slow, other] = [number.follow(), number.follow()];
    await Promise.all([slow.next(), other.next()]);
    const ended = other.next().catch((error: Error) => error.message);
    number.fail(new Error("the store is away"));
    expect(await ended).toBe("the store is away");
    number.fail(undefined);
    const again = number.follow();
    await again.next();
    await expect(slow.next()).rejects.toThrow("the store is away");
    const { watching } = number.counts;
    const next = number.follow();
    await next.next();
    expect([watching, number.counts.watching]).toEqual([1, 1]);
    for (const one of [again, next]) one.leave();
  });
});

test("a newcomer is given what was read at most an interval ago, the longest there is, and else what is read anew", async () => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  try {
    const number = createNumber(createHub(), [100, 250]);
    const first = number.follow();
    expect(await first.next()).toEqual({ value: 0 });
    number.setElsewhere(1);
    vi.advanceTimersByTime(250);
    const second = number.follow();
    expect([await second.next(), number.counts.reads]).toEqual([{ value: 0 }, 1]);
    vi.advanceTimersByTime(1);
    const third = number.follow();
    expect([await third.next(), number.counts.reads]).toEqual([{ value: 1 }, 2]);
    // Those who were there are told of it too.
    expect(await Promise.all([first, second].map(({ next }) => next()))).toEqual([{ value: 1 }, { value: 1 }]);
    const ends = [first, second, third].map(({ next }) => next());
    [first, second, third].forEach(({ leave }) => leave());
    expect(await Promise.all(ends)).toEqual([undefined, undefined, undefined]);
  } finally {
    vi.useRealTimers();
  }
});

test("rounds that take no time are as far apart as the least says, also long after the process began", async () => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  try {
    vi.advanceTimersByTime(60_000);
    const number = createNumber(createHub(), [100, 250]);
    const follower = number.follow();
    await follower.next();
    await turns();
    const second = follower.next();
    const read = number.set(1);
    vi.advanceTimersByTime(99);
    await turns();
    expect(number.counts.reads).toBe(1);
    vi.advanceTimersByTime(1);
    await read;
    expect(await second).toEqual({ value: 1 });
    const end = follower.next();
    follower.leave();
    expect(await end).toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});

test("rounds of a feed are as far apart as asked, and where they take long half of the time, but no further than asked", () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 1_000, noNaN: true }), (tookMs) => {
    const interval = intervalAfter(tookMs, 100, 250);
    expect(interval).toBeGreaterThanOrEqual(100);
    expect(interval).toBeLessThanOrEqual(250);
    if (interval < 250) expect(tookMs / interval).toBeLessThanOrEqual(1 / 2);
    if (interval > 100 && interval < 250) expect(tookMs / interval).toBeCloseTo(1 / 2);
  }));
});
