import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import yauzl from "yauzl";
import { AppError } from "../../core/errors.ts";
import { CollectionUnreadableError, TooLargeError } from "./errors.ts";
import { EXPORT_LESS, type FileLimits, sizeInWords } from "./limits.ts";
import { unpackDeflated } from "./unpack.ts";

/** A zip whose directory was checked as a whole. Nothing is unpacked until it is asked for. */
export type Zip = {
  names: readonly string[];
  has(name: string): boolean;
  /** The size that an entry declares; 0 where there is none. */
  sizeOf(name: string): number;
  /** Gives the entry's bytes, checked against its size and its checksum. Refused above `maxBytes`, before unpacking. */
  read(name: string, maxBytes: number): Promise<Uint8Array>;
};

/** A small package may unpack to so many times `ratioFromBytes`. */
const SMALL_RATIOS = 64;
const STORED = 0;
const DEFLATED = 8;

const no = (message: string, cause?: unknown) => new CollectionUnreadableError(message, cause);

/** A name that stays where it is put. yauzl refuses climbing and absolute ones as well; this does not rely on it. */
function isSafePath(name: string): boolean {
  return name !== "" && !/[\\\u0000-\u001f]/.test(name) && !/^([A-Za-z]:|\/)/.test(name) &&
    !name.split("/").includes("..");
}

function checkEntry(entry: yauzl.Entry, known: ReadonlyMap<string, yauzl.Entry>, limits: FileLimits): void {
  const name = entry.fileName;
  if (!isSafePath(name)) throw no("The package holds a file whose name leads out of it. It was not made by Anki.");
  if (known.has(name)) throw no(`The package holds ${JSON.stringify(name)} twice. Export it again.`);
  if (entry.isEncrypted()) throw no("The package is encrypted. Export it again without a password.");
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    throw no(`The package holds ${JSON.stringify(name)} in a compression that Anki does not use. Export it again.`);
  }
  const { compressedSize, uncompressedSize } = entry;
  if (uncompressedSize > limits.ratioFromBytes && uncompressedSize > compressedSize * limits.ratio) {
    throw new TooLargeError(
      `${JSON.stringify(name)} unpacks to over ${limits.ratio} times its size, which no collection does.`,
      Math.max(limits.ratioFromBytes, compressedSize * limits.ratio),
    );
  }
}

async function readDirectory(
  zip: yauzl.ZipFile,
  limits: FileLimits,
  packageBytes: number,
): Promise<Map<string, yauzl.Entry>> {
  if (zip.entryCount > limits.entries) throw no(`The package holds more than ${limits.entries} files.`);
  const entries = new Map<string, yauzl.Entry>();
  const most = Math.min(
    limits.unpackedBytes,
    SMALL_RATIOS * limits.ratioFromBytes + packageBytes * limits.packageRatio,
  );
  let packed = 0;
  let unpacked = 0;
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith("/")) continue;
    checkEntry(entry, entries, limits);
    entries.set(entry.fileName, entry);
    packed += entry.compressedSize;
    unpacked += entry.uncompressedSize;
    if (entries.size > limits.entries) throw no(`The package holds more than ${limits.entries} files.`);
    if (packed > packageBytes) throw no("Files in the package overlap. It was not made by Anki.");
    if (unpacked > most) {
      throw new TooLargeError(`The package unpacks to more than ${sizeInWords(most)}, the limit. ${EXPORT_LESS}`, most);
    }
  }
  return entries;
}

/**
 * Opens a zip and checks its whole directory: names, duplicates, encryption, sizes and ratios, so that a bomb is refused
 * before any of it is unpacked.
 */
export async function openZip(bytes: Uint8Array, limits: FileLimits): Promise<Zip> {
  const broken = "The package is damaged: its directory cannot be read. Export it again.";
  const asRefusal = (error: unknown) => {
    throw error instanceof AppError ? error : no(broken, error);
  };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const zip = await yauzl.fromBufferPromise(buffer, { strictFileNames: true }).catch(asRefusal);
  const entries = await readDirectory(zip, limits, bytes.length).catch(asRefusal);

  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    sizeOf: (name) => entries.get(name)?.uncompressedSize ?? 0,

    async read(name, maxBytes) {
      const entry = entries.get(name);
      const what = JSON.stringify(name);
      if (!entry) throw no(`The package holds no ${what}. Export it again.`);
      if (entry.uncompressedSize > maxBytes) {
        throw new TooLargeError(`${what} in the package is larger than ${sizeInWords(maxBytes)}, the limit.`, maxBytes);
      }
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true }).catch(asRefusal);
      const packed = bytes.subarray(fileDataStart, fileDataStart + entry.compressedSize);
      if (packed.length !== entry.compressedSize) throw no(broken);
      const stored = entry.compressionMethod === STORED;
      const unpacked = stored ? packed : await unpackDeflated(packed, entry.uncompressedSize, what);
      if (unpacked.length !== entry.uncompressedSize || crc32(unpacked) !== entry.crc32) {
        throw no(`${what} in the package is damaged: its checksum is wrong. Export it again.`);
      }
      return unpacked;
    },
  };
}
