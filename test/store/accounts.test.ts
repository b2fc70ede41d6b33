import { fc } from "../kit/property.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Account } from "../../api/auth/accounts/model.ts";
import { MAX_LOGINS } from "../../api/auth/accounts/rules.ts";
import { SCOPES } from "../../api/auth/viewer.ts";
import { TENANT_PATTERN } from "../../api/core/ids.ts";
import { DAY, home, NOW, password, SECOND, startAccounts, type TestAccounts, wrong } from "../kit/accounts.ts";

let world: TestAccounts["world"];
let store: TestAccounts["store"];
let accounts: TestAccounts["accounts"];
let authenticate: TestAccounts["authenticate"];
let freshName: TestAccounts["freshName"];
let registered: TestAccounts["registered"];
let loggedIn: TestAccounts["loggedIn"];
let guess: TestAccounts["guess"];
let observed: TestAccounts["observed"];
let stop: TestAccounts["stop"];
beforeAll(async () => {
  ({ world, store, accounts, authenticate, freshName, registered, loggedIn, guess, observed, stop } =
    await startAccounts());
});
afterAll(() => stop?.());

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

  test("costs one transaction, one entry of the audit log and one hash", async () => {
    const { requests, hashes } = await observed(() => accounts.register({ username: freshName(), password }));
    expect({ requests, hashes }).toEqual({ requests: ["TransactWriteItems 4", "PutItem 1"], hashes: 1 });
  });

  test("keeps no password", async () => {
    const username = await registered();
    const account = await store.findAccount(username);
    expect(JSON.stringify(account)).not.toContain(password);
    expect(account?.passwordHash).toMatch(/^\$scrypt\$/);
  });

  test("a name that is taken, however it is spelled, is refused and its account stays", async () => {
    const username = await registered();
    const before = await store.findAccount(username);
    const answer = await accounts.register({ username: username.toUpperCase(), password: wrong });
    expect(answer).toEqual({
      __typename: "NameTakenError",
      code: "NAME_TAKEN",
      message:
        `The username ${username} is taken, or looks like one that is; choose another, or log in where it is yours.`,
    });
    expect(await store.findAccount(username)).toEqual(before);
  });

  test("of twenty that want one name at once, one gets it", async () => {
    const username = freshName();
    const answers = await Promise.all(Array.from({ length: 20 }, () => accounts.register({ username, password })));
    const kinds = answers.map(({ __typename }) => __typename);
    expect(kinds.filter((kind) => kind === "AuthPayload")).toHaveLength(1);
    expect(kinds.filter((kind) => kind === "NameTakenError")).toHaveLength(19);
  });

  test("sent again by the SDK, because the answer was lost, is still one's own", async () => {
    const account = await store.findAccount(await registered());
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
      const rest = { logins: {}, places: {}, passwordAt: NOW, usedReset: undefined, version: 0 };
      const ids = { userId: "u", tenantId: "t" };
      const account: Account = { username: freshName(), name, ...ids, passwordHash: "h", createdAt: NOW, ...rest };
      await store.putAccount(account);
      expect(await store.findAccount(account.username)).toEqual(account);
    }),
    { numRuns: 25 },
  );
});

const code = (error: unknown) => (error as { code?: string }).code;

