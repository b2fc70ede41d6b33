import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { formatHeard, heardOf } from "./heard.ts";
import { decideMotionTarget, goneInto, isAsSeen, join, nextOf, overflows } from "./line.ts";
import type { LineChange, LineStore } from "./line-store.ts";
import type { Lines, Message, Near, Owner, Part, SensorState } from "./lines.ts";
import type { Heard, MotionInput, Sensor, Session } from "./model.ts";
import { addNumber, isNumberKnown, noNumbers, turnTo, withLag } from "./numbers.ts";
import { mustBeSince } from "./plausible.ts";
import { holderAt } from "./holder.ts";
import { mismatch, type MotionPayload, type PayloadMismatch } from "./results.ts";
import { applyMotion, reachOf, stand } from "./rules.ts";
import type { SessionStore } from "./store.ts";

/** Motion events in a session's item; then they move to a sheet. */
const MAX_HEARD = 32;

type Change = { session: Session; known: Session | undefined; takesPeoples?: boolean };

/** The way for a motion event that is not simply the next of a running session: it is placed among the sensor's sessions. */
export function createHearing({ store, lineStore, lines, clock, ids }: {
  store: SessionStore;
  lineStore: LineStore;
  lines: Lines;
  clock: Clock;
  ids: Ids;
}) {
  return {
    /** Counts a motion event once, in its place. Throws InvalidInputError. */
    hear(of: Owner, motion: MotionInput): Promise<MotionPayload | PayloadMismatch> {
      return retryLost(async () => {
        const was = await lines.findSensorState(of);
        const near = await lines.around(of, was, motion.at);
        return near && await count(of, motion, was, near) || LOST;
      });
    },

    lasted,

    /** Moves the newest motion events of a session to a sheet, where there are many. */
    async turnSheet(session: Session): Promise<void> {
      if (session.heard.length < MAX_HEARD) return;
      const kept: Session = { ...session, heard: [], hasSheets: true };
      // Where another writer comes between, a later event does it.
      await lineStore.commit({ changes: [{ session: kept, known: session }], sheet: session.heard });
    },
  };

  async function count(
    of: Owner,
    motion: MotionInput,
    was: SensorState,
    near: Near,
  ): Promise<MotionPayload | PayloadMismatch | undefined> {
    const { before, after } = near;
    const { latest } = was;
    if (latest && !(isAsSeen(latest, before) && isAsSeen(latest, after))) return undefined;
    const { at, seq } = motion;
    mustBeSince(was.sensor, "at", at);
    const heard = heardOf(at, seq, motion.boot);
    if (before && await isHeard(before, heard)) return payloadOf(before, { duplicate: true });
    const present = was.latest?.numbers ?? was.sensor?.numbers ?? noNumbers();
    const boots = was.sensor?.boots ?? {};
    const isNumbered = typeof seq === "number";
    const turned = isNumbered ? turnTo(motion.boot ?? "", present, boots) : { numbers: present, boots };
    const isKnown = isNumbered && isNumberKnown(turned.numbers, seq);
    const forgotten = was.sensor?.forgottenUntil;
    if (forgotten !== undefined && at <= forgotten && (isKnown || !isNumbered)) throw deletedSince(isKnown);
    // What is vague is told by the instant of an event, which is the service's own here.
    if (isNumbered && motion.useServiceTime && seq <= turned.numbers.vague) throw vague(seq);
    // By the service's clock each try has another instant, and the number alone says which event it is.
    if (isKnown && motion.useServiceTime) return payloadOf((before ?? was.latest)!, { duplicate: true });
    if (isKnown) return mismatch(otherInstant(seq));
    const added = isNumbered ? addNumber(turned.numbers, seq) : turned.numbers;
    const isFirst = !latest || at > reachOf(latest);
    const numbers = withLag(added, motion.lagMs, isFirst);
    const sensor = turned.boots === boots ? undefined : { ...blank(of), ...was.sensor, boots: turned.boots };
    // How far the session before reaches at an instant, its last motion alone may have changed: an end that a bridge from there
    // beats. And what was said of one of two that become one holds of both: a pause that held motion in the one may have its end
    // in the other.
    const isSettledAnew = was.sensor?.clears || (before !== undefined && overflows(before)) ||
      joinsWhatIsSaid(at, near);
    if (isSettledAnew) return await placeAnew(of, heard, was, near, { was, sensor: sensor ?? {}, numbers });
    return await place(of, heard, was, near, numbers, sensor);
  }

  /**
   * Places an event by settling the line around it anew. Where the sensor says when motion ceased, what lasted until then may be
   * other motion now, and what follows with it.
   */
  async function placeAnew(
    of: Owner,
    heard: Heard,
    was: SensorState,
    { before, after }: Near,
    message: Message,
  ): Promise<MotionPayload | undefined> {
    const { at } = heard;
    if (before?.deletedAt !== undefined && at <= reachOf(before)) throw deletedByPerson("at");
    const now = clock();
    const begins = decideMotionTarget(at, before, after).kind === "begins" ? after : undefined;
    const known = begins ?? before;
    const session = known ?? await lines.begin(of, ids(), was, { startedAt: at, isStated: false });
    const own = was.latest ? session : { ...session, numbers: message.numbers };
    const parts = [{ next: applyMotion(own, heard, now), known }, ...await lasted(of, at, was, known)];
    if (!await lines.stateMessage(of, parts, message, [])) return undefined;
    const holder = await holderAt(lines, of, at);
    return holder && payloadOf(holder, { started: holder.revision === 1 });
  }

  /** The other sessions of which the presence may change by what is said of an instant: as parts of a change that leave them. */
  async function lasted(of: Owner, at: number, was: SensorState, known: Session | undefined): Promise<Part[]> {
    const motion = await lines.presence.lastMotion(of, at - 1);
    const until = await lines.presence.firstCleared(of, at);
    const last = until === undefined ? undefined : (await lines.around(of, was, until))?.before;
    const others = [motion?.session, last].filter((one) => one !== undefined && one.sessionId !== known?.sessionId);
    const byId = new Map(others.map((one) => [one!.sessionId, one!]));
    return [...byId.values()].map((one) => ({ next: one, known: one }));
  }

  async function place(
    of: Owner,
    heard: Heard,
    was: SensorState,
    { before, after, isMended }: Near,
    numbers: Session["numbers"],
    turned: Sensor | undefined,
  ): Promise<MotionPayload | undefined> {
    const now = clock();
    const { latest } = was;
    const where = decideMotionTarget(heard.at, before, after);
    if (where.kind === "inside" && where.session.deletedAt !== undefined) throw deletedByPerson("at");
    const changes: Change[] = [];
    let target: Session;
    let known: Session | undefined;
    switch (where.kind) {
      case "inside":
        [target, known] = [applyMotion(where.session, heard, now), where.session];
        break;
      case "begins":
        [target, known] = [applyMotion(where.session, heard, now), where.session];
        if (before) changes.push({ session: { ...before, next: nextOf(target) }, known: before });
        break;
      case "joins": {
        const { session, next } = where;
        known = session;
        const both = join(session, next, now);
        target = applyMotion(
          { ...both, heard: [...session.heard, ...next.heard], hasSheets: session.hasSheets ?? next.hasSheets },
          heard,
          now,
        );
        changes.push({ session: { ...goneInto(next, session.sessionId), updatedAt: now }, known: next });
        break;
      }
      case "opens":
        target = await lines.begin(of, ids(), was, { startedAt: heard.at, isStated: false });
        target = { ...applyMotion(target, heard, now), next: after && nextOf(after) };
        if (before) changes.push({ session: { ...before, next: nextOf(target) }, known: before });
        break;
    }
    const isLatest = target.next === undefined;
    const carrier = isLatest ? { ...target, numbers } : target;
    const takesPeoples = carrier.version !== (known?.version ?? 1);
    changes.unshift({ session: stand(carrier, now), known, takesPeoples });
    const isNumbered = heard.seq !== undefined;
    if (!isLatest && isNumbered) addNumbers(changes, latest, numbers, now);
    // Where an older session is all that this writes, what the sensor says for the first time of when motion ceased would
    // miss this event, and this event that; a number writes the latest session too, as does that.
    const isAlone = changes.length === 1 && !isLatest;
    const isMoved = where.kind !== "inside" || isMended || turned !== undefined || isAlone;
    const latestSessionId = isLatest ? target.sessionId : latest?.sessionId;
    const sensor = isMoved
      ? { now: { ...blank(of), ...was.sensor, ...turned, latestSessionId }, known: was.sensor }
      : undefined;
    const written = await write({ changes: changes.map((change) => settledNow(change, now)), sensor });
    return written && payloadOf(written, { started: where.kind === "opens" });
  }

  /** The session as it was written; undefined where something moved meanwhile. */
  async function write(change: LineChange): Promise<Session | undefined> {
    const [{ session, known }] = change.changes as [Change];
    if (change.changes.length === 1 && !change.sensor) {
      const written = await store.replace(session, known);
      return written.ok ? written.current : undefined;
    }
    if (!await lineStore.commit(change)) return undefined;
    return (await store.find(session.tenantId, [session.sessionId])).get(session.sessionId);
  }

  /** An event is in the item of the session that holds its instant, or on a sheet. */
  async function isHeard(session: Session, heard: Heard): Promise<boolean> {
    const text = formatHeard(heard);
    if (session.heard.some((own) => formatHeard(own) === text)) return true;
    if (!session.hasSheets) return false;
    return (await lineStore.listHeard(session, heard.at, heard.at)).some((own) => formatHeard(own) === text);
  }
}

