import { describe, expect, test } from "vitest";
import type { Viewer } from "../../api/auth/viewer.ts";
import { tables } from "../../api/resources.ts";
import type { Member, Question } from "../../api/sockets/model.ts";
import { createSocketStore } from "../../api/sockets/store.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const SECOND = 1_000;
const LEASE = 90 * SECOND;
const KEPT = 130 * 60 * SECOND;
const ROOM = { most: 100, saidAt: 0 };
const START = Date.UTC(2026, 5, 1, 12);
const VIEWER = { tenantId: "shop", userId: "u", scopes: [], expiresAt: START + KEPT, credential: "c" } as Viewer;
const QUESTION: Question = {
  ...{ tenantId: "shop", scopes: [], userId: undefined, query: "q", operationName: undefined, variables: {} },
};
const member = (connectionId: string, subscriptionId = "s"): Member => ({
  ...{
    key: `${connectionId}#${subscriptionId}`,
    connectionId,
    subscriptionId,
    credential: "c",
    expiresAt: START + KEPT,
  },
  ...{ holder: {} as Member["holder"], position: "p0" },
});

function createWorld() {
  let now = START;
  const dynamo = createMemoryDynamo(tables);
  const store = createSocketStore(dynamo, "sockets", () => now);
  return {
    store,
    dynamo,
    pass: (ms: number) => now += ms,
    join: (id: string) => store.join("g", QUESTION, member(id)),
  };
}

describe("a group's lease", () => {
  test("is one holder's until it lets go, or its time is over; not a millisecond earlier", async () => {
    const { store, join, pass } = createWorld();
    await join("a");
    expect((await store.claim("shop", "g", "me"))!.lease).toEqual({ by: "me", until: START + LEASE });
    expect(await store.claim("shop", "g", "you")).toBeUndefined();
    pass(LEASE);
    expect(await store.claim("shop", "g", "you")).toBeUndefined();
    pass(1);
    expect((await store.claim("shop", "g", "you"))!.lease!.by).toBe("you");
    // Whoever had it before changes nothing any more.
    expect(await store.advance("shop", "g", "me", "p9")).toBe(false);
    expect(await store.noteSent("shop", "g", "me", "a#s")).toBe(false);
    expect(await store.release("shop", "g", "me")).toBe(true);
    expect(await store.findGroup("shop", "g")).toMatchObject({ position: "", lease: { by: "you" } });
    // What was asked of the one before it is answered with its taking.
    expect(await store.release("shop", "g", "you")).toBe(true);
    expect(await store.claim("shop", "none", "me")).toBeUndefined();
  });

  test("is not let go where somebody asked meanwhile: the holder looks again, for a whole time", async () => {
    const { store, join, pass } = createWorld();
    await join("a");
    await store.claim("shop", "g", "me");
    pass(50 * SECOND);
    expect(await store.claim("shop", "g", "you")).toBeUndefined();
    expect(await store.release("shop", "g", "me")).toBe(false);
    expect((await store.findGroup("shop", "g"))!.lease).toEqual({ by: "me", until: START + 50 * SECOND + LEASE });
    expect(await store.release("shop", "g", "me")).toBe(true);
    expect((await store.findGroup("shop", "g"))!.lease).toBeUndefined();
    // A question that came before the lease was taken was answered with it.
    await store.claim("shop", "g", "you");
    expect(await store.release("shop", "g", "you")).toBe(true);
  });

  test("shows what broke off: up to which member all surely have what was sent", async () => {
    const { store, join, pass } = createWorld();
    await join("a");
    await store.claim("shop", "g", "me");
    expect(await store.advance("shop", "g", "me", "p1")).toBe(true);
    expect(await store.noteSent("shop", "g", "me", "a#s")).toBe(true);
    pass(LEASE + 1);
    const taken = await store.claim("shop", "g", "you");
    expect(taken).toMatchObject({ position: "p1", sentAt: START, sending: { upTo: "a#s" } });
    await store.clearSending("shop", "g", "me");
    expect((await store.findGroup("shop", "g"))!.sending).toEqual({ upTo: "a#s" });
    await store.clearSending("shop", "g", "you");
    expect((await store.findGroup("shop", "g"))!.sending).toBeUndefined();
  });
});

