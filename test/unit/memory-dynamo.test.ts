import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDynamo, type Dynamo, type Expression, type Item } from "../../api/aws/dynamo.ts";
import { createHub } from "../../api/live/hub.ts";
import { fullName, tables } from "../../api/resources.ts";
import { createSensorErasures } from "../../api/sessions/erasures.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import { createQuarantineStore } from "../../api/sessions/quarantine.ts";
import { createSessionLists } from "../../api/sessions/lists.ts";
import type { Readings } from "../../api/sessions/readings.ts";
import { createSessions } from "../../api/sessions/service.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { dumpTable } from "../kit/dump.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { createMemoryDynamo, inParts } from "../kit/memory-dynamo.ts";
import { createRandom, type Random } from "../proof/random.ts";
import { operationsOf } from "../proof/sessions-inputs.ts";

/** The DynamoDB in memory answers as the embedded one does, and holds the same items. */
const NOW = Date.UTC(2026, 5, 1, 12);
const RUNS = 25;
const OPERATIONS = 7;
const RAW_CALLS = 1_200;
let system: TestSystem;
let clock = NOW;
const names = () => ({
  sessions: fullName(system.prefix, tables.sessions),
  sensors: fullName(system.prefix, tables.sensors),
  journeys: fullName(system.prefix, tables.journeys),
});
const memory = () => {
  const { sessions, sensors, journeys } = names();
  return createMemoryDynamo({ [sessions]: tables.sessions, [sensors]: tables.sensors, [journeys]: tables.journeys });
};

beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system.stop());

/** Two processes of the service over one store, and the stores themselves. */
function stackOver(dynamo: Dynamo) {
  const [store, lists] = [createSessionStore(dynamo, names()), createSessionLists(dynamo, names())];
  const lineStore = createLineStore(dynamo, names());
  let ids = 0;
  const kept = new Map<string, string>();
  const readings = {
    keep: (_tenantId: string, batch: { sessionId: string; batchOffset: number }) => {
      const key = `${batch.sessionId} ${batch.batchOffset} ${_tenantId}`;
      const outcome: "created" | "same" | "other" = !kept.has(key)
        ? "created"
        : kept.get(key) === JSON.stringify(batch)
        ? "same"
        : "other";
      if (outcome === "created") kept.set(key, JSON.stringify(batch));
      return Promise.resolve(outcome);
    },
    read: () => Promise.resolve([]),
  } as unknown as Readings;
  const service = () =>
    createSessions({
      store,
      lineStore,
      erasures: createSensorErasures(dynamo, names()),
      quarantine: createQuarantineStore(dynamo, names()),
      lists,
      daysOpenAt: () => Promise.resolve([]),
      readings,
      hub: createHub(),
      clock: () => clock,
      ids: () => `m${ids++}`,
    });
  return { dynamo, store, lineStore, lists, services: [service(), service()] as const };
}

/** What a call gave, as text: its value, or the code of its error with the item that it met. */
async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  const shown = (_key: string, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value instanceof Map ? sorted(Object.fromEntries(value)) : sorted(value);
  try {
    return JSON.stringify(await call(), shown) ?? "nothing";
  } catch (error) {
    const { code, current } = error as { code: string; current?: Item };
    return JSON.stringify({ code, current }, shown);
  }
}

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value) || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function dumps(dynamo: ReturnType<typeof createMemoryDynamo>, name: keyof typeof tables) {
  const items = dynamo.dump(fullName(system.prefix, tables[name])).map((item) => JSON.stringify(canonical(item)));
  const other = (await dumpTable(system, name)).map((text) => JSON.stringify(canonical(plain(JSON.parse(text)))));
  return [items.sort(), other.sort()] as const;
}

function canonical(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(canonical);
  return sorted(Object.fromEntries(Object.entries(value).map(([name, part]) => [name, canonical(part)])));
}

/** An item of a dump without DynamoDB's types. */
function plain(attributes: Record<string, Record<string, unknown>>): Item {
  const valueOf = (typed: Record<string, unknown>): unknown => {
    const [[type, value]] = Object.entries(typed) as [[string, unknown]];
    if (type === "N") return Number(value);
    if (type === "L") return (value as Record<string, unknown>[]).map(valueOf);
    return type === "M" ? plain(value as Record<string, Record<string, unknown>>) : value;
  };
  return Object.fromEntries(Object.entries(attributes).map(([name, typed]) => [name, valueOf(typed)]));
}

