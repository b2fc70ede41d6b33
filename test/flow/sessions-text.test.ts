import { fc } from "../kit/property.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { mutate, sessionOf } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const T = "any";
const AT = new Date(NOW).toISOString();
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
  await mutate(api, T, "createSession", { sensorId: "begun", sessionId: "begun" });
});
afterAll(() => api.stop());

type Mutation = Parameters<typeof mutate>[2];

describe("whatever text comes as id, label or note", () => {
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const odd = [
    "",
    "#",
    "%",
    "%23",
    "a#SESSION",
    "..",
    "../../x",
    "__proto__",
    "constructor",
    "漢".repeat(128),
    "\ud800",
  ];
  const text = fc.oneof(
    fc.string({ maxLength: 140 }),
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({ unit, maxLength: 10 }),
    fc.constantFrom(...odd),
  );
  const calls = {
    createSession: fc.record({ sensorId: text, sessionId: text, playbackDeviceId: text, playbackContextUri: text }),
    recordMotion: fc.record({ sensorId: text, seq: fc.nat(20), at: fc.constant(AT) }),
    updateSession: fc.record({ sessionId: text, updateId: text, playbackFailure: text }),
    endSession: fc.record({ sessionId: text }),
    recordPause: fc.record({ sessionId: text, from: fc.constant(AT), to: fc.constant(AT) }),
    annotateSession: fc.record({
      sessionId: fc.oneof(text, fc.constant("begun")),
      expectedVersion: fc.nat(3),
      labels: fc.array(text, { maxLength: 5 }),
      notes: text,
    }),
    ingestSessionBatch: fc.record({ sessionId: text, sensorId: text, batchOffset: fc.nat(20) }).map((own) => (
      { ...own, readings: [{ at: AT, values: [1, 2] }] }
    )),
    correctSession: fc.record({ sessionId: text, expectedVersion: fc.nat(3), endedAt: fc.constant(AT) }),
    mergeSessions: fc.record({
      sessions: fc.array(fc.record({ sessionId: text, expectedVersion: fc.nat(3) }), { maxLength: 3 }),
    }),
    splitSession: fc.record({ sessionId: text, expectedVersion: fc.nat(3), at: fc.constant(AT), newSessionId: text }),
    undoSessionCorrection: fc.record({ sessionId: text, expectedVersion: fc.nat(3) }),
    deleteSession: fc.record({ sessionId: text, expectedVersion: fc.nat(3) }),
    restoreSession: fc.record({ sessionId: text }),
    resolveQuarantined: fc.record({ sensorId: text, quarantineId: text, admit: fc.boolean() }),
    renameSensor: fc.record({ sensorId: text, name: text }),
    configureSessions: fc.record({ sensorId: text, idleTimeout: fc.constant(60_000) }),
  } satisfies Record<Mutation, fc.Arbitrary<object>>;
  const call = fc.oneof(
    ...Object.entries(calls).map(([name, input]: [string, fc.Arbitrary<object>]) =>
      fc.record({ name: fc.constant(name as Mutation), input })
    ),
  );

  test("a mutation answers with a member of its result union, and an id comes back as it was given", async () => {
    await fc.assert(
      fc.asyncProperty(call, async ({ name, input }) => {
        const answer = await mutate(api, T, name, input);
        expect(answer.__typename).toMatch(/(Payload|Error)$/);
        const { sessionId, sensorId } = input as { sessionId?: string; sensorId?: string };
        if (!answer.session || sessionId === undefined) return;
        const stored = await sessionOf(api, T, sessionId);
        expect(stored.sessionId).toBe(sessionId);
        if (sensorId !== undefined) expect(stored.sensor.sensorId).toBe(sensorId);
      }),
      { numRuns: 300 },
    );
  });

  test("a query answers without an error of ours", async () => {
    const query = `query ($id: String!, $filter: SessionFilter) {
      session(sessionId: $id) { readings(first: 5) { nodes { values } } } activeSession(sensorId: $id) { sessionId }
      sensor(sensorId: $id) { sensorId } sessions(filter: $filter) { nodes { sessionId } }
    }`;
    const long = fc.string({ minLength: 2_000, maxLength: 3_000 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, long), fc.boolean(), async (id, isLabel) => {
        const filter = isLabel ? { label: id } : { sensorId: id };
        const { errors } = await api.ask(T, query, { id, filter });
        expect(errors?.map((error) => error.extensions.code) ?? []).not.toContain("INTERNAL");
      }),
      { numRuns: 200 },
    );
  });
});
