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

/** The memory of all bytes in a value, which is handed over, not copied. Bytes that are a part of more are copied. */
export function transfersOf(value: unknown): ArrayBuffer[] {
  const parts = Array.isArray(value) ? value : typeof value === "object" && value !== null ? Object.values(value) : [];
  return [value, ...parts].flatMap((part) =>
    part instanceof Uint8Array && part.buffer instanceof ArrayBuffer && part.byteLength === part.buffer.byteLength &&
      part.byteLength > 0
      ? [part.buffer]
      : []
  );
}
