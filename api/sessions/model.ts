import * as v from "valibot";
import { aheadOf, instant, parseInput, prose, whole, words } from "../core/check.ts";
import { DAY_MS, MINUTE_MS } from "../core/clock.ts";
import type { Page } from "../core/page.ts";
import type { Watermark } from "../core/watermark.ts";
import type { Boots, Numbers } from "./numbers.ts";
import { type PauseKept, pauseList, type PausesCorrected, wrongPauses } from "./pauses.ts";

export type SessionStatus = "ACTIVE" | "COMPLETED";

/**
 * How a session ended, the strongest first: a person corrected it, somebody or something said so, its device sent the last
 * batch, or nothing came for the idle timeout.
 */
export type EndedBy = "CORRECTED" | "EXPLICIT" | "FINAL" | "IDLE";

/**
 * An end that was said. Of a session that motion opened it is kept with the instant of a motion event that the session
 * held: whichever session holds that event ends there, however late motion joins or parts sessions.
 */
export type EndSaid = {
  at: number;
  anchor?: number | undefined;
  /** A person split the session there: it ends then, whatever else is said. */
  isCut?: true | undefined;
  /** The session that a split made of what lies from there on: what is said of that is said of it. */
  into?: string | undefined;
  /** The session that it was said of, where a person merged that into this one; undefined: of this one itself. */
  of?: string | undefined;
};

/** Silence that a person bridged by merging: the session goes on at least until then. The anchor is as that of an end. */
export type Bridge = { until: number; anchor?: number | undefined };

/** A stretch of a device's readings, from an instant (included) to another, and which session a person gave it to. */
export type Piece = {
  into: string;
  from?: number | undefined;
  to?: number | undefined;
  samples: number;
  lastAt?: number | undefined;
};

/**
 * Motion that updates reported: how many, the latest of them (a few, where there are several), and how many in each minute (of
 * the epoch), which is what counts them; or another sign of it, such as a pause. The anchor is as that of an end.
 */
export type Report = {
  at: number;
  count: number;
  minutes?: Readonly<Record<string, number>>;
  latest?: readonly number[];
  /** The session's last motion lasts until then, as its sensor said; nothing is counted by it. */
  isCleared?: true | undefined;
  pause?: PauseKept | undefined;
  anchor?: number | undefined;
};

/** A motion event that was counted: its instant, and its number where it has one. */
export type Heard = { at: number; seq?: number | undefined; boot?: string | undefined };

/** What comes next at the same sensor: motion opened it, batches did, or somebody created it. */
export type Next = { at: number; by: "MOTION" | "BATCH" | "CREATION" };

/** Where the readings of one batch lie in time. */
export type BatchSpan = { offset: number; firstAt: number; lastAt: number; count: number };

