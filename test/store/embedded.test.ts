import { connect } from "node:net";
import { request } from "node:http";
import { networkInterfaces } from "node:os";
import process from "node:process";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClients } from "../../api/aws/clients.ts";
import { type Cost, createDynamo, type Item } from "../../api/aws/dynamo.ts";
import { createObjects } from "../../api/aws/objects.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { pages } from "../../api/core/page.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";

/** The calls we use, as AWS answers them. A difference here is a difference between a laptop and AWS. */

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system.stop());

const TABLE = "test-journeys";
const text = { contentType: "text/plain" };
const bytes = (value: string) => new TextEncoder().encode(value);
const twenty = [...Array(20).keys()];

describe("DynamoDB", () => {
  const costs: Cost[] = [];
  const dynamo = () => createDynamo(system.clients.dynamodb, { onCost: (cost) => costs.push(cost) });
  const journey = (pk: string, more: Item = {}) => ({ pk, sk: "META", ...more });
  const unitsOf = async (call: () => Promise<unknown>) => {
    costs.length = 0;
    await call();
    return costs.map((cost) => cost.units);
  };
  const ifFree = { expression: "attribute_not_exists(pk)" };

  test("a failed condition gives the item as it is", async () => {
    await dynamo().put(TABLE, journey("taken", { n: 1 }));
    expect(await dynamo().putIf(TABLE, journey("taken", { n: 2 }), ifFree))
      .toMatchObject({ ok: false, current: { pk: "taken", n: 1 } });
    expect(
      await dynamo().updateIf(TABLE, { pk: "taken", sk: "META" }, {
        expression: "SET n = :new",
        values: { ":new": 3 },
      }, { expression: "n = :old", values: { ":old": 2 } }),
    ).toMatchObject({ ok: false, current: { n: 1 } });
    expect(await dynamo().get(TABLE, { pk: "taken", sk: "META" })).toMatchObject({ n: 1 });
  });

  test("a conditional write has one winner among twenty", async () => {
    const results = await Promise.all(twenty.map((n) => dynamo().putIf(TABLE, journey("race", { n }), ifFree)));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });

  test("an update adds and sets in one request and gives the item afterwards", async () => {
    const change = { expression: "ADD hits :one SET wm = :wm", values: { ":one": 1, ":wm": "12" } };
    await dynamo().update(TABLE, { pk: "counter", sk: "META" }, change);
    expect(await dynamo().update(TABLE, { pk: "counter", sk: "META" }, change)).toMatchObject({ hits: 2, wm: "12" });
  });

  test("an index gives one tenant's items in the order of its sort key, page after page", async () => {
    await Promise.all(twenty.map((n) => dynamo().put(TABLE, journey(`paged-${n}`, { tenant: "paged", startedAt: n }))));
    await dynamo().put(TABLE, journey("other", { tenant: "other", startedAt: 5 }));
    const seen: unknown[] = [];
    const read = (startKey?: Item) =>
      dynamo().query(TABLE, {
        index: "byStart",
        key: { expression: "tenant = :t", values: { ":t": "paged" } },
        descending: true,
        limit: 7,
        startKey,
      });
    for await (const { items } of pages(read)) {
      expect(items.length).toBeLessThanOrEqual(7);
      seen.push(...items.map((item) => item["startedAt"]));
    }
    expect(seen).toEqual(twenty.toReversed());
  });

  test("a write costs a unit per kilobyte, and as much again for each index that it reaches", async () => {
    expect(await unitsOf(() => dynamo().put(TABLE, journey("cost-1")))).toEqual([1]);
    expect(await unitsOf(() => dynamo().put(TABLE, journey("cost-2", { body: "x".repeat(1_500) })))).toEqual([2]);
    const indexed = journey("cost-3", { tenant: "cost", visitorKey: "cost", startedAt: 1 });
    expect(await unitsOf(() => dynamo().put(TABLE, indexed))).toEqual([3]);
    // A new sort key is a removal and a write in both indexes.
    expect(await unitsOf(() => dynamo().put(TABLE, { ...indexed, startedAt: 2 }))).toEqual([5]);
  });

  test("a query costs half a unit per four kilobytes read", async () => {
    await Promise.all(
      [1, 2].map((n) => dynamo().put(TABLE, { pk: "big", sk: `E#${n}`, body: "x".repeat(6_000) })),
    );
    const read = () => dynamo().query(TABLE, { key: { expression: "pk = :p", values: { ":p": "big" } } });
    expect(await unitsOf(read)).toEqual([1.5]);
  });
});

