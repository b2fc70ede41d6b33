import { randomUUID } from "node:crypto";
import type { JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startJwks } from "../kit/jwks.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";

const seconds = () => Math.floor(Date.now() / 1_000);
const times = () => ({ iat: seconds() - 1, exp: seconds() + 3_600 });

let system: TestSystem;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await system?.stop();
});

/** The service as it is configured for a provider, and a function that asks it who a token is. */
async function serviceFor(env: Record<string, string>, provider: { alg?: string; header?: object; jwk?: object } = {}) {
  const jwks = await startJwks(provider);
  const api: TestApp = await startTestApp({ system, env: { ACCOUNTS: "off", JWKS_URL: jwks.url, ...env } });
  stops.push(() => api.stop(), jwks.stop);
  async function who(claims: JWTPayload) {
    const response = await api.http.fetch(
      new Request("http://127.0.0.1/graphql", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${await jwks.sign(claims)}` },
        body: JSON.stringify({ query: "{ viewer { userId tenantId scopes } }" }),
      }),
    );
    const { data, errors } = await response.json() as {
      data?: { viewer: unknown };
      errors?: { message: string; extensions: { code: string } }[];
    };
    return data?.viewer ?? { status: response.status, code: errors![0]!.extensions.code, says: errors![0]!.message };
  }
  return { api, jwks, who };
}

describe("Auth0", () => {
  const claims = () => ({
    iss: "https://acme.eu.auth0.com/",
    sub: "auth0|6512f3c0a1",
    aud: ["https://sojourn.example/api", "https://acme.eu.auth0.com/userinfo"],
    azp: "s6BhdRkqt3",
    scope: "openid profile journeys:read",
    permissions: ["journeys:write"],
    org_id: "org_9ybsU1dN2dKfDkBi",
    "https://sojourn.example/tenant": "acme.shop",
    ...times(),
  });
  const base = { TOKEN_ISSUER: "https://acme.eu.auth0.com/", TOKEN_AUDIENCE: "https://sojourn.example/api" };

  test("by a namespaced claim, with scopes and permissions", async () => {
    const { who } = await serviceFor({
      ...base,
      TENANT_CLAIM: "https://sojourn.example/tenant",
      SCOPES_CLAIM: "scope,permissions",
    });
    expect(await who(claims())).toEqual({
      userId: "auth0|6512f3c0a1",
      tenantId: "acme.shop",
      scopes: ["JOURNEYS_READ", "JOURNEYS_WRITE"],
    });
  });

  test("by its organization, where there is one, and refused with the claim's name where there is none", async () => {
    const { who } = await serviceFor({ ...base, TENANT_CLAIM: "org_id" }, { header: { typ: "at+jwt" } });
    expect(await who(claims())).toMatchObject({ tenantId: "org_9ybsU1dN2dKfDkBi", scopes: ["JOURNEYS_READ"] });
    const { org_id: _, ...without } = claims();
    expect(await who(without)).toEqual({
      status: 401,
      code: "UNAUTHENTICATED",
      says: "The token has no `org_id`; its issuer must add one.",
    });
  });
});

describe("Keycloak", () => {
  const claims = (more: object) => ({
    iss: "https://id.example/realms/acme",
    sub: randomUUID(),
    typ: "Bearer",
    azp: "sojourn-app",
    aud: ["sojourn", "account"],
    realm_access: { roles: ["offline_access", "sojourn-editor"] },
    resource_access: { sojourn: { roles: ["metrics:read"] }, account: { roles: ["manage-account"] } },
    scope: "openid email",
    ...more,
    ...times(),
  });
  const base = {
    TOKEN_ISSUER: "https://id.example/realms/acme",
    TOKEN_AUDIENCE: "sojourn",
    SCOPES_CLAIM: "realm_access.roles,resource_access.sojourn.roles",
    SCOPE_MAP: JSON.stringify({ "sojourn-editor": "sessions:read sessions:write" }),
  };

  test("by its organization as a list and as an object, with mapped roles of the realm and of the client", async () => {
    const { who } = await serviceFor({ ...base, TENANT_CLAIM: "organization" });
    const scopes = ["SESSIONS_READ", "SESSIONS_WRITE", "METRICS_READ"];
    for (const organization of [["acme"], { acme: {} }, { acme: { id: "42c3e46f-2477-44d7-a85b-d3b43f6b31fa" } }]) {
      expect(await who(claims({ organization }))).toMatchObject({ tenantId: "acme", scopes });
    }
    expect(await who(claims({ organization: ["acme", "globex"] }))).toMatchObject({
      status: 401,
      says: "The token's `organization` names 2 tenants; ask for one that names one.",
    });
  });

  test("by the organization's id", async () => {
    const { who } = await serviceFor({ ...base, TENANT_CLAIM: "organization.*.id" });
    const id = "42c3e46f-2477-44d7-a85b-d3b43f6b31fa";
    expect(await who(claims({ organization: { "acme.example": { id } } }))).toMatchObject({ tenantId: id });
    expect(await who(claims({ organization: { a: { id }, b: { id } } }))).toMatchObject({ status: 401 });
  });
});

describe("Cognito", () => {
  const iss = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI";
  const access = (more: object = {}) => ({
    iss,
    sub: randomUUID(),
    "cognito:groups": ["eu:admins", "staff"],
    client_id: "4example23456789",
    token_use: "access",
    scope: "sojourn/journeys.read openid",
    username: "ada",
    version: 2,
    ...more,
    ...times(),
  });
  const base = {
    TOKEN_ISSUER: iss,
    TOKEN_CLIENTS: "4example23456789,other",
    TOKEN_AUDIENCE: "4example23456789",
    SCOPES_CLAIM: "scope,cognito:groups",
    SCOPE_MAP: JSON.stringify({ "sojourn/journeys.read": "journeys:read", staff: "metrics:read" }),
  };

  test("by an access token, which has no `aud` and a `client_id`", async () => {
    const { who } = await serviceFor({ ...base, TENANT_CLAIM: "custom:tenant" });
    const tenant = { "custom:tenant": "eu-central-1:0f6b1a7c" };
    expect(await who(access(tenant))).toMatchObject({
      tenantId: "eu-central-1:0f6b1a7c",
      scopes: ["JOURNEYS_READ", "METRICS_READ"],
    });
    expect(await who(access({ ...tenant, client_id: "stranger" }))).toMatchObject({
      status: 401,
      says: expect.stringContaining("must be 4example23456789 or other"),
    });
  });

  test("by an id token, whose `aud` is the client", async () => {
    const { who } = await serviceFor({ ...base, TENANT_CLAIM: "custom:tenant" });
    const { client_id: aud, scope: _, ...rest } = access({ token_use: "id", "custom:tenant": "acme" });
    expect(await who({ ...rest, aud })).toMatchObject({ tenantId: "acme", scopes: ["METRICS_READ"] });
    expect(await who({ ...rest, aud: "stranger" })).toMatchObject({ status: 401 });
  });

  test("without `TOKEN_CLIENTS` a token without `aud` is refused", async () => {
    const { who } = await serviceFor({ ...base, TOKEN_CLIENTS: "", TENANT_CLAIM: "custom:tenant" });
    expect(await who(access({ "custom:tenant": "acme" }))).toMatchObject({ says: expect.stringContaining("no `aud`") });
  });
});

describe("Entra", () => {
  const tid = "72f988bf-86f1-41af-91ab-2d7cd011db47";
  const claims = (more: object = {}) => ({
    aud: "api://sojourn",
    iss: `https://login.microsoftonline.com/${tid}/v2.0`,
    tid,
    sub: "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
    oid: randomUUID(),
    ver: "2.0",
    scp: "Journeys.Read access_as_user",
    roles: ["Sojourn Admins"],
    ...more,
    ...times(),
  });
  const base = {
    TOKEN_ISSUER: "https://login.microsoftonline.com/{tid}/v2.0",
    TOKEN_AUDIENCE: "api://sojourn",
    TENANT_CLAIM: "tid",
    SCOPES_CLAIM: "scp,roles,groups",
    SCOPE_MAP: JSON.stringify({
      "Journeys.Read": "journeys:read",
      "Sojourn Admins": "admin",
      "00000000-0000-4000-8000-000000000199": "metrics:write",
    }),
  };
  // Its keys name no `alg`.
  const provider = { jwk: { alg: undefined, x5t: "abc" } };

  test("of any of its tenants, with 200 groups", async () => {
    const { who, jwks } = await serviceFor(base, provider);
    const groups = Array.from({ length: 200 }, (_, i) => `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`);
    expect((await jwks.sign(claims({ groups }))).length).toBeGreaterThan(10_000);
    expect(await who(claims({ groups }))).toMatchObject({
      tenantId: tid,
      scopes: ["JOURNEYS_READ", "METRICS_WRITE", "ADMIN"],
    });
  });

  test("not where a tenant's tokens name another tenant's issuer", async () => {
    const { who } = await serviceFor(base, provider);
    expect(await who(claims({ tid: randomUUID() }))).toMatchObject({
      status: 401,
      says: expect.stringContaining("`iss`"),
    });
    expect(await who(claims({ tid: "x/../" + tid }))).toMatchObject({ status: 401 });
  });

  test("where it left the groups out since they were too many, that is what the answer says", async () => {
    const { who } = await serviceFor(base, provider);
    const overage = {
      _claim_names: { groups: "src1" },
      _claim_sources: { src1: { endpoint: "https://graph.example" } },
    };
    expect(await who(claims(overage))).toMatchObject({ says: expect.stringContaining("leaves out `groups`") });
  });
});

