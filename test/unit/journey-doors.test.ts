import { beforeEach, describe, expect, test } from "vitest";
import { MAX_AHEAD_MS } from "../../api/core/check.ts";
import { InvalidInputError, NotIndexedError } from "../../api/core/errors.ts";
import { createCollect } from "../../api/journeys/collect.ts";
import { eventCursors, isSeen } from "../../api/journeys/cursor.ts";
import { createFunnelReader, parseFunnel } from "../../api/journeys/funnel.ts";
import { NO_GOALS } from "../../api/journeys/goals.ts";
import { createRawKeeping } from "../../api/journeys/raw-keeping.ts";
import { createRobots, findRobot } from "../../api/journeys/robots.ts";
import { isAsked, isInTrail, parseSought, SOUGHT_LIMITS } from "../../api/journeys/sought.ts";
import { emptyWatermark } from "../../api/core/watermark.ts";
import { tables } from "../../api/resources.ts";
import { silentLog } from "../kit/local.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 5, 1, 12);
const T = "shop";
let now: number;
let dynamo: ReturnType<typeof createMemoryDynamo>;
beforeEach(() => {
  now = NOW;
  dynamo = createMemoryDynamo({ journeys: tables.journeys }, { clock: () => now });
});
const fieldsOf = (call: () => unknown) => {
  try {
    return void call();
  } catch (error) {
    return (error as InvalidInputError).fields.map(({ path }) => path.join("."));
  }
};

describe("robots", () => {
  const of = (indexed = true) => createRobots(dynamo, "journeys", { clock: () => now, indexed });
  const PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0";
  const AGENT = "Mozilla/5.0 (compatible; Googlebot/2.1)";

  test("are known by what they call themselves; those of whom there is no list are others, and people are none", () => {
    expect(
      [AGENT, "curl/8.1", "SomeBot/1.0 (+http://x)", undefined, "", PERSON].map(
        findRobot,
      ),
    )
      .toEqual(["Googlebot", "curl", "others", undefined, undefined, undefined]);
  });

  test("are counted by UTC day and name, the latest day and the most first, for their tenant alone", async () => {
    const robots = of();
    for (
      const [at, name, events] of [[0, "curl", 2], [0, "curl", 3], [0, "others", 9], [
        -13 * 3_600_000,
        "curl",
        1,
      ]] as const
    ) {
      now = NOW + at;
      await robots.count(T, name, events);
    }
    now = NOW;
    await robots.count("shop2", "curl", 7);
    const today = {
      startAt: Date.UTC(2026, 5, 1),
      events: 14,
      names: [{ name: "others", events: 9 }, { name: "curl", events: 5 }],
    };
    const before = { startAt: Date.UTC(2026, 4, 31), events: 1, names: [{ name: "curl", events: 1 }] };
    const list = (from: number, to: number) => robots.list(T, { between: { from, to } });
    expect(await robots.list(T, { last: "WEEK" })).toEqual([today, before]);
    const midnight = Date.UTC(2026, 5, 1);
    expect([await list(midnight, NOW), await list(midnight - 1, midnight), await list(midnight + DAY, NOW + 9 * DAY)])
      .toEqual([
        ...[[today], [before], []],
      ]);
    expect(dynamo.dump("journeys").find(({ events }) => events === 5)).toMatchObject({
      ttl: (NOW + 400 * DAY) / 1_000,
    });
  });

  test("are not counted where journeys are in the object store alone", async () => {
    await of(false).count(T, "curl", 1);
    expect(dynamo.dump("journeys")).toEqual([]);
    await expect(of(false).list(T, { last: "DAY" })).rejects.toBeInstanceOf(NotIndexedError);
  });

  test("send a page's events in vain: they are counted, not recorded, and refused where others' would be", async () => {
    const [recorded, counted]: [unknown[], unknown[]] = [[], []];
    const collect = createCollect(
      { record: (...given) => (recorded.push(given), Promise.resolve([{ status: "ACCEPTED" as const }])) },
      { count: (...given) => Promise.resolve(void counted.push(given)) },
    );
    const body = { sentAt: "1970-01-01T00:00:01+00:00", events: [{ seq: 1 }] };
    expect(await collect(T, body, AGENT)).toEqual({ verdicts: [], robots: 1 });
    expect(await collect(T, body, PERSON)).toEqual({ verdicts: [{ status: "ACCEPTED" }], robots: 0 });
    expect(await collect(T, { events: [{ seq: 1 }] }, undefined)).toMatchObject({ robots: 0 });
    expect([counted, recorded]).toEqual([
      [[T, "Googlebot", 1]],
      [[T, [{ seq: 1 }], 1_000], [T, [{ seq: 1 }], undefined]],
    ]);
    expect(await collect(T, { events: [{}, {}, {}] }, AGENT)).toEqual({ verdicts: [], robots: 3 });
    expect(counted.at(-1)).toEqual([T, "Googlebot", 3]);
    await expect(collect(T, { events: [] }, AGENT)).rejects.toThrow(InvalidInputError);
    await expect(collect(T, { events: Array(501).fill({}) }, AGENT)).rejects.toThrow(InvalidInputError);
    for (
      const wrong of [{ events: 1 }, {}, { ...body, more: 1 }, { ...body, sentAt: "soon" }, { ...body, sentAt: 5 }, []]
    ) {
      await expect(collect(T, wrong, PERSON)).rejects.toThrow(InvalidInputError);
    }
    expect(recorded).toHaveLength(2);
  });
});

