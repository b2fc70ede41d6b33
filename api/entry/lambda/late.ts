/** Lambda: messages of the queue `late`, which is also where failed parts of streams go. */
import { createStreamFunction } from "../../domains.ts";
import { createConnections } from "../../connections.ts";
import { onQueue, start } from "./runtime.ts";

export const handler = onQueue(
  await start(async (config, log) => createStreamFunction(await createConnections(config, { log })).ingestLate),
);
