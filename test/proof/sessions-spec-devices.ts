import type { Said } from "./sessions-spec.ts";

/** Readings of a session that are further apart than that are not all of it. */
const APART_MS = 24 * 60 * 60_000;

type Batch = Said & { kind: "batch" };

/** What each device, or whoever created it, states of a session. */
export function devicesOf(said: readonly Said[]) {
  const ids = new Set(said.flatMap((one) => (one.kind === "batch" || one.kind === "create" ? [one.id] : [])));
  return [...ids].map((id) => {
    // One that comes again says nothing more, nor that its device could have measured for longer.
    const batches = [...new Map(
      said.filter((one): one is Batch => one.kind === "batch" && one.id === id).reverse().map((
        one,
      ) => [one.offset, one]),
    ).values()];
    const creations = said.flatMap((one) => (one.kind === "create" && one.id === id ? [one.startedAt] : []));
    // A start after a reading of the same batch says nothing more.
    const stated = batches.flatMap(({ startedAt = Infinity, readings }) =>
      startedAt <= Math.min(...readings) && startedAt < Infinity ? [startedAt] : []
    );
    const admitted = said.flatMap((one) => (one.kind === "admitted" && one.id === id ? [one] : []));
    const more = [...new Map(admitted.map((one) => [one.offset, one.readings])).values()].flat();
    const all = [...batches.flatMap((batch) => batch.readings), ...more];
    const near = admitted.length > 0 ? { readings: all, stated } : nearest(all, stated);
    const readings = near.readings;
    const measuring = batches.filter((batch) => batch.durationMs !== undefined).sort((a, b) => b.offset - a.offset)[0];
    return {
      ...{ id, readings, measured: measuring?.durationMs, measuredBy: measuring?.measuredBy },
      ...{ isCreated: creations.length > 0, hasBatches: batches.length > 0 },
      start: Math.min(...creations, ...readings, ...near.stated),
      isFinal: batches.some((batch) => batch.final),
    };
  });
}

/** Of what falls apart by more than a day, the part with the most readings; of equals the latest. */
function nearest(readings: number[], stated: number[]) {
  const all = [...readings, ...stated].sort((a, b) => a - b);
  const parts = all.map((at, i) => (i === 0 || at - all[i - 1]! > APART_MS ? at : undefined))
    .filter((at) => at !== undefined)
    .map((from, i, starts) => {
      const isIn = (at: number) => at >= from && at < (starts[i + 1] ?? Infinity);
      return { readings: readings.filter(isIn), stated: stated.filter(isIn) };
    });
  return parts.reduce((most, one) => (one.readings.length >= most.readings.length ? one : most), {
    readings: [],
    stated: [],
  });
}

/** The length that a device measured of what begins then; undefined where that ends after it can have measured it. */
export function measuredFrom(
  start: number,
  { measured, measuredBy = Infinity }: { measured: number | undefined; measuredBy: number | undefined },
): number | undefined {
  return measured !== undefined && start + measured <= measuredBy ? measured : undefined;
}
