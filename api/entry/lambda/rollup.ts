/** Lambda: parts of the tables' streams. A throw means again; what Lambda gives up goes to the queue `late`. */
import type { Context, DynamoDBStreamEvent } from "aws-lambda";
import { fromLambdaRecord } from "../../aws/streams.ts";
import { createBase, createStreamWorkers } from "../../parts.ts";
import { start, within } from "./runtime.ts";

const { ingestStream, tableOf } = await start(async (config, log) =>
  createStreamWorkers(await createBase(config, { log }))
);

export async function handler({ Records: records }: DynamoDBStreamEvent, context: Context): Promise<void> {
  const arn = records[0]?.eventSourceARN;
  if (arn === undefined) return;
  const table = tableOf(arn);
  if (table === undefined) throw new Error(`${arn} is no stream of this installation: look at NAME_PREFIX`);
  await within(context, () => ingestStream(table, records.map(fromLambdaRecord)));
}
