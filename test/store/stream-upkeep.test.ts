import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { createStreams } from "../../api/aws/streams.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";

/** The embedded DynamoDB's streams: what is kept, and for how long. */

const DAY_SECONDS = 86_400;
/** The upkeep runs at each hundredth record of all tables together. */
const ROUND = 100;

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system.stop());

async function write(table: string, count: number): Promise<void> {
  const dynamo = createDynamo(system.clients.dynamodb);
  for (let n = 0; n < count; n++) await dynamo.put(`test-${table}`, { pk: "p", sk: `${n}`, at: performance.now() });
}

/** The numbers of all records of a table's stream. */
async function numbersOf(table: string): Promise<number[]> {
  const streams = createStreams(system.clients.dynamodb, system.clients.streams);
  const arn = (await streams.arnOf(`test-${table}`))!;
  const [shard] = await streams.shardsOf(arn);
  const iterator = await streams.iterate(arn, shard!.id, undefined);
  return (await streams.read(shard!.id, iterator!, 1_000)).records.map(({ sequence }) => Number(sequence));
}

/** Makes all records that are there so much older. */
function age(seconds: number): void {
  const database = new DatabaseSync(join(system.dataDir, "dynamodb.sqlite"));
  try {
    database.prepare("UPDATE _stream_records SET created_at = created_at - ?").run(seconds);
  } finally {
    database.close();
  }
}

describe("a stream", () => {
  test("keeps its records for 24 hours, and its numbers go on also where none is younger", async () => {
    await write("journeys", 3);
    await write("records", 7);
    age(DAY_SECONDS - 60);
    await write("records", ROUND);
    expect(await numbersOf("journeys")).toEqual([1, 2, 3]);
    expect(await numbersOf("records")).toHaveLength(ROUND + 7);

    age(120);
    await write("records", ROUND);
    expect(await numbersOf("journeys")).toEqual([3]);
    expect((await numbersOf("records"))[0]).toBe(8);
    await write("journeys", 1);
    expect(await numbersOf("journeys")).toEqual([3, 4]);
  });
});
