import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { batchOf, mutate, sessionOf } from "../kit/sessions.ts";

/** What is said of a session before all of it is known counts as if it had been said afterwards. */
const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const START = NOW - 120 * MIN;
const T = "held";
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const create = (id: string, at: number) =>
  mutate(api, T, "createSession", { sessionId: id, sensorId: `at ${id}`, startedAt: iso(at) });
const batch = (id: string, at: number) =>
  mutate(api, T, "ingestSessionBatch", { ...batchOf(id, 0, at, 3), sensorId: `at ${id}` });
const end = (id: string, at: number) => mutate(api, T, "endSession", { sessionId: id, endedAt: iso(at) });

describe("an end before the start that is known", () => {
  test.each([["create", "batch", "end"], ["create", "end", "batch"], ["batch", "create", "end"], [
    "batch",
    "end",
    "create",
  ]])("said in the order %s, %s, %s holds once an earlier start is known", async (...order) => {
    const id = order.join(" ");
    // Where the batch comes first the creation is the earlier one: each order has one end that comes before its start.
    const [created, read] = order[0] === "create" ? [START + 40 * MIN, START] : [START, START + 40 * MIN];
    const steps = {
      create: () => create(id, created),
      batch: () => batch(id, read),
      end: () => end(id, START + 20 * MIN),
    };
    const answers = new Map<string, { held?: string | null }>();
    for (const step of order) answers.set(step, await steps[step as keyof typeof steps]());
    const isEarly = order[1] === "end";
    expect(answers.get("end")!.held ?? "").toBe(
      isEarly
        ? `endedAt: is before the start that is known, ${
          iso(START + 40 * MIN)
        }; it is kept, and holds once an earlier start is known`
        : "",
    );
    expect(await sessionOf(api, T, id)).toMatchObject({
      startedAt: iso(START),
      endedAt: iso(START + 20 * MIN),
      endReason: "EXPLICIT",
    });
  });

  test("ends nothing before that, and keeps no later end from holding", async () => {
    await create("waits", START + 40 * MIN);
    await end("waits", START + 20 * MIN);
    expect(await sessionOf(api, T, "waits")).toMatchObject({ startedAt: iso(START + 40 * MIN), endReason: "IDLE" });
    await end("waits", START + 50 * MIN);
    expect(await sessionOf(api, T, "waits")).toMatchObject({ endedAt: iso(START + 50 * MIN), endReason: "EXPLICIT" });
    await batch("waits", START);
    expect(await sessionOf(api, T, "waits")).toMatchObject({ endedAt: iso(START + 20 * MIN), endReason: "EXPLICIT" });
  });

  test("of a session that motion alone opened is refused: nothing says which motion it is of", async () => {
    const { session } = await mutate(api, T, "recordMotion", { sensorId: "alone", at: iso(START) });
    expect(await end(session.sessionId, START - MIN)).toMatchObject({
      code: "INVALID_INPUT",
      fields: [{ path: ["endedAt"], message: `must not be before the start, ${iso(START)}` }],
    });
  });

  test("is one of at most 100 ends of a session; one more is refused and changes nothing", async () => {
    await create("many", START + 40 * MIN);
    for (let i = 0; i < 100; i++) expect(await end("many", START + i)).toMatchObject({ __typename: "SessionPayload" });
    expect(await end("many", START + 100)).toMatchObject({
      code: "INVALID_INPUT",
      fields: [{
        path: ["endedAt"],
        message: "is one of more than 100 ends of this session; correctSession says which it is",
      }],
    });
    expect(await end("many", START + 99)).toMatchObject({ __typename: "SessionPayload" });
  });
});
