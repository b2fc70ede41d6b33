import { createHash } from "node:crypto";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { checksumOf, checksumsOf, sortTextOf } from "../../api/anki/collection/note-text.ts";
import { importNotes, type NotesImport } from "../../api/anki/edit/import-notes.ts";
import { createAnki, noonOf } from "../kit/anki.ts";

const sumOf = (text: string) => parseInt(createHash("sha1").update(text).digest("hex").slice(0, 8), 16);
const FIELDS = ["Front", "Back", "Extra"];

describe("a first field is compared as Anki compares it", () => {
  test.each([
    // From Anki's own tests.
    ["test", "test"],
    ["今日", "今日"],
    // Media are named, with a space on either side, and the space at the ends counts.
    ['<img src="a.png">', " a.png "],
    ["<b>see</b> <IMG class='x' src='a b.png' alt=c/>", "see  a b.png "],
    ["<img src=a.png>x", " a.png x"],
    ['<video controls src="a.mp4"></video>', " a.mp4 "],
    ["<audio src='a.mp3'></audio>", " a.mp3 "],
    ['<object data="a.svg" type=x></object>', " a.svg "],
    ['<video><source src="a.webm"></video>', " a.webm "],
    ['<img alt="1 > 0" src="a.png">', " a.png "],
    ['<img alt="none">x', "x"],
    ['<a href="a.png">x</a>', "x"],
    ['<images src="a.png">x', "x"],
    ["dog&nbsp;", "dog "],
    [" dog", " dog"],
    ["<div>dog</div>", "dog"],
  ])("%s", (field, text) => {
    expect(sortTextOf(field)).toBe(text);
    expect(checksumOf(field)).toBe(sumOf(text));
    expect(checksumsOf(field)).toEqual([sumOf(text), sumOf(text.trim())]);
  });

  test("also where it is long and never ends", () => {
    for (const part of ["<img ", '<img "', "<img src=", "<img src='", '<img src="a', "<img data=src="]) {
      const before = process.cpuUsage();
      sortTextOf(part.repeat(60_000 / part.length));
      // Of the processor's time, whatever else the machine does: what is tried in vain from each place takes minutes.
      expect(process.cpuUsage(before).user / 1_000_000).toBeLessThan(5);
    }
  });
});

/** A collection with one note type of three fields, as Anki left it, and how a table comes in. */
function createTable() {
  const flds = FIELDS.map((name, ord) => ({ name, ord }));
  const tmpls = [{ name: "Card 1", ord: 0, qfmt: "{{Front}}", afmt: "{{Back}}" }];
  const anki = createAnki({ models: [{ id: 1, name: "Basic", type: 0, css: "", flds, tmpls }] });
  let imports = 0;
  const add = (id: number, fields: string[], { csum, tags = "" }: { csum: number; tags?: string }) => {
    anki.addNote(id, fields, { tags });
    anki.addCard({ id, nid: id });
    anki.db.prepare("update notes set csum = ? where id = ?").run(csum, id);
  };
  const bring = (cells: string[], more: Partial<NotesImport> = {}) =>
    importNotes(anki.db, {
      answerId: `t${imports++}`,
      digest: "d",
      guidStart: `g${imports}`,
      text: cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join("\t"),
      deckId: 1,
      typeId: 1,
      hasHeader: false,
      isHtml: true,
      separator: "\t",
      tags: [],
      duplicates: "UPDATE",
      moment: { at: noonOf(100), offsetMinutes: 0 },
      ...more,
    }, imports);
  const note = (id: number) => {
    const { flds, tags } = anki.db.prepare("select flds, tags from notes where id = ?").get(id)!;
    return [...String(flds).split("\u001f"), ...String(tags).split(" ").filter(Boolean)];
  };
  return { add, bring, note };
}

describe("a row of a table", () => {
  test("changes a note of Anki's, or one that was written here before, whatever its first field shows", () => {
    for (const first of ['<img src="a.png">', "<video src='a.mp4'></video>", "dog&nbsp;", "dog"]) {
      for (const trim of [false, true]) {
        const { add, bring, note } = createTable();
        add(1, [first, "old", ""], { csum: checksumsOf(first)[trim ? 1 : 0] });
        expect(bring([first, "new", ""])).toMatchObject({ added: 0, updated: 1 });
        expect(note(1)).toEqual([first, "new", ""]);
      }
    }
  });

  test("is of another note where the text differs by its outer space, as in Anki", () => {
    const { add, bring } = createTable();
    add(1, ["dog", "old", ""], { csum: sumOf("dog") });
    expect(bring(["dog&nbsp;", "new", ""])).toMatchObject({ added: 1, updated: 0 });
  });

  test.each([
    { before: ["Hund", "dog,pet", "noun"], row: ["Hund", "dog", "pet,noun"] },
    { before: ["Hund", "a", ",b"], row: ["Hund", "a,", "b"] },
    { before: ["Hund", "a", "b"], row: ["Hund", "", "a,b"] },
  ])("$row changes the note $before, though its text is the same with commas between", ({ before, row }) => {
    const { add, bring, note } = createTable();
    add(1, before, { csum: sumOf("Hund") });
    expect(bring(row)).toMatchObject({ updated: 1, kept: 0 });
    expect(note(1)).toEqual(row);
    expect(bring(row)).toMatchObject({ updated: 0, kept: 1 });
  });

  test.each([
    { had: " a a ", tags: ["b"], updated: 1, after: ["a", "b"] },
    { had: " a b ", tags: ["b"], updated: 0, after: ["a", "b"] },
    { had: "", tags: ["b"], updated: 1, after: ["b"] },
    { had: " a ", tags: [], updated: 0, after: ["a"] },
  ])("adds its tags $tags to those that are there:$had", ({ had, tags, updated, after }) => {
    const { add, bring, note } = createTable();
    add(1, ["Hund", "dog", ""], { csum: sumOf("Hund"), tags: had });
    expect(bring(["Hund", "dog", ""], { tags })).toMatchObject({ updated, kept: 1 - updated });
    expect([...new Set(note(1).slice(3))]).toEqual(after);
  });
});
