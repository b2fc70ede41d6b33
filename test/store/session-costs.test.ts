import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { batchOf, mutate, SESSION_FIELDS } from "../kit/sessions.ts";

/**
 * The costs of sessions, as DynamoDB reports them with each answer (index arms included), and every request that was sent.
 * A write that its condition refused reports no units, so `units` lacks it; AWS bills it like a write, at least 1 unit.
 */
const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const START = NOW - 3 * HOUR;
const BUDGET = { batchWriteUnits: 2, listReadUnits: 2 };
const BATCHES_A_SHEET = 24;
const T = "tenant-one";
const PLAYBACK = { playbackDeviceId: "speaker-0042", playbackContextUri: "music:playlist:37i9dQZF1DX4sWSpwq3LiO" };
/** The longest notes. */
const NOTES = "A note. ".repeat(1_250);

const toS3 = vi.spyOn(S3Client.prototype, "send");
const toDynamo = vi.spyOn(DynamoDBClient.prototype, "send");
let api: TestApp;
/** Another process over the same store. */
let other: TestApp;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
  other = await startTestApp({ clock: () => NOW, system: api.system });
});
afterAll(async () => {
  await other.stop();
  await api.stop();
});

const iso = (at: number) => new Date(at).toISOString();
const uuid = (i: number) => `5f0c7c9e-3b1d-4f57-9a58-${String(i).padStart(12, "0")}`;
const send = (id: string, offset: number, more: object = {}, on = api) =>
  mutate(on, T, "ingestSessionBatch", { ...batchOf(id, offset, START, 50), ...more });
const motion = (sensorId: string, seq: number, at: number, on = api) =>
  mutate(on, T, "recordMotion", { sensorId, seq, at: iso(at) });

/** What `run` gave, what it asked of DynamoDB and of S3, in order, and the units that it used. */
async function costOf<A>(run: () => Promise<A>, on = api) {
  on.takeCosts();
  toS3.mockClear();
  toDynamo.mockClear();
  const answer = await run();
  const costs = on.takeCosts();
  const unitsOf = (kind: "read" | "write") =>
    costs.filter((cost) => cost.kind === kind).reduce((sum, cost) => sum + cost.units, 0);
  return {
    answer,
    asked: [...toDynamo.mock.calls, ...toS3.mock.calls].map(nameOf),
    units: { write: unitsOf("write"), read: unitsOf("read") },
  };
}

function nameOf([command]: readonly unknown[]): string {
  return (command as object).constructor.name.replace(/(Items?)?Command$/, "");
}

describe("a batch of 50 readings", () => {
  test("in order is 1 write request of 1 unit, 1 PUT and no read; each 24th turns a sheet with 2 more writes", async () => {
    await send("in-order", 0);
    for (let offset = 1; offset < 3 * BATCHES_A_SHEET; offset++) {
      const cost = await costOf(() => send("in-order", offset));
      const turns = (offset + 1) % BATCHES_A_SHEET === 0;
      expect(cost.answer.duplicate).toBe(false);
      expect(cost.asked).toEqual(turns ? ["Update", "Put", "Update", "PutObject"] : ["Update", "PutObject"]);
      expect(cost.units).toEqual({ write: turns ? 3 : 1, read: 0 });
    }
  });

  test("in order stays at 2 write units with ids of the greatest length and a playback", async () => {
    const [sessionId, sensorId, tenant] = ["s".repeat(128), "d".repeat(128), "t".repeat(63)];
    await mutate(api, tenant, "createSession", { sessionId, sensorId, startedAt: iso(START), ...PLAYBACK });
    for (let offset = 0; offset < BATCHES_A_SHEET - 1; offset++) {
      const batch = { ...batchOf(sessionId, offset, START, 50), sensorId, durationMs: 1_000 };
      const cost = await costOf(() => mutate(api, tenant, "ingestSessionBatch", batch));
      expect(cost.asked).toEqual(["Update", "PutObject"]);
      expect(cost.units.write).toBeLessThanOrEqual(BUDGET.batchWriteUnits);
    }
  });

  test("of a session with notes pays for them, a unit for each KB: they lie in the same item", async () => {
    await send("noted", 0);
    await mutate(api, T, "annotateSession", { sessionId: "noted", expectedVersion: 1, notes: NOTES });
    const cost = await costOf(() => send("noted", 1));
    expect(cost.asked).toEqual(["Update", "PutObject"]);
    expect(cost.units).toEqual({ write: 11, read: 0 });
  });

  test("sent again writes nothing: a PUT and a write that are refused, a HEAD, no read", async () => {
    await send("again", 0);
    await send("again", 1);
    const cost = await costOf(() => send("again", 1));
    expect(cost.answer.duplicate).toBe(true);
    expect(cost.asked).toEqual(["Update", "PutObject", "HeadObject"]);
    expect(cost.units).toEqual({ write: 0, read: 0 });
  });

  test("out of order is one more write request, of 1 unit, after the one that was refused; no read", async () => {
    for (const offset of [0, 1]) await send("mixed", offset);
    for (const offset of [5, 3, 4, 2]) {
      const cost = await costOf(() => send("mixed", offset));
      expect(cost.answer.duplicate).toBe(false);
      expect(cost.asked).toEqual(["Update", "Update", "PutObject"]);
      expect(cost.units).toEqual({ write: 1, read: 0 });
    }
  });

  test("that is the first is a transaction: 12 write units, at most 3 read units, 6 requests with the PUT", async () => {
    const cost = await costOf(() => send("first", 0));
    expect(cost.asked.filter((name) => name !== "Get")).toEqual(["Update", "Query", "TransactWrite", "PutObject"]);
    expect(cost.asked.length).toBeLessThanOrEqual(6);
    // Two of them for that nothing of the sensor came and was erased meanwhile.
    expect(cost.units.write).toBe(12);
    expect(cost.units.read).toBeLessThanOrEqual(3);
  });

  test("that is the last is 1 read and 1 write of 4 units: it moves two list indexes and leaves the sweeper's", async () => {
    await send("last", 0);
    const cost = await costOf(() => send("last", 1, { final: true }));
    expect(cost.asked).toEqual(["Get", "Update", "PutObject"]);
    expect(cost.units).toEqual({ write: 4, read: 1 });
  });
});

