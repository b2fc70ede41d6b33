import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { listen, type Listening } from "../../api/entry/http/listen.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { hasRedis, startTestRedis, type TestRedis, WITHOUT_REDIS } from "../kit/redis.ts";

/** What is open of a login or key ends with it: in the process that ends it at once, elsewhere when it is told or looks. */
const NEVER_MS = 86_400_000;
const password = "correct horse battery";

type Process = { api: TestApp; server: Listening };
let system: TestSystem;
let redis: TestRedis | undefined;
let here: Process;
/** Is told by Redis alone, where there is one. */
let told: Process | undefined;
/** Is told nothing, and looks often. */
let looks: Process;
let names = 0;

async function start(endingsMs: number, env: Record<string, string> = {}): Promise<Process> {
  const api = await startTestApp({ system, endingsMs, env: { PORT: "0", RATE_REGISTRATIONS: "off", ...env } });
  return { api, server: await listen(api.app) };
}

beforeAll(async () => {
  system = await startTestSystem();
  if (hasRedis) redis = await startTestRedis();
  const shared: Record<string, string> = redis ? { REDIS_URL: redis.url } : {};
  here = await start(NEVER_MS, shared);
  if (redis) told = await start(NEVER_MS, shared);
  looks = await start(20);
});
afterAll(async () => {
  for (const each of [here, told, looks]) {
    await each?.server.stop();
    await each?.api.stop();
  }
  await redis?.kill();
  await system.stop();
});

async function ask(token: string | undefined, query: string, variables: object = {}) {
  const response = await fetch(`${here.server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  return await response.json();
}

const GIVEN = "{ ... on AuthPayload { token } ... on UserError { message } }";

async function register() {
  const username = `person-${++names}`;
  const { data } = await ask(
    undefined,
    `mutation ($i: RegisterInput!) { register(input: $i) ${GIVEN} }`,
    { i: { username, password } },
  );
  return { username, token: data.register.token as string };
}

async function login(username: string): Promise<string> {
  const { data } = await ask(undefined, `mutation ($i: LoginInput!) { login(input: $i) ${GIVEN} }`, {
    i: { username, password },
  });
  return data.login.token;
}

const SUBSCRIPTION = "subscription { sessionChanged { sessionId } }";

/** An open socket with a subscription; `closed` gives how it ends, and what was said on it after its start. */
async function openSocket({ server }: Process, token: string) {
  const socket = new WebSocket(server.url.replace("http", "ws") + "/graphql", "graphql-transport-ws");
  const said: { type: string; payload?: unknown }[] = [];
  const closed = new Promise<[number, string]>((resolve) =>
    socket.on("close", (code, reason) => resolve([code, reason.toString()]))
  );
  const opened = Promise.withResolvers<void>();
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { type: string };
    if (message.type === "connection_ack") {
      socket.send(JSON.stringify({ id: "s", type: "subscribe", payload: { query: SUBSCRIPTION } }));
      socket.send(JSON.stringify({ type: "ping" }));
    } else if (message.type === "pong") opened.resolve();
    else said.push(message);
  });
  socket.on(
    "open",
    () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${token}` } })),
  );
  void closed.then(() => opened.reject(new Error("closed before it was open")));
  opened.promise.catch(() => {});
  await opened.promise;
  return { closed: closed.then((end) => ({ end, said })), close: () => socket.close() };
}

/** An open stream; `text` gives all of it once it has ended. */
async function openStream({ server }: Process, token: string, accept: string) {
  const leave = new AbortController();
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    signal: leave.signal,
    headers: { "content-type": "application/json", accept, authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: SUBSCRIPTION }),
  });
  expect(response.status).toBe(200);
  return { text: response.text(), leave: () => leave.abort() };
}

async function reserve({ server }: Process, token: string) {
  const headers = { authorization: `Bearer ${token}` };
  const id = await (await fetch(`${server.url}/graphql`, { method: "PUT", headers })).text();
  const response = await fetch(`${server.url}/graphql?token=${id}`, {
    headers: { ...headers, accept: "text/event-stream" },
  });
  return { text: response.text() };
}

const OVER = { end: [4403, "the login or key has ended"], said: [] };

async function expectEnds(at: Process, token: string, end: () => Promise<unknown>) {
  const [one, two] = [await openSocket(at, token), await openSocket(at, token)];
  const events = await openStream(at, token, "text/event-stream");
  const parts = await openStream(at, token, 'multipart/mixed;subscriptionSpec="1.0"');
  const reserved = await reserve(at, token);
  // Answers after all that was subscribed to before.
  while (at === told && (await at.api.app.checkDependencies())["redis"] !== "ok");
  await end();
  expect(await Promise.all([one.closed, two.closed])).toEqual([OVER, OVER]);
  const text = await events.text;
  expect(text).toContain('"code":"CREDENTIAL_ENDED"');
  expect(text).toMatch(/event: complete\ndata:\n\n$/);
  expect(await parts.text).toMatch(/"code":"CREDENTIAL_ENDED"[^]*\r\n-----\r\n$/);
  await reserved.text;
  const answer = await fetch(`${here.server.url}/graphql`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(401);
}

const SIGN_OUT = `mutation { signOut { ended } }`;

describe.each([
  ["in the process that ends it, at once", () => here],
  ["in another that looks for itself", () => looks],
  [redis === undefined && !hasRedis ? WITHOUT_REDIS : "in another that Redis tells", () => told],
])("what is open ends %s", (_name, process) => {
  test("with a sign-out", async ({ skip }) => {
    const at = process();
    if (!at) return skip();
    const { token } = await register();
    await expectEnds(at, token, () => ask(token, SIGN_OUT));
  });

  test("with a key that is revoked", async ({ skip }) => {
    const at = process();
    if (!at) return skip();
    const { token } = await register();
    const made = await ask(
      token,
      `mutation { createApiKey(input: { name: "k", scopes: [SESSIONS_READ] }) {
        ... on CreateKeyPayload { key apiKey { keyId } } ... on UserError { message } } }`,
    );
    const { key, apiKey } = made.data.createApiKey;
    const revoke = `mutation ($i: RevokeKeyInput!) { revokeKey(input: $i) { __typename } }`;
    await expectEnds(at, key, () => ask(token, revoke, { i: { keyId: apiKey.keyId } }));
  });

  test("with an account that is deleted, and with its keys", async ({ skip }) => {
    const at = process();
    if (!at) return skip();
    const { token } = await register();
    const remove = `mutation ($i: DeleteAccountInput!) { deleteAccount(input: $i) { __typename } }`;
    await expectEnds(at, token, () => ask(token, remove, { i: { password } }));
  });

  test("with a password that is changed on another device, which itself goes on", async ({ skip }) => {
    const at = process();
    if (!at) return skip();
    const { username, token } = await register();
    const own = await login(username);
    const kept = await openSocket(at, own);
    const change = `mutation ($i: ChangePasswordInput!) { changePassword(input: $i) { __typename } }`;
    const input = { currentPassword: password, newPassword: "another horse battery" };
    await expectEnds(at, token, () => ask(own, change, { i: input }));
    expect((await ask(own, "{ viewer { tenantId } }")).data.viewer).toBeTruthy();
    kept.close();
    expect((await kept.closed).end[0]).toBe(1005);
  });
});
