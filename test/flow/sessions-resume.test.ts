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

test.each(["nonsense", Buffer.from(JSON.stringify(["x", [1, []]])).toString("base64url")])(
  "a cursor %s is told",
  async (after) => {
    const stream = await openSse(other, { tenantId: "t3", query: QUERY, variables: { after } });
    expect((await stream.next())!.errors![0]!.message).toMatch(/^after: is no cursor of this list/);
  },
);
