import { tmpdir } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { formatEntry } from "../../api/anki/schedule/entry.ts";
import type { Objects } from "../../api/aws/objects.ts";
import { tables } from "../../api/resources.ts";
import { createCopies } from "../../api/review/copies.ts";
import { decideStart, decideSweep, emptyLease, ended, holderOf, sessionOf, statusOf } from "../../api/review/lease.ts";
import { IDLE_MS, type Lease, type ReviewSession } from "../../api/review/model.ts";
import { createSaver, fileKeyOf } from "../../api/review/save.ts";
import { createLeaseStore } from "../../api/review/store.ts";
import { createReviewSweep } from "../../api/review/sweep.ts";
import { schema11 } from "../kit/anki-file.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { NOON, smallContent } from "../kit/review.ts";

const ADA = { tenantId: "t", userId: "ada" };
const START = Date.UTC(2026, 5, 1, 12);
const file = schema11(smallContent({ reviews: 20, fresh: 0 }));
const files = createTempFiles({ dir: tmpdir() });
afterEach(() => files.closeAll());

const session = (more: Partial<ReviewSession> = {}): ReviewSession => ({
  ...{ sessionId: "s", epoch: 1, deckId: 1, holder: "h", zone: undefined, status: "ACTIVE", answered: 0 },
  ...{ startedAt: START, lastActivityAt: START, expiresAt: START + IDLE_MS, savedAt: undefined, ...more },
});
const answers = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) =>
    formatEntry({
      ...{ kind: "answer", answerId: `a${from + i}`, cardId: 1_000 + from + i, rating: 3, at: NOON + from + i },
      ...{ offsetMinutes: 0, tookMs: 4_000, session: "s" },
    }));

/** Leases in a table and their files in a bucket; `hooks.create` is called before a file is written. */
function createWorld() {
  let [now, ids] = [START, 0];
  const dynamo = createMemoryDynamo({ reviews: tables.reviews });
  const store = createLeaseStore(dynamo, "reviews");
  const bucket = new Map<string, { body: Uint8Array; contentType?: string | undefined }>();
  const removed: string[] = [];
  const hooks = { create: async () => {}, saved: async (_lease: Lease) => {} };
  const objects = {
    find: (key: string) =>
      Promise.resolve(bucket.has(key) ? { ...bucket.get(key)!, metadata: {}, etag: "" } : undefined),
    create: async (key: string, body: Uint8Array, { contentType }: { contentType?: string } = {}) => {
      await hooks.create();
      bucket.set(key, { body, contentType });
      return "created";
    },
    remove: (key: string) => {
      removed.push(key);
      return Promise.resolve(void bucket.delete(key));
    },
    async *list(prefix: string) {
      for (const key of [...bucket.keys()].filter((each) => each.startsWith(prefix)).sort()) yield [{ key }];
    },
  } as unknown as Objects;
  const [changed, saved]: [Lease[], Lease[]] = [[], []];
  const copies = createCopies({ files, objects, maxBytes: 100 * file.length });
  const saver = createSaver({
    ...{
      store,
      copies,
      objects,
      clock: () => now,
      ids: () => `n${ids++}`,
      changed: (lease) => void changed.push(lease),
    },
    saved: async (lease) => (saved.push(lease), await hooks.saved(lease)),
  });
  const swept: Lease[] = [];
  return {
    ...{ store, saver, bucket, hooks, changed, saved, swept, dynamo, removed },
    sweep: createReviewSweep({ store, saver, clock: () => now, changed: (lease) => void swept.push(lease) }),
    pass: (ms: number) => void (now += ms),
    find: async (person = ADA) => (await store.find(person))!,
    /** Writes a lease with a file of version 1. */
    put: async (more: Partial<Lease> = {}, person = ADA): Promise<Lease> => {
      const key = fileKeyOf(person, 1, "first");
      bucket.set(key, { body: file });
      const empty = emptyLease(person);
      const made = { ...empty, file: { key, version: 1, line: 1, mediaKey: undefined }, ...more };
      return (await store.replace(made, empty)).current;
    },
  };
}

