import type { Item } from "../../api/aws/dynamo.ts";
import { nextCard } from "../../api/anki/queue/next.ts";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { parseEntry } from "../../api/anki/schedule/entry.ts";
import type { Written } from "../kit/memory-dynamo.ts";
import { allRowsOf, logRowsOf, rowOf, withFile } from "./reviews-files.ts";
import { commandOf, type Entry, parsed, shortIdOf } from "./reviews-entries.ts";
import type { Attempt } from "./reviews-world.ts";

/** An answer as a client sent it; the same for each sending. */
export type SentAnswer = {
  answerId: string;
  sessionId: string;
  cardId: number;
  ease: number;
  mayCount: boolean;
  /** Which showing of the card it answers, where its client says so. */
  showing?: string;
};

type File = { key: string; version: number; line: number };
type Session = { sessionId: string; epoch: number; status: string; answered: number };
/**
 * A file that became the present one: its bytes, how many entries of all time are in it, the rows that it began with (of
 * imports, or of a collection that came back), and from which entry on those of all time belong to it.
 */
type Committed = File & { bytes: Uint8Array; base: number; imported: ReadonlySet<string>; since: number };

export type Oracle = ReturnType<typeof createOracle>;

/**
 * Holds each write of one person's lease, and each file that it names, against what clients sent. It keeps every
 * entry of all time in a list of its own, and computes from it what a file's review log has to be.
 */
