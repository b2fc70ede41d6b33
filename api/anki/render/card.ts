import type { DatabaseSync } from "node:sqlite";
import { readCollection, readNoteType } from "../collection/collection.ts";
import { SEPARATOR } from "../collection/decks.ts";
import { objectOf } from "../collection/options.ts";
import { findCard, getRow } from "../collection/rows.ts";
import { clozeNumbers, parseCloze } from "./cloze.ts";
import { applyFilters } from "./filters.ts";
import { parseTemplate, renderTemplate, TemplateError, type TemplateNode } from "./template.ts";
import { escapeHtml, isBlank } from "./text.ts";

/** A card's two sides as HTML, as the note's template makes them: not sanitised, media and sounds by their file names. */
export type RenderedCard = { question: string; answer: string };

/** All that a template can show. `fields` holds the note's and the special ones. */
export type CardContent = {
  fields: ReadonlyMap<string, string>;
  /** The number of the cloze deletion, or of the template, from 1. */
  number: number;
  isCloze: boolean;
  questionTemplate: string;
  answerTemplate: string;
  css: string;
};

type NoteRow = { mid: number; flds: string; tags: string };

/** Undefined where the card, its note or its note type is gone. Never throws: a broken template says so in the card. */
export function renderCard(db: DatabaseSync, cardId: number): RenderedCard | undefined {
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
    CardFlag: flag === 0 ? "" : `flag${flag}`,
  };
  for (const [name, value] of Object.entries(special)) if (!fields.has(name)) fields.set(name, value);
  return renderContent({
    fields,
    number: card.ord + 1,
    isCloze,
    questionTemplate: textOf(template["qfmt"]),
    answerTemplate: textOf(template["afmt"]),
    css: textOf(type["css"]),
  });
}

/** Both sides in the note type's style, within `<div class="card cardN">`, to which note types' styles refer. */
export function renderContent(content: CardContent): RenderedCard {
  const { number, css } = content;
  const style = `<style>${css.replaceAll(/<\/(?=style)/gi, "<\\/")}</style>`;
  const framed = (html: string) => `${style}<div class="card card${number}">${html}</div>`;
  const question = sideOf(content, content.questionTemplate, "Front", undefined);
  const front = question.replaceAll(/<input class="typeans"[^>]*>/g, "");
  return {
    question: framed(emptyReason(content, question) ?? question),
    answer: framed(sideOf(content, content.answerTemplate, "Back", front)),
  };
}

function sideOf(content: CardContent, template: string, side: "Front" | "Back", front: string | undefined): string {
  const { fields, number } = content;
  const fieldOf = (key: string) => (key === "FrontSide" ? front ?? "" : fields.get(key));
  try {
    const nodes = parseTemplate(template);
    checkKeys(nodes, (key) => fieldOf(key) !== undefined);
    return renderTemplate(
      nodes,
      (key) => isFilled(content, key, fieldOf(key)),
      (key, filters) => applyFilters(fieldOf(key) ?? "", filters, { field: key, number, isQuestion: side === "Front" }),
    );
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return `<p class="template-problem">${side} template has a problem: ${escapeHtml(error.message)}</p>`;
  }
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
    return isThere ? undefined : `<p class="template-problem">No cloze ${number} found on card.</p>`;
  }
  return isBlank(question) ? `<p class="template-problem">The front of this card is blank.</p>` : undefined;
}

function arrayOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
