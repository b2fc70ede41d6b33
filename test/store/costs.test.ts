import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { chat } from "../bench/chat.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { record, visit } from "../kit/journeys.ts";

/**
 * What a request may cost (README.md), as DynamoDB reports them with each answer (index arms included), and the requests to
 * DynamoDB and S3 together. Chats have words of their own in every message; visits repeat themselves.
 */
const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 4 * 3_600_000;
const BUDGET = { batchWriteUnits: 6, batchRequests: 4, timelineReadUnits: 4, listReadUnits: 2 };

const TIMELINE = `query ($id: String!) { journey(sessionId: $id) {
  events(first: 500) { nodes { seq type occurredAt text page properties } pageInfo { hasNextPage } }
} }`;
const LIST = `{ journeys(first: 25) {
  nodes { sessionId visitorId startedAt endedAt outcome eventCount messageCount firstQuestion }
  pageInfo { hasNextPage endCursor }
} }`;

const toS3 = vi.spyOn(S3Client.prototype, "send");
let api: TestApp;
beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
  // What a tenant decided is read with what is written; for what is read, once a minute.
  for (const tenant of ["visit", "chat", "visit-list", "chat-list"]) await api.ask(tenant, LIST);
});
afterAll(() => api.stop());

/** What `run` gave, and what it cost. `names` are the requests to DynamoDB in the order in which they were answered. */
async function costOf<T>(run: () => Promise<T>) {
  api.takeCosts();
  toS3.mockClear();
  const answer = await run();
  const costs = api.takeCosts();
  const unitsOf = (kind: "read" | "write") =>
    costs.filter((cost) => cost.kind === kind).reduce((sum, cost) => sum + cost.units, 0);
  return {
    answer,
    writeUnits: unitsOf("write"),
    readUnits: unitsOf("read"),
    requests: costs.length + toS3.mock.calls.length,
    names: costs.map((cost) => cost.operation),
    queryUnits: costs.filter((cost) => cost.operation === "Query").map((cost) => cost.units),
  };
}

type Send = typeof visit;
const tenBatches = (send: Send, id: string) =>
  Array.from({ length: 10 }, (_, i) => send(id, 1 + i * 50, 50 + i * 50, START));

describe.each([["visit", visit], ["chat", chat]] as [string, Send][])("a %s", (kind, send) => {
  test("of 50 events in a batch costs at most 6 write units and 4 requests, the first time and the tenth", async () => {
    for (const batch of tenBatches(send, "tens")) {
      const cost = await costOf(() => record(api, kind, batch));
      expect(cost.answer.accepted).toBe(50);
      expect(cost.names).toEqual(["BatchGetItem", "PutItem", "PutItem"]);
      expect(cost.requests).toBeLessThanOrEqual(BUDGET.batchRequests);
      expect(cost.writeUnits).toBeLessThanOrEqual(BUDGET.batchWriteUnits);
    }
  });

  test("of 500 events in a batch costs 4 requests, and less than half of ten batches of 50", async () => {
    const cost = await costOf(() => record(api, kind, send("one", 1, 500, START)));
    expect(cost.answer.accepted).toBe(500);
    expect(cost.requests).toBeLessThanOrEqual(BUDGET.batchRequests);
    expect(cost.writeUnits).toBeLessThan((10 * BUDGET.batchWriteUnits) / 2);
  });

  test.each([["ten batches", "tens"], ["one batch", "one"]])(
    "of 500 events that came in %s is read with one Query of at most 4 read units, after the journey itself",
    async (_, id) => {
      const cost = await costOf(() => api.ask(kind, TIMELINE, { id }));
      expect(cost.answer.data.journey.events.nodes.map((node: { seq: number }) => node.seq))
        .toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
      expect(cost.answer.data.journey.events.pageInfo.hasNextPage).toBe(false);
      expect(cost.names).toEqual(["GetItem", "Query"]);
      expect(cost.queryUnits[0]).toBeLessThanOrEqual(BUDGET.timelineReadUnits);
    },
  );

  test("that is sent again, or cut anew, writes nothing to DynamoDB and reads the journey and what it repeats", async () => {
    const again = await costOf(() => record(api, kind, send("tens", 1, 50, START)));
    expect(again.answer).toMatchObject({ accepted: 0, duplicates: 50 });
    expect(again).toMatchObject({ writeUnits: 0, names: ["BatchGetItem", "Query"] });
    expect(again.readUnits).toBeLessThanOrEqual(4);
    expect(again.requests).toBeLessThanOrEqual(BUDGET.batchRequests);
    const recut = await costOf(() => record(api, kind, send("one", 1, 500, START).slice(31, 307)));
    expect(recut.answer).toMatchObject({ accepted: 0, duplicates: 276 });
    // It is a new object, stored after the journey was read: whether that was erased meanwhile is looked at again.
    expect(recut).toMatchObject({ writeUnits: 0, names: ["BatchGetItem", "Query", "GetItem"] });
    expect(recut.readUnits).toBeLessThanOrEqual(3 + BUDGET.timelineReadUnits * 2);
    expect(recut.requests).toBeLessThanOrEqual(BUDGET.batchRequests);
  });

  test("list of 25 is one request of at most 2 read units, whatever the length of the visits", async () => {
    for (let i = 0; i < 30; i++) {
      const id = `5f0c7c9e-3b1d-4f57-9a58-${String(i).padStart(12, "0")}`;
      await record(api, `${kind}-list`, send(id, 1, i % 3 === 0 ? 100 : 5, START + i * 60_000));
    }
    const cost = await costOf(() => api.ask(`${kind}-list`, LIST));
    expect(cost.answer.data.journeys.nodes).toHaveLength(25);
    expect(cost.answer.data.journeys.pageInfo.hasNextPage).toBe(true);
    expect(cost.requests).toBe(1);
    expect(cost.readUnits).toBeLessThanOrEqual(BUDGET.listReadUnits);
  });

  test("whose beginning comes last pays one more unit for each of the two index entries that move", async () => {
    await record(api, kind, send("late", 51, 100, START));
    const cost = await costOf(() => record(api, kind, send("late", 1, 50, START)));
    expect(cost.requests).toBeLessThanOrEqual(BUDGET.batchRequests);
    expect(cost.writeUnits).toBeLessThanOrEqual(BUDGET.batchWriteUnits + 2);
  });
});

describe("6 write units hold also for", () => {
  test("a first question of 1,000 characters", async () => {
    const [first, ...others] = chat("wordy", 1, 50, START);
    const cost = await costOf(() => record(api, "over", [{ ...first!, text: "Why not? ".repeat(111) }, ...others]));
    expect(cost.answer.accepted).toBe(50);
    expect(cost.writeUnits).toBeLessThanOrEqual(BUDGET.batchWriteUnits);
  });

  test("a session of 32 visits", async () => {
    const events = chat("often", 1, 50, START - 60 * 86_400_000)
      .map((event, i) => ({ ...event, occurredAt: new Date(START - (50 - i) * 3_600_000).toISOString() }));
    const cost = await costOf(() => record(api, "over", events));
    expect(cost.answer.accepted).toBe(50);
    expect(cost.writeUnits).toBeLessThanOrEqual(BUDGET.batchWriteUnits);
  });
});
