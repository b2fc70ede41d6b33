/** Lambda: messages of the queue `late`, which is also where failed parts of streams go. */
import { createBase, createStreamWorkers } from "../../parts.ts";
import { onQueue, start } from "./runtime.ts";

export const handler = onQueue(
  await start(async (config, log) => createStreamWorkers(await createBase(config, { log })).ingestLate),
);
