import type { Deck, Json, NoteType } from "./col.ts";

export const DEFAULT_DECK = 1;
export const DEFAULT_OPTIONS = 1;

/** Anki's default deck, for a collection that has lost it. */
export function defaultDeck(): Deck {
  const today = [0, 0];
  return {
    id: DEFAULT_DECK,
    name: "Default",
    mod: 0,
    usn: 0,
    lrnToday: today,
    revToday: today,
    newToday: today,
    timeToday: today,
    collapsed: false,
    desc: "",
    dyn: 0,
    conf: DEFAULT_OPTIONS,
    extendNew: 0,
    extendRev: 0,
  };
}

/** Anki's default deck options, for a collection that has lost them. */
export function defaultOptions(): Json {
  return {
    id: DEFAULT_OPTIONS,
    name: "Default",
    mod: 0,
    usn: 0,
    maxTaken: 60,
    autoplay: true,
    timer: 0,
    replayq: true,
    new: { bury: false, delays: [1, 10], initialFactor: 2500, ints: [1, 4, 0], order: 1, perDay: 20 },
    rev: { bury: false, ease4: 1.3, ivlFct: 1, maxIvl: 36_500, perDay: 200, hardFactor: 1.2 },
    lapse: { delays: [10], leechAction: 1, leechFails: 8, minInt: 1, mult: 0 },
    dyn: false,
  };
}

/** A plain note type for notes whose own is gone: as many fields as they have, as many cards as there are. */
export function recoveredNoteType(id: number, fieldCount: number, cardCount: number): NoteType {
  return {
    id,
    name: `Recovered ${id}`,
    type: 0,
    mod: 0,
    usn: -1,
    sortf: 0,
    did: null,
    flds: Array.from({ length: fieldCount }, (_, ord) => ({
      name: `Field ${ord + 1}`,
      ord,
      sticky: false,
      rtl: false,
      font: "Arial",
      size: 20,
    })),
    tmpls: Array.from({ length: cardCount }, (_, ord) => ({
      name: `Card ${ord + 1}`,
      ord,
      qfmt: "{{Field 1}}",
      afmt: fieldCount > 1 ? "{{FrontSide}}\n\n<hr id=answer>\n\n{{Field 2}}" : "{{FrontSide}}",
      bqfmt: "",
      bafmt: "",
      did: null,
    })),
    css: "",
    latexPre: "",
    latexPost: "",
    req: Array.from({ length: cardCount }, (_, ord) => [ord, "any", [0]]),
  };
}
