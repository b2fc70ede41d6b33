import { Buffer } from "node:buffer";
import { EventEmitter, once } from "node:events";
import { connect } from "node:net";
import { buildSchema, parse } from "graphql";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createTelemetry } from "../../api/core/telemetry.ts";
import { createCostCheck } from "../../api/entry/http/cost.ts";
import { createDeadlines } from "../../api/entry/http/deadlines.ts";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { createEngine } from "../../api/entry/http/graphql.ts";
import { listen } from "../../api/entry/http/listen.ts";
import { createStreams, EVENTS } from "../../api/entry/http/streams.ts";
import { createSockets } from "../../api/entry/http/websocket.ts";
import { toExtensions } from "../../schema/cost.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const SECOND = 1_000;
const MB = 1024 * 1024;

/** Time is the test's own: it passes where the test says so. */
const passing = { toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const };
beforeEach(() => void vi.useFakeTimers({ toFake: [...passing.toFake] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
/** Without any of that time. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** A socket that notes what it is told. */
class FakeSocket extends EventEmitter {
  readyState = 1;
  bufferedAmount = 0;
  told: string[] = [];
  send() {
    this.told.push("sent");
  }
  close(code: number, reason: string) {
    this.told.push(`closed ${code} ${reason}`);
  }
  terminate() {
    this.told.push("terminated");
  }
  ping() {
    this.told.push("pinged");
  }
  say(text: string) {
    this.emit("message", Buffer.from(text), false);
  }
  take = () => this.told.splice(0);
}

describe("a server that stops", () => {
  test("waits for what is under way exactly as long as it says, then says that something is left", async () => {
    const waiting = Promise.withResolvers<void>();
    const { app, lines } = createTinyApp({ DRAIN_SECONDS: "7" }, waiting.resolve);
    const server = await listen(app);
    const answer = fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"query":"{ untilStreamsEnd never }"}',
      signal: AbortSignal.timeout(300_000),
    }).catch(() => "cut");
    await waiting.promise;
    let isOver = false;
    const stopped = server.stop().then(() => isOver = true);
    expect(server.stop()).toBe(server.stop());
    await pass(7 * SECOND - 1);
    expect(isOver).toBe(false);
    await pass(1);
    await stopped;
    expect(lines.join()).toMatch(/left at the end of the drain time.*"seconds":7/);
    void answer;
  });

  test("is over at once where nothing is under way but a head that does not come to its end", async () => {
    const { app, lines } = createTinyApp({ DRAIN_SECONDS: "7" });
    const server = await listen(app);
    const slow = connect(server.port, "127.0.0.1");
    slow.write("GET /graphql HTTP/1.1\r\nHo");
    slow.on("error", () => {});
    await once(slow, "connect");
    // What is answered after it came after it.
    await (await fetch(`${server.url}/graphql`, { headers: { connection: "close" } })).text();
    await server.stop();
    slow.destroy();
    expect(lines).toEqual([]);
  });
});

