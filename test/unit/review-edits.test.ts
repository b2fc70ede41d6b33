import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { applyEntry, tryEntry } from "../../api/anki/schedule/apply.ts";
import type { Command } from "../../api/anki/edit/command.ts";
import type { EditEntry } from "../../api/anki/schedule/entry.ts";
import { createAnki, dumpAnki, noonOf } from "../kit/anki.ts";
import { withDatabase } from "../kit/database.ts";
import { closing, PERSON, world } from "../kit/review-world.ts";

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const COLUMNS = ["conf", "models", "decks", "dconf", "tags"] as const;
/** What a file may hold in place of an object; the first is what producers leave who have nothing to say. */
const ODD = ["", "{}", "null", "[]", "{broken"] as const;
const ODD_COLUMNS = COLUMNS.flatMap((column) => ODD.map((text) => [column, text] as const));

const note = { typeId: 1, deckId: 1, fields: ["front", "back"], tags: ["new"] };
const COMMANDS: Command[] = [
  { do: "createDeck", deckId: 70, name: "A::B" },
  { do: "renameDeck", deckId: 1, name: "C::D" },
  { do: "createNote", noteId: 80, guid: "g80", ...note },
  { do: "createNote", noteId: 81, guid: "g81", ...note, typeId: 9, kind: "BASIC" },
  { do: "updateNote", noteId: 1, fields: ["other", ""], tags: ["new"] },
  { do: "deleteNotes", noteIds: [1] },
  { do: "setScheduler", fsrs: false },
  { do: "setPreset", presetId: 1, set: { newPerDay: 3 } },
  { do: "changeCards", cardIds: [1], change: { forget: true, dueInDays: 3, suspended: true, flag: 2 } },
  { do: "deleteDeck", deckId: 1 },
  { do: "fillDeck", deckId: 71, name: "F", filter: { searches: [], reschedules: true } },
  { do: "fillDeck", deckId: 1 },
  { do: "emptyDeck", deckId: 1 },
  { do: "setTodaysLimits", deckId: 1, newCards: 1 },
  { do: "extendLimits", deckId: 1, newCards: 1, reviews: 1 },
];

const entryOf = (command: Command, answerId = "e"): EditEntry => ({
  kind: "edit",
  answerId,
  at: noonOf(100),
  offsetMinutes: 0,
  made: 0,
  command,
});

function oddAnki(column: string, text: string) {
  const anki = createAnki();
  anki.addCard({ id: 1 });
  anki.db.prepare(`update col set ${column} = ?`).run(text);
  return anki.db;
}

describe("each change of a collection with odd settings", () => {
  test.each(ODD_COLUMNS)("(%s is `%s`) is made whole and taken back whole, or not made", (column, text) => {
    for (const command of COMMANDS) {
      const db = oddAnki(column, text);
      const before = dumpAnki(db);
      try {
        applyEntry(db, entryOf(command), 0);
      } catch {
        expect(dumpAnki(db)).toEqual(before);
        continue;
      }
      applyEntry(db, { kind: "undo", answerId: "e", at: noonOf(100), isOfEdit: true }, 1);
      // A collection of scheduler 1, which is what no settings say, stays one of scheduler 2.
      if (column !== "conf") expect(dumpAnki(db)).toEqual(before);
    }
  });

  test.each(COLUMNS)("where nothing stands in its %s, is that of an empty object", (column) => {
    for (const command of COMMANDS) {
      const [blank, empty] = ["", "{}"].map((text) => {
        const db = oddAnki(column, text);
        let thrown = false;
        try {
          applyEntry(db, entryOf(command), 0);
        } catch {
          thrown = true;
        }
        return { thrown, rows: dumpAnki(db).cards, col: db.prepare("select * from col").get()![column] || "{}" };
      });
      expect(blank).toEqual(empty);
    }
  });

  test("leaves what it is tried on as it was, with what is read of it", () => {
    const anki = createAnki({ conf: { schedVer: 1 } });
    anki.addCard({ id: 1 });
    const before = dumpAnki(anki.db);
    for (const command of COMMANDS) {
      tryEntry(anki.db, entryOf(command), 0);
      expect(dumpAnki(anki.db)).toEqual(before);
    }
    // As if it had never been tried: the same change, with the same rows.
    const fresh = createAnki({ conf: { schedVer: 1 } });
    fresh.addCard({ id: 1 });
    for (const db of [anki.db, fresh.db]) applyEntry(db, entryOf(COMMANDS[2]!), 0);
    expect(dumpAnki(anki.db, { withAnswers: true })).toEqual(dumpAnki(fresh.db, { withAnswers: true }));
  });
});

