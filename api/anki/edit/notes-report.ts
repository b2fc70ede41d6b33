import type { DatabaseSync } from "node:sqlite";
import { findAnswer } from "../schedule/answers-table.ts";
import type { Before } from "./before.ts";

/** What came of the rows. Of those that were refused the first hundred are named. */
export type NotesReport = {
  rows: number;
  added: number;
  updated: number;
  kept: number;
  refused: number;
  refusals: { line: number; reason: string }[];
};

/** What an import that was made before gave; undefined where it was not made, or was taken back. */
export function findNotesReport(db: DatabaseSync, answerId: string): NotesReport | undefined {
  const known = findAnswer(db, answerId);
  const before = known?.undo ? JSON.parse(known.undo) as Before & { report?: NotesReport } : undefined;
  return before?.report ??
    (known && { rows: 0, added: 0, updated: 0, kept: 0, refused: 0, refusals: [] });
}
