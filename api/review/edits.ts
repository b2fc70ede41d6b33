import type { DatabaseSync } from "node:sqlite";
import type { Objects } from "../aws/objects.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { cardsOf } from "../anki/edit/cards-of.ts";
import type { Command } from "../anki/edit/command.ts";
import { starterCollection } from "../anki/edit/starter.ts";
import { stockId, stockNoteType } from "../anki/edit/stock.ts";
import { readCollection, readNoteType } from "../anki/collection/collection.ts";
import { listOf, type NoteView, readNote } from "../anki/collection/notes.ts";
import { getRow } from "../anki/collection/rows.ts";
import { readSettings, type SettingsView } from "../anki/collection/settings.ts";
import { offsetMinutesAt } from "../anki/collection/timing.ts";
import type { TempFiles } from "../anki/file/temp.ts";
import { type DeckView, findDeck } from "../anki/queue/counts.ts";
import { EDITS, findAnswer, findNewest } from "../anki/schedule/answers-table.ts";
import { type Entry, formatEntry } from "../anki/schedule/entry.ts";
import { type Copies, StaleLeaseError } from "./copies.ts";
import { type Desk, momentOf } from "./desk.ts";
import {
  parseChangeCards,
  parseCreateDeck,
  parseCreateNote,
  parseDeleteNotes,
  parseRenameDeck,
  parseSetPreset,
  parseSetScheduler,
  parseUndoEdit,
  parseUpdateNote,
} from "./edit-model.ts";
import { ReviewNotFoundError } from "./errors.ts";
import { emptyLease, statusOf } from "./lease.ts";
import { type Lease, MAX_ENTRIES, nextFile, type Person, shortIdOf } from "./model.ts";
import { fileKeyOf, type Saver } from "./save.ts";
import type { LeaseStore } from "./store.ts";

export type Edits = ReturnType<typeof createEdits>;

/** With so much waiting, the file is written at once: the lease is written whole with each answer. */
const SAVE_CHARS = 4_000;
const MAX_CHARS = 200_000;

export type EditsOptions = {
  store: LeaseStore;
  copies: Copies;
  desk: Desk;
  saver: Saver;
  files: TempFiles;
  objects: Objects;
  clock: Clock;
  ids: Ids;
  changed: (lease: Lease) => void;
};

/** What to do, and the id of what it makes; 0 where it makes nothing. */
type Decided = { command: Command; made: number };

/**
 * Changes that people make to their collections. They wait in the journal as answers do: durable at once, the same on
 * every instance, counted once by their id, and the newest can be taken back.
 */
