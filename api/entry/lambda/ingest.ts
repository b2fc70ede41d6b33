/** Lambda: messages of the queue `ingest`. */
import { createBase, createIngestWorker } from "../../parts.ts";
import { onQueue, start } from "./runtime.ts";

export const handler = onQueue(
  await start(async (config, log) => createIngestWorker(await createBase(config, { log }))),
);
