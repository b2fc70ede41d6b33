import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createCopies, StaleLeaseError } from "../../api/review/copies.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { emptyLease } from "../../api/review/lease.ts";
import type { Lease } from "../../api/review/model.ts";
import { formatEntry } from "../../api/anki/schedule/entry.ts";
import { schema11 } from "../kit/anki-file.ts";
import { logOf, NOON, smallContent } from "../kit/review.ts";

const CARDS = 300;
const file = schema11(smallContent({ reviews: CARDS, fresh: 0 }));
const files = createTempFiles({ dir: tmpdir() });
let asked: string[] = [];

const objects = {
  find: (key: string) => {
    asked.push(key);
    return Promise.resolve(key.startsWith("gone") ? undefined : { body: file, metadata: {}, etag: "" });
  },
};
const copiesOf = (maxBytes: number) => createCopies({ files, objects, maxBytes });

/** A person's lease whose file has no answers, with so many in the journal. */
function leaseOf(userId: string, answers = 0, { key = `file of ${userId}`, line = 1 } = {}): Lease {
  const journal = Array.from({ length: answers }, (_, i) =>
    formatEntry({
      kind: "answer",
      answerId: `answer-${i}`,
      cardId: 1_000 + i,
      rating: 3,
      at: NOON + i,
      offsetMinutes: 0,
      tookMs: 4_000,
      session: "s",
    }));
  return { ...emptyLease({ tenantId: "t", userId }), file: { key, version: 1, line, mediaKey: undefined }, journal };
}

beforeEach(() => {
  asked = [];
});
afterEach(() => files.closeAll());

describe("copies of collections", () => {
  test("are brought up to date from the journal, and loaded once, however many ask at once", async () => {
    const copies = copiesOf(10 * file.length);
    const counts = await Promise.all([0, 5, 3].map((answers) => copies.read(leaseOf("a", answers), (_, at) => at)));
    expect(counts).toEqual([0, 5, 5]);
    expect(await copies.read(leaseOf("a", 6), ({ db }) => logOf(db).length)).toBe(CARDS + 6);
    expect(asked).toEqual(["file of a"]);
    copies.close();
    expect(files.openCount()).toBe(0);
  });

  test("of a collection that was deleted meanwhile are told as too old, not as a fault of ours", async () => {
    const copies = copiesOf(10 * file.length);
    await expect(copies.read({ ...leaseOf("a"), file: undefined }, () => 1)).rejects.toThrow(StaleLeaseError);
    expect(asked).toEqual([]);
    copies.close();
  });

  test("stay below their limit, also while they grow, and those that were used least recently leave first", async () => {
    const maxBytes = 4.5 * file.length;
    const copies = copiesOf(maxBytes);
    for (const user of ["a", "b", "c", "d", "a", "e"]) await copies.read(leaseOf(user), () => {});
    expect(copies.size()).toEqual({ bytes: 4 * file.length, copies: 4 });
    asked = [];
    for (const user of ["e", "d", "c", "a"]) await copies.read(leaseOf(user), () => {});
    expect(asked).toEqual([]);
    // Answers make `e` larger, until there is room for one beside it.
    const grown = await copies.read(leaseOf("e", CARDS), (open) => open.bytes());
    expect(grown).toBeGreaterThan(2.5 * file.length);
    expect(copies.size()).toEqual({ bytes: grown + file.length, copies: 2 });
    expect(copies.size().bytes).toBeLessThanOrEqual(maxBytes);
    for (const user of ["e", "a", "c"]) await copies.read(leaseOf(user), () => {});
    expect(asked).toEqual(["file of c"]);
    copies.close();
    expect(files.openCount()).toBe(0);
  });

  test("larger than the limit, at once or after they grew, are used and not kept", async () => {
    const small = copiesOf(file.length - 1);
    expect(await small.read(leaseOf("a", 2), (_, at) => at)).toBe(2);
    expect(small.size()).toEqual({ bytes: 0, copies: 0 });
    const exact = copiesOf(file.length);
    expect(await exact.read(leaseOf("a"), (_, at) => at)).toBe(0);
    expect(exact.size().copies).toBe(1);
    expect(await exact.read(leaseOf("a", CARDS), ({ db }) => logOf(db).length)).toBe(2 * CARDS);
    expect(exact.size()).toEqual({ bytes: 0, copies: 0 });
    expect(files.openCount()).toBe(0);
  });

  test("of another line of files are not used, and what is gone says that the lease is old", async () => {
    const copies = copiesOf(10 * file.length);
    await copies.read(leaseOf("a", 4), () => {});
    const imported = leaseOf("a", 0, { key: "imported", line: 2 });
    expect(await copies.read(imported, (_, at) => at)).toBe(0);
    expect(asked).toEqual(["file of a", "imported"]);
    const gone = leaseOf("b", 0, { key: "gone" });
    await expect(copies.read(gone, () => {})).rejects.toThrow(StaleLeaseError);
    expect(copies.size().copies).toBe(1);
    copies.close();
    expect(files.openCount()).toBe(0);
  });
});
