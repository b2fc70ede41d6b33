import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, startMemoryApp, startTestApp, type TestApp } from "../kit/app.ts";
import { startJwks } from "../kit/jwks.ts";
import { visit } from "../kit/journeys.ts";

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.stop());

const KEY = "apiKey { keyId kind name key scopes origins ratePerMinute createdBy expiresAt revokedAt lastUsedAt }";
const RESULT = `... on CreateKeyPayload { key ${KEY} } ... on UserError { code message }
  ... on InvalidInputError { fields { path message } }`;
const createApiKey = async (input: object) =>
  (await api.ask("t1", `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ${RESULT} } }`, {
    input,
  }))
    .data.createApiKey;
const createWriteKey = async (input: object) =>
  (await api.ask("t1", `mutation ($input: CreateWriteKeyInput!) { createWriteKey(input: $input) { ${RESULT} } }`, {
    input,
  }))
    .data.createWriteKey;

async function askWith(key: string, query: string, variables: object = {}) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const body = JSON.stringify({ query, variables });
  const response = await api.http.fetch(new Request("http://127.0.0.1/graphql", { method: "POST", headers, body }));
  return { ...await response.json() as Omit<Answer, "status">, status: response.status };
}

describe("a key", () => {
  test("is made, used, listed and revoked", async () => {
    const { key, apiKey } = await createApiKey({ name: "gateway", scopes: ["JOURNEYS_WRITE"] });
    expect(apiKey).toMatchObject({ kind: "API", key: null, origins: [], createdBy: "u", revokedAt: null });
    const record = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename
      ... on RecordEventsPayload { accepted } } }`;
    const events = visit("by-key", 1, 3, Date.now() - 60_000);
    expect((await askWith(key, record, { events })).data.recordEvents.accepted).toBe(3);
    expect((await askWith(key, `{ journey(sessionId: "by-key") { eventCount } }`)).errors![0]!.extensions.code)
      .toBe("FORBIDDEN");
    expect((await api.ask("t1", `{ journey(sessionId: "by-key") { eventCount } }`)).data.journey.eventCount).toBe(3);

    const { data } = await api.ask("t1", `{ apiKeys { keyId name lastUsedAt } }`);
    const [listed] = data.apiKeys.filter((one: { keyId: string }) => one.keyId === apiKey.keyId);
    expect(listed).toEqual({ keyId: apiKey.keyId, name: "gateway", lastUsedAt: expect.any(String) });

    const revoke = `mutation ($keyId: ID!) { revokeKey(input: { keyId: $keyId }) {
      ... on RevokeKeyPayload { apiKey { revokedAt } } ... on UserError { code } } }`;
    expect((await api.ask("t2", revoke, { keyId: apiKey.keyId })).data.revokeKey).toEqual({ code: "NOT_FOUND" });
    expect((await api.ask("t1", revoke, { keyId: apiKey.keyId })).data.revokeKey.apiKey.revokedAt).not.toBeNull();
    expect(await askWith(key, `{ viewer { userId } }`)).toMatchObject({ status: 401 });
  });

  test("is an admin's to make and to see", async () => {
    const asked = [
      `mutation { createApiKey(input: { name: "x", scopes: [REVIEW] }) { __typename } }`,
      `mutation { createWriteKey(input: { name: "x", origins: ["https://a.example"] }) { __typename } }`,
      `mutation { revokeKey(input: { keyId: "x" }) { __typename } }`,
      `{ apiKeys { keyId } }`,
    ];
    for (const query of asked) {
      expect((await api.ask("t1", query, {}, ["JOURNEYS_WRITE", "REVIEW"])).errors![0]!.extensions["code"]).toBe(
        "FORBIDDEN",
      );
    }
  });

  test("that is wrong is refused with the field", async () => {
    expect(await createApiKey({ name: "", scopes: [] })).toMatchObject({
      code: "INVALID_INPUT",
      fields: [{ path: ["name"] }, { path: ["scopes"] }],
    });
    expect(await createWriteKey({ name: "x", origins: ["https://shop.example/path"] })).toMatchObject({
      fields: [{ path: ["origins", "0"] }],
    });
  });

  test("for pages is shown again, and taken from its pages only", async () => {
    const { key, apiKey } = await createWriteKey({ name: "shop", origins: ["https://shop.example"] });
    expect(apiKey).toMatchObject({ kind: "WRITE", key, scopes: ["JOURNEYS_WRITE"], ratePerMinute: 600 });
    await expect(api.app.writeKeys.find(key, "https://shop.example")).resolves.toMatchObject({ tenantId: "t1" });
    await expect(api.app.writeKeys.find(key, "https://evil.example")).rejects.toThrow(
      /not for pages of https:\/\/evil/,
    );
  });
});

test("/ready says since when an identity provider has given no keys, and stays ready while the last ones hold", async () => {
  const world = { now: Date.now() };
  const jwks = await startJwks({});
  const own = await startTestApp({
    system: api.system,
    clock: () => world.now,
    env: { ACCOUNTS: "off", JWKS_URL: jwks.url },
  });
  expect(await own.app.checkDependencies()).toMatchObject({ jwks: "ok", jwksRefresh: "ok" });
  jwks.answer.status = 500;
  world.now += 3_600_000;
  await own.app.checkDependencies();
  expect(await own.app.checkDependencies()).toMatchObject({
    jwks: "ok",
    jwksRefresh: expect.stringMatching(/has given no keys since .*; its last keys hold until /),
  });
  const measurement = own.app.measurements.find(({ name }) => name === "sojourn_jwks_age_seconds");
  expect(Object.values(measurement!.read())).toEqual([3_600]);
  world.now += 12 * 3_600_000;
  expect((await own.app.checkDependencies())["jwks"]).toMatch(/did not answer/);
  await own.stop();
  await jwks.stop();
});

test.each(["sjk_unknown_0", "sjw_unknown", "no.jwt.0"])(
  "%s, that does not hold, is counted by its address at each door, and by no door alone",
  async (credential) => {
    const own = await startMemoryApp({ env: { RATE_ADDRESS: "3/3600" } });
    try {
      const authorization = `Bearer ${credential}`;
      const request = async (address: string) => {
        const headers = { "content-type": "application/json", authorization };
        const asked = new Request("http://127.0.0.1/graphql", { method: "POST", headers, body: '{"query":"{ a }"}' });
        return (await own.http.fetch(asked, { address })).status;
      };
      /** The code and the reason with which a socket is closed. */
      const socket = (address: string) =>
        new Promise<[number, string]>((closed) => {
          const peer = Object.assign(new EventEmitter(), {
            ...{ readyState: 1, bufferedAmount: 0, send: () => {}, terminate: () => {}, ping: () => {} },
            close: (code: number, reason: string) => {
              peer.emit("close", code, Buffer.from(reason));
              closed([code, reason]);
            },
          });
          own.http.sockets.attach(peer, { address, release: () => {} });
          peer.emit(
            "message",
            Buffer.from(JSON.stringify({ type: "connection_init", payload: { authorization } })),
            false,
          );
        });
      for (let i = 0; i < 3; i++) expect((await socket("203.0.113.1"))[0]).toBe(4403);
      expect(await socket("203.0.113.1")).toEqual([1013, expect.stringContaining("requests without a token")]);
      expect(await request("203.0.113.1")).toBe(429);
      expect([await request("203.0.113.2"), (await socket("203.0.113.2"))[0]]).toEqual([401, 4403]);
      expect([await request("203.0.113.2"), await request("203.0.113.2")]).toEqual([401, 429]);
    } finally {
      await own.stop();
    }
  },
);
