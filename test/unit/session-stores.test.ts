import { beforeEach, describe, expect, test } from "vitest";
import type { Item } from "../../api/aws/dynamo.ts";
import { tables } from "../../api/resources.ts";
import type { Correction } from "../../api/sessions/correction-model.ts";
import { createSensorErasures } from "../../api/sessions/erasures.ts";
import { fromItem, sensorKeyOf } from "../../api/sessions/item.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import { createSessionLists } from "../../api/sessions/lists.ts";
import { createQuarantineStore } from "../../api/sessions/quarantine.ts";
import { createMotionRecount } from "../../api/sessions/recount.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [SECOND, MINUTE] = [1_000, 60_000];
const START = NOW - 10 * MINUTE;
const NAMES = { sessions: "sessions", sensors: "sensors" };
const OF = { tenantId: "t", sessionId: "a", sensorId: "hall" };
const APART = 5 * MINUTE;
let dynamo: ReturnType<typeof createMemoryDynamo>;
let store: ReturnType<typeof createSessionStore>;
let host: ReturnType<typeof hostOf>;

/** A session that runs: a batch of one reading and a motion event, the second numbered. */
beforeEach(async () => {
  dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  store = createSessionStore(dynamo, NAMES);
  const methods = dynamo as unknown as Record<string, (...args: unknown[]) => unknown>;
  let ids = 0;
  host = hostOf(0, {
    ask: async (method, args) => method === "keep" ? undefined : await methods[method]!(...args),
    ...{ now: () => NOW, id: () => `m${ids++}` },
  });
  const readings = [{ at: START + SECOND, values: [1] }];
  await host.ingestBatch("t", "u", { ...OF, batchOffset: 0, startedAt: START, readings });
  await host.recordMotion("t", "u", { sensorId: "hall", at: START + 2 * SECOND, seq: 4 });
});

const itemOf = (sessionId = "a") => dynamo.dump("sessions").find(({ sk }) => sk === `${sessionId}#SESSION`)!;
const sessionOf = (sessionId = "a") => fromItem(itemOf(sessionId))!;
async function alter(change: Item, sessionId = "a"): Promise<void> {
  const all = Object.entries({ ...itemOf(sessionId), ...change }).filter(([, value]) => value !== undefined);
  await dynamo.put("sessions", Object.fromEntries(all));
}

describe("the next batch is counted unread where the session is as it was believed to be", () => {
  const FIRST = START + 3 * SECOND;
  const next = (own: object = {}, more: object = {}) =>
    store.addNextBatch(
      { ...OF, ...own },
      { offset: 1, firstAt: FIRST, lastAt: FIRST + SECOND, count: 1 },
      { apartMs: APART, measuredBy: NOW, ...more },
      NOW,
    );

  test.each<[string, Item]>([
    ["as it is", {}],
    ["where it began with the batch's first reading", { startedAt: FIRST }],
    ["where its first sign is the batch's", { signsFrom: FIRST }],
    ["where its last reading lies as far before as may be", { lastReadingAt: FIRST - APART }],
    ["where its last motion is in the instant of the batch's last reading", { lastMotionAt: FIRST + SECOND }],
    ["where another follows because of a batch", { nextAt: FIRST + MINUTE, nextBy: "BATCH" }],
    ["where no reading came yet", { signsFrom: undefined, lastReadingAt: undefined, baseAt: FIRST }],
  ])("it is: %s", async (_, change) => {
    await alter(change);
    expect(await next()).toMatchObject({ ok: true, current: { sampleCount: 2 } });
  });

  test.each<[string, Item]>([
    ["another batch came since", { bTop: 1 }],
    ["one before it is missing", { bTop: -1 }],
    ["it is of another sensor by now", { sensorKey: sensorKeyOf("t", "door") }],
    ["its device never said it", { isStated: undefined }],
    ["its start is a guess", { isStartGuessed: true }],
    ["a person cut it", { pieces: [] }],
    ["some of it was put aside", { aside: [] }],
    ["it began after the batch's first reading", { startedAt: FIRST + 1 }],
    ["its first sign is later", { signsFrom: FIRST + 1 }],
    ["its last reading lies too far before", { lastReadingAt: FIRST - APART - 1 }],
    ["it has readings and no first sign", { signsFrom: undefined, baseAt: START }],
    ["it has a first sign and no reading", { lastReadingAt: undefined, baseAt: START }],
    ["no reading came yet, and it began later", { signsFrom: undefined, lastReadingAt: undefined, baseAt: FIRST + 1 }],
    ["its last motion is later than the batch", { lastMotionAt: FIRST + SECOND + 1 }],
    ["another follows because of motion", { nextAt: FIRST + MINUTE, nextBy: "MOTION" }],
    ["it is over", { status: "ENDED" }],
  ])("it is not where %s", async (_, change) => {
    await alter(change);
    const before = itemOf();
    expect(await next()).toMatchObject({ ok: false });
    expect(itemOf()).toEqual(before);
  });

  test("a start that the batch states counts as its first reading", async () => {
    await alter({ signsFrom: FIRST - SECOND });
    expect(await next({}, { startedAt: FIRST - SECOND - 1 })).toMatchObject({ ok: false });
    expect(await next({}, { startedAt: FIRST - SECOND })).toMatchObject({ ok: true });
  });

  test("its first sign stays where it was", async () => {
    await next();
    expect(itemOf()).toMatchObject({
      signsFrom: START,
      bTop: 1,
      lastReadingAt: FIRST + SECOND,
      lastMotionAt: FIRST + SECOND,
    });
  });
});

