import { createHash } from "node:crypto";
import type { Heard } from "./model.ts";

/** Characters that hold an instant, so that texts sort as their instants do: enough until the year 5138. */
const AT_CHARS = 9;
const BOOT_CHARS = 6;

/** A motion event as one short text: its instant, then its number and a mark of the device's start where it has them. */
export function formatHeard({ at, seq, boot }: Heard): string {
  return [formatAt(at), ...(seq === undefined ? [] : [seq.toString(36)]), ...(boot ? [boot] : [])].join(".");
}

export function parseHeard(text: string): Heard {
  const [at, seq, boot] = text.split(".");
  return {
    at: parseInt(at!, 36),
    ...(seq === undefined ? {} : { seq: parseInt(seq, 36) }),
    ...(boot === undefined ? {} : { boot }),
  };
}

export function formatAt(at: number): string {
  return at.toString(36).padStart(AT_CHARS, "0");
}

/** What identifies a motion event among all of its sensor: (start, number), or the instant where it has no number. */
export function heardOf(at: number, seq: number | null | undefined, boot: string | null | undefined): Heard {
  if (seq === undefined || seq === null) return { at };
  return { at, seq, ...(boot ? { boot: bootMark(boot) } : {}) };
}

/** Boots are kept beside each motion event by a short mark: it tells apart only what has the same number and instant. */
function bootMark(boot: string): string {
  return createHash("sha256").update(boot).digest("base64url").slice(0, BOOT_CHARS);
}
