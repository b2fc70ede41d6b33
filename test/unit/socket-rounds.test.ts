import { beforeEach, describe, expect, test } from "vitest";
import type { Viewer } from "../../api/auth/viewer.ts";
import { createSocketRounds } from "../../api/entry/lambda/socket-rounds.ts";
import type { News } from "../../api/entry/lambda/socket-feeds.ts";
import { tables } from "../../api/resources.ts";
import type { Member, Question } from "../../api/sockets/model.ts";
import { createSocketStore } from "../../api/sockets/store.ts";
import { silentLog } from "../kit/local.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const START = Date.UTC(2026, 5, 1, 12);
const [SECOND, MINUTE] = [1_000, 60_000];
const LEASE = 90 * SECOND;
const VIEWER = { tenantId: "shop", userId: "u", scopes: [], expiresAt: START + 60 * MINUTE, credential: "c" } as Viewer;
const QUESTION: Question = {
  ...{ tenantId: "shop", scopes: [], userId: undefined, query: "q", operationName: undefined, variables: {} },
};

let now: number;
/** What the feed has, each at its position from 1 on; what it is like otherwise. */
let feed: string[];
let own: Partial<News>;
/** What was sent to whom; what is closed; where the feed was read; what was waited for, asked for again, and looked up. */
let sent: [string, string][];
let closed: string[];
let reads: string[];
let pauses: number[];
let reminders: number[];
let asked: string[];
let holding: ReadonlySet<string>;
/** What happens as something is sent. */
let during: (connectionId: string) => Promise<unknown>;
let store: ReturnType<typeof createSocketStore>;
let rounds: ReturnType<typeof createSocketRounds>;

const clock = () => now;
function createRounds() {
  let ids = 0;
  return createSocketRounds({
    store,
    gateway: {
      async post(connectionId, text) {
        await during(connectionId);
        sent.push([connectionId, text]);
        return "sent";
      },
      close: (connectionId) => Promise.resolve(void closed.push(connectionId)),
    },
    feeds: {
      read(_, position) {
        reads.push(position);
        const messages = feed.slice(Number(position || 0)).map((text) => JSON.stringify(text));
        return Promise.resolve({ messages, end: String(feed.length), keys: ["k"], fades: false, ...own });
      },
    },
    ...{ clock, ids: () => `me${ids++}`, log: silentLog },
    pause: (ms) => {
      now += ms;
      return Promise.resolve(void pauses.push(ms));
    },
    holds: (holder) => {
      asked.push(holder.keyId!);
      return Promise.resolve(holding.has(holder.keyId!));
    },
    remind: (_, __, seconds) => Promise.resolve(void reminders.push(seconds)),
  });
}

beforeEach(() => {
  [now, feed, own, sent, closed, reads, pauses, reminders, asked] = [START, [], {}, [], [], [], [], [], []];
  holding = new Set(["key"]);
  during = async () => {};
  store = createSocketStore(createMemoryDynamo(tables), "sockets", clock);
  rounds = createRounds();
});

async function join(connectionId: string, more: Partial<Member> = {}) {
  await store.putConnection(connectionId, VIEWER, true);
  await store.addSubscription((await store.findConnection(connectionId))!, "s", "g", { most: 1, saidAt: 0 });
  const key = `${connectionId}#s`;
  const holder = { userId: "u" };
  const member = { key, connectionId, subscriptionId: "s", credential: "c", expiresAt: START + 60 * MINUTE, holder };
  await store.join("g", QUESTION, { ...member, position: undefined, ...more });
  await store.listen("shop", "g", ["k"], key);
}
const next = (text: string) => `{"id":"s","type":"next","payload":${JSON.stringify(text)}}`;
const given = (connectionId: string) => sent.filter(([to]) => to === connectionId).map(([, text]) => text);
const group = async () => (await store.findGroup("shop", "g"))!;

describe("the members of a group", () => {
  test("are each given what is new once, whoever wakes it, and those who join what they have not", async () => {
    await join("a");
    feed = ["one"];
    await rounds.wake("shop", "g");
    await join("b", { position: "0" });
    feed = ["one", "two"];
    now += MINUTE;
    await rounds.wake("shop", "g");
    await rounds.wake("shop", "g");
    await createRounds().run("shop", "g");
    expect(given("a")).toEqual(["one", "two"].map(next));
    expect(given("b")).toEqual(["one", "two"].map(next));
    expect(await group()).toMatchObject({ position: "2", lease: undefined, sending: undefined });
    expect((await store.listMembers("shop", "g")).map(({ position }) => position)).toEqual([undefined, undefined]);
  });

  test("wait where they were given something less than half a second ago, and are given what is there then", async () => {
    await join("a");
    feed = ["one"];
    await rounds.wake("shop", "g");
    expect(pauses).toEqual([]);
    now += 100;
    feed = ["one", "two"];
    const isOther = createRounds();
    // Another process gives it while this one waits.
    const waiting = rounds.wake("shop", "g");
    await isOther.run("shop", "g");
    await waiting;
    expect(pauses).toEqual([400]);
    expect(given("a")).toEqual(["one", "two"].map(next));
    now += 500;
    await rounds.wake("shop", "g");
    expect(pauses).toEqual([400]);
  });

  test("are given what came while somebody else was at it: who asked meanwhile is answered before it lets go", async () => {
    await join("a");
    feed = ["one"];
    during = async () => {
      during = async () => {};
      feed = ["one", "two"];
      await createRounds().run("shop", "g");
    };
    await rounds.run("shop", "g");
    expect(given("a")).toEqual(["one", "two"].map(next));
  });

  test("are given nothing by whoever is not at it any more", async () => {
    await join("a");
    await join("b");
    feed = ["one"];
    const taken = createRounds();
    const plain = store;
    store = {
      ...plain,
      async advance(...of) {
        now += LEASE + 1;
        await taken.run("shop", "g");
        return await plain.advance(...of);
      },
    };
    await createRounds().run("shop", "g");
    expect(given("a")).toEqual([next("one")]);
    expect(given("b")).toEqual([next("one")]);
  });

  test("whose group moved since it was read are not given what that reading found", async () => {
    await join("a");
    feed = ["one", "two"];
    const news = { messages: ['"one"', '"two"'], end: "2", keys: ["k"], fades: false };
    await rounds.run("shop", "g");
    await rounds.run("shop", "g", { position: "", news });
    expect(given("a")).toEqual(["one", "two"].map(next));
  });
});

