import pMap from "p-map";
import type { TransactWrite } from "../aws/dynamo.ts";
import { type Clock, MINUTE_MS } from "../core/clock.ts";
import { NotIndexedError } from "../core/errors.ts";
import { pages, parseFirst } from "../core/page.ts";
import type { RangeInput, TimeRange } from "../core/range.ts";
import type { Sensor, Session } from "../sessions/model.ts";
import { percentilesOf } from "./bins.ts";
import { type ItemChange, JOURNEY_LETTERS, SESSION_LETTERS, SLOT_MS, slotOf } from "./cells.ts";
import {
  type JourneyAnalytics,
  type LabelCount,
  LIMITS,
  parseAnalyticsRange,
  parseCalendar,
  type SensorActivity,
  type SensorOrder,
  type SessionAnalytics,
  type SessionSlot,
} from "./model.ts";
import { createReading, type SensorCount } from "./reading.ts";
import {
  conversions,
  hoursOfWeek,
  journeyPeriods,
  outcomesOf,
  peakHourOf,
  rank,
  ratio,
  sessionPeriods,
  spentByHour,
  spentByPeriod,
  startWithin,
  successOf,
  total,
} from "./rules.ts";
import { nameOf, type RollupStore } from "./store.ts";
import { type Calendar, createZone, type PeriodUnit } from "../core/zone.ts";
import type { Spent } from "./time.ts";

export type Analytics = ReturnType<typeof createAnalytics>;

const CONCURRENCY = 32;
/** Clocks of processes differ by less. */
const CLOCKS_MS = 10 * MINUTE_MS;

/** Among so many of the newest sessions of a sensor those that run are looked for. */
const NEAR_ROWS = 10;

export type AnalyticsOptions = {
  store: RollupStore;
  /** Where sessions themselves are asked: which is kept as running, as rollups have it. */
  sessions: {
    find: (tenantId: string, sessionIds: readonly string[]) => Promise<Map<string, Session>>;
    findSensors: (tenantId: string, sensorIds: readonly string[]) => Promise<Map<string, Sensor>>;
  };
  lists: {
    outerStarts: (
      tenantId: string,
      sensorId: string | undefined,
      fromAt: number,
      toAt: number,
    ) => Promise<{ first: number | undefined; last: number | undefined }>;
    running: (tenantId: string, sensorId: string, range: TimeRange, rows: number) => Promise<Session[]>;
    sensors: (
      tenantId: string,
      page: { limit: number; after: string | undefined },
    ) => Promise<{ sensors: Sensor[]; next: string | undefined }>;
  };
  clock: Clock;
  /** False while journeys are kept in the object store only. */
  indexed: boolean;
};