describe("logging in", () => {
  test("gives a token of the account's tenant, however the name is spelled", async () => {
    const username = await registered();
    const account = await store.findAccount(username);
    const answer = await accounts.login({ username: username.toUpperCase(), password });
    expect(answer).toMatchObject({ viewer: { userId: account!.userId, tenantId: account!.tenantId, scopes: SCOPES } });
  });

  test("costs one read, one write, one entry of the audit log and one hash", async () => {
    const username = await registered();
    const { requests, hashes } = await observed(() => accounts.login({ username, password }));
    expect({ requests, hashes }).toEqual({ requests: ["BatchGetItem 3", "UpdateItem 1", "PutItem 1"], hashes: 1 });
  });

  test("an unknown name and a wrong password cannot be told apart: same answer, same hashes, same waits", async () => {
    const [known, unknown] = [await registered(), freshName()];
    const seen = async (username: string) => {
      const { answer, hashes } = await observed(() => guess(username).catch(code));
      return { answer, hashes };
    };
    for (let attempt = 1; attempt <= 8; attempt++) expect(await seen(known)).toEqual(await seen(unknown));
    expect(await seen(known)).toEqual({ answer: "RATE_LIMITED", hashes: 0 });
  });

  test("after five wrong passwords from one place each one more doubles the wait there, up to fifteen minutes", async () => {
    world.now = NOW;
    const username = await registered();
    for (let i = 0; i < 5; i++) await guess(username);
    for (const wait of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]) {
      world.now += wait * SECOND - 1;
      expect(await guess(username).catch(code)).toBe("RATE_LIMITED");
      world.now += 1;
      expect(await guess(username)).toMatchObject({ code: "BAD_CREDENTIALS" });
    }
    world.now = NOW;
  });

  test("the owner gets in at home while others guess, from one place or from many", async () => {
    const username = await registered();
    await loggedIn(username);
    for (let i = 0; i < 150; i++) {
      await store.addFailure(username, `a:${i}`, world.now);
      await store.addFailure(username, "*", world.now);
    }
    expect(await guess(username).catch(code)).toBe("RATE_LIMITED");
    expect(await loggedIn(username)).toBeDefined();
  });

  test("the owner gets in on a device that was there before, wherever it is now", async () => {
    const username = await registered();
    const { deviceToken } = await loggedIn(username);
    for (let i = 0; i < 200; i++) await store.addFailure(username, "*", world.now);
    const abroad = { address: "192.0.2.77" };
    expect(await accounts.login({ username, password }, abroad).catch(code)).toBe("RATE_LIMITED");
    expect(await accounts.login({ username, password, deviceToken }, abroad)).toMatchObject({
      token: expect.any(String),
    });
    const other = await registered();
    for (let i = 0; i < 200; i++) await store.addFailure(other, "*", world.now);
    expect(await accounts.login({ username: other, password, deviceToken }, abroad).catch(code)).toBe("RATE_LIMITED");
  });

  test("a device token lets nobody in", async () => {
    const { deviceToken } = await loggedIn(await registered());
    await expect(authenticate(`Bearer ${deviceToken}`)).rejects.toThrow(/has no `aud`/);
  });

  test("failures that come at once are all counted, also where they begin anew", async () => {
    const username = freshName();
    for (const now of [NOW, NOW + 2 * DAY]) {
      await Promise.all(Array.from({ length: 12 }, () => store.addFailure(username, "x", now)));
      expect((await store.findLogin(username, ["x"])).failures.get("x")).toEqual({ count: 12, lastAt: now });
    }
  });

  test("a success forgets the failures from there", async () => {
    const username = await registered();
    for (let i = 0; i < 4; i++) await guess(username, home);
    await loggedIn(username);
    for (let i = 0; i < 4; i++) expect(await guess(username, home)).toMatchObject({ code: "BAD_CREDENTIALS" });
    expect(await loggedIn(username)).toBeDefined();
  });

  test("with a name that no account can have says so", async () => {
    expect(await accounts.login({ username: "a b", password })).toMatchObject({
      __typename: "InvalidInputError",
      fields: [{ path: ["username"] }],
    });
  });

  test("many at once are all kept, and the least used go beyond twenty", async () => {
    const username = await registered();
    await Promise.all(Array.from({ length: 8 }, (_, i) => loggedIn(username, { address: `192.0.2.${i}` })));
    expect(Object.keys((await store.findAccount(username))!.logins)).toHaveLength(9);
    for (let i = 0; i < 15; i++) {
      world.now += SECOND;
      await loggedIn(username);
    }
    expect(Object.keys((await store.findAccount(username))!.logins)).toHaveLength(MAX_LOGINS);
    world.now = NOW;
  });
});
