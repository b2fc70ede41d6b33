import type { Objects } from "../aws/objects.ts";
import { fromBase64 } from "../core/base64.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { type Copies, StaleLeaseError } from "./copies.ts";
import { ReviewHeldError, ReviewNotFoundError } from "./errors.ts";
import { CollectionUnreadableError, TooLargeError } from "../anki/file/errors.ts";
import { packageOf } from "../anki/file/export.ts";
import type { ImportReport } from "../anki/file/import.ts";
import { EXPORT_LESS, FILE_LIMITS, INLINE_LIMIT_BYTES, QUOTA_BYTES, sizeInWords } from "../anki/file/limits.ts";
import {
  formatMediaIndex,
  type IncomingMedia,
  mediaBytes,
  type MediaIndex,
  parseMediaIndex,
} from "../anki/file/media-merge.ts";
import { type Lost, NOTHING_LOST } from "../anki/file/lost.ts";
import type { Repair } from "../anki/file/repair.ts";
import { type Ask, type Workers, WorkLimitError } from "../anki/work/pool.ts";
import type { ListedMedia } from "../anki/work/tasks.ts";
import { emptyLease, holderOf, statusOf } from "./lease.ts";
import { type Lease, nextFile, type Person } from "./model.ts";
import { mediaKeyOf } from "./media-index.ts";
import { fileKeyOf, MEDIA_INDEX } from "./save.ts";
import type { LeaseStore } from "./store.ts";
import { LINK_MS, type Uploads } from "./uploads.ts";

export type TransferOptions = {
  store: LeaseStore;
  copies: Copies;
  objects: Objects;
  clock: Clock;
  ids: Ids;
  /** Called with each lease that changed. */
  changed: (lease: Lease) => void;
  workers: Workers;
  uploads: Uploads;
};

/** What came of an import, with what was mended in it, and the media files that the package names and does not hold. */
export type Imported = {
  lease: Lease;
  report: ImportReport;
  /** What of the collection that was replaced is not in the file. */
  lost: Lost;
  repairs: string[];
  missingMedia: readonly string[];
};

/** Whether what comes joins what is there or takes its place, and whether that is only to be told. */
type ImportMode = { mode: "MERGE" | "REPLACE"; dryRun: boolean };

/** An open package, and its media as they were kept in an era. */
type Opened = { media: readonly ListedMedia[]; kept?: IncomingMedia[]; era?: number | undefined };

type Merged = Pick<Awaited<ReturnType<Ask["merge"]>>, "bytes" | "index">;

export type Transfer = ReturnType<typeof createTransfer>;

/** What each step of an import may take: reading the package, one media file, merging. */
const IMPORT_MS = 120_000;

