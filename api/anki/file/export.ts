import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import yazl from "yazl";
import { checkIntegrity } from "./check.ts";
import { OWN_TABLE } from "./tables.ts";
import type { OpenFile } from "./temp.ts";

/** A media file that goes into a package; `read` is called when its turn comes. */
export type ExportMedia = { name: string; read(): Promise<Uint8Array> };

// Every Anki since 2.0 opens a package with collection.anki2 in schema 11, as do AnkiDroid, AnkiMobile and most readers of
// such files. Without `meta` and collection.anki21 beside it, newer ones take it for what it is (LEGACY_1).
const COLLECTION = "collection.anki2";

/**
 * The collection as a file that Anki opens: without our own table and what it held, not in WAL mode. The given one stays.
 * It is not vacuumed: SQLite attaches a second database for that, which Deno allows only to who may do everything.
 */
export function exportCollection(file: OpenFile): Uint8Array {
  const copy = file.copy();
  try {
    copy.db.exec(`PRAGMA secure_delete = ON; DROP TABLE IF EXISTS ${OWN_TABLE}; PRAGMA journal_mode = DELETE`);
    checkIntegrity(copy.db);
    return copy.toBytes();
  } finally {
    copy.close();
  }
}

async function* contentOf(media: ExportMedia): AsyncGenerator<Uint8Array> {
  yield Buffer.from(await media.read());
}

/**
 * Gives a .colpkg, or an .apkg, which is the same inside, as a stream. Media files are read one after another while it
 * flows; the stream fails where one cannot be read.
 */
export function packageOf(
  collection: Uint8Array,
  media: readonly ExportMedia[],
  { now }: { now: number },
): Readable {
  const zip = new yazl.ZipFile();
  const mtime = new Date(now);
  const output = zip.outputStream as Readable;
  zip.on("error", (error: Error) => output.destroy(error));
  zip.addBuffer(Buffer.from(collection), COLLECTION, { mtime });
  const names = Object.fromEntries(media.map(({ name }, place) => [place, name]));
  zip.addBuffer(Buffer.from(JSON.stringify(names)), "media", { mtime, compress: false });
  // Deflated, since some readers cannot find the end of stored data whose size was not known before.
  const fast = { mtime, compressionLevel: 1 };
  for (const [place, each] of media.entries()) {
    zip.addReadStreamLazy(String(place), fast, (done) => {
      const content = Readable.from(contentOf(each));
      content.once("error", (error) => output.destroy(error));
      done(null, content);
    });
  }
  zip.end();
  return output;
}
