const MB = 1024 * 1024;

/** How much of a package is read. All sizes in bytes. */
export type FileLimits = {
  /** Largest file as it is given: package or bare collection. */
  packageBytes: number;
  /** Largest sum of all entries, unpacked. */
  unpackedBytes: number;
  /** Largest collection database, unpacked. */
  collectionBytes: number;
  /** Largest media file, unpacked. AnkiWeb's own limit is the same. */
  mediaBytes: number;
  /** Largest list of media names, unpacked. */
  mediaListBytes: number;
  /** How many times its own size a package may unpack to in all, beyond `ratioFromBytes` for small ones. */
  packageRatio: number;
  /** Most entries in a package. */
  entries: number;
  /** How many times its packed size an entry may unpack to, where it is over `ratioFromBytes`. */
  ratio: number;
  ratioFromBytes: number;
};

/** What may come inside a request, before base64. Larger files come by upload. */
export const INLINE_LIMIT_BYTES = 32 * MB;

/** What a package may be. Real collections pack to a third or a tenth; 200 leaves room for pages of zeroes. */
export const FILE_LIMITS: FileLimits = {
  packageBytes: 512 * MB,
  unpackedBytes: 1024 * MB,
  collectionBytes: 256 * MB,
  mediaBytes: 100 * MB,
  mediaListBytes: 16 * MB,
  packageRatio: 32,
  entries: 100_000,
  ratio: 200,
  ratioFromBytes: MB,
};

/** What to do where a file is over a limit: parts are merged into what is there. */
export const EXPORT_LESS = "Export it in Anki without media, or deck by deck.";

/** A size in words, for messages. */
export function sizeInWords(bytes: number): string {
  return bytes >= MB ? `${Math.floor(bytes / MB)} MB` : `${bytes} bytes`;
}

/** What a person may keep: the collection and all media, each content once. */
export const QUOTA_BYTES = 1024 * MB;
