import { LRUCache } from "lru-cache";
import type { Objects } from "../aws/objects.ts";
import { type MediaFile, type MediaIndex, parseMediaIndex } from "../anki/file/media-merge.ts";
import type { Lease, Person } from "./model.ts";

export function mediaFolderOf({ tenantId, userId }: Person): string {
  return `media/${tenantId}/${Buffer.from(userId).toString("base64url")}/`;
}

/** Where a media file lies: each content once, in the era in which it came. */
export function mediaKeyOf(person: Person, { sha1, era }: Pick<MediaFile, "sha1" | "era">): string {
  return `${mediaFolderOf(person)}${era ? `${era}/` : ""}${sha1}`;
}

/** The era of a key; 0 before anything was deleted. */
export function eraOfKey(person: Person, key: string): number {
  const [era, sha1] = key.slice(mediaFolderOf(person).length).split("/");
  return sha1 === undefined ? 0 : Number(era);
}

/** Reads indexes of media; one is written once under its key, so it is read once. */
export function createMediaIndexes(objects: Pick<Objects, "find">) {
  const indexes = new LRUCache<string, MediaIndex>({ max: 200 });
  return async (lease: Pick<Lease, "file"> | undefined): Promise<MediaIndex> => {
    const key = lease?.file?.mediaKey;
    if (key === undefined) return new Map();
    const known = indexes.get(key);
    if (known) return known;
    const object = await objects.find(key);
    if (!object) return new Map();
    const index = parseMediaIndex(Buffer.from(object.body).toString("utf8"));
    indexes.set(key, index);
    return index;
  };
}
