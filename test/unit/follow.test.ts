import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { endable, follow } from "../../api/live/feed.ts";
import { createHub, createStillHub, type Hub } from "../../api/live/hub.ts";

/** A number that is stored and followed. */
function createWorld(
  { hub = createHub(), ...options }: { hub?: Hub; intervalMs?: () => number; fades?: boolean } = {},
) {
  let stored = 0;
  const reads: { at: number; hints: readonly string[] }[] = [];
  const watching = { count: 0 };
  const abort = new AbortController();
  const watch: Hub["watch"] = (key, listener) => {
    const stop = hub.watch(key, listener);
    watching.count += 1;
    return () => {
      watching.count -= 1;
      stop();
    };
  };
  const feed = follow<number, number>({
    ...{ hub: { ...hub, watch }, key: "number", state: -1, signal: abort.signal, pollMs: 10_000 },
    ...options,
    read: (state, hints) => {
      reads.push({ at: performance.now(), hints });
      return Promise.resolve({ messages: stored > state ? [stored] : [], state: stored });
    },
  });
  return {
    ...{ feed, reads, abort, watching },
    set: (value: number, hint?: string) => {
      stored = value;
      hub.wake("number", hint);
    },
    times: () => reads.map(({ at }) => at - reads[0]!.at),
  };
}

describe("what is followed", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is read again when it is woken, else after its time, and leaves nothing behind", async () => {
    const { feed, set, abort, watching, times, reads } = createWorld();
    expect((await feed.next()).value).toBe(0);
    const second = feed.next();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(reads).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(times()).toEqual([0, 10_000]);
    await vi.advanceTimersByTimeAsync(3_000);
    set(1, "a");
    expect((await second).value).toBe(1);
    expect(times()).toEqual([0, 10_000, 13_000]);
    const last = feed.next();
    await vi.advanceTimersByTimeAsync(1);
    abort.abort();
    expect((await last).done).toBe(true);
    expect([watching.count, getEventListeners(abort.signal, "abort").length, vi.getTimerCount()]).toEqual([0, 0, 0]);
  });

  test("is read at most once in its interval, however often it is woken, and told what the wakes said, each once", async () => {
    const { feed, set, times, reads, abort } = createWorld({ intervalMs: () => 500 });
    await vi.advanceTimersByTimeAsync(60_000);
    await feed.next();
    const second = feed.next();
    for (let i = 1; i <= 4; i++) {
      set(i, `hint${i % 2}`);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(reads).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(100);
    expect((await second).value).toBe(4);
    expect(times()).toEqual([0, 500]);
    expect(reads.map(({ hints }) => hints)).toEqual([[], ["hint1", "hint0"]]);
    // Who leaves does not wait for the interval.
    const last = feed.next();
    await vi.advanceTimersByTimeAsync(1);
    abort.abort();
    expect((await last).done).toBe(true);
  });

  test("keeps a thousand hints and no more", async () => {
    const { feed, set, reads } = createWorld();
    await feed.next();
    const second = feed.next();
    for (let i = 1; i <= 1_100; i++) set(i, `${i}`);
    expect((await second).value).toBe(1_100);
    expect(reads.at(-1)!.hints).toHaveLength(1_000);
  });

  test("rests where nobody waits, once it is read, and says whether time changes it too", async () => {
    for (const fades of [true, false]) {
      const hub = createStillHub();
      const { feed, reads } = createWorld({ hub, fades });
      expect([(await feed.next()).value, (await feed.next()).done, reads.length]).toEqual([0, true, 1]);
      expect(hub.take()).toEqual({ keys: ["number"], rest: { fades } });
      // What was taken is not there a second time.
      expect(hub.take()).toEqual({ keys: [], rest: undefined });
    }
    // Nothing is said: it changes with what is written alone.
    const hub = createStillHub();
    await Array.fromAsync(createWorld({ hub }).feed);
    expect(hub.take().rest).toEqual({ fades: false });
  });
});

test("who watches a key hears each wake of it and of no other, until they stop; to stop again ends nobody else's watch", () => {
  const hub = createHub();
  const heard: string[] = [];
  const watch = (name: string, key = "k") => hub.watch(key, (detail) => void heard.push(`${name} ${detail}`));
  const stops = [watch("a"), watch("b"), watch("c", "other")];
  hub.wake("k", "1");
  stops[0]!();
  hub.wake("k", "2");
  hub.wake("nobody", "3");
  stops[1]!();
  hub.wake("k", "4");
  const last = watch("d");
  for (const stop of stops.slice(0, 2)) stop();
  hub.wake("k", "5");
  last();
  hub.wake("k", "6");
  expect(heard).toEqual(["a 1", "b 1", "b 2", "d 5"]);
});

describe("a stream that can be ended", () => {
  function createStream(fails = false) {
    const world = createWorld();
    let end: (error: Error) => void = () => {};
    let unwatched = 0;
    const stream = endable<number>((signal) => {
      signal.addEventListener("abort", () => world.abort.abort());
      return fails ? failing() : world.feed;
    }, (given) => {
      end = given;
      return () => void unwatched++;
    });
    return { ...world, stream, end: (error: Error) => end(error), unwatched: () => unwatched };
  }
  async function* failing(): AsyncGenerator<number> {
    yield 1;
    throw await Promise.resolve(new Error("a fault"));
  }

  test("is over at once when its reader leaves, also while it waits, and nothing is watched any more", async () => {
    const { stream, watching, unwatched } = createStream();
    expect((await stream.next()).value).toBe(0);
    const waiting = stream.next();
    await stream.return(undefined);
    expect((await waiting).done).toBe(true);
    expect([watching.count, unwatched() > 0]).toEqual([0, true]);
  });

  test("gives the error that ends it as its last thing, the first of several, once", async () => {
    const { stream, end, watching, unwatched } = createStream();
    await stream.next();
    const waiting = stream.next();
    end(new Error("signed out"));
    end(new Error("again"));
    await expect(waiting).rejects.toThrow("signed out");
    expect(unwatched()).toBe(1);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(watching.count).toBe(0);
  });

  test("is gone through like any other, and left by a break", async () => {
    const { stream, watching } = createStream();
    const given: number[] = [];
    for await (const n of stream) {
      given.push(n);
      break;
    }
    expect([given, watching.count]).toEqual([[0], 0]);
  });

  test("that fails is watched no more", async () => {
    const { stream, unwatched } = createStream(true);
    expect((await stream.next()).value).toBe(1);
    await expect(stream.next()).rejects.toThrow("a fault");
    expect(unwatched()).toBe(1);
  });

  test("ends with a throw of its reader, or at the end of its block", async () => {
    const one = createStream();
    await one.stream.next();
    // With which error is the runtime's: the feed inside knows no throw.
    await expect(one.stream.throw(new Error("mine"))).rejects.toThrow();
    const other = createStream();
    await other.stream.next();
    await other.stream[Symbol.asyncDispose]();
    expect([one.watching.count, other.watching.count]).toEqual([0, 0]);
    expect(one.unwatched() * other.unwatched()).toBeGreaterThan(0);
  });
});
