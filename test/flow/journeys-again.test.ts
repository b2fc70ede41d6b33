import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { MINUTE_MS } from "../../api/core/clock.ts";
import { keepEvents } from "../../api/journeys/keep.ts";
import type { ArrivedEvent } from "../../api/journeys/model.ts";
import { DEFAULT_POLICY } from "../../api/journeys/rules.ts";
import { readWhole } from "../../api/journeys/timeline.ts";
import { createEraseWorld, createTurns, type OnCall } from "../kit/erase-world.ts";
import { type EventInput, visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 5 * 3_600_000;
const T = "t";
const all = { between: { from: 0, to: NOW + 3_600_000 } };

type World = ReturnType<typeof createEraseWorld>;

/** A world whose clock goes on by a minute with each look at it. */
function createWorld(): World {
  let now = NOW;
  return createEraseWorld(NOW, () => (now += MINUTE_MS));
}

/** A part of the visit `s`, as it is numbered by one that says another page and another time for it. */
function told(from: number, to: number, by: string, minutes = 0): EventInput[] {
  return visit("s", from, to, START, { page: by }).map((event) => ({
    ...event,
    occurredAt: new Date(Date.parse(event.occurredAt) + minutes * MINUTE_MS).toISOString(),
  }));
}

async function timeline(world: World): Promise<string[]> {
  const { journeys } = world.createProcess();
  const journey = (await journeys.find(T, ["s"])).get("s")!;
  const { edges } = await journeys.listEvents(journey, { first: 500 });
  expect(edges).toHaveLength(journey.eventCount);
  return edges.map(({ node }) => `${node.source} ${node.seq} ${node.occurredAt} ${node.page}`);
}

/** Deletes what is derived and replays the raw events. */
async function rebuild(world: World): Promise<void> {
  for (const item of world.dynamo.dump("journeys")) await world.dynamo.remove("journeys", { pk: item.pk, sk: item.sk });
  await world.createProcess().backfill(T, all, false);
}

describe("a rebuild counts what was counted", () => {
  test("where a number came again with an earlier time, in another hour", async () => {
    const world = createWorld();
    const { journeys } = world.createProcess();
    const event = (page: string, occurredAt: string) => ({
      sessionId: "s",
      seq: 1,
      type: "PAGE_VIEWED",
      page,
      occurredAt,
    });
    expect(await journeys.record(T, [event("/A", "2026-06-01T01:05:00Z")])).toEqual([{ status: "ACCEPTED" }]);
    expect(await journeys.record(T, [event("/B", "2026-06-01T00:50:00Z")]))
      .toMatchObject([{ status: "REJECTED", code: "PAYLOAD_MISMATCH" }]);
    const before = world.dump();
    await rebuild(world);
    expect(world.dump()).toEqual(before);
    expect((await timeline(world))[0]).toContain("/A");
  });

  test("byte for byte, whatever came again as it was, cut anew, or with other content", async () => {
    const batch = fc.record({
      from: fc.integer({ min: 1, max: 20 }),
      more: fc.integer({ min: 0, max: 10 }),
      by: fc.constantFrom("/a", "/b", "/c"),
      minutes: fc.constantFrom(0, -90, 90),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 2, maxLength: 8 }), async (batches) => {
        const world = createWorld();
        const { journeys } = world.createProcess();
        for (const { from, more, by, minutes } of batches) {
          await journeys.record(T, told(from, from + more, by, minutes));
        }
        const before = world.dump();
        await rebuild(world);
        expect(world.dump()).toEqual(before);
      }),
      { numRuns: 150 },
    );
  });

  test("also where the one that arrived first was tried again after another had been counted", async () => {
    const world = createWorld();
    const failing: OnCall = (when, call) => {
      if (when === "before" && call === "putIf") throw new Error("no answer");
    };
    await expect(world.createProcess(failing).journeys.record(T, told(1, 5, "/first"))).rejects.toThrow("no answer");
    const { journeys } = world.createProcess();
    await journeys.record(T, told(3, 8, "/second", 1));
    const verdicts = await journeys.record(T, told(1, 5, "/first"));
    expect(verdicts.map(({ status }) => status)).toEqual(["ACCEPTED", "ACCEPTED", "REJECTED", "REJECTED", "REJECTED"]);
    const before = await timeline(world);
    await rebuild(world);
    expect(await timeline(world)).toEqual(before);
    expect(before.filter((line) => line.endsWith("/second"))).toHaveLength(6);
  });

  test("also where a clock is wrong, so that each try says another time, and the earlier one ends after the later", async () => {
    const world = createWorld();
    const ahead = told(1, 5, "/page", 900);
    const sentAt = NOW + 900 * MINUTE_MS;
    let isMet = false;
    const meanwhile: OnCall = async (when, call) => {
      if (when === "after" || call !== "putIf" || isMet) return;
      isMet = true;
      expect(await world.createProcess().journeys.record(T, ahead, sentAt + 5_000))
        .toEqual(Array(5).fill({ status: "ACCEPTED" }));
    };
    expect(await world.createProcess(meanwhile).journeys.record(T, ahead, sentAt))
      .toEqual(Array(5).fill({ status: "DUPLICATE" }));
    const before = await timeline(world);
    await rebuild(world);
    expect(await timeline(world)).toEqual(before);
  });

  test("and where writers raced with other contents, in any order of their calls", async () => {
    const calls = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
    const batch = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 4 }), fc.constantFrom(0, 0, 90));
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 2, maxLength: 5 }), calls, async (batches, picks) => {
        const world = createWorld();
        const turns = createTurns(() => picks.next().value, batches.map((_, i) => 1 + (i % 3)));
        const told = await Promise.all(batches.map(([from, more, minutes], i) => {
          const { journeys } = world.createProcess(turns.onCallOf(i));
          return turns.run(i, () => journeys.record(T, toldBy(i, from, from + more, minutes)));
        }));
        const counted = await timeline(world);
        // Each receipt says what became of its event: there as it is, or refused since another stands there.
        batches.forEach(([from, more, minutes], i) =>
          toldBy(i, from, from + more, minutes).forEach((event, k) => {
            const line = `main ${event.seq} ${Date.parse(event.occurredAt)} ${event.page}`;
            expect([event.seq, counted.includes(line)]).toEqual([event.seq, told[i]![k]!.status !== "REJECTED"]);
          })
        );
        await rebuild(world);
        expect(await timeline(world)).toEqual(counted);
      }),
      { numRuns: 60 },
    );
  });
});

