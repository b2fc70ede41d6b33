import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { CollectionUnreadableError, TooLargeError } from "./errors.ts";
import { type FileLimits, sizeInWords } from "./limits.ts";

/** Unpacks bytes, and fails rather than give more than `maxOutputLength`. */
export type Unpack = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const inflate: Unpack = promisify(zlib.inflateRaw);

/** Zstandard, where the runtime has it (Node 22.15, Deno 2.6 and later). */
export const runtimeZstd: Unpack | null = typeof zlib.zstdDecompress === "function"
  ? promisify(zlib.zstdDecompress)
  : null;

/** Unpacks one deflated entry to exactly the size that it declares, never beyond. */
export async function unpackDeflated(bytes: Uint8Array, declaredBytes: number, what: string): Promise<Uint8Array> {
  const unpacked = await inflate(bytes, { maxOutputLength: Math.max(1, declaredBytes) }).catch((error: unknown) => {
    throw new CollectionUnreadableError(
      `${what} in the package cannot be unpacked, or is larger than it says; export it again.`,
      error,
    );
  });
  if (unpacked.length !== declaredBytes) {
    throw new CollectionUnreadableError(`${what} in the package is not as long as it says; export it again.`);
  }
  return unpacked;
}

/** Unpacks Zstandard, at most `maxBytes` of it. Where the runtime has no Zstandard, it says what to do in Anki. */
export async function unpackZstd(
  bytes: Uint8Array,
  what: string,
  maxBytes: number,
  limits: FileLimits,
  zstd: Unpack | null,
): Promise<Uint8Array> {
  if (!zstd) {
    throw new CollectionUnreadableError(
      "This package is in Anki's newest format, which this server cannot unpack. " +
        "Export it again with 'Support older Anki versions' checked.",
    );
  }
  const allowed = Math.min(maxBytes, Math.max(limits.ratioFromBytes, bytes.length * limits.ratio));
  try {
    return await zstd(bytes, { maxOutputLength: allowed });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") {
      throw new TooLargeError(
        `${what} in the package unpacks to more than ${sizeInWords(allowed)}, which is the limit.`,
        allowed,
      );
    }
    throw new CollectionUnreadableError(`${what} in the package is not valid Zstandard; export it again.`, error);
  }
}
