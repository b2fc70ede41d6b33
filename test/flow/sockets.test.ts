import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { metricsOf } from "../kit/metrics.ts";
import { BUCKETS, EVENTS, type SocketWorld, startSockets } from "../kit/sockets.ts";

let on: SocketWorld;
beforeAll(async () => {
  on = await startSockets({ clock: () => now });
});
afterAll(() => on.stop());

const NOW = Date.now();
let now = NOW;
/** Buckets of an hour in the window of two hours. */
const HOURS = 3;
let made = 0;
const count = (tenant: string, records = 1) =>
  metricsOf(on.api, tenant).record(
    Array.from(
      { length: records },
      () => ({ source: "TASKS", recordId: `r${++made}`, at: new Date(NOW).toISOString() }),
    ),
  );
const event = (sessionId: string, seq: number) => ({
  sessionId,
  seq,
  type: "PAGE_VIEWED",
  occurredAt: new Date(NOW - 60_000 + seq).toISOString(),
  page: "/",
});
const RECORD = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename } }`;
const record = (tenant: string, ...events: object[]) => on.api.ask(tenant, RECORD, { events });
const seqs = ({ received }: { received: { node: { seq: number } }[] }) => received.map(({ node }) => node.seq);
describe("a subscription over API Gateway", () => {
  test("gives what is there, then each change, each once", async () => {
    await record("once", event("s", 1), event("s", 2));
    const followed = on.follow(on.client("once"), EVENTS, { id: "s" });
    await followed.until(({ length }) => length === 2);
    await record("once", event("s", 3));
    await on.settle();
    await followed.until(({ length }) => length === 3);
    expect(seqs(followed)).toEqual([1, 2, 3]);
  });

  test("that nothing is there for yet is given what comes", async () => {
    const followed = on.follow(on.client("early"), EVENTS, { id: "s" });
    await joined("early", 1);
    await record("early", event("s", 1));
    await on.settle();
    await followed.until(({ length }) => length === 1);
    expect(seqs(followed)).toEqual([1]);
  });

  test("gives nothing twice where streams and wakes come again", async () => {
    const followed = on.follow(on.client("again"), BUCKETS);
    await followed.until(({ length }) => length === HOURS);
    await count("again", 3);
    await on.settle(3);
    await followed.until(({ length }) => length > HOURS);
    await on.settle(3);
    expect(followed.received.slice(HOURS).map(({ bucket }) => bucket.count)).toEqual([3]);
  });

  test("executes once for all who ask the same", async () => {
    const all = Array.from({ length: 20 }, () => on.follow(on.client("many"), BUCKETS));
    await Promise.all(all.map((one) => one.until(({ length }) => length === HOURS)));
    await on.settle();
    on.costs.splice(0);
    await count("many");
    await on.settle();
    await Promise.all(all.map((one) => one.until(({ length }) => length > HOURS)));
    expect(all.map(({ received }) => received.length)).toEqual(all.map(() => HOURS + 1));
    const writes = on.costs.filter(({ table, kind }) => table === "test-sockets" && kind === "write");
    // The lease, the position, and letting go; nothing a subscriber.
    expect(writes.reduce((sum, { units }) => sum + units, 0)).toBeLessThanOrEqual(4);
  });

  test("goes on after the cut of two hours from its cursor: nothing missed, nothing doubled", async () => {
    const all = Array.from({ length: 5 }, () => on.follow(on.client("cut"), EVENTS, { id: "s" }));
    await record("cut", event("s", 1));
    await joined("cut", 5);
    await on.settle();
    await Promise.all(all.map((one) => one.until(({ length }) => length === 1)));
    on.gateway.cut();
    await record("cut", event("s", 2), event("s", 3));
    await on.settle();
    await Promise.all(all.map((one) => one.until(({ length }) => length === 3)));
    expect(all.map(seqs)).toEqual(all.map(() => [1, 2, 3]));
  });

  test("ends where its client says so, and its socket where that goes", async () => {
    const client = on.client("ends");
    const [first, second] = [on.follow(client, EVENTS, { id: "a" }), on.follow(client, EVENTS, { id: "b" })];
    await joined("ends", 2);
    first.stop();
    await joined("ends", 1);
    await record("ends", event("a", 1), event("b", 1));
    await on.settle();
    await second.until(({ length }) => length === 1);
    expect(first.received).toEqual([]);
    await client.dispose();
    await joined("ends", 0);
  });
});

describe("a push that fails midway", () => {
  const all1to = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

  test.each(["lost-answer", "lost", "gone", "throttled"] as const)(
    "misses nothing and doubles nothing: %s",
    async (fault) => {
      const tenant = `fails-${fault}`;
      const all = await followersOf(tenant, 6);
      let n = 0;
      on.gateway.failWith((_, data) => data.includes('"next"') && n++ % 3 === 1 ? fault : undefined);
      for (let seq = 1; seq <= 4; seq++) {
        await record(tenant, event("s", seq));
        await on.settle();
      }
      on.gateway.failWith(undefined);
      await on.settle();
      await Promise.all(all.map((one) => one.until(({ length }) => length >= 4)));
      expect(all.map(seqs)).toEqual(all.map(() => all1to(4)));
      expect(n).toBeGreaterThan(6);
    },
  );
});

describe("a function that ends midway", () => {
  test("lets those go whose state is not known, and they go on from what they have", async () => {
    const all = await followersOf("killed", 5);
    await record("killed", event("s", 1));
    await on.settle();
    await Promise.all(all.map((one) => one.until(({ length }) => length === 1)));
    // It noted that it is going to give something, gave it to the first two, and was ended.
    let posts = 0;
    const killed = new Promise<void>((resolve) =>
      on.gateway.failWith((_, data) => {
        if (!data.includes('"next"')) return undefined;
        if (++posts === 3) resolve();
        return posts >= 3 ? "never" : undefined;
      })
    );
    await record("killed", event("s", 2));
    const message = await on.nextWake();
    void on.service().push(message.body).catch(() => {});
    await killed;
    on.gateway.failWith(undefined);
    await on.kill();
    // Its lease is over, and the queue's message comes again.
    now += 100_000;
    await record("killed", event("s", 3));
    await on.oneByOne(() => on.service().push(message.body));
    await on.settle();
    await Promise.all(all.map((one) => one.until(({ length }) => length >= 3)));
    expect(all.map(seqs)).toEqual(all.map(() => [1, 2, 3]));
  });
});

describe("what is refused", () => {
  test("a token that does not hold ends the client, which is told why", async () => {
    const client = on.client("refused", { token: () => Promise.resolve("Bearer x") });
    const followed = on.follow(client, EVENTS, { id: "s" });
    await followed.until(() => false);
    const reason = expect.stringContaining("4403 The ");
    expect(followed.errors).toEqual([expect.objectContaining({ code: 4004, reason })]);
  });

  test("a token's end closes the socket at the next push; the client goes on with a new one", async () => {
    const pings: unknown[] = [];
    const client = on.client("expires", { on: { ping: (_: boolean, payload: unknown) => void pings.push(payload) } });
    const followed = on.follow(client, EVENTS, { id: "s" });
    await joined("expires", 1);
    now += 3_700_000;
    await record("expires", event("s", 1));
    await on.settle();
    await followed.until(({ length }) => length === 1);
    expect(seqs(followed)).toEqual([1]);
    expect(pings).toEqual([{ code: 4403, reason: "token expired" }]);
  });

  test("a query, a wrong cursor and a second subscription of one id; other subscriptions go on", async () => {
    const client = on.client("wrong");
    const good = on.follow(client, EVENTS, { id: "s" });
    await joined("wrong", 1);
    const query = on.follow(client, "{ viewer { tenantId } }");
    await query.until(() => false);
    expect(query.errors[0]).toEqual([
      expect.objectContaining({ message: expect.stringContaining("subscriptions only") }),
    ]);
    const cursor = on.follow(
      client,
      EVENTS.replace("($id: String!, $after: String)", "($id: String!)").replace("$after", '"x"'),
      { id: "s" },
    );
    await cursor.until(() => false);
    expect(cursor.errors[0]).toEqual([
      expect.objectContaining({ message: expect.stringContaining("no cursor of this list") }),
    ]);
    await record("wrong", event("s", 1));
    await on.settle();
    await good.until(({ length }) => length === 1);
  });

  test("more subscriptions of a token than it may have", async () => {
    const limited = await startSockets({ env: { MAX_SUBSCRIPTIONS_PER_TOKEN: "2" } });
    try {
      const client = limited.client("t");
      const all = [1, 2].map((n) => limited.follow(client, EVENTS, { id: `s${n}` }));
      while ((await limited.store.countOpen("member", { tenantId: "t", credential: "" }, true)).all < 2) {
        await new Promise(setImmediate);
      }
      const third = limited.follow(client, EVENTS, { id: "s3" });
      await third.until(() => false);
      expect(third.errors[0]).toEqual([
        expect.objectContaining({ extensions: expect.objectContaining({ code: "RATE_LIMITED" }) }),
      ]);
      expect(all.flatMap(({ errors }) => errors)).toEqual([]);
    } finally {
      await limited.stop();
    }
  });

  test("a socket without its protocol, from a strange page, or that says nonsense", async () => {
    const { messages } = on.service();
    const head = (all: Record<string, string>) => (name: string) => all[name];
    const protocol = { "sec-websocket-protocol": "graphql-transport-ws" };
    expect(await messages.connect("c", head({}), "203.0.113.7")).toMatchObject({ statusCode: 400 });
    const strange = head({ ...protocol, origin: "https://evil.example", host: "api.example" });
    expect(await messages.connect("c", strange, "203.0.113.7")).toMatchObject({ statusCode: 403 });
    const held = head({ ...protocol, authorization: "Bearer x" });
    expect(await messages.connect("c", held, "203.0.113.7")).toMatchObject({ statusCode: 401 });
    for (const text of ["", "[]", '{"type":"subscribe","id":"1"}', "{".repeat(100)]) {
      expect(await messages.message("nobody", text, "203.0.113.7", 0)).toBeUndefined();
    }
  });
});

async function followersOf(tenant: string, howMany: number) {
  const all = Array.from({ length: howMany }, () => on.follow(on.client(tenant), EVENTS, { id: "s" }));
  await joined(tenant, howMany);
  return all;
}

/** Waits until so many subscriptions of a tenant are kept. */
async function joined(tenantId: string, howMany: number): Promise<void> {
  for (;;) {
    const found = await members(tenantId);
    if (found === howMany) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function members(tenantId: string): Promise<number> {
  return (await on.store.countOpen("member", { tenantId, credential: "" }, true)).all;
}
