import { describe, expect, test } from "vitest";
import { toChunks } from "../../api/journeys/chunk.ts";
import { NO_MARK, toggled } from "../../api/journeys/counted.ts";
import { keepEvents } from "../../api/journeys/keep.ts";
import type { ArrivedEvent } from "../../api/journeys/model.ts";
import { DEFAULT_POLICY } from "../../api/journeys/rules.ts";
import { readWhole } from "../../api/journeys/timeline.ts";
import { createEraseWorld, type OnCall } from "../kit/erase-world.ts";
import type { EventInput } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const T = "shop";
const event = (seq: number, occurredAt: number, own: Partial<ArrivedEvent> = {}): ArrivedEvent => (
  { sessionId: "s", source: "main", seq, type: "PAGE_VIEWED", occurredAt, receivedAt: NOW, ...own }
);

/** A store, and writers of one journey over it. */
function createWorld() {
  const world = createEraseWorld(NOW);
  const { store } = world.createProcess();
  const find = async () => (await store.find(T, ["s"])).get("s");
  const keep = async (events: ArrivedEvent[], onCall?: OnCall) =>
    await keepEvents(
      { store: world.createProcess(onCall).store, clock: () => NOW },
      T,
      await find(),
      events,
      DEFAULT_POLICY,
    );
  return { world, store, find, keep };
}

describe("a journey", () => {
  test("knows how its events are stored: in how many chunks, how long the longest is, and which they are", async () => {
    const { store, find, keep } = createWorld();
    const batches = [[event(1, NOW), event(2, NOW + 5 * HOUR)], [event(3, NOW + 6 * HOUR)]];
    for (const batch of batches) await keep(batch);
    const journey = (await find())!;
    const mark = toggled(NO_MARK, batches.flatMap(toChunks).map(({ id }) => id));
    expect(journey.chunks).toEqual({ count: 2, maxSpanMs: 5 * HOUR, mark });
    const { events, isExact } = await readWhole(store, journey);
    expect([events.map(({ seq }) => seq), isExact]).toEqual([[1, 2, 3], true]);
  });

  test("that is long refuses what another writer counted at another time meanwhile, and does not take its own for it", async () => {
    const { find, keep } = createWorld();
    for (let seq = 1; seq <= 65; seq++) await keep([event(seq, NOW + seq)]);
    let writes = 0;
    const overtaken: OnCall = async (when, call) => {
      // Between its chunk and its journey.
      if (when === "before" && call === "putIf" && ++writes === 2) await keep([event(66, NOW + HOUR)]);
    };
    const { verdicts } = await keep([event(66, NOW + 66)], overtaken);
    expect(verdicts).toMatchObject([{ status: "REJECTED", code: "PAYLOAD_MISMATCH" }]);
    expect(await find()).toMatchObject({ eventCount: 66, endedAt: NOW + HOUR });
  });
});

test.each<[string, Partial<ArrivedEvent>]>([
  ["type", { type: "MESSAGE_SENT" }],
  ["text", { text: "of the dead" }],
  ["page", { page: "/other" }],
  ["properties", { properties: { a: 1 } }],
  ["time", { occurredAt: NOW - 1 }],
])("a page of events shows what the journey counts, also beside another writer's of another %s", async (_, own) => {
  const { world, find, keep } = createWorld();
  const { journeys } = world.createProcess();
  const dies: OnCall = (when, call) => {
    if (when === "after" && call === "putIf") throw new Error("gone");
  };
  await expect(keep([event(1, NOW, { ...own, receivedAt: NOW - 1 })], dies)).rejects.toThrow("gone");
  await keep([event(1, NOW), event(2, NOW + 1)]);
  await keep([event(3, NOW + 2)]);
  const journey = (await find())!;
  for (const first of [1, 2, 3, 4]) {
    const { edges } = await journeys.listEvents(journey, { first });
    const shown = edges.map(({ node }) => {
      const { step: _, ...event } = node;
      return event;
    });
    expect(shown).toEqual(
      [event(1, NOW), event(2, NOW + 1), event(3, NOW + 2)].slice(0, first),
    );
  }
});

test("an event that stands in a batch twice is refused twice where another text is stored under its number", async () => {
  const { find, keep } = createWorld();
  const said = (text: string) => event(1, NOW, { type: "MESSAGE_SENT", text });
  const dies: OnCall = (when, call) => {
    if (when === "after" && call === "putIf") throw new Error("gone");
  };
  await expect(keep([said("first")], dies)).rejects.toThrow("gone");
  const { verdicts } = await keep([said("second"), said("second")]);
  expect(verdicts).toMatchObject([{ code: "PAYLOAD_MISMATCH" }, { code: "PAYLOAD_MISMATCH" }]);
  expect((await find())!.firstQuestion).toMatchObject({ text: "first" });
});

