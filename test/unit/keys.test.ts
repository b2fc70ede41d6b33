import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { idOf, itemKey, partitionsOf } from "../../api/core/keys.ts";

const id = fc.string({ unit: fc.constantFrom("a", "#", "%", "2", "3", "5", "🙂"), minLength: 1, maxLength: 12 });

describe("the key of an item", () => {
  test("gives the id back, whatever signs it holds", () => {
    fc.assert(fc.property(id, id, (own, part) => {
      expect(idOf(itemKey("t", own, part).sk)).toBe(own);
    }));
  });

  test("of one thing never begins like the key of another", () => {
    fc.assert(fc.property(id, id, id, (a, b, part) => {
      if (a !== b) expect(itemKey("t", b, part).sk.startsWith(itemKey("t", a, "").sk)).toBe(false);
    }));
  });

  test("lies in one of its tenant's eight partitions, and in none of another's", () => {
    expect(partitionsOf("t")).toEqual(Array.from({ length: 8 }, (_, partition) => `t#${partition}`));
    fc.assert(fc.property(id, (own) => {
      expect(partitionsOf("t")).toContain(itemKey("t", own, "x").pk);
    }));
  });

  test("puts all items of a thing into one partition, and a tenant's things into at most eight", () => {
    const keys = Array.from({ length: 500 }, (_, i) => itemKey("t", `session-${i}`, "META").pk);
    expect(new Set(keys).size).toBe(8);
    expect(itemKey("t", "x", "a").pk).toBe(itemKey("t", "x", "b").pk);
  });
});
