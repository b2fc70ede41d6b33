import { escapeHtml } from "../render/text.ts";
import { plainOf } from "./functions.ts";

const ANY = Symbol("any signs");
const ONE = Symbol("any one sign");

/**
 * Whether names fit a pattern, in whatever case: `*` stands for any signs and `_` for any one sign, unless a `\` is before
 * them. Takes no more steps than the signs of both multiplied, whatever the pattern is.
 */
export function matches(pattern: string): (name: string) => boolean {
  const signs = [...pattern.toLowerCase().normalize("NFC").matchAll(/\\([^])|[^]/gu)].map(([sign, escaped]) =>
    escaped ?? (sign === "*" ? ANY : sign === "_" ? ONE : sign)
  );
  return (text) => {
    const name = [...text.toLowerCase().normalize("NFC")];
    let [at, place] = [0, 0];
    // Where the last `*` stands, and where what follows it was tried.
    let [star, from] = [-1, 0];
    while (at < name.length) {
      if (signs[place] === ANY) {
        star = place++;
        from = at;
      } else if (signs[place] === ONE || signs[place] === name[at]) {
        place++;
        at++;
      } else {
        if (star < 0) return false;
        place = star + 1;
        at = ++from;
      }
    }
    while (signs[place] === ANY) place++;
    return place === signs.length;
  };
}

/**
 * What stands for a text after `like`, in the ways that it may be kept: composed, as Anki writes it, decomposed, or as it was
 * typed; as it is, or with what HTML means otherwise escaped. `plain` is for text without accents.
 */
export function likesOf(text: string, plain = false): string[] {
  const forms = plain ? [plainOf(text)] : [text.normalize("NFC"), text.normalize("NFD"), text];
  const likes = forms.map(likeOf);
  return [...new Set([...likes, ...likes.map(escapeHtml)])];
}

/** `*` and `_` stand for any signs and any one sign, as in Anki, unless a `\` is before them. */
function likeOf(text: string): string {
  return text.replaceAll(/\\([^])|[%*]/gu, (found, escaped?: string) => {
    if (escaped === undefined) return found === "*" ? "%" : "\\%";
    return /[%_\\]/.test(escaped) ? `\\${escaped}` : escaped;
  });
}