test("the stores of sessions give and leave the same over both, whatever is asked of them", async () => {
  const inMemory = memory();
  const stacks = [stackOver(inMemory), stackOver(createDynamo(system.clients.dynamodb))] as const;
  for (let run = 0; run < RUNS; run++) {
    const tenantId = `d${run}`;
    const seed = `differential.${run}`;
    const startAt = clock;
    const random = createRandom(seed);
    const [own, others] = stacks.map(() =>
      operationsOf(createRandom(seed), tenantId, startAt, 5 * 60_000).slice(0, OPERATIONS)
    ) as [
      ReturnType<typeof operationsOf>,
      ReturnType<typeof operationsOf>,
    ];
    for (const [i, operation] of own.entries()) {
      clock += Math.floor(random() * 90_000);
      const process = random() < 0.5 ? 0 : 1;
      // Both ask for the sensor's latest session of one of them, which is that of the other too.
      const view = {
        now: () => clock,
        peek: (_table: string, key: Item) => inMemory.peek(names().sensors, key),
      };
      const answer = await outcomeOf(() => operation.run(stacks[0].services[process], view));
      const other = others[i]!;
      other.sessionId = operation.sessionId;
      expect([operation.name, await outcomeOf(() => other.run(stacks[1].services[process], view))]).toEqual([
        operation.name,
        answer,
      ]);
    }
    for (const call of storeCalls(tenantId, random)) {
      const answer = await outcomeOf(() => call(stacks[0]));
      expect([String(call), await outcomeOf(() => call(stacks[1]))]).toEqual([String(call), answer]);
    }
  }
  for (const name of ["sessions", "sensors"] as const) {
    const [items, embedded] = await dumps(inMemory, name);
    expect(items.length).toBeGreaterThan(RUNS);
    expect(items).toEqual(embedded);
  }
});

/** What the service asks rarely or never: pages, filters, sheets, and writes over a state that has passed. */
function storeCalls(tenantId: string, random: Random): ((stack: ReturnType<typeof stackOver>) => Promise<unknown>)[] {
  const query = { tenantId, fromAt: clock - 3_600_000, toAt: clock + 600_000 };
  const filters = [{}, { status: "ACTIVE" as const }, { label: "e0" }, { sensorId: "s0" }, {
    sensorId: "s0",
    status: "COMPLETED" as const,
  }];
  const filter = filters[Math.floor(random() * filters.length)]!;
  const limit = 1 + Math.floor(random() * 4);
  const at = clock - Math.floor(random() * 3_600_000);
  return [
    async ({ lists }) => {
      const first = await lists.page({ ...query, ...filter }, limit, undefined);
      return [first, first.next && await lists.page({ ...query, ...filter }, limit, first.next)];
    },
    ({ lineStore }) => lineStore.around({ tenantId, sensorId: "s0" }, at),
    ({ lineStore }) => lineStore.listHeard({ tenantId, sensorId: "s0" }, at, clock),
    ({ store }) => store.putIdle(tenantId, "s1", { idleMs: 60_000 }),
    ({ store }) => store.getSettings(tenantId),
    ({ lists }) => lists.sensors(tenantId, { limit: 1 }),
    ({ lists }) => lists.sensors(tenantId, { limit: 2, after: "s0", prefix: "s" }),
    async ({ store, lineStore, lists }) => {
      const [known] = (await lists.page(query, 1, undefined)).sessions;
      if (!known) return;
      const whole = (await store.find(tenantId, [known.sessionId])).get(known.sessionId)!;
      const spans = [{ offset: 3, firstAt: NOW, lastAt: NOW, count: 2 }];
      await store.putSheet(whole, spans);
      const now = { tenantId, sensorId: whole.sensorId, latestSessionId: "nowhere" };
      return [
        await store.listSheets(whole),
        await store.replace(whole, { ...whole, revision: whole.revision + 7 }),
        await store.replace({ ...whole, playback: { started: true, failure: undefined } }, whole),
        await store.replace(whole, undefined),
        await store.annotate({ ...whole, labels: ["x"], notes: "n", pinned: true }, 9, NOW),
        await store.annotate({ ...whole, labels: ["x"], notes: "n", pinned: true, version: 2 }, 1, NOW),
        await lineStore.commit({ changes: [{ session: whole, known: whole }], sensor: { now, known: undefined } }),
        await store.find(tenantId, [known.sessionId, "nobody"]),
      ];
    },
  ];
}

test("every part of the grammar of expressions means the same in both, and so do refusals", async () => {
  const inMemory = memory();
  const both = [inMemory, createDynamo(system.clients.dynamodb)] as const;
  const random = createRandom("expressions");
  for (let i = 0; i < RAW_CALLS; i++) {
    const call = rawCall(random, names().journeys);
    const answer = await outcomeOf(() => call.run(both[0]));
    expect([call.name, await outcomeOf(() => call.run(both[1]))]).toEqual([call.name, answer]);
  }
  const [items, embedded] = await dumps(inMemory, "journeys");
  expect(items).toEqual(embedded);
});

