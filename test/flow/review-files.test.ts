import zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createObjects } from "../../api/aws/objects.ts";
import { buckets, fullName } from "../../api/resources.ts";
import { databaseBytes, fillSchema11, message, schema11, zipOf } from "../kit/anki-file.ts";
import { CONTENT_18, sampleSchema18 } from "../kit/anki-file-18.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { withDatabase } from "../kit/database.ts";
import { JAPANESE, logOf, NOON, packageAt, type Reviewer, reviewerOf, smallContent } from "../kit/review.ts";

const MB = 1_048_576;
const HELD_MS = 5 * 60_000;

let api: TestApp;
let people = 0;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOON });
});
afterAll(() => api.stop());

const somebody = () => reviewerOf(api, { userId: `person-${people++}` });
const small = schema11(smallContent());

/** All that is stored of a person, as a client can see it. */
const stateOf = async (person: Reviewer) => [await person.decks(), await person.download(logOf)];

describe("importing", () => {
  test.each([
    [".anki2", () => Promise.resolve(small)],
    [".apkg", () => zipOf({ "collection.anki2": small, media: "{}" })],
    [
      ".colpkg with collection.anki21",
      () => zipOf({ "collection.anki2": "old", "collection.anki21": small, media: "{}" }),
    ],
  ])("takes %s, and says what it brought", async (_, make) => {
    const person = somebody();
    const imported = await person.import(await make());
    expect(imported).toMatchObject({
      __typename: "ImportCollectionPayload",
      notes: 7,
      cards: 7,
      reviews: 3,
      repairs: [],
    });
    expect(imported.decks.map(({ name, cardCount }: { name: string; cardCount: number }) => [name, cardCount])).toEqual(
      [
        ["Default", 0],
        ["Languages", 7],
        ["Languages::Japanese", 6],
        ["Languages::Russian", 1],
      ],
    );
    expect(await person.decks("UTC")).toMatchObject(imported.decks);
  });

  test("takes collection.anki21b, zstd in schema 18, and brings it to schema 11", async () => {
    const person = somebody();
    const files = { meta: message([[1, 3]]), media: zlib.zstdCompressSync(message([])) };
    const newest = await zipOf({ ...files, "collection.anki21b": zlib.zstdCompressSync(sampleSchema18()) });
    const { cards, reviews } = await person.import(newest);
    expect([cards, reviews]).toEqual([CONTENT_18.cards.length, CONTENT_18.revlog.length]);
    const version = await person.download((db) => db.prepare("select ver from col").get()!["ver"]);
    expect(version).toBe(11);
  });

  test("a file again changes nothing; another one is merged, and nothing of either is dropped", async () => {
    const person = somebody();
    await person.import(small);
    const before = await stateOf(person);
    expect(await person.import(small)).toMatchObject({ notes: 0, cards: 0, reviews: 0 });
    expect(await stateOf(person)).toEqual(before);
    const more = await person.import(schema11(smallContent({ first: 1_003, reviews: 4 })));
    expect(more).toMatchObject({ notes: 4, reviews: 4 });
    const decks = await person.decks();
    expect(decks.find(({ name }: { name: string }) => name === "Languages").cardCount).toBe(11);
    expect(await person.download((db) => logOf(db).length)).toBe(7);
  });

  test("keeps what was answered before, and what waits in no file yet", async () => {
    const person = somebody();
    await person.import(small);
    const { reviewSession } = await person.start();
    const { sessionId, nextCard } = reviewSession;
    await person.answer({ sessionId, cardId: nextCard.cardId, answerId: "kept" });
    await person.end(sessionId);
    await person.import(schema11(smallContent({ first: 5_000 })));
    const log = await person.download(logOf);
    expect(log).toHaveLength(7);
    expect(log.at(-1)).toContain(`"cid":${nextCard.cardId}`);
    const { reviewSession: after } = await person.start();
    const again = await person.answer({ sessionId: after.sessionId, cardId: nextCard.cardId, answerId: "kept" });
    expect(again.reviewSession.answered).toBe(0);
  });

  test("takes of each card the newest state, whichever file brings it", async () => {
    const withFirst = (values: object) => {
      const content = smallContent();
      return schema11({ ...content, cards: content.cards!.map((row, i) => (i === 0 ? { ...row, ...values } : row)) });
    };
    const newer = withFirst({ mod: 2_000, ivl: 77 });
    const older = withFirst({ mod: 500, ivl: 5 });
    for (const order of [[small, newer, older], [newer, older, small], [older, small, newer]]) {
      const person = somebody();
      for (const file of order) await person.import(file);
      const kept = await person.download((db) => db.prepare("select mod, ivl from cards where id = 1000").get());
      expect(kept).toMatchObject({ mod: 2_000, ivl: 77 });
    }
  });

  test("a card whose note is gone is repaired, and reported", async () => {
    const person = somebody();
    const broken = databaseBytes((db) => {
      fillSchema11(db, smallContent());
      db.exec("delete from notes where id = 1000");
    });
    const { repairs, cards } = await person.import(broken);
    expect(cards).toBe(6);
    expect(repairs).toEqual(["1 cards whose note is gone were removed; their reviews are kept"]);
  });

  test("media goes with the collection, and comes back in its package", async () => {
    const person = somebody();
    const media = JSON.stringify({ 0: "a.mp3", 1: "b.png" });
    await person.import(await zipOf({ "collection.anki2": small, media, 0: "sound", 1: "picture" }));
    const found = await packageAt((await person.exported()).url);
    const contents = await Promise.all(
      found.media.map(async (file) => [file.name, Buffer.from(await file.read()).toString()]),
    );
    expect(Object.fromEntries(contents)).toEqual({ "a.mp3": "sound", "b.png": "picture" });
  });
});

