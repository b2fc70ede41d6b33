import { describe, expect, test } from "vitest";
import type { Correction, MetricRecord } from "../../api/metrics/model.ts";
import { createRecordStore } from "../../api/metrics/records.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const AT = Date.UTC(2026, 5, 1, 12);
const NOW = AT + 60_000;
const LATER = NOW + 60_000;
const OF = { source: "TASKS", recordId: "t/1#a" };
const RED: [string, string][] = [["colour", "red"]];
const BLUE: [string, string][] = [["colour", "blue"]];

function createWorld({ lag = 0 } = {}) {
  let back = 0;
  const dynamo = createMemoryDynamo(tables, { lag: () => back });
  const asked: string[] = [];
  const watched = {
    ...dynamo,
    batchGet: (...args: Parameters<typeof dynamo.batchGet>) => (asked.push("batchGet"), dynamo.batchGet(...args)),
  };
  const store = createRecordStore(watched, "records");
  const keep = (...records: (Partial<MetricRecord> & { at: number })[]) =>
    store.keepAll("shop", records.map((own) => ({ ...OF, dimensions: [], ...own })), NOW);
  const correct = (own: Partial<Correction>) =>
    store.correctRecord(
      "shop",
      { ...OF, expectedAt: AT, at: AT, value: undefined, dimensions: undefined, ...own },
      LATER,
    );
  const list = async (fromAt: number, toAt: number) => {
    const found = [];
    for await (const page of store.listRecords("shop", OF.source, fromAt, toAt)) found.push(...page);
    return found;
  };
  return {
    ...{ dynamo, asked, store, keep, correct, list },
    find: () => store.findRecord("shop", OF),
    measured: (fromAt: number, toAt: number) => store.listMeasured("shop", OF.source, fromAt, toAt),
    /** From now on the index answers as it was before the last writes. */
    indexLags: () => void (back = lag),
    item: () => dynamo.dump("records").find(({ sk }) => sk === "t/1%23a#TASKS"),
  };
}

describe("records that are kept", () => {
  test("are new, each with what it says; of those that are there what stands is given, and stays", async () => {
    const { keep, asked, find } = createWorld();
    const first = { at: AT, value: 5, dimensions: RED };
    expect(await keep(first)).toEqual([{ isNew: true, isGone: false, ...first }]);
    // Who is new asks for nothing.
    expect(asked).toEqual([]);
    const other = { recordId: "t/2", at: AT + 1, value: 7, dimensions: BLUE };
    const { recordId: _, ...own } = other;
    expect(await keep({ at: AT + 9, value: 6, dimensions: BLUE }, other)).toEqual([
      { isNew: false, isGone: false, ...first },
      { isNew: true, isGone: false, ...own },
    ]);
    expect(asked).toEqual(["batchGet"]);
    expect(await find()).toEqual({ ...OF, ...first });
  });

  test("without a number or dimensions have none, and take no room for them", async () => {
    const { keep, find, item } = createWorld();
    await keep({ at: AT });
    expect(await find()).toEqual({ ...OF, at: AT, value: undefined, dimensions: [] });
    expect(Object.keys(item()!).toSorted()).toEqual(["at", "pk", "recordedAt", "sk", "tenantSource"]);
  });

  test("are told to be gone where they were taken back, and do not come again", async () => {
    const { keep, correct, list } = createWorld();
    await keep({ at: AT, value: 5 });
    await correct({ at: null });
    expect(await keep({ at: AT, value: 5 })).toEqual([
      { isNew: false, isGone: true, at: AT, value: 5, dimensions: [] },
    ]);
    expect(await list(AT, AT + 1)).toEqual([]);
  });

  test("are found by tenant, source and id alone", async () => {
    const { store, keep } = createWorld();
    await keep({ at: AT });
    expect(await store.findRecord("other", OF)).toBeUndefined();
    expect(await store.findRecord("shop", { ...OF, source: "ITEMS" })).toBeUndefined();
    expect(await store.findRecord("shop", { ...OF, recordId: "t/1" })).toBeUndefined();
  });
});

