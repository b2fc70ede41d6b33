import { afterAll, beforeAll, expect, test } from "vitest";
import { createFollower } from "../../api/journeys/follow.ts";
import { createJourneyStore } from "../../api/journeys/store.ts";
import { createTrailStore } from "../../api/journeys/trails.ts";
import { createHub } from "../../api/live/hub.ts";
import { fullName, tables } from "../../api/resources.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { dumpTable, itemsOf } from "../kit/dump.ts";
import { record } from "../kit/journeys.ts";
import { dynamoOf } from "../kit/stores.ts";

/** What a job derives of journeys that are over, while others write and erase. */
const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
let api: TestApp;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const visit = (sessionId: string, seq: number) => ({
  ...{ sessionId, seq, type: "PAGE_VIEWED", page: "/shop", visitorId: "ada" },
  occurredAt: new Date(NOW - 3 * HOUR + seq).toISOString(),
});

/** The follower as the service makes it, and what it told of. `onPut` comes before each trail that it writes. */
function createWorld(onPut: () => Promise<void> = () => Promise.resolve()) {
  const dynamo = dynamoOf(api.system);
  const named = (spec: { name: string }) => fullName(api.system.prefix, spec);
  const store = createJourneyStore(dynamo, named(tables.journeys));
  const own = createTrailStore(dynamo, named(tables.trails));
  const trails: typeof own = {
    ...own,
    async put(...args) {
      await onPut();
      await own.put(...args);
    },
  };
  const told: string[] = [];
  const onFinished = ({ sessionId }: { sessionId: string }, finish: string) =>
    Promise.resolve(void told.push(`${sessionId} ${finish}`));
  return { told, follower: createFollower({ store, trails, hub: createHub(), clock: () => NOW, onFinished }) };
}

test("an erasure that comes while a journey is summed up leaves nothing of it", async () => {
  await record(api, "erased", [visit("e", 1), visit("e", 2)]);
  await api.settle();
  const { follower } = createWorld(async () => {
    const query = `mutation { eraseVisitor(input: { visitorId: "ada" }) { __typename } }`;
    expect((await api.ask("erased", query)).data.eraseVisitor.__typename).toBe("EraseVisitorPayload");
  });
  await follower.run();
  const left = (await dumpTable(api.system, "trails")).filter((item) =>
    item.includes("erased#") && item.includes("TRAIL")
  );
  expect(left).toEqual([]);
});

test("a journey that finished is told of once, however often the stream brings its last change", async () => {
  await record(api, "told", [visit("t", 1), visit("t", 2)]);
  const images = (await itemsOf(api.system, "journeys")).filter(({ sk, pk }) =>
    pk!.S!.startsWith("told#") && sk!.S!.endsWith("#META")
  );
  expect(images).toHaveLength(1);
  await api.settle();
  const { follower, told } = createWorld();
  await follower.run();
  expect(told).toHaveLength(1);
  // The stream is read again from before: the same change is noted anew.
  await record(api, "told", [visit("t", 2)]);
  await follower.note([{ ...await metaOf("t") }]);
  await follower.run();
  expect(told).toHaveLength(1);
  await record(api, "told", [visit("t", 3)]);
  await follower.note([{ ...await metaOf("t") }]);
  await follower.run();
  expect(told).toHaveLength(2);
  expect(new Set(told).size).toBe(2);
});

async function metaOf(sessionId: string) {
  const dynamo = dynamoOf(api.system);
  const table = fullName(api.system.prefix, tables.journeys);
  const all = (await itemsOf(api.system, "journeys")).map(({ pk, sk }) => ({ pk: pk!.S!, sk: sk!.S! }));
  const key = all.find(({ pk, sk }) => pk.startsWith("told#") && sk === `${sessionId}#META`)!;
  return (await dynamo.get(table, key, { consistent: true }))!;
}
