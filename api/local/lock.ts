import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LocalError } from "./errors.ts";

/**
 * Makes the data folder and takes it for this process alone; gives the function that lets go of it.
 * The lock is SQLite's lock on an empty file, which the kernel drops with the process: no kill leaves it behind.
 */
export function takeLock(dataDir: string): () => void {
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    lock = new DatabaseSync(join(dataDir, "lock.sqlite"));
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock?.close();
    throw new LocalError(
      // SQLITE_BUSY; Deno's error carries no code.
      (error as Error).message.includes("database is locked")
        ? `DATA_DIR ${dataDir} is in use by another running Sojourn: stop that one, or set DATA_DIR to another folder.`
        : `DATA_DIR ${dataDir} cannot be written (${
          (error as Error).message
        }): make it writable, or set DATA_DIR to another folder.`,
      { cause: error },
    );
  }
  return () => lock.close();
}
