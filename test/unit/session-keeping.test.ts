import { beforeEach, describe, expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import { createSessionLog, leftOf, logOf } from "../../api/sessions/change-log.ts";
import { clustersIn, mainOf, spanning, united } from "../../api/sessions/clusters.ts";
import { createConfiguring } from "../../api/sessions/configuring.ts";
import { formatHeard, heardOf, parseHeard } from "../../api/sessions/heard.ts";
import { leadOf } from "../../api/sessions/lead.ts";
import { type Cluster, LIMITS, type Session } from "../../api/sessions/model.ts";
import { createQuarantineStore, type Held, isQuarantineId } from "../../api/sessions/quarantine.ts";
import { createSensorErasures } from "../../api/sessions/erasures.ts";
import { createSettings } from "../../api/sessions/settings.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [SECOND, MINUTE, DAY] = [1_000, 60_000, 86_400_000];
const T = "t";
let now: number;
let dynamo: ReturnType<typeof createMemoryDynamo>;
beforeEach(() => {
  now = NOW;
  dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors, buckets: tables.buckets }, {
    clock: () => now,
  });
});

describe("what is kept aside", () => {
  const store = () => createQuarantineStore(dynamo, { sessions: "sessions" });
  const held = (n: number, own: Partial<Held> = {}): Held => {
    const content = { kind: "motion" as const, at: n };
    return {
      ...{
        tenantId: T,
        sensorId: "hall",
        quarantineId: store().idOf(content),
        heldAt: NOW + n,
        reason: `why ${n}`,
        count: 1,
      },
      ...{ content, ...own },
    };
  };

  test("is the same however often it comes, is read as it was, and goes once its time is over", async () => {
    const one = held(1);
    await store().put(one, DAY);
    await store().put(one, DAY);
    expect(dynamo.dump("sessions")).toMatchObject([{ ttl: (NOW + 1_000 + DAY) / SECOND }]);
    expect(await store().find(one, one.quarantineId)).toEqual(one);
    expect(await store().find({ ...one, tenantId: "t2" }, one.quarantineId)).toBeUndefined();
    expect(await store().find({ ...one, sensorId: "hal" }, one.quarantineId)).toBeUndefined();
    now = NOW + DAY + 2 * SECOND;
    expect(await store().find(one, one.quarantineId)).toBeUndefined();
    expect([isQuarantineId(one.quarantineId), isQuarantineId(`${one.quarantineId}x`), isQuarantineId("a#b")]).toEqual([
      ...[true, false, false],
    ]);
  });

  test("is listed by its sensor up to a limit, and by its tenant latest first, each once", async () => {
    for (let n = 0; n < 7; n++) await store().put(held(n, { sensorId: n % 2 ? "hall" : "door#1" }), DAY);
    await store().put(held(9, { sensorId: "hall2" }), DAY);
    await store().put(held(8, { tenantId: "t2" }), DAY);
    expect(await store().list({ tenantId: T, sensorId: "hall" }, 100)).toHaveLength(3);
    expect(await store().list({ tenantId: T, sensorId: "hall" }, 2)).toHaveLength(2);
    expect((await store().list({ tenantId: T, sensorId: "door#1" }, 100)).map(({ sensorId }) => sensorId)).toEqual([
      ...Array(4).fill("door#1"),
    ]);
    const seen: string[] = [];
    let after: Parameters<ReturnType<typeof store>["page"]>[2];
    for (let isFull = true; isFull;) {
      const page = await store().page(T, 3, after);
      seen.push(...page.held.map(({ reason }) => reason));
      [isFull, after] = [page.isFull, page.held.at(-1)];
    }
    expect(seen).toEqual([9, 6, 5, 4, 3, 2, 1, 0].map((n) => `why ${n}`));
    await store().remove(held(3), held(3).quarantineId);
    expect((await store().page(T, 10, undefined)).held).toHaveLength(7);
  });
});

