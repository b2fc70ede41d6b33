import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { dumpTable } from "../kit/dump.ts";
import { dumpEvents } from "../kit/dump-objects.ts";
import { createEraseWorld } from "../kit/erase-world.ts";
import { type EventInput, record } from "../kit/journeys.ts";
import { type TestSystem } from "../kit/local.ts";
import { startMemorySystem } from "../kit/memory-system.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
let system: TestSystem;
let api: TestApp;

beforeAll(async () => {
  system = await startMemorySystem({ clock: () => NOW });
  api = await startTestApp({ system, clock: () => NOW });
});
afterAll(async () => {
  await api.stop();
  await system.stop();
});

/** A session that began so many hours ago, of an event for each of these. */
const session = (id: string, hours: number, each: Partial<EventInput>[]): EventInput[] =>
  each.map((own, i) => (
    {
      sessionId: id,
      seq: i + 1,
      type: "PAGE_VIEWED",
      occurredAt: new Date(NOW - hours * HOUR + i).toISOString(),
      ...own,
    }
  ));
const as = (visitorId: string, aliasOf?: string) => ({ visitorId, ...(aliasOf ? { aliasOf } : {}) });

const LIST = `query ($filter: JourneyFilter, $first: Int!, $after: String, $last: Int, $before: String) {
  journeys(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    nodes { sessionId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

async function sessionsOf(tenant: string, visitorId: string): Promise<string[]> {
  const { data, errors } = await api.ask(tenant, LIST, { filter: { visitorId }, first: 100 });
  expect(errors).toBeUndefined();
  return data.journeys.nodes.map(({ sessionId }: { sessionId: string }) => sessionId);
}

const VISITOR = `query ($id: String!) { visitor(id: $id) { ids firstSeenAt lastSeenAt
  journeys { nodes { sessionId visitorIds events { nodes { visitorId aliasOf } } } } } }`;
const ERASE = `mutation ($visitorId: String!) { eraseVisitor(input: { visitorId: $visitorId }) {
  __typename ... on EraseVisitorPayload { journeys events visitorIds remains { what why days } } } }`;

describe("a person who was anonymous first", () => {
  test("has all journeys under every id, from the moment when an event says that two ids are one", async () => {
    const tenant = "known";
    await record(api, tenant, session("s1", 9, [as("anon-1"), as("anon-1")]));
    await record(api, tenant, session("s2", 7, [as("anon-1"), as("user-42")]));
    await record(api, tenant, session("s3", 5, [as("user-42")]));
    await record(api, tenant, session("other", 4, [as("user-7")]));
    expect(await sessionsOf(tenant, "anon-1")).toEqual(["s2", "s1"]);
    expect(await sessionsOf(tenant, "user-42")).toEqual(["s3", "s2"]);
    await record(api, tenant, session("s4", 3, [as("user-42", "anon-1"), as("user-42")]));
    for (const id of ["anon-1", "user-42"]) expect(await sessionsOf(tenant, id)).toEqual(["s4", "s3", "s2", "s1"]);
    const { data } = await api.ask(tenant, VISITOR, { id: "anon-1" });
    expect(data.visitor).toMatchObject({ ids: ["anon-1", "user-42"] });
    expect(data.visitor.journeys.nodes.map((node: { visitorIds: string[] }) => node.visitorIds))
      .toEqual([["user-42"], ["user-42"], ["anon-1", "user-42"], ["anon-1"]]);
    expect(Date.parse(data.visitor.firstSeenAt)).toBeLessThan(Date.parse(data.visitor.lastSeenAt));
    expect((await api.ask(tenant, VISITOR, { id: "nobody" })).data.visitor).toBeNull();
  });

  test("is erased under all ids, and the receipt says what stays", async () => {
    const tenant = "gone";
    await record(api, tenant, session("s1", 9, [as("anon-1"), as("anon-1")]));
    await record(api, tenant, session("s2", 7, [as("anon-1"), as("user-42", "anon-1")]));
    await record(api, tenant, session("s3", 5, [as("user-42")]));
    await record(api, tenant, session("theirs", 4, [as("user-7"), as("user-42", "anon-1"), as("user-7")]));
    const follow = () => api.app.jobs.find(({ name }) => name === "follow-journeys")!.run();
    const trails = async () =>
      (await dumpTable(system, "trails")).filter((item) => item.includes(`${tenant}#`))
        .map((item) => JSON.parse(item).sk.S as string).sort();
    await api.settle();
    await follow();
    expect(await trails()).toEqual(["s1#TRAIL", "s2#TRAIL", "s3#TRAIL", "theirs#TRAIL"]);
    const { data } = await api.ask(tenant, ERASE, { visitorId: "user-42" });
    expect(data.eraseVisitor).toMatchObject({ journeys: 3, events: 5 });
    // What is derived goes with the journeys; until the job has seen it, notes of erased sessions name these alone.
    expect(await trails()).toEqual(["s1", "s2", "s3", "theirs#TRAIL"]);
    await api.settle();
    await follow();
    expect((await trails()).filter((sk) => !sk.startsWith("theirs"))).toEqual([]);
    expect((await dumpTable(system, "trails")).filter((item) => /anon-1|user-42/.test(item))).toEqual([]);
    expect(data.eraseVisitor.visitorIds.toSorted()).toEqual(["anon-1", "user-42"]);
    expect(data.eraseVisitor.remains.length).toBeGreaterThan(5);
    await api.settle();
    expect(await sessionsOf(tenant, "anon-1")).toEqual([]);
    expect(await sessionsOf(tenant, "user-42")).toEqual([]);
    expect(await sessionsOf(tenant, "user-7")).toEqual(["theirs"]);
    const stays = (await api.ask(tenant, VISITOR, { id: "user-7" })).data.visitor.journeys.nodes[0];
    expect(stays.visitorIds).toEqual(["user-7"]);
    expect(stays.events.nodes[1]).toEqual({ visitorId: null, aliasOf: null });
    expect(JSON.stringify(await dumpEvents(system, tenant))).not.toMatch(/anon-1|user-42/);
    const items = (await dumpTable(system, "journeys")).filter((item) => item.includes(`${tenant}#`));
    expect(items.filter((item) => /anon-1|user-42/.test(item))).toEqual([]);
  });

  test("with five ids over fifty journeys: each page and each direction gives every journey once, in order", async () => {
    const tenant = "many";
    const ids = ["a", "b", "c", "d", "e"];
    for (let i = 0; i < 50; i++) {
      const id = ids[i % 5]!;
      // Some start at the same instant, some name two ids.
      await record(api, tenant, [
        {
          sessionId: `s${i}`,
          seq: 1,
          type: "PAGE_VIEWED",
          occurredAt: new Date(NOW - HOUR * (i >> 1)).toISOString(),
          visitorId: id,
        },
        {
          sessionId: `s${i}`,
          seq: 2,
          type: "PAGE_VIEWED",
          occurredAt: new Date(NOW - HOUR * (i >> 1)).toISOString(),
          visitorId: ids[(i * 3) % 5]!,
        },
      ]);
    }
    await record(
      api,
      tenant,
      ids.slice(1).map((id, i) => (
        {
          sessionId: "linking",
          seq: i + 1,
          type: "IDENTIFIED",
          occurredAt: new Date(NOW).toISOString(),
          visitorId: id,
          aliasOf: ids[i]!,
        }
      )),
    );
    const all = await sessionsOf(tenant, "c");
    expect(all).toHaveLength(51);
    expect(new Set(all).size).toBe(51);
    for (const id of ids) expect(await sessionsOf(tenant, id)).toEqual(all);
    const forward: string[] = [];
    for (let after: string | null = null, more = true; more;) {
      const { data } = await api.ask(tenant, LIST, { filter: { visitorId: "a" }, first: 7, after });
      forward.push(...data.journeys.nodes.map(({ sessionId }: { sessionId: string }) => sessionId));
      ({ hasNextPage: more, endCursor: after } = data.journeys.pageInfo);
    }
    expect(forward).toEqual(all);
    const backward: string[] = [];
    for (let before: string | null = null, more = true; more;) {
      const { data } = await api.ask(tenant, LIST, { filter: { visitorId: "a" }, first: 25, last: 7, before });
      backward.unshift(...data.journeys.nodes.map(({ sessionId }: { sessionId: string }) => sessionId));
      ({ hasPreviousPage: more, startCursor: before } = data.journeys.pageInfo);
    }
    expect(backward).toEqual(all);
    const { data } = await api.ask(tenant, ERASE, { visitorId: "e" });
    expect(data.eraseVisitor).toMatchObject({ journeys: 51, events: 104 });
    expect(await sessionsOf(tenant, "a")).toEqual([]);
  });

  const link = (n: number, visitorId: string, aliasOf: string): EventInput => ({
    ...{ sessionId: `link-${Math.floor(n / 30)}`, seq: (n % 30) + 1, type: "IDENTIFIED", visitorId, aliasOf },
    occurredAt: new Date(NOW - HOUR).toISOString(),
  });
  const seen = (id: string) => session(`of-${id}`, 3, [as(id)]);

  test.each<[string, [string, string][]]>([
    ["a chain", Array.from({ length: 105 }, (_, i) => [`p${i}`, `p${i + 1}`])],
    ["a cycle", Array.from({ length: 9 }, (_, i) => [`p${i}`, `p${(i + 1) % 9}`])],
    ["a star", Array.from({ length: 9 }, (_, i) => ["p0", `p${i + 1}`])],
    ["itself", [["p0", "p0"]]],
  ])("of %s of ids is erased and exported as a whole, from whichever end", async (name, links) => {
    const tenant = `ids-${name.replace(" ", "-")}`;
    await record(api, tenant, links.map(([id, other], n) => link(n, id, other)));
    const ends = [...new Set([links[0]![0], links.at(-1)![1], links[links.length >> 1]![0]])];
    await record(api, tenant, [...ends.flatMap(seen), ...session("theirs", 2, [as("q1"), as(ends[0]!)])]);
    const { data: file } = await api.ask(
      tenant,
      `mutation ($visitorId: String!) { exportVisitor(input: { visitorId: $visitorId }) {
        ... on ExportVisitorPayload { url } } }`,
      { visitorId: ends.at(-1) },
    );
    const held = await (await fetch(file.exportVisitor.url)).json();
    const ids = new Set(links.flat());
    expect(new Set(held.visitorIds)).toEqual(ids);
    const linking = Math.ceil(links.length / 30);
    const own = [...ends.map((id) => `of-${id}`), ...Array.from({ length: linking }, (_, i) => `link-${i}`), "theirs"];
    expect(held.journeys.map(({ sessionId }: { sessionId: string }) => sessionId).toSorted()).toEqual(own.toSorted());
    const { data } = await api.ask(tenant, ERASE, { visitorId: ends.at(-1) });
    expect(new Set(data.eraseVisitor.visitorIds)).toEqual(ids);
    expect(data.eraseVisitor.journeys).toBe(ends.length + linking);
    for (const id of ends) expect(await sessionsOf(tenant, id)).toEqual([]);
    expect(await sessionsOf(tenant, "q1")).toEqual(["theirs"]);
    const names = new RegExp(`"(${[...ids].join("|")})"`);
    expect(JSON.stringify(await dumpEvents(system, tenant))).not.toMatch(names);
    await api.settle();
    const items = (await dumpTable(system, "journeys")).filter((item) => item.includes(`${tenant}#`));
    expect(items.filter((item) => /#ALIAS#|#V#/.test(item))).toEqual([]);
    expect(items.filter((item) => names.test(item))).toEqual([]);
  });

  test("of more ids than a person has is not erased by a mistake, and the answer says what to look for", async () => {
    const { store, erase } = createEraseWorld(NOW).createProcess();
    for (let n = 0; n < 1_000; n++) await store.alias("mistake", `c${n}`, "anonymous");
    await expect(erase("mistake", "c7")).rejects.toThrow(/belongs together with more than 1000 ids.*aliasOf/);
    expect(await store.findIds("mistake", "c7")).toHaveLength(100);
  });
});
