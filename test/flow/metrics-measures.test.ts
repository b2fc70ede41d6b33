import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { fc } from "../kit/property.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 2, 31, 18);
let api: TestApp;
let tenants = 0;
const newTenant = () => `t${tenants++}`;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW, recheckMs: 0 });
});
afterAll(() => api.stop());

type Dimension = { key: string; value: string };
type Given = { source: string; recordId: string; at: string; value?: number | null; dimensions?: Dimension[] };
const iso = (at: number) => new Date(at).toISOString();

const RECORD = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename
  ... on RecordMetricsPayload { accepted duplicates conflicts rejected 
    receipts { status reason stands standsValue standsDimensions { key value } } } } }`;
const CORRECT = `mutation ($input: CorrectMetricInput!) { correctMetric(input: $input) { __typename
  ... on CorrectMetricPayload { at value dimensions { key value } }
  ... on MetricConflictError { stands standsDimensions { key value } } ... on UserError { code message } } }`;
const SERIES =
  `query ($sources: [MetricSource!]!, $size: BucketSize!, $range: TimeRange!, $by: String, $timeZone: TimeZone) {
  metrics(sources: $sources, size: $size, range: $range, by: $by, timeZone: $timeZone) {
    source total dimension { key value } buckets { start end count version values sum min max average } } }`;

async function ask(tenant: string, query: string, variables: object) {
  const answer = await api.ask(tenant, query, variables);
  if (answer.errors) throw new Error(answer.errors[0]!.message);
  return answer.data;
}
const record = async (tenant: string, records: readonly Given[]) =>
  (await ask(tenant, RECORD, { records })).recordMetrics;
const correct = async (tenant: string, input: object) => (await ask(tenant, CORRECT, { input })).correctMetric;
const series = async (tenant: string, query: object) => (await ask(tenant, SERIES, query)).metrics;
const lastHours = (hours: number) => ({ between: { from: iso(NOW - hours * HOUR), to: iso(NOW) } });
const paid = (recordId: string, at: number, value?: number | null, dimensions?: Dimension[]): Given => ({
  ...{ source: "checkout.paid", recordId, at: iso(at) },
  ...(value === undefined ? {} : { value }),
  ...(dimensions === undefined ? {} : { dimensions }),
});
const filled = (buckets: { count: number }[]) => buckets.filter(({ count }) => count > 0);

describe("a record's number", () => {
  test("is summed exactly, with the least, the greatest and the average", async () => {
    const tenant = newTenant();
    const at = NOW - HOUR;
    expect(
      await record(tenant, [
        paid("a", at, 0.1),
        paid("b", at, 0.2),
        paid("c", at, -1e12),
        paid("d", at, 1e12),
        paid("e", at),
      ]),
    )
      .toMatchObject({ accepted: 5 });
    await api.settle();
    const [found] = await series(tenant, { sources: ["checkout.paid"], size: "ONE_HOUR", range: lastHours(2) });
    expect(filled(found.buckets)).toEqual([expect.objectContaining({
      ...{ count: 5, values: 4, sum: 0.3, min: -1e12, max: 1e12, average: 0.075 },
    })]);
    const empty = found.buckets.find(({ count }: { count: number }) => count === 0);
    expect(empty).toMatchObject({ values: 0, sum: null, min: null, max: null, average: null });
  });

  test("is part of what a record is: another one is told, and corrected by name", async () => {
    const tenant = newTenant();
    await record(tenant, [paid("a", NOW - HOUR, 5)]);
    const again = await record(tenant, [paid("a", NOW - HOUR, 5), paid("a", NOW - HOUR, 6)]);
    expect(again).toMatchObject({ duplicates: 1, conflicts: 1 });
    expect(again.receipts[1]).toMatchObject({
      status: "CONFLICT",
      standsValue: 5,
      reason: "value: is 5 since it was first recorded, and came as 6; correctMetric changes it",
    });
    const expected = { source: "checkout.paid", recordId: "a", expectedAt: iso(NOW - HOUR) };
    expect(await correct(tenant, { ...expected, at: iso(NOW - HOUR), value: 6 })).toMatchObject({ value: 6 });
    expect(await correct(tenant, { ...expected, at: iso(NOW - 2 * HOUR) })).toMatchObject({ value: 6 });
    await api.settle();
    const [found] = await series(tenant, { sources: ["checkout.paid"], size: "ONE_HOUR", range: lastHours(3) });
    expect(filled(found.buckets)).toEqual([expect.objectContaining({ start: iso(NOW - 2 * HOUR), sum: 6, min: 6 })]);
  });

  test("or dimensions that are corrected without a time are refused: the record is not taken back by that", async () => {
    const tenant = newTenant();
    await record(tenant, [paid("a", NOW - HOUR, 5)]);
    const expected = { source: "checkout.paid", recordId: "a", expectedAt: iso(NOW - HOUR) };
    for (const [name, change] of Object.entries({ value: { value: 6 }, dimensions: { dimensions: [] } })) {
      expect(await correct(tenant, { ...expected, ...change })).toMatchObject({
        code: "INVALID_INPUT",
        message: `at: is missing beside ${name}: give the time that the record should have, be it the one that it has`,
      });
    }
    expect(await record(tenant, [paid("a", NOW - HOUR, 5)])).toMatchObject({ duplicates: 1 });
  });

  test("that is corrected in its place gives its bucket a new version", async () => {
    const tenant = newTenant();
    await record(tenant, [paid("a", NOW - HOUR, 5)]);
    await api.settle();
    const query = { sources: ["checkout.paid"], size: "ONE_MINUTE", range: lastHours(2) };
    const [before] = filled((await series(tenant, query))[0].buckets) as unknown as [{ version: string }];
    const expected = { source: "checkout.paid", recordId: "a", expectedAt: iso(NOW - HOUR) };
    await correct(tenant, { ...expected, at: iso(NOW - HOUR), value: 7 });
    await api.settle();
    const [after] = filled((await series(tenant, query))[0].buckets) as unknown as [{ version: string }];
    expect(after).toMatchObject({ count: 1, sum: 7, min: 7, max: 7 });
    expect(after.version > before.version).toBe(true);
  });

  test("costs a write more for each part of a stream and hour, and nothing where no record has one", async () => {
    const tenant = newTenant();
    const writes = async (records: Given[]) => {
      await record(tenant, records);
      api.takeCosts();
      await api.settle();
      return api.takeCosts().filter(({ kind, table }) => kind === "write" && table.endsWith("-buckets")).length;
    };
    const own = (name: string, value?: number, dimensions?: Dimension[]) =>
      Array.from({ length: 20 }, (_, i) => paid(`${name}${i}`, NOW - HOUR, value, dimensions));
    expect(await writes(own("a"))).toBe(1);
    expect(await writes(own("b", 3))).toBe(2);
    expect(await writes(own("c", 4))).toBe(2);
    expect(await writes(own("d", 5, [{ key: "country", value: "NP" }]))).toBe(3);
  });

  test.each([[1e12 + 1, /10\^12/], [null, undefined]])(
    "of %s is taken, or told by its field",
    async (value, reason) => {
      const { receipts } = await record(newTenant(), [paid("a", NOW - HOUR, value)]);
      if (reason) expect(receipts[0]).toMatchObject({ status: "REJECTED", reason: expect.stringMatching(reason) });
      else expect(receipts[0]).toMatchObject({ status: "ACCEPTED" });
    },
  );
});

describe("dimensions", () => {
  test("that came otherwise are told, and corrected by name: other ones, none, and some again", async () => {
    const tenant = newTenant();
    const of = (value: string) => [{ key: "country", value }];
    await record(tenant, [paid("a", NOW - HOUR, 5, of("NP"))]);
    const other = (await record(tenant, [paid("a", NOW - HOUR, 5, of("DE"))])).receipts[0];
    expect(other).toMatchObject({ status: "CONFLICT", reason: expect.stringContaining("correctMetric changes it") });
    expect(other.standsDimensions).toEqual(of("NP"));
    const expected = { source: "checkout.paid", recordId: "a", expectedAt: iso(NOW - HOUR), at: iso(NOW - HOUR) };
    const query = { sources: ["checkout.paid"], size: "ONE_HOUR", range: lastHours(3), by: "country" };
    for (const dimensions of [of("DE"), of("DE"), [], of("FR")]) {
      expect(await correct(tenant, { ...expected, dimensions })).toMatchObject({ at: iso(NOW - HOUR), value: 5 });
      await api.settle();
      const found: { dimension: Dimension; total: number; buckets: { sum: number }[] }[] = await series(tenant, query);
      const counted = found.filter(({ total }) => total > 0);
      expect(counted.map(({ dimension, total }) => [dimension.value, total])).toEqual(
        dimensions.map(({ value }) => [value, 1]),
      );
      expect(await record(tenant, [paid("a", NOW - HOUR, 5, dimensions)])).toMatchObject({ duplicates: 1 });
    }
    const wrong = await correct(tenant, { ...expected, dimensions: [...of("NP"), ...of("DE")] });
    expect(wrong).toMatchObject({ code: "INVALID_INPUT", message: "dimensions: must not have a key twice" });
  });

  test("of two corrections at once of what both saw: one is done, and the other is told what stands", async () => {
    const tenant = newTenant();
    const of = (value: string) => [{ key: "country", value }];
    await record(tenant, [paid("a", NOW - HOUR, 5, of("NP"))]);
    const at = iso(NOW - HOUR);
    const seen = { source: "checkout.paid", recordId: "a", expectedAt: at, at, expectedDimensions: of("NP") };
    const both = await Promise.all(["DE", "FR"].map((own) => correct(tenant, { ...seen, dimensions: of(own) })));
    const [done, told] = both.sort((a, b) => (a.__typename < b.__typename ? -1 : 1));
    expect(done).toMatchObject({ __typename: "CorrectMetricPayload", value: 5 });
    const words = `country=${done.dimensions[0].value}; correct it from there.`;
    expect(told).toMatchObject({ code: "VERSION_CONFLICT", message: expect.stringContaining(words) });
    expect(told.standsDimensions).toEqual(done.dimensions);
  });

  test("with a field that is none of theirs refuse their record", async () => {
    const more = [{ key: "country", value: "NP", ...{ weight: 2 } }];
    expect((await record(newTenant(), [paid("a", NOW - HOUR, 5, more)])).receipts[0]).toMatchObject({
      ...{ status: "REJECTED", reason: "dimensions.0.weight: is no field of a dimension" },
    });
  });

  test("part a source's records, each of its values a series", async () => {
    const tenant = newTenant();
    const country = (value: string) => [{ key: "country", value }, { key: "device", value: "phone" }];
    await record(tenant, [
      ...[paid("a", NOW - HOUR, 5, country("NP")), paid("b", NOW - HOUR, 7, country("NP"))],
      ...[paid("c", NOW - 2 * HOUR, 1, country("a#b=ü")), paid("d", NOW - 2 * HOUR, 100)],
    ]);
    await api.settle();
    const query = { sources: ["checkout.paid"], size: "ONE_HOUR", range: lastHours(3) };
    const found = await series(tenant, { ...query, by: "country" });
    expect(found.map(({ dimension, total }: { dimension: Dimension; total: number }) => [dimension.value, total]))
      .toEqual([
        ["NP", 2],
        ["a#b=ü", 1],
      ]);
    expect(filled(found[0].buckets)).toEqual([
      expect.objectContaining({ start: iso(NOW - HOUR), count: 2, sum: 12, min: 5, max: 7, average: 6 }),
    ]);
    expect((await series(tenant, { ...query, by: "device" }))[0]).toMatchObject({ total: 3 });
    expect(await series(tenant, { ...query, by: "colour" })).toEqual([]);
    expect(await series(tenant, { ...query, sources: ["SESSIONS"], by: "country" })).toEqual([]);
    await expect(series(tenant, { ...query, by: "no key" })).rejects.toThrow(/^by: must be 1 to 32/);
  });

  test("are bounded: in an hour a source has at most 100 pairs, also from writers at once, and says which is too much", async () => {
    const tenant = newTenant();
    const of = (from: number, to: number) =>
      Array.from(
        { length: to - from },
        (_, i) => paid(`r${from + i}`, NOW - HOUR, 1, [{ key: "user", value: `u${from + i}` }]),
      );
    const answers = await Promise.all([
      record(tenant, of(0, 60)),
      record(tenant, of(60, 120)),
      record(tenant, of(40, 80)),
    ]);
    const receipts = answers.flatMap(({ receipts }) => receipts) as { status: string; reason: string }[];
    expect(receipts.filter(({ status }) => status === "ACCEPTED")).toHaveLength(100);
    const refused = receipts.find(({ status }) => status === "REJECTED")!;
    expect(refused.reason).toMatch(/^dimensions: user=u\d+ would be one more than the 100 pairs/);
    // What is known still goes, and another hour has room of its own.
    expect(await record(tenant, [paid("again", NOW - HOUR, 1, [{ key: "user", value: "u0" }])])).toMatchObject({
      accepted: 1,
    });
    expect(await record(tenant, [paid("later", NOW - 2 * HOUR, 1, [{ key: "user", value: "u999" }])])).toMatchObject({
      accepted: 1,
    });
    const move = { source: "checkout.paid", recordId: "later", expectedAt: iso(NOW - 2 * HOUR), at: iso(NOW - HOUR) };
    expect(await correct(tenant, move)).toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringMatching(/^at: /),
    });
  });

  test.each([
    [Array.from({ length: 6 }, (_, i) => ({ key: `k${i}`, value: "x" })), /at most 5, are 6/],
    [[{ key: "a", value: "x" }, { key: "a", value: "y" }], /not have a key twice/],
    [[{ key: "a b", value: "x" }], /1 to 32 of/],
    [[{ key: "a", value: "x".repeat(65) }], /1 to 64 characters/],
    [[{ key: "a", value: "" }], /1 to 64 characters/],
  ])("that cannot be are told by their field", async (dimensions, reason) => {
    const answer = await record(newTenant(), [paid("a", NOW - HOUR, 1, dimensions), paid("b", NOW - HOUR)]);
    expect(answer.receipts).toEqual([
      expect.objectContaining({ status: "REJECTED", reason: expect.stringMatching(reason) }),
      expect.objectContaining({ status: "ACCEPTED" }),
    ]);
  });
});

describe("a source of one's own", () => {
  test("is there with its first record, is listed, audited, and its own tenant's", async () => {
    const tenant = newTenant();
    await record(tenant, [{ source: "door.opened", recordId: "1", at: iso(NOW - HOUR) }, paid("1", NOW - HOUR)]);
    await api.settle();
    const { metricSources } = await ask(tenant, "{ metricSources }", {});
    expect(metricSources.slice(-2)).toEqual(["checkout.paid", "door.opened"]);
    expect((await ask("other", "{ metricSources }", {})).metricSources).not.toContain("door.opened");
    const audit = await ask(
      tenant,
      `mutation ($range: TimeRange!) { auditMetrics(input: { source: "door.opened", range: $range }) {
        ... on AuditMetricsPayload { recordsCounted differences { recounted } } } }`,
      { range: lastHours(3) },
    );
    expect(audit.auditMetrics).toEqual({ recordsCounted: 1, differences: [] });
  });

  test("is one of at most 100", async () => {
    const tenant = newTenant();
    const records = Array.from({ length: 101 }, (_, i) => ({ source: `s${i}`, recordId: "x", at: iso(NOW - HOUR) }));
    const { accepted, receipts } = await record(tenant, records);
    expect(accepted).toBe(100);
    expect(receipts.find(({ status }: { status: string }) => status === "REJECTED").reason).toMatch(
      /^source: would be one more than the 100/,
    );
  });

  test.each(["Checkout", "1st", "a b", "a#b", "", "x".repeat(65)])("is not called %j", async (source) => {
    const { receipts } = await record(newTenant(), [{ source, recordId: "x", at: iso(NOW - HOUR) }]);
    expect(receipts[0]).toMatchObject({ status: "REJECTED", reason: expect.stringMatching(/^source: must be one of/) });
  });
});

test(
  "whatever is recorded, corrected and taken back in whatever order, each number is that of the records that stand",
  async () => {
    const slots = [NOW - HOUR, NOW - HOUR + MINUTE, NOW - HOUR + 20 * MINUTE];
    const step = fc.record({
      id: fc.nat({ max: 7 }),
      at: fc.constantFrom(...slots),
      value: fc.option(fc.integer({ min: -50, max: 50 }).map((n) => n / 10), { nil: undefined }),
      dimension: fc.constantFrom(undefined, "x", "y"),
      kind: fc.constantFrom("record", "record", "move", "take back"),
      isSettled: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const tenant = newTenant();
        const stand = new Map<
          number,
          { at: number; value: number | undefined; dimension: string | undefined; isGone: boolean }
        >();
        for (const { id, at, value, dimension, kind, isSettled } of steps) {
          const known = stand.get(id);
          if (kind === "record") {
            await record(tenant, [
              paid(`${id}`, at, value, dimension === undefined ? [] : [{ key: "d", value: dimension }]),
            ]);
            if (!known) stand.set(id, { at, value, dimension, isGone: false });
          } else if (known) {
            const input = { source: "checkout.paid", recordId: `${id}`, expectedAt: iso(known.at) };
            const move = { ...input, at: iso(at), value, isTakenBack: known.isGone };
            await correct(tenant, kind === "move" ? move : input);
            stand.set(
              id,
              kind === "move"
                ? { ...known, at, value: value ?? known.value, isGone: false }
                : { ...known, isGone: true },
            );
          }
          if (isSettled) await api.settle();
        }
        await api.settle();
        const standing = [...stand.values()].filter(({ isGone }) => !isGone);
        const expectedOf = (own: typeof standing) =>
          slots.map((start) => {
            const here = own.filter(({ at }) => at === start);
            const values = here.flatMap(({ value }) => (value === undefined ? [] : [value]));
            const sum = values.reduce((all, value) => all + Math.round(value * 10), 0) / 10;
            return {
              ...{ start: iso(start), count: here.length, values: values.length },
              sum: values.length > 0 ? sum : null,
              min: values.length > 0 ? Math.min(...values) : null,
              max: values.length > 0 ? Math.max(...values) : null,
            };
          }).filter(({ count }) => count > 0);
        const shown = (buckets: ReturnType<typeof expectedOf>) =>
          buckets.filter(({ count }) => count > 0).map(({ start, count, values, sum, min, max }) => ({
            start,
            count,
            values,
            sum,
            min,
            max,
          }));
        const query = { sources: ["checkout.paid"], size: "ONE_MINUTE", range: lastHours(2) };
        const [all] = await series(tenant, query);
        expect(shown(all.buckets)).toEqual(expectedOf(standing));
        for (const one of await series(tenant, { ...query, by: "d" })) {
          expect(shown(one.buckets)).toEqual(
            expectedOf(standing.filter(({ dimension }) => dimension === one.dimension.value)),
          );
        }
      }),
      { numRuns: 15 },
    );
  },
);
