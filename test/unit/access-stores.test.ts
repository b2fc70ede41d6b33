import { beforeEach, describe, expect, test } from "vitest";
import type { Account, Login } from "../../api/auth/accounts/model.ts";
import { createAccountStore } from "../../api/auth/accounts/store.ts";
import type { ApiKey } from "../../api/auth/apikeys/model.ts";
import { createApiKeyStore } from "../../api/auth/apikeys/store.ts";
import type { Removal } from "../../api/removals/model.ts";
import { createRemovalStore } from "../../api/removals/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [MINUTE, DAY] = [60_000, 86_400_000];
let dynamo: ReturnType<typeof createMemoryDynamo>;
beforeEach(() => {
  dynamo = createMemoryDynamo(tables);
});

describe("a key", () => {
  const key: ApiKey = {
    ...{ keyId: "k", tenantId: "shop", kind: "API", name: "n", scopes: [], origins: [], ratePerMinute: undefined },
    ...{ secretHash: "h", createdAt: NOW, createdBy: "u", expiresAt: undefined, revokedAt: undefined },
    lastUsedAt: undefined,
  };
  const store = () => createApiKeyStore(dynamo, "access");

  test("that is put again, as one whose answer was lost, stays as it is by then", async () => {
    await store().putKey(key);
    await store().revokeKey("shop", "k", NOW);
    await store().putKey(key);
    expect(await store().findKey("k")).toMatchObject({ revokedAt: NOW });
  });

  test("is ended once, by its own tenant alone", async () => {
    await store().putKey(key);
    expect(await store().revokeKey("other", "k", NOW)).toBeUndefined();
    expect((await store().findKey("k"))!.revokedAt).toBeUndefined();
    expect(await store().revokeKey("shop", "k", NOW)).toMatchObject({ revokedAt: NOW });
    expect(await store().revokeKey("shop", "k", NOW + 1)).toMatchObject({ revokedAt: NOW });
    expect(await store().revokeKey("other", "k", NOW + 1)).toBeUndefined();
    expect(await store().revokeKey("shop", "none", NOW)).toBeUndefined();
    expect(await store().findKey("none")).toBeUndefined();
  });

  test("is noted as used each so many minutes, to the millisecond, by whatever process; one that is gone is not", async () => {
    await store().putKey(key);
    const uses = [];
    for (const at of [0, 10 * MINUTE - 1, 10 * MINUTE, 20 * MINUTE - 1]) {
      await store().noteUse("k", NOW + at, 10 * MINUTE);
      uses.push((await store().findKey("k"))!.lastUsedAt! - NOW);
    }
    expect(uses).toEqual([0, 0, 10 * MINUTE, 10 * MINUTE]);
    await store().noteUse("none", NOW, 10 * MINUTE);
    expect(await store().findKey("none")).toBeUndefined();
  });
});

describe("an account", () => {
  const login = (current: string) => ({ current }) as unknown as Login;
  const account = {
    ...{ username: "ada", userId: "u1", tenantId: "t1", passwordHash: "p", passwordAt: NOW, createdAt: NOW },
    ...{ logins: { l: login("a") }, places: {}, version: 0 },
  } as unknown as Account;
  const store = () => createAccountStore(dynamo, "accounts");
  const nothing = { table: "accounts", put: { pk: "beside" } };
  const found = async () => (await store().findAccount("ada"))!;

  test("has a name that no other has or looks like; the same again is its own", async () => {
    expect(await store().putAccount(account)).toBe(true);
    expect(await store().putAccount(account)).toBe(true);
    expect(await store().putAccount({ ...account, userId: "u2" })).toBe(false);
    expect(await found()).toMatchObject({ userId: "u1" });
  });

  test("is changed as it was read: by its version, which of an old one is not there; and not the next one of its name", async () => {
    await store().putAccount(account);
    const stale = await found();
    expect(stale.version).toBe(0);
    const logins = (one: Account) => store().putLogins(one, { logins: { l: login("b") }, places: stale.places });
    expect(await logins({ ...stale, version: 1 })).toBe(false);
    expect(await logins(stale)).toBe(true);
    expect(await logins(stale)).toBe(false);
    const now = await found();
    expect(now.version).toBe(1);
    expect(await logins({ ...now, userId: "u2" })).toBe(false);
    await dynamo.update("accounts", { pk: "account#ada" }, { expression: "REMOVE version" });
    expect(await logins({ ...now, version: 1 })).toBe(false);
    expect(await logins({ ...now, version: 0 })).toBe(true);
  });

  test("has a login changed where its token is the one that was read; each change moves the version on", async () => {
    await store().putAccount(account);
    const one = await found();
    const change = (of: Account, before: string, after: string) =>
      store().putLogin(of, "l", login(before), login(after));
    expect(await change(one, "x", "b")).toBe(false);
    expect(await change({ ...one, userId: "u2" }, "a", "b")).toBe(false);
    expect(await change(one, "a", "b")).toBe(true);
    expect(await change(one, "a", "c")).toBe(false);
    expect(await change(one, "b", "c")).toBe(true);
    expect(await found()).toMatchObject({ version: 2, logins: { l: { current: "c" } } });
  });

  test("is removed by who read it, and not the next one of its name", async () => {
    await store().putAccount(account);
    expect(await store().removeAccount({ ...account, userId: "u2" }, nothing)).toBe(false);
    expect(await store().removeAccount(account, nothing)).toBe(true);
    expect(await store().removeAccount(account, nothing)).toBe(false);
  });

  test("has its failures counted together for a day after each, to the millisecond, and then anew", async () => {
    const kept = await (async () => {
      await store().addFailure("ada", "*", NOW);
      const ttl = dynamo.dump("accounts")[0]!.ttl as number;
      return ttl * 1_000 - NOW;
    })();
    const count = async () => (await store().findLogin("ada", ["*"])).failures.get("*")!.count;
    await store().addFailure("ada", "*", NOW + kept - 1);
    expect(await count()).toBe(2);
    await store().addFailure("ada", "*", NOW + 2 * kept - 1);
    expect(await count()).toBe(1);
    await Promise.all([1, 2, 3].map(() => store().addFailure("ada", "*", NOW + 4 * kept)));
    expect(await count()).toBe(3);
  });
});

describe("a removal", () => {
  const removal = {
    ...{ removalId: "r", tenantId: "shop", begunAt: NOW, items: 0, objects: 0, lookAt: NOW },
  } as unknown as Removal;
  const store = () => createRemovalStore(dynamo, "access");

  test("that is gone is not brought back by who was at it", async () => {
    await store().note(removal, { items: 1, objects: 1, isWhole: true }, NOW + DAY, NOW);
    await store().finish(removal, NOW, DAY);
    expect(dynamo.dump("access")).toEqual([]);
  });
});
