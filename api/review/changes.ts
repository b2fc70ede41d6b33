import type { DatabaseSync } from "node:sqlite";
import type { Objects } from "../aws/objects.ts";
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import { LOST, retryLost } from "../core/writes.ts";
import type { Command } from "../anki/edit/command.ts";
import { starterCollection } from "../anki/edit/starter.ts";
import { offsetMinutesAt } from "../anki/collection/timing.ts";
import type { TempFiles } from "../anki/file/temp.ts";
import { findAnswer, findNewest, isEdit, type KeptAnswer } from "../anki/schedule/answers-table.ts";
import { tryEntry } from "../anki/schedule/apply.ts";
import { type Entry, formatEntry } from "../anki/schedule/entry.ts";
import type { Ask } from "../anki/work/pool.ts";
import { momentOf } from "../anki/schedule/question.ts";
import { type Copies, StaleLeaseError } from "./copies.ts";
import type { Desk } from "./desk.ts";
import { ReviewNotFoundError } from "./errors.ts";
import { emptyLease, statusOf } from "./lease.ts";
import { requireSameEdit } from "./edit-checks.ts";
import { digestOf, type Lease, MAX_ENTRIES, nextFile, type Person, shortIdOf } from "./model.ts";
import type { Rewrite } from "./rewrite.ts";
import { fileKeyOf, type Saver } from "./save.ts";
import type { LeaseStore } from "./store.ts";

export type Changes = ReturnType<typeof createChanges>;

/** With so much waiting, the file is written at once: the lease is written whole with each answer. */
const SAVE_CHARS = 4_000;
const MAX_CHARS = 200_000;
/** What touches more rows is made in a thread and saved at once: it would hold up everybody else. */
const MANY_ROWS = 300;
/** What is to be restored where a change is taken back: about as many rows. */
const MUCH_UNDO = 100_000;

export type ChangesOptions = {
  store: LeaseStore;
  copies: Copies;
  desk: Desk;
  saver: Saver;
  rewrite: Rewrite["rewrite"];
  files: TempFiles;
  objects: Objects;
  clock: Clock;
  ids: Ids;
  changed: (lease: Lease) => void;
};

/** What to do, the id of what it makes (0 where it makes nothing), and how many rows it touches where they may be many. */
export type Decided = { command: Command; made: number; rows?: number };

/** An entry to be written; `isLarge` where it is made in a thread and saved with the file. */
type ToWrite<T> = { entry: Entry; isLarge: boolean; value: T };

/**
 * Changes that people make to their collections. They wait in the journal as answers do: durable at once, the same on
 * every instance, counted once by their id, and the newest can be taken back. Large ones are in the file at once.
 */
