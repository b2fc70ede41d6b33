import { expect, test } from "vitest";
import { createFiles, LINK_MS } from "../../api/files/keep.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";

const AT = Date.UTC(2026, 5, 1);

function createWorld() {
  const objects = createMemoryObjects();
  const links: unknown[] = [];
  let last = 0;
  const files = createFiles({
    objects: {
      ...objects,
      linkToGet: (key, seconds, fileName) => {
        links.push([key, seconds, fileName]);
        return Promise.resolve(`https://bucket/${key}`);
      },
    },
    clock: () => AT,
    ids: () => `id${++last}`,
  });
  const keys = () => objects.entries().map(([key]) => key).sort();
  return { files, links, keys, objects };
}

test("a file that is kept lies under its tenant and a name that nobody guesses, and its link ends when it is said", async () => {
  const { files, links, keys, objects } = createWorld();
  const table = { columns: [{ name: "a", type: "text" as const }], rows: [["é"], ["b"]] };
  const kept = await files.keep("shop", "orders", "CSV", table);
  expect(kept).toMatchObject({ fileName: "orders.csv", rows: 2, expiresAt: AT + 15 * 60_000 });
  expect(LINK_MS).toBe(15 * 60_000);
  expect(kept.bytes).toBe(objects.entries()[0]![1].body.length);
  expect(await files.keepJson("shop", "one", 1, { a: "é" })).toMatchObject({
    fileName: "one.json",
    rows: 1,
    bytes: 14,
  });
  expect(links).toEqual([
    ["exports/tenant=shop/id1.csv", 900, "orders.csv"],
    ["exports/tenant=shop/id2.json", 900, "one.json"],
  ]);
  expect(keys()).toEqual(["exports/tenant=shop/id1.csv", "exports/tenant=shop/id2.json"]);
  expect(JSON.parse(Buffer.from(objects.entries()[1]![1].body).toString())).toEqual({ a: "é" });
});

test("all files of a tenant go, however many, and none of a tenant whose name begins alike", async () => {
  const { files, keys } = createWorld();
  for (let i = 0; i < 10; i++) await files.keepJson("shop", "one", 1, i);
  for (const tenant of ["shop2", "sho", "shop#x"]) await files.keepJson(tenant, "one", 1, 1);
  await files.removeAll("shop");
  expect(keys()).toEqual([
    "exports/tenant=sho/id12.json",
    "exports/tenant=shop#x/id13.json",
    "exports/tenant=shop2/id11.json",
  ]);
});
