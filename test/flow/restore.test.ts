import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRestorer } from "../../api/aws/restore.ts";
import { restore } from "../../api/jobs/restore.ts";
import { provision } from "../../api/local/provision.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { metricsOf } from "../kit/metrics.ts";

const NOW = Date.now();
const HOUR = 3_600_000;
const at = new Date(NOW - 60_000).toISOString();
const events = [1, 2, 3].map((seq) => (
  { sessionId: "s", seq, type: "MESSAGE_SENT", occurredAt: new Date(NOW - 60_000 + seq).toISOString(), text: `q${seq}` }
));
const RECORD = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  ... on RecordEventsPayload { accepted duplicates } } }`;
const SEEN = `{ journeys(first: 5) { nodes { sessionId eventCount firstQuestion } }
  sessions(first: 5) { nodes { sensor { sensorId } motionEventCount } } }`;
const MOTION = `mutation ($at: DateTime!) { recordMotion(input: { sensorId: "hall", seq: 1, at: $at }) {
  ... on RecordMotionPayload { started duplicate } } }`;
const AUDIT = `mutation { auditMetrics(input: { source: TASKS, range: { last: DAY } }) {
  ... on AuditMetricsPayload { recordsCounted differences { recounted } } } }`;

let before: TestApp;
let after: TestApp;
const lines: string[] = [];
const drill = () =>
  restore({
    restorer: createRestorer(before.system.clients),
    from: "test",
    to: "drill",
    at: undefined,
    hasBackups: false,
    tell: (line) => lines.push(line),
  });

beforeAll(async () => {
  before = await startTestApp();
  await before.ask("t", RECORD, { events });
  await before.ask("t", MOTION, { at });
  await metricsOf(before, "t").record([{ source: "TASKS", recordId: "r1", at }]);
  await before.settle();
  await drill();
  // A stack would make the queues.
  await provision(before.system.clients, "drill");
  after = await startTestApp({ system: { ...before.system, prefix: "drill" } });
});
afterAll(async () => {
  await after.stop();
  await before.stop();
});

const total = (api: TestApp, source: string) =>
  metricsOf(api, "t").series(source, "ONE_HOUR", NOW - 3 * HOUR, NOW + HOUR).then(({ total }) => total);

describe("what was restored under another prefix", () => {
  test("answers as before, and says what it took", async () => {
    expect((await after.ask("t", SEEN)).data).toEqual((await before.ask("t", SEEN)).data);
    expect(lines.find((line) => line.startsWith("drill-journeys"))).toMatch(/^drill-journeys: [1-9]\d* in \d+ bytes$/);
    expect(lines.find((line) => line.startsWith("drill-events"))).toMatch(/^drill-events: 1 in \d+ bytes$/);
  });

  test("is not counted again: its streams begin with what comes", async () => {
    await after.settle();
    for (const source of ["TASKS", "JOURNEY_EVENTS", "JOURNEYS", "SESSIONS"]) {
      expect([source, await total(after, source)]).toEqual([source, await total(before, source)]);
    }
  });

  test("knows what it knew: repeats are repeats, and what is new counts once", async () => {
    const again = await after.ask("t", RECORD, { events: [...events, { ...events[0]!, seq: 4 }] });
    expect(again.data.recordEvents).toEqual({ accepted: 1, duplicates: 3 });
    expect((await after.ask("t", MOTION, { at })).data.recordMotion).toEqual({ started: false, duplicate: true });
    await after.settle();
    expect(await total(after, "JOURNEY_EVENTS")).toBe(4);
    expect(await total(before, "JOURNEY_EVENTS")).toBe(3);
  });

  test("holds by the audits", async () => {
    expect((await after.ask("t", AUDIT)).data.auditMetrics).toEqual({ recordsCounted: 1, differences: [] });
  });

  test("is written over by no second restoration", async () => {
    await expect(drill()).rejects.toThrow("is there: nothing is written over; name another prefix");
  });
});
