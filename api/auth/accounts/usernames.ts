import unhomoglyph from "unhomoglyph";
import * as v from "valibot";

/** Scripts that are in everyday use (UAX 31, table 5). A name is of one of them; digits and marks belong to each. */
const SCRIPTS = [
  ..."Latin Greek Cyrillic Armenian Hebrew Arabic Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu".split(
    " ",
  ),
  ..."Kannada Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Ethiopic Khmer Hangul Hiragana Katakana Han".split(
    " ",
  ),
];
/** Sets that people mix in one word: Japanese, Chinese and Korean, each with Latin (UTS 39, "highly restrictive"). */
const MIXTURES = ["Latin Han Hiragana Katakana", "Latin Han Bopomofo", "Latin Han Hangul"];

const OF_ONE_SCRIPT = [...SCRIPTS, ...MIXTURES].map((scripts) => {
  const classes = scripts.split(" ").map((script) => `\\p{scx=${script}}`).join("");
  return new RegExp(`^[${classes}\\p{scx=Common}\\p{scx=Inherited}]+$`, "u");
});
/** The first fault of a right-to-left name: one that does not begin so, or ends otherwise than in a letter, mark or digit. */
const RIGHT_TO_LEFT = /[\p{sc=Hebrew}\p{sc=Arabic}\p{sc=Thaana}]/u;
const RIGHT_TO_LEFT_WHOLE = /^[\p{sc=Hebrew}\p{sc=Arabic}\p{sc=Thaana}].*[\p{L}\p{M}\p{Nd}]$/u;

export const USERNAME_CHARS = { min: 3, max: 64 } as const;

/**
 * A username in its one spelling, by PRECIS (RFC 8265, UsernameCaseMapped) and UTS 39: lower case, full-width and ligature
 * letters as plain ones, nothing invisible, one script. `skeletonOf` tells apart what only looks alike.
 */
export const username = v.pipe(
  v.string("must be text"),
  v.transform((text) => text.length > 4 * USERNAME_CHARS.max ? text : oneSpelling(text)),
  v.check((text) => text.isWellFormed(), "must be well-formed Unicode; it holds a lone surrogate"),
  v.check(
    (text) => {
      const length = Array.from(text).length;
      return length >= USERNAME_CHARS.min && length <= USERNAME_CHARS.max;
    },
    (issue) =>
      `must be ${USERNAME_CHARS.min} to ${USERNAME_CHARS.max} characters, has ${Array.from(issue.input).length}`,
  ),
  v.regex(/^[\p{L}\p{M}\p{Nd}._@-]+$/u, "must hold letters, digits and . _ - @ only"),
  v.check((text) => !/\p{Default_Ignorable_Code_Point}/u.test(text), "must not hold characters that cannot be seen"),
  v.check((text) => !/^\p{M}|\p{M}{4}/u.test(text), "must not begin with a mark, nor stack more than three"),
  v.check(
    (text) => OF_ONE_SCRIPT.some((pattern) => pattern.test(text)),
    "must be of one script: its letters of different alphabets can be taken for others",
  ),
  v.check(
    (text) => !RIGHT_TO_LEFT.test(text) || RIGHT_TO_LEFT_WHOLE.test(text),
    "must begin with a letter of its script and end with a letter or digit",
  ),
);

/**
 * What a name looks like: two that people take for each other have the same skeleton (UTS 39, section 4). In lower case
 * again, since what is written with a capital looks like it.
 */
export function skeletonOf(username: string): string {
  return oneSpelling(unhomoglyph(username.normalize("NFD"))).normalize("NFD");
}

/** Lower case and NFKC, until neither changes anything: full-width and ligature letters become the plain ones. */
function oneSpelling(text: string): string {
  const next = text.normalize("NFKC").toLowerCase();
  return next === text ? text : oneSpelling(next);
}
