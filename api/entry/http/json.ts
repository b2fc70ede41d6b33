import { RefusedError } from "./errors.ts";

/** How much structure a body may have; strings count as one, however long. */
export type JsonLimits = { depth: number; values: number };

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;

/**
 * The value of a JSON text. What is nested or split up beyond the limits is refused before anything is made of it: 48 MB
 * of `[` or `{},` would take seconds and gigabytes.
 */
export function parseJson(text: string, limits: JsonLimits): unknown {
  checkStructure(text, limits);
  try {
    return JSON.parse(text);
  } catch {
    throw badBody(text === "" ? "is empty" : "is no JSON");
  }
}

/** Throws RefusedError where a JSON text is nested or split up beyond the limits. */
export function checkStructure(text: string, limits: JsonLimits): void {
  let depth = 0;
  let values = 1;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i);
        break;
      case 91: // [
      case 123: // {
        values += 1;
        if (++depth > limits.depth) throw tooComplex(`nests more than ${limits.depth} levels`);
        break;
      case 93: // ]
      case 125: // }
        depth -= 1;
        break;
      case COMMA:
        values += 1;
    }
    if (values > limits.values) throw tooComplex(`has more than ${limits.values} values`);
  }
}

/** Where the string that begins at `start` ends; the end of the text where it does not. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
}

export function badBody(what: string): RefusedError {
  return new RefusedError("BAD_REQUEST", `The body ${what}. Send one JSON object: {"query": "…", "variables": {…}}.`, {
    status: 400,
  });
}

function tooComplex(what: string): RefusedError {
  return new RefusedError("BODY_TOO_COMPLEX", `The body ${what}. Send it in parts.`, { status: 400 });
}