describe("a connection", () => {
  const connect = async (store: ReturnType<typeof createWorld>["store"], id: string) => {
    await store.putConnection(id, VIEWER, true);
    return (await store.findConnection(id))!;
  };

  test("is initialised once, and by its head before it says so", async () => {
    const { store } = createWorld();
    expect(await store.putConnection("a", VIEWER, false)).toBe(true);
    expect(await store.putConnection("a", VIEWER, true)).toBe(true);
    expect(await store.putConnection("a", VIEWER, true)).toBe(false);
  });

  test("takes all that it followed with it, and nothing of others", async () => {
    const { store, join, dynamo } = createWorld();
    const follows = { expression: "SET subscriptions = :s", values: { ":s": { "=s": "g" } } };
    for (const id of ["a", "b"]) {
      await connect(store, id);
      await dynamo.update("sockets", { pk: `#${id}`, sk: "-" }, follows);
      await join(id);
    }
    await store.removeConnection("a");
    await store.removeConnection("a");
    expect((await store.listMembers("shop", "g")).map(({ key }) => key)).toEqual(["b#s"]);
    expect(await store.countOpen("socket", VIEWER)).toEqual({ all: 1, own: 1 });
    expect(await store.findConnection("a")).toBeUndefined();
    expect((await store.findConnection("b"))!.subscriptions).toEqual(new Map([["s", "g"]]));
  });

  test("counts for its tenant and its token while it lives, and no longer", async () => {
    const { store, pass } = createWorld();
    await connect(store, "a");
    await store.putConnection("b", { ...VIEWER, credential: "d" }, true);
    await store.putConnection("c", { ...VIEWER, tenantId: "other" }, true);
    expect(await store.countOpen("socket", VIEWER)).toEqual({ all: 2, own: 1 });
    pass(KEPT - 1);
    expect(await store.countOpen("socket", VIEWER, true)).toEqual({ all: 2, own: 1 });
    pass(1);
    expect(await store.countOpen("socket", VIEWER, true)).toEqual({ all: 0, own: 0 });
    // What nobody has removed yet is among all, unless it is asked for what lives: so a count at a limit is made again.
    expect(await store.countOpen("socket", VIEWER)).toEqual({ all: 2, own: 0 });
  });
});

describe("what a connection follows", () => {
  const connected = async () => {
    const world = createWorld();
    await world.store.putConnection("a", VIEWER, true);
    const seen = async () => (await world.store.findConnection("a"))!;
    return { ...world, seen };
  };

  test("has an id that is taken once; the same id of another connection is another's", async () => {
    const { store, seen } = await connected();
    await store.putConnection("b", VIEWER, true);
    const [a, b] = [await seen(), (await store.findConnection("b"))!];
    expect(await store.addSubscription(a, "s", "g", ROOM)).toBe("following");
    expect(await store.addSubscription(a, "s", "h", ROOM)).toBe("exists");
    expect(await store.addSubscription(b, "s", "h", ROOM)).toBe("following");
    expect((await seen()).subscriptions).toEqual(new Map([["s", "g"]]));
    await store.removeConnection("a");
    expect(await store.addSubscription(a, "t", "g", ROOM)).toBe("gone");
    expect(await store.findConnection("a")).toBeUndefined();
  });

  test("goes alone, with its member of the group; what it never followed changes nothing", async () => {
    const { store, seen, join } = await connected();
    for (const id of ["s", "t"]) {
      await store.addSubscription(await seen(), id, "g", ROOM);
      await store.join("g", QUESTION, member("a", id));
    }
    await join("b");
    const before = await seen();
    await store.removeSubscription(before, "unknown");
    expect(await store.listMembers("shop", "g")).toHaveLength(3);
    await store.removeSubscription(before, "s");
    expect((await store.listMembers("shop", "g")).map(({ key }) => key)).toEqual(["a#t", "b#s"]);
    expect((await seen()).subscriptions).toEqual(new Map([["t", "g"]]));
    // By who read it before it went: what follows another group by this id since stays.
    await store.addSubscription(before, "s", "h", ROOM);
    await store.removeSubscription(before, "s");
    expect((await seen()).subscriptions).toEqual(new Map([["s", "h"], ["t", "g"]]));
    // Once more: nothing is brought back.
    await store.removeConnection("a");
    await store.removeSubscription(before, "t");
    expect(await store.findConnection("a")).toBeUndefined();
  });
});

test("a subscription goes also where another transaction is at its connection at that moment", async () => {
  const dynamo = createMemoryDynamo(tables);
  let refusals = 3;
  const transact: typeof dynamo.transact = async (parts) => refusals-- <= 0 && await dynamo.transact(parts);
  const store = createSocketStore({ ...dynamo, transact }, "sockets", () => START);
  await store.putConnection("a", VIEWER, true);
  await store.addSubscription({ id: "a" }, "s", "g", ROOM);
  await store.join("g", QUESTION, member("a"));
  await store.removeSubscription((await store.findConnection("a"))!, "s");
  expect((await store.findConnection("a"))!.subscriptions.size).toBe(0);
  expect(await store.listMembers("shop", "g")).toEqual([]);
});

test("a connection of before ids were remembered goes on: what it never followed is no error, and it follows what it asks for", async () => {
  const { store, dynamo } = createWorld();
  await store.putConnection("a", VIEWER, true);
  await dynamo.update("sockets", { pk: "#a", sk: "-" }, { expression: "REMOVE completed" });
  await store.complete((await store.findConnection("a"))!, "s", 1);
  expect(await store.addSubscription({ id: "a" }, "s", "g", { most: 1, saidAt: 0 })).toBe("following");
  await store.complete((await store.findConnection("a"))!, "s", 1);
  expect(await store.findConnection("a")).toMatchObject({ subscriptions: new Map(), completed: 0 });
});

