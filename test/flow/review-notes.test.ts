import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BASIC, databaseBytes, fillSchema11, note } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { NOON, type Reviewer, reviewerOf, smallContent } from "../kit/review.ts";
import { change } from "../kit/review-edits.ts";

let system: TestSystem;
let api: TestApp;
let other: TestApp;
let now = NOON;
let people = 0;
let imports = 0;
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

function both(): readonly [Reviewer, Reviewer] {
  const userId = `importer-${people++}`;
  return [reviewerOf(api, { userId }), reviewerOf(other, { userId })];
}

async function bring(person: Reviewer, text: string | undefined, more: object = {}) {
  now += 1_000;
  const query = `mutation ($input: ImportNotesInput!) { importNotes(input: $input) { __typename
    ... on ImportNotesPayload { rows added updated kept refused refusals { line reason } }
    ... on TooLargeError { limitBytes } ... on UserError { code message } } }`;
  const input = {
    editId: `csv-${imports++}`,
    deckId: "1",
    kind: "BASIC",
    ...(text !== undefined && { text }),
    ...more,
  };
  return (await person.ask(query, { input })).importNotes;
}

async function notesOf(person: Reviewer, search = "") {
  const { cards } = await person.ask(
    `query ($search: String!) { cards(search: $search, first: 200) { nodes { noteId deckName tags } } }`,
    { search },
  );
  const seen = new Map<string, { deckName: string; tags: string[] }>(
    cards.nodes.map((node: { noteId: string }) => [node.noteId, node]),
  );
  return await Promise.all([...seen].map(async ([noteId, { deckName, tags }]) => {
    const { note } = await person.ask(`query ($noteId: String!) { note(noteId: $noteId) { fields { value } } }`, {
      noteId,
    });
    return [...note.fields.map(({ value }: { value: string }) => value), deckName, ...tags];
  }));
}

