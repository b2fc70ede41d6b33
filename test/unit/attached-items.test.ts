import { expect, test } from "vitest";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { fromLambdaRecord, type StreamRecord, toLambdaRecord, toStreamRecord } from "../../api/aws/streams.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { createAttachedIngest } from "../../api/ingest/attached.ts";
import type { ForeignRecord } from "../../api/metrics/model.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const SPEC = { table: "orders", source: "ITEMS", tenant: "shop", at: "paidAt" } as const;
const item = (more: object = {}) => ({ id: "o-1", shop: "acme", paidAt: NOW, ...more });

/** What is made of items of another table: records that are kept or taken back, and those that are put aside. */
async function ingest(...records: Partial<StreamRecord>[]) {
  const [kept, takenBack, aside]: [ForeignRecord[], string[], string[]] = [[], [], []];
  const take = createAttachedIngest({
    keep: (record) => Promise.resolve(void kept.push(record)),
    findBeyond: () => Promise.resolve(undefined),
    takeBack: ({ tenantId, recordId }) => Promise.resolve(void takenBack.push(`${tenantId} ${recordId}`)),
    quarantine: (_, __, reason) => Promise.resolve(void aside.push(reason)),
    clock: () => NOW,
  });
  const base = { shard: "s", sequence: "1", keys: { id: "o-1" }, before: undefined, isExpiry: false, arrivedAt: NOW };
  await take(SPEC, records.map((own) => ({ ...base, after: undefined, ...own })));
  return { kept: kept.map(({ tenantId, recordId, at }) => [tenantId, recordId, at]), takenBack, aside };
}

test("an item counts from when it is there, is taken back where it is deleted, and stays counted where it expires", async () => {
  expect((await ingest({ after: item() })).kept).toEqual([["acme", "orders/o-1", NOW]]);
  expect((await ingest({ before: item() })).takenBack).toEqual(["acme orders/o-1"]);
  expect(await ingest({ before: item(), isExpiry: true })).toEqual({ kept: [], takenBack: [], aside: [] });
});

test("an item that is given to another tenant is taken back from the first, and one that changes otherwise from nobody", async () => {
  const moved = await ingest({ before: item(), after: item({ shop: "other" }) });
  expect(moved).toMatchObject({ kept: [["other", "orders/o-1", NOW]], takenBack: ["acme orders/o-1"] });
  const later = await ingest({ before: item(), after: item({ paidAt: NOW - 1 }) });
  expect(later).toMatchObject({ kept: [["acme", "orders/o-1", NOW - 1]], takenBack: [] });
  expect(await ingest({ before: item(), after: item({ note: "x" }) })).toEqual({ kept: [], takenBack: [], aside: [] });
});

test("a time may be text, seconds below 10^11, or milliseconds; what is none is told by its attribute", async () => {
  for (const paidAt of [new Date(NOW).toISOString(), NOW / 1_000, NOW]) {
    expect((await ingest({ after: item({ paidAt }) })).kept).toEqual([["acme", "orders/o-1", NOW]]);
  }
  const reason = async (paidAt: unknown) => (await ingest({ after: item({ paidAt }) })).aside[0];
  expect(await reason(1e11)).toBe("its attribute `paidAt` must be 1990 or later");
  expect(await reason(1e11 - 1)).toMatch(/more than 10 minutes ahead/);
  for (const paidAt of ["soon", true, null, undefined, NaN]) expect(await reason(paidAt)).toMatch(/must be an instant/);
});

test("an id is what the keys are, up to 128 characters; a longer one is its sum, the same for the same item", async () => {
  const idOf = async (id: string) => (await ingest({ keys: { id }, after: item() })).kept[0]![1] as string;
  const longest = "x".repeat(128 - "orders/".length);
  expect(await idOf(longest)).toBe(`orders/${longest}`);
  const [one, same, other] = [await idOf(`${longest}a`), await idOf(`${longest}a`), await idOf(`${longest}b`)];
  expect(one).toMatch(/^orders\/[0-9a-f]{64}$/);
  expect([same === one, other === one]).toEqual([true, false]);
});

test("each item of a table has an id of its own, whatever its keys are and whoever reads the stream", async () => {
  const ids = async (...values: AttributeValue[]) => {
    const Keys = Object.fromEntries(values.map((value, i) => [["pk", "sk"][i]!, value]));
    const { keys } = toStreamRecord({ dynamodb: { Keys, SequenceNumber: "1" } }, "s");
    const record = { shard: "s", sequence: "1", before: undefined, after: undefined, isExpiry: false, arrivedAt: NOW };
    const readAgain = fromLambdaRecord(toLambdaRecord({ ...record, keys }), "s").keys;
    const { kept } = await ingest({ keys, after: item() }, { keys: readAgain, after: item() });
    expect(kept[1]).toEqual(kept[0]);
    return kept[0]![1] as string;
  };
  const texts = [
    "eu",
    "eu/nl",
    "eu/nl/1",
    "nl/1",
    "1",
    "/",
    "//",
    "a",
    "a/",
    "/b",
    "b",
    '","',
    "%2F",
    "é/ü",
    "x".repeat(130),
  ];
  const pairs = texts.flatMap((pk) => texts.map((sk) => [{ S: pk }, { S: sk }]));
  const bytes = [[1, 2], [1, 2, 3], [12, 3], [255], [254], [0xc3, 0x28], [0xc3, 0x29], [47]];
  const binary = bytes.flatMap((one) =>
    [[47], [50]].map((other) => [{ B: Uint8Array.from(one) }, { B: Uint8Array.from(other) }])
  );
  const numbers = [
    "1",
    "-1",
    "0.5",
    "1234567890123456789",
    "1234567890123456788",
    "0.12345678901234567",
    "0.12345678901234568",
  ]
    .concat("0.1234567890123456789", "1E-7", "9007199254740991", "9007199254740992.5", "12345678901234.56789")
    .flatMap((n) => ["7", "7.0000000000000001"].map((other) => [{ N: n }, { N: other }]));
  for (const all of [pairs, binary, numbers]) {
    const found = await Promise.all(all.map((keys) => ids(...keys)));
    expect(new Set(found).size).toBe(all.length);
    expect(found.filter((id) => id.length > 128)).toEqual([]);
  }
  // Those that nothing else could be called are as they are written.
  expect(await Promise.all([ids({ S: "eu" }, { S: "nl/1" }), ids({ S: "a/b" }), ids({ N: "7" }, { N: "0.5" })]))
    .toEqual([
      ...["orders/eu/nl/1", "orders/a/b", "orders/7/0.5"],
    ]);
  expect(await ids({ S: "eu/nl" }, { S: "1" })).toMatch(/^orders\/[0-9a-f]{64}$/);
});

test("an item that cannot be kept at the moment is not put aside: its part of the stream comes again", async () => {
  const away = () => Promise.reject(new UnavailableError("DynamoDB"));
  const aside: string[] = [];
  const take = createAttachedIngest({
    ...{ keep: away, takeBack: away, findBeyond: () => Promise.resolve(undefined), clock: () => NOW },
    quarantine: (_, __, reason) => Promise.resolve(void aside.push(reason)),
  });
  const record = { shard: "s", sequence: "1", keys: { id: "o-1" }, before: undefined, isExpiry: false, arrivedAt: NOW };
  await expect(take(SPEC, [{ ...record, after: item() }])).rejects.toThrow(UnavailableError);
  expect(aside).toEqual([]);
});
