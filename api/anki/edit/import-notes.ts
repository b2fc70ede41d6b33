import type { DatabaseSync } from "node:sqlite";
import { SECOND_MS } from "../../core/clock.ts";
import { InvalidInputError } from "../../core/errors.ts";
import { readCollection, readNoteType } from "../collection/collection.ts";
import { checksumsOf, FIELD_SEPARATOR, sortTextOf } from "../collection/note-text.ts";
import { readColumns } from "../file/col.ts";
import { listOf } from "../collection/notes.ts";
import { getRow, listRows, UNSYNCED } from "../collection/rows.ts";
import { keepAnswer, sessionOfEdit } from "../schedule/answers-table.ts";
import type { Moment } from "../schedule/question.ts";
import { upgradeScheduler } from "../schedule/upgrade.ts";
import { escapeHtml } from "../render/text.ts";
import { createRecorder, type Recorder } from "./before.ts";
import { cardsOf } from "./cards-of.ts";
import { createDeck } from "./decks.ts";
import { createNote, updateNote } from "./notes.ts";
import type { NotesReport } from "./notes-report.ts";
import { stockId, type StockKind, stockNoteType } from "./stock.ts";
import { readTable, type TableHeader } from "./table.ts";

/** What a column of the table is: a field of the note type, or one of these. */
export type ColumnUse = { field: string } | { use: "TAGS" | "GUID" | "DECK" | "NOTE_TYPE" };
/** What becomes of a row whose note is there: by its guid, else by its first field. */
export type Duplicates = "UPDATE" | "KEEP" | "ADD";

export type NotesImport = {
  answerId: string;
  /** Of all that is asked, by which another import of the same id is told from this one. */
  digest: string;
  /** By chance: guids of its new notes begin with it, and are nobody else's. */
  guidStart: string;
  text: string;
  deckId: number;
  typeId?: number | undefined;
  kind?: StockKind | undefined;
  separator?: string | undefined;
  hasHeader: boolean;
  isHtml?: boolean | undefined;
  columns?: readonly ({ column: number } & ColumnUse)[] | undefined;
  tags: readonly string[];
  duplicates: Duplicates;
  moment: Moment;
};

const LIMITS = { fieldChars: 60_000, noteChars: 100_000, refusals: 100, decks: 200, kinds: 1_000 } as const;

/**
 * Makes and changes notes by the rows of a table, as one change: all of it is taken back at once. A row that makes no note is
 * refused by itself, with its line. Throws InvalidInputError where the table or its columns are wrong.
 */
export function importNotes(db: DatabaseSync, asked: NotesImport, position: number): NotesReport {
  upgradeScheduler(db);
  db.exec("savepoint sojourn_notes");
  const { text, separator, hasHeader, moment } = asked;
  const { rows, header } = readTable(text, { separator, hasHeader });
  const rec = createRecorder(db);
  const target = targetOf(rec, asked, header);
  const report: NotesReport = { rows: rows.length, added: 0, updated: 0, kept: 0, refused: 0, refusals: [] };
  for (const { line, cells } of rows) {
    const reason = take(rec, target, cells, report);
    if (reason === undefined) continue;
    report.refused++;
    if (report.refusals.length < LIMITS.refusals) report.refusals.push({ line, reason });
  }
  const { mod } = readCollection(db);
  db.prepare("update col set mod = ?").run(Math.max(mod, moment.at));
  const undo = JSON.stringify({ ...rec.before(), report });
  keepAnswer(db, { id: asked.answerId, position, session: sessionOfEdit(asked.digest), cid: report.added, undo });
  db.exec("release sojourn_notes");
  return report;
}

/** A note type, and which column is what for its notes. */
type Kind = {
  typeId: number;
  type: Record<string, unknown>;
  names: string[];
  places: ReadonlyMap<number, ColumnUse>;
  /** Whether somebody said what the columns are: then what is in others is left out. */
  isTold: boolean;
};

type Target = Pick<NotesImport, "deckId" | "duplicates" | "guidStart"> & {
  kind: Kind;
  /** The note type of this name; why there is none for a row of it. */
  kindNamed: (name: string) => Kind | string;
  isHtml: boolean;
  tags: readonly string[];
  stamp: { mod: number; usn: number };
  decks: Map<string, number>;
  nextId: number;
};

