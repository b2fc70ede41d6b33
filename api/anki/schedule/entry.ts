import type { Command } from "../edit/command.ts";
import type { Rating } from "./memory.ts";

/**
 * An answer as it is kept until it is in the file: all that its effect depends on, but the collection itself. `at` is
 * epoch ms and becomes the log's key; `offsetMinutes` east of UTC decides which of Anki's days it is.
 */
export type AnswerEntry = {
  kind: "answer";
  answerId: string;
  cardId: number;
  rating: Rating;
  at: number;
  offsetMinutes: number;
  tookMs: number;
  session: string;
};

/** Takes an answer back: `at` is when that one was given. Or a change to the collection, at its own time. */
export type UndoEntry = { kind: "undo"; answerId: string; at: number; isOfEdit?: true };

/** A change to the collection itself. `made` is the id of what it makes; 0 where it makes nothing. */
export type EditEntry = {
  kind: "edit";
  answerId: string;
  at: number;
  offsetMinutes: number;
  made: number;
  /** A digest of what the client asked for; absent in entries of before. */
  asked?: string;
  command: Command;
};

export type Entry = AnswerEntry | UndoEntry | EditEntry;

const OF_EDIT = "e";

/** What an entry counts for: a review, or one fewer; undefined where it is none. */
export function reviewOf(entry: Entry): { at: number; n: 1 | -1 } | undefined {
  if (entry.kind === "edit" || (entry.kind === "undo" && entry.isOfEdit)) return undefined;
  return { at: entry.at, n: entry.kind === "undo" ? -1 : 1 };
}

/** A compact text, since twenty of them lie in one small item; `parseEntry` gives the same entry back. Ids hold no spaces. */
export function formatEntry(entry: Entry): string {
  if (entry.kind === "edit") {
    const { answerId, at, offsetMinutes, made, asked, command } = entry;
    const [when, offset, id] = [at, offsetMinutes, made].map((n) => n.toString(36));
    // Processes of before read a number up to the colon.
    return ["e", answerId, when, offset, asked ? `${id}:${asked}` : id, JSON.stringify(command)].join(" ");
  }
  if (entry.kind === "undo") {
    return ["u", entry.answerId, entry.at.toString(36), ...(entry.isOfEdit ? [OF_EDIT] : [])].join(" ");
  }
  const { answerId, cardId, rating, at, offsetMinutes, tookMs, session } = entry;
  return ["a", answerId, ...[cardId, rating, at, offsetMinutes, tookMs].map((n) => n.toString(36)), session].join(" ");
}

/** Throws where the text is no entry. */
export function parseEntry(text: string): Entry {
  if (text.startsWith("e ")) return parseEdit(text);
  const [kind, answerId, ...parts] = text.split(" ");
  const numbers = parts.slice(0, kind === "u" ? 1 : 5).map((part) => parseInt(part, 36));
  if (!answerId || numbers.some(Number.isNaN)) throw new Error(`Not a journal entry: ${text}`);
  if (kind === "u" && numbers.length === 1) {
    return { kind: "undo", answerId, at: numbers[0]!, ...(parts[1] === OF_EDIT ? { isOfEdit: true } : {}) };
  }
  const session = parts[5];
  if (kind !== "a" || session === undefined) throw new Error(`Not a journal entry: ${text}`);
  const [cardId, rating, at, offsetMinutes, tookMs] = numbers as [number, Rating, number, number, number];
  return { kind: "answer", answerId, cardId, rating, at, offsetMinutes, tookMs, session };
}

/** The command is what follows the fifth space. */
function parseEdit(text: string): EditEntry {
  const head = text.split(" ", 5);
  const [at, offsetMinutes, made] = head.slice(2).map((part) => parseInt(part, 36));
  const command = JSON.parse(text.slice(head.join(" ").length + 1)) as Command;
  const asked = head[4]!.split(":")[1];
  return {
    kind: "edit",
    answerId: head[1]!,
    at: at!,
    offsetMinutes: offsetMinutes!,
    made: made!,
    ...(asked && { asked }),
    command,
  };
}
