import { fc } from "../kit/property.ts";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { skeletonOf, username } from "../../api/auth/accounts/usernames.ts";

const parse = (text: string) => v.safeParse(username, text, { abortPipeEarly: true });
const nameOf = (text: string) => {
  const parsed = parse(text);
  return parsed.success ? parsed.output : parsed.issues[0].message;
};

describe("a username", () => {
  test("may be of any script in use, of one", () => {
    const good = [
      "ada",
      "ada.lovelace@example.com",
      "владимир",
      "Ελένη",
      "山田太郎",
      "ひらがな漢字abc",
      "김철수kim",
      "דוד-1",
      "นภา",
      "अनुराग",
    ];
    for (const name of good) expect([name, parse(name).success]).toEqual([name, true]);
  });

  test("that mixes alphabets, hides characters or stacks marks is refused, and told why", () => {
    expect(nameOf("pаypal")).toMatch(/one script/); // a Cyrillic a
    expect(nameOf("αdmin")).toMatch(/one script/);
    expect(nameOf("ad\u200Bmin")).toMatch(/letters, digits/);
    expect(nameOf("ad\u115Fmin")).toMatch(/cannot be seen/);
    expect(nameOf("ad\uFE00min")).toMatch(/cannot be seen/);
    expect(nameOf("ada\u0325\u0325\u0325\u0325\u0325")).toMatch(/stack more than three/);
    expect(nameOf("\u0301ada")).toMatch(/begin with a mark/);
    expect(nameOf("דוד.")).toMatch(/end with a letter/);
    expect(nameOf("a\uD800bc")).toMatch(/letters, digits|surrogate/);
  });

  test("is 3 to 64 characters long, as people count them", () => {
    for (const length of [3, 64]) expect(nameOf("a".repeat(length))).toBe("a".repeat(length));
    for (const length of [2, 65, 300]) {
      expect(nameOf("a".repeat(length))).toBe(`must be 3 to 64 characters, has ${length}`);
    }
    // A letter beyond the first 65,536 is one.
    expect(nameOf("\u{20bb7}".repeat(64))).toBe("\u{20bb7}".repeat(64));
    expect(nameOf("\u{20bb7}".repeat(2))).toMatch(/has 2$/);
  });

  test("has one spelling, and that one is stable", () => {
    expect(nameOf("ＡＤＡ")).toBe("ada");
    expect(nameOf("ﬁona")).toBe("fiona");
    fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 70 }), (text) => {
      const parsed = parse(text);
      if (parsed.success) expect(nameOf(parsed.output)).toBe(parsed.output);
    }));
  });

  test("looks like another where people would take the one for the other", () => {
    const alike = [["bob1", "bobl"], ["rnary", "mary"], ["scope", "ѕсоре"], ["adàm", "ada\u0300m"], ["o0o", "ooo"]];
    for (const [one, other] of alike) {
      expect([one, skeletonOf(nameOf(one!))]).toEqual([one, skeletonOf(nameOf(other!))]);
    }
    for (const [one, other] of [["ada", "eva"], ["user-2", "user-3"]]) {
      expect(skeletonOf(one!)).not.toBe(skeletonOf(other!));
    }
  });
});