describe("a socket", () => {
  function open({ token }: { token?: string } = {}) {
    let now = 0;
    const { app } = createTinyApp();
    const sockets = createSockets({ app, engine: createEngine(app, createTelemetry()), clock: () => now });
    const socket = new FakeSocket();
    const released = vi.fn<() => void>();
    sockets.attach(socket, { address: "127.0.0.1", release: released });
    return {
      ...{ sockets, socket, released },
      init: async () => {
        socket.say(JSON.stringify({ type: "connection_init", payload: token ? { authorization: token } : {} }));
        await until(() => socket.told.includes("sent"));
      },
      passed: async (ms: number) => {
        now += ms;
        await pass(ms);
        return socket.take();
      },
    };
  }

  test("is pinged each 30 seconds, and let go where it did not answer by the next", async () => {
    const { socket, init, passed } = open({ token: "Bearer good" });
    await init();
    socket.take();
    expect(await passed(30 * SECOND - 1)).toEqual([]);
    expect(await passed(1)).toEqual(["pinged"]);
    socket.emit("pong");
    expect(await passed(30 * SECOND)).toEqual(["pinged"]);
    // Whatever it says shows that it is there.
    socket.say('{"type":"pong"}');
    expect(await passed(30 * SECOND)).toEqual(["pinged"]);
    expect(await passed(30 * SECOND)).toEqual(["terminated"]);
  });

  test("without a token that asks nothing for a minute is closed at the next ping, with what to do", async () => {
    const { socket, init, passed } = open();
    await init();
    socket.take();
    expect(await passed(30 * SECOND)).toEqual(["pinged"]);
    socket.emit("pong");
    expect(await passed(30 * SECOND)).toEqual([expect.stringMatching(/^closed 4401 Connect with a token/)]);
  });

  test("that lets more than 8 MB wait is let go with the word to come again, and not a byte earlier", async () => {
    const { socket, init } = open();
    await init();
    socket.take();
    socket.bufferedAmount = 8 * MB;
    socket.say('{"type":"ping"}');
    await until(() => socket.told.length > 0);
    expect(socket.take()).toEqual(["sent"]);
    socket.bufferedAmount = 8 * MB + 1;
    socket.say('{"type":"ping"}');
    await until(() => socket.told.length > 0);
    expect(socket.take()).toEqual(["closed 1013 You read too slowly."]);
  });

  test("says nothing of use for five seconds, and is closed", async () => {
    const { passed } = open();
    expect(await passed(5 * SECOND - 1)).toEqual([]);
    expect(await passed(1)).toEqual([expect.stringMatching(/^closed 4408 /)]);
  });

  test("is counted until it is closed, and no timer is left behind the last one", async () => {
    const { sockets, socket, released, init } = open();
    await init();
    expect(sockets.count()).toBe(1);
    socket.emit("close", 1000, Buffer.from(""));
    expect([sockets.count(), released.mock.calls.length]).toEqual([0, 1]);
    await pass(SECOND);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that comes while the server stops, or is there, is told to connect again", async () => {
    const { sockets, socket, init } = open();
    await init();
    socket.take();
    sockets.closeAll();
    const late = new FakeSocket();
    const release = vi.fn<() => void>();
    sockets.attach(late, { address: "127.0.0.1", release });
    for (const { told } of [socket, late]) expect(told).toEqual(["closed 1001 The server stops; connect again."]);
    expect(release).toHaveBeenCalledOnce();
  });
});

describe("an open stream", () => {
  // oxlint-disable-next-line require-yield
  const never = async function* (signal: AbortSignal): AsyncGenerator<never> {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };
  function open(taken: () => Promise<void> | undefined = () => undefined) {
    const streams = createStreams();
    const abort = new AbortController();
    const told: string[] = [];
    const begun = streams.stream(never(abort.signal), EVENTS, () => told.push("over"));
    const stop = begun({
      write: (bytes) => void told.push(bytes === EVENTS.ping && bytes !== EVENTS.first ? "ping" : "first"),
      taken,
      end: (isCut) => void told.push(isCut ? "cut" : "ended"),
    });
    return { streams, told, stop, abort };
  }

  test("is pinged each twelve seconds, but not while its reader has not taken what came before", async () => {
    let behind: Promise<void> | undefined;
    const { told } = open(() => behind);
    await pass(12 * SECOND - 1);
    expect(told).toEqual(["first"]);
    await pass(1);
    expect(told).toEqual(["first", "ping"]);
    behind = new Promise(() => {});
    await pass(60 * SECOND);
    expect(told).toEqual(["first", "ping"]);
  });

  test("ends with the server, without the word that it is complete, and nothing rings after it", async () => {
    const { streams, told } = open();
    expect(streams.count()).toBe(1);
    streams.endAll();
    expect(told).toEqual(["first", "over", "ended"]);
    expect([streams.count(), vi.getTimerCount()]).toEqual([0, 0]);
  });
});

test("what is waited for ends at the first second after its time, and never where it is called off", async () => {
  let now = 0;
  const { start } = createDeadlines(() => now);
  const ended: string[] = [];
  start(2_500, () => ended.push("short"));
  start(4_000, () => ended.push("exact"));
  const callOff = start(2_500, () => ended.push("never"));
  callOff();
  const passed = async (ms: number) => {
    now += ms;
    await pass(ms);
    return [...ended];
  };
  expect(await passed(2_000)).toEqual([]);
  expect(await passed(1_000)).toEqual(["short"]);
  expect(await passed(1_000)).toEqual(["short", "exact"]);
  expect(await passed(1_000)).toEqual(["short", "exact"]);
  expect(vi.getTimerCount()).toBe(0);
});

