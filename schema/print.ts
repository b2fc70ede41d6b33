/** `npm run generate`: prints the contract, `schema.graphql`, from what the domains say. */
import { type GraphQLSchema, isSpecifiedScalarType, printType } from "graphql";
import { writeFile } from "node:fs/promises";
import { buildSchema } from "./build.ts";
import { builder } from "./builder.ts";

/** The SDL of a schema in the order in which it was written: by domain, what can be asked and changed last. */
export function printContract(schema: GraphQLSchema): string {
  const roots = ["Query", "Mutation", "Subscription"];
  const names = [...builder.configStore.typeConfigs.keys()].filter((name) => !roots.includes(name));
  const types = [...names, ...roots].map((name) => schema.getType(name)!);
  return types.filter((type) => !isSpecifiedScalarType(type)).map((type) => `${printType(type)}\n`).join("\n");
}

if (import.meta.main) {
  await writeFile(new URL("schema.graphql", import.meta.url), printContract(buildSchema(Date.now)));
}
