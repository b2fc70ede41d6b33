import type { ExecutionResult } from "graphql";
import { plain } from "./errors.ts";
import { textOf } from "./shared-results.ts";

/** So often an open stream gets a line that means nothing, so that nobody between takes it for dead. */
const PING_MS = 12_000;

const HEADERS = {
  "content-type": "text/event-stream",
  "connection": "keep-alive",
  "cache-control": "no-cache",
  "content-encoding": "none",
};

const encoder = new TextEncoder();
const PING = encoder.encode(":\n\n");
const COMPLETE = encoder.encode("event: complete\ndata:\n\n");

/** Makes event streams of subscriptions' results, and keeps hold of them, so that all of them end with the server. */
export function createStreams() {
  const open = new Set<{ ping: () => void; end: () => void }>();
  const bytes = new WeakMap<ExecutionResult, Uint8Array>();
  let pings: ReturnType<typeof setInterval> | undefined;
  let ended = false;

  /** The event of a result, made once however many it is sent to. */
  function eventOf(result: ExecutionResult): Uint8Array {
    const known = bytes.get(result);
    if (known) return known;
    const errors = result.errors?.map((error) => plain(error));
    const text = errors ? JSON.stringify({ ...result, errors }) : textOf(result);
    const event = encoder.encode(`event: next\ndata: ${text}\n\n`);
    bytes.set(result, event);
    return event;
  }

  return {
    /**
     * The results as server-sent events. The next one is asked for when the reader took the one before. With the server
     * the stream ends without `complete`, which clients take as a reason to subscribe again. `onEnd` hears of its end.
     */
    open(results: AsyncGenerator<ExecutionResult>, onEnd: () => void = () => {}): Response {
      let isOver = false;
      let release = () => {};
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const own = {
            // One at most waits for a slow reader.
            ping: () => void ((controller.desiredSize ?? -1) >= 0 && controller.enqueue(PING)),
            end: () => {
              release();
              controller.close();
              void results.return(undefined).catch(() => {});
            },
          };
          release = () => {
            isOver = true;
            open.delete(own);
            onEnd();
            if (open.size === 0) clearInterval(pings);
          };
          if (open.size === 0) pings = setInterval(() => open.forEach(({ ping }) => ping()), PING_MS);
          open.add(own);
          // Some browsers show nothing of a response before its first bytes.
          controller.enqueue(PING);
          if (ended) own.end();
        },
        async pull(controller) {
          const { done, value } = await results.next().catch((error) => {
            release();
            throw error;
          });
          if (isOver) return;
          if (!done) return controller.enqueue(eventOf(value));
          release();
          controller.enqueue(COMPLETE);
          controller.close();
        },
        async cancel() {
          release();
          await results.return(undefined);
        },
      }, { highWaterMark: 0 });
      return new Response(body, { headers: HEADERS });
    },

    /** Ends every stream, and each that is still to come. */
    endAll(): void {
      ended = true;
      for (const { end } of open) end();
    },
  };
}
