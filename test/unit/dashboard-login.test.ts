import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ask as Ask } from "../../api/dashboard/core/ask.ts";
import type { session as Session } from "../../api/dashboard/core/session.svelte.ts";
import { installPageGlobals, type PageGlobals } from "../kit/page-globals.ts";

type Asked = { query: string; token: string | undefined };

const QUERY = "{ own }" as never;
const ENDED = { errors: [{ message: "It ended.", extensions: { code: "TOKEN_EXPIRED" } }] };
const RENEWED = { data: { refreshLogin: { __typename: "AuthPayload", token: "next", refreshToken: "r2" } } };
const REFUSED = {
  data: { refreshLogin: { __typename: "BadCredentialsError", message: "It is used.", code: "SESSION_ENDED" } },
};
const gone = () => Promise.reject(new TypeError("no route"));

let page: PageGlobals;
let ask: typeof Ask;
let session: typeof Session;
let asked: Asked[] = [];
/** What the service answers, in its order. */
let answers: ((signal: AbortSignal | null) => unknown)[] = [];

beforeAll(async () => {
  page = installPageGlobals({
    fetch: async (
      _: string,
      { body, headers, signal }: { body: string; headers: Record<string, string>; signal: AbortSignal | null },
    ) => {
      const { query } = JSON.parse(body) as { query: string };
      asked.push({ query: query.includes("refreshLogin") ? "renew" : query, token: headers["authorization"] });
      const answer = await answers.shift()!(signal);
      return answer instanceof Response ? answer : Response.json(answer);
    },
  });
  ({ ask } = await import("../../api/dashboard/core/ask.ts"));
  ({ session } = await import("../../api/dashboard/core/session.svelte.ts"));
});
afterAll(() => {
  session.signOut();
  page.restore();
});
beforeEach(() => {
  session.signOut();
  [asked, answers] = [[], []];
  page.told.length = 0;
});

const own = (...given: unknown[]) => {
  answers.push(...given.map((one) => typeof one === "function" ? one as () => unknown : () => one));
};
const ownData = { data: { own: 1 } };

describe("a login", () => {
  test("is what was signed in with, however a token was pasted, and ends for this tab alone", () => {
    session.signIn({ token: "  bearer  a.b.c \n" });
    expect(session.headers()).toEqual({ authorization: "Bearer a.b.c" });
    expect([...page.stored]).toEqual([["sojourn.token", "a.b.c"]]);
    session.signOut();
    expect([session.headers(), session.isSignedIn, session.hasExpired, page.stored.size, page.told]).toEqual([
      {},
      false,
      false,
      0,
      [],
    ]);
  });

  test("that ended says so until somebody signs in again; where nobody was nothing ended", () => {
    session.expire();
    expect(session.hasExpired).toBe(false);
    session.signIn({ token: "a", refreshToken: "r" });
    session.expire();
    expect([session.hasExpired, session.isSignedIn, session.refreshToken]).toEqual([true, false, undefined]);
    session.signIn({ token: "b" });
    expect(session.hasExpired).toBe(false);
  });

  test("goes on with the next token, tells the tabs that have the same, and takes what they tell", () => {
    session.signIn({ token: "a", refreshToken: "r" });
    const { login } = session;
    session.renewed({ token: "b", refreshToken: "r2" });
    expect(page.told).toEqual([{ instead: "r", tokens: { token: "b", refreshToken: "r2" } }]);
    page.tell({ instead: "r", tokens: { token: "of others", refreshToken: "x" } });
    expect(session.token).toBe("b");
    page.tell({ instead: "r2", tokens: { token: "c", refreshToken: "r3" } });
    expect([session.token, session.refreshToken, session.login]).toEqual(["c", "r3", login]);
    expect([...page.stored]).toEqual([["sojourn.token", "c"], ["sojourn.refresh", "r3"]]);
    session.signIn({ token: "pasted" });
    expect([session.login, page.stored.has("sojourn.refresh")]).toEqual([login + 1, false]);
    // A token that was pasted has no next one, whoever tells what.
    page.tell({ instead: undefined, tokens: { token: "d" } });
    expect(session.token).toBe("pasted");
  });
});

