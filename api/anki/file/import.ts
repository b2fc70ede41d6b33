import type { DatabaseSync } from "node:sqlite";
import { type CheckedFile, checkIntegrity, checkInvariants } from "./check.ts";
import { noteSettings, settingsSetAt } from "../schedule/answers-table.ts";
import { upgradeScheduler } from "../schedule/upgrade.ts";
import { type Col, readCol, writeCol } from "./col.ts";
import { readable } from "./errors.ts";
import { type IncomingMedia, type MediaIndex, mergeMedia, renameInCollection } from "./media-merge.ts";
import { canonical, mergeCol } from "./merge-col.ts";
import { bury, buryDecks, type Deleted } from "./merge-graves.ts";
import { isOwn, whoseSettings } from "./merge-settings.ts";
import { mergeCards, type Merged, mergeGraves, mergeNotes, mergeReviews } from "./merge-rows.ts";
import type { Repair } from "./repair.ts";
import type { OpenFile } from "./temp.ts";

/** What an import did. */
export type ImportReport = {
  notes: Merged;
  cards: Merged;
  /** `moved`: reviews that fell on a millisecond that another review has. */
  reviews: Merged & { moved: number };
  added: { decks: number; noteTypes: number; options: number; graves: number; media: number };
  deleted: Deleted;
  /** What was taken from the file over what was there, and what differs and was not, in words. */
  told: readonly string[];
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
const MINUTE_S = 60;
const changedAt = (db: DatabaseSync) => Number(db.prepare("SELECT mod FROM col").get()!.mod);
const countOf = (db: DatabaseSync, table: "notes" | "cards" | "revlog" | "graves") =>
  Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);

/** All that a first import brings. */
function firstReport(db: DatabaseSync): Omit<ImportReport, "renamedMedia" | "repairs"> {
  // Packages that FSRS is noticed in are nobody's own.
  if (isOwn(readCol(db))) noteSettings(db, changedAt(db));
  const told = noticeFsrs(db) ? ["FSRS is on, since the cards carry its memory"] : [];
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
    deleted: { notes: 0, cards: 0 },
    told,
  };
}

/**
 * Merges one collection into another, in one transaction. Marks it as changed at `now` only where something did change.
 * `from` is brought to the scheduler, the days and the note types of the merged one, and is of no use after.
 */
function merge(into: DatabaseSync, from: DatabaseSync, now: number): Omit<ImportReport, "renamedMedia" | "repairs"> {
  into.exec("BEGIN IMMEDIATE");
  from.exec("BEGIN IMMEDIATE");
  const setAt = changedAt(from);
  const whose = whoseSettings({ ...readCol(into), setAt: settingsSetAt(into) }, { ...readCol(from), setAt });
  if (whose.settings === "theirs") noteSettings(into, setAt);
  const told: string[] = [];
  noticeFsrs(from);
  const isUpgraded = isOldScheduler(into) !== isOldScheduler(from) && upgradeScheduler(into);
  if (isUpgraded) told.push(UPGRADED);
  if (isOldScheduler(into) !== isOldScheduler(from)) upgradeScheduler(from);
  const theirs = readCol(from);
  const isOne = readCol(into).crt === theirs.crt;
  const isMoved = adoptDays(into, theirs);
  const col = readCol(into);
  const until = { ours: changedAt(into), theirs: changedAt(from) };
  const deleted = bury(into, from);
  if (countOf(from, "revlog") + countOf(from, "graves") > 0) bury(from, into);
  const days = firstDayOf(theirs, col) - firstDayOf(col, theirs);
  const [before, known] = [canonical([...col.decks]), new Set(col.decks.keys())];
  const merged = mergeCol(col, theirs, { days, isOne, whose, told }, { into, from });
  const { ids: noteIds, notes } = mergeNotes(into, from, merged.noteTypes);
  const { ids: cardIds, cards } = mergeCards(into, from, { notes: noteIds, decks: merged.decks, days });
  const reviews = mergeReviews(into, from, cardIds);
  const gone = buryDecks(col, { into, from, ids: merged.decks, known, until });
  const ours = gone.filter(({ id }) => known.has(id));
  told.push(...ours.map(({ name }) => `deck "${name}", which the file says is deleted, is gone`));
  if (canonical([...col.decks]) === before) merged.changed.delete("decks");
  else merged.changed.add("decks");
  writeCol(into, Object.fromEntries([...merged.changed].map((part) => [part, col[part]])));
  const graves = mergeGraves(into, from, col.decks);
  const changes = merged.changed.size + notes.added + notes.updated + cards.added + cards.updated + reviews.added +
    graves + deleted.cards + deleted.notes + Number(isMoved || isUpgraded);
  if (changes > 0) into.prepare("UPDATE col SET mod = max(mod, ?)").run(now);
  // Anki wants a full sync after a change of note types or a removal; it knows by scm.
  if (merged.changed.has("models")) into.prepare("UPDATE col SET scm = ?").run(now);
  from.exec("COMMIT");
  into.exec("COMMIT");
  if (deleted.cards > 0) {
    told.push(`${deleted.cards} cards and ${deleted.notes} notes that the file says are deleted are gone`);
  }
  return {
    notes,
    cards,
    reviews,
    added: { ...merged.added, decks: merged.added.decks - (gone.length - ours.length), graves, media: 0 },
    deleted,
    told,
  };
}

const UPGRADED = "scheduler 1 is scheduler 2 now, as Anki upgrades it";

/**
 * The date of a collection's first day, in days since 1970, where it was made: a collection made in New Zealand at four in the
 * morning begins on another date of UTC. One that does not say where counts as where its person is, else as the other one.
 */
function firstDayOf({ crt, conf }: Col, other: Col): number {
  const west = [conf.creationOffset, conf.localOffset, other.conf.creationOffset, other.conf.localOffset].find(
    (offset) => typeof offset === "number",
  );
  return Math.floor((crt - Number(west ?? 0) * MINUTE_S) / DAY_S);
}

function isOldScheduler(db: DatabaseSync): boolean {
  return !(Number(readCol(db).conf.schedVer ?? 1) >= 2);
}

/** A collection in which nothing is due yet takes the first day of the other, from which a person's own days count. */
function adoptDays(into: DatabaseSync, theirs: Col): boolean {
  const col = readCol(into);
  const isFree = !into.prepare("SELECT 1 FROM cards WHERE type != 0 LIMIT 1").get();
  if (!isFree || isOwn(col) || !isOwn(theirs)) return false;
  const { creationOffset } = theirs.conf;
  const { creationOffset: _, ...conf } = col.conf;
  into.prepare("UPDATE col SET crt = ?").run(theirs.crt);
  writeCol(into, { conf: creationOffset === undefined ? conf : { ...conf, creationOffset } });
  return true;
}

/** Packages do not say whether FSRS is on; their cards do, where they carry its memory. Gives whether it is noticed now. */
function noticeFsrs(db: DatabaseSync): boolean {
  const { conf } = readCol(db);
  if (conf.fsrs !== undefined) return false;
  const sql = "SELECT 1 FROM cards WHERE json_valid(data) AND json_extract(data, '$.s') IS NOT NULL LIMIT 1";
  if (!db.prepare(sql).get()) return false;
  writeCol(db, { conf: { ...conf, fsrs: true } });
  return true;
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
