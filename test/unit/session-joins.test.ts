import { expect, test } from "vitest";
import { createWorld, NOW } from "../kit/erasing-world.ts";

/** Late motion that makes two sessions one: what was said of either is said of the whole. */
const SECOND = 1_000;
const START = NOW - 7_200 * SECOND;
type World = ReturnType<typeof createWorld>;
type Say = (host: World["other"], tenant: string) => Promise<unknown>;

const at = (second: number) => START + second * SECOND;
const motion = (second: number): Say => (host, tenant) =>
  host.recordMotion(tenant, "u", { sensorId: "hall", at: at(second) });
const latest = async (host: World["other"], tenant: string) =>
  (await host.list(tenant, { sensorId: "hall" }, { first: 9 })).edges[0]!.node;
const walk: Say = (host, tenant) =>
  host.ingestBatch(tenant, "u", {
    ...{ sessionId: "walk", sensorId: "hall", batchOffset: 0 },
    readings: [60, 130].map((second) => ({ at: at(second), values: [second] })),
    pauses: [{ from: at(180), to: at(660) }],
  });
/** Of the session that motion at 1,740 s opened. */
const paused: Say = async (host, tenant) =>
  await host.recordPause(tenant, { sessionId: (await latest(host, tenant)).sessionId, from: at(420) });

let worlds = 0;
async function sessionsOf(...all: readonly Say[]) {
  const { other } = createWorld();
  const tenant = `joins ${worlds++}`;
  for (const say of all) await say(other, tenant);
  const { edges } = await other.list(tenant, { sensorId: "hall" }, { first: 9 });
  const ids = edges.map(({ node }) => node.sessionId);
  const found = [...(await other.find(tenant, ids)).values()];
  return found.map(({ startedAt, lastMotionAt, motionEventCount }) => [
    (startedAt - START) / SECOND,
    (lastMotionAt - START) / SECOND,
    motionEventCount,
  ]).sort(([a], [b]) => a! - b!);
}

/** Motion from the walk's pause on to where the other one was opened, the last of it last. */
const UNTIL = [780, 1_080, 1_320].map(motion);
const WANTED = [[60, 1_770, 6], [2_071, 2_071, 1]];

test.each<[string, Say[]]>([
  ["motion joins them at last", [motion(1_740), paused, motion(2_071), motion(1_770), walk, ...UNTIL, motion(1_620)]],
  ["the walk's end of its pause comes last", [
    motion(1_740),
    paused,
    motion(2_071),
    motion(1_770),
    ...UNTIL,
    motion(1_620),
    walk,
  ]],
  ["the motion that was held comes last", [
    motion(1_740),
    paused,
    walk,
    ...UNTIL,
    motion(1_620),
    motion(1_770),
    motion(2_071),
  ]],
])("a pause that had no end in the one has one in the other, and holds no motion any more: %s", async (_, said) => {
  expect(await sessionsOf(...said)).toEqual(WANTED);
});
