import { FileFormatError } from "./events.ts";

/** Lines that say nothing: each is told with its number and the reason, and the others are loaded. */
export type Skipped = ReturnType<typeof createSkipped>;

/** So many are told one by one. */
const MAX_TOLD = 20;
const MAX_TEXT = 80;

/** For those who want no line left out. */
export const REFUSING: Pick<Skipped, "add"> = {
  add(line, reason, text = "") {
    throw new FileFormatError(`line ${line} ${reason}: ${text.slice(0, MAX_TEXT)}`);
  },
};

export function createSkipped() {
  const told: string[] = [];
  const seen = new Set<number>();
  return {
    /** `line` is its number in the file, from 1. */
    add(line: number, reason: string, text = ""): void {
      if (seen.has(line)) return;
      seen.add(line);
      if (told.length < MAX_TOLD) told.push(`line ${line}: ${reason}${text && `: ${text.slice(0, MAX_TEXT)}`}`);
    },
    count: () => seen.size,
    /** What is to be told of them; empty where there are none. */
    told(): string[] {
      const rest = seen.size - told.length;
      return rest > 0 ? [...told, `and ${rest} more`] : [...told];
    },
  };
}