describe("the next motion is counted unread where the session is as it was believed to be", () => {
  const AT = START + 3 * SECOND;
  const next = (seq?: number, boot?: string) =>
    store.addNextMotion(OF, { at: AT, ...(seq === undefined ? {} : { seq }) }, { boot, lagMs: MINUTE }, NOW);

  test.each<[string, Item, number?]>([
    ["as it is", {}],
    ["with the number after the last", {}, 5],
    ["where it is open until that instant", { openUntil: AT }],
    ["where motion ceased before", { mCleared: AT - 1 }],
    ["a millisecond after the last", { lastMotionAt: AT - 1 }],
    ["as late as the others", { mLag: MINUTE }],
  ])("it is: %s", async (_, change, seq) => {
    await alter(change);
    expect(await next(seq)).toMatchObject({ ok: true, current: { motionEventCount: 2, lastMotionAt: AT } });
  });

  test.each<[string, Item, (number | undefined)?, string?]>([
    ["it is of another sensor by now", { sensorKey: sensorKeyOf("t", "door") }],
    ["another follows", { nextAt: AT + MINUTE, nextBy: "BATCH" }],
    ["its last motion is of the same instant", { lastMotionAt: AT }],
    ["it was open until the millisecond before", { openUntil: AT - 1 }],
    ["motion ceased in that instant", { mCleared: AT }],
    ["it came sooner than all before, as of a clock that is less behind", { mLag: 2 * MINUTE }],
    ["a number between is missing", {}, 6],
    ["its number was counted", {}, 4],
    ["the sensor was started anew", {}, 5, "second"],
    ["it is over", { status: "ENDED" }],
  ])("it is not where %s", async (_, change, seq, boot) => {
    await alter(change);
    const before = itemOf();
    expect(await next(seq, boot)).toMatchObject({ ok: false });
    expect(itemOf()).toEqual(before);
  });
});

test("a session is kept for its time from each write on, to the second, whoever writes; what takes a correction back, too", async () => {
  const keepSeconds = sessionOf().keepMs / 1_000;
  const expected: number[] = [];
  const at = (seconds: number) => {
    expected.push(NOW / 1_000 + seconds + 1 + keepSeconds);
    return NOW + seconds * SECOND + 1;
  };
  const found: unknown[] = [];
  const ttlOf = ({ ok }: { ok: boolean }) => ok && itemOf().ttl;
  found.push(ttlOf(await store.addNextMotion(OF, { at: START + 3 * SECOND }, {}, at(10))));
  const span = { offset: 1, firstAt: START + 4 * SECOND, lastAt: START + 5 * SECOND, count: 1 };
  found.push(ttlOf(await store.addNextBatch(OF, span, { apartMs: APART, measuredBy: NOW }, at(20))));
  found.push(ttlOf(await store.annotate({ ...sessionOf(), labels: ["x"] }, 1, at(30))));
  const known = sessionOf();
  found.push(ttlOf(await store.replace({ ...known, updatedAt: at(40) }, known)));
  const correction = store.correctionOf({ ...sessionOf(), updatedAt: at(50) }, {} as Correction) as { put: Item };
  found.push(correction.put.ttl);
  expect(found).toEqual(expected);
});

