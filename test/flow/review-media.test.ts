import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { card, note, schema11, zipOf } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { NOON, packageAt, type Reviewer, reviewerOf } from "../kit/review.ts";
import { change, fieldsOf } from "../kit/review-edits.ts";

let system: TestSystem;
let api: TestApp;
let other: TestApp;
let now = NOON;
let people = 0;
beforeAll(async () => {
  system = await startTestSystem();
  [api, other] = await Promise.all([1, 2].map(() => startTestApp({ system, clock: () => now }))) as [TestApp, TestApp];
});
afterAll(async () => {
  await other.stop();
  await api.stop();
  await system.stop();
});
beforeEach(() => {
  now = NOON;
});

async function add(person: Reviewer, name: string, text: string) {
  const query = `mutation ($input: AddMediaInput!) { addMedia(input: $input) { ... on AddMediaPayload { name bytes }
    ... on UserError { message } } }`;
  return (await person.ask(query, { input: { name, content: Buffer.from(text).toString("base64") } })).addMedia;
}
const make = (person: Reviewer, front: string, back = "back") =>
  change(person, "createNote", { deckId: "1", kind: "BASIC", fields: fieldsOf({ Front: front, Back: back }) });

/** Somebody with a card of two pictures and a sound, at two instances; and the first card's media. */
async function somebody() {
  const userId = `viewer-${people++}`;
  const [here, there] = [reviewerOf(api, { userId }), reviewerOf(other, { userId })];
  await make(here, "<img src='a%20cat.png'><img src=cat.svg>", "[sound:mew.mp3]");
  await add(here, "a cat.png", "a picture of a cat");
  await add(here, "cat.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>");
  await add(here, "mew.mp3", "0123456789");
  const { sessionId } = (await here.start({ deckId: "1" })).reviewSession;
  const { reviewSession } = await there.ask(`{ reviewSession { nextCard { media { name path type bytes url } } } }`);
  return {
    here,
    there,
    sessionId,
    media: reviewSession.nextCard.media as { name: string; path: string; type: string }[],
  };
}

const get = (path: string, headers: Record<string, string> = {}, method = "GET", at = other) =>
  at.http.fetch(new Request(`http://127.0.0.1${path}`, { method, headers }));

describe("media on the service's own origin", () => {
  test("are shown by their type, run nothing, and come from any instance without a token", async () => {
    const { media } = await somebody();
    expect(media.map(({ name, type }) => [name, type])).toEqual([
      ["a cat.png", "image/png"],
      ["cat.svg", "image/svg+xml"],
      ["mew.mp3", "audio/mpeg"],
    ]);
    const picture = await get(media[0]!.path);
    expect([picture.status, await picture.text()]).toEqual([200, "a picture of a cat"]);
    expect(Object.fromEntries(picture.headers)).toMatchObject({
      "content-type": "image/png",
      "content-disposition": "inline; filename*=UTF-8''a%20cat.png",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": "private, max-age=900, immutable",
    });
    expect((await get(media[1]!.path)).headers.get("content-type")).toBe("image/svg+xml");
  });

  test.each([
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=5-99", 206, "56789", "bytes 5-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=1-2,4-5", 200, "0123456789", null],
    ["lines=1-2", 200, "0123456789", null],
  ])("come in parts: %s", async (range, status, text, told) => {
    const { media } = await somebody();
    const answer = await get(media[2]!.path, { range });
    expect([answer.status, await answer.text(), answer.headers.get("content-range")]).toEqual([status, text, told]);
  });

  test("may have five megabytes, more than any other body", async () => {
    const person = reviewerOf(api, { userId: "photographer" });
    await make(person, "x");
    const bytes = 5 * 1_024 * 1_024;
    expect(await add(person, "photo.jpg", "x".repeat(bytes))).toMatchObject({ name: "photo.jpg", bytes });
    expect((await add(person, "more.jpg", "x".repeat(bytes + 3))).message).toContain("larger than");
  });

  test("are found by nothing but the whole link, while it is good", async () => {
    const { media, here, sessionId } = await somebody();
    const { path } = media[0]!;
    const stranger = await somebody();
    const [ticket, name] = path.slice("/media/".length).split("/") as [string, string];
    const parts = ticket.split(".");
    const theirs = stranger.media[0]!.path.slice("/media/".length).split("/")[0]!.split(".");
    const wrong = [
      ...parts.map((_, i) => parts.map((part, j) => (i === j ? theirs[i] : part)).join(".")).filter((one) =>
        one !== ticket
      ),
      parts.with(3, "zzzzzzzz").join("."),
      parts.with(6, "").join("."),
      parts.slice(0, 6).join("."),
      "",
    ];
    for (const one of wrong) expect([one, (await get(`/media/${one}/${name}`)).status]).toEqual([one, 404]);
    expect((await get(`/media/${ticket}/other.html`)).status).toBe(404);
    expect((await get(`${path}/more`)).status).toBe(404);
    expect((await get(path, {}, "POST")).status).toBe(405);
    expect(await (await get(path, {}, "HEAD")).text()).toBe("");
    now += 15 * 60_000;
    expect((await get(path)).status).toBe(404);
    now = NOON;
    expect((await get(path)).status).toBe(200);
    // Two sessions later it is over as well.
    await here.end(sessionId);
    for (let i = 0; i < 2; i++) await here.end((await here.start({ deckId: "1" })).reviewSession.sessionId);
    expect((await get(path)).status).toBe(404);
  });
});

