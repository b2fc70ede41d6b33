import { decodeHTMLStrict } from "entities";
import { finderOf } from "./scan.ts";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

/** The text with its entities as the signs that they stand for; a space that does not break is a space, as in Anki. */
export function unescapeHtml(html: string): string {
  return html.includes("&") ? decodeHTMLStrict(html).replaceAll("\u00a0", " ") : html;
}

/** The text without tags, comments, styles and scripts; entities stay as they are. In one pass, whatever is not closed. */
export function stripHtml(html: string): string {
  if (!html.includes("<")) return html;
  const [comment, style, script, tag] = [
    finderOf(html, "-->"),
    finderOf(html, /<\/style>/),
    finderOf(html, /<\/script>/),
    finderOf(html, ">"),
  ];
  const kept: string[] = [];
  let from = 0;
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at)) {
    const head = html.slice(at, at + 7).toLowerCase();
    const end = Math.min(
      head.startsWith("<!--") ? comment(at + 4) + 3 : Infinity,
      head.startsWith("<style") ? style(at + 6) + 8 : Infinity,
      head === "<script" ? script(at + 7) + 9 : Infinity,
    );
    const past = end === Infinity ? tag(at + 1) + 1 : end;
    if (past === Infinity) {
      at++;
      continue;
    }
    kept.push(html.slice(from, at));
    from = at = past;
  }
  return kept.join("") + html.slice(from);
}

/** Whether a field counts as empty in conditionals: nothing, white space, or only breaks. */
export function isBlank(html: string): boolean {
  const part = /\s+|<\/?(?:br|div)\s*\/?>/iy;
  while (part.lastIndex < html.length) if (!part.test(html)) return false;
  return true;
}