function targetOf(rec: Recorder, asked: NotesImport, header: TableHeader): Target {
  const { deckId, duplicates, kind, guidStart, moment, tags } = asked;
  const typeId = asked.typeId ?? stockId(kind!);
  if (kind && Object.keys(readNoteType(rec.db, typeId)).length === 0) {
    rec.change("models", (models) => void (models[typeId] = stockNoteType(kind)));
  }
  const own = kindOf(rec.db, typeId, asked, header);
  if (!own) throw wrong("noteTypeId", "is no note type of this collection; `noteTypes` lists them");
  return {
    deckId,
    duplicates,
    guidStart,
    kind: own,
    kindNamed: kindsByName(rec.db, asked, header),
    isHtml: asked.isHtml ?? header.html ?? false,
    tags: [...tags, ...header.tags ?? []],
    stamp: { mod: Math.floor(moment.at / SECOND_MS), usn: UNSYNCED },
    decks: new Map([...readCollection(rec.db).decks.values()].map(({ name, id }) => [name.toLowerCase(), id])),
    nextId: moment.at,
  };
}

function kindOf(db: DatabaseSync, typeId: number, asked: NotesImport, header: TableHeader): Kind | undefined {
  const type = readNoteType(db, typeId);
  const names = listOf(type["flds"]).map(({ name }) => String(name));
  return names.length === 0 ? undefined : { typeId, type, names, ...placesOf(asked, header, names) };
}

/** Anki writes notes of several types into one table, each with the name of its type. */
function kindsByName(db: DatabaseSync, asked: NotesImport, header: TableHeader): Target["kindNamed"] {
  const known = new Map<string, Kind | string>();
  const ids = new Map([...readColumns(db, "models").models].map(([id, { name }]) => [name.toLowerCase(), id]));
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const id = ids.get(name.trim().toLowerCase());
    const kind = (id === undefined ? undefined : kindOrReason(() => kindOf(db, id, asked, header))) ??
      `its note type "${name.slice(0, 50)}" is none of this collection`;
    if (known.size < LIMITS.kinds) known.set(name, kind);
    return kind;
  };
}

function kindOrReason(make: () => Kind | undefined): Kind | string | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return "its note type has other fields than `columns` name";
  }
}

/** Which column is what: as it is told, else by the names of the first row, else the fields in their order. */
function placesOf(
  { columns }: NotesImport,
  header: TableHeader,
  names: readonly string[],
): Pick<Kind, "places" | "isTold"> {
  const places = new Map<number, ColumnUse>();
  const special = [["TAGS", header.tagsColumn], ["GUID", header.guidColumn], ["DECK", header.deckColumn], [
    "NOTE_TYPE",
    header.noteTypeColumn,
  ]] as const;
  for (const [use, column] of special) if (column) places.set(column - 1, { use });
  let isTold = false;
  if (columns) {
    for (const { column, ...use } of columns) places.set(column - 1, use);
  } else {
    const lower = names.map((name) => name.toLowerCase());
    const byName = (header.columns ?? []).map((name) => lower.indexOf(name.trim().toLowerCase()));
    isTold = byName.some((place) => place >= 0);
    if (isTold) {
      for (const [column, place] of byName.entries()) {
        if (place >= 0 && !places.has(column)) places.set(column, { field: names[place]! });
      }
    } else {
      let column = 0;
      for (const field of names) {
        while (places.has(column)) column++;
        places.set(column, { field });
      }
    }
  }
  for (const use of places.values()) {
    if ("field" in use && !names.includes(use.field)) {
      throw wrong(
        "columns",
        `name the field "${use.field}", which is none of ${names.map((one) => `"${one}"`).join(", ")}`,
      );
    }
  }
  if (![...places.values()].some((use) => "field" in use)) throw wrong("columns", "name no field");
  return { places, isTold: isTold || columns !== undefined };
}

