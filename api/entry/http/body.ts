import { Buffer, isUtf8 } from "node:buffer";
import { setImmediate as turn } from "node:timers/promises";
import { RefusedError } from "./errors.ts";
import type { Asked } from "./exchange.ts";
import { badBody } from "./json.ts";

const LARGE_BYTES = 1_048_576;
const decoder = new TextDecoder("utf-8", { ignoreBOM: false });

/**
 * Throws where the body is no JSON in UTF-8. Browsers send that to other sites after a preflight only, so a foreign page
 * can change nothing here (CSRF); GET never mutates.
 */
export function checkType({ header }: Asked): void {
  const type = header("content-type");
  const found = type === undefined ? "no content-type" : `content-type ${type.slice(0, 100)}`;
  if (!/^\s*application\/json\s*(;|$)/i.test(type ?? "")) {
    throw unsupported(`Send application/json; this request has ${found}.`);
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type!)?.[1] ?? "utf-8";
  if (!/^utf-?8$/i.test(charset)) throw unsupported(`Send JSON in UTF-8; this request has ${found}.`);
  const encoding = header("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw unsupported(`Send the body as it is, without content-encoding ${encoding.slice(0, 20)}.`);
  }
}

function unsupported(message: string): RefusedError {
  return new RefusedError("UNSUPPORTED_MEDIA_TYPE", message, { status: 415 });
}

/** The body as text. Throws RefusedError, before anything is read where its length was announced. */
export async function readText(asked: Asked, maxBytes: number, maxMs: number): Promise<string> {
  const announced = Number(asked.header("content-length") ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes, `${announced}`);
  const bytes = await asked.read(maxBytes, maxMs);
  // What was put together by now took its time: others have their turn before it is decoded.
  if (bytes.length > LARGE_BYTES) await turn();
  if (!isUtf8(bytes)) throw badBody("is no UTF-8");
  return decoder.decode(bytes);
}

/** The body of a Request. */
export async function readRequest(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.body) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw tooLarge(maxBytes, `more than ${maxBytes}`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof RefusedError ? error : incomplete();
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

export function tooLarge(maxBytes: number, found: string): RefusedError {
  const message = `The body has ${found} bytes; at most ${maxBytes} are allowed. ` +
    "Send it in parts; a collection goes where collectionUploadUrl says.";
  return new RefusedError("BODY_TOO_LARGE", message, { status: 413 });
}

export function incomplete(): RefusedError {
  const message = "The body ended before all of it was here. Send the request again.";
  return new RefusedError("BODY_INCOMPLETE", message, { status: 400 });
}

export function tooSlow(maxMs: number): RefusedError {
  const message = `The body was not here within ${maxMs / 1_000} seconds. Send it faster, or in parts.`;
  return new RefusedError("BODY_TOO_SLOW", message, { status: 408 });
}
