import type { DatabaseSync } from "node:sqlite";
import { readCol, writeCol } from "./col.ts";
import { nameWithHash } from "./media-names.ts";
import { escapeHtml, unescapeHtml } from "../render/text.ts";

/**
 * A media file as it is kept: under its SHA-1 (hex), with its size; 0 where an older index does not say it. `era` is how often
 * unused files had been deleted when it came (absent: never): a key that was deleted is never used again.
 */
export type MediaFile = { sha1: string; bytes: number; era?: number | undefined };

/** The media of a collection, by name. */
export type MediaIndex = ReadonlyMap<string, MediaFile>;

/** A media file that came with a package. `original` is what its notes may call it. */
export type IncomingMedia = MediaFile & { name: string; original?: string };

/** The index as it is stored, and back. Before sizes were kept, an entry was the hash alone. */
export function formatMediaIndex(index: MediaIndex): string {
  return JSON.stringify(
    [...index].map(([name, { sha1, bytes, era }]) => (era ? [name, sha1, bytes, era] : [name, sha1, bytes])),
  );
}
export function parseMediaIndex(text: string): MediaIndex {
  const entries = JSON.parse(text) as [name: string, sha1: string, bytes?: number, era?: number][];
  return new Map(entries.map(([name, sha1, bytes = 0, era]) => [name, { sha1, bytes, ...(era && { era }) }]));
}

/** What the files of an index take, each content once. */
export function mediaBytes(index: MediaIndex): number {
  const contents = new Map([...index.values()].map(({ sha1, bytes }) => [sha1, bytes]));
  return [...contents.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * Adds media to an index. A file whose name is taken by other content gets the name with its hash, as in Anki; so no
 * file is replaced and none is lost. `renamed` says how notes that call it by its old name must call it.
 */
export function mergeMedia(
  existing: MediaIndex,
  incoming: Iterable<IncomingMedia>,
): { index: MediaIndex; renamed: ReadonlyMap<string, string> } {
  const index = new Map(existing);
  const renamed = new Map<string, string>();
  for (const { name, original = name, ...file } of incoming) {
    const known = index.get(name);
    const kept = known === undefined || known.sha1 === file.sha1 ? name : nameWithHash(name, file.sha1);
    // What is there already stays where it is.
    if (index.get(kept)?.sha1 !== file.sha1) index.set(kept, file);
    if (kept !== original) renamed.set(original, kept);
  }
  return { index, renamed };
}

const REFERENCE =
  /(\[sound:)([^\]]{1,1000})(\])|((?:src|data|href)\s{0,20}=\s{0,20}|@import\s{1,20}(?=["']))("[^"]{0,1000}"|'[^']{0,1000}'|[^\s"'>]{1,1000})|(url\(\s{0,20})("[^"]{0,1000}"|'[^']{0,1000}'|[^)"']{0,1000})(\s{0,20}\))/gi;

/**
 * Gives the text with each reference to a renamed file changed: sounds, `src`, `data`, `href`, and CSS `url()` and `@import`.
 * Names are the same however their letters are composed (NFC).
 */
export function renameReferences(text: string, renamed: ReadonlyMap<string, string>): string {
  const byName = new Map([...renamed].map(([name, kept]) => [name.normalize("NFC"), kept]));
  const find = (name: string) => renamed.get(name) ?? byName.get(name.normalize("NFC"));
  const swap = (quoted: string, bare = "") => {
    const quote = /^(?:["']|&(?:quot|apos|#39);)/.exec(quoted)?.[0];
    const name = quote && quoted.endsWith(quote) ? quoted.slice(quote.length, -quote.length) : quoted;
    const around = quote ?? bare;
    const found = find(name) ?? find(decoded(name));
    if (found !== undefined) return `${around}${found}${around}`;
    // In HTML the name `a&b.jpg` is written `a&amp;b.jpg`.
    const escaped = find(unescapeHtml(name)) ?? find(decoded(unescapeHtml(name)));
    return escaped === undefined ? quoted : `${around}${escapeHtml(escaped)}${around}`;
  };
  return text.replaceAll(
    REFERENCE,
    (
      whole,
      sound?: string,
      file?: string,
      end?: string,
      key?: string,
      value?: string,
      url?: string,
      inUrl?: string,
      urlEnd?: string,
    ) => {
      if (sound !== undefined) return `${sound}${swap(file!)}${end}`;
      if (key !== undefined) return `${key}${swap(value!, '"')}`;
      return url === undefined ? whole : `${url}${swap(inUrl!.trim())}${urlEnd}`;
    },
  );
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Changes the references in all notes and note types of a collection. Nothing else of them changes. */
export function renameInCollection(db: DatabaseSync, renamed: ReadonlyMap<string, string>): void {
  if (renamed.size === 0) return;
  db.exec("BEGIN IMMEDIATE");
  const update = db.prepare("UPDATE notes SET flds = ? WHERE id = ?");
  for (const { id, flds } of db.prepare("SELECT id, flds FROM notes").all()) {
    const text = renameReferences(String(flds), renamed);
    if (text !== flds) update.run(text, Number(id));
  }
  const { models } = readCol(db);
  const before = JSON.stringify([...models]);
  for (const [id, type] of models) {
    const swap = (text: string) => renameReferences(text, renamed);
    const tmpls = type.tmpls.map((one) => ({ ...one, qfmt: swap(one.qfmt), afmt: swap(one.afmt) }));
    models.set(id, { ...type, tmpls, ...(typeof type.css === "string" ? { css: swap(type.css) } : {}) });
  }
  if (JSON.stringify([...models]) !== before) writeCol(db, { models });
  db.exec("COMMIT");
}
