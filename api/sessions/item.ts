import type { Expression, Item } from "../aws/dynamo.ts";
import { SECOND_MS } from "../core/clock.ts";
import { idOf, itemKey, spread } from "../core/keys.ts";
import { formatWatermark, parseWatermark, type Watermark } from "../core/watermark.ts";
import { changeOf } from "./expressions.ts";
import { formatHeard, parseHeard } from "./heard.ts";
import { formatPause, parsePauseText, pausedMsOf } from "./pauses.ts";
import { sensorOf } from "./rules.ts";
import type { BatchSpan, EndedBy, Next, PeopleState, Sensor, Session, SessionStatus } from "./model.ts";
import type { Boots, Numbers } from "./numbers.ts";

export const SESSION = "SESSION";

/** A pinned session's expiry lies this many seconds ahead: DynamoDB never gets there. */
const PINNED_SECONDS = 1_000_000_000_000;

/** Running sessions are spread over so many partitions of the index that the sweeper reads. */
export const SHARDS = ["0", "1", "2", "3"] as const;

export function keyOf(tenantId: string, sessionId: string) {
  return itemKey(tenantId, sessionId, SESSION);
}

export function sensorKeyOf(tenantId: string, sensorId: string): string {
  return `${tenantId}#${sensorId}`;
}

/**
 * A watermark in two attributes, so that counting the next number changes one of them: `top`, the highest number
 * counted, and `gaps`, all before the last run of numbers (and where that run began).
 */
export function splitWatermark({ hi, ahead }: Watermark): { top: number; gaps: string } {
  const last = ahead.at(-1);
  if (!last) return { top: Number(hi), gaps: "" };
  return { top: Number(last[1]), gaps: `${formatWatermark({ hi, ahead: ahead.slice(0, -1) })};${last[0]}` };
}

export function joinWatermark(top: number, gaps: string): Watermark {
  if (gaps === "") return { hi: BigInt(top), ahead: [] };
  const [before, from] = gaps.split(";");
  const { hi, ahead } = parseWatermark(before!);
  return { hi, ahead: [...ahead, [BigInt(from!), BigInt(top)]] };
}

/** What devices and the service itself write of a session. People's attributes are not among it. */
export function deviceAttributes(session: Session): Item {
  const batch = splitWatermark(session.batches);
  return {
    ...placeAttributes(session),
    user: session.userId,
    status: session.status,
    isStated: session.isStated || undefined,
    isStartGuessed: session.isStartGuessed,
    startsBy: session.startsBy,
    lastMotionAt: session.lastMotionAt,
    lastReadingAt: session.lastReadingAt,
    lastHeardAt: session.lastHeardAt,
    reported: some(session.reported.filter(({ pause }) => !pause)),
    pauses: some(session.reported.filter(({ pause }) => pause).map(formatPause)),
    endedBy: session.endedBy,
    endedAt: session.endedAt,
    ends: some(session.ends),
    bridges: some(session.bridges),
    finalAt: session.finalAt,
    ownSensor: session.shownAt === undefined ? undefined : session.sensorId,
    own: session.own,
    pieces: session.pieces,
    sources: some(session.sources ?? []),
    corrected: session.corrected,
    said: session.said,
    deletedAt: session.deletedAt,
    purgedAt: session.purgedAt,
    beforeDeletion: session.beforeDeletion,
    isFinal: session.isFinal,
    motions: session.arrivedCount,
    moved: session.motionEventCount - session.arrivedCount || undefined,
    motionAt: session.motionAt,
    heard: session.heard.map(formatHeard),
    hasSheets: session.hasSheets,
    samples: session.sampleCount,
    signsFrom: session.signsFrom,
    baseAt: session.base,
    aside: session.aside,
    isWide: session.isWide,
    admitted: session.admitted,
    ...numberAttributes(session.numbers),
    bTop: batch.top,
    bGaps: batch.gaps,
    spans: session.spans.map(formatSpan),
    durationOffset: session.deviceDuration?.offset,
    durationMs: session.deviceDuration?.ms,
    durationBy: session.deviceDuration?.by,
    openUntil: session.lastMotionAt + session.idleMs,
    arrivingUntil: session.arrivingUntil,
    checkAt: checkAtOf(session),
    checkShard: checkAtOf(session) === undefined ? undefined : shardOf(session),
    nextAt: session.next?.at,
    nextBy: session.next?.by,
    createdAt: session.createdAt,
    createdWith: session.createdWith,
    playback: session.playback,
    idleMs: session.idleMs,
    keepMs: session.keepMs,
    updatedAt: session.updatedAt,
    revision: session.revision,
    done: session.status === "COMPLETED" && isShown(session) ? doneOf(session) : undefined,
    mergedInto: session.mergedInto,
  };
}

