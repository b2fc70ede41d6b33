import { expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import type { BatchInput, Reading } from "../../api/sessions/model.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;

test("what was erased does not come back by a process that had not heard of it, be it motion, a batch or a start", async () => {
  let now = NOW;
  let ids = 0;
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const objects = new Map<string, readonly Reading[]>();
  const methods: Record<string, (...args: never[]) => unknown> = {
    ...dynamo,
    keep: (_: string, { sessionId, batchOffset, readings }: BatchInput) => {
      objects.set(`${sessionId} ${batchOffset}`, readings);
      return "created";
    },
    read: ({ sessionId }: { sessionId: string }, offset: number) => objects.get(`${sessionId} ${offset}`) ?? [],
    drop: ({ sessionId }: { sessionId: string }, offset: number) => void objects.delete(`${sessionId} ${offset}`),
    removeAll: ({ sessionId }: { sessionId: string }) => {
      const own = [...objects.keys()].filter((key) => key.startsWith(`${sessionId} `));
      return own.filter((key) => objects.delete(key)).length;
    },
  };
  const ask = async (method: string, args: readonly unknown[]) => await methods[method]!(...args as never[]);
  const [eraser, other] = [0, 1].map((n) => hostOf(n, { ask, now: () => now, id: () => `i${ids++}` }));
  const tenant = "erased-late";
  const motion = (minute: number, more: object = {}) =>
    other!.recordMotion(tenant, "u", { sensorId: "hall", at: NOW + minute * MIN, ...more });
  const batch = (batchOffset: number, minutes: readonly number[]) =>
    other!.ingestBatch(tenant, "u", {
      ...{ sessionId: "walk", sensorId: "hall", batchOffset },
      readings: minutes.map((minute) => ({ at: NOW + minute * MIN, values: [minute] })),
    });
  const refused = { fields: [{ message: expect.stringContaining("was erased") }] };

  await motion(-30);
  await batch(0, [-20]);
  expect(await eraser!.eraseSensor(tenant, "hall")).toMatchObject({
    isDone: true,
    sessions: 2,
    motions: 1,
    batches: 1,
  });
  await expect(motion(-30)).rejects.toMatchObject(refused);
  await expect(motion(-25, { state: "CLEARED" })).rejects.toMatchObject(refused);
  await expect(batch(0, [-20])).rejects.toMatchObject(refused);
  const creation = { sensorId: "hall", sessionId: "again", startedAt: NOW - 40 * MIN };
  await expect(other!.create(tenant, "u", creation)).rejects.toMatchObject(refused);
  expect(objects.size).toBe(0);
  expect(JSON.stringify(dynamo.dump("sessions"))).not.toContain("hall");
  now += 2 * MIN;
  expect(await motion(1)).toMatchObject({ started: true });
  expect(await batch(1, [-1, 2])).toMatchObject({ accepted: 1, receipts: [{ index: 0, status: "REJECTED" }] });
  await expect(motion(-10)).rejects.toMatchObject(refused);
  expect((await other!.list(tenant, {}, { first: 10 })).edges).toHaveLength(2);
});
