import { expect, test } from "vitest";
import type { Item } from "../../api/aws/dynamo.ts";
import { InvalidInputError } from "../../api/core/errors.ts";
import { createWorld, NOW } from "../kit/erasing-world.ts";

const MIN = 60_000;

const refused = { fields: [{ message: expect.stringContaining("was erased") }] };

test("what was erased does not come back by a process that had not heard of it, be it motion, a batch or a start", async () => {
  const { state, dynamo, objects, eraser, other } = createWorld();
  const tenant = "erased-late";
  const motion = (minute: number, more: object = {}) =>
    other.recordMotion(tenant, "u", { sensorId: "hall", at: NOW + minute * MIN, ...more });
  const batch = (batchOffset: number, minutes: readonly number[]) =>
    other.ingestBatch(tenant, "u", {
      ...{ sessionId: "walk", sensorId: "hall", batchOffset },
      readings: minutes.map((minute) => ({ at: NOW + minute * MIN, values: [minute] })),
    });

  await motion(-30);
  await batch(0, [-20]);
  expect(await eraser.eraseSensor(tenant, "hall")).toMatchObject({
    isDone: true,
    sessions: 2,
    motions: 1,
    batches: 1,
  });
  await expect(motion(-30)).rejects.toMatchObject(refused);
  await expect(motion(-25, { state: "CLEARED" })).rejects.toMatchObject(refused);
  await expect(batch(0, [-20])).rejects.toMatchObject(refused);
  const creation = { sensorId: "hall", sessionId: "again", startedAt: NOW - 40 * MIN };
  await expect(other.create(tenant, "u", creation)).rejects.toMatchObject(refused);
  expect(objects.size).toBe(0);
  expect(JSON.stringify(dynamo.dump("sessions"))).not.toContain("hall");
  state.now += 2 * MIN;
  expect(await motion(1)).toMatchObject({ started: true });
  expect(await batch(1, [-1, 2])).toMatchObject({ accepted: 1, receipts: [{ index: 0, status: "REJECTED" }] });
  await expect(motion(-10)).rejects.toMatchObject(refused);
  expect((await other.list(tenant, {}, { first: 10 })).edges).toHaveLength(2);
});

test("a batch of what was erased is judged anew, once, also where the sensor has begun again since", async () => {
  const { state, objects, eraser, other } = createWorld();
  const tenant = "erased-and-begun";
  const motion = (host: typeof other, at: number) => host.recordMotion(tenant, "u", { sensorId: "hall", at });
  const batch = (sessionId: string, minutes: readonly number[]) => {
    state.requests = 0;
    const readings = minutes.map((minute) => ({ at: NOW + minute * MIN, values: [minute] }));
    return other.ingestBatch(tenant, "u", { sessionId, sensorId: "hall", batchOffset: 0, readings });
  };
  // The other one has settings of before the erasure for a minute.
  await motion(other, NOW - 30 * MIN);
  await eraser.eraseSensor(tenant, "hall");
  state.now = NOW + 30_000;
  expect(await motion(eraser, NOW + 1)).toMatchObject({ started: true });
  await expect(batch("old", [-20])).rejects.toMatchObject(refused);
  expect(objects.size).toBe(0);
  expect(await batch("half", [-20, 0.25])).toMatchObject({
    ...{ accepted: 1, receipts: [{ index: 0, status: "REJECTED" }] },
  });
  // Nor does it come into a session that began since.
  const known = createWorld();
  const say = (host: typeof other, batchOffset: number, ...minutes: number[]) => {
    const readings = minutes.map((minute) => ({ at: NOW + minute * MIN, values: [minute] }));
    return host.ingestBatch("known", "u", { sessionId: "walk", sensorId: "hall", batchOffset, readings });
  };
  await motion(known.other, NOW - 30 * MIN);
  await say(known.other, 9, -30);
  await known.eraser.eraseSensor("known", "hall");
  known.state.now = NOW + 30_000;
  await say(known.eraser, 0, 0.2);
  expect(await say(known.other, 1, -20, 0.25)).toMatchObject({ accepted: 1, receipts: [{ index: 0 }] });
});

test("a start that a batch states in a past that was erased is left out and told, or refused where there is nothing else", async () => {
  for (const hasHeard of [true, false]) {
    const { state, eraser, other } = createWorld();
    const tenant = `erased-start-${hasHeard}`;
    const say = (sessionId: string, batchOffset: number, minutes: readonly number[], more: object) => {
      state.requests = 0;
      const readings = minutes.map((minute) => ({ at: NOW + minute * MIN, values: [minute] }));
      return other.ingestBatch(tenant, "u", { sessionId, sensorId: "hall", batchOffset, readings, ...more });
    };
    await other.recordMotion(tenant, "u", { sensorId: "hall", at: NOW - 30 * MIN });
    await eraser.eraseSensor(tenant, "hall");
    state.now = NOW + (hasHeard ? 2 * MIN : 30_000);
    const start = { startedAt: NOW - 30 * MIN };
    await expect(say("none", 0, [], start)).rejects.toMatchObject({
      fields: [{ path: ["startedAt"], message: expect.stringContaining("was erased") }],
    });
    const told = [expect.stringMatching(/^startedAt: .* was erased .* left out$/)];
    expect(await say("walk", 0, [0.2], start)).toMatchObject({ accepted: 1, doubts: told });
    expect(await say("walk", 1, [], { ...start, final: true })).toMatchObject({ doubts: told });
    expect(await say("walk", 2, [-20, 0.25], {})).toMatchObject({ accepted: 1 });
    expect([...(await other.find(tenant, ["none", "walk"])).values()]).toMatchObject([
      { sessionId: "walk", startedAt: NOW + 0.2 * MIN, isFinal: true },
    ]);
  }
});

