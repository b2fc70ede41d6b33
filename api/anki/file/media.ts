import { createHash } from "node:crypto";
import { CollectionUnreadableError, readable } from "./errors.ts";
import type { FileLimits } from "./limits.ts";
import { safeMediaName } from "./media-names.ts";
import { type Unpack, unpackZstd } from "./unpack.ts";
import { readMessage } from "./wire.ts";
import type { Zip } from "./zip.ts";

/**
 * A media file of a package: its safe name, and the name that the package gave it. `read` unpacks it then, and not before.
 */
export type PackageMedia = { name: string; original: string; read(): Promise<Uint8Array> };

/** What the package says of one media file: where it is, and its hash where it is told. */
type Listed = { entry: string; name: string; sha1: string | undefined };

const LIST = "media";
const UNREADABLE = "The package's list of media files cannot be read. Export it again.";

/** The hash by which media files are kept and known. */
export function sha1Of(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

/** Old packages: a JSON object from the entry's name (a number) to the file's name. */
function listFromJson(bytes: Uint8Array): Listed[] {
  if (bytes.length === 0) return [];
  const map = readable(
    UNREADABLE,
    () => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown,
  );
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw new CollectionUnreadableError(UNREADABLE);
  return Object.entries(map).map(([entry, name]) => {
    if (!/^\d{1,9}$/.test(entry) || typeof name !== "string") throw new CollectionUnreadableError(UNREADABLE);
    return { entry, name, sha1: undefined };
  });
}

/**
 * New packages: MediaEntries { entries = 1: { name = 1, size = 2, sha1 = 3 } }; the entry's name is its place,
 * or the number that it had in an older list (255). */
function listFromMessage(bytes: Uint8Array): Listed[] {
  return readMessage(bytes).messages(1).map((entry, place) => {
    const sha1 = entry.bytes(3);
    return {
      entry: String(entry.optional(255) ?? place),
      name: entry.text(1),
      sha1: sha1.length === 20 ? [...sha1].map((byte) => byte.toString(16).padStart(2, "0")).join("") : undefined,
    };
  });
}

/**
 * Gives a package's media files. Names are made safe; two files that come to one name, or a file that the package does not
 * hold, are left out and named in `missing`.
 */
export async function listMedia(
  zip: Zip,
  packed: boolean,
  limits: FileLimits,
  zstd: Unpack | null,
): Promise<{ media: PackageMedia[]; missing: string[] }> {
  if (!zip.has(LIST)) return { media: [], missing: [] };
  const raw = await zip.read(LIST, limits.mediaListBytes);
  const bytes = packed ? await unpackZstd(raw, `"${LIST}"`, limits.mediaListBytes, limits, zstd) : raw;
  const listed = packed ? listFromMessage(bytes) : listFromJson(bytes);
  if (listed.length > limits.entries) {
    throw new CollectionUnreadableError(`The package lists more than ${limits.entries} media files.`);
  }

  const media = new Map<string, PackageMedia>();
  const missing: string[] = [];
  for (const { entry, name, sha1 } of listed) {
    const safe = safeMediaName(name);
    if (!zip.has(entry) || media.has(safe)) {
      missing.push(safe);
      continue;
    }
    const read = async () => {
      const stored = await zip.read(entry, limits.mediaBytes);
      const content = packed ? await unpackZstd(stored, JSON.stringify(safe), limits.mediaBytes, limits, zstd) : stored;
      if (sha1 !== undefined && sha1Of(content) !== sha1) {
        throw new CollectionUnreadableError(
          `${JSON.stringify(safe)} in the package is damaged: its hash is wrong. Export it again.`,
        );
      }
      return content;
    };
    media.set(safe, { name: safe, original: name, read });
  }
  return { media: [...media.values()], missing };
}
