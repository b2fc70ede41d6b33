import { readFileSync } from "node:fs";
import { Kind, parse } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { openSse } from "../kit/sse.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const TENANT = "demo";

/** The operations under "Use" in their order, each with the answer that is printed under it, where one is. */
const examples = [...README.matchAll(/```graphql\n([\s\S]*?)```(?:\s*```json\n([\s\S]*?)```)?/g)].map((
  [, query, answer],
) => ({
  query: query!,
  answer: answer === undefined ? undefined : JSON.parse(answer) as object,
}));

let api: TestApp;
/** What the examples before have given: the next ones name it by their variables. */
const known: Record<string, string> = {};
beforeAll(async () => (api = await startTestApp()));
afterAll(() => api.stop());

test("there are examples of all four jobs", () => expect(examples.length).toBeGreaterThan(12));

test.each(examples)("$query", async ({ query, answer }) => {
  const [operation, ...more] = parse(query).definitions;
  expect(more, "one operation a block").toEqual([]);
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("no operation");
  await api.settle();
  if (operation.operation === "subscription") {
    const stream = await openSse<object>(api, { tenantId: TENANT, query });
    const first = await stream.next();
    expect(first?.errors).toBeUndefined();
    if (answer) expect(first?.data).toMatchObject(answer);
    await stream.leave();
    return;
  }
  const variables = Object.fromEntries(
    operation.variableDefinitions!.map(({ variable }) => [variable.name.value, known[variable.name.value]]),
  );
  const { data, errors } = await api.ask(TENANT, query, variables);
  expect(errors).toBeUndefined();
  expect(JSON.stringify(data)).not.toContain('"code":');
  if (answer) expect(data).toMatchObject(answer);
  const session = data.startReview?.reviewSession;
  if (session) Object.assign(known, { sessionId: session.sessionId, cardId: session.nextCard.cardId });
});