describe("a lease", () => {
  const lease: Lease = { ...emptyLease(ADA), epoch: 1, session: session(), before: session({ sessionId: "b" }) };
  const wish = { sessionId: "n", deckId: 2, holder: "me", zone: "UTC", secret: "x" };

  test("knows its session and the one before by their ids, and no other", () => {
    expect(sessionOf(lease, "s")).toBe(lease.session);
    expect(sessionOf(lease, "b")).toBe(lease.before);
    expect(sessionOf(lease, "n")).toBeUndefined();
    expect(sessionOf(emptyLease(ADA), "s")).toBeUndefined();
  });

  test("is held until its instant, and not in it; a session that ended holds nothing", () => {
    expect(holderOf(lease, START + IDLE_MS - 1)).toBe(lease.session);
    expect(holderOf(lease, START + IDLE_MS)).toBeUndefined();
    expect(holderOf(ended(lease, "ENDED", START), START)).toBeUndefined();
    // How it ended stays so, also when its time would have been over.
    const statuses = (["ACTIVE", "ENDED", "TAKEN_OVER"] as const).map((status) => session({ status }));
    expect(statuses.map((one) => statusOf(one, START + IDLE_MS))).toEqual(["EXPIRED", "ENDED", "TAKEN_OVER"]);
  });

  test("that is held is refused, joined or taken over, as is wished; each session has the next epoch", () => {
    const at = START + 1_000;
    const decide = (onHeld: "FAIL" | "RESUME" | "TAKE_OVER", now = at) => decideStart(lease, { ...wish, onHeld }, now);
    expect(decide("FAIL")).toEqual({ kind: "held", by: lease.session });
    expect(decide("RESUME")).toMatchObject({
      kind: "join",
      lease: { epoch: 1, session: { sessionId: "s", expiresAt: at + IDLE_MS } },
    });
    const own = { sessionId: "n", epoch: 2, deckId: 2, holder: "me", startedAt: at, expiresAt: at + IDLE_MS };
    expect(decide("TAKE_OVER")).toMatchObject({
      kind: "start",
      lease: { epoch: 2, session: own, before: { sessionId: "s", status: "TAKEN_OVER" }, checkAt: at + IDLE_MS },
    });
    for (const onHeld of ["FAIL", "RESUME", "TAKE_OVER"] as const) {
      const { kind, lease: next } = decide(onHeld, START + IDLE_MS) as { kind: string; lease: Lease };
      expect([kind, next.epoch, next.before!.status]).toEqual(["start", 2, "EXPIRED"]);
    }
    const first = decideStart(emptyLease(ADA), { ...wish, onHeld: "FAIL" }, at);
    expect(first).toMatchObject({ kind: "start", lease: { epoch: 1, before: undefined } });
  });

  test("whose session is over is saved where answers wait, and is done where none do", () => {
    const over = ended(lease, "ENDED", START);
    expect(decideSweep(over, START)).toEqual({ kind: "done" });
    expect(decideSweep({ ...over, journal: ["a"] }, START)).toEqual({ kind: "save" });
    expect(decideSweep(emptyLease(ADA), START)).toEqual({ kind: "done" });
    expect(decideSweep({ ...emptyLease(ADA), journal: ["a"] }, START)).toEqual({ kind: "save" });
  });
});

