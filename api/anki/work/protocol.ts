import { InvalidInputError } from "../../core/errors.ts";
import { SearchError } from "../queue/search-parse.ts";
import { CollectionUnreadableError, TooLargeError } from "../file/errors.ts";

/** What a worker is asked, one thing at a time. */
export type Question = { id: number; name: string; args: readonly unknown[] };
/** What it answers: a value, or the error that it threw, told in data. */
export type Reply = { id: number; value?: unknown; error?: ToldError };

/** An error as it travels between threads; what has no name of ours is told by its text. */
export type ToldError = { kind: string; message: string; limitBytes?: number; fields?: InvalidInputError["fields"] };

export function tellError(error: unknown): ToldError {
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  if (error instanceof TooLargeError) return { kind: name, message, limitBytes: error.limitBytes };
  if (error instanceof InvalidInputError) return { kind: name, message, fields: error.fields };
  return { kind: name, message };
}

export function toError({ kind, message, limitBytes, fields }: ToldError): Error {
  if (kind === TooLargeError.name) return new TooLargeError(message, limitBytes!);
  if (kind === InvalidInputError.name) return new InvalidInputError(fields!);
  if (kind === SearchError.name) return new SearchError(message);
  if (kind === CollectionUnreadableError.name) return new CollectionUnreadableError(message);
  return new Error(message);
}

/**
 * A value as it goes to another thread, with the memory of all bytes in it, which is handed over, not copied; bytes that are a
 * part of more are copied. Bytes go as plain memory: of an array Deno (2.9.5) looks at each byte for a port to mend, 20 seconds for
 * 30 MB, on the thread that serves everybody as well.
 */
export function packed(value: unknown): { value: unknown; memory: ArrayBuffer[] } {
  const memory: ArrayBuffer[] = [];
  const sent = eachBytes(value, (part) => {
    if (!(part instanceof Uint8Array)) return part;
    const { buffer, byteLength } = part;
    const isWhole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
    const bytes = isWhole ? buffer : Uint8Array.from(part).buffer;
    if (bytes.byteLength > 0 && !memory.includes(bytes)) memory.push(bytes);
    return bytes;
  });
  return { value: sent, memory };
}

/** The value that `packed` was given. */
export function unpacked(value: unknown): unknown {
  return eachBytes(value, (part) => (part instanceof ArrayBuffer ? new Uint8Array(part) : part));
}

/** A value with what it is, or what stands in it, changed: bytes are nowhere deeper. */
function eachBytes(value: unknown, change: (part: unknown) => unknown): unknown {
  const changed = change(value);
  if (changed !== value || typeof value !== "object" || value === null) return changed;
  if (Array.isArray(value)) return value.map(change);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)]));
}
