import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { offsetMinutesAt } from "../../api/anki/collection/timing.ts";
import { openChecked } from "../../api/anki/file/check.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { fuzzRange } from "../../api/anki/schedule/fuzz.ts";
import { viewCard } from "../../api/anki/schedule/question.ts";

const KANJI = new URL("../../../shared/data/spaced-repetition/kanji_collection.anki2", import.meta.url);
const AT = Date.UTC(2013, 8, 12, 12);
const DAY_MS = 86_400_000;

const files = createTempFiles({ dir: tmpdir() });
afterAll(() => files.closeAll());

type Card = { id: number; ivl: number; due: number; factor: number };

/** SM-2 as Anki's manual says it, written for this test alone: days for hard, good and easy, before fuzz. */
function sm2Of({ ivl, due, factor }: Card, today: number): [number, number, number] {
  const [ease, late] = [factor / 1_000, today - due];
  if (late >= 0) return [ivl * 1.2, (ivl + late / 2) * ease, (ivl + late) * ease * 1.3];
  const elapsed = ivl + late;
  const good = Math.max(elapsed * ease, ivl);
  return [Math.max(elapsed * 1.2, ivl * 0.6), good, good * 1.15];
}

describe.skipIf(!existsSync(KANJI))(
  "the kanji collection, which is scheduled by SM-2 (skipped where ../shared/data is missing)",
  () => {
    test("every button of every review lies in the fuzz range of an independent computation", () => {
      const { file } = openChecked(files, readFileSync(KANJI), { now: AT });
      const cards = file.db.prepare("select id, ivl, due, factor from cards where type = 2 and queue = 2 order by id")
        .all() as unknown as Card[];
      expect(cards.length).toBe(992);
      const offsetMinutes = offsetMinutesAt("Europe/Berlin", AT);
      // Day 0 begins at 4 in Germany on 1 May 2013.
      const today = Math.floor((AT - 1_367_373_600_000) / DAY_MS);
      const wrong = cards.flatMap((card) => {
        const { choices } = viewCard(file.db, card.id, { at: AT, offsetMinutes })!;
        const [hard, good, easy] = choices.slice(1).map(({ intervalMs }) => intervalMs / DAY_MS) as [
          number,
          number,
          number,
        ];
        const isDue = card.due <= today;
        const least = isDue ? [card.ivl + 1, hard + 1, good + 1] : [1, 1, 1];
        return sm2Of(card, today).flatMap((days, place) => {
          const shown = [hard, good, easy][place]!;
          const { lower, upper } = isDue
            ? fuzzRange(days, least[place]!, 36_500)
            : { lower: Math.round(days), upper: Math.round(days) };
          return shown >= lower && shown <= upper ? [] : [[card.id, place, days, shown]];
        });
      });
      expect(wrong).toEqual([]);
    });
  },
);