describe("whatever a file holds", () => {
  test.each(ODD_COLUMNS)(
    "(%s is `%s`), no change that is refused or made takes the rest away",
    async (column, text) => {
      const made = world();
      const fields = (value: string) => [{ name: "Front", value }];
      const first = made.process();
      const { noteId, cardIds } = await first.edits.createNote(PERSON, {
        editId: "first",
        deckId: "1",
        kind: "BASIC",
        fields: fields("first"),
      });
      const { sessionId } = (await first.reviews.start(PERSON, { deckId: "1", holder: "h", onHeld: "FAIL" })).session;
      await first.reviews.end(PERSON, sessionId);
      const { key } = (await made.lease()).file!;
      const body = made.bodies.find(key)!.body;
      made.bodies.methods.remove(key);
      made.bodies.methods.create(key, withColumn(body, column, text));
      // By a process that has seen nothing of it.
      const reads = async () => {
        const { reviews, browse } = made.process();
        const all = [
          reviews.decks(PERSON),
          browse.settings(PERSON),
          browse.noteTypes(PERSON),
          browse.note(PERSON, String(noteId)),
          browse.cards(PERSON, { search: "", first: 10 }),
        ];
        return (await Promise.allSettled(all)).map(({ status }) => status);
      };
      const before = await reads();
      const { edits, studying } = made.process();
      const [deckId, ids] = ["1", [String(cardIds[0])]];
      const changes = [
        (editId: string) =>
          edits.createNote(PERSON, { editId, deckId, kind: "BASIC", fields: fields(editId), tags: ["new"] }),
        (editId: string) => edits.updateNote(PERSON, { editId, noteId: String(noteId), tags: ["newer"] }),
        (editId: string) => edits.createDeck(PERSON, { editId, name: `A::${editId}` }),
        (editId: string) => edits.setScheduler(PERSON, { editId, scheduler: "SM2" }),
        (editId: string) => edits.setPreset(PERSON, { editId, presetId: "1", newPerDay: 3 }),
        (editId: string) => edits.changeCards(PERSON, { editId, cardIds: ids, suspended: true }),
        (editId: string) => studying.setTodaysLimits(PERSON, { editId, deckId, newCards: 1 }),
        (editId: string) => studying.createFilteredDeck(PERSON, { editId, name: editId, searches: [{ search: "" }] }),
        (editId: string) => edits.undoEdit(PERSON, { editId }),
        (editId: string) => edits.deleteDeck(PERSON, { editId, deckId }),
      ];
      for (const [i, change] of changes.entries()) {
        const { journal } = await made.lease();
        const isMade = await change(`e${i}`).then(() => true, () => false);
        if (!isMade) expect((await made.lease()).journal).toEqual(journal);
      }
      const after = await reads();
      expect(after).toEqual(before.map((status, place) => (status === "fulfilled" ? status : after[place])));
    },
  );
});

function withColumn(body: Uint8Array, column: string, text: string): Uint8Array {
  return withDatabase(body, (db) => {
    db.prepare(`update col set ${column} = ?`).run(text);
    const path = db.location()!;
    db.close();
    const bytes = readFileSync(path);
    db.open();
    return bytes;
  });
}

describe("what two people made under the same id stays two", () => {
  const A = { tenantId: "t", userId: "a" };
  const B = { tenantId: "t", userId: "b" };
  type Process = ReturnType<ReturnType<typeof world>["process"]>;
  const WAYS = {
    "by itself": ({ edits }: Process, person: typeof A, value: string) =>
      edits.createNote(person, { editId: "n-1", deckId: "1", kind: "BASIC", fields: [{ name: "Front", value }] }),
    "from a table": ({ importNotes }: Process, person: typeof A, text: string) =>
      importNotes(person, { editId: "n-1", deckId: "1", kind: "BASIC", text }),
  };

  test.each(Object.keys(WAYS) as (keyof typeof WAYS)[])("a note, made %s", async (way) => {
    const { process, bodies } = world();
    const here = process();
    const previews = async () => {
      const { edges } = await here.browse.cards(B, { search: "", first: 10 });
      return edges.map(({ node }) => node.preview).sort();
    };
    await WAYS[way](here, B, "typed by B");
    await WAYS[way](here, A, "typed by A");
    const { url } = await here.transfer.exportCollection(A);
    const file = Buffer.from(bodies.find(url)!.body).toString("base64");
    await here.transfer.importCollection(B, { file });
    expect(await previews()).toEqual(["typed by A", "typed by B"]);
    // Nor is it one person's own of before, where the collection is a new one.
    await here.deleteCollection(B);
    await WAYS[way](here, B, "typed again");
    await here.transfer.importCollection(B, { file });
    expect(await previews()).toEqual(["typed again", "typed by A"]);
  });
});
