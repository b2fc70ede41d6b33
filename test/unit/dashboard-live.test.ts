import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Bucket, moveOn, skewOf } from "../../api/dashboard/live/window.ts";
import type { hangUp as HangUp } from "../../api/dashboard/core/follow.svelte.ts";
import type { createLive as CreateLive } from "../../api/dashboard/live/live.svelte.ts";
import { installPageGlobals, type PageGlobals } from "../kit/page-globals.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 5, 1, 12, 0, 30);
const THIS_MINUTE = NOW - 30_000;

const bucket = (start: number, count: number, version = 1) => (
  { start: new Date(start).toISOString(), count, closed: false, version: `${version}` }
);

/** The end of a line that speaks graphql-transport-ws: what is asked lies in `asked`, and `push` answers all that is asked. */
class Line {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  static open: Line[] = [];
  static asked: Record<string, unknown>[] = [];
  readyState = 0;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  onclose?: (event: unknown) => void;
  #ids = new Set<string>();
  constructor() {
    Line.open.push(this);
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }
  send(text: string): void {
    const { type, id, payload } = JSON.parse(text);
    if (type === "connection_init") this.#tell({ type: "connection_ack" });
    if (type === "ping") this.#tell({ type: "pong" });
    if (type === "complete") this.#ids.delete(id);
    if (type !== "subscribe") return;
    this.#ids.add(id);
    Line.asked.push(payload.variables);
  }
  #tell(message: unknown): void {
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(message) }));
  }
  push(data: unknown): void {
    for (const id of this.#ids) this.#tell({ type: "next", id, payload: { data } });
  }
  close(code = 1000, wasClean = true): void {
    if (this.readyState > 1) return;
    this.readyState = 3;
    Line.open.splice(Line.open.indexOf(this), 1);
    this.onclose?.({ code, wasClean, reason: "" });
  }
}

let page: PageGlobals;
let createLive: typeof CreateLive;
let hangUp: typeof HangUp;
/** What is counted by now, as the service tells who asks. */
let counted: { source: string; buckets: ReturnType<typeof bucket>[] }[] = [];
let isReached = true;

