import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Item } from "../../api/aws/dynamo.ts";
import { wrongCells } from "../../api/metrics/audit-measures.ts";
import { groupsOf, recountCells, slotOf } from "../../api/metrics/measures.ts";
import type { CountedRecord, Slot } from "../../api/metrics/model.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { fc } from "../kit/property.ts";
import { dynamoOf } from "../kit/stores.ts";

/** What records measure is counted again like the records: each number that is wrong is found, named and set right. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const HOUR_AT = Date.UTC(2026, 2, 31, 17);
const SOURCE = "checkout.paid";
let now = HOUR_AT + HOUR;
let api: TestApp;
let tenants = 0;
let tenant: string;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => now, recheckMs: 0 });
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const range = { between: { from: iso(HOUR_AT), to: iso(HOUR_AT + HOUR) } };
const SIDE = "{ count values sum min max }";
async function ask(query: string, variables: object = {}) {
  const { data, errors } = await api.ask(tenant, query, variables);
  if (errors) throw new Error(errors[0]!.message);
  return data;
}
const audit = async (repair = false) =>
  (await ask(
    `mutation ($input: AuditMetricsInput!) { auditMetrics(input: $input) { ... on AuditMetricsPayload {
      repaired differences { recounted } measureDifferences {
        start dimension { key value } found ${SIDE} recounted ${SIDE} } } } }`,
    { input: { source: SOURCE, range, repair } },
  )).auditMetrics;
const series = async (by?: string) =>
  (await ask(
    `query ($r: TimeRange!, $by: String) { metrics(sources: ["${SOURCE}"], size: ONE_HOUR, range: $r, by: $by) {
      dimension { key value } buckets { count values sum min max } } }`,
    { r: range, by },
  )).metrics;

/** Changes an item behind the service's back: what never happens. */
async function damage(pk: string, sk: string, expression: string, values: Item = {}) {
  await dynamoOf(api.system).update(`${api.system.prefix}-buckets`, {
    pk: `${tenant}#${SOURCE}#${pk}`,
    sk,
  }, { expression, ...(Object.keys(values).length > 0 ? { values } : {}) });
}

beforeEach(async () => {
  tenant = `t${tenants++}`;
  const record = (recordId: string, minute: number, value: number | undefined, country?: string) => ({
    ...{ source: SOURCE, recordId, at: iso(HOUR_AT + minute * MINUTE), value },
    dimensions: country ? [{ key: "country", value: country }] : [],
  });
  const records = [
    record("a", 0, 1.5, "NP"),
    record("b", 0, 2.5, "NP"),
    record("c", 1, -4, "DE"),
    record("d", 20, 0.1),
    record("e", 20, undefined, "DE"),
  ];
  await ask(`mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`, {
    r: records,
  });
  await api.settle();
  now += 10 * MINUTE;
  await api.settle();
});

const SLOT = String(HOUR_AT);
const NEXT_SLOT = String(HOUR_AT + 15 * MINUTE);
const at = (minute: number) => iso(HOUR_AT + minute * MINUTE);
const none = { count: 0, values: 0, sum: 0, min: null, max: null };
const two = { count: 2, values: 2, sum: 4, min: 1.5, max: 2.5 };
const NP = { key: "country", value: "NP" };
const DE = { key: "country", value: "DE" };

