import type { SessionFilter, SessionRowFragment as Row } from "./documents.ts";

/** A session as a feed tells of it: it may have been deleted, or be a part of another by now. */
export type Told = Row & { deletedAt?: string | null; mergedInto?: { sessionId: string } | null };

/** What a list holds: what fits the filter and began at `sinceAt` or later (epoch ms). `isWhole`: to its end. */
export type Listed = { filter: SessionFilter; sinceAt: number; isWhole: boolean };

/** In no list any more. */
export const isGone = ({ deletedAt, mergedInto }: Pick<Told, "deletedAt" | "mergedInto">) =>
  (deletedAt ?? mergedInto ?? null) !== null;

/**
 * A list of sessions, newest start first, once one of them changed: it holds what would be listed if it were asked for again. What
 * lies beyond its last page waits for that page.
 */
export function withTold(rows: Row[], told: Told, { filter, sinceAt, isWhole }: Listed): Row[] {
  const others = rows.filter(({ id }) => id !== told.id);
  const isKnown = others.length < rows.length;
  // What notes hold a row does not say: it stays as the list has it.
  const isFound = isKnown || (!filter.text && Date.parse(told.startedAt) >= sinceAt);
  // One that a person moved to another sensor is told of once more.
  const fits = (!filter.sensorId || told.sensor.sensorId === filter.sensorId) &&
    (!filter.status || told.status === filter.status) &&
    (!filter.label || told.labels.includes(filter.label));
  if (isGone(told) || !isFound || !fits) return others;
  const at = others.findIndex(({ startedAt }) => Date.parse(startedAt) <= Date.parse(told.startedAt));
  if (at >= 0) return [...others.slice(0, at), told, ...others.slice(at)];
  return isKnown || isWhole ? [...others, told] : others;
}

/** A state of a session: when devices or corrections wrote it last, and the version that people's edits move alone. */
type State = Pick<Row, "updatedAt" | "version">;

/** Whether what was looked at is not older than what a feed or a save has brought since it was asked. */
export function isLater(found: State, known: State | null | undefined): boolean {
  if (!known) return true;
  const sinceMs = Date.parse(found.updatedAt) - Date.parse(known.updatedAt);
  return sinceMs > 0 || (sinceMs === 0 && found.version >= known.version);
}

/** Whether it was read before what is known was written: the answer to a save can overtake what a feed brings. */
export function isOvertaken(told: State, known: State): boolean {
  return told.version < known.version && !isLater(told, known);
}
