import type { DatabaseSync } from "node:sqlite";
import { readColumns } from "../file/col.ts";
import { parseObject } from "./card-data.ts";
import { type Deck, toDecks } from "./decks.ts";
import { count, type DeckOptions, objectOf, toOptions } from "./options.ts";
import { getRow } from "./rows.ts";
import { type DayRules, type Timing, timingAt } from "./timing.ts";

/** A collection's settings and decks, as they are at the moment of reading. */
export type Collection = DayRules & {
  /** In milliseconds. */
  mod: number;
  /** All decks, parents before their children, by name. */
  decks: ReadonlyMap<number, Deck>;
  optionsOf(deck: Deck | undefined): DeckOptions;
  /** How far learning cards may be shown before they are due. */
  learnAheadSecs: number;
  /** Whether Anki itself schedules this collection by FSRS. Where it does not, its parameters are not used here. */
  usesFsrs: boolean;
  /** Whether short steps by FSRS go on after learning steps that were given. */
  shortTermWithSteps: boolean;
  /** In the log of scheduler 1, learning has three buttons: 2 is good, 3 is easy. */
  hasScheduler1: boolean;
  newSpread: number;
  newIgnoresReviewLimit: boolean;
  parentLimitsApply: boolean;
  lastUnburied: number;
};

/** What was read of a collection, and how many rows its connection had changed by then. */
type Read = { changes: number; collection?: Collection; noteTypes: Map<number, Record<string, unknown>> };

/** A collection is asked for its settings and decks many times in a request, and parsing them may take milliseconds. */
const reads = new WeakMap<DatabaseSync, Read>();

/** What is known of the collection as it is now. Only its own connection writes to it, which counts what it writes. */
function knownOf(db: DatabaseSync): Read {
  const { changes } = getRow<{ changes: number }>(db, "select total_changes() as changes")!;
  const known = reads.get(db);
  if (known?.changes === changes) return known;
  const fresh: Read = { changes, noteTypes: new Map() };
  reads.set(db, fresh);
  return fresh;
}

/** After a rollback: what was written and taken back stays counted. */
export function forgetRead(db: DatabaseSync): void {
  reads.delete(db);
}

/** The settings, the decks and their options. Throws where a part of `col` is not what Anki writes. */
export function readCollection(db: DatabaseSync): Collection {
  const known = knownOf(db);
  return known.collection ??= parseCollection(db);
}

function parseCollection(db: DatabaseSync): Collection {
  const { crt, mod, conf, decks, dconf } = readColumns(db, "crt", "mod", "conf", "decks", "dconf");
  const options = new Map<number, DeckOptions>();
  const optionsFor = (id: number) => {
    const found = options.get(id) ?? toOptions(dconf.get(id) ?? dconf.get(1));
    options.set(id, found);
    return found;
  };
  return {
    crt,
    mod,
    ...dayRulesOf(conf),
    decks: toDecks(decks),
    optionsOf: (deck) => optionsFor(deck?.optionsId ?? 1),
    learnAheadSecs: count(conf["collapseTime"], 1_200),
    usesFsrs: conf["fsrs"] === true,
    shortTermWithSteps: conf["fsrsShortTermWithStepsEnabled"] === true,
    hasScheduler1: count(conf["schedVer"], 1) < 2,
    newSpread: count(conf["newSpread"], 0),
    newIgnoresReviewLimit: conf["newCardsIgnoreReviewLimit"] === true,
    parentLimitsApply: conf["applyAllParentLimits"] === true,
    lastUnburied: count(conf["lastUnburied"], 0),
  };
}

export function timingOf(collection: DayRules, at: number, offsetMinutes: number): Timing {
  return timingAt(collection, at, offsetMinutes);
}

/** Whether cards buried on an earlier day are to be seen again, and were not yet brought back. */
export function isUnburyDue({ lastUnburied }: Collection, { today }: Timing): boolean {
  return lastUnburied < today || today + 7 < lastUnburied;
}

/** The offset, in minutes east of UTC, that the person's Anki last ran with; undefined where it left none. */
export function localOffsetOf(db: DatabaseSync): number | undefined {
  const west = readColumns(db, "conf").conf["localOffset"];
  return typeof west === "number" ? 0 - west : undefined;
}

/** The name and rules of the note type with this id, as Anki keeps them in `col.models`; empty where there is none. */
export function readNoteType(db: DatabaseSync, noteTypeId: number): Record<string, unknown> {
  const { noteTypes } = knownOf(db);
  const known = noteTypes.get(noteTypeId) ?? parseNoteType(db, noteTypeId);
  noteTypes.set(noteTypeId, known);
  return known;
}

function parseNoteType(db: DatabaseSync, noteTypeId: number): Record<string, unknown> {
  const path = `$."${noteTypeId}"`;
  const row = getRow<{ model: string | null }>(
    db,
    "select json_extract(models, ?) as model from col where json_valid(models)",
    path,
  );
  return objectOf(parseObject(row?.model ?? ""));
}

function dayRulesOf(conf: Record<string, unknown>): Omit<DayRules, "crt"> {
  const { rollover, creationOffset } = conf;
  return {
    rollover: typeof rollover === "number" && Number.isInteger(rollover) ? ((rollover % 24) + 24) % 24 : 4,
    creationWest: typeof creationOffset === "number" ? creationOffset : undefined,
  };
}
