import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Objects } from "../aws/objects.ts";
import { MINUTE_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { QUOTA_BYTES, sizeInWords } from "../anki/file/limits.ts";
import { formatMediaIndex, mediaBytes, type MediaIndex, parseMediaIndex } from "../anki/file/media-merge.ts";
import { nameWithHash, safeMediaName } from "../anki/file/media-names.ts";
import { TooLargeError } from "../anki/file/errors.ts";
import { ReviewNotFoundError } from "./errors.ts";
import type { Lease, Person } from "./model.ts";
import { fileKeyOf } from "./save.ts";
import type { LeaseStore } from "./store.ts";

/** A media file of a card, behind a link that is the viewer's alone. */
export type MediaLink = { name: string; url: string; bytes: number; type: string };

export type Media = ReturnType<typeof createMedia>;

/** Largest file that is taken inside a request, before base64. */
export const MEDIA_INLINE_BYTES = 5 * 1024 * 1024;
const LINK_MS = 15 * MINUTE_MS;
const MAX_LINKS = 50;
const REFERENCE =
  /\[sound:([^[\]]{1,300})\]|\b(?:src|data)\s{0,9}=\s{0,9}(?:"([^"]{1,1000})"|'([^']{1,1000})'|([^\s"'>]{1,1000}))/gi;

const TYPES: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  avif: "image/avif",
  mp3: "audio/mpeg",
  ogg: "audio/ogg",
  oga: "audio/ogg",
  opus: "audio/ogg",
  wav: "audio/wav",
  m4a: "audio/mp4",
  flac: "audio/flac",
  mp4: "video/mp4",
  webm: "video/webm",
};

export function mediaKeyOf({ tenantId, userId }: Person, sha1: string): string {
  return `media/${tenantId}/${Buffer.from(userId).toString("base64url")}/${sha1}`;
}

/** The media of collections: links to what cards show, and files that people add. */
export function createMedia(
  { store, objects, ids, changed }: { store: LeaseStore; objects: Objects; ids: Ids; changed: (lease: Lease) => void },
) {
  // An index is written once under its key.
  const indexes = new LRUCache<string, MediaIndex>({ max: 200 });

  async function indexOf({ file }: Lease): Promise<MediaIndex> {
    const key = file?.mediaKey;
    if (key === undefined) return new Map();
    const known = indexes.get(key);
    if (known) return known;
    const object = await objects.find(key);
    if (!object) return new Map();
    const index = parseMediaIndex(Buffer.from(object.body).toString("utf8"));
    indexes.set(key, index);
    return index;
  }

  return {
    /** The files that these sides name and the collection holds, in their order, each once. */
    async linksOf(lease: Lease, sides: readonly string[]): Promise<MediaLink[]> {
      const names = namesIn(sides);
      if (names.length === 0) return [];
      const index = await indexOf(lease);
      const found = names.flatMap((name) => {
        const file = index.get(name);
        return file ? [{ name, ...file }] : [];
      });
      return await Promise.all(
        found.slice(0, MAX_LINKS).map(async ({ name, sha1, bytes }) => ({
          name,
          url: await objects.linkToGet(mediaKeyOf(lease, sha1), LINK_MS / 1_000, name),
          bytes,
          type: TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream",
        })),
      );
    },

    /**
     * Adds a file. Where its name belongs to another content it gets the name with its hash, as in Anki; gives the name
     * that notes call it by. Throws InvalidInputError, TooLargeError, ReviewNotFoundError.
     */
    async add(
      person: Person,
      { name, content }: { name: string; content: string },
    ): Promise<{ name: string; bytes: number }> {
      const bytes = Buffer.from(content, "base64");
      if (bytes.length === 0) {
        throw new InvalidInputError([{ path: ["content"], message: "must be the file in base64" }]);
      }
      if (bytes.length > MEDIA_INLINE_BYTES) {
        const limit = sizeInWords(MEDIA_INLINE_BYTES);
        throw new TooLargeError(`\`content\` is larger than ${limit}, the limit of a media file.`, MEDIA_INLINE_BYTES);
      }
      const safe = safeNameOf(name);
      const sha1 = createHash("sha1").update(bytes).digest("hex");
      await objects.create(mediaKeyOf(person, sha1), bytes, { contentType: "application/octet-stream" });
      return await retryLost(async () => {
        const known = await store.find(person);
        if (!known?.file) throw new ReviewNotFoundError("There is no collection; create a note or import one first.");
        const index = new Map(await indexOf(known));
        const there = index.get(safe);
        const kept = there === undefined || there.sha1 === sha1 ? safe : nameWithHash(safe, sha1);
        if (index.get(kept)?.sha1 === sha1) return { name: kept, bytes: bytes.length };
        index.set(kept, { sha1, bytes: bytes.length });
        if (mediaBytes(index) > QUOTA_BYTES) {
          const limit = sizeInWords(QUOTA_BYTES);
          throw new TooLargeError(`The media would take more than ${limit}, the limit of an account.`, QUOTA_BYTES);
        }
        const mediaKey = `${fileKeyOf(person, known.file.version, ids())}.media.json`;
        await objects.create(mediaKey, Buffer.from(formatMediaIndex(index)), { contentType: "application/json" });
        const { ok, current } = await store.replace({ ...known, file: { ...known.file, mediaKey } }, known);
        if (!ok && current.file?.mediaKey !== mediaKey) {
          await objects.remove(mediaKey);
          return LOST;
        }
        changed(current);
        return { name: kept, bytes: bytes.length };
      });
    },
  };
}

function namesIn(sides: readonly string[]): string[] {
  const names = sides.flatMap((html) =>
    [...html.matchAll(REFERENCE)].map(([, sound, double, single, bare]) =>
      decoded(sound ?? double ?? single ?? bare ?? "")
    )
  );
  return [...new Set(names)].slice(0, 500);
}

function decoded(text: string): string {
  const plain = text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

function safeNameOf(name: string): string {
  try {
    return safeMediaName(name);
  } catch (error) {
    throw new InvalidInputError([{
      path: ["name"],
      message: `must be a plain file name: ${(error as Error).message}`,
    }]);
  }
}