export function createOracle({ findBody, rowsOfImport, kindOf }: {
  findBody: (key: string) => Uint8Array | undefined;
  /** The review log of the package that a request imports. */
  rowsOfImport: (attempt: Attempt) => readonly string[];
  /** What a request does that puts another collection in the place of the present one. */
  kindOf: (attempt: Attempt) => "merge" | "replace" | "restore" | "begin" | "delete" | "table";
}) {
  const violations: string[] = [];
  const log: Entry[] = [];
  const sent = new Map<string, SentAnswer>();
  /** What entries call each session, and which request began it. */
  const tags = new Map<string, string>();
  const startedBy = new Map<Attempt, string>();
  const files = new Map<string, Committed>();
  let current: Item | undefined;
  let present: Committed | undefined;
  /** The version of the last file, also where it was deleted. */
  let lastVersion = 0;
  /** The review log of the collection that was replaced last. */
  let replacedRows: ReadonlySet<string> = new Set();
  /** What a change writes that may be there once at most, by its id. */
  const marks = new Map<string, string>();

  const must = (holds: boolean, law: string, detail: unknown) => {
    if (!holds) violations.push(`${law}: ${JSON.stringify(detail)}`);
  };
  const num = (value: unknown) => (value as number | undefined) ?? 0;
  const sessionIn = (item: Item | undefined) =>
    item?.session === undefined ? undefined : JSON.parse(item.session as string) as Session;

  /** The answers that stand after the first `count` entries, of those from `since` on. */
  function standing(count = log.length, since = 0): Map<string, Entry> {
    const answers = new Map<string, Entry>();
    for (const entry of log.slice(since, count)) {
      if (entry.kind === "u") answers.delete(entry.id);
      else answers.set(entry.id, entry);
    }
    return answers;
  }

  /** What the review log of a file has to hold. */
  function expectedRows({ imported, since }: Pick<Committed, "imported" | "since">, count: number): string[] {
    const answers = [...standing(count, since).values()].filter(({ kind }) => kind === "a")
      .map(({ at, cid, ease }) => rowOf(at, cid, ease));
    return [...imported, ...answers].sort();
  }

  function onWrite({ before, after }: Written, attempt: Attempt): void {
    if (!after) return must(false, "a lease is never deleted", attempt.name);
    current = after;
    const [was, is] = [num(before?.base), num(after.base)];
    const journal = after.journal as string[];
    const file = after.file as File | undefined;
    const fileBefore = before?.file as File | undefined;
    const session = sessionIn(after);
    must(num(after.revision) === num(before?.revision) + 1, "a revision follows the one before", attempt.name);
    for (const name of ["epoch", "base"]) {
      must(num(after[name]) >= num(before?.[name]), `${name} only grows`, attempt.name);
    }
    const isDeleted = !file && fileBefore !== undefined;
    must(!isDeleted || kindOf(attempt) === "delete", "only who deletes a collection takes its file away", attempt.name);
    must(isDeleted || num(file?.version) >= num(fileBefore?.version), "the file's version only grows", attempt.name);
    must(isDeleted || num(file?.line) >= num(fileBefore?.line), "the file's line only grows", attempt.name);
    must(is + journal.length >= log.length, "no entry leaves the journal before it is in the file", {
      attempt: attempt.name,
      was,
      is,
      journal,
      known: log.length,
    });
    must(
      journal.every((text, i) => log[is + i] === undefined || log[is + i]!.text === text),
      "the journal is what was written before, in order",
      [attempt.name, journal],
    );
    for (const text of journal.slice(Math.max(0, log.length - is))) append(text, attempt, after, before);
    if (is === log.length + 1 && file && file.key !== fileBefore?.key) takeChange(file, attempt);
    if (isDeleted) {
      must(
        is === log.length && journal.length === 0,
        "what waited goes with a collection that is deleted",
        attempt.name,
      );
      present = undefined;
    } else if (file && file.key !== fileBefore?.key) replaced(file, is, attempt);
    else must(is === was || !file, "answers are counted as in the file only with a new file", attempt.name);
    if (session) {
      const tag = session.epoch.toString(36);
      if (!tags.has(session.sessionId)) startedBy.set(attempt, session.sessionId);
      tags.set(session.sessionId, tag);
      const stand = [...standing().values()].filter((entry) => entry.tag === tag).length;
      must(session.answered === stand, "a session says how many of its answers stand", [session, stand]);
      must(session.epoch <= num(after.epoch), "a session's epoch is one that was given", [session, after.epoch]);
    }
    must(
      after.checkAt !== undefined || (session?.status !== "ACTIVE" && journal.length === 0),
      "somebody looks again while anything is left to do",
      [attempt.name, session, journal.length],
    );
  }

  function onRemove(key: string): void {
    must(key !== present?.key, "the present file is never removed", key);
  }

  /** A change that was made in a thread: it never waited, and its file knows it. */
  function takeChange(file: File, attempt: Attempt): void {
    must(kindOf(attempt) === "table", "only a large change is in the file without having waited", attempt.name);
    attempt.appended++;
    const row = withFile(
      findBody(file.key)!,
      (db) => db.prepare("SELECT id FROM sojourn_answers WHERE position = ?").get(log.length),
    );
    // A collection that took the place of another knows nothing of what was changed in that.
    must(
      row !== undefined && !log.slice(present?.since).some(({ id }) => id === row.id),
      "a large change is in its file, once",
      [
        attempt.name,
        row,
      ],
    );
    log.push({ kind: "e", id: String(row?.id), cid: 0, ease: 0, at: 0, tag: "-", text: undefined });
  }

  function append(text: string, attempt: Attempt, after: Item, before: Item | undefined): void {
    const entry = parsed(text);
    const session = sessionIn(after)!;
    attempt.appended++;
    must(attempt.appended === 1, "a request adds one entry at most", [attempt.name, text]);
    if (isEdit(entry)) {
      must(
        !log.slice(present?.since).some(({ kind, id }) => kind === entry.kind && id === entry.id),
        "no change is made or taken back twice",
        text,
      );
      const newest = [...standing().values()].at(-1);
      must(entry.kind === "e" || newest?.id === entry.id, "a change is taken back while it is the newest", [
        text,
        newest,
      ]);
      log.push(entry);
      return;
    }
    must(session.status === "ACTIVE", "only a running session answers", [attempt.name, session]);
    must(session.epoch === after.epoch, "only the newest epoch answers", [attempt.name, session, after.epoch]);
    must(session.sessionId === sessionIn(before)?.sessionId, "an answer begins no session", [attempt.name, session]);
    if (entry.kind === "u") {
      const newest = [...standing().values()].at(-1);
      must(newest?.id === entry.id, "an undo takes back the newest answer", [attempt.name, entry, newest]);
      must(newest?.tag === session.epoch.toString(36), "an undo takes back an answer of its own session", entry);
    } else {
      const asked = sent.get(entry.id);
      must(!log.some(({ kind, id }) => kind === "a" && id === entry.id), "no answer is counted twice", [
        attempt.name,
        text,
      ]);
      must(
        asked?.cardId === entry.cid && asked.ease === entry.ease && asked.sessionId === session.sessionId,
        "an answer is what its client sent, in the session that it was sent to",
        [attempt.name, entry, asked, session],
      );
      must(asked?.mayCount ?? false, "an answer for a card that is not under review does not count", [
        attempt.name,
        asked,
      ]);
      must(entry.tag === session.epoch.toString(36), "an answer is of the running session", [attempt.name, entry]);
    }
    log.push(entry);
  }

  /** A change, or what takes one back: it needs no session. */
  function isEdit({ kind, id }: Entry): boolean {
    return kind === "e" || (kind === "u" && log.some((entry) => entry.kind === "e" && entry.id === id));
  }

  /** Another file is the present one: it is whole, and holds what it has to. */
  function replaced(file: File, base: number, attempt: Attempt): void {
    const bytes = findBody(file.key);
    if (!bytes) return must(false, "a lease names a file that is there", [attempt.name, file]);
    must(file.version === lastVersion + 1, "a file's version follows the one before", [attempt.name, file]);
    lastVersion = file.version;
    const isImport = file.line !== present?.line;
    const before = present && new Set(expectedRows(present, base));
    const ground = isImport ? groundOf(attempt, base) : { imported: present!.imported, since: present!.since };
    const committed: Committed = { ...file, bytes: Uint8Array.from(bytes), base, ...ground };
    if (isImport) must(base === log.length, "an import takes all waiting answers in", [attempt.name, base, log.length]);
    if (isImport && before && ["replace", "restore"].includes(kindOf(attempt))) replacedRows = before;
    same(committed, attempt.name);
    if (!isImport && log.slice(present!.base, base).every(({ text }) => text !== undefined)) {
      const [found, replayed] = [withFile(bytes, allRowsOf), replay(present!, base, allRowsOf)];
      must(found === replayed, "a saved file is the file before with its answers", [attempt.name, found, replayed]);
    }
    present = committed;
    files.set(file.key, committed);
  }

  /** With what a collection begins that comes in the place of the present one. */
  function groundOf(attempt: Attempt, base: number): Pick<Committed, "imported" | "since"> {
    switch (kindOf(attempt)) {
      case "replace":
        return { imported: new Set(rowsOfImport(attempt)), since: base };
      case "restore":
        return { imported: replacedRows, since: base };
      case "merge":
        return {
          imported: new Set([...present?.imported ?? [], ...rowsOfImport(attempt)]),
          since: present?.since ?? base,
        };
      default:
        must(present === undefined, "a collection begins where there is none", attempt.name);
        return { imported: new Set(), since: base };
    }
  }

  function same({ bytes, base, ...ground }: Committed, about: unknown): void {
    const rows = withFile(bytes, logRowsOf);
    const expected = expectedRows(ground, base);
    const missing = expected.filter((row) => !rows.includes(row));
    const more = rows.filter((row) => !expected.includes(row));
    must(
      rows.join() === expected.join(),
      "a file's review log is the imported one and the answers that stand",
      { about, missing, more },
    );
  }

  /** What a process that knows nothing yet makes of a file and the entries up to a position. */
  function replay<T>(
    { bytes, base }: Committed,
    position: number,
    use: (db: Parameters<typeof applyEntry>[0]) => T,
  ): T {
    return withFile(bytes, (db) => {
      for (const [i, { text }] of log.slice(base, position).entries()) applyEntry(db, parseEntry(text!), base + i);
      return use(db);
    });
  }

  return {
    violations,
    sent: (answer: SentAnswer) => void sent.set(shortIdOf(answer.answerId), answer),
    onWrite,
    onRemove,
    lease: () => current,
    present: () => present,
    /** How many entries there were, of all time. */
    position: () => log.length,
    must,

    /** A client got an answer: it is durable. */
    acknowledged({ answerId, sessionId, cardId, showing }: SentAnswer, about: string): void {
      const entries = log.filter(({ kind, id }) => kind === "a" && id === shortIdOf(answerId));
      // Two devices answered one showing: the first of them counts for both.
      const tag = tags.get(sessionId);
      const isShared = showing !== undefined && entries.length === 0 &&
        log.some((entry) => entry.kind === "a" && entry.cid === cardId && entry.tag === tag);
      if (isShared) return;
      must(entries.length === 1, "an acknowledged answer is there once", [about, answerId, sessionId]);
    },

    /** A client was told that a change was made: it is durable. `command` is what it does; undefined for a table. */
    changed(editId: string, about: string, command: string | undefined): void {
      const isOf = ({ kind, id }: Entry) => kind === "e" && id === shortIdOf(editId);
      const isOnce = log.slice(present?.since).filter(isOf).length <= 1;
      const isSame = log.some((entry) => isOf(entry) && commandOf(entry) === command);
      must(isSame && isOnce, "an acknowledged change is the one that was asked for, and there once", [about, editId]);
    },

    /** A client was told that an answer was taken back: by it, or on the other device that asked for the same. */
    undone: (attempt: Attempt, from: number) =>
      must(
        attempt.appended === 1 || log.slice(from).some(({ kind }) => kind === "u"),
        "an acknowledged undo took one answer back",
        attempt.name,
      ),
    /** A client was told that nothing is left to take back: at some moment since it asked that was so. */
    refusedUndo(sessionId: string, about: string, from: number): void {
      const tag = tags.get(sessionId);
      const isLeft = (count: number) => [...standing(count).values()].at(-1)?.tag === tag;
      const counts = Array.from({ length: log.length - from + 1 }, (_, i) => from + i);
      must(!counts.every(isLeft), "an answer of the running session can be taken back", [about, sessionId]);
    },

    /** Somebody was told that the collection is held by a session. */
    held: (by: string, attempt: Attempt) =>
      must(by !== startedBy.get(attempt), "nobody is held up by the session that they began", [attempt.name, by]),
    started: (sessionId: string) => must(tags.has(sessionId), "an acknowledged session was written", sessionId),

    /** Whether a card that was shown is the one that a process without a cache would show, then or a moment later. */
    isShown(
      lease: { file: File | undefined; base: number; journal: readonly string[] },
      deckId: number,
      at: number,
      shown: unknown,
    ): "then" | "later" | "never" {
      const known = files.get(lease.file!.key)!;
      const wanted = JSON.stringify(shown);
      const first = lease.base + lease.journal.length;
      // What is there later may be read by then: the file with more entries, or one that took its place.
      for (const later of [...files.values()].filter(({ version }) => version >= known.version)) {
        for (let position = later === known ? first : later.base; position <= log.length; position++) {
          if (log[position - 1]?.text === undefined && position > later.base) break;
          const next = replay(later, position, (db) => nextCard(db, deckId, { at, offsetMinutes: 0 }));
          if (JSON.stringify(next) === wanted) return later === known && position === first ? "then" : "later";
        }
      }
      return "never";
    },

    /** Whether a review log is the one of some moment between two positions. */
    wasExported(rows: readonly string[], from: number): boolean {
      const found = [...rows].sort().join();
      return [...files.values()].some((file) =>
        Array.from({ length: log.length - from + 1 }, (_, i) => expectedRows(file, Math.max(from + i, file.base)))
          .some((expected) => expected.join() === found)
      );
    },

    /** When all is settled: the file has everything, and nothing waits. */
    settled(): void {
      const journal = current?.journal as string[] | undefined;
      if (!present) return;
      must(journal?.length === 0, "in the end nothing waits", journal);
      must(sessionIn(current)?.status !== "ACTIVE", "in the end nobody reviews", sessionIn(current));
      must(present.base === log.length, "in the end all is in the file", [present.base, log.length]);
      const body = findBody(present.key);
      if (!body) return must(false, "the present file is there", present.key);
      same({ ...present, bytes: body }, "in the end");
      const stands = standing(log.length, present.since);
      for (const [id, mark] of marks) {
        const count = withFile(
          body,
          (db) => Number(db.prepare("SELECT count(*) AS n FROM notes WHERE flds LIKE ?").get(`${mark}%`)!.n),
        );
        must(count <= 1, "what a change makes is there once at most", [id, mark, count]);
        // A collection that came in the place of another knows nothing of its ids: there the id may stand for something else.
        const entry = stands.get(id);
        const made = entry && [undefined, "createNote"].includes(commandOf(entry));
        must(count === 1 || !made, "what a change made is there", [id, mark]);
      }
    },

    /** What a change that is sent writes: it may be there once at most. */
    marks: (editId: string, mark: string) => void marks.set(shortIdOf(editId), mark),
  };
}