describe("losing the table and rebuilding gives what was acknowledged", () => {
  /** What there is of the visit `s`: each event as it is shown, and what the journey is by them. */
  async function shown(world: World) {
    const { store } = world.createProcess();
    const journey = (await store.find(T, ["s"])).get("s");
    if (!journey) return undefined;
    const { chunks: _, lastArrivalAt: __, ...own } = journey;
    const { events, isExact } = await readWhole(store, journey);
    const told = events.map((event) => {
      const { receivedAt: _, ...said } = event;
      return said;
    });
    return { own, isExact, events: told };
  }

  const at = (seq: number) => new Date(START + seq * MINUTE_MS).toISOString();
  const event = (seq: number, own: Partial<EventInput> = {}): EventInput => (
    { sessionId: "s", seq, type: "PAGE_VIEWED", occurredAt: at(seq), ...own }
  );
  const told = async (world: World, events: readonly EventInput[]) =>
    (await world.createProcess().journeys.record(T, events)).map((verdict) =>
      verdict.status === "REJECTED" ? verdict.code : verdict.status
    );
  const outdone = async (world: World) => {
    const { raw } = world.createProcess();
    const lines = [];
    for await (const keys of raw.listAll(T)) for (const key of keys) lines.push(...await raw.read(key));
    return lines.filter((line) => line.outdone).map(({ seq, type }) => `${seq} ${type}`);
  };
  const isKept = async (world: World) => {
    const before = await shown(world);
    await rebuild(world);
    expect(await shown(world)).toEqual(before);
    return before;
  };

  test("where a batch that says a number twice is sent again, however often", async () => {
    const world = createWorld();
    const batch = [event(1), event(2, { type: "FORM_COMPLETED" }), event(2, { type: "MESSAGE_SENT", text: "Hi" })];
    expect(await told(world, batch)).toEqual(["ACCEPTED", "ACCEPTED", "PAYLOAD_MISMATCH"]);
    for (let i = 0; i < 2; i++) {
      expect(await told(world, batch)).toEqual(["DUPLICATE", "DUPLICATE", "PAYLOAD_MISMATCH"]);
    }
    expect(await outdone(world)).toEqual([]);
    expect(await isKept(world)).toMatchObject({ own: { eventCount: 2, decided: { type: "FORM_COMPLETED" } } });
  });

  test("where somebody who is named in it was erased before it is sent again, as the repeat that it is", async () => {
    const world = createWorld();
    const batch = [
      event(1, { visitorId: "ann" }),
      event(2, { visitorId: "bob" }),
      event(3, { visitorId: "ann", aliasOf: "bobby" }),
    ];
    await told(world, batch);
    await world.createProcess().erase(T, "bob");
    expect(await told(world, batch)).toEqual(["DUPLICATE", "DUPLICATE", "DUPLICATE"]);
    // In another cut it is a new object, and in what is said otherwise the repeat is none.
    expect(await told(world, [batch[1]!])).toEqual(["DUPLICATE"]);
    expect(await told(world, [{ ...batch[1]!, page: "/other" }])).toEqual(["PAYLOAD_MISMATCH"]);
    expect(await told(world, [{ ...batch[0]!, visitorId: "eve" }])).toEqual(["PAYLOAD_MISMATCH"]);
    expect(await outdone(world)).toEqual([]);
    expect(await isKept(world)).toMatchObject({ own: { eventCount: 3 } });
    expect(await told(world, batch)).toEqual(["DUPLICATE", "DUPLICATE", "DUPLICATE"]);
  });

  /** All but one that make a session full; then what is refused, and finds room once the first two are there. */
  const odd = Array.from({ length: 1_000 }, (_, i): ArrivedEvent => (
    { ...event(2 * i + 3), source: "main", occurredAt: START, receivedAt: NOW }
  ));
  const last = event(2_003, { occurredAt: at(1) });

  async function nearlyFull(): Promise<World> {
    const world = createWorld();
    const { raw, store } = world.createProcess();
    await raw.keep(T, odd, NOW);
    await keepEvents({ store, clock: () => NOW }, T, undefined, odd, DEFAULT_POLICY);
    return world;
  }

  async function full(): Promise<World> {
    const world = await nearlyFull();
    expect(await told(world, [last])).toEqual(["SESSION_FULL"]);
    expect(await told(world, [event(1), event(2)])).toEqual(["ACCEPTED", "ACCEPTED"]);
    return world;
  }

  test("without what had no room, also where there is room now", async () => {
    const world = await full();
    const { backfill } = world.createProcess();
    for (const dryRun of [true, false]) {
      expect(await backfill(T, all, dryRun)).toMatchObject({ journeysChanged: 0, journeysUnchanged: 1 });
    }
    expect(await outdone(world)).toEqual(["2003 PAGE_VIEWED"]);
    expect(await isKept(world)).toMatchObject({ own: { eventCount: 1_002 } });
  });

  test.each([["after", "putIf"], ["before", "replaceIf"], ["after", "replaceIf"], ["never", ""]])(
    "with what had no room at first and found it when it was sent again, also where that one dies %s %s",
    async (moment, name) => {
      const world = await full();
      let puts = 0;
      const dies: OnCall = (when, call) => {
        if (when !== moment || call !== name) return;
        // Its chunk, and then its journey.
        if (call !== "putIf" || ++puts === 2) throw new Error("gone");
      };
      await world.createProcess(dies).journeys.record(T, [last]).catch(() => {});
      expect(await told(world, [last])).toEqual(["DUPLICATE"]);
      expect(await outdone(world)).toEqual([]);
      expect(await isKept(world)).toMatchObject({ own: { eventCount: 1_003 } });
    },
  );

  test("where room is found between that one is refused and that this is noted", async () => {
    const world = await nearlyFull();
    let isMet = false;
    const meanwhile: OnCall = async (when, call) => {
      if (when === "after" || call !== "replaceIf" || isMet) return;
      isMet = true;
      await told(world, [event(1), event(2)]);
      expect(await told(world, [last])).toEqual(["ACCEPTED"]);
    };
    expect(await world.createProcess(meanwhile).journeys.record(T, [last])).toEqual([{ status: "DUPLICATE" }]);
    expect(await outdone(world)).toEqual([]);
    expect(await isKept(world)).toMatchObject({ own: { eventCount: 1_003 } });
  });

  test("whatever is repeated, contradicts itself, is erased, breaks off and is tried again", async () => {
    const line = fc.record({
      seq: fc.integer({ min: 1, max: 5 }),
      type: fc.constantFrom("PAGE_VIEWED", "FORM_COMPLETED", "X1", "X2", "X3", "X4"),
      minutes: fc.constantFrom(0, 0, 0, -90),
      visitorId: fc.constantFrom("ann", "ann", "bob", undefined),
    });
    const batch = fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) =>
      lines.map(({ seq, type, minutes, visitorId }) =>
        event(seq, { type, occurredAt: at(seq + minutes), ...(visitorId ? { visitorId } : {}) })
      )
    );
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ again: fc.nat(5), dies: fc.option(fc.nat(12)) }) },
      { weight: 1, arbitrary: fc.constant("ERASE" as const) },
    );
    const types = Array.from({ length: 61 }, (_, i) => event(100 + i, { source: "tab", type: `TYPE_${i}` }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { minLength: 2, maxLength: 5 }),
        fc.array(step, { minLength: 3, maxLength: 8 }),
        fc.constantFrom(0, MINUTE_MS),
        async (batches, steps, tick) => {
          let now = NOW;
          const world = createEraseWorld(NOW, () => (now += tick));
          await told(world, [event(1, { source: "tab", visitorId: "ann", occurredAt: at(-200) }), ...types]);
          const open = new Set<number>();
          for (const one of steps) {
            if (one === "ERASE") {
              await world.createProcess().erase(T, "bob");
              continue;
            }
            const which = one.again % batches.length;
            let left = one.dies ?? Infinity;
            const dies: OnCall = () => {
              if (left-- <= 0) throw new Error("gone");
            };
            open.add(which);
            await world.createProcess(dies).journeys.record(T, batches[which]!).then(
              () => open.delete(which),
              () => {},
            );
          }
          for (const which of open) await told(world, batches[which]!);
          expect(await isKept(world)).toMatchObject({ isExact: true });
        },
      ),
      { numRuns: 40 },
    );
  });
});

function toldBy(writer: number, from: number, to: number, minutes: number): EventInput[] {
  return told(from, to, `/by-${writer}`, minutes);
}
