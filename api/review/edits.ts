import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import { InvalidInputError } from "../core/errors.ts";
import { cardsOf } from "../anki/edit/cards-of.ts";
import type { Command } from "../anki/edit/command.ts";
import { countCardsOf, deckAndBelow } from "../anki/edit/decks.ts";
import { stockId, stockNoteType } from "../anki/edit/stock.ts";
import { readColumns } from "../anki/file/col.ts";
import { readCollection, readNoteType } from "../anki/collection/collection.ts";
import { listOf, type NoteView, readNote } from "../anki/collection/notes.ts";
import { getRow } from "../anki/collection/rows.ts";
import { readSettings, type SettingsView } from "../anki/collection/settings.ts";
import { type DeckView, findDeck } from "../anki/queue/counts.ts";
import { momentOf } from "../anki/schedule/question.ts";
import type { Changes } from "./changes.ts";
import {
  parseChangeCards,
  parseCreateDeck,
  parseCreateNote,
  parseDeleteDeck,
  parseDeleteNotes,
  parseRenameDeck,
  parseSetPreset,
  parseSetScheduler,
  parseUndoEdit,
  parseUpdateNote,
} from "./edit-model.ts";
import { freeId, invalid, isBelow, requireDeck, requireFreeName } from "./edit-checks.ts";
import { ReviewNotFoundError } from "./errors.ts";
import { type Lease, type Person, shortIdOf } from "./model.ts";

export type Edits = ReturnType<typeof createEdits>;