describe("a motion event", () => {
  test("in order is 1 write request of 1 unit and no read, where the process knows the sensor", async () => {
    await motion("known", 1, START);
    for (let seq = 2; seq < 30; seq++) {
      const cost = await costOf(() => motion("known", seq, START + seq * 10_000));
      expect(cost.answer.duplicate).toBe(false);
      expect(cost.asked).toEqual(["Update"]);
      expect(cost.units).toEqual({ write: 1, read: 0 });
    }
  });

  test("in a process that does not know the sensor reads its pointer, its session and its tenant's settings before; only the first time", async () => {
    await motion("cold", 1, START);
    const first = await costOf(() => motion("cold", 2, START + 1_000, other), other);
    expect(first.asked).toEqual(["Get", "Get", "Get", "Update"]);
    expect(first.units).toEqual({ write: 1, read: 2.5 });
    const second = await costOf(() => motion("cold", 3, START + 2_000, other), other);
    expect(second.asked).toEqual(["Update"]);
  });

  test("out of order in the running session is 2 reads of 1 unit and 1 write of 1 unit, after a write that was refused", async () => {
    await motion("mixed", 1, START);
    for (const seq of [4, 2, 3]) {
      const cost = await costOf(() => motion("mixed", seq, START + seq * 1_000));
      expect(cost.answer.duplicate).toBe(false);
      expect(cost.asked).toEqual(["Update", "Get", "Get", "Update"]);
      expect(cost.units).toEqual({ write: 1, read: 2 });
    }
  });

  test("that ceased in order is a transaction of 4 write units and 5 read requests; motion after it stays 1 write", async () => {
    await motion("ceases", 1, START);
    const off = (seq: number, at: number) =>
      mutate(api, T, "recordMotion", { sensorId: "ceases", seq, at: iso(at), state: "CLEARED" });
    await off(2, START + 1_000);
    await motion("ceases", 3, START + 2_000);
    const cost = await costOf(() => off(4, START + 3_000));
    expect(cost.asked).toEqual(["Get", "Get", "Query", "TransactWrite", "Get", "Get"]);
    expect(cost.units).toEqual({ write: 4, read: 5 });
    const next = await costOf(() => motion("ceases", 5, START + 4_000));
    expect(next.asked).toEqual(["Update"]);
    expect(next.units).toEqual({ write: 1, read: 0 });
  });

  test("sent again is 2 reads of 1 unit, after a write that was refused", async () => {
    await motion("again", 1, START);
    const cost = await costOf(() => motion("again", 1, START));
    expect(cost.answer.duplicate).toBe(true);
    expect(cost.asked).toEqual(["Update", "Get", "Get"]);
    expect(cost.units).toEqual({ write: 0, read: 2 });
  });

  test("that opens a sensor's first session is a transaction of 12 write units", async () => {
    const cost = await costOf(() => motion("opening", 1, START));
    expect(cost.answer.started).toBe(true);
    expect(cost.asked.filter((name) => name !== "Get")).toEqual(["Query", "TransactWrite"]);
    expect(cost.units.write).toBe(12);
    // One of them says whether the sensor's past was erased.
    expect(cost.units.read).toBeLessThanOrEqual(3);
  });

  test("that opens a later session also ends the one before: 15 write units, 3 read units", async () => {
    await motion("later", 1, START);
    const cost = await costOf(() => motion("later", 2, START + HOUR));
    expect(cost.answer.started).toBe(true);
    expect(cost.asked).toEqual(["Update", "Get", "Get", "TransactWrite", "Get"]);
    expect(cost.units).toEqual({ write: 15, read: 3 });
  });

  test("that belongs to a session before is a transaction of 6 write units, 7 read units and no scan", async () => {
    await motion("past", 1, START);
    await motion("past", 2, START + HOUR);
    const cost = await costOf(() => motion("past", 3, START + 1_000));
    expect(cost.answer.session.motionEventCount).toBe(2);
    expect(cost.asked).toEqual(["Update", "Get", "Get", "Query", "Query", "BatchGet", "TransactWrite", "Get"]);
    expect(cost.units).toEqual({ write: 6, read: 7 });
  });
});

