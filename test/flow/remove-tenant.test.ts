import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRemovalStore } from "../../api/removals/store.ts";
import { type Dynamo } from "../../api/aws/dynamo.ts";
import { type Objects } from "../../api/aws/objects.ts";
import { createRemoveData } from "../../api/jobs/tenant-data.ts";
import { createRemovalJob } from "../../api/jobs/removals.ts";
import { buckets, type BucketSpec, fullName, tables } from "../../api/resources.ts";
import { createSocketStore, type SocketStore } from "../../api/sockets/store.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { dumpTable } from "../kit/dump.ts";
import { seedEverything } from "../kit/everything.ts";
import { silentLog } from "../kit/local.ts";
import { NOON } from "../kit/review.ts";
import { mutate } from "../kit/sessions.ts";
import { bucketOf, dynamoOf } from "../kit/stores.ts";

/** An account that is deleted takes its tenant's data along: all of it, and nothing of anybody else's. */
const [HOUR, DAY] = [3_600_000, 86_400_000];
const password = "correct horse battery";
let now = NOON;
let api: TestApp;
let accounts = 0;
let sockets: SocketStore;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => now, env: { RATE_REGISTRATIONS: "off" } });
  const dynamo = dynamoOf(api.system);
  sockets = createSocketStore(dynamo, fullName(api.system.prefix, tables.sockets), () => now);
});
afterAll(() => api.stop());

async function ask(token: string | undefined, query: string, variables: object = {}) {
  const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const body = JSON.stringify({ query, variables });
  const response = await api.http.fetch(new Request("http://127.0.0.1/graphql", { method: "POST", headers, body }));
  return await response.json();
}

/** A person with a tenant that has something of everything. */
async function open() {
  const username = `person-${++accounts}`;
  const { data: { register } } = await ask(
    undefined,
    `mutation ($i: RegisterInput!) { register(input: $i) { ... on AuthPayload { token viewer { tenantId } } } }`,
    { i: { username, password } },
  );
  const { token, viewer: { tenantId } } = register;
  await seedEverything(api, tenantId);
  await mutate(api, tenantId, "configureSessions", { keepDays: 100 });
  await mutate(api, tenantId, "configureSessions", { sensorId: "hall", keepDays: 50 });
  await ask(token, `mutation { createApiKey(input: { name: "k", scopes: [SESSIONS_READ] }) { __typename } }`);
  await ask(token, `mutation { createWriteKey(input: { name: "w", origins: ["https://a.example"] }) { __typename } }`);
  await api.ask(tenantId, `mutation { exportCollection { __typename } }`);
  await api.ask(tenantId, `mutation { eraseVisitor(input: { visitorId: "ada" }) { __typename } }`);
  const { data: hooked } = await api.ask(
    tenantId,
    `mutation { createWebhook(input: { name: "h", url: "https://hook.example/in", types: [ALERT_CHANGED] }) {
      ... on WebhookSecretPayload { webhook { webhookId } } ... on UserError { message } } }`,
  );
  await api.ask(tenantId, `mutation ($i: WebhookInput!) { testWebhook(input: $i) { __typename } }`, {
    i: { webhookId: hooked.createWebhook.webhook.webhookId },
  });
  // As API Gateway holds it, with what it follows.
  const viewer = { tenantId, userId: "u", scopes: ["SESSIONS_READ"], expiresAt: 0, credential: "c" } as const;
  await sockets.putConnection(`conn-${username}`, viewer, true);
  const question = { tenantId, scopes: [], userId: undefined, query: "{ x }", operationName: undefined, variables: {} };
  const member = { key: "c#s", connectionId: "c", subscriptionId: "s", credential: "c", expiresAt: 0, position: "" };
  await sockets.join("group", question, { ...member, holder: { userId: "u" } });
  await sockets.listen(tenantId, "group", ["key"], "c#s");
  await api.settle();
  return { username, token, tenantId };
}

type Opened = Awaited<ReturnType<typeof open>>;

const RECEIPT = `removalId begunAt emptiedAt doneAt items objects remains { what why days }`;

async function remove({ token }: Opened) {
  const { data } = await ask(
    token,
    `mutation ($i: DeleteAccountInput!) { deleteAccount(input: $i) {
      ... on AccountPayload { username removal { ${RECEIPT} } } ... on UserError { code } } }`,
    { i: { password } },
  );
  return data.deleteAccount.removal;
}

const receipt = async (removalId: string) =>
  (await ask(undefined, `query ($id: ID!) { accountRemoval(removalId: $id) { ${RECEIPT} } }`, { id: removalId })).data
    .accountRemoval;
const runJob = () => api.app.jobs.find(({ name }) => name === "remove-tenants")!.run();

/** Every item, and every object with its key, what is said of it, and its bytes. */
async function dumpAll(): Promise<string[]> {
  const found: string[] = [];
  for (const { name } of Object.values(tables)) {
    found.push(...(await dumpTable(api.system, name)).map((item) => `${name} ${item}`));
  }
  for (const spec of Object.values(buckets)) {
    const bucket = bucketOf(api.system, spec.name);
    for await (const page of bucket.list("")) {
      for (const { key } of page) {
        const { body, metadata } = await bucket.get(key);
        found.push(`${spec.name} ${key} ${JSON.stringify(metadata)} ${Buffer.from(body).toString("latin1")}`);
      }
    }
  }
  return found.sort();
}

