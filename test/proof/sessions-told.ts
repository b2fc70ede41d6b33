import type { Item } from "../../api/aws/dynamo.ts";
import type { Batch, Input, SentEdit } from "./sessions-inputs.ts";

/** What has been counted of a session, from the inputs whose writes were done. */
export type Told = {
  sessionId: string;
  sensorId: string;
  openedBy: Input["kind"];
  motions: number[];
  updates: number[];
  batches: Map<number, Batch>;
  /** Starts that were given, or taken where nothing was. */
  starts: number[];
  /** A start that nothing but motion followed is a sign of life. */
  beganAt: number | undefined;
  /** Of the last batch: until then the device is not idle. */
  openByBatchUntil: number;
  end: { by: "EXPLICIT" | "FINAL" | "IDLE"; at?: number | undefined } | undefined;
  edits: { sent: SentEdit; after: Item }[];
};

/** Whether it is of motion only, and nobody ended it. */
export function isPlain({ openedBy, batches, updates, end }: Told): boolean {
  return openedBy === "motion" && batches.size + updates.length === 0 && end?.by !== "EXPLICIT";
}

/** To be called before a motion is added. */
export function sign(told: Told): void {
  if (timesOf(told).length === 0 && told.starts.length > 0) told.beganAt = Math.min(...told.starts);
}

export function timesOf(told: Told): number[] {
  return [
    ...told.motions,
    ...told.updates,
    ...[...told.batches.values()].flatMap((batch) => batch.readings.map(({ at }) => at)),
  ];
}

export function startOf(told: Told): number {
  return Math.min(...told.starts, ...timesOf(told));
}

/** The latest motion or reading; the start where there was none. */
export function lastOf(told: Told): number {
  const times = timesOf(told);
  return times.length > 0 ? Math.max(...times, told.beganAt ?? -Infinity) : Math.min(...told.starts);
}

export function deviceDurationOf(told: Told): number | undefined {
  const saying = [...told.batches.values()].filter((batch) => batch.durationMs !== undefined);
  return saying.sort((a, b) => b.batchOffset - a.batchOffset)[0]?.durationMs;
}

export function finalEndOf(told: Told): number {
  const duration = deviceDurationOf(told);
  return duration === undefined ? lastOf(told) : startOf(told) + duration;
}
