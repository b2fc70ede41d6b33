import { expect, test } from "vitest";
import { endable } from "../../api/live/feed.ts";
import { createSharedLatest } from "../../api/live/latest.ts";

type Message = { id: string; n: number };

/** A source that gives what it is told to, and counts how often it was begun and ended. */
function createSource() {
  const counts = { begun: 0, ended: 0 };
  let tell: (message: Message | Error) => void = () => {};
  async function* start(signal: AbortSignal): AsyncGenerator<Message> {
    counts.begun += 1;
    const ended = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
    try {
      for (;;) {
        const next = await Promise.race([new Promise<Message | Error>((resolve) => tell = resolve), ended]);
        if (next === undefined) return;
        if (next instanceof Error) throw next;
        yield next;
      }
    } finally {
      counts.ended += 1;
    }
  }
  const give = async (message: Message | Error) => {
    tell(message);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { start, give, counts };
}

test("a thousand who follow the same have one source, which ends with the last", async () => {
  const { start, give, counts } = createSource();
  const follow = createSharedLatest<Message>(({ id }) => id);
  const aborts = Array.from({ length: 1_000 }, () => new AbortController());
  const first = aborts.map(({ signal }) => follow("k", start, signal).next());
  await give({ id: "a", n: 1 });
  expect((await Promise.all(first)).every(({ value }) => value.n === 1)).toBe(true);
  expect(counts).toEqual({ begun: 1, ended: 0 });
});

test("a slow one gets of each id the newest, in the order of their changes, and the source ends with it", async () => {
  const { start, give, counts } = createSource();
  const { signal } = new AbortController();
  const own = createSharedLatest<Message>(({ id }) => id)("k", start, signal);
  const first = own.next();
  await give({ id: "a", n: 1 });
  expect((await first).value).toEqual({ id: "a", n: 1 });
  for (const message of [{ id: "a", n: 2 }, { id: "b", n: 1 }, { id: "a", n: 3 }]) await give(message);
  expect([(await own.next()).value, (await own.next()).value]).toEqual([{ id: "b", n: 1 }, { id: "a", n: 3 }]);
  await own.return(undefined);
  expect(counts.begun).toBe(1);
});

test("whoever leaves while something waits is given none of it, and the source ends", async () => {
  const { start, give, counts } = createSource();
  const leave = new AbortController();
  const own = createSharedLatest<Message>(({ id }) => id)("k", start, leave.signal);
  const first = own.next();
  await give({ id: "a", n: 1 });
  await first;
  for (const id of ["b", "c", "d"]) await give({ id, n: 1 });
  expect((await own.next()).value).toEqual({ id: "b", n: 1 });
  leave.abort();
  expect(await own.next()).toEqual({ done: true, value: undefined });
  await give({ id: "e", n: 1 });
  expect(counts).toEqual({ begun: 1, ended: 1 });
});

test("what ends the source is told to all, and the next one begins anew", async () => {
  const { start, give, counts } = createSource();
  const { signal } = new AbortController();
  const follow = createSharedLatest<Message>(({ id }) => id);
  const both = [follow("k", start, signal).next(), follow("k", start, signal).next()];
  const heard = Promise.allSettled(both);
  await give(new Error("away"));
  const away = { status: "rejected", reason: new Error("away") };
  expect(await heard).toEqual([away, away]);
  void follow("k", start, signal).next();
  await give({ id: "a", n: 1 });
  expect(counts.begun).toBe(2);
});

test("whoever hears late of the end of a source ends none that began since under its name", async () => {
  const { start, give, counts } = createSource();
  const { signal } = new AbortController();
  const follow = createSharedLatest<Message>(({ id }) => id);
  const slow = follow("k", start, signal);
  const first = slow.next();
  await give({ id: "a", n: 1 });
  await first;
  await give(new Error("away"));
  void follow("k", start, signal).next();
  expect(counts.begun).toBe(2);
  await expect(slow.next()).rejects.toThrow("away");
  void follow("k", start, signal).next();
  expect(counts.begun).toBe(2);
});

test("a source that ends by itself ends for all who follow it, once they have what it gave, and begins anew for the next", async () => {
  let begun = 0;
  async function* start(): AsyncGenerator<Message> {
    begun++;
    await Promise.resolve();
    yield { id: "a", n: begun };
  }
  const { signal } = new AbortController();
  const follow = createSharedLatest<Message>(({ id }) => id);
  const both = [1, 2].map(() => Array.fromAsync(follow("k", start, signal)));
  expect(await Promise.all(both)).toEqual([[{ id: "a", n: 1 }], [{ id: "a", n: 1 }]]);
  expect(await Array.fromAsync(follow("k", start, signal))).toEqual([{ id: "a", n: 2 }]);
});

test("a stream that throws leaves no watch of its end behind", async () => {
  let watches = 1;
  const aborted: boolean[] = [];
  const stream = endable((signal) => {
    signal.addEventListener("abort", () => aborted.push(true));
    // oxlint-disable-next-line require-yield
    return (async function* (): AsyncGenerator<number> {
      throw new Error("away");
    })();
  }, () => () => watches--);
  await expect(stream.next()).rejects.toThrow("away");
  expect([aborted, watches]).toEqual([[true], 0]);
});

test("whoever leaves while nothing comes is let go at once, and the source ends with the last", async () => {
  const { start, counts } = createSource();
  const leave = new AbortController();
  const own = createSharedLatest<Message>(({ id }) => id)("k", start, leave.signal);
  const next = own.next();
  leave.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  await new Promise((resolve) => setImmediate(resolve));
  expect(counts).toEqual({ begun: 1, ended: 1 });
});
