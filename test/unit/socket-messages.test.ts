import { beforeEach, describe, expect, test } from "vitest";
import { createTelemetry } from "../../api/core/telemetry.ts";
import { createEngine } from "../../api/entry/http/graphql.ts";
import type { News } from "../../api/entry/lambda/socket-feeds.ts";
import { createSocketMessages } from "../../api/entry/lambda/socket-messages.ts";
import { tables } from "../../api/resources.ts";
import type { Question } from "../../api/sockets/model.ts";
import { createSocketStore } from "../../api/sockets/store.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const START = Date.UTC(2026, 5, 1, 12);
const QUESTION: Question = {
  ...{ tenantId: "t1", scopes: [], userId: undefined, query: "q", operationName: undefined, variables: {} },
};
const NEWS: News = { messages: [], end: "0", keys: ["k"], fades: false };
const VIEWER = { tenantId: "t1", userId: "ada", scopes: [], expiresAt: START + 1_000_000, credential: "c" };
let now: number;
/** What was done to which socket, in order. */
let done: string[];
let isBroken: boolean;
let said: number;
let store: ReturnType<typeof createSocketStore>;

/** Sockets of an app whose limits are these; `group` is what a subscription follows. */
function createSockets(env: Record<string, string> = {}) {
  const { app } = createTinyApp(env);
  const told = (what: string) => Promise.resolve(void done.push(what));
  const { connect, message, disconnect } = createSocketMessages({
    ...{ app, store, clock: () => now, engine: createEngine(app, createTelemetry(), true) },
    feeds: {
      describe: () => ({ question: QUESTION, group: "g", position: "" }),
      read: () => Promise.resolve(NEWS),
    },
    rounds: {
      run: async (_, group) => {
        await told(`run ${group}`);
        if (isBroken) throw new Error("broken");
      },
      wake: () => told("wake"),
      end: () => told("end"),
      cut: (id) => told(`cut ${id}`),
      farewell: (id, code, reason) => told(`bye ${id} ${code} ${reason}`),
    },
    remind: (_, group, seconds) => told(`remind ${group} ${seconds}`),
  });
  return {
    ...{ connect, disconnect },
    /** In the order in which it is carried out, where nothing else is said. */
    message: (id: string, text: string, peer: string, saidAt = said++) => message(id, text, peer, saidAt),
  };
}
const subscribe = (id: string) =>
  JSON.stringify({ id, type: "subscribe", payload: { query: "subscription { count(to: 1) }" } });
const begin = (sockets: ReturnType<typeof createSockets>, id: string) =>
  sockets.message(id, '{"type":"connection_init","payload":{"authorization":"Bearer good"}}', "1.1.1.1");

beforeEach(() => {
  [now, done, isBroken, said] = [START, [], false, 1];
  store = createSocketStore(createMemoryDynamo(tables), "sockets", () => now);
});

