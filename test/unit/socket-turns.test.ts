import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { createTelemetry } from "../../api/core/telemetry.ts";
import { createEngine, type Engine } from "../../api/entry/http/graphql.ts";
import { createTurns } from "../../api/entry/http/socket-turns.ts";
import { createSockets } from "../../api/entry/http/websocket.ts";
import { fc } from "../kit/property.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const byId = ([a]: (string | number)[], [b]: (string | number)[]) => (a! < b! ? -1 : 1);

type Message = { id: string; type: string; payload?: unknown };

class FakeSocket extends EventEmitter {
  readyState = 1;
  bufferedAmount = 0;
  sent: Message[] = [];
  closed: string[] = [];
  send(text: string) {
    this.sent.push(JSON.parse(text) as Message);
  }
  close(code: number, reason: string) {
    this.closed.push(`${code} ${reason}`);
  }
  terminate() {}
  ping() {}
}

async function open(env: Record<string, string> = {}) {
  const { app, counts } = createTinyApp(env);
  const engine = createEngine(app, createTelemetry());
  /** The subscriptions that nobody has ended. */
  let reading = 0;
  const subscribe: Engine["subscribe"] = async (planned) => {
    const results = await engine.subscribe(planned);
    if (!(Symbol.asyncIterator in results)) return results;
    reading += 1;
    const end = results.return.bind(results);
    return Object.assign(results, {
      return: (value: void) => {
        reading -= 1;
        return end(value);
      },
    });
  };
  const sockets = createSockets({ app, engine: { ...engine, subscribe }, clock: Date.now });
  const socket = new FakeSocket();
  sockets.attach(socket, { address: "127.0.0.1", release: () => {} });
  const settle = async () => {
    for (let i = 0; i < 30; i++) await turn();
  };
  /** All of them in one packet: nothing else happens between two. */
  const say = async (...messages: object[]) => {
    for (const message of messages) socket.emit("message", Buffer.from(JSON.stringify(message)), false);
    await settle();
    return socket.sent.splice(0);
  };
  await say({ type: "connection_init", payload: { authorization: "Bearer good" } });
  return { socket, say, settle, counts, reading: () => reading };
}
const begin = (id: string, query: string) => ({ id, type: "subscribe", payload: { query } });
const complete = (id: string) => ({ id, type: "complete" });
const TICKS = "subscription { ticks }";
/** Under way until a subscription to `ticks` ends. */
const SLOW = "{ untilStreamsEnd }";
const tick = (id: string) => ({ id, type: "next", payload: { data: { ticks: 1 } } });

describe("an id that is free again while what ran under it is still under way", () => {
  test("stands for the next operation alone, which begins when that one is over", async () => {
    const { say } = await open();
    expect(await say(begin("z", TICKS))).toEqual([tick("z")]);
    expect(await say(begin("a", SLOW), complete("a"), begin("a", TICKS))).toEqual([]);
    expect(await say(complete("z"))).toEqual([tick("a")]);
    expect(await say(complete("a"), begin("a", "{ hello }"))).toEqual([
      { id: "a", type: "next", payload: { data: { hello: "world" } } },
      { id: "a", type: "complete" },
    ]);
  });

  test("keeps each operation's place among the token's until it is over, and none behind it", async () => {
    const { say, socket, settle, reading } = await open({ MAX_SUBSCRIPTIONS_PER_TOKEN: "3" });
    await say(begin("z", TICKS), begin("a", SLOW), complete("a"), begin("a", TICKS));
    expect(await say(complete("z"))).toEqual([tick("a")]);
    expect(await say(begin("b", TICKS), begin("c", TICKS))).toEqual([tick("b"), tick("c")]);
    expect(await say(begin("d", TICKS))).toEqual([expect.objectContaining({ id: "d", type: "error" })]);
    expect(reading()).toBe(3);
    await say(complete("a"));
    expect(await say(begin("d", TICKS))).toEqual([tick("d")]);
    socket.emit("close", 1000, Buffer.from(""));
    await settle();
    expect(reading()).toBe(0);
  });

  test("begins nothing that was completed while it waited, and nothing once the socket is closed", async () => {
    for (const end of ["complete", "close"]) {
      const { say, socket, settle, counts } = await open();
      await say(begin("z", TICKS), begin("a", SLOW), complete("a"), begin("a", "mutation { add }"));
      if (end === "complete") await say(complete("a"), complete("z"));
      else socket.emit("close", 1000, Buffer.from(""));
      await settle();
      expect([counts.added, socket.sent, socket.closed]).toEqual([0, [], []]);
    }
  });

  test("is nobody's twice: neither what runs nor what waits", async () => {
    for (const messages of [[begin("a", SLOW)], [begin("a", SLOW), complete("a"), begin("a", TICKS)]]) {
      const { say, socket } = await open();
      await say(...messages, begin("a", TICKS));
      expect(socket.closed).toEqual(["4409 There is an operation of this id."]);
    }
  });
});

