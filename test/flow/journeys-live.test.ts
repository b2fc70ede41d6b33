import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { type TestSystem } from "../kit/local.ts";
import { record, visit } from "../kit/journeys.ts";
import { startMemorySystem } from "../kit/memory-system.ts";
import { openSse } from "../kit/sse.ts";

const START = Date.now() - 3_600_000;
let system: TestSystem;
/** Two processes' worth of service over one store. */
let api: TestApp;
let other: TestApp;

beforeAll(async () => {
  system = await startMemorySystem();
  api = await startTestApp({ system });
  other = await startTestApp({ system });
});
afterAll(async () => {
  await api.stop();
  await other.stop();
  await system.stop();
});

const SUBSCRIBE =
  `subscription ($id: String!, $after: String) { journeyEvents(sessionId: $id, after: $after) { cursor node { source seq step } } }`;

type Edge = { cursor: string; node: { source: string; seq: number; step: number } };

/** Follows a journey over SSE. */
async function subscribe(on: TestApp, tenantId: string, variables: object, token?: string) {
  const stream = await openSse<{ journeyEvents: Edge }>(on, {
    tenantId,
    query: SUBSCRIBE,
    variables,
    ...(token === undefined ? {} : { token }),
  });
  return {
    ...stream,
    async take(count: number): Promise<Edge[]> {
      const edges: Edge[] = [];
      while (edges.length < count) edges.push((await stream.next())!.data!.journeyEvents);
      return edges;
    },
  };
}

const numbers = (edges: Edge[]) => edges.map((edge) => edge.node.seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("the subscription journeyEvents", () => {
  test("gives the events so far, then each new one, without a gap and without repeats", async () => {
    await record(api, "live", visit("a", 1, 20, START));
    const stream = await subscribe(api, "live", { id: "a" });
    expect(numbers(await stream.take(20))).toEqual(range(1, 20));
    await record(api, "live", visit("a", 15, 30, START));
    const more = await stream.take(10);
    expect(numbers(more)).toEqual(range(21, 30));
    expect(more.map((edge) => edge.node.step)).toEqual(range(21, 30));
    await stream.leave();
  });

  test("waits for a session that does not exist yet", async () => {
    const stream = await subscribe(api, "live", { id: "later" });
    const first = stream.take(3);
    await record(api, "live", visit("later", 1, 3, START));
    expect(numbers(await first)).toEqual([1, 2, 3]);
    await stream.leave();
  });

  test("sees what another process records", async () => {
    const stream = await subscribe(api, "live", { id: "b" });
    await record(other, "live", visit("b", 1, 5, START));
    expect(numbers(await stream.take(5))).toEqual(range(1, 5));
    await record(other, "live", visit("b", 6, 8, START));
    expect(numbers(await stream.take(3))).toEqual(range(6, 8));
    await stream.leave();
  });

  test("goes on from any cursor, of the feed or of the list, in any process", async () => {
    await record(api, "live", visit("c", 1, 10, START));
    const stream = await subscribe(api, "live", { id: "c" });
    const edges = await stream.take(10);
    await stream.leave();
    await record(api, "live", [
      ...visit("c", 11, 12, START),
      { sessionId: "c", source: "late", seq: 1, type: "LATE", occurredAt: new Date(START - 60_000).toISOString() },
    ]);
    const { data } = await api.ask(
      "live",
      `{ journey(sessionId: "c") { events(first: 4) { pageInfo { endCursor } } } }`,
    );
    // A late event, earlier than the cursor, is still new to whoever has the cursor.
    const resumed = await subscribe(other, "live", { id: "c", after: edges[6]!.cursor });
    const rest = await resumed.take(6);
    expect(rest.map((edge) => `${edge.node.source}${edge.node.seq}`)).toEqual([
      "late1",
      "main8",
      "main9",
      "main10",
      "main11",
      "main12",
    ]);
    expect(rest.map((edge) => edge.node.step)).toEqual([1, 9, 10, 11, 12, 13]);
    await resumed.leave();
    const fromList = await subscribe(other, "live", { id: "c", after: data.journey.events.pageInfo.endCursor });
    expect(numbers(await fromList.take(9))).toEqual(range(4, 12));
    await fromList.leave();
  });

  test("cut at every event and resumed with its cursor, gives each event once", async () => {
    const events = visit("cut", 1, 40, START);
    const seen: number[] = [];
    let after: string | undefined;
    for (let i = 0; seen.length < 40; i++) {
      // Batches arrive out of order: the second half first.
      if (i % 4 === 0 && i < 32) {
        await record(api, "live", events.slice(((i / 4 + 4) % 8) * 5, ((i / 4 + 4) % 8) * 5 + 5));
      }
      if (i === 32) await record(api, "live", events);
      const stream = await subscribe(i % 2 ? api : other, "live", { id: "cut", after });
      const [edge] = await stream.take(1);
      seen.push(edge!.node.seq);
      after = edge!.cursor;
      await stream.leave();
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(range(1, 40));
  });

  test("refuses a cursor of another session", async () => {
    const stream = await subscribe(api, "live", { id: "c" });
    const [edge] = await stream.take(1);
    await stream.leave();
    const wrong = await api.ask("live", SUBSCRIBE, { id: "b", after: edge!.cursor });
    expect(wrong.errors?.[0]!.extensions.code).toBe("INVALID_INPUT");
  });

  test("ends when the token does, and says so", async () => {
    let now = Date.now();
    const clocked = await startTestApp({ system, clock: () => now });
    const http = createHttp(clocked.app);
    const token = await clocked.token("live");
    now += 3_600_000 - 200;
    const stream = await subscribe({ ...clocked, http }, "live", { id: "a" }, token);
    expect(numbers(await stream.take(30))).toEqual(range(1, 30));
    const last = await stream.next();
    expect(last?.errors?.[0]).toMatchObject({
      message: expect.stringContaining("The token ended at"),
      extensions: { code: "TOKEN_EXPIRED" },
    });
    expect(await stream.next()).toBeUndefined();
    await clocked.stop();
  });
});
