import { fromItem as journeyOf } from "../../journeys/item.ts";
import type { Journey } from "../../journeys/model.ts";
import { IDLE_MS, outcomeOf } from "../../journeys/rules.ts";
import { fromItem as sessionOf } from "../../sessions/item.ts";
import type { Playback, Session } from "../../sessions/model.ts";
import { activeStretchesOf, pausesOf } from "../../sessions/pauses.ts";
import { durationOf, sensorOf } from "../../sessions/rules.ts";
import { binOf } from "../../analytics/bins.ts";
import {
  binName,
  type Cell,
  counterName,
  dayName,
  dayOf,
  type ItemChange,
  JOURNEY_LETTERS,
  keys,
  labelsPk,
  LENGTH_LETTER,
  quarterOf,
  sensorPk,
  SESSION_LETTERS,
  SHORT_DAYS,
  SLOT_MS,
  slotOf,
  SLOTS_OF_DAY,
  TIME_LETTERS,
} from "../../analytics/cells.ts";
import type { Image, ImageChange } from "./counts.ts";

/**
 * What a change of a session or a journey moves: what the thing is, less what it was. So the sum over all changes of a
 * thing is what its last image says, and a thing that is removed leaves nothing behind. Items that the change moves
 * nothing in are not among it.
 */
export function toItemChanges({ table, pk, shard, sequence, arrivedAt, before, after }: ImageChange): ItemChange[] {
  const [tenantId, partition] = pk.split("#") as [string, string];
  const cells = [
    ...cellsOf(table, tenantId, after),
    ...cellsOf(table, tenantId, before).map((cell) => ({ ...cell, n: -cell.n })),
  ];
  return [...Map.groupBy(cells, (cell) => `${cell.pk} ${cell.sk}`).values()].flatMap((own) => {
    const adds = new Map<string, number>();
    for (const { name, n } of own) adds.set(name, (adds.get(name) ?? 0) + n);
    for (const [name, n] of adds) if (n === 0) adds.delete(name);
    const { pk, sk, until } = own[0]!;
    return adds.size > 0 ? [{ pk, sk, until, partition, shard, sequence, arrivedAt, adds }] : [];
  });
}

/** What an image counts for. Only sessions and journeys count, not what else lies beside them, nor what was erased. */
export function cellsOf(table: ImageChange["table"], tenantId: string, image: Image | undefined): Cell[] {
  if (!image || image.erased !== undefined || !Number.isSafeInteger(image.startedAt)) return [];
  const part = (image.sk as string).split("#")[1];
  if (table === "sessions" && part === "SESSION") {
    const session = sessionOf(image);
    return session ? sessionCells(tenantId, session) : [];
  }
  return table === "journeys" && part === "META" ? journeyCells(tenantId, journeyOf(image)) : [];
}

/**
 * A motion event of a running session moves one small item: those of a sensor hold the motion events of sessions that
 * are over, since at most one is running and is read from where it is.
 */
function sessionCells(tenantId: string, session: Session): Cell[] {
  const slot = slotOf(session.startedAt);
  const duration = durationOf(session);
  const counts = {
    sessions: 1,
    running: duration === undefined ? 1 : 0,
    durationMs: duration ?? 0,
    started: session.playback.started ? 1 : 0,
    failed: hasFailed(session.playback) ? 1 : 0,
    offsetMs: session.startedAt - slot * SLOT_MS,
  };
  const settled = duration === undefined ? 0 : session.motionEventCount;
  const [tenantPk, ownPk] = [`${tenantId}#SESSIONS`, sensorPk(tenantId, sensorOf(session))];
  const [day, place] = [dayOf(slot), slot % SLOTS_OF_DAY];
  const date = Number(dayName(day).slice(8));
  return [
    ...counters(tenantPk, keys.counts(day), SESSION_LETTERS, counts, place),
    ...counters(tenantPk, keys.moving(day), SESSION_LETTERS, { motions: session.motionEventCount }, place),
    ...durations(tenantPk, slot, duration),
    ...counters(ownPk, keys.day(day), SESSION_LETTERS, { ...counts, motions: settled }, place),
    ...(duration === undefined
      ? []
      : [{ pk: ownPk, sk: keys.dayBins(day), name: binName(binOf(duration), place), n: 1 }]),
    ...counters(ownPk, keys.month(day), SESSION_LETTERS, { sessions: 1, motions: settled }, date),
    ...timeCells(tenantPk, ownPk, session),
    ...session.labels.map((label) => (
      { pk: labelsPk(tenantId), sk: keys.label(label, day), name: counterName(SESSION_LETTERS.sessions, date), n: 1 }
    )),
  ];
}

