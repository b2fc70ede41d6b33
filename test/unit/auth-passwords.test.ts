import { randomBytes } from "node:crypto";
import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { parseLogin, parseRegister } from "../../api/auth/accounts/model.ts";
import { createPasswords, type Derive, deriveByScrypt, PASSWORD_COST } from "../../api/auth/accounts/passwords.ts";
import type { InvalidInputError } from "../../api/core/errors.ts";
import { UnavailableError } from "../../api/core/errors.ts";

const cheap = { logN: 4, r: 8, p: 1 };
const passwords = createPasswords({ random: randomBytes, cost: cheap });

describe("a password", () => {
  // Without NUL, which the input refuses: as a key of HMAC "a" and "a\0" are one.
  const text = fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", ""));

  test("holds against its own hash and against no other's", async () => {
    await fc.assert(
      fc.asyncProperty(text, text, async (one, other) => {
        const hash = await passwords.hash(one);
        expect(await passwords.verify(one, hash)).toBe(true);
        expect(await passwords.verify(other, hash)).toBe(one.normalize("NFKC") === other.normalize("NFKC"));
      }),
      { numRuns: 50 },
    );
  });

  test("is hashed at OWASP's cost, with a new salt each time", async () => {
    expect(PASSWORD_COST).toEqual({ logN: 17, r: 8, p: 1 });
    const strong = createPasswords({ random: randomBytes });
    const [one, two] = await Promise.all([strong.hash("correct horse"), strong.hash("correct horse")]);
    expect(one).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await strong.verify("correct horse", one)).toBe(true);
  });

  test("still holds after the cost was raised", async () => {
    const raised = createPasswords({ random: randomBytes, cost: { ...cheap, logN: 5 } });
    expect(await raised.verify("correct horse", await passwords.hash("correct horse"))).toBe(true);
  });

  test("is the same whichever keyboard composed its letters", async () => {
    expect(await passwords.verify("cafe\u0301", await passwords.hash("caf\u00e9"))).toBe(true);
  });

  test("without a hash is wrong", async () => {
    expect(await passwords.verify("correct horse", undefined)).toBe(false);
  });

  test("against a hash of another form is an error that does not show it", async () => {
    await expect(passwords.verify("x", "$2b$10$secret")).rejects.toThrow(/^(?!.*secret)/);
  });
});

test("without a hash takes the same work as with one", async () => {
  const work: unknown[] = [];
  const derive: Derive = (password, salt, cost) => {
    work.push([password.length, salt.length, cost.logN, cost.r, cost.p]);
    return deriveByScrypt(password, salt, cost);
  };
  const watched = createPasswords({ random: randomBytes, cost: cheap, derive });
  const hash = await passwords.hash("correct horse");
  await watched.verify("wrong horse!!", hash);
  await watched.verify("wrong horse!!", undefined);
  expect(work).toEqual([[13, 16, 4, 8, 1], [13, 16, 4, 8, 1]]);
});

test("never more than two hashes are computed at once, so memory is bounded", async () => {
  const load = { now: 0, most: 0 };
  const derive: Derive = async (password, salt, cost) => {
    load.most = Math.max(load.most, ++load.now);
    const hash = await deriveByScrypt(password, salt, cost);
    load.now--;
    return hash;
  };
  const busy = createPasswords({ random: randomBytes, cost: cheap, derive });
  await Promise.all(Array.from({ length: 22 }, () => busy.hash("correct horse")));
  expect(load).toEqual({ now: 0, most: 2 });
});

test("a hash that fails gives its place to the next", async () => {
  let calls = 0;
  const derive: Derive = (...given) => ++calls % 2 ? Promise.reject(new Error("no memory")) : deriveByScrypt(...given);
  const failing = createPasswords({ random: randomBytes, cost: cheap, derive });
  for (let round = 0; round < 5; round++) {
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => failing.hash("correct horse")));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
  }
});

test("twenty-two hashes are taken at once, further ones are refused at once, and all is free again afterwards", async () => {
  const busy = createPasswords({ random: randomBytes, cost: cheap });
  for (let round = 0; round < 2; round++) {
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => busy.hash("correct horse")));
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(8);
    expect(refused.every(({ reason }) => reason instanceof UnavailableError)).toBe(true);
  }
});

test("of one address four wait at once, whose places are free again as they are taken; others still come in", async () => {
  const busy = createPasswords({ random: randomBytes, cost: cheap });
  const hashes = (count: number, address: string) =>
    Promise.allSettled(Array.from({ length: count }, () => busy.hash("correct horse", address)));
  for (let round = 0; round < 3; round++) {
    const [own, others] = await Promise.all([hashes(10, "10.0.0.1"), hashes(4, "10.0.0.2")]);
    const taken = (results: typeof own) => results.filter(({ status }) => status === "fulfilled").length;
    expect([taken(own), taken(others)]).toEqual([6, 4]);
  }
});

