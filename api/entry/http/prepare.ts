import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, specifiedRules, validate } from "graphql";
import { LRUCache } from "lru-cache";
import type { Config } from "../../config.ts";
import { changed } from "./errors.ts";
import { findExcess, noIntrospectionRule, tooLong } from "./shape.ts";

/** A document that can be executed, or why it cannot. */
export type Prepared = { document: DocumentNode; errors?: undefined } | {
  document?: DocumentNode;
  errors: readonly GraphQLError[];
};

/** Documents are kept by their text, which may be as long as a body: so the cache is bounded by characters. */
const CACHED_CHARACTERS = 1_000_000;
const MAX_ERRORS = 10;

/** Parses and validates documents under the limits of the configuration, each text once. */
export function createPrepare(schema: GraphQLSchema, { limits, introspection }: Config): (text: string) => Prepared {
  const rules = introspection ? specifiedRules : [...specifiedRules, noIntrospectionRule];
  const kept = new LRUCache<string, Prepared>({
    maxSize: CACHED_CHARACTERS,
    maxEntrySize: CACHED_CHARACTERS / 20,
    sizeCalculation: (_, text) => text.length + 1,
  });

  function prepare(text: string): Prepared {
    let document: DocumentNode;
    try {
      document = parse(text, { maxTokens: limits.tokens });
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      const isTooLong = error.message.startsWith("Syntax Error: Document contains more");
      return { errors: [isTooLong ? tooLong(limits.tokens) : coded(error, "GRAPHQL_PARSE_FAILED")] };
    }
    const excess = findExcess(document, limits);
    if (excess.length > 0) return { document, errors: excess };
    const errors = validate(schema, document, rules, { maxErrors: MAX_ERRORS, hideSuggestions: !introspection });
    if (errors.length === 0) return { document };
    return { document, errors: errors.map((error) => coded(error, "GRAPHQL_VALIDATION_FAILED")) };
  }

  return (text) => {
    const known = kept.get(text);
    if (known) return known;
    const prepared = prepare(text);
    kept.set(text, prepared);
    return prepared;
  };
}

/** The error as it is, under a code. What our own rules refuse has one already. */
function coded(error: GraphQLError, code: string): GraphQLError {
  if (error.originalError) return error;
  return changed(error, { extensions: { code, ...error.extensions, http: { status: 400, spec: true } } });
}