describe("a table of notes", () => {
  test.each([
    ["commas", "one,eins\ntwo,zwei\n", {}],
    ["tabs", "one\teins\ntwo\tzwei", {}],
    ["semicolons and Windows's line ends", "one;eins\r\ntwo;zwei\r\n", {}],
    ["a separator that is told", "one~eins\ntwo~zwei", { separator: "~" }],
    ["a byte order mark and a line of Anki's", "\ufeff#separator:Pipe\n#html:false\none|eins\ntwo|zwei", {}],
    ["columns by their names", "Back,Front,Other\neins,one,x\nzwei,two,y", { hasHeader: true }],
    ["columns that Anki names", "#separator:tab\n#columns:Back\tFront\neins\tone\nzwei\ttwo", {}],
    ["a mapping", "x,eins,one\ny,zwei,two", { columns: [{ column: 3, field: "Front" }, { column: 2, field: "Back" }] }],
  ])("with %s", async (_, text, more) => {
    const [here, there] = both();
    expect(await bring(here, text, more)).toMatchObject({ rows: 2, added: 2, refused: 0 });
    expect(await notesOf(there)).toEqual([["one", "eins", "Default"], ["two", "zwei", "Default"]]);
  });

  test("keeps quotes, line breaks and signs of HTML as they are, or takes HTML where it is said", async () => {
    const [here] = both();
    const text = '"a ""quoted"" word","line 1\nline 2"\n<b>bold</b>,x & y';
    await bring(here, text);
    expect(await notesOf(here)).toEqual([
      ["a &quot;quoted&quot; word", "line 1<br>line 2", "Default"],
      ["&lt;b&gt;bold&lt;/b&gt;", "x &amp; y", "Default"],
    ]);
    await bring(here, text, { isHtml: true, duplicates: "ADD", tags: ["html"] });
    expect(await notesOf(here, "tag:html")).toEqual([
      ['a "quoted" word', "line 1\nline 2", "Default", "html"],
      ["<b>bold</b>", "x & y", "Default", "html"],
    ]);
  });

  test("is kept composed, as in Anki: what looks the same is found and known again", async () => {
    const [here] = both();
    const [typed, composed] = ["e\u0301te\u0301", "\u00e9t\u00e9"];
    expect(await bring(here, `${typed},${typed}`)).toMatchObject({ added: 1 });
    now += 60_000;
    const fields = [{ name: "Front", value: `${typed} 2` }, { name: "Back", value: typed }];
    await change(here, "createNote", { deckId: "1", kind: "BASIC", fields });
    const kept = [[composed, composed, "Default"], [`${composed} 2`, composed, "Default"]];
    expect(await notesOf(here)).toEqual(kept);
    for (const text of [typed, composed]) {
      expect(await notesOf(here, text)).toEqual(kept);
      expect(await notesOf(here, `front:${text}`)).toEqual(kept.slice(0, 1));
      expect(await bring(here, `${text},${text}`)).toMatchObject({ kept: 1, added: 0 });
    }
    // Notes of before may hold it as it was typed.
    const [other] = both();
    const csum = parseInt(createHash("sha1").update(typed).digest("hex").slice(0, 8), 16);
    const content = smallContent();
    const notes = [note(1_000, { flds: `${typed}\u001fback`, sfld: typed, csum }), ...content.notes!.slice(1)];
    await other.import(databaseBytes((db) => fillSchema11(db, { ...content, notes })));
    const more = { kind: undefined, noteTypeId: String(BASIC) };
    expect(await bring(other, `${composed},other`, more)).toMatchObject({ updated: 1, added: 0 });
    expect(await notesOf(other, `front:${composed}`)).toEqual([[composed, "other", "Languages::Japanese"]]);
  });

  test("has tags, decks and guids in columns", async () => {
    const [here] = both();
    const columns = [
      { column: 1, use: "GUID" },
      { column: 2, field: "Front" },
      { column: 3, field: "Back" },
      { column: 4, use: "TAGS" },
      { column: 5, use: "DECK" },
    ];
    await bring(here, "g1,one,eins,a b,Words::New\ng2,two,zwei,,\n", { columns, tags: ["all"] });
    expect(await notesOf(here)).toEqual([
      ["one", "eins", "Words::New", "a", "b", "all"],
      ["two", "zwei", "Default", "all"],
    ]);
    // By its guid a note is known, whatever its fields are.
    expect(await bring(here, "g1,uno,eins,c,Else", { columns })).toMatchObject({ updated: 1, added: 0 });
    expect((await notesOf(here))[0]).toEqual(["uno", "eins", "Words::New", "a", "b", "all", "c"]);
    expect((await here.decks()).map(({ name }: { name: string }) => name)).toEqual(["Default", "Words", "Words::New"]);
  });

  test("comes as Anki exports it: with its header, and each note of the type that its row names", async () => {
    const [here] = both();
    await bring(here, "already there,{{c1::yes}}", { kind: "CLOZE" });
    const exported = [
      "#separator:tab",
      "#html:true",
      "#guid column:1",
      "#notetype column:2",
      "#deck column:3",
      "#tags column:6",
      "g1\tBasic\tWords\t<b>one</b>\teins\ta b",
      'g2\tCloze\tWords::Gaps\t"a {{c1::gap}}\n""here"""\textra\t',
      "g3\tcloze\t\t{{c1::x}}\t\t",
      "g4\tVocabulary\tWords\tx\ty\t",
      "g5\t\tWords\tof the chosen type\ty\t",
    ].join("\r\n");
    expect(await bring(here, `\ufeff${exported}`)).toMatchObject({
      rows: 5,
      added: 4,
      refusals: [{ line: 11, reason: 'its note type "Vocabulary" is none of this collection' }],
    });
    expect((await notesOf(here)).slice(1)).toEqual([
      ["<b>one</b>", "eins", "Words", "a", "b"],
      ['a {{c1::gap}}\n"here"', "extra", "Words::Gaps"],
      ["{{c1::x}}", "", "Default"],
      ["of the chosen type", "y", "Words"],
    ]);
    expect(await bring(here, exported)).toMatchObject({ added: 0, updated: 0, kept: 4, refused: 1 });
    const columns = [{ column: 1, use: "NOTE_TYPE" }, { column: 2, field: "Front" }, { column: 3, field: "Back" }];
    expect(await bring(here, "Cloze,a,b\nBasic,c,d", { columns })).toMatchObject({
      added: 1,
      refusals: [{ reason: "its note type has other fields than `columns` name" }],
    });
  });

  test("updates, keeps or doubles what is there", async () => {
    const [here] = both();
    await bring(here, "one,eins\ntwo,zwei");
    expect(await bring(here, "one,eins\ntwo,deux\none,uno")).toMatchObject({ added: 0, updated: 2, kept: 1 });
    expect(await bring(here, "one,ichi", { duplicates: "KEEP" })).toMatchObject({ kept: 1, updated: 0 });
    expect(await bring(here, "<b>one</b>,ichi", { isHtml: true })).toMatchObject({ updated: 1 });
    expect(await bring(here, "one,ichi", { duplicates: "ADD" })).toMatchObject({ added: 1 });
    expect(await notesOf(here)).toEqual([["<b>one</b>", "ichi", "Default"], ["two", "deux", "Default"], [
      "one",
      "ichi",
      "Default",
    ]]);
  });

  test("refuses a row by itself, with its line, and says all of it before in a dry run", async () => {
    const [here] = both();
    const text = `#separator:;\nfine;yes\n;no front\n"two\nlines";ok\n   ;x\n${"x".repeat(60_001)};long\n`;
    const dry = await bring(here, text, { dryRun: true });
    expect(dry).toEqual({
      __typename: "ImportNotesPayload",
      rows: 5,
      added: 2,
      updated: 0,
      kept: 0,
      refused: 3,
      refusals: [
        { line: 3, reason: "its first field is empty" },
        { line: 6, reason: "its first field is empty" },
        { line: 7, reason: "a field has more than 60000 characters" },
      ],
    });
    expect(await notesOf(here)).toEqual([]);
    expect(await bring(here, text)).toEqual(dry);
    expect(await notesOf(here)).toHaveLength(2);
  });

  test("is one change: counted once by its id, also where the reply was lost, and taken back whole", async () => {
    const [here, there] = both();
    const text = Array.from({ length: 1_500 }, (_, i) => `front ${i},back ${i}`).join("\n");
    const first = await bring(here, text, { editId: "once", kind: "BASIC_REVERSED" });
    expect(first).toMatchObject({ added: 1_500 });
    expect(await bring(there, text, { editId: "once", kind: "BASIC_REVERSED" })).toEqual(first);
    expect((await there.decks())[0].cardCount).toBe(3_000);
    expect(await change(there, "undoEdit", { editId: "once" })).toMatchObject({ changed: 1 });
    expect((await here.decks())[0].cardCount).toBe(0);
    expect(await bring(here, text, { editId: "once", kind: "BASIC_REVERSED" })).toMatchObject({ added: 0 });
  });

  const uploaded = async (person: Reviewer, body: BodyInit) => {
    const { collectionUploadUrl } = await person.ask(`mutation { collectionUploadUrl { uploadKey url } }`);
    await fetch(collectionUploadUrl.url, { method: "PUT", body });
    return { uploadKey: collectionUploadUrl.uploadKey as string };
  };

  test("comes by upload where it is large", async () => {
    const [here] = both();
    const upload = await uploaded(here, "one,eins");
    expect(await bring(here, undefined, upload)).toMatchObject({ added: 1 });
    expect((await bring(here, undefined, upload)).message).toMatch(/names nothing that was uploaded/);
  });

  test("comes in UTF-16 that says so, as spreadsheets write it", async () => {
    const [here] = both();
    for (const [text, swap] of [["\ufeffone\téins", false], ["\ufefftwo\tzwölf", true]] as const) {
      const bytes = Buffer.from(text, "utf16le");
      expect(await bring(here, undefined, await uploaded(here, new Uint8Array(swap ? bytes.swap16() : bytes))))
        .toMatchObject({ added: 1, refused: 0 });
    }
    expect(await notesOf(here)).toEqual([["one", "éins", "Default"], ["two", "zwölf", "Default"]]);
    expect((await bring(here, undefined, await uploaded(here, new Uint8Array([0x61, 0xe9])))).message)
      .toMatch(/no UTF-8 text/);
  });

  test.each([
    [undefined, {}, /text: is needed, or `uploadKey`/],
    ["a,b", { kind: null }, /kind: is needed, or `noteTypeId`/],
    ["a,b", { noteTypeId: "5", kind: null }, /noteTypeId: is no note type/],
    ["a,b", { deckId: "5" }, /deckId: is no deck/],
    ["a,b", { separator: ";;" }, /separator: must be one sign/],
    ["a,b", { columns: [{ column: 1, field: "Face" }] }, /"Face", which is none of "Front", "Back"/],
    ["a,b", { columns: [{ column: 1 }] }, /must name `field`, or `use`/],
    ["a,b", { columns: [{ column: 1, use: "TAGS" }] }, /columns: name no field/],
    ["a,".repeat(200), {}, /more than 100 columns/],
    ["x".repeat(700_001), {}, /longer than 700000 characters/],
  ])("says what is wrong: %.12s %j", async (text, more, words) => {
    expect((await bring(both()[0], text, more)).message).toMatch(words);
  });
});