describe("reads", () => {
  const ACTIVE = `query ($id: String!) { activeSession(sensorId: $id) { ${SESSION_FIELDS} } }`;
  const ROW_FIELDS = SESSION_FIELDS.replace("notes", "").replace("expiresAt", "");
  const listOf = (fields: string) =>
    `query ($filter: SessionFilter) { sessions(filter: $filter, first: 25) { nodes { ${fields} } pageInfo { hasNextPage } } }`;
  const list = (tenant: string, filter: object = {}, fields = ROW_FIELDS) =>
    api.ask(tenant, listOf(fields), { filter });

  beforeAll(async () => {
    for (let i = 0; i < 30; i++) {
      const [sessionId, sensorId] = [uuid(i), "living-room"];
      await mutate(api, "over", "createSession", {
        sessionId,
        sensorId,
        startedAt: iso(START + i * 60_000),
        ...PLAYBACK,
      });
      await mutate(api, "over", "ingestSessionBatch", {
        ...batchOf(sessionId, 0, START + i * 60_000, 50),
        sensorId,
        final: true,
      });
      await mutate(api, "over", "annotateSession", {
        sessionId,
        expectedVersion: 1,
        labels: ["walk", "evening", "to check"],
        notes: NOTES,
      });
      await mutate(api, "running", "recordMotion", { sensorId: `sensor-${i}`, seq: 1, at: iso(START + i * 60_000) });
    }
  });

  test("of a sensor's active session are 2: of its pointer and of the session, 1 unit each", async () => {
    await motion("active", 1, NOW);
    const cost = await costOf(() => api.ask(T, ACTIVE, { id: "active" }));
    expect(cost.answer.data.activeSession.motionEventCount).toBe(1);
    expect(cost.asked).toEqual(["Get", "Get"]);
    expect(cost.units).toEqual({ write: 0, read: 2 });
  });

  test.each([["a tenant's", {}], ["a sensor's", { sensorId: "living-room" }]])(
    "of 25 of %s sessions that are over are 1 request of at most 2 units, whatever their notes",
    async (_, filter) => {
      const cost = await costOf(() => list("over", filter));
      expect(cost.answer.data.sessions.nodes).toHaveLength(25);
      expect(cost.answer.data.sessions.nodes[0]).toMatchObject({
        sampleCount: 50,
        labels: ["walk", "evening", "to check"],
      });
      expect(cost.asked).toEqual(["Query"]);
      expect(cost.units.read).toBeLessThanOrEqual(BUDGET.listReadUnits);
    },
  );

  test("of 25 sessions that are running are 1 more request, with 1 unit for each of 26 rows", async () => {
    const cost = await costOf(() => list("running"));
    expect(cost.answer.data.sessions.nodes).toHaveLength(25);
    expect(cost.asked).toEqual(["Query", "BatchGet"]);
    expect(cost.units.read).toBeLessThanOrEqual(26 + BUDGET.listReadUnits);
  });

  test("of 25 sessions with when they expire are 1 more request where people wrote, and none where nobody did", async () => {
    const fields = "sessionId pinned expiresAt";
    expect((await costOf(() => list("over", {}, fields))).asked).toEqual(["Query", "BatchGet"]);
    for (let i = 0; i < 25; i++) {
      await mutate(api, "unseen", "ingestSessionBatch", { ...batchOf(uuid(i), 0, START, 1), final: true });
    }
    const cost = await costOf(() => list("unseen", {}, fields));
    expect(cost.answer.data.sessions.nodes).toHaveLength(25);
    expect(cost.asked).toEqual(["Query"]);
  });

  test("of 25 sessions with their notes are 1 more request, of 25 items", async () => {
    const cost = await costOf(() => list("over", {}, SESSION_FIELDS));
    expect(cost.answer.data.sessions.nodes[0].notes).toHaveLength(NOTES.length);
    expect(cost.asked).toEqual(["Query", "BatchGet"]);
  });
});

