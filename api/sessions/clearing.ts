import type { Clock } from "../core/clock.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { formatHeard, heardOf } from "./heard.ts";
import { type createHearing, otherInstant } from "./hearing.ts";
import type { LineStore } from "./line-store.ts";
import type { Lines, Message, Owner, SensorState } from "./lines.ts";
import type { Heard, MotionInput } from "./model.ts";
import { addNumber, type Boots, isNumberKnown, noNumbers, type Numbers, turnTo, withLag } from "./numbers.ts";
import { mustBeSince } from "./plausible.ts";
import { holderAt } from "./holder.ts";
import { type ClearedPayload, mismatch, type PayloadMismatch } from "./results.ts";
import { applyCleared, stand } from "./rules.ts";
import type { createSettings } from "./settings.ts";

/** That motion ceased, where a sensor says on and off as two messages. */
export function createClearing({ lines, lineStore, hearing, settings, clock }: {
  lines: Lines;
  lineStore: LineStore;
  hearing: Pick<ReturnType<typeof createHearing>, "lasted">;
  settings: ReturnType<typeof createSettings>;
  clock: Clock;
}) {
  /**
   * Keeps that motion ceased at an instant, once; it closes the latest motion before, also one that comes later. Throws
   * InvalidInputError.
   */
  return async function clear(of: Owner, motion: MotionInput): Promise<ClearedPayload | PayloadMismatch> {
    const { at, seq, boot, useServiceTime } = motion;
    const heard = heardOf(at, seq, boot);
    const ttl = Math.ceil((clock() + await settings.keepMsOf(of.tenantId)) / 1_000);
    return await retryLost(async () => {
      const was = await lines.findSensorState(of);
      mustBeSince(was.sensor, "at", at);
      const present = was.latest?.numbers ?? was.sensor?.numbers ?? noNumbers();
      const isNumbered = typeof seq === "number";
      const boots = was.sensor?.boots ?? {};
      const turned = isNumbered ? turnTo(boot ?? "", present, boots) : { numbers: present, boots };
      const [known] = await lineStore.listCleared(of, at, at, 1);
      const isKnown = isNumbered && isNumberKnown(turned.numbers, seq);
      if (isKnown && useServiceTime) return await answered(of, at, true);
      if (isKnown && known?.event !== formatHeard(heard)) return mismatch(otherInstant(seq));
      if (known && (isKnown || !isNumbered)) return await answered(of, at, true);
      const counted = isNumbered ? addNumber(turned.numbers, seq) : turned.numbers;
      const numbers = { ...withLag(counted, motion.lagMs, false), clearedAt: Math.max(at, present.clearedAt ?? at) };
      const sensor = { clears: true as const, boots: turned.boots };
      const isDone = await closeLatest(of, heard, was, numbers, sensor, ttl) ??
        await closeAny(of, heard, { was, sensor, numbers, cleared: [at] }, ttl);
      return isDone ? await answered(of, at, known !== undefined) : LOST;
    });
  };

  /** The motion of the sensor's latest session, where nothing came since: no other session is read. Undefined where that is not so. */
  async function closeLatest(
    of: Owner,
    heard: Heard,
    { latest, sensor: known, isMended }: SensorState,
    numbers: Numbers,
    sensor: { clears: true; boots: Boots },
    ttl: number,
  ): Promise<boolean | undefined> {
    const from = latest?.lastHeardAt;
    const { lengthMs } = await settings.plausibleOf(of.tenantId, of.sensorId);
    const isNext = latest && from !== undefined && !isMended && from < heard.at && heard.at - from <= lengthMs &&
      (latest.numbers.clearedAt ?? -Infinity) < from && latest.deletedAt === undefined;
    if (!isNext) return undefined;
    const session = stand({ ...applyCleared(latest, heard.at), numbers, updatedAt: clock() }, clock());
    const isFirst = !known?.clears || numbers.boot !== latest.numbers.boot;
    const { tenantId, sensorId } = of;
    return await lineStore.commit({
      changes: [{ session, known: latest }],
      ...(isFirst ? { sensor: { now: { tenantId, sensorId, ...known, ...sensor }, known } } : {}),
      also: [lineStore.clearing(of, heard, ttl)],
    });
  }

  /** Whatever motion lies before it, with all that follows; false where something moved meanwhile. */
  async function closeAny(of: Owner, heard: Heard, message: Message, ttl: number): Promise<boolean> {
    const near = await lines.around(of, message.was, heard.at);
    if (!near) return false;
    const others = await hearing.lasted(of, heard.at, message.was, near.before);
    const parts = near.before ? [{ next: near.before, known: near.before }, ...others] : others;
    return await lines.stateMessage(of, parts, message, [lineStore.clearing(of, heard, ttl)]);
  }

  /** The session that lasts until an instant at which motion ceased; null while no motion is there that this closes. */
  async function answered(of: Owner, at: number, duplicate: boolean): Promise<ClearedPayload> {
    const before = await holderAt(lines, of, at);
    const lasts = before?.deletedAt === undefined && before?.reported.some((own) => own.isCleared && own.at >= at);
    return { __typename: "MotionClearedPayload", session: lasts ? before : undefined, duplicate };
  }
}
