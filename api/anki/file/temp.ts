import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";
import { type Ids, randomIds } from "../../core/ids.ts";
import { CollectionUnreadableError } from "./errors.ts";
import { createOwnFolder, type OwnFolder } from "./own-folder.ts";

/** A collection open in a private temporary file. Only this process has it; close it to remove it. */
export type OpenFile = {
  db: DatabaseSync;
  /** Size of the file now, in bytes. */
  bytes(): number;
  /** The file's content, outside of a transaction. */
  toBytes(): Uint8Array;
  /** A second file with the same content. */
  copy(): OpenFile;
  close(): void;
};

export type TempFiles = ReturnType<typeof createTempFiles>;

const WAL = 2;
const ROLLBACK = 1;

/**
 * A file in WAL mode would look for its log beside it, where there is none. The two bytes of its header that say so are set
 * to rollback mode, in a copy: what was moved into the file is all there.
 */
function withoutWal(bytes: Uint8Array): Uint8Array {
  if (bytes[18] !== WAL && bytes[19] !== WAL) return bytes;
  const copy = Uint8Array.from(bytes);
  copy[18] = copy[18] === WAL ? ROLLBACK : copy[18]!;
  copy[19] = copy[19] === WAL ? ROLLBACK : copy[19]!;
  return copy;
}

// The file is scratch: what counts is in the object store, so nothing waits for the disk. Nothing in a stranger's schema is
// trusted, and cells of corrupt pages are checked before they are read.
const PRAGMAS = `
  PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;
  PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA foreign_keys = OFF;
`;

// `defensive` is newer than the types: SQLite then refuses what could damage the file by plain SQL.
const OPTIONS = { allowExtension: false, enableForeignKeyConstraints: false };

/** What a process that ends in order removes; one listener for all, since a process may have many. */
const atExit = new Set<() => void>();
process.once("exit", () => atExit.forEach((closeAll) => closeAll()));

/**
 * Opens collections from bytes, each in a folder of its own (0700) as a file (0600), gone when closed or at exit. What a
 * killed process left below `dir` is removed first.
 */
export function createTempFiles(
  { dir, ids = randomIds, own = createOwnFolder({ parent: dir, ids }) }: { dir: string; ids?: Ids; own?: OwnFolder },
) {
  const open = new Set<() => void>();

  function closeAll(): void {
    atExit.delete(closeAll);
    for (const close of open) close();
    own.remove();
  }

  function fromBytes(bytes: Uint8Array, { writableSchema = false }: { writableSchema?: boolean } = {}): OpenFile {
    atExit.add(closeAll);
    const folder = mkdtempSync(join(own.path(), "collection-"));
    const path = join(folder, "collection.anki2");
    const remove = () => rmSync(folder, { recursive: true, force: true });
    let db: DatabaseSync;
    try {
      chmodSync(folder, 0o700);
      writeFileSync(path, withoutWal(bytes), { mode: 0o600 });
      db = new DatabaseSync(path, { ...OPTIONS, defensive: !writableSchema } as DatabaseSyncOptions);
      try {
        db.exec(PRAGMAS);
      } catch (error) {
        db.close();
        throw error;
      }
    } catch (error) {
      remove();
      if (!isSqliteError(error)) throw error;
      throw new CollectionUnreadableError(
        "The file is damaged: SQLite cannot open it. Check the database in Anki.",
        error,
      );
    }
    const close = () => {
      if (!open.delete(close)) return;
      try {
        db.close();
      } finally {
        remove();
      }
    };
    open.add(close);

    const file: OpenFile = {
      db,
      bytes: () => statSync(path).size,
      toBytes() {
        if (db.isTransaction) throw new Error("A collection's bytes are asked for inside a transaction.");
        return readFileSync(path);
      },
      copy: () => fromBytes(file.toBytes()),
      close,
    };
    return file;
  }

  return {
    /** The folder that all of it lies in, for nobody else. */
    folder: () => own.path(),
    /** `writableSchema` is for the conversion of newer schemas only: it lets SQL change the schema's own table. */
    fromBytes,
    /** How many are open now. */
    openCount: () => open.size,
    /** Closes what is open, and leaves nothing below `dir`. */
    closeAll,
  };
}

/** True for what SQLite threw, as opposed to the file system or this program. */
export function isSqliteError(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === "ERR_SQLITE_ERROR" || code === "ERR_OUT_OF_RANGE" || code === "ERR_INVALID_STATE";
}
