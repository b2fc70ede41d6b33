import { expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import type { Reading } from "../../api/sessions/model.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

/** Kinds of histories that the proofs of sessions found, each by itself. */
const START = Date.UTC(2026, 5, 1);
const [SECOND, MINUTE, DAY] = [1_000, 60_000, 86_400_000];
let worlds = 0;

function world(clock: () => number = () => START + DAY) {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods = dynamo as unknown as Record<string, (...args: unknown[]) => unknown>;
  const objects = new Map<string, readonly Reading[]>();
  const kept = {
    keep: (of: { sessionId: string }, offset: number, readings: readonly Reading[]) =>
      void objects.set(`${of.sessionId} ${offset}`, readings),
    read: (of: { sessionId: string }, offset: number) => objects.get(`${of.sessionId} ${offset}`) ?? [],
  } as Record<string, unknown> as typeof methods;
  let ids = 0;
  const host = hostOf(0, {
    ask: async (method, args) => await (kept[method] ?? methods[method]!)(...args),
    now: clock,
    id: () => `m${ids++}`,
  });
  const tenant = `lines${worlds++}`;
  const sensorId = "hall";
  const batch = (sessionId: string, batchOffset: number, more: object = {}, at?: number) =>
    host.ingestBatch(tenant, "u", {
      ...{ sessionId, sensorId, batchOffset, readings: at === undefined ? [] : [{ at, values: [1] }] },
      ...more,
    });
  const rows = async () => (await host.list(tenant, { sensorId }, { first: 100 })).edges.map(({ node }) => node);
  return { host, tenant, sensorId, batch, rows };
}

test("a late batch of what became a part of another takes no motion from before that one, where its start was corrected", async () => {
  const { host, tenant, sensorId, batch, rows } = world();
  await batch("kept", 0, {}, START);
  await batch("part", 0, {}, START + 500);
  const seen = async () =>
    [...(await host.find(tenant, ["kept", "part"])).values()].map(({ sessionId, version }) => (
      { sessionId, expectedVersion: version }
    ));
  await host.merge(tenant, { sessions: await seen() });
  const [whole] = (await rows()).map(({ sessionId, version }) => ({ sessionId, expectedVersion: version }));
  await host.correct(tenant, { ...whole!, startedAt: START + 30 * MINUTE, endedAt: START + 40 * MINUTE });
  await host.create(tenant, "u", { sensorId, sessionId: "film", startedAt: START + SECOND });
  for (const at of [2, 3, 200]) await host.recordMotion(tenant, "u", { sensorId, at: START + at * SECOND });
  const film = { sessionId: "film", expectedVersion: 1, newSessionId: "rest", at: START + 100 * SECOND };
  await host.split(tenant, film);
  const before = (await rows()).map(({ sessionId, motionEventCount }) => [sessionId, motionEventCount]);
  expect(before).toEqual([["kept", 0], ["rest", 1], ["film", 2]]);
  await batch("part", 1, {}, START + 5 * SECOND);
  expect((await rows()).map(({ sessionId, motionEventCount }) => [sessionId, motionEventCount])).toEqual(before);
});

test("a batch without readings and start begins when it arrived, and keeps its length, however long its request waits", async () => {
  let looks = 0;
  // An hour passes between the first look at the clock and the next.
  const { batch, rows } = world(() => START + (looks++ === 0 ? 0 : 60 * MINUTE));
  await batch("waits", 0, { durationMs: 20_000, final: true });
  expect(await rows()).toMatchObject([{ startedAt: START, endedAt: START + 20_000, deviceDuration: { ms: 20_000 } }]);
});

test("a start that a batch states after a reading of its own says nothing more, whichever batch comes first", async () => {
  const own = (...at: number[]) => ({ readings: at.map((one) => ({ at: one, values: [1] })) });
  const batches = [
    own(START + 8 * SECOND, START + 9 * SECOND),
    own(START - 3 * DAY),
    { ...own(START - 3 * DAY + MINUTE), startedAt: START },
  ];
  for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
    const { batch, rows } = world();
    for (const offset of order) await batch("walk", offset, batches[offset]);
    expect(await rows()).toMatchObject([{ startedAt: START + 8 * SECOND, sampleCount: 2 }]);
  }
});