/** When it is looked at next. One that a person deleted: when it can be restored no more. */
function checkAtOf({ checkAt, deletedAt, purgedAt, keepMs }: Session): number | undefined {
  if (deletedAt === undefined) return checkAt;
  return purgedAt === undefined ? deletedAt + keepMs : undefined;
}

/** Whether others hold readings of its device: where they lie is known by this item, which so must not expire before them. */
export function isNeeded({ sessionId, pieces = [] }: Session): boolean {
  return pieces.some(({ into }) => into !== sessionId);
}

/** Whether it is a session of its own, and nobody deleted it. */
export function isShown({ mergedInto, deletedAt }: Session): boolean {
  return mergedInto === undefined && deletedAt === undefined;
}

/** The keys of the lists. What is gone keeps its place under other names, and so is in no list. */
function placeAttributes(session: Session): Item {
  const { tenantId, startedAt, mergedInto, deletedAt } = session;
  const place = { tenant: tenantId, sensorKey: sensorKeyOf(tenantId, sensorOf(session)), startedAt };
  return mergedInto === undefined && deletedAt === undefined
    ? { ...place, was: undefined }
    : { tenant: undefined, sensorKey: undefined, startedAt: undefined, was: place };
}

function some<T>(values: readonly T[]): readonly T[] | undefined {
  return values.length > 0 ? values : undefined;
}

/**
 * Sets or removes each of the attributes, and moves the expiry unless a person pinned the session. With `takesPeoples` also
 * what people wrote: for a session that takes in another, and for nothing else.
 */
export function deviceChange(session: Session, takesPeoples = false): Expression {
  const { labels, pinned, version } = session;
  const peoples = takesPeoples ? { labels, ...noteAttributes(session), pinned, version } : {};
  const isKept = isNeeded(session) || (takesPeoples && pinned);
  const expiry = isKept || takesPeoples ? ["keepSeconds = :keepSeconds", "#ttl = :keepSeconds + :nowSeconds"] : [
    "keepSeconds = if_not_exists(keepSeconds, :keepSeconds)",
    "#ttl = if_not_exists(keepSeconds, :keepSeconds) + :nowSeconds",
  ];
  const { expression, names, values } = changeOf({ ...deviceAttributes(session), ...peoples }, expiry);
  return {
    expression,
    names: { ...names, "#ttl": "ttl" },
    values: {
      ...values,
      ":keepSeconds": isKept ? PINNED_SECONDS : Math.ceil(session.keepMs / 1_000),
      ":nowSeconds": Math.ceil(session.updatedAt / 1_000),
    },
  };
}

/** The notes of a session, and what puts it into the index of those that have some. */
function noteAttributes({ tenantId, notes }: Pick<Session, "tenantId" | "notes">): Item {
  return { notes: notes ?? undefined, noted: notes ? tenantId : undefined };
}

/** Sets what a person wrote. `keepSeconds` is how pinning keeps device writes from letting a session expire. */
export function peopleChange(session: Session, now: number): Expression {
  const { labels, pinned, version, keepMs } = session;
  const keepSeconds = pinned || isNeeded(session) ? PINNED_SECONDS : Math.ceil(keepMs / 1_000);
  const ttl = keepSeconds + Math.ceil(now / 1_000);
  return changeOf({ labels, ...noteAttributes(session), pinned, version, keepSeconds, ttl });
}

/** Whether an item is a session, and not what belongs to one. */
export function isSessionItem(item: Item): boolean {
  return (item.sk as string).endsWith(`#${SESSION}`);
}