/** Signs of a session near each other: readings, and stated starts. A clock that was wrong leaves some years away. */
export type Cluster = {
  firstAt: number;
  lastAt: number;
  /** Readings among them, and the latest of these. */
  count: number;
  readAt?: number | undefined;
  /** A person dropped them. */
  isDropped?: true | undefined;
};

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
  /** The start that was stated: given, or of the earliest reading. Where none was, the earliest motion event. */
  startedAt: number;
  /** True where the start was stated: no motion moves it, and motion before it belongs to another session. */
  isStated: boolean;
  /** True where nothing stated a start yet: it is when the first batch arrived, until something does. */
  isStartGuessed?: true | undefined;
  /**
   * Where its start is a guess: it began no later than that, whatever is stated in place of the guess. A part that people merged
   * with it began then, or a person split it just after.
   */
  startsBy?: number | undefined;
  /** The latest motion or reading; the start where there was none. */
  lastMotionAt: number;
  lastReadingAt?: number | undefined;
  /** The latest motion event that its sensor reported. */
  lastHeardAt?: number | undefined;
  /** Motion that updates told of it. */
  reported: readonly Report[];
  endedBy?: EndedBy | undefined;
  /** When it ended; undefined while it is active. Late motion and late batches move it. */
  endedAt?: number | undefined;
  ends: readonly EndSaid[];
  bridges: readonly Bridge[];
  /** What a person corrected; it beats all that is stated. `until` is the latest sign when a start was corrected. */
  corrected?: { [At in "startedAt" | "endedAt" | "until"]?: number | undefined } & PausesCorrected | undefined;
  /** The start as it would be without a person's correction of it. */
  said?: Begun | undefined;
  /** When a person deleted it: it is in no list and no count, and what belongs to it is refused. */
  deletedAt?: number | undefined;
  /** When it was taken away for good; it is still there because another session holds readings of its device. */
  purgedAt?: number | undefined;
  /**
   * What was known before it was deleted, and how many items take out its motion: for bringing it back. It had motion before `until`
   * (its start: none), and takes in no other.
   */
  beforeDeletion?:
    | Pick<DeviceState, "corrected" | "said" | "isStated"> & { takenOut: number; until: number }
    | undefined;
  /** True once the device sent its last batch. */
  isFinal?: true | undefined;
  /** The end by the measure of the devices whose readings it holds, where people merged sessions. */
  finalAt?: number | undefined;
  motionEventCount: number;
  /** When the motion event happened that came last, and how many came here: they stay counted where sessions are joined. */
  motionAt?: number | undefined;
  arrivedCount: number;
  /** The newest motion events, in the order of arrival; the others lie on the sensor's sheets. */
  heard: readonly Heard[];
  hasSheets?: true | undefined;
  sampleCount: number;
  /** The first sign of its device, a reading or a start that it stated; undefined before there was one. */
  signsFrom?: number | undefined;
  /** The start as it would be without its device: of who created it, or of motion. */
  base?: number | undefined;
  /** Signs that lie too far from the others to be of this session: they count nowhere. */
  aside?: readonly Cluster[] | undefined;
  /** A person said that signs which lie far from each other are all of it. */
  isWide?: true | undefined;
  /** Offsets of batches of which something was kept aside, and then admitted. */
  admitted?: readonly number[] | undefined;
  /** Numbers of the sensor's motion events, in this session and all before it: the sensor's latest session has them. */
  numbers: Numbers;
  /** Batches counted, from 0. */
  batches: Watermark;
  /** The batches since the last sheet of the directory. */
  spans: readonly BatchSpan[];
  /**
   * Length as the device measures it, by the batch with the highest offset that says it. None that ends after `by` was
   * measured: it is how far the device's clock was believed when it said so.
   */
  deviceDuration?: { offset: number; ms: number; by?: number | undefined } | undefined;
  /** By the arrival's clock: as long as that, a device that uploads is not idle. It places nothing. */
  arrivingUntil?: number | undefined;
  /** When the sweeper looks next; undefined once it is over. */
  checkAt?: number | undefined;
  /** The session that begins after it at the sensor; undefined for the latest. */
  next?: Next | undefined;
  updatedAt: number;
};

/** A start, and whether it was stated or guessed. */
export type Begun = Pick<DeviceState, "startedAt" | "isStated" | "isStartGuessed">;

/** What a device states of its session, as if no person had merged or split anything. */
export type Own = Pick<
  DeviceState,
  "startedAt" | "isStated" | "isStartGuessed" | "lastReadingAt" | "isFinal" | "deviceDuration" | "sampleCount"
>;

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
  /** Motion joined it to an earlier session, or a person did: everything of it is there now. */
  mergedInto?: string | undefined;
  /** The sensor that a person says it was at. It stays on the line of `sensorId`, where its devices report. */
  shownAt?: string | undefined;
  /** Where people merged or split: what its own device states, and who holds which of its readings. */
  own?: Own | undefined;
  pieces?: readonly Piece[] | undefined;
  /** Other sessions of whose readings it holds pieces; it has pieces of its own then. */
  sources?: readonly string[] | undefined;
  playback: Playback;
  /** How long it was paused, of rows of lists. */
  pausedMs?: number | undefined;
  /** Grows by one with each write that is not a person's. */
  revision: number;
  /** When a person annotated it, where nothing was written since (to the second). Rows of lists do not say. */
  annotatedAt?: number | undefined;
};

