import { randomBytes } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSigner, loadOrCreateSigningKeys } from "../../api/auth/keys.ts";
import type { Account } from "../../api/auth/model.ts";
import { createPasswords, type Derive, deriveByScrypt } from "../../api/auth/passwords.ts";
import { FAILED_LOGINS_WINDOW_MS, MAX_FAILED_LOGINS } from "../../api/auth/rules.ts";
import { createAccounts } from "../../api/auth/service.ts";
import { type AccountStore, createAccountStore } from "../../api/auth/store.ts";
import { SCOPES } from "../../api/auth/viewer.ts";
import { type Cost, createDynamo } from "../../api/aws/dynamo.ts";
import { randomIds, TENANT_PATTERN } from "../../api/core/ids.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { verifierOf } from "../kit/verifier.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const world = { now: NOW, hashes: 0, costs: [] as Cost[], names: 0 };
const clock = () => world.now;
const password = "correct horse battery";
const wrong = "wrong horse battery";

let system: TestSystem;
let store: AccountStore;
let accounts: ReturnType<typeof createAccounts>;
let authenticate: ReturnType<typeof verifierOf>["authenticate"];

beforeAll(async () => {
  system = await startTestSystem();
  const dynamo = createDynamo(system.clients.dynamodb, (cost) => world.costs.push(cost));
  store = createAccountStore(dynamo, system.prefix);
  const keys = await loadOrCreateSigningKeys(join(system.dataDir, "test-keys.json"));
  const named = { issuer: "sojourn", audience: "sojourn", clock };
  const signer = createSigner({ ...named, keys, ttlSeconds: 3_600, ids: randomIds });
  const passwords = createPasswords({ random: randomBytes, cost: { logN: 4, r: 8, p: 1 }, derive: deriveCounted });
  accounts = createAccounts({ store, passwords, signer, clock, ids: randomIds });
  const load = async () => ({ keys: (await keys()).publicKeys });
  authenticate = verifierOf([load], { clock, algorithms: ["EdDSA"] }).authenticate;
});

afterAll(() => system?.stop());

/** Every hash that is computed, whether to keep it or to compare, counts one. */
const deriveCounted: Derive = (...given) => {
  world.hashes++;
  return deriveByScrypt(...given);
};

const freshName = () => `user-${++world.names}`;

async function registered(): Promise<string> {
  const username = freshName();
  expect(await accounts.register({ username, password })).toMatchObject({ __typename: "AuthPayload" });
  return username;
}

/** What a call answers, how many hashes it computed, and which requests it made at which cost. */
async function observed<T>(call: () => Promise<T>) {
  Object.assign(world, { hashes: 0, costs: [] });
  const answer = await call();
  const requests = world.costs.map(({ operation, units }) => `${operation} ${units}`);
  return { answer, hashes: world.hashes, requests };
}

describe("registering", () => {
  test("gives a token of a tenant of one's own, with all scopes", async () => {
    const one = await accounts.register({ username: freshName(), password });
    const two = await accounts.register({ username: freshName(), password });
    if (one.__typename !== "AuthPayload" || two.__typename !== "AuthPayload") throw new Error("not registered");
    expect(one.viewer).toMatchObject({ scopes: SCOPES, expiresAt: NOW + 3_600_000 });
    expect(one.viewer.tenantId).toMatch(TENANT_PATTERN);
    expect(one.viewer.tenantId).not.toBe(two.viewer.tenantId);
    expect(await authenticate(`Bearer ${one.token}`)).toEqual(one.viewer);
  });

  test("costs one write and one hash", async () => {
    const { requests, hashes } = await observed(() => accounts.register({ username: freshName(), password }));
    expect({ requests, hashes }).toEqual({ requests: ["PutItem 1"], hashes: 1 });
  });

  test("keeps no password", async () => {
    const username = await registered();
    const { account } = await store.findLogin(username);
    expect(JSON.stringify(account)).not.toContain(password);
    expect(account?.passwordHash).toMatch(/^\$scrypt\$/);
  });

  test("a name that is taken, however it is spelled, is refused and its account stays", async () => {
    const username = await registered();
    const before = await store.findLogin(username);
    const answer = await accounts.register({ username: username.toUpperCase(), password: wrong });
    expect(answer).toEqual({
      __typename: "NameTakenError",
      code: "NAME_TAKEN",
      message: `The username ${username} is taken; choose another, or log in where it is yours.`,
    });
    expect(await store.findLogin(username)).toEqual(before);
  });

  test("of twenty that want one name at once, one gets it", async () => {
    const username = freshName();
    const answers = await Promise.all(Array.from({ length: 20 }, () => accounts.register({ username, password })));
    const kinds = answers.map(({ __typename }) => __typename);
    expect(kinds.filter((kind) => kind === "AuthPayload")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "NameTakenError")).toHaveLength(19);
  });

  test("sent again by the SDK, because the answer was lost, is still one's own", async () => {
    const { account } = await store.findLogin(await registered());
    expect(await store.putAccount(account!)).toBe(true);
    expect(await store.putAccount({ ...account!, userId: "else" })).toBe(false);
  });

  test("with a wrong field says which, and computes no hash", async () => {
    const { answer, hashes, requests } = await observed(() =>
      accounts.register({ username: "ada", password: "short" })
    );
    expect(answer).toEqual({
      __typename: "InvalidInputError",
      code: "INVALID_INPUT",
      message: "password: must be 12 to 128 characters, has 5",
      fields: [{ path: ["password"], message: "must be 12 to 128 characters, has 5" }],
    });
    expect({ hashes, requests }).toEqual({ hashes: 0, requests: [] });
  });
});

