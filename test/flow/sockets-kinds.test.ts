import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reviewerOf, smallContent } from "../kit/review.ts";
import { schema11 } from "../kit/anki-file.ts";
import { mutate } from "../kit/sessions.ts";
import { type Received, type SocketWorld, startSockets } from "../kit/sockets.ts";

/** Every kind of subscription, over the sockets that API Gateway holds. */
const MINUTE = 60_000;
const START = Math.floor(Date.now() / MINUTE) * MINUTE;
let now = START;
let on: SocketWorld;
beforeAll(async () => {
  on = await startSockets({ clock: () => now, env: { RATE_REGISTRATIONS: "off" } });
});
afterAll(() => on.stop());

const iso = (at: number) => new Date(at).toISOString();
const RECORD = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename } }`;
const view = (tenant: string, seq: number, page: string) =>
  on.api.ask(tenant, RECORD, {
    events: [{ sessionId: "s", seq, type: "PAGE_VIEWED", occurredAt: iso(now - 1_000), page, visitorId: "v" }],
  });
const METRICS = `mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`;
const count = (tenant: string, recordId: string) =>
  on.api.ask(tenant, METRICS, { r: [{ source: "TASKS", recordId, at: iso(now) }] });
const CONFIGURE = `mutation ($input: ConfigureAlertInput!) { configureAlert(input: $input) { __typename } }`;
const RULE = { alertId: "a", name: "n", source: "TASKS", size: "ONE_MINUTE", condition: "ABOVE", threshold: 1 };

/** A minute with so many records, judged. */
async function pass(tenant: string, records: number): Promise<void> {
  for (let i = 0; i < records; i++) await count(tenant, `r${now}-${i}`);
  now += MINUTE;
  await on.api.settle();
  await on.api.app.jobs.find(({ name }) => name === "judge-alerts")!.run();
}

type Kind = {
  query: string;
  /** What is there before anybody follows it. */
  before?: (tenant: string) => Promise<unknown>;
  variables?: (tenant: string) => Promise<Record<string, unknown>>;
  /** Three changes, one at a time. */
  changes: readonly ((tenant: string) => Promise<unknown>)[];
  /** What of a message is to be seen. */
  seen: (message: Received) => unknown;
  /** What is seen: of the start, and of each change. */
  expected: readonly unknown[][];
};

let review = "";
const answers = (tenant: string) => reviewerOf(on.api, { tenantId: tenant });
const KINDS: Record<string, Kind> = {
  sessionChanged: {
    query: `subscription ($after: String) { sessionChanged(after: $after) { cursor sessionId motionEventCount } }`,
    before: (tenant) => mutate(on.api, tenant, "recordMotion", { sensorId: "hall", seq: 1, at: iso(now - 3_000) }),
    changes: [2, 3, 4].map((seq) => (tenant: string) =>
      mutate(on.api, tenant, "recordMotion", { sensorId: "hall", seq, at: iso(now - 3_000 + seq) })
    ),
    seen: ({ motionEventCount }) => motionEventCount,
    expected: [[], [2], [3], [4]],
  },
  journeyEvents: {
    query: `subscription ($after: String) { journeyEvents(sessionId: "s", after: $after) { cursor node { seq } } }`,
    before: (tenant) => view(tenant, 1, "/"),
    changes: [2, 3, 4].map((seq) => (tenant: string) => view(tenant, seq, "/")),
    seen: ({ node }) => node.seq,
    expected: [[1], [2], [3], [4]],
  },
  activeVisitors: {
    query: `subscription ($after: String) {
      activeVisitors(after: $after) { cursor visitorCount pages { page } } }`,
    before: (tenant) => view(tenant, 1, "/a"),
    changes: [2, 3, 4].map((seq) => (tenant: string) => view(tenant, seq, `/${seq}`)),
    seen: ({ pages }) => pages.map(({ page }: { page: string }) => page).join(),
    expected: [["/a"], ["/2"], ["/3"], ["/4"]],
  },
  metricBuckets: {
    query: `subscription ($after: String) {
      metricBuckets(sources: [TASKS], size: ONE_HOUR, after: $after) { cursor bucket { count } } }`,
    changes: ["a", "b", "c"].map((id) => (tenant: string) => count(tenant, id)),
    seen: ({ bucket }) => bucket.count,
    expected: [[0, 0, 0], [1], [2], [3]],
  },
  reviewSessionChanged: {
    query: `subscription ($id: String!, $after: String) {
      reviewSessionChanged(sessionId: $id, after: $after) { cursor answered } }`,
    async before(tenant) {
      await answers(tenant).import(schema11(smallContent()));
      review = (await answers(tenant).start()).reviewSession.sessionId;
    },
    variables: () => Promise.resolve({ id: review }),
    changes: [1, 2, 3].map((n) => async (tenant: string) => {
      const { sessionId, nextCard } = await answers(tenant).session();
      await answers(tenant).answer({ sessionId, cardId: nextCard.cardId, answerId: `a${n}` });
    }),
    seen: ({ answered }) => answered,
    expected: [[0], [1], [2], [3]],
  },
  alertChanged: {
    query: `subscription ($after: String) { alertChanged(after: $after) { cursor change { state } } }`,
    async before(tenant) {
      await on.api.ask(tenant, CONFIGURE, { input: RULE });
      await pass(tenant, 2);
    },
    // Each minute is judged at the end of the next.
    changes: [0, 2, 0].map((records) => (tenant: string) => pass(tenant, records)),
    seen: ({ change }) => change.state,
    expected: [[], ["RINGING"], ["OK"], ["RINGING"]],
  },
};

describe("over sockets that API Gateway holds", () => {
  test("each subscription of the contract has its case here", () => {
    const fields = on.api.app.schema.getSubscriptionType()!.getFields();
    expect(Object.keys(KINDS).sort()).toEqual(Object.keys(fields).sort());
  });

  test.each(Object.entries(KINDS))(
    "%s gives what is there, then each change once, also after a cut",
    async (name, kind) => {
      const { query, before, changes, seen, expected } = kind;
      await before?.(name);
      await on.settle();
      const followed = on.follow(on.client(name), query, await kind.variables?.(name) ?? {});
      await joined(name, 1);
      const all = () => followed.received.map(seen);
      const upTo = (step: number) => expected.slice(0, step + 1).flat();
      await followed.until(({ length }) => length >= upTo(0).length);
      for (const [i, change] of changes.entries()) {
        if (i === 2) {
          on.gateway.cut();
          await joined(name, 0);
        }
        await change(name);
        await on.settle(2);
        await followed.until(({ length }) => length >= upTo(i + 1).length);
        await joined(name, 1);
      }
      await on.settle(2);
      expect(followed.errors).toEqual([]);
      expect(all()).toEqual(upTo(3));
    },
  );

  test.each(["sessionChanged", "alertChanged"])(
    "%s goes on from where a list was read, whatever happened until it is followed",
    async (name) => {
      const { query, before, changes, seen, expected } = KINDS[name]!;
      const tenant = `${name}-list`;
      await before?.(tenant);
      await on.settle();
      const { data } = await on.api.ask(tenant, "{ feedCursor }");
      await changes[0]!(tenant);
      // Longer ago than what comes once more.
      now += MINUTE;
      await on.settle();
      const followed = on.follow(on.client(tenant), query, { after: data.feedCursor });
      await followed.until(({ length }) => length > 0);
      await changes[1]!(tenant);
      await on.settle(2);
      await followed.until(({ length }) => length > 1);
      expect(followed.errors).toEqual([]);
      expect(followed.received.map(seen)).toEqual([...expected[1]!, ...expected[2]!]);
    },
  );

  test("who has left a page is not shown there any more, though nothing is written", async () => {
    const tenant = "fades";
    await view(tenant, 1, "/");
    await on.settle();
    const followed = on.follow(on.client(tenant), KINDS["activeVisitors"]!.query);
    await followed.until(({ length }) => length === 1);
    expect(followed.errors).toEqual([]);
    const groups = await groupsOf(tenant);
    now += 6 * MINUTE;
    await on.oneByOne(() => on.service().push(JSON.stringify({ tenantId: tenant, groups })));
    await followed.until(({ length }) => length === 2);
    expect(followed.received.map((message) => message.visitorCount)).toEqual([1, 0]);
  });
});

describe("a login or key that is over", () => {
  const password = "correct horse battery";
  let people = 0;
  const ask = async (token: string | undefined, query: string, variables: object = {}) => {
    const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const body = JSON.stringify({ query, variables });
    const response = await on.api.http.fetch(
      new Request("http://127.0.0.1/graphql", { method: "POST", headers, body }),
    );
    const { data, errors } = await response.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  async function register() {
    const { register: { token, viewer } } = await ask(
      undefined,
      `mutation ($i: RegisterInput!) { register(input: $i) { ... on AuthPayload { token viewer { tenantId } } } }`,
      { i: { username: `person-${++people}`, password } },
    );
    return { token: token as string, tenantId: viewer.tenantId as string, username: `person-${people}` };
  }
  const login = async (username: string) =>
    (await ask(undefined, `mutation ($i: LoginInput!) { login(input: $i) { ... on AuthPayload { token } } }`, {
      i: { username, password },
    })).login.token as string;
  async function key(token: string) {
    const { createApiKey } = await ask(
      token,
      `mutation { createApiKey(input: { name: "k", scopes: [SESSIONS_READ] }) {
        ... on CreateKeyPayload { key apiKey { keyId } } ... on UserError { message } } }`,
    );
    return { token: createApiKey.key as string, keyId: createApiKey.apiKey.keyId as string };
  }
  const SESSIONS = KINDS["sessionChanged"]!.query;
  /** Follows; `ended` gives what was said when its socket is closed. */
  async function open(tenantId: string, token: string, members: number) {
    const ended = Promise.withResolvers<unknown>();
    const pings: unknown[] = [];
    /** It would come again, as long as its token is known here. */
    function closed() {
      stop();
      ended.resolve([...pings]);
    }
    const client = on.client(tenantId, {
      token: () => Promise.resolve(`Bearer ${token}`),
      retryAttempts: 0,
      on: { ping: (_: boolean, payload: unknown) => void pings.push(payload), closed },
    });
    const { stop } = on.follow(client, SESSIONS);
    await joined(tenantId, members);
    return { ended: ended.promise };
  }
  const OVER = [{ code: 4403, reason: "login ended" }];

  test("closes its sockets, though nothing is sent to them; others stay", async () => {
    const { token, tenantId, username } = await register();
    const other = await login(username);
    const { token: text, keyId } = await key(token);
    const [signedOut, revoked] = [await open(tenantId, token, 1), await open(tenantId, text, 2)];
    const stays = await open(tenantId, other, 3);
    await ask(other, `mutation ($i: RevokeKeyInput!) { revokeKey(input: $i) { __typename } }`, { i: { keyId } });
    await on.settle(2);
    expect(await revoked.ended).toEqual(OVER);
    await ask(token, "mutation { signOut { ended } }");
    await on.settle(2);
    expect(await signedOut.ended).toEqual(OVER);
    await joined(tenantId, 1);
    expect(on.gateway.connections().length).toBeGreaterThan(0);
    await ask(
      other,
      `mutation ($i: DeleteAccountInput!) { deleteAccount(input: $i) { __typename ... on UserError { message } } }`,
      { i: { password } },
    );
    await on.settle(2);
    expect(await stays.ended).toEqual(OVER);
    await joined(tenantId, 0);
  });

  test("closes those of all other devices where the password is changed", async () => {
    const { token, tenantId, username } = await register();
    const { ended } = await open(tenantId, await login(username), 1);
    await ask(
      token,
      `mutation ($i: ChangePasswordInput!) { changePassword(input: $i) { __typename ... on UserError { message } } }`,
      { i: { currentPassword: password, newPassword: `${password} new` } },
    );
    await on.settle();
    expect(await ended).toEqual(OVER);
  });
});

async function groupsOf(tenant: string): Promise<string[]> {
  return await on.store.listWoken(tenant, new Set([`active:${tenant}`]));
}

/** Waits until so many subscriptions of a tenant are kept. */
async function joined(tenantId: string, howMany: number): Promise<void> {
  while ((await on.store.countOpen("member", { tenantId, credential: "" }, true)).all !== howMany) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