/** A session from its item, or from a row of a list; undefined for a row of a running session, which has no numbers. */
export function fromItem(item: Item): Session | undefined {
  const numbers = "mTop" in item ? item : "done" in item ? JSON.parse(item.done as string) as Item : undefined;
  if (!numbers) return undefined;
  const place = (item.was ?? item) as { tenant: string; sensorKey: string; startedAt: number };
  const { tenant: tenantId, sensorKey, startedAt } = place;
  const durationMs = numbers.durationMs as number | undefined;
  const shownAt = sensorKey.slice(tenantId.length + 1);
  const ownSensor = item.ownSensor as string | undefined;
  const arrivedCount = numbers.motions as number;
  return {
    tenantId,
    sessionId: idOf(item.sk),
    sensorId: ownSensor ?? shownAt,
    shownAt: ownSensor === undefined ? undefined : shownAt,
    userId: item.user as string | undefined,
    status: item.status as SessionStatus,
    startedAt,
    isStated: item.isStated === true,
    isStartGuessed: item.isStartGuessed as true | undefined,
    startsBy: item.startsBy as number | undefined,
    lastMotionAt: numbers.lastMotionAt as number,
    lastReadingAt: item.lastReadingAt as number | undefined,
    lastHeardAt: item.lastHeardAt as number | undefined,
    reported: [
      ...(item.reported ?? []) as Session["reported"],
      ...((item.pauses ?? []) as string[]).map(parsePauseText),
    ],
    pausedMs: item.mTop === undefined ? (numbers.pausedMs as number | undefined) ?? 0 : undefined,
    endedBy: item.endedBy as EndedBy | undefined,
    endedAt: item.endedAt as number | undefined,
    ends: (item.ends ?? []) as Session["ends"],
    bridges: (item.bridges ?? []) as Session["bridges"],
    finalAt: item.finalAt as number | undefined,
    own: item.own as Session["own"],
    pieces: item.pieces as Session["pieces"],
    sources: item.sources as Session["sources"],
    corrected: item.corrected as Session["corrected"],
    said: item.said as Session["said"],
    deletedAt: item.deletedAt as number | undefined,
    purgedAt: item.purgedAt as number | undefined,
    beforeDeletion: item.beforeDeletion as Session["beforeDeletion"],
    isFinal: item.isFinal as true | undefined,
    motionEventCount: arrivedCount + ((numbers.moved as number | undefined) ?? 0),
    arrivedCount,
    motionAt: item.motionAt as number | undefined,
    heard: ((item.heard ?? []) as string[]).map(parseHeard),
    hasSheets: item.hasSheets as true | undefined,
    sampleCount: numbers.samples as number,
    signsFrom: item.signsFrom as number | undefined,
    base: item.baseAt as number | undefined,
    aside: item.aside as Session["aside"],
    isWide: item.isWide as true | undefined,
    admitted: item.admitted as number[] | undefined,
    numbers: numbersOf(item),
    batches: joinWatermark(numbers.bTop as number, numbers.bGaps as string),
    spans: ((item.spans ?? []) as string[]).map(parseSpan),
    deviceDuration: durationMs === undefined ? undefined : {
      offset: numbers.durationOffset as number,
      ms: durationMs,
      ...(numbers.durationBy === undefined ? {} : { by: numbers.durationBy as number }),
    },
    arrivingUntil: item.arrivingUntil as number | undefined,
    checkAt: item.checkAt as number | undefined,
    next: item.nextAt === undefined ? undefined : { at: item.nextAt as number, by: item.nextBy as Next["by"] },
    createdAt: item.createdAt as number,
    createdWith: item.createdWith as string | undefined,
    mergedInto: item.mergedInto as string | undefined,
    playback: item.playback as Session["playback"],
    idleMs: numbers.idleMs as number,
    keepMs: numbers.keepMs as number,
    updatedAt: numbers.updatedAt as number,
    revision: (item.revision as number | undefined) ?? 0,
    annotatedAt: annotatedAtOf(item),
    ...peopleOf(item),
  };
}

/** Each write moves the expiry, by seconds, and all but a person's annotation say when that was. */
function annotatedAtOf({ ttl, keepSeconds, updatedAt }: Item): number | undefined {
  const writtenAt = ((ttl as number) - (keepSeconds as number)) * SECOND_MS;
  return writtenAt >= (updatedAt as number) + SECOND_MS ? writtenAt : undefined;
}

/** Numbers of a sensor's motion, in its latest session, or with the sensor where it has none. */
export function numberAttributes({ boot, counted, vague, clearedAt, lagMs }: Numbers): Item {
  const { top, gaps } = splitWatermark(counted);
  const told = { mCleared: clearedAt, mLag: lagMs || undefined };
  return { mBoot: boot, mTop: top, mGaps: gaps, mVague: vague === -1 ? undefined : vague, ...told };
}