describe("a correction of a record", () => {
  const whole = { at: AT, value: 5, dimensions: RED };

  test.each<[string, Partial<Correction>, Partial<MetricRecord>]>([
    ["of its time leaves number and dimensions", { at: AT + 7 }, { at: AT + 7 }],
    ["of its number leaves the dimensions", { value: 6 }, { value: 6 }],
    ["to the number 0 sets it", { value: 0 }, { value: 0 }],
    ["with null for a number leaves it", { value: null }, {}],
    ["of its dimensions leaves the number", { dimensions: BLUE }, { dimensions: BLUE }],
    ["with null for dimensions leaves them", { dimensions: null }, {}],
    ["to no dimensions takes them away", { dimensions: [] }, { dimensions: [] }],
    ["of all of it sets all", { at: AT + 1, value: 6, dimensions: BLUE }, { at: AT + 1, value: 6, dimensions: BLUE }],
  ])("%s", async (_, own, becomes) => {
    const { keep, correct, find, item, list } = createWorld();
    await keep(whole);
    const stands = { ...whole, ...becomes };
    expect(await correct(own)).toEqual({ ok: true, isGone: false, ...stands });
    expect(await find()).toEqual({ ...OF, ...stands });
    expect(item()!.recordedAt).toBe(LATER);
    expect(await list(stands.at, stands.at + 1)).toEqual([{ at: stands.at, arrivedAt: LATER }]);
    expect(item()!.dims === undefined).toBe(stands.dimensions.length === 0);
  });

  test.each([["null", null], ["nothing", undefined]])(
    "to %s for a time takes it back, with what it said; a time brings it again",
    async (_, none) => {
      const { keep, correct, find, list } = createWorld();
      await keep(whole);
      // Number and dimensions that come with it change nothing.
      const gone = { ok: true, isGone: true, ...whole };
      expect(await correct({ at: none, value: 9, dimensions: BLUE })).toEqual(gone);
      expect(await find()).toEqual({ ...OF, ...whole });
      expect(await list(0, AT + 1)).toEqual([]);
      expect(await correct({ at: AT + 3 })).toEqual({ ok: false, isGone: true, ...whole });
      expect(await correct({ at: AT + 3, isTakenBack: true })).toEqual({
        ok: true,
        isGone: false,
        ...whole,
        at: AT + 3,
      });
      expect(await correct({ expectedAt: AT + 3, at: AT + 4, isTakenBack: true })).toMatchObject({ ok: false });
      expect(await list(0, AT + 4)).toEqual([{ at: AT + 3, arrivedAt: LATER }]);
    },
  );

  test("of another time than it is at changes nothing and says what stands; of one that is not there nothing does", async () => {
    const { keep, correct, find, dynamo } = createWorld();
    expect(await correct({ at: AT + 1 })).toBeUndefined();
    expect(dynamo.dump("records")).toEqual([]);
    await keep(whole);
    for (const expectedAt of [AT - 1, AT + 1]) {
      expect(await correct({ expectedAt, at: AT + 1, value: 6 })).toEqual({ ok: false, isGone: false, ...whole });
    }
    await correct({ at: null });
    expect(await correct({ expectedAt: AT + 1, at: AT + 2 })).toEqual({ ok: false, isGone: true, ...whole });
    expect(await find()).toEqual({ ...OF, ...whole });
  });
});

test("the number that was seen must be there, where it is said; also to take back", async () => {
  const { keep, correct } = createWorld();
  await keep({ at: AT, value: 5 });
  for (const at of [AT, null]) {
    expect(await correct({ at, expectedValue: 4, value: 6 })).toMatchObject({ ok: false, value: 5, isGone: false });
  }
  expect(await correct({ expectedValue: 5, value: 6 })).toMatchObject({ ok: true, value: 6 });
  expect(await correct({ expectedValue: 5, value: 7 })).toMatchObject({ ok: false, value: 6 });
  expect(await correct({ at: null, expectedValue: 6 })).toMatchObject({ ok: true, isGone: true });
});

test("what another table's stream takes back is gone, for whoever records or measures it too", async () => {
  const { store, keep, measured, indexLags } = createWorld({ lag: 1 });
  const version = { ...OF, tenantId: "shop", source: "TASKS" as const, shard: "s", arrivedAt: AT };
  await store.keepForeign({ ...version, sequence: "1", at: AT }, NOW);
  expect(await measured(AT, AT + 1)).toEqual([{ at: AT, arrivedAt: NOW, value: undefined, dimensions: [] }]);
  await store.takeBackForeign({ ...version, sequence: "2" });
  expect(await keep({ at: AT })).toMatchObject([{ isNew: false, isGone: true, at: AT }]);
  indexLags();
  expect(await measured(AT, AT + 1)).toEqual([]);
});

describe("the records of a range", () => {
  test("go from its beginning to before its end, with when each was written; of before that was known with 0", async () => {
    const { dynamo, keep, list, measured } = createWorld();
    await keep(...[AT - 1, AT, AT + 9, AT + 10].map((at, i) => ({ recordId: `r${i}`, at, value: i, dimensions: RED })));
    await dynamo.put("records", { pk: "shop#0", sk: "old#TASKS", tenantSource: "shop#TASKS", at: AT + 5 });
    const inOrder = <T extends { at: number }>(all: readonly T[]) => all.toSorted((a, b) => a.at - b.at);
    expect(inOrder(await list(AT, AT + 10))).toEqual([
      { at: AT, arrivedAt: NOW },
      { at: AT + 5, arrivedAt: 0 },
      { at: AT + 9, arrivedAt: NOW },
    ]);
    expect(inOrder(await measured(AT, AT + 10))).toEqual([
      { at: AT, arrivedAt: NOW, value: 1, dimensions: RED },
      { at: AT + 5, arrivedAt: 0, value: undefined, dimensions: [] },
      { at: AT + 9, arrivedAt: NOW, value: 2, dimensions: RED },
    ]);
  });

  test.each<[string, Partial<Correction>, number[]]>([
    ["taken back", { at: null }, []],
    ["moved before it", { at: AT - 1 }, []],
    ["moved to its beginning", { at: AT }, [AT]],
    ["moved to its last moment", { at: AT + 9 }, [AT + 9]],
    ["moved to its end", { at: AT + 10 }, []],
  ])("are measured as they are, where the index still shows one that was %s as it was", async (_, own, ats) => {
    const { keep, correct, measured, indexLags } = createWorld({ lag: 1 });
    await keep({ at: AT + 5, value: 5 });
    await correct({ expectedAt: AT + 5, ...own });
    indexLags();
    expect((await measured(AT, AT + 10)).map(({ at }) => at)).toEqual(ats);
  });
});