describe("what is asked", () => {
  test("in a login that is over is asked again with its next token, which all who ask at once take together", async () => {
    session.signIn({ token: "a", refreshToken: "r" });
    const renewal = Promise.withResolvers<unknown>();
    own(ENDED, ENDED, () => renewal.promise, ownData, ownData);
    const both = Promise.all([ask(QUERY, {}), ask(QUERY, {})]);
    await expect.poll(() => asked.length).toBe(3);
    renewal.resolve(RENEWED);
    expect(await both).toEqual([{ own: 1 }, { own: 1 }]);
    expect(asked.map(({ query, token }) => `${query} ${token}`)).toEqual([
      ...["{ own } Bearer a", "{ own } Bearer a", "renew undefined"],
      ...["{ own } Bearer next", "{ own } Bearer next"],
    ]);
    expect(session.refreshToken).toBe("r2");
  });

  test.each(["UNAUTHENTICATED", "TOKEN_EXPIRED", "CREDENTIAL_ENDED"])(
    "and answered by %s ends a login that has no next token, and no other refusal does",
    async (code) => {
      session.signIn({ token: "a" });
      own({ errors: [{ message: "no", extensions: { code: "FORBIDDEN" } }] }, {
        errors: [{ message: "over", extensions: { code } }],
      });
      await expect(ask(QUERY, {})).rejects.toMatchObject({ name: "AskError", message: "no", code: "FORBIDDEN" });
      expect(session.isSignedIn).toBe(true);
      await expect(ask(QUERY, {})).rejects.toMatchObject({ message: "over", code });
      expect([session.isSignedIn, session.hasExpired]).toEqual([false, true]);
    },
  );

  test("where the next token is refused, or good no more itself, ends the login", async () => {
    for (const after of [[REFUSED], [RENEWED, ENDED]]) {
      session.signIn({ token: "a", refreshToken: "r" });
      own(ENDED, ...after);
      await expect(ask(QUERY, {})).rejects.toThrow("It ended.");
      expect([session.isSignedIn, session.hasExpired]).toEqual([false, true]);
    }
  });

  test("where another tab took the next token, and told it, goes on with that", async () => {
    session.signIn({ token: "a", refreshToken: "r" });
    own(ENDED, () => {
      page.tell({ instead: "r", tokens: { token: "theirs", refreshToken: "r9" } });
      return REFUSED;
    }, ownData);
    expect(await ask(QUERY, {})).toEqual({ own: 1 });
    expect(asked.at(-1)).toEqual({ query: QUERY, token: "Bearer theirs" });
  });

  test("where the service does not say whether there is a next token, gives no login up", async () => {
    session.signIn({ token: "a", refreshToken: "r" });
    own(ENDED, gone);
    await expect(ask(QUERY, {})).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect([session.token, session.refreshToken]).toEqual(["a", "r"]);
    // And the next who asks tries again.
    own(ENDED, RENEWED, ownData);
    expect(await ask(QUERY, {})).toEqual({ own: 1 });
  });

  test("by somebody who signs out while the next token is on its way stays signed out", async () => {
    session.signIn({ token: "a", refreshToken: "r" });
    own(ENDED, () => {
      session.signOut();
      return RENEWED;
    });
    await expect(ask(QUERY, {})).rejects.toThrow("It ended.");
    expect([session.isSignedIn, session.hasExpired, page.stored.size, asked.length]).toEqual([false, false, 0, 2]);
  });

  test("in one login is never asked in the next one's name, nor ends that, whenever it is answered", async () => {
    for (const tokens of [{ token: "of the other" }, { token: "of the other", refreshToken: "o" }]) {
      const signIn = (answer: unknown) => () => {
        session.signIn(tokens);
        return answer;
      };
      session.signIn({ token: "a", refreshToken: "r" });
      own(signIn(ENDED));
      await expect(ask(QUERY, {})).rejects.toThrow("It ended.");
      session.signIn({ token: "a", refreshToken: "r" });
      own(ENDED, signIn(RENEWED));
      await expect(ask(QUERY, {})).rejects.toThrow("It ended.");
      expect([session.token, session.refreshToken, session.hasExpired]).toEqual([
        tokens.token,
        tokens.refreshToken,
        false,
      ]);
    }
    expect(asked.filter(({ token }) => token === "Bearer of the other")).toEqual([]);
  });

  test("and not answered by the service says so: no answer, no JSON, nothing in it; an end that was asked for is no failure of it", async () => {
    own(gone, () => new Response("<html>", { status: 502 }), { data: null });
    await expect(ask(QUERY, {})).rejects.toMatchObject({ name: "AskError", code: "UNREACHABLE" });
    await expect(ask(QUERY, {})).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("502"),
    });
    await expect(ask(QUERY, {})).rejects.toMatchObject({ code: "INTERNAL" });
    const controller = new AbortController();
    own((signal: AbortSignal) => {
      controller.abort(new Error("left"));
      return Promise.reject(signal.reason as Error);
    });
    await expect(ask(QUERY, {}, controller.signal)).rejects.toThrow(/^left$/);
  });
});