describe("readings that lie together", () => {
  const at = (...instants: number[]) => instants.map((instant) => ({ at: instant }));
  const spans = (clusters: readonly Cluster[]) =>
    clusters.map(({ firstAt, lastAt, count }) => [firstAt, lastAt, count]);

  test("are one up to a distance, in whatever order, with the start that was stated, which is none of them", () => {
    expect(spans(clustersIn(at(10, 0, 5), undefined, 5))).toEqual([[0, 10, 3]]);
    expect(spans(clustersIn(at(11, 0, 5), undefined, 5))).toEqual([[0, 5, 2], [11, 11, 1]]);
    expect(spans(clustersIn(at(5), 0, 5))).toEqual([[0, 5, 1]]);
    expect(spans(clustersIn(at(6), 0, 5))).toEqual([[0, 0, 0], [6, 6, 1]]);
    expect(clustersIn([], null, 5)).toEqual([]);
    expect(clustersIn(at(3, 1), 0, 5)).toEqual([{ firstAt: 0, lastAt: 3, count: 2, readAt: 3 }]);
  });

  test("are most where the most are, the later of two; what a person dropped is none", () => {
    const cluster = (firstAt: number, count: number, isDropped?: true): Cluster => (
      { firstAt, lastAt: firstAt + 1, count, ...(isDropped ? { isDropped } : {}) }
    );
    expect(mainOf([cluster(0, 2), cluster(10, 3), cluster(20, 3)])?.firstAt).toBe(20);
    expect(mainOf([cluster(0, 4), cluster(10, 3)])?.firstAt).toBe(0);
    expect(mainOf([cluster(0, 9, true), cluster(10, 1)])?.firstAt).toBe(10);
    expect([mainOf([]), mainOf([cluster(0, 1, true)])]).toEqual([undefined, undefined]);
    expect(spanning([cluster(0, 1), cluster(9, 5, true), cluster(20, 2)])).toMatchObject({
      firstAt: 0,
      lastAt: 21,
      count: 3,
    });
    const [whole, inside] = [{ firstAt: 0, lastAt: 10, count: 2 }, { firstAt: 2, lastAt: 3, count: 1 }];
    expect(united([inside, whole], 0)).toEqual([{ firstAt: 0, lastAt: 10, count: 3 }]);
    // What joins one that was dropped is dropped with it.
    expect(united([cluster(0, 1, true), cluster(2, 1)], 1)).toEqual([{
      firstAt: 0,
      lastAt: 3,
      count: 2,
      isDropped: true,
    }]);
  });
});

test("an id leads through as many joins as may be, and no further", async () => {
  const chain = (length: number) =>
    leadOf((id) => {
      const n = Number(id);
      return Promise.resolve({ sessionId: id, mergedInto: n < length ? `${n + 1}` : undefined } as Session);
    }, "0");
  expect((await chain(0))?.sessionId).toBe("0");
  expect((await chain(3))?.sessionId).toBe("3");
  expect((await chain(LIMITS.mergedSteps))?.mergedInto).toBeUndefined();
  // A ring would be asked for ever.
  expect((await chain(LIMITS.mergedSteps + 1))?.sessionId).toBe(`${LIMITS.mergedSteps}`);
  expect(await leadOf((id) => Promise.resolve(id === "a" ? { mergedInto: "gone" } as Session : undefined), "a"))
    .toBeUndefined();
});

