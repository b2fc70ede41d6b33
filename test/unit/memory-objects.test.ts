import { afterAll, beforeAll, expect, test } from "vitest";
import { createClients } from "../../api/aws/clients.ts";
import { createObjects, type Objects } from "../../api/aws/objects.ts";
import { ensureBucket } from "../../api/aws/provision.ts";
import { startObjectsAndQueues } from "../../api/local/objects-and-queues.ts";
import { makeTempDir } from "../kit/local.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";

/** The bucket in memory answers as the embedded S3 does. */
const BYTES = (text: string) => new TextEncoder().encode(text);
const OPTIONS = { contentType: "text/plain", metadata: { of: "a" } };
const stops: (() => unknown)[] = [];
let embedded: Objects;

beforeAll(async () => {
  const folder = await makeTempDir(process.env["TEST_DATA"]);
  const { endpoint: s3, stop } = await startObjectsAndQueues({ dataDir: folder.path });
  const clients = createClients({ region: "eu-central-1", endpoints: { dynamodb: s3, s3, sqs: s3 } });
  stops.push(clients.destroy, stop, folder.remove);
  await ensureBucket(clients.s3, "bucket");
  embedded = createObjects(clients.s3, "bucket");
});
afterAll(async () => {
  for (const stop of stops) await stop();
});

/** What each call of a fixed course gave, in its order; tags of versions by when they first came. */
async function courseOf(objects: Objects): Promise<unknown[]> {
  const told: unknown[] = [];
  const tags = new Map<string, number>();
  const tag = (etag: string) => {
    const plain = etag.replaceAll('"', "");
    if (!tags.has(plain)) tags.set(plain, tags.size);
    return tags.get(plain);
  };
  const found = async (key: string) => {
    const object = await objects.find(key);
    told.push(object && [new TextDecoder().decode(object.body), object.metadata, tag(object.etag)]);
    return object?.etag ?? "";
  };
  const tell = async (call: Promise<unknown>) =>
    told.push(await call.catch((error: Error & { code: string }) => [error.code, error.message]));
  for (const key of ["a/1", "a/2", "a/b/3", "a/b/4", "a.", "b/5"]) {
    await tell(objects.create(key, BYTES(key), OPTIONS));
    await tell(objects.create(key, BYTES("other"), { contentType: "text/plain" }));
  }
  const first = await found("a/1");
  await tell(objects.replaceIf("a/1", BYTES("one"), { contentType: "text/plain" }, first));
  await tell(objects.replaceIf("a/1", BYTES("late"), OPTIONS, first));
  await tell(objects.replaceIf("gone", BYTES("late"), OPTIONS, first));
  await tell(objects.replace("a/2", BYTES("é"), OPTIONS));
  for (const key of ["a/1", "a/2", "gone"]) {
    await found(key);
    await tell(objects.findMetadata(key));
    await tell(objects.findBytes(key));
  }
  await tell(objects.get("gone"));
  await tell(objects.remove("gone"));
  await tell(objects.remove("a/b/3"));
  for (
    const [prefix, after] of [["", undefined], ["a/", undefined], ["a/", "a/1"], ["a/", "a/b"], [
      "z",
      undefined,
    ]] as const
  ) {
    for await (const page of objects.list(prefix, after)) {
      told.push(...page.map(({ key, bytes, etag }) => [key, bytes, tag(etag)]));
    }
    told.push([prefix, after]);
  }
  for (const prefix of ["", "a/", "b/5"]) {
    for await (const folder of objects.folders(prefix)) told.push([prefix, folder]);
  }
  return told;
}

test("a bucket in memory answers each call as the embedded one does", async () => {
  const expected = await courseOf(embedded);
  expect(await courseOf(createMemoryObjects())).toEqual(expected);
  expect(await courseOf(createMemoryObjects({ page: 1_000 }))).toEqual(expected);
});
