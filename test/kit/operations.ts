import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import type { Random } from "../proof/random.ts";

export type Operation = { field: string; query: string; variables: Record<string, unknown> };

const MAX_DEPTH = 4;
const TEXTS = [
  "",
  " ",
  "a",
  "s-1",
  "main",
  "__proto__",
  "constructor",
  "../../x",
  "a/b",
  "a#b",
  "a\u0000b",
  "\ud800",
  "😀",
  "é".normalize("NFD"),
  "x".repeat(129),
  "x".repeat(1_025),
  "x".repeat(9_000),
  "1",
  "-1",
  "null",
  "{}",
  "Sm91cm5leTpz",
  "U2Vzc2lvbjph",
  "U2Vuc29yOng=",
  "RGVjazox",
  "W10=",
  "bnVsbA==",
  "WyJhIiwxXQ==",
  "\n",
  "%00",
  "$x",
  "TENANT",
  "*",
];
const INSTANTS = [
  "2026-01-31T12:00:00Z",
  "2026-02-01T12:00:00.123+05:30",
  "1990-01-01T00:00:00Z",
  "1989-12-31T23:59:59Z",
  "1970-01-01T00:00:00Z",
  "1900-01-01T00:00:00Z",
  "0000-01-01T00:00:00+23:59",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "9999-12-31T23:59:59-23:59",
  "+275760-09-13T00:00:00Z",
  "-000001-01-01T00:00:00Z",
  "10000-01-01T00:00:00Z",
  "2026-06-30T23:59:60Z",
  "2100-01-01T00:00:00Z",
  "2026-02-30T00:00:00Z",
  "yesterday",
  "",
  "2026-01-31",
];
const ZONES = [
  "Europe/Berlin",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "America/St_Johns",
  "UTC",
  "Factory",
  "IST",
  "JST",
  "PST",
  "SystemV/EST5",
  "Etc/GMT+12",
  "+05:30",
  "",
  "Mars/Olympus",
  "x".repeat(70),
  "europe/berlin",
  "posixrules",
  "localtime",
  "GMT0",
  "EST5EDT",
  "Asia/Calcutta",
];
const INTS = [0, 1, 2, 5, 25, 100, 101, 1_000, -1, -2_147_483_648, 2_147_483_647, 2_147_483_648, 1.5];
const FLOATS = [0, -0, 1.5, -1.5, 1e-300, 1e300, 9_007_199_254_740_992];
const JSONS = [null, 0, "a", [], {}, { a: { b: [1, "c", null] } }, "x".repeat(9_000), [[[[[[]]]]]], { "": 1 }];

