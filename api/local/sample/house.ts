import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../core/clock.ts";
import type { LoadedBatch, LoadedMotion } from "../load/send-motion.ts";
import type { Random } from "./visits.ts";

export const SENSORS = ["hall", "kitchen", "garden"] as const;

/** Hours of the day (UTC) in which somebody is about, more in some of them. */
const BUSY: readonly number[] = [0, 0, 0, 0, 0, 0, 1, 3, 2, 0, 0, 1, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 1, 0];

/** Motion at the sensors over the days before `now`, in their order; `numberOf` gives a sensor's next number. */
export function pastMotion(
  random: Random,
  now: number,
  days: number,
  numberOf: (sensorId: string) => number,
): LoadedMotion[] {
  const motions: LoadedMotion[] = [];
  for (let hour = Math.ceil((now - days * DAY_MS) / HOUR_MS); hour < Math.floor(now / HOUR_MS) - 1; hour++) {
    for (const sensorId of SENSORS) {
      if (random() * 4 > BUSY[hour % 24]!) continue;
      let at = hour * HOUR_MS + Math.floor(random() * 40 * MINUTE_MS);
      for (let left = 1 + Math.floor(random() * 4); left > 0; left--) {
        motions.push({ sensorId, seq: numberOf(sensorId), at: new Date(at).toISOString() });
        at += Math.floor((0.3 + random() * 3) * MINUTE_MS);
      }
    }
  }
  return motions;
}

const HERTZ = 50;
const SECONDS = 160;
const BATCH = 2_000;

/** A walk of some minutes as a sensor on the hip feels it: three axes in g, fifty times a second. Made, not measured. */
export function walkRecording(random: Random, startedAt: number): LoadedBatch[] {
  const readings = Array.from({ length: HERTZ * SECONDS }, (_, i) => {
    const t = i / HERTZ;
    const isStanding = t < 8 || (t > 70 && t < 82) || t > 150;
    const pace = t < 70 ? 1.8 : 2.6;
    const swing = isStanding ? 0.02 : t < 70 ? 0.32 : 0.7;
    const step = 2 * Math.PI * pace * t;
    const noise = () => (random() - 0.5) * 0.06;
    const values = [swing * 0.5 * Math.sin(step / 2), 1 + swing * Math.sin(step), swing * 0.6 * Math.cos(step)];
    return {
      at: new Date(startedAt + i * (1_000 / HERTZ)).toISOString(),
      values: values.map((value) => Math.round((value + noise()) * 1_000) / 1_000),
    };
  });
  const count = Math.ceil(readings.length / BATCH);
  return Array.from({ length: count }, (_, n) => ({
    sessionId: `sample-walk-${startedAt.toString(36)}`,
    sensorId: "tag-3",
    batchOffset: n,
    readings: readings.slice(n * BATCH, (n + 1) * BATCH),
    startedAt: new Date(startedAt).toISOString(),
    durationMs: Math.min(readings.length, (n + 1) * BATCH) * (1_000 / HERTZ),
    final: n === count - 1,
  }));
}
