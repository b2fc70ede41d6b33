import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { hostileCards, hostileFiles } from "../kit/hostile-anki.ts";
import { NOON, reviewerOf } from "../kit/review.ts";

/** `npm run bench:review-hostile` measures what they cost another tenant. */
let api: TestApp;
let people = 0;
beforeAll(async () => {
  api = await startTestApp({ clock: () => NOON });
});
afterAll(() => api.stop());

const somebody = () => reviewerOf(api, { userId: `stranger-${people++}` });

describe("a hostile file is refused by name, or taken without what is hostile in it", () => {
  test.each(hostileFiles)("%s", async (_, make, words) => {
    const answer = await somebody().import(await make());
    expect(answer.__typename).toMatch(words ? /CollectionUnreadableError|TooLargeError/ : /ImportCollectionPayload/);
    if (words) expect(answer.message).toMatch(words);
  });
});

describe("a hostile card is shown in part, or says why it is not", () => {
  test.each(hostileCards)("%s", async (_, make, words) => {
    const person = somebody();
    await person.import(make());
    const { reviewSession } = await person.start({ deckId: "1" });
    const { question, answer } = reviewSession.nextCard;
    expect(question + answer).toMatch(words);
    expect(question.length + answer.length).toBeLessThan(9 * 1024 * 1024);
  });
});
