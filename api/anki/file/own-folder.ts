import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Ids } from "../../core/ids.ts";

const NAME = "sojourn-collections-";
const LOCK = ".lock";

/** A folder that one process has for itself. */
export type OwnFolder = {
  /** The folder; made (0700) when it is asked for first. */
  path(): string;
  /** Removes it with all that is in it. Asked for again, there is a new one. */
  remove(): void;
};

/**
 * Gives a folder below `parent` that nobody else has, and removes those of processes that are gone: a kill leaves its
 * folder behind. A lock beside each folder says whose process lives. It is SQLite's lock on an empty file, which the
 * kernel drops with the process, so neither a process number that was given again nor another container misleads it.
 */
export function createOwnFolder({ parent, ids }: { parent: string; ids: Ids }): OwnFolder {
  removeOrphans(parent);
  let own: { folder: string; unlock: () => void } | undefined;
  return {
    path() {
      own ??= make(join(parent, `${NAME}${ids()}`));
      return own.folder;
    },
    remove() {
      if (!own) return;
      const { folder, unlock } = own;
      own = undefined;
      try {
        rmSync(folder, { recursive: true, force: true });
      } finally {
        unlock();
      }
    },
  };
}

/** The lock comes first: a folder whose lock is free is nobody's. */
function make(folder: string): { folder: string; unlock: () => void } {
  const unlock = lock(folder);
  try {
    mkdirSync(folder, { mode: 0o700 });
    return { folder, unlock };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Takes a folder's lock; throws where somebody has it. Gives what lets go of it. */
function lock(folder: string): () => void {
  const path = folder + LOCK;
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    throw error;
  }
  return () => {
    db.close();
    rmSync(path, { force: true });
  };
}

/** What cannot be removed stays: it is in use, or not ours, and nothing depends on it. */
function removeOrphans(parent: string): void {
  for (const folder of foldersIn(parent)) {
    try {
      const unlock = lock(folder);
      try {
        rmSync(folder, { recursive: true, force: true });
      } finally {
        unlock();
      }
    } catch {
      continue;
    }
  }
}

function foldersIn(parent: string): string[] {
  try {
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name.startsWith(NAME))
      .map(({ name }) => join(parent, name));
  } catch {
    return [];
  }
}
