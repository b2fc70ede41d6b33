import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { between, sessionNumbers } from "../kit/analytics.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { itemsOf } from "../kit/dump.ts";
import { batchOf, mutate } from "../kit/sessions.ts";
import { expectedNumbers, type Fact, percentileError } from "../proof/analytics-oracle.ts";
import { createRandom } from "../proof/random.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;
/** Clocks of Madrid went back on 25 October, those of Lord Howe forward by half an hour on 4 October. */
const NOW = Date.UTC(2026, 10, 3, 12, 7);
const FROM = Date.UTC(2026, 8, 28, 5, 20);
const clock = { now: NOW };
let api: TestApp;

beforeAll(async () => {
  api = await startTestApp({ clock: () => clock.now });
});
beforeEach(() => {
  clock.now = NOW;
});
afterAll(() => api.stop());

const iso = (at: number) => new Date(at).toISOString();
const motion = (tenant: string, sensorId: string, seq: number, at: number) =>
  mutate(api, tenant, "recordMotion", { sensorId, seq, at: iso(at) });
const sweep = () => api.app.jobs[0]!.run();

async function numbers(tenant: string, from = FROM, to = NOW, options: { zone?: string; sensorId?: string } = {}) {
  await api.settle();
  return await sessionNumbers(api, tenant, between(from, to), options);
}

/** Every number equals what the facts say, percentiles within 2 %. */
function expectNumbers(found: Awaited<ReturnType<typeof numbers>>, exact: ReturnType<typeof expectedNumbers>) {
  expect({ ...found, durationPercentiles: null }).toEqual({ ...exact, durationPercentiles: null });
  expect(percentileError(found.durationPercentiles, exact.durationPercentiles)).toBeLessThanOrEqual(0.02);
}

async function removeItem(sessionId: string, isExpiry: boolean): Promise<void> {
  const item = (await itemsOf(api.system, "sessions")).find(({ sk }) => sk?.S === `${sessionId}#SESSION`)!;
  const key = { pk: item.pk!, sk: item.sk! };
  if (isExpiry) {
    // A removal that the stream says was DynamoDB's own; the item goes as well.
    const record = {
      shard: "s",
      sequence: "9".repeat(30),
      keys: unmarshall(key),
      before: unmarshall(item),
      after: undefined,
    };
    await api.app.ingestStream("sessions", [{ ...record, isExpiry: true, arrivedAt: 0 }]);
    return;
  }
  await api.system.clients.dynamodb.send(
    new DeleteItemCommand({ TableName: `${api.system.prefix}-sessions`, Key: key }),
  );
}

describe("numbers over sessions", () => {
  const random = createRandom("analytics");
  const facts: Fact[] = [];

  test("equal what the sessions themselves say, in any zone and across changes of the clock", async () => {
    for (const sensorId of ["hall", "door#1"]) {
      let at = FROM + Math.floor(random() * DAY);
      for (let seq = 0; at < NOW - HOUR;) {
        const events = 1 + Math.floor(random() * 3);
        const startedAt = at;
        for (let i = 0; i < events; i++) {
          if (i > 0) at += Math.floor(random() * 5 * MIN);
          await motion("zones", sensorId, seq++, at);
        }
        facts.push({ sensorId, startedAt, duration: at - startedAt, motions: events });
        at += 6 * MIN + Math.floor(random() * (random() < 0.5 ? 2 * HOUR : 6 * DAY));
      }
    }
    await sweep();
    expect(facts.length).toBeGreaterThan(20);
    const ranges: [number, number][] = [[FROM, NOW], [Date.UTC(2026, 9, 3, 13, 30), Date.UTC(2026, 9, 26, 23)]];
    for (const zone of ["Europe/Madrid", "Asia/Kathmandu", "Australia/Lord_Howe"]) {
      for (const [from, to] of ranges) {
        expectNumbers(await numbers("zones", from, to, { zone }), expectedNumbers(facts, from, to, zone));
      }
      const [from, to] = ranges[1]!;
      const own = facts.filter(({ sensorId }) => sensorId === "door#1");
      const found = await numbers("zones", from, to, { zone, sensorId: "door#1" });
      expectNumbers(found, expectedNumbers(own, from, to, zone));
    }
  });

  test("are the same after the streams were delivered again from the beginning, by another process", async () => {
    const before = await numbers("zones");
    const other = await startTestApp({ system: api.system, clock: () => NOW });
    await other.settle();
    await other.stop();
    expect(await numbers("zones")).toEqual(before);
  });

  test("of another tenant, of a range without sessions and of a silent sensor are zeros and nulls", async () => {
    const nothing = expectedNumbers([], FROM, NOW, "Europe/Madrid");
    expect(await numbers("other", FROM, NOW, { zone: "Europe/Madrid" })).toEqual(nothing);
    expect(nothing).toMatchObject({
      totalSessions: 0,
      averageDuration: null,
      durationPercentiles: null,
      peakHour: null,
    });
    expect(nothing.byDay).toHaveLength(37);
    await mutate(api, "other", "configureSessions", { sensorId: "silent", idleTimeout: 60_000 });
    expect(await numbers("other", FROM, NOW, { sensorId: "silent" })).toEqual(expectedNumbers([], FROM, NOW, "UTC"));
  });

  test("cost the same whatever is in the range", async () => {
    const costOf = async (tenant: string, sensorId?: string) => {
      await api.settle();
      api.takeCosts();
      await sessionNumbers(api, tenant, { last: "QUARTER" }, sensorId === undefined ? {} : { sensorId });
      return api.takeCosts().map(({ operation, table, units }) => `${operation} ${table} ${units}`).sort();
    };
    for (const sensorId of ["hall", "door#1"]) {
      await motion("few", sensorId, 0, NOW - DAY);
      await motion("few", sensorId, 1, NOW - 9 * MIN);
    }
    await sweep();
    expect(await costOf("few")).toEqual(await costOf("zones"));
    expect(await costOf("few", "hall")).toEqual(await costOf("zones", "hall"));
  });
});

