import { isOcclusion, occlusionHtml } from "./occlusion.ts";
import { finderOf } from "./scan.ts";
import { escapeHtml, stripHtml } from "./text.ts";

/** A field's text in parts: text, or a deletion with its numbers, its own parts and its hint. */
export type ClozeNode = string | { numbers: number[]; children: ClozeNode[]; hint: string | undefined };

type Open = { numbers: number[]; children: ClozeNode[]; hint: string | undefined };

const MARK = /\{\{c([\d,]{1,999})::|\}\}|::/g;
/** Numbers of deletions are of 16 bits in Anki. */
const MAX_NUMBER = 65_535;
/** Deletions within each other; what is deeper stays text. */
const MAX_DEPTH = 32;

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
    const numbers = numbersOf(match[1]);
    if (numbers.length > 0 && open.length < MAX_DEPTH) {
      const outer = top?.children ?? root;
      open.push({ numbers, children: [], hint: undefined, start: match.index, outer });
    } else if (match[0] === "}}" && top) {
      open.pop();
      top.outer.push({ numbers: top.numbers, children: top.children, hint: top.hint });
    } else if (match[0] === "::" && top && top.hint === undefined && !isOcclusion(top.children)) top.hint = "";
    else push(match[0]);
  }
  push(text.slice(from));
  const first = open[0];
  if (!first) return root;
  return [...root, text.slice(first.start)];
}

/** The numbers of a deletion, each once and in order: `2,,1,2` are 1 and 2. */
function numbersOf(text = ""): number[] {
  const numbers = text.split(",").filter(Boolean).map(Number).filter((number) => number <= MAX_NUMBER);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** The numbers of all deletions in a text. */
export function clozeNumbers(nodes: readonly ClozeNode[], found = new Set<number>()): Set<number> {
  for (const node of nodes) {
    if (typeof node === "string") continue;
    for (const number of node.numbers) found.add(number);
    clozeNumbers(node.children, found);
  }
  return found;
}

/**
 * A field with the deletion of this number hidden (question) or marked (answer), the others as their text. Empty where
 * the number is not in it, as in Anki. The marks are Anki's: `cloze` and `cloze-inactive`, with `data-ordinal`; within
 * mathematics they are left out. `keepsText`: the question holds what is hidden as `data-cloze`, for scripts; where it is to
 * be typed it does not.
 */
export function renderCloze(text: string, number: number, isQuestion: boolean, keepsText = true): string {
  const nodes = parseCloze(text);
  if (!clozeNumbers(nodes).has(number)) return "";
  const html = rendered(nodes, { number, isQuestion, keepsText });
  return /\\[([]/.test(text) ? withoutMarksInMath(html) : html;
}

/** Only the texts of the deletions of this number, or their hints, separated by commas. */
export function clozeOnly(text: string, number: number, isQuestion: boolean): string {
  return textsOf(text, number, isQuestion).join(", ");
}

/** What is to be typed for the deletions of this number: one text where all of them are the same. */
export function clozeToType(text: string, number: number): string {
  const texts = textsOf(text, number, false);
  return new Set(texts).size === 1 ? texts[0]! : texts.join(", ");
}

function textsOf(text: string, number: number, isQuestion: boolean): string[] {
  const found = (nodes: readonly ClozeNode[]): string[] =>
    nodes.flatMap((node) => {
      if (typeof node === "string") return [];
      const own = node.numbers.includes(number) ? [isQuestion ? node.hint ?? "..." : plain(node.children)] : [];
      return [...own, ...found(node.children)];
    });
  return found(parseCloze(text));
}

type Shown = { number: number; isQuestion: boolean; keepsText: boolean };

function rendered(nodes: readonly ClozeNode[], shown: Shown): string {
  const { number, isQuestion, keepsText } = shown;
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    const ordinal = node.numbers.join(",");
    const isActive = node.numbers.includes(number);
    if (isOcclusion(node.children)) {
      return occlusionHtml(node.children[0] as string, node.numbers, isActive, isQuestion);
    }
    if (isActive && isQuestion) {
      const kept = keepsText ? ` data-cloze="${escapeHtml(plain(node.children))}"` : "";
      return `<span class="cloze"${kept} data-ordinal="${ordinal}">${hidden(node.hint)}</span>`;
    }
    const inner = rendered(node.children, shown);
    return `<span class="${isActive ? "cloze" : "cloze-inactive"}" data-ordinal="${ordinal}">${inner}</span>`;
  }).join("");
}

/** MathJax reads `\(…\)` and `\[…\]` as text: marks in it would be mathematics. */
function withoutMarksInMath(html: string): string {
  const [start, end] = [finderOf(html, /\\[([]/), finderOf(html, /\\[)\]]/)];
  const parts: string[] = [];
  let from = 0;
  for (let at = start(0); at < Infinity; at = start(from)) {
    const past = end(at + 2) + 2;
    if (past === Infinity) break;
    parts.push(html.slice(from, at + 2), stripHtml(html.slice(at + 2, past - 2)), html.slice(past - 2, past));
    from = past;
  }
  return parts.join("") + html.slice(from);
}

function hidden(hint: string | undefined): string {
  return `[${hint || "..."}]`;
}

function plain(nodes: readonly ClozeNode[]): string {
  return nodes.map((node) => (typeof node === "string" ? node : plain(node.children))).join("");
}
