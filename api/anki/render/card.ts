import type { DatabaseSync } from "node:sqlite";
import { readCollection, readNoteType } from "../collection/collection.ts";
import { SEPARATOR } from "../collection/decks.ts";
import { objectOf } from "../collection/options.ts";
import { findCard, getRow } from "../collection/rows.ts";
import { clozeNumbers, parseCloze } from "./cloze.ts";
import { compareTyped, type Comparison, comparisonHtml } from "./compare.ts";
import { applyFilters, expectedAnswer, isKnownFilter } from "./filters.ts";
import { renderLatex } from "./latex.ts";
import { createMeter, MAX_CHARS, MAX_SIDE_CHARS, type Meter, RenderLimitError } from "./meter.ts";
import { drawOcclusions } from "./occlusion.ts";
import { markSpeech, type Sound, soundsOf } from "./sounds.ts";
import { fieldsShown, parseTemplate, renderTemplate, TemplateError, type TemplateNode } from "./template.ts";
import { escapeHtml, isBlank } from "./text.ts";

/**
 * A card's two sides as HTML, as the note's template makes them: not sanitised, media and sounds by their file names.
 * `expected` is what is to be typed, where anything is.
 */
export type RenderedCard = {
  question: string;
  answer: string;
  sounds: { question: Sound[]; answer: Sound[] };
  expected: string | undefined;
  /** Whether accents and points of what is typed do not count (`{{type:nc:…}}`). */
  ignoresMarks?: boolean | undefined;
};

/** All that a template can show. `fields` holds the note's and the special ones. */
export type CardContent = {
  fields: ReadonlyMap<string, string>;
  /** The number of the cloze deletion, or of the template, from 1. */
  number: number;
  isCloze: boolean;
  questionTemplate: string;
  answerTemplate: string;
  css: string;
  /** Whether images of LaTeX are SVG. */
  isSvg?: boolean;
};

type NoteRow = { mid: number; flds: string; tags: string };

/** Undefined where the card, its note or its note type is gone. Never throws: a broken template says so in the card. */
export function renderCard(db: DatabaseSync, cardId: number): RenderedCard | undefined {
  const content = readContent(db, cardId);
  return content && renderContent(content);
}

/** How many characters go into a card: what it costs to render it grows with them. */
export function sizeOf({ fields, questionTemplate, answerTemplate, css }: CardContent): number {
  let chars = questionTemplate.length + answerTemplate.length + css.length;
  for (const value of fields.values()) chars += value.length;
  return chars;
}

/** All that a card is rendered from; undefined where the card, its note or its note type is gone. */
export function readContent(db: DatabaseSync, cardId: number): CardContent | undefined {
  const card = findCard(db, cardId);
  const note = card && getRow<NoteRow>(db, "select mid, flds, tags from notes where id = ?", card.nid);
  if (!note) return undefined;
  const type = readNoteType(db, note.mid);
  const isCloze = type["type"] === 1;
  const templates = arrayOf(type["tmpls"]);
  const template = isCloze ? templates[0] : templates.find(({ ord }) => ord === card.ord) ?? templates[card.ord];
  if (!template) return undefined;
  const deck = readCollection(db).decks.get(card.odid || card.did)?.name ?? "";
  const values = note.flds.split("\u001f");
  const names = arrayOf(type["flds"]).toSorted((a, b) => Number(a["ord"]) - Number(b["ord"]));
  const fields = new Map(names.map(({ name }, i) => [textOf(name), values[i] ?? ""]));
  const flag = card.flags & 7;
  const special = {
    Tags: note.tags.trim(),
    Type: textOf(type["name"]),
    Deck: deck,
    Subdeck: deck.split(SEPARATOR).at(-1)!,
    Card: textOf(template["name"]),
    CardFlag: `flag${flag}`,
    CardID: String(card.id),
  };
  for (const [name, value] of Object.entries(special)) if (!fields.has(name)) fields.set(name, value);
  return {
    fields,
    number: card.ord + 1,
    isCloze,
    questionTemplate: textOf(template["qfmt"]),
    answerTemplate: textOf(template["afmt"]),
    css: textOf(type["css"]),
    isSvg: type["latexsvg"] === true,
  };
}

/** Both sides in the note type's style, within `<div class="card cardN">`, to which note types' styles refer. */
export function renderContent(content: CardContent): RenderedCard {
  if (sizeOf(content) > MAX_CHARS) return tooLarge("its fields and templates are larger than 4 MB", content.number);
  try {
    return render(content, createMeter());
  } catch (error) {
    if (!(error instanceof RenderLimitError)) throw error;
    return tooLarge(error.message, content.number);
  }
}

/** What is shown in the place of a card that is too much, with the reason. */
export function tooLarge(reason: string, number = 1): RenderedCard {
  const html = `<div class="card card${number}">${problem(`This card cannot be shown: ${reason}.`)}</div>`;
  return { question: html, answer: html, sounds: { question: [], answer: [] }, expected: undefined };
}