describe("a session that changes afterwards changes every number that it is in", () => {
  const at = Date.UTC(2026, 9, 24, 23, 50);
  const facts = async (tenant: string, own: readonly Fact[]) => {
    for (const zone of ["UTC", "Europe/Madrid"]) {
      expectNumbers(await numbers(tenant, FROM, NOW, { zone }), expectedNumbers(own, FROM, NOW, zone));
      const found = await numbers(tenant, FROM, NOW, { zone, sensorId: own[0]!.sensorId });
      expectNumbers(found, expectedNumbers(own, FROM, NOW, zone));
    }
  };

  test("by motion that comes late: within it, after it, and before its start on another day", async () => {
    await motion("late", "m", 5, at);
    const running: Fact = { sensorId: "m", startedAt: at, duration: undefined, motions: 1 };
    await facts("late", [running]);
    await motion("late", "m", 6, at + 2 * MIN);
    await facts("late", [{ ...running, motions: 2 }]);
    await sweep();
    await facts("late", [{ ...running, motions: 2, duration: 2 * MIN }]);
    await motion("late", "m", 7, at + 4 * MIN);
    await facts("late", [{ ...running, motions: 3, duration: 4 * MIN }]);
    await motion("late", "m", 4, at - 4 * MIN);
    await facts("late", [{ sensorId: "m", startedAt: at - 4 * MIN, motions: 4, duration: 8 * MIN }]);
    await motion("late", "m", 7, at + 4 * MIN);
    await facts("late", [{ sensorId: "m", startedAt: at - 4 * MIN, motions: 4, duration: 8 * MIN }]);
  });

  test("by batches: its end, a later one, and what the device measured", async () => {
    const send = (offset: number, more = {}) =>
      mutate(api, "device", "ingestSessionBatch", { ...batchOf("walk", offset, at), ...more });
    const walk = { sensorId: "device-of-walk", startedAt: at, motions: 0 };
    await send(0);
    await facts("device", [{ ...walk, duration: undefined }]);
    await send(1, { final: true });
    await facts("device", [{ ...walk, duration: 19_000 }]);
    await send(2);
    await facts("device", [{ ...walk, duration: 29_000 }]);
    await send(3, { durationMs: 41_234 });
    await facts("device", [{ ...walk, duration: 41_234 }]);
  });

  test("by playback, by a person's end, and by removal; not by what people write", async () => {
    const create = { sensorId: "m", sessionId: "p", startedAt: iso(at) };
    // While it goes on: what is over takes no more of what happened in it.
    clock.now = at + MIN;
    await mutate(api, "people", "createSession", create);
    const fact: Fact = { sensorId: "m", startedAt: at, duration: undefined, motions: 0 };
    await facts("people", [fact]);
    await mutate(api, "people", "updateSession", { sessionId: "p", updateId: "1", playbackFailure: "no speaker" });
    await facts("people", [{ ...fact, tried: true, started: false }]);
    await mutate(api, "people", "updateSession", { sessionId: "p", updateId: "2", playbackStarted: true });
    await facts("people", [{ ...fact, tried: true, started: true }]);
    clock.now = NOW;
    await mutate(api, "people", "endSession", { sessionId: "p", endedAt: iso(at + HOUR), playbackStopped: true });
    const ended = { ...fact, tried: true, started: true, duration: HOUR };
    await facts("people", [ended]);
    await mutate(api, "people", "annotateSession", { sessionId: "p", expectedVersion: 1, labels: ["a"] });
    await facts("people", [ended]);
    await mutate(api, "people", "createSession", { sensorId: "m", sessionId: "q", startedAt: iso(at + 2 * HOUR) });
    const next = { ...fact, startedAt: at + 2 * HOUR };
    await facts("people", [ended, next]);
    await removeItem("p", false);
    await facts("people", [next]);
  });

  test("but what was deleted because its time had come stays counted, and the time between as well", async () => {
    for (const [seq, hours] of [0, 5, 30].entries()) await motion("old", "m", seq, at + hours * HOUR);
    await sweep();
    const before = await numbers("old");
    expect(before).toMatchObject({ totalSessions: 3, averageTimeBetweenSessions: 15 * HOUR });
    const own = (await itemsOf(api.system, "sessions")).filter(({ tenant }) => tenant?.S === "old");
    for (const item of own) await removeItem(item.sk!.S!.split("#")[0]!, true);
    expect(await numbers("old")).toEqual(before);
  });
});

