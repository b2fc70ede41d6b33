import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { schema11 } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { filled, metricsOf } from "../kit/metrics.ts";
import { logOf, mutationOf, NOON, type Reviewer, reviewerOf, smallContent } from "../kit/review.ts";
import { openSse } from "../kit/sse.ts";

const MINUTE = 60_000;
const PAGE = "https://cards.example";
const CHANGED = `subscription ($sessionId: String!) {
  reviewSessionChanged(sessionId: $sessionId) { status answered unsavedAnswers expiresAt nextCard { cardId } } }`;

const toS3 = vi.spyOn(S3Client.prototype, "send");
let system: TestSystem;
/** Two processes' worth of service over one store. */
let api: TestApp;
let other: TestApp;
let now = NOON;
let people = 0;

beforeAll(async () => {
  system = await startTestSystem();
  api = await startTestApp({ system, clock: () => now, env: { CORS_ORIGINS: PAGE } });
  other = await startTestApp({ system, clock: () => now });
});
afterAll(async () => {
  await other.stop();
  await api.stop();
  await system.stop();
});
beforeEach(() => {
  now = NOON;
});

const iso = (at: number) => new Date(at).toISOString();
/** What was asked of S3 since this was asked last. */
const takeS3 = () => {
  const names = toS3.mock.calls.map(([command]) => command.constructor.name.replace(/Command$/, ""));
  toS3.mockClear();
  return names;
};

/** One person with a small collection, at both instances. */
async function learner(tenantId = "t") {
  const userId = `person-${people++}`;
  const [here, there] = [reviewerOf(api, { tenantId, userId }), reviewerOf(other, { tenantId, userId })];
  await here.import(schema11(smallContent({ reviews: 10 })));
  return { here, there, userId, tenantId };
}

let answers = 0;
// oxlint-disable-next-line no-explicit-any
async function answerNext(person: Reviewer, { sessionId, nextCard }: any) {
  now += 1_000;
  return (await person.answer({ sessionId, cardId: nextCard.cardId, answerId: `answer-${answers++}` })).reviewSession;
}

const sweep = (on: TestApp) => on.app.jobs.find(({ name }) => name === "save-reviews")!.run();

describe("two instances", () => {
  test("answer by turns, and each downloads the file once, whatever the other saves", async () => {
    const { here, there } = await learner();
    let session = (await here.start()).reviewSession;
    session = (await there.start({ onHeld: "RESUME" })).reviewSession;
    takeS3();
    for (let i = 0; i < 8; i++) {
      const shown = session.nextCard;
      session = await answerNext(i % 2 ? here : there, session);
      expect((await (i % 2 ? there : here).session()).nextCard).toEqual(session.nextCard);
      expect(session.nextCard.cardId).not.toBe(shown.cardId);
      if (i === 3) await here.save(session.sessionId);
      if (i === 5) await there.save(session.sessionId);
    }
    // The one that joined answers from the slice; it reads the file to save it.
    expect(takeS3().filter((name) => name === "GetObject")).toEqual(["GetObject"]);
    expect((await there.end(session.sessionId)).reviewSession).toMatchObject({ answered: 8, unsavedAnswers: 0 });
    expect(await here.download((db) => logOf(db).length)).toBe(18);
  });

  test("know an answer that the other one counted", async () => {
    const { here, there } = await learner();
    const { sessionId, nextCard } = (await here.start()).reviewSession;
    const input = { sessionId, cardId: nextCard.cardId, answerId: "retried elsewhere" };
    const first = await here.answer(input);
    expect(await there.answer(input)).toEqual(first);
    expect((await there.undo(sessionId)).reviewSession).toMatchObject({ answered: 0, nextCard });
  });

  test("take over from each other: the answer that comes late is refused, those acknowledged before are in the file", async () => {
    const { here, there } = await learner();
    const first = (await here.start({ holder: "laptop" })).reviewSession;
    const session = await answerNext(here, await answerNext(here, first));
    const taken = (await there.start({ holder: "phone", onHeld: "TAKE_OVER" })).reviewSession;
    expect(taken.nextCard).toEqual(session.nextCard);
    const late = await here.answer({ sessionId: first.sessionId, cardId: session.nextCard.cardId, answerId: "late" });
    expect(late).toMatchObject({ __typename: "ReviewLostError", status: "TAKEN_OVER", holder: "phone" });
    await there.end((await answerNext(there, taken)).sessionId);
    expect(await here.download((db) => logOf(db).length)).toBe(13);
  });

  test("count one answer where two devices answer one showing of a card, also where the card comes again at once", async () => {
    const { here, there } = await learner();
    const { sessionId, nextCard } = (await here.start()).reviewSession;
    const results = await Promise.all(
      [here, there].map((device, i) => device.answer({ sessionId, cardId: nextCard.cardId, answerId: `device ${i}` })),
    );
    expect(results.map(({ __typename }) => __typename)).toEqual(["ReviewPayload", "ReviewPayload"]);
    expect((await here.end(sessionId)).reviewSession.answered).toBe(1);
    expect(await here.download((db) => logOf(db).length)).toBe(11);
  });
});

