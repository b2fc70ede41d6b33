import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { nextCard } from "../../api/anki/queue/next.ts";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { formatEntry } from "../../api/anki/schedule/entry.ts";
import { makeSlice } from "../../api/anki/slice/make.ts";
import { openSlice } from "../../api/anki/slice/open.ts";
import { createCopies } from "../../api/review/copies.ts";
import { emptyLease } from "../../api/review/lease.ts";
import { schema11 } from "../kit/anki-file.ts";
import { NOON, smallContent } from "../kit/review.ts";

test("a slice knows as the file does who was answered last, also where the clock of another device was ahead", async () => {
  const file = schema11(smallContent({ reviews: 3, fresh: 0 }));
  const files = createTempFiles({ dir: tmpdir() });
  const objects = { find: () => Promise.resolve({ body: file, metadata: {}, etag: "" }) };
  const copies = createCopies({ files, objects, maxBytes: 10 * file.length });
  const answer = formatEntry({
    ...{ kind: "answer", answerId: "late", cardId: 1_002, rating: 3, at: NOON + 5_000, offsetMinutes: 0 },
    ...{ tookMs: 4_000, session: "s" },
  });
  const empty = emptyLease({ tenantId: "t", userId: "u" });
  const lease = { ...empty, file: { key: "file", version: 1, line: 1, mediaKey: undefined } };
  const moment = { at: NOON + 6_000, offsetMinutes: 0 };
  const { bytes, deckId } = await copies.read(lease, ({ db }) => {
    // Two cards come back within minutes; the one that comes first was answered last, by a clock that is ahead.
    const soon = "update cards set queue = 1, type = 1, left = 1001, due = ? where id = ?";
    db.prepare(soon).run(NOON / 1_000 + 660, 1_000);
    db.prepare(soon).run(NOON / 1_000 + 720, 1_001);
    const log = db.prepare("insert into revlog values (?, ?, -1, 1, -60, -60, 2500, 4000, 0)");
    log.run(NOON - 60_000, 1_001);
    log.run(NOON + 900_000, 1_000);
    const { did } = db.prepare("select did from cards where id = 1000").get() as { did: number };
    const made = makeSlice(db, {
      deckId: did,
      session: "s",
      since: NOON + 1_000_000,
      moment: { at: NOON, offsetMinutes: 0 },
    });
    return { bytes: made!, deckId: did };
  });
  const slice = openSlice(bytes);
  slice.apply(answer, 1);
  const whole = await copies.read({ ...lease, journal: [answer] }, ({ db }) => nextCard(db, deckId, moment));
  expect(whole.cardId).toBe(1_001);
  expect(nextCard(slice.db, deckId, moment, slice.part)).toEqual(whole);
  slice.close();
  copies.close();
  files.closeAll();
});
