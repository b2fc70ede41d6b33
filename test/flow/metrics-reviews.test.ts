import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createQueues } from "../../api/aws/queues.ts";
import { schema11 } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { metricsOf } from "../kit/metrics.ts";
import { JAPANESE, NOON, type Reviewer, reviewerOf, smallContent } from "../kit/review.ts";

const HOUR = 3_600_000;
const [FROM, TO] = [NOON - HOUR, NOON + 5 * HOUR];
let api: TestApp;
let now = NOON;
beforeAll(async () => {
  api = await startTestApp({ clock: () => now, recheckMs: 0 });
});
afterAll(() => api.stop());

const total = async (tenant: string) => (await metricsOf(api, tenant).series("REVIEWS", "ONE_HOUR", FROM, TO)).total;
const audit = async (tenant: string, repair = false) => await metricsOf(api, tenant).audit("REVIEWS", FROM, TO, repair);
const RIGHT = { differences: [], repaired: 0 };

/** Somebody with a small collection, in a session. */
async function learner(tenantId: string, userId: string) {
  const person = reviewerOf(api, { tenantId, userId });
  await person.import(schema11(smallContent({ reviews: 6 })));
  let { reviewSession: session } = await person.start({ deckId: `${JAPANESE}` });
  return {
    person,
    answer: async (times: number) => {
      for (let i = 0; i < times; i++) {
        now += 45_000;
        const { cardId } = session.nextCard;
        const answerId = `${userId}-${now}`;
        ({ reviewSession: session } = await person.answer({ sessionId: session.sessionId, cardId, answerId }));
      }
    },
    save: () => person.save(session.sessionId),
    undo: () => person.undo(session.sessionId),
    end: () => person.end(session.sessionId),
  };
}

async function note(person: Reviewer, editId: string): Promise<void> {
  const fields = `[{ name: "Front", value: "f" }, { name: "Back", value: "b" }]`;
  const { createNote } = await person.ask(
    `mutation { createNote(input: { editId: "${editId}", deckId: "1", kind: BASIC, fields: ${fields} }) { __typename } }`,
  );
  expect(createNote.__typename).toBe("NotePayload");
}

test("answers count, changes of notes do not, and nothing that lies beside a lease is put aside", async () => {
  const { person, answer } = await learner("r", "ann");
  await answer(2);
  await note(person, "n1");
  await person.ask(`mutation { undoEdit(input: { editId: "n1" }) { __typename } }`);
  await api.settle();
  expect(await createQueues(api.system.clients.sqs).receive(`${api.system.prefix}-late`)).toEqual([]);
  expect(await total("r")).toBe(2);
});

test("answers are counted again over saves, undos, changes, and a collection that is deleted", async () => {
  const [ann, ben] = [await learner("a", "ann"), await learner("a", "ben")];
  await ann.answer(3);
  await ann.save();
  await ann.answer(2);
  await ann.undo();
  await note(ann.person, "n1");
  await ben.answer(3);
  await api.settle();
  expect(await total("a")).toBe(7);
  expect(await audit("a")).toMatchObject({ ...RIGHT, recordsCounted: 7 });
  await ben.save();
  await ben.answer(1);
  await ben.end();
  const { deleteCollection } = await ben.person.ask(`mutation { deleteCollection { __typename } }`);
  expect(deleteCollection.__typename).toMatch(/Payload/);
  await api.settle();
  expect(await total("a")).toBe(8);
  expect(await audit("a")).toMatchObject({ ...RIGHT, recordsCounted: 8 });
});

test("a count of answers that is damaged is found, named, and mended", async () => {
  const { answer, save } = await learner("d", "ann");
  await answer(4);
  await save();
  await answer(2);
  await api.settle();
  const hour = String(Math.floor(NOON / HOUR) * HOUR).padStart(13, "0");
  const minute = Math.floor((now - Math.floor(NOON / HOUR) * HOUR) / 60_000);
  await api.system.clients.dynamodb.send(
    new UpdateItemCommand({
      TableName: `${api.system.prefix}-buckets`,
      Key: { pk: { S: "d#REVIEWS" }, sk: { S: hour } },
      UpdateExpression: `ADD m${minute} :n`,
      ExpressionAttributeValues: { ":n": { N: "5" } },
    }),
  );
  expect(await total("d")).toBe(11);
  now += 5_000;
  await api.settle();
  const found = await audit("d");
  expect(
    found.differences.map(({ recounted, bucket }: { recounted: number; bucket: { count: number } }) =>
      bucket.count - recounted
    ),
  ).toEqual([5]);
  expect(await audit("d", true)).toMatchObject({ repaired: 1 });
  expect(await total("d")).toBe(6);
  await answer(1);
  await api.settle();
  expect(await total("d")).toBe(7);
  expect(await audit("d")).toMatchObject(RIGHT);
});