describe("the cost of a document", () => {
  const { app: { schema } } = createTinyApp();
  const document = parse("query Small { hello } query Large { rows(first: 100) { nodes { id } } }");
  const costOf = (max: number, operationName: string) => {
    const found = createCostCheck(max)({ schema, document, operationName });
    return typeof found === "number" ? found : "refused";
  };

  test("is that of the operation that is asked for, whichever was asked for before", () => {
    const check = createCostCheck(100_000);
    const [small, large] = ["Small", "Large"].map((operationName) => check({ schema, document, operationName }));
    expect([small, large]).toEqual([1, expect.any(Number)]);
    expect(large as number).toBeGreaterThan(100);
    expect(check({ schema, document, operationName: "Small" })).toBe(1);
  });

  test("is that of the values that decide it, whichever were given before: null and none, long lists, what is included", () => {
    const schema = buildSchema(
      `type Row { id: ID } type Query { rows(first: Int = 7): [Row], byIds(ids: [ID!]): [Row] }`,
    );
    const { rows, byIds } = schema.getQueryType()!.getFields();
    rows!.extensions = toExtensions({ rows: "first" });
    byIds!.extensions = toExtensions({ rows: "ids" });
    const check = createCostCheck(100_000);
    const costs = (source: string, ...values: Record<string, unknown>[]) => {
      const document = parse(source);
      return [...values, ...values].map((variableValues) => check({ schema, document, variableValues }));
    };
    // Also of those that every object has something by.
    for (const n of ["n", "constructor", "toString"]) {
      const first = costs(`query ($${n}: Int) { rows(first: $${n}) { id } }`, { [n]: null }, {}, { [n]: 2 });
      expect(first).toEqual([26, 8, 3, 26, 8, 3]);
    }
    const ids = (length: number) => ({ ids: Array.from({ length }, (_, i) => `${i}`) });
    expect(costs("query ($ids: [ID!]) { byIds(ids: $ids) { id } }", ids(150), ids(200))).toEqual([151, 201, 151, 201]);
    const included = costs("query ($b: Boolean!) { rows(first: 9) @include(if: $b) { id } }", { b: false }, {
      b: true,
    });
    expect(included).toEqual([0, 10, 0, 10]);
  });

  test("may be as much as the limit says, and no more", () => {
    const cost = costOf(100_000, "Large") as number;
    expect(costOf(cost, "Large")).toBe(cost);
    expect(costOf(cost - 1, "Large")).toBe("refused");
  });
});

describe("a body", () => {
  const http = createHttp(createTinyApp({ MAX_BODY_BYTES: "1024" }).app);
  const body = (bytes: number) => '{"query":"{ hello }"}'.padEnd(bytes, " ");
  const post = async (text: string, isAnnounced: boolean) => {
    const headers = {
      "content-type": "application/json",
      ...(isAnnounced ? { "content-length": `${text.length}` } : {}),
    };
    const init = { method: "POST", headers, body: new Blob([text]).stream(), duplex: "half" };
    return (await http.fetch(new Request("http://localhost/graphql", init))).status;
  };

  test("that a server reads piece by piece has the same limit", async () => {
    const server = await listen(createTinyApp({ MAX_BODY_BYTES: "1024" }).app);
    const statusOf = async (bytes: number) => {
      const headers = { "content-type": "application/json", connection: "close" };
      const init = { method: "POST", headers, body: new Blob([body(bytes)]).stream(), duplex: "half" };
      return (await fetch(`${server.url}/graphql`, init)).status;
    };
    expect([await statusOf(1_024), await statusOf(1_025)]).toEqual([200, 413]);
    await server.stop();
  });

  test.each([true, false])(
    "may have as many bytes as the limit says, and not one more (announced: %s)",
    async (isAnnounced) => {
      expect(await post(body(1_024), isAnnounced)).toBe(200);
      expect(await post(body(1_025), isAnnounced)).toBe(413);
    },
  );
});
