/**
 * Lambda: parts of the tables' streams. A throw means again; what Lambda gives up goes to the queue `late`. A plain event
 * names no shard, one of a tumbling window does: its answer must give a state back, of which we need none.
 */
import type { Context, DynamoDBStreamEvent } from "aws-lambda";
import { fromLambdaRecord } from "../../aws/streams.ts";
import { createStreamFunction } from "../../domains.ts";
import { createSocketWaker } from "../../socket-domain.ts";
import { createConnections } from "../../connections.ts";
import { flushes, start, within } from "./runtime.ts";

/** What a tumbling window adds to an event. Its last call holds the records that are left, or none. */
export type WindowedEvent = DynamoDBStreamEvent & { shardId?: string; isFinalInvokeForWindow?: boolean };
export type WindowedResponse = { state: Record<string, never> };

const { ingestStream, tableOf, wakeFor } = await start(async (config, log) => {
  const connections = flushes(await createConnections(config, { log }));
  return { ...createStreamFunction(connections), wakeFor: createSocketWaker(connections) };
});

export async function handler(event: WindowedEvent, context: Context): Promise<WindowedResponse> {
  const { Records: records, shardId } = event;
  const arn = records[0]?.eventSourceARN;
  if (arn !== undefined) {
    if (!shardId) {
      throw new Error("the event names no shard, so it cannot be counted exactly: set TumblingWindowInSeconds again");
    }
    const table = tableOf(arn);
    if (table === undefined) throw new Error(`${arn} is no stream of this installation: look at NAME_PREFIX`);
    const part = records.map((record) => fromLambdaRecord(record, shardId));
    await within(context, async () => {
      await ingestStream(table, part);
      await wakeFor(table, part);
    });
  }
  return { state: {} };
}
