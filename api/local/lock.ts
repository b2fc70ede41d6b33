import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LocalError } from "./errors.ts";

/** Less room than this is none: SQLite and the embedded stores would fail in the middle of their start. */
const ROOM_BYTES = 4 * 1_048_576;

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
    checkRoom(dataDir, ROOM_BYTES);
  } catch (error) {
    lock?.close();
    throw new LocalError(
      // SQLITE_BUSY; Deno's error carries no code.
      (error as Error).message.includes("database is locked")
        ? `DATA_DIR ${dataDir} is in use by another running Sojourn: stop that one, or set DATA_DIR to another folder.`
        : isFull(error)
        ? `DATA_DIR ${dataDir} is on a full disk: free at least ${
          ROOM_BYTES / 1_048_576
        } MB there, or set DATA_DIR to another folder.`
        : `DATA_DIR ${dataDir} cannot be written (${
          (error as Error).message
        }): make it writable, or set DATA_DIR to another folder.`,
      { cause: error },
    );
  }
  return () => lock.close();
}

/** Throws where the folder has no room for so many bytes. */
export function checkRoom(dataDir: string, bytes: number): void {
  const file = join(dataDir, "room.tmp");
  try {
    writeFileSync(file, new Uint8Array(bytes));
  } finally {
    rmSync(file, { force: true });
  }
}

/** Whether an error says that a disk is full: ENOSPC, or over quota, or SQLite's words for it. */
export function isFull(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT" || /no space left|disk is full|quota exceeded/i.test(message);
}
