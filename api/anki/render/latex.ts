import { createHash } from "node:crypto";
import { finderOf } from "./scan.ts";
import { escapeHtml, stripHtml, unescapeHtml } from "./text.ts";

const KINDS = [
  { start: /\[latex\]/, end: /\[\/latex\]/, length: 7, wrap: (text: string) => text },
  { start: "[$]", end: "[/$]", length: 3, wrap: (text: string) => `$${text}$` },
  { start: "[$$]", end: "[/$$]", length: 4, wrap: (text: string) => `\\begin{displaymath}${text}\\end{displaymath}` },
] as const;

/**
 * The text with each piece of LaTeX as the image that Anki made of it, by its name: a hash of the source. The source is
 * the image's `alt`. Source of the names: ankitects/anki, rslib/src/latex.rs.
 */
export function renderLatex(html: string, isSvg: boolean): string {
  const starts = KINDS.map(({ start }) => finderOf(html, start));
  const ends = KINDS.map(({ end }) => finderOf(html, end));
  const parts: string[] = [];
  let [from, at] = [0, 0];
  for (;;) {
    const places = starts.map((find) => find(at));
    const start = Math.min(...places);
    if (start === Infinity) break;
    const kind = places.indexOf(start);
    const inner = start + KINDS[kind]!.length;
    const end = ends[kind]!(inner);
    at = inner;
    if (end === Infinity) continue;
    parts.push(html.slice(from, start), imageOf(KINDS[kind]!.wrap(html.slice(inner, end)), isSvg));
    from = at = end + KINDS[kind]!.length + 1;
  }
  return parts.join("") + html.slice(from);
}

function imageOf(latex: string, isSvg: boolean): string {
  const source = unescapeHtml(stripHtml(latex.replaceAll(/<br ?\/?>|<div>/gi, "\n")));
  const name = `latex-${createHash("sha1").update(source).digest("hex")}.${isSvg ? "svg" : "png"}`;
  return `<img class="latex" alt="${escapeHtml(source)}" src="${name}">`;
}
