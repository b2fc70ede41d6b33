import { Buffer } from "node:buffer";
import { afterEach, describe, expect, test } from "vitest";
import { fromBase64 } from "../../api/core/base64.ts";
import { closing, PERSON, world } from "../kit/review-world.ts";

/** What is refused or taken whole at the doors of authoring: nothing that was typed is cut, dropped or counted twice. */

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const refused = (field: string, text: string) => ({
  fields: [{ path: expect.arrayContaining([field]) as string[], message: expect.stringContaining(text) as string }],
});
let edits = 0;
const front = (...values: string[]) => ({
  editId: `e${edits++}`,
  deckId: "1",
  kind: "BASIC",
  fields: values.map((value) => ({ name: "Front", value })),
});

describe("a note", () => {
  test("names each field once, and holds no sign that ends a text in SQLite", async () => {
    const { edits } = world().process();
    await expect(edits.createNote(PERSON, front("a", "b"))).rejects.toMatchObject(refused("fields", "once"));
    for (const text of ["a\u0000b", "a\u001fb"]) {
      await expect(edits.createNote(PERSON, front(text))).rejects.toMatchObject(refused("value", "U+0000"));
    }
    const { noteId, cardIds } = await edits.createNote(PERSON, { ...front("a"), tags: ["Verb", "verb", "x"] });
    const update = { editId: "u", noteId: String(noteId) };
    await expect(edits.updateNote(PERSON, update)).rejects.toMatchObject(refused("fields", "or `tags`"));
    const twice = [String(cardIds[0]), String(cardIds[0])];
    expect(await edits.changeCards(PERSON, { editId: "f", cardIds: twice, flag: 2 })).toBe(1);
    expect(await edits.deleteNotes(PERSON, { editId: "d", noteIds: [String(noteId), String(noteId)] })).toBe(1);
  });

  test("has a tag once, whatever its case is", async () => {
    const { edits } = world().process();
    const { tags } = await edits.createNote(PERSON, { ...front("a"), tags: ["Verb", "verb", "x", "ÜBER", "über"] });
    expect(tags).toEqual(["Verb", "x", "ÜBER"]);
  });
});

describe("a table", () => {
  const bring = (text: string, more: object = {}) =>
    world().process().importNotes(PERSON, { editId: `t${edits++}`, deckId: "1", kind: "BASIC", text, ...more });

  test("whose row has more cells than there are fields is told, and none of the row is dropped in silence", async () => {
    const { added, refusals } = await bring('a,b\nhello, my friend,bonjour\nc,d,,\n"e, f",g');
    expect(added).toBe(3);
    expect(refusals).toEqual([{ line: 2, reason: expect.stringContaining("3 cells for 2") as string }]);
    const columns = [{ column: 1, field: "Front" }, { column: 2, field: "Back" }];
    expect(await bring("a,b,c", { columns })).toMatchObject({ added: 1, refused: 0 });
  });

  test("names a column, a field and a use once, and is well-formed text", async () => {
    const two = (...columns: object[]) => bring("a,b", { columns });
    await expect(two({ column: 1, field: "Front" }, { column: 1, field: "Back" })).rejects.toMatchObject(
      refused("columns", "column once"),
    );
    await expect(two({ column: 1, field: "Front" }, { column: 2, field: "Front" })).rejects.toMatchObject(
      refused("columns", "field and use once"),
    );
    await expect(bring("a\ud800,b")).rejects.toMatchObject(refused("text", "lone surrogate"));
  });
});

test("steps are told in milliseconds, by the names that they were sent under", async () => {
  const { edits } = world().process();
  await edits.setScheduler(PERSON, { editId: "s", scheduler: "FSRS" });
  const preset = { editId: "p", presetId: "1" };
  await expect(edits.setPreset(PERSON, { ...preset, learningSteps: [999] })).rejects.toMatchObject(
    refused("learningSteps", "milliseconds"),
  );
  const { presets } = await edits.setPreset(PERSON, {
    ...preset,
    learningSteps: [30_000, 90_000],
    relearningSteps: [],
  });
  expect(presets[0]).toMatchObject({ learnStepsMin: [0.5, 1.5], relearnStepsMin: [] });
});

describe("a file in base64", () => {
  test("is decoded whole, in parts where it is large; what is no base64 is refused, not skipped", async () => {
    for (const size of [1, 2, 3, 4, 3_145_727, 3_145_728, 3_145_730, 7_000_001]) {
      const bytes = Buffer.alloc(size, "sojourn");
      expect(Buffer.from((await fromBase64(bytes.toString("base64")))!).equals(bytes)).toBe(true);
    }
    expect(await fromBase64(Buffer.from("ab").toString("base64url"))).toEqual(Buffer.from("ab"));
    const long = Buffer.alloc(4_000_000).toString("base64");
    for (
      const text of [
        "",
        "%%%",
        `data:image/png;base64,${long}`,
        `${long.slice(0, 4_000_001)} ${long}`,
        "====",
        "AA==AAAA",
      ]
    ) {
      expect(await fromBase64(text)).toBeUndefined();
    }
  });

  test("of a picture as a link of data is refused by its field", async () => {
    const { edits, media } = world().process();
    await edits.createNote(PERSON, front("a"));
    const content = `data:image/png;base64,${Buffer.from("picture").toString("base64")}`;
    await expect(media.add(PERSON, { name: "a.png", content })).rejects.toMatchObject(refused("content", "base64"));
    await expect(media.add(PERSON, { name: "../a.png", content: "AAAA" })).rejects.toMatchObject(
      refused("name", "without folders"),
    );
  });
});
