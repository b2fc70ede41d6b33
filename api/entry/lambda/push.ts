/** Lambda: messages of the queue `wakes`: those who follow something over WebSockets are given what is new. */
import { createWorker } from "../../ingest/worker.ts";
import { createConnections } from "../../connections.ts";
import { queues } from "../../resources.ts";
import { createSocketService } from "./socket-service.ts";
import { onQueue, start } from "./runtime.ts";

export const handler = onQueue(
  await start(async (config, log) => {
    const service = await createSocketService(config, { log });
    const { queues: messages, deadLetterOf } = await createConnections(config, { log });
    return createWorker({
      handle: async ({ body }) => {
        await service.push(body);
        return { kind: "done" };
      },
      queues: messages,
      deadLetter: deadLetterOf(queues.wakes),
      log,
      // A feed is read by one at a time in a process.
      atOnce: 1,
    });
  }),
);
