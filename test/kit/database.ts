import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What `look` sees in a SQLite file of these bytes, opened by SQLite alone and gone afterwards. */
export function withDatabase<T>(bytes: Uint8Array, look: (db: DatabaseSync) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-test-"));
  try {
    const path = join(folder, "collection.anki2");
    writeFileSync(path, bytes);
    const db = new DatabaseSync(path);
    try {
      return look(db);
    } finally {
      db.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
