import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, test } from "vitest";
import { applyEntry, tryEntry } from "../../api/anki/schedule/apply.ts";
import type { CardRow } from "../../api/anki/collection/rows.ts";
import type { CardChange, Command } from "../../api/anki/edit/command.ts";
import type { EditEntry } from "../../api/anki/schedule/entry.ts";
import { createAnki, dumpAnki, noonOf, presetOf } from "../kit/anki.ts";
import { lastLog } from "../kit/anki-mixed.ts";
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
      await save(first);
      await rewritten(made, (db) => void db.prepare(`update col set ${column} = ?`).run(text));
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

type World = ReturnType<typeof world>;
type Process = ReturnType<World["process"]>;

/** Writes the file with all that waits. */
async function save({ reviews }: Process): Promise<void> {
  const { session } = await reviews.start(PERSON, { deckId: "1", holder: "h", onHeld: "FAIL" });
  await reviews.end(PERSON, session.sessionId);
}

/** Changes the stored file behind everybody's back. */
async function rewritten({ lease, bodies }: World, change: (db: DatabaseSync) => void): Promise<void> {
  const { key } = (await lease()).file!;
  const bytes = withDatabase(bodies.find(key)!.body, (db) => {
    change(db);
    return readFileSync(db.location()!);
  });
  bodies.methods.remove(key);
  bodies.methods.create(key, bytes);
}

describe("a card that is", () => {
  const AT = { at: noonOf(100), offsetMinutes: 0 };
  const SECS = AT.at / 1_000;
  const data = (daysAgo: number) => JSON.stringify({ s: 40, d: 5, lrt: SECS - daysAgo * 86_400 });
  const changed = (card: Partial<CardRow>, change: CardChange, fsrs = true) => {
    const anki = createAnki({ conf: { fsrs }, dconf: [presetOf({ new: { initialFactor: 2_200 } })] });
    anki.addReview(1, 90, { ivl: 40, ...card });
    applyEntry(anki.db, entryOf({ do: "changeCards", cardIds: [1], change }), 0);
    return { card: anki.card(1), log: lastLog(anki) };
  };

  test("suspended stays suspended where it is buried, until somebody says otherwise", () => {
    for (const queue of [2, 1, -2, -3]) expect(changed({ queue }, { buried: true }).card.queue).toBe(-3);
    for (
      const change of [{ buried: true }, { buried: false }, { suspended: true }, { buried: true, suspended: true }]
    ) {
      expect(changed({ queue: -1 }, change).card).toMatchObject({ queue: -1, due: 90, ivl: 40 });
    }
    expect(changed({ queue: -1 }, { suspended: false, buried: true }).card.queue).toBe(-3);
    expect(changed({ queue: -1 }, { suspended: false }).card.queue).toBe(2);
  });

  test.each([
    // By SM-2 what was learned keeps its interval, and what was not has that of the days.
    { is: "reviewed", fsrs: false, before: {}, ivl: 40 },
    { is: "relearned", fsrs: false, before: { type: 3, queue: 1, due: SECS, left: 1 }, ivl: 40 },
    { is: "reviewed without an interval", fsrs: false, before: { ivl: 0 }, ivl: 1 },
    { is: "learned", fsrs: false, before: { type: 1, queue: 1, due: SECS, left: 1, ivl: 0 }, ivl: 3 },
    { is: "new", fsrs: false, before: { type: 0, queue: 0, ivl: 0, factor: 0 }, ivl: 3, factor: 2_200 },
    // By FSRS it is the time from one review to the next.
    { is: "reviewed 15 days ago", before: { data: data(15) }, ivl: 18 },
    { is: "relearned 2 days ago", before: { type: 3, queue: 1, due: SECS, left: 1, data: data(2) }, ivl: 5 },
    // Or grows by what the card is put off: from day 90, or from today, to day 103.
    { is: "reviewed, nothing says when", before: {}, ivl: 53 },
    { is: "relearned, nothing says when", before: { type: 3, queue: 1, due: SECS, left: 1 }, ivl: 43 },
    { is: "relearned by days", before: { type: 3, queue: 3, due: 101, left: 1 }, ivl: 42 },
    { is: "borrowed", before: { did: 5, odid: 1, due: -100_000, odue: 95 }, ivl: 48 },
    { is: "due far ahead", before: { due: 400 }, ivl: 0 },
    { is: "new", before: { type: 0, queue: 0, ivl: 0, factor: 0 }, ivl: 0, factor: 2_200 },
  ])("$is and made due in three days has the interval that Anki gives it", ({ fsrs = true, before, ...after }) => {
    const { ivl, factor = 2_500 } = after;
    const { card, log } = changed(before, { dueInDays: 3 }, fsrs);
    expect(card).toMatchObject({ type: 2, queue: 2, due: 103, odue: 0, odid: 0, did: 1, left: 0, ivl, factor });
    // A manual row with a factor is no reset.
    expect(log).toMatchObject({ type: 4, ease: 0, ivl, factor });
  });
});

