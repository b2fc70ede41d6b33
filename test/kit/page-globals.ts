/** What a page's code asks of the browser that it is in. */
export type PageGlobals = {
  stored: Map<string, string>;
  /** What this tab told the others. */
  told: unknown[];
  /** Tells this tab what another one would. */
  tell: (data: unknown) => void;
  /** Takes it away again. */
  restore: () => void;
};

/** Code that files of tests share is loaded once: it keeps the first channel that it made. */
const told: unknown[] = [];
let listen: ((event: { data: unknown }) => void) | undefined;
class Channel {
  set onmessage(listener: (event: { data: unknown }) => void) {
    listen = listener;
  }
  postMessage(data: unknown): void {
    told.push(structuredClone(data));
  }
}

/**
 * Puts what pages need around their code: their storage, the other tabs, and runes as plain values, since nobody draws anything.
 * What is derived is derived once. Import the code after this.
 */
export function installPageGlobals(more: Record<string, unknown> = {}): PageGlobals {
  const stored = new Map<string, string>();
  told.length = 0;
  const storage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  };
  const plain = <T>(value: T): T => value;
  const globals: Record<string, unknown> = {
    ...{
      $state: Object.assign(plain, { raw: plain }),
      $derived: Object.assign(plain, { by: (make: () => unknown) => make() }),
    },
    ...{ sessionStorage: storage, localStorage: storage, BroadcastChannel: Channel },
    ...more,
  };
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  return {
    ...{ stored, told },
    tell: (data) => listen?.({ data }),
    restore() {
      for (const [name, descriptor] of before) {
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        else Reflect.deleteProperty(globalThis, name);
      }
    },
  };
}
