import { graphql, GraphQLScalarType } from "graphql";
import { expect, test } from "vitest";
import { attachResolvers } from "../../schema/attach.ts";

const SDL = `scalar Even
interface Node { id: ID! }
type A implements Node { id: ID! twice(n: Even = 2): Even }
type Query { node: Node }
type Subscription { ticks: Int! }`;

test("fields, scalars, interfaces and subscriptions do what their resolvers say", async () => {
  const ticks = { subscribe: () => undefined, resolve: () => 1 };
  const schema = attachResolvers(SDL, {
    Even: { __serialize: (value: number) => `even ${value}` },
    Node: { __resolveType: () => "A" },
    A: { twice: (_: unknown, { n }: { n: number }) => 2 * n },
    Query: { node: () => ({ id: "a" }) },
    Subscription: { ticks },
  });
  const { data } = await graphql({ schema, source: "{ node { id ... on A { twice four: twice(n: 4) } } }" });
  expect(data).toEqual({ node: { id: "a", twice: "even 4", four: "even 8" } });
  expect(schema.getSubscriptionType()!.getFields().ticks).toMatchObject(ticks);
  expect(schema.getType("Even")).toBeInstanceOf(GraphQLScalarType);
});

test("a resolver that belongs to nothing is an error that names it", () => {
  expect(() => attachResolvers(SDL, { B: {} })).toThrow("There is no type B for its resolvers.");
  expect(() => attachResolvers(SDL, { A: { thrice: () => 1 } })).toThrow(
    "There is no field A.thrice for its resolver.",
  );
  expect(() => attachResolvers(SDL, { Even: { first: () => 1 } })).toThrow(
    "There is no field Even.first for its resolver.",
  );
});