/** The sensor's latest session gets the numbers, where the event itself lies in another. */
function addNumbers(changes: Change[], latest: Session | undefined, numbers: Session["numbers"], now: number): void {
  if (!latest) return;
  const own = changes.find(({ session }) => session.sessionId === latest.sessionId);
  if (own) own.session = { ...own.session, numbers };
  else changes.push({ session: { ...latest, numbers, updatedAt: now }, known: latest });
}

/** Neighbours may be over, now that another follows; what is gone stays as it was. */
function settledNow({ session, known, takesPeoples = false }: Change, now: number) {
  return { session: session.mergedInto === undefined ? stand(session, now) : session, known, takesPeoples };
}

/** Whether it makes two sessions one of which something was said of either: ends, pauses, bridges. */
function joinsWhatIsSaid(at: number, { before, after }: Near): boolean {
  const where = decideMotionTarget(at, before, after);
  const isSaid = ({ ends, reported, bridges }: Session) => ends.length + reported.length + bridges.length > 0;
  return where.kind === "joins" && (isSaid(where.session) || isSaid(where.next));
}

function blank({ tenantId, sensorId }: Owner): Sensor {
  return { tenantId, sensorId };
}

function payloadOf(session: Session, more: Partial<MotionPayload>): MotionPayload {
  return { __typename: "RecordMotionPayload", session, started: false, duplicate: false, ...more };
}

