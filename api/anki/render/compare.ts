import { escapeHtml, isBlank, stripHtml, unescapeHtml } from "./text.ts";

/** A piece of what was typed or was to be typed: right, wrong, or missing (of what was typed: as many `-`). */
export type AnswerPiece = { kind: "GOOD" | "BAD" | "MISSING"; text: string };

/** What was typed beside what was to be typed, piece by piece, as Anki shows it. */
export type Comparison = { isRight: boolean; typed: AnswerPiece[]; expected: AnswerPiece[] };

/** What is compared; longer texts are right or wrong as a whole. */
const MAX_SIGNS = 500;
/** Python's difflib, which Anki's comparison is made after, passes over signs that a long text is full of. */
const LONG_TEXT = 200;

/** What is to be typed, as plain text. */
export function expectedText(html: string): string {
  const inLine = html.replaceAll(/\[(?:sound:[^\]]{1,500}|anki:[^\]]{1,500})\]/g, "")
    .replaceAll(/(?:\n|<br\s?\/?>|<\/?div>)+/gi, " ");
  return unescapeHtml(stripHtml(inLine)).trim();
}

/**
 * Compares as Anki does: by the longest pieces that both have, without a look at how letters are composed; where `combining`
 * is false (`{{type:nc:…}}`) without regard to accents and points. Source: ankitects/anki, rslib/src/typeanswer.rs.
 */
export function compareTyped(expected: string, typed: string, combining = true): Comparison {
  const [is, wanted] = combining ? [signsOf(typed), signsOf(expected)] : [bare(typed), bare(expected)];
  const given = is.map(({ key }) => key);
  const right = wanted.map(({ key }) => key);
  if (given.join("\u0000") === right.join("\u0000")) {
    const whole: AnswerPiece[] = expected === "" ? [] : [{ kind: "GOOD", text: expected }];
    return { isRight: !isBlank(expected), typed: whole, expected: whole };
  }
  const text = (of: readonly Sign[], from: number, to: number) => of.slice(from, to).map((sign) => sign.text).join("");
  const found: Comparison = { isRight: false, typed: [], expected: [] };
  let [a, b] = [0, 0];
  for (const [atA, atB, length] of [...matchesOf(given, right), [given.length, right.length, 0] as const]) {
    if (atA > a) found.typed.push({ kind: "BAD", text: text(is, a, atA) });
    else if (atB > b) found.typed.push({ kind: "MISSING", text: "-".repeat(atB - b) });
    if (atB > b) found.expected.push({ kind: "MISSING", text: text(wanted, b, atB) });
    if (length > 0) {
      found.typed.push({ kind: "GOOD", text: text(is, atA, atA + length) });
      found.expected.push({ kind: "GOOD", text: text(wanted, atB, atB + length) });
    }
    [a, b] = [atA + length, atB + length];
  }
  return found;
}

const CLASSES = { GOOD: "typeGood", BAD: "typeBad", MISSING: "typeMissed" } as const;

/** The comparison as Anki's HTML, in the place of what was to be typed: note types have styles for its classes. */
export function comparisonHtml({ isRight, typed, expected }: Comparison): string {
  const html = (pieces: readonly AnswerPiece[]) =>
    pieces.map(({ kind, text }) => {
      // A mark at the beginning would join the piece before.
      const shown = /^\p{M}/u.test(text) ? `\u00a0${text}` : text;
      return `<span class="${CLASSES[kind]}">${escapeHtml(shown)}</span>`;
    }).join("");
  if (isRight) return html(expected);
  return `${html(typed)}<br><span id="typearrow">&darr;</span><br>${html(expected)}`;
}

/** A sign by which texts are compared, and how it is shown. */
type Sign = { key: string; text: string };

function signsOf(text: string): Sign[] {
  return [...text.normalize("NFC")].map((sign) => ({ key: sign, text: sign }));
}

/** The signs without marks; what is shown keeps them. */
function bare(text: string): Sign[] {
  const signs: Sign[] = [];
  for (const sign of text.normalize("NFKD")) {
    if (!/^\p{M}$/u.test(sign)) signs.push({ key: sign, text: sign });
    else if (signs.length > 0) signs.at(-1)!.text += sign;
  }
  return signs;
}

type Match = readonly [a: number, b: number, length: number];

/** The pieces that both have, in their order: the longest one, then those before it and behind it. */
function matchesOf(a: readonly string[], b: readonly string[]): Match[] {
  if (a.length > MAX_SIGNS || b.length > MAX_SIGNS) return [];
  const places = new Map<string, number[]>();
  for (const [place, sign] of b.entries()) {
    const known = places.get(sign);
    if (known) known.push(place);
    else places.set(sign, [place]);
  }
  if (b.length >= LONG_TEXT) {
    for (const [sign, at] of places) if (at.length > Math.floor(b.length / 100) + 1) places.delete(sign);
  }
  const found: Match[] = [];
  const open: [number, number, number, number][] = [[0, a.length, 0, b.length]];
  while (open.length > 0) {
    const [fromA, toA, fromB, toB] = open.pop()!;
    const [atA, atB, length] = longest(a, b, places, [fromA, toA, fromB, toB]);
    if (length === 0) continue;
    found.push([atA, atB, length]);
    if (fromA < atA && fromB < atB) open.push([fromA, atA, fromB, atB]);
    if (atA + length < toA && atB + length < toB) open.push([atA + length, toA, atB + length, toB]);
  }
  return joined(found.sort((x, y) => x[0] - y[0]));
}

function longest(
  a: readonly string[],
  b: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  [fromA, toA, fromB, toB]: readonly [number, number, number, number],
): Match {
  let [bestA, bestB, best] = [fromA, fromB, 0];
  let lengths = new Map<number, number>();
  for (let i = fromA; i < toA; i++) {
    const next = new Map<number, number>();
    for (const j of places.get(a[i]!) ?? []) {
      if (j < fromB) continue;
      if (j >= toB) break;
      const length = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, length);
      if (length > best) [bestA, bestB, best] = [i - length + 1, j - length + 1, length];
    }
    lengths = next;
  }
  // What was passed over belongs to a piece where it touches it.
  while (bestA > fromA && bestB > fromB && a[bestA - 1] === b[bestB - 1]) {
    [bestA, bestB, best] = [bestA - 1, bestB - 1, best + 1];
  }
  while (bestA + best < toA && bestB + best < toB && a[bestA + best] === b[bestB + best]) best++;
  return [bestA, bestB, best];
}

/** Pieces that follow each other in both are one. */
function joined(matches: readonly Match[]): Match[] {
  const found: Match[] = [];
  for (const match of matches) {
    const last = found.at(-1);
    if (last && last[0] + last[2] === match[0] && last[1] + last[2] === match[1]) {
      found[found.length - 1] = [last[0], last[1], last[2] + match[2]];
    } else found.push(match);
  }
  return found;
}