/** Where the time of a session that is over lies, without its pauses; of one that goes on for long, that it may reach far. */
function timeCells(tenantPk: string, ownPk: string, session: Session): Cell[] {
  const { startedAt, endedAt, checkAt } = session;
  const day = dayOf(slotOf(startedAt));
  const first = day * SLOTS_OF_DAY;
  const isLong = (at: number) => slotOf(at) - first >= SHORT_DAYS * SLOTS_OF_DAY;
  if (endedAt === undefined) {
    const name = counterName(SESSION_LETTERS.running, slotOf(startedAt) - first);
    return checkAt !== undefined && isLong(checkAt)
      ? [tenantPk, ownPk].map((pk) => ({ pk, sk: keys.long(day), name, n: 1 }))
      : [];
  }
  const active = activeStretchesOf({ ...session, endedAt });
  const times = [
    ...active.flatMap(({ from, to }) => spentBetween(from, to)),
    ...pausesOf(session).flatMap(({ from, to = endedAt }) => pausedBetween(from, to)),
  ];
  const spent = times.map(({ name, slot, n }) => ({ name: counterName(TIME_LETTERS[name], slot - first), n }));
  if (isLong(endedAt)) {
    return [tenantPk, ownPk].flatMap((pk) => spent.map((cell) => ({ pk, sk: keys.long(day), ...cell })));
  }
  const date = Number(dayName(day).slice(8));
  return [
    ...spent.map((cell) => ({ pk: tenantPk, sk: keys.time(day), ...cell })),
    ...spent.map((cell) => ({ pk: ownPk, sk: keys.day(day), ...cell })),
    ...active.map(({ from, to }) => (
      { pk: ownPk, sk: keys.month(day), name: counterName(LENGTH_LETTER, date), n: to - from }
    )),
  ];
}

type Time = { name: keyof typeof TIME_LETTERS; slot: number; n: number };

/** The slots that a pause touches: what is open in them is looked for there too. */
function pausedBetween(fromAt: number, toAt: number): Time[] {
  return [{ name: "paused", slot: slotOf(fromAt), n: 1 }, { name: "paused", slot: slotOf(toAt) + 1, n: -1 }];
}

/** The time from one instant to another by slots: at most four numbers. */
function spentBetween(fromAt: number, toAt: number): Time[] {
  if (toAt <= fromAt) return [];
  const [from, to] = [slotOf(fromAt), slotOf(toAt)];
  if (from === to) return [{ name: "partialMs", slot: from, n: toAt - fromAt }];
  const rest = toAt - to * SLOT_MS;
  return [
    { name: "partialMs", slot: from, n: (from + 1) * SLOT_MS - fromAt },
    ...(to > from + 1
      ? [{ name: "filled" as const, slot: from + 1, n: 1 }, { name: "filled" as const, slot: to, n: -1 }]
      : []),
    ...(rest > 0 ? [{ name: "partialMs" as const, slot: to, n: rest }] : []),
  ];
}

/** Whether playback was tried and is not said to have started. */
function hasFailed({ started, startedAt, failure }: Playback): boolean {
  return !started && (startedAt !== undefined || failure !== undefined);
}

function journeyCells(tenantId: string, journey: Journey): Cell[] {
  const pk = `${tenantId}#JOURNEYS`;
  const slot = slotOf(journey.startedAt);
  const [day, place] = [dayOf(slot), slot % SLOTS_OF_DAY];
  const outcome = outcomeOf(journey, journey.endedAt);
  const isEngaged = outcome !== outcomeOf(journey, Infinity);
  const counts = { journeys: 1, ...(isEngaged ? { engaged: 1 } : outcome === "BROWSING" ? {} : { [outcome]: 1 }) };
  const moving = { events: journey.eventCount, messages: journey.userMessageCount + journey.botMessageCount };
  const abandonedAt = journey.endedAt + IDLE_MS;
  return [
    ...counters(pk, keys.counts(day), JOURNEY_LETTERS, counts, place),
    ...counters(pk, keys.moving(day), JOURNEY_LETTERS, moving, place),
    ...durations(pk, slot, journey.endedAt - journey.startedAt),
    ...(isEngaged
      ? [{
        pk: `${tenantId}#PENDING`,
        sk: keys.minute(abandonedAt),
        name: counterName("n", slot),
        n: 1,
        until: abandonedAt,
      }]
      : []),
  ];
}

function counters<L extends Record<string, string>>(
  pk: string,
  sk: string,
  letters: L,
  counts: { [Name in keyof L]?: number },
  place: number,
): Cell[] {
  return Object.entries(counts).map(([name, n]) => ({
    pk,
    sk,
    name: counterName(letters[name]!, place),
    n: n as number,
  }));
}

function durations(pk: string, slot: number, duration: number | undefined): Cell[] {
  if (duration === undefined) return [];
  const bin = binOf(duration);
  return [
    { pk, sk: keys.dayBins(dayOf(slot)), name: binName(bin), n: 1 },
    { pk, sk: keys.hourBins(slot), name: binName(bin, quarterOf(slot)), n: 1 },
  ];
}