export function otherInstant(seq: number): string {
  return `Number ${seq} of this sensor was counted before with another instant; nothing was changed. Where the device ` +
    "started again and counts anew, send `boot`, an id of each start; or leave `seq` out, then the instant says which event it is.";
}

/** What is said of what belongs to a session that a person deleted. */
export function deletedByPerson(field: string): InvalidInputError {
  const message = "belongs to a session that a person deleted; nothing was changed. restoreSession brings it back";
  return new InvalidInputError([{ path: [field], message }]);
}

function vague(seq: number): InvalidInputError {
  const message =
    `${seq} lies where more than 100 numbers before it were missing, so nothing tells whether it was counted; ` +
    "nothing was changed. Send `at` with it instead of `useServiceTime`, or go on from the highest number";
  return new InvalidInputError([{ path: ["seq"], message }]);
}

function deletedSince(isKnown: boolean): InvalidInputError {
  return new InvalidInputError([
    isKnown
      ? { path: ["seq"], message: "was recorded before, in a session that has been deleted since; nothing was changed" }
      : {
        path: ["at"],
        message:
          "lies where this sensor's sessions have been deleted since, so nothing tells whether it was counted; " +
          "nothing was changed. Send `seq` with it, or keep sessions longer (configureSessions, keepDays)",
      },
  ]);
}
