import { describe, expect, test } from "vitest";
import { fromChunk, hollowed, toChunks, withoutIds } from "../../api/journeys/chunk.ts";
import type { ArrivedEvent } from "../../api/journeys/model.ts";
import { createChunkReader } from "../../api/journeys/erasures.ts";
import { createJourneyWatch } from "../../api/journeys/watch.ts";
import { createEraseWorld, itemsOf, type OnCall } from "../kit/erase-world.ts";
import { type EventInput, visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const DAY = 86_400_000;
const T = "t";
const all = { between: { from: 0, to: NOW + 200 * DAY } };
const event = (seq: number, own: Partial<EventInput> = {}): EventInput => (
  { sessionId: "s", seq, type: "MESSAGE_SENT", occurredAt: new Date(NOW - 1_000 * seq).toISOString(), ...own }
);
const secondsAt = (at: number) => Math.ceil(at / 1_000);
const NEVER = 1_000_000_000;
type World = ReturnType<typeof createEraseWorld>;

describe("what is kept of a journey", () => {
  test.each([90, 7])("goes %i days after it arrived, each item, whenever its events happened", async (keepDays) => {
    const world = createEraseWorld(NOW);
    const { journeys, configuration } = world.createProcess();
    if (keepDays !== 90) await configuration.configure(T, { keepJourneysDays: keepDays });
    const occurredAt = new Date(NOW - 900 * DAY).toISOString();
    await journeys.record(T, [event(1, { occurredAt, visitorId: "a" }), event(2, { occurredAt, visitorId: "b" })]);
    expect(itemsOf(world, "#META").map(({ ttl }) => ttl)).toEqual([secondsAt(NOW + keepDays * DAY)]);
    expect(itemsOf(world, "#E#").map(({ ttl }) => ttl)).toEqual([secondsAt(NOW + (keepDays + 1) * DAY)]);
    expect(itemsOf(world, "#V#").map(({ ttl }) => ttl)).toEqual([secondsAt(NOW + (keepDays + 1) * DAY)]);
  });

  test.each(["all of it", "its META alone"])(
    "is there again, for as long, where it is sent again after %s was deleted",
    async (what) => {
      let now = NOW;
      const world = createEraseWorld(NOW, () => now);
      const { journeys } = world.createProcess();
      const batch = [event(1), event(2)];
      await journeys.record(T, batch);
      now = NOW + 91 * DAY;
      for (const { pk, sk } of itemsOf(world, what === "all of it" ? "" : "#META")) {
        await world.dynamo.remove("journeys", { pk, sk });
      }
      expect(await journeys.record(T, batch)).toEqual([{ status: "ACCEPTED" }, { status: "ACCEPTED" }]);
      expect((await journeys.find(T, ["s"])).get("s")).toMatchObject({ eventCount: 2 });
      expect(itemsOf(world, "#META").map(({ ttl }) => ttl)).toEqual([secondsAt(now + 90 * DAY)]);
      expect(itemsOf(world, "#E#").map(({ ttl }) => ttl)).toEqual([secondsAt(now + 91 * DAY)]);
    },
  );

  test("is what its stored events come to, also where another writer had stored other texts under the same numbers", async () => {
    const world = createEraseWorld(NOW);
    const dies: OnCall = (when, call) => {
      if (when === "after" && call === "putIf") throw new Error("gone");
    };
    await expect(world.createProcess(dies).journeys.record(T, [event(1, { text: "first", visitorId: "a" })])).rejects
      .toThrow("gone");
    const { journeys } = world.createProcess();
    expect(await journeys.record(T, [event(1, { text: "second", visitorId: "b" })]))
      .toMatchObject([{ status: "REJECTED", code: "PAYLOAD_MISMATCH" }]);
    const journey = (await journeys.find(T, ["s"])).get("s")!;
    expect(journey).toMatchObject({ eventCount: 1, firstQuestion: { text: "first" }, visitor: { visitorId: "a" } });
    expect((await journeys.listEvents(journey, { first: 5 })).edges[0]!.node.text).toBe("first");
  });

  test("loses no mark where a stored batch is written anew by two at once", async () => {
    const world = createEraseWorld(NOW);
    const { journeys, raw } = world.createProcess();
    await journeys.record(T, [event(1), event(2), event(3)]);
    const [key] = (await raw.listAll(T).next()).value!;
    let isMet = false;
    const meanwhile: OnCall = async (when, call) => {
      if (when === "after" || call !== "replaceIf" || isMet) return;
      isMet = true;
      await raw.rewrite(key, ({ seq }) => seq === 1 ? "DROP" : "KEEP");
    };
    await world.createProcess(meanwhile).raw.rewrite(key, ({ seq }) => seq === 2 ? "OUTDONE" : "KEEP");
    expect((await raw.read(key)).map(({ seq, outdone }) => [seq, outdone === true])).toEqual([[2, true], [3, false]]);
  });
});

describe("whoever follows a journey", () => {
  /** The first event after those that are there, by a feed that never looks by itself. */
  async function next(change: (world: World) => Promise<unknown>, prepare: (world: World) => Promise<unknown>) {
    const world = createEraseWorld(NOW);
    await prepare(world);
    const { store } = world.createProcess();
    const feed = createJourneyWatch({ store, hub: world.hub, indexed: true, pollMs: NEVER })(
      T,
      "s",
      undefined,
      AbortSignal.timeout(300_000),
    );
    const first = feed.next();
    await change(world);
    const { value } = await first;
    await feed.return(undefined);
    return value!.node.seq;
  }

  test("is woken by what is recorded, with an infinite poll", async () => {
    expect(await next(({ createProcess }) => createProcess().journeys.record(T, [event(1)]), async () => {})).toBe(1);
  });

  test("is woken by what is rebuilt, with an infinite poll", async () => {
    const rebuilt = await next(
      ({ createProcess }) => createProcess().backfill(T, all, false),
      async ({ createProcess, dynamo }) => {
        await createProcess().journeys.record(T, [event(1)]);
        for (const { pk, sk } of dynamo.dump("journeys")) await dynamo.remove("journeys", { pk, sk });
      },
    );
    expect(rebuilt).toBe(1);
  });
});

test("a list holds what starts at the beginning of its range, and not what starts at its end, under each filter", async () => {
  const world = createEraseWorld(NOW);
  const { journeys } = world.createProcess();
  const at = [NOW - 3_000, NOW - 2_000, NOW - 1_000];
  await journeys.record(
    T,
    at.map((startAt) => ({
      ...visit(`s${startAt}`, 1, 1, 0)[0]!,
      ...{ occurredAt: new Date(startAt).toISOString(), visitorId: "v", page: "/a" },
    })),
  );
  const range = { between: { from: at[0]!, to: at[2]! } };
  for (
    const filter of [{}, { visitorId: "v" }, { did: ["MESSAGE_SENT"] }, { page: "/a" }, { visitorId: "v", page: "/a" }]
  ) {
    const { edges } = await journeys.list(T, { ...filter, range }, { first: 10 });
    expect([filter, edges.map(({ node }) => node.startedAt)]).toEqual([filter, [at[1], at[0]]]);
  }
});

test("a replay goes by arrival, whatever hour batches lie in and whatever their names are", async () => {
  for (let i = 0; i < 8; i++) {
    let now = NOW;
    const world = createEraseWorld(NOW, () => (now += 1_000));
    const { journeys } = world.createProcess();
    // The second has an earlier time, or another name, than the first.
    await journeys.record(T, [event(1, { page: `/first-${i}` })]);
    const occurredAt = i % 2 === 0 ? {} : { occurredAt: new Date(NOW - 7_200_000).toISOString() };
    await journeys.record(T, [event(1, { page: `/second-${i}`, ...occurredAt }), event(2)]);
    const before = world.dump();
    for (const { pk, sk } of world.dynamo.dump("journeys")) await world.dynamo.remove("journeys", { pk, sk });
    await world.createProcess().backfill(T, all, false);
    expect(world.dump()).toEqual(before);
  }
});

describe("a chunk of a person who is erased", () => {
  const arrived = (own: Partial<ArrivedEvent>): ArrivedEvent => ({
    ...{ sessionId: "s", source: "tab", seq: 1, type: "MESSAGE_SENT", occurredAt: NOW + 12_345, receivedAt: NOW },
    ...own,
  });
  const bytesOf = (events: ArrivedEvent[]) => toChunks(events)[0]!.bytes;

  test("that the stream has still to count keeps which events there were and in which minutes, and nothing else", () => {
    const bytes = bytesOf([
      arrived({ visitorId: "a", aliasOf: "b", page: "/p", text: "t", properties: { x: 1 }, clientAt: NOW }),
      arrived({ seq: 7, occurredAt: NOW + 59_999 }),
    ]);
    expect(fromChunk("s", hollowed("s", bytes))).toEqual([
      { sessionId: "s", source: "tab", seq: 1, type: "", occurredAt: NOW, receivedAt: NOW },
      { sessionId: "s", source: "tab", seq: 7, type: "", occurredAt: NOW, receivedAt: NOW },
    ]);
  });

  test.each<[string, Partial<ArrivedEvent>, Partial<ArrivedEvent> | undefined]>([
    ["as the visitor", { visitorId: "gone" }, {}],
    ["as the visitor, with another's alias", { visitorId: "gone", aliasOf: "other" }, { aliasOf: "other" }],
    ["as the alias of another", { visitorId: "other", aliasOf: "gone" }, { visitorId: "other" }],
    ["as both", { visitorId: "gone", aliasOf: "too" }, {}],
    ["nowhere", { visitorId: "other", aliasOf: "another" }, undefined],
  ])("in another's journey loses the ids, and no other's (named %s)", (_, named, left) => {
    const bare = arrived({});
    const bytes = withoutIds("s", bytesOf([arrived(named), bare]), new Set(["gone", "too"]));
    expect(bytes && fromChunk("s", bytes)).toEqual(left && [{ ...bare, unnamed: true, ...left }, bare]);
  });
});

describe("what a writer stored of an erased session before it died", () => {
  const parsed = (id: string, visitorId: string) => {
    const { occurredAt, ...own } = visit(id, 7, 8, NOW - 3_600_000, { visitorId })[0]!;
    return { ...own, source: "main", occurredAt: Date.parse(occurredAt) };
  };
  const linesOf = async ({ createProcess }: World) => {
    const { raw } = createProcess();
    const found = [];
    for await (const keys of raw.listAll(T)) for (const key of keys) found.push(...await raw.read(key));
    return found;
  };

  test("goes with the next erasure, which says so by another receipt", async () => {
    const world = createEraseWorld(NOW);
    const { journeys, erase, raw } = world.createProcess();
    await journeys.record(T, visit("own", 1, 6, NOW - 3_600_000, { visitorId: "v" }));
    const first = (await erase(T, "v"))!;
    await raw.keep(T, [parsed("own", "v")], NOW);
    const second = (await erase(T, "v"))!;
    expect(second).toMatchObject({ ordinal: first.ordinal + 1, journeys: 0, objectsRewritten: 1, isDone: true });
    expect(await linesOf(world)).toEqual([]);
    expect(await erase(T, "v")).toMatchObject({ receiptId: second.receiptId });
  });

  test("goes, too, where the session was erased with another visitor", async () => {
    const world = createEraseWorld(NOW);
    const { journeys, erase, raw, store } = world.createProcess();
    await journeys.record(T, visit("theirs", 1, 6, NOW - 3_600_000, { visitorId: "w" }));
    await erase(T, "w");
    await raw.keep(T, [parsed("theirs", "v")], NOW);
    expect(await erase(T, "v")).toMatchObject({ journeys: 0, objectsRewritten: 1 });
    expect(await linesOf(world)).toEqual([]);
    expect((await store.look(T, ["theirs"])).erased.has("theirs")).toBe(true);
  });

  test("of another's journey that names the person while the erasure goes on leaves no id in the tables", async () => {
    const world = createEraseWorld(NOW);
    const { journeys } = world.createProcess();
    const named = (seq: number, visitorId: string) =>
      event(seq, { sessionId: "theirs", visitorId, occurredAt: new Date(NOW - 60_000 + seq).toISOString() });
    await journeys.record(T, visit("own", 1, 6, NOW - 3_600_000, { visitorId: "v" }));
    await journeys.record(T, [named(1, "w"), named(2, "v"), named(3, "w")]);
    let isMet = false;
    const meanwhile: OnCall = async (when, call) => {
      // The ids are out of the tables by now, and the objects' turn has come.
      if (when === "after" || call !== "replaceIf" || isMet) return;
      isMet = true;
      await journeys.record(T, [named(4, "v")]);
    };
    await world.createProcess(meanwhile).erase(T, "v");
    expect(isMet).toBe(true);
    const journey = (await journeys.find(T, ["theirs"])).get("theirs")!;
    expect(journey).toMatchObject({ eventCount: 4, otherIds: [] });
    const { edges } = await journeys.listEvents(journey, { first: 10 });
    expect(edges.map(({ node }) => node.visitorId)).toEqual(["w", undefined, "w", undefined]);
    expect(world.dynamo.dump("journeys").filter(({ visitorKey }) => visitorKey === `${T}#v`)).toEqual([]);
  });

  test("and that repeats what is known is taken back, where the erasure came between its reading and its storing", async () => {
    const world = createEraseWorld(NOW);
    await world.createProcess().journeys.record(T, visit("own", 1, 6, NOW - 3_600_000, { visitorId: "v" }));
    let isRead = () => {};
    const read = new Promise<void>((resolve) => (isRead = resolve));
    const meanwhile: OnCall = async (when, call) => {
      if (when === "after" && call === "batchGet") isRead();
      if (when === "after" || call !== "create") return;
      await read;
      await world.createProcess().erase(T, "v");
    };
    const late = world.createProcess(meanwhile).journeys;
    expect(await late.record(T, visit("own", 2, 4, NOW - 3_600_000, { visitorId: "v" })))
      .toMatchObject(Array(3).fill({ status: "REJECTED", code: "SESSION_ERASED" }));
    expect(await linesOf(world)).toEqual([]);
  });
});

test("the chunks of an erased journey are read, hollow, until the stream has taken it out of all counts, and then no more", async () => {
  const world = createEraseWorld(NOW);
  const { journeys, erase, store, erasures } = world.createProcess();
  await journeys.record(T, [event(1, { visitorId: "v" }), event(2)]);
  await erase(T, "v");
  const read = createChunkReader(store, erasures);
  const hollow = (await read(T, "s"))!.flatMap(({ events }) => events.map(({ seq }) => seq));
  expect(hollow.toSorted((a, b) => a - b)).toEqual([1, 2]);
  await erasures.settle(T, "s");
  expect(await read(T, "s")).toBeUndefined();
  expect(world.dynamo.dump("journeys").filter(({ sk }) => (sk as string).includes("#E#"))).toEqual([]);
});