/** Takes one row; gives why it makes no note. */
function take(rec: Recorder, target: Target, cells: readonly string[], report: NotesReport): string | undefined {
  const given = new Map<string, string>();
  let [guid, deck, tags] = ["", "", ""];
  const kind = kindOfRow(target, cells);
  if (typeof kind === "string") return kind;
  for (const [column, use] of kind.places) {
    const cell = cells[column];
    if (cell === undefined) continue;
    if ("field" in use) {
      const text = cell.normalize("NFC");
      given.set(use.field, target.isHtml ? text : escapeHtml(text).replaceAll(/\r?\n/g, "<br>"));
    } else if (use.use === "GUID") guid = cell.trim().slice(0, 100);
    else if (use.use === "DECK") deck = cell.trim();
    else if (use.use === "TAGS") tags = cell;
  }
  const last = Math.max(...kind.places.keys());
  if (!kind.isTold && cells.slice(last + 1).some((cell) => cell.trim() !== "")) {
    return `it has ${cells.length} cells for ${
      last + 1
    }; put what holds the separator into quotes, or say what each column is`;
  }
  const chars = [...given.values()].map(({ length }) => length);
  if (Math.max(0, ...chars) > LIMITS.fieldChars) return `a field has more than ${LIMITS.fieldChars} characters`;
  if (chars.reduce((sum, n) => sum + n, 0) > LIMITS.noteChars) {
    return `the note has more than ${LIMITS.noteChars} characters`;
  }
  for (const text of [...given.values(), tags, deck, guid]) {
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text) || !text.isWellFormed()) {
      return "it holds control characters";
    }
  }
  const own = [...new Set([...tags.split(/\s+/).filter(Boolean), ...target.tags])];
  const first = given.get(kind.names[0]!) ?? "";
  // Notes of before may hold it decomposed.
  const known = existing(rec.db, kind, guid, first) ?? existing(rec.db, kind, guid, first.normalize("NFD"));
  if (known && target.duplicates !== "ADD") return change(rec, target, { kind, known, given, own }, report);
  const fields = kind.names.map((name) => given.get(name) ?? "");
  if (fields[0]!.trim() === "") return "its first field is empty";
  if (cardsOf(kind.type, fields).length === 0) return "it makes no card: the front would be blank";
  const deckId = deck === "" ? target.deckId : deckNamed(rec, target, deck);
  if (deckId === undefined) return `the deck "${deck.slice(0, 50)}" cannot be made`;
  const noteId = target.nextId = freeNoteId(rec.db, target.nextId + 1);
  const isFree = guid !== "" && !getRow(rec.db, "select 1 from notes where guid = ?", guid);
  createNote(rec, {
    noteId,
    guid: isFree ? guid : `${target.guidStart}${noteId.toString(36)}`,
    typeId: kind.typeId,
    deckId,
    fields,
    tags: own,
  }, target.stamp);
  report.added++;
  return undefined;
}

function kindOfRow({ kind, kindNamed }: Target, cells: readonly string[]): Kind | string {
  for (const [column, use] of kind.places) {
    const name = "use" in use && use.use === "NOTE_TYPE" ? cells[column] ?? "" : "";
    if (name.trim() !== "") return kindNamed(name);
  }
  return kind;
}

type Known = { id: number; flds: string; tags: string };

function change(
  rec: Recorder,
  { duplicates, stamp }: Target,
  { kind: { names }, known, given, own }: {
    kind: Kind;
    known: Known;
    given: ReadonlyMap<string, string>;
    own: readonly string[];
  },
  report: NotesReport,
): string | undefined {
  const before = known.flds.split(FIELD_SEPARATOR);
  const fields = names.map((name, place) => given.get(name) ?? before[place] ?? "");
  const had = known.tags.split(/\s+/).filter(Boolean);
  const tags = [...new Set([...had, ...own])];
  const isSame = fields.join(FIELD_SEPARATOR) === known.flds && own.every((tag) => had.includes(tag));
  if (duplicates === "KEEP" || isSame) {
    report.kept++;
    return undefined;
  }
  if (fields[0]!.trim() === "") return "its first field is empty";
  updateNote(rec, { do: "updateNote", noteId: known.id, fields, tags }, stamp);
  report.updated++;
  return undefined;
}

/** The note of a row: by its guid, else the one of the note type whose first field says the same. */
function existing(db: DatabaseSync, { typeId }: Kind, guid: string, first: string): Known | undefined {
  const columns = "id, mid, flds, tags";
  if (guid !== "") {
    const known = getRow<Known & { mid: number }>(db, `select ${columns} from notes where guid = ?`, guid);
    return known?.mid === typeId ? known : undefined;
  }
  const same = listRows<Known>(
    db,
    `select ${columns} from notes where csum in (?, ?) and mid = ? order by id`,
    ...checksumsOf(first),
    typeId,
  );
  return same.find(({ flds }) => sortTextOf(flds.split(FIELD_SEPARATOR, 1)[0]!) === sortTextOf(first));
}

function deckNamed(rec: Recorder, target: Target, name: string): number | undefined {
  const plain = name.split("::").map((part) => part.trim()).join("::").normalize("NFC");
  const known = target.decks.get(plain.toLowerCase());
  if (known !== undefined) return readCollection(rec.db).decks.get(known)?.filtered ? undefined : known;
  const isName = plain.length <= 300 && plain.split("::").every((part) => part !== "");
  if (!isName || target.decks.size > LIMITS.decks + readCollection(rec.db).decks.size) return undefined;
  let id = target.nextId + 1;
  while (readCollection(rec.db).decks.has(id)) id++;
  createDeck(rec, id, plain, target.stamp);
  target.nextId = id;
  target.decks.set(plain.toLowerCase(), id);
  return id;
}

function freeNoteId(db: DatabaseSync, from: number): number {
  let free = from;
  while (getRow(db, "select 1 from notes where id = ?", free) || getRow(db, "select 1 from cards where id = ?", free)) {
    free++;
  }
  return free;
}

function wrong(field: string, message: string): InvalidInputError {
  return new InvalidInputError([{ path: [field], message }]);
}
