import { clozeOnly, renderCloze } from "./cloze.ts";
import { escapeHtml, isBlank, stripHtml } from "./text.ts";

/** Where a filter works: the field's name, the number of the cloze deletion, and the side. */
export type FilterContext = { field: string; number: number; isQuestion: boolean };

const READING = / ?([^ >]+?)\[(.+?)\]/g;

/**
 * A field's text after a template's filters. Filters that are not known leave the text as it is. `hint` becomes a
 * `<details>`, which works without scripts; `type` an input on the question and what was to be typed on the answer.
 */
export function applyFilters(text: string, filters: readonly string[], context: FilterContext): string {
  if (filters.at(-1) === "type") return typed(text, filters, context);
  return filters.reduce((html, filter) => applyFilter(html, filter, context), text);
}

function applyFilter(text: string, filter: string, { field, number, isQuestion }: FilterContext): string {
  switch (filter) {
    case "text":
      return stripHtml(text);
    case "cloze":
      return renderCloze(text, number, isQuestion);
    case "cloze-only":
      return clozeOnly(text, number, isQuestion);
    case "hint":
      return isBlank(text) ? text : `<details class="hint"><summary>${escapeHtml(field)}</summary>${text}</details>`;
    case "furigana":
      return readings(text, (base, reading) => `<ruby><rb>${base}</rb><rt>${reading}</rt></ruby>`);
    case "kana":
      return readings(text, (_, reading) => reading);
    case "kanji":
      return readings(text, (base) => base);
    default:
      return text;
  }
}

function typed(text: string, filters: readonly string[], { number, isQuestion }: FilterContext): string {
  if (isQuestion) return `<input class="typeans" type="text" autocomplete="off">`;
  const expected = filters.includes("cloze") ? clozeOnly(text, number, false) : text;
  return `<code class="typeans">${stripHtml(expected)}</code>`;
}

/** `漢字[かんじ]`: the base and its reading. A sound is none. */
function readings(text: string, write: (base: string, reading: string) => string): string {
  return text.replaceAll("&nbsp;", " ").replaceAll(
    READING,
    (whole, base: string, reading: string) => (reading.startsWith("sound:") ? whole : write(base, reading)),
  );
}
