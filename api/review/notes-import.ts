import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import { type NotesReport, notesReportOf } from "../anki/edit/notes-report.ts";
import type { NotesImport } from "../anki/edit/import-notes.ts";
import { TooLargeError } from "../anki/file/errors.ts";
import { sizeInWords } from "../anki/file/limits.ts";
import { momentOf } from "../anki/schedule/question.ts";
import { findAnswer } from "../anki/schedule/answers-table.ts";
import type { Ask } from "../anki/work/pool.ts";
import type { Changes } from "./changes.ts";
import { invalid, requireDeck, requireSameEdit } from "./edit-checks.ts";
import { parseImportNotes } from "./edit-model.ts";
import { digestOf, type Person, shortIdOf } from "./model.ts";
import type { Rewrite } from "./rewrite.ts";
import type { Uploads } from "./uploads.ts";

export type ImportNotes = ReturnType<typeof createImportNotes>;

/** A body without a collection in it holds no more; more comes by upload. */
const INLINE_CHARS = 700_000;
const MAX_BYTES = 16 * 1024 * 1024;
const IN_PARTS = "Import it in parts.";

/**
 * Brings notes in from text: a table with a column for each field, as Anki and spreadsheets write it. It is one change, made in
 * a thread: counted once by its id, and taken back whole.
 */
export function createImportNotes({ changes, rewrite, uploads, clock, ids }: {
  changes: Changes;
  rewrite: Pick<Rewrite, "dryRun">;
  uploads: Uploads;
  clock: Clock;
  ids: Ids;
}) {
  return async function importNotes(person: Person, input: unknown): Promise<NotesReport> {
    const { editId, text: inline, uploadKey, kind, noteTypeId, timeZone, dryRun, ...given } = parseImportNotes(input);
    if ((typeof inline === "string") === (typeof uploadKey === "string")) {
      throw invalid("text", "is needed, or `uploadKey`; not both");
    }
    if ((typeof kind === "string") === (typeof noteTypeId === "number")) {
      throw invalid("kind", "is needed, or `noteTypeId`; not both");
    }
    if (typeof inline === "string" && inline.length > INLINE_CHARS) {
      const message =
        `\`text\` is longer than ${INLINE_CHARS} characters. PUT it to the link of \`collectionUploadUrl\`.`;
      throw new TooLargeError(message, INLINE_CHARS);
    }
    const answerId = shortIdOf(editId);
    const digest = digestOf([inline, uploadKey, kind, noteTypeId, given]);
    const asked = (text: string, moment: NotesImport["moment"]): NotesImport => ({
      ...given,
      answerId,
      digest,
      guidStart: shortIdOf(ids()),
      text,
      typeId: noteTypeId ?? undefined,
      kind: kind ?? undefined,
      separator: given.separator ?? undefined,
      isHtml: given.isHtml ?? undefined,
      columns: given.columns ?? undefined,
      tags: given.tags ?? [],
      moment,
    });
    const lease = await changes.leaseOf(person, timeZone);
    const before = await changes.read(lease, (db) => findAnswer(db, answerId));
    if (before && !dryRun) {
      // Asked again: what was uploaded for it may be gone.
      requireSameEdit(before, digest);
      return notesReportOf(before);
    }
    const text = inline ?? textOf(await uploads.read(person, uploadKey!, MAX_BYTES, IN_PARTS));
    const moment = await changes.read(lease, (db) => {
      requireDeck(db, given.deckId, "deckId");
      return momentOf(db, clock(), timeZone);
    });
    const make = (ask: Ask, bytes: Uint8Array, position: number) =>
      ask.notesImported(bytes, asked(text, moment), position);
    if (dryRun) return await rewrite.dryRun(lease, make);
    const once = { answerId, digest, known: notesReportOf };
    const { value } = await changes.changeInThread(person, timeZone, once, make);
    if (uploadKey) await uploads.remove(person, uploadKey);
    return value;
  };
}

/** UTF-8, or UTF-16 that says so, as spreadsheets write "Unicode text". */
function textOf(bytes: Uint8Array): string {
  const mark = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  const encoding = mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw invalid("uploadKey", `names a file that is no UTF-8 text (${sizeInWords(bytes.length)}); save it as such`);
  }
}
