import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { visit } from "../kit/journeys.ts";

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.stop());

const PAYLOAD =
  `__typename ... on AuthPayload { token expiresAt refreshToken refreshExpiresAt deviceToken viewer { userId tenantId scopes } }
  ... on UserError { code message } ... on InvalidInputError { fields { path message } }`;
const register = async (
  input: object,
  on = api,
) => (await on.ask(undefined, `mutation ($input: RegisterInput!) { register(input: $input) { ${PAYLOAD} } }`, {
  input,
}));
const login = async (
  input: object,
  on = api,
) => (await on.ask(undefined, `mutation ($input: LoginInput!) { login(input: $input) { ${PAYLOAD} } }`, { input }));

/** Asks with a token as it was given. */
async function askWith(token: string, query: string, variables: object = {}) {
  const response = await api.http.fetch(
    new Request("http://127.0.0.1/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    }),
  );
  return { status: response.status, ...await response.json() as { data: Record<string, unknown>; errors?: unknown[] } };
}

describe("an account", () => {
  test("owns a tenant of its own: its token reads and writes there, and sees nothing of another's", async () => {
    const [ann, bob] = await Promise.all(
      ["ann", "bob"].map((username) => register({ username, password: "correct horse battery" })),
    );
    const annToken = ann!.data.register.token;
    expect(ann!.data.register.viewer.tenantId).not.toBe(bob!.data.register.viewer.tenantId);
    expect((await askWith(annToken, "{ viewer { tenantId scopes } }")).data.viewer).toEqual({
      tenantId: ann!.data.register.viewer.tenantId,
      scopes: ann!.data.register.viewer.scopes,
    });
    const events = visit("own", 1, 3, Date.now() - 60_000);
    await askWith(
      annToken,
      `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename } }`,
      { events },
    );
    const query = `{ journey(sessionId: "own") { eventCount } }`;
    expect((await askWith(annToken, query)).data.journey).toEqual({ eventCount: 3 });
    expect((await askWith(bob!.data.register.token, query)).data.journey).toBeNull();
  });

  test("logs in again to the same tenant, whatever the case of its name", async () => {
    const { data } = await register({ username: "Cleo", password: "correct horse battery" });
    const again = await login({ username: "cLEO", password: "correct horse battery" });
    expect(again.data.login.viewer).toEqual(data.register.viewer);
  });

  test("has a name that nobody else can take", async () => {
    await register({ username: "dora", password: "correct horse battery" });
    expect((await register({ username: "DORA", password: "another long password" })).data.register).toMatchObject({
      code: "NAME_TAKEN",
    });
  });

  test("cannot be told from one that does not exist by a wrong password", async () => {
    await register({ username: "emil", password: "correct horse battery" });
    const wrong = await login({ username: "emil", password: "not the password" });
    const unknown = await login({ username: "nobody", password: "not the password" });
    expect(wrong.data.login).toMatchObject({ __typename: "BadCredentialsError", code: "BAD_CREDENTIALS" });
    expect(unknown.data).toEqual(wrong.data);
    expect(JSON.stringify(wrong)).not.toContain("not the password");
  });

  test("with a short password or a strange name is refused with each field named", async () => {
    const { data } = await register({ username: "a b", password: "short" });
    expect(data.register.fields.map((field: { path: string[] }) => field.path)).toEqual(
      expect.arrayContaining([["username"], ["password"]]),
    );
    expect(JSON.stringify(data)).not.toContain('short"');
  });

  test("cannot be opened where an identity provider issues the tokens", async () => {
    const off = await startTestApp({ system: api.system, env: { ACCOUNTS: "off" } });
    for (
      const answer of [
        await register({ username: "frida", password: "correct horse battery" }, off),
        await login({ username: "ann", password: "correct horse battery" }, off),
      ]
    ) {
      expect(answer.errors?.[0]).toMatchObject({ extensions: { code: "ACCOUNTS_OFF" } });
    }
    await off.stop();
  });
});

describe("a login", () => {
  const credentials = (username: string) => ({ username, password: "correct horse battery" });
  const opened = async (username: string) => (await register(credentials(username))).data.register;

  test("goes on with its refresh token, is listed and ends when it is signed out", async () => {
    const { token, refreshToken } = await opened("gina");
    const { data } = await api.ask(
      undefined,
      `mutation ($refreshToken: String!) { refreshLogin(input: { refreshToken: $refreshToken }) { ${PAYLOAD} } }`,
      { refreshToken },
    );
    expect(data.refreshLogin).toMatchObject({ __typename: "AuthPayload", viewer: { tenantId: expect.any(String) } });
    const logins =
      (await askWith(token, "{ logins { loginId isCurrent createdAt usedAt expiresAt client address } }")).data.logins;
    expect(logins).toEqual([expect.objectContaining({ isCurrent: true })]);
    expect((await askWith(token, "mutation { signOut { ended } }")).data.signOut).toEqual({ ended: 1 });
    for (const old of [token, data.refreshLogin.token]) {
      expect(await askWith(old, "{ viewer { userId } }")).toMatchObject({ status: 401 });
    }
  });

  test("is one in a request: aliases do not multiply guesses, and the first is answered", async () => {
    await opened("hugo");
    const guesses = ["a", "b", "c"].map((alias) =>
      `${alias}: login(input: { username: "hugo", password: "wrong guess" }) {
      ... on UserError { code } }`
    );
    const { data, errors } = await api.ask(undefined, `mutation { ${guesses.join("\n")} }`);
    expect(data).toBeNull();
    expect(errors!.map(({ extensions }) => extensions["code"])).toContain("ONE_LOGIN_A_REQUEST");
  });

  test("changes its password, and the account is removed with its keys", async () => {
    const { token } = await opened("ines");
    const change = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) {
      ... on AccountPayload { username } ... on UserError { code } } }`;
    const input = { currentPassword: "correct horse battery", newPassword: "another long password" };
    expect((await askWith(token, change, { input })).data.changePassword).toEqual({ username: "ines" });
    const made = await askWith(
      token,
      `mutation { createApiKey(input: { name: "k", scopes: [METRICS_READ] }) { ... on CreateKeyPayload { key } } }`,
    );
    const { key } = made.data.createApiKey as { key: string };
    expect((await askWith(key, "{ viewer { userId } }")).status).toBe(200);
    const remove = `mutation { deleteAccount(input: { password: "another long password" }) { __typename } }`;
    expect((await askWith(token, remove)).data.deleteAccount).toEqual({ __typename: "AccountPayload" });
    expect((await askWith(token, "{ viewer { userId } }")).status).toBe(401);
    expect((await askWith(key, "{ viewer { userId } }")).status).toBe(401);
  });

  test("is a person's: a key or another issuer's token has none", async () => {
    const answer = await api.ask("t1", "{ logins { loginId } }");
    expect(answer.errors![0]!.extensions["code"]).toBe("NO_ACCOUNT");
  });

  test("is in the audit log of its tenant, with refusals and what admins did", async () => {
    const { token } = await opened("jana");
    await askWith(token, `mutation { configureSessions(input: {}) { __typename } }`);
    const page =
      `{ auditLog(first: 10) { nodes { entryId at kind userId subject detail address client } pageInfo { hasNextPage } } }`;
    const { auditLog } = (await askWith(token, page)).data as {
      auditLog: { nodes: { kind: string; subject: string }[] };
    };
    expect(auditLog.nodes.map(({ kind, subject }) => [kind, subject])).toEqual(
      expect.arrayContaining([["REGISTERED", "jana"], ["ADMIN_ACTION", "Mutation.configureSessions"]]),
    );
    await api.ask("t-refused", "{ auditLog { nodes { kind } } }", {}, []);
    const refused = await api.ask("t-refused", "{ auditLog { nodes { kind subject userId } } }");
    expect(refused.data.auditLog.nodes).toContainEqual({ kind: "REFUSED", subject: "Query.auditLog", userId: "u" });
  });
});

test("registration alone can be off: accounts that are there log in as before", async () => {
  await register({ username: "kurt", password: "correct horse battery" });
  const off = await startTestApp({ system: api.system, env: { REGISTRATION: "off" } });
  const refused = await register({ username: "lena", password: "correct horse battery" }, off);
  expect(refused.errors![0]!.extensions["code"]).toBe("REGISTRATION_OFF");
  const answer = await login({ username: "kurt", password: "correct horse battery" }, off);
  expect(answer.data.login).toMatchObject({ __typename: "AuthPayload" });
  await off.stop();
});