describe("a file that is refused", () => {
  const corrupt = () => {
    const bytes = Uint8Array.from(schema11(smallContent({ reviews: 400 })));
    bytes.fill(0xa5, 3 * 4_096, 8 * 4_096);
    return bytes;
  };
  /** A zip whose second file climbs: no tool makes one, so the name is put in afterwards. */
  const climbing = async () => {
    const zip = await zipOf({ "collection.anki2": small, "innocent-name": "x" });
    return Buffer.from(zip.toString("latin1").replaceAll("innocent-name", "../../etc/pwd"), "latin1");
  };
  const cases: [string, () => Promise<Uint8Array> | Uint8Array, string, RegExp][] = [
    ["text", () => Buffer.from("no file of Anki"), "CollectionUnreadableError", /Export it in Anki/],
    [
      "a zip without a collection",
      () => zipOf({ "a.txt": "a" }),
      "CollectionUnreadableError",
      /without an Anki collection/,
    ],
    [
      "a zip bomb",
      () => zipOf({ "collection.anki2": Buffer.alloc(64 * MB) }),
      "TooLargeError",
      /unpacks to over 200 times/,
    ],
    [
      "a cut zip",
      async () => (await zipOf({ "collection.anki2": small })).subarray(0, 800),
      "CollectionUnreadableError",
      /damaged.*Export it again/,
    ],
    ["a zip with a path that climbs", climbing, "CollectionUnreadableError", /Export it again/],
    [
      "a zip whose list of media climbs",
      () => zipOf({ "collection.anki2": small, media: JSON.stringify({ 0: "../../etc/x" }), 0: "x" }),
      "CollectionUnreadableError",
      /no plain file name/,
    ],
    [
      "a database of something else",
      () => databaseBytes((db) => db.exec("create table a (b)")),
      "CollectionUnreadableError",
      /no Anki collection/,
    ],
    [
      "a collection whose tables are other ones",
      () =>
        databaseBytes((db) => {
          fillSchema11(db, smallContent());
          db.exec("alter table cards rename column due to day");
        }),
      "CollectionUnreadableError",
      /cards/,
    ],
    ["a collection with corrupt pages", corrupt, "CollectionUnreadableError", /damaged/],
  ];

  test.each(cases)("%s says so, and leaves what is stored as it was", async (_, make, type, words) => {
    const person = somebody();
    await person.import(small);
    const before = await stateOf(person);
    const refused = await person.import(await make());
    expect(refused.__typename).toBe(type);
    expect(refused.message).toMatch(words);
    expect(await stateOf(person)).toEqual(before);
  });

  test("33 MB inline is too large, and says of which field, the limit and the way out", async () => {
    const person = somebody();
    const refused = await person.importBy({ file: "A".repeat(Math.ceil((33 * MB) / 3) * 4) });
    expect(refused).toMatchObject({ __typename: "TooLargeError", code: "TOO_LARGE", limitBytes: 32 * MB });
    expect(refused.message).toMatch(/`file`.*32 MB.*collectionUploadUrl.*uploadKey/);
    expect(await person.decks()).toEqual([]);
  });

  test.each([
    ["nothing", {}, "file"],
    ["both", { file: "AAAA", uploadKey: "x" }, "file"],
    ["no base64", { file: "§§§" }, "file"],
    ["an empty file", { file: "" }, "file"],
    ["a key that was never given", { uploadKey: "5f0c7c9e-3b1d-4f57-9a58-000000000000" }, "uploadKey"],
    ["a key that climbs", { uploadKey: "../../other/x" }, "uploadKey"],
  ])("%s is an input that names its field", async (_, input, field) => {
    const refused = await somebody().importBy(input);
    expect(refused).toMatchObject({ __typename: "InvalidInputError", fields: [{ path: [field] }] });
  });

  test("while the collection is under review, a file is refused with who holds it and until when", async () => {
    const person = somebody();
    await person.import(small);
    const { reviewSession } = await person.start({ holder: "the phone" });
    const refused = await person.import(small);
    expect(refused).toMatchObject({
      __typename: "ReviewHeldError",
      holder: "the phone",
      since: new Date(NOON).toISOString(),
      until: new Date(NOON + HELD_MS).toISOString(),
    });
    await person.end(reviewSession.sessionId);
    expect((await person.import(small)).__typename).toBe("ImportCollectionPayload");
  });
});

