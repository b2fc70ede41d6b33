import { createRedisEventTarget } from "@graphql-yoga/redis-event-target";
import { Redis, type RedisOptions } from "ioredis";
import { UnavailableError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { createHub, type Hub } from "./hub.ts";

export type RedisHub = Hub & {
  /** Throws UnavailableError where other processes cannot be told, or cannot tell us. */
  check: () => Promise<void>;
  stop: () => void;
};

/** Hints that Redis has not taken yet; more than so many are dropped. */
const MAX_UNDER_WAY = 1_000;
const SILENCE_MS = 2_000;
const MAX_RETRY_MS = 2_000;

const OPTIONS: RedisOptions = {
  // What waits for a connection helps nobody: feeds have read back until then.
  enableOfflineQueue: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  connectTimeout: SILENCE_MS,
  socketTimeout: SILENCE_MS,
  retryStrategy: (attempt) => Math.min(attempt * 100, MAX_RETRY_MS),
};

type Hint = { from: string; detail: string | null };

/**
 * A hub between the processes of an installation, by Redis or Valkey. Within the process it is as quick and sure as
 * `createHub`. A Redis that is down, slow or speaks nonsense costs the hint and nothing else: it is connected again in
 * the background, and whoever follows reads back meanwhile.
 */
export function createRedisHub(
  { url, prefix, processId, log }: { url: string; prefix: string; processId: string; log: Log },
): RedisHub {
  const local = createHub();
  const publisher = new Redis(url, OPTIONS);
  const subscriber = new Redis(url, OPTIONS);
  const topics = new Set<string>();
  let underWay = 0;
  let isDown = false;

  const noteDown = (error: Error) => {
    if (isDown) return;
    isDown = true;
    log.warn("Redis is away; changes by other processes are read back once a second.", { reason: reasonOf(error) });
  };
  const noteUp = () => {
    if (isDown && publisher.status === "ready" && subscriber.status === "ready") {
      isDown = false;
      log.info("Redis is back.");
    }
  };
  publisher.on("error", noteDown).on("ready", noteUp);
  subscriber.on("error", noteDown).on("ready", () => {
    noteUp();
    if (topics.size > 0) subscriber.subscribe(...topics).catch(noteDown);
  });

  const target = createRedisEventTarget<CustomEvent<Hint | undefined>>({
    publishClient: {
      publish(topic: string, text: string) {
        if (underWay >= MAX_UNDER_WAY) return;
        underWay += 1;
        publisher.publish(topic, text).catch(noteDown).finally(() => underWay -= 1);
      },
    } as unknown as Redis,
    // Topics that cannot be subscribed to now are, as soon as there is a connection.
    subscribeClient: {
      on: (event: string, listener: (...args: unknown[]) => void) => subscriber.on(event, listener),
      subscribe(topic: string) {
        topics.add(topic);
        if (subscriber.status === "ready") subscriber.subscribe(topic).catch(noteDown);
      },
      unsubscribe(topic: string) {
        topics.delete(topic);
        if (subscriber.status === "ready") subscriber.unsubscribe(topic).catch(noteDown);
      },
    } as unknown as Redis,
    serializer: { stringify: (hint) => JSON.stringify(hint), parse: parseHint },
  });
  const topicOf = (key: string) => `${prefix}:wake:${key}`;

  return {
    wake(key, detail) {
      local.wake(key, detail);
      target.dispatchEvent(new CustomEvent(topicOf(key), { detail: { from: processId, detail: detail ?? null } }));
    },
    watch(key, listener) {
      const stopLocal = local.watch(key, listener);
      const onEvent = ({ detail: hint }: CustomEvent<Hint | undefined>) => {
        if (hint && hint.from !== processId) listener(hint.detail ?? undefined);
      };
      target.addEventListener(topicOf(key), onEvent);
      return () => {
        stopLocal();
        target.removeEventListener(topicOf(key), onEvent);
      };
    },
    async check() {
      if (subscriber.status !== "ready") throw new UnavailableError("Redis");
      await Promise.all([publisher.ping(), subscriber.ping()]).catch(() => {
        throw new UnavailableError("Redis");
      });
    },
    stop() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}

/** Never more than the words of the error: what else it holds may name the password. */
function reasonOf(error: Error & { code?: string }): string {
  return error.message || (error.code ?? error.name);
}

/** What another process said; undefined where it is nothing that we say. */
function parseHint(text: string): Hint | undefined {
  try {
    const { from, detail } = JSON.parse(text) as Partial<Hint>;
    if (typeof from === "string" && (typeof detail === "string" || detail === null)) return { from, detail };
  } catch {
    // Falls through.
  }
  return undefined;
}
