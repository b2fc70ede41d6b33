import { createHash } from "node:crypto";
import type { Objects } from "../aws/objects.ts";
import { fromBase64 } from "../core/base64.ts";
import { type Clock, MINUTE_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { QUOTA_BYTES, sizeInWords } from "../anki/file/limits.ts";
import type { MediaCheck } from "../anki/file/media-check.ts";
import {
  formatMediaIndex,
  mediaBytes,
  type MediaFile,
  type MediaIndex,
  parseMediaIndex,
} from "../anki/file/media-merge.ts";
import { mediaNamesIn } from "../anki/file/media-names-in.ts";
import { nameWithHash, safeMediaName } from "../anki/file/media-names.ts";
import { TooLargeError } from "../anki/file/errors.ts";
import { ReviewNotFoundError } from "./errors.ts";
import { createMediaIndexes, eraOfKey, mediaFolderOf, mediaKeyOf } from "./media-index.ts";
import { createTickets, type Signer, signerOf, ticketOf } from "./media-tickets.ts";
import type { Lease, Person } from "./model.ts";
import type { Reader } from "./reader.ts";
import type { ReviewView } from "./service.ts";
import { fileKeyOf, MEDIA_INDEX } from "./save.ts";
import type { LeaseStore } from "./store.ts";

/** A media file of a card, behind links that are the viewer's alone: to the store, and on the service's own origin. */
export type MediaLink = { name: string; url: string; path: string; bytes: number; type: string };

/** What a check of media finds, and how many files there are in all. */
export type MediaReport = {
  missing: MediaCheck["missing"];
  unused: { name: string; bytes: number }[];
  files: number;
  bytes: number;
};

/** A media file as the service gives it away: its bytes, or, where it is large, a link to the store. */
export type OpenMedia =
  & { tenantId: string; name: string; type: string; expiresAt: number }
  & (
    | { body: Uint8Array }
    | { url: string }
  );

export type Media = ReturnType<typeof createMedia>;

/** Largest file that is taken inside a request, before base64. */
export const MEDIA_INLINE_BYTES = 5 * 1024 * 1024;
const LINK_MS = 15 * MINUTE_MS;
const MAX_LINKS = 50;
const MAX_NAMES = 500;
/** A page has 200 cards, of which each shows ten files. */
const MAX_LISTED = 2_000;
const MAX_DELETED = 10_000;
/** A function answers with 6 MB at most, of which base64 takes a quarter. */
const INLINE_BYTES = 4 * 1024 * 1024;
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

/** The media of collections: links to what cards show, and files that people add. */
export function createMedia({ store, objects, clock, ids, readAll, changed }: {
  store: LeaseStore;
  objects: Objects;
  clock: Clock;
  ids: Ids;
  readAll: Reader;
  changed: (lease: Lease) => void;
}) {
  const findTicket = createTickets(store);
  const indexOf = createMediaIndexes(objects);

  /** Puts another index in the place of the present one; lost where somebody else wrote meanwhile. */
  async function putIndex(known: Lease, index: MediaIndex, more: Pick<Lease, "mediaEra"> = {}) {
    const mediaKey = `${fileKeyOf(known, known.file!.version, ids())}${MEDIA_INDEX}`;
    await objects.create(mediaKey, Buffer.from(formatMediaIndex(index)), { contentType: "application/json" });
    const { ok, current } = await store.replace({ ...known, ...more, file: { ...known.file!, mediaKey } }, known);
    if (!ok && current.file?.mediaKey !== mediaKey) {
      await objects.remove(mediaKey);
      return LOST;
    }
    changed(current);
    return current;
  }

  /** What a check finds in the collection as it is now. */
  async function check(lease: Lease, index: MediaIndex): Promise<MediaCheck> {
    return await readAll(lease, "media", [...index.keys()]);
  }

  /** Links to the files of these names that the collection holds, in their order, each once. */
  async function linksTo(
    lease: Lease,
    signer: Signer,
    named: readonly string[],
    most = MAX_LINKS,
  ): Promise<MediaLink[]> {
    const names = [...new Set(named)].slice(0, Math.max(MAX_NAMES, most));
    if (names.length === 0) return [];
    const index = await indexOf(lease);
    const found = names.flatMap((name) => {
      const file = index.get(name);
      return file ? [{ name, ...file }] : [];
    });
    return await Promise.all(
      found.slice(0, most).map(async (file) => ({
        name: file.name,
        url: await objects.linkToGet(mediaKeyOf(lease, file), LINK_MS / 1_000, file.name),
        path: ticketOf(lease, signer, file, clock() + LINK_MS),
        bytes: file.bytes,
        type: typeOf(file.name),
      })),
    );
  }

  return {
    /** The files that these sides name and the collection holds, in their order, each once. */
    linksOf: ({ lease, session }: ReviewView, sides: readonly string[]): Promise<MediaLink[]> =>
      linksTo(lease, session, sides.flatMap(mediaNamesIn)),

    /** Those of these files that somebody's collection holds, by their names, for what is shown outside of a session. */
    async linksByName(person: Person, names: readonly string[]): Promise<Map<string, MediaLink>> {
      const lease = names.length > 0 ? await store.find(person) : undefined;
      const signer = lease && signerOf(lease);
      const links = lease && signer ? await linksTo(lease, signer, names, MAX_LISTED) : [];
      return new Map(links.map((link) => [link.name, link]));
    },

    /**
     * Adds a file. Where its name belongs to another content it gets the name with its hash, as in Anki; gives the name
     * that notes call it by. Throws InvalidInputError, TooLargeError, ReviewNotFoundError.
     */
    async add(
      person: Person,
      { name, content }: { name: string; content: string },
    ): Promise<{ name: string; bytes: number }> {
      if (content.length > Math.ceil(MEDIA_INLINE_BYTES / 3) * 4) {
        const limit = sizeInWords(MEDIA_INLINE_BYTES);
        throw new TooLargeError(`\`content\` is larger than ${limit}, the limit of a media file.`, MEDIA_INLINE_BYTES);
      }
      const bytes = await fromBase64(content);
      if (!bytes) throw new InvalidInputError([{ path: ["content"], message: "must be the file in base64" }]);
      const safe = safeNameOf(name);
      const sha1 = createHash("sha1").update(bytes).digest("hex");
      return await retryLost(async () => {
        const known = await store.find(person);
        if (!known?.file) throw new ReviewNotFoundError("There is no collection; create a note or import one first.");
        const index = new Map(await indexOf(known));
        const there = index.get(safe);
        const kept = there === undefined || there.sha1 === sha1 ? safe : nameWithHash(safe, sha1);
        if (index.get(kept)?.sha1 === sha1) return { name: kept, bytes: bytes.length };
        // A content that is there under another name lies in the era of that one.
        const same = [...index.values()].find((file) => file.sha1 === sha1);
        const file = same ?? { sha1, bytes: bytes.length, ...(known.mediaEra && { era: known.mediaEra }) };
        await objects.create(mediaKeyOf(person, file), bytes, { contentType: "application/octet-stream" });
        index.set(kept, file);
        if (mediaBytes(index) > QUOTA_BYTES) {
          const limit = sizeInWords(QUOTA_BYTES);
          throw new TooLargeError(`The media would take more than ${limit}, the limit of an account.`, QUOTA_BYTES);
        }
        return await putIndex(known, index) === LOST ? LOST : { name: kept, bytes: bytes.length };
      });
    },

    /** Media that notes name and the collection does not hold, and files that nothing names; nothing without a collection. */
    async check(person: Person): Promise<MediaReport> {
      const lease = await store.find(person);
      if (!lease?.file) return { missing: [], unused: [], files: 0, bytes: 0 };
      const index = await indexOf(lease);
      const { missing, unused } = await check(lease, index);
      return {
        missing,
        unused: unused.map((name) => ({ name, bytes: index.get(name)!.bytes })),
        files: index.size,
        bytes: mediaBytes(index),
      };
    },

    /**
     * Deletes files that nothing names, of these or of all. What a note names by then stays. The keys of what is deleted are
     * never used again, so who keeps the same content meanwhile keeps it elsewhere. Gives how many went.
     */
    async deleteUnused(person: Person, names: readonly string[] | null | undefined): Promise<number> {
      if (names && names.length > MAX_DELETED) {
        throw new InvalidInputError([{ path: ["names"], message: `must be at most ${MAX_DELETED} names` }]);
      }
      const done = await retryLost(async () => {
        const known = await store.find(person);
        if (!known?.file) throw new ReviewNotFoundError("There is no collection; create a note or import one first.");
        const index = new Map(await indexOf(known));
        const { unused } = await check(known, index);
        const gone = unused.filter((name) => !names || names.includes(name));
        if (gone.length === 0) return { lease: known, index, gone: 0 };
        for (const name of gone) index.delete(name);
        const lease = await putIndex(known, index, { mediaEra: (known.mediaEra ?? 0) + 1 });
        return lease === LOST ? LOST : { lease, index, gone: gone.length };
      });
      if (done.gone > 0) await removeUnnamed(done.lease, done.index);
      return done.gone;
    },

    /** What a link on the service's own origin leads to, with its bytes; undefined where it is none, or over. */
    async open(path: string): Promise<OpenMedia | undefined> {
      const found = await findTicket(path, clock());
      if (!found) return undefined;
      const { key, name, tenantId, expiresAt } = found;
      const bytes = await objects.findBytes(key);
      if (bytes === undefined) return undefined;
      const type = typeOf(name);
      if (bytes <= INLINE_BYTES) return { tenantId, name, type, expiresAt, body: (await objects.get(key)).body };
      return { tenantId, name, type, expiresAt, url: await objects.linkToGet(key, LINK_MS / 1_000, name) };
    },
  };

  /** Removes the files of eras that are over which neither index names: also what a deletion left that broke off. */
  async function removeUnnamed(lease: Lease, index: MediaIndex): Promise<void> {
    const replaced = lease.replaced?.mediaKey
      ? parseMediaIndex(Buffer.from((await objects.get(lease.replaced.mediaKey)).body).toString("utf8"))
      : new Map<string, MediaFile>();
    const named = new Set([...index.values(), ...replaced.values()].map((file) => mediaKeyOf(lease, file)));
    for await (const page of objects.list(mediaFolderOf(lease))) {
      for (const { key } of page) {
        if (!named.has(key) && eraOfKey(lease, key) < lease.mediaEra!) await objects.remove(key);
      }
    }
  }
}

function typeOf(name: string): string {
  return TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
}

function safeNameOf(name: string): string {
  try {
    return safeMediaName(name);
  } catch {
    throw new InvalidInputError([{
      path: ["name"],
      message: "must be a plain file name: 1 to 255 bytes, without folders",
    }]);
  }
}
