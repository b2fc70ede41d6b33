import * as v from "valibot";
import { instant, parseInput, prose, tooFarAhead, whole, words } from "../core/check.ts";
import { DAY_MS, MINUTE_MS } from "../core/clock.ts";
import type { InvalidField } from "../core/errors.ts";
import type { Page } from "../core/page.ts";
import type { Watermark } from "../core/watermark.ts";

export type SessionStatus = "ACTIVE" | "COMPLETED";

/** How a session ended: somebody said so, its device sent the last batch, or nothing came for the idle timeout. */
export type EndedBy = "EXPLICIT" | "FINAL" | "IDLE";

/** Where the readings of one batch lie in time. */
export type BatchSpan = { offset: number; firstAt: number; lastAt: number; count: number };

export type Playback = {
  started: boolean;
  startedAt?: number | undefined;
  stoppedAt?: number | undefined;
  failure?: string | undefined;
  deviceId?: string | undefined;
  contextUri?: string | undefined;
};

/** What devices and sensors report. No person writes any of it. */
export type DeviceState = {
  status: SessionStatus;
  /** The earliest of all that is known of it. */
  startedAt: number;
  /** The latest motion or reading; the start where there was none. */
  lastMotionAt: number;
  endedBy?: EndedBy | undefined;
  /** Where it was ended by hand: the end that was given. */
  explicitEnd?: number | undefined;
  motionEventCount: number;
  /** When the motion event happened that was counted last. */
  motionAt?: number | undefined;
  sampleCount: number;
  /** Motion events counted by the sensor's numbers, in this session and all before it: it goes on from session to session. */
  motions: Watermark;
  /** Batches counted, from 0. */
  batches: Watermark;
  /** The batches since the last sheet of the directory. */
  spans: readonly BatchSpan[];
  /** Length as the device measures it, by the batch with the highest offset that says it. */
  deviceDuration?: { offset: number; ms: number } | undefined;
  /** Until then a motion goes on with this session, and the sweeper leaves it alone. */
  openUntil: number;
  /** When the sweeper looks next; undefined once it is over. */
  checkAt?: number | undefined;
  /** True once a later session has opened at the sensor: the numbers of its motion events go on there. */
  followed?: true | undefined;
  updatedAt: number;
};

/** What people write. No device write names any of it. */
export type PeopleState = {
  labels: readonly string[];
  /** Undefined where it was not read (rows of lists). */
  notes: string | null | undefined;
  pinned: boolean;
  version: number;
};

export type Session = DeviceState & PeopleState & {
  tenantId: string;
  sessionId: string;
  sensorId: string;
  userId?: string | undefined;
  /** How long without motion makes it end; fixed when it starts. */
  idleMs: number;
  /** How long it is kept after the last write; fixed when it starts. */
  keepMs: number;
  createdAt: number;
  /** Says with what `createSession` made it; undefined where it was opened otherwise. */
  createdWith?: string | undefined;
  playback: Playback;
  /** Grows by one with each write that is not a person's. */
  revision: number;
};

/** A sensor, and which session its motion events belong to now. */
export type Sensor = {
  tenantId: string;
  sensorId: string;
  /** The newest session; active or over. Undefined before the first. */
  latestSessionId?: string | undefined;
  /** The numbers of motion events that its newest session had counted when it was deleted. */
  motions?: Watermark | undefined;
  /** Of this sensor; the tenant's where undefined. */
  idleMs?: number | undefined;
};

export type SessionPage = Page<Session>;
export type SensorPage = Page<Sensor>;
export type Reading = { at: number; values: readonly number[] };
export type ReadingPage = Page<Reading>;

export const DEFAULT_IDLE_MS = 5 * MINUTE_MS;
export const DEFAULT_KEEP_MS = 30 * DAY_MS;

export const LIMITS = {
  idChars: 128,
  readingsPerBatch: 5_000,
  valuesPerReading: 64,
  labels: 100,
  labelChars: 64,
  notesChars: 10_000,
  playbackChars: 512,
  maxNumber: 2 ** 31 - 1,
  /** An end must stay a time that a calendar has. */
  durationMaxMs: 3_650 * DAY_MS,
  idleMinMs: 10_000,
  idleMaxMs: DAY_MS,
  keepMinDays: 1,
  keepMaxDays: 3_650,
} as const;