describe("a registration", () => {
  const good = { username: "ada", password: "correct horse" };
  const tricky = [...Array.from("aZ1.İıßẞΣσςﬁＡéÅKǅŉΐﬃऀकि"), "e\u0301", "\u0345"];
  const letter = fc.oneof(fc.constantFrom(...tricky), fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }));
  const fieldsOf = (parse: () => unknown) => {
    try {
      parse();
    } catch (error) {
      return (error as InvalidInputError).fields;
    }
    throw new Error("was accepted");
  };

  test("takes the username as its name where it has none", () => {
    expect(parseRegister(good)).toEqual({ ...good, name: "ada" });
    expect(parseRegister({ ...good, name: null })).toEqual({ ...good, name: "ada" });
    expect(parseRegister({ ...good, name: "Ada Lovelace" })).toEqual({ ...good, name: "Ada Lovelace" });
  });

  test.each([
    ["Ada", "ada"],
    ["ＡＤＡ", "ada"],
    ["ADA@Example.org", "ada@example.org"],
    ["ﬁnn", "finn"],
    ["Ольга", "ольга"],
    ["\u0130\u0327bc", "i\u0327\u0307bc"],
  ])("of %s is of %s", (given, kept) => {
    expect(parseRegister({ ...good, username: given }).username).toBe(kept);
  });

  test("has one spelling of a username: what is kept stays what it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: letter, minLength: 3, maxLength: 20 }), (username) => {
        let kept: string;
        try {
          kept = parseRegister({ ...good, username }).username;
        } catch {
          return;
        }
        expect(parseLogin({ ...good, username: kept }).username).toBe(kept);
        expect(parseLogin({ ...good, username: username.normalize("NFD") }).username).toBe(kept);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    [{ username: "ab" }, "username", "must be 3 to 64 characters, has 2"],
    [{ username: "a".repeat(65) }, "username", "must be 3 to 64 characters, has 65"],
    [{ username: "a".repeat(100_000) }, "username", "must be 3 to 64 characters, has 100000"],
    [{ username: "a b c" }, "username", "must hold letters, digits and . _ - @ only"],
    [{ username: "a#b" }, "username", "must hold letters, digits and . _ - @ only"],
    [{ username: undefined }, "username", "must be given"],
    [{ username: 7 }, "username", "must be text"],
    [{ name: "" }, "name", "must be 1 to 100 characters, has 0"],
    [{ name: "a\nb" }, "name", "must not hold control characters"],
    [{ name: "a\ud800" }, "name", "must be well-formed Unicode; it holds a lone surrogate"],
    [{ password: "elevenchars" }, "password", "must be 12 to 128 characters, has 11"],
    [{ password: "😀".repeat(11) }, "password", "must be 12 to 128 characters, has 11"],
    [{ password: "a".repeat(129) }, "password", "must be 12 to 128 characters, has 129"],
    [{ password: "\ud800".repeat(12) }, "password", "must be well-formed Unicode; it holds a lone surrogate"],
    [{ password: "correct horse\0" }, "password", "must not hold control characters"],
    [{ password: "correct\thorse" }, "password", "must not hold control characters"],
  ])("with %j is refused at its field", (change, field, message) => {
    expect(fieldsOf(() => parseRegister({ ...good, ...change }))).toEqual([{ path: [field], message }]);
  });

  test("counts characters, not bytes", () => {
    expect(parseRegister({ ...good, password: "😀".repeat(128) }).password).toHaveLength(256);
  });

  test("names every wrong field, and never shows the password", () => {
    const password = "hunter2";
    for (const parse of [parseRegister, parseLogin]) {
      for (
        const input of [{ username: "", password }, { username: "ada", password: [password] }, password, [password]]
      ) {
        const fields = fieldsOf(() => parse(input));
        expect(JSON.stringify(fields)).not.toContain(password);
      }
    }
    expect(fieldsOf(() => parseRegister({})).map(({ path }) => path)).toEqual([["username"], ["password"]]);
  });
});

test("a login takes passwords shorter than a registration does", () => {
  expect(parseLogin({ username: "ada", password: "x" })).toEqual({ username: "ada", password: "x" });
});

test("a login with NUL in its password is refused, since its hash would be that of the password without it", () => {
  expect(() => parseLogin({ username: "ada", password: "correct horse\0" })).toThrow(/must not hold control/);
});
