import { type Meter } from "./meter.ts";
import { finderOf } from "./scan.ts";

/** A template in parts: text, a field with its filters (in the order in which they work), or a part that is conditional. */
export type TemplateNode =
  | { kind: "text"; text: string }
  | { kind: "field"; key: string; filters: string[] }
  | { kind: "section"; key: string; isNegated: boolean; children: TemplateNode[] };

/** A template that cannot be read; the message tells its author what is wrong. */
export class TemplateError extends Error {}

const LEGACY_SIGN = "{{=<% %>=}}";
const MAX_DEPTH = 100;

/** Throws TemplateError where a part is not closed, or closed where it was not open. Comments are text, whatever they hold. */
export function parseTemplate(source: string): TemplateNode[] {
  const text = withoutLegacySigns(source);
  const [tagStart, tagEnd, commentStart, commentEnd] = ["{{", "}}", "<!--", "-->"].map((sign) => finderOf(text, sign));
  const root: TemplateNode[] = [];
  const open: { key: string; children: TemplateNode[] }[] = [];
  const add = (node: TemplateNode) => (open.at(-1)?.children ?? root).push(node);
  let [from, at] = [0, 0];
  for (;;) {
    const start = tagStart!(at);
    if (start === Infinity) break;
    const comment = commentStart!(at);
    if (comment < start) {
      const past = commentEnd!(comment + 4) + 3;
      at = past === Infinity ? comment + 4 : past;
      continue;
    }
    const end = tagEnd!(start + 2);
    if (end === Infinity) {
      throw new TemplateError(`Found '{{' without '}}' in '${text.slice(from).trim().slice(0, 40)}'.`);
    }
    if (start > from) add({ kind: "text", text: text.slice(from, start) });
    from = at = end + 2;
    const tag = text.slice(start + 2, end).replace(/^\{+/, "").trim();
    const key = tag.slice(1).trim();
    if (tag.startsWith("#") || tag.startsWith("^")) {
      const children: TemplateNode[] = [];
      add({ kind: "section", key, isNegated: tag.startsWith("^"), children });
      open.push({ key, children });
      if (open.length > MAX_DEPTH) throw new TemplateError(`Found more than ${MAX_DEPTH} parts within each other.`);
    } else if (tag.startsWith("/")) {
      const last = open.pop();
      if (last?.key !== key) throw new TemplateError(closingProblem(key, last?.key));
    } else add(fieldOf(tag));
  }
  if (from < text.length) add({ kind: "text", text: text.slice(from) });
  const unclosed = open.at(-1);
  if (unclosed) throw new TemplateError(`Found '{{#${unclosed.key}}}', but not '{{/${unclosed.key}}}'.`);
  return root;
}

/** The template's text with its fields in place. `isFilled` decides conditionals, `fill` gives a field's text. */
export function renderTemplate(
  nodes: readonly TemplateNode[],
  isFilled: (key: string) => boolean,
  fill: (key: string, filters: readonly string[]) => string,
  meter: Meter,
): string {
  return nodes.map((node): string => {
    switch (node.kind) {
      case "text":
        return node.text;
      case "field": {
        const text = fill(node.key, node.filters);
        meter.spend(text.length + 1);
        return text;
      }
      case "section":
        return isFilled(node.key) === node.isNegated ? "" : renderTemplate(node.children, isFilled, fill, meter);
    }
  }).join("");
}

/** The fields of a template that its conditions let through, in their order. */
export function fieldsShown(
  nodes: readonly TemplateNode[],
  isFilled: (key: string) => boolean,
): Extract<TemplateNode, { kind: "field" }>[] {
  return nodes.flatMap((node) => {
    if (node.kind === "text") return [];
    if (node.kind === "field") return [node];
    return isFilled(node.key) === node.isNegated ? [] : fieldsShown(node.children, isFilled);
  });
}

function fieldOf(tag: string): TemplateNode {
  const parts = tag.split(":").map((part) => part.trim());
  return { kind: "field", key: parts.at(-1)!, filters: parts.slice(0, -1).reverse() };
}

function closingProblem(key: string, open: string | undefined): string {
  if (open === undefined) return `Found '{{/${key}}}', but '{{#${key}}}' was not open.`;
  return `Found '{{/${key}}}', but expected '{{/${open}}}'.`;
}

function withoutLegacySigns(source: string): string {
  const trimmed = source.trimStart();
  if (!trimmed.startsWith(LEGACY_SIGN)) return source;
  return trimmed.slice(LEGACY_SIGN.length).replaceAll("<%", "{{").replaceAll("%>", "}}");
}
