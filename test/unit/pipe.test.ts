import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { pipe } from "../../api/entry/http/pipe.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A source that waits after what it gives, and tells when it is ended. */
function waitingSource(...parts: string[]) {
  const ended = Promise.withResolvers<void>();
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => parts.forEach((part) => controller.enqueue(bytes(part))),
    cancel: () => ended.resolve(),
  });
  return { source, ended: ended.promise };
}

test("what comes is written, and the source's end ends it", async () => {
  const out = new PassThrough();
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes("a"));
      controller.enqueue(bytes("b"));
      controller.close();
    },
  });
  await pipe(source, out, 60_000);
  expect(out.writable).toBe(true);
  out.end();
  expect(await text(out)).toBe("ab");
});

test("a reader that goes ends the source", async () => {
  const out = new PassThrough();
  const { source, ended } = waitingSource("a");
  const piped = pipe(source, out, 60_000);
  out.destroy();
  await expect(Promise.all([piped, ended])).resolves.toBeDefined();
});

test("a reader that goes while it is too slow ends the source", async () => {
  const out = new PassThrough({ highWaterMark: 1 });
  const { source, ended } = waitingSource("aa", "bb");
  const piped = pipe(source, out, 60_000);
  out.once("data", () => out.destroy());
  await expect(Promise.all([piped, ended])).resolves.toBeDefined();
});

test("the end of the time ends the source, and leaves the writer open", async () => {
  const out = new PassThrough();
  const { source, ended } = waitingSource("a");
  await Promise.all([pipe(source, out, 1), ended]);
  expect(out.writable).toBe(true);
});

test("the end of the time comes too where the reader takes nothing", async () => {
  const out = new PassThrough({ highWaterMark: 1 });
  const { source, ended } = waitingSource("aa", "bb");
  await Promise.all([pipe(source, out, 1), ended]);
  expect(out.writable).toBe(true);
  expect([out.listenerCount("drain"), out.listenerCount("close")]).toEqual([0, 0]);
});