describe("what a device or a person says is written where nobody wrote since", () => {
  test("a device's: not over another's, not where it is gone, not where one is there that nobody had read", async () => {
    const known = sessionOf();
    expect((await store.replace({ ...known, userId: "v" }, { ...known, revision: known.revision - 1 })).ok).toBe(false);
    expect((await store.replace(known, undefined)).ok).toBe(false);
    expect((await store.replace({ ...known, userId: "v" }, known)).ok).toBe(true);
    await dynamo.remove("sessions", { pk: itemOf().pk, sk: itemOf().sk });
    expect((await store.replace(known, known)).ok).toBe(false);
    expect((await store.replace(known, undefined)).ok).toBe(true);
  });

  test("a person's: of the version that was seen; the first is 1, whether it is written or not", async () => {
    const known = sessionOf();
    const edit = (label: string, seen: number) => store.annotate({ ...known, labels: [label] }, seen, NOW);
    expect((await edit("a", 2)).ok).toBe(false);
    expect((await edit("a", 1)).ok).toBe(true);
    await alter({ version: undefined });
    expect((await edit("b", 1)).ok).toBe(true);
    await alter({ version: 3 });
    expect((await edit("c", 1)).ok).toBe(false);
    expect((await edit("c", 2)).ok).toBe(false);
    expect((await edit("c", 3)).ok).toBe(true);
    await alter({ version: 3, mergedInto: "b" });
    expect((await edit("d", 3)).ok).toBe(false);
  });

  test("an update by its id is done once, and a deleted session goes where it is as it was read and deleted", async () => {
    const marker = () => dynamo.transact([store.markerOf("t", "a", "u1", "{}")]);
    expect([await marker(), await marker()]).toEqual([true, false]);
    const known = sessionOf();
    expect(await store.removeDeleted(known)).toBe(false);
    await alter({ deletedAt: NOW });
    expect(await store.removeDeleted({ ...known, revision: known.revision - 1 })).toBe(false);
    expect(await store.removeDeleted(known)).toBe(true);
    expect(itemOf()).toBeUndefined();
  });

  test("nobody names a sensor that is not there", async () => {
    expect(await store.nameSensor("t", "nowhere", "Hall")).toBeUndefined();
    expect(await store.nameSensor("t", "hall", "Hall")).toMatchObject({ name: "Hall" });
    expect(dynamo.dump("sensors").map(({ sensorId }) => sensorId)).toEqual(["hall"]);
  });

  test("a line is changed where its sensor and its sessions are as they were read", async () => {
    const lines = createLineStore(dynamo, NAMES);
    const session = sessionOf();
    const known = (await store.findSensors("t", ["hall"])).get("hall")!;
    const now = { ...known, latestSessionId: "a" };
    const commit = (sensor: object, revision = session.revision, takesPeoples = false, version = session.version) =>
      lines.commit({
        changes: [{ session, known: { ...session, revision, version }, takesPeoples }],
        sensor: { now, known: { ...known, ...sensor } },
      });
    expect(await commit({ revision: 7 })).toBe(false);
    expect(await commit({ revision: undefined })).toBe(false);
    expect(await commit({}, session.revision - 1)).toBe(false);
    expect(await commit({}, session.revision - 1, true)).toBe(false);
    // What a person did since is not written over by who takes a person's values along.
    await alter({ version: 2 });
    expect(await commit({}, session.revision, true)).toBe(false);
    expect(await commit({}, session.revision, true, 3)).toBe(false);
    await alter({ version: undefined });
    expect(await commit({}, session.revision, true, 2)).toBe(false);
    expect(await commit({}, session.revision, true)).toBe(true);
    const first = { ...session, sessionId: "new" };
    const begin = () => lines.commit({ changes: [{ session: first, known: undefined }] });
    expect([await begin(), await begin()]).toEqual([true, false]);
  });
});

