/**
 * What all types and fields are added to. One schema, seen in three ways that differ in what resolvers get: below an
 * entry point they get `SharedContext`, so that what several viewers are given together depends on no single one of them.
 */
import SchemaBuilder from "@pothos/core";
import type { Context, SharedContext, StreamContext } from "./context.ts";
import "./plugin.ts";

type Of<C extends object> = {
  Context: C;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string | number };
    DateTime: { Input: number; Output: number };
    Milliseconds: { Input: number; Output: number };
    MetricSource: { Input: string; Output: string };
    TimeZone: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
    EventInput: { Input: unknown; Output: unknown };
    ReadingInput: { Input: unknown; Output: unknown };
    MetricRecordInput: { Input: unknown; Output: unknown };
  };
};

type BuilderOf<C extends object> = PothosSchemaTypes.SchemaBuilder<PothosSchemaTypes.ExtendDefaultTypes<Of<C>>>;

/** Adds types. */
export const builder = new SchemaBuilder<Of<SharedContext>>({ plugins: ["rules"], defaultFieldNullability: false });

/** Adds fields to Query and Mutation. */
export const entries = builder as unknown as BuilderOf<Context>;

/** Adds fields to Subscription. */
export const streams = builder as unknown as BuilderOf<StreamContext>;

builder.queryType({ description: "What can be asked." });
builder.mutationType({ description: "What can be changed." });
builder.subscriptionType({ description: "What can be followed." });
