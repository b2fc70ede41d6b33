import type { KeptAnswer } from "../schedule/answers-table.ts";
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

/** What an import that was made before gave; nothing where it was taken back, or too much was changed since. */
export function notesReportOf({ undo }: KeptAnswer): NotesReport {
  const before = undo ? JSON.parse(undo) as Before & { report?: NotesReport } : undefined;
  return before?.report ?? { rows: 0, added: 0, updated: 0, kept: 0, refused: 0, refusals: [] };
}
