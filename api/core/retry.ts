/**
 * How often a conditional write is tried. Each lost try means that another writer got through, so only as many writers
 * at once could use this up.
 */
export const MAX_TRIES = 1_000;

const EAGER_TRIES = 20;
const MAX_PAUSE_MS = 50;

/** Before a further try: nothing for the first ones, then a pause that grows, so that a crowd thins out. */
export function beforeTry(attempt: number): Promise<void> | undefined {
  if (attempt <= EAGER_TRIES) return undefined;
  return new Promise((resolve) => setTimeout(resolve, Math.min(attempt - EAGER_TRIES, MAX_PAUSE_MS)));
}
