import { describe, expect, test } from "vitest";
import { NotIndexedError } from "../../api/core/errors.ts";
import { LIMITS } from "../../api/journeys/model.ts";
import { createListWorld } from "../kit/list-world.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const T = "shop";
const createWorld = () => createListWorld(T, NOW);

describe("a person", () => {
  test("is known by ids of which no journey is left, too; what can be no id is nobody's, and asked for nowhere", async () => {
    const { journeys, store, put, ids, calls } = createWorld();
    await put("a", NOW, "v");
    await store.alias(T, "v", "phone");
    expect(await journeys.findVisitor(T, "phone")).toEqual({ ids: ["phone", "v"], firstSeenAt: NOW, lastSeenAt: NOW });
    await put("b", NOW - 9, "phone");
    const seen = { firstSeenAt: NOW - 9, lastSeenAt: NOW };
    expect(await journeys.findVisitor(T, "v")).toEqual({ ids: ["v", "phone"], ...seen });
    await store.alias(T, "x", "y");
    const never = { firstSeenAt: undefined, lastSeenAt: undefined };
    expect(await journeys.findVisitor(T, "y")).toEqual({ ids: ["y", "x"], ...never });
    await put("one", NOW, "w");
    await put("longest", NOW, "x".repeat(LIMITS.visitorIdChars));
    expect([await ids({ visitorId: "w" }), await ids({ visitorId: "x".repeat(LIMITS.visitorIdChars) })]).toEqual([
      ...[["one"], ["longest"]],
    ]);
    for (const none of ["", "x".repeat(LIMITS.visitorIdChars + 1), "\ud800"]) {
      calls.length = 0;
      expect([await journeys.findVisitor(T, none), calls]).toEqual([undefined, []]);
      expect([await ids({ visitorId: none }), calls.filter((call) => call === "query")]).toEqual([[], []]);
    }
  });

  test("has a hundred ids in lists, the nearest", async () => {
    const { journeys, store, calls } = createWorld();
    const queries = async () => {
      calls.length = 0;
      expect(await store.findIds(T, "v")).toHaveLength(100);
      return calls.filter((call) => call === "query").length;
    };
    for (let i = 0; i < 99; i++) await store.alias(T, "v", `p${i}`);
    // Those that are found there are not asked for more.
    expect(await queries()).toBe(1);
    for (let i = 99; i < 120; i++) await store.alias(T, "v", `p${i}`);
    expect(await queries()).toBe(2);
    expect((await journeys.findVisitor(T, "v"))!.ids).toHaveLength(100);
    expect((await journeys.findVisitor(T, "v", true))!.ids).toHaveLength(121);
  });

  test("has a thousand ids at most where all are asked for, to the last", async () => {
    const { store } = createWorld();
    for (let i = 1; i < 1_000; i++) await store.alias(T, "v", `p${i}`);
    expect(await store.findAllIds(T, "v")).toHaveLength(1_000);
    await store.alias(T, "p7", "more");
    await expect(store.findAllIds(T, "v")).rejects.toMatchObject({
      fields: [{ path: ["visitorId"], message: expect.stringContaining("more than 1000 ids") }],
    });
  });

  test("of whom nothing is known is nobody", async () => {
    const { journeys, put } = createWorld();
    await put("a", NOW, "v");
    expect(await journeys.findVisitor(T, "w")).toBeUndefined();
  });

  test("is not looked for where journeys are in the object store alone", async () => {
    const { lists } = createWorld();
    const off = lists(() => {
      throw new NotIndexedError();
    });
    await expect(off.findVisitor(T, "v")).rejects.toBeInstanceOf(NotIndexedError);
    await expect(off.list(T, {}, { first: 1 })).rejects.toBeInstanceOf(NotIndexedError);
  });
});
