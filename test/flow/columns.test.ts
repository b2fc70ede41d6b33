import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { contentOf, dumpBucket, type Row } from "../kit/columns.ts";
import { dumpEvents } from "../kit/dump-objects.ts";
import { createEraseWorld } from "../kit/erase-world.ts";
import { type EventInput, record } from "../kit/journeys.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";

const NOON = Date.UTC(2026, 5, 20, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const iso = (at: number) => new Date(at).toISOString();
let system: TestSystem;
let api: TestApp;

beforeAll(async () => {
  system = await startTestSystem();
  api = await startTestApp({ system, clock: () => NOON });
});
afterAll(async () => {
  await api.stop();
  await system.stop();
});

const event = (sessionId: string, seq: number, at: number, more: Partial<EventInput> = {}): EventInput => (
  { sessionId, seq, type: "PAGE_VIEWED", occurredAt: iso(at), ...more }
);
const compact = () => api.app.jobs.find(({ name }) => name === "compact-events")!.run();
const columnsOf = async (tenant: string) =>
  (await dumpBucket(system, tenant)).filter(({ key }) => key.startsWith("parquet/"));
const ERASE = `mutation ($visitorId: String!) { eraseVisitor(input: { visitorId: $visitorId }) {
  ... on EraseVisitorPayload { journeys objectsRewritten } } }`;

/** The rows of columns as their lines would be. */
function asLines(rows: readonly Row[]) {
  const names: Record<string, string> = {
    ...{ sessionid: "sessionId", visitorid: "visitorId", aliasof: "aliasOf" },
    ...{ occurredat: "occurredAt", clientat: "clientAt", receivedat: "receivedAt" },
  };
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).filter(([, value]) => value !== null && value !== false).map(([name, value]) => [
        names[name] ?? name,
        name === "properties"
          ? JSON.parse(value as string)
          : value instanceof Date
          ? value.toISOString()
          : typeof value === "bigint"
          ? Number(value)
          : value,
      ]),
    )
  );
}
const linesOf = async (tenant: string, day: string): Promise<object[]> =>
  (await dumpEvents(system, tenant)).filter(({ key }) => key.includes(day)).flatMap(({ lines }) =>
    lines.map((line) => JSON.parse(line) as object)
  );

