import { RefusedError } from "./errors.ts";

/** How much structure a body may have; strings count as one, however long. */
export type JsonLimits = { depth: number; values: number };

/** More fields than any input has, and than fit into the properties of an event. graphql-js prints a whole object where one field of it is wrong, for each of them. */
const MAX_MEMBERS = 2_048;

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

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
  /** For each open bracket how many commas were in it; of lists they are taken off. */
  const members: number[] = [];
  let values = 1;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = endOfString(text, i);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        values += 1;
        members.push(text.charCodeAt(i) === OPEN_LIST ? -Infinity : 1);
        if (members.length > limits.depth) throw tooComplex(`nests more than ${limits.depth} levels`);
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        members.pop();
        break;
      case COMMA:
        values += 1;
        if (++members[members.length - 1]! > MAX_MEMBERS) {
          throw tooComplex(`has an object of over ${MAX_MEMBERS} fields`);
        }
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