/** Brings collections in and gives them back. Nothing is replaced before what comes was read and checked as a whole. */
export function createTransfer({ store, copies, objects, clock, ids, changed, workers, uploads }: TransferOptions) {
  const userOf = ({ tenantId, userId }: Person) => `${tenantId}/${Buffer.from(userId).toString("base64url")}`;

  /** The file that was given inline, or uploaded. */
  async function fetchInput(person: Person, { file, uploadKey: upload }: ImportInput): Promise<Uint8Array> {
    if ((typeof file === "string") === (typeof upload === "string")) {
      throw new InvalidInputError([{ path: ["file"], message: "is needed, or `uploadKey`; not both" }]);
    }
    if (typeof file === "string") return await decode(file);
    return await uploads.read(person, upload!, FILE_LIMITS.packageBytes, EXPORT_LESS);
  }

  /** Keeps the media of the open package, each content once, within what is left to the person. */
  async function keepMedia(
    person: Person,
    ask: Ask,
    listed: readonly ListedMedia[],
    { taken, era }: { taken: number; era: number | undefined },
  ) {
    const kept: IncomingMedia[] = [];
    let left = QUOTA_BYTES - taken;
    for (const [place, { name, original }] of listed.entries()) {
      const { bytes, sha1 } = await ask.media(place);
      left -= bytes.length;
      if (left < 0) throw overQuota();
      const file = { sha1, bytes: bytes.length, ...(era && { era }) };
      await objects.create(mediaKeyOf(person, file), bytes, { contentType: "application/octet-stream" });
      kept.push({ name, original, ...file });
    }
    return kept;
  }

  async function readMediaIndex(key: string | undefined): Promise<MediaIndex> {
    if (key === undefined) return new Map();
    const index = await objects.find(key);
    if (!index) throw new StaleLeaseError();
    return parseMediaIndex(Buffer.from(index.body).toString("utf8"));
  }

  /**
   * The lease with the imported collection in it: a file of a new line, into which all waiting answers went. A session that
   * ended by time is over for good, also by the clock of a process that is behind.
   */
  async function keepResult(known: Lease, { bytes, index: media }: Merged, now: number): Promise<Lease> {
    const { version, line } = nextFile(known);
    const key = fileKeyOf(known, version, ids());
    await objects.create(key, bytes, { contentType: "application/vnd.sqlite3" });
    const index = media.size > 0 ? `${key}${MEDIA_INDEX}` : undefined;
    if (index) {
      await objects.create(index, Buffer.from(formatMediaIndex(media)), { contentType: "application/json" });
    }
    return {
      ...known,
      epoch: known.epoch + 1,
      file: { key, version, line, mediaKey: index },
      previousKey: known.file?.key,
      base: known.base + known.journal.length,
      journal: [],
      session: known.session && { ...known.session, status: statusOf(known.session, now) },
      checkAt: undefined,
    };
  }

  /** The present collection with all waiting answers, beside what replaces it. */
  async function keepReplaced(known: Lease, bytes: Uint8Array): Promise<NonNullable<Lease["replaced"]>> {
    const key = `${fileKeyOf(known, nextFile(known).version, ids())}.replaced`;
    await objects.create(key, Uint8Array.from(bytes), { contentType: "application/vnd.sqlite3" });
    return { key, mediaKey: known.file!.mediaKey };
  }

  /** Puts the collection that was replaced last in its place again; what replaced it is kept in turn. */
  async function restoreOnce(person: Person) {
    const known = await store.find(person);
    if (!known?.replaced || !known.file) throw new ReviewNotFoundError("No collection was replaced.");
    const now = clock();
    requireFree(known, now);
    const old = await objects.find(known.replaced.key);
    if (!old) throw new StaleLeaseError();
    const replaced = await keepReplaced(known, await copies.read(known, (file) => file.toBytes()));
    const index = await readMediaIndex(known.replaced.mediaKey);
    const next = { ...await keepResult(known, { bytes: old.body, index }, now), replaced };
    const { ok, current: lease } = await store.replace(next, known);
    if (ok || lease.file?.key === next.file!.key) return lease;
    for (const unused of [next.file!.key, next.file!.mediaKey, replaced.key]) if (unused) await objects.remove(unused);
    return LOST;
  }

  async function exportOnce(person: Person) {
    const lease = await store.find(person);
    if (!lease?.file) throw new ReviewNotFoundError("There is no collection; import one first.");
    const index = await readMediaIndex(lease.file.mediaKey);
    const media = [...index].map(([name, file]) => ({
      name,
      read: async () => (await objects.get(mediaKeyOf(person, file))).body,
    }));
    const bytes = await copies.read(lease, (file) => file.toBytes());
    const exported = await workers.run(person.tenantId, IMPORT_MS, (ask) => ask.exported(bytes));
    return packageOf(exported, media, { now: clock() });
  }

  /** Imports into the collection as it is now; lost where somebody else changed it meanwhile. */
  async function importOnce(
    person: Person,
    ask: Ask,
    opened: Opened,
    { mode, dryRun }: ImportMode,
  ) {
    const known = await store.find(person) ?? emptyLease(person);
    const now = clock();
    requireFree(known, now);
    const index = await readMediaIndex(known.file?.mediaKey);
    // Where unused media were deleted meanwhile, those keys may be gone: they are kept again, under others.
    const era = known.mediaEra;
    if (opened.era !== era) Object.assign(opened, { kept: undefined, era });
    const media = dryRun
      ? []
      : opened.kept ??= await keepMedia(person, ask, opened.media, { taken: mediaBytes(index), era });
    const existing = known.file && await copies.read(known, (file) => file.toBytes());
    const isReplacing = mode === "REPLACE";
    const before = isReplacing && !dryRun && existing ? await keepReplaced(known, existing) : undefined;
    const result = isReplacing
      ? await ask.replace(existing, media, now)
      : { ...await ask.merge(existing, index, media, now), lost: NOTHING_LOST };
    const { report, lost } = result;
    if (dryRun) return { lease: known, report, lost };
    if (mediaBytes(result.index) + result.bytes.length > QUOTA_BYTES) throw overQuota();
    const kept = await keepResult(known, result, now);
    const next = before ? { ...kept, replaced: before } : kept;
    const { ok, current: lease } = await store.replace(next, known);
    const { key, mediaKey: newIndex } = next.file!;
    // Where a lost reply made the request go out twice, the second finds what the first wrote.
    if (ok || [lease.file?.key, lease.previousKey].includes(key)) return { lease, report, lost };
    for (const unused of [key, newIndex, before?.key]) if (unused) await objects.remove(unused);
    return LOST;
  }

  /** In a worker: what is read is a stranger's. */
  async function importBytes(person: Person, bytes: Uint8Array, how: ImportMode): Promise<Imported> {
    try {
      return await workers.run(person.tenantId, IMPORT_MS, async (ask) => {
        const opened: Awaited<ReturnType<Ask["open"]>> & Opened = await ask.open(bytes, clock());
        requireFree(await store.find(person), clock());
        const done = await retryLost(() => importOnce(person, ask, opened, how).catch(lostWhereStale));
        return { ...done, repairs: done.report.repairs.map(inWords), missingMedia: opened.missing };
      });
    } catch (error) {
      if (!(error instanceof WorkLimitError)) throw error;
      throw new CollectionUnreadableError(
        `Reading the file took more ${error.limit} than an import may take. ${EXPORT_LESS}`,
        error,
      );
    }
  }

  return {
    /**
     * Imports a collection; into one that is there already it is merged, and nothing of either is dropped. Throws
     * CollectionUnreadableError, TooLargeError, ReviewHeldError or InvalidInputError; then the stored one is as it was.
     */
    async importCollection(person: Person, input: ImportInput): Promise<Imported> {
      const how: ImportMode = { mode: input.mode ?? "MERGE", dryRun: input.dryRun ?? false };
      const done = await importBytes(person, await fetchInput(person, input), how);
      if (how.dryRun) return done;
      changed(done.lease);
      if (input.uploadKey) await uploads.remove(person, input.uploadKey);
      return done;
    },

    /** Takes the last replacement back; again, it goes forward. Throws ReviewNotFoundError, ReviewHeldError. */
    async undoReplacement(person: Person): Promise<void> {
      changed(await retryLost(() => restoreOnce(person).catch(lostWhereStale)));
    },

    /** Where to PUT a file that is too large to be sent inline, and what `importCollection` calls it then. */
    createUpload: (person: Person) => uploads.create(person),

    /**
     * A link to the collection as Anki opens it, with all answers and media. Throws ReviewNotFoundError where there is no
     * collection.
     */
    async exportCollection(person: Person): Promise<{ url: string; bytes: number }> {
      // The file may be replaced between the two reads; the lease then says by which.
      const first = await exportOnce(person).catch(lostWhereStale);
      const output = first === LOST ? await exportOnce(person) : first;
      const chunks: Uint8Array[] = [];
      for await (const chunk of output) chunks.push(chunk as Uint8Array);
      const body = Buffer.concat(chunks);
      const key = `exports/${userOf(person)}/${ids()}.colpkg`;
      await objects.create(key, body, { contentType: "application/zip" });
      return { url: await objects.linkToGet(key, LINK_MS / 1_000, "collection.colpkg"), bytes: body.length };
    },
  };
}