describe("what a reader of a journey has seen", () => {
  const upTo = (n: bigint) => ({ main: { ...emptyWatermark(1n), hi: n } });
  const event = (seq: number, occurredAt: number, source = "main") => ({ source, seq, occurredAt });
  const seen = { before: upTo(2n), within: upTo(5n), at: event(4, NOW), step: 3, eventCount: 9 };

  test("is all of before, and of within what comes up to the place, itself included", () => {
    expect(isSeen(seen, event(2, NOW + 9))).toBe(true);
    expect(
      [event(3, NOW), event(4, NOW), event(5, NOW), event(3, NOW + 1), event(5, NOW - 1)].map((one) =>
        isSeen(seen, one)
      ),
    )
      .toEqual([true, true, false, false, true]);
    expect([event(6, NOW - 1), event(1, NOW - 1, "other")].map((one) => isSeen(seen, one))).toEqual([false, false]);
  });

  test("is the same after it was a cursor, of this journey alone", () => {
    const cursor = eventCursors(T, "s").encode(seen);
    expect(eventCursors(T, "s").decode(cursor)).toEqual(seen);
    for (const other of [eventCursors(T, "s2"), eventCursors("shop2", "s")]) {
      expect(fieldsOf(() => other.decode(cursor))).toEqual(["after"]);
    }
    const [binding] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as [string];
    const forged = (...position: unknown[]) => Buffer.from(JSON.stringify([binding, position])).toString("base64url");
    for (const wrong of [forged(1), forged(NOW, "main", 4, 3, 9, "x", "y"), forged(0.5, "main", 4, 3, 9, "{}", "{}")]) {
      expect(fieldsOf(() => eventCursors(T, "s").decode(wrong))).toEqual(["after"]);
    }
  });
});

describe("a list that asks for what events have", () => {
  const limit = (filter: object) => fieldsOf(() => parseSought(filter))?.[0];

  test("has five properties, ten words and two hundred characters at most", () => {
    const properties = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `p${i}` }));
    const words = (count: number) => Array.from({ length: count }, (_, i) => `w${i}`).join(" ");
    expect([limit({ properties: properties(5) }), limit({ properties: properties(6) })]).toEqual([
      undefined,
      "filter.properties",
    ]);
    expect([limit({ question: words(10) }), limit({ question: words(11) })]).toEqual([undefined, "filter.question"]);
    const long = SOUGHT_LIMITS.questionChars;
    expect([limit({ question: "x".repeat(long) }), limit({ question: "x".repeat(long + 1) }), limit({ question: " " })])
      .toEqual([
        ...[undefined, "filter.question", "filter.question"],
      ]);
    // Twice the same word is one.
    expect(parseSought({ question: "Été ete ÉTÉ b" }).words).toEqual(["ete", "b"]);
    expect(parseSought({})).toEqual({ page: undefined, properties: [], words: [] });
  });

  test("finds all of them, a referrer by its pattern and the others by their value", () => {
    const trail = {
      steps: [{ page: "/a" }, { page: undefined }] as unknown as Parameters<typeof isInTrail>[1]["steps"],
      properties: [["referrer", "https://x.y/z"], ["device", "phone"], ["n", "1"]] as [string, string][],
    };
    const is = (filter: object) => isInTrail(parseSought(filter), trail);
    const found = [{ page: "/a" }, { referrer: "https://x.y/*" }, { device: "phone" }, { properties: [{ name: "n" }] }];
    const others = [{ page: "/b" }, { referrer: "https://x.z/*" }, { device: "pho*" }, { properties: [{ name: "m" }] }];
    expect([found.map(is), others.map(is)]).toEqual([Array(4).fill(true), Array(4).fill(false)]);
    expect(is(Object.assign({}, ...found))).toBe(true);
    for (const other of others) expect(is(Object.assign({}, ...found, other))).toBe(false);
    expect(is({ properties: [{ name: "n", value: "1" }] })).toBe(true);
    expect(is({ properties: [{ name: "n", value: "2" }] })).toBe(false);
    expect([
      isAsked({ ...parseSought({ question: "ship NÉPAL" }) }, "Do you NÉPAL-ship?"),
      isAsked(parseSought({ question: "a b" }), "a"),
    ])
      .toEqual([true, false]);
  });
});

