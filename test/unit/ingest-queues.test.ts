import { describe, expect, test } from "vitest";
import type { Objects } from "../../api/aws/objects.ts";
import type { QueueMessage, Queues } from "../../api/aws/queues.ts";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { createQuarantine } from "../../api/ingest/quarantine.ts";
import { redrive } from "../../api/ingest/redrive.ts";
import { createTeller, createWaker, wokenBy } from "../../api/ingest/wakes.ts";
import { silentLog } from "../kit/local.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";

const record = (pk: string, sk: string, more: Partial<StreamRecord> = {}): StreamRecord => ({
  ...{ shard: "s", sequence: "7", keys: { pk, sk }, before: undefined, after: { pk, sk }, isExpiry: false },
  ...{ arrivedAt: 0, ...more },
});

/** Queues in memory; a message that was received is hidden from then on. */
function createMemoryQueues(waiting: Record<string, string[]>) {
  const log: string[] = [];
  const messages = (queue: string) => (waiting[queue] ??= []);
  const hidden = new Set<string>();
  const queues: Pick<Queues, "send" | "receive" | "remove" | "depth"> = {
    send: (queue, body) => Promise.resolve(void (log.push(`send ${body}`), messages(queue).push(body))),
    receive(queue, { max = 10 } = {}) {
      const found = messages(queue).filter((body) => !hidden.has(`${queue} ${body}`)).slice(0, max);
      for (const body of found) hidden.add(`${queue} ${body}`);
      return Promise.resolve(found.map((body): QueueMessage => (
        { id: body, body, receipt: body, receives: 1, attributes: {} }
      )));
    },
    remove(queue, { body }) {
      log.push(`remove ${body}`);
      waiting[queue] = messages(queue).filter((own) => own !== body);
      return Promise.resolve();
    },
    depth: (queue) => Promise.resolve({ waiting: messages(queue).length, inFlight: 0 }),
  };
  return { queues, log, bodies: messages };
}

describe("a redrive", () => {
  test("moves what waits, each sent before it is removed, and as many as are asked for", async () => {
    const names = Array.from({ length: 23 }, (_, i) => `m${i}`);
    const { queues, log, bodies } = createMemoryQueues({ dead: [...names] });
    expect(await redrive(queues, { from: "dead", to: "ingest", max: 12 })).toEqual({ moved: 12, left: 11 });
    expect(log.slice(0, 4)).toEqual(["send m0", "remove m0", "send m1", "remove m1"]);
    expect(await redrive(queues, { from: "dead", to: "ingest" })).toEqual({ moved: 11, left: 0 });
    expect(bodies("ingest")).toEqual(names);
  });

  test("ends where what it moves comes back at once", async () => {
    const { queues, bodies } = createMemoryQueues({ dead: ["a", "b"] });
    let back = 0;
    const circle = { ...queues, send: (_: string, body: string) => queues.send("dead", `${body}${++back}`) };
    expect(await redrive(circle, { from: "dead", to: "ingest" })).toEqual({ moved: 2, left: 2 });
    expect(bodies("dead")).toEqual(["a1", "b2"]);
  });
});

test("records that are put aside lie apart, each under its tenant, whatever their numbers; what is of nobody's lies by itself", async () => {
  const memory = createMemoryObjects();
  const find = (key: string) => Promise.resolve(new Map(memory.entries()).get(key));
  const objects = { ...memory, find } as unknown as Objects;
  const { queues, bodies } = createMemoryQueues({});
  const quarantine = createQuarantine({ objects, queues, lateQueue: "late", log: silentLog });
  const all = [record("t#0", "a"), record("t#0", "b"), record("t#1", "a"), record("u#0", "a"), record("#0", "beat")];
  const bytes = { ...all[0]!.after, z: new Uint8Array([1, 255]) };
  for (const own of [...all, all[0]!]) await quarantine.add("records", own, "because");
  await quarantine.add("sessions", { ...all[0]!, after: bytes }, "because");
  const keys = memory.entries().map(([key]) => key).sort();
  expect(keys).toHaveLength(6);
  expect(keys.map((key) => /^late\/(?:tenant=([^/]+)\/)?(records|sessions)\/7-[0-9a-f]{16}\.json$/.exec(key)?.[1]))
    .toEqual(
      [undefined, "t", "t", "t", "t", "u"],
    );
  expect(bodies("late")).toHaveLength(7);
  const { key } = JSON.parse(bodies("late").at(-1)!);
  const found = await quarantine.find(key);
  expect(found).toMatchObject({ sequence: "7", shard: "s", reason: "because" });
  expect([...found!.after!.z as Uint8Array]).toEqual([1, 255]);
});

describe("who follows something", () => {
  const keysOf = (table: string, ...records: StreamRecord[]) =>
    [...wokenBy(table, records)].map(([tenantId, keys]) => [tenantId, [...keys].sort()]);

  test("is woken by what changed: each kind its own, of its tenant alone, and counts by all of them", () => {
    expect(keysOf("records", record("t#0", "r#TASKS"), record("t#1", "s#TASKS"))).toEqual([["t", ["metrics:t"]]]);
    const of = (table: string, sk: string) => keysOf(table, record("t#0", sk), record("u#0", sk));
    for (
      const [table, sk, n] of [["sessions", "a#SESSION", 2], ["journeys", "v#META", 3], [
        "reviews",
        "u#LEASE",
        2,
      ]] as const
    ) {
      const found = of(table, sk);
      expect(found.map(([tenantId]) => tenantId)).toEqual(["t", "u"]);
      for (const [tenantId, keys] of found as [string, string[]][]) {
        expect(keys).toHaveLength(n);
        expect(keys).toContain(`metrics:${tenantId}`);
        expect(keys.join(" ")).not.toContain(tenantId === "t" ? "u#" : "t#");
      }
    }
    expect(keysOf("orders", record("t#0", "x"))).toEqual([]);
  });

  test("is named in messages of a hundred groups at most, and nothing is sent where nobody follows", async () => {
    const sent: { tenantId: string; groups: string[] }[] = [];
    const groups = Array.from({ length: 201 }, (_, i) => `g${i}`);
    const wakeFor = createWaker({
      store: { listWoken: (tenantId) => Promise.resolve(tenantId === "t" ? groups : []) },
      send: (body) => Promise.resolve(void sent.push(JSON.parse(body))),
    });
    await wakeFor("records", [record("t#0", "r#TASKS"), record("u#0", "r#TASKS")]);
    expect(sent.map((wake) => [wake.tenantId, wake.groups.length])).toEqual([["t", 100], ["t", 100], ["t", 1]]);
    expect(sent.flatMap((wake) => wake.groups)).toEqual(groups);
  });

  test("elsewhere is told of what no stream says, and that this fails stops nobody", async () => {
    const sent: string[] = [];
    const wake = { tenantId: "t", keys: ["metrics:t"] };
    await createTeller({ send: (body) => Promise.resolve(void sent.push(body)), log: silentLog })(wake);
    await createTeller({ send: () => Promise.reject(new UnavailableError("SQS")), log: silentLog })(wake);
    await createTeller({ send: undefined, log: silentLog })(wake);
    expect(sent).toEqual([JSON.stringify(wake)]);
  });
});
