import { expect, test } from "vitest";
import { createHub, type Hub } from "../../api/live/hub.ts";
import { tables } from "../../api/resources.ts";
import { createSensorErasures } from "../../api/sessions/erasures.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import { createSessionLists } from "../../api/sessions/lists.ts";
import { createQuarantineStore } from "../../api/sessions/quarantine.ts";
import type { Readings } from "../../api/sessions/readings.ts";
import { createSessions } from "../../api/sessions/service.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { createSessionWatch } from "../../api/sessions/watch.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1);
const T = "wakes";

function sessionsOver(hub: Hub, clock: () => number) {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const names = { sessions: "sessions", sensors: "sensors" };
  return createSessions({
    ...{ store: createSessionStore(dynamo, names), lineStore: createLineStore(dynamo, names) },
    ...{ erasures: createSensorErasures(dynamo, names), quarantine: createQuarantineStore(dynamo, names) },
    ...{ lists: createSessionLists(dynamo, names), daysOpenAt: () => Promise.resolve([]), readings: {} as Readings },
    ...{ hub, clock, ids: () => "m" },
  });
}

test(
  "whoever follows hears at once of a session that the sweeper ended, without looking again by the clock",
  async () => {
    const hub = createHub();
    let now = NOW;
    const clock = () => now;
    const sessions = sessionsOver(hub, clock);
    const watch = createSessionWatch({ sessions, log: { since: async () => [] }, hub, clock, pollMs: 2 ** 30 });
    const leave = new AbortController();
    const feed = watch(T, undefined, undefined, leave.signal);
    const first = feed.next();
    await new Promise((resolve) => setImmediate(resolve));
    await sessions.recordMotion(T, "u", { sensorId: "s", at: NOW });
    expect((await first).value).toMatchObject({ sessionId: "m", status: "ACTIVE" });
    // Whatever the motion woke has read by then.
    const next = feed.next();
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    now = NOW + 6 * 60_000;
    await sessions.sweep();
    expect((await next).value).toMatchObject({ sessionId: "m", status: "COMPLETED", endedBy: "IDLE" });
    leave.abort();
  },
);

test("whatever a person does with a session wakes whoever follows", async () => {
  let wakes = 0;
  const sessions = sessionsOver({ ...createHub(), wake: () => void wakes++ }, () => NOW);
  const of = { sessionId: "a" };
  const seen = async () => ({ ...of, expectedVersion: (await sessions.find(T, ["a"])).get("a")!.version });
  const acts: [string, () => Promise<unknown>][] = [
    ["create", () => sessions.create(T, "u", { ...of, sensorId: "s", startedAt: NOW - 60_000 })],
    ["annotate", async () => sessions.annotate(T, { ...await seen(), labels: ["x"] })],
    ["update", () => sessions.update(T, { ...of, updateId: "1", playbackStarted: true })],
    ["end", () => sessions.end(T, { ...of, endedAt: NOW - 1_000 })],
    ["correct", async () => sessions.correct(T, { ...await seen(), startedAt: NOW - 90_000 })],
    ["remove", async () => sessions.remove(T, await seen())],
    ["restore", () => sessions.restore(T, of)],
  ];
  for (const [name, act] of acts) {
    wakes = 0;
    expect([name, await act()]).toEqual([name, expect.objectContaining({ session: expect.anything() as unknown })]);
    expect([name, wakes > 0]).toEqual([name, true]);
  }
});
