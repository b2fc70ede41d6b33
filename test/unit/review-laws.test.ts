import { afterEach, describe, expect, test } from "vitest";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { readCollection } from "../../api/anki/collection/collection.ts";
import { nextCard } from "../../api/anki/queue/next.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { decideSweep, emptyLease, ended, touched } from "../../api/review/lease.ts";
import { IDLE_MS, type Lease, MAX_ENTRIES, type ReviewSession, SAVE_ENTRIES } from "../../api/review/model.ts";
import { createAnki, noonOf, presetOf } from "../kit/anki.ts";
import { closing, PERSON, world } from "../kit/review-world.ts";

/** Each law is of a guard whose removal it finds. */

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A session over one new card. */
async function sitting() {
  const made = world();
  const [here, there] = [made.process(), made.process()];
  const fields = [{ name: "Front", value: "x" }];
  const { cardIds } = await here.edits.createNote(PERSON, { editId: "n", deckId: "1", kind: "BASIC", fields });
  const view = await here.reviews.start(PERSON, { deckId: "1", holder: "h", onHeld: "FAIL", timeZone: "UTC" });
  const { sessionId } = view.session;
  let answers = 0;
  const answer = (at = here) =>
    at.reviews.answer(PERSON, { sessionId, cardId: String(cardIds[0]), rating: "AGAIN", answerId: `a${answers++}` });
  return { ...made, here, there, sessionId, answer };
}

