import createDOMPurify, { type DOMPurify } from "dompurify";
import { decoded } from "../core/decoded.ts";

const purifiers = new WeakMap<Window, DOMPurify>();

/** What a card's HTML calls its files, and where they are. */
export type Media = readonly { name: string; path: string }[];

/** Puts a card's HTML into its frame: sanitised by the frame's own parser, mathematics as MathML, media that are there. */
export function showIn(frame: Window & typeof globalThis, html: string, media: Media): void {
  const purify = purifierOf(frame);
  const { body } = frame.document;
  body.innerHTML = purify.sanitize(html, { FORCE_BODY: true, ADD_ATTR: ["autoplay"] });
  const paths = new Map(media.map(({ name, path }) => [name, path]));
  for (const image of body.querySelectorAll("[data-src]")) showMedium(image, paths);
  for (const text of textsIn(body)) {
    replaceMatches(text, SOUND, ([whole, name]) => soundOf(body, whole, paths.get(name!)));
  }
  const pieces = mathIn(body);
  if (pieces.length > 0) void showMath(pieces, purify);
  const sound = body.querySelector("audio");
  if (sound) void sound.play().catch(() => {});
}

function purifierOf(frame: Window & typeof globalThis): DOMPurify {
  let purify = purifiers.get(frame);
  if (!purify) {
    purify = createDOMPurify(frame);
    purify.addHook("afterSanitizeAttributes", (node) => {
      if (node.hasAttribute("href")) node.removeAttribute("href");
      const source = node.getAttribute("src");
      if (source === null || /^(data|blob):/i.test(source)) return;
      // A file of the collection's media, by its name. It is found later, or named rather than asked for in vain.
      node.removeAttribute("src");
      node.setAttribute("data-src", source);
    });
    purifiers.set(frame, purify);
  }
  return purify;
}

const SOUND = /\[sound:([^[\]]{1,300})\]/g;

function showMedium(node: Element, paths: ReadonlyMap<string, string>): void {
  const name = node.getAttribute("data-src")!;
  const path = paths.get(name) ?? paths.get(decoded(name));
  if (path) node.setAttribute("src", path);
  else if (node.nodeName === "IMG" && !node.getAttribute("alt")) node.setAttribute("alt", `[${name}]`);
}

function soundOf(body: HTMLElement, whole: string, path: string | undefined): Node {
  const own = body.ownerDocument;
  if (!path) return own.createTextNode(whole);
  const sound = own.createElement("audio");
  sound.controls = true;
  sound.src = path;
  return sound;
}

function textsIn(body: HTMLElement): Text[] {
  const walker = body.ownerDocument.createTreeWalker(body, 4);
  const texts: Text[] = [];
  while (walker.nextNode()) texts.push(walker.currentNode as Text);
  return texts.filter((node) => node.parentElement?.nodeName !== "STYLE");
}

/** Puts a node in the place of each match within a text. */
function replaceMatches(text: Text, pattern: RegExp, make: (match: RegExpExecArray) => Node): void {
  const parts: (string | Node)[] = [];
  let from = 0;
  for (const match of text.data.matchAll(pattern)) {
    parts.push(text.data.slice(from, match.index), make(match));
    from = match.index + match[0].length;
  }
  if (from > 0) text.replaceWith(...parts, text.data.slice(from));
}

type Piece = { place: Element; source: string; block: boolean };

const MATH = /\\\(([\s\S]+?)\\\)|\\\[([\s\S]+?)\\\]/g;

/** The pieces of TeX on a card, each in a place of its own: Anki's \(…\) and \[…\], and LaTeX whose image is not there. */
function mathIn(body: HTMLElement): Piece[] {
  const own = body.ownerDocument;
  const pieces: Piece[] = [];
  for (const text of textsIn(body)) {
    replaceMatches(text, MATH, (match) => {
      const place = own.createElement("span");
      place.textContent = match[0];
      pieces.push({ place, source: match[1] ?? match[2]!, block: match[2] !== undefined });
      return place;
    });
  }
  for (const image of body.querySelectorAll("img.latex:not([src])")) {
    const source = image.getAttribute("alt") ?? "";
    const block = source.startsWith("\\begin{displaymath}");
    const inner = source.replace(/^\$|\$$|^\\begin\{displaymath\}|\\end\{displaymath\}$/g, "");
    const place = own.createElement("span");
    image.replaceWith(place);
    pieces.push({ place, source: inner, block });
  }
  return pieces;
}

/** Temml is loaded where a card needs it, and only then. */
async function showMath(pieces: Piece[], purify: DOMPurify): Promise<void> {
  const { default: temml } = await import("temml");
  for (const { place, source, block } of pieces) {
    const markup = temml.renderToString(source, {
      displayMode: block,
      throwOnError: false,
      trust: false,
      maxSize: [20, 20],
    });
    place.innerHTML = purify.sanitize(markup, { USE_PROFILES: { mathMl: true, html: true } });
  }
}
