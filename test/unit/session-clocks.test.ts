import { describe, expect, test } from "vitest";
import { asOf } from "../../api/sessions/rules.ts";
import { createWorld, NOW } from "../kit/erasing-world.ts";

/** What is live of a sensor whose clock is not the service's: the arrival says so, and places nothing. */
const MIN = 60_000;
const IDLE = 5 * MIN;
let sensors = 0;

type Kind = "by its instant" | "by its number" | "on and off";
const KINDS: Kind[] = ["by its instant", "by its number", "on and off"];

function createSensor(kind: Kind, behindMs: number) {
  const { state, other } = createWorld();
  // Processes remember tenants.
  const tenant = `clocks ${sensors++}`;
  let seq = 0;
  /** The sensor's session that is live now. */
  const live = async () => {
    const { edges } = await other.list(tenant, { sensorId: "hall" }, { first: 9 });
    return edges.map(({ node }) => asOf(node, state.now)).find(({ status }) => status === "ACTIVE");
  };
  const say = async (lateMs = 0, more: object = {}) => {
    const at = state.now - behindMs - lateMs;
    const number = kind === "by its number" ? { seq: seq++, boot: "b" } : {};
    const message = { sensorId: "hall", at, ...number, ...more };
    await other.recordMotion(tenant, "u", message);
    if (kind === "on and off") await other.recordMotion(tenant, "u", { ...message, at: at + 1_000, state: "CLEARED" });
    return kind === "on and off" ? at + 1_000 : at;
  };
  const all = async () => (await other.list(tenant, { sensorId: "hall" }, { first: 9 })).edges.map(({ node }) => node);
  return { state, tenant, other, say, live, all };
}

describe.each(KINDS)("motion, told %s,", (kind) => {
  test.each(Array.from({ length: 14 }, (_, i) => (i - 3) * MIN + 7_000 * (i % 3)))(
    "of a sensor whose clock is %i ms behind is live while it comes and for the timeout, and ends where that clock says",
    async (behindMs) => {
      const { state, say, live, all } = createSensor(kind, behindMs);
      let last = 0;
      for (let i = 0; i < 10; i++) {
        state.now = NOW + i * MIN;
        last = await say();
        expect([i, await live()]).toMatchObject([i, { status: "ACTIVE", lastMotionAt: last }]);
      }
      // What is less than a minute is not made up for.
      state.now = NOW + 9 * MIN + IDLE - (behindMs > 0 ? MIN : 0);
      expect(await live()).toMatchObject({ lastMotionAt: last });
      state.now = NOW + 9 * MIN + IDLE + Math.max(0, -behindMs) + 1_001;
      expect(await live()).toBeUndefined();
      const [session, ...others] = (await all()).map((one) => asOf(one, state.now));
      expect(others).toEqual([]);
      expect(session).toMatchObject({ endedBy: "IDLE", endedAt: last, startedAt: NOW - behindMs });
    },
  );

  test("that came later still changes nothing of how far its clock is behind", async () => {
    const { state, say, live } = createSensor(kind, 9 * MIN);
    await say();
    state.now += 2 * MIN;
    await say(3 * MIN);
    state.now += MIN;
    const last = await say();
    // What is less than a minute is not made up for.
    state.now += IDLE - MIN;
    expect(await live()).toMatchObject({ lastMotionAt: last });
  });

  test("of a clock that fell behind between two sessions is live in the second", async () => {
    const { state, say, live } = createSensor(kind, 7 * MIN);
    await say(-7 * MIN);
    state.now += 60 * MIN;
    const last = await say();
    expect(await live()).toMatchObject({ lastMotionAt: last });
    state.now += IDLE - MIN;
    expect(await live()).toMatchObject({ lastMotionAt: last });
  });

  test("that came late is no clock which is behind, as soon as other motion came in time", async () => {
    const { state, say, live } = createSensor(kind, 0);
    await say(6 * MIN);
    expect(await live()).toMatchObject({ startedAt: NOW - 6 * MIN });
    state.now += MIN;
    const last = await say();
    state.now = last + IDLE;
    expect(await live()).toMatchObject({ lastMotionAt: last });
    state.now = last + IDLE + 1;
    expect(await live()).toBeUndefined();
  });

  test("of the past is over as it comes, and so is what lies before the latest session", async () => {
    const { state, say, live, all } = createSensor(kind, 0);
    await say(10 * MIN + 60_001);
    expect(await live()).toBeUndefined();
    const last = await say();
    await say(9 * MIN);
    state.now = last + IDLE + 1;
    expect(await live()).toBeUndefined();
    expect((await all()).map(({ status }) => status).filter((status) => status === "ACTIVE").length).toBeLessThan(2);
  });

  test("of a clock that was set right is live by what it says since", async () => {
    const { state, tenant, other, say, live, all } = createSensor(kind, 7 * MIN);
    await say();
    state.now += 30_000;
    const at = state.now;
    await other.recordMotion(tenant, "u", {
      sensorId: "hall",
      at,
      ...(kind === "by its number" ? { seq: 1, boot: "b" } : {}),
    });
    expect((await all()).filter((one) => asOf(one, state.now).status === "ACTIVE")).toHaveLength(1);
    state.now = at + IDLE;
    expect(await live()).toMatchObject({ lastMotionAt: at });
    state.now = at + IDLE + 1;
    expect(await live()).toBeUndefined();
  });
});

test("that motion ceased, told in time, says that the clock is right", async () => {
  const { state, tenant, other, say, live } = createSensor("by its instant", 4 * MIN);
  await say();
  await other.recordMotion(tenant, "u", { sensorId: "hall", at: state.now, state: "CLEARED" });
  const last = state.now;
  state.now += IDLE;
  expect(await live()).toMatchObject({ lastMotionAt: last });
  state.now += 1;
  expect(await live()).toBeUndefined();
});

test("a device that starts again is as far behind as it was", async () => {
  const { state, say, live } = createSensor("by its number", 8 * MIN);
  await say(0, { boot: "first" });
  state.now += MIN;
  await say(0, { boot: "second" });
  expect(await live()).toMatchObject({ motionEventCount: 2 });
});

test("motion that lasted is told when it ends, however long it was", async () => {
  const { state, tenant, other, live } = createSensor("by its instant", 0);
  const [from, until] = [state.now - 27 * MIN, state.now - 7 * MIN];
  await other.recordMotion(tenant, "u", { sensorId: "hall", at: from, endedAt: until });
  expect(await live()).toMatchObject({ startedAt: from, lastMotionAt: until });
});

test("a session that somebody creates at a sensor whose clock is behind is over by its own start", async () => {
  const { state, tenant, other, say, live } = createSensor("by its instant", 7 * MIN);
  await say();
  await other.create(tenant, "u", { sensorId: "hall", sessionId: "film", startedAt: state.now });
  state.now += IDLE + 1;
  expect(await live()).toBeUndefined();
});
