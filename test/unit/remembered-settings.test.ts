import { expect, test } from "vitest";
import { tables } from "../../api/resources.ts";
import { createSettings } from "../../api/sessions/settings.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const MINUTE = 60_000;

test("a process that is never idle learns within a minute what another one set, and by its own clock", async () => {
  const dynamo = createMemoryDynamo({ sensors: tables.sensors, sessions: tables.sessions });
  const store = createSessionStore(dynamo, { sessions: "sessions", sensors: "sensors" });
  let now = Date.UTC(2026, 5, 1);
  const settings = createSettings(store, () => now);
  const busy = { tenantId: "busy", sensorId: "hall" };
  expect(await settings.erasedUntil(busy.tenantId, busy.sensorId)).toBeUndefined();
  await store.putErased(busy, now);
  await store.putIdle(busy.tenantId, undefined, { keepMs: 7 * 1_440 * MINUTE });
  const erasedAt = now;
  const asked: unknown[] = [];
  for (let second = 1; second <= 61; second++) {
    now += 1_000;
    asked.push(await settings.erasedUntil(busy.tenantId, busy.sensorId));
  }
  expect(asked.slice(0, 59)).toEqual(Array(59).fill(undefined));
  expect(asked.at(-1)).toBe(erasedAt);
  expect(await settings.keepMsOf(busy.tenantId)).toBe(7 * 1_440 * MINUTE);
});
