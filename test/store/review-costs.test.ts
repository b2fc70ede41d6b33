import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { schema11 } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { NOON, type Reviewer, reviewerOf, smallContent } from "../kit/review.ts";

/**
 * The costs of reviewing, as DynamoDB reports them with each answer (index arms included), and every request that was
 * sent to it and to S3.
 */
const toS3 = vi.spyOn(S3Client.prototype, "send");
const toDynamo = vi.spyOn(DynamoDBClient.prototype, "send");
const WAITING = 20;
const BUDGET = { writeUnits: 2 };

let importer: TestApp;
/** The instance that reviews: it has seen no collection before. */
let api: TestApp;
let now = NOON;
let answers = 0;

beforeAll(async () => {
  importer = await startTestApp({ clock: () => now });
  api = await startTestApp({ system: importer.system, clock: () => now });
});
afterAll(async () => {
  await api.stop();
  await importer.stop();
});

async function learner(userId: string, tenantId = "t"): Promise<Reviewer> {
  await reviewerOf(importer, { userId, tenantId }).import(schema11(smallContent({ reviews: 40 })));
  return reviewerOf(api, { userId, tenantId });
}

/** What `run` gave, what it asked of DynamoDB and of S3, in order, and the units that it used. */
async function costOf<A>(run: () => Promise<A>) {
  api.takeCosts();
  toS3.mockClear();
  toDynamo.mockClear();
  const result = await run();
  const costs = api.takeCosts();
  const unitsOf = (kind: "read" | "write") =>
    costs.filter((cost) => cost.kind === kind).reduce((sum, cost) => sum + cost.units, 0);
  return {
    result,
    asked: [...toDynamo.mock.calls, ...toS3.mock.calls].map(([command]) =>
      (command as object).constructor.name.replace(/(Items?)?Command$/, "")
    ),
    units: { write: unitsOf("write"), read: unitsOf("read") },
  };
}

// oxlint-disable-next-line no-explicit-any
async function answerNext(person: Reviewer, { sessionId, nextCard }: any, answerId = `answer-${answers++}`) {
  now += 5_000;
  return (await person.answer({ sessionId, cardId: nextCard.cardId, answerId })).reviewSession;
}

describe("an answer", () => {
  test("is 1 read and 1 write request, of at most 2 units with up to 20 answers waiting, and none to S3", async () => {
    const person = await learner("plain");
    let session = (await person.start()).reviewSession;
    for (let waiting = 1; waiting <= WAITING; waiting++) {
      // The last one may begin to write the file; what it asks for is in `20 cards` below.
      const cost = await costOf(() => answerNext(person, session));
      session = cost.result;
      if (waiting === WAITING) break;
      expect(session.unsavedAnswers).toBe(waiting);
      expect(cost.asked).toEqual(["Get", "Put"]);
      expect(cost.units.read).toBe(1);
      expect(cost.units.write).toBeLessThanOrEqual(BUDGET.writeUnits);
    }
  });

  test("sent again is 1 read and no write", async () => {
    const person = await learner("again");
    const { reviewSession } = await person.start();
    await answerNext(person, reviewSession, "same");
    const cost = await costOf(() => answerNext(person, reviewSession, "same"));
    expect(cost.asked).toEqual(["Get"]);
    expect(cost.units).toEqual({ write: 0, read: 1 });
  });

  test("stays within 4 units with names of the greatest length", async () => {
    const person = await learner("ü".repeat(64), "t".repeat(63));
    await person.end((await person.start({ holder: "ü".repeat(100) })).reviewSession.sessionId);
    let session = (await person.start({ holder: "ü".repeat(100), timeZone: "America/Argentina/ComodRivadavia" }))
      .reviewSession;
    let most = 0;
    for (let waiting = 1; waiting < WAITING; waiting++) {
      const cost = await costOf(() => answerNext(person, session, "x".repeat(120) + waiting));
      session = cost.result;
      expect(cost.asked).toEqual(["Get", "Put"]);
      most = Math.max(most, cost.units.write);
    }
    expect(most).toBeLessThanOrEqual(4);
  });
});

test("20 cards, from the start to the end, are 1 download and 1 upload", async () => {
  const person = await learner("twenty");
  const cost = await costOf(async () => {
    let session = (await person.start()).reviewSession;
    for (let i = 0; i < WAITING; i++) session = await answerNext(person, session);
    return (await person.end(session.sessionId)).reviewSession;
  });
  expect(cost.result).toMatchObject({ answered: WAITING, unsavedAnswers: 0 });
  const count = (name: string) => cost.asked.filter((asked) => asked === name).length;
  expect([count("GetObject"), count("PutObject")]).toEqual([1, 1]);
});

test("taking back is 1 read and 1 write request, and none to S3", async () => {
  const person = await learner("back");
  let session = (await person.start()).reviewSession;
  session = await answerNext(person, await answerNext(person, session));
  const cost = await costOf(() => person.undo(session.sessionId));
  expect(cost.asked).toEqual(["Get", "Put"]);
  expect(cost.units).toEqual({ write: 1, read: 1 });
});

test("looking on is 1 read, and none to S3", async () => {
  const person = await learner("looks");
  await person.start();
  const cost = await costOf(() => person.session());
  expect(cost.asked).toEqual(["Get"]);
  expect(cost.units).toEqual({ write: 0, read: 1 });
});
