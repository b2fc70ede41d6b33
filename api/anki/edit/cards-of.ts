import { listOf } from "../collection/notes.ts";
import { clozeNumbers, parseCloze } from "../render/cloze.ts";
import { createMeter } from "../render/meter.ts";
import { parseTemplate, renderTemplate, TemplateError } from "../render/template.ts";
import { isBlank } from "../render/text.ts";

const MAX_CARDS = 500;

type Json = Record<string, unknown>;

/** Which cards a note has, by their `ord`: of templates whose front shows a field, or of cloze deletions. */
export function cardsOf(noteType: Json, fields: readonly string[]): number[] {
  const [flds, tmpls] = [listOf(noteType["flds"]), listOf(noteType["tmpls"])];
  if (noteType["type"] === 1) {
    const numbers = new Set(fields.flatMap((field) => [...clozeNumbers(parseCloze(field))]));
    return [...numbers].filter((number) => number > 0).map((number) => number - 1).sort((a, b) => a - b).slice(
      0,
      MAX_CARDS,
    );
  }
  const texts = new Map(flds.map(({ name }, place) => [String(name), fields[place] ?? ""]));
  return tmpls.map((_, ord) => ord).filter((ord) => showsField(textOf(tmpls[ord]!["qfmt"]), texts));
}

/** Whether a template shows any field that holds something. */
function showsField(template: string, texts: ReadonlyMap<string, string>): boolean {
  const isFilled = (key: string) => !isBlank(texts.get(key) ?? "");
  try {
    const marks = renderTemplate(
      parseTemplate(template),
      isFilled,
      (key) => (isFilled(key) ? "\u0001" : ""),
      createMeter(),
    );
    return marks.includes("\u0001");
  } catch (error) {
    if (error instanceof TemplateError) return false;
    throw error;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
