import type { QueueMessage, Queues } from "../aws/queues.ts";

/** What a redrive did. `left` messages were not there at its beginning, or lie beyond `max`. */
export type Redriven = { moved: number; left: number };

/**
 * Sends the messages of a dead-letter queue to their queue again, as they were, and removes them there. SQS's own redrive "to
 * source" refuses these: it takes only what SQS itself moved, and our workers send a message with its reason.
 *
 * At most as many as wait now, so what fails at once and comes back is not moved in a circle. A message is sent before it is
 * removed: a kill between the two leaves it in both, and what it says is counted once.
 */
export async function redrive(
  queues: Pick<Queues, "send" | "receive" | "remove" | "depth">,
  { from, to, max = Infinity }: { from: string; to: string; max?: number },
): Promise<Redriven> {
  const { waiting } = await queues.depth(from);
  const most = Math.min(max, waiting);
  let moved = 0;
  while (moved < most) {
    const messages: QueueMessage[] = await queues.receive(from, { max: Math.min(10, most - moved), waitSeconds: 1 });
    if (messages.length === 0) break;
    for (const message of messages) {
      await queues.send(to, message.body);
      await queues.remove(from, message);
      moved += 1;
    }
  }
  return { moved, left: (await queues.depth(from)).waiting };
}
