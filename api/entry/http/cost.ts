import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  TypeInfo,
  type VariableNode,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from "graphql-query-complexity";
import type { CostExtensions } from "../../../schema/cost.ts";
import { QueryRefusedError } from "./errors.ts";

/** Beyond this many fields with their fragments written out, a document is not weighed to its end. */
const MAX_NODES = 10_000;
const MAX_COSTS_KEPT = 100;
const MAX_KEY_CHARACTERS = 200;
const MAX_LIST_IN_KEY = 100;

/**
 * Finds operations that ask for more than `maxCost` fields, with pages counted in full. It runs before execution and
 * not among the validation rules: their findings are kept per document, and the cost depends on the variables.
 */
export function createCostCheck(maxCost: number): (args: ExecutionArgs) => GraphQLError | number {
  const costOf = createCostOf();
  return (args) => {
    const cost = costOf(args);
    if (cost instanceof GraphQLError) return cost;
    if (cost <= maxCost) return cost;
    const found = cost === Infinity ? `more than ${MAX_NODES}` : `${cost}`;
    const message = `The operation asks for ${found} fields with its pages counted in full; ` +
      `at most ${maxCost} are allowed. Ask for smaller pages (first), shorter ranges or fewer fields.`;
    return new GraphQLError(message, { originalError: new QueryRefusedError("QUERY_TOO_COSTLY", message) });
  };
}

/**
 * Weighs what is asked, once for each document and values that decide its cost: parsed documents are kept and come
 * again, most with the same page sizes.
 */
function createCostOf() {
  const known = new WeakMap<DocumentNode, { names: string[]; costs: Map<string, number> }>();
  return ({ schema, document, operationName, variableValues }: ExecutionArgs): number | GraphQLError => {
    const variables = variableValues ?? {};
    const { names, costs } = known.get(document) ?? { names: decidingVariables(schema, document), costs: new Map() };
    known.set(document, { names, costs });
    const key = JSON.stringify([
      operationName,
      names.map((name) => Object.hasOwn(variables, name) ? [sized(variables[name])] : []),
    ]);
    const before = costs.get(key);
    if (before !== undefined) return before;
    const cost = weigh(schema, document, operationName ?? undefined, variables);
    const isWorthKeeping = key.length <= MAX_KEY_CHARACTERS && costs.size < MAX_COSTS_KEPT;
    if (typeof cost === "number" && isWorthKeeping) costs.set(key, cost);
    return cost;
  };
}

/** A long list decides by its length, and is not written out for that. */
function sized(value: unknown): unknown {
  return Array.isArray(value) && value.length > MAX_LIST_IN_KEY ? `${value.length} values` : value;
}

/** The variables that the cost depends on: in arguments that a field's cost is decided by, and in directives. */
function decidingVariables(schema: GraphQLSchema, document: DocumentNode): string[] {
  const names = new Set<string>();
  const collect = { Variable: (node: VariableNode) => void names.add(node.name.value) };
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Directive: (node) => void visit(node, collect),
      Argument(node) {
        const { decidedBy = [] } = (types.getFieldDef()?.extensions ?? {}) as Partial<CostExtensions>;
        if (decidedBy.includes(node.name.value)) visit(node, collect);
      },
    }),
  );
  return [...names];
}

/** The cost; Infinity where it is beyond measure; what graphql-js says of the variables where they are wrong. */
function weigh(
  schema: GraphQLSchema,
  query: DocumentNode,
  operationName: string | undefined,
  variables: Record<string, unknown>,
): number | GraphQLError {
  try {
    return getComplexity({
      schema,
      query,
      variables,
      estimators,
      maxQueryNodes: MAX_NODES,
      ...(operationName === undefined ? {} : { operationName }),
    });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (error.nodes === undefined) return Infinity;
    return new GraphQLError(error.message, {
      nodes: error.nodes,
      extensions: { code: "BAD_USER_INPUT", http: { status: 400, spec: true } },
    });
  }
}

/** One for the field itself, and one for each field below it, where the field does not say otherwise (`schema/cost.ts`). */
const estimators = [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })];
