import { fc } from "./property.ts";
import type { Image, ImageChange } from "../../api/ingest/projections/counts.ts";
import { toItem } from "../../api/journeys/item.ts";
import { DECIDING_TYPES, type Journey, type OwnOutcome } from "../../api/journeys/model.ts";
import { deviceAttributes, keyOf } from "../../api/sessions/item.ts";
import type { Session } from "../../api/sessions/model.ts";

const DAY = 86_400_000;
export const BEGIN = Date.UTC(2026, 9, 24);

export const sessionBase: Session = {
  tenantId: "t",
  sessionId: "s",
  sensorId: "hall",
  status: "ACTIVE",
  startedAt: BEGIN,
  lastMotionAt: BEGIN,
  isStated: false,
  ends: [],
  bridges: [],
  reported: [],
  motionEventCount: 0,
  arrivedCount: 0,
  heard: [],
  sampleCount: 0,
  numbers: { boot: "", counted: { hi: -1n, ahead: [] }, vague: -1 },
  batches: { hi: -1n, ahead: [] },
  spans: [],
  createdAt: BEGIN,
  playback: { started: false },
  idleMs: 300_000,
  keepMs: 30 * DAY,
  updatedAt: BEGIN,
  revision: 1,
  labels: [],
  notes: null,
  pinned: false,
  version: 1,
};

/** A session's item as its table's stream shows it. */
export function imageOf(session: Session): Image {
  const attributes = Object.entries(deviceAttributes(session)).filter(([, value]) => value !== undefined);
  return { ...keyOf(session.tenantId, session.sessionId), ...Object.fromEntries(attributes) };
}

const at = fc.integer({ min: BEGIN, max: BEGIN + 3 * DAY - 1 });
const span = fc.oneof(fc.nat(90), fc.nat(3 * 3_600_000));

/** Any state of a session, whether or not it can follow another. */
export const anySession: fc.Arbitrary<Session> = fc.record({
  sensorId: fc.constantFrom("hall", "door#1", "t#SESSIONS", "2026-10-24"),
  startedAt: at,
  lasts: span,
  motionEventCount: fc.nat(40),
  ending: fc.constantFrom(undefined, "IDLE" as const, "FINAL" as const, "EXPLICIT" as const),
  device: fc.option(span, { nil: undefined }),
  started: fc.boolean(),
  failure: fc.constantFrom(undefined, "no speaker"),
}).map(({ lasts, ending, device, started, failure, ...own }) => ({
  ...sessionBase,
  ...own,
  lastMotionAt: own.startedAt + lasts,
  status: ending ? "COMPLETED" : "ACTIVE",
  endedBy: ending,
  endedAt: ending ? own.startedAt + lasts : undefined,
  deviceDuration: device === undefined ? undefined : { offset: 0, ms: device },
  playback: { started, failure },
}));

/** Any state of a journey. */
export const anyJourney: fc.Arbitrary<Journey> = fc.record({
  startedAt: at,
  lasts: span,
  eventCount: fc.integer({ min: 1, max: 500 }),
  userMessageCount: fc.nat(20),
  botMessageCount: fc.nat(20),
  decided: fc.option(fc.constantFrom(...DECIDING_TYPES), { nil: undefined }),
  engaged: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  cameBack: fc.boolean(),
  goal: fc.option(fc.constantFrom("FORM_COMPLETED" as const, "LINK_CLICKED" as const, "ABANDONED" as const), {
    nil: undefined,
  }),
}).map(({ startedAt, lasts, decided, engaged, cameBack, goal, ...own }) => {
  const endedAt = startedAt + lasts;
  const middle = startedAt + Math.floor(lasts / 2);
  return {
    ...own,
    tenantId: "t",
    sessionId: "j",
    visitor: undefined,
    otherIds: [],
    startedAt,
    endedAt,
    firstQuestion: undefined,
    decided: decided && { type: decided, occurredAt: startedAt, source: "main", seq: 1 },
    engagedAt: engaged === undefined ? undefined : startedAt + Math.floor(engaged * lasts),
    visits: cameBack ? [[startedAt, middle], [middle, endedAt]] : [[startedAt, endedAt]],
    types: [],
    watermarks: {},
    chunks: { count: 1, maxSpanMs: 0 },
    lastArrivalAt: endedAt,
    lastPage: undefined,
    goals: reachedBy(goal, startedAt),
    keepDays: 90,
  };
});

function reachedBy(outranks: OwnOutcome | undefined, occurredAt: number): Journey["goals"] {
  if (outranks === undefined) return { version: 0, reached: [] };
  return { version: 1, reached: [{ goalId: "own", outranks, occurredAt, source: "main", seq: 1 }] };
}

/** A thing's states one after the other as changes, with nothing before the first; null: it is not there. */
export function changesOf(
  table: "sessions" | "journeys",
  id: string,
  states: readonly (Session | Journey | "erased" | null)[],
): Omit<ImageChange, "sequence">[] {
  const images = states.map((state): Image | undefined => {
    if (state === null) return undefined;
    const key = keyOf("t", id);
    if (state === "erased") return { pk: key.pk, sk: key.sk.replace("SESSION", "META"), erased: true };
    return table === "sessions"
      ? imageOf({ ...(state as Session), sessionId: id })
      : toItem({ ...(state as Journey), sessionId: id });
  });
  const { pk } = keyOf("t", id);
  return images.map((after, i) => ({ table, pk, shard: "s", arrivedAt: BEGIN, before: images[i - 1], after }));
}