describe("a funnel", () => {
  const step = (page: string, at: number) => ({ type: "PAGE_VIEWED", page, at, goals: 0 });
  const trail = (...steps: [string, number][]) => (
    { steps: steps.map(([page, at]) => step(page, at)) } as unknown as Parameters<
      ReturnType<typeof createFunnelReader>
    >[0]
  );
  const parse = (own: object = {}) => parseFunnel({ steps: [{ page: "/a" }, { page: "/b" }], ...own }, NO_GOALS);
  const reach = (own: object, ...steps: [string, number][]) =>
    createFunnelReader(parse(own), NO_GOALS)(trail(...steps));

  test("is reached by the way that comes furthest, in time to the millisecond, each event for one step", () => {
    expect(reach({}, ["/a", 1], ["/x", 2], ["/b", 3])).toEqual([1, 3]);
    expect([reach({}, ["/b", 1], ["/a", 2]), reach({}, ["/x", 1])]).toEqual([[2], []]);
    expect([reach({ within: 10 }, ["/a", 0], ["/b", 10]), reach({ within: 10 }, ["/a", 0], ["/b", 11])]).toEqual([[
      0,
      10,
    ], [0]]);
    // Whoever begins again later is in time.
    expect(reach({ within: 10 }, ["/a", 0], ["/a", 5], ["/b", 14])).toEqual([5, 14]);
    expect(reach({ steps: [{ page: "/a" }, { page: "/a" }] }, ["/a", 1])).toEqual([1]);
    expect(reach({ steps: [{ page: "/a" }, { page: "/a" }] }, ["/a", 1], ["/a", 2])).toEqual([1, 2]);
  });

  test("that is strict has nothing between its steps but repeats of the one before", () => {
    const order = "STRICT";
    expect(reach({ order }, ["/a", 1], ["/x", 2], ["/b", 3])).toEqual([1]);
    expect(reach({ order }, ["/a", 1], ["/a", 2], ["/b", 3])).toEqual([2, 3]);
    const steps = ["/a", "/b", "/c"].map((page) => ({ page }));
    expect(reach({ order, steps }, ["/a", 1], ["/b", 2], ["/b", 3], ["/c", 4])).toEqual([1, 2, 4]);
    // A repeat is the step that it repeats, and no further one.
    expect(reach({ order, steps: [{ page: "/a" }, { page: "/a" }] }, ["/a", 1], ["/a", 2])).toEqual([1]);
  });

  test.each<[object, string | undefined]>([
    [{ steps: [{ page: "/a" }] }, "steps"],
    [{ steps: Array(20).fill({ type: "A" }) }, undefined],
    [{ steps: Array(21).fill({ type: "A" }) }, "steps"],
    [{ steps: [{}, { type: "A" }] }, "steps.0"],
    [{ steps: [{ page: "/a?b" }, { type: "A" }] }, "steps.0.page"],
    [{ steps: [{ goal: "none" }, { type: "A" }] }, "steps.0.goal"],
    [{ within: 0 }, "within"],
    [{ within: 90 * DAY }, undefined],
    [{ within: 90 * DAY + 1 }, "within"],
    [{ breakdown: { by: "DEVICE", top: 50 } }, undefined],
    [{ breakdown: { by: "DEVICE", top: 51 } }, "breakdown.top"],
    [{ breakdown: { by: "DEVICE", property: "p" } }, "breakdown"],
    [{ breakdown: { by: "PROPERTY" } }, "breakdown"],
    [{ breakdown: { by: "PROPERTY", property: "p" } }, undefined],
  ])("that asks %j is refused by %s", (own, field) => {
    expect(fieldsOf(() => parse(own))?.[0]).toBe(field);
  });
});