describe("a save", () => {
  test("writes nothing where there is no file, or nothing waits", async () => {
    const { saver, put, bucket, changed, find } = createWorld();
    const lease = await put();
    expect(await saver.save(lease)).toEqual(lease);
    const bare = { ...lease, file: undefined, journal: answers(1) };
    expect(await saver.save(bare)).toEqual(bare);
    expect([bucket.size, changed.length, (await find()).revision]).toEqual([1, 0, 1]);
  });

  test("puts a file of the next version under a key of its own, as what it is; the one before stays", async () => {
    const { saver, put, bucket, changed, saved, removed } = createWorld();
    const before = await put({ journal: answers(2), session: session(), checkAt: START + IDLE_MS });
    const after = await saver.save(before);
    expect(after).toMatchObject({
      ...{ base: 2, journal: [], previousKey: before.file!.key, checkAt: START + IDLE_MS },
      ...{ file: { version: 2, key: fileKeyOf(ADA, 2, "n0") }, session: { savedAt: START } },
    });
    expect([...bucket.keys()]).toEqual([before.file!.key, after.file!.key]);
    expect(bucket.get(after.file!.key)!.contentType).toBe("application/vnd.sqlite3");
    expect([changed, saved, removed]).toEqual([[after], [after], []]);
  });

  test("of a session that is over leaves what came meanwhile to the sweeper, which looks again", async () => {
    const { saver, store, put, hooks, find, sweep, pass } = createWorld();
    const seen = await put({ journal: answers(2), session: session({ status: "ENDED" }), checkAt: START });
    hooks.create = async () => {
      hooks.create = async () => {};
      await store.replace({ ...seen, journal: answers(3) }, seen);
    };
    expect(await saver.save(seen)).toMatchObject({ base: 2, journal: answers(1, 2), checkAt: START });
    pass(1);
    expect(await sweep()).toEqual({ ended: 0, saved: 1, failed: 0 });
    expect(await find()).toMatchObject({ base: 3, journal: [], checkAt: undefined });
  });

  test("that an answer and media overtake keeps the answer, what the session is by then, and the media", async () => {
    const { saver, store, put, hooks } = createWorld();
    const seen = await put({ journal: answers(2), session: session() });
    const later = session({ answered: 3, lastActivityAt: START + 5_000, expiresAt: START + 5_000 + IDLE_MS });
    const journal = [...seen.journal, ...answers(1, 2)];
    hooks.create = async () =>
      void await store.replace({ ...seen, journal, session: later, file: { ...seen.file!, mediaKey: "media" } }, seen);
    expect(await saver.save(seen)).toMatchObject({
      ...{ base: 2, journal: answers(1, 2), session: { ...later, savedAt: START } },
      file: { version: 2, key: fileKeyOf(ADA, 2, "n0"), mediaKey: "media" },
    });
  });

  test("of one person is one at a time: whoever comes meanwhile writes what is left, once", async () => {
    const { saver, store, put, hooks, bucket, find } = createWorld();
    const seen = await put({ journal: answers(2), session: session() });
    hooks.create = async () => {
      hooks.create = async () => {};
      const known = await store.find(ADA);
      await store.replace({ ...known!, journal: [...known!.journal, ...answers(1, 2)] }, known!);
    };
    const [first, second, third] = await Promise.all([saver.save(seen), saver.save(seen), saver.save(seen)]);
    expect([first.file!.version, second.file!.version, third.file!.version]).toEqual([2, 3, 3]);
    expect(await find()).toMatchObject({ base: 3, journal: [], file: { version: 3 } });
    // The first one's file is the one before; that before it is gone.
    expect(bucket.size).toBe(2);
  });

  test("that is asked for with more than the one under way knew of writes that too", async () => {
    const { saver, store, put, hooks, find } = createWorld();
    const seen = await put({ journal: answers(1), session: session() });
    let later: Promise<Lease> | undefined;
    hooks.saved = async (lease) => {
      hooks.saved = async () => {};
      later = saver.save((await store.replace({ ...lease, journal: answers(1, 1) }, lease)).current);
    };
    await saver.save(seen);
    expect((await later!).base).toBe(2);
    expect(await find()).toMatchObject({ base: 2, journal: [], file: { version: 3 } });
  });

  test("of a collection that is deleted meanwhile leaves nothing of it", async () => {
    const { saver, store, put, hooks, bucket, saved } = createWorld();
    const seen = await put({ journal: answers(1), session: session() });
    hooks.create = async () => void await store.replace({ ...seen, file: undefined, journal: [] }, seen);
    expect((await saver.save(seen)).file).toBeUndefined();
    expect([[...bucket.keys()], saved]).toEqual([[seen.file!.key], []]);
  });

  test("that fails leaves the next one to write all", async () => {
    const { saver, put, hooks, find } = createWorld();
    const seen = await put({ journal: answers(2), session: session() });
    hooks.create = () => ((hooks.create = async () => {}), Promise.reject(new Error("away")));
    const [first, second] = await Promise.allSettled([saver.save(seen), saver.save(seen)]);
    expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
    expect(await find()).toMatchObject({ base: 2, file: { version: 2 } });
  });

  test("that another file took the place of removes its own, and says nothing of it", async () => {
    const { saver, store, put, hooks, bucket, saved } = createWorld();
    const seen = await put({ journal: answers(1), session: session() });
    const other = fileKeyOf(ADA, 2, "other");
    hooks.create = async () => {
      bucket.set(other, { body: file });
      await store.replace({ ...seen, journal: [], file: { ...seen.file!, key: other, version: 2, line: 2 } }, seen);
    };
    expect((await saver.save(seen)).file!.key).toBe(other);
    expect([...bucket.keys()].sort()).toEqual([seen.file!.key, other].sort());
    expect(saved).toEqual([]);
  });
});

test("the end of a session removes what dead writers left, and nothing that is in use, may come, or is another's", async () => {
  const { saver, put, bucket, find } = createWorld();
  const bob = { tenantId: "t", userId: "bob" };
  const key = (version: number, id: string) => fileKeyOf(ADA, version, id);
  const media = (version: number, id: string) => key(version, id).replace(".sqlite", ".media.json");
  const present = { key: key(5, "present"), version: 5, line: 1, mediaKey: media(3, "present") };
  const kept = [present.key, present.mediaKey, key(4, "previous"), key(2, "replaced"), media(2, "replaced")];
  const toCome = [media(5, "late"), key(6, "late"), fileKeyOf(bob, 1, "first")];
  for (const each of [...kept, ...toCome, key(1, "old"), key(5, "beside"), media(4, "old")]) {
    bucket.set(each, { body: file });
  }
  await put({
    ...{ file: present, previousKey: key(4, "previous") },
    replaced: { key: key(2, "replaced"), mediaKey: media(2, "replaced") },
  });
  await saver.finish(await find());
  bucket.delete(key(1, "first"));
  expect([...bucket.keys()].sort()).toEqual([...kept, ...toCome].sort());
});

