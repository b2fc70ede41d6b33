import {
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from "graphql";
import type { Config } from "../../config.ts";
import { QueryRefusedError } from "./errors.ts";

const MAX_DIRECTIVES = 50;
/** Beyond this many fields with their fragments written out, a document is not looked at to its end. */
const MAX_FIELDS = 10_000;
/** Fields of one name at one place are compared with each other, each with each. */
const MAX_PAIRS = 20_000;

export type ShapeLimits = Pick<Config["limits"], "depth" | "aliases">;

/**
 * What is too much in a document's own shape, with fragments written out as execution would. It takes time for
 * MAX_FIELDS at most, and comes before validation, whose time grows with the square of what is refused here.
 */
export function findExcess(document: DocumentNode, limits: ShapeLimits): GraphQLError[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === "FragmentDefinition") fragments.set(node.name.value, node);
  }
  const found = { fields: 0, depth: 0, aliases: 0, directives: 0, pairs: 0 };
  const isOver = () => found.fields > MAX_FIELDS || found.pairs > MAX_PAIRS;

  /** The fields of selections that are merged into one object, by the name that they answer under. */
  function collect(sets: readonly SelectionSetNode[], into: Map<string, FieldNode[]>, inside: ReadonlySet<string>) {
    for (const set of sets) {
      for (const node of set.selections) {
        if (isOver()) return;
        found.fields += 1;
        found.directives += node.directives?.length ?? 0;
        if (node.kind === "Field") {
          if (node.alias) found.aliases += 1;
          const name = (node.alias ?? node.name).value;
          const same = into.get(name);
          if (same) {
            found.pairs += same.length;
            same.push(node);
          } else into.set(name, [node]);
        } else if (node.kind === "InlineFragment") collect([node.selectionSet], into, inside);
        else {
          const fragment = fragments.get(node.name.value);
          if (!fragment || inside.has(node.name.value)) continue;
          found.directives += fragment.directives?.length ?? 0;
          collect([fragment.selectionSet], into, new Set([...inside, node.name.value]));
        }
      }
    }
  }

  function descend(sets: readonly SelectionSetNode[], depth: number): void {
    const fields = new Map<string, FieldNode[]>();
    collect(sets, fields, new Set());
    if (fields.size === 0) return;
    found.depth = Math.max(found.depth, depth);
    if (depth > limits.depth) return;
    for (const [name, same] of fields) {
      const below = same.flatMap(({ selectionSet }) => selectionSet ?? []);
      // Introspection nests deep by nature; a rule of graphql-js keeps it from going round in circles.
      if (below.length > 0 && !isOver()) descend(below, name.startsWith("__") ? -MAX_FIELDS : depth + 1);
    }
  }

  const operations = document.definitions.filter((node): node is OperationDefinitionNode =>
    node.kind === "OperationDefinition"
  );
  for (const { selectionSet, directives } of operations) {
    found.directives += directives?.length ?? 0;
    descend([selectionSet], 1);
  }
  // What no operation uses is validated all the same.
  const { aliases, directives } = found;
  for (const { selectionSet } of fragments.values()) collect([selectionSet], new Map(), new Set());
  return refusals({ ...found, aliases, directives }, limits);
}

function refusals(
  found: Record<"fields" | "depth" | "aliases" | "directives" | "pairs", number>,
  limits: ShapeLimits,
): GraphQLError[] {
  const rules: readonly (readonly [isOver: boolean, code: string, message: string])[] = [
    [
      found.fields > MAX_FIELDS,
      "QUERY_TOO_COSTLY",
      `The document has more than ${MAX_FIELDS} fields with its fragments written out. Ask for fewer.`,
    ],
    [
      found.depth > limits.depth,
      "QUERY_TOO_DEEP",
      `The document nests ${found.depth} levels of fields; at most ${limits.depth} are allowed. Ask for the inner ones in a query of their own.`,
    ],
    [
      found.aliases > limits.aliases,
      "QUERY_TOO_MANY_ALIASES",
      `The document has ${found.aliases} aliases; at most ${limits.aliases} are allowed. Send it as several requests.`,
    ],
    [
      found.directives > MAX_DIRECTIVES,
      "QUERY_TOO_MANY_DIRECTIVES",
      `The document has ${found.directives} directives; at most ${MAX_DIRECTIVES} are allowed. Leave out what is not needed.`,
    ],
    [
      found.pairs > MAX_PAIRS,
      "QUERY_TOO_REPETITIVE",
      "The document asks for the same field again and again. Ask for each once at its place.",
    ],
  ];
  return rules.flatMap(([isOver, code, message]) => isOver ? [refusal(code, message)] : []);
}

/** The refusal of a document that has more tokens than are read. */
export function tooLong(maxTokens: number): GraphQLError {
  return refusal(
    "QUERY_TOO_LONG",
    `The document has more than ${maxTokens} tokens. Send it in parts, or values as variables.`,
  );
}

/** Refuses questions about the schema itself. */
export function noIntrospectionRule(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      if (node.name.value !== "__schema" && node.name.value !== "__type") return;
      const message = `${node.name.value} is not answered here: introspection is off. ` +
        "Read schema/schema.graphql, or set INTROSPECTION=on.";
      context.reportError(refusal("INTROSPECTION_OFF", message));
    },
  };
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { originalError: new QueryRefusedError(code, message) });
}