test("connections of a login or a key are found by it, and no others of the tenant or another's", async () => {
  const { store } = createWorld();
  await store.putConnection("a", { ...VIEWER, keyId: "key" }, true);
  await store.putConnection("b", { ...VIEWER, login: { username: "ada", loginId: "login" } }, true);
  await store.putConnection("c", VIEWER, true);
  await store.putConnection("d", { ...VIEWER, tenantId: "other", keyId: "key" }, true);
  expect(await store.listHeldBy("shop", ["key"])).toEqual(["a"]);
  expect(await store.listHeldBy("shop", ["login", "key", "unknown"])).toEqual(["a", "b"]);
  expect(await store.listHeldBy("shop", [])).toEqual([]);
});

describe("what is noted of a group", () => {
  test("is when it is looked at again: the earliest that is still to come", async () => {
    const { store, join, pass } = createWorld();
    expect(await store.noteLook("shop", "g", START + 5)).toBe(false);
    expect(await store.findGroup("shop", "g")).toBeUndefined();
    await join("a");
    expect(await store.noteLook("shop", "g", START + 5)).toBe(true);
    expect((await store.findGroup("shop", "g"))!.lookAt).toBe(START + 5);
    pass(4);
    expect(await store.noteLook("shop", "g", START + 9)).toBe(false);
    pass(1);
    expect(await store.noteLook("shop", "g", START + 9)).toBe(true);
    expect((await store.findGroup("shop", "g"))!.lookAt).toBe(START + 9);
  });

  test("is what wakes it, and whether it begins now", async () => {
    const { store, join } = createWorld();
    expect(await join("a")).toMatchObject({ keys: undefined, beginsNow: false });
    await store.noteKeys("shop", "g", ["k", "l"], true);
    expect(await store.findGroup("shop", "g")).toMatchObject({ keys: ["k", "l"], beginsNow: true });
    await store.noteKeys("shop", "g", ["k"], false);
    expect(await store.findGroup("shop", "g")).toMatchObject({ keys: ["k"], beginsNow: false });
  });
});

test("a group's question stays as whoever came first asked it", async () => {
  const { store, join } = createWorld();
  await join("a");
  const asked = { ...QUESTION, variables: { after: "p9" } };
  expect((await store.join("g", asked, member("b"))).question.variables).toEqual({});
  expect((await store.findGroup("shop", "g"))!.question.variables).toEqual({});
});

describe("a key of the hub", () => {
  test("wakes the groups that listen to it, as long as a connection lives, and no group of another tenant", async () => {
    const { store, pass } = createWorld();
    await store.listen("shop", "g", ["k", "l"], "a#s");
    await store.listen("other", "h", ["k"], "b#s");
    expect(await store.listWoken("shop", new Set(["k"]))).toEqual(["g"]);
    expect(await store.listWoken("shop", new Set(["k", "l"]))).toEqual(["g"]);
    expect(await store.listWoken("shop", new Set(["m"]))).toEqual([]);
    pass(KEPT - 1);
    expect(await store.listWoken("shop", new Set(["k"]))).toEqual(["g"]);
    pass(1);
    expect(await store.listWoken("shop", new Set(["k"]))).toEqual([]);
  });

  test("ends with the last member, unless somebody has joined since it was looked at", async () => {
    const { store, pass } = createWorld();
    await store.listen("shop", "g", ["k", "l"], "a#s");
    const end = await store.readWakes("shop", "g", ["k", "l"]);
    await store.listen("shop", "g", ["l"], "b#s");
    await end();
    expect(await store.listWoken("shop", new Set(["k"]))).toEqual([]);
    expect(await store.listWoken("shop", new Set(["l"]))).toEqual(["g"]);
    // The same member again, later, is another reason to stay.
    const again = await store.readWakes("shop", "g", ["l"]);
    pass(1);
    await store.listen("shop", "g", ["l"], "b#s");
    await again();
    expect(await store.listWoken("shop", new Set(["l"]))).toEqual(["g"]);
  });
});

test("a member stands where it joined, then with its group, and is not brought back once it is gone", async () => {
  const { store, join } = createWorld();
  const group = await join("a");
  expect(group).toMatchObject({ id: "g", position: "", question: { query: "q" } });
  const [own] = await store.listMembers("shop", "g");
  expect(own).toMatchObject({ key: "a#s", position: "p0" });
  await store.settle("shop", "g", own!, "p1");
  expect((await store.listMembers("shop", "g"))[0]!.position).toBe("p1");
  await store.settle("shop", "g", own!, undefined);
  expect((await store.listMembers("shop", "g"))[0]!.position).toBeUndefined();
  await store.settle("shop", "g", member("gone"), "p2");
  expect(await store.listMembers("shop", "g")).toHaveLength(1);
});
