import { maxAliasesPlugin } from "@escape.tech/graphql-armor-max-aliases";
import { maxDepthPlugin } from "@escape.tech/graphql-armor-max-depth";
import { maxDirectivesPlugin } from "@escape.tech/graphql-armor-max-directives";
import { maxTokensPlugin } from "@escape.tech/graphql-armor-max-tokens";
import { type ASTVisitor, GraphQLError, type ValidationContext } from "graphql";
import type { Plugin } from "graphql-yoga";
import type { Config } from "../../config.ts";
import { QueryRefusedError } from "./errors.ts";

const MAX_DIRECTIVES = 50;

/** Plugins that refuse a document for its own shape: length, depth, aliases, directives, introspection. */
export function createShapeLimits({ limits, introspection }: Config): Plugin[] {
  const shapes = [
    maxTokensPlugin({
      n: limits.tokens,
      // Thrown, since this one counts while it reads: the rest of the document is not read at all.
      onReject: [() => {
        throw refusal(
          "QUERY_TOO_LONG",
          `The document has more than ${limits.tokens} tokens. Send it in parts, or values as variables.`,
        );
      }],
    }),
    maxDepthPlugin({
      n: limits.depth,
      flattenFragments: true,
      ...reject((found) => [
        "QUERY_TOO_DEEP",
        `The document nests ${found} levels of fields; at most ${limits.depth} are allowed. Ask for the inner ones in a query of their own.`,
      ]),
    }),
    maxAliasesPlugin({
      n: limits.aliases,
      ...reject((found) => [
        "QUERY_TOO_MANY_ALIASES",
        `The document has ${found} aliases; at most ${limits.aliases} are allowed. Send it as several requests.`,
      ]),
    }),
    maxDirectivesPlugin({
      n: MAX_DIRECTIVES,
      ...reject((found) => [
        "QUERY_TOO_MANY_DIRECTIVES",
        `The document has ${found} directives; at most ${MAX_DIRECTIVES} are allowed. Leave out what is not needed.`,
      ]),
    }),
  ] as Plugin[];
  return introspection ? shapes : [...shapes, noIntrospection];
}

/** Reports each refusal beside graphql-js's own findings, where armor would throw and hide them. */
function reject(describe: (found: string) => [code: string, message: string]) {
  return {
    propagateOnRejection: false,
    onReject: [(context: ValidationContext | null, error: GraphQLError) => {
      const found = /found (\d+)/.exec(error.message)?.[1] ?? "more";
      context?.reportError(refusal(...describe(found)));
    }],
  };
}

const noIntrospection: Plugin = {
  onValidate: ({ addValidationRule }) => addValidationRule(noIntrospectionRule),
};

function noIntrospectionRule(context: ValidationContext): ASTVisitor {
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
