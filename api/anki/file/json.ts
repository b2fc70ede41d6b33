import { CollectionUnreadableError, TooLargeError } from "./errors.ts";
import { sizeInWords } from "./limits.ts";

const MB = 1024 * 1024;

/** How much of a part of `col` is read: its text, and the objects, lists and members that a parser makes something of. */
type Limits = { chars: Readonly<Record<string, number>>; parts: number };

/** What is kept already is read up to here. */
const KEPT: Limits = {
  chars: { settings: 2 * MB, "note types": 16 * MB, decks: 4 * MB, "deck options": 4 * MB, tags: 8 * MB },
  parts: 1_000_000,
};
/** What comes anew is held smaller: it is parsed after each change, on the thread that serves everybody. */
export const NEW: Limits = {
  chars: { settings: MB / 2, "note types": 8 * MB, decks: MB, "deck options": MB, tags: 8 * MB },
  parts: 250_000,
};
/** Anki's own go to 6. */
const MAX_DEPTH = 32;

/**
 * Throws unless a JSON text is small, flat and made of few parts: a parser takes a hundred times the memory for brackets
 * that it takes for letters. One pass; what is no JSON is the parser's to say.
 */
export function checkJson(text: string, what: string, { chars, parts: most }: Limits = KEPT): void {
  const limit = chars[what] ?? MB;
  if (text.length > limit) {
    throw new TooLargeError(`The collection's ${what} are larger than ${sizeInWords(limit)}, the limit.`, limit);
  }
  let [depth, parts] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // A string: up to the quote that is not escaped.
        for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > MAX_DEPTH) throw tangled(what, `nested more than ${MAX_DEPTH} deep`);
        parts++;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
        break;
      case 0x2c:
        parts++;
        break;
      default:
    }
    if (parts > most) throw tangled(what, `made of more than ${most} parts`);
  }
}

function tangled(what: string, how: string): CollectionUnreadableError {
  return new CollectionUnreadableError(`The collection's ${what} are ${how}, which Anki does not write.`);
}
