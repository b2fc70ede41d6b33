import { describe, expect, test } from "vitest";
import type { Account, Login } from "../../api/auth/accounts/model.ts";
import {
  decideRefresh,
  type Failures,
  isResetGood,
  MAX_LOGINS,
  MAX_PLACES,
  nextTryAt,
  nextTryOfStrangersAt,
  withLogin,
  withPlace,
} from "../../api/auth/accounts/rules.ts";
import { createAccountStore, STRANGERS } from "../../api/auth/accounts/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [SECOND, MINUTE, DAY] = [1_000, 60_000, 86_400_000];
const login = (own: Partial<Login> = {}): Login => ({
  ...{ createdAt: NOW, usedAt: NOW, expiresAt: NOW + DAY, current: "now", previous: "before", salt: "s" },
  ...{ client: undefined, address: undefined },
  ...own,
});
const account = (own: Partial<Account> = {}): Account => ({
  ...{ username: "ada", name: "Ada", userId: "u1", tenantId: "t1", passwordHash: "$scrypt$", createdAt: NOW },
  ...{ logins: {}, places: {}, passwordAt: NOW, usedReset: undefined, version: 1 },
  ...own,
});

describe("after failed logins", () => {
  const waits = (of: typeof nextTryAt, count: number, ago = 0) => of({ count, lastAt: NOW - ago }, NOW) - (NOW - ago);
  test("of one device or address five are free, and each more doubles the wait, up to a quarter of an hour", () => {
    expect(nextTryAt(undefined, NOW)).toBe(NOW);
    expect([4, 5, 6, 7, 14, 15, 16, 60].map((count) => waits(nextTryAt, count) / SECOND)).toEqual(
      [0, 1, 2, 4, 512, 900, 900, 900],
    );
    // It runs from the last failure on.
    expect(waits(nextTryAt, 6, 5 * SECOND)).toBe(2 * SECOND);
    expect(nextTryAt({ count: 4, lastAt: NOW - 5 * SECOND }, NOW)).toBe(NOW);
  });

  test("of all who are not known a hundred are free, and each ten more double the wait, up to a minute", () => {
    expect(nextTryOfStrangersAt(undefined, NOW)).toBe(NOW);
    const counts = [99, 100, 109, 110, 120, 150, 159, 160, 900];
    expect(counts.map((count) => waits(nextTryOfStrangersAt, count) / SECOND)).toEqual(
      [0, 1, 1, 2, 4, 32, 32, 60, 60],
    );
    expect(waits(nextTryOfStrangersAt, 110, 5 * SECOND)).toBe(2 * SECOND);
    expect(nextTryOfStrangersAt({ count: 9, lastAt: NOW - 5 * SECOND }, NOW)).toBe(NOW);
  });

  test("none counts a day after the last, to the millisecond", () => {
    for (const  of of[nextTryAt, nextTryOfStrangersAt]) {
      expect(of({ count: 999, lastAt: NOW - DAY + 1 }, NOW)).toBeLessThan(NOW);
      expect(of({ count: 999, lastAt: NOW - DAY }, NOW)).toBe(NOW);
    }
  });
});

describe("an account is logged in", () => {
  test("twenty times at most: beyond goes what was used least lately, and what is over first", () => {
    const logins = Object.fromEntries(
      Array.from({ length: MAX_LOGINS }, (_, i) => [`l${i}`, login({ usedAt: NOW + (i * 7) % MAX_LOGINS })]),
    );
    const added = withLogin({ logins }, "new", login(), NOW);
    expect(Object.keys(added)).toHaveLength(MAX_LOGINS);
    expect(Object.keys(logins).filter((id) => !(id in added))).toEqual(["l0"]);
    expect(added["new"]).toEqual(login());
    expect(added["l5"]).toEqual(logins["l5"]);
    const over = { ...logins, l9: login({ usedAt: NOW + 99, expiresAt: NOW }) };
    const without = withLogin({ logins: over }, "new", login(), NOW);
    expect(Object.keys(over).filter((id) => !(id in without))).toEqual(["l9"]);
    const last = { l9: login({ expiresAt: NOW + 1 }) };
    expect(Object.keys(withLogin({ logins: last }, "new", login(), NOW))).toEqual(["l9", "new"]);
    // One that is there already takes no second place.
    const again = withLogin({ logins }, "l3", login({ salt: "other" }), NOW);
    expect([Object.keys(again).length, again["l3"]!.salt]).toEqual([MAX_LOGINS, "other"]);
  });

  test("from ten places that are known, the last ones", () => {
    const places = Object.fromEntries(Array.from({ length: MAX_PLACES }, (_, i) => [`p${i}`, NOW + (i * 3) % 10]));
    const added = withPlace(places, "new", NOW + 99);
    expect(Object.keys(added)).toHaveLength(MAX_PLACES);
    expect(Object.keys(places).filter((place) => !(place in added))).toEqual(["p0"]);
    expect(added["new"]).toBe(NOW + 99);
    expect(withPlace(places, "p0", NOW + 99)).toEqual({ ...places, p0: NOW + 99 });
    expect(withPlace(places, "p3", NOW + 99)).toEqual({ ...places, p3: NOW + 99 });
    expect(withPlace({}, "p", NOW)).toEqual({ p: NOW });
  });
});

