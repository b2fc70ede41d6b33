import { CollectionUnreadableError, TooLargeError } from "./errors.ts";
import { EXPORT_LESS, FILE_LIMITS, type FileLimits, sizeInWords } from "./limits.ts";
import { ANKI_1 } from "./take.ts";
import { listMedia, type PackageMedia } from "./media.ts";
import { runtimeZstd, type Unpack, unpackZstd } from "./unpack.ts";
import { openZip, type Zip } from "./zip.ts";

/** What a file is, by its content: a zip with a collection in it, or the bare SQLite file. */
export type PackageFormat = "anki2" | "zip-anki2" | "zip-anki21" | "zip-anki21b";

export type CollectionPackage = {
  format: PackageFormat;
  /** The SQLite file, not yet checked. */
  collection: Uint8Array;
  media: readonly PackageMedia[];
  /** Media files that the package names and does not hold. */
  missingMedia: readonly string[];
};

const SQLITE_HEADER = "SQLite format 3\0";
// Newest first: beside a newer one, collection.anki2 is a dummy that asks for an update.
const COLLECTIONS = [
  ["collection.anki21b", "zip-anki21b"],
  ["collection.anki21", "zip-anki21"],
  ["collection.anki2", "zip-anki2"],
] as const;

const startsWith = (bytes: Uint8Array, text: string) =>
  bytes.length >= text.length && [...text].every((sign, i) => bytes[i] === sign.charCodeAt(0));

/** True for bytes that begin as a SQLite file does. */
export function isSqlite(bytes: Uint8Array): boolean {
  return startsWith(bytes, SQLITE_HEADER);
}

async function readCollection(
  zip: Zip,
  name: string,
  limits: FileLimits,
  zstd: Unpack | null,
): Promise<Uint8Array> {
  const raw = await zip.read(name, limits.collectionBytes);
  const packed = name.endsWith("b");
  const bytes = packed ? await unpackZstd(raw, JSON.stringify(name), limits.collectionBytes, limits, zstd) : raw;
  if (!isSqlite(bytes)) {
    throw new CollectionUnreadableError(
      `${JSON.stringify(name)} in the package is no Anki collection. Export it again.`,
    );
  }
  return bytes;
}

/**
 * Reads an .apkg, .colpkg or .anki2 file, told apart by content, never by name. Media files stay packed until they are
 * read. Throws CollectionUnreadableError or TooLargeError.
 */
export async function readPackage(
  bytes: Uint8Array,
  { limits = FILE_LIMITS, zstd = runtimeZstd }: { limits?: FileLimits; zstd?: Unpack | null } = {},
): Promise<CollectionPackage> {
  if (bytes.length > limits.packageBytes) {
    const limit = sizeInWords(limits.packageBytes);
    throw new TooLargeError(`The file is larger than ${limit}, the limit. ${EXPORT_LESS}`, limits.packageBytes);
  }
  if (isSqlite(bytes)) {
    if (bytes.length > limits.collectionBytes) {
      const limit = sizeInWords(limits.collectionBytes);
      throw new TooLargeError(
        `The collection is larger than ${limit}, the limit. Export it deck by deck.`,
        limits.collectionBytes,
      );
    }
    return { format: "anki2", collection: bytes, media: [], missingMedia: [] };
  }
  if (!startsWith(bytes, "PK")) {
    throw new CollectionUnreadableError(
      "The file is no .apkg, .colpkg or .anki2 file. Export it in Anki: File, Export, Anki Collection Package.",
    );
  }

  const zip = await openZip(bytes, limits);
  const found = COLLECTIONS.find(([name]) => zip.has(name));
  if (!found && zip.names.some((name) => name.endsWith(".anki"))) throw new CollectionUnreadableError(ANKI_1);
  if (!found) {
    throw new CollectionUnreadableError(
      "The file is a zip without an Anki collection in it. Export it in Anki: File, Export, Anki Collection Package.",
    );
  }
  const [name, format] = found;
  const collection = await readCollection(zip, name, limits, zstd);
  const { media, missing } = await listMedia(zip, format === "zip-anki21b", limits, zstd);
  return { format, collection, media, missingMedia: missing };
}
