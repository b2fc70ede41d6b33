import { createClients } from "../../api/aws/clients.ts";
import type { Objects } from "../../api/aws/objects.ts";
import type { StreamRecord, Streams } from "../../api/aws/streams.ts";
import { SECOND_MS } from "../../api/core/clock.ts";
import { fullName, tables, type TableSpec } from "../../api/resources.ts";
import { makeTempDir, startTestSystem, type TestSystem } from "./local.ts";
import { createMemoryDynamo, type Written } from "./memory-dynamo.ts";
import { createMemoryObjects } from "./memory-objects.ts";

/** What a service over memory is made with, and what reads its streams. */
export type MemoryStores = {
  dynamo: ReturnType<typeof createMemoryDynamo>;
  objects: (spec: { name: string }) => Objects;
  streams: Streams;
  /** The items of a table, by its short name. */
  dump: (table: string) => Record<string, unknown>[];
};

/** Nothing listens there: what asks for a store that is not in memory fails, and says so. */
const NOWHERE = "http://127.0.0.1:1";
const PREFIX = "test";
const PAGE = 1_000;

/**
 * Tables, buckets and streams in this process, for laws of what the service says and keeps: a request costs a tenth of one to the embedded
 * stores. They are held equal (`test/unit/memory-dynamo.test.ts`, `test/unit/memory-objects.test.ts`); each domain has flows over the real protocols, and what asks of units,
 * pages of 1 MB, queues, links or processes is asked there. `clock` is the tables' own. With STORES=embedded it is the embedded stores.
 */
export async function startMemorySystem({ clock = Date.now }: { clock?: () => number } = {}): Promise<TestSystem> {
  if (process.env["STORES"] === "embedded") return await startTestSystem();
  const folder = await makeTempDir(process.env["TEST_DATA"]);
  const region = "eu-central-1";
  const endpoints = { dynamodb: NOWHERE, s3: NOWHERE, sqs: NOWHERE, sns: undefined };
  const clients = createClients({ region, endpoints });
  return {
    endpoints,
    clients,
    region,
    topic: undefined,
    dynamodbPid: undefined,
    dataDir: folder.path,
    prefix: PREFIX,
    memory: createMemoryStores(clock),
    async stop() {
      clients.destroy();
      await folder.remove();
    },
  };
}

function createMemoryStores(clock: () => number): MemoryStores {
  const specs = Object.fromEntries(
    Object.values<TableSpec>(tables).map((spec) => [fullName(PREFIX, spec), spec]),
  );
  const streams = createMemoryStreams(specs, clock);
  const dynamo = createMemoryDynamo(specs, { clock, onWrite: streams.append });
  const buckets = new Map<string, Objects>();
  return {
    dynamo,
    streams,
    objects({ name }) {
      if (!buckets.has(name)) buckets.set(name, withLinks(createMemoryObjects({ clock, page: PAGE })));
      return buckets.get(name)!;
    },
    dump: (table) => dynamo.dump(fullName(PREFIX, { name: table })),
  };
}

/** A link that holds what it leads to; nobody takes what is put. */
function withLinks(objects: Objects): Objects {
  return {
    ...objects,
    linkToPut: (key) => Promise.resolve(`https://memory.invalid/${key}`),
    async linkToGet(key) {
      const found = await objects.find(key);
      return `data:application/octet-stream;base64,${Buffer.from(found?.body ?? []).toString("base64")}`;
    },
  };
}

/** A stream of one shard for each table that has one. */
function createMemoryStreams(specs: Record<string, TableSpec>, clock: () => number) {
  const names = Object.keys(specs).filter((name) => specs[name]!.stream);
  const logs = new Map(names.map((name) => [name, [] as StreamRecord[]]));

  function append(written: readonly Written[]): void {
    for (const { table, before, after } of written) {
      const log = logs.get(table);
      if (!log) continue;
      const { partition, sort } = specs[table]!;
      const item = (after ?? before)!;
      log.push({
        shard: table,
        sequence: `${log.length + 1}`,
        keys: Object.fromEntries([partition, ...(sort ? [sort] : [])].map(({ name }) => [name, item[name]])),
        before,
        after,
        isExpiry: false,
        arrivedAt: Math.floor(clock() / SECOND_MS) * SECOND_MS,
      });
    }
  }

  return {
    append,
    arnOf: (table: string) => Promise.resolve(logs.has(table) ? table : undefined),
    shardsOf: (arn: string) => Promise.resolve([{ id: arn, parentId: undefined }]),
    iterate: (_arn: string, _shard: string, after: string | undefined) => Promise.resolve(after ?? "0"),
    async *readRange(_arn: string, shard: string, first: string, last: string) {
      yield await Promise.resolve(logs.get(shard)!.slice(Number(first) - 1, Number(last)));
    },
    read(shard: string, iterator: string, limit: number) {
      const records = logs.get(shard)!.slice(Number(iterator), Number(iterator) + limit);
      return Promise.resolve({ records, next: `${Number(iterator) + records.length}` });
    },
  } satisfies Streams & { append: unknown };
}