test("Firebase: the tenant is a member of a member, and claims of one's own are scopes", async () => {
  const { who } = await serviceFor({
    TOKEN_ISSUER: "https://securetoken.google.com/sojourn-prod",
    TOKEN_AUDIENCE: "sojourn-prod",
    TENANT_CLAIM: "firebase.tenant",
    SCOPES_CLAIM: "sojourn",
  });
  expect(
    await who({
      iss: "https://securetoken.google.com/sojourn-prod",
      aud: "sojourn-prod",
      auth_time: seconds(),
      user_id: "kXb2",
      sub: "kXb2",
      sojourn: ["review", "sessions:read"],
      firebase: { identities: {}, sign_in_provider: "password", tenant: "acme-9f2x1" },
      ...times(),
    }),
  ).toEqual({ userId: "kXb2", tenantId: "acme-9f2x1", scopes: ["SESSIONS_READ", "REVIEW"] });
});

test("Clerk: sessions have no `aud`, are bound to pages by `azp`, and name the organization in `o`", async () => {
  const { who } = await serviceFor({
    TOKEN_ISSUER: "https://clerk.acme.example",
    TOKEN_CLIENTS: "https://app.acme.example",
    TENANT_CLAIM: "o.id,org_id",
    SCOPES_CLAIM: "o.rol,org_role,org_permissions",
    SCOPE_MAP: JSON.stringify({ admin: "*", "org:admin": "*", "org:journeys:read": "journeys:read" }),
  });
  const claims = { iss: "https://clerk.acme.example", sub: "user_2x", azp: "https://app.acme.example", sid: "sess_1" };
  expect(await who({ ...claims, v: 2, o: { id: "org_2y", rol: "member", slg: "acme" }, ...times() })).toMatchObject({
    tenantId: "org_2y",
    scopes: [],
  });
  expect(
    await who({
      ...claims,
      org_id: "org_2y",
      org_role: "org:member",
      org_permissions: ["org:journeys:read"],
      ...times(),
    }),
  )
    .toMatchObject({ tenantId: "org_2y", scopes: ["JOURNEYS_READ"] });
  expect(await who({ ...claims, azp: "https://evil.example", o: { id: "org_2y" }, ...times() })).toMatchObject({
    status: 401,
  });
});