beforeAll(async () => {
  page = installPageGlobals({
    fetch: () =>
      isReached
        ? Promise.resolve(Response.json({ data: { metrics: counted.map((own) => ({ countedUpTo: null, ...own })) } }))
        : Promise.reject(new TypeError("no route")),
    WebSocket: Line,
    location: { pathname: "/live", search: "", href: "http://127.0.0.1:4000/live" },
    document: { hidden: false, addEventListener: () => {}, querySelector: () => null },
    addEventListener: () => {},
    requestAnimationFrame: (draw: () => void) => draw(),
  });
  ({ hangUp } = await import("../../api/dashboard/core/follow.svelte.ts"));
  ({ createLive } = await import("../../api/dashboard/live/live.svelte.ts"));
});
afterAll(() => page.restore());
beforeEach(() => {
  vi.useFakeTimers({
    now: NOW,
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
  [Line.open, Line.asked, counted, isReached] = [[], [], [], true];
});
afterEach(async () => {
  hangUp();
  await pass(10_000);
  vi.useRealTimers();
});

const pass = (ms = 1) => vi.advanceTimersByTimeAsync(ms);
const push = (source: string, cursor: string, start: number, count: number, version = 1) =>
  Line.open[0]!.push({ metricBuckets: { cursor, bucket: { source, ...bucket(start, count, version) } } });

async function start(moving = true, size: "ONE_MINUTE" | "ONE_HOUR" = "ONE_MINUTE") {
  const follows = Line.asked.length + (moving ? 1 : 0);
  const live = createLive(["TASKS", "ITEMS"], size, { last: "TWO_HOURS" }, moving);
  const stop = live.start();
  await pass(1_000);
  // What is fetched comes in its own time, also on a busy machine, and is followed then.
  await vi.waitFor(() => {
    expect([live.loaded || live.failure !== undefined, Line.asked.length]).toEqual([true, follows]);
  }, { timeout: 300_000, interval: 1 });
  return {
    ...{ live, stop },
    total: (source: string) =>
      [...live.series.get(source)!.buckets.values()].reduce((sum, { count }) => sum + count, 0),
    starts: (source: string) => [...live.series.get(source)!.buckets.keys()].sort((a, b) => a - b),
  };
}

describe("a live page", () => {
  beforeEach(() => {
    counted = [
      { source: "TASKS", buckets: [bucket(THIS_MINUTE - HOUR, 5), bucket(THIS_MINUTE, 1)] },
      { source: "ITEMS", buckets: [bucket(THIS_MINUTE, 7)] },
    ];
  });

  test("shows what was counted and each change of it, and of a bucket that comes twice the later version", async () => {
    const { live, total, stop } = await start();
    expect([total("TASKS"), total("ITEMS"), live.loaded, live.failure]).toEqual([6, 7, true, undefined]);
    push("TASKS", "c1", THIS_MINUTE, 3, 10);
    await pass(200);
    push("TASKS", "c2", THIS_MINUTE, 2, 9);
    push("OTHER", "c3", THIS_MINUTE, 9);
    await pass(200);
    expect([total("TASKS"), total("ITEMS"), live.series.has("OTHER")]).toEqual([8, 7, false]);
    stop();
  });

  test("goes on after a cut from the last message, and without one from what there is", async () => {
    const { stop } = await start();
    push("TASKS", "c1", THIS_MINUTE, 3, 10);
    await pass(200);
    Line.open[0]!.close(1006, false);
    await pass(5_000);
    stop();
    expect(Line.asked.map(({ after }) => after)).toEqual([null, "c1"]);
  });

  test("holds its two hours: what leaves them goes, and what is counted of earlier is not shown in them", async () => {
    const { total, starts, stop } = await start();
    push("TASKS", "c1", NOW - 300 * 24 * HOUR, 40_000);
    await pass(200);
    expect(total("TASKS")).toBe(6);
    await pass(59 * MINUTE);
    expect(total("TASKS")).toBe(6);
    await pass(2 * MINUTE + 10_000);
    expect(total("TASKS")).toBe(1);
    await pass(HOUR);
    expect([total("TASKS"), total("ITEMS")]).toEqual([0, 0]);
    expect([starts("TASKS")[0], starts("TASKS").at(-1)]).toEqual([
      THIS_MINUTE + MINUTE,
      THIS_MINUTE + 121 * MINUTE,
    ]);
    stop();
  });

  test("has a bucket for each minute, also of those of which nobody told", async () => {
    const { live, starts, stop } = await start();
    await pass(10 * MINUTE);
    push("TASKS", "c1", THIS_MINUTE + 10 * MINUTE, 4, 20);
    await pass(200);
    const own = starts("TASKS");
    expect(own.slice(-11)).toEqual(Array.from({ length: 11 }, (_, i) => THIS_MINUTE + i * MINUTE));
    expect(own).toHaveLength(121);
    expect(live.series.get("TASKS")!.buckets.get(THIS_MINUTE + 5 * MINUTE)).toMatchObject({ count: 0 });
    stop();
  });

  test("is drawn anew as time goes by, which is no change of what was counted", async () => {
    const { live, stop } = await start();
    const [before, revision] = [live.series.get("TASKS"), live.revision];
    await pass(MINUTE);
    expect(live.series.get("TASKS")).not.toBe(before);
    expect(live.revision).toBe(revision);
    stop();
    const last = live.series.get("TASKS");
    await pass(10 * MINUTE);
    expect(live.series.get("TASKS")).toBe(last);
  });

  test("of a viewer whose clock is hours off shows the service's hours", async () => {
    const there = THIS_MINUTE - 5 * HOUR;
    counted = [{ source: "TASKS", buckets: [bucket(there - HOUR, 5), bucket(there, 1)] }];
    const { total, starts, stop } = await start();
    expect([total("TASKS"), starts("TASKS").at(-1)]).toEqual([6, there]);
    await pass(61 * MINUTE);
    expect(total("TASKS")).toBe(1);
    stop();
  });

  test("that could not be loaded says so, and is right once it is asked again", async () => {
    isReached = false;
    const { live, total, stop } = await start();
    expect([live.failure, live.loaded]).toEqual([expect.stringContaining("cannot be reached"), false]);
    isReached = true;
    await live.load();
    await pass(200);
    expect([live.failure, total("TASKS")]).toEqual([undefined, 6]);
    stop();
  });
});

test("a range that stands still keeps all that it was given, follows nothing, and adds nothing", async () => {
  counted = [{ source: "TASKS", buckets: [bucket(NOW - 30 * 24 * HOUR, 5), bucket(THIS_MINUTE, 1)] }];
  const { total, starts, stop } = await start(false);
  await pass(3 * HOUR);
  expect([total("TASKS"), starts("TASKS").length, Line.asked]).toEqual([6, 2, []]);
  stop();
});

test("a window begins with the bucket that lies in part in it, as the service gives it", () => {
  const buckets = new Map<number, Bucket>();
  expect(moveOn(buckets, HOUR, NOW)).toBe(true);
  expect([...buckets.keys()]).toEqual([-2, -1, 0].map((hours) => THIS_MINUTE + hours * HOUR));
  expect(moveOn(buckets, HOUR, NOW + HOUR - 31_000)).toBe(false);
  // From a clock that is ahead of the service's.
  buckets.set(THIS_MINUTE + HOUR, { start: THIS_MINUTE + HOUR, count: 3, closed: false, version: "1" });
  expect(moveOn(buckets, HOUR, NOW)).toBe(false);
  expect(moveOn(buckets, HOUR, NOW + HOUR)).toBe(true);
  expect([...buckets.keys()].sort((a, b) => a - b)).toEqual([-1, 0, 1].map((hours) => THIS_MINUTE + hours * HOUR));
});

test("clocks are apart by as little as the newest bucket says", () => {
  const at = (now: number) => skewOf(THIS_MINUTE, MINUTE, now);
  expect([at(THIS_MINUTE), at(THIS_MINUTE + MINUTE - 1), at(THIS_MINUTE + MINUTE), at(THIS_MINUTE - 1)]).toEqual([
    0,
    0,
    -1,
    1,
  ]);
  expect(at(THIS_MINUTE + HOUR)).toBe(MINUTE - 1 - HOUR);
});
