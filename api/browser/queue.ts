/** An event as it is sent, under a key that no other has. */
export type Sendable = { key: string; json: string };

/** Where events wait until they are acknowledged: over reloads, in all tabs of the site, for as long as they must. */
export type Queue = {
  put: (events: readonly Sendable[]) => void;
  remove: (keys: readonly string[]) => void;
  /** Keeps those that are not safe yet, at once: what IndexedDB began while a page went away may not be finished. */
  rescue: (waiting: readonly Sendable[]) => void;
  clear: () => void;
};

const NAME = "sojourn";
/** At once; beyond, what is new is sent, and kept only where the page goes away. */
const MAX_KEPT = 10_000;

/**
 * Opens the queue of this site, and gives what waits in it when it is known. It may be used at once: a page can be gone
 * before its database is open. Where the browser keeps nothing (private windows), events wait in the page alone.
 */
export function openQueue(found: (events: Sendable[]) => void): Queue {
  const opened = open().catch(() => undefined);
  /** The keys of the database, and whether it holds them for sure. */
  const held = new Map<string, boolean>();

  async function change(work: (store: IDBObjectStore) => void, done: () => void = () => {}): Promise<void> {
    try {
      const transaction = (await opened)?.transaction(NAME, "readwrite", { durability: "strict" });
      if (!transaction) return;
      work(transaction.objectStore(NAME));
      transaction.oncomplete = done;
    } catch {
      // The database was closed under us: events go on to wait in the page, and are rescued when it goes.
    }
  }

  found(
    Object.keys(storage() ?? {}).filter((name) => name.startsWith(`${NAME}.`))
      .map((name) => ({ key: name.slice(NAME.length + 1), json: storage()!.getItem(name)! })),
  );
  void change((store) => {
    const keys = store.getAllKeys();
    const values = store.getAll();
    values.onsuccess = () => {
      for (const key of keys.result) held.set(key as string, true);
      found(keys.result.map((key, i) => ({ key: key as string, json: values.result[i] as string })));
    };
  });
  return {
    put: (events) => {
      const own: string[] = [];
      void change((store) => {
        for (const { key, json } of events) {
          if (held.size >= MAX_KEPT) return;
          store.put(json, key);
          held.set(key, false);
          own.push(key);
        }
      }, () => own.forEach((key) => held.has(key) && held.set(key, true)));
    },
    remove: (keys) => {
      for (const key of keys) storage()?.removeItem(`${NAME}.${key}`);
      void change((store) => {
        for (const key of keys) {
          store.delete(key);
          held.delete(key);
        }
      });
    },
    rescue: (waiting) => {
      for (const { key, json } of waiting) if (!held.get(key)) keep(key, json);
    },
    clear: () =>
      void change((store) => {
        store.clear();
        held.clear();
      }),
  };
}

/** Removes all that any page of this site kept: a database that is open elsewhere goes when it is closed. */
export function forget(): void {
  try {
    for (const name of Object.keys(localStorage)) if (name.split(".")[0] === NAME) localStorage.removeItem(name);
    indexedDB.deleteDatabase(NAME);
  } catch {
    // Where nothing may be kept, nothing is.
  }
}

function keep(key: string, json: string): void {
  try {
    storage()?.setItem(`${NAME}.${key}`, json);
  } catch {
    // Full: it waits in the database, or nowhere.
  }
}

/** Reading the property throws where a browser blocks it. */
export function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(NAME);
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = () => database.close();
      resolve(database);
    };
    request.onerror = request.onblocked = reject;
  });
}
