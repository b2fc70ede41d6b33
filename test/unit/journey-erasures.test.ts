import { beforeEach, describe, expect, test } from "vitest";
import { toChunks } from "../../api/journeys/chunk.ts";
import { createChunkReader, createErasureStore, type Receipt } from "../../api/journeys/erasures.ts";
import { keyOf, toItem } from "../../api/journeys/item.ts";
import type { ArrivedEvent, Journey } from "../../api/journeys/model.ts";
import { decideEvents } from "../../api/journeys/rules.ts";
import { createJourneyStore } from "../../api/journeys/store.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const DAY = 86_400_000;
const T = "shop";
let dynamo: ReturnType<typeof createMemoryDynamo>;
let erasures: ReturnType<typeof createErasureStore>;
let store: ReturnType<typeof createJourneyStore>;

beforeEach(() => {
  dynamo = createMemoryDynamo({ journeys: tables.journeys });
  erasures = createErasureStore(dynamo, "journeys");
  store = createJourneyStore(dynamo, "journeys");
});

const event = (seq: number, own: Partial<ArrivedEvent> = {}): ArrivedEvent => (
  { sessionId: "s", source: "main", seq, type: "PAGE_VIEWED", occurredAt: NOW + seq, receivedAt: NOW, ...own }
);
const journeyOf = (...events: ArrivedEvent[]): Journey => decideEvents(T, undefined, events).journey!;
const put = (journey: Journey) => dynamo.put("journeys", toItem(journey));
const begin = async (latest?: Receipt) => (await erasures.begin(T, "ada", latest, NOW))!;
const itemOf = () => dynamo.peek("journeys", keyOf(T, "s"));
const chunks = () => dynamo.dump("journeys").filter(({ sk }) => String(sk).includes("#E#"));
const keep = (...events: ArrivedEvent[]) => store.keepChunk(T, "s", toChunks(events)[0]!, { keepDays: 90, now: NOW });
/** The same stores, before whose next write of a kind something else happens. */
function between(method: "putIf" | "updateIf", meanwhile: () => Promise<unknown>) {
  let isDone = false;
  const asked = async (...args: unknown[]) => {
    if (!isDone) {
      isDone = true;
      await meanwhile();
    }
    return await (dynamo[method] as (...args: unknown[]) => Promise<unknown>)(...args);
  };
  return createErasureStore({ ...dynamo, [method]: asked }, "journeys");
}

describe("a receipt", () => {
  test("is begun by one of two; the next one once it is done", async () => {
    const first = await begin();
    expect(await erasures.begin(T, "ada", undefined, NOW + 1)).toBeUndefined();
    expect(await erasures.findLatest(T, "ada")).toEqual(first);
    const done = (await erasures.close(first, 0, NOW))!;
    expect(done).toMatchObject({ isDone: true, ordinal: 1 });
    expect(await begin(done)).toMatchObject({ isDone: false, ordinal: 2 });
  });

  test("is closed over what it had seen: once, and not where a journey was added since", async () => {
    const first = await begin();
    const second = (await erasures.bury(first, "s", undefined, 3))!;
    expect(await erasures.close(first, 0, NOW)).toBeUndefined();
    expect(await erasures.close(second, 2, NOW)).toMatchObject({ journeys: 1, events: 3, objectsRewritten: 2 });
    expect(await erasures.close(second, 9, NOW)).toBeUndefined();
    // Nothing is added to one that is closed.
    expect(await erasures.bury(second, "other", undefined, 1)).toBeUndefined();
  });
});

describe("a journey is buried", () => {
  test("as it was read: not where it counts more by now, is there by now, or the receipt went on", async () => {
    const receipt = await begin();
    const [one, two] = [journeyOf(event(1)), journeyOf(event(1), event(2))];
    await put(two);
    expect(await erasures.bury(receipt, "s", one, 1)).toBeUndefined();
    expect(await erasures.bury(receipt, "s", undefined, 0)).toBeUndefined();
    expect(await store.find(T, ["s"])).toEqual(new Map([["s", two]]));
    const next = (await erasures.bury(receipt, "s", two, 2))!;
    expect(next).toMatchObject({ journeys: 1, events: 2 });
    expect(itemOf()).toMatchObject({ erased: receipt.receiptId, events: 2, open: true });
    expect(await erasures.bury(receipt, "other", undefined, 1)).toBeUndefined();
    expect(await erasures.bury(next, "other", undefined, 1)).toMatchObject({ journeys: 2, events: 3 });
  });
});

describe("what lies beside", () => {
  test("is emptied once: what goes meanwhile does not come back, and what is there stays two days for the stream", async () => {
    const receipt = await begin();
    const journey = journeyOf(event(1, { text: "secret" }));
    await put(journey);
    await keep(event(1, { text: "secret" }));
    await erasures.bury(receipt, "s", journey, 1);
    await between("putIf", async () => {
      for (const { pk, sk } of chunks()) await dynamo.remove("journeys", { pk, sk });
    }).scrub(T, "s", NOW);
    expect(chunks()).toEqual([]);
    await keep(event(1, { text: "secret" }));
    await erasures.scrub(T, "s", NOW);
    expect(chunks()).toMatchObject([{ hollow: true, ttl: (NOW + 2 * DAY) / 1_000 }]);
    await erasures.settle(T, "s");
    expect(chunks()).toEqual([]);
    expect(itemOf()).toEqual({ ...keyOf(T, "s"), erased: receipt.receiptId, events: 1 });
  });

  test("of somebody else's journey loses the names, and comes back by nobody's hand", async () => {
    const named = event(1, { visitorId: "bob", text: "hello" });
    const other = event(2, { visitorId: "ada" });
    await put(journeyOf(named, other));
    await keep(named, other);
    await between("putIf", async () => {
      for (const { pk, sk } of chunks()) await dynamo.remove("journeys", { pk, sk });
    }).unname(T, "s", new Set(["ada"]));
    expect(chunks()).toEqual([]);
    expect(itemOf()!.ids).toBeUndefined();
  });

  const own = [event(1, { visitorId: "bob" }), event(2, { visitorId: "ada" })];
  const changes: [string, (journey: Journey) => Journey][] = [
    ["counted more", ({ goals }) => ({ ...journeyOf(...own, event(3)), goals })],
    ["was named by others", (journey) => ({ ...journey, otherIds: ["ada", "eve"] })],
    ["followed other goals", (journey) => ({ ...journey, goals: { version: 2, reached: [] } })],
  ];
  test.each(changes)("a journey that %s meanwhile is not written over: it is read again", async (_, change) => {
    for (const version of [0, 1]) {
      const now = { ...journeyOf(...own), goals: { version, reached: [] } };
      await put(now);
      const later = change(now);
      await between("putIf", () => put(later)).unname(T, "s", new Set(["ada"]));
      const left = later.otherIds.filter((id) => id !== "ada");
      expect((await store.find(T, ["s"])).get("s")).toEqual({ ...later, otherIds: left });
    }
  });
});

test("whoever counts reads the chunks of an erased journey before it asks whether all is counted: what goes meanwhile was counted", async () => {
  const journey = journeyOf(event(1), event(2));
  await put(journey);
  await keep(event(1), event(2));
  await erasures.bury(await begin(), "s", journey, 2);
  await erasures.scrub(T, "s", NOW);
  expect(await createChunkReader(store, erasures)(T, "s")).toHaveLength(1);
  const settled = createChunkReader({
    readAllChunks: async (...asked) => {
      await erasures.settle(T, "s");
      return await store.readAllChunks(...asked);
    },
  }, erasures);
  expect(await settled(T, "s")).toBeUndefined();
});
