import { isObject } from "../collection/card-data.ts";
import { readCollection, timingOf } from "../collection/collection.ts";
import type { Moment } from "../schedule/question.ts";
import type { Recorder } from "./before.ts";
import type { Command } from "./command.ts";
import { deckAndBelow, type Stamp } from "./decks.ts";

type Of<Name> = Extract<Command, { do: Name }>;

/** The deck's own limits of this day, which hold in the place of its other ones until the day ends. */
export function setTodaysLimits(
  rec: Recorder,
  { deckId, newCards, reviews }: Of<"setTodaysLimits">,
  moment: Moment,
  stamp: Stamp,
): void {
  const { today } = timingOf(readCollection(rec.db), moment.at, moment.offsetMinutes);
  rec.change("decks", (decks) => {
    const deck = decks[deckId];
    if (!isObject(deck)) return;
    if (newCards !== undefined) deck["newLimitToday"] = { limit: newCards, today };
    if (reviews !== undefined) deck["reviewLimitToday"] = { limit: reviews, today };
    Object.assign(deck, stamp);
  });
}

/** As in Anki, so many count as not studied today, in the deck and in all above and below it. */
export function extendLimits(
  rec: Recorder,
  { deckId, newCards, reviews }: Of<"extendLimits">,
  moment: Moment,
  stamp: Stamp,
): void {
  const collection = readCollection(rec.db);
  const { today } = timingOf(collection, moment.at, moment.offsetMinutes);
  const above = collection.decks.get(deckId)?.parents ?? [];
  rec.change("decks", (decks) => {
    for (const id of [...above, ...deckAndBelow(decks, deckId)]) {
      const deck = decks[id];
      if (!isObject(deck) || deck["dyn"]) continue;
      takeBack(deck, "newToday", today, newCards);
      takeBack(deck, "revToday", today, reviews);
      Object.assign(deck, stamp);
    }
  });
}

function takeBack(deck: Record<string, unknown>, key: string, today: number, less: number): void {
  const [day, done] = Array.isArray(deck[key]) ? deck[key] : [];
  deck[key] = [today, (day === today && typeof done === "number" ? done : 0) - less];
}
