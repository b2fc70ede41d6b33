import { createHash } from "node:crypto";
import { parseEntry } from "../../api/anki/schedule/entry.ts";

/** An answer, a change of the collection, or what takes either back. A change that was in a file at once has no text. */
export type Entry = {
  kind: "a" | "u" | "e";
  id: string;
  cid: number;
  ease: number;
  at: number;
  tag: string;
  text: string | undefined;
};

/** A client's id as the journal has it. */
export function shortIdOf(answerId: string): string {
  return createHash("sha256").update(answerId).digest("base64url").slice(0, 14);
}

/** What a change does; undefined where it never waited. */
export function commandOf({ text }: Entry): string | undefined {
  const entry = text === undefined ? undefined : parseEntry(text);
  return entry?.kind === "edit" ? entry.command.do : undefined;
}

/** An entry of a journal, read apart from all that is under test. */
export function parsed(text: string): Entry {
  const [kind, id, ...rest] = text.split(" ");
  const numbers = rest.map((part) => parseInt(part, 36));
  if (kind === "e") return { kind, id: id!, cid: 0, ease: 0, at: numbers[0]!, tag: "-", text };
  if (kind === "u") return { kind, id: id!, cid: 0, ease: 0, at: numbers[0]!, tag: "", text };
  return { kind: "a", id: id!, cid: numbers[0]!, ease: numbers[1]!, at: numbers[2]!, tag: rest[5]!, text };
}
