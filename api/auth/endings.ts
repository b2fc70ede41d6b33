import { MINUTE_MS } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { Hub } from "../live/hub.ts";
import type { Viewer } from "./viewer.ts";

export type Endings = ReturnType<typeof createEndings>;

/** What ends before its time: a login, by a sign-out or another password, or a key, by its revocation. */
type Watched = { acts: Set<() => void>; stop: () => void };

/**
 * Tells what is open (sockets, streams) that its login or key is over. Whoever ends one says so to all processes of the
 * installation, where there is Redis; and each process asks the store once a minute for each login or key of which
 * something is open here, one read each. The store alone is believed: a wake makes it be asked at once.
 */
export function createEndings({ holds, hub, log, everyMs = MINUTE_MS }: {
  /** Whether a login or key goes on, read anew. */
  holds: (viewer: Viewer) => Promise<boolean>;
  hub: Hub;
  log: Log;
  everyMs?: number | undefined;
}) {
  const watched = new Map<string, Watched>();

  function begin(id: string, viewer: Viewer): Watched {
    const acts = new Set<() => void>();
    const look = () =>
      void holds(viewer).then((isGood) => {
        if (isGood || watched.get(id) !== own) return;
        own.stop();
        for (const act of acts) act();
      }, (error) => log.warn("Whether a login or key goes on could not be read; it is asked again.", { error }));
    const timer = setInterval(look, everyMs);
    const stopWatch = hub.watch(topicOf(id), look);
    const own = {
      acts,
      stop() {
        clearInterval(timer);
        stopWatch();
        watched.delete(id);
      },
    };
    watched.set(id, own);
    return own;
  }

  return {
    /** Calls `act` once when the viewer's login or key is over, unless what it gives is called before. */
    watch: (viewer: Viewer, act: () => void): () => void => {
      const id = viewer.login?.loginId ?? viewer.keyId;
      // A token of an identity provider ends by its own time and nothing else.
      if (id === undefined) return () => {};
      const own = watched.get(id) ?? begin(id, viewer);
      // Each is an act of its own, also where two are the same function.
      const once = () => act();
      own.acts.add(once);
      return () => {
        if (own.acts.delete(once) && own.acts.size === 0 && watched.get(id) === own) own.stop();
      };
    },
    /** Says that a login or key has ended, here and to other processes. */
    tell: (id: string): void => hub.wake(topicOf(id)),
    /** Of how many logins and keys something is open. */
    count: (): number => watched.size,
  };
}

const topicOf = (id: string) => `ended#${id}`;
