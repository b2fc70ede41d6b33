import type { ExecutionResult } from "graphql";
import { plain } from "./errors.ts";
import type { Sink, Streamed } from "./exchange.ts";
import { textOf } from "./shared-results.ts";

/** So often an open stream gets a line that means nothing, so that nobody between takes it for dead. */
const PING_MS = 12_000;

const encoder = new TextEncoder();

/** How results are written one after another. */
export type Framing<T = ExecutionResult> = {
  headers: Record<string, string>;
  /** Some browsers show nothing of a response before its first bytes. */
  first: Uint8Array;
  ping: Uint8Array;
  frame: (result: T) => Uint8Array;
  /** None where the reader is told each end otherwise. */
  last?: Uint8Array;
};

const UNBUFFERED = { "cache-control": "no-cache", "content-encoding": "none", "x-accel-buffering": "no" };

/** Server-sent events, as graphql-sse reads them. */
export const EVENTS: Framing = {
  headers: { "content-type": "text/event-stream", ...UNBUFFERED },
  first: encoder.encode(":\n\n"),
  ping: encoder.encode(":\n\n"),
  frame: once((result) => `event: next\ndata: ${resultText(result)}\n\n`),
  last: encoder.encode("event: complete\ndata:\n\n"),
};

/** What ends a part and begins the next; two more dashes end them all. */
const BOUNDARY = "\r\n---";
/** A part with its end: readers give a part when they see the boundary after it, which would else come with the next one. */
const part = (json: string) => `\r\ncontent-type: application/json\r\n\r\n${json}${BOUNDARY}`;

/** Parts of a multipart answer, as Apollo's HttpLink reads subscriptions. */
export const MULTIPART: Framing = {
  headers: { "content-type": 'multipart/mixed;boundary="-";subscriptionSpec=1.0', ...UNBUFFERED },
  first: encoder.encode(BOUNDARY + part("{}")),
  ping: encoder.encode(part("{}")),
  frame: once((result) => part(`{"payload":${resultText(result)}}`)),
  last: encoder.encode("--\r\n"),
};

/** The result as JSON, with its errors as clients get them. */
export function resultText(result: ExecutionResult): string {
  return result.errors ? JSON.stringify({ ...result, errors: result.errors.map(plain) }) : textOf(result);
}

/** What is made of a result, made once however many it is sent to. */
function once(make: (result: ExecutionResult) => string): (result: ExecutionResult) => Uint8Array {
  const made = new WeakMap<ExecutionResult, Uint8Array>();
  return (result) => {
    let bytes = made.get(result);
    if (!bytes) made.set(result, bytes = encoder.encode(make(result)));
    return bytes;
  };
}

/** Writes subscriptions' results as streams, and keeps hold of them, so that all of them end with the server. */
export function createStreams() {
  const open = new Set<{ ping: () => void; end: () => void }>();
  let pings: ReturnType<typeof setInterval> | undefined;
  let ended = false;

  function add(own: { ping: () => void; end: () => void }): () => void {
    if (open.size === 0) pings = setInterval(() => open.forEach(({ ping }) => ping()), PING_MS);
    open.add(own);
    return () => {
      open.delete(own);
      if (open.size === 0) clearInterval(pings);
    };
  }

  return {
    /**
     * The results as a stream. The next one is asked for when the reader took the one before. With the server the stream
     * ends without its last frame, which clients take as a reason to subscribe again. `onEnd` hears of its end, once.
     */
    stream<T>(results: AsyncGenerator<T>, framing: Framing<T>, onEnd: () => void = () => {}): Streamed {
      return (sink) => {
        let isOver = false;
        const close = () => {
          if (isOver) return;
          isOver = true;
          remove();
          onEnd();
        };
        const stop = () => {
          close();
          void results.return(undefined).catch(() => {});
        };
        const remove = add({
          // One at most waits for a slow reader.
          ping: () => void (sink.taken() ?? sink.write(framing.ping)),
          end: () => {
            stop();
            sink.end(false);
          },
        });
        sink.write(framing.first);
        if (ended) {
          stop();
          sink.end(false);
        } else {
          carry(results, framing, sink, () => isOver).then((isWhole) => {
            if (isOver) return;
            close();
            if (isWhole && framing.last) sink.write(framing.last);
            sink.end(false);
          }, () => {
            if (isOver) return;
            stop();
            sink.end(true);
          });
        }
        return stop;
      };
    },

    count: (): number => open.size,

    /** Ends every stream, and each that is still to come. */
    endAll(): void {
      ended = true;
      for (const { end } of open) end();
    },
  };
}

/** Writes until there is no more, or nobody reads; says whether all was written. */
async function carry<T>(
  results: AsyncGenerator<T>,
  { frame }: Framing<T>,
  sink: Sink,
  isOver: () => boolean,
): Promise<boolean> {
  for (;;) {
    await sink.taken();
    const { done, value } = await results.next();
    if (isOver()) return false;
    if (done) return true;
    sink.write(frame(value));
  }
}