describe("the job save-reviews", () => {
  test("ends and saves what an instance left that is gone, on any other", async () => {
    const { userId, there } = await learner();
    const third = await startTestApp({ system, clock: () => now });
    let session = (await reviewerOf(third, { userId }).start()).reviewSession;
    for (let i = 0; i < 3; i++) session = await answerNext(reviewerOf(third, { userId }), session);
    await third.stop();
    await sweep(other);
    expect(await there.session()).toMatchObject({ unsavedAnswers: 3, status: "ACTIVE" });
    now += 5 * MINUTE;
    expect(await sweep(other)).toMatchObject({ failed: 0 });
    const node = await there.ask(
      `query ($id: ID!) { node(id: $id) { ... on ReviewSession {
      status answered unsavedAnswers savedAt } } }`,
      { id: Buffer.from(`ReviewSession:${session.sessionId}`).toString("base64url") },
    );
    expect(node.node).toEqual({ status: "EXPIRED", answered: 3, unsavedAnswers: 0, savedAt: iso(now) });
    takeS3();
    expect(await sweep(api)).toEqual({ ended: 0, saved: 0, failed: 0 });
    expect(takeS3()).toEqual([]);
    expect(await there.download((db) => logOf(db).length)).toBe(13);
  });

  test("waits for a session that was extended, and leaves one that was ended", async () => {
    const { here } = await learner();
    const session = await answerNext(here, (await here.start()).reviewSession);
    now += 4 * MINUTE;
    await here.extend(session.sessionId);
    now += 2 * MINUTE;
    await sweep(api);
    expect(await here.session()).toMatchObject({ status: "ACTIVE", unsavedAnswers: 1 });
    await here.end(session.sessionId);
    now += 10 * MINUTE;
    expect(await sweep(api)).toEqual({ ended: 0, saved: 0, failed: 0 });
  });
});

describe("reviewSessionChanged", () => {
  async function follow({ tenantId, userId }: { tenantId: string; userId: string }, sessionId: string, on = api) {
    const token = await on.token(tenantId, ["REVIEW"], userId);
    // oxlint-disable-next-line no-explicit-any
    const stream = await openSse<any>(on, { tenantId, query: CHANGED, variables: { sessionId }, token });
    return { ...stream, read: async () => (await stream.next())?.data?.reviewSessionChanged };
  }

  test("gives the session as it is, each answer, each moved countdown, saves, and its end, which ends the stream", async () => {
    const person = await learner();
    const { here } = person;
    const started = (await here.start()).reviewSession;
    const stream = await follow(person, started.sessionId);
    expect(await stream.read()).toMatchObject({ status: "ACTIVE", answered: 0, expiresAt: iso(NOON + 5 * MINUTE) });
    const session = await answerNext(here, started);
    const { cardId } = session.nextCard;
    expect(await stream.read()).toMatchObject({ answered: 1, unsavedAnswers: 1, nextCard: { cardId } });
    now += MINUTE;
    await here.extend(session.sessionId);
    expect(await stream.read()).toMatchObject({ expiresAt: iso(now + 5 * MINUTE) });
    now += 1_000;
    await here.save(session.sessionId);
    expect(await lastOf(stream.read, ({ unsavedAnswers }) => unsavedAnswers === 0)).toMatchObject({ status: "ACTIVE" });
    await here.end(session.sessionId);
    expect(await lastOf(stream.read, ({ status }) => status !== "ACTIVE")).toMatchObject({
      status: "ENDED",
      nextCard: null,
    });
    expect(await stream.read()).toBeUndefined();
  });

  test("tells of a take-over at another instance, and of what expired", async () => {
    const person = await learner();
    const started = (await person.here.start()).reviewSession;
    const stream = await follow(person, started.sessionId, other);
    expect(await stream.read()).toMatchObject({ status: "ACTIVE" });
    const taken = (await person.here.start({ onHeld: "TAKE_OVER", holder: "phone" })).reviewSession;
    expect(await stream.read()).toMatchObject({ status: "TAKEN_OVER", nextCard: null });
    expect(await stream.read()).toBeUndefined();
    const next = await follow(person, taken.sessionId);
    expect(await next.read()).toMatchObject({ status: "ACTIVE" });
    now += 5 * MINUTE;
    await sweep(other);
    expect(await next.read()).toMatchObject({ status: "EXPIRED" });
    expect(await next.read()).toBeUndefined();
  });

  test("of a session that is not there, or is somebody else's, says so", async () => {
    const person = await learner();
    const started = (await person.here.start()).reviewSession;
    const stranger = await follow({ tenantId: "t", userId: "stranger" }, started.sessionId);
    expect(await stranger.next()).toMatchObject({ errors: [{ extensions: { code: "NOT_FOUND" } }] });
  });
});