describe("bad input", () => {
  const ask = async (args: string, variables: object = {}, fields = "totalSessions") => {
    const query = `query ${
      "zone" in variables ? "($zone: TimeZone!)" : ""
    } { sessionAnalytics(${args}) { ${fields} } }`;
    return (await api.ask("bad", query, variables)).errors?.[0]?.message;
  };

  test.each(["Mars/Olympus", "+05:30", "", "Europe/Madrid ", "x".repeat(1_000)])(
    "the zone %j: refused, with the field and what to send",
    async (zone) => {
      const inVariable = await ask("range: { last: WEEK }, timeZone: $zone", { zone });
      const inDocument = await ask(`range: { last: WEEK }, timeZone: ${JSON.stringify(zone)}`);
      for (const message of [inVariable, inDocument]) {
        expect(message).toContain("TimeZone must be an IANA time zone such as Europe/Madrid; got ");
        expect(message!.length).toBeLessThan(1_300);
      }
    },
  );

  test("ranges of over 400 days or that end before they start, and lists of over 100 sensors", async () => {
    const range = (from: number, to: number) => `range: { between: { from: "${iso(from)}", to: "${iso(to)}" } }`;
    expect(await ask(range(NOW - 401 * DAY, NOW))).toBe(
      "range: holds 401 days; at most 400 are given. Ask for a shorter range",
    );
    expect(await ask(range(NOW - 400 * DAY, NOW))).toBeUndefined();
    expect(await ask(range(NOW, NOW - 1))).toContain("range.between.to: must be later than `from`");
    for (const first of [0, 101]) {
      expect(await ask("range: { last: DAY }", {}, `topSensors(first: ${first}) { sessions }`)).toContain(
        `first: must be 1 to 100, got ${first}`,
      );
    }
  });

  test("a token without the scope, and more numbers than a query may ask for", async () => {
    const own = await api.ask("bad", `{ sessionAnalytics(range: { last: DAY }) { totalSessions } }`, {}, [
      "JOURNEYS_READ",
    ]);
    expect(own.errors?.[0]?.message).toContain("sessions:read");
    const journeys = await api.ask("bad", `{ journeyAnalytics(range: { last: DAY }) { totalJourneys } }`, {}, [
      "SESSIONS_READ",
    ]);
    expect(journeys.errors?.[0]?.message).toContain("journeys:read");
    const many = await api.ask(
      "bad",
      `{ sensors(first: 100) { nodes { analytics(range: { last: DAY }) { byDay { sessions } } } } }`,
    );
    expect(many.errors?.[0]?.extensions.code).toBe("QUERY_TOO_COSTLY");
  });
});
