import type { DatabaseSync } from "node:sqlite";
import { type CheckedFile, checkIntegrity, checkInvariants } from "./check.ts";
import { readCol, writeCol } from "./col.ts";
import { readable } from "./errors.ts";
import { type IncomingMedia, type MediaIndex, mergeMedia, renameInCollection } from "./media-merge.ts";
import { mergeCol } from "./merge-col.ts";
import { mergeCards, type Merged, mergeGraves, mergeNotes, mergeReviews } from "./merge-rows.ts";
import type { Repair } from "./repair.ts";
import { OWN_TABLE } from "./tables.ts";
import type { OpenFile } from "./temp.ts";

/** What an import did. */
export type ImportReport = {
  notes: Merged;
  cards: Merged;
  /** `moved`: reviews that fell on a millisecond that another review has. */
  reviews: Merged & { moved: number };
  added: { decks: number; noteTypes: number; options: number; graves: number; media: number };
  /** Media files that got another name, old to new. */
  renamedMedia: ReadonlyMap<string, string>;
  repairs: readonly Repair[];
};

export type ImportResult = {
  /** The new collection, in a file of its own. What was given stays as it was. */
  file: OpenFile;
  media: MediaIndex;
  report: ImportReport;
};

const DAY_S = 86_400;
const countOf = (db: DatabaseSync, table: "notes" | "cards" | "revlog" | "graves") =>
  Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);

/** All that a first import brings. */
function firstReport(db: DatabaseSync): Omit<ImportReport, "renamedMedia" | "repairs"> {
  const all = (added: number): Merged => ({ added, updated: 0, kept: 0 });
  const { decks, models, dconf } = readCol(db);
  return {
    notes: all(countOf(db, "notes")),
    cards: all(countOf(db, "cards")),
    reviews: { ...all(countOf(db, "revlog")), moved: 0 },
    added: {
      decks: decks.size,
      noteTypes: models.size,
      options: dconf.size,
      graves: countOf(db, "graves"),
      media: 0,
    },
  };
}

/** Merges one collection into another, in one transaction. Marks it as changed at `now` only where something did change. */
function merge(into: DatabaseSync, from: DatabaseSync, now: number): Omit<ImportReport, "renamedMedia" | "repairs"> {
  into.exec("BEGIN IMMEDIATE");
  const col = readCol(into);
  const theirs = readCol(from);
  const days = Math.round((theirs.crt - col.crt) / DAY_S);
  const used = from.prepare("SELECT did AS id FROM cards UNION SELECT odid FROM cards").all();
  const merged = mergeCol(col, theirs, days, new Set(used.map(({ id }) => Number(id))));
  writeCol(into, Object.fromEntries([...merged.changed].map((part) => [part, col[part]])));
  const { ids: noteIds, notes } = mergeNotes(into, from, merged.noteTypes);
  const { ids: cardIds, cards } = mergeCards(into, from, { notes: noteIds, decks: merged.decks, days });
  const reviews = mergeReviews(into, from, cardIds);
  const graves = mergeGraves(into, from, col.decks);
  const changes = merged.changed.size + notes.added + notes.updated + cards.added + cards.updated + reviews.added +
    graves;
  if (changes > 0) into.prepare("UPDATE col SET mod = ?").run(now);
  // Anki wants a full sync after a change of note types or a removal; it knows by scm.
  if (merged.changed.has("models")) into.prepare("UPDATE col SET scm = ?").run(now);
  into.exec("COMMIT");
  return { notes, cards, reviews, added: { ...merged.added, graves, media: 0 } };
}

/**
 * Imports a checked collection. The first is kept as it is. Into an existing one it is merged: nothing of either is
 * dropped, ids that collide get new ones, and importing the same again changes nothing. The result is checked as a whole
 * before it is given. What was given stays the caller's, unchanged; close the result's `file`.
 */
export function importInto(
  existing: { file: OpenFile; media: MediaIndex } | undefined,
  incoming: CheckedFile,
  { now, media: incomingMedia = [] }: { now: number; media?: readonly IncomingMedia[] },
): ImportResult {
  const media = mergeMedia(existing?.media ?? new Map(), incomingMedia);
  const theirs = incoming.file.copy();
  let file: OpenFile | undefined;
  try {
    const report = readable("The collection is damaged. Check the database in Anki and export it again.", () => {
      theirs.db.exec(`DROP TABLE IF EXISTS ${OWN_TABLE}`);
      renameInCollection(theirs.db, media.renamed);
      file = existing ? existing.file.copy() : theirs;
      const done = existing ? merge(file.db, theirs.db, now) : firstReport(file.db);
      checkIntegrity(file.db);
      checkInvariants(file.db);
      return done;
    });
    if (existing) theirs.close();
    report.added.media = media.index.size - (existing?.media.size ?? 0);
    const whole = { ...report, renamedMedia: media.renamed, repairs: incoming.repairs };
    return { file: file ?? theirs, media: media.index, report: whole };
  } catch (error) {
    file?.close();
    theirs.close();
    throw error;
  }
}
