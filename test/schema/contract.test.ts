import { existsSync, readdirSync, readFileSync } from "node:fs";
import {
  buildSchema,
  findBreakingChanges,
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  parse,
  validate,
  validateSchema,
} from "graphql";
import { describe, expect, test } from "vitest";
import { buildSchema as buildExecutable } from "../../schema/build.ts";
import { printContract } from "../../schema/print.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const sdl = buildSchema(read("../../schema/schema.graphql"));
const startingContract = new URL("../../../shared/contract/schema.graphql", import.meta.url);

/** Every named part of a schema with its type: `Journey.events(first:)` → `Int! = 100`. */
function partsOf(schema: GraphQLSchema): Map<string, string> {
  const parts = new Map<string, string>();
  for (const type of typesOf(schema)) {
    if (isEnumType(type)) { for (const value of type.getValues()) parts.set(`${type.name}.${value.name}`, "value"); }
    if (isUnionType(type)) {
      for (const member of type.getTypes()) parts.set(`${type.name} | ${member.name}`, "member");
    }
    if (isInputObjectType(type) || isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        parts.set(`${type.name}.${field.name}`, String(field.type));
        for (const arg of argsOf(field)) {
          parts.set(`${type.name}.${field.name}(${arg.name}:)`, `${String(arg.type)} = ${String(arg.defaultValue)}`);
        }
      }
    }
  }
  return parts;
}

function argsOf(field: object): readonly GraphQLArgument[] {
  return "args" in field ? field.args as readonly GraphQLArgument[] : [];
}

function typesOf(schema: GraphQLSchema): GraphQLNamedType[] {
  return Object.values(schema.getTypeMap()).filter((type) =>
    !type.name.startsWith("__") && !["String", "Int", "Float", "Boolean", "ID"].includes(type.name)
  );
}

function undescribed(schema: GraphQLSchema): string[] {
  return typesOf(schema).flatMap((type) => {
    const own = type.description ? [] : [type.name];
    if (isEnumType(type)) {
      return [
        ...own,
        ...type.getValues().filter((v) => !v.description).map((v) => `${type.name}.${v.name}`),
      ];
    }
    if (!isInputObjectType(type) && !isObjectType(type) && !isInterfaceType(type)) return own;
    return [
      ...own,
      ...Object.values(type.getFields()).flatMap((field) => [
        ...(field.description ? [] : [`${type.name}.${field.name}`]),
        ...argsOf(field).filter((arg) => !arg.description).map((arg) => `${type.name}.${field.name}(${arg.name}:)`),
      ]),
    ];
  });
}

describe("the schema", () => {
  test("that runs prints the contract, schema.graphql, to the character (npm run generate)", () => {
    expect(read("../../schema/schema.graphql")).toBe(printContract(buildExecutable(Date.now)));
  });

  test("that runs is valid, and so is the contract", () => {
    expect(validateSchema(buildExecutable(Date.now))).toEqual([]);
    expect(validateSchema(sdl)).toEqual([]);
  });

  test("breaks nothing of the last release but what README's CHANGES name", () => {
    const released = buildSchema(read("../fixtures/contract/released.graphql"));
    const changes = read("../../README.md");
    const unnamed = findBreakingChanges(released, sdl)
      .map(({ description }) => description)
      .filter((description) => !changes.includes(description));
    expect(unnamed).toEqual([]);
  });

  test("answers every example of the README", () => {
    const blocks = [...read("../../README.md").matchAll(/```graphql\n([\s\S]*?)```/g)].map((match) => match[1]!);
    const documents = blocks.flatMap((block) =>
      block.split(/^(?=mutation|subscription|query|\{)/m).filter((text) => text.trim())
    );
    expect(documents.length).toBeGreaterThan(5);
    for (const text of documents) {
      expect(validate(sdl, parse(text)).map((error) => `${error.message} in ${text}`)).toEqual([]);
    }
  });

  test("describes every type, field, argument and value", () => {
    expect(undescribed(buildExecutable(Date.now))).toEqual([]);
  });

  test("has no field that no test asks for", () => {
    const folder = new URL("../", import.meta.url);
    const texts = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => /^(flow|unit|store|kit|infra)\/.*\.ts$/.test(file))
      .map((file) => readFileSync(new URL(file, folder), "utf8"));
    const asked = new Set(texts.flatMap((text) => text.match(/\w+/g) ?? []));
    const untested = typesOf(sdl).flatMap((type) =>
      isObjectType(type)
        ? Object.keys(type.getFields()).filter((name) => !asked.has(name)).map((name) => `${type.name}.${name}`)
        : []
    );
    expect(untested).toEqual([]);
  });

  test.skipIf(!existsSync(startingContract))(
    "has what the starting contract has, with the same types; what an input required may be left out",
    () => {
      const start = partsOf(buildSchema(readFileSync(startingContract, "utf8")));
      const own = partsOf(sdl);
      const isWider = (name: string, type: string) => /^\w+Input\./.test(name) && start.get(name) === `${type}!`;
      const differing = [...own]
        .filter(([name, type]) => start.has(name) && start.get(name) !== type && !isWider(name, type))
        .map(([name]) => name);
      expect(differing).toEqual([]);
    },
  );
});
