import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { dumpTable, emptyTable } from "../kit/dump.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { record, tryRecord, visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
let system: TestSystem;
let api: TestApp;
let now = NOW;

beforeAll(async () => {
  system = await startTestSystem();
  api = await startTestApp({ system, clock: () => now });
});
afterAll(async () => {
  await api.stop();
  await system.stop();
});

const BACKFILL =
  `mutation ($range: TimeRange!, $dryRun: Boolean!, $withExpired: Boolean! = false) { backfillJourneys(input: { range: $range, dryRun: $dryRun, withExpired: $withExpired }) {
  __typename
  ... on BackfillJourneysPayload { objectsRead eventsRead journeysCreated journeysChanged journeysUnchanged journeysExpired }
  ... on InvalidInputError { fields { path message } }
} }`;
const all = { between: { from: "2026-01-01T00:00:00Z", to: "2026-07-01T00:00:00Z" } };

async function backfill(tenant: string, dryRun: boolean, range: object = all, withExpired = false) {
  const { data, errors } = await api.ask(tenant, BACKFILL, { range, dryRun, withExpired });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.backfillJourneys;
}

/** Ten journeys over ten days, in batches that overlap, repeat and mix sessions, some arriving days later. */
async function fill(tenant: string) {
  for (let i = 0; i < 10; i++) {
    const events = visit(`s${i}`, 1, 40, NOW - (i + 1) * 24 * HOUR);
    now = NOW + i * 1_000;
    await record(api, tenant, events.slice(0, 25));
    now += 10;
    await record(api, tenant, [...events.slice(15, 40), ...visit(`s${(i + 1) % 10}`, 41, 45, NOW - 12 * HOUR)]);
    now += 10;
    await record(api, tenant, events.slice(0, 25));
  }
}

describe("the backfill", () => {
  test("changes nothing where everything is there, however often it runs", async () => {
    await fill("kept");
    const before = await dumpTable(system, "journeys");
    for (const dryRun of [true, false, false]) {
      expect(await backfill("kept", dryRun)).toMatchObject({
        journeysCreated: 0,
        journeysChanged: 0,
        journeysUnchanged: 10,
      });
    }
    expect(await dumpTable(system, "journeys")).toEqual(before);
  });

  test("brings a deleted table back, byte for byte", async () => {
    await fill("deleted");
    const before = await dumpTable(system, "journeys");
    await emptyTable(system, "journeys");
    now = NOW + 5 * HOUR;
    expect(await backfill("kept", false)).toMatchObject({ journeysCreated: 10 });
    expect(await backfill("deleted", true)).toMatchObject({
      journeysCreated: 10,
      journeysChanged: 0,
      objectsRead: 20,
      eventsRead: 550,
    });
    expect(await backfill("deleted", false)).toMatchObject({
      journeysCreated: 10,
      journeysChanged: 0,
      journeysUnchanged: 0,
    });
    expect(await dumpTable(system, "journeys")).toEqual(before);
    expect(await backfill("deleted", false)).toMatchObject({
      journeysCreated: 0,
      journeysChanged: 0,
      journeysUnchanged: 10,
    });
    expect(await dumpTable(system, "journeys")).toEqual(before);
  });

  test("leaves out what is over and gone, but where it is asked for", async () => {
    await fill("over");
    await emptyTable(system, "journeys");
    now += 91 * 24 * HOUR;
    expect(await backfill("over", false)).toMatchObject({ journeysCreated: 0, journeysExpired: 10 });
    expect(await dumpTable(system, "journeys")).toEqual([]);
    expect(await backfill("over", true, all, true)).toMatchObject({ journeysCreated: 10, journeysExpired: 0 });
  });

  test("reads the hours of its range only, and says what a dry run would do without doing it", async () => {
    await fill("ranged");
    await emptyTable(system, "journeys");
    const between = {
      from: new Date(NOW - 3.5 * 24 * HOUR).toISOString(),
      to: new Date(NOW - 2.5 * 24 * HOUR).toISOString(),
    };
    expect(await backfill("ranged", true, { between })).toMatchObject({ journeysCreated: 2 });
    expect(await dumpTable(system, "journeys")).toEqual([]);
  });

  test("refuses a range that ends before it starts, with the field named", async () => {
    const between = { from: "2026-02-01T00:00:00Z", to: "2026-01-01T00:00:00Z" };
    expect(await backfill("kept", true, { between }))
      .toEqual({
        __typename: "InvalidInputError",
        fields: [{ path: ["range", "between", "to"], message: "must be later than `from`" }],
      });
  });

  test("needs the scope admin", async () => {
    const { errors } = await api.ask("kept", BACKFILL, { range: all, dryRun: true }, [
      "JOURNEYS_READ",
      "JOURNEYS_WRITE",
    ]);
    expect(errors?.[0]).toMatchObject({
      message: "This needs the scope admin; ask for a token that has it.",
      extensions: { code: "FORBIDDEN" },
    });
  });
});