test("a refresh token is good once, the one before for a minute more, and any older ends the login", () => {
  const after = (hash: string, ms: number, own: Partial<Login> = {}) => decideRefresh(login(own), hash, NOW + ms);
  expect(after("now", DAY - 1)).toBe("NEXT");
  expect(after("now", DAY)).toBe("EXPIRED");
  expect(after("before", MINUTE - 1)).toBe("SAME_AGAIN");
  expect(after("before", MINUTE)).toBe("REUSED");
  expect(after("older", 0)).toBe("REUSED");
  expect(after("before", DAY)).toBe("EXPIRED");
});

test("a reset is good once, and not after the password was set, by the second in which that was", () => {
  const isGood = (id: string, madeAt: number, own: Partial<Account> = {}) =>
    isResetGood({ passwordAt: NOW + 700, usedReset: undefined, ...own }, { id, madeAt });
  expect(isGood("r", NOW)).toBe(true);
  expect(isGood("r", NOW - 1)).toBe(false);
  expect(isGood("r", NOW + 5_000, { usedReset: "r" })).toBe(false);
  expect(isGood("r", NOW + 5_000, { usedReset: "q" })).toBe(true);
});

function createWorld() {
  const dynamo = createMemoryDynamo({ accounts: tables.accounts, jobs: tables.accounts });
  const asked: string[] = [];
  const watched = {
    ...dynamo,
    get: (...args: Parameters<typeof dynamo.get>) => (asked.push("get"), dynamo.get(...args)),
    putIf: (...args: Parameters<typeof dynamo.putIf>) => (asked.push("putIf"), dynamo.putIf(...args)),
    updateIf: (...args: Parameters<typeof dynamo.updateIf>) => (asked.push("updateIf"), dynamo.updateIf(...args)),
  };
  return { dynamo, asked, store: createAccountStore(watched, "accounts") };
}

describe("accounts that are kept", () => {
  test("are kept once, by their name and by what it looks like; the same again is no other", async () => {
    const { store, asked, dynamo } = createWorld();
    expect(await store.putAccount(account())).toBe(true);
    expect(asked).toEqual([]);
    expect(await store.putAccount(account())).toBe(true);
    expect(await store.putAccount(account({ userId: "u2" }))).toBe(false);
    // ad\u0430 has a Cyrillic letter; bob1 and bobl look alike.
    expect(await store.putAccount(account({ username: "bob1", userId: "u3" }))).toBe(true);
    expect(await store.putAccount(account({ username: "bobl", userId: "u4" }))).toBe(false);
    expect(await store.findAccount("bobl")).toBeUndefined();
    expect(await store.findAccount("ada")).toEqual(account());
    expect(dynamo.dump("accounts")).toHaveLength(4);
  });

  test("of before have no logins, no places and a password of their beginning", async () => {
    const { store, dynamo } = createWorld();
    const { logins: _, places: _p, passwordAt: _a, version: _v, usedReset: _r, ...old } = account();
    await dynamo.put("accounts", { pk: "account#ada", ...old });
    expect(await store.findAccount("ada")).toEqual(account({ version: 0 }));
    // What was kept before there were versions is changed all the same, once.
    const read = (await store.findAccount("ada"))!;
    expect(await store.putLogins({ ...read, version: 3 }, { logins: {}, places: {} })).toBe(false);
    expect(await store.putLogins(read, { logins: { l: login() }, places: { p: NOW } })).toBe(true);
    expect(await store.putLogins(read, { logins: {}, places: {} })).toBe(false);
    expect(await store.findAccount("ada")).toEqual(account({ logins: { l: login() }, places: { p: NOW }, version: 1 }));
  });

  test("are changed where they are as they were read, by a login, a password or their end alone", async () => {
    const { store } = createWorld();
    await store.putAccount(account());
    const read = (await store.findAccount("ada"))!;
    const password = { passwordHash: "$new$", passwordAt: NOW + 5, logins: {}, usedReset: "r1" };
    expect(await store.putPassword(read, password)).toBe(true);
    expect(await store.putPassword(read, { ...password, passwordHash: "$third$" })).toBe(false);
    expect(await store.putLogins(read, { logins: { l: login() }, places: {} })).toBe(false);
    expect(await store.findAccount("ada")).toEqual(account({ ...password, version: 2 }));
    const now = (await store.findAccount("ada"))!;
    expect(await store.putPassword({ ...now, userId: "u9" }, password)).toBe(false);
    expect(await store.putPassword(now, { ...password, usedReset: undefined })).toBe(true);
    expect((await store.findAccount("ada"))!.usedReset).toBeUndefined();
    expect(await store.putPassword(account({ username: "nobody", version: 0 }), password)).toBe(false);
  });

  test("have a login renewed where its token is still the one that was read, and of the same person", async () => {
    const { store } = createWorld();
    await store.putAccount(account({ logins: { a: login(), b: login() } }));
    const read = (await store.findAccount("ada"))!;
    const next = login({ current: "next", previous: "now", usedAt: NOW + 5 });
    expect(await store.putLogin({ ...read, userId: "u9" }, "a", login(), next)).toBe(false);
    expect(await store.putLogin(read, "c", login(), next)).toBe(false);
    expect(await store.putLogin(read, "a", login(), next)).toBe(true);
    expect(await store.putLogin(read, "a", login(), login({ current: "stolen" }))).toBe(false);
    expect(await store.findAccount("ada")).toEqual(account({ logins: { a: next, b: login() }, version: 2 }));
    // Whoever read the account before that changes nothing of it.
    expect(await store.putLogins(read, { logins: {}, places: {} })).toBe(false);
  });

  test("are removed with what is written beside it, once, and then their name and looks are free", async () => {
    const { store, dynamo } = createWorld();
    await store.putAccount(account());
    const beside = { table: "jobs", put: { pk: "job" } };
    expect(await store.removeAccount(account({ userId: "u9" }), beside)).toBe(false);
    expect(dynamo.dump("jobs")).toEqual([]);
    expect(await store.removeAccount(account(), beside)).toBe(true);
    expect([dynamo.dump("accounts"), dynamo.dump("jobs")]).toEqual([[], [{ pk: "job" }]]);
    expect(await store.removeAccount(account(), beside)).toBe(false);
    expect(await store.putAccount(account({ userId: "u2" }))).toBe(true);
  });
});

