import { tmpdir } from "node:os";
import { afterAll, expect, test } from "vitest";
import { createWorkers } from "../../api/anki/work/pool.ts";
import { packed, unpacked } from "../../api/anki/work/protocol.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { sampleContent, schema11 } from "../kit/anki-file.ts";

const files = createTempFiles({ dir: tmpdir() });
const workers = createWorkers({ size: 1, folder: files.folder });
afterAll(() => {
  workers.close();
  files.closeAll();
});

test("bytes go to another thread as plain memory, whole ones without a copy, and come back as they were", () => {
  const whole = new Uint8Array([1, 2, 3]);
  const part = new Uint8Array([0, 7, 8, 0]).subarray(1, 3);
  const index = new Map([["a", 1]]);
  const sent = packed([whole, part, "x", undefined, index, { bytes: whole, n: 1 }]);
  expect((sent.value as unknown[])[0]).toBe(whole.buffer);
  expect(sent.memory[0]).toBe(whole.buffer);
  expect(sent.memory[1]).not.toBe(part.buffer);
  expect(unpacked((sent.value as unknown[]).slice(0, 5))).toEqual([whole, part, "x", undefined, index]);
  const reply = packed({ bytes: whole, index, none: null });
  expect(reply.memory).toEqual([whole.buffer]);
  expect(unpacked(reply.value)).toEqual({ bytes: whole, index, none: null });
  expect(unpacked(packed(part).value)).toEqual(part);
  expect(packed(new Uint8Array()).memory).toEqual([]);
});

test("a collection goes through a thread and back, byte by byte", async () => {
  const bytes = schema11(sampleContent(3));
  const made = await workers.run("t", 60_000, async (ask) => {
    const { media } = await ask.open(Uint8Array.from(bytes), 0);
    expect(media).toEqual([]);
    return await ask.merge(undefined, new Map(), [], 0);
  });
  expect(made.bytes).toBeInstanceOf(Uint8Array);
  expect(Buffer.from(made.bytes).subarray(0, 15).toString()).toBe("SQLite format 3");
  expect(made.report.notes.added).toBe(3);
});
