import { openChecked } from "../file/check.ts";
import type { CheckedFile } from "../file/check.ts";
import { exportCollection } from "../file/export.ts";
import { importInto, type ImportReport } from "../file/import.ts";
import { type Lost, lostIn, NOTHING_LOST } from "../file/lost.ts";
import { sha1Of } from "../file/media.ts";
import type { IncomingMedia, MediaIndex } from "../file/media-merge.ts";
import { type CollectionPackage, readPackage } from "../file/package.ts";
import type { TempFiles } from "../file/temp.ts";
import { importNotes, type NotesImport } from "../edit/import-notes.ts";
import type { NotesReport } from "../edit/notes-report.ts";
import { applyEntry } from "../schedule/apply.ts";
import { parseEntry } from "../schedule/entry.ts";
import { type CardContent, renderContent } from "../render/card.ts";

import { type Optimized, optimizeParameters } from "../schedule/optimize.ts";
import { momentOf } from "../schedule/question.ts";
import { type Asked, VIEWS, type Views } from "./views.ts";

/** A media file of the package that is open, by its place; `original` is what its notes may call it. */
export type ListedMedia = { name: string; original: string };

export type Tasks = ReturnType<typeof createTasks>;

/**
 * All that is done with what strangers made: files and templates. It runs in a worker, which is ended where it takes too
 * long or too much. One package is open at a time.
 */
export function createTasks(files: TempFiles) {
  let opened: { found: CollectionPackage; checked: CheckedFile } | undefined;
  const close = () => {
    opened?.checked.file.close();
    opened = undefined;
  };
  const open = () => {
    if (!opened) throw new Error("No package is open.");
    return opened;
  };

  return {
    /** Reads a package and takes the collection out of it; throws CollectionUnreadableError or TooLargeError. */
    async open(bytes: Uint8Array, now: number): Promise<{ media: ListedMedia[]; missing: readonly string[] }> {
      close();
      const found = await readPackage(bytes);
      opened = { found, checked: openChecked(files, found.collection, { now }) };
      return { media: found.media.map(({ name, original }) => ({ name, original })), missing: found.missingMedia };
    },

    /** Unpacks one media file. */
    async media(place: number): Promise<{ bytes: Uint8Array; sha1: string }> {
      const bytes = await open().found.media[place]!.read();
      return { bytes, sha1: sha1Of(bytes) };
    },

    /** The open package merged into a collection, or alone where there is none. May be asked again with another. */
    merge(
      existing: Uint8Array | undefined,
      index: MediaIndex,
      media: readonly IncomingMedia[],
      now: number,
    ): { bytes: Uint8Array; index: MediaIndex; report: ImportReport } {
      const { checked } = open();
      const into = existing && { file: files.fromBytes(existing), media: index };
      try {
        const { file, media: merged, report } = importInto(into, checked, { now, media });
        try {
          return { bytes: file.toBytes(), index: merged, report };
        } finally {
          file.close();
        }
      } finally {
        into?.file.close();
      }
    },

    /** The open package in the place of a collection, and what of that one would be lost. */
    replace(
      existing: Uint8Array | undefined,
      media: readonly IncomingMedia[],
      now: number,
    ): { bytes: Uint8Array; index: MediaIndex; report: ImportReport; lost: Lost } {
      const { checked } = open();
      const old = existing && files.fromBytes(existing);
      try {
        const { file, media: merged, report } = importInto(undefined, checked, { now, media });
        try {
          return { bytes: file.toBytes(), index: merged, report, lost: old ? lostIn(old.db, file.db) : NOTHING_LOST };
        } finally {
          file.close();
        }
      } finally {
        old?.close();
      }
    },

    /** Forgets the open package. */
    close,

    /** A collection as Anki opens it. */
    exported(bytes: Uint8Array): Uint8Array {
      const file = files.fromBytes(bytes);
      try {
        return exportCollection(file);
      } finally {
        file.close();
      }
    },

    /** A collection with one entry more. */
    applied(bytes: Uint8Array, text: string, position: number): { bytes: Uint8Array; value: undefined } {
      const file = files.fromBytes(bytes);
      try {
        applyEntry(file.db, parseEntry(text), position);
        return { bytes: file.toBytes(), value: undefined };
      } finally {
        file.close();
      }
    },

    /** A collection with the notes of a table. */
    notesImported(
      bytes: Uint8Array,
      asked: NotesImport,
      position: number,
    ): { bytes: Uint8Array; value: NotesReport } {
      const file = files.fromBytes(bytes);
      try {
        const value = importNotes(file.db, asked, position);
        return { bytes: file.toBytes(), value };
      } finally {
        file.close();
      }
    },

    /** Parameters of FSRS that are learned from a collection's log. */
    async optimized(bytes: Uint8Array, presetId: number, asked: Asked): Promise<Optimized> {
      const file = files.fromBytes(bytes);
      try {
        return await optimizeParameters(file.db, presetId, momentOf(file.db, asked.at, asked.zone));
      } finally {
        file.close();
      }
    },

    /** What a read of the whole collection finds. */
    viewed(bytes: Uint8Array, name: keyof Views, args: readonly unknown[]): unknown {
      const file = files.fromBytes(bytes);
      try {
        return (VIEWS[name] as (...all: unknown[]) => unknown)(file.db, ...args);
      } finally {
        file.close();
      }
    },

    render: (content: CardContent) => renderContent(content),
  };
}
