import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { between } from "../kit/analytics.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { itemsOf, removeItem } from "../kit/dump.ts";
import { batchOf, mutate, sessionOf } from "../kit/sessions.ts";
import { expectedTime, type Stretch, wallOf } from "../proof/time-oracle.ts";
import { createRandom } from "../proof/random.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 28, 9, 7);
/** Days around which clocks of the zones below change, forward and back. */
const CHANGES = [[2, 8], [2, 29], [3, 5], [8, 6], [8, 27], [9, 4], [9, 25], [10, 1]].map(([month, day]) =>
  Date.UTC(2026, month, day)
);
/** Two change by an hour at night, one at midnight, one by half an hour, one at 45 minutes past. */
const ZONES = ["Europe/Madrid", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Pacific/Chatham"];
const iso = (at: number) => new Date(at).toISOString();
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const QUERY = `query ($range: TimeRange!, $zone: TimeZone!, $day: Int!, $week: FirstWeekday!) {
  sessionAnalytics(range: $range, timeZone: $zone, dayStartsAt: $day, weekStartsOn: $week) {
    activeTime byDay { start activeTime } byWeek { start activeTime } byHourOfWeek { weekday hour activeTime }
    topSensors(first: 100, by: ACTIVE_TIME) { sensor { sensorId } activeTime } } }`;

type Asked = { zone: string; dayStartsAt?: number; weekStartsOn?: "MONDAY" | "SUNDAY" };

/** What the service says, in the form of the oracle. */
async function timeOf(
  tenant: string,
  from: number,
  to: number,
  { zone, dayStartsAt = 0, weekStartsOn = "MONDAY" }: Asked,
) {
  const variables = { range: between(from, to), zone, day: dayStartsAt, week: weekStartsOn };
  const { data, errors } = await api.ask(tenant, QUERY, variables);
  if (errors) throw new Error(JSON.stringify(errors));
  const { activeTime, byDay, byWeek, byHourOfWeek, topSensors } = data.sessionAnalytics;
  const wall = wallOf(zone);
  const dates = (periods: { start: string; activeTime: number }[]) =>
    Object.fromEntries(
      periods.filter((own) => own.activeTime > 0).map((own) => [wall(Date.parse(own.start)).date, own.activeTime]),
    );
  type Hour = { weekday: number; hour: number; activeTime: number };
  type Top = { sensor: { sensorId: string }; activeTime: number };
  const hours = (byHourOfWeek as Hour[]).filter((own) => own.activeTime > 0);
  return {
    total: activeTime,
    days: dates(byDay),
    weeks: dates(byWeek),
    hours: Object.fromEntries(hours.map((own) => [`${own.weekday} ${own.hour}`, own.activeTime])),
    sensors: Object.fromEntries((topSensors as Top[]).map((own) => [own.sensor.sensorId, own.activeTime])),
  };
}

/** A session with its pauses, which may overlap each other and the session's ends. */
type Paused = Stretch & { pauses?: readonly (readonly [from: number, to: number])[] | undefined };

/** What is left of a session without its pauses. */
function activeOf({ sensorId, startedAt, endedAt, pauses = [] }: Paused): Stretch[] {
  let parts = [[startedAt, endedAt] as const];
  for (const [from, to] of pauses) {
    parts = parts.flatMap(([first, last]) =>
      to <= first || last <= from ? [[first, last] as const] : [[first, from] as const, [to, last] as const]
    ).filter(([first, last]) => first < last);
  }
  return parts.map(([first, last]) => ({ sensorId, startedAt: first, endedAt: last }));
}

async function session(tenant: string, sessionId: string, { sensorId, startedAt, endedAt, pauses = [] }: Paused) {
  await mutate(api, tenant, "createSession", { sessionId, sensorId, startedAt: iso(startedAt) });
  for (const [from, to] of pauses) {
    await mutate(api, tenant, "recordPause", { sessionId, from: iso(from), to: iso(to) });
  }
  await mutate(api, tenant, "endSession", { sessionId, endedAt: iso(endedAt) });
}

describe("active time", () => {
  const random = createRandom("active time");
  const stretches = new Map<string, Paused>();
  const pausedIn = ({ startedAt, endedAt }: Stretch): Paused["pauses"] =>
    random() < 0.6 ? [] : Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
      const from = startedAt - HOUR + Math.floor(random() * (endedAt - startedAt + HOUR));
      return [from, from + Math.floor(random() * random() * 12 * HOUR)] as const;
    });

  beforeAll(async () => {
    for (const [i, around] of CHANGES.entries()) {
      for (const sensorId of ["hall", "door#1"]) {
        let at = around - 2 * DAY + Math.floor(random() * 6 * HOUR);
        for (let n = 0; at < around + 2 * DAY; n++) {
          // Most are short; some last a night, one in some weeks longer than the eight days that are near.
          const pick = random();
          const length = pick < 0.1
            ? 0
            : pick < 0.7
            ? random() * 3 * HOUR
            : pick < 0.95
            ? random() * 30 * HOUR
            : 9 * DAY;
          const whole = { sensorId, startedAt: at, endedAt: at + Math.floor(length) };
          const own = { ...whole, pauses: pausedIn(whole) };
          stretches.set(`${sensorId}-${i}-${n}`, own);
          await session("time", `${sensorId}-${i}-${n}`, own);
          at = own.endedAt + Math.floor(random() * 8 * HOUR) + 1;
        }
      }
    }
    const long: Paused = {
      ...{ sensorId: "slow", startedAt: Date.UTC(2026, 1, 3, 4, 5), endedAt: Date.UTC(2026, 9, 30) },
      pauses: [[Date.UTC(2026, 1, 10), Date.UTC(2026, 1, 25, 7, 7)]],
    };
    await session("time", "long", long);
    stretches.set("long", long);
    await api.settle();
  });

  const expectSame = async (from: number, to: number, asked: Asked) => {
    const { zone, dayStartsAt = 0, weekStartsOn = "MONDAY" } = asked;
    const expected = expectedTime([...stretches.values()].flatMap(activeOf), from, to, {
      zone,
      dayStartsAt,
      weekStartsOn,
    });
    expect(await timeOf("time", from, to, asked)).toEqual(expected);
    return expected.total;
  };

  test.each(ZONES)(
    "lies where an independent computation puts it, over both changes of the clock: %s",
    async (zone) => {
      const [from, to] = [Date.UTC(2026, 0, 31, 5, 30), Date.UTC(2026, 10, 20, 11, 15)];
      expect(stretches.size).toBeGreaterThan(80);
      expect(await expectSame(from, to, { zone })).toBeGreaterThan(1_000 * HOUR);
      await expectSame(from, to, { zone, dayStartsAt: 4, weekStartsOn: "SUNDAY" });
      // Ranges that begin and end inside sessions.
      for (const around of CHANGES) await expectSame(around - 20 * HOUR, around + 25 * HOUR, { zone, dayStartsAt: 2 });
    },
  );

  test("follows what is corrected, deleted and brought back", async () => {
    const [from, to] = [Date.UTC(2026, 2, 1), Date.UTC(2026, 3, 20)];
    const [own] = [...stretches].filter(([, { endedAt, startedAt }]) => endedAt - startedAt > 5 * HOUR);
    const [sessionId, known] = own!;
    const seen = await sessionOf(api, "time", sessionId);
    const startedAt = known.startedAt + 90 * MIN;
    const input = {
      sessionId,
      expectedVersion: seen.version,
      startedAt: iso(startedAt),
      endedAt: iso(startedAt + HOUR),
    };
    await mutate(api, "time", "correctSession", input);
    stretches.set(sessionId, { ...known, startedAt, endedAt: startedAt + HOUR });
    await api.settle();
    await expectSame(from, to, { zone: "UTC" });
    const { version } = await sessionOf(api, "time", sessionId);
    await mutate(api, "time", "deleteSession", { sessionId, expectedVersion: version });
    stretches.delete(sessionId);
    await api.settle();
    await expectSame(from, to, { zone: "UTC" });
    await mutate(api, "time", "restoreSession", { sessionId });
    stretches.set(sessionId, { ...known, startedAt, endedAt: startedAt + HOUR });
    await api.settle();
    await expectSame(from, to, { zone: "UTC" });
  });

  test("agrees with a recount of its days, which makes it anew where it is gone", async () => {
    const audit = async (repair: boolean) => {
      const range = between(Date.UTC(2026, 2, 26), Date.UTC(2026, 3, 6));
      const { data } = await api.ask(
        "time",
        `mutation ($input: AuditAnalyticsInput!) { auditAnalytics(input: $input) {
        ... on AuditAnalyticsPayload { differences { number } repaired } } }`,
        { input: { of: "SESSIONS", range, repair } },
      );
      return data.auditAnalytics;
    };
    expect(await audit(false)).toMatchObject({ differences: [], repaired: 0 });
    // As on days from before it was counted.
    const rollups = (await itemsOf(api.system, "rollups")).filter(({ pk, sk }) =>
      pk!.S === "time#SESSIONS" && /^(2026-04-0[1-5]#t|long#2026-(03-2[6-9]|03-3|04-0[1-5]))/.test(sk!.S!)
    );
    expect(rollups.length).toBeGreaterThan(1);
    for (const { pk, sk } of rollups) {
      await removeItem(api.system, "rollups", { pk: pk!, sk: sk! });
    }
    const repaired = await audit(true);
    expect(repaired.repaired).toBeGreaterThan(rollups.length);
    await expectSame(Date.UTC(2026, 2, 20), Date.UTC(2026, 3, 12), { zone: "America/Santiago" });
  });

  test("does not hold sessions that go on; a sensor's own numbers are its own", async () => {
    await mutate(api, "live", "recordMotion", { sensorId: "porch", at: iso(NOW - MIN) });
    await session("live", "s", { sensorId: "hall", startedAt: NOW - 3 * HOUR, endedAt: NOW - 2 * HOUR });
    await api.settle();
    const { data } = await api.ask(
      "live",
      `query ($range: TimeRange!) {
      sessionAnalytics(range: $range) { activeTime topSensors { sensor { sensorId } sessions activeTime }
        byDay { start isOpen } byMonth { isOpen activeTime } }
      sensor(sensorId: "hall") { analytics(range: $range) { activeTime topSensors(by: ACTIVE_TIME) { activeTime } } }
    }`,
      { range: between(NOW - 2 * DAY, NOW) },
    );
    const { activeTime, topSensors, byDay, byMonth } = data.sessionAnalytics;
    expect(activeTime).toBe(HOUR);
    expect(topSensors).toEqual([
      { sensor: { sensorId: "hall" }, sessions: 1, activeTime: HOUR },
      { sensor: { sensorId: "porch" }, sessions: 1, activeTime: 0 },
    ]);
    expect(data.sensor.analytics).toEqual({ activeTime: HOUR, topSensors: [{ activeTime: HOUR }] });
    expect(byDay.map(({ isOpen }: { isOpen: boolean }) => isOpen)).toEqual([false, false, true]);
    expect(byMonth).toEqual([{ isOpen: true, activeTime: HOUR }]);
  });

  test.each([-1, 24])("has days that begin at an hour: %i is refused", async (hour) => {
    const { errors } = await api.ask(
      "live",
      `query ($hour: Int!) {
      sessionAnalytics(range: { last: DAY }, dayStartsAt: $hour) { activeTime } }`,
      { hour },
    );
    expect(errors![0]!.message).toContain(`dayStartsAt: must be an hour from 0 to 23, got ${hour}`);
  });
});

