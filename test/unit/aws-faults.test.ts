import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
} from "@aws-sdk/client-dynamodb";
import { S3ServiceException } from "@aws-sdk/client-s3";
import { afterAll, describe, expect, test } from "vitest";
import { createClients } from "../../api/aws/clients.ts";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createObjects } from "../../api/aws/objects.ts";

const METADATA = { $metadata: {}, message: "" };
const url = "http://127.0.0.1:1";
const clients = createClients({
  region: "eu-central-1",
  endpoints: { dynamodb: url, s3: url, sqs: url },
  timeLimits: { connectionTimeout: 100, requestTimeout: 100, socketTimeout: 100 },
});
afterAll(() => clients.destroy());

type Answer = (args: { input: object }) => Promise<never>;
type Client = {
  middlewareStack: { add: (middleware: () => Answer, options: { step: "initialize"; priority: "high" }) => void };
};

let given: (object | Error)[] = [];
let asked: Record<string, unknown>[] = [];
/** Once for each client: clients keep what they made of their middleware. */
for (const client of [clients.dynamodb, clients.s3] as unknown as Client[]) {
  client.middlewareStack.add(() => ({ input }) => {
    asked.push(input as Record<string, unknown>);
    const next = given.shift() ?? {};
    if (next instanceof Error) return Promise.reject(next);
    return Promise.resolve({ response: {}, output: { $metadata: {}, ...next } } as never);
  }, { step: "initialize", priority: "high" });
}

/** Lets requests be answered so, one after the other; gives what is asked from then on. An Error is thrown. */
function answers(...next: (object | Error)[]) {
  given = next;
  return asked = [];
}

describe("DynamoDB", () => {
  const dynamo = createDynamo(clients.dynamodb);
  const put = [{ table: "t", put: { pk: "1" } }];
  const cancelled = (...codes: string[]) =>
    new TransactionCanceledException({ ...METADATA, CancellationReasons: codes.map((Code) => ({ Code })) });

  test("keys that a batch left unprocessed are asked for again, alone, until none is left", async () => {
    const left = (...pks: string[]) => ({ UnprocessedKeys: { t: { Keys: pks.map((pk) => ({ pk: { S: pk } })) } } });
    const found = (...pks: string[]) => ({ Responses: { t: pks.map((pk) => ({ pk: { S: pk } })) } });
    const asked = answers({ ...found("1"), ...left("2", "3") }, { ...found("3"), ...left("2") }, found("2"));
    const items = await dynamo.batchGet("t", ["1", "2", "3"].map((pk) => ({ pk })));
    expect(items).toEqual([{ pk: "1" }, { pk: "3" }, { pk: "2" }]);
    const keys = asked.map(({ RequestItems }) => (RequestItems as { t: { Keys: unknown[] } }).t.Keys.length);
    expect(keys).toEqual([3, 2, 1]);
  });

  test("what has expired is shown to the end of its second, and then to nobody who does not ask for it, by whichever read", async () => {
    const TTL = 1_800_000_000;
    const item = { pk: { S: "1" }, ttl: { N: `${TTL}` } };
    const shown = async (now: number, expired?: boolean) => {
      const own = createDynamo(clients.dynamodb, { clock: () => now });
      answers({ Item: item }, { Items: [item] }, { Responses: { t: [item] } });
      const one = await own.get("t", { pk: "1" }, { expired });
      const key = { expression: "pk = :pk", values: { ":pk": "1" } };
      const { items } = await own.query("t", { key, expired });
      return [one ? 1 : 0, items.length, (await own.batchGet("t", [{ pk: "1" }], { expired })).length];
    };
    expect(await shown(TTL * 1_000)).toEqual([1, 1, 1]);
    expect(await shown(TTL * 1_000 + 1)).toEqual([0, 0, 0]);
    expect(await shown(TTL * 1_000 + 1, true)).toEqual([1, 1, 1]);
  });

  test("a count is of all pages there are", async () => {
    const page = (Count: number, ScannedCount: number, last?: string) => ({
      ...{ Count, ScannedCount },
      ...(last === undefined ? {} : { LastEvaluatedKey: { pk: { S: last } } }),
    });
    const asked = answers(page(1, 3, "a"), page(0, 2, "b"), page(4, 4));
    const key = { expression: "pk = :pk", values: { ":pk": "1" } };
    expect(await dynamo.count("t", { key })).toEqual({ all: 9, passing: 5 });
    expect(asked.map(({ ExclusiveStartKey }) => ExclusiveStartKey)).toEqual([
      undefined,
      { pk: { S: "a" } },
      { pk: { S: "b" } },
    ]);
  });

  test("what stays unprocessed is no answer: it is unavailable, and nothing is taken for missing", async () => {
    const never = { UnprocessedKeys: { t: { Keys: [{ pk: { S: "1" } }] } } };
    const asked = answers(...Array.from({ length: 20 }, () => never));
    await expect(dynamo.batchGet("t", [{ pk: "1" }])).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(asked).toHaveLength(8);
  });

  test("a count goes on over all pages, each from where the one before ended", async () => {
    const page = (ScannedCount: number, Count: number, last?: string) => (
      { ScannedCount, Count, ...(last ? { LastEvaluatedKey: { pk: { S: last } } } : {}) }
    );
    const asked = answers(page(5, 2, "a"), page(0, 0, "b"), page(3, 3));
    const key = { expression: "pk = :pk", values: { ":pk": "p" } };
    expect(await dynamo.count("t", { key })).toEqual({ all: 8, passing: 5 });
    expect(asked.map(({ ExclusiveStartKey: from }) => from)).toEqual([undefined, { pk: { S: "a" } }, {
      pk: { S: "b" },
    }]);
  });

  test("a hundred keys are asked for at a time, as strongly as all of them", async () => {
    const asked = answers();
    await dynamo.batchGet("t", Array.from({ length: 201 }, (_, i) => ({ pk: `${i}` })), { consistent: true });
    const requests = asked.map(({ RequestItems }) => (RequestItems as Record<string, { Keys: unknown[] }>)["t"]!);
    expect(requests.map(({ Keys }) => Keys.length)).toEqual([100, 100, 1]);
    expect(requests).toEqual(requests.map(({ Keys }) => ({ Keys, ConsistentRead: true })));
  });

  test.each([
    ["a condition that does not hold", cancelled("None", "ConditionalCheckFailed")],
    ["another transaction at the same item", cancelled("TransactionConflict", "None")],
  ])("a transaction that ends by %s is lost, and is no fault", async (_, error) => {
    answers(error);
    expect(await dynamo.transact(put)).toBe(false);
  });

  test.each([
    ["a throttled item", cancelled("ThrottlingError"), "UNAVAILABLE"],
    ["an item that is too large", Object.assign(new Error(), { name: "ValidationException" }), "INTERNAL"],
  ])("a transaction that ends by %s is a fault, and is not taken for lost", async (_, error, code) => {
    answers(error);
    await expect(dynamo.transact(put)).rejects.toMatchObject({ code });
  });

  test("a conditional write that meets a transaction is made again, and then judged by its condition", async () => {
    const conflict = new TransactionConflictException(METADATA);
    const asked = answers(conflict, conflict, new ConditionalCheckFailedException(METADATA));
    const condition = { expression: "attribute_exists(pk)" };
    expect(await dynamo.updateIf("t", { pk: "1" }, { expression: "REMOVE a" }, condition)).toEqual({ ok: false });
    expect(asked).toHaveLength(3);
  });

  test.each([
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "ThrottlingError",
    "TransactionConflict",
  ])(
    "an insert that failed by %s is made again; what was there already is no failure",
    async (code) => {
      const asked = answers({ Responses: [{ Error: { Code: code } }, { Error: { Code: "DuplicateItem" } }, {}] }, {
        Responses: [{}],
      });
      expect(await dynamo.insertAll("t", ["1", "2", "3"].map((pk) => ({ pk })))).toEqual([true, false, true]);
      expect(asked.map(({ Statements }) => (Statements as unknown[]).length)).toEqual([3, 1]);
    },
  );

  test("an insert that can never be done is our fault, said at once", async () => {
    const asked = answers({ Responses: [{ Error: { Code: "ItemCollectionSizeLimitExceeded" } }] });
    await expect(dynamo.insertAll("t", [{ pk: "1" }])).rejects.toMatchObject({ code: "INTERNAL" });
    expect(asked).toHaveLength(1);
  });

  test("inserts go 25 to a request, and say of each whether it was written", async () => {
    const isTaken = (i: number) => i % 3 === 0;
    const responses = Array.from({ length: 60 }, (_, i) => isTaken(i) ? { Error: { Code: "DuplicateItem" } } : {});
    const parts = [0, 25, 50].map((from) => ({ Responses: responses.slice(from, from + 25) }));
    const asked = answers(...parts);
    const written = await dynamo.insertAll("t", responses.map((_, i) => ({ pk: `${i}` })));
    expect(written).toEqual(responses.map((_, i) => !isTaken(i)));
    expect(asked.map(({ Statements }) => (Statements as unknown[]).length)).toEqual([25, 25, 10]);
  });
});

