import { DataAwsDynamodbTable } from "@cdktf/provider-aws/lib/data-aws-dynamodb-table/index.js";
import { LambdaEventSourceMapping } from "@cdktf/provider-aws/lib/lambda-event-source-mapping/index.js";
import type { TerraformStack } from "cdktf";
import { DEPLOYED_BATCHING, variables } from "../api/config.ts";
import { type ConsumerSpec, readersOf } from "../api/ingest/consumers.ts";
import { failures, GIVE_UP_SECONDS, type queues, type tables } from "../api/resources.ts";
import type { Consumers, DeployedFunction, FunctionName } from "./functions.ts";
import type { StreamSource } from "./alarm-list.ts";
import type { Stage } from "./stages.ts";
import type { Stores } from "./stores.ts";

/** A window names the shard in its events. It is of no other use, so it is as long as it may be: each costs a call. */
const WINDOW_SECONDS = 900;
const QUEUE_BATCH = 10;
/** The least and the most that Lambda knows for a queue. */
const QUEUE_CONCURRENCY = { min: 2, max: 1_000 };

/** The names of tables of others whose items count as records. */
export function attachedTables({ service }: Pick<Stage, "service">): string[] {
  return variables.ATTACHED_TABLES.parse(service.ATTACHED_TABLES ?? "").map(({ table }) => table);
}

/** The streams of tables of others, by the table's name. Looked up on AWS: theirs is not our stack. */
export function findAttachedStreams(stack: TerraformStack, stage: Stage): Record<string, string> {
  return Object.fromEntries(
    attachedTables(stage).map((table) => {
      const found = new DataAwsDynamodbTable(stack, `attached-${table}`, { name: table });
      return [table, found.streamArn];
    }),
  );
}

/** Adds what brings the functions their events: the queues' messages and the tables' streams, a reader each. */
export function addSources(
  stack: TerraformStack,
  stage: Stage,
  { functions, stores, attachedStreams }: {
    functions: Consumers;
    stores: Stores;
    attachedStreams: Record<string, string>;
  },
): { queues: LambdaEventSourceMapping[]; streams: StreamSource[] } {
  const batching = variables.METRICS_BATCHING.parse(stage.service.METRICS_BATCHING ?? DEPLOYED_BATCHING);
  const attached = Object.keys(attachedStreams).map((table) => ({ table }));
  return {
    queues: [
      addQueueSource(stack, stage, { queue: "ingest", name: "ingest" }, functions.ingest, stores),
      addQueueSource(stack, stage, { queue: "late", name: "late" }, functions.late, stores),
    ],
    streams: readersOf(stage.prefix, batching, attached).map((consumer) => {
      const arn = attachedStreams[consumer.table] ?? stores.tables[consumer.table as keyof typeof tables].streamArn;
      const mapping = addStreamSource(stack, consumer, arn, functions, stores);
      return { name: consumer.name, tableName: consumer.tableName, mapping };
    }),
  };
}

/** Adds what brings the function `name` the messages of a queue. */
export function addQueueSource(
  stack: TerraformStack,
  stage: Stage,
  { queue, name }: { queue: keyof typeof queues; name: FunctionName },
  { lambda }: DeployedFunction,
  stores: Stores,
): LambdaEventSourceMapping {
  const reserved = stage.reservedConcurrency[name];
  const { min, max } = QUEUE_CONCURRENCY;
  return new LambdaEventSourceMapping(stack, `source-${queue}`, {
    eventSourceArn: stores.queues[queue].queue.arn,
    functionName: lambda.arn,
    batchSize: QUEUE_BATCH,
    functionResponseTypes: ["ReportBatchItemFailures"],
    // Without it Lambda takes messages that a function at its limit refuses, and each refusal counts as a try.
    ...(reserved === undefined
      ? {}
      : { scalingConfig: { maximumConcurrency: Math.min(Math.max(reserved, min), max) } }),
  });
}

function addStreamSource(
  stack: TerraformStack,
  consumer: ConsumerSpec,
  eventSourceArn: string,
  functions: Consumers,
  stores: Stores,
): LambdaEventSourceMapping {
  return new LambdaEventSourceMapping(stack, `source-${consumer.name}`, {
    eventSourceArn,
    functionName: functions.rollup.lambda.arn,
    startingPosition: "TRIM_HORIZON",
    batchSize: consumer.maxRecords,
    maximumBatchingWindowInSeconds: consumer.maxWaitSeconds,
    bisectBatchOnFunctionError: true,
    maximumRetryAttempts: -1,
    maximumRecordAgeInSeconds: GIVE_UP_SECONDS,
    tumblingWindowInSeconds: WINDOW_SECONDS,
    // Within a shard in order: what counts goes by it.
    parallelizationFactor: 1,
    // Says whether it is read at all.
    metricsConfig: { metrics: ["EventCount"] },
    // Halved down to the record that fails; the rest goes on. An object holds all of it, a message none.
    destinationConfig: { onFailure: { destinationArn: stores.buckets[failures.bucket].arn } },
    ...(consumer.sources ? { filterCriteria: { filter: [{ pattern: patternOf(consumer.sources) }] } } : {}),
  });
}

/** Records whose sort key ends in one of these sources: what `takes` of `api/resources.ts` says of a consumer. */
export function patternOf(sources: readonly string[]): string {
  const suffixes = sources.map((source) => ({ suffix: `#${source}` }));
  return JSON.stringify({ dynamodb: { Keys: { sk: { S: suffixes } } } });
}