const CHECK = `{ mediaCheck { files bytes missing { name noteIds } unused { name bytes } } }`;
const DELETE = `mutation ($names: [String!]) { deleteUnusedMedia(names: $names) { ... on EditPayload { changed }
  ... on UserError { code message } } }`;

describe("a check of media", () => {
  test("names what is missing with its notes, and what nothing names; that is deleted, and the rest stays", async () => {
    const [here, there] = [reviewerOf(api, { userId: "checker" }), reviewerOf(other, { userId: "checker" })];
    expect((await here.ask(CHECK)).mediaCheck).toEqual({ files: 0, bytes: 0, missing: [], unused: [] });
    expect((await here.ask(DELETE)).deleteUnusedMedia).toMatchObject({ code: "NOT_FOUND" });
    const { note } = await make(
      here,
      "<img src='used.png'> <img src=\"https://elsewhere.org/x.png\">",
      "[sound:gone &amp; lost.mp3]",
    );
    await add(here, "used.png", "used");
    await add(here, "unused.png", "unused");
    await add(here, "same.png", "used");
    await add(here, "_template.css", "css");
    await add(here, "latex-0123.png", "latex");
    expect((await there.ask(CHECK)).mediaCheck).toEqual({
      files: 5,
      bytes: 18,
      missing: [{ name: "gone & lost.mp3", noteIds: [note.noteId] }],
      unused: [{ name: "same.png", bytes: 4 }, { name: "unused.png", bytes: 6 }],
    });
    expect((await there.ask(DELETE, { names: ["unused.png", "used.png"] })).deleteUnusedMedia).toEqual({ changed: 1 });
    expect((await here.ask(DELETE)).deleteUnusedMedia).toEqual({ changed: 1 });
    expect((await here.ask(DELETE)).deleteUnusedMedia).toEqual({ changed: 0 });
    const file = await packageAt((await here.exported()).url);
    const left = await Promise.all(
      file.media.map(async (file) => [file.name, Buffer.from(await file.read()).toString()]),
    );
    expect(left.map((file) => file.join()).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "_template.css,css",
      "latex-0123.png,latex",
      "used.png,used",
    ]);
    // The same content comes again, and is there.
    await make(here, "<img src='unused.png'>");
    expect(await add(there, "unused.png", "unused")).toEqual({ name: "unused.png", bytes: 6 });
    const again = await packageAt((await here.exported()).url);
    expect(await Promise.all(again.media.map(async (file) => (await file.read()).length))).toContain(6);
  });

  test("counts what a replaced collection needs as used, so taking that back is whole", async () => {
    const here = reviewerOf(api, { userId: "replacer" });
    const withMedia = (text: string, file: string) =>
      zipOf({
        "collection.anki2": schema11({ notes: [note(1, { flds: `${text}\u001f` })], cards: [card(1, 1)] }),
        media: Buffer.from(JSON.stringify({ 0: file })),
        0: Buffer.from(`content of ${file}`),
      });
    const base64 = async (bytes: Promise<Buffer> | Buffer) => Buffer.from(await bytes).toString("base64");
    await here.importBy({ file: await base64(withMedia("<img src=old.png>", "old.png")) });
    await here.importBy({ file: await base64(withMedia("no picture", "new.png")), mode: "REPLACE" });
    expect((await here.ask(DELETE)).deleteUnusedMedia).toEqual({ changed: 1 });
    await here.ask(`mutation { undoReplacement { __typename } }`);
    const { media } = await packageAt((await here.exported()).url);
    expect(await Promise.all(media.map(async (file) => [file.name, (await file.read()).length]))).toEqual([[
      "old.png",
      18,
    ]]);
  });
});

test("a note and a list of cards have the links of their media outside of a session, each the viewer's alone", async () => {
  const person = reviewerOf(api, { userId: "lists" });
  await make(person, "<img src='one&amp;two.png'>[sound:b.mp3]", "<img src=none.png>");
  await make(person, "plain");
  const before = await person.ask(`{ cards { nodes { media { name } } } }`);
  expect(before.cards.nodes).toEqual([{ media: [] }, { media: [] }]);
  await add(person, "one&two.png", "a picture");
  await add(person, "b.mp3", "a sound");
  const { cards } = await person.ask(`{ cards { nodes { noteId media { name path url type bytes } } } }`);
  expect(cards.nodes.map(({ media }: { media: { name: string }[] }) => media.map(({ name }) => name))).toEqual([
    ["one&two.png", "b.mp3"],
    [],
  ]);
  const { note } = await person.ask(
    `query ($id: String!) { note(noteId: $id) { media { name path url type bytes } } }`,
    { id: cards.nodes[0].noteId },
  );
  expect(note.media).toMatchObject([{ name: "one&two.png", type: "image/png", bytes: 9 }, { name: "b.mp3" }]);
  for (const { path, url } of [note.media[0], cards.nodes[0].media[0]]) {
    expect(await (await get(path)).text()).toBe("a picture");
    expect(await (await fetch(url)).text()).toBe("a picture");
    // Nobody else's, and no other file by the same mark.
    expect((await get(path.replace("one", "two"))).status).toBe(404);
    expect((await get(path.replace(/\/media\/[^.]+\./, "/media/dQ."))).status).toBe(404);
  }
  now += 15 * 60_000;
  expect((await get(note.media[0].path)).status).toBe(404);
});