describe("an upload", () => {
  const upload = async (person: Reviewer, bytes: Uint8Array) => {
    const { collectionUploadUrl } = await person.ask("mutation { collectionUploadUrl { uploadKey url expiresAt } }");
    const put = await fetch(collectionUploadUrl.url, { method: "PUT", body: bytes as Uint8Array<ArrayBuffer> });
    expect(put.ok).toBe(true);
    await put.arrayBuffer();
    return collectionUploadUrl;
  };

  test("is put to its link and imported by its key, once", async () => {
    const person = somebody();
    const { uploadKey, expiresAt } = await upload(person, small);
    expect(expiresAt).toBe(new Date(NOON + 15 * 60_000).toISOString());
    expect(await person.importBy({ uploadKey })).toMatchObject({ cards: 7 });
    const again = await person.importBy({ uploadKey });
    expect(again).toMatchObject({ __typename: "InvalidInputError", fields: [{ path: ["uploadKey"] }] });
  });

  test("of somebody else is no upload", async () => {
    const { uploadKey } = await upload(somebody(), small);
    const refused = await somebody().importBy({ uploadKey });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", fields: [{ path: ["uploadKey"] }] });
  });

  test("that is no collection says so, and can be put again under its key", async () => {
    const person = somebody();
    const { uploadKey, url } = await upload(person, Buffer.from("nothing"));
    expect((await person.importBy({ uploadKey })).__typename).toBe("CollectionUnreadableError");
    await (await fetch(url, { method: "PUT", body: small as Uint8Array<ArrayBuffer> })).arrayBuffer();
    expect(await person.importBy({ uploadKey })).toMatchObject({ cards: 7 });
  });
});

describe("an export", () => {
  test("and an upload lie where the bucket deletes them after a day; nothing else does", async () => {
    const person = somebody();
    await person.import(await zipOf({ "collection.anki2": small, media: '{"0":"a.mp3"}', 0: "sound" }));
    const before = await stateOf(person);
    const { collectionUploadUrl } = await person.ask("mutation { collectionUploadUrl { url } }");
    const links = { "uploads/": collectionUploadUrl.url, "exports/": (await person.exported()).url };
    const collections = createObjects(api.system.clients.s3, fullName(api.system.prefix, buckets.collections));
    expect(buckets.collections.expireAfterDays).toEqual({ "uploads/": 1, "exports/": 1 });
    for (const [prefix, url] of Object.entries(links)) {
      expect(new URL(url).pathname).toContain(`-collections/${prefix}`);
      for await (const page of collections.list(prefix)) {
        await Promise.all(page.map(({ key }) => collections.remove(key)));
      }
    }
    expect(await stateOf(person)).toEqual(before);
    expect((await packageAt((await person.exported()).url)).media.map(({ name }) => name)).toEqual(["a.mp3"]);
  });

  test("of nothing says that there is nothing", async () => {
    expect(await somebody().exported()).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
  });

  test("is the import's tables and columns, with exactly the answers given in its log, saved or not", async () => {
    const person = somebody();
    await person.import(small);
    let { reviewSession: session } = await person.start({ deckId: String(JAPANESE) });
    const given: string[] = [];
    for (let i = 0; i < 4; i++) {
      given.push(session.nextCard.cardId);
      const input = { sessionId: session.sessionId, cardId: session.nextCard.cardId, answerId: `a${i}` };
      session = (await person.answer(input)).reviewSession;
      if (i === 1) session = (await person.save(session.sessionId)).reviewSession;
    }
    const { url, bytes } = await person.exported();
    const response = await fetch(url);
    expect(response.headers.get("content-disposition")).toContain(".colpkg");
    expect((await response.arrayBuffer()).byteLength).toBe(bytes);
    const shape = "select type, name, sql from sqlite_master order by type, name";
    withDatabase((await packageAt(url)).collection, (db) => {
      expect(db.prepare("pragma integrity_check").all()).toMatchObject([{ integrity_check: "ok" }]);
      withDatabase(small, (old) => {
        expect(db.prepare(shape).all()).toEqual(old.prepare(shape).all());
        expect(logOf(db).slice(0, 3)).toEqual(logOf(old));
      });
      const rows = db.prepare("select cid, ease, time from revlog order by id").all().slice(3);
      expect(rows.map((row) => ({ ...row }))).toEqual(given.map((cid) => ({ cid: Number(cid), ease: 3, time: 4_000 })));
    });
  });
});