/** A sensor, and which session its motion events belong to now. */
export type Sensor = {
  tenantId: string;
  sensorId: string;
  /** What people call it. */
  name?: string | undefined;
  /** The session that begins last; active or over. Undefined before the first. */
  latestSessionId?: string | undefined;
  /** The numbers of motion events that its latest session had counted when it was deleted. */
  numbers?: Numbers | undefined;
  /** Of earlier starts of the device, the newest. */
  boots?: Boots;
  /** Up to this instant sessions were deleted when their time had come. */
  forgottenUntil?: number | undefined;
  /** Its past was erased up to this instant: what happened until then is refused. */
  erasedUntil?: number | undefined;
  /** How many erasures of it had begun when it was read, where nothing of it was there. */
  erasures?: number | undefined;
  /** True once it said that motion ceased. */
  clears?: true | undefined;
  /** Grows by one with each change of which sessions there are, and where they begin. */
  revision?: number | undefined;
  /** Of this sensor; the tenant's where undefined. */
  idleMs?: number | undefined;
};

export type SessionPage = Page<Session>;
export type SensorPage = Page<Sensor>;
export type Reading = { at: number; values: readonly (number | null)[] };
export type ReadingPage = Page<Reading>;

export const DEFAULT_IDLE_MS = 5 * MINUTE_MS;
export const DEFAULT_KEEP_MS = 30 * DAY_MS;

export const LIMITS = {
  idChars: 128,
  bootChars: 64,
  nameChars: 128,
  readingsPerBatch: 5_000,
  valuesPerReading: 64,
  seriesPoints: 2_000,
  /** Objects that one series reads. */
  seriesBatches: 1_000,
  /** So often a session can have become a part of another, one after the other. */
  mergedSteps: 100,
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
  ),
  startedAt: at,
  durationMs: v.nullish(whole(0, LIMITS.durationMaxMs)),
  final: v.nullish(v.boolean(), false),
  pauses: v.nullish(pauseList, []),
});
/** A batch as it was sent, its readings not looked at. */
export type SentBatch = v.InferOutput<typeof batch>;
/** What of a batch counts. */
export type BatchInput = Omit<SentBatch, "readings" | "pauses"> & {
  readings: readonly Reading[];
  /** How far readings may be from each other (ms), when it arrived, and until when its device can have measured. */
  apartMs: number;
  arrivedAt: number;
  measuredBy: number;
};

const motion = v.object({
  sensorId: id,
  seq: v.nullish(number),
  boot: v.nullish(words(LIMITS.bootChars)),
  at: v.nullish(instant),
  state: v.nullish(v.picklist(["DETECTED", "CLEARED"], "must be DETECTED or CLEARED"), "DETECTED"),
  endedAt: v.nullish(instant),
  useServiceTime: v.nullish(v.boolean(), false),
});
/** `lagMs`: by how much it tells late of what may be happening now; undefined: it tells of the past. */
export type MotionInput = Omit<v.InferOutput<typeof motion>, "at"> & { at: number; lagMs?: number | undefined };

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
export function parseBatch(input: unknown): SentBatch {
  return parseInput(batch, input, ({ pauses }) => wrongPauses(pauses));
}

export function parseMotion(input: unknown, now: number): MotionInput {
  const parsed = parseInput(motion, input, ({ seq, boot, at, state, endedAt, useServiceTime }) => {
    const isNumbered = typeof seq === "number";
    const wrong = (field: string, message: string) => [{ path: [field], message }];
    if (typeof boot === "string" && !isNumbered) {
      return wrong("boot", "says which start of the device `seq` is of; leave both out, or give both");
    }
    const isBoth = typeof endedAt === "number" && state === "CLEARED";
    if (isBoth) return wrong("endedAt", "says both ends of one event; with CLEARED `at` says it");
    if (typeof endedAt === "number" && endedAt < (at ?? now)) return wrong("endedAt", "must not be before `at`");
    if (useServiceTime === (typeof at === "number")) {
      return wrong("at", "must be given, or else `useServiceTime` for a device without a clock; not both");
    }
    return useServiceTime && !isNumbered
      ? wrong("seq", "must be given with `useServiceTime`: no instant of the device says whether the event came before")
      : [];
  });
  return { ...parsed, at: parsed.at ?? now };
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