/** Operations over everything that a schema has, with arguments right and wrong. The same for the same random numbers. */
export function createOperations(
  schema: GraphQLSchema,
  random: Random,
  types: readonly ("query" | "mutation")[],
  texts: readonly string[] = TEXTS,
) {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const roots = types.flatMap((type) => {
    const root = type === "query" ? schema.getQueryType() : schema.getMutationType();
    return Object.values(root?.getFields() ?? {}).map((field) => ({ type, field }));
  });

  function valueOf(type: GraphQLInputType, depth = 0): unknown {
    if (isNonNullType(type)) return random() < 0.01 ? null : valueOf(type.ofType, depth);
    if (random() < 0.02) return pick([null, {}, [], "x", 1, true, [[]]]);
    if (isListType(type)) {
      const length = random() < 0.03 ? 600 : pick([0, 1, 1, 2, 3]);
      return Array.from({ length }, () => valueOf(type.ofType, depth + 1));
    }
    if (isEnumType(type)) return random() < 0.03 ? "NO_SUCH_VALUE" : pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields());
      const given = type.isOneOf && random() < 0.9
        ? [pick(fields)]
        : fields.filter((field) => isNonNullType(field.type) || random() < (depth > MAX_DEPTH ? 0.1 : 0.5));
      return Object.fromEntries(given.map((field) => [
        field.name,
        type.isOneOf ? valueOf(getNullableType(field.type), depth + 1) : valueOf(field.type, depth + 1),
      ]));
    }
    return scalarOf(type.name);
  }

  function scalarOf(name: string): unknown {
    switch (name) {
      case "Int":
        return pick(INTS);
      case "Float":
        return pick(FLOATS);
      case "Milliseconds":
        return pick([0, 1, 1_000, 300_000, 86_400_000, 2 ** 53 - 1, 2 ** 53, -1]);
      case "Boolean":
        return random() < 0.5;
      case "DateTime":
        return pick(INSTANTS);
      case "TimeZone":
        return pick(ZONES);
      case "JSON":
        return pick(JSONS);
      case "EventInput":
        return random() < 0.1 ? pick(JSONS) : {
          sessionId: pick(texts),
          seq: pick(INTS),
          type: pick(["PAGE_VIEWED", "MESSAGE_SENT", "page viewed", ""]),
          occurredAt: pick(INSTANTS),
          ...(random() < 0.3 ? { text: pick(TEXTS), visitorId: pick(TEXTS), properties: pick(JSONS) } : {}),
        };
      case "MetricRecordInput":
        return random() < 0.1 ? pick(JSONS) : {
          source: pick(["ITEMS", "TASKS", "own.source", ...texts]),
          recordId: pick(texts),
          at: pick(INSTANTS),
          ...(random() < 0.3 ? { value: pick(FLOATS), dimensions: [{ key: "country", value: pick(TEXTS) }] } : {}),
        };
      default:
        return pick(texts);
    }
  }

  function selectionOf(type: GraphQLOutputType, variables: Variables, depth: number): string {
    const named = getNamedType(type);
    if (isLeafType(named)) return "";
    const members = isAbstractType(named) ? schema.getPossibleTypes(named) : [named as GraphQLObjectType];
    const parts = members.filter(() => members.length === 1 || random() < 0.7).map((member) => {
      const fields = Object.values(member.getFields()).filter((field) =>
        isLeafType(getNamedType(field.type)) ? random() < 0.7 : depth < MAX_DEPTH && random() < 0.3
      );
      const texts = fields.map((field) => fieldText(field, variables, depth + 1));
      return members.length === 1 ? texts.join(" ") : `... on ${member.name} { __typename ${texts.join(" ")} }`;
    });
    return ` { __typename ${parts.join(" ")} }`;
  }

  function fieldText(field: GraphQLField<unknown, unknown>, variables: Variables, depth: number): string {
    const args = field.args.filter((arg) => isNonNullType(arg.type) ? random() < 0.98 : random() < 0.4)
      .map((arg) => `${arg.name}: ${variables.add(arg, valueOf(arg.type))}`);
    // Members of a union may have the same field with other arguments or of another type.
    const alias = depth > 0 && (args.length > 0 || isObjectType(getNamedType(field.type)))
      ? `${variables.alias()}: `
      : "";
    return `${alias}${field.name}${args.length > 0 ? `(${args.join(", ")})` : ""}${
      selectionOf(field.type, variables, depth)
    }`;
  }

  /** One of any field, or of the field of that number. */
  return (number?: number): Operation | undefined => {
    const root = number === undefined ? pick(roots) : roots[number];
    if (!root) return undefined;
    const { type, field } = root;
    const variables = createVariables();
    const text = fieldText(field, variables, 0);
    return { field: field.name, query: `${type}${variables.head()} { ${text} }`, variables: variables.values };
  };
}

type Variables = ReturnType<typeof createVariables>;

function createVariables() {
  const values: Record<string, unknown> = {};
  const heads: string[] = [];
  let aliases = 0;
  return {
    values,
    add(arg: GraphQLArgument, value: unknown): string {
      const name = `v${heads.length}`;
      heads.push(`$${name}: ${arg.type.toString()}`);
      values[name] = value;
      return `$${name}`;
    },
    alias: () => `a${aliases++}`,
    head: () => heads.length === 0 ? "" : `(${heads.join(", ")})`,
  };
}
