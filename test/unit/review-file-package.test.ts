import { Buffer } from "node:buffer";
import * as zlib from "node:zlib";
import { describe, expect, test } from "vitest";
import { CollectionUnreadableError, TooLargeError } from "../../api/anki/file/errors.ts";
import { FILE_LIMITS } from "../../api/anki/file/limits.ts";
import { sha1Of } from "../../api/anki/file/media.ts";
import { nameWithHash, safeMediaName } from "../../api/anki/file/media-names.ts";
import { readPackage } from "../../api/anki/file/package.ts";
import { message, sampleContent, schema11, zipOf } from "../kit/anki-file.ts";

const collection = schema11(sampleContent(3));
const zstd = (bytes: Uint8Array | string) => zlib.zstdCompressSync(bytes);
const limits = (over: Partial<typeof FILE_LIMITS>) => ({ limits: { ...FILE_LIMITS, ...over } });

/** The same zip with some bytes other: where each name stands, in both directories. */
function renamed(zip: Buffer, from: string, to: string): Buffer {
  const text = zip.toString("latin1").replaceAll(from, to);
  return Buffer.from(text, "latin1");
}

async function refusal(bytes: Uint8Array, options?: Parameters<typeof readPackage>[1]): Promise<Error> {
  const error: unknown = await readPackage(bytes, options).then(() => undefined, (caught) => caught);
  expect(error).toBeInstanceOf(Error);
  expect([CollectionUnreadableError, TooLargeError]).toContain((error as Error).constructor);
  expect((error as Error).message).toMatch(/^["A-Z].+\.$/s);
  return error as Error;
}

describe("a package", () => {
  test("is told by its content, whatever it is called", async () => {
    expect((await readPackage(collection)).format).toBe("anki2");
    for (const name of ["collection.anki2", "collection.anki21"]) {
      const read = await readPackage(await zipOf({ [name]: collection, media: "{}" }));
      expect(read.format).toBe(`zip-${name.split(".")[1]}`);
      expect(Buffer.compare(Buffer.from(read.collection), collection)).toBe(0);
    }
  });

  test("gives the newest collection where a dummy lies beside it", async () => {
    const dummy = schema11(sampleContent(1));
    const media = zstd(message([]));
    const newest = await zipOf({
      meta: message([[1, 3]]),
      "collection.anki21b": zstd(collection),
      media,
      "collection.anki2": dummy,
    });
    expect((await readPackage(newest)).format).toBe("zip-anki21b");
    expect(Buffer.from((await readPackage(newest)).collection).equals(collection)).toBe(true);
    const middle = await zipOf({ "collection.anki2": dummy, "collection.anki21": collection });
    expect(Buffer.from((await readPackage(middle)).collection).equals(collection)).toBe(true);
  });

  test("in the newest format, where the runtime cannot read it, says what to do in Anki", async () => {
    const newest = await zipOf({ "collection.anki21b": zstd(collection) });
    const error = await refusal(newest, { zstd: null });
    expect(error.message).toContain("'Support older Anki versions' checked");
  });

  test("that is none is refused with the way to make one", async () => {
    expect((await refusal(Buffer.from("hello"))).message).toContain("no .apkg, .colpkg or .anki2 file");
    expect((await refusal(Buffer.alloc(0))).message).toContain("no .apkg, .colpkg or .anki2 file");
    expect((await refusal(Buffer.from("PK, or so it says"))).message).toContain("damaged");
    expect((await refusal(await zipOf({ "photo.jpg": "x" }))).message).toContain("without an Anki collection");
    expect((await refusal(await zipOf({ "collection.anki2": "no database" }))).message).toContain("no Anki collection");
  });

  test("that is cut or changed anywhere is read whole or refused, and never crashes", async () => {
    const zip = await zipOf({ "collection.anki2": collection, media: '{"0":"a.txt"}', "0": "content" });
    for (let cut = 0; cut < zip.length; cut += 97) {
      await readPackage(zip.subarray(0, cut)).catch((error) => expect(error).toBeInstanceOf(CollectionUnreadableError));
    }
    let refused = 0;
    for (let at = 0; at < zip.length; at += 31) {
      const changed = Buffer.from(zip);
      changed[at]! ^= 1 << (at % 8);
      await readPackage(changed).then(
        ({ collection: read }) => expect(Buffer.from(read).equals(collection)).toBe(true),
        (error: Error) => {
          refused++;
          expect([CollectionUnreadableError, TooLargeError]).toContain(error.constructor);
        },
      );
    }
    expect(refused).toBeGreaterThan(10);
  });
});

describe("a zip is refused before it is unpacked", () => {
  test("where an entry unpacks to too many times its size", async () => {
    const bomb = await zipOf({ "collection.anki2": Buffer.alloc(20 << 20) });
    expect(bomb.length).toBeLessThan(30_000);
    expect(await refusal(bomb)).toBeInstanceOf(TooLargeError);
  });

  test("where all entries together are too large, though each is not", async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [String(i), Buffer.alloc(100_000, i)]));
    const error = await refusal(
      await zipOf({ "collection.anki2": collection, ...files }),
      limits({ unpackedBytes: 1 << 20 }),
    );
    expect((error as TooLargeError).limitBytes).toBe(1 << 20);
  });

  test("where it is itself too large, or its collection is, packed or bare", async () => {
    expect(await refusal(collection, limits({ packageBytes: 1000 }))).toMatchObject({
      code: "TOO_LARGE",
      limitBytes: 1000,
    });
    expect(await refusal(collection, limits({ collectionBytes: 2000 }))).toMatchObject({ limitBytes: 2000 });
    const zip = await zipOf({ "collection.anki2": collection });
    expect(await refusal(zip, limits({ collectionBytes: 2000 }))).toMatchObject({ limitBytes: 2000 });
  });

  test("where Zstandard inside the zip unpacks to too much", async () => {
    const nested = await zipOf({ "collection.anki21b": zstd(Buffer.alloc(64 << 20)) }, false);
    expect(nested.length).toBeLessThan(20_000);
    expect(await refusal(nested)).toMatchObject({ code: "TOO_LARGE", limitBytes: FILE_LIMITS.ratioFromBytes });
  });

  test("where it says less than it unpacks to", async () => {
    const zip = await zipOf({ "collection.anki2": collection });
    const size = Buffer.alloc(4);
    size.writeUInt32LE(collection.length);
    const less = Buffer.alloc(4);
    less.writeUInt32LE(4096);
    const lying = renamed(zip, size.toString("latin1"), less.toString("latin1"));
    expect((await refusal(lying)).message).toContain("larger than it says");
  });

  test("where a name leads out of it, is absolute, has a drive or comes twice", async () => {
    const zip = await zipOf({ "collection.anki2": collection, "innocent/name": "x" });
    for (const name of ["../../../etc/", "/etc/password", "C:/windows/ab", "..\\windows\\a", "a/../../b/cd/"]) {
      const bad = renamed(zip, "innocent/name", name.padEnd(13, "x").slice(0, 13));
      expect(await refusal(bad)).toBeInstanceOf(CollectionUnreadableError);
    }
    const twice = renamed(await zipOf({ "collection.anki2": collection, "collection.anki3": "x" }), "anki3", "anki2");
    expect((await refusal(twice)).message).toContain("twice");
  });

  test("where it is encrypted, or holds too many files", async () => {
    const zip = await zipOf({ "collection.anki2": collection });
    const directory = zip.indexOf(Buffer.from("PK\u0001\u0002", "latin1"));
    const encrypted = Buffer.from(zip);
    encrypted[directory + 8]! |= 1;
    expect((await refusal(encrypted)).message).toContain("encrypted");
    const many = await zipOf({ "collection.anki2": collection, a: "", b: "", c: "" });
    expect((await refusal(many, limits({ entries: 3 }))).message).toContain("more than 3 files");
  });

  test("where files in it overlap, so that a small one counts many times", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`file${i}`, Buffer.alloc(60_000, i).fill(7)]),
    );
    const zip = await zipOf({ "collection.anki2": collection, ...files }, false);
    const start = zip.indexOf(Buffer.from("PK\u0001\u0002", "latin1"));
    // The directory alone, over a body that holds only the first entries: every offset is that of the first.
    const body = zip.subarray(0, zip.indexOf(Buffer.from("file2", "latin1")) - 30);
    const directory = Buffer.from(zip.subarray(start));
    directory.writeUInt32LE(body.length, directory.length - 6);
    for (let at = directory.indexOf("PK\u0001\u0002"); at >= 0; at = directory.indexOf("PK\u0001\u0002", at + 1)) {
      directory.writeUInt32LE(0, at + 42);
    }
    expect((await refusal(Buffer.concat([body, directory]))).message).toContain("overlap");
  });
});