describe("the header X-Session-ID", () => {
  test("names the session in each answer, and stands in where the input names none", async () => {
    const { here } = await learner();
    const input = { deckId: "100", holder: "tab" };
    const started = await here.post(mutationOf("startReview"), { input });
    const { sessionId, nextCard } = started.data.startReview.reviewSession;
    expect(started.headers.get("x-session-id")).toBe(sessionId);
    const header = { "x-session-id": sessionId };
    const answer = { cardId: nextCard.cardId, rating: "GOOD", answerId: "by header" };
    const answered = await here.post(mutationOf("answerCard"), { input: answer }, header);
    expect(answered.data.answerCard.reviewSession.answered).toBe(1);
    for (const name of ["saveReview", "extendReview", "undoAnswer", "endReview"] as const) {
      const done = await here.post(mutationOf(name), { input: {} }, header);
      expect(done.data[name]).toMatchObject({ __typename: "ReviewPayload", reviewSession: { sessionId } });
      expect(done.headers.get("x-session-id")).toBe(sessionId);
    }
  });

  test("gives way to the input, and is not answered by what is refused", async () => {
    const { here } = await learner();
    const { sessionId, nextCard } = (await here.start()).reviewSession;
    const answer = { sessionId, cardId: nextCard.cardId, rating: "GOOD", answerId: "a" };
    const answered = await here.post(mutationOf("answerCard"), { input: answer }, { "x-session-id": "another" });
    expect(answered.data.answerCard.reviewSession.answered).toBe(1);
    const refused = await here.post(mutationOf("extendReview"), { input: {} }, { "x-session-id": "another" });
    expect(refused.data.extendReview.__typename).toBe("NotFoundError");
    expect(refused.headers.get("x-session-id")).toBeNull();
  });

  test("can be read and sent by a page of an allowed origin", async () => {
    const { here } = await learner();
    const { headers } = await here.post("{ decks { name } }", {}, { origin: PAGE });
    expect(headers.get("access-control-expose-headers")).toMatch(/x-session-id/i);
    const preflight = await api.http.fetch(
      new Request("http://127.0.0.1/graphql", {
        method: "OPTIONS",
        headers: {
          origin: PAGE,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type,x-session-id",
        },
      }),
    );
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(/x-session-id/);
  });
});