describe("S3", () => {
  const objects = createObjects(clients.s3, "b");
  const options = { contentType: "text/plain" };
  const body = new Uint8Array(1);
  const failed = (status: number) =>
    new S3ServiceException({ name: `S${status}`, $fault: "client", $metadata: { httpStatusCode: status } });

  test("of two creations of one key at once the one that lost is made again, up to five times more", async () => {
    expect(answers(failed(409), failed(409))).toEqual([]);
    expect(await objects.create("k", body, options)).toBe("created");
    answers(failed(409), failed(412));
    expect(await objects.create("k", body, options)).toBe("exists");
    const asked = answers(...Array.from({ length: 10 }, () => failed(409)));
    await expect(objects.create("k", body, options)).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(asked).toHaveLength(6);
    expect(asked.every(({ IfNoneMatch }) => IfNoneMatch === "*")).toBe(true);
  });

  test.each([409, 412])("a replacement that another overtook is lost by %i, and says so", async (status) => {
    const asked = answers(failed(status));
    expect(await objects.replaceIf("k", body, options, "etag")).toBe(false);
    expect(asked).toMatchObject([{ IfMatch: "etag" }]);
  });

  test.each([403, 500, 503])("a write that fails by %i is neither lost nor done", async (status) => {
    answers(failed(status), failed(status));
    await expect(objects.create("k", body, options)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(objects.replaceIf("k", body, options, "etag")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("what is missing is nothing, and what cannot be read is a fault", async () => {
    for (const name of ["NoSuchKey", "NotFound"]) {
      answers(Object.assign(new Error(), { name }));
      expect(await objects.find("k")).toBeUndefined();
    }
    answers(failed(500));
    await expect(objects.find("k")).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
  });
});