test("what is recorded by whoever knew earlier goals follows those by which its journey was written", async () => {
  const { world, keep, find } = createWorld();
  const { configuration, journeys } = world.createProcess();
  await configuration.configure(T, { goals: [{ goalId: "paid", anyOf: [{ type: "PAID" }] }] });
  await journeys.record(T, [{ sessionId: "s", seq: 1, type: "PAGE_VIEWED", occurredAt: new Date(NOW).toISOString() }]);
  const { journey } = await keep([event(2, NOW + 1, { type: "PAID" })]);
  expect(journey!.goals).toMatchObject({ version: 1, reached: [{ goalId: "paid", seq: 2 }] });
  expect(await find()).toEqual(journey);
});

test("a journey that followed goals where there are none any more follows none, and no event of it is read", async () => {
  const { world, store, keep, find } = createWorld();
  await keep([event(1, NOW)]);
  const calls: string[] = [];
  const onCall: OnCall = (when, call) => void (when === "before" && calls.push(call));
  const known = await find();
  const policy = { ...DEFAULT_POLICY, goals: { version: 2, list: [] } };
  const writer = { store: world.createProcess(onCall).store, clock: () => NOW };
  await keepEvents(writer, T, known, [event(2, NOW)], policy);
  expect((await store.find(T, ["s"])).get("s")).toMatchObject({ goals: { version: 2, reached: [] }, eventCount: 2 });
  expect(calls).not.toContain("query");
});

describe("an event of a number that was counted", () => {
  const first = event(1, NOW, { clientAt: NOW + 5, properties: { a: 1, b: 2 } });
  test.each<[string, Partial<ArrivedEvent>, boolean]>([
    ["is the same", {}, false],
    ["is the same but for its corrected time", { occurredAt: NOW + 1 }, true],
    ["is the same but for what its clock said", { clientAt: NOW + 6, occurredAt: NOW }, true],
    ["is the same but for the order of its properties", { properties: { b: 2, a: 1 } }, true],
    ["says something else", { page: "/other" }, true],
  ])("that %s is outdone where it arrived no later, and says something else to the letter", async (_, own, isOther) => {
    for (const [later, expected] of [[1, false], [0, isOther], [-1, isOther]] as const) {
      const { keep } = createWorld();
      expect((await keep([first])).outdone).toEqual([]);
      const again = { ...first, ...own, receivedAt: NOW + later };
      expect([later, (await keep([again, event(2, NOW)])).outdone]).toEqual([later, expected ? [again] : []]);
    }
  });

  test("in the same batch is not, however often that comes; what had no room is", async () => {
    const { keep } = createWorld();
    const batch = [first, { ...first, page: "/other" }, event(2, NOW)];
    const twice = await keep(batch);
    expect([twice.verdicts.map(({ status }) => status), twice.outdone]).toEqual([
      ["ACCEPTED", "REJECTED", "ACCEPTED"],
      [],
    ]);
    const again = await keep(structuredClone(batch));
    expect([again.verdicts.map(({ status }) => status), again.outdone]).toEqual([
      ["DUPLICATE", "REJECTED", "DUPLICATE"],
      [],
    ]);
    const types = Array.from({ length: 65 }, (_, i) => event(i + 3, NOW, { type: `TYPE_${i}` }));
    const full = await keep(types);
    expect([full.verdicts.at(-1), full.outdone]).toMatchObject([
      { status: "REJECTED", code: "SESSION_FULL" },
      types.slice(-2),
    ]);
  });
});

test.each([0, 1])(
  "of two texts under one number the one that is stored counts; the other, which arrived %i ms before, is refused, and marked for replays",
  async (ahead) => {
    let now = NOW + ahead;
    const world = createEraseWorld(NOW, () => now);
    const { store } = world.createProcess();
    const find = async () => (await store.find(T, ["s"])).get("s");
    const input = (text: string): EventInput => (
      { sessionId: "s", seq: 1, type: "MESSAGE_SENT", occurredAt: new Date(NOW - 1_000).toISOString(), text }
    );
    const dies: OnCall = (when, call) => {
      if (when === "after" && call === "putIf") throw new Error("gone");
    };
    await expect(world.createProcess(dies).journeys.record(T, [input("first")])).rejects.toThrow("gone");
    now = NOW;
    const { journeys, raw } = world.createProcess();
    expect(await journeys.record(T, [input("second")])).toMatchObject([{ code: "PAYLOAD_MISMATCH" }]);
    expect((await find())!.firstQuestion).toMatchObject({ text: "first" });
    const lines = [];
    for await (const keys of raw.listAll(T)) for (const key of keys) lines.push(...await raw.read(key));
    expect(new Map(lines.map(({ text, outdone }) => [text, outdone === true]))).toEqual(
      new Map([["first", false], ["second", true]]),
    );
    // What is marked arrived no later; a replay by arrival passes it over.
    for (const { pk, sk } of world.dynamo.dump("journeys")) await world.dynamo.remove("journeys", { pk, sk });
    expect((await store.find(T, ["s"])).size).toBe(0);
    await world.createProcess().backfill(T, { between: { from: NOW - HOUR, to: NOW + HOUR } }, false);
    expect((await find())!.firstQuestion).toMatchObject({ text: "first" });
  },
);
