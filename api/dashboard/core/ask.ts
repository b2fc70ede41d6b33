import type { Document } from "./document.ts";
import { RenewLogin } from "./documents.ts";
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

export type Answer<Data> = { data?: Data | null; errors?: { message: string; extensions?: { code?: string } }[] };

/** Codes that say that the token is good no more. */
const ENDED = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "CREDENTIAL_ENDED"];

/** Asks once. Throws AskError; where the login has ended it leads to the sign-in, and back to the page afterwards. */
export async function ask<Data, Variables>(
  query: Document<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  return dataOf(await asLogin(() => send(query, variables, signal)));
}

/**
 * Asks, and once more with the next token where this one is good no more; where there is none the login ends. What was asked in
 * one login is never asked in another's, nor ends it.
 */
export async function asLogin<Data>(ask: () => Promise<Answer<Data>>): Promise<Answer<Data>> {
  const { login } = session;
  const isOver = (answer: Answer<Data>) => hasEnded(answer) && session.login === login;
  let answer = await ask();
  if (isOver(answer) && await renew() && session.login === login) answer = await ask();
  if (isOver(answer)) session.expire();
  return answer;
}

const hasEnded = ({ errors }: Answer<unknown>): boolean => ENDED.includes(errors?.[0]?.extensions?.code ?? "");

/** The data, or what was refused as AskError. */
export function dataOf<Data>({ data, errors }: Answer<Data>): Data {
  const error = errors?.[0];
  if (error) throw new AskError(error.message, error.extensions?.code ?? "INTERNAL");
  if (!data) throw new AskError("The service answered with something else than it should.", "INTERNAL");
  return data;
}

let renewing: Promise<boolean> | undefined;

/**
 * Takes the next token of this login, once for all who ask at the same time; false where there is none to take. Throws
 * AskError where the service did not say: a login that may still be good is not given up for that.
 */
export function renew(): Promise<boolean> {
  renewing ??= takeNext().finally(() => (renewing = undefined));
  return renewing;
}

async function takeNext(): Promise<boolean> {
  const { refreshToken } = session;
  if (refreshToken === undefined) return false;
  const { refreshLogin } = dataOf(await send(RenewLogin, { input: { refreshToken } }, undefined, {}));
  // Another tab was quicker, and has told this one; or somebody signed out meanwhile, and stays so.
  if (session.refreshToken !== refreshToken) return session.isSignedIn;
  if (refreshLogin.__typename !== "AuthPayload") return false;
  session.renewed(refreshLogin);
  return true;
}

async function send<Data, Variables>(
  query: Document<Data, Variables>,
  variables: Variables,
  signal: AbortSignal | undefined,
  credentials = session.headers(),
): Promise<Answer<Data>> {
  const headers = { "content-type": "application/json", accept: "application/json", ...credentials };
  try {
    const body = JSON.stringify({ query, variables });
    const response = await fetch("/graphql", { method: "POST", headers, body, signal: signal ?? null });
    return await read<Data>(response);
  } catch (error) {
    if (signal?.aborted || error instanceof AskError) throw error;
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