const mentions = (all: readonly string[], ...words: string[]) =>
  all.filter((text) => words.some((word) => text.includes(word)));

describe("an account that is deleted", () => {
  test("leaves nothing in any table or bucket, and a receipt that says when and how much", async () => {
    const kept = await open();
    const before = mentions(await dumpAll(), kept.tenantId, kept.username);
    const gone = await open();
    expect(mentions(await dumpAll(), gone.tenantId).length).toBeGreaterThan(30);
    const begun = await remove(gone);
    expect(begun).toMatchObject({ begunAt: new Date(now).toISOString(), doneAt: null, items: 0, objects: 0 });
    expect(begun.remains.length).toBeGreaterThan(3);
    expect((await ask(gone.token, "{ viewer { tenantId } }")).errors).toHaveLength(1);
    for (const wait of [0, 0, HOUR, 2 * HOUR, 2 * DAY, HOUR]) {
      now += wait;
      await runJob();
      // What the readers of the streams make of it comes after it.
      await api.settle();
    }
    const done = await receipt(begun.removalId);
    expect(done).toMatchObject({ removalId: begun.removalId, doneAt: new Date(now).toISOString() });
    expect([done.items > 30, done.objects > 2, done.emptiedAt < done.doneAt]).toEqual([true, true, true]);
    const after = await dumpAll();
    expect(mentions(after, gone.tenantId, gone.username)).toEqual([]);
    expect(mentions(after, kept.tenantId, kept.username)).toEqual(before);
    // The name is free again, and its new owner has a tenant of their own.
    const again = await ask(
      undefined,
      `mutation ($i: RegisterInput!) { register(input: $i) { ... on AuthPayload { viewer { tenantId } } } }`,
      { i: { username: gone.username, password } },
    );
    expect(again.data.register.viewer.tenantId).not.toBe(gone.tenantId);
  });

  test("is asked for with its id alone: others' guesses find nothing", async () => {
    for (const id of ["", "x", "A".repeat(32), "#removals", "../x"]) {
      expect([id, await receipt(id)]).toEqual([id, null]);
    }
  });

  test("with a wrong password stays, and nothing begins", async () => {
    const { token, tenantId } = await open();
    const { data } = await ask(
      token,
      `mutation { deleteAccount(input: { password: "wrong horse battery" }) { ... on UserError { code } } }`,
    );
    expect(data.deleteAccount).toEqual({ code: "BAD_CREDENTIALS" });
    expect(await runJob()).toMatchObject({ removals: 0 });
    expect((await ask(token, "{ viewer { tenantId } }")).data.viewer).toEqual({ tenantId });
  });

  test("is removed by one process at a time, however many run the job at once", async () => {
    await remove(await open());
    const store = createRemovalStore(
      dynamoOf(api.system),
      fullName(api.system.prefix, tables.access),
    );
    let running = 0;
    const removeData = () => {
      running++;
      return Promise.resolve({ items: 0, objects: 0, isWhole: true });
    };
    const job = createRemovalJob({ store, removeData, clock: () => now, log: silentLog });
    const dues = await store.listDue(now);
    // Each has seen what is due before any of them takes it.
    const looked = { ...store, listDue: () => Promise.resolve(dues) };
    const others = createRemovalJob({ store: looked, removeData, clock: () => now, log: silentLog });
    await Promise.all([job(), others(), others(), others()]);
    expect(running).toBe(dues.length);
  });

  test("is removed whole though the process ends at any of its deletions, and though a run may do little", async () => {
    const gone = await open();
    const before = mentions(await dumpAll(), gone.tenantId).length;
    const { removalId } = await remove(gone);
    const dynamo = dynamoOf(api.system);
    const named = (spec: { name: string }) => fullName(api.system.prefix, spec);
    const store = createRemovalStore(dynamo, named(tables.access));
    let lives = 0;
    /** Ends as a process does that is killed: after so many deletions, and then for good. */
    const mortal = <Args extends unknown[]>(act: (...args: Args) => Promise<void>) => async (...args: Args) => {
      if (lives === 0) throw new Error("killed");
      lives--;
      await act(...args);
    };
    const mortalDynamo: Pick<Dynamo, "query" | "get" | "remove"> = {
      query: dynamo.query,
      get: dynamo.get,
      remove: mortal(dynamo.remove),
    };
    const mortalObjects = (spec: BucketSpec): Objects => {
      const objects = bucketOf(api.system, spec.name);
      return { ...objects, remove: mortal(objects.remove) };
    };
    const removeData = createRemoveData({ dynamo: mortalDynamo, objects: mortalObjects, named, most: 9 });
    const job = createRemovalJob({ store, removeData, clock: () => now, log: silentLog });
    let runs = 0;
    while ((await receipt(removalId)).doneAt === null) {
      expect(++runs).toBeLessThan(400);
      // Grows, so that each deletion is once the last one.
      lives = runs < 40 ? runs % 8 : 100;
      await job().catch((error) => expect(String(error)).toContain("killed"));
      await api.settle();
      now += HOUR;
    }
    expect(runs).toBeGreaterThan(before / 9);
    expect(mentions(await dumpAll(), gone.tenantId, gone.username)).toEqual([]);
  });
});
