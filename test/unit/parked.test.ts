import { beforeEach, expect, test } from "vitest";
import { InvalidInputError } from "../../api/core/errors.ts";
import { folderOf, tenantIn } from "../../api/parked/model.ts";
import { createParked } from "../../api/parked/service.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";

let objects: ReturnType<typeof createMemoryObjects>;
let sent: unknown[];
let asked: string[];
let parked: ReturnType<typeof createParked>;
beforeEach(() => {
  objects = createMemoryObjects();
  sent = [];
  asked = [];
  const find = (key: string) => (asked.push(key), Promise.resolve(objects.entries().find(([own]) => own === key)?.[1]));
  const queues = { send: (...given: unknown[]) => Promise.resolve(void sent.push(given)) };
  parked = createParked({ objects: { ...objects, find }, queues, ingestQueue: "ingest", lateQueue: "late" });
});
const record = (name: string, body: object, tenantId = "shop") =>
  objects.replace(`${folderOf("RECORD", tenantId)}${name}.json`, Buffer.from(JSON.stringify(body)), {
    contentType: "",
  });
const all = async (tenantId = "shop") => (await parked.list(tenantId, 50, undefined)).edges.map(({ node }) => node);

test("a message that was refused is there with its reason, once however often it comes, for its tenant alone", async () => {
  await parked.park("shop", '{"events": 1}', "events: must be a list");
  await parked.park("shop", '{"events": 1}', "events: must be a list");
  await parked.park("shop2", "other", "is no JSON");
  const [one, ...more] = await all();
  expect([one, more]).toEqual([{
    ...{ parkedId: expect.any(String), kind: "MESSAGE", parkedAt: 0, bytes: expect.any(Number) },
    ...{ reason: "events: must be a list", preview: '{"events": 1}' },
  }, []]);
  expect((await all("shop2")).map(({ reason }) => reason)).toEqual(["is no JSON"]);
  expect(await all("sho")).toEqual([]);
});

test("records come first, then messages, page by page, each once; what lies there in another form is shown as it is", async () => {
  for (let n = 0; n < 5; n++) await record(`r${n}`, { table: "journeys", reason: `why ${n}` });
  for (let n = 0; n < 4; n++) await parked.park("shop", `m${n}`, "no");
  await objects.replace(`${folderOf("RECORD", "shop")}r9.json`, Buffer.from("no JSON"), { contentType: "" });
  const kinds: string[] = [];
  const ids: string[] = [];
  for (let after: string | undefined, more = true; more;) {
    const page = await parked.list("shop", 2, after);
    expect([page.edges.length, page.hasPreviousPage]).toEqual([2, after !== undefined]);
    kinds.push(...page.edges.map(({ node }) => node.kind));
    ids.push(...page.edges.map(({ node }) => node.parkedId));
    [more, after] = [page.hasNextPage, page.edges.at(-1)?.cursor];
  }
  expect([kinds, new Set(ids).size]).toEqual([[...Array(6).fill("RECORD"), ...Array(4).fill("MESSAGE")], 10]);
  expect((await all()).find(({ preview }) => preview === "no JSON")).toMatchObject({ reason: "", kind: "RECORD" });
  const { cursor } = (await parked.list("shop", 1, undefined)).edges[0]!;
  await expect(parked.list("shop2", 1, cursor)).rejects.toThrow(InvalidInputError);
  for (const first of [0, 51]) await expect(parked.list("shop", first, undefined)).rejects.toThrow(InvalidInputError);
});

test("a page looks at as many as it shows, and leaves out what was taken since it was listed", async () => {
  for (let n = 0; n < 12; n++) await record(`r${String(n).padStart(2, "0")}`, { reason: "" });
  let pages = 0;
  const list = async function* (...given: Parameters<typeof objects.list>) {
    for await (const page of objects.list(...given)) yield (pages++, page);
  };
  const find = (key: string) =>
    Promise.resolve(key.includes("r01") ? undefined : objects.entries().find(([own]) => own === key)?.[1]);
  const queues = { send: () => Promise.reject(new Error("not asked")) };
  const own = createParked({ objects: { ...objects, list, find }, queues, ingestQueue: "i", lateQueue: "l" });
  const { edges, hasNextPage } = await own.list("shop", 3, undefined);
  expect([edges.length, hasNextPage, pages]).toEqual([2, true, 2]);
});

test("a preview has five hundred characters, and halves none", async () => {
  await parked.park("shop", "\u{1F600}".repeat(600), "long");
  expect((await all())[0]!.preview).toBe("\u{1F600}".repeat(500));
});

test("what is tried again goes to its queue as it came: a message leaves, a record stays until it is counted", async () => {
  await parked.park("shop", "m", "no");
  await record("r", { table: "journeys", reason: "why", body: "never sent" });
  const [own, message] = await all();
  expect(await parked.retry("shop", message!.parkedId)).toBe(true);
  expect(await parked.retry("shop", own!.parkedId)).toBe(true);
  const text = JSON.stringify({ table: "journeys", key: `${folderOf("RECORD", "shop")}r.json`, reason: "why" });
  expect(sent).toEqual([["ingest", "m"], ["late", text, { reason: "why" }]]);
  expect((await all()).map(({ kind }) => kind)).toEqual(["RECORD"]);
  expect(await parked.retry("shop", message!.parkedId)).toBe(false);
});

test("an id names what its tenant has, and nothing else", async () => {
  await parked.park("shop", "m", "no");
  const { parkedId } = (await all())[0]!;
  expect(await parked.retry("shop2", parkedId)).toBe(false);
  const name = Buffer.from(parkedId, "base64url").toString().split("/")[1]!;
  const id = (text: string) => Buffer.from(text).toString("base64url");
  asked = [];
  const others = [
    `RECORD/../${name}`,
    `MESSAGE/.x/${name}`,
    `MESSAGE/a/../${name}`,
    `MESSAGE/../tenant=shop/${name}`,
    `MESSAGE/../shop/${name}`,
    `OTHER/${name}`,
    `MESSAGE/${name}x`,
    "",
  ];
  for (const other of others) expect([other, await parked.retry("shop", id(other))]).toEqual([other, false]);
  for (const other of others) expect(await parked.retry("shop2", id(other))).toBe(false);
  // Nothing is looked for under what is no id.
  expect([sent, asked]).toEqual([[], []]);
  expect(["shop#1", "shop", "sh/op#1", "#1", "", undefined].map(tenantIn)).toEqual([
    ...["shop", "shop", undefined, undefined, undefined, "undefined"],
  ]);
});