test("what arrives by a clock that is behind the erasure's begins after it", async () => {
  const { state, eraser, other } = createWorld();
  const [tenant, sensorId] = ["erased-ahead", "hall"];
  await other.recordMotion(tenant, "u", { sensorId, at: NOW - 30 * MIN });
  await eraser.eraseSensor(tenant, sensorId);
  state.now = NOW - 1_000;
  await other.ingestBatch(tenant, "u", { sessionId: "walk", sensorId, batchOffset: 0, readings: [] });
  expect((await other.find(tenant, ["walk"])).get("walk")).toMatchObject({ startedAt: NOW + 1 });
});

test("an erasure leaves nothing and takes all motion out once, whichever of its transactions gives way to another", async () => {
  for (let losing = 1;; losing++) {
    const { state, dynamo, eraser } = createWorld();
    const tenant = `giving-way-${losing}`;
    for (const minute of [-90, -80, -60]) {
      await eraser.recordMotion(tenant, "u", { sensorId: "hall", at: NOW + minute * MIN });
    }
    // Between them: what was two is on sheets.
    await eraser.recordMotion(tenant, "u", { sensorId: "hall", at: NOW - 85 * MIN });
    await eraser.create(tenant, "u", { sensorId: "hall", sessionId: "film", startedAt: NOW - 82 * MIN });
    // By a clock ahead also after the erasure, on sheets and not.
    for (const minute of [-1, 3, 1, 4]) {
      await eraser.recordMotion(tenant, "u", { sensorId: "hall", at: NOW + minute * MIN });
    }
    await eraser.create(tenant, "u", { sensorId: "hall", sessionId: "walk", startedAt: NOW - 2 * MIN });
    state.requests = 0;
    state.losing = losing;
    expect(await eraser.eraseSensor(tenant, "hall")).toMatchObject({ isDone: true, motions: 8 });
    expect(JSON.stringify(dynamo.dump("sessions"))).not.toContain("hall");
    const out = dynamo.dump("sessions").flatMap(({ erasedMotions }) => (erasedMotions ?? []) as number[]);
    expect(out.sort((a, b) => a - b)).toEqual([-90, -85, -80, -60, -1, 1, 3, 4].map((minute) => NOW + minute * MIN));
    if (state.losing > 0) {
      expect(losing).toBeGreaterThan(4);
      return;
    }
  }
});

test("an erasure leaves what begins after it by a clock ahead, with its motion, on the very sheet of what it takes", async () => {
  const { dynamo, eraser } = createWorld();
  const [tenant, sensorId] = ["ahead", "hall"];
  const at = (minute: number) => NOW + minute * MIN;
  for (const minute of [-1, 2, 8, 9]) await eraser.recordMotion(tenant, "u", { sensorId, at: at(minute) });
  // The line is written anew: all of its motion lies on one sheet.
  await eraser.create(tenant, "u", { sensorId, sessionId: "film", startedAt: at(-2) });
  expect(dynamo.dump("sessions").filter(({ sk }) => (sk as string).includes("#M#"))).toHaveLength(1);
  expect(await eraser.eraseSensor(tenant, sensorId)).toMatchObject({ isDone: true, motions: 2 });
  const { edges } = await eraser.list(tenant, { sensorId }, { first: 9 });
  expect(edges.map(({ node }) => [node.startedAt, node.motionEventCount])).toEqual([[at(8), 2]]);
  // What comes for it later is counted beside what it had.
  await eraser.create(tenant, "u", { sensorId, sessionId: "walk", startedAt: at(8.5) });
  const sessions = (await eraser.list(tenant, { sensorId }, { first: 9 })).edges.map(({ node }) => node);
  expect(sessions.map((one) => [one.startedAt, one.motionEventCount])).toEqual([[at(8.5), 1], [at(8), 1]]);
});

