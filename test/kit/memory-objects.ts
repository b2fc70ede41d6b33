import { createHash } from "node:crypto";
import type { PutOptions, StoredObject } from "../../api/aws/objects.ts";
import { AppError } from "../../api/core/errors.ts";
import type { RawObjects } from "../../api/journeys/raw.ts";

const PAGE = 3;

/** A bucket of raw events in memory, with small pages: each call is done whole, at the moment of the call. */
export function createMemoryObjects() {
  const objects = new Map<string, StoredObject>();

  function write(key: string, body: Uint8Array, { metadata = {} }: PutOptions): void {
    objects.set(key, { body, metadata, etag: createHash("md5").update(body).digest("hex") });
  }

  return {
    /** Every object as text, in the order of the keys. */
    dump: () =>
      [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { body, metadata }]) =>
        JSON.stringify([key, metadata, Buffer.from(body).toString("base64")])
      ),
    bodies: () => [...objects.values()].map(({ body }) => body),

    create: (key: string, body: Uint8Array, options: PutOptions) => {
      if (objects.has(key)) return Promise.resolve<"exists">("exists");
      write(key, body, options);
      return Promise.resolve<"created">("created");
    },
    replaceIf: (key: string, body: Uint8Array, options: PutOptions, etag: string) => {
      if (objects.get(key)?.etag !== etag) return Promise.resolve(false);
      write(key, body, options);
      return Promise.resolve(true);
    },
    get: (key: string) => {
      const object = objects.get(key);
      return object ? Promise.resolve(object) : Promise.reject(new AppError("INTERNAL", `the object ${key} is gone`));
    },
    findMetadata: (key: string) => Promise.resolve(objects.get(key)?.metadata),
    async *list(prefix: string, after = "") {
      for (let last = after;;) {
        const page = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > last).sort().slice(0, PAGE);
        if (page.length === 0) return;
        yield await Promise.resolve(page.map((key) => ({ key, modifiedAt: 0, bytes: 0 })));
        last = page.at(-1)!;
      }
    },
  } satisfies RawObjects & Record<"dump" | "bodies", unknown>;
}
