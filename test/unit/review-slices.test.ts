import { tmpdir } from "node:os";
import { beforeAll, describe, expect, test } from "vitest";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { formatEntry } from "../../api/anki/schedule/entry.ts";
import { makeSlice } from "../../api/anki/slice/make.ts";
import { tables } from "../../api/resources.ts";
import { createCopies } from "../../api/review/copies.ts";
import { emptyLease } from "../../api/review/lease.ts";
import { createReviewLog } from "../../api/review/log.ts";
import type { Lease, ReviewSession } from "../../api/review/model.ts";
import { createSlices } from "../../api/review/slices.ts";
import { createLeaseStore } from "../../api/review/store.ts";
import { schema11 } from "../kit/anki-file.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { NOON, smallContent } from "../kit/review.ts";

const ADA = { tenantId: "t", userId: "ada" };
const FILE = { key: "file", version: 1, line: 1, mediaKey: undefined };
let bytes: Uint8Array;

beforeAll(async () => {
  const file = schema11(smallContent({ reviews: 5, fresh: 0 }));
  const files = createTempFiles({ dir: tmpdir() });
  const objects = { find: () => Promise.resolve({ body: file, metadata: {}, etag: "" }) };
  const copies = createCopies({ files, objects, maxBytes: 10 * file.length });
  bytes = await copies.read({ ...emptyLease(ADA), file: FILE }, ({ db }) => {
    const { did } = db.prepare("select did from cards where id = 1000").get() as { did: number };
    return makeSlice(db, { deckId: did, session: "s", since: 0, moment: { at: NOON, offsetMinutes: 0 } })!;
  });
  copies.close();
  files.closeAll();
});

const answer = (n: number, cardId = 1_000 + n) =>
  formatEntry({
    ...{
      kind: "answer",
      answerId: `a${n}`,
      cardId,
      rating: 3,
      at: NOON + n,
      offsetMinutes: 0,
      tookMs: 1,
      session: "s",
    },
  });
const undo = (answerId: string) => formatEntry({ kind: "undo", answerId, at: NOON });
/** A lease whose journal holds the entries from `base` on. */
const leaseOf = (base: number, journal: readonly string[], { epoch = 1, line = 1 } = {}): Lease => ({
  ...emptyLease(ADA),
  ...{ file: { ...FILE, line }, base, journal, session: { sessionId: "s", epoch } as ReviewSession },
});
const slice = (position: number, { epoch = 1, line = 1 } = {}) => ({ bytes, position, epoch, line });
function answersIn(slices: ReturnType<typeof createSlices>, lease: Lease): number | undefined {
  const open = slices.open(lease);
  return open && (open.db.prepare("select count(*) as n from revlog").get() as { n: number }).n;
}

describe("a slice that is open", () => {
  test("follows the journal, each entry once, from its own position on", () => {
    const slices = createSlices();
    expect(answersIn(slices, leaseOf(0, []))).toBeUndefined();
    slices.remember(ADA, slice(1));
    const before = answersIn(slices, leaseOf(0, [answer(0)]))!;
    expect(answersIn(slices, leaseOf(0, [answer(0), answer(1)]))).toBe(before + 1);
    expect(answersIn(slices, leaseOf(0, [answer(0), answer(1)]))).toBe(before + 1);
    // A save took what came before away.
    expect(answersIn(slices, leaseOf(2, [answer(2), answer(3)]))).toBe(before + 3);
    slices.close();
  });

  test("tells nothing of another collection, of another session, or where entries are gone that it never saw", () => {
    const slices = createSlices();
    slices.remember(ADA, slice(1));
    expect(answersIn(slices, leaseOf(1, [], { line: 2 }))).toBeUndefined();
    expect(answersIn(slices, leaseOf(1, [], { epoch: 2 }))).toBeUndefined();
    expect(answersIn(slices, leaseOf(2, []))).toBeUndefined();
    expect(answersIn(slices, leaseOf(1, []))).toBeDefined();
    slices.close();
  });

  test("gives way to one that knows more, and to one of another session or collection; to no other", () => {
    const slices = createSlices();
    const lease = leaseOf(0, [answer(0), answer(1)]);
    slices.remember(ADA, slice(0));
    const known = slices.open(lease);
    for (const position of [0, 1, 2]) slices.remember(ADA, slice(position));
    expect(slices.open(lease)).toBe(known);
    slices.remember(ADA, slice(3));
    expect(slices.open(leaseOf(3, []))).not.toBe(known);
    slices.remember(ADA, slice(0, { epoch: 2 }));
    expect(answersIn(slices, leaseOf(0, [], { epoch: 2 }))).toBeDefined();
    slices.remember(ADA, slice(0, { epoch: 2, line: 2 }));
    expect(answersIn(slices, leaseOf(0, [], { epoch: 2, line: 2 }))).toBeDefined();
    slices.close();
  });

  test("is forgotten where it cannot follow: it is not asked again from halfway", () => {
    const slices = createSlices();
    slices.remember(ADA, slice(0));
    expect(answersIn(slices, leaseOf(0, [answer(0), answer(1, 77_777)]))).toBeUndefined();
    expect(slices.has(ADA)).toBe(false);
    expect(answersIn(slices, leaseOf(0, [answer(0)]))).toBeUndefined();
    slices.remember(ADA, slice(0));
    expect(answersIn(slices, leaseOf(0, [undo("unknown")]))).toBeUndefined();
    slices.close();
  });
});

