import { afterAll, beforeAll, expect, test } from "vitest";
import { schema11 } from "../kit/anki-file.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { NOON, reviewerOf, smallContent } from "../kit/review.ts";
import { openSse } from "../kit/sse.ts";

let api: TestApp;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOON });
});
afterAll(() => api.stop());

type Shown = { answered: number; cursor: string };
const QUERY = `subscription ($sessionId: String!, $after: String) {
  reviewSessionChanged(sessionId: $sessionId, after: $after) { answered cursor } }`;

test("from its cursor on a review is given when it changes, and not as it was", async () => {
  const person = reviewerOf(api, { tenantId: "t", userId: "u" });
  await person.import(schema11(smallContent()));
  const { sessionId, nextCard } = (await person.start()).reviewSession;
  const follow = async (after?: string) => {
    const stream = await openSse<{ reviewSessionChanged: Shown }>(api, {
      tenantId: "t",
      query: QUERY,
      variables: { sessionId, after },
    });
    return { ...stream, next: async () => (await stream.next())!.data!.reviewSessionChanged };
  };
  const first = await follow();
  const shown = await first.next();
  expect(shown.answered).toBe(0);
  await first.leave();
  const again = await follow(shown.cursor);
  const next = again.next();
  await api.ask(
    "t",
    `mutation ($s: String!, $c: String!) {
      answerCard(input: { sessionId: $s, cardId: $c, rating: GOOD, answerId: "a" }) { __typename } }`,
    { s: sessionId, c: nextCard.cardId },
  );
  expect((await next).answered).toBe(1);
  await again.leave();
});
