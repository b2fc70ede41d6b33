import {
  type DocumentNode,
  type ExecutionArgs,
  getNamedType,
  GraphQLError,
  type GraphQLSchema,
  type VariableNode,
  visit,
} from "graphql";
import { type ComplexityEstimator, getComplexity } from "graphql-query-complexity";
import type { Plugin } from "graphql-yoga";
import { QueryRefusedError } from "./errors.ts";

/** Rows of a page whose query does not say how many, where the schema has no default either. */
const ROWS_OF_UNNAMED_PAGE = 25;
/** Beyond this many fields with their fragments written out, a document is not weighed to its end. */
const MAX_NODES = 10_000;
/** Most rows of lists that are no pages. */
const ROWS: Readonly<Record<string, number>> = {
  "SessionAnalytics.byDay": 402,
  "SessionAnalytics.byWeek": 59,
  "SessionAnalytics.byMonth": 15,
  "SessionAnalytics.byHourOfWeek": 168,
  "JourneyAnalytics.byDay": 402,
};
/** Numbers over up to 400 days weigh as much as so many fields: that is what they read. */
const COST_OF_ANALYTICS = 100;
/** Arguments that say how many rows are asked for. */
const DECIDING = ["first", "ids"];
const MAX_COSTS_KEPT = 100;
const MAX_KEY_CHARACTERS = 200;

/**
 * Refuses operations that ask for more than `maxCost` fields, with pages counted in full. It runs before execution and
 * not among the validation rules: their findings are kept per document, and the cost depends on the variables.
 */
export function createCostLimit(maxCost: number): Plugin {
  const costOf = createCostOf();
  const check = (args: ExecutionArgs): GraphQLError | undefined => {
    const cost = costOf(args);
    if (cost instanceof GraphQLError) return cost;
    if (cost <= maxCost) return undefined;
    const found = cost === Infinity ? `more than ${MAX_NODES}` : `${cost}`;
    const message = `The operation asks for ${found} fields with its pages counted in full; ` +
      `at most ${maxCost} are allowed. Ask for smaller pages (first) or fewer fields.`;
    return new GraphQLError(message, { originalError: new QueryRefusedError("QUERY_TOO_COSTLY", message) });
  };
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const error = check(args);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const error = check(args);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
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
    const { names, costs } = known.get(document) ?? { names: decidingVariables(document), costs: new Map() };
    known.set(document, { names, costs });
    const key = JSON.stringify([operationName, names.map((name) => name in variables ? [variables[name]] : [])]);
    const before = costs.get(key);
    if (before !== undefined) return before;
    const cost = weigh(schema, document, operationName ?? undefined, variables);
    const isWorthKeeping = key.length <= MAX_KEY_CHARACTERS && costs.size < MAX_COSTS_KEPT;
    if (typeof cost === "number" && isWorthKeeping) costs.set(key, cost);
    return cost;
  };
}

/** The variables that the cost depends on: sizes of pages, and conditions of directives. */
function decidingVariables(document: DocumentNode): string[] {
  const names = new Set<string>();
  const collect = { Variable: (node: VariableNode) => void names.add(node.name.value) };
  visit(document, {
    Directive: (node) => void visit(node, collect),
    Argument: (node) => void (DECIDING.includes(node.name.value) && visit(node, collect)),
  });
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
      estimators: [fieldCost],
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

/** One for the field itself, and its children once for each row of its list, or for each thing that was asked for. */
const fieldCost: ComplexityEstimator = ({ type, field, args, childComplexity }) => {
  const { name } = getNamedType(field.type);
  const isPage = name.endsWith("Connection") || args["first"] !== undefined;
  const asked = isPage
    ? Number(args["first"] ?? ROWS_OF_UNNAMED_PAGE)
    : Array.isArray(args["ids"])
    ? args["ids"].length
    : ROWS[`${type.name}.${field.name}`] ?? 1;
  return (name.endsWith("Analytics") ? COST_OF_ANALYTICS : 1) + childComplexity * Math.max(1, asked);
};
