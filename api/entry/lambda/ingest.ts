/** Lambda: messages of the queue `ingest`. */
import { createIngestFunction } from "../../domains.ts";
import { createConnections } from "../../connections.ts";
import { flushes, onQueue, start } from "./runtime.ts";

export const handler = onQueue(
  await start(async (config, log) => createIngestFunction(flushes(await createConnections(config, { log })))),
);
