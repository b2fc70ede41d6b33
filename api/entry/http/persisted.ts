import { GraphQLError } from "graphql";
import { LRUCache } from "lru-cache";
import { createHash } from "node:crypto";
import { RefusedError } from "./errors.ts";
import type { Params } from "./params.ts";

const CACHED_CHARACTERS = 2_000_000;
const MAX_CHARACTERS = 50_000;

/**
 * Automatic persisted queries, as Apollo's clients ask for them: a query is sent once with the SHA-256 of its text, then by
 * that alone. Each process keeps what it saw; where it did not, the client is told so, and sends the text again.
 */
export function createPersistedQueries({ isOn }: { isOn: boolean }) {
  const kept = new LRUCache<string, string>({
    maxSize: CACHED_CHARACTERS,
    maxEntrySize: MAX_CHARACTERS,
    sizeCalculation: (text) => text.length + 64,
  });
  return {
    /** The text to execute. Throws what the client must hear where there is none. */
    find({ query, extensions }: Params): string {
      const asked = extensions?.["persistedQuery"];
      if (asked === undefined || asked === null) {
        if (query !== undefined && query !== "") return query;
        throw refused("BAD_REQUEST", 'The parameter query is missing. Send {"query": "…"}.', 400);
      }
      const { version, sha256Hash: hash } = asked as { version?: unknown; sha256Hash?: unknown };
      if (!isOn) {
        // A client that sent the text needs no answer about the hash.
        if (query !== undefined) return query;
        throw known("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
      }
      if (version !== 1 || typeof hash !== "string" || !/^[0-9a-f]{64}$/.test(hash)) {
        throw refused("BAD_REQUEST", "extensions.persistedQuery must be {version: 1, sha256Hash: 64 hex digits}.", 400);
      }
      const found = kept.get(hash);
      if (found !== undefined) return found;
      if (query === undefined) throw known("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
      if (createHash("sha256").update(query).digest("hex") !== hash) {
        throw refused("PERSISTED_QUERY_HASH_MISMATCH", "sha256Hash is not the SHA-256 of the query's text.", 400);
      }
      return query;
    },
    /** Keeps the text of a query that was found to be sound. */
    keep({ query, extensions }: Params): void {
      const { sha256Hash: hash } = (extensions?.["persistedQuery"] ?? {}) as { sha256Hash?: string };
      if (isOn && query !== undefined && hash !== undefined) kept.set(hash, query);
    },
  };
}

function refused(code: string, message: string, status: number): RefusedError {
  return new RefusedError(code, message, { status });
}

/** Clients look for these words and this code, and for the status of an answer. */
function known(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { originalError: new RefusedError(code, message, { status: 200 }) });
}
