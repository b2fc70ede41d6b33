import { RefusedError } from "./errors.ts";

const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The caller's `x-request-id` where it is usable, else a new one. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && REQUEST_ID.test(given) ? given : crypto.randomUUID();
}

/** The path of a request's URL, without the cost of a URL object. */
export function pathOf(url: string): string {
  return /^[a-z]+:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] || "/";
}

/**
 * The JSON object in a request's body. Only JSON is read: browsers send it to other sites after a preflight only, so a
 * foreign page can change nothing here (CSRF); GET never mutates.
 */
export async function readJsonObject(request: Request, maxBytes: number): Promise<object> {
  const type = request.headers.get("content-type");
  if (!/^\s*application\/json\s*(;|$)/i.test(type ?? "")) {
    const found = type === null ? "no content-type" : `content-type ${type.slice(0, 100)}`;
    throw new RefusedError("UNSUPPORTED_MEDIA_TYPE", `Send application/json; this request has ${found}.`, {
      status: 415,
    });
  }
  return parseObject(await readText(request, maxBytes));
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > maxBytes) throw tooLarge(maxBytes, `${Number(length)}`);
  if (request.body === null) return "";
  try {
    // A server holds its caller to the length that was announced; without one we count.
    return length === null ? await readCounted(request.body, maxBytes) : await request.text();
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw new RefusedError("BODY_INCOMPLETE", "The body ended before all of it was here. Send the request again.", {
      status: 400,
    });
  }
}

async function readCounted(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes, `more than ${maxBytes}`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badBody(text === "" ? "is empty" : "is no JSON");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw badBody(`is ${Array.isArray(value) ? "a list; batches are not taken" : "no object"}`);
}

function badBody(what: string): RefusedError {
  return new RefusedError("BAD_REQUEST", `The body ${what}. Send one JSON object: {"query": "…", "variables": {…}}.`, {
    status: 400,
  });
}

function tooLarge(maxBytes: number, found: string): RefusedError {
  const message =
    `The body has ${found} bytes; at most ${maxBytes} are allowed. Send it in parts; a collection goes where collectionUploadUrl says.`;
  return new RefusedError("BODY_TOO_LARGE", message, { status: 413 });
}