function rawCall(random: Random, table: string): { name: string; run: (dynamo: Dynamo) => Promise<unknown> } {
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const key = { pk: `p${below(2)}`, sk: `${pick(["a", "b"])}#${below(4)}` };
  const item = {
    ...key,
    tenant: "t",
    startedAt: below(6),
    stage: pick(["A", "B", "C"]),
    types: pick([",x,", ",x,y,", ""]),
    tags: ["one"],
    n: below(4),
  };
  const conditions: Expression[] = [
    { expression: "attribute_not_exists(pk) OR #n < :one", names: { "#n": "n" }, values: { ":one": 1 } },
    { expression: "attribute_exists(pk) AND (n = :one OR NOT stage = :a)", values: { ":one": 1, ":a": "A" } },
    { expression: "stage IN (:a, :b) AND contains(types, :x)", values: { ":a": "A", ":b": "B", ":x": ",y," } },
    {
      expression: "NOT contains(types, :x) AND n BETWEEN :one AND :two",
      values: { ":x": ",y,", ":one": 1, ":two": 2 },
    },
    { expression: "size(tags) >= :one AND begins_with(stage, :a)", values: { ":one": 2, ":a": "A" } },
    { expression: "contains(tags, :x) AND n <> :one AND n > :zero", values: { ":x": "two", ":one": 1, ":zero": 0 } },
    { expression: "n <= :x OR absent = :one OR n < :one", values: { ":x": "text", ":one": 1 } },
  ];
  const changes: Expression[] = [
    { expression: "SET n = n + :one, tags = list_append(tags, :more)", values: { ":one": 1, ":more": ["two"] } },
    { expression: "SET m = if_not_exists(m, :one) + n REMOVE stage", values: { ":one": 1 } },
    { expression: "SET #s = :s, types = types REMOVE m", names: { "#s": "stage" }, values: { ":s": "B" } },
    { expression: "SET n = n - :one", values: { ":one": 1, ":unused": 2 } },
    {
      expression: "SET tenant = :t, startedAt = :n, stage = :s, tags = :l, n = :n, types = :s",
      values: { ":t": "t", ":n": 3, ":s": "C", ":l": [] },
    },
  ];
  const condition = pick([undefined, ...conditions]);
  const change = pick(changes);
  const keyed: Expression = pick([
    { expression: "tenant = :t AND startedAt BETWEEN :from AND :to", values: { ":t": "t", ":from": 1, ":to": 4 } },
    { expression: "tenant = :t AND startedAt <= :to", values: { ":t": "t", ":to": 3 } },
    { expression: "tenant = :t AND startedAt > :to", values: { ":t": "t", ":to": 3 } },
  ]);
  const other = { ...key, sk: "c#0" };
  return pick([
    {
      name: "put",
      run: (dynamo: Dynamo) => condition ? dynamo.putIf(table, item, condition) : dynamo.put(table, item),
    },
    {
      name: "update",
      run: (dynamo: Dynamo) =>
        condition ? dynamo.updateIf(table, key, change, condition) : dynamo.update(table, key, change),
    },
    { name: "update", run: (dynamo: Dynamo) => dynamo.update(table, key, change) },
    { name: "remove", run: (dynamo: Dynamo) => dynamo.remove(table, key) },
    { name: "get", run: (dynamo: Dynamo) => dynamo.get(table, key) },
    { name: "batchGet twice", run: (dynamo: Dynamo) => dynamo.batchGet(table, [key, other, key]) },
    {
      name: "transact",
      run: (dynamo: Dynamo) =>
        dynamo.transact([{ table, put: item, ...(condition ? { condition } : {}) }, {
          table,
          key: other,
          change: changes[4]!,
        }]),
    },
    {
      name: "transact twice",
      run: (dynamo: Dynamo) => dynamo.transact([{ table, put: item }, { table, key, change }]),
    },
    {
      name: "query",
      run: async (dynamo: Dynamo) => {
        const where: Expression = {
          expression: "pk = :p AND begins_with(sk, :a)",
          values: { ":p": key.pk, ":a": "a#" },
        };
        const page = await dynamo.query(table, { key: where, limit: 2, consistent: true });
        return [page, page.next && await dynamo.query(table, { key: where, startKey: page.next })];
      },
    },
    {
      name: "query of an index",
      run: async (dynamo: Dynamo) => {
        // Rows at one instant are in no order that is promised.
        const filter = condition && !condition.expression.includes("exists") ? { filter: condition } : {};
        const page = await dynamo.query(table, { index: "byStart", key: keyed, ...filter });
        return page.items.map((row) => JSON.stringify(sorted(row))).sort();
      },
    },
  ]);
}