test("what was heard is the same after it was a text, and sorts by its time", () => {
  for (const one of [{ at: NOW }, { at: NOW, seq: 0 }, heardOf(NOW, 4, "b1"), heardOf(NOW, 4, null)]) {
    expect(parseHeard(formatHeard(one))).toEqual(one);
  }
  expect([heardOf(NOW, null, "b1"), heardOf(NOW, undefined, undefined)]).toEqual([{ at: NOW }, { at: NOW }]);
  expect(heardOf(NOW, 4, "b1").boot).not.toBe(heardOf(NOW, 4, "b2").boot);
  const instants = [0, 1, 35, 36, NOW, NOW + 1, 10 ** 13];
  const texts = instants.map((at) => formatHeard({ at }));
  expect(texts.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(texts);
});

describe("settings of sessions", () => {
  const world = () => {
    const names = { sessions: "sessions", sensors: "sensors" };
    const store = createSessionStore(dynamo, names);
    const settings = createSettings({ store, erasures: createSensorErasures(dynamo, names), clock: () => now });
    return { store, settings, ...createConfiguring({ store, settings }) };
  };
  const refused = (asked: Promise<unknown>) =>
    asked.then(
      () => undefined,
      ({ fields: [field] }: { fields: { path: string[]; message: string }[] }) => field!.path[0],
    );

  test.each<[object, string | undefined]>([
    [{ idleMs: LIMITS.idleMinMs }, undefined],
    [{ idleMs: LIMITS.idleMinMs - 1 }, "idleTimeout"],
    [{ idleMs: LIMITS.idleMaxMs }, undefined],
    [{ idleMs: LIMITS.idleMaxMs + 1 }, "idleTimeout"],
    [{ keepDays: LIMITS.keepMinDays }, undefined],
    [{ keepDays: LIMITS.keepMinDays - 1 }, "keepDays"],
    [{ keepDays: LIMITS.keepMaxDays }, undefined],
    [{ keepDays: LIMITS.keepMaxDays + 1 }, "keepDays"],
    [{ sensorId: "hall", keepDays: 30 }, "keepDays"],
    [{ sensorId: "", idleMs: MINUTE }, "sensorId"],
    [{ sensorId: "x".repeat(LIMITS.idChars + 1), idleMs: MINUTE }, "sensorId"],
    [{}, "idleTimeout"],
    [{ sensorId: "hall" }, "idleTimeout"],
  ])("%j are refused by %s", async (asked, field) => {
    expect(await refused(world().configure(T, asked))).toBe(field);
  });

  test("hold here at once and elsewhere within a minute; what is not set stays", async () => {
    const [here, elsewhere] = [world(), world()];
    expect(await elsewhere.settings.keepMsOf(T)).toBe(30 * DAY);
    await here.configure(T, { keepDays: 7 });
    await here.configure(T, { idleMs: 10 * MINUTE });
    expect(await here.settings.of(T)).toMatchObject({ keepMs: 7 * DAY, idleMs: 10 * MINUTE });
    now = NOW + MINUTE;
    expect(await elsewhere.settings.keepMsOf(T)).toBe(30 * DAY);
    now = NOW + MINUTE + 1;
    expect(await elsewhere.settings.keepMsOf(T)).toBe(7 * DAY);
    expect(await here.settings.keepMsOf("t2")).toBe(30 * DAY);
  });

  test.each([undefined, "hall"])(
    "that are set at once are all set (sensor: %s), the first as those after it",
    async (sensorId) => {
      const each = [{ maxAhead: 1 }, { maxBehindDays: 2 }, { maxApart: 3 * MINUTE }, { maxLength: 4 * MINUTE }, {
        maxPause: 5 * MINUTE,
      }];
      await Promise.all(each.map((plausible) => world().configure(T, { sensorId, plausible })));
      const all = { aheadMs: 1, behindMs: 2 * DAY, apartMs: 3 * MINUTE, lengthMs: 4 * MINUTE, pauseMs: 5 * MINUTE };
      expect(await world().settings.plausibleOf(T, "hall")).toEqual(all);
      await Promise.all(
        [{ maxAhead: 6 }, { maxPause: 7 * MINUTE }].map((plausible) => world().configure(T, { sensorId, plausible })),
      );
      expect(await world().settings.plausibleOf(T, "hall")).toEqual({ ...all, aheadMs: 6, pauseMs: 7 * MINUTE });
    },
  );

  test("of a sensor go before its tenant's, each by itself", async () => {
    const own = world();
    const usual = await own.settings.plausibleOf(T, "hall");
    await own.configure(T, { plausible: { maxLength: 2 * 3_600_000 } });
    await own.configure(T, { sensorId: "hall", plausible: { maxPause: 2 * MINUTE } });
    await own.configure(T, { sensorId: "hall", plausible: { maxLength: 3 * 3_600_000 } });
    expect(await own.settings.plausibleOf(T, "door")).toEqual({ ...usual, lengthMs: 2 * 3_600_000 });
    expect(await own.settings.plausibleOf(T, "hall")).toEqual({
      ...usual,
      lengthMs: 3 * 3_600_000,
      pauseMs: 2 * MINUTE,
    });
    const sensor = { tenantId: T, sensorId: "hall", idleMs: 5 * MINUTE } as Parameters<typeof own.settingsOf>[1];
    expect(await own.settingsOf(T, sensor)).toMatchObject({
      idleMs: 5 * MINUTE,
      lengthMs: 3 * 3_600_000,
      keepMs: 30 * DAY,
    });
    expect(new Set((await own.settingsOf(T, sensor)).own)).toEqual(new Set(["idleMs", "pauseMs", "lengthMs"]));
    expect(await own.settingsOf(T, undefined)).toMatchObject({ own: [], lengthMs: 2 * 3_600_000 });
    // A sensor that is called as all objects' members are has none of its own.
    expect((await own.settingsOf(T, { tenantId: T, sensorId: "constructor" })).own).toEqual([]);
  });
});

test("that a session left a sensor is noted with its change, by no name of the sensor", async () => {
  const log = createSessionLog(dynamo, "buckets");
  const at = (sensorId?: string) => (sensorId === undefined ? {} : { sensorKey: `${T}#${sensorId}` });
  const change = (sequence: string, before: string | undefined, after: string | undefined) => (
    { shard: "s", sequence, pk: `${T}#1`, before: at(before), after: { ...at(after), sk: "a#SESSION" } }
  );
  const moves = [change("1", "hall", "door#1"), change("2", "door#1", "attic"), change("3", "attic", "attic")];
  await log.noteAll([...moves, change("4", "attic", undefined), change("5", undefined, "hall")], NOW);
  const left = ["hall", "door#1"].map((sensorId) => leftOf({ tenantId: T, sensorId }, "a"));
  expect(await log.since(T, NOW)).toMatchObject([{ sessionIds: ["a"], left }]);
  expect(JSON.stringify(dynamo.dump("buckets"))).not.toMatch(/hall|door|attic/);
});

test("which sessions changed is noted once for each part of a stream and tenant, in the order of time, for eight days", async () => {
  const log = createSessionLog(dynamo, "buckets");
  const change = (pk: string, sequence: string, sk: string) => ({ shard: "s", sequence, pk, after: { sk } });
  await log.noteAll([
    change("t#1", "1", "a#SESSION"),
    change("t#2", "2", "b#SESSION"),
    change("t2#1", "3", "c#SESSION"),
  ], NOW);
  await log.noteAll([change("t#1", "4", "a#SESSION"), change("t#1", "5", "a#SESSION")], NOW + 5);
  const since = async (at: number, tenantId = T) => (await log.since(tenantId, at)).map(({ sessionIds }) => sessionIds);
  expect([await since(NOW), await since(NOW + 1), await since(NOW + 6), await since(-5)]).toEqual([
    ...[[["a", "b"], ["a"]], [["a"]], [], [["a", "b"], ["a"]]],
  ]);
  expect(await since(0, "t2")).toEqual([["c"]]);
  // Two parts of one shard in one moment.
  for (const sequence of ["6", "7"]) await log.noteAll([change("t3#1", sequence, `${sequence}#SESSION`)], NOW);
  expect(await since(0, "t3")).toEqual([["6"], ["7"]]);
  expect(dynamo.dump("buckets").find(({ pk }) => pk === logOf("t2"))).toMatchObject({ ttl: (NOW + 8 * DAY) / SECOND });
});
