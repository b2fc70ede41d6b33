import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { mutate, SESSION_FIELDS, sessionOf } from "../kit/sessions.ts";

/** What is said of one session and then of what it became is said of both: a merge or split that is taken back loses none of it. */
const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const START = NOW - 180 * MIN;
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const at = (minute: number) => iso(START + minute * MIN);
const motion = (tenant: string, minute: number, more: object = {}) =>
  mutate(api, tenant, "recordMotion", { sensorId: "hall", at: at(minute), ...more });
const batch = (tenant: string, sessionId: string, batchOffset: number, minutes: readonly number[]) =>
  mutate(api, tenant, "ingestSessionBatch", {
    ...{ sessionId, sensorId: "hall", batchOffset },
    readings: minutes.map((minute) => ({ at: at(minute), values: [minute] })),
  });
const create = (tenant: string, sessionId: string, minute: number) =>
  mutate(api, tenant, "createSession", { sessionId, sensorId: "hall", startedAt: at(minute) });
const end = (tenant: string, sessionId: string, minute: number) =>
  mutate(api, tenant, "endSession", { sessionId, endedAt: at(minute) });
const correct = async (tenant: string, sessionId: string, change: object) =>
  await mutate(api, tenant, "correctSession", { ...await seen(tenant, sessionId), ...change });
const seen = async (tenant: string, sessionId: string) => ({
  sessionId,
  expectedVersion: (await sessionOf(api, tenant, sessionId)).version as number,
});
const merge = async (tenant: string, ...ids: string[]) => {
  const sessions = await Promise.all(ids.map((id) => seen(tenant, id)));
  const merged = await mutate(api, tenant, "mergeSessions", { sessions });
  expect(merged).toMatchObject({ __typename: "SessionPayload" });
};
const undo = async (tenant: string, sessionId: string) =>
  await mutate(api, tenant, "undoSessionCorrection", await seen(tenant, sessionId));
const rows = async (tenant: string) => {
  const answer = await api.ask(tenant, `{ sessions(first: 100) { nodes { ${SESSION_FIELDS} notes } } }`);
  return answer.data.sessions.nodes.reverse() as { sessionId: string; version: number }[];
};
/** Without versions, which an undo moves. */
const plain = (all: readonly { version: number }[]) => all.map((session) => ({ ...session, version: 0 }));

describe("the same end, said of a session and then of what it was merged into", () => {
  const begin = async (tenant: string) => {
    await create(tenant, `${tenant}-a`, 0);
    await batch(tenant, `${tenant}-a`, 0, [1, 2]);
    await create(tenant, `${tenant}-b`, 60);
    await motion(tenant, 61);
    await end(tenant, `${tenant}-b`, 70);
    const before = await rows(tenant);
    await merge(tenant, `${tenant}-a`, `${tenant}-b`);
    return before;
  };

  test("is said of both: the merge is not taken back, for that would lose it", async () => {
    await begin("both");
    expect(await end("both", "both-a", 70)).toMatchObject({ session: { endedAt: at(70), endReason: "EXPLICIT" } });
    expect(await undo("both", "both-a")).toMatchObject({ code: "INVALID_INPUT" });
    expect(await rows("both")).toMatchObject([{ sessionId: "both-a", endedAt: at(70) }]);
  });

  test("by the id of the first is that message once more: the merge is taken back, and all is as it was", async () => {
    const before = await begin("again");
    await end("again", "again-b", 70);
    expect(await undo("again", "again-a")).toMatchObject({ sessionId: "again-a" });
    expect(plain(await rows("again"))).toEqual(plain(before));
  });

  test("later than that of the other is kept as well", async () => {
    await begin("later");
    await end("later", "later-a", 80);
    expect(await rows("later")).toMatchObject([{ endedAt: at(70) }]);
    expect(await undo("later", "later-a")).toMatchObject({ code: "INVALID_INPUT" });
  });
});

test.each([["early first", 10, 30], ["late first", 30, 10]])(
  "of several ends each is kept, %s: where the start turns out to lie after one, the next holds",
  async (name, first, second) => {
    const [tenant, id] = [name.replace(" ", "-"), name];
    await create(tenant, id, 0);
    await end(tenant, id, first);
    await end(tenant, id, second);
    expect(await sessionOf(api, tenant, id)).toMatchObject({ endedAt: at(10), endReason: "EXPLICIT" });
    await correct(tenant, id, { startedAt: at(20) });
    expect(await sessionOf(api, tenant, id)).toMatchObject({ endedAt: at(30), endReason: "EXPLICIT" });
  },
);

