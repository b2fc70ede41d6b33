/** A template in parts: text, a field with its filters (in the order in which they work), or a part that is conditional. */
export type TemplateNode =
  | { kind: "text"; text: string }
  | { kind: "field"; key: string; filters: string[] }
  | { kind: "section"; key: string; isNegated: boolean; children: TemplateNode[] };

/** A template that cannot be read; the message tells its author what is wrong. */
export class TemplateError extends Error {}

const LEGACY_SIGN = "{{=<% %>=}}";

/** Comments are text, whatever they hold. */
const TOKEN = /<!--[\s\S]*?-->|\{\{([\s\S]*?)\}\}/g;

/** Throws TemplateError where a part is not closed, or closed where it was not open. */
export function parseTemplate(source: string): TemplateNode[] {
  const text = withoutLegacySigns(source);
  const root: TemplateNode[] = [];
  const open: { key: string; children: TemplateNode[] }[] = [];
  let from = 0;
  const add = (node: TemplateNode) => (open.at(-1)?.children ?? root).push(node);
  for (const match of text.matchAll(TOKEN)) {
    if (match[1] === undefined) continue;
    if (match.index > from) add({ kind: "text", text: text.slice(from, match.index) });
    from = match.index + match[0].length;
    const tag = match[1].replaceAll(/^\{+/g, "").trim();
    const key = tag.slice(1).trim();
    if (tag.startsWith("#") || tag.startsWith("^")) {
      const children: TemplateNode[] = [];
      add({ kind: "section", key, isNegated: tag.startsWith("^"), children });
      open.push({ key, children });
    } else if (tag.startsWith("/")) {
      const last = open.pop();
      if (last?.key !== key) throw new TemplateError(closingProblem(key, last?.key));
    } else add(fieldOf(tag));
  }
  const left = text.slice(from);
  if (/\{\{(?!.*\}\})/s.test(left.replaceAll(/<!--[\s\S]*?-->/g, ""))) {
    throw new TemplateError(`Found '{{' without '}}' in '${left.trim().slice(0, 40)}'.`);
  }
  if (left) add({ kind: "text", text: left });
  const unclosed = open.at(-1);
  if (unclosed) throw new TemplateError(`Found '{{#${unclosed.key}}}', but not '{{/${unclosed.key}}}'.`);
  return root;
}

/** The template's text with its fields in place. `isFilled` decides conditionals, `fill` gives a field's text. */
export function renderTemplate(
  nodes: readonly TemplateNode[],
  isFilled: (key: string) => boolean,
  fill: (key: string, filters: readonly string[]) => string,
): string {
  return nodes.map((node): string => {
    switch (node.kind) {
      case "text":
        return node.text;
      case "field":
        return fill(node.key, node.filters);
      case "section":
        return isFilled(node.key) === node.isNegated ? "" : renderTemplate(node.children, isFilled, fill);
    }
  }).join("");
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
