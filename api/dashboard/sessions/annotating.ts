import type { AnnotateSessionInput, SessionWholeFragment } from "./documents.ts";

type Annotated = Pick<SessionWholeFragment, "labels" | "notes" | "pinned" | "version">;
type Typed = { labels: string; notes: string; pinned: boolean };

/** What somebody is typing of a session, what stood there when they began, and the version that they saw. */
export type Draft = Typed & { was: Typed; version: number };

/** A label can hold commas and spaces, and no end of a line. */
const typedOf = ({ labels, notes, pinned }: Annotated): Typed => (
  { labels: labels.join("\n"), notes: notes ?? "", pinned }
);

export function draftOf(session: Annotated): Draft {
  return { ...typedOf(session), was: typedOf(session), version: session.version };
}

/** What was typed. What was left as it stood is not said: whatever others made of it meanwhile holds there. */
export function inputOf({ labels, notes, pinned, was, version }: Draft, sessionId: string): AnnotateSessionInput {
  return {
    ...{ sessionId, expectedVersion: version },
    ...(labels === was.labels ? {} : { labels: labelsOf(labels, was.labels) }),
    ...(notes === was.notes ? {} : { notes }),
    ...(pinned === was.pinned ? {} : { pinned }),
  };
}

/** A label a line, each once. A line of spaces is none, but where it was one before. */
function labelsOf(text: string, was: string): string[] {
  const known = was.split("\n");
  return [...new Set(text.split("\n").filter((line) => line.trim() !== "" || (line !== "" && known.includes(line))))];
}