describe("a socket", () => {
  test("is one of as many as a token may have open, to the last one", async () => {
    const sockets = createSockets({ MAX_SOCKETS_PER_TOKEN: "2" });
    expect(await begin(sockets, "a")).toBe('{"type":"connection_ack"}');
    expect(await begin(sockets, "b")).toBe('{"type":"connection_ack"}');
    expect(await begin(sockets, "c")).toBeUndefined();
    expect(done).toEqual([expect.stringMatching(/^bye c 4403 .*open connections with this token/)]);
    await sockets.disconnect("a");
    expect(await begin(sockets, "c")).toBe('{"type":"connection_ack"}');
  });

  test("asks nothing more from the very millisecond in which its token ends", async () => {
    const sockets = createSockets();
    await store.putConnection("a", VIEWER, true);
    now = VIEWER.expiresAt - 1;
    await sockets.message("a", subscribe("s"), "1.1.1.1");
    expect(done).toEqual(["remind g 100", "run g"]);
    now += 1;
    await sockets.message("a", subscribe("t"), "1.1.1.1");
    expect(done.at(-1)).toBe("bye a 4403 token expired");
  });

  test("has a hundred subscriptions at most, with ids of 128 characters at most", async () => {
    const sockets = createSockets({ MAX_SUBSCRIPTIONS_PER_TOKEN: "1000", MAX_SUBSCRIPTIONS_PER_TENANT: "1000" });
    await store.putConnection("a", VIEWER, true);
    for (let i = 0; i < 99; i++) await sockets.message("a", subscribe(`s${i}`), "1.1.1.1");
    expect(await sockets.message("a", subscribe("x".repeat(128)), "1.1.1.1")).toBeUndefined();
    expect(done.filter((what) => what === "run g")).toHaveLength(100);
    expect(await sockets.message("a", subscribe("more"), "1.1.1.1")).toContain("at most 100 operations");
    await sockets.message("a", subscribe("x".repeat(129)), "1.1.1.1");
    expect(done.at(-1)).toBe("bye a 4400 A message's id must be text of 1 to 128 characters.");
  });

  test("that may have been given something where something broke is closed; its client goes on from what it has", async () => {
    const sockets = createSockets();
    await store.putConnection("a", VIEWER, true);
    isBroken = true;
    expect(await sockets.message("a", subscribe("s"), "1.1.1.1")).toBeUndefined();
    expect(done).toEqual(["remind g 100", "run g", "cut a"]);
  });

  test("is woken by what its group follows from before its first message on", async () => {
    const sockets = createSockets();
    await store.putConnection("a", VIEWER, true);
    await sockets.message("a", subscribe("s"), "1.1.1.1");
    expect(await store.listWoken("t1", new Set(["k"]))).toEqual(["g"]);
    await sockets.message("a", subscribe("s"), "1.1.1.1");
    expect(done.at(-1)).toBe("bye a 4409 Subscriber for s already exists");
  });

  test.each(["constructor", "toString", "__proto__", "hasOwnProperty", "=", ""])(
    "follows by any id, %j too: once at a time, and again when that is over",
    async (word) => {
      const sockets = createSockets();
      const id = word || "plain";
      await store.putConnection("a", VIEWER, true);
      const complete = () => sockets.message("a", JSON.stringify({ id, type: "complete" }), "1.1.1.1");
      await complete();
      for (let i = 0; i < 2; i++) {
        done = [];
        await sockets.message("a", subscribe(id), "1.1.1.1");
        expect(done).toEqual(["remind g 100", "run g"]);
        expect([...(await store.findConnection("a"))!.subscriptions]).toEqual([[id, "g"]]);
        await complete();
        expect((await store.findConnection("a"))!.subscriptions.size).toBe(0);
        expect(await store.listMembers("t1", "g")).toEqual([]);
      }
      await sockets.message("a", subscribe(id), "1.1.1.1");
      await sockets.message("a", subscribe(id), "1.1.1.1");
      expect(done.at(-1)).toBe(`bye a 4409 Subscriber for ${id} already exists`);
    },
  );
});

