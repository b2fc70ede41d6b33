import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { createListObjects } from "../../api/local/s3-listing.ts";
import { fc } from "../kit/property.ts";

type Store = Parameters<typeof createListObjects>[0];

/** A bucket with these keys, and another with some of them: what each call of the listing gives, by the names alone. */
function createWorld(keys: readonly string[]) {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE s3_objects (bucket TEXT, key TEXT, PRIMARY KEY (bucket, key))");
  const add = database.prepare("INSERT INTO s3_objects VALUES (?, ?)");
  for (const key of new Set(keys)) add.run("b", key);
  for (const bucket of ["a", "c"]) for (const key of ["0", "a", "a/b", "z"]) add.run(bucket, key);
  const store = {
    hasBucket: (bucket: string) => bucket === "b",
    headObject: (_: string, key: string) => ({ key }),
    listObjects: (bucket: string) => {
      throw new Error(`no bucket ${bucket}`);
    },
  } as unknown as Store;
  const list = createListObjects(store, database);
  return (options: Parameters<typeof list>[1] = {}, bucket = "b") => {
    const { objects, commonPrefixes, isTruncated } = list(bucket, options);
    return { keys: objects.map(({ key }) => key), folders: commonPrefixes, isTruncated };
  };
}

describe("a listing", () => {
  test("has the keys of its bucket in the order of their bytes, after the one that is named, by either name", () => {
    const list = createWorld(["é", "a", "B", "_", "a/b", "A"]);
    const keys = ["A", "B", "_", "a", "a/b", "é"];
    expect(list()).toEqual({ keys, folders: [], isTruncated: false });
    expect(list({ startAfter: "_" }).keys).toEqual(["a", "a/b", "é"]);
    expect(list({ marker: "_" }).keys).toEqual(["a", "a/b", "é"]);
    expect(list({ startAfter: "a", marker: "_" }).keys).toEqual(["a/b", "é"]);
    expect(() => list({}, "none")).toThrow("no bucket none");
  });

  test("has what begins with a prefix alone, also where it goes on behind a key before it", () => {
    const list = createWorld(["a", "a/", "a/1", "a/2", "a0", "b"]);
    expect(list({ prefix: "a/" }).keys).toEqual(["a/", "a/1", "a/2"]);
    expect(list({ prefix: "a/", startAfter: "a/1" }).keys).toEqual(["a/2"]);
    expect(list({ prefix: "a/", startAfter: "Z" }).keys).toEqual(["a/", "a/1", "a/2"]);
    expect(list({ prefix: "a/", startAfter: "b" }).keys).toEqual([]);
  });

  test("is cut at what a page holds, folders counted, and says so only where something is left", () => {
    const list = createWorld(["a", "f/1", "f/2", "g/1"]);
    expect(list({ maxKeys: 3 })).toEqual({ keys: ["a", "f/1", "f/2"], folders: [], isTruncated: true });
    expect(list({ maxKeys: 4 })).toMatchObject({ isTruncated: false });
    expect(list({ delimiter: "/", maxKeys: 2 })).toEqual({ keys: ["a"], folders: ["f/"], isTruncated: true });
    expect(list({ delimiter: "/", maxKeys: 3 })).toEqual({ keys: ["a"], folders: ["f/", "g/"], isTruncated: false });
    // What is left lies in a folder that was named.
    expect(createWorld(["a", "f/1", "f/2"])({ delimiter: "/", maxKeys: 2 })).toMatchObject({ isTruncated: false });
    const many = createWorld(Array.from({ length: 1_001 }, (_, i) => `k${10_000 + i}`));
    expect(many()).toMatchObject({ isTruncated: true, keys: { length: 1_000 } });
  });

  test("read page by page gives each key and each folder below a prefix once, in whatever pages", () => {
    const key = fc.string({ unit: fc.constantFrom("a", "b", "/", "A", "é"), minLength: 1, maxLength: 5 });
    fc.assert(fc.property(
      ...[
        fc.uniqueArray(key, { maxLength: 12 }),
        fc.string({ unit: fc.constantFrom("a", "/"), maxLength: 2 }),
      ] as const,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(undefined, "/"),
      (keys, prefix, maxKeys, delimiter) => {
        const list = createWorld(keys);
        const own = keys.filter((one) => one.startsWith(prefix));
        const cut = (one: string) => {
          const at = delimiter ? one.indexOf(delimiter, prefix.length) : -1;
          return at < 0 ? one : one.slice(0, at + 1);
        };
        const wanted = [...new Set(own.map(cut))];
        const found: string[] = [];
        for (let startAfter: string | undefined;;) {
          const page = list({ prefix, maxKeys, delimiter, startAfter } as never);
          const both = [...page.keys, ...page.folders].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          expect(both.length).toBeLessThanOrEqual(maxKeys);
          found.push(...both);
          if (!page.isTruncated) break;
          startAfter = both.at(-1);
        }
        expect(found).toEqual(wanted.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      },
    ));
  });
});
