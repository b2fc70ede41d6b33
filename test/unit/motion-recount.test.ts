import { expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import { createMotionRecount } from "../../api/sessions/recount.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const START = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const T = "recounts";
const NAMES = { sessions: "sessions", sensors: "sensors" };

/** Motion each minute from the start on; nothing is told by updates, so that the end alone says where it may lie. */
async function motionOf(count: number) {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods = dynamo as unknown as Record<string, (...args: unknown[]) => unknown>;
  let ids = 0;
  const host = hostOf(0, {
    ask: async (method, args) => await methods[method]!(...args),
    now: () => START + 1_000 * MINUTE,
    id: () => `m${ids++}`,
  });
  for (let i = 0; i < count; i++) await host.recordMotion(T, "u", { sensorId: "hall", at: START + i * MINUTE });
  const endAt = START + (count - 1) * MINUTE;
  await host.end(T, { sessionId: "m0", endedAt: endAt });
  const recount = createMotionRecount(dynamo, "sessions", createLineStore(dynamo, NAMES));
  return {
    item: dynamo.dump("sessions").find(({ tenant }) => tenant === T)!,
    endAt,
    found: async (fromAt: number, toAt: number) => {
      const all: number[] = [];
      for await (const page of recount(T, fromAt, toAt)) all.push(...page.map(({ at }) => (at - START) / MINUTE));
      return all.sort((a, b) => a - b);
    },
  };
}

test("motion is counted again of each session that touches a range: its beginning is in it, its end not", async () => {
  const { item, endAt, found } = await motionOf(3);
  // It is over in the instant of its last motion, and a list knows of nothing that it was told.
  expect(item).toMatchObject({ endedAt: endAt, done: expect.not.stringContaining("isTold") });
  expect(await found(endAt, endAt + MINUTE)).toEqual([2]);
  expect(await found(endAt + 1, endAt + MINUTE)).toEqual([]);
  expect(await found(START, endAt)).toEqual([0, 1]);
  expect(await found(START - MINUTE, START)).toEqual([]);
  expect(await found(START, START + 1)).toEqual([0]);
});