test("a read leaves out what has expired, and one that asks for it does not", async () => {
  const dynamo = createMemoryDynamo(tables, { clock: () => 10_000 });
  const [gone, kept] = [{ pk: "t#0", sk: "a", ttl: 9 }, { pk: "t#0", sk: "b", ttl: 10 }];
  for (const item of [gone, kept]) await dynamo.put("buckets", item);
  const query = { key: { expression: "pk = :pk", values: { ":pk": "t#0" } }, limit: 1 };
  const keys = [gone, kept].map(({ pk, sk }) => ({ pk, sk }));
  const [live, all] = await Promise.all([{}, { expired: true }].map(async (options) => [
    await dynamo.get("buckets", keys[0]!, options),
    await dynamo.batchGet("buckets", keys, options),
    (await dynamo.query("buckets", { ...query, ...options })).items,
  ]));
  expect([live, all]).toEqual([[undefined, [kept], []], [gone, [gone, kept], [gone]]]);
});

test("a read that does not ask to be consistent may be some writes old, one that does never", async () => {
  const dynamo = createMemoryDynamo(tables, { stale: () => 1 });
  const key = { pk: "t#0", sk: "a" };
  await dynamo.put("buckets", { ...key, n: 1 });
  await dynamo.put("buckets", { ...key, n: 2 });
  const query = { key: { expression: "pk = :pk", values: { ":pk": "t#0" } } };
  const [fresh, stale] = await Promise.all([true, false].map(async (consistent) => [
    (await dynamo.get("buckets", key, { consistent }))?.n,
    (await dynamo.batchGet("buckets", [key], { consistent }))[0]?.n,
    (await dynamo.query("buckets", { ...query, consistent })).items[0]?.n,
  ]));
  expect([fresh, stale]).toEqual([[2, 2, 2], [1, 1, 1]]);
});

test("to remove what is not there is no write, alone or in a transaction", async () => {
  const written: unknown[] = [];
  const dynamo = createMemoryDynamo(tables, { onWrite: (done) => written.push(...done) });
  const key = { pk: "t#0", sk: "a" };
  await dynamo.remove("buckets", key);
  await dynamo.transact([{ table: "buckets", remove: key }, { table: "buckets", put: { pk: "t#0", sk: "b" } }]);
  expect(written).toMatchObject([{ after: { sk: "b" } }]);
});

describe("a store that is asked to", () => {
  const [a, b] = [{ pk: "t#0", sk: "a" }, { pk: "t#0", sk: "b" }];
  const isFree = { expression: "attribute_not_exists(pk)" };

  test("lets another transaction be at the items: its own is given up, a plain write unavailable, and nothing is written", async () => {
    let isBusy = true;
    const dynamo = createMemoryDynamo(tables, { conflicts: () => isBusy });
    const change = { expression: "SET n = :n", values: { ":n": 1 } };
    const writes = [
      () => dynamo.put("buckets", a),
      () => dynamo.putIf("buckets", a, isFree),
      () => dynamo.insertAll("buckets", [a, b]),
      () => dynamo.update("buckets", a, change),
      () => dynamo.updateIf("buckets", a, change, isFree),
      () => dynamo.remove("buckets", a),
    ];
    for (const write of writes) await expect(write()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(await dynamo.transact([{ table: "buckets", put: a, condition: isFree }])).toBe(false);
    expect([dynamo.dump("buckets"), await dynamo.get("buckets", a)]).toEqual([[], undefined]);
    isBusy = false;
    expect(await dynamo.transact([{ table: "buckets", put: a, condition: isFree }])).toBe(true);
  });

  test("throttles, and ends pages early, from which the next one goes on", async () => {
    let isThrottled = false;
    const dynamo = createMemoryDynamo(tables, { throttles: () => isThrottled, pageOf: () => 1 });
    await dynamo.insertAll("buckets", [a, b]);
    const key = { expression: "pk = :pk", values: { ":pk": "t#0" } };
    const first = await dynamo.query("buckets", { key, limit: 9 });
    const second = await dynamo.query("buckets", { key, limit: 9, startKey: first.next });
    expect([first.items, second.items]).toEqual([[a], [b]]);
    isThrottled = true;
    await expect(dynamo.query("buckets", { key })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("does a part of a batch later: others come between, and each item keeps its own verdict", async () => {
    const whole = createMemoryDynamo(tables);
    const bump = { expression: "ADD n :one", values: { ":one": 1 } };
    const firstNow = () => {
      let n = 0;
      return () => n++ === 0;
    };
    await whole.put("buckets", { ...b, n: 1 });
    expect(await inParts(whole, firstNow()).insertAll("buckets", [a, b])).toEqual([true, false]);
    const batchGet: Dynamo["batchGet"] = async (...args) => {
      const found = await whole.batchGet(...args);
      for (const key of [a, b]) await whole.update("buckets", key, bump);
      return found;
    };
    const found = await inParts({ ...whole, batchGet }, firstNow()).batchGet("buckets", [a, b]);
    expect(found).toEqual([a, { ...b, n: 2 }]);
  });
});
