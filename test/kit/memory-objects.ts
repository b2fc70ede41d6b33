import { createHash } from "node:crypto";
import type { Objects, PutOptions, StoredObject } from "../../api/aws/objects.ts";
import { AppError, UnavailableError } from "../../api/core/errors.ts";
import { STALE } from "../../api/journeys/raw.ts";

/** Small, so that whoever lists meets the next one. */
const PAGE = 3;

/** A bucket in memory: each call is done whole, at the moment of the call. */
export function createMemoryObjects(
  { page: size = PAGE, clock = () => 0 }: { page?: number; clock?: () => number } = {},
) {
  const objects = new Map<string, StoredObject & { modifiedAt: number }>();

  function write(key: string, body: Uint8Array, { metadata = {} }: PutOptions): void {
    objects.set(key, { body, metadata, etag: createHash("md5").update(body).digest("hex"), modifiedAt: clock() });
  }

  const kept = () => [...objects].filter(([key]) => !key.startsWith(STALE));

  return {
    /** Every object as text, in the order of the keys; without the marks of days whose columns are to be made anew. */
    dump: () =>
      kept().sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { body, metadata }]) =>
        JSON.stringify([key, metadata, Buffer.from(body).toString("base64")])
      ),
    bodies: () => kept().map(([, { body }]) => body),
    entries: () => [...objects],

    create: (key: string, body: Uint8Array, options: PutOptions) => {
      if (objects.has(key)) return Promise.resolve<"exists">("exists");
      write(key, body, options);
      return Promise.resolve<"created">("created");
    },
    replaceIf: (key: string, body: Uint8Array, options: PutOptions, etag: string) => {
      if (!objects.has(key)) return Promise.reject(new UnavailableError("S3"));
      if (objects.get(key)!.etag !== etag) return Promise.resolve(false);
      write(key, body, options);
      return Promise.resolve(true);
    },
    get: (key: string) => {
      const object = objects.get(key);
      return object ? Promise.resolve(object) : Promise.reject(new AppError("INTERNAL", `the object ${key} is gone`));
    },
    find: (key: string): Promise<StoredObject | undefined> => Promise.resolve(objects.get(key)),
    findBytes: (key: string) => Promise.resolve(objects.get(key)?.body.length),
    findMetadata: (key: string) => Promise.resolve(objects.get(key)?.metadata),
    async *list(prefix: string, after = "") {
      for (let last = after;;) {
        const page = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > last).sort().slice(0, size);
        if (page.length === 0) return;
        const shown = page.map((key) => ({ ...objects.get(key)!, key }));
        yield await Promise.resolve(
          shown.map(({ key, etag, body, modifiedAt }) => ({ key, modifiedAt, bytes: body.length, etag })),
        );
        last = page.at(-1)!;
      }
    },
    async *folders(prefix: string) {
      const below = [...objects.keys()].filter((key) => key.startsWith(prefix) && key.indexOf("/", prefix.length) > 0);
      const found = new Set(below.sort().map((key) => key.slice(0, key.indexOf("/", prefix.length) + 1)));
      for (const folder of found) yield await Promise.resolve(folder);
    },
    replace: (key: string, body: Uint8Array, options: PutOptions) => Promise.resolve(write(key, body, options)),
    remove: (key: string) => Promise.resolve(void objects.delete(key)),
    linkToGet: (key: string) => Promise.resolve(`memory:${key}`),
    linkToPut: (key: string) => Promise.resolve(`memory:${key}`),
    check: () => Promise.resolve(),
  } satisfies Objects & Record<"dump" | "bodies" | "entries", unknown>;
}
