import { ConditionalCheckFailedException, TransactionConflictException } from "@aws-sdk/client-dynamodb";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClients } from "../../api/aws/clients.ts";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createObjects } from "../../api/aws/objects.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { createStreams } from "../../api/aws/streams.ts";

const METADATA = { $metadata: {}, message: "" };
/** Whoever takes a request ends it by its own limit alone: that nothing comes over a socket is another one. */
const limits = { connectionTimeout: 100, requestTimeout: 100, socketTimeout: 300_000 };

/** Takes requests and never answers. */
const silent = createServer(() => {});
let endpoint: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
});
afterAll(() => silent.closeAllConnections());
afterAll(() => void silent.close());

const clientsAt = (url: string) =>
  createClients({ region: "eu-central-1", endpoints: { dynamodb: url, s3: url, sqs: url }, timeLimits: limits });

test("a store that takes a request and never answers is unavailable after its time limit", async () => {
  const { dynamodb, streams, s3, sqs, destroy } = clientsAt(endpoint);
  const calls = [
    () => createDynamo(dynamodb).get("t", { pk: "1" }),
    () => createDynamo(dynamodb).put("t", { pk: "1" }),
    () => createStreams(dynamodb, streams).shardsOf("arn"),
    () => createObjects(s3, "b").find("k"),
    () => createObjects(s3, "b").replace("k", new Uint8Array(10), { contentType: "text/plain" }),
    () => createQueues(sqs).send("q", "body"),
  ];
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
  destroy();
});

describe("a plain write", () => {
  /** A client whose writes end so, one after the other; then they succeed. */
  function clientThat(...failures: Error[]) {
    const { dynamodb } = clientsAt(endpoint);
    let calls = 0;
    dynamodb.middlewareStack.add(() => () => {
      calls++;
      const failure = failures.shift();
      if (failure) return Promise.reject(failure);
      return Promise.resolve({ response: {}, output: { $metadata: {} } } as never);
    }, { step: "initialize", priority: "high" });
    return { dynamo: createDynamo(dynamodb), calls: () => calls };
  }
  const conflict = () => new TransactionConflictException(METADATA);
  const refused = () => new ConditionalCheckFailedException(METADATA);
  const condition = { expression: "attribute_not_exists(pk)" };

  test("that meets a transaction is made again", async () => {
    const { dynamo, calls } = clientThat(conflict(), conflict());
    await dynamo.put("t", { pk: "1" });
    expect(calls()).toBe(3);
  });

  test("that meets a transaction, and then its condition, is refused by its condition", async () => {
    const { dynamo } = clientThat(conflict(), refused());
    expect(await dynamo.putIf("t", { pk: "1" }, condition)).toEqual({ ok: false, current: undefined });
  });

  test("that meets transactions only is unavailable, and may be tried again", async () => {
    const { dynamo } = clientThat(...Array.from({ length: 20 }, conflict));
    await expect(dynamo.update("t", { pk: "1" }, { expression: "SET a = :a", values: { ":a": 1 } }))
      .rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
  });
});

test("of a batch of inserts only those are made again that failed for the moment", async () => {
  const { dynamodb } = clientsAt(endpoint);
  const sent: number[] = [];
  dynamodb.middlewareStack.add(() => (args) => {
    const { length } = (args.input as { Statements: unknown[] }).Statements;
    sent.push(length);
    const codes = sent.length === 1 ? ["DuplicateItem", "ThrottlingError", undefined] : [undefined];
    const Responses = Array.from({ length }, (_, i) => codes[i] === undefined ? {} : { Error: { Code: codes[i] } });
    return Promise.resolve({ response: {}, output: { $metadata: {}, Responses } } as never);
  }, { step: "initialize", priority: "high" });
  const items = ["1", "2", "3"].map((pk) => ({ pk }));
  expect(await createDynamo(dynamodb).insertAll("t", items)).toEqual([false, true, true]);
  expect(sent).toEqual([3, 1]);
});

test("a link to upload carries no checksum, so that any body fits it", async () => {
  const { s3, destroy } = clientsAt(endpoint);
  const link = await createObjects(s3, "b").linkToPut("k", 60);
  expect(link).not.toMatch(/checksum/i);
  destroy();
});

test("what is kept between requests keeps no credentials: each is signed with those that hold", async () => {
  const signed: string[] = [];
  const store = createServer(({ headers }, response) => {
    signed.push(/Credential=([^/]+)/.exec(headers.authorization!)![1]!);
    response.setHeader("content-type", "application/x-amz-json-1.0").end("{}");
  });
  await new Promise<void>((resolve) => store.listen(0, "127.0.0.1", resolve));
  const { dynamodb, destroy } = clientsAt(`http://127.0.0.1:${(store.address() as AddressInfo).port}`);
  let given = 0;
  dynamodb.config.credentials = () =>
    Promise.resolve({ accessKeyId: `key${++given}`, secretAccessKey: "secret", expiration: new Date(0) });
  const dynamo = createDynamo(dynamodb);
  await dynamo.get("t", { pk: "1" });
  const first = given;
  // A machine that is busy tries again, so that either may have been signed more than once.
  const before = [...signed];
  await dynamo.get("t", { pk: "1" });
  destroy();
  await new Promise((resolve) => store.close(resolve));
  expect(signed.length).toBeGreaterThan(before.length);
  expect(before).not.toContain(signed.at(-1));
  expect(given).toBeGreaterThan(first);
});
