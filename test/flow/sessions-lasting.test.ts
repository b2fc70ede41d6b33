import { afterAll, beforeAll, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { mutate, SESSION_FIELDS } from "../kit/sessions.ts";

/** A sensor that says on and off: one event, and the session goes on until it ceased, in whatever order that comes. */
const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const START = NOW - 600 * MIN;
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const at = (minute: number) => new Date(START + minute * MIN).toISOString();
const motion = (sensorId: string, minute: number, until?: number) =>
  mutate(api, "t", "recordMotion", {
    ...{ sensorId, at: at(minute) },
    ...(until === undefined ? {} : { endedAt: at(until) }),
  });
const rows = async (sensorId: string) => {
  await api.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
  const query = `query ($id: String!) { sessions(filter: { sensorId: $id }) { nodes { ${SESSION_FIELDS} } } }`;
  return (await api.ask("t", query, { id: sensorId })).data.sessions.nodes.reverse();
};
const orders = <V>(all: readonly V[]): V[][] =>
  all.length < 2
    ? [[...all]]
    : all.flatMap((one, i) => orders(all.filter((_, j) => j !== i)).map((rest) => [one, ...rest]));

test("eight hours on a bed are one session and one event", async () => {
  expect((await motion("bed", 0, 480)).session).toMatchObject({ lastMotionAt: at(480), motionEventCount: 1 });
  expect(await rows("bed")).toMatchObject([{
    startedAt: at(0),
    endedAt: at(480),
    motionEventCount: 1,
    endReason: "IDLE",
  }]);
});

test("with other motion in any order: the same sessions", async () => {
  const said: [number, number?][] = [[0, 20], [10], [24], [40, 41]];
  for (const [i, order] of orders(said).entries()) {
    for (const [minute, until] of order) await motion(`order ${i}`, minute, until);
    expect(await rows(`order ${i}`)).toMatchObject([
      { startedAt: at(0), endedAt: at(24), motionEventCount: 3 },
      { startedAt: at(40), endedAt: at(41), motionEventCount: 1 },
    ]);
  }
});

test("the same event again lasts longer where it says so, and never shorter", async () => {
  await motion("again", 0);
  for (const [until, ends] of [[30, 30], [10, 30], [31, 31]] as const) {
    expect(await motion("again", 0, until)).toMatchObject({ duplicate: true, session: { lastMotionAt: at(ends) } });
  }
  expect(await rows("again")).toMatchObject([{ endedAt: at(31), motionEventCount: 1 }]);
  expect(await motion("again", 5, 4)).toMatchObject({ code: "INVALID_INPUT", fields: [{ path: ["endedAt"] }] });
  expect(await motion("again", 0, 700)).toMatchObject({ code: "INVALID_INPUT", fields: [{ path: ["endedAt"] }] });
});

test("a device's session that ended before it leaves it a session of its own, whichever was said first", async () => {
  const readings = [0, 1, 2].map((minute) => ({ at: at(minute), values: [minute] }));
  const device = (id: string) => ({ sessionId: `device ${id}`, sensorId: id });
  for (const order of orders(["motion", "first", "final"] as const)) {
    const id = order.join(" ");
    for (const said of order) {
      if (said === "motion") await motion(id, 4, 6);
      else if (said === "first") {
        await mutate(api, "t", "ingestSessionBatch", { ...device(id), batchOffset: 0, startedAt: at(0), readings });
      } else {
        const last = [{ at: at(2.5), values: [9] }];
        const end = { batchOffset: 1, final: true, startedAt: at(0), durationMs: 3 * MIN };
        await mutate(api, "t", "ingestSessionBatch", { ...device(id), ...end, readings: last });
      }
    }
    expect([id, await rows(id)]).toMatchObject([id, [
      { sessionId: `device ${id}`, startedAt: at(0), endedAt: at(3), motionEventCount: 0, sampleCount: 4 },
      { startedAt: at(4), endedAt: at(6), motionEventCount: 1 },
    ]]);
  }
});
