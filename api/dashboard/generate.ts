/** `npm run generate`: writes `documents.ts` beside each `queries.graphql`, with the types that the contract gives. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import {
  buildSchema,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  visit,
} from "graphql";

const FOLDER = import.meta.dirname;
const HEADER = "// Made by `npm run generate` from queries.graphql and the contract; not to be edited.\n";
const SCALARS = {
  DateTime: "string",
  Milliseconds: "number",
  TimeZone: "string",
  JSON: "unknown",
  MetricSource: "string",
  EventInput: "Record<string, unknown>",
};

/** The text of each `documents.ts`, by its path. */
export async function makeDocuments(): Promise<Map<string, string>> {
  const schema = buildSchema(readFileSync(join(FOLDER, "../../schema/schema.graphql"), "utf8"));
  const made = new Map<string, string>();
  for (const file of readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).sort()) {
    if (!file.endsWith("queries.graphql")) continue;
    const document = parse(readFileSync(join(FOLDER, file), "utf8"));
    const types = await codegen({
      schema: parse(readFileSync(join(FOLDER, "../../schema/schema.graphql"), "utf8")),
      schemaAst: schema,
      documents: [{ location: file, document }],
      filename: "documents.ts",
      pluginMap: { operations },
      plugins: [{ operations: {} }],
      config: { scalars: SCALARS, enumType: "string-literal", skipTypename: true, useTypeImports: true },
    });
    const fragments = new Map(
      document.definitions
        .filter((part): part is FragmentDefinitionNode => part.kind === Kind.FRAGMENT_DEFINITION)
        .map((part) => [part.name.value, part]),
    );
    const own = document.definitions
      .filter((part): part is OperationDefinitionNode => part.kind === Kind.OPERATION_DEFINITION)
      .map((part) => toDocument(part, fragments));
    const up = "../".repeat(file.split("/").length - 1);
    const text = `${HEADER}import { document } from "${up}core/document.ts";\n\n${types.trim()}\n\n${own.join("\n")}`;
    made.set(join(FOLDER, dirname(file), "documents.ts"), text);
  }
  return made;
}

/** One operation with the fragments that it needs, in one line each: it goes over the wire as it is. */
function toDocument(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): string {
  const needed = new Set<FragmentDefinitionNode>();
  const collect = (node: OperationDefinitionNode | FragmentDefinitionNode): void => {
    visit(node, {
      FragmentSpread({ name }) {
        const fragment = fragments.get(name.value);
        if (fragment && !needed.has(fragment)) {
          needed.add(fragment);
          collect(fragment);
        }
      },
    });
  };
  collect(operation);
  const text = [operation, ...needed].map((part) => print(part).replace(/\s+/g, " ")).join(" ");
  const name = operation.name!.value;
  const kind = operation.operation[0].toUpperCase() + operation.operation.slice(1);
  return `export const ${name} = document<${name}${kind}, ${name}${kind}Variables>(\n  ${JSON.stringify(text)},\n);\n`;
}

if (import.meta.main) {
  for (const [file, text] of await makeDocuments()) writeFileSync(file, text);
}
