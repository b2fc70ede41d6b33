import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { batchOf, mutate } from "../kit/sessions.ts";
import { openSse } from "../kit/sse.ts";

/** Sessions that are followed over two processes that tell each other nothing, and over cuts. */
const START = Date.now() - 3_600_000;
const LONG_AGO = START - 24 * 3_600_000;
const NEWEST = 100;
let system: TestSystem;
let api: TestApp;
let other: TestApp;
let counting = true;
let pump: Promise<void>;

beforeAll(async () => {
  system = await startTestSystem();
  api = await startTestApp({ system, pollMs: 20 });
  other = await startTestApp({ system, pollMs: 20 });
  // What counts: a third process, as far as these two know.
  pump = (async () => {
    while (counting) await other.settle();
  })();
});
afterAll(async () => {
  counting = false;
  await pump;
  await api.stop();
  await other.stop();
  await system.stop();
});

type Given = { sessionId: string; sampleCount: number; cursor: string };
const QUERY = `subscription ($after: String) { sessionChanged(after: $after) { sessionId sampleCount cursor } }`;
const follow = async (tenantId: string, after?: string) => {
  const stream = await openSse<{ sessionChanged: Given }>(other, { tenantId, query: QUERY, variables: { after } });
  return { ...stream, next: async () => (await stream.next())!.data!.sessionChanged };
};
const send = (tenantId: string, sessionId: string, offset: number, at: number, on = api) =>
  mutate(on, tenantId, "ingestSessionBatch", batchOf(sessionId, offset, at, 1));

test(
  "a change by another process reaches who follows, also of a session that a hundred newer ones came after",
  async () => {
    const old = "old";
    await send("t1", old, 0, LONG_AGO);
    for (let i = 0; i <= NEWEST; i++) await send("t1", `new-${i}`, 0, START + i);
    await other.settle();
    const stream = await follow("t1");
    const first = stream.next();
    let offset = 1;
    // "From now on" begins with the first read: it is changed until something is given.
    let isGiven = false;
    void first.then(() => isGiven = true);
    while (!isGiven) await send("t1", old, offset++, LONG_AGO + offset);
    expect((await first).sessionId).toBe(old);
    await stream.leave();
  },
);

test("from a cursor on every session that changed is given as it is, and none that did not", async () => {
  await send("t2", "a", 0, LONG_AGO);
  const stream = await follow("t2");
  const first = stream.next();
  let isGiven = false;
  void first.then(() => isGiven = true);
  let offset = 1;
  while (!isGiven) await send("t2", "a", offset++, LONG_AGO + offset);
  const { cursor } = await first;
  await stream.leave();
  for (let i = 0; i < 3; i++) await send("t2", `b${i}`, 0, LONG_AGO + i);
  await send("t2", "b1", 1, LONG_AGO + 10);
  await other.settle();
  const again = await follow("t2", cursor);
  const given = new Map<string, Given>();
  while (!["b0", "b1", "b2"].every((id) => given.has(id)) || given.get("b1")!.sampleCount < 2) {
    const session = await again.next();
    given.set(session.sessionId, session);
  }
  await again.leave();
  const last = [...given.values()].at(-1)!.cursor;
  // With nothing new nothing comes: the next thing given is the next thing done.
  const quiet = await follow("t2", last);
  const next = quiet.next();
  await send("t2", "c", 0, LONG_AGO);
  expect((await next).sessionId).toBe("c");
  await quiet.leave();
});

test("from where a list was read on it is told of all that was said, joined, moved and deleted since, also of one sensor", async () => {
  const tenantId = "t4";
  const motion = async (sensorId: string, seq: number, minute: number) => {
    const at = new Date(START + minute * 60_000).toISOString();
    const { session } = await mutate(api, tenantId, "recordMotion", { sensorId, seq, at });
    return session as { sessionId: string; version: number };
  };
  const [early, late] = [await motion("door", 1, 0), await motion("door", 2, 8)];
  const [moved, gone] = [await motion("gate", 1, 0), await motion("yard", 1, 0)];
  const { data } = await other.ask(tenantId, "{ sessions { nodes { sessionId } } feedCursor }");
  expect(data.sessions.nodes).toHaveLength(4);
  await motion("door", 3, 4);
  const expecting = ({ sessionId, version }: typeof early) => ({ sessionId, expectedVersion: version });
  await mutate(api, tenantId, "correctSession", { ...expecting(moved), sensorId: "shed" });
  await mutate(api, tenantId, "deleteSession", expecting(gone));
  const begun = await motion("new", 1, 5);
  await other.settle();
  const query = `subscription ($sensorId: String, $after: String) { sessionChanged(sensorId: $sensorId, after: $after) {
    sessionId deletedAt sensor { sensorId } mergedInto { sessionId } motionEventCount } }`;
  type Told = {
    sessionId: string;
    deletedAt: string | null;
    sensor: { sensorId: string };
    mergedInto: { sessionId: string } | null;
    motionEventCount: number;
  };
  const toldOf = async (sensorId: string | null, isEnough: (told: Map<string, string>) => boolean) => {
    const stream = await openSse<{ sessionChanged: Told }>(other, {
      tenantId,
      query,
      variables: { sensorId, after: data.feedCursor },
    });
    const told = new Map<string, string>();
    while (!isEnough(told)) {
      const { sessionChanged: is } = (await stream.next())!.data!;
      const end = is.deletedAt ? "deleted" : is.mergedInto?.sessionId;
      told.set(is.sessionId, [is.sensor.sensorId, is.motionEventCount, ...end ? [end] : []].join(" "));
    }
    await stream.leave();
    return told;
  };
  const now = new Map([
    [early.sessionId, "door 3"],
    [late.sessionId, `door 1 ${early.sessionId}`],
    [moved.sessionId, "shed 1"],
    [gone.sessionId, "yard 1 deleted"],
    [begun.sessionId, "new 1"],
  ]);
  expect(await toldOf(null, (told) => [...now].every(([id, is]) => told.get(id) === is))).toEqual(now);
  expect(await toldOf("gate", ({ size }) => size > 0)).toEqual(new Map([[moved.sessionId, "shed 1"]]));
});

test.each(["nonsense", Buffer.from(JSON.stringify(["x", [1, []]])).toString("base64url")])(
  "a cursor %s is told",
  async (after) => {
    const stream = await openSse(other, { tenantId: "t3", query: QUERY, variables: { after } });
    expect((await stream.next())!.errors![0]!.message).toMatch(/^after: is no cursor of this list/);
  },
);
