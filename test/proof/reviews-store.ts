import type { ListedObject, Objects, StoredObject } from "../../api/aws/objects.ts";

const PAGE = 3;

export type StoredBodies = ReturnType<typeof createStoredBodies>;

/** The bucket of collections in memory, with small pages: each call is done whole, at the moment of the call. */
export function createStoredBodies({ onRemove }: { onRemove: (key: string) => void }) {
  const bodies = new Map<string, Uint8Array>();
  const find = (key: string): StoredObject | undefined => {
    const body = bodies.get(key);
    return body && { body, metadata: {}, etag: key };
  };
  const create = (key: string, body: Uint8Array) => {
    if (bodies.has(key)) return "exists" as const;
    bodies.set(key, Uint8Array.from(body));
    return "created" as const;
  };
  return {
    keys: () => [...bodies.keys()].sort(),
    find,
    /** What a process asks for, by the names of `api/aws/objects.ts`. */
    methods: {
      create,
      find,
      get: (key: string) => find(key) ?? missing(key),
      findBytes: (key: string) => bodies.get(key)?.length,
      linkToGet: (key: string) => key,
      linkToPut: (key: string) => key,
      remove(key: string): void {
        onRemove(key);
        bodies.delete(key);
      },
      page: (prefix: string, after = ""): ListedObject[] =>
        [...bodies.keys()].filter((key) => key.startsWith(prefix) && key > after).sort().slice(0, PAGE)
          .map((key) => ({ key, modifiedAt: 0, bytes: bodies.get(key)!.length, etag: "" })),
    },
  };
}

function missing(key: string): never {
  throw new Error(`the object ${key} is gone`);
}

/** The bucket as a process has it: each call goes through `ask`. */
export function objectsThrough(ask: (method: string, args: readonly unknown[]) => Promise<unknown>): Objects {
  const names = ["create", "find", "get", "findBytes", "linkToGet", "linkToPut", "remove"];
  const calls = Object.fromEntries(names.map((name) => [name, (...args: unknown[]) => ask(name, args)]));
  const list = async function* (prefix: string, after = "") {
    for (let last = after;;) {
      const page = await ask("page", [prefix, last]) as ListedObject[];
      if (page.length === 0) return;
      yield page;
      last = page.at(-1)!.key;
    }
  };
  return { ...calls, list } as unknown as Objects;
}
