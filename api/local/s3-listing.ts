import type { DatabaseSync } from "node:sqlite";
// Beside fauxqs's main file; its package exports that one only.
import type { S3Store } from "../../node_modules/fauxqs/dist/s3/s3Store.js";

type ListObjects = S3Store["listObjects"];

/**
 * Lists keys as S3 does, by their UTF-8 bytes, reading only the page asked for.
 *
 * fauxqs sorts all keys by the locale and then continues by code units, so that a page can skip keys where capital
 * letters, digits and signs are mixed. The table's primary key already has S3's order.
 */
export function createListObjects(store: S3Store, database: DatabaseSync): ListObjects {
  const original: ListObjects = store.listObjects.bind(store);
  const keys = database.prepare("SELECT key FROM s3_objects WHERE bucket = ? AND key > ? AND key >= ? ORDER BY key");

  return (bucket, options = {}) => {
    if (!store.hasBucket(bucket)) return original(bucket, options);
    const { prefix = "", delimiter, maxKeys = 1_000 } = options;
    const after = options.startAfter || options.marker || "";
    const objects: ReturnType<ListObjects>["objects"] = [];
    const folders = new Set<string>();

    for (const row of keys.iterate(bucket, after, prefix)) {
      const key = row["key"] as string;
      if (!key.startsWith(prefix)) break;
      const cut = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      const folder = cut < 0 ? undefined : key.slice(0, cut + delimiter!.length);
      if (folder !== undefined && (folders.has(folder) || after.startsWith(folder))) continue;
      if (objects.length + folders.size >= maxKeys) {
        return { objects, commonPrefixes: [...folders], isTruncated: true };
      }
      if (folder === undefined) objects.push(store.headObject(bucket, key));
      else folders.add(folder);
    }
    return { objects, commonPrefixes: [...folders], isTruncated: false };
  };
}
