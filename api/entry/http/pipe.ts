import type { Writable } from "node:stream";

/**
 * Writes what comes, as fast as it is taken, until the source ends, `out` is closed, or so many milliseconds are over. The
 * source is ended in each case; `out` is left open.
 */
export async function pipe(source: ReadableStream<Uint8Array>, out: Writable, endMs: number): Promise<void> {
  const reader = source.getReader();
  const over = Promise.withResolvers<void>();
  const end = () => {
    over.resolve();
    void reader.cancel().catch(() => {});
  };
  const timer = setTimeout(end, Math.max(0, endMs));
  out.once("close", end).once("error", end);
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (out.write(part.value)) continue;
      const drained = Promise.withResolvers<void>();
      out.once("drain", drained.resolve);
      await Promise.race([drained.promise, over.promise]);
      out.off("drain", drained.resolve);
    }
  } finally {
    clearTimeout(timer);
    out.off("close", end).off("error", end);
    end();
  }
}