type Before = (host: ReturnType<typeof createWorld>["other"], tenant: string) => Promise<unknown>;
const HALL = { sessionId: "walk", sensorId: "hall" };
test.each<[string, Before, Before]>([
  [
    "a sensor: its motion",
    (host, tenant) => host.recordMotion(tenant, "u", { ...HALL, at: NOW - 31 * MIN, state: "CLEARED" }),
    (host, tenant) => host.recordMotion(tenant, "u", { ...HALL, at: NOW - 30 * MIN }),
  ],
  [
    "a session: an end of it",
    (host, tenant) => host.create(tenant, "u", { ...HALL, startedAt: NOW - 30 * MIN }),
    (host, tenant) => host.end(tenant, { ...HALL, endedAt: NOW - 20 * MIN }),
  ],
  [
    "a session: a pause of it",
    (host, tenant) => host.create(tenant, "u", { ...HALL, startedAt: NOW - 30 * MIN }),
    (host, tenant) => host.recordPause(tenant, { ...HALL, from: NOW - 20 * MIN, to: NOW - 19 * MIN }),
  ],
])("who read %s comes too late once that was erased and has begun again, at any moment", async (name, before, said) => {
  let tried = 0;
  for (let isMet = true; isMet; tried++) {
    const { state, dynamo, eraser, other } = createWorld();
    const tenant = `begun again ${name} ${tried}`;
    await before(other, tenant);
    isMet = false;
    state.meanwhile.set(state.requests + 1 + tried, async () => {
      isMet = true;
      await eraser.eraseSensor(tenant, "hall");
      state.now = NOW + 2;
      await eraser.create(tenant, "u", { ...HALL, startedAt: NOW + 1 });
    });
    await said(other, tenant).catch((error: unknown) => expect(error).toBeInstanceOf(InvalidInputError));
    state.meanwhile.clear();
    if (isMet) {
      const sessions = dynamo.dump("sessions").filter(({ sk }) => (sk as string).endsWith("#SESSION"));
      expect(sessions).toMatchObject([{ startedAt: NOW + 1, motions: 0, createdAt: NOW + 2 }]);
    }
  }
  expect(tried).toBeGreaterThan(2);
});

type First = (host: ReturnType<typeof createWorld>["other"], tenant: string, at: number) => Promise<unknown>;
const FIRST: [name: string, First][] = [
  ["motion", (host, tenant, at) => host.recordMotion(tenant, "u", { sensorId: "hall", at })],
  [
    "motion that ceased",
    (host, tenant, at) => host.recordMotion(tenant, "u", { sensorId: "hall", at, state: "CLEARED" }),
  ],
  ["a start", (host, tenant, at) => host.create(tenant, "u", { ...HALL, startedAt: at })],
  ["a batch", (host, tenant, at) => {
    const readings = [{ at, values: [1] }];
    return host.ingestBatch(tenant, "u", { ...HALL, batchOffset: 0, readings });
  }],
];

test.each(FIRST.flatMap(([name, said]) => [0, 1].map((erasures) => [name, erasures, said] as const)))(
  "%s of a sensor that had nothing comes too late once something came and was erased, at any moment (%i erasures before)",
  async (name, erasures, said) => {
    let tried = 0;
    for (let isMet = true; isMet; tried++) {
      const { state, dynamo, eraser, other } = createWorld();
      const tenant = `had nothing ${name} ${erasures} ${tried}`;
      const comesAndGoes = async () => {
        const startedAt = state.now - 2;
        await eraser.create(tenant, "u", { sensorId: "hall", sessionId: `walk ${startedAt}`, startedAt });
        await eraser.eraseSensor(tenant, "hall");
        state.now += MIN;
      };
      for (let before = 0; before < erasures; before++) await comesAndGoes();
      isMet = false;
      state.meanwhile.set(state.requests + 1 + tried, async () => {
        isMet = true;
        await comesAndGoes();
      });
      const isRefused = (error: unknown) => expect(error).toBeInstanceOf(InvalidInputError);
      await said(other, tenant, state.now - 1).catch(isRefused);
      state.meanwhile.clear();
      const left = dynamo.dump("sessions").filter(({ sk }) => !/#(RECEIPT|Z)#/.test(sk as string));
      if (isMet) expect([tried, left]).toEqual([tried, []]);
      state.requests = 0;
      const next = await other.recordMotion(tenant, "u", { sensorId: "hall", at: state.now + MIN });
      expect([tried, next]).toMatchObject([tried, { __typename: "RecordMotionPayload" }]);
    }
    expect(tried).toBeGreaterThan(2);
  },
);

test("a place that is tidied up stays where its session is there again by then", async () => {
  let tried = 0;
  for (let isMet = true; isMet; tried++) {
    const { state, dynamo, other } = createWorld();
    const tenant = `there-again-${tried}`;
    const at = NOW - 30 * MIN;
    await other.create(tenant, "u", { sensorId: "hall", sessionId: "walk", startedAt: at });
    // Its time had come, and its place is not tidied up yet; another begins it once more before one of the requests of motion.
    const [item, place] = [(sk: string) => sk === "walk#SESSION", (sk: string) => sk.startsWith("hall#T#")].map((is) =>
      dynamo.dump("sessions").find(({ sk }) => is(sk as string))!
    ) as [Item, Item];
    await dynamo.remove("sessions", item);
    isMet = false;
    state.meanwhile.set(state.requests + 1 + tried, async () => {
      isMet = true;
      await dynamo.put("sessions", item);
      await dynamo.put("sessions", { ...place, since: NOW + 1 });
    });
    await other.recordMotion(tenant, "u", { sensorId: "hall", at: at - MIN });
    if (isMet) expect(dynamo.dump("sessions").filter((one) => one.session === "walk")).toHaveLength(1);
  }
  expect(tried).toBeGreaterThan(5);
});