describe("what a client completes", () => {
  const IP = "1.1.1.1";
  const complete = (id: string) => JSON.stringify({ id, type: "complete" });
  const left = async () => [
    (await store.findConnection("a"))?.subscriptions.size ?? 0,
    (await store.listMembers("t1", "g")).length,
  ];

  test("is followed by nobody, also where that is carried out before what it completes; the id is free again after it", async () => {
    const sockets = createSockets();
    await store.putConnection("a", VIEWER, true);
    for (const id of ["s", "constructor", "__proto__"]) {
      done = [];
      await sockets.message("a", complete(id), IP, 7);
      expect(await sockets.message("a", subscribe(id), IP, 6)).toBeUndefined();
      // API Gateway's clock counts milliseconds, and a page may do both in one.
      expect(await sockets.message("a", subscribe(id), IP, 7)).toBeUndefined();
      expect([done, await left()]).toEqual([[], [0, 0]]);
      await sockets.message("a", subscribe(id), IP, 8);
      expect([done, await left()]).toEqual([["remind g 100", "run g"], [1, 1]]);
      await sockets.message("a", complete(id), IP, 9);
      expect(await left()).toEqual([0, 0]);
    }
  });

  test.each(["complete", "disconnect"])(
    "is followed by nobody, at whichever moment of its beginning: %s",
    async (how) => {
      for (let moment = 0; moment < 80; moment++) {
        store = createSocketStore(createMemoryDynamo(tables), "sockets", () => now);
        const sockets = createSockets();
        await store.putConnection("a", VIEWER, true);
        const begun = sockets.message("a", subscribe("s"), IP, 6);
        for (let i = 0; i < moment; i++) await Promise.resolve();
        const ended = how === "complete" ? sockets.message("a", complete("s"), IP, 7) : sockets.disconnect("a");
        await Promise.all([begun, ended]);
        expect([moment, await left()]).toEqual([moment, [0, 0]]);
      }
    },
  );

  test("and asks for again by the same id while the first is taken back has its socket cut, so that nothing is missing", async () => {
    const plain = store;
    const asked = { most: 100, saidAt: 8 };
    store = {
      ...plain,
      async join(...of) {
        const group = await plain.join(...of);
        await plain.complete((await plain.findConnection("a"))!, "s", 7);
        return group;
      },
      async removeMember(...of) {
        await plain.addSubscription({ id: "a" }, "s", "g", asked);
        await plain.removeMember(...of);
      },
    };
    const sockets = createSockets();
    await store.putConnection("a", VIEWER, true);
    await sockets.message("a", subscribe("s"), IP, 6);
    expect(done).toEqual(["cut a"]);
  });

  test("without having followed it counts as a request, and over the rate nothing is written; what it follows ends all the same", async () => {
    const dynamo = createMemoryDynamo(tables);
    store = createSocketStore(dynamo, "sockets", () => now);
    const sockets = createSockets({ RATE_TOKEN: "5/60" });
    await store.putConnection("a", VIEWER, true);
    await sockets.message("a", subscribe("s"), IP);
    for (let i = 0; i < 4; i++) await sockets.message("a", complete(`s${i}`), IP);
    const before = dynamo.dump("sockets");
    for (let i = 4; i < 9; i++) expect(await sockets.message("a", complete(`s${i}`), IP)).toBeUndefined();
    expect(dynamo.dump("sockets")).toEqual(before);
    await sockets.message("a", complete("s"), IP);
    expect(await left()).toEqual([0, 0]);
  });

  test("without having followed it is remembered a hundred times", async () => {
    const sockets = createSockets();
    await store.putConnection("a", VIEWER, true);
    for (let i = 0; i < 250; i++) await sockets.message("a", complete(`s${i}`), IP, i);
    expect((await store.findConnection("a"))!.completed).toBeLessThanOrEqual(100);
    expect(await sockets.message("a", subscribe("s249"), IP, 5)).toBeUndefined();
    expect(done).toEqual([]);
  });
});

test("of operations that begin at once a socket has a hundred, and no more", async () => {
  const sockets = createSockets({ MAX_SUBSCRIPTIONS_PER_TOKEN: "1000", MAX_SUBSCRIPTIONS_PER_TENANT: "1000" });
  await store.putConnection("a", VIEWER, true);
  for (let i = 0; i < 97; i++) await sockets.message("a", subscribe(`s${i}`), "1.1.1.1");
  const said = await Promise.all(
    Array.from({ length: 8 }, (_, i) => sockets.message("a", subscribe(`t${i}`), "1.1.1.1")),
  );
  expect(said.filter((answer) => answer === undefined)).toHaveLength(3);
  expect(said.filter((answer) => answer?.includes("at most 100 operations"))).toHaveLength(5);
  expect((await store.findConnection("a"))!.subscriptions.size).toBe(100);
});

test("a token and a tenant have as many subscriptions as they may, to the last one; what is over counts for no tenant", async () => {
  const sockets = createSockets({ MAX_SUBSCRIPTIONS_PER_TOKEN: "2", MAX_SUBSCRIPTIONS_PER_TENANT: "3" });
  await store.putConnection("a", VIEWER, true);
  await store.putConnection("b", { ...VIEWER, credential: "d" }, true);
  const ask = (id: string, subscription: string) => sockets.message(id, subscribe(subscription), "1.1.1.1");
  expect([await ask("a", "1"), await ask("a", "2")]).toEqual([undefined, undefined]);
  expect(await ask("a", "3")).toContain("subscriptions with this token");
  expect(await ask("b", "1")).toBeUndefined();
  expect(await ask("b", "2")).toContain("subscriptions of this tenant");
  await sockets.message("a", '{"type":"complete","id":"1"}', "1.1.1.1");
  expect(await ask("b", "2")).toBeUndefined();
  expect(await ask("a", "1")).toContain("subscriptions of this tenant");
});