describe("raw events in columns", () => {
  test("are the lines of each closed day, field by field, and are not made twice", async () => {
    const yesterday = NOON - DAY;
    await record(api, "c", [
      event("a", 1, yesterday, { visitorId: "ada", page: "/p", text: "hi", properties: { n: [1, { b: null }] } }),
      event("a", 2, yesterday + 1, { visitorId: "ada", aliasOf: "anon", source: "tab" }),
    ]);
    await record(api, "c", [event("b", 1, yesterday + 5 * HOUR), event("a", 3, yesterday - 11 * HOUR)]);
    await record(api, "c", [event("today", 1, NOON)]);
    await record(api, "c", [event("old", 1, NOON - 900 * DAY, { text: "" })]);
    expect(await compact()).toMatchObject({ days: 2, files: 2, events: 5 });
    const made = await columnsOf("c");
    const days = [...new Set(made.map(({ key }) => key.split("/")[2]))];
    expect(days).toEqual([`date=${iso(NOON - 900 * DAY).slice(0, 10)}`, `date=${iso(yesterday).slice(0, 10)}`]);
    for (const day of days) {
      const rows = made.filter(({ key }) => key.includes(day!)).flatMap((own) => own.rows!);
      expect(asLines(rows)).toEqual(await linesOf("c", day!));
    }
    expect(await compact()).toMatchObject({ days: 0, files: 0 });
  });

  test("follow what arrives late, on days of this month and on days of years ago", async () => {
    for (const at of [NOON - DAY + 7 * HOUR, NOON - 900 * DAY + HOUR]) {
      await record(api, "c", [event("late", at === NOON - DAY + 7 * HOUR ? 1 : 2, at)]);
    }
    expect(await compact()).toMatchObject({ days: 2, files: 2 });
    const made = await columnsOf("c");
    expect(made).toHaveLength(2);
    expect(made.flatMap(({ rows }) => rows!)).toHaveLength(7);
    expect((await dumpBucket(system, "c")).filter(({ key }) => key.startsWith("stale/"))).toEqual([]);
    expect(await compact()).toMatchObject({ days: 0 });
  });

  test("hold nothing of whom was erased, at once and after they are made anew", async () => {
    const ids = ["anon-77", "user-77", "mail-77", "app-77", "shop-77"];
    for (let i = 0; i < 50; i++) {
      const at = NOON - (1 + i % 7) * DAY - (i % 3) * HOUR;
      await record(api, "gone", [
        event(`s${i}`, 1, at, { visitorId: ids[i % 5]! }),
        event(`s${i}`, 2, at + 1, { visitorId: ids[(i + 1) % 5]!, ...(i < 5 ? { aliasOf: ids[i % 5]! } : {}) }),
      ]);
    }
    await record(api, "gone", [event("other", 1, NOON - 3 * DAY, { visitorId: "bob" })]);
    await compact();
    expect((await columnsOf("gone")).some(({ text }) => text.includes("shop-77"))).toBe(true);
    const query =
      `mutation { exportVisitor(input: { visitorId: "mail-77" }) { ... on ExportVisitorPayload { url bytes } } }`;
    expect((await api.ask("gone", query)).data.exportVisitor.bytes).toBeGreaterThan(1_000);
    const { data } = await api.ask("gone", ERASE, { visitorId: "app-77" });
    expect(data.eraseVisitor).toMatchObject({ journeys: 50 });
    const naming = async () =>
      (await dumpBucket(system, "gone")).filter(({ text }) => /(anon|user|mail|app|shop)-77/.test(text)).map((
        { key },
      ) => key);
    expect(await naming()).toEqual([]);
    await compact();
    expect(await naming()).toEqual([]);
    const left = (await columnsOf("gone")).flatMap(({ rows }) => rows!);
    expect(left.map(({ sessionid }) => sessionid)).toEqual(["other"]);
  });

  test("are not left behind where an erasure comes while they are made", async () => {
    for (const moment of ["before replace", "after replace"]) {
      const world = createEraseWorld(NOON);
      const { journeys, erase } = world.createProcess();
      await journeys.record("t", [event("s1", 1, NOON - 2 * DAY, { visitorId: "ada-77" })]);
      await journeys.record("t", [event("s2", 1, NOON - 2 * DAY, { visitorId: "bob" })]);
      let isErased = false;
      const { columns } = world.createProcess(async (when, call) => {
        if (`${when} ${call}` !== moment || isErased) return;
        isErased = true;
        await erase("t", "ada-77");
      });
      await columns.compact();
      expect(isErased).toBe(true);
      const naming = async () => {
        const all = await Promise.all(world.objects.entries().map(([key, { body }]) => contentOf(key, body)));
        return all.filter(({ text }) => text.includes("ada-77"));
      };
      expect(await naming()).toEqual([]);
      await columns.compact();
      expect(await naming()).toEqual([]);
      expect(world.objects.entries().filter(([key]) => key.startsWith("parquet/"))).toHaveLength(1);
    }
  });

  test("go with their lines", async () => {
    const world = createEraseWorld(NOON);
    const { journeys, columns } = world.createProcess();
    await journeys.record("t", [event("s1", 1, NOON - 2 * DAY)]);
    await columns.compact();
    const lines = world.objects.entries().filter(([key]) => key.startsWith("events/"));
    for (const [key] of lines) await world.objects.remove(key);
    await columns.compact();
    expect(world.objects.entries().map(([key]) => key)).toEqual([]);
  });
});

describe("exportVisitor", () => {
  test("gives ids, journeys with their events and raw events, and of others' journeys what names the visitor", async () => {
    const at = NOON - HOUR;
    await record(api, "x", [
      event("s1", 1, at, { visitorId: "anon" }),
      event("s1", 2, at + 1, { visitorId: "ada", aliasOf: "anon", text: "hello", properties: { a: 1 } }),
      event("s2", 1, at - 5 * DAY, { visitorId: "anon", page: "/x" }),
      event("s2", 2, at - 5 * DAY + 1),
      event("theirs", 1, at - HOUR, { visitorId: "bob", text: "secret of bob" }),
      event("theirs", 2, at - HOUR + 1, { visitorId: "ada" }),
    ]);
    const query = `mutation ($id: String!) { exportVisitor(input: { visitorId: $id }) {
      __typename ... on ExportVisitorPayload { url bytes expiresAt } ... on UserError { message } } }`;
    const { data } = await api.ask("x", query, { id: "ada" });
    const content = await (await fetch(data.exportVisitor.url)).json();
    expect(content.visitorIds.toSorted()).toEqual(["ada", "anon"]);
    expect(content.journeys.map((own: { sessionId: string }) => own.sessionId)).toEqual(["s1", "theirs", "s2"]);
    expect(content.journeys[0].events[1]).toMatchObject({
      text: "hello",
      properties: { a: 1 },
      occurredAt: iso(at + 1),
      aliasOf: "anon",
    });
    expect(content.journeys[1].events).toHaveLength(1);
    expect(content.rawEvents).toHaveLength(5);
    expect(content.rawEvents).toContainEqual(
      expect.objectContaining({ sessionId: "s2", seq: 2, receivedAt: iso(NOON) }),
    );
    expect(JSON.stringify(content)).not.toContain("secret of bob");
    expect((await api.ask("x", query, { id: "nobody" })).data.exportVisitor).toEqual({
      __typename: "NotFoundError",
      message: "Nothing is held of such a visitor.",
    });
    const { errors } = await api.ask("x", query, { id: "ada" }, ["JOURNEYS_READ"]);
    expect(errors![0]!.extensions.code).toBe("FORBIDDEN");
  });
});