describe("S3", () => {
  const objects = () => createObjects(system.clients.s3, "test-events");
  const Bucket = "test-events";
  const put = (Key: string, body: string, condition: { IfMatch?: string; IfNoneMatch?: string } = {}) =>
    system.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: bytes(body), ...condition }));

  test("a conditional put has one winner among twenty", async () => {
    const results = await Promise.all(twenty.map((n) => objects().create("race", bytes(`${n}`), text)));
    expect(results.filter((result) => result === "created")).toHaveLength(1);
    const winner = results.indexOf("created");
    expect(new TextDecoder().decode((await objects().get("race")).body)).toBe(`${winner}`);
  });

  test("a replacement under a stale tag is refused, and of a missing key is not found", async () => {
    const first = await put("tagged", "1");
    const second = await put("tagged", "2", { IfMatch: first.ETag! });
    await expect(put("tagged", "3", { IfMatch: first.ETag! })).rejects.toMatchObject({ name: "PreconditionFailed" });
    await expect(put("nothing", "1", { IfMatch: second.ETag! })).rejects.toMatchObject({ name: "NoSuchKey" });
    expect((await objects().get("tagged")).body).toEqual(bytes("2"));
  });

  test("an upload in parts keeps to its condition", async () => {
    await put("parts", "first");
    const at = { Bucket, Key: "parts" };
    const { UploadId } = await system.clients.s3.send(new CreateMultipartUploadCommand(at));
    const part = await system.clients.s3.send(
      new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: bytes("second") }),
    );
    const complete = new CompleteMultipartUploadCommand({
      ...at,
      UploadId,
      IfNoneMatch: "*",
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
    });
    await expect(system.clients.s3.send(complete)).rejects.toMatchObject({ name: "PreconditionFailed" });
    expect((await objects().get("parts")).body).toEqual(bytes("first"));
  });

  test("metadata and encoding come back with the object", async () => {
    const body = Uint8Array.from([0x1f, 0x8b, 0, 255]);
    const metadata = { events: "3", "first-at": "1000" };
    await objects().create("meta", body, { contentType: "application/x-ndjson", contentEncoding: "gzip", metadata });
    expect(await objects().get("meta")).toEqual({ body, metadata, etag: expect.stringMatching(/^".+"$/) });
    expect(await objects().findMetadata("meta")).toEqual(metadata);
    expect(await objects().findMetadata("absent")).toBeUndefined();
    expect(await objects().find("absent")).toBeUndefined();
  });

  test("a replacement of what was read fails where another came first", async () => {
    await put("replaced", "first");
    const { etag } = await objects().get("replaced");
    expect(await objects().replaceIf("replaced", bytes("second"), text, etag)).toBe(true);
    expect(await objects().replaceIf("replaced", bytes("third"), text, etag)).toBe(false);
    expect((await objects().get("replaced")).body).toEqual(bytes("second"));
  });

  test("more than a thousand keys are listed in the order of their bytes, each once", async () => {
    const signs = ["A", "a", "B", "-", "_", "0", "é", "~", "Z", "z"];
    const keys = [...Array(1_010).keys()].map((n) => `list/${signs[n % 10]}${signs[(n * 7) % 9]}${n}`);
    for (let from = 0; from < keys.length; from += 50) {
      await Promise.all(keys.slice(from, from + 50).map((key) => objects().create(key, bytes("x"), text)));
    }
    await objects().create("lisu", bytes("x"), text);
    const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const pages = await Array.fromAsync(objects().list("list/"));
    expect(pages.map((page) => page.length)).toEqual([1_000, 10]);
    expect(pages.flat().map((object) => object.key)).toEqual(sorted);
    const rest = await Array.fromAsync(objects().list("list/", sorted[499]));
    expect(rest.flat().map((object) => object.key)).toEqual(sorted.slice(500));
  });

  test("an object of thirteen megabytes comes back whole", async () => {
    const body = Uint8Array.from({ length: 13 * 1024 * 1024 }, (_, i) => (i * 31) % 251);
    await objects().replace("large", body, text);
    expect(Buffer.compare((await objects().get("large")).body, body)).toBe(0);
  });

  test("what the embedded server lacks is refused and changes nothing", async () => {
    await put("plain", "body");
    const at = { Bucket, Key: "plain" };
    await expect(system.clients.s3.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [] } })))
      .rejects.toMatchObject({ name: "NotImplemented" });
    await expect(system.clients.s3.send(new GetObjectTaggingCommand(at))).rejects.toMatchObject({
      name: "NotImplemented",
    });
    expect((await objects().get("plain")).body).toEqual(bytes("body"));
  });

  test("a removed object is gone, and removing it again is no error", async () => {
    await put("removed", "x");
    await objects().remove("removed");
    await objects().remove("removed");
    expect(await objects().find("removed")).toBeUndefined();
  });

  const outside = Object.values(networkInterfaces()).flat().filter((a) => a && !a.internal && a.family === "IPv4");
  test.runIf(outside.length > 0)("nothing but this machine reaches it", async () => {
    for (const endpoint of Object.values(system.endpoints).filter((each) => each !== undefined)) {
      for (const { address } of outside.map((a) => a!)) {
        const refused = new Promise((resolve, reject) =>
          connect(Number(new URL(endpoint).port), address, () => reject(new Error(`${address} answers`)))
            .once("error", resolve)
        );
        await expect(refused).resolves.toBeInstanceOf(Error);
      }
    }
  });
});