describe("failures that are kept", () => {
  const failuresOf = async (store: ReturnType<typeof createAccountStore>, ...whences: string[]) =>
    Object.fromEntries((await store.findLogin("ada", whences)).failures) as Record<string, Failures>;

  test("are counted each, by whence, read with the account whether it exists or not, and forgotten by whence", async () => {
    const { store, asked } = createWorld();
    expect(await store.findLogin("ada", ["here", STRANGERS])).toEqual({ account: undefined, failures: new Map() });
    await store.addFailure("ada", "here", NOW);
    expect(asked).toEqual(["updateIf", "putIf"]);
    await store.addFailure("ada", "here", NOW + 5);
    expect(asked.slice(2)).toEqual(["updateIf"]);
    await store.addFailure("ada", STRANGERS, NOW + 9);
    await store.addFailure("eve", "here", NOW + 9);
    await store.putAccount(account());
    const found = await store.findLogin("ada", ["here", STRANGERS, "there"]);
    expect(found.account).toEqual(account());
    expect(found.failures).toEqual(
      new Map([["here", { count: 2, lastAt: NOW + 5 }], [STRANGERS, { count: 1, lastAt: NOW + 9 }]]),
    );
    await store.clearFailures("ada", "here");
    expect(await failuresOf(store, "here", STRANGERS)).toEqual({ [STRANGERS]: { count: 1, lastAt: NOW + 9 } });
    expect((await store.findLogin("eve", ["here"])).failures.size).toBe(1);
  });

  test("begin anew a day after the last, to the millisecond, and go by themselves a day later", async () => {
    const { store, dynamo } = createWorld();
    await store.addFailure("ada", "here", NOW);
    expect(dynamo.dump("accounts")[0]!.ttl).toBe((NOW + DAY) / SECOND);
    await store.addFailure("ada", "here", NOW + DAY - 1);
    expect(await failuresOf(store, "here")).toEqual({ here: { count: 2, lastAt: NOW + DAY - 1 } });
    expect(dynamo.dump("accounts")[0]!.ttl).toBe((NOW + 2 * DAY) / SECOND);
    await store.addFailure("ada", "here", NOW + 2 * DAY - 1);
    expect(await failuresOf(store, "here")).toEqual({ here: { count: 1, lastAt: NOW + 2 * DAY - 1 } });
  });

  test("are counted by who loses the race to begin anew, too", async () => {
    const { dynamo } = createWorld();
    let isRaced = false;
    const store = createAccountStore({
      ...dynamo,
      async putIf(...args) {
        if (!isRaced) {
          isRaced = true;
          await createAccountStore(dynamo, "accounts").addFailure("ada", "here", NOW);
        }
        return await dynamo.putIf(...args);
      },
    }, "accounts");
    await store.addFailure("ada", "here", NOW + 1);
    expect(await failuresOf(store, "here")).toEqual({ here: { count: 2, lastAt: NOW + 1 } });
  });
});
