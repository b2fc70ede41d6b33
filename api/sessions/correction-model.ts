import * as v from "valibot";
import { aheadOf, instant, parseInput, whole, words } from "../core/check.ts";
import { LIMITS, type Piece, type Session } from "./model.ts";
import { pauseEntries, pauseList, type PauseSaid, saidOf, wrongPause, wrongStretches } from "./pauses.ts";

/** Sessions that are merged at once. */
export const MAX_MERGED = 10;

const id = words(LIMITS.idChars);
const version = whole(0, LIMITS.maxNumber);
const seen = { sessionId: id, expectedVersion: version };

const correction = v.object({
  ...seen,
  startedAt: v.optional(v.nullable(instant)),
  endedAt: v.optional(v.nullable(instant)),
  sensorId: v.optional(v.nullable(id)),
  pauses: v.optional(v.nullable(pauseList)),
});
export type CorrectionInput = Omit<v.InferOutput<typeof correction>, "pauses"> & {
  pauses?: readonly { from: number; to: number }[] | null | undefined;
};

const merge = v.object({
  sessions: v.pipe(
    v.array(v.object(seen), "must be a list of sessions"),
    v.check(
      (list) => list.length >= 2 && list.length <= MAX_MERGED,
      (i) => `must name 2 to ${MAX_MERGED} sessions, has ${i.input.length}`,
    ),
  ),
});

const split = v.object({ ...seen, at: instant, newSessionId: v.nullish(id) });
const pause = v.object({ sessionId: id, ...pauseEntries });
const versioned = v.object(seen);
const restoration = v.object({ sessionId: id });

export type Seen = v.InferOutput<typeof versioned>;

/** These throw InvalidInputError with the path of each wrong field. */
export function parseCorrection(input: unknown, now: number): CorrectionInput {
  const parsed = parseInput(correction, input, ({ startedAt, endedAt, sensorId, pauses }) => {
    if (startedAt === undefined && endedAt === undefined && sensorId === undefined && pauses === undefined) {
      const message = "nothing to correct was given: `startedAt`, `endedAt`, `sensorId`, `pauses`, or more of them";
      return [{ path: ["startedAt"], message }];
    }
    const isBackwards = typeof startedAt === "number" && typeof endedAt === "number" && endedAt < startedAt;
    return [
      ...aheadOf("startedAt", startedAt, now),
      ...aheadOf("endedAt", endedAt, now),
      ...(isBackwards ? [{ path: ["endedAt"], message: "must not be before `startedAt`" }] : []),
      ...wrongStretches(pauses ?? []),
      ...(pauses ?? []).flatMap(({ to }, i) =>
        aheadOf("to", to, now).map((own) => ({ ...own, path: ["pauses", `${i}`, ...own.path] }))
      ),
    ];
  });
  return parsed as CorrectionInput;
}

/** What is said of a pause of a session. */
export function parsePause(input: unknown, now: number): { sessionId: string; pause: PauseSaid } {
  const { sessionId, from, to } = parseInput(pause, input, (said) => [
    ...wrongPause(said),
    ...aheadOf("from", said.from, now),
    ...aheadOf("to", said.to, now),
  ]);
  return { sessionId, pause: saidOf({ from, to }) };
}

export function parseMerge(input: unknown): readonly Seen[] {
  return parseInput(merge, input).sessions;
}

export function parseSplit(input: unknown): v.InferOutput<typeof split> {
  return parseInput(split, input);
}

/** A session as a person saw it: for deleting it, and for taking a correction back. */
export function parseSeen(input: unknown): Seen {
  return parseInput(versioned, input);
}

export function parseRestoration(input: unknown): { sessionId: string } {
  return parseInput(restoration, input);
}

/** What a merge or a split changes of a session, beside its place in the line. */
export const IMAGE = [
  ...["startedAt", "isStated", "isStartGuessed", "startsBy", "said", "corrected", "ends", "reported", "bridges"],
  ...["isFinal", "finalAt", "deviceDuration", "sampleCount", "lastReadingAt"],
  ...["labels", "notes", "pinned", "playback", "shownAt", "sources"],
] as const satisfies readonly (keyof Session)[];
export type Image = Partial<Session>;

/** What of a session must be as the correction left it, for the correction to be taken back. */
export type Left = Pick<Session, "sessionId" | "version" | "ends" | "reported" | "corrected" | "bridges">;

/** A correction that can be taken back for as long as nothing else changed. */
export type Correction = {
  /** As each session was before; undefined: it was not there. */
  sessions: readonly { sessionId: string; image?: Image | undefined }[];
  left: readonly Left[];
  /** Who held which readings before, by the session of the device; undefined: all of them were its own. */
  held: Readonly<Record<string, readonly Piece[] | undefined>>;
};