describe("what does not hold", () => {
  const PROTOCOL = { "sec-websocket-protocol": "graphql-transport-ws" };
  const EDGE = "130.176.0.1";
  const init = (key: string) =>
    JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${key}` } });
  const open = (sockets: ReturnType<typeof createSockets>, id: string, of: string, more: object = {}) => {
    const headers: Record<string, string> = { ...PROTOCOL, "x-forwarded-for": of, ...more };
    return sockets.connect(id, (name) => headers[name], EDGE);
  };

  const REFUSED = expect.stringContaining("4403 The token does not hold. Log in again.");
  const LIMITED = expect.stringMatching(/^bye \w+ 4403 .*requests without a token/);

  test("is told once; who goes on by the same connection is cut off, and nothing is looked up", async () => {
    const sockets = createSockets({ RATE_ADDRESS: "off" });
    const said = [];
    for (const key of ["bad1", "bad2"]) said.push(await sockets.message("s", init(key), "1.1.1.1"));
    expect([said, done]).toEqual([[REFUSED, undefined], ["cut s"]]);
    await store.putConnection("t", VIEWER, true);
    expect(await sockets.message("t", init("bad"), "1.1.1.1")).toEqual(REFUSED);
    await sockets.message("t", subscribe("x"), "1.1.1.1");
    expect(done.at(-1)).toBe("bye t 4401 Unauthorized");
    expect(await store.countOpen("socket", VIEWER)).toEqual({ all: 0, own: 0 });
  });

  test("counts for the address that opened it: too much is told as that", async () => {
    const sockets = createSockets({ RATE_ADDRESS: "3/3600" });
    const said = [];
    for (let i = 0; i < 5; i++) said.push(await sockets.message(`s${i}`, init(`bad${i}`), "1.1.1.1"));
    expect([said, done]).toEqual([[REFUSED, REFUSED, REFUSED, undefined, undefined], [LIMITED, LIMITED]]);
    expect(await sockets.message("other", init("bad"), "1.1.1.2")).toEqual(REFUSED);
    expect(await begin(sockets, "good")).toBe('{"type":"connection_ack"}');
  });

  test("counts behind an edge for the client, and for nobody who shares that edge; also in the head", async () => {
    const sockets = createSockets({ RATE_ADDRESS: "3/3600", TRUST_PROXY: "1" });
    const said = [];
    for (let i = 0; i < 5; i++) {
      expect(await open(sockets, `s${i}`, `9.9.9.9, 203.0.113.7, ${EDGE}`)).toMatchObject({ statusCode: 200 });
      said.push(await sockets.message(`s${i}`, init(`bad${i}`), EDGE));
    }
    expect([said, done]).toEqual([[REFUSED, REFUSED, REFUSED, undefined, undefined], [LIMITED, LIMITED]]);
    const head = (of: string) => open(sockets, "h", of, { authorization: "Bearer bad" });
    expect(await head(`203.0.113.7, ${EDGE}`)).toMatchObject({ statusCode: 429 });
    expect(await head(`203.0.113.8, ${EDGE}`)).toMatchObject({ statusCode: 401 });
    await open(sockets, "b", `203.0.113.9, ${EDGE}`);
    expect(await sockets.message("b", init("bad"), EDGE)).toEqual(REFUSED);
  });

  test("keeps nothing of a socket before its token where its messages show the address; else that, until it goes", async () => {
    const dynamo = createMemoryDynamo(tables);
    store = createSocketStore(dynamo, "sockets", () => now);
    const sockets = createSockets({ TRUST_PROXY: "1" });
    await open(sockets, "plain", EDGE);
    expect(dynamo.dump("sockets")).toEqual([]);
    await open(sockets, "a", `203.0.113.7, ${EDGE}`);
    expect(await store.findOpening("a")).toEqual({ viewer: undefined, address: "203.0.113.7", isRefused: false });
    expect(await sockets.message("a", subscribe("s"), EDGE)).toBeUndefined();
    expect(done).toEqual(["bye a 4401 Unauthorized"]);
    expect(await begin(sockets, "a")).toBe('{"type":"connection_ack"}');
    expect(await store.findConnection("a")).toMatchObject({ address: "203.0.113.7", isInitialised: true });
    await open(sockets, "c", `203.0.113.7, ${EDGE}`);
    for (const id of ["a", "c"]) await sockets.disconnect(id);
    expect(dynamo.dump("sockets")).toEqual([]);
  });
});
