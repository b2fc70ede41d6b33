import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { itemsOf, removeItem } from "../kit/dump.ts";
import { mutate } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const HOUR = 60 * MIN;
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const motion = (sensorId: string, seq: number, at: number) =>
  mutate(api, "t", "recordMotion", { sensorId, seq, at: new Date(at).toISOString() });

/** Deletes a session as DynamoDB does when its time has come. */
async function expire(sessionId: string): Promise<void> {
  const item = (await itemsOf(api.system, "sessions")).find(({ sk }) => sk?.S === `${sessionId}#SESSION`)!;
  const key = { pk: item.pk!, sk: item.sk! };
  await removeItem(api.system, "sessions", key);
  await api.app.ingestStream("sessions", [{
    shard: "s",
    sequence: "1",
    keys: unmarshall(key),
    before: unmarshall(item),
    after: undefined,
    isExpiry: true,
    arrivedAt: 0,
  }]);
}

test("the numbers of a sensor never go back: an older session that is deleted after the latest leaves them as they are", async () => {
  const { session: older } = await motion("back", 1, NOW - 3 * HOUR);
  const { session: latest } = await motion("back", 5, NOW - HOUR);
  await expire(latest.sessionId);
  await expire(older.sessionId);
  expect(await motion("back", 5, NOW)).toMatchObject({ code: "PAYLOAD_MISMATCH" });
  expect(await motion("back", 6, NOW)).toMatchObject({ started: true, session: { motionEventCount: 1 } });
});

describe("a sensor whose only session was deleted when its time had come", () => {
  test("still knows the numbers that were counted", async () => {
    const { session } = await motion("forgotten", 1, NOW - HOUR);
    await motion("forgotten", 2, NOW - HOUR + MIN);
    await expire(session.sessionId);
    expect(await motion("forgotten", 2, NOW - HOUR + MIN)).toMatchObject({
      code: "INVALID_INPUT",
      fields: [{
        path: ["seq"],
        message: expect.stringContaining("was recorded before, in a session that has been deleted since"),
      }],
    });
    const next = await motion("forgotten", 3, NOW);
    expect(next).toMatchObject({ started: true, session: { motionEventCount: 1 } });
    expect(await motion("forgotten", 1, NOW - HOUR)).toMatchObject({ code: "INVALID_INPUT" });
    expect(await motion("forgotten", 3, NOW)).toMatchObject({ duplicate: true, session: { motionEventCount: 1 } });
  });
});