export function createChanges(
  { store, copies, desk, saver, rewrite, files, objects, clock, ids, changed }: ChangesOptions,
) {
  /** The lease with a collection: one of their own for somebody who has none. */
  async function leaseOf(person: Person, zone: string | null | undefined): Promise<Lease> {
    const known = await store.find(person) ?? emptyLease(person);
    if (known.file) return known;
    const now = clock();
    const { version, line } = nextFile(known);
    const key = fileKeyOf(person, version, ids());
    const bytes = starterCollection(files, now, zone ? offsetMinutesAt(zone, now) : 0);
    await objects.create(key, bytes, { contentType: "application/vnd.sqlite3" });
    const next = { ...known, file: { key, version, line, mediaKey: undefined } };
    const { ok, current } = await store.replace(next, known);
    if (!ok && current.file?.key !== key) await objects.remove(key).catch(() => {});
    return current;
  }

  /** Calls `attempt` with the lease as it is, until it has written what it wants to. */
  async function written<T>(
    person: Person,
    zone: string | null | undefined,
    attempt: (known: Lease) => Promise<{ lease: Lease; value: T } | { lost: Lease }>,
  ): Promise<{ lease: Lease; value: T }> {
    let known = await leaseOf(person, zone);
    const done = await retryLost(async () => {
      try {
        if (known.journal.length >= MAX_ENTRIES || charsOf(known) > MAX_CHARS) {
          await saver.save(known);
          throw new StaleLeaseError();
        }
        const tried = await attempt(known);
        if (!("lost" in tried)) return tried;
        known = tried.lost;
        return LOST;
      } catch (error) {
        if (!(error instanceof StaleLeaseError)) throw error;
        known = await leaseOf(person, zone);
        return LOST;
      }
    });
    changed(done.lease);
    await desk.leaveSlice(done.lease);
    // Where that fails the sweeper does it.
    if (charsOf(done.lease) > SAVE_CHARS) await saver.save(done.lease).catch(() => {});
    return done;
  }

  /** Writes an entry behind those that wait. `decide` gives what is known of it where it was written before. */
  async function append<T>(
    person: Person,
    decide: (db: DatabaseSync, at: number) => ToWrite<T> | { value: T },
    zone?: string | null,
  ): Promise<{ lease: Lease; value: T }> {
    return await written(person, zone, async (known) => {
      const decided = await copies.read(known, ({ db }, position) => {
        const wanted = decide(db, clock());
        // What cannot be applied must not be written: nobody could read the collection past it. A thread tells by itself.
        if ("entry" in wanted && !wanted.isLarge) tryEntry(db, wanted.entry, position);
        return wanted;
      });
      if (!("entry" in decided)) return { lease: known, value: decided.value };
      const text = formatEntry(decided.entry);
      if (decided.isLarge) {
        const made = await rewrite(known, (ask, bytes, position) => ask.applied(bytes, text, position));
        return "lost" in made ? made : { lease: made.lease, value: decided.value };
      }
      const isActive = known.session !== undefined && statusOf(known.session, clock()) === "ACTIVE";
      const journal = [...known.journal, text];
      const next = { ...known, journal, checkAt: isActive ? known.checkAt : clock() };
      const { ok, current } = await store.replace(next, known);
      return ok ? { lease: current, value: decided.value } : { lost: current };
    });
  }

  /** Makes a change, once by its id. `asked` is what the client wants, by which another change of the same id is refused. */
  async function change(
    person: Person,
    editId: string,
    asked: readonly unknown[],
    decide: (db: DatabaseSync, at: number) => Decided,
    zone?: string | null,
  ): Promise<{ lease: Lease; made: number }> {
    const [answerId, digest] = [shortIdOf(editId), digestOf(asked)];
    const { lease, value } = await append(person, (db, at) => {
      const before = findAnswer(db, answerId);
      if (before) {
        requireSameEdit(before, digest);
        return { value: before.cid };
      }
      const { command, made, rows = 0 } = decide(db, at);
      const { offsetMinutes } = momentOf(db, at, zone);
      const entry: Entry = { kind: "edit", answerId, at, offsetMinutes, made, asked: digest, command };
      return { entry, isLarge: rows > MANY_ROWS, value: made };
    }, zone);
    return { lease, made: value };
  }

  /** Takes a change back, where nothing was changed or answered since. Throws ReviewNotFoundError. */
  async function undo(person: Person, editId: string): Promise<void> {
    const answerId = shortIdOf(editId);
    await append(person, (db, at) => {
      const known = findAnswer(db, answerId);
      if (known?.undo === null) return { value: undefined };
      const newest = findNewest(db);
      if (newest?.id !== answerId || !isEdit(newest) || !newest.undo) {
        throw new ReviewNotFoundError("There is no such change, or something was changed or answered since.");
      }
      return {
        entry: { kind: "undo", answerId, at, isOfEdit: true },
        isLarge: newest.undo.length > MUCH_UNDO,
        value: undefined,
      };
    });
  }

  /** Makes a change that a thread decides on and makes, once by its id; `known` gives what came of it before. */
  async function changeInThread<T>(
    person: Person,
    zone: string | null | undefined,
    { answerId, digest, known }: { answerId: string; digest: string; known: (kept: KeptAnswer) => T },
    make: (ask: Ask, bytes: Uint8Array, position: number) => Promise<{ bytes: Uint8Array; value: T }>,
  ): Promise<{ lease: Lease; value: T }> {
    return await written(person, zone, async (lease) => {
      const before = await copies.read(lease, ({ db }) => findAnswer(db, answerId));
      if (!before) return await rewrite(lease, make);
      requireSameEdit(before, digest);
      return { lease, value: known(before) };
    });
  }

  /** Reads the collection as it is after a change. */
  const read = <T>(lease: Lease, use: (db: DatabaseSync) => T) => copies.read(lease, ({ db }) => use(db));

  return { leaseOf, change, undo, changeInThread, read };
}

const charsOf = ({ journal }: Lease) => journal.reduce((sum, text) => sum + text.length, 0);
