import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { visit } from "../kit/journeys.ts";

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.stop());

const PAYLOAD = `__typename ... on AuthPayload { token expiresAt viewer { userId tenantId scopes } }
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