test("what leaves a journal is noted, and nothing where another collection begins from 0", async () => {
  const { store, put, dynamo } = createWorld();
  const notes = () => dynamo.dump("reviews").filter(({ pk }) => String(pk).endsWith("#log"));
  const first = await put({ base: 5, journal: answers(8) });
  const { current } = await store.replace({ ...first, base: 0, journal: [] }, first);
  expect(notes()).toEqual([]);
  const { current: second } = await store.replace({ ...current, journal: answers(3) }, current);
  await store.replace({ ...second, base: 2, journal: answers(1, 2) }, second);
  expect(notes()).toMatchObject([{ until: 2, answers: [expect.anything(), expect.anything()] }]);
});

test("a slice lies beside its lease, is found with it and alone, and goes with the session's end", async () => {
  const { store, saver, put } = createWorld();
  const slice = { line: 1, position: 3, epoch: 2, bytes: Uint8Array.of(1, 2) };
  const lease = await put();
  expect(await store.findBoth(ADA)).toEqual({ lease, slice: undefined });
  await store.putSlice(ADA, slice);
  expect(await store.findBoth(ADA)).toEqual({ lease, slice });
  expect(await store.findSlice(ADA)).toEqual(slice);
  expect(await store.findSlice({ ...ADA, userId: "bob" })).toBeUndefined();
  await saver.finish(lease);
  expect(await store.findSlice(ADA)).toBeUndefined();
});

describe("the sweep of leases", () => {
  const due = { checkAt: START + IDLE_MS };

  test("ends a session in its instant, saves its answers in the same run, and has nothing left to do", async () => {
    const { sweep, put, pass, find, swept, store } = createWorld();
    await put({ ...due, session: session(), journal: answers(2) });
    pass(IDLE_MS - 1);
    expect(await sweep()).toEqual({ ended: 0, saved: 0, failed: 0 });
    pass(1);
    expect(await sweep()).toEqual({ ended: 1, saved: 1, failed: 0 });
    expect(swept).toMatchObject([{ session: { status: "EXPIRED" } }]);
    expect(await find()).toMatchObject({ base: 2, journal: [], checkAt: undefined, session: { status: "EXPIRED" } });
    expect((await Array.fromAsync(store.listDue(START + 10 * IDLE_MS))).flat()).toEqual([]);
    expect(await sweep()).toEqual({ ended: 0, saved: 0, failed: 0 });
  });

  test("ends a session of which nothing is left to write, and leaves its file alone in its place", async () => {
    const { sweep, put, pass, bucket } = createWorld();
    const { file: present } = await put({ ...due, session: session() });
    bucket.set(fileKeyOf(ADA, 1, "beside"), { body: file });
    pass(IDLE_MS);
    expect(await sweep()).toEqual({ ended: 1, saved: 0, failed: 0 });
    expect([...bucket.keys()]).toEqual([present!.key]);
  });

  test("puts off a session that was touched meanwhile, and takes one that is over off its list", async () => {
    const { sweep, put, pass, find } = createWorld();
    const later = session({ expiresAt: START + 3 * IDLE_MS });
    await put({ ...due, session: later });
    const bob = { ...ADA, userId: "bob" };
    await put({ ...due, session: session({ status: "ENDED" }) }, bob);
    pass(IDLE_MS);
    expect(await sweep()).toEqual({ ended: 0, saved: 0, failed: 0 });
    expect(await find()).toMatchObject({ checkAt: START + 3 * IDLE_MS, session: { status: "ACTIVE" } });
    expect((await find(bob)).checkAt).toBeUndefined();
  });

  test("that fails at one says so, goes on with the others, and finds it again", async () => {
    const { sweep, put, pass, hooks, find } = createWorld();
    const people = ["ada", "bob", "eve"].map((userId) => ({ ...ADA, userId }));
    for (const person of people) {
      await put({ ...due, session: session({ status: "ENDED" }), journal: answers(1) }, person);
    }
    pass(IDLE_MS);
    hooks.create = () => ((hooks.create = async () => {}), Promise.reject(new Error("away")));
    expect(await sweep()).toEqual({ ended: 0, saved: 2, failed: 1 });
    expect(await sweep()).toEqual({ ended: 0, saved: 1, failed: 0 });
    for (const person of people) expect(await find(person)).toMatchObject({ base: 1, journal: [] });
  });
});