test("of two providers each vouches for its own issuer, and for no other", async () => {
  const [one, other] = [await startJwks({}), await startJwks({ alg: "ES256" })];
  const api = await startTestApp({
    system,
    env: {
      ACCOUNTS: "off",
      JWKS_URL: `${one.url},${other.url}`,
      TOKEN_ISSUER: "https://one.example,https://other.example",
      TOKEN_AUDIENCE: "a,b",
    },
  });
  stops.push(() => api.stop(), one.stop, other.stop);
  const claims = (iss: string) => ({ iss, aud: "b", sub: "ada", tenant: "t1", scope: "", ...times() });
  const taken = async (jwks: typeof one, iss: string) =>
    api.app.authenticate(`Bearer ${await jwks.sign(claims(iss))}`).then(() => true, () => false);
  expect(await taken(one, "https://one.example")).toBe(true);
  expect(await taken(other, "https://other.example")).toBe(true);
  expect(await taken(one, "https://other.example")).toBe(false);
  expect(await taken(other, "https://one.example")).toBe(false);
});

test("accounts go on beside a provider whose algorithms alone are set; its tokens keep to these", async () => {
  const base = {
    TOKEN_ISSUER: "https://login.example",
    TOKEN_AUDIENCE: "a",
    TOKEN_ALGORITHMS: "RS256",
    ACCOUNTS: "on",
  };
  const claims = () => ({ iss: "https://login.example", aud: "a", sub: "eve", tenant: "t1", scope: "", ...times() });
  const { api, who } = await serviceFor(base);
  const { data } = await api.ask(
    undefined,
    `mutation { register(input: { username: "u${randomUUID().slice(0, 8)}", password: "correct horse battery" }) {
      ... on AuthPayload { token } } }`,
  );
  expect(await api.app.authenticate(`Bearer ${data!.register.token}`)).toHaveProperty("login");
  expect(await who(claims())).toMatchObject({ userId: "eve" });
  const other = await serviceFor(base, { alg: "ES256" });
  expect(await other.who(claims())).toMatchObject({ status: 401 });
});
