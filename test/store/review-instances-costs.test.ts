import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { schema11 } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { logOf, NOON, reviewerOf, smallContent } from "../kit/review.ts";

const [INSTANCES, PEOPLE, ANSWERS] = [10, 5, 10];
const toS3 = vi.spyOn(S3Client.prototype, "send");
const toDynamo = vi.spyOn(DynamoDBClient.prototype, "send");

let system: TestSystem;
let apis: TestApp[];
let now = NOON;

beforeAll(async () => {
  system = await startTestSystem();
  apis = await Promise.all(Array.from({ length: INSTANCES }, () => startTestApp({ system, clock: () => now })));
});
afterAll(async () => {
  for (const api of apis) await api.stop();
  await system.stop();
});

const names = (spy: { mock: { calls: readonly (readonly unknown[])[] } }) =>
  spy.mock.calls.map(([command]) => (command as object).constructor.name.replace(/(Items?)?Command$/, ""));

test("five people answer ten cards each over ten instances in turn: 10 downloads at most, each answer one or two requests of 2 units at most, none lost", async () => {
  const at = (instance: number, person: number) => reviewerOf(apis[instance % INSTANCES]!, { userId: `p${person}` });
  for (let person = 0; person < PEOPLE; person++) await at(0, person).import(schema11(smallContent({ reviews: 40 })));
  let [turn, downloads] = [1, 0];
  const costs: { asked: string[]; read: number; write: number }[] = [];
  // oxlint-disable-next-line no-explicit-any
  const sessions: any[] = [];
  const watched = async <T>(act: () => Promise<T>): Promise<T> => {
    toS3.mockClear();
    const result = await act();
    downloads += names(toS3).filter((name) => name === "GetObject").length;
    return result;
  };
  for (let person = 0; person < PEOPLE; person++) {
    sessions.push((await watched(() => at(turn++, person).start())).reviewSession);
  }
  for (let i = 0; i < ANSWERS; i++) {
    for (let person = 0; person < PEOPLE; person++) {
      const instance = turn++ % INSTANCES;
      const { sessionId, nextCard } = sessions[person];
      now += 5_000;
      apis[instance]!.takeCosts();
      toDynamo.mockClear();
      const input = { sessionId, cardId: nextCard.cardId, answerId: `${person}-${i}`, showing: nextCard.showing };
      sessions[person] = (await watched(() => at(instance, person).answer(input))).reviewSession;
      const used = apis[instance]!.takeCosts();
      const unitsOf = (kind: string) =>
        used.filter((cost) => cost.kind === kind).reduce((sum, { units }) => sum + units, 0);
      costs.push({ asked: [...names(toDynamo), ...names(toS3)], read: unitsOf("read"), write: unitsOf("write") });
    }
  }
  for (let person = 0; person < PEOPLE; person++) {
    await watched(() => at(turn++, person).end(sessions[person].sessionId));
  }
  expect(downloads).toBeLessThanOrEqual(10);
  expect(costs.filter(({ asked }) => asked.length > 2 || asked.includes("GetObject"))).toEqual([]);
  expect(Math.max(...costs.map(({ read }) => read))).toBeLessThanOrEqual(2);
  expect(Math.max(...costs.map(({ write }) => write))).toBeLessThanOrEqual(2);
  for (let person = 0; person < PEOPLE; person++) {
    expect(await at(0, person).download((db) => logOf(db).length)).toBe(40 + ANSWERS);
  }
});
