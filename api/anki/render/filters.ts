import { clozeOnly, clozeToType, renderCloze } from "./cloze.ts";
import { expectedText } from "./compare.ts";
import type { Meter } from "./meter.ts";
import { finderOf } from "./scan.ts";
import { speechMark, speechOptions } from "./sounds.ts";
import { escapeHtml, isBlank, stripHtml } from "./text.ts";

/** Where a filter works: the field's name, the number of the cloze deletion, the side, and whether the card is typed. */
export type FilterContext = { field: string; number: number; isQuestion: boolean; isTyped: boolean; meter: Meter };

/** What is to be typed into, and what was to be typed. */
const INPUT = `<input class="typeans" type="text" autocomplete="off">`;

/**
 * A field's text after a template's filters. Filters that are not known leave the text as it is. `hint` becomes a
 * `<details>`, which works without scripts; `type` an input on the question and what was to be typed on the answer, or
 * nothing where nothing is to be typed; `tts` an empty mark, for what is to be heard is not to be read.
 */
export function applyFilters(text: string, filters: readonly string[], context: FilterContext): string {
  if (filters.at(-1) === "type") return typed(text, filters, context);
  return filters.reduce((html, filter) => applyFilter(html, filter, context), text);
}

/** What is to be typed for a field on this card, as plain text. */
export function expectedAnswer(text: string, filters: readonly string[], number: number): string {
  return expectedText(filters.includes("cloze") ? clozeToType(text, number) : text);
}

function applyFilter(text: string, filter: string, context: FilterContext): string {
  const { field, number, isQuestion, isTyped, meter } = context;
  meter.spend(text.length);
  switch (filter) {
    case "text":
      return stripHtml(text);
    case "cloze":
      return renderCloze(text, number, isQuestion, !isTyped);
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
      return filter.startsWith("tts ")
        ? speechMark(text, speechOptions(`lang=${filter.slice(4).trim()}`), isQuestion)
        : text;
  }
}

const KNOWN = new Set(["text", "cloze", "cloze-only", "hint", "furigana", "kana", "kanji", "type", "nc"]);

export function isKnownFilter(filter: string): boolean {
  return KNOWN.has(filter) || filter.startsWith("tts ");
}

function typed(text: string, filters: readonly string[], { number, isQuestion, meter }: FilterContext): string {
  meter.spend(text.length * 2);
  if (expectedAnswer(text, filters, number) === "") return "";
  if (isQuestion) return INPUT;
  return `<code class="typeans">${stripHtml(filters.includes("cloze") ? clozeToType(text, number) : text)}</code>`;
}

/**
 * `漢字[かんじ]`: the base and its reading; the space before a base is taken away. A sound is none. The base begins after
 * a space, a tag, or the reading before; a bracket that is not closed on its line is part of it.
 */
function readings(source: string, write: (base: string, reading: string) => string): string {
  const text = source.replaceAll("&nbsp;", " ");
  if (!text.includes("[")) return text;
  const [close, line] = [finderOf(text, "]"), finderOf(text, "\n")];
  const parts: string[] = [];
  let [from, start] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === " " || sign === ">") start = at + 1;
    if (sign !== "[" || at === start) continue;
    const end = close(at + 2);
    if (end === Infinity || line(at) < end) continue;
    const hasSpace = start > from && text[start - 1] === " ";
    const [base, reading] = [text.slice(start, at), text.slice(at + 1, end)];
    const isSound = reading.startsWith("sound:");
    parts.push(text.slice(from, hasSpace && !isSound ? start - 1 : start));
    parts.push(isSound ? text.slice(start, end + 1) : write(base, reading));
    from = start = end + 1;
    at = end;
  }
  return parts.join("") + text.slice(from);
}
