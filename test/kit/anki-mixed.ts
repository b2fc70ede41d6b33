import type { LogRow } from "../../api/anki/collection/rows.ts";
import type { AnswerEntry } from "../../api/anki/schedule/entry.ts";
import { type Anki, createAnki, noonOf, presetOf } from "./anki.ts";

export const TODAY = 100;
export const NOW = noonOf(TODAY);
export const FILTERED = 50;
export const PREVIEWED = 51;

let ids = 0;
/** An answer now, on the collection's hundredth day, each with an id of its own. */
export const answerOf = (cardId: number, rating: number, over: Partial<AnswerEntry> = {}): AnswerEntry => ({
  kind: "answer",
  answerId: `a${ids++}`,
  cardId,
  rating: rating as AnswerEntry["rating"],
  at: NOW,
  offsetMinutes: 0,
  tookMs: 4_000,
  session: "s",
  ...over,
});

export const lastLog = ({ db }: Anki) =>
  ({ ...db.prepare("select * from revlog order by id desc limit 1").get() }) as LogRow;

/** Cards of every kind: siblings, nested decks, borrowed and previewed ones, leeches, buried yesterday, SM-2 only. */
export function createMixed(pretty = false): Anki {
  const anki = createAnki({
    conf: { fsrs: true },
    dconf: [presetOf({
      new: { bury: true },
      rev: { bury: true },
      lapse: { leechFails: 4, leechAction: 0 },
      buryInterdayLearning: true,
      desiredRetention: 0.87,
    })],
    decks: [
      { id: 1, name: "Default", conf: 1, dyn: 0, newToday: [TODAY - 1, 7], mod: 5, usn: 3 },
      { id: 2, name: "Default::Sub", conf: 1, dyn: 0 },
      { id: FILTERED, name: "Cram", dyn: 1, resched: true },
      { id: PREVIEWED, name: "Look", dyn: 1, resched: false, previewAgainSecs: 90 },
    ],
  });
  const { addCard, addReview, addLog, db } = anki;
  for (let id = 1; id <= 4; id++) {
    addCard({ id: id * 10, nid: id });
    addCard({ id: id * 10 + 1, nid: id, ord: 1, did: 2 });
  }
  addReview(100, TODAY - 3, { data: '{"s":12.5,"d":6.2,"dr":0.9}', lapses: 3 });
  addReview(101, TODAY, { nid: 100, ord: 1, did: 2, ivl: 40, factor: 1900 });
  addReview(102, TODAY - 10, { lapses: 3 });
  addLog({ id: noonOf(TODAY - 40), cid: 102, ease: 3, type: 0, ivl: -600, factor: 0 });
  addLog({ id: noonOf(TODAY - 20), cid: 102, ease: 1 });
  addCard({ id: 110, type: 1, queue: 1, due: Math.floor(NOW / 1_000) - 60, left: 1001, reps: 1 });
  addCard({ id: 111, type: 3, queue: 1, due: Math.floor(NOW / 1_000) + 600, left: 1, ivl: 3, factor: 2300, reps: 9 });
  addCard({ id: 112, type: 1, queue: 3, due: TODAY, left: 1, reps: 2 });
  addCard({ id: 113, type: 2, queue: 1, due: Math.floor(NOW / 1_000), left: 1001, ivl: 3, factor: 2300, odue: TODAY });
  addReview(120, -99_999, { did: FILTERED, odid: 1, odue: TODAY + 5 });
  addCard({ id: 121, did: FILTERED, odid: 2, odue: 7, due: -99_998 });
  addReview(122, -99_997, { did: PREVIEWED, odid: 1, odue: TODAY + 9 });
  addReview(130, TODAY, { queue: -2 });
  addCard({ id: 131, queue: -3 });
  if (pretty) {
    for (const column of ["conf", "decks"]) {
      const text = String(db.prepare(`select ${column} as t from col`).get()!["t"]);
      db.prepare(`update col set ${column} = ?`).run(JSON.stringify(JSON.parse(text), undefined, 1));
    }
  }
  return anki;
}
