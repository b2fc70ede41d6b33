import type { Clock } from "./clock.ts";

/** Longer timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls `act` at an instant however far away, unless it is cancelled by the function that it gives. */
export function atInstant(at: number, now: Clock, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    const restMs = at - now();
    timer = restMs > MAX_TIMER_MS ? setTimeout(wait, MAX_TIMER_MS) : setTimeout(act, Math.max(0, restMs));
  };
  wait();
  return () => clearTimeout(timer);
}
