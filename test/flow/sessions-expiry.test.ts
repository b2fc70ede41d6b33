import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { itemsOf } from "../kit/dump.ts";
import { mutate } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const HOUR = 60 * MIN;
let api: TestApp;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const motion = (sensorId: string, seq: number, at: number) =>
  mutate(api, "t", "recordMotion", { sensorId, seq, at: new Date(at).toISOString() });

describe("a sensor whose only session was deleted when its time had come", () => {
  test("still knows the numbers that were counted", async () => {
    const { session } = await motion("forgotten", 1, NOW - HOUR);
    await motion("forgotten", 2, NOW - HOUR + MIN);
    const table = `${api.system.prefix}-sessions`;
    const item = (await itemsOf(api.system, "sessions")).find(({ sk }) => sk?.S === `${session.sessionId}#SESSION`)!;
    const key = { pk: item.pk!, sk: item.sk! };
    await api.system.clients.dynamodb.send(new DeleteItemCommand({ TableName: table, Key: key }));
    const before = unmarshall(item);
    await api.app.ingestStream("sessions", [{
      shard: "s",
      sequence: "1",
      keys: unmarshall(key),
      before,
      after: undefined,
      isExpiry: true,
      arrivedAt: 0,
    }]);
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