describe("media of a package", () => {
  test("come one by one, from the old list and from the new", async () => {
    const old = await readPackage(
      await zipOf({ "collection.anki2": collection, media: '{"0":"a.jpg","7":"b.mp3"}', "0": "A", "7": "B" }),
    );
    expect(await Promise.all(old.media.map(async (m) => [m.name, Buffer.from(await m.read()).toString()])))
      .toEqual([["a.jpg", "A"], ["b.mp3", "B"]]);
    const sha1 = Buffer.from(sha1Of(Buffer.from("A")), "hex");
    const list = message([[1, message([[1, "a.jpg"], [2, 1], [3, sha1]])], [1, message([[1, "b.mp3"]])]]);
    const files = { "collection.anki21b": zstd(collection), media: zstd(list), "0": zstd("A"), "1": zstd("B") };
    const read = await readPackage(await zipOf(files));
    expect(await Promise.all(read.media.map(async (m) => [m.name, Buffer.from(await m.read()).toString()])))
      .toEqual([["a.jpg", "A"], ["b.mp3", "B"]]);
    const forged = await readPackage(await zipOf({ ...files, "0": zstd("other") }));
    await expect(forged.media[0]!.read()).rejects.toThrow(/damaged: its hash is wrong/);
  });

  test("that the package names and does not hold are told", async () => {
    const read = await readPackage(
      await zipOf({ "collection.anki2": collection, media: '{"0":"a.jpg","1":"gone.jpg"}', "0": "A" }),
    );
    expect(read.media.map(({ name }) => name)).toEqual(["a.jpg"]);
    expect(read.missingMedia).toEqual(["gone.jpg"]);
  });

  test("have names without folders, or the package is refused; other signs are taken out as Anki does", async () => {
    for (const name of ["../a", "a/b", "a\\b", "/a", "C:a", "..", ".", "", "a\u0000b"]) {
      const zip = await zipOf({ "collection.anki2": collection, media: JSON.stringify({ 0: name }), "0": "x" });
      expect((await refusal(zip)).message).toContain("no plain file name");
    }
    expect(safeMediaName('what<>:"?*^|[x].jpg'.replace(":", ""))).toBe("whatx.jpg");
    expect(safeMediaName("con.jpg")).toBe("con_.jpg");
    expect(safeMediaName("e\u0301.png\n")).toBe("\u00e9.png");
    expect(() => safeMediaName("x".repeat(300))).toThrow(CollectionUnreadableError);
    expect(nameWithHash("cat.tar.gz", "abc")).toBe("cat.tar-abc.gz");
    expect(nameWithHash("cat", "abc")).toBe("cat-abc");
  });

  test("with a list that is no list are refused", async () => {
    for (const media of ["[]", "null", "no json", '{"a":"b"}', '{"0":5}', "\u0000"]) {
      expect((await refusal(await zipOf({ "collection.anki2": collection, media }))).message).toContain(
        "list of media",
      );
    }
    const files = { "collection.anki21b": zstd(collection), "0": zstd("A") };
    await refusal(await zipOf({ ...files, media: "no zstd" }));
    await refusal(await zipOf({ ...files, media: zstd(Buffer.from([0x0a, 0xff, 0xff, 0x01])) }));
  });

  test("over their limit are refused when read", async () => {
    const zip = await zipOf({ "collection.anki2": collection, media: '{"0":"a"}', "0": Buffer.alloc(5000) });
    const { media } = await readPackage(zip, limits({ mediaBytes: 4000 }));
    await expect(media[0]!.read()).rejects.toMatchObject({ code: "TOO_LARGE", limitBytes: 4000 });
  });
});
