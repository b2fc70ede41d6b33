import type { Document } from "./document.ts";
import { session } from "./session.svelte.ts";

/** What the API refused, in its own words. `code` is stable. */
export class AskError extends Error {
  override name = "AskError";
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

type Answer<Data> = { data?: Data | null; errors?: { message: string; extensions?: { code?: string } }[] };

/** Asks once. Throws AskError; an expired token leads to the sign-in, and back to the page afterwards. */
export async function ask<Data, Variables>(
  query: Document<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  const response = await send(query, variables, signal);
  const answer = await read<Data>(response);
  const error = answer.errors?.[0];
  if (error) {
    const code = error.extensions?.code ?? "INTERNAL";
    if (code === "UNAUTHENTICATED" || code === "TOKEN_EXPIRED" || code === "CREDENTIAL_ENDED") session.expire();
    throw new AskError(error.message, code);
  }
  if (!answer.data) throw new AskError(`The service answered ${response.status}.`, "INTERNAL");
  return answer.data;
}

async function send(query: string, variables: unknown, signal: AbortSignal | undefined): Promise<Response> {
  const headers = { "content-type": "application/json", accept: "application/json", ...session.headers() };
  try {
    const body = JSON.stringify({ query, variables });
    return await fetch("/graphql", { method: "POST", headers, body, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new AskError("The service cannot be reached. It is asked again when you try again.", "UNREACHABLE");
  }
}

async function read<Data>(response: Response): Promise<Answer<Data>> {
  try {
    return await response.json() as Answer<Data>;
  } catch {
    throw new AskError(`The service answered ${response.status} with something else than JSON.`, "INTERNAL");
  }
}

/** The message of whatever was thrown, for people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
