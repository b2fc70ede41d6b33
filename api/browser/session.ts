import { storage } from "./queue.ts";
import { randomText } from "./random.ts";

const NAME = "sojourn";
const IDLE_MS = 1_800_000;

/**
 * Gives the id of the session that goes on: one for all tabs of the site, a new one after 30 minutes without an event. It
 * names a session and nobody, and is kept no longer. `mayKeep`: whether the browser may store anything.
 */
export function createSession(mayKeep: () => boolean): () => string {
  let own = { id: "", at: 0 };
  return () => {
    const now = Date.now();
    const shared = mayKeep() && read() || own;
    // A clock that was set back must not keep a session for ever.
    const goesOn = Math.abs(now - shared.at) < IDLE_MS;
    own = { id: goesOn ? shared.id : randomText() + randomText(), at: now };
    try {
      if (mayKeep()) storage()?.setItem(NAME, `${own.id} ${now}`);
    } catch {
      // Full or blocked: the session is this page's.
    }
    return own.id;
  };
}

function read(): { id: string; at: number } | undefined {
  const [id, at] = storage()?.getItem(NAME)?.split(" ") ?? [];
  return id && at ? { id, at: +at } : undefined;
}
