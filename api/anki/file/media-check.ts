import type { DatabaseSync } from "node:sqlite";
import { readCol } from "./col.ts";
import { mediaNamesIn } from "./media-names-in.ts";

/** Media that notes name and nobody has, and files that nothing names. Sorted by name. */
export type MediaCheck = { missing: { name: string; noteIds: number[] }[]; unused: string[] };

const MAX_NOTES_NAMED = 20;

/**
 * Holds the names of media files against what notes and note types name. As in Anki, files with `_` in front belong to
 * templates, and images of LaTeX are made from the source: neither is ever unused.
 */
export function checkMedia(db: DatabaseSync, names: readonly string[]): MediaCheck {
  const files = new Set(names);
  const used = new Set<string>();
  const missing = new Map<string, number[]>();
  for (const { id, flds } of db.prepare("SELECT id, flds FROM notes").iterate()) {
    for (const name of mediaNamesIn(String(flds))) {
      if (files.has(name)) used.add(name);
      else {
        const notes = missing.get(name) ?? [];
        missing.set(name, notes);
        if (notes.length < MAX_NOTES_NAMED && notes.at(-1) !== Number(id)) notes.push(Number(id));
      }
    }
  }
  for (const { css, tmpls } of readCol(db).models.values()) {
    const texts = [css, ...tmpls.flatMap(({ qfmt, afmt }) => [qfmt, afmt])];
    for (const name of texts.flatMap((text) => (typeof text === "string" ? mediaNamesIn(text) : []))) used.add(name);
  }
  const byName = (a: string, b: string) => (a < b ? -1 : 1);
  return {
    missing: [...missing].map(([name, noteIds]) => ({ name, noteIds })).sort((a, b) => byName(a.name, b.name)),
    unused: names.filter((name) => !used.has(name) && !/^(?:_|latex-)/.test(name)).sort(byName),
  };
}