describe("where giving broke off", () => {
  const breaksOff = async (upTo: string) => {
    for (const id of ["a", "b", "c"]) await join(id);
    await join("0", { position: "0" });
    await store.claim("shop", "g", "before");
    await store.advance("shop", "g", "before", "1");
    await store.noteSent("shop", "g", "before", upTo);
    feed = ["one"];
  };

  test("who surely has it stays, up to the one that was noted; of others, and who was behind, the connection is closed", async () => {
    await breaksOff("b#s");
    now += LEASE;
    await rounds.wake("shop", "g");
    expect(closed).toEqual([]);
    now += 1;
    await rounds.wake("shop", "g");
    expect(closed.sort()).toEqual(["0", "c"]);
    expect(sent).toEqual([]);
    expect((await group()).sending).toBeUndefined();
  });

  test("it is noted after each hundred members, by the last of them", async () => {
    for (let i = 0; i < 250; i++) await join(`c${1_000 + i}`);
    feed = ["one"];
    const noted: string[] = [];
    const plain = store;
    store = {
      ...plain,
      noteSent(...of) {
        noted.push(of[3]);
        return plain.noteSent(...of);
      },
    };
    await createRounds().run("shop", "g");
    expect(noted).toEqual(["c1099#s", "c1199#s"]);
    expect(sent).toHaveLength(250);
  });
});

describe("a member", () => {
  test("whose token is over is told so in that very millisecond, and no earlier", async () => {
    await join("a", { expiresAt: START + SECOND });
    feed = ["one"];
    now = START + SECOND - 1;
    await rounds.run("shop", "g");
    expect(given("a")).toEqual([next("one")]);
    now += 1;
    feed.push("two");
    await rounds.run("shop", "g");
    expect(given("a").slice(1)).toEqual(['{"type":"ping","payload":{"code":4403,"reason":"token expired"}}']);
    expect(closed).toEqual(["a"]);
  });

  test("whose key has ended is let go within a minute, by the clock that is passed in; it is asked once a minute", async () => {
    await join("a", { holder: { userId: "u", keyId: "key" } });
    for (const second of [0, 30, 59]) {
      now = START + second * SECOND;
      feed.push(`${second}`);
      await rounds.run("shop", "g");
    }
    expect(asked).toEqual(["key"]);
    holding = new Set();
    now = START + 60 * SECOND + 1;
    feed.push("last");
    await rounds.run("shop", "g");
    expect(asked).toEqual(["key", "key"]);
    expect(closed).toEqual(["a"]);
    expect(given("a").at(-1)).toContain("login ended");
  });
});

describe("a group", () => {
  test("that nobody follows any more is woken no more", async () => {
    await join("a");
    await store.removeConnection("a");
    await store.noteKeys("shop", "g", ["k"], false);
    expect(await store.listWoken("shop", new Set(["k"]))).toEqual(["g"]);
    await rounds.run("shop", "g");
    expect(await store.listWoken("shop", new Set(["k"]))).toEqual([]);
  });

  test("that changes with time is looked at again each half minute by one, for as long as somebody follows it", async () => {
    own = { fades: true };
    await join("a");
    await rounds.wake("shop", "g");
    await createRounds().wake("shop", "g");
    expect(reminders).toEqual([30]);
    now += 30 * SECOND - 1;
    await rounds.wake("shop", "g");
    expect(reminders).toEqual([30]);
    now += 1;
    await rounds.wake("shop", "g");
    expect(reminders).toEqual([30, 30]);
    await store.removeConnection("a");
    now += 30 * SECOND;
    await rounds.wake("shop", "g");
    expect(reminders).toEqual([30, 30]);
  });

  test("whose feed is over says so to each, and has no member any more", async () => {
    await join("a");
    own = { over: "complete" };
    feed = ["one"];
    await rounds.wake("shop", "g");
    expect(given("a")).toEqual([next("one"), '{"id":"s","type":"complete"}']);
    expect(await store.listMembers("shop", "g")).toEqual([]);
  });
});
