import { expect, test } from "vitest";
import { createJourneyConfiguration } from "../../api/journeys/configure.ts";
import { createSettingsItems } from "../../api/journeys/settings.ts";
import type { JourneyStore } from "../../api/journeys/store.ts";
import type { TrailStore } from "../../api/journeys/trails.ts";
import { tables } from "../../api/resources.ts";
import { createSensorErasures } from "../../api/sessions/erasures.ts";
import { createSettings } from "../../api/sessions/settings.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const MINUTE = 60_000;

test("a process that is never idle learns within a minute what another one set, and by its own clock", async () => {
  const dynamo = createMemoryDynamo({ sensors: tables.sensors, sessions: tables.sessions });
  const names = { sessions: "sessions", sensors: "sensors" };
  const store = createSessionStore(dynamo, names);
  let now = Date.UTC(2026, 5, 1);
  const settings = createSettings({ store, erasures: createSensorErasures(dynamo, names), clock: () => now });
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

test("so it does of what a tenant decided about its journeys", async () => {
  const store = createSettingsItems(createMemoryDynamo({ journeys: tables.journeys }), "journeys");
  let now = Date.UTC(2026, 5, 1);
  const own = { store: store as unknown as JourneyStore, trails: {} as TrailStore, clock: () => now };
  const busy = createJourneyConfiguration(own);
  const before = await busy.of("busy");
  await store.replaceSettings("busy", { ...before, keepDays: 7, changedAt: now }, before);
  const asked: number[] = [];
  for (let second = 1; second <= 61; second++) {
    now += 1_000;
    asked.push((await busy.of("busy")).keepDays);
  }
  expect(asked.slice(0, 59)).toEqual(Array(59).fill(before.keepDays));
  expect(asked.at(-1)).toBe(7);
});
