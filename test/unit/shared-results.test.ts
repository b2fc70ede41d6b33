import { type ExecutionResult, parse } from "graphql";
import { createSchema } from "graphql-yoga";
import { describe, expect, test } from "vitest";
import type { Viewer } from "../../api/auth/viewer.ts";
import { createSharedExecution, textOf, valuesBelow } from "../../api/entry/http/shared-results.ts";

const VIEWER: Viewer = { userId: "a", tenantId: "t", scopes: ["METRICS_READ"], expiresAt: Infinity, credential: "c" };
const QUERY =
  "subscription ($after: String, $long: Boolean = false) { told(after: $after) { n extra @include(if: $long) } }";

/** A subscription that gives every subscriber the same messages, and counts how often they are executed. */
function createTold() {
  const messages = [{ n: 1 }, { n: 2 }];
  const counts = { executed: 0 };
  const schema = createSchema({
    typeDefs: "type Query { a: Int } type Subscription { told(after: String): Told! } type Told { n: Int! extra: Int }",
    resolvers: {
      Subscription: {
        told: {
          async *subscribe() {
            yield* messages;
          },
          resolve: (message: unknown) => message,
        },
      },
      Told: { n: ({ n }: { n: number }) => (counts.executed++, n), extra: () => 0 },
    },
  });
  const shared = createSharedExecution();
  const documents = new Map<string, ReturnType<typeof parse>>();
  return {
    counts,
    async take(variableValues: Record<string, unknown> = {}, viewer: Viewer | undefined = VIEWER, query = QUERY) {
      const document = documents.get(query) ?? parse(query);
      documents.set(query, document);
      const results: ExecutionResult[] = [];
      const stream = await shared.subscribe({ schema, document, variableValues, contextValue: {} }, viewer);
      if (!(Symbol.asyncIterator in stream)) return [stream];
      for await (const result of stream) results.push(result);
      return results;
    },
  };
}

describe("results of a subscription", () => {
  test("are executed and made into JSON once for all who ask the same", async () => {
    const told = createTold();
    const all = [await told.take(), await told.take(), await told.take({}, { ...VIEWER, userId: "b" })];
    expect(told.counts.executed).toBe(2);
    expect(new Set(all.flat()).size).toBe(2);
    expect(textOf(all[0]![0]!)).toBe('{"data":{"told":{"n":1}}}');
    expect(textOf(all[1]![0]!)).toBe(textOf(all[2]![0]!));
  });

  test("are the same wherever a subscriber began: arguments of the subscription itself are spent", async () => {
    const told = createTold();
    expect(await told.take({ after: "x" })).toEqual(await told.take({ after: "y" }));
    expect(told.counts.executed).toBe(2);
  });

  test.each<[string, Record<string, unknown>, Viewer | undefined, string]>([
    ["variable below", { long: true }, VIEWER, QUERY],
    ["tenant", {}, { ...VIEWER, tenantId: "other" }, QUERY],
    ["scope", {}, { ...VIEWER, scopes: ["METRICS_READ", "ADMIN"] }, QUERY],
    ["document", {}, VIEWER, "subscription { told { m: n } }"],
  ])("are never shared with another %s", async (_what, variables, viewer, query) => {
    const told = createTold();
    const [mine] = await told.take();
    const [theirs] = await told.take(variables, viewer, query);
    expect(theirs).not.toBe(mine);
    expect(told.counts.executed).toBe(4);
  });

  test("are never shared between a variable that is null and one that is left out, whatever it is called", () => {
    for (const name of ["n", "constructor", "toString", "__proto__"]) {
      const document = parse(`subscription ($${name}: Int = 5) { told { n(of: $${name}) } }`);
      const given = ["{}", `{"${name}":null}`, `{"${name}":1}`].map((json) =>
        JSON.stringify(valuesBelow(document, undefined, JSON.parse(json)))
      );
      expect(new Set(given).size).toBe(3);
    }
  });

  test("of a subscription with wrong variables are what is wrong", async () => {
    const [result] = await createTold().take({ long: "yes" });
    expect(result!.errors![0]!.message).toContain("$long");
  });
});
