/**
 * Finds the next place of a text, asked with places that only grow. What was found is kept, so that a thousand openings
 * without an end are one look at the text, not a thousand.
 */
export type Finder = (from: number) => number;

/** The next place of `needle` at or after `from`; Infinity where there is none. */
export function finderOf(text: string, needle: string | RegExp): Finder {
  const pattern = typeof needle === "string" ? undefined : new RegExp(needle, "gi");
  let known = -1;
  return (from) => {
    if (known >= from) return known;
    if (pattern) {
      pattern.lastIndex = from;
      known = pattern.exec(text)?.index ?? Infinity;
    } else {
      const found = text.indexOf(needle as string, from);
      known = found < 0 ? Infinity : found;
    }
    return known;
  };
}