export type ImportInput = {
  file?: string | null | undefined;
  uploadKey?: string | null | undefined;
  mode?: ImportMode["mode"] | null | undefined;
  dryRun?: boolean | null | undefined;
};

function lostWhereStale(error: unknown): typeof LOST {
  if (error instanceof StaleLeaseError) return LOST;
  throw error;
}

function overQuota(): TooLargeError {
  const limit = sizeInWords(QUOTA_BYTES);
  return new TooLargeError(
    `The collection and its media would take more than ${limit}, the limit of an account.`,
    QUOTA_BYTES,
  );
}

function inWords({ count, message }: Repair): string {
  return `${count} ${message}`;
}

function requireFree(lease: Lease | undefined, now: number): void {
  const by = lease && holderOf(lease, now);
  if (by) throw new ReviewHeldError(by);
}

async function decode(file: string): Promise<Uint8Array> {
  if (file.length > Math.ceil(INLINE_LIMIT_BYTES / 3) * 4 + 4) {
    const message = `\`file\` is larger than ${sizeInWords(INLINE_LIMIT_BYTES)}, the limit of what is sent inline. ` +
      "PUT it to the link of `collectionUploadUrl`, and import it by its `uploadKey`.";
    throw new TooLargeError(message, INLINE_LIMIT_BYTES);
  }
  const bytes = await fromBase64(file);
  if (!bytes) throw new InvalidInputError([{ path: ["file"], message: "must be the file in base64" }]);
  return bytes;
}
