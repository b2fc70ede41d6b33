import { CollectionUnreadableError, TooLargeError } from "./errors.ts";
import { sizeInWords } from "./limits.ts";

const MB = 1024 * 1024;

/**
 * The most text of each part of `col`: two thousand decks, a thousand note types and presets. It is read with every change,
 * on the thread that serves everybody, so it is held small.
 */
const MAX_CHARS: Readonly<Record<string, number>> = {
  settings: MB / 2,
  "note types": 8 * MB,
  decks: 2 * MB,
  "deck options": MB,
  tags: 8 * MB,
};
/** Anki's own go to 6. */
const MAX_DEPTH = 32;
/** Objects, lists and their members: a parser makes something of each. */
const MAX_PARTS = 250_000;

/**
 * Throws unless a JSON text is small, flat and made of few parts: a parser takes a hundred times the memory for brackets
 * that it takes for letters. One pass; what is no JSON is the parser's to say.
 */
export function checkJson(text: string, what: string): void {
  const limit = MAX_CHARS[what] ?? MB;
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
    if (parts > MAX_PARTS) throw tangled(what, `made of more than ${MAX_PARTS} parts`);
  }
}

function tangled(what: string, how: string): CollectionUnreadableError {
  return new CollectionUnreadableError(`The collection's ${what} are ${how}, which Anki does not write.`);
}