describe("what people do", () => {
  const open = async (sensorId: string, at = START): Promise<string> =>
    (await motion(sensorId, 1, at)).session.sessionId;

  test("an edit is 1 read and 1 write of 3 units: the item and two list indexes, also while the session runs", async () => {
    const sessionId = await open("edited");
    const edit = { sessionId, expectedVersion: 1, labels: ["walk"], pinned: true };
    const cost = await costOf(() => mutate(api, T, "annotateSession", edit));
    expect(cost.answer.session.version).toBe(2);
    expect(cost.asked).toEqual(["Get", "Update"]);
    expect(cost.units).toEqual({ write: 3, read: 1 });
  });

  test("notes cost one unit more: they lie in the index that finds their words", async () => {
    const sessionId = await open("noted");
    const edit = { sessionId, expectedVersion: 1, notes: "Good." };
    expect((await costOf(() => mutate(api, T, "annotateSession", edit))).units).toEqual({ write: 4, read: 1 });
    const batch = await costOf(() => motion("noted", 2, START + 1_000));
    expect(batch.units.write).toBe(1);
  });

  test("an end is 1 read and 1 write of 4 units; a second one is 1 read", async () => {
    const sessionId = await open("over");
    const first = await costOf(() => mutate(api, T, "endSession", { sessionId }));
    expect(first.asked).toEqual(["Get", "Update"]);
    expect(first.units).toEqual({ write: 4, read: 1 });
    const second = await costOf(() => mutate(api, T, "endSession", { sessionId }));
    expect(second.asked).toEqual(["Get"]);
    expect(second.units).toEqual({ write: 0, read: 1 });
  });

  test("a pause is 1 read and 1 write of 1 unit while the session goes on; said again it is 1 read", async () => {
    const sessionId = await open("paused", NOW);
    for (const said of [{ from: iso(NOW) }, { to: iso(NOW + 1) }, { from: iso(NOW + 2), to: iso(NOW + 3) }]) {
      const first = await costOf(() => mutate(api, T, "recordPause", { sessionId, ...said }));
      expect(first.asked).toEqual(["Get", "Update"]);
      expect(first.units).toEqual({ write: 1, read: 1 });
      const second = await costOf(() => mutate(api, T, "recordPause", { sessionId, ...said }));
      expect(second.asked).toEqual(["Get"]);
    }
    // What comes in order stays what it was.
    expect((await costOf(() => motion("paused", 2, NOW + 1_000))).units).toEqual({ write: 1, read: 0 });
  });

  test("pauses of a batch are one write more, and none where they are known", async () => {
    await send("ride", 0);
    const pauses = [{ from: iso(START), to: iso(START + 1) }];
    const first = await costOf(() => send("ride", 1, { pauses }));
    expect(first.asked).toEqual(["Update", "Update", "PutObject"]);
    expect(first.units).toEqual({ write: 2, read: 0 });
    expect((await costOf(() => send("ride", 2, { pauses }))).asked).toEqual(["Update", "PutObject"]);
  });

  test("an update is a transaction of 4 write units with its marker; the same one again is 2 reads", async () => {
    const sessionId = await open("updated", NOW);
    const update = { sessionId, updateId: "u1", incrementMotionCount: true };
    const first = await costOf(() => mutate(api, T, "updateSession", update));
    expect(first.asked).toEqual(["Get", "Get", "TransactWrite", "Get"]);
    expect(first.units).toEqual({ write: 4, read: 3 });
    const second = await costOf(() => mutate(api, T, "updateSession", update));
    expect(second.asked).toEqual(["Get", "Get"]);
    expect(second.units).toEqual({ write: 0, read: 2 });
  });
});
