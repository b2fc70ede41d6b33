/** Lambda: messages of the queue `ingest`. */
import { createIngestFunction } from "../../domains.ts";
import { createConnections } from "../../connections.ts";
import { onQueue, start } from "./runtime.ts";

export const handler = onQueue(
  await start(async (config, log) => createIngestFunction(await createConnections(config, { log }))),
);
