/** A search that cannot be read; the message says which part. */
export class SearchError extends Error {}

/** A search in parts: words with what stands before their colon, joined by and, or and not. */
export type SearchNode =
  | { kind: "term"; prefix: string; text: string }
  | { kind: "not"; of: SearchNode }
  | { kind: "and" | "or"; of: SearchNode[] };

const MAX_TERMS = 60;
const MAX_DEPTH = 20;
/** A sign; a word with what stands before its colon, which may be all of it; or a word alone. */
const TOKEN =
  /\s*(?:([()])|(-)(?=\S)|((?:[^\s():"\\]|\\.)*:)(?:"((?:[^"\\]|\\.)*)"|((?:[^\s()"\\]|\\.)*))|"((?:[^"\\]|\\.)*)"|((?:[^\s()"\\]|\\.)+))/y;

type Token = { sign: "(" | ")" | "-" } | { prefix: string; text: string; isQuoted: boolean };

/**
 * Reads a search as Anki does: words are joined by and, `or` binds less, `-` and parentheses as everywhere. A whole word may
 * be quoted too: `"deck:my deck"`. Throws SearchError. Undefined where it is empty: then it finds all.
 */
export function parseSearch(search: string): SearchNode | undefined {
  const tokens = tokensOf(search);
  let at = 0;
  const wordAt = () => {
    const token = tokens[at];
    return token && !("sign" in token) && token.prefix === "" && !token.isQuoted ? token.text.toLowerCase() : "";
  };
  const isSign = (sign: string) => {
    const token = tokens[at];
    return token !== undefined && "sign" in token && token.sign === sign;
  };

  function either(depth: number): SearchNode {
    const of = [both(depth)];
    while (wordAt() === "or") {
      at++;
      of.push(both(depth));
    }
    return of.length === 1 ? of[0]! : { kind: "or", of };
  }

  function both(depth: number): SearchNode {
    const of: SearchNode[] = [];
    while (at < tokens.length && !isSign(")") && wordAt() !== "or") {
      if (wordAt() === "and") at++;
      else of.push(one(depth));
    }
    if (of.length === 0) throw new SearchError("has a place where a word is missing: before or after `or`, or in `()`");
    return of.length === 1 ? of[0]! : { kind: "and", of };
  }

  function one(depth: number): SearchNode {
    if (depth > MAX_DEPTH) throw new SearchError(`has more than ${MAX_DEPTH} parts within each other`);
    const token = tokens[at++];
    if (!token) throw new SearchError("ends with `-`");
    if (!("sign" in token)) return { kind: "term", prefix: token.prefix, text: token.text };
    if (token.sign === "-") return { kind: "not", of: one(depth + 1) };
    const inner = either(depth + 1);
    if (!isSign(")")) throw new SearchError("has `(` without `)`");
    at++;
    return inner;
  }

  if (tokens.length === 0) return undefined;
  const found = either(0);
  if (at < tokens.length) throw new SearchError("has `)` without `(`");
  return found;
}

function tokensOf(search: string): Token[] {
  const text = search.trim();
  const tokens: Token[] = [];
  let words = 0;
  const token = new RegExp(TOKEN);
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (!found) throw new SearchError("has a quote that is not closed, or ends with `\\`");
    const [, bracket, minus, prefix, value, plainValue, quoted, plain] = found;
    if (bracket || minus) tokens.push({ sign: (bracket ?? minus) as "(" | ")" | "-" });
    else if (prefix === ":") throw new SearchError("has `:` without a word before it; write \\: for a colon");
    else if (prefix) {
      tokens.push({ prefix: prefix.slice(0, -1).toLowerCase(), text: value ?? plainValue!, isQuoted: false });
    } else tokens.push(termOf(quoted, plain));
    if (!bracket && !minus && ++words > MAX_TERMS) throw new SearchError(`has more than ${MAX_TERMS} words`);
  }
  return tokens;
}

/** The part before the first colon may lie within the quotes. */
function termOf(quoted: string | undefined, plain: string | undefined): Token {
  const [, prefix, rest] = quoted === undefined ? [] : /^((?:[^:\\]|\\.)+):([^]*)$/.exec(quoted) ?? [];
  return prefix === undefined
    ? { prefix: "", text: quoted ?? plain!, isQuoted: quoted !== undefined }
    : { prefix: prefix.toLowerCase(), text: rest!, isQuoted: true };
}
