import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { optimizeParameters } from "../../api/anki/schedule/optimize.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { createAnki, noonOf } from "../kit/anki.ts";
import { tmpdir } from "node:os";

const KANJI = new URL("../../../shared/data/spaced-repetition/kanji_collection.anki2", import.meta.url);

/** Somebody who forgets: intervals are known to a share that falls with their length. */
function forgetful(cards: number) {
  const anki = createAnki();
  for (let card = 1; card <= cards; card++) {
    anki.addReview(card, 200);
    let day = card % 20;
    for (let i = 0; i < 6; i++) {
      const interval = 2 ** i;
      const isKnown = (card * 7 + i * 3) % 10 < 9 - i;
      anki.addLog({
        id: noonOf(day, card * 10 + i),
        cid: card,
        ease: i === 0 || isKnown ? 3 : 1,
        type: i === 0 ? 0 : 1,
        ivl: interval,
      });
      day += interval;
    }
  }
  return anki.db;
}

describe("FSRS's parameters", () => {
  test("are learned from a person's own answers, predict them better, and are the same again", async () => {
    const db = forgetful(120);
    const moment = { at: noonOf(200), offsetMinutes: 0 };
    const first = await optimizeParameters(db, 1, moment);
    expect(first.reviews).toBe(600);
    expect(first.parameters).toHaveLength(21);
    expect(first.logLossAfter).toBeLessThan(first.logLossBefore);
    expect(await optimizeParameters(db, 1, moment)).toEqual(first);
  });

  test("are none where there are too few reviews, or the preset has no deck", async () => {
    const moment = { at: noonOf(200), offsetMinutes: 0 };
    expect((await optimizeParameters(forgetful(5), 1, moment)).parameters).toBeUndefined();
    expect(await optimizeParameters(forgetful(120), 7, moment)).toMatchObject({ parameters: undefined, reviews: 0 });
  });

  test.skipIf(!existsSync(KANJI))("of a real log of scheduler 1 predict it better", async () => {
    const files = createTempFiles({ dir: tmpdir() });
    const file = files.fromBytes(readFileSync(KANJI));
    try {
      const found = await optimizeParameters(file.db, 1, {
        at: Date.UTC(2013, 8, 12, 12),
        offsetMinutes: 120,
      });
      expect(found.logLossAfter).toBeLessThan(found.logLossBefore);
    } finally {
      file.close();
      files.closeAll();
    }
  });
});