const id = words(LIMITS.idChars);
const text = v.nullish(words(LIMITS.playbackChars));
const number = whole(0, LIMITS.maxNumber);
const at = v.nullish(instant);

const reading = v.object({
  at: instant,
  values: v.pipe(
    v.array(v.pipe(v.number("must be a number"), v.finite("must be a finite number"))),
    v.minLength(1, "must hold at least one value"),
    v.maxLength(
      LIMITS.valuesPerReading,
      (i) => `must hold at most ${LIMITS.valuesPerReading} values, has ${i.input.length}`,
    ),
  ),
});

const batch = v.object({
  sessionId: id,
  sensorId: id,
  batchOffset: number,
  readings: v.pipe(
    v.array(v.unknown(), "must be a list"),
    v.maxLength(
      LIMITS.readingsPerBatch,
      (i) =>
        `must hold at most ${LIMITS.readingsPerBatch} readings, has ${i.input.length}; send more in further batches`,
    ),
    v.array(reading),
  ),
  startedAt: at,
  durationMs: v.nullish(whole(0, LIMITS.durationMaxMs)),
  final: v.nullish(v.boolean(), false),
});
export type BatchInput = v.InferOutput<typeof batch>;

const motion = v.object({ sensorId: id, seq: number, at: instant });
export type MotionInput = v.InferOutput<typeof motion>;

const creation = v.object({
  sensorId: id,
  sessionId: v.nullish(id),
  startedAt: at,
  playbackDeviceId: text,
  playbackContextUri: text,
});
export type CreationInput = v.InferOutput<typeof creation>;

const update = v.object({
  sessionId: id,
  updateId: id,
  incrementMotionCount: v.nullish(v.boolean(), false),
  playbackStarted: v.nullish(v.boolean()),
  playbackFailure: text,
  playbackDeviceId: text,
  playbackContextUri: text,
});
export type UpdateInput = v.InferOutput<typeof update>;

const end = v.object({ sessionId: id, endedAt: at, playbackStopped: v.nullish(v.boolean(), false) });
export type EndInput = v.InferOutput<typeof end>;

const annotation = v.object({
  sessionId: id,
  expectedVersion: whole(0, LIMITS.maxNumber),
  labels: v.nullish(v.pipe(
    v.array(words(LIMITS.labelChars)),
    v.maxLength(LIMITS.labels, (i) => `must hold at most ${LIMITS.labels} labels, has ${i.input.length}`),
  )),
  notes: v.nullish(prose(LIMITS.notesChars)),
  pinned: v.nullish(v.boolean()),
});
export type AnnotationInput = v.InferOutput<typeof annotation>;

/** These throw InvalidInputError with the path of each wrong field. */
export function parseBatch(input: unknown, now: number): BatchInput {
  return parseInput(batch, input, ({ readings, startedAt }) => {
    const width = readings[0]?.values.length;
    const fields: InvalidField[] = readings.flatMap((own, i) => {
      const ahead = tooFarAhead(own.at, now);
      return [
        ...(ahead ? [{ path: ["readings", `${i}`, "at"], message: ahead }] : []),
        ...(own.values.length === width ? [] : [{
          path: ["readings", `${i}`, "values"],
          message: `must hold as many values as the first reading: ${width}, has ${own.values.length}`,
        }]),
      ];
    });
    return [...aheadOf("startedAt", startedAt, now), ...fields];
  });
}

export function parseMotion(input: unknown, now: number): MotionInput {
  return parseInput(motion, input, ({ at }) => aheadOf("at", at, now));
}

export function parseCreation(input: unknown, now: number): CreationInput {
  return parseInput(creation, input, ({ startedAt }) => aheadOf("startedAt", startedAt, now));
}

export function parseUpdate(input: unknown): UpdateInput {
  return parseInput(update, input);
}

export function parseEnd(input: unknown, now: number): EndInput {
  return parseInput(end, input, ({ endedAt }) => aheadOf("endedAt", endedAt, now));
}

export function parseAnnotation(input: unknown): AnnotationInput {
  const parsed = parseInput(annotation, input);
  return parsed.labels ? { ...parsed, labels: [...new Set(parsed.labels)] } : parsed;
}

function aheadOf(field: string, at: number | null | undefined, now: number): InvalidField[] {
  const message = typeof at === "number" ? tooFarAhead(at, now) : undefined;
  return message ? [{ path: [field], message }] : [];
}