describe("a lease", () => {
  test("that nobody had is begun by one of two", async () => {
    const store = createLeaseStore(createMemoryDynamo({ reviews: tables.reviews }), "reviews");
    const empty = emptyLease(ADA);
    const [one, other] = [{ ...empty, epoch: 1 }, { ...empty, epoch: 2 }];
    expect((await store.replace(one, empty)).ok).toBe(true);
    expect(await store.replace(other, empty)).toMatchObject({ ok: false, current: { epoch: 1 } });
  });

  test("is cut only once what leaves its journal is noted", async () => {
    const dynamo = createMemoryDynamo({ reviews: tables.reviews });
    const calls: string[] = [];
    const slow = {
      ...dynamo,
      async putIf(...asked: Parameters<typeof dynamo.putIf>) {
        // Whatever is asked for later takes no longer.
        for (let i = 0; i < 20 && String(asked[1].pk).endsWith("#log"); i++) await Promise.resolve();
        calls.push(String(asked[1].pk).endsWith("#log") ? "note" : "lease");
        return await dynamo.putIf(...asked);
      },
    };
    const store = createLeaseStore(slow, "reviews");
    const empty = emptyLease(ADA);
    const { current } = await store.replace({ ...empty, journal: [answer(0), answer(1)] }, empty);
    await store.replace({ ...current, base: 1, journal: [answer(1)] }, current);
    expect(calls).toEqual(["lease", "note", "lease"]);
  });
});

describe("what left a journal", () => {
  const setup = () => {
    const dynamo = createMemoryDynamo({ reviews: tables.reviews });
    const log = createReviewLog(dynamo, "reviews");
    const note = (count: number, base = 0) =>
      log.note({ ...ADA, base, journal: Array.from({ length: 5 - base }, (_, i) => answer(base + i)) }, count);
    const listed = async (fromAt = NOON, toAt = NOON + 100) => {
      const found = [];
      for await (const page of log.listAnswers(ADA.tenantId, fromAt, toAt)) {
        found.push(...page.map(({ at }) => at - NOON));
      }
      return found.sort((a, b) => a - b);
    };
    return { dynamo, note, listed };
  };

  test("is what whoever noted most of it says; who noted less, or the same again, changes nothing", async () => {
    const { dynamo, note, listed } = setup();
    await note(3);
    const before = dynamo.dump("reviews");
    for (const count of [2, 3]) {
      await note(count);
      expect(dynamo.dump("reviews")).toEqual(before);
    }
    expect(await listed()).toEqual([0, 1, 2]);
    await note(4);
    expect(await listed()).toEqual([0, 1, 2, 3]);
    await note(1, 4);
    expect(await listed()).toEqual([0, 1, 2, 3, 4]);
  });

  test("is listed from the beginning of a range up to its end, which is left out", async () => {
    const { note, listed } = setup();
    await note(5);
    expect(await listed(NOON + 1, NOON + 3)).toEqual([1, 2]);
    expect(await listed(NOON + 4, NOON + 5)).toEqual([4]);
    expect(await listed(NOON + 5)).toEqual([]);
  });

  test("is counted with what still waits, an answer in both once, each by its place among all of the person", async () => {
    const { dynamo, note, listed } = setup();
    await note(3);
    const store = createLeaseStore(dynamo, "reviews");
    const empty = emptyLease(ADA);
    const lease = { ...empty, base: 2, journal: [answer(2), answer(3)], checkAt: NOON };
    await store.replace(lease, { ...empty, base: 2 });
    expect(await listed()).toEqual([0, 1, 2, 3]);
  });
});