test("a start that a person had corrected does not come back by a merge, nor by a late batch after it", async () => {
  await batch("start", "device", 0, [1, 20]);
  await correct("start", "device", { startedAt: at(12) });
  await motion("start", 6);
  const before = await rows("start");
  expect(before).toMatchObject([{ startedAt: at(6), motionEventCount: 1 }, { startedAt: at(12), sampleCount: 2 }]);
  const first = before[0]!.sessionId;
  await merge("start", first, "device");
  expect(await rows("start")).toMatchObject([{ sessionId: first, startedAt: at(6), sampleCount: 2 }]);
  await batch("start", "device", 1, [0, 21]);
  expect(await rows("start")).toMatchObject([{ sessionId: first, startedAt: at(6), sampleCount: 4 }]);
  expect(await undo("start", first)).toMatchObject({ sessionId: first });
  expect(await rows("start")).toMatchObject([{ startedAt: at(6) }, { startedAt: at(12), sampleCount: 4 }]);
  await correct("start", "device", { startedAt: null });
  expect(await rows("start")).toMatchObject([{ sessionId: "device", startedAt: at(0), motionEventCount: 1 }]);
});

describe("what comes between a merge and its undo", () => {
  const begin = async (tenant: string) => {
    await batch(tenant, `${tenant}-a`, 0, [0, 5]);
    await motion(tenant, 2);
    await batch(tenant, `${tenant}-b`, 0, [60, 65]);
    await mutate(api, tenant, "annotateSession", { ...await seen(tenant, `${tenant}-b`), labels: ["b"], notes: "B." });
    await merge(tenant, `${tenant}-a`, `${tenant}-b`);
  };
  const annotate = (change: object) => async (tenant: string) =>
    await mutate(api, tenant, "annotateSession", { ...await seen(tenant, `${tenant}-a`), ...change });

  test.each<[string, (tenant: string) => Promise<unknown>]>([
    ["an end of the one", (tenant) => end(tenant, `${tenant}-a`, 66)],
    ["an end of the other", (tenant) => end(tenant, `${tenant}-b`, 66)],
    ["labels", annotate({ labels: ["b", "c"] })],
    ["notes", annotate({ notes: "B.\nMore." })],
    ["a pin", annotate({ pinned: true })],
    ["its end corrected", (tenant) => correct(tenant, `${tenant}-a`, { endedAt: at(64) })],
    ["its start corrected", (tenant) => correct(tenant, `${tenant}-a`, { startedAt: at(1) })],
    ["its sensor corrected", (tenant) => correct(tenant, `${tenant}-a`, { sensorId: "door" })],
  ])("was said by somebody (%s): the undo is refused, and all of it stays", async (name, say) => {
    const tenant = name.replaceAll(" ", "-");
    await begin(tenant);
    await say(tenant);
    const before = await rows(tenant);
    expect(before).toHaveLength(1);
    expect(await undo(tenant, `${tenant}-a`)).toMatchObject({ code: "INVALID_INPUT" });
    expect(await rows(tenant)).toEqual(before);
  });

  test.each<[string, (tenant: string) => Promise<unknown>, object[]]>([
    ["motion", (tenant) => motion(tenant, 63), [{ motionEventCount: 1 }, { motionEventCount: 1 }]],
    ["an off", (tenant) => motion(tenant, 30, { state: "CLEARED" }), [{ lastMotionAt: at(30) }, {}]],
    ["a batch of the one", (tenant) => batch(tenant, `${tenant}-a`, 1, [6]), [{ sampleCount: 3 }, { sampleCount: 2 }]],
    ["a batch of the other", (tenant) => batch(tenant, `${tenant}-b`, 1, [66]), [{}, { sampleCount: 3 }]],
    ["a start of the other", (tenant) => create(tenant, `${tenant}-b`, 58), [{}, { startedAt: at(58) }]],
  ])(
    "was sent by a device (%s): it is taken back, and what was sent is where it belongs",
    async (name, send, expected) => {
      const tenant = name.replaceAll(" ", "-");
      await begin(tenant);
      await send(tenant);
      expect(await undo(tenant, `${tenant}-a`)).toMatchObject({ sessionId: `${tenant}-a` });
      expect(await rows(tenant)).toMatchObject([
        { sessionId: `${tenant}-a`, startedAt: at(0), sampleCount: 2, labels: [], notes: null, ...expected[0] },
        { sessionId: `${tenant}-b`, startedAt: at(60), labels: ["b"], notes: "B.", ...expected[1] },
      ]);
    },
  );
});

test("sessions with a deleted one between them are not merged: the answer says that it is to be restored first", async () => {
  for (const minute of [0, 20, 40]) await motion("between", minute);
  const [one, two, three] = (await rows("between")).map(({ sessionId }) => sessionId) as [string, string, string];
  await mutate(api, "between", "deleteSession", await seen("between", two));
  const sessions = await Promise.all([one, three].map((id) => seen("between", id)));
  expect(await mutate(api, "between", "mergeSessions", { sessions })).toMatchObject({
    code: "INVALID_INPUT",
    fields: [{ message: expect.stringContaining("a person deleted it: restore it first") }],
  });
});
