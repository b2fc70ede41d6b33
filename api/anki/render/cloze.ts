import { escapeHtml } from "./text.ts";

/** A field's text in parts: text, or a deletion with its numbers, its own parts and its hint. */
export type ClozeNode = string | { numbers: number[]; children: ClozeNode[]; hint: string | undefined };

type Open = { numbers: number[]; children: ClozeNode[]; hint: string | undefined };

const MARK = /\{\{c(\d+(?:,\d+)*)::|\}\}|::/g;

/** Reads `{{c1::text::hint}}`, also one within another. What is not closed stays text. */
export function parseCloze(text: string): ClozeNode[] {
  const root: ClozeNode[] = [];
  const open: (Open & { start: number; outer: ClozeNode[] })[] = [];
  let from = 0;
  const push = (part: string) => {
    const top = open.at(-1);
    if (part === "") return;
    if (top?.hint !== undefined) top.hint += part;
    else (top?.children ?? root).push(part);
  };
  for (const match of text.matchAll(MARK)) {
    push(text.slice(from, match.index));
    from = match.index + match[0].length;
    const top = open.at(-1);
    if (match[1] !== undefined) {
      const outer = top?.children ?? root;
      open.push({ numbers: match[1].split(",").map(Number), children: [], hint: undefined, start: match.index, outer });
    } else if (match[0] === "}}" && top) {
      open.pop();
      top.outer.push({ numbers: top.numbers, children: top.children, hint: top.hint });
    } else if (match[0] === "::" && top && top.hint === undefined) top.hint = "";
    else push(match[0]);
  }
  push(text.slice(from));
  const first = open[0];
  if (!first) return root;
  return [...root, text.slice(first.start)];
}

/** The numbers of all deletions in a text. */
export function clozeNumbers(nodes: readonly ClozeNode[]): Set<number> {
  return new Set(
    nodes.flatMap((node) => (typeof node === "string" ? [] : [...node.numbers, ...clozeNumbers(node.children)])),
  );
}

/**
 * A field with the deletion of this number hidden (question) or marked (answer), the others as their text. Empty where
 * the number is not in it, as in Anki. The marks are Anki's: `cloze` and `cloze-inactive`, with `data-ordinal`.
 */
export function renderCloze(text: string, number: number, isQuestion: boolean): string {
  const nodes = parseCloze(text);
  return clozeNumbers(nodes).has(number) ? rendered(nodes, number, isQuestion) : "";
}

/** Only the texts of the deletion of this number, separated by commas. */
export function clozeOnly(text: string, number: number, isQuestion: boolean): string {
  const found = (nodes: readonly ClozeNode[]): string[] =>
    nodes.flatMap((node) => {
      if (typeof node === "string") return [];
      if (!node.numbers.includes(number)) return found(node.children);
      return [isQuestion ? hidden(node.hint) : plain(node.children)];
    });
  return found(parseCloze(text)).join(", ");
}

function rendered(nodes: readonly ClozeNode[], number: number, isQuestion: boolean): string {
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    const ordinal = node.numbers.join(",");
    const inner = rendered(node.children, number, isQuestion);
    if (!node.numbers.includes(number)) {
      return `<span class="cloze-inactive" data-ordinal="${ordinal}">${inner}</span>`;
    }
    if (!isQuestion) return `<span class="cloze" data-ordinal="${ordinal}">${inner}</span>`;
    const kept = escapeHtml(inner);
    return `<span class="cloze" data-cloze="${kept}" data-ordinal="${ordinal}">${hidden(node.hint)}</span>`;
  }).join("");
}

function hidden(hint: string | undefined): string {
  return `[${hint || "..."}]`;
}

function plain(nodes: readonly ClozeNode[]): string {
  return nodes.map((node) => (typeof node === "string" ? node : plain(node.children))).join("");
}