export function createEdits({ store, copies, desk, saver, files, objects, clock, ids, changed }: EditsOptions) {
  /** The lease with a collection: one of their own for somebody who has none. */
  async function leaseOf(person: Person, zone: string | null | undefined): Promise<Lease> {
    const known = await store.find(person) ?? emptyLease(person);
    if (known.file) return known;
    const now = clock();
    const { version, line } = nextFile(known);
    const key = fileKeyOf(person, version, ids());
    const bytes = starterCollection(files, now, zone ? offsetMinutesAt(zone, now) : 0);
    await objects.create(key, bytes, { contentType: "application/vnd.sqlite3" });
    const next = { ...known, file: { key, version, line, mediaKey: undefined } };
    const { ok, current } = await store.replace(next, known);
    if (!ok && current.file?.key !== key) await objects.remove(key).catch(() => {});
    return current;
  }

  /** Writes an entry behind those that wait. `decide` gives what is known of it where it was written before. */
  async function append<T>(
    person: Person,
    decide: (db: DatabaseSync, at: number) => { entry: Entry; value: T } | { value: T },
    zone?: string | null,
  ): Promise<{ lease: Lease; value: T }> {
    let known = await leaseOf(person, zone);
    const done = await retryLost(async () => {
      try {
        if (known.journal.length >= MAX_ENTRIES || charsOf(known) > MAX_CHARS) {
          await saver.save(known);
          throw new StaleLeaseError();
        }
        const decided = await copies.read(known, ({ db }) => decide(db, clock()));
        if (!("entry" in decided)) return { lease: known, value: decided.value };
        const isActive = known.session !== undefined && statusOf(known.session, clock()) === "ACTIVE";
        const journal = [...known.journal, formatEntry(decided.entry)];
        const next = { ...known, journal, checkAt: isActive ? known.checkAt : clock() };
        const { ok, current } = await store.replace(next, known);
        known = current;
        return ok ? { lease: known, value: decided.value } : LOST;
      } catch (error) {
        if (!(error instanceof StaleLeaseError)) throw error;
        known = await leaseOf(person, zone);
        return LOST;
      }
    });
    changed(done.lease);
    await desk.leaveSlice(done.lease);
    // Where that fails the sweeper does it.
    if (charsOf(done.lease) > SAVE_CHARS) await saver.save(done.lease).catch(() => {});
    return done;
  }

  /** Makes a change once by its id; gives the id of what it made, also where it was made before. */
  async function change(
    person: Person,
    editId: string,
    decide: (db: DatabaseSync, at: number) => Decided,
    zone?: string | null,
  ): Promise<{ lease: Lease; made: number }> {
    const answerId = shortIdOf(editId);
    const { lease, value } = await append(person, (db, at) => {
      const before = findAnswer(db, answerId);
      if (before) return { value: before.cid };
      const { command, made } = decide(db, at);
      const { offsetMinutes } = momentOf(db, at, zone);
      return { entry: { kind: "edit", answerId, at, offsetMinutes, made, command }, value: made };
    }, zone);
    return { lease, made: value };
  }

  const read = <T>(lease: Lease, use: (db: DatabaseSync) => T) => copies.read(lease, ({ db }) => use(db));

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
      const { lease, made } = await change(person, editId, (db, at) => {
        requireFreeName(db, name);
        const deckId = freeId(at, readCollection(db).decks);
        return { command: { do: "createDeck", deckId, name }, made: deckId };
      }, timeZone);
      return await deckOf(lease, made);
    },

    async renameDeck(person: Person, input: unknown): Promise<DeckView> {
      const { editId, deckId, name } = parseRenameDeck(input);
      const { lease } = await change(person, editId, (db) => {
        requireDeck(db, deckId, "deckId");
        requireFreeName(db, name, deckId);
        return { command: { do: "renameDeck", deckId, name }, made: deckId };
      });
      return await deckOf(lease, deckId);
    },

    async createNote(person: Person, input: unknown): Promise<NoteView> {
      const { editId, deckId, kind, noteTypeId, fields, tags, timeZone } = parseCreateNote(input);
      if ((typeof kind === "string") === (typeof noteTypeId === "number")) {
        throw new InvalidInputError([{ path: ["kind"], message: "is needed, or `noteTypeId`; not both" }]);
      }
      const { lease, made } = await change(person, editId, (db, at) => {
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
        const guid = shortIdOf(editId).slice(0, 10);
        const command: Command = { do: "createNote", noteId, guid, typeId, deckId, fields: values, tags: tags ?? [] };
        return { command: isStored ? command : { ...command, kind: kind! }, made: noteId };
      }, timeZone);
      return await noteOf(lease, made);
    },

    async updateNote(person: Person, input: unknown): Promise<NoteView> {
      const { editId, noteId, fields, tags } = parseUpdateNote(input);
      const { lease } = await change(person, editId, (db) => {
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
      const { made } = await change(person, editId, (db) => {
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
      const { made } = await change(person, editId, (db) => {
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
      const { lease } = await change(person, editId, () => ({
        command: { do: "setScheduler", fsrs: scheduler === "FSRS" },
        made: 0,
      }));
      return await read(lease, readSettings);
    },

    async setPreset(person: Person, input: unknown): Promise<SettingsView> {
      const { editId, presetId, ...wanted } = parseSetPreset(input);
      const set = Object.fromEntries(
        Object.entries(wanted).filter(([, value]) => value !== null && value !== undefined),
      );
      if (Object.keys(set).length === 0) throw invalid("presetId", "is given without anything to set");
      const { lease } = await change(person, editId, (db) => {
        if (!readSettings(db).presets.some((preset) => preset.presetId === presetId)) {
          throw invalid("presetId", "is no preset of this collection; `reviewSettings` lists them");
        }
        return { command: { do: "setPreset", presetId, set }, made: 0 };
      });
      return await read(lease, readSettings);
    },

    /** Takes a change back, where nothing was changed or answered since. Throws ReviewNotFoundError. */
    async undoEdit(person: Person, input: unknown): Promise<void> {
      const { editId } = parseUndoEdit(input);
      const answerId = shortIdOf(editId);
      await append(person, (db, at) => {
        const known = findAnswer(db, answerId);
        if (known?.undo === null) return { value: undefined };
        const newest = findNewest(db);
        if (newest?.id !== answerId || newest.session !== EDITS || !newest.undo) {
          throw new ReviewNotFoundError("There is no such change, or something was changed or answered since.");
        }
        return { entry: { kind: "undo", answerId, at, isOfEdit: true }, value: undefined };
      });
    },
  };
}

const charsOf = ({ journal }: Lease) => journal.reduce((sum, text) => sum + text.length, 0);

const invalid = (field: string, message: string) => new InvalidInputError([{ path: [field], message }]);

function requireDeck(db: DatabaseSync, deckId: number, field: string): void {
  const deck = readCollection(db).decks.get(deckId);
  if (!deck) throw invalid(field, "is no deck of this collection; `decks` lists them");
  if (deck.filtered) throw invalid(field, "is a filtered deck, which borrows its cards; choose another");
}

function requireFreeName(db: DatabaseSync, name: string, except?: number): void {
  const same = [...readCollection(db).decks.values()].find((deck) => deck.name.toLowerCase() === name.toLowerCase());
  if (same && same.id !== except) throw invalid("name", `is taken: deck ${same.id} is called "${same.name}"`);
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
  if (given.some(({ value }) => value.includes("\u001f"))) throw invalid("fields", "must not hold the sign U+001F");
  return names.map((name, place) => given.find((field) => field.name === name)?.value ?? now[place] ?? "");
}

function freeId(id: number, taken: { has(id: number): boolean }): number {
  let free = id;
  while (taken.has(free)) free++;
  return free;
}

function freeNoteId(db: DatabaseSync, at: number): number {
  let free = at;
  while (getRow(db, "select 1 from notes where id = ?", free) || getRow(db, "select 1 from cards where id = ?", free)) {
    free++;
  }
  return free;
}
