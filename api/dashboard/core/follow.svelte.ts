import { type Client, createClient } from "graphql-ws";
import { messageOf, renew } from "./ask.ts";
import type { Document } from "./document.ts";
import { restsOutOfSight } from "./rest.ts";
import { heldSockets } from "./served.ts";
import { session } from "./session.svelte.ts";

/** What the one connection of this tab is doing. A browser has six over HTTP/1.1 in all, so all feeds share it. */
export type Line = "idle" | "connecting" | "live" | "lost";

let line = $state<Line>("idle");
let client: Client | undefined;
let clientLogin = -1;
/** True from when the service ended the line with its token until the next token is there. */
let isTokenOver = false;

export const connection = {
  get line() {
    return line;
  },
};

/** Closes the connection, as at sign-out. */
export function hangUp(): void {
  void client?.dispose();
  client = undefined;
  line = "idle";
}

/**
 * Follows a subscription until the returned function is called. After a cut, or a rest while nobody saw the page, it begins again by
 * itself: `variables` is asked anew each time, so that a cursor in it says where to go on.
 */
export function follow<Data, Variables>(
  query: Document<Data, Variables>,
  variables: () => Variables,
  onData: (data: Data) => void,
  onError: (message: string) => void,
): () => void {
  const payload = {
    query,
    get variables() {
      return variables() as Record<string, unknown>;
    },
  };
  const begin = () =>
    currentClient().subscribe<Data>(payload, {
      next: ({ data, errors }) => {
        if (data) onData(data);
        if (errors?.[0]) onError(errors[0].message);
      },
      error: (error) => onError(Array.isArray(error) ? (error[0]?.message ?? "refused") : messageOf(error)),
      complete: () => {},
    });
  let stop: (() => void) | undefined;
  return sight.keep({
    begin: () => void (stop ??= begin()),
    rest() {
      stop?.();
      stop = undefined;
    },
  });
}

const sight = restsOutOfSight(document);

function currentClient(): Client {
  if (client && clientLogin === session.login) return client;
  hangUp();
  clientLogin = session.login;
  isTokenOver = false;
  client = createClient({
    url: new URL(heldSockets ?? "/graphql", location.href).href.replace(/^http/, "ws"),
    connectionParams: async () => {
      // Where the service does not say, the line is closed again, and this is asked anew.
      const isRenewed = !isTokenOver || await renew().catch(() => undefined);
      if (isRenewed === false) session.expire();
      isTokenOver = isRenewed === undefined;
      return session.headers();
    },
    lazyCloseTimeout: 1_000,
    // API Gateway closes what is silent for ten minutes, and each message of it is paid for.
    keepAlive: heldSockets ? 540_000 : 10_000,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    // From a quarter of a second to eight, each a little different, so that many pages do not come back at once.
    retryWait: (tries) =>
      new Promise((resolve) => setTimeout(resolve, Math.min(8_000, 250 * 2 ** tries) * (0.75 + Math.random() / 2))),
    on: {
      // API Gateway closes with no code of ours: what it would be is said before.
      ping: (received, payload) => {
        if (received && payload?.["code"] === 4403) isTokenOver = true;
      },
      connecting: () => (line = line === "lost" ? "lost" : "connecting"),
      connected: () => (line = "live"),
      closed: (event) => {
        const { code, wasClean } = event as CloseEvent;
        if (code === 4401 || code === 4403) isTokenOver = true;
        line = wasClean && code === 1000 ? "idle" : "lost";
      },
    },
  });
  return client;
}
