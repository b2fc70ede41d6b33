import { UnavailableError } from "./errors.ts";

/**
 * What became of a write that has a condition (an optimistic lock). `current` is what is kept now: what was written, or what
 * another writer left there; undefined where nothing is there.
 */
export type Written<T> = { ok: true; current: T } | { ok: false; current: T | undefined };

/** What a try gives that another writer overtook: it is to be made again, from what is there now. */
export const LOST = Symbol("lost");

/** Each lost try means that another writer got through, so only as many writers at once could use this up: about 3 s. */
const MAX_TRIES = 100;
const EAGER_TRIES = 20;
const MAX_PAUSE_MS = 50;

/** The same with what is kept as `read` understands it. */
export function mapWritten<T, U>(written: Written<T>, read: (kept: T) => U): Written<U> {
  if (written.ok) return { ok: true, current: read(written.current) };
  return { ok: false, current: written.current === undefined ? undefined : read(written.current) };
}

/**
 * Tries until a try is not lost: the first twenty at once, each further one after a pause that grows to 50 ms, so that a
 * crowd thins out. Throws UnavailableError after a hundred.
 */
export async function retryLost<T>(attempt: () => Promise<T | typeof LOST>, dependency = "DynamoDB"): Promise<T> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (tries > EAGER_TRIES) await pause(Math.min(tries - EAGER_TRIES, MAX_PAUSE_MS));
    const result = await attempt();
    if (result !== LOST) return result;
  }
  throw new UnavailableError(dependency, new Error(`${MAX_TRIES} tries were overtaken by other writers`));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
