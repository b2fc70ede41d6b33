/** Pages as paths, patterns and folders see them: without the site before them, and without what follows ? or #. */

const PATTERN_CHARS = 200;
const PATTERN_STARS = 4;

/** The path of a page: `https://a.example/docs/x?y=1#z` and `/docs/x?y=1` are `/docs/x`. */
export function pathOf(page: string): string {
  const path = withoutSite(page).split(/[?#]/, 1)[0]!;
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/**
 * The folder of a page: its first `depth` parts, and that there is more. `/docs/api/keys` is `/docs/…` with one, and
 * `/docs/api/…` with two; `/docs` stays itself.
 */
export function folderOf(page: string, depth: number | undefined): string {
  const path = pathOf(page);
  if (depth === undefined) return path;
  const parts = path.split("/");
  const kept = parts.slice(0, depth + (path.startsWith("/") ? 1 : 0));
  return kept.length < parts.length ? `${kept.join("/")}/…` : path;
}

/** The parts of a pattern between its stars, or what is wrong with it. */
export function parsePattern(pattern: string): { parts: string[]; reason?: undefined } | { reason: string } {
  if (pattern.length < 1 || pattern.length > PATTERN_CHARS) {
    return { reason: `must be 1 to ${PATTERN_CHARS} characters, has ${pattern.length}` };
  }
  if (!pattern.isWellFormed()) return { reason: "must be well-formed Unicode; it holds a lone surrogate" };
  const parts = pattern.split("*");
  if (parts.length - 1 <= PATTERN_STARS) return { parts };
  return { reason: `must hold at most ${PATTERN_STARS} stars, has ${parts.length - 1}` };
}

/**
 * Whether a page matches a pattern, in which `*` stands for any text: `/docs/*` or `/shop*checkout`. A pattern with `?` looks at
 * what follows it, too; any other at the path alone.
 */
export function matchesPage(pattern: string, page: string | undefined): boolean {
  if (page === undefined) return false;
  // Where what follows the path is named, the path alone is not the page.
  if (pattern.includes("?")) return matchesPattern(withoutSite(pattern), withoutSite(page));
  const path = pathOf(page);
  return matchesPattern(pattern, path) || path === pathOf(pattern);
}

/** Whether a text matches a pattern, in which `*` stands for any text. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  if (parts.length === 1) return text === pattern;
  const [first, last] = [parts[0]!, parts.at(-1)!];
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  // The leftmost place of each part is as good as any: what lies between is any text.
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return from <= text.length - last.length;
}

function withoutSite(page: string): string {
  const site = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(page)?.[0];
  if (site === undefined) return page;
  const rest = page.slice(site.length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}
