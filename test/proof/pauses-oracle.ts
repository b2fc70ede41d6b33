/**
 * What a session's pauses are, written down a second time: a clock that is stopped and started, walked from instant to instant.
 * It shares no code with the service.
 */

/** When it was paused, when it went on, or both; and until when a pause of which no end is known keeps a session going. */
export type PauseSaid = { from?: number | undefined; to?: number | undefined; until?: number | undefined };
export type Stretch = { from: number; to: number };

/** The stretches between two instants in which it is paused, in their order. */
export function pausedIn(said: readonly PauseSaid[], first: number, last: number): Stretch[] {
  const named = said.flatMap(({ from, to }) => [from ?? first, to ?? first]);
  const instants = [...new Set([first, last, ...named])].sort((a, b) => a - b);
  const paused: Stretch[] = [];
  let isStopped = false;
  for (const [i, at] of instants.entries()) {
    isStopped = isStoppedAfter(at, isStopped, said);
    const isWithin = said.some(({ from, to }) => from !== undefined && to !== undefined && from <= at && at < to);
    const next = instants[i + 1] ?? at;
    if (at < first || next > last || next === at || !(isStopped || isWithin)) continue;
    const before = paused.at(-1);
    if (before?.to === at) before.to = next;
    else paused.push({ from: at, to: next });
  }
  return paused;
}

/** Until when a session goes on because the last of its pauses was begun and not ended; -Infinity where that is not so. */
export function heldUntil(said: readonly PauseSaid[]): number {
  const instants = said.flatMap(({ from, to }) => [from, to]).filter((at) => at !== undefined).sort((a, b) => a - b);
  const isStopped = instants.reduce((stopped, at) => isStoppedAfter(at, stopped, said), false);
  return isStopped ? Math.max(-Infinity, ...said.flatMap(({ until }) => until ?? [])) : -Infinity;
}

/** Stopped and started at one instant, the clock goes on as it went. */
function isStoppedAfter(at: number, isStopped: boolean, said: readonly PauseSaid[]): boolean {
  const [stops, starts] = [said.some(({ from }) => from === at), said.some(({ to }) => to === at)];
  return stops === starts ? isStopped : stops;
}