describe("when DynamoDB fails after the object store took the events", () => {
  test("the request fails as retryable, a retry completes it, and nothing counts twice", async () => {
    const broken = await startTestApp({
      system,
      clock: () => now,
      env: { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9" },
    });
    const events = visit("broken", 1, 20, NOW - HOUR);
    const answer = await tryRecord(broken, "broken", events);
    expect(answer).toMatchObject({ status: 503, errors: [{ extensions: { code: "UNAVAILABLE", retryable: true } }] });
    await broken.stop();
    now += 2 * HOUR;
    expect(await record(api, "broken", events)).toMatchObject({ accepted: 20, duplicates: 0 });
    expect(await record(api, "broken", events)).toMatchObject({ accepted: 0, duplicates: 20 });
    // The retry found the first object: one batch is one object, however often it is sent.
    expect(await backfill("broken", false)).toMatchObject({ objectsRead: 1, journeysUnchanged: 1 });
  });

  test("the backfill completes what nobody retries", async () => {
    const broken = await startTestApp({
      system,
      clock: () => now,
      env: { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9" },
    });
    await tryRecord(broken, "left", visit("left", 1, 20, NOW - HOUR));
    await broken.stop();
    expect(await backfill("left", false)).toMatchObject({ journeysCreated: 1, eventsRead: 20 });
  });

  test("where the object store fails, nothing is acknowledged and nothing is indexed", async () => {
    const broken = await startTestApp({ system, clock: () => now, env: { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9" } });
    expect((await tryRecord(broken, "nowhere", visit("x", 1, 5, NOW - HOUR))).errors?.[0]).toMatchObject({
      extensions: { code: "UNAVAILABLE", retryable: true },
    });
    await broken.stop();
    expect((await api.ask("nowhere", `{ journey(sessionId: "x") { id } }`)).data.journey).toBeNull();
  });
});

describe("with JOURNEYS_INDEX=off", () => {
  test("events are kept in the object store, reads say so with a stable code, and the backfill catches up", async () => {
    const off = await startTestApp({ system, clock: () => now, env: { JOURNEYS_INDEX: "off" } });
    expect(await record(off, "off", visit("off", 1, 30, NOW - HOUR))).toMatchObject({ accepted: 30 });
    for (const query of [`{ journey(sessionId: "off") { id } }`, `{ journeys { nodes { id } } }`]) {
      expect((await off.ask("off", query)).errors?.[0]!.extensions).toMatchObject({ code: "JOURNEYS_NOT_INDEXED" });
    }
    expect((await off.ask("off", BACKFILL, { range: all, dryRun: true })).errors?.[0]!.extensions.code).toBe(
      "JOURNEYS_NOT_INDEXED",
    );
    await off.stop();
    expect((await api.ask("off", `{ journey(sessionId: "off") { id } }`)).data.journey).toBeNull();
    expect(await backfill("off", false)).toMatchObject({ journeysCreated: 1, eventsRead: 30 });
    expect((await api.ask("off", `{ journey(sessionId: "off") { eventCount } }`)).data.journey.eventCount).toBe(30);
  });
});