describe("a save", () => {
  test("that has to be tried again leaves in the journal what lies past its file's position", async () => {
    const { here, there, hooks, lease, sessionId, answer } = await sitting();
    await answer();
    hooks.before = async () => {
      hooks.before = async () => {};
      await answer(there);
    };
    await here.reviews.save(PERSON, sessionId);
    const { base, journal } = await lease();
    expect([base, journal.map((text) => text.split(" ")[0])]).toEqual([2, ["a"]]);
    await here.reviews.end(PERSON, sessionId);
    expect(await here.reviews.stats(PERSON, { last: "MONTH" }, "UTC")).toMatchObject({ reviews: 2 });
  });

  test("removes the file before the one before, and no earlier one: somebody may still be reading that", async () => {
    const { here, bodies, sessionId, answer } = await sitting();
    const versions = () =>
      bodies.keys().filter((key) => key.endsWith(".sqlite")).map((key) => parseInt(key.split("/").at(-1)!, 10));
    await answer();
    await here.reviews.save(PERSON, sessionId);
    expect(versions()).toEqual([1, 2]);
    await answer();
    await here.reviews.save(PERSON, sessionId);
    expect(versions()).toEqual([2, 3]);
  });

  test("begins at each twentieth answer that waits, and nobody waits for it", async () => {
    const { hooks, lease, answer } = await sitting();
    let begun = 0;
    hooks.before = () => {
      begun += 1;
      return Promise.reject(new UnavailableError("S3"));
    };
    for (const [waiting, saves] of [[SAVE_ENTRIES, 1], [2 * SAVE_ENTRIES, 2]] as const) {
      while ((await lease()).journal.length < waiting) await answer();
      while (begun < saves) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(begun).toBe(2);
  });

  test("that cannot be made holds up answers where two hundred wait, and none before; none is lost", async () => {
    const { here, hooks, lease, sessionId, answer } = await sitting();
    hooks.before = () => Promise.reject(new UnavailableError("S3"));
    const waiting = async () => (await lease()).journal.length;
    for (let i = await waiting(); i < MAX_ENTRIES; i++) await answer();
    await expect(answer()).rejects.toThrow(UnavailableError);
    expect(await waiting()).toBe(MAX_ENTRIES);
    hooks.before = async () => {};
    await answer();
    expect(await waiting()).toBe(1);
    await here.reviews.end(PERSON, sessionId);
    expect(await here.reviews.stats(PERSON, { last: "MONTH" }, "UTC")).toMatchObject({ reviews: MAX_ENTRIES });
  });

  test("and the cleaning after it leave the media that come meanwhile", async () => {
    const { here, there, hooks, bodies, lease, sessionId, answer } = await sitting();
    await answer();
    await here.media.add(PERSON, { name: "a.png", content: "aGk=" });
    hooks.list = async () => {
      hooks.list = async () => {};
      await there.media.add(PERSON, { name: "b.png", content: "aG8=" });
    };
    await here.reviews.end(PERSON, sessionId);
    expect(bodies.keys()).toContain((await lease()).file!.mediaKey);
    expect(await there.media.check(PERSON)).toMatchObject({ files: 2 });
  });
});

test("a picture that is deleted is gone; the same one that comes meanwhile is there", async () => {
  const { here, there, hooks, bodies, lease } = await sitting();
  const pictures = () => bodies.keys().filter((key) => key.startsWith("media/"));
  await here.media.add(PERSON, { name: "a.png", content: "aGk=" });
  await here.media.add(PERSON, { name: "b.png", content: "aG8=" });
  hooks.list = async () => {
    hooks.list = async () => {};
    await there.media.add(PERSON, { name: "again.png", content: "aGk=" });
  };
  expect(await here.media.deleteUnused(PERSON, undefined)).toBe(2);
  expect(pictures()).toEqual([expect.stringMatching(/^media\/t\/dQ\/1\/[0-9a-f]{40}$/)]);
  expect((await lease()).mediaEra).toBe(1);
  expect(await here.media.check(PERSON)).toMatchObject({ files: 1, unused: [{ name: "again.png" }] });
});

test("what comes while a collection is being deleted stays", async () => {
  const { here, there, hooks, bodies, sessionId } = await sitting();
  await here.media.add(PERSON, { name: "a.png", content: "aGk=" });
  await here.reviews.end(PERSON, sessionId);
  hooks.list = async () => {
    hooks.list = async () => {};
    const fields = [{ name: "Front", value: "new" }];
    await there.edits.createNote(PERSON, { editId: "new", deckId: "1", kind: "BASIC", fields });
    await there.media.add(PERSON, { name: "a.png", content: "aGk=" });
  };
  await here.deleteCollection(PERSON);
  expect(bodies.keys().filter((key) => key.startsWith("media/"))).toHaveLength(1);
  expect(await here.media.check(PERSON)).toMatchObject({ files: 1 });
  expect(await here.browse.cards(PERSON, { search: "", first: 10 })).toMatchObject({
    edges: [{ node: { preview: "new" } }],
  });
});

describe("a lease", () => {
  const session: ReviewSession = {
    sessionId: "s",
    epoch: 1,
    deckId: 1,
    holder: "h",
    zone: undefined,
    status: "ACTIVE",
    startedAt: 0,
    lastActivityAt: 50_000,
    expiresAt: 50_000 + IDLE_MS,
    answered: 0,
    savedAt: undefined,
  };
  const lease: Lease = { ...emptyLease(PERSON), epoch: 1, session, revision: 1 };

  test("does not end earlier for a process whose clock is behind", () => {
    expect(touched(lease, 20_000).session).toMatchObject({ lastActivityAt: 50_000, expiresAt: 50_000 + IDLE_MS });
    expect(touched(lease, 80_000).session).toMatchObject({ lastActivityAt: 80_000, expiresAt: 80_000 + IDLE_MS });
  });

  test("is looked at again while anything waits, and ends at its instant, not before", () => {
    expect(ended({ ...lease, journal: ["a"] }, "ENDED", 7).checkAt).toBe(7);
    expect(ended(lease, "ENDED", 7).checkAt).toBeUndefined();
    expect(decideSweep(lease, session.expiresAt - 1)).toEqual({ kind: "wait", until: session.expiresAt });
    expect(decideSweep(lease, session.expiresAt)).toEqual({ kind: "end" });
  });
});

test("a learning step that ends a second before the next day is one of seconds; one that ends with it is one of days", () => {
  const queueAt = (at: number) => {
    const anki = createAnki({ dconf: [presetOf({ new: { delays: [60] } })] });
    anki.addCard({ id: 1 });
    const answer = { answerId: "a", cardId: 1, rating: 1 as const, at, offsetMinutes: 0, tookMs: 0, session: "s" };
    applyEntry(anki.db, { kind: "answer", ...answer }, 0);
    return anki.card(1).queue;
  };
  // Days begin at four: an hour before is three.
  const three = noonOf(100) - 9 * 3_600_000;
  expect([queueAt(three - 1_000), queueAt(three)]).toEqual([1, 3]);
});

test("what is read of a collection is what is there, also after an entry that was taken back whole", () => {
  // Nothing is written after what was read: else the count of changes would tell that it is old.
  const { db } = createAnki({ conf: { schedVer: 1, lastUnburied: 1 } });
  const answer = {
    answerId: "a",
    cardId: 7,
    rating: 3 as const,
    at: noonOf(1),
    offsetMinutes: 0,
    tookMs: 0,
    session: "s",
  };
  expect(() => applyEntry(db, { kind: "answer", ...answer }, 0)).toThrow(/Card 7/);
  expect(readCollection(db).hasScheduler1).toBe(true);
});

test("a card in its steps hides the new ones of its note, where the options bury them", () => {
  const anki = createAnki({ dconf: [presetOf({ new: { bury: true } })] });
  const at = noonOf(100);
  anki.addCard({ id: 1, type: 1, queue: 1, due: at / 1_000 - 60, left: 1001, reps: 1 });
  anki.addCard({ id: 2, nid: 1, ord: 1 });
  expect(nextCard(anki.db, 1, { at, offsetMinutes: 0 }).remaining).toEqual({ new: 0, learning: 1, due: 0 });
  anki.addCard({ id: 3 });
  expect(nextCard(anki.db, 1, { at, offsetMinutes: 0 }).remaining.new).toBe(1);
});

test("whoever watches a session is woken by all that happens in it, without a look at the clock", async () => {
  const { here, sessionId, answer, later } = await sitting();
  const watching = new AbortController();
  closing.push(() => watching.abort());
  const states = here.watch(PERSON, sessionId, undefined, watching.signal);
  const next = async () => (await states.next()).value!;
  expect((await next()).session.answered).toBe(0);
  const acts: [string, () => Promise<unknown>][] = [
    ["an answer", () => answer()],
    ["what is taken back", () => here.reviews.undo(PERSON, sessionId)],
    ["another answer", () => answer()],
    ["a save", () => here.reviews.save(PERSON, sessionId)],
    ["more time", () => here.reviews.extend(PERSON, sessionId)],
    ["its end by time", () => (later(IDLE_MS), here.sweep())],
  ];
  for (const [name, act] of acts) {
    const shown = next();
    // What woke it before is looked at before anything else happens.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    await act();
    let { status } = (await shown).session;
    while (name === "its end by time" && status !== "EXPIRED") ({ status } = (await next()).session);
  }
});

test("who reads a collection that is deleted at the same moment is told so by name, then that there is none", async () => {
  const { process, hooks } = world();
  const [here, there] = [process(), process()];
  const fields = [{ name: "Front", value: "x" }];
  await here.edits.createNote(PERSON, { editId: "n", deckId: "1", kind: "BASIC", fields });
  await here.sweep();
  const reads = [
    () => there.reviews.decks(PERSON),
    () => there.reviews.deck(PERSON, "1"),
    () => there.reviews.forecast(PERSON, { days: 7, timeZone: "UTC" }),
  ];
  for (const [i, read] of reads.entries()) {
    hooks.find = async () => {
      hooks.find = async () => {};
      await here.deleteCollection(PERSON);
    };
    await expect(read()).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await there.reviews.decks(PERSON)).toEqual([]);
    await here.edits.createNote(PERSON, { editId: `n${i}`, deckId: "1", kind: "BASIC", fields });
    await here.sweep();
  }
});