describe("a list reads of its index what may match, and leaves the rest there", () => {
  const add = async (sessionId: string, change: Item) => {
    await dynamo.put("sessions", { ...itemOf(), sk: `${sessionId}#SESSION`, revision: 1 });
    await alter(change, sessionId);
  };
  const page = async (query: object) => {
    const all = { tenantId: "t", fromAt: 0, toAt: NOW + MINUTE, ...query };
    const { sessions } = await createSessionLists(dynamo, NAMES).page(all, 100, undefined);
    return sessions.map(({ sessionId }) => sessionId).sort();
  };

  test.each<[string, object, string[]]>([
    ["of all", {}, ["a", "door", "ended", "late", "tagged"]],
    ["that run", { status: "ACTIVE" }, ["a", "door", "tagged"]],
    ["with a label", { label: "x" }, ["tagged"]],
    ["that are open after an instant", { openAt: START + MINUTE }, ["a", "door", "late", "tagged"]],
    ["that are open after another", { openAt: START + MINUTE - 1 }, ["a", "door", "ended", "late", "tagged"]],
    ["of words at a sensor", { words: ["note"], sensorId: "door" }, ["door"]],
  ])("%s", async (_, query, expected) => {
    await add("ended", { status: "ENDED", endedAt: START + MINUTE });
    await add("late", { status: "ENDED", endedAt: START + 2 * MINUTE });
    await add("tagged", { labels: ["x"], noted: "t" });
    await add("door", { sensorKey: sensorKeyOf("t", "door"), noted: "t" });
    expect(await page(query)).toEqual(expected);
  });

  test("what has to be looked at is looked at in the very millisecond", async () => {
    const due = async (now: number) => {
      const found = [];
      for await (const sessions of createSessionLists(dynamo, NAMES).due(now)) found.push(...sessions);
      return found.map(({ sessionId }) => sessionId);
    };
    const { checkAt } = sessionOf();
    expect(await due(checkAt! - 1)).toEqual([]);
    expect(await due(checkAt!)).toEqual(["a"]);
  });

  test("motion is counted again of sessions that run, that end in or after the range, or that were told of some; of no others", async () => {
    const keys: string[] = [];
    const read = {
      ...dynamo,
      batchGet: (table: string, asked: readonly Item[], options?: object) => {
        keys.push(...asked.map(({ sk }) => (sk as string).split("#")[0]!));
        return dynamo.batchGet(table, asked, options);
      },
    };
    const recount = createMotionRecount(read, "sessions", createLineStore(dynamo, NAMES));
    const [from, to] = [START + MINUTE, START + 2 * MINUTE];
    await add("ends in it", { endedAt: from });
    await add("ended", { endedAt: from - 1 });
    await add("told", { endedAt: from - 1, done: "isTold" });
    await add("after", { startedAt: to, endedAt: to });
    await add("after, told", { startedAt: to, endedAt: to, done: "isTold" });
    await add("after, runs", { startedAt: to });
    for await (const _ of recount("t", from, to)) continue;
    expect(keys.sort()).toEqual(["a", "after, runs", "after, told", "ends in it", "told"]);
  });
});

