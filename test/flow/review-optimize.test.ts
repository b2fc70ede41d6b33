import { afterAll, beforeAll, expect, test } from "vitest";
import { card, note, review, schema11 } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { NOON, reviewerOf, smallContent } from "../kit/review.ts";
import { change } from "../kit/review-edits.ts";

const DAY_MS = 86_400_000;
let api: TestApp;
beforeAll(async () => {
  api = await startTestApp({ clock: () => NOON });
});
afterAll(() => api.stop());

/** Ninety cards, each answered at growing intervals, and forgotten the oftener the longer they were. */
const content = () => {
  const ids = Array.from({ length: 90 }, (_, i) => 1_000 + i);
  const days = [0, 1, 3, 7, 15, 31];
  const log = ids.flatMap((id) =>
    days.map((day, i) =>
      review(NOON - 45 * DAY_MS + day * DAY_MS + id * 10 + i, id, {
        ease: i === 0 || (id * 7 + i * 3) % 10 < 9 - i ? 3 : 1,
        type: i === 0 ? 0 : 1,
        ivl: 2 ** i,
      })
    )
  );
  return {
    ...smallContent(),
    conf: { ...smallContent().conf, fsrs: true },
    notes: ids.map((id) => note(id)),
    cards: ids.map((id) => card(id, id, { type: 2, queue: 2, due: 60, ivl: 32, factor: 2_500, reps: 6 })),
    revlog: log,
  };
};

test("parameters are learned from a person's own answers, told first, set where they are better, and taken back", async () => {
  const person = reviewerOf(api, { userId: "learner" });
  const optimize = async (input: object) =>
    (await person.ask(
      `mutation ($input: OptimizePresetInput!) { optimizePreset(input: $input) { __typename ... on OptimizePresetPayload {
        parameters reviews logLossBefore logLossAfter isBetter settings { presets { fsrsParameters } } }
        ... on UserError { code message } } }`,
      { input: { editId: "learn", presetId: "1", timeZone: "UTC", ...input } },
    )).optimizePreset;
  await person.import(schema11(content()));
  const dry = await optimize({ dryRun: true });
  expect(dry).toMatchObject({ reviews: 450, isBetter: true, settings: { presets: [{ fsrsParameters: [] }] } });
  expect(dry.logLossAfter).toBeLessThan(dry.logLossBefore);
  const done = await optimize({});
  expect(done).toEqual({ ...dry, settings: { presets: [{ fsrsParameters: dry.parameters }] } });
  // What is there already is not beaten again.
  expect(await optimize({ editId: "again" })).toMatchObject({ isBetter: false });
  expect(await change(person, "undoEdit", { editId: "learn" })).toMatchObject({ changed: 1 });
  expect((await optimize({ presetId: "9" })).message).toMatch(/presetId: is no preset/);
  const newcomer = reviewerOf(api, { userId: "newcomer" });
  await newcomer.import(schema11(smallContent()));
  expect(
    (await newcomer.ask(
      `mutation { optimizePreset(input: { editId: "x", presetId: "1" }) { ... on UserError { message } } }`,
    )).optimizePreset.message,
  ).toMatch(/has 0 reviews that came a day or more after another; 64 are needed/);
});
