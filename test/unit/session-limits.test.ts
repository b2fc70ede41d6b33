import { expect, test } from "vitest";
import { InvalidInputError } from "../../api/core/errors.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

/** What one change of a sensor's line may move: as many sessions as one transaction of DynamoDB holds. */
const START = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const T = "limits";
/** Each that is taken in is a change and a place that goes, beside the session itself, a sheet, and the sensor: 100 parts. */
const MOST = 48;

/** A session of a film, and motion each hour after it. */
async function filmWith(count: number) {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods = dynamo as unknown as Record<string, (...args: unknown[]) => unknown>;
  let ids = 0;
  const host = hostOf(0, {
    ask: async (method, args) => await methods[method]!(...args),
    now: () => START + 100 * HOUR,
    id: () => `m${ids++}`,
  });
  const sensorId = `hall-${count}`;
  await host.create(T, "u", { sensorId, sessionId: "film", startedAt: START });
  for (let i = 1; i <= count; i++) await host.recordMotion(T, "u", { sensorId, at: START + i * HOUR });
  const end = () => host.end(T, { sessionId: "film", endedAt: START + (count + 1) * HOUR });
  const rows = async () =>
    (await host.list(T, { sensorId }, { first: 100 })).edges.map(({ node }) => node).toReversed();
  return { host, dynamo, end, rows };
}

test.each([29, 30, 31, MOST])("an end that is said late takes in %i sessions of motion in one step", async (count) => {
  const { end, rows } = await filmWith(count);
  await end();
  expect(await rows()).toMatchObject([{
    sessionId: "film",
    motionEventCount: count,
    endedAt: START + (count + 1) * HOUR,
  }]);
});

test("one more is refused in words with nothing changed; merged some at a time first, it goes", async () => {
  const { host, dynamo, end, rows } = await filmWith(MOST + 1);
  const before = [dynamo.dump("sessions"), dynamo.dump("sensors")];
  const refused = await end().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(InvalidInputError);
  expect((refused as InvalidInputError).fields).toMatchObject([{
    path: ["sessionId"],
    message: expect.stringContaining("Merge those that it takes in first, some at a time (mergeSessions)"),
  }]);
  expect([dynamo.dump("sessions"), dynamo.dump("sensors")]).toEqual(before);
  const seen = (await rows()).slice(1, 11).map(({ sessionId, version }) => ({ sessionId, expectedVersion: version }));
  await host.merge(T, { sessions: seen });
  await end();
  expect(await rows()).toMatchObject([{ sessionId: "film", motionEventCount: MOST + 1 }]);
});
