import type { DatabaseSync } from "node:sqlite";
import { memoryOf, parseCardData } from "../collection/card-data.ts";
import { readCollection, timingOf } from "../collection/collection.ts";
import type { Moment } from "../schedule/question.ts";
import { withinDecks } from "./forecast.ts";
import { type Recalled, recallOf } from "./retrievability.ts";

/**
 * How far a deck with those below it is learned: cards by their state (mature from 21 days on; suspended and buried ones
 * count there alone), and means over learned cards. FSRS's are undefined where no card has its memory.
 */
export type DeckStats = {
  fresh: number;
  learning: number;
  relearning: number;
  young: number;
  mature: number;
  suspended: number;
  buried: number;
  /** In days. */
  averageInterval: number | undefined;
  /** SM-2's ease; 2.5 is 250 %. */
  averageEase: number | undefined;
  /** In days. */
  averageStability: number | undefined;
  /** From 1 to 10. */
  averageDifficulty: number | undefined;
  /** From 0 to 1: how likely a learned card is known now. */
  averageRetrievability: number | undefined;
};

export type DeckStatsOf = { deckId?: number | undefined; moment: Moment };

const MATURE_DAYS = 21;

/** Undefined where there is no such deck. */
export function countDeckStats(db: DatabaseSync, { deckId, moment }: DeckStatsOf): DeckStats | undefined {
  const where = withinDecks(db, deckId);
  if (where === undefined) return undefined;
  const timing = timingOf(readCollection(db), moment.at, moment.offsetMinutes);
  const sql = `select
      sum(queue >= 0 and type = 0) as fresh, sum(queue >= 0 and type = 1) as learning,
      sum(queue >= 0 and type = 3) as relearning,
      sum(queue >= 0 and type = 2 and ivl < ${MATURE_DAYS}) as young,
      sum(queue >= 0 and type = 2 and ivl >= ${MATURE_DAYS}) as mature,
      sum(queue = -1) as suspended, sum(queue < -1) as buried,
      avg(case when type = 2 then max(ivl, 0) end) as interval,
      avg(case when type = 2 and factor > 0 then factor / 1000.0 end) as ease
    from cards where ${where}`;
  const counts = db.prepare(sql).get() as Record<string, number | null>;
  const memories = db.prepare(
    `select data, ivl, (case when odue <> 0 then odue else due end) as due from cards
       where type in (2, 3) and data <> '' and ${where}`,
  ).iterate() as Iterable<Recalled>;
  let [n, stability, difficulty, recall] = [0, 0, 0, 0];
  for (const card of memories) {
    const memory = memoryOf(parseCardData(card.data));
    if (!memory) continue;
    n++;
    stability += memory.stability;
    difficulty += memory.difficulty;
    recall += recallOf(card, timing);
  }
  const count = (name: string) => Number(counts[name] ?? 0);
  const mean = (sum: number) => (n === 0 ? undefined : sum / n);
  return {
    fresh: count("fresh"),
    learning: count("learning"),
    relearning: count("relearning"),
    young: count("young"),
    mature: count("mature"),
    suspended: count("suspended"),
    buried: count("buried"),
    averageInterval: counts["interval"] ?? undefined,
    averageEase: counts["ease"] ?? undefined,
    averageStability: mean(stability),
    averageDifficulty: mean(difficulty),
    averageRetrievability: mean(recall),
  };
}