describe("an erasure of a sensor", () => {
  const sensor = { tenantId: "t", sensorId: "hall" };
  const erasures = () => createSensorErasures(dynamo, NAMES);

  test("is begun by one of two, and after it another", async () => {
    const first = (await erasures().begin(sensor, undefined, NOW))!;
    expect(await erasures().begin(sensor, undefined, NOW)).toBeUndefined();
    await erasures().close(sensor, first);
    const second = (await erasures().begin(sensor, first, NOW))!;
    expect(second).toMatchObject({ ordinal: 2, isDone: false });
    expect(await erasures().findLatest(sensor)).toEqual(second);
  });

  test("finds the sessions that its devices recorded there, wherever a person says they were, and no others", async () => {
    const add = async (sessionId: string, change: Item) => {
      await dynamo.put("sessions", { ...itemOf(), sk: `${sessionId}#SESSION` });
      await alter(change, sessionId);
    };
    const door = sensorKeyOf("t", "door");
    await add("moved away", { ownSensor: "hall", sensorKey: door });
    await add("moved here", { ownSensor: "door" });
    await add("elsewhere", { sensorKey: door });
    await add("deleted", { sensorKey: undefined, was: { sensorKey: sensorKeyOf("t", "hall") } });
    await add("deleted elsewhere", { sensorKey: undefined, was: { sensorKey: door } });
    await add("moved here, deleted", {
      ownSensor: "door",
      sensorKey: undefined,
      was: { sensorKey: sensorKeyOf("t", "hall") },
    });
    const found: string[] = [];
    for await (const items of erasures().listSessions(sensor)) {
      found.push(
        ...items.filter(({ sk }) => String(sk).endsWith("#SESSION")).map(({ sk }) => String(sk).split("#")[0]!),
      );
    }
    expect(found.sort()).toEqual(["a", "deleted", "moved away"]);
  });

  test("takes out of the counts what is as it was read, once", async () => {
    const receipt = (await erasures().begin(sensor, undefined, NOW))!;
    const item = itemOf();
    const taken = { instants: [START], now: NOW };
    const beside = Array.from({ length: 170 }, (_, i) => ({ pk: item.pk, sk: `a#U#${i}` }));
    for (const one of beside) await dynamo.put("sessions", one);
    const take = (one: Item, own: Item[]) => erasures().removeSession(sensor, receipt, one, { ...taken, beside: own });
    const others = { revision: -1, createdAt: NOW - 1, sensorKey: sensorKeyOf("t", "door"), startedAt: START - 1 };
    for (const [field, value] of Object.entries(others)) {
      for (const own of [[], beside]) expect(await take({ ...item, [field]: value }, own)).toBe(false);
    }
    await erasures().removeLeft("t", "a", beside);
    const marks = () => dynamo.dump("sessions").filter(({ sk }) => String(sk).includes("#U#")).length;
    expect([await take(item, beside), marks(), await take(item, [])]).toEqual([true, 0, false]);
    for (const one of beside) await dynamo.put("sessions", one);
    await erasures().removeLeft("t", "a", beside);
    expect(marks()).toBe(0);
    await dynamo.put("sessions", { pk: item.pk, sk: "hall#M#x", heard: [] });
    const tear = () => erasures().removeSheet(sensor, receipt, { pk: item.pk, sk: "hall#M#x" }, taken);
    expect([await tear(), await tear()]).toEqual([true, false]);
    expect(await erasures().findLatest(sensor)).toMatchObject({ sessions: 1, motions: 2 });
  });

  test("leaves a sensor at which a session began meanwhile", async () => {
    expect(await erasures().removeSensor(sensor, undefined)).toBe(false);
    expect(await erasures().removeSensor(sensor, "b")).toBe(false);
    expect(await erasures().removeSensor(sensor, "a")).toBe(true);
    expect(dynamo.dump("sensors")).toEqual([]);
  });
});

test("what is kept aside is kept once more where nobody decided of it, and is listed until then", async () => {
  const quarantine = createQuarantineStore(dynamo, NAMES);
  const content = { kind: "motion", at: 7 } as const;
  const held = { ...OF, quarantineId: quarantine.idOf(content), heldAt: NOW, reason: "at: why", count: 1, content };
  const listed = async () => [await quarantine.list(OF, 9), (await quarantine.page("t", 9, undefined)).held];
  const { sessionId: _, ...kept } = held;
  for (const heldAt of [NOW, NOW + 1]) {
    expect(await quarantine.put({ ...held, heldAt }, SECOND)).toBeUndefined();
    expect(await listed()).toEqual([[{ ...kept, heldAt }], [{ ...kept, heldAt }]]);
  }
  for (const decided of ["DROPPED", "ADMITTED"] as const) {
    expect(await quarantine.decide(held, decided, SECOND)).toBe(true);
    expect(await quarantine.put(held, SECOND)).toBe(decided);
    expect(await listed()).toEqual([[], []]);
    expect(await quarantine.find(OF, held.quarantineId)).toEqual({ ...kept, decided });
  }
  // What counts stays so, whoever drops it at the same moment; what is dropped can be dropped again.
  expect(await quarantine.decide(held, "DROPPED", SECOND)).toBe(false);
  expect(await quarantine.find(OF, held.quarantineId)).toEqual({ ...kept, decided: "ADMITTED" });
  const other = { ...held, quarantineId: quarantine.idOf({ ...content, at: 8 }) };
  for (const _ of [1, 2]) expect(await quarantine.decide(other, "DROPPED", SECOND)).toBe(true);
});

test("a place is removed also where another transaction was at it", async () => {
  let lost = 1;
  const busy = {
    ...dynamo,
    transact: (...parts: Parameters<typeof dynamo.transact>) =>
      lost-- > 0 ? Promise.resolve(false) : dynamo.transact(...parts),
  };
  const lineStore = createLineStore(busy, NAMES);
  const place = (await lineStore.last(OF))!;
  await lineStore.removePlace(OF, place);
  expect([lost, await lineStore.last(OF)]).toEqual([-1, undefined]);
});