function render(content: CardContent, meter: Meter): RenderedCard {
  const { number, css, questionTemplate, answerTemplate, isSvg = false } = content;
  const style = `<style>${css.replaceAll(/<\/(?=style)/gi, "<\\/")}</style>`;
  const framed = (html: string) => `${style}<div class="card card${number}">${drawOcclusions(html)}</div>`;
  const isTyped = /\{\{[^{}]{0,200}type:/.test(questionTemplate);
  const side = (template: string, name: "Front" | "Back", front?: string, isQuestion = name === "Front") => {
    const text = sideOf(content, template, { name, front, isQuestion, isTyped, meter });
    const html = renderLatex(markSpeech(text, isQuestion), isSvg);
    meter.spend(html.length * 4);
    if (html.length > MAX_SIDE_CHARS) throw new RenderLimitError("a side of it is larger than 2 MB");
    return html;
  };
  const question = side(questionTemplate, "Front");
  // On the back, the front shows what was to be typed, and the line between the two comes before it.
  const front = isTyped ? side(questionTemplate, "Front", undefined, false) : question;
  const back = side(answerTemplate, "Back", front);
  const answer = isTyped && /\{\{\s*FrontSide\s*\}\}/.test(answerTemplate) ? withLineBefore(back) : back;
  return {
    question: framed(emptyReason(content, question) ?? question),
    answer: framed(answer),
    // What the front says is not said again.
    sounds: { question: soundsOf(question), answer: soundsOf(front === "" ? back : back.replaceAll(front, "")) },
    expected: undefined,
    ...(isTyped && expectedOf(content)),
  };
}

/** A card's answer with what was typed compared in it, and the comparison; undefined where nothing is to be typed. */
export function compareOnCard(
  { answer, expected, ignoresMarks }: Pick<RenderedCard, "answer" | "expected" | "ignoresMarks">,
  typed: string,
): (Comparison & { answer: string }) | undefined {
  if (expected === undefined) return undefined;
  const comparison = compareTyped(expected, typed, !ignoresMarks);
  const start = answer.indexOf(TYPED);
  const end = answer.indexOf("</code>", start);
  if (typed === "" || start < 0 || end < 0) return { ...comparison, answer };
  return {
    ...comparison,
    answer: answer.slice(0, start + TYPED.length) + comparisonHtml(comparison) + answer.slice(end),
  };
}

const LINE = /<hr id="?answer"?\s{0,10}\/?>/i;
const TYPED = `<code class="typeans">`;

function withLineBefore(html: string): string {
  const line = LINE.exec(html);
  const place = html.indexOf(TYPED);
  if (!line || place < 0 || line.index < place) return html;
  return `${html.slice(0, place)}${line[0]}${html.slice(place, line.index)}${html.slice(line.index + line[0].length)}`;
}

/** What the first field to be typed that the question shows holds; undefined where it shows none that holds anything. */
function expectedOf(content: CardContent): Pick<RenderedCard, "expected" | "ignoresMarks"> | undefined {
  const { questionTemplate, fields, number } = content;
  try {
    const shown = fieldsShown(parseTemplate(questionTemplate), (key) => isFilled(content, key, fields.get(key)));
    for (const { key, filters } of shown) {
      if (filters.at(-1) !== "type") continue;
      const expected = expectedAnswer(fields.get(key) ?? "", filters, number);
      if (expected !== "") return { expected, ignoresMarks: filters.includes("nc") };
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return undefined;
  }
}

type Side = {
  name: "Front" | "Back";
  front: string | undefined;
  isQuestion: boolean;
  isTyped: boolean;
  meter: Meter;
};

function sideOf(content: CardContent, template: string, { name, front, isQuestion, isTyped, meter }: Side): string {
  const { fields, number } = content;
  const fieldOf = (key: string) => (key === "FrontSide" ? front ?? "" : fields.get(key));
  // A field may stand in a template many times: it is looked at once.
  const filled = new Map<string, boolean>();
  const texts = new Map<string, string>();
  try {
    const nodes = parseTemplate(template);
    checkKeys(nodes, (key) => fieldOf(key) !== undefined);
    return renderTemplate(
      nodes,
      (key) => known(filled, key, () => isFilled(content, key, fieldOf(key))),
      (key, filters) =>
        known(
          texts,
          // A filter that is not known changes nothing, so a thousand names of such are one text.
          JSON.stringify([key, filters.filter(isKnownFilter)]),
          () => applyFilters(fieldOf(key) ?? "", filters, { field: key, number, isQuestion, isTyped, meter }),
        ),
      meter,
    );
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return problem(`${name} template has a problem: ${escapeHtml(error.message)}`);
  }
}

function known<T>(all: Map<string, T>, key: string, make: () => T): T {
  if (!all.has(key)) all.set(key, make());
  return all.get(key)!;
}

function problem(html: string): string {
  return `<p class="template-problem">${html}</p>`;
}

/** Throws TemplateError at the first field that the note does not have. */
function checkKeys(nodes: readonly TemplateNode[], isKnown: (key: string) => boolean): void {
  for (const node of nodes) {
    if (node.kind === "text") continue;
    const isOrdinal = node.kind === "section" && /^c\d+$/.test(node.key);
    const isNamed = node.key !== "" || node.kind === "section";
    if (isNamed && !isOrdinal && !isKnown(node.key)) {
      const sign = node.kind === "field" ? "" : node.isNegated ? "^" : "#";
      const filters = node.kind === "field" ? node.filters.toReversed().map((filter) => `${filter}:`).join("") : "";
      throw new TemplateError(
        `Found '{{${sign}${filters}${node.key}}}', but there is no field called '${node.key}'.`,
      );
    }
    if (node.kind === "section") checkKeys(node.children, isKnown);
  }
}

/** `{{#c2}}` holds on the card of the second deletion only. */
function isFilled({ number, isCloze }: CardContent, key: string, value: string | undefined): boolean {
  const ordinal = /^c(\d+)$/.exec(key)?.[1];
  if (value === undefined && ordinal !== undefined) return isCloze && Number(ordinal) === number;
  return value !== undefined && !isBlank(value);
}

/** Why there is nothing to see on the question, in words for its author. */
function emptyReason({ fields, number, isCloze }: CardContent, question: string): string | undefined {
  if (isCloze) {
    const isThere = [...fields.values()].some((value) => clozeNumbers(parseCloze(value)).has(number));
    return isThere ? undefined : problem(`No cloze ${number} found on card.`);
  }
  return isBlank(question) ? problem("The front of this card is blank.") : undefined;
}

function arrayOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