describe("an audit of a source with numbers and dimensions", () => {
  test("finds no difference where nothing is wrong", async () => {
    expect(await audit(true)).toEqual({ repaired: 0, differences: [], measureDifferences: [] });
  });

  const damages: [string, () => Promise<void>, object][] = [
    ["a sum", () => damage("values", SLOT, "SET s0 = :n", { ":n": 1 }), {
      ...{ start: at(0), dimension: null, found: { ...two, sum: 0.000001 }, recounted: two },
    }],
    ["a least", () => damage("values", SLOT, "SET l0 = :n", { ":n": -9 }), {
      ...{ start: at(0), dimension: null, found: { ...two, min: -9 }, recounted: two },
    }],
    ["a greatest of a dimension", () => damage("by#country", `${SLOT}#NP`, "SET h0 = :n", { ":n": 7 }), {
      ...{ start: at(0), dimension: NP, found: { ...two, max: 7 }, recounted: two },
    }],
    ["how many have a dimension", () => damage("by#country", `${NEXT_SLOT}#DE`, "SET n5 = :n", { ":n": 3 }), {
      ...{ start: at(20), dimension: DE, found: { ...none, count: 3 }, recounted: { ...none, count: 1 } },
    }],
    ["a quarter that was lost", () => damage("values", NEXT_SLOT, "REMOVE n5, k5, s5, l5, h5"), {
      ...{ start: at(20), dimension: null, found: none },
      recounted: { count: 1, values: 1, sum: 0.1, min: 0.1, max: 0.1 },
    }],
    [
      "what no record says",
      () => damage("by#country", `${SLOT}#NP`, "SET n9 = :n, k9 = :n, s9 = :n, l9 = :n, h9 = :n", { ":n": 1 }),
      {
        ...{ start: at(9), dimension: NP, recounted: none },
        found: { count: 1, values: 1, sum: 0.000001, min: 1, max: 1 },
      },
    ],
  ];
  test.each(damages)("finds %s that is wrong, changes nothing unless asked, and then sets it right", async (
    _,
    harm,
    difference,
  ) => {
    const [before, byCountry] = [await series(), await series("country")];
    await harm();
    for (const repair of [false, true]) {
      expect(await audit(repair)).toEqual({
        ...{ repaired: repair ? 1 : 0, differences: [], measureDifferences: [difference] },
      });
    }
    expect(await audit(true)).toEqual({ repaired: 0, differences: [], measureDifferences: [] });
    expect([await series(), await series("country")]).toEqual([before, byCountry]);
  });

  test("sets right what was lost of a source altogether, and goes on counting", async () => {
    const before = [await series(), await series("country")];
    const dynamo = dynamoOf(api.system);
    for (const part of ["", "#values", "#by#country"]) {
      const table = `${api.system.prefix}-buckets`;
      const key = { expression: "pk = :pk", values: { ":pk": `${tenant}#${SOURCE}${part}` } };
      for (const { pk, sk } of (await dynamo.query(table, { key })).items) await dynamo.remove(table, { pk, sk });
    }
    const { differences, measureDifferences, repaired } = await audit(true);
    expect([differences.length, measureDifferences.length, repaired]).toEqual([3, 6, 9]);
    expect([await series(), await series("country")]).toEqual(before);
    const more = { source: SOURCE, recordId: "z", at: at(0), value: 100, dimensions: [NP] };
    await ask(`mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`, {
      r: [more],
    });
    await api.settle();
    expect((await series())[0].buckets[0]).toEqual({ count: 6, values: 5, sum: 100.1, min: -4, max: 100 });
    now += 10 * MINUTE;
    await api.settle();
    expect(await audit()).toEqual({ repaired: 0, differences: [], measureDifferences: [] });
  });

  test("takes what is on its way for no difference, and a repair then does not count it twice", async () => {
    const late = { source: SOURCE, recordId: "late", at: at(0), value: 9, dimensions: [NP] };
    await ask(`mutation ($r: [MetricRecordInput!]!) { recordMetrics(input: { records: $r }) { __typename } }`, {
      r: [late],
    });
    expect(await audit(true)).toEqual({ repaired: 0, differences: [], measureDifferences: [] });
    await api.settle();
    expect((await series())[0].buckets[0]).toMatchObject({ count: 6, values: 5, sum: 9.1, max: 9 });
  });

  test("is pushed where it sets a number right", async () => {
    const versions = async () =>
      (await ask(
        `query ($r: TimeRange!) { metrics(sources: ["${SOURCE}"], size: ONE_MINUTE, range: $r) { buckets { version } } }`,
        { r: range },
      )).metrics[0].buckets.map(({ version }: { version: string }) => version);
    const before = await versions();
    await damage("values", SLOT, "SET s0 = :n", { ":n": 1 });
    await audit(true);
    const after = await versions();
    expect(after[0] > before[0]).toBe(true);
    expect(after.slice(1)).toEqual(before.slice(1));
  });
});

test("of what was counted from records nothing is wrong; any cell that is changed is found, and no other", () => {
  const record = fc.record({
    at: fc.integer({ min: 0, max: 59 }).map((minute) => HOUR_AT + minute * MINUTE),
    arrivedAt: fc.constant(0),
    value: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }),
    dimensions: fc.constantFrom<CountedRecord["dimensions"]>([], [["c", "x"]], [["c", "y"], ["d", "x"]]),
  });
  const whole = { fromAt: HOUR_AT, toAt: HOUR_AT + HOUR };
  fc.assert(fc.property(fc.array(record, { maxLength: 30 }), fc.nat(), fc.nat(4), (records, which, how) => {
    const names = new Map(
      records.flatMap((one) =>
        groupsOf(one).map((group) =>
          [JSON.stringify([group, slotOf(one.at)]), { group, slotAt: slotOf(one.at) }] as const
        )
      ),
    );
    const kept = [...names.values()].map(({ group, slotAt }): Slot => ({
      ...{ group, slotAt, version: 1 },
      cells: recountCells(records.filter(({ at }) => slotOf(at) === slotAt), group, slotAt),
    }));
    expect([...wrongCells(kept, records, whole, () => true)]).toEqual([]);
    const cells = kept.flatMap((slot) => [...slot.cells].map(([minute, cell]) => ({ slot, minute, cell })));
    if (cells.length === 0) return;
    const { slot, minute, cell } = cells[which % cells.length]!;
    const harmed = [
      { ...cell, n: cell.n + 1 },
      { ...cell, units: cell.units + 1n },
      { ...cell, values: cell.values + 1 },
      { ...cell, min: (cell.min ?? 0) - 1 },
      { ...cell, max: (cell.max ?? 0) + 1 },
    ][how]!;
    const damaged = kept.map((own) =>
      own === slot ? { ...own, cells: new Map([...own.cells, [minute, harmed]]) } : own
    );
    const found = [...wrongCells(damaged, records, whole, () => true).values()];
    // The least and the greatest of no numbers say nothing.
    const isSilent = how >= 3 && cell.values === 0;
    expect(found.map((one) => [one.slot.group, one.slot.slotAt, one.minute, one.should])).toEqual(
      isSilent ? [] : [[slot.group, slot.slotAt, minute, cell]],
    );
    expect([...wrongCells(damaged, records, whole, (at) => at !== slot.slotAt + minute * MINUTE)]).toEqual([]);
  }));
});
