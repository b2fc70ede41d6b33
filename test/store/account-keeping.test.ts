import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REPEAT_MS } from "../../api/auth/accounts/rules.ts";
import {
  attacker,
  DAY,
  home,
  MINUTE,
  NOW,
  password,
  SECOND,
  startAccounts,
  type TestAccounts,
  wrong,
} from "../kit/accounts.ts";

let world: TestAccounts["world"];
let store: TestAccounts["store"];
let audit: TestAccounts["audit"];
let signer: TestAccounts["signer"];
let accounts: TestAccounts["accounts"];
let keeping: TestAccounts["keeping"];
let authenticate: TestAccounts["authenticate"];
let freshName: TestAccounts["freshName"];
let registered: TestAccounts["registered"];
let loggedIn: TestAccounts["loggedIn"];
let guess: TestAccounts["guess"];
let stop: TestAccounts["stop"];
beforeAll(async () => {
  ({ world, store, audit, signer, accounts, keeping, authenticate, freshName, registered, loggedIn, guess, stop } =
    await startAccounts());
});
afterAll(() => stop?.());

describe("a refresh token", () => {
  const refresh = (refreshToken: string) => accounts.refresh({ refreshToken }, home);

  test("gives new tokens of the same login, and the next refresh token", async () => {
    const first = await loggedIn(await registered());
    const second = await refresh(first.refreshToken);
    if (second.__typename !== "AuthPayload") throw new Error("not refreshed");
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(second.viewer.login).toEqual(first.viewer.login);
    expect(await authenticate(`Bearer ${second.token}`)).toEqual(second.viewer);
  });

  test("sent by two tabs at once, or again since the answer was lost, gives the same next one", async () => {
    const { refreshToken } = await loggedIn(await registered());
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken), refresh(refreshToken)]);
    const next = new Set(answers.map((answer) => (answer as { refreshToken?: string }).refreshToken));
    expect(next.size).toBe(1);
    expect(await refresh([...next][0]!)).toMatchObject({ __typename: "AuthPayload" });
  });

  test("that was used before, later than that, ends the login for whoever has it", async () => {
    const { refreshToken: stolen, token } = await loggedIn(await registered());
    const owner = await refresh(stolen);
    world.now += REPEAT_MS;
    expect(await refresh(stolen)).toMatchObject({ code: "BAD_CREDENTIALS" });
    expect(await refresh((owner as { refreshToken: string }).refreshToken)).toMatchObject({ code: "BAD_CREDENTIALS" });
    world.now += MINUTE;
    await expect(authenticate(`Bearer ${token}`)).rejects.toThrow(/login has ended/);
    world.now = NOW;
  });

  test("ends thirty days after its last use, and not before", async () => {
    let { refreshToken } = await loggedIn(await registered());
    for (let i = 0; i < 3; i++) {
      world.now += 29 * DAY;
      refreshToken = (await refresh(refreshToken) as { refreshToken: string }).refreshToken;
    }
    world.now += 30 * DAY;
    expect(await refresh(refreshToken)).toMatchObject({ code: "BAD_CREDENTIALS" });
    world.now = NOW;
  });

  test("that is none, or of another, is refused in the same words", async () => {
    const { refreshToken } = await loggedIn(await registered());
    const [name, family, secret] = refreshToken.slice(4).split(".");
    const none = [`sjr_${name}.${"A".repeat(family!.length)}.${secret}`, "sjr_", "x", `sjr_..`];
    const answers = await Promise.all(none.map(refresh));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await refresh(refreshToken)).toMatchObject({ __typename: "AuthPayload" });
  });

  test("is nowhere in the store", async () => {
    const username = await registered();
    const { refreshToken } = await loggedIn(username);
    const kept = JSON.stringify(await store.findAccount(username));
    for (const part of refreshToken.slice(4).split(".").slice(1)) expect(kept).not.toContain(part);
  });
});

