import type { DatabaseSync } from "node:sqlite";
import { inflateRawSync } from "node:zlib";
import { type DeckView, findDeck } from "../queue/counts.ts";
import type { Part } from "../queue/next.ts";
import { findCard } from "../collection/rows.ts";
import { findAnswer } from "../schedule/answers-table.ts";
import { applyEntry } from "../schedule/apply.ts";
import { parseEntry } from "../schedule/entry.ts";
import type { Moment } from "../schedule/question.ts";
import { type Body, fillSlice, MARK_CHARS, markOf } from "./body.ts";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** A slice does not tell what is asked: the file does. */
export class SliceEndError extends Error {
  constructor() {
    super("The slice does not tell.");
  }
}

export type OpenSlice = ReturnType<typeof openSlice>;

/** Opens a slice as a small collection, to which entries of the journal are applied as to the file. */
export function openSlice(bytes: Uint8Array) {
  const body = JSON.parse(inflateRawSync(bytes, { maxOutputLength: MAX_BODY_BYTES }).toString("utf8")) as Body;
  const db: DatabaseSync = fillSlice(body);
  const marks = new Set<string>();
  for (let at = 0; at < body.answers.length; at += MARK_CHARS) marks.add(body.answers.slice(at, at + MARK_CHARS));
  const part: Part = { today: body.today, safe: new Set(body.safe), beyond: body.beyond };
  const counts = new Map(body.counts.map(([id, ...more]) => [id, more]));

  return {
    db,
    part,
    deckId: body.deckId,
    /** Throws SliceEndError where the entry is about something that is not in it. */
    apply(text: string, position: number): void {
      const entry = parseEntry(text);
      if (entry.kind === "undo" && !findAnswer(db, entry.answerId)) throw new SliceEndError();
      if (entry.kind === "answer" && !findCard(db, entry.cardId)) throw new SliceEndError();
      if (entry.kind !== "undo" && entry.kind !== "answer") throw new SliceEndError();
      applyEntry(db, entry, position);
    },
    /** Throws SliceEndError unless it is certain that no answer of this id was given before the slice was made. */
    requireNew(answerId: string): void {
      if (marks.has(markOf(answerId))) throw new SliceEndError();
    },
    /** A deck with its counts of now. */
    deck(deckId: number, moment: Moment): DeckView {
      const [here, more] = [findDeck(db, deckId, moment), counts.get(deckId)];
      if (!here || !more) throw new SliceEndError();
      const [fresh, learning, due, cards] = more as [number, number, number, number];
      return {
        ...here,
        newCount: here.newCount + fresh,
        learningCount: here.learningCount + learning,
        dueCount: here.dueCount + due,
        cardCount: here.cardCount + cards,
      };
    },
    close: () => db.close(),
  };
}