test("a socket has a hundred operations at once, also where their client has completed them", async () => {
  const { say } = await open();
  const hundred = Array.from({ length: 100 }, (_, i) => [begin(`${i}`, "{ never }"), complete(`${i}`)]);
  expect(await say(...hundred.flat())).toEqual([]);
  expect(await say(begin("more", "{ hello }"))).toEqual([expect.objectContaining({ id: "more", type: "error" })]);
});

test("what is refused after its client has completed it leaves no place taken", async () => {
  const { say } = await open();
  const hundred = Array.from({ length: 100 }, (_, i) => [begin(`${i}`, "{ nothing }"), complete(`${i}`)]);
  await say(...hundred.flat());
  expect(await say(begin("more", "{ hello }"))).toContainEqual({ id: "more", type: "complete" });
});

test("a message that is no object is refused, and not parsed as one", async () => {
  for (const text of ['"{\\"type\\":\\"ping\\"}"', "1", "{", ""]) {
    const { socket, settle } = await open();
    socket.emit("message", Buffer.from(text), false);
    await settle();
    expect([socket.sent, socket.closed]).toEqual([[], [expect.stringMatching(/^4400 /)]]);
  }
});

test("in any order of messages and ends each id has one operation at a time: the last that was not completed", async () => {
  const step = fc.record({ kind: fc.constantFrom("subscribe", "complete", "end"), id: fc.constantFrom("a", "b") });
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
    const running = new Map<string, { number: number; end: () => void }>();
    const ended: string[] = [];
    let closes = 0;
    const take = createTurns({
      peer: { isClosed: false, close: () => void (closes += 1) },
      take: (message) => {
        const { type, id, number } = message as { type: string; id: string; number: number };
        if (type !== "subscribe") return Promise.resolve();
        expect(running.has(id)).toBe(false);
        return new Promise((resolve) => void running.set(id, { number, end: resolve }));
      },
      ended: (id) => void (running.delete(id), ended.push(id)),
    });
    // What each id stands for: what runs, whether its client has completed it, and what waits.
    const known = new Map<string, { runs: number; isCompleted: boolean; waits: number | undefined }>();
    let refused = 0;
    for (const [number, { kind, id }] of steps.entries()) {
      const own = known.get(id);
      if (kind === "end") {
        running.get(id)?.end();
        if (own?.waits === undefined) known.delete(id);
        else known.set(id, { runs: own.waits, isCompleted: false, waits: undefined });
      } else {
        void take({ type: kind, id, number });
        if (kind === "complete") {
          if (own?.waits !== undefined) own.waits = undefined;
          else if (own) own.isCompleted = true;
        } else if (!own) known.set(id, { runs: number, isCompleted: false, waits: undefined });
        else if (own.isCompleted && own.waits === undefined) own.waits = number;
        else refused += 1;
      }
      await turn();
      expect([...running].map(([id, { number }]) => [id, number]).sort(byId)).toEqual(
        [...known].map(([id, { runs }]) => [id, runs]).sort(byId),
      );
    }
    expect(closes).toBe(refused);
  }));
});