describe("others", () => {
  test("of the tenant, and people of the same name elsewhere, see and touch nothing of it", async () => {
    const { here, userId } = await learner("mine");
    const { sessionId, nextCard } = (await here.start()).reviewSession;
    const id = Buffer.from(`ReviewSession:${sessionId}`).toString("base64url");
    for (
      const stranger of [
        reviewerOf(api, { tenantId: "mine", userId: "stranger" }),
        reviewerOf(api, { tenantId: "yours", userId }),
      ]
    ) {
      expect(await stranger.decks()).toEqual([]);
      expect(await stranger.session()).toBeNull();
      expect(await stranger.ask('query ($id: ID!) { node(id: $id) { id } deck(deckId: "100") { name } }', { id }))
        .toEqual({ node: null, deck: null });
      const answer = await stranger.answer({ sessionId, cardId: nextCard.cardId, answerId: "theirs" });
      expect(answer.__typename).toBe("NotFoundError");
      for (const act of [stranger.undo, stranger.save, stranger.extend, stranger.end]) {
        expect((await act(sessionId)).__typename).toBe("NotFoundError");
      }
      await stranger.import(schema11(smallContent({ reviews: 1 })));
      const theirs = await stranger.answer({ sessionId, cardId: nextCard.cardId, answerId: "theirs" });
      expect(theirs.__typename).toBe("NotFoundError");
      expect((await stranger.start()).__typename).toBe("ReviewPayload");
    }
    expect(await here.session()).toMatchObject({ sessionId, answered: 0 });
  });

  test("without the scope `review` get nothing", async () => {
    const { userId } = await learner();
    const limited = reviewerOf(api, { userId, scopes: ["SESSIONS_READ", "SESSIONS_WRITE", "ADMIN"] });
    const id = Buffer.from("Deck:100").toString("base64url");
    for (
      const query of [
        "{ decks { name } }",
        "{ reviewSession { sessionId } }",
        "mutation { exportCollection { __typename } }",
        "mutation { collectionUploadUrl { url } }",
        'mutation { startReview(input: { deckId: "100", holder: "x" }) { __typename } }',
        `{ node(id: "${id}") { id } }`,
      ]
    ) {
      const { errors } = await limited.post(query);
      expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
    }
  });
});

describe("numbers", () => {
  test("REVIEWS counts answers in the minute they were given; what was taken back leaves its minute", async () => {
    const { here, tenantId } = await learner("counted");
    let session = (await here.start()).reviewSession;
    session = await answerNext(here, session);
    session = await answerNext(here, session);
    now += MINUTE;
    session = await answerNext(here, session);
    const series = async () => {
      await api.settle();
      return filled((await metricsOf(api, tenantId).series("REVIEWS", "ONE_MINUTE", NOON, NOON + 10 * MINUTE)).buckets);
    };
    expect(await series()).toEqual({ [iso(NOON)]: 2, [iso(NOON + MINUTE)]: 1 });
    await here.save(session.sessionId);
    expect(await series()).toEqual({ [iso(NOON)]: 2, [iso(NOON + MINUTE)]: 1 });
    now += 3 * MINUTE;
    await here.undo(session.sessionId);
    await here.undo(session.sessionId);
    await here.end(session.sessionId);
    expect(await series()).toEqual({ [iso(NOON)]: 1 });
  });

  test("reviewStats tells of the log by the person's days", async () => {
    const { here } = await learner();
    const { sessionId, nextCard } = (await here.start()).reviewSession;
    now += 1_000;
    const answer = { sessionId, cardId: nextCard.cardId, answerId: "a", rating: "AGAIN", duration: 7_000 };
    const { reviewSession } = await here.answer(answer);
    await answerNext(here, reviewSession);
    const stats = (from: number, timeZone = "UTC") =>
      here.ask(
        `query ($range: TimeRange!, $timeZone: TimeZone!) { reviewStats(range: $range, timeZone: $timeZone) {
        reviews retention byDay { start reviews again timeSpent } } }`,
        {
          range: { between: { from: iso(from), to: iso(NOON + 1_440 * MINUTE) } },
          timeZone,
        },
      );
    expect((await stats(NOON - MINUTE)).reviewStats).toEqual({
      reviews: 2,
      retention: 0.5,
      byDay: [{ start: iso(NOON - 6 * 60 * MINUTE), reviews: 2, again: 1, timeSpent: 11_000 }],
    });
    expect((await stats(NOON - 30 * 1_440 * MINUTE, "Asia/Tokyo")).reviewStats).toMatchObject({
      reviews: 12,
      byDay: [{ reviews: 10, again: 0 }, { reviews: 2, again: 1 }],
    });
  });
});

/** The first that is enough, of what comes. */
// oxlint-disable-next-line no-explicit-any
async function lastOf(read: () => Promise<any>, isEnough: (given: any) => boolean): Promise<any> {
  for (;;) {
    const given = await read();
    if (given === undefined || isEnough(given)) return given;
  }
}