describe("raw events that are kept for some days", () => {
  type Arrivals = Record<string, number>;
  const nameIn = (key: string) => key.split("/").at(-1)!.slice(0, 12);
  async function runAll(tenants: Record<string, readonly [days: number | undefined, Arrivals]>, tick = 0) {
    const objects = createMemoryObjects();
    const [forgotten, noted, done]: [string[][], unknown[], string[]] = [[], [], []];
    const byKey = new Map<string, number>();
    for (const [tenant, [, arrivals]] of Object.entries(tenants)) {
      for (const [name, at] of Object.entries(arrivals)) {
        const key = `events/tenant=${tenant}/date=${name.slice(0, 10)}/hour=00/${name}.ndjson.gz`;
        await objects.create(key, new Uint8Array(), { contentType: "" });
        byKey.set(key, at);
      }
    }
    const removeOld = createRawKeeping({
      store: {
        getSettings: (tenant) => Promise.resolve({ keepRawDays: tenants[tenant]![0] } as never),
        noteRawRemoval: (...given) => Promise.resolve(void noted.push(given)),
      },
      raw: { arrivedAt: (key) => Promise.resolve(byKey.get(key)!) },
      columns: {
        forget: (keys) => {
          done.push("columns");
          return Promise.resolve(void forgotten.push([...keys].map(nameIn)));
        },
      },
      objects: {
        ...objects,
        remove: (key) => {
          done.push("lines");
          return objects.remove(key);
        },
      },
      ...{ clock: () => (now += tick), log: silentLog },
    });
    const { rawBatchesRemoved } = await removeOld();
    const left = objects.entries().map(([key]) => nameIn(key));
    return { rawBatchesRemoved, left, forgotten, noted, done };
  }
  const run = (keepRawDays: number | undefined, arrivals: Arrivals, tick = 0) =>
    runAll({ [T]: [keepRawDays, arrivals] }, tick);
  const old = NOW - 30 * DAY;

  test("go by when they arrived, to the millisecond, whatever their day; columns go before and after", async () => {
    const { rawBatchesRemoved, left, forgotten, noted, done } = await run(30, {
      "2026-01-01-a": old - 1,
      "2026-01-01-b": old,
      "2026-01-01-c": NOW,
      "2026-05-02-d": old - 1,
      "2026-05-03-e": NOW,
    });
    expect([rawBatchesRemoved, left]).toEqual([2, ["2026-01-01-b", "2026-01-01-c", "2026-05-03-e"]]);
    expect(forgotten).toEqual([["2026-01-01-a"], ["2026-01-01-a"], ["2026-05-02-d"], ["2026-05-02-d"]]);
    expect(noted).toEqual([[T, { at: NOW, arrivedBefore: old }]]);
    const day = ["columns", "lines", "columns"];
    expect(done).toEqual([...day, ...day]);
  });

  test("go of each tenant by its own days, however many there are; of a day that has none left to go nothing is asked", async () => {
    const own = ["a", "b", "c", "d", "e"].map((name) => [`2026-01-02-${name}`, NOW - 8 * DAY]);
    const { rawBatchesRemoved, left, forgotten, noted } = await runAll({
      ever: [undefined, { "2026-01-01-x": 0 }],
      short: [7, { "2026-01-01-y": NOW, ...Object.fromEntries(own) }],
      week: [9, { "2026-01-01-z": NOW - 8 * DAY }],
    });
    expect([rawBatchesRemoved, left]).toEqual([5, ["2026-01-01-x", "2026-01-01-y", "2026-01-01-z"]]);
    expect(forgotten).toEqual([own, own].map((names) => names.map(([name]) => name)));
    expect(noted).toEqual([
      ["short", { at: NOW, arrivedBefore: NOW - 7 * DAY }],
      ["week", { at: NOW, arrivedBefore: NOW - 9 * DAY }],
    ]);
  });

  test("may have happened a little after they arrived, by the clock of who sent them: that day is looked at, too", async () => {
    const [day, begins] = ["2026-05-02-a", Date.UTC(2026, 4, 2)];
    const left = async (at: number) => {
      now = at;
      return (await run(30, { [day]: 0 })).left;
    };
    const first = begins - MAX_AHEAD_MS + 30 * DAY;
    expect([await left(first - 1), await left(first)]).toEqual([[day], []]);
  });

  test("stay where their tenant says nothing; days that are too young are not looked at", async () => {
    expect(await run(undefined, { "2026-01-01-a": 0 })).toMatchObject({
      rawBatchesRemoved: 0,
      left: ["2026-01-01-a"],
      noted: [],
    });
    const young = new Date(Math.ceil((old + MAX_AHEAD_MS + 1) / DAY) * DAY).toISOString().slice(0, 10);
    expect(await run(30, { [`${young}-a`]: 0 })).toMatchObject({ rawBatchesRemoved: 0, forgotten: [] });
  });

  test("go in as many runs as it takes: what one has no time for is left to the next, which is not told as done", async () => {
    const days = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`2026-01-0${i + 1}-a`, 0]));
    // A day each twenty seconds, up to the last of eighty.
    const { rawBatchesRemoved, left, noted } = await run(30, days, 20_000);
    expect([rawBatchesRemoved, left.length, noted]).toEqual([3, 3, []]);
    const begun = now;
    expect((await run(30, days, 1)).noted).toEqual([[T, { at: begun + 2, arrivedBefore: begun + 2 - 30 * DAY }]]);
  });
});