describe("sessions that overlap a range", () => {
  const idsOf = async (tenant: string, filter: object, page = "first: 100") => {
    const query = `query ($filter: SessionFilter!) { sessions(filter: $filter, ${page}) {
      nodes { sessionId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
    const { data, errors } = await api.ask(tenant, query, { filter });
    if (errors) throw new Error(JSON.stringify(errors));
    const { nodes, pageInfo } = data.sessions;
    return { ids: nodes.map(({ sessionId }: { sessionId: string }) => sessionId) as string[], ...pageInfo };
  };

  test("are those of which some time lies in it, latest start first, whatever their length", async () => {
    const random = createRandom("overlaps");
    const all: (Stretch & { sessionId: string })[] = [];
    const base = Date.UTC(2026, 5, 1);
    for (let i = 0; i < 60; i++) {
      const startedAt = base + Math.floor(random() * 30 * DAY);
      const length = Math.floor(random() < 0.3 ? 0 : random() < 0.8 ? random() * 20 * HOUR : random() * 20 * DAY);
      all.push({ sessionId: `o${i}`, sensorId: `at-${i % 7}-${i}`, startedAt, endedAt: startedAt + length });
      await session("over", `o${i}`, all[i]!);
    }
    await api.settle();
    const ranges = Array.from({ length: 12 }, () => {
      const from = base + Math.floor(random() * 40 * DAY);
      return { from, to: from + 1 + Math.floor(random() * random() * 5 * DAY) };
    });
    for (const { from, to } of [...ranges, { from: all[5]!.endedAt, to: all[5]!.endedAt + 1 }]) {
      const expected = all
        .filter((own) => own.startedAt < to && (own.endedAt > from || own.startedAt >= from))
        .sort((a, b) => b.startedAt - a.startedAt).map((own) => own.sessionId);
      const overlaps = { from: iso(from), to: iso(to) };
      expect((await idsOf("over", { overlaps })).ids).toEqual(expected);
      // Page by page, forward and backward, the same.
      const forward: string[] = [];
      for (let after = "";;) {
        const page = await idsOf("over", { overlaps }, `first: 3${after && `, after: "${after}"`}`);
        forward.push(...page.ids);
        if (!page.hasNextPage) break;
        after = page.endCursor;
      }
      expect(forward).toEqual(expected);
      const backward: string[] = [];
      for (let before = "";;) {
        const page = await idsOf("over", { overlaps }, `last: 2${before && `, before: "${before}"`}`);
        backward.unshift(...page.ids);
        if (!page.hasPreviousPage) break;
        before = page.startCursor;
      }
      expect(backward).toEqual(expected);
    }
    const [one] = all.filter((own) => own.endedAt - own.startedAt > 3 * HOUR);
    const overlaps = { from: iso(one!.startedAt + HOUR), to: iso(one!.startedAt + 2 * HOUR) };
    expect((await idsOf("over", { overlaps, sensorId: one!.sensorId })).ids).toEqual([one!.sessionId]);
    expect((await idsOf("over", { overlaps, sensorId: one!.sensorId, status: "ACTIVE" })).ids).toEqual([]);
  });

  test("hold those that go on, also long ones, and read no days in which nothing reaches it", async () => {
    // A device that has been uploading for twelve days, and is not done.
    for (let day = 0; day <= 12; day++) {
      const readings = [{ at: iso(NOW - MIN - (12 - day) * DAY), values: [1, 2] }];
      await mutate(api, "on", "ingestSessionBatch", { ...batchOf("up", day, NOW), readings });
    }
    for (let i = 0; i < 20; i++) {
      const startedAt = NOW - 2 * DAY + i * HOUR;
      await session("on", `s${i}`, { sensorId: "hall", startedAt, endedAt: startedAt + 30 * MIN });
    }
    await api.settle();
    const overlaps = { from: iso(NOW - 2 * MIN), to: iso(NOW) };
    expect((await idsOf("on", { overlaps })).ids).toEqual(["up"]);
    api.takeCosts();
    const filter = { overlaps: { from: iso(NOW - 2 * DAY + 40 * MIN), to: iso(NOW - 2 * DAY + HOUR) } };
    expect((await idsOf("on", filter)).ids).toEqual(["up"]);
    const reads = api.takeCosts();
    expect(reads.filter(({ table }) => table.endsWith("sessions")).length).toBeLessThanOrEqual(4);
  });

  test("hold those that are paused in it, also on another day than they began on", async () => {
    const pauses = [[NOW - 40 * HOUR, NOW - 4 * HOUR]] as const;
    await session("rest", "hike", { sensorId: "watch", startedAt: NOW - 50 * HOUR, endedAt: NOW - 2 * HOUR, pauses });
    await session("rest", "away", {
      ...{ sensorId: "watch", startedAt: NOW - 11 * DAY, endedAt: NOW - 51 * HOUR },
      pauses: [[NOW - 10 * DAY, NOW - 60 * HOUR]],
    });
    await api.settle();
    for (const sensorId of [null, "watch"]) {
      for (const [from, ids] of [[41, ["hike"]], [30, ["hike"]], [3, ["hike"]], [1, []], [100, ["away"]]] as const) {
        const overlaps = { from: iso(NOW - from * HOUR), to: iso(NOW - from * HOUR + MIN) };
        expect([from, (await idsOf("rest", { overlaps, sensorId })).ids]).toEqual([from, ids]);
      }
    }
    expect((await timeOf("rest", NOW - 4 * DAY, NOW, { zone: "UTC" })).total).toBe(10 * HOUR + 2 * HOUR + 9 * HOUR);
  });

  test("are refused where the range ends before it begins", async () => {
    const { errors } = await api.ask(
      "on",
      `{ sessions(filter: { overlaps: {
      from: "2026-02-01T00:00:00Z", to: "2026-01-01T00:00:00Z" } }) { nodes { id } } }`,
    );
    expect(errors![0]!.message).toContain("filter.overlaps.to: must be later than `from`");
  });
});