describe("signing out", () => {
  test("ends the token and the refresh token of this login at once, and no other", async () => {
    const username = await registered();
    const [one, other] = [await loggedIn(username), await loggedIn(username)];
    await authenticate(`Bearer ${one.token}`);
    expect(await keeping.signOut(one.viewer, { everywhere: false })).toBe(1);
    await expect(authenticate(`Bearer ${one.token}`)).rejects.toThrow(/login has ended/);
    expect(await accounts.refresh({ refreshToken: one.refreshToken })).toMatchObject({ code: "BAD_CREDENTIALS" });
    expect(await authenticate(`Bearer ${other.token}`)).toBeDefined();
  });

  test("everywhere ends all, and one by its id that one", async () => {
    const username = await registered();
    const logins = [await loggedIn(username), await loggedIn(username), await loggedIn(username)];
    const listed = await keeping.logins(logins[0]!.viewer);
    expect(listed).toHaveLength(4);
    expect(listed.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
    expect(await keeping.signOut(logins[0]!.viewer, { loginId: logins[1]!.viewer.login!.loginId, everywhere: false }))
      .toBe(1);
    await expect(authenticate(`Bearer ${logins[1]!.token}`)).rejects.toThrow(/login has ended/);
    expect(await keeping.signOut(logins[0]!.viewer, { everywhere: true })).toBe(3);
    for (const { token } of logins) await expect(authenticate(`Bearer ${token}`)).rejects.toThrow(/login has ended/);
  });
});

describe("a password", () => {
  const next = "another long password";

  test("is changed by who knows it; all other logins end", async () => {
    const username = await registered();
    const [here, there] = [await loggedIn(username), await loggedIn(username)];
    expect(await keeping.changePassword(here.viewer, { currentPassword: wrong, newPassword: next })).toMatchObject({
      code: "BAD_CREDENTIALS",
    });
    expect(await keeping.changePassword(here.viewer, { currentPassword: password, newPassword: next })).toMatchObject({
      username,
    });
    expect(await authenticate(`Bearer ${here.token}`)).toBeDefined();
    await expect(authenticate(`Bearer ${there.token}`)).rejects.toThrow(/login has ended/);
    expect(await accounts.login({ username, password }, home)).toMatchObject({ code: "BAD_CREDENTIALS" });
    expect(await accounts.login({ username, password: next }, home)).toMatchObject({ __typename: "AuthPayload" });
  });

  test("is set anew with an operator's token, once and within a day; all logins end", async () => {
    const username = await registered();
    const before = await loggedIn(username);
    const resetToken = await signer.signReset(username);
    expect(await keeping.resetPassword({ resetToken: before.deviceToken, newPassword: next })).toMatchObject({
      code: "BAD_CREDENTIALS",
    });
    expect(await keeping.resetPassword({ resetToken, newPassword: next })).toMatchObject({ username });
    expect(await keeping.resetPassword({ resetToken, newPassword: "and another one" })).toMatchObject({
      code: "BAD_CREDENTIALS",
    });
    await expect(authenticate(`Bearer ${before.token}`)).rejects.toThrow(/login has ended/);
    expect(await accounts.login({ username, password: next }, home)).toMatchObject({ __typename: "AuthPayload" });
    await expect(authenticate(`Bearer ${resetToken}`)).rejects.toThrow(/has no `aud`/);
    const [late, ofNobody] = [await signer.signReset(username), await signer.signReset(freshName())];
    world.now += DAY;
    for (const resetToken of [late, ofNobody]) {
      expect(await keeping.resetPassword({ resetToken, newPassword: next })).toMatchObject({ code: "BAD_CREDENTIALS" });
    }
    world.now = NOW;
  });

  test("that is too short is refused with the field, and nothing ends", async () => {
    const { viewer, token } = await loggedIn(await registered());
    expect(await keeping.changePassword(viewer, { currentPassword: password, newPassword: "short" })).toMatchObject({
      fields: [{ path: ["newPassword"] }],
    });
    expect(await authenticate(`Bearer ${token}`)).toBeDefined();
  });
});

test("an account is removed by who knows its password; its tokens end and its name is free", async () => {
  const username = await registered();
  const { viewer, token, refreshToken } = await loggedIn(username);
  expect(await keeping.deleteAccount(viewer, { password: wrong })).toMatchObject({ code: "BAD_CREDENTIALS" });
  expect(await keeping.deleteAccount(viewer, { password })).toMatchObject({ username });
  await expect(authenticate(`Bearer ${token}`)).rejects.toThrow(/login has ended/);
  expect(await accounts.refresh({ refreshToken })).toMatchObject({ code: "BAD_CREDENTIALS" });
  expect(await accounts.login({ username, password }, home)).toMatchObject({ code: "BAD_CREDENTIALS" });
  const anew = await accounts.register({ username, password });
  expect(anew).toMatchObject({ __typename: "AuthPayload" });
  expect((anew as { viewer: { tenantId: string } }).viewer.tenantId).not.toBe(viewer.tenantId);
});

test("the audit log tells who did what, when and from where, to that tenant alone", async () => {
  const username = await registered();
  world.now += SECOND;
  const { viewer } = await loggedIn(username);
  world.now += SECOND;
  await guess(username);
  world.now += SECOND;
  await keeping.signOut(viewer, { everywhere: true }, home);
  const { edges, hasNextPage } = await audit.list(viewer.tenantId, 3, undefined);
  expect(edges.map(({ node: { kind, subject, address } }) => [kind, subject, address])).toEqual([
    ["SIGNED_OUT", username, home.address],
    ["LOGIN_FAILED", username, attacker.address],
    ["LOGGED_IN", username, home.address],
  ]);
  expect(hasNextPage).toBe(true);
  const rest = await audit.list(viewer.tenantId, 3, edges.at(-1)!.cursor);
  expect(rest.edges.map(({ node }) => node.kind)).toEqual(["REGISTERED"]);
  expect((await audit.list("another", 3, undefined)).edges).toEqual([]);
  await expect(audit.list("another", 3, edges[0]!.cursor)).rejects.toThrow(/is no cursor of this list/);
});
