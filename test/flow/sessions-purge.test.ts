import { afterAll, beforeAll, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { itemsOf } from "../kit/dump.ts";
import { mutate, SESSION_FIELDS } from "../kit/sessions.ts";
import { bucketOf } from "../kit/stores.ts";

/** What a person deleted can be restored for as long as a session is kept; then it goes for good, with its readings. */
const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const DAY = 86_400_000;
const START = NOW - 180 * MIN;
let api: TestApp;
let now = NOW;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => now });
});
afterAll(() => api.stop());

const at = (minute: number) => new Date(START + minute * MIN).toISOString();
const batch = (sessionId: string, batchOffset: number, minutes: readonly number[]) =>
  mutate(api, "t", "ingestSessionBatch", {
    ...{ sessionId, sensorId: "tag", batchOffset },
    readings: minutes.map((minute) => ({ at: at(minute), values: [minute] })),
  });
const sweep = () => api.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
const objects = async () => {
  const bucket = bucketOf(api.system, "readings");
  const keys: string[] = [];
  for await (const found of bucket.list("readings/tenant=t/")) keys.push(...found.map(({ key }) => key));
  return keys.map((key) => key.replace(/.*session=/, ""));
};
const remove = (sessionId: string, expectedVersion = 1) =>
  mutate(api, "t", "deleteSession", { sessionId, expectedVersion });
const read = async (sessionId: string) => {
  const query = `query ($id: String!) { session(sessionId: $id) { ${SESSION_FIELDS} readings { nodes { values } } } }`;
  return (await api.ask("t", query, { id: sessionId })).data.session;
};
const total = async () => {
  await api.settle();
  const range = `range: { between: { from: "${at(-60)}", to: "${at(180)}" } }`;
  const query = `{ metrics(sources: [SESSIONS, MOTION_EVENTS], ${range}, size: ONE_HOUR) { total } }`;
  return (await api.ask("t", query)).data.metrics.map((row: { total: number }) => row.total);
};

test("it goes when it can be restored no more, pinned or not; counts stay as they were without it", async () => {
  now = NOW;
  await batch("gone", 0, [0, 1]);
  await batch("kept", 0, [60, 61]);
  await mutate(api, "t", "annotateSession", { sessionId: "gone", expectedVersion: 1, pinned: true });
  const { session } = await mutate(api, "t", "recordMotion", { sensorId: "hall", at: at(0) });
  await remove("gone", 2);
  await remove(session.sessionId);
  expect(await total()).toEqual([1, 0]);
  now = NOW + 30 * DAY - 1;
  expect((await sweep()).purged).toBe(0);
  expect(await objects()).toEqual(["gone/0000000000.ndjson.gz", "kept/0000000000.ndjson.gz"]);
  now = NOW + 30 * DAY;
  expect(await sweep()).toMatchObject({ purged: 2 });
  expect((await sweep()).purged).toBe(0);
  expect(await objects()).toEqual(["kept/0000000000.ndjson.gz"]);
  const left = (await itemsOf(api.system, "sessions")).map(({ sk }) => sk!.S).filter((sk) => sk!.endsWith("#SESSION"));
  expect(left).toEqual(["kept#SESSION"]);
  expect(await total()).toEqual([1, 0]);
  expect(await mutate(api, "t", "restoreSession", { sessionId: "gone" })).toMatchObject({ code: "NOT_FOUND" });
});

test("restored in time it stays; of a split session the other part keeps its readings", async () => {
  now = NOW;
  await batch("walk", 0, [0, 10, 20]);
  await batch("walk", 1, [30, 40]);
  await mutate(api, "t", "splitSession", { sessionId: "walk", expectedVersion: 1, at: at(15), newSessionId: "rest" });
  await remove("rest");
  await mutate(api, "t", "restoreSession", { sessionId: "rest" });
  now = NOW + 29 * DAY;
  expect((await sweep()).purged).toBe(0);
  await remove("walk", 2);
  now = NOW + 60 * DAY;
  await sweep();
  expect((await objects()).filter((key) => key.startsWith("walk"))).toHaveLength(2);
  expect(await mutate(api, "t", "restoreSession", { sessionId: "walk" })).toMatchObject({ code: "NOT_FOUND" });
  expect((await sweep()).purged).toBe(0);
  now = NOW;
  expect((await read("rest")).readings.nodes.map(({ values }: { values: number[] }) => values[0])).toEqual([
    20,
    30,
    40,
  ]);
});

test("a note or label on a session whose readings another one holds does not let them go sooner", async () => {
  now = NOW;
  await batch("long", 0, [100, 110, 120]);
  await batch("long", 1, [130, 140]);
  const ttlOf = async () => {
    const items = await itemsOf(api.system, "sessions");
    return Number(items.find(({ sk }) => sk!.S === "long#SESSION")!.ttl!.N);
  };
  const own = await ttlOf();
  const input = { sessionId: "long", expectedVersion: 1, at: at(115), newSessionId: "late" };
  const { first } = await mutate(api, "t", "splitSession", input);
  const held = await ttlOf();
  expect(held).toBeGreaterThan(own);
  await mutate(api, "t", "annotateSession", { sessionId: "long", expectedVersion: first.version, labels: ["walk"] });
  expect(await ttlOf()).toBe(held);
});