function numbersOf({ mBoot, mTop, mGaps, mVague, mCleared, mLag }: Item): Numbers {
  return {
    boot: (mBoot as string | undefined) ?? "",
    counted: joinWatermark((mTop as number | undefined) ?? -1, (mGaps as string | undefined) ?? ""),
    vague: (mVague as number | undefined) ?? -1,
    ...(mCleared === undefined ? {} : { clearedAt: mCleared as number }),
    ...(mLag === undefined ? {} : { lagMs: mLag as number }),
  };
}

function peopleOf(item: Item): PeopleState {
  return {
    labels: (item.labels as string[] | undefined) ?? [],
    notes: "mTop" in item || "notes" in item ? (item.notes as string | undefined) ?? null : undefined,
    pinned: (item.pinned as boolean | undefined) ?? false,
    version: (item.version as number | undefined) ?? 1,
  };
}

/** Says in `done`, which lists hold, that updates told of motion: that can lie outside of the session, by the service's clock. */
export const TOLD = "isTold";

/** The numbers that lists show of a session that is over. Running sessions have none in lists: they would cost an index write each. */
function doneOf(session: Session): string {
  const batch = splitWatermark(session.batches);
  const pausedMs = session.endedAt === undefined ? 0 : pausedMsOf({ ...session, endedAt: session.endedAt });
  return JSON.stringify({
    lastMotionAt: session.lastMotionAt,
    motions: session.motionEventCount,
    samples: session.sampleCount,
    bTop: batch.top,
    bGaps: batch.gaps,
    durationOffset: session.deviceDuration?.offset,
    durationMs: session.deviceDuration?.ms,
    durationBy: session.deviceDuration?.by,
    idleMs: session.idleMs,
    keepMs: session.keepMs,
    updatedAt: session.updatedAt,
    ...(session.reported.some(({ count }) => count > 0) ? { [TOLD]: true } : {}),
    ...(pausedMs > 0 ? { pausedMs } : {}),
  });
}

export function formatSpan({ offset, firstAt, lastAt, count }: BatchSpan): string {
  return [offset, firstAt, lastAt - firstAt, count].map((n) => n.toString(36)).join(" ");
}

export function parseSpan(text: string): BatchSpan {
  const [offset, firstAt, length, count] = text.split(" ").map((n) => parseInt(n, 36)) as [
    number,
    number,
    number,
    number,
  ];
  return { offset, firstAt, lastAt: firstAt + length, count };
}

export function fromSensorItem(item: Item): Sensor {
  const boots = (item.boots ?? {}) as Record<string, string>;
  return {
    tenantId: item.tenant as string,
    sensorId: item.sensorId as string,
    name: item.name as string | undefined,
    latestSessionId: item.latest as string | undefined,
    numbers: item.mTop === undefined ? undefined : numbersOf(item),
    boots: Object.fromEntries(
      Object.entries(boots).map(([boot, text]) => {
        const [counted, vague] = text.split(" ") as [string, string];
        return [fromName(boot), { counted: parseWatermark(counted), vague: Number(vague) }];
      }),
    ),
    forgottenUntil: item.forgottenUntil as number | undefined,
    erasedUntil: item.erasedUntil as number | undefined,
    clears: item.clears as true | undefined,
    revision: item.revision as number | undefined,
    idleMs: item.idleMs as number | undefined,
  };
}

export function bootsAttribute(boots: Boots): Record<string, string> {
  return Object.fromEntries(
    Object.entries(boots).map(([boot, { counted, vague }]) => [toName(boot), `${formatWatermark(counted)} ${vague}`]),
  );
}

/**
 * What a device calls a start, as a name in a map. With a sign before it, since the SDK takes some names (`__proto__`,
 * `constructor`) for the object's own. Names of before have none.
 */
const SIGN = "=";

function toName(boot: string): string {
  return `${SIGN}${boot}`;
}

function fromName(name: string): string {
  return name.startsWith(SIGN) ? name.slice(SIGN.length) : name;
}

function shardOf({ sessionId }: Session): string {
  return SHARDS[spread(sessionId, SHARDS.length)]!;
}