describe("SQS", () => {
  const queues = () => createQueues(system.clients.sqs);
  const QUEUE = "test-ingest";
  const DEAD = "test-ingest-dead";

  test("a message arrives as it was sent, and once removed does not come again", async () => {
    const body = JSON.stringify({ text: "grüße 😀" });
    await queues().send(QUEUE, body, { reason: "test" });
    const [message] = await queues().receive(QUEUE, { waitSeconds: 1 });
    expect(JSON.parse(message!.body)).toEqual(JSON.parse(body));
    expect(message!.attributes).toEqual({ reason: "test" });
    expect(await queues().depth(QUEUE)).toEqual({ waiting: 0, inFlight: 1 });
    await queues().remove(QUEUE, message!);
    expect(await queues().depth(QUEUE)).toEqual({ waiting: 0, inFlight: 0 });
  });

  test("a released message comes again, and after five tries waits in the dead-letter queue", async () => {
    await queues().send(QUEUE, "stubborn");
    for (let tries = 1; tries <= 5; tries++) {
      const [message] = await queues().receive(QUEUE);
      expect(message?.body).toBe("stubborn");
      await queues().release(QUEUE, message!, 0);
    }
    expect(await queues().receive(QUEUE)).toEqual([]);
    const [dead] = await queues().receive(DEAD);
    expect(dead?.body).toBe("stubborn");
    await queues().remove(DEAD, dead!);
  });

  test("a queue is found from every region", async () => {
    const clients = createClients({ region: "ap-southeast-2", endpoints: system.endpoints });
    expect(await createQueues(clients.sqs).depth(QUEUE)).toEqual({ waiting: 0, inFlight: 0 });
    clients.destroy();
  });
});

describe("the embedded stores", () => {
  const ask = (endpoint: string, headers: Record<string, string>, path = "/", method = "GET") =>
    new Promise<number>((resolve, reject) => {
      request(`${endpoint}${path}`, { method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      }).on("error", reject).end();
    });

  test.runIf(process.platform === "linux")("listen at an address that nobody can guess", () => {
    for (const endpoint of Object.values(system.endpoints).filter((each) => each !== undefined)) {
      const { hostname } = new URL(endpoint);
      expect(hostname).toMatch(/^127\.\d+\.\d+\.\d+$/);
      expect(hostname).not.toBe("127.0.0.1");
    }
  });

  test("refuse a stranger's name that resolves to them, and pages of other sites", async () => {
    const { s3 } = system.endpoints;
    expect(await ask(s3, { host: "evil.example" })).toBe(403);
    expect(await ask(s3, { origin: "https://evil.example" })).toBe(403);
    expect(await ask(s3, { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).toBe(403);
  });

  test.each(["application/x-www-form-urlencoded", "application/json", "text/xml", "multipart/form-data; boundary=x"])(
    "take an upload of content type %s as the bytes that it is",
    async (type) => {
      const { s3 } = system.endpoints;
      const body = bytes("a=b&c".repeat(400_000));
      const url = `${s3}/test-collections/upload-${type.length}`;
      const put = await fetch(url, { method: "PUT", headers: { "content-type": type }, body });
      expect(put.status).toBe(200);
      expect(new Uint8Array(await (await fetch(url)).arrayBuffer())).toEqual(body);
    },
  );
});