/** Notes, decks, cards and settings, as people change them. */
export function createEdits({ changes, clock, ids }: { changes: Changes; clock: Clock; ids: Ids }) {
  const { change, read, undo } = changes;

  async function deckOf(lease: Lease, deckId: number): Promise<DeckView> {
    const deck = await read(lease, (db) => findDeck(db, deckId, momentOf(db, clock(), undefined)));
    if (!deck) throw new ReviewNotFoundError("The deck is there no more.");
    return deck;
  }

  async function noteOf(lease: Lease, noteId: number): Promise<NoteView> {
    const note = await read(lease, (db) => readNote(db, noteId));
    if (!note) throw new ReviewNotFoundError("The note is there no more.");
    return note;
  }

  return {
    async createDeck(person: Person, input: unknown): Promise<DeckView> {
      const { editId, name, timeZone } = parseCreateDeck(input);
      const { lease, made } = await change(person, editId, ["createDeck", name], (db, at) => {
        requireFreeName(db, name);
        const deckId = freeId(at, readCollection(db).decks);
        return { command: { do: "createDeck", deckId, name }, made: deckId };
      }, timeZone);
      return await deckOf(lease, made);
    },

    async renameDeck(person: Person, input: unknown): Promise<DeckView> {
      const { editId, deckId, name } = parseRenameDeck(input);
      const { lease } = await change(person, editId, ["renameDeck", deckId, name], (db) => {
        const deck = readCollection(db).decks.get(deckId);
        if (!deck) throw invalid("deckId", "is no deck of this collection; `decks` lists them");
        if (isBelow(name, deck.name)) throw invalid("name", "lies below the deck itself");
        requireFreeName(db, name, deckId);
        return { command: { do: "renameDeck", deckId, name }, made: deckId };
      });
      return await deckOf(lease, deckId);
    },

    /** Gives how many cards went with the deck and those below it. */
    async deleteDeck(person: Person, input: unknown): Promise<number> {
      const { editId, deckId } = parseDeleteDeck(input);
      const { made } = await change(person, editId, ["deleteDeck", deckId], (db) => {
        if (!readCollection(db).decks.has(deckId)) throw new ReviewNotFoundError("There is no such deck.");
        const { decks } = readColumns(db, "decks");
        const json = Object.fromEntries(decks);
        const own = deckAndBelow(json, deckId).filter((id) => !decks.get(id)?.dyn);
        const cards = own.length === 0 ? 0 : countCardsOf(db, own);
        return {
          command: { do: "deleteDeck", deckId },
          made: cards,
          rows: countCardsOf(db, deckAndBelow(json, deckId)),
        };
      });
      return made;
    },

    async createNote(person: Person, input: unknown): Promise<NoteView> {
      const { editId, deckId, kind, noteTypeId, fields, tags, timeZone } = parseCreateNote(input);
      if ((typeof kind === "string") === (typeof noteTypeId === "number")) {
        throw new InvalidInputError([{ path: ["kind"], message: "is needed, or `noteTypeId`; not both" }]);
      }
      const asked = ["createNote", deckId, kind ?? noteTypeId, fields, tags ?? []];
      const { lease, made } = await change(person, editId, asked, (db, at) => {
        requireDeck(db, deckId, "deckId");
        const typeId = noteTypeId ?? stockId(kind!);
        const stored = readNoteType(db, typeId);
        const isStored = Object.keys(stored).length > 0;
        if (!isStored && !kind) {
          throw invalid("noteTypeId", "is no note type of this collection; `noteTypes` lists them");
        }
        const type = isStored ? stored : stockNoteType(kind!);
        const values = valuesOf(type, fields);
        if (cardsOf(type, values).length === 0) {
          throw invalid(
            "fields",
            "make no card: the front would be blank; fill the field that the first template shows",
          );
        }
        const noteId = freeNoteId(db, at);
        // By chance, as in Anki: notes of one guid are one note to whoever imports them, and ids of clients repeat.
        const guid = shortIdOf(ids());
        const command: Command = { do: "createNote", noteId, guid, typeId, deckId, fields: values, tags: tags ?? [] };
        return { command: isStored ? command : { ...command, kind: kind! }, made: noteId };
      }, timeZone);
      return await noteOf(lease, made);
    },

    async updateNote(person: Person, input: unknown): Promise<NoteView> {
      const { editId, noteId, fields, tags } = parseUpdateNote(input);
      if (!fields && !tags) throw invalid("fields", "are needed, or `tags`, or both");
      const { lease } = await change(person, editId, ["updateNote", noteId, fields, tags], (db) => {
        const note = readNote(db, noteId);
        if (!note) throw new ReviewNotFoundError("There is no such note.");
        const now = note.fields.map(({ value }) => value);
        const values = fields ? valuesOf(readNoteType(db, note.noteTypeId), fields, now) : undefined;
        const command: Command = { do: "updateNote", noteId, ...(values && { fields: values }), ...(tags && { tags }) };
        return { command, made: noteId };
      });
      return await noteOf(lease, noteId);
    },

    /** Gives how many were there to be deleted. */
    async deleteNotes(person: Person, input: unknown): Promise<number> {
      const { editId, noteIds } = parseDeleteNotes(input);
      const { made } = await change(person, editId, ["deleteNotes", noteIds], (db) => {
        const there = noteIds.filter((id) => getRow(db, "select 1 from notes where id = ?", id));
        return { command: { do: "deleteNotes", noteIds: there }, made: there.length };
      });
      return made;
    },

    /** Gives how many were there to be changed. */
    async changeCards(person: Person, input: unknown): Promise<number> {
      const { editId, cardIds, ...wanted } = parseChangeCards(input);
      const set = Object.entries(wanted).filter(([, value]) => value !== null && value !== undefined);
      if (set.length === 0) {
        throw invalid("cardIds", "are given without a change; set `deckId`, `flag`, `suspended` or another");
      }
      const { made } = await change(person, editId, ["changeCards", cardIds, set], (db) => {
        if (typeof wanted.deckId === "number") requireDeck(db, wanted.deckId, "deckId");
        const there = cardIds.filter((id) => getRow(db, "select 1 from cards where id = ?", id));
        const command: Command = { do: "changeCards", cardIds: there, change: Object.fromEntries(set) };
        return { command, made: there.length };
      });
      return made;
    },

    /** Chooses what schedules the collection. Cards keep what they are; their next answers go by the other one. */
    async setScheduler(person: Person, input: unknown): Promise<SettingsView> {
      const { editId, scheduler } = parseSetScheduler(input);
      const { lease } = await change(person, editId, ["setScheduler", scheduler], () => ({
        command: { do: "setScheduler", fsrs: scheduler === "FSRS" },
        made: 0,
      }));
      return await read(lease, readSettings);
    },

    async setPreset(person: Person, input: unknown): Promise<SettingsView> {
      const { editId, presetId, learningSteps, relearningSteps, ...others } = parseSetPreset(input);
      const wanted = { ...others, learnStepsMin: learningSteps, relearnStepsMin: relearningSteps };
      const set = Object.fromEntries(
        Object.entries(wanted).filter(([, value]) => value !== null && value !== undefined),
      );
      if (Object.keys(set).length === 0) throw invalid("presetId", "is given without anything to set");
      const { lease } = await change(person, editId, ["setPreset", presetId, set], (db) => {
        if (!readSettings(db).presets.some((preset) => preset.presetId === presetId)) {
          throw invalid("presetId", "is no preset of this collection; `reviewSettings` lists them");
        }
        return { command: { do: "setPreset", presetId, set }, made: 0 };
      });
      return await read(lease, readSettings);
    },

    /** Takes a change back, where nothing was changed or answered since. Throws ReviewNotFoundError. */
    undoEdit: async (person: Person, input: unknown): Promise<void> => await undo(person, parseUndoEdit(input).editId),
  };
}

/** The values of a note type's fields, in its order; what is not given is as it was, or empty. */
function valuesOf(
  type: Record<string, unknown>,
  given: readonly { name: string; value: string }[],
  now: readonly string[] = [],
): string[] {
  const names = listOf(type["flds"]).map(({ name }) => String(name));
  const unknown = given.find(({ name }) => !names.includes(name));
  if (unknown) {
    throw invalid(
      "fields",
      `hold "${unknown.name}", which is none of ${names.map((name) => `"${name}"`).join(", ")}`,
    );
  }
  return names.map((name, place) => given.find((field) => field.name === name)?.value ?? now[place] ?? "");
}

function freeNoteId(db: DatabaseSync, at: number): number {
  let free = at;
  while (getRow(db, "select 1 from notes where id = ?", free) || getRow(db, "select 1 from cards where id = ?", free)) {
    free++;
  }
  return free;
}