export function createAnalytics({ store, sessions, lists, clock, indexed }: AnalyticsOptions) {
  const reading = createReading(store);

  return {
    /**
     * Counts a part of a stream into the rollups: one write for each item that it moves, nothing read. What was counted
     * before is left out, whoever counted it and however the stream was cut.
     */
    roll: async (changes: readonly ItemChange[]): Promise<void> => {
      await pMap(groupByItem(changes), (own) => store.count(own, clock()), { concurrency: CONCURRENCY });
    },

    /** What counts changes that were left out in their turn: parts of transactions that say they are done once. */
    lateWrites: (changes: readonly ItemChange[]): TransactWrite[] =>
      groupByItem(changes).map((own) => store.writeOf(own)),

    /** Numbers over the sessions of a tenant, or of one sensor, that started in a range. Throws InvalidInputError. */
    async sessions(
      tenantId: string,
      sensorId: string | undefined,
      input: RangeInput,
      calendar: Calendar,
    ): Promise<SessionAnalytics> {
      const range = parseAnalyticsRange(input, clock());
      const by = parseCalendar(calendar);
      if (sensorId === undefined) {
        const pk = `${tenantId}#SESSIONS`;
        const slots = await reading.slots(pk, range, SESSION_LETTERS);
        return sessionNumbers(tenantId, undefined, range, by, slots, {
          bins: () => reading.bins(pk, range),
          time: () => reading.time(pk, range),
        });
      }
      const slots = await reading.sensorSlots(tenantId, sensorId, range);
      const running = await findRunning(tenantId, [sensorId], range, total(slots, "running"));
      const whole = withRunning(slots, running.get(sensorId) ?? []);
      return sessionNumbers(tenantId, sensorId, range, by, whole, {
        bins: () => reading.sensorBins(tenantId, sensorId, range),
        time: () => reading.sensorTime(tenantId, sensorId, range),
      });
    },

    /** Numbers over the journeys that started in a range. Throws InvalidInputError and NotIndexedError. */
    async journeys(tenantId: string, input: RangeInput, calendar: Calendar): Promise<JourneyAnalytics> {
      if (!indexed) throw new NotIndexedError();
      const now = clock();
      const range = parseAnalyticsRange(input, now);
      const zone = createZone(parseCalendar(calendar), range);
      const pk = `${tenantId}#JOURNEYS`;
      const [slots, pending] = await Promise.all([
        reading.slots(pk, range, JOURNEY_LETTERS),
        store.pending(tenantId, now),
      ]);
      const waiting = slots.reduce((sum, { slot }) => sum + (pending.get(slot) ?? 0), 0);
      const journeys = total(slots, "journeys");
      return {
        totalJourneys: journeys,
        totalEvents: total(slots, "events"),
        outcomes: outcomesOf(slots, waiting),
        conversionRate: ratio(conversions(slots), journeys),
        averageMessages: ratio(total(slots, "messages"), journeys),
        durationPercentiles: async () => percentilesOf(await reading.bins(pk, range)),
        byDay: () => journeyPeriods(slots, zone, now),
      };
    },

    /** The labels of sessions that started on the UTC days of a range, most sessions first. Throws InvalidInputError. */
    async labels(tenantId: string, input: RangeInput, first: number): Promise<LabelCount[]> {
      const most = parseFirst(first, LIMITS.labels);
      return await reading.labels(tenantId, parseAnalyticsRange(input, clock()), most);
    },
  };

  function groupByItem(changes: readonly ItemChange[]): ItemChange[][] {
    // What nobody reads any more is not written either: history that is loaded waits for nothing.
    const since = clock() - CLOCKS_MS;
    const moved = changes.filter(({ until }) => until === undefined || until >= since);
    return [...Map.groupBy(moved, nameOf).values()];
  }

  function sessionNumbers(
    tenantId: string,
    sensorId: string | undefined,
    range: TimeRange,
    calendar: Calendar,
    slots: readonly SessionSlot[],
    read: { bins: () => Promise<Map<number, number>>; time: () => Promise<Spent> },
  ): SessionAnalytics {
    const zone = createZone(calendar, range);
    const now = clock();
    const time = once(read.time);
    const activeTime = async () => [...(await time()).values()].reduce((sum, ms) => sum + ms, 0);
    const periods = (unit: PeriodUnit) => {
      const spent = once(async () => spentByPeriod(await time(), zone, unit));
      return sessionPeriods(slots, zone, unit, now)
        .map((period) => ({ ...period, activeTime: async () => (await spent()).get(period.day) ?? 0 }));
    };
    const [all, running, motions] = [total(slots, "sessions"), total(slots, "running"), total(slots, "motions")];
    const completed = all - running;
    const totalDuration = total(slots, "durationMs");
    return {
      totalSessions: all,
      activeSessions: running,
      completedSessions: completed,
      totalMotionEvents: motions,
      averageMotionEventsPerSession: ratio(motions, all),
      totalDuration,
      activeTime,
      averageDuration: rounded(ratio(totalDuration, completed)),
      durationPercentiles: async () => percentilesOf(await read.bins()),
      averageTimeBetweenSessions: () => timeBetween(tenantId, sensorId, range, slots),
      peakHour: () => peakHourOf(slots, zone),
      sessionsWithPlayback: total(slots, "started"),
      playbackSuccessRate: successOf(slots),
      byDay: () => periods("day"),
      byWeek: () => periods("week"),
      byMonth: () => periods("month"),
      byHourOfWeek: () => {
        const spent = once(async () => spentByHour(await time(), zone));
        return hoursOfWeek(slots, zone).map((cell, i) => (
          { ...cell, activeTime: async () => (await spent()).get(i) ?? 0 }
        ));
      },
      topSensors: async (first, order) => {
        const most = parseFirst(first, LIMITS.topSensors);
        if (sensorId === undefined) return await topSensors(tenantId, range, most, order, running);
        const own = { sensor: { tenantId, sensorId }, sessions: all, motionEvents: motions, activeTime };
        const weight = order === "SESSIONS" ? all : await activeTime();
        return rank([own], most, () => weight);
      },
    };
  }

  /** From the first start to the last, shared among the pauses between. Starts of sessions that are gone are from their slots. */
  async function timeBetween(
    tenantId: string,
    sensorId: string | undefined,
    { fromAt, toAt }: TimeRange,
    slots: readonly SessionSlot[],
  ): Promise<number | null> {
    const filled = slots.filter(({ counts }) => (counts.sessions ?? 0) > 0);
    const count = total(filled, "sessions");
    if (count < 2) return null;
    const { first, last } = await lists.outerStarts(tenantId, sensorId, fromAt, toAt);
    const startOf = (slot: SessionSlot, found: number | undefined) =>
      found !== undefined && slotOf(found) === slot.slot ? found : startWithin(slot);
    return Math.round((startOf(filled.at(-1)!, last) - startOf(filled[0]!, first)) / (count - 1));
  }

  async function topSensors(
    tenantId: string,
    range: TimeRange,
    first: number,
    order: SensorOrder,
    running: number,
  ): Promise<SensorActivity[]> {
    const ids = await listSensorIds(tenantId);
    const counts = (await reading.sensors(tenantId, ids, range)).map((count) => activityOf(tenantId, count));
    const times = order === "SESSIONS" ? undefined : await reading.sensorsTime(tenantId, ids, range);
    const top = times
      ? rank(counts, first, ({ sensor }) => times.get(sensor.sensorId) ?? 0)
      : rank(counts, first, ({ sessions }) => sessions);
    const ofTop = once(() =>
      times ? Promise.resolve(times) : reading.sensorsTime(tenantId, top.map(({ sensor }) => sensor.sensorId), range)
    );
    const found = await findRunning(tenantId, top.map(({ sensor }) => sensor.sensorId), range, running);
    return top.map((counted) => {
      const activity = {
        ...counted,
        activeTime: async () => (await ofTop()).get(counted.sensor.sensorId) ?? 0,
      };
      const going = found.get(activity.sensor.sensorId) ?? [];
      return {
        ...activity,
        motionEvents: going.reduce((sum, own) => sum + own.motionEventCount, activity.motionEvents),
      };
    });
  }

  async function listSensorIds(tenantId: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { sensors } of pages((after?: string) => lists.sensors(tenantId, { limit: 1_000, after }))) {
      found.push(...sensors.map(({ sensorId }) => sensorId));
    }
    return found;
  }

  /**
   * The running sessions of sensors that began in a range, in which so many of the tenant or the sensor run: mostly one each,
   * its latest. Where these are not all of them, as with two devices at one sensor, each sensor's newest are looked at. To be
   * read after the rollups: a session that runs now ran then, so its motion events are not among theirs.
   */
  async function findRunning(
    tenantId: string,
    sensorIds: readonly string[],
    range: TimeRange,
    count: number,
  ): Promise<Map<string, Session[]>> {
    const sensors = await sessions.findSensors(tenantId, sensorIds);
    const latest = [...sensors.values()].flatMap(({ latestSessionId }) => latestSessionId ?? []);
    const isIn = ({ status, startedAt }: Session) =>
      status === "ACTIVE" && startedAt >= range.fromAt && startedAt < range.toAt;
    const found = [...(await sessions.find(tenantId, latest)).values()].filter(isIn);
    const listed = found.length >= count ? [] : await pMap(
      sensorIds,
      (sensorId) => lists.running(tenantId, sensorId, range, NEAR_ROWS),
      { concurrency: CONCURRENCY },
    );
    const all = new Map([...found, ...listed.flat().filter(isIn)].map((session) => [session.sessionId, session]));
    return Map.groupBy(all.values(), (session) => session.shownAt ?? session.sensorId);
  }
}

/** The slots with the motion events of running sessions, where a slot is known to hold one that runs. */
function withRunning(slots: readonly SessionSlot[], running: readonly Session[]): SessionSlot[] {
  return slots.map((slot) => {
    if ((slot.counts.running ?? 0) === 0) return slot;
    const own = running.filter(({ startedAt }) => Math.floor(startedAt / SLOT_MS) === slot.slot);
    const motions = own.reduce((sum, session) => sum + session.motionEventCount, slot.counts.motions ?? 0);
    return motions === 0 ? slot : { slot: slot.slot, counts: { ...slot.counts, motions } };
  });
}

/** What a call gives, called at the first time that it is asked for and not again. */
function once<T>(call: () => Promise<T>): () => Promise<T> {
  let called: Promise<T> | undefined;
  return () => called ??= call();
}

function activityOf(
  tenantId: string,
  { sensorId, sessions, motions }: SensorCount,
): Omit<SensorActivity, "activeTime"> {
  return { sensor: { tenantId, sensorId }, sessions, motionEvents: motions };
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