test("an account comes back as it was kept", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 }), async (name) => {
      const ids = { userId: "u", tenantId: "t" };
      const account: Account = { username: freshName(), name, ...ids, passwordHash: "h", createdAt: NOW };
      await store.putAccount(account);
      expect(await store.findLogin(account.username)).toEqual({ account, failed: undefined });
    }),
    { numRuns: 25 },
  );
});

describe("logging in", () => {
  test("gives a token of the account's tenant, however the name is spelled", async () => {
    const username = await registered();
    const { account } = await store.findLogin(username);
    const answer = await accounts.login({ username: username.toUpperCase(), password });
    expect(answer).toMatchObject({ viewer: { userId: account!.userId, tenantId: account!.tenantId, scopes: SCOPES } });
  });

  test("costs one read and one hash", async () => {
    const username = await registered();
    const { requests, hashes } = await observed(() => accounts.login({ username, password }));
    expect({ requests, hashes }).toEqual({ requests: ["BatchGetItem 2"], hashes: 1 });
  });

  test("an unknown name and a wrong password cannot be told apart: same answer, same hashes, same requests", async () => {
    const [known, unknown] = [await registered(), freshName()];
    for (let attempt = 1; attempt <= MAX_FAILED_LOGINS + 2; attempt++) {
      const ofKnown = await observed(() => accounts.login({ username: known, password: wrong }));
      const ofUnknown = await observed(() => accounts.login({ username: unknown, password: wrong }));
      expect(ofKnown.answer).toMatchObject({ __typename: "BadCredentialsError", code: "BAD_CREDENTIALS" });
      expect(ofKnown.hashes).toBe(attempt <= MAX_FAILED_LOGINS ? 1 : 0);
      expect(kindsOf(ofUnknown)).toEqual(kindsOf(ofKnown));
    }
  });

  test("after ten failures even the right password gets the same answer, until fifteen minutes after the first", async () => {
    world.now = NOW;
    const username = await registered();
    const failed = await accounts.login({ username, password: wrong });
    world.now += 60_000;
    for (let i = 2; i < MAX_FAILED_LOGINS; i++) await accounts.login({ username, password: wrong });
    expect(await accounts.login({ username, password })).toMatchObject({ __typename: "AuthPayload" });
    await accounts.login({ username, password: wrong });
    expect(await accounts.login({ username, password })).toEqual(failed);
    world.now = NOW + FAILED_LOGINS_WINDOW_MS - 1;
    expect(await accounts.login({ username, password })).toEqual(failed);
    world.now = NOW + FAILED_LOGINS_WINDOW_MS;
    expect(await accounts.login({ username, password })).toMatchObject({ __typename: "AuthPayload" });
    world.now = NOW;
  });

  test("failures that come at once are all counted, also where they begin a window anew", async () => {
    const username = freshName();
    for (const now of [NOW, NOW + FAILED_LOGINS_WINDOW_MS]) {
      await Promise.all(Array.from({ length: 12 }, () => store.addFailedLogin(username, now)));
      expect((await store.findLogin(username)).failed).toEqual({ count: 12, since: now });
    }
  });

  test("failures of one name do not touch another", async () => {
    const [one, other] = [await registered(), await registered()];
    for (let i = 0; i < MAX_FAILED_LOGINS; i++) await store.addFailedLogin(one, world.now);
    expect(await accounts.login({ username: other, password })).toMatchObject({ __typename: "AuthPayload" });
  });

  test("with a name that no account can have says so", async () => {
    expect(await accounts.login({ username: "a b", password })).toMatchObject({
      __typename: "InvalidInputError",
      fields: [{ path: ["username"] }],
    });
  });
});

/** What an onlooker could see: the read costs by size, so its units are left out. */
function kindsOf({ answer, hashes, requests }: Awaited<ReturnType<typeof observed>>) {
  return { answer, hashes, requests: requests.map((request) => request.split(" ")[0]) };
}