test("a card is made in the deck that its template says, unless that is gone or borrows", () => {
  const template = (ord: number, did: unknown) => ({ name: `T${ord}`, ord, qfmt: "{{Front}}", afmt: "", did });
  const flds = [{ name: "Front", ord: 0 }];
  const dids = [null, 2, 3, 4, 0, "2", undefined];
  const anki = createAnki({
    decks: [{ id: 1, name: "Default", conf: 1 }, { id: 2, name: "Own", conf: 1 }, { id: 3, name: "F", dyn: 1 }, {
      id: 9,
      name: "Asked",
      conf: 1,
    }],
    models: [
      { id: 1, name: "N", type: 0, css: "", flds, tmpls: dids.map((did, ord) => template(ord, did)) },
      { id: 2, name: "C", type: 1, css: "", flds, tmpls: [template(0, 2)] },
    ],
  });
  const make = (noteId: number, typeId: number) =>
    applyEntry(
      anki.db,
      entryOf(
        { ...note, do: "createNote", noteId, guid: `g${noteId}`, typeId, deckId: 9, fields: ["{{c1::x}}"] },
        `e${noteId}`,
      ),
      noteId,
    );
  const decksOf = (noteId: number) =>
    anki.db.prepare("select did from cards where nid = ? order by ord").all(noteId).map(({ did }) => did);
  make(100, 1);
  make(200, 2);
  expect(decksOf(100)).toEqual([9, 2, 9, 9, 9, 2, 9]);
  expect(decksOf(200)).toEqual([9]);
});

test("a filtered deck of an order that a newer Anki knows keeps it, whatever else of it is changed", async () => {
  const made = world();
  const first = made.process();
  const fields = [{ name: "Front", value: "x" }];
  await first.edits.createNote(PERSON, { editId: "n", deckId: "1", kind: "BASIC", fields });
  const filter = { editId: "f", name: "F", searches: [{ search: "", order: "DUE_FIRST" }, { search: "deck:Default" }] };
  const { deckId: id } = await first.studying.createFilteredDeck(PERSON, filter);
  await save(first);
  const termsOf = (decks: string) => (JSON.parse(decks) as Record<number, { terms: unknown[][] }>)[id]!.terms;
  await rewritten(made, (db) => {
    const { decks } = db.prepare("select decks from col").get() as { decks: string };
    const changed = JSON.parse(decks) as Record<number, { terms: unknown[][] }>;
    changed[id]!.terms[0]![2] = 10;
    db.prepare("update col set decks = ?").run(JSON.stringify(changed));
  });
  const last = made.process();
  const deckId = String(id);
  await last.studying.rebuildFilteredDeck(PERSON, { editId: "r1", deckId });
  await last.studying.rebuildFilteredDeck(PERSON, { editId: "r2", deckId, reschedules: false });
  await save(last);
  const { key } = (await made.lease()).file!;
  const terms = withDatabase(
    made.bodies.find(key)!.body,
    (db) => termsOf(String(db.prepare("select decks from col").get()!["decks"])),
  );
  expect(terms).toMatchObject([["", 100, 10], ["deck:Default", 100, 1]]);
});

describe("what two people made under the same id stays two", () => {
  const A = { tenantId: "t", userId: "a" };
  const B = { tenantId: "t", userId: "b" };
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
